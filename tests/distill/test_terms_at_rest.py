"""Every term where its formula has a corner: at equality, in constant rows, with two classes, in a batch of one."""

from __future__ import annotations

from dataclasses import MISSING, fields
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import kdviz as kd
from kdviz.distill.terms import TERMS, Layered, MultiTeacher, Outputs, Seen, Term

LAYER, DEEP = "a", "b"
ON_MAPS = ("AttentionTransfer", "ChannelAttention", "NeuronSelectivity", "Gram", "SolutionFlow", "Hint", "Variational")
NO_DIVERGENCE = (
    "Contrastive",
    "Variational",
    "SoftCrossEntropy",
    "Adversarial",
    "DistillationToken",
    "FirstChoice",
    "RobustSoftTargets",  # the student is asked about inputs that were moved
)  # not 0 at rest
SHAPES = {"maps": (4, 3, 3), "vectors": (6,), "tokens": (5, 6), "attention": (2, 5, 5)}


def made(name: str, **more) -> Term:
    given = {
        "Mutual": {"peers": (nn.Linear(4, 3),)},
        "SelfDistillation": {"layers": (LAYER,), "features": DEEP},
        "SolutionFlow": {"student": (LAYER, DEEP)},
        "MultiTeacher": {"members": (LAYER, DEEP)},
        "DemographicParity": {"group": "sex"},
        "EqualizedOdds": {"group": "sex"},
    }.get(name)
    kind = TERMS[name]
    if given is None:
        given = {f.name: LAYER for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    return kind(**given, **more)


def kind_of(term: Term) -> str:
    name = type(term).__name__
    if name == "AttentionMatrices":
        return "attention"
    if name in ON_MAPS or name == "SelfDistillation":
        return "maps"
    return "tokens" if name in ("HiddenStates", "Embeddings") else "vectors"


def outputs_for(term: Term, s: Tensor, t: Tensor, taps: tuple[Tensor, Tensor]) -> Outputs:
    """What the engine would hand the term: ``taps`` are those of student and teacher."""
    y = torch.arange(len(s)) % s.shape[1]
    names = dict.fromkeys((*term.taps.student, LAYER, DEEP))
    ours, theirs = (dict.fromkeys(names, tap) for tap in taps)
    if isinstance(term, MultiTeacher):
        theirs = dict.fromkeys(term.layers, t)
    if type(term).__name__ in ("DistillationToken", "TokenLabels", "TokenSoftTargets"):
        ours = dict.fromkeys(term.taps.student, s)
    shapes = [{name: (2, *tap.shape[1:]) for name, tap in side.items()} for side in (ours, theirs)]
    auxiliary = term.auxiliary(Seen(*shapes, s.shape[1], None, 0))
    if auxiliary is not None:
        auxiliary = auxiliary.to(s.dtype)
    return Outputs(
        s, t, y, len(y), torch.arange(len(s)) % 2, 2, torch.zeros(len(s), 4, dtype=s.dtype), ours, theirs, auxiliary,
        nn.Linear(4, s.shape[1]).to(s.dtype),
    )  # fmt: skip


def value_and_gradients(term: Term, outputs: Outputs, leaves: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    hyper = {k: float(v) for k, v in term.hyperparameters().items()}
    value = term.value(outputs, hyper)
    gradients = torch.autograd.grad(value, leaves, allow_unused=True) if value.requires_grad else [None] * len(leaves)
    return value, [torch.zeros_like(z) if g is None else g for z, g in zip(leaves, gradients, strict=True)]


def numbers(shape: tuple[int, ...], seed: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


OF_TEXT = ("OnPolicy", "MiniLLM")  # tokens, tried in test_on_policy.py
TRIED = [name for name in TERMS if name not in ("Mutual", "DarkReplay", *OF_TEXT)]  # whose others are never equal


@pytest.mark.parametrize("name", TRIED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@settings(max_examples=8)
@given(st.sampled_from([1, 2, 5]), st.sampled_from([2, 3, 10]), st.integers(0, 10**4))
def test_at_equality_nothing_is_wrong(name, dtype, batch, classes, seed):
    term = made(name)
    logits = numbers((batch, classes), seed, dtype)
    layer = numbers((batch, *SHAPES[kind_of(term)]), seed + 1, dtype)
    s, tap = logits.clone().requires_grad_(), layer.clone().requires_grad_()
    value, gradients = value_and_gradients(term, outputs_for(term, s, logits, (tap, layer)), [s, tap])
    assert value.isfinite() and all(g.isfinite().all() for g in gradients)
    if term.needs_teacher and name not in NO_DIVERGENCE:
        assert abs(value.item()) < (1e-5 if dtype == torch.float32 else 1e-12)
        assert max(g.abs().max().item() for g in gradients) < 1e-4
    if name == "SoftCrossEntropy":
        assert gradients[0].abs().max() < 1e-6


@pytest.mark.parametrize("name", TRIED)
def test_constant_rows_and_layers_have_finite_gradients(name):
    sizes, constants, both_or_student = [(1, 2), (3, 2), (4, 5)], [0.0, 1.0, -3.0], [False, True]
    for case in product([torch.float32, torch.float64], constants, sizes, both_or_student):
        dtype, constant, (batch, classes), both = case
        term = made(name)
        shape = (batch, *SHAPES[kind_of(term)])
        s = torch.full((batch, classes), constant, dtype=dtype, requires_grad=True)
        tap = torch.full(shape, constant, dtype=dtype, requires_grad=True)
        t = s.detach().clone() if both else numbers((batch, classes), 0, dtype)
        layer = tap.detach().clone() if both else numbers(shape, 1, dtype)
        value, gradients = value_and_gradients(term, outputs_for(term, s, t, (tap, layer)), [s, tap])
        assert value.isfinite() and all(g.isfinite().all() for g in gradients), case


@pytest.mark.parametrize("focus", [0.0, 0.5, 1.0, 4.0, 20.0, 100.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_focused_soft_targets_are_0_at_equality_whatever_the_focus(focus, dtype):
    t = numbers((5, 4), 0, dtype)
    s = t.clone().requires_grad_()
    term = kd.FocusedSoftTargets(focus=focus)
    value, (gradient,) = value_and_gradients(term, Outputs(s, t, torch.zeros(5).long()), [s])
    assert value == 0 and gradient.abs().max() < 1e-6
    almost = (t.double() + 1e-9).requires_grad_()  # a distance whose powers vanish
    value, (gradient,) = value_and_gradients(term, Outputs(almost, t.double(), torch.zeros(5).long()), [almost])
    assert value.isfinite() and gradient.isfinite().all()


def test_focus_weighs_by_the_power_of_the_distance():
    s, t = numbers((6, 4), 1, torch.float64), numbers((6, 4), 2, torch.float64)
    each = kd.losses.soft_targets(s, t, 4.0, reduction="none")
    d = (s.softmax(1) - t.softmax(1)).abs().sum(1) / 2
    for focus in (0.0, 1.0, 3.5):
        expected = (d**focus / (d**focus).mean() * each).mean()
        torch.testing.assert_close(kd.losses.focused_soft_targets(s, t, 4.0, focus), expected, rtol=1e-12, atol=0)
    mask = torch.tensor([True, True, False, True, False, True])
    alone = kd.losses.focused_soft_targets(s[mask], t[mask], 4.0, 2.0)
    torch.testing.assert_close(kd.losses.focused_soft_targets(s, t, 4.0, 2.0, mask=mask), alone, rtol=1e-12, atol=0)
    with pytest.raises(ValueError, match="focus must be a finite number >= 0, got -1"):
        kd.losses.focused_soft_targets(s, t, focus=-1)


def test_every_layered_term_is_tried():
    assert {n for n, k in TERMS.items() if issubclass(k, Layered)} <= set(TRIED)


class RulesOut(nn.Module):
    """A teacher that knows a class to be impossible for every other example."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside

    def forward(self, x: Tensor) -> Tensor:
        z = self.inside(x)
        out = (x[:, :1] > 0) & (torch.arange(z.shape[1]) == z.argmin(1, keepdim=True))
        return z.masked_fill(out, -torch.inf)


ON_LOGITS = [
    kd.SoftTargets(),
    kd.JensenShannon(),
    kd.SoftCrossEntropy(),
    kd.StandardizedSoftTargets(),
    kd.Decoupled(),
    kd.Correlation(),
    kd.FocusedSoftTargets(),
    kd.MultiTeacher(members=("inside.logits", "inside.logits")),
]


@pytest.mark.parametrize("term", ON_LOGITS, ids=lambda term: type(term).__name__)
def test_a_teacher_that_rules_classes_out_can_teach(term, teacher, clouds):
    run = kd.Distillation(
        RulesOut(teacher).eval(), kd.models.mlp((8,), inputs=4, classes=3), clouds, term, epochs=20, learning_rate=1e-2
    )
    run.train(progress=False)
    assert np.isfinite(run.history.rows).all() and run.evaluate("test").accuracy > 0.5


@pytest.mark.parametrize("term", [kd.ReverseKL(), kd.LogitMSE(), kd.LogitHuber(), kd.Adversarial()])
def test_terms_that_would_be_infinite_say_so_before_the_first_step_and_the_way_out_works(term, teacher, clouds):
    bad, student = RulesOut(teacher).eval(), kd.models.mlp((8,), inputs=4, classes=3)
    few = clouds.train.take(torch.nonzero(clouds.train.x[:, 0] > 0).flatten())
    data = kd.data.Splits("few", "Few", clouds.classes, few, clouds.validation, clouds.test, None)
    with pytest.raises(ValueError, match=rf"rules out classes .* {type(term).__name__} cannot handle that"):
        kd.Distillation(bad, student, data, term + kd.HardLabels())
    for other in (kd.SoftTargets(), kd.JensenShannon()):
        kd.Distillation(bad, student, data, other + kd.HardLabels()).step()
