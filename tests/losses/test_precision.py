"""Inside torch.autocast each loss is what it is outside: value and gradient, wherever backward is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from kdviz import losses
from kdviz.losses.precision import outside_autocast

B, C, K = 12, 7, 3


def numbers(*shape: int, seed: int = 0, offset: float = 0.0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) + offset


def classes() -> Tensor:
    return torch.arange(B) % C


MAPS, VECTORS, TOKENS = (B, 6, 5, 4), (B, 40), (B, 9, 8)

Case = tuple[Callable[..., Tensor], tuple[Tensor, ...]]  # a loss, and what it differentiates first


def on_logits(loss: Callable[..., Tensor]) -> Case:
    return loss, (numbers(B, C), numbers(B, C, seed=1))


def on(shape: tuple[int, ...], loss: Callable[..., Tensor]) -> Case:
    return loss, (numbers(*shape, offset=3.0), numbers(*shape, seed=1, offset=3.0))  # means make differences small


CASES: dict[str, Case] = {
    "attention_matrices": on((B, 2, 9, 9), losses.attention_matrices),
    "attention_transfer": on(MAPS, losses.attention_transfer),
    "channel_attention": on(MAPS, losses.channel_attention),
    "contrastive": on(VECTORS, losses.contrastive),
    "correlation": on_logits(losses.correlation),
    "cosine": on(VECTORS, losses.cosine),
    "decoupled": on_logits(lambda s, t: losses.decoupled(s, t, classes())),
    "demographic_parity": on_logits(lambda s, t: losses.demographic_parity(s, classes() % 2)),
    "discriminator_loss": on((B,), lambda s, t: losses.discriminator_loss(t, s)),
    "distillation_token": on_logits(losses.distillation_token),
    "embeddings": on(TOKENS, losses.embeddings),
    "equalized_odds": on_logits(lambda s, t: losses.equalized_odds(s, classes() % 2, classes() % 3)),
    "focused_soft_targets": on_logits(losses.focused_soft_targets),
    "generator_loss": on((B,), lambda s, t: losses.generator_loss(s)),
    "gradient_penalty": (
        lambda weight, real: losses.gradient_penalty(lambda x: (x @ weight.to(x.dtype)).tanh().sum(1), real),
        (numbers(C, 16), numbers(B, C)),
    ),
    "gram": on(MAPS, losses.gram),
    "hard_labels": on_logits(lambda s, t: losses.hard_labels(s, classes(), weight=torch.arange(C) + 1.0)),
    "hidden_states": on(TOKENS, losses.hidden_states),
    "hint": on(VECTORS, losses.hint),
    "jensen_shannon": on_logits(losses.jensen_shannon),
    "label_smoothing": on_logits(lambda s, t: losses.label_smoothing(s, classes(), soft=numbers(B, C).softmax(1))),
    "logit_huber": on_logits(losses.logit_huber),
    "logit_mse": on_logits(losses.logit_mse),
    "masked_language_model": (
        lambda s, t: losses.masked_language_model(s, torch.arange(B * 9).view(B, 9) % 8),
        (numbers(*TOKENS), numbers(*TOKENS)),
    ),
    "multi_teacher": (
        lambda s, t: losses.multi_teacher(s, t, torch.zeros(B, K) - torch.tensor(float(K)).log()),
        (numbers(B, C), numbers(B, K, C, seed=1)),
    ),
    "neuron_selectivity": on(MAPS, losses.neuron_selectivity),
    "probabilistic_transfer": on(VECTORS, losses.probabilistic_transfer),
    "relational_angle": on(VECTORS, losses.relational_angle),
    "relational_distance": on(VECTORS, losses.relational_distance),
    "reverse_kl": on_logits(losses.reverse_kl),
    "similarity_preserving": on(VECTORS, losses.similarity_preserving),
    "soft_cross_entropy": on_logits(losses.soft_cross_entropy),
    "soft_targets": on_logits(losses.soft_targets),
    "solution_flow": on(MAPS, lambda s, t: losses.solution_flow(s, s.flip(1), t, t.flip(1))),
    "standardized_soft_targets": on_logits(losses.standardized_soft_targets),
    "variational": on(MAPS, lambda s, t: losses.variational(s, t, torch.arange(6.0))),
    "virtual_teacher": on_logits(lambda s, t: losses.virtual_teacher(s, classes())),
}


def value_and_gradient(case: Case, dtype: torch.dtype, *, inside: bool, backward_inside: bool = False):
    loss_of, given = case
    first, rest = given[0].to(dtype, copy=True).requires_grad_(), [other.to(dtype) for other in given[1:]]
    with torch.autocast("cpu", torch.bfloat16) if inside else nullcontext():
        loss = loss_of(first, *rest)
        if backward_inside:
            loss.backward()
    if not backward_inside:
        loss.backward()
    return loss.detach(), first.grad


def test_every_public_loss_is_tried_here():
    public = {name for name in losses.__all__ if callable(getattr(losses, name)) and not name.startswith("check_")}
    assert public == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_autocast_changes_nothing(name):
    for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
        outside = value_and_gradient(CASES[name], dtype, inside=False)
        assert outside[1].isfinite().all() and (outside[1] != 0).any(), dtype
        for backward_inside in (False, True):
            within = value_and_gradient(CASES[name], dtype, inside=True, backward_inside=backward_inside)
            assert within[0].dtype == outside[0].dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
            assert torch.equal(within[0], outside[0]) and torch.equal(within[1], outside[1]), (dtype, backward_inside)


@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_that_of_the_inputs_alone(name):
    """What half precision costs is the rounding of what goes in; nothing is lost on the way."""
    loss_of, given = CASES[name]
    rounded = tuple(x.bfloat16() for x in given)
    in_half = value_and_gradient((loss_of, rounded), torch.bfloat16, inside=True)
    exact = value_and_gradient((loss_of, rounded), torch.float64, inside=False)
    torch.testing.assert_close(in_half[0].double(), exact[0], rtol=2e-4, atol=1e-8)
    scale = exact[1].abs().max()
    torch.testing.assert_close(in_half[1].double() / scale, exact[1] / scale, rtol=0, atol=5e-3)  # bfloat16's 8 bits


def test_a_divergence_stays_above_0_inside_autocast():
    e_t = numbers(64, 32, offset=3.0)
    e_s = e_t + 0.05 * numbers(64, 32, seed=1)
    with torch.autocast("cpu", torch.bfloat16):
        inside = losses.probabilistic_transfer(e_s, e_t)
    assert inside > 0 and inside == losses.probabilistic_transfer(e_s, e_t)


def test_what_a_model_gives_inside_autocast_is_taken_as_it_is():
    model, x, t = nn.Linear(5, C), numbers(B, 5), numbers(B, C, seed=2)
    with torch.autocast("cpu", torch.bfloat16):
        s = model(x)
        loss = losses.soft_targets(s, t)
        loss.backward()
        assert s.dtype == torch.bfloat16 and (x @ model.weight.T).dtype == torch.bfloat16  # it goes on after
    assert torch.equal(loss, losses.soft_targets(s, t)) and model.weight.grad.isfinite().all()


def test_a_loss_that_fails_leaves_autocast_as_it_was():
    with torch.autocast("cpu", torch.bfloat16):
        with pytest.raises(ValueError, match="both must be"):
            losses.soft_targets(numbers(2, 3), numbers(2, 4))
        assert (numbers(2, 3) @ numbers(3, 2)).dtype == torch.bfloat16


def test_a_loss_keeps_its_name_its_signature_and_its_examples():
    assert losses.soft_targets.__name__ == "soft_targets" and "temperature" in str(
        inspect.signature(losses.soft_targets)
    )

    @outside_autocast
    def plain(x: Tensor) -> Tensor:
        """Say what it is."""
        return x

    assert plain.__doc__ == "Say what it is." and plain.__globals__ is globals()
