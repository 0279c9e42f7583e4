"""A decoder and gated recurrent units beside their equations, written out without PyTorch's layers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import kdviz as kd
from kdviz.data import Vocabulary
from kdviz.models import decoder, gru, mac_count

IDS = torch.randint(0, 11, (3, 9), generator=torch.Generator().manual_seed(0))
MODELS: dict[str, Any] = {
    "decoder": lambda **more: decoder(11, context=9, width=12, blocks=3, heads=2, **more),
    "gru": lambda **more: gru(11, width=12, depth=2, **more),
}


def normalized(layer: nn.Module, x: Tensor) -> Tensor:
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, correction=0)
    return (x - mean) / (variance + 1e-5).sqrt() * layer.weight + layer.bias


def attended(layer: nn.Module, x: Tensor) -> Tensor:
    """Attention place by place and head by head, each over the places up to its own."""
    w, b, d = layer.in_proj_weight, layer.in_proj_bias, x.shape[-1] // layer.num_heads
    q, k, v = (x @ w.T + b).chunk(3, -1)
    found = torch.zeros_like(x)
    for row in range(x.shape[0]):
        for head in range(layer.num_heads):
            own = slice(head * d, (head + 1) * d)
            for i in range(x.shape[1]):
                scores = torch.stack([q[row, i, own] @ k[row, j, own] / math.sqrt(d) for j in range(i + 1)])
                found[row, i, own] = scores.softmax(0) @ v[row, : i + 1, own]
    return found @ layer.out_proj.weight.T + layer.out_proj.bias


def by_hand(model: nn.Module, ids: Tensor) -> Tensor:
    x = model.tokens.symbol.weight[ids]
    if model.architecture["name"] == "decoder":
        x = x + model.tokens.position[: ids.shape[1]]
        for block in (model.block1, model.block2, model.block3):
            x = x + attended(block.attention, normalized(block.norm1, x))
            h = normalized(block.norm2, x) @ block.expand.weight.T + block.expand.bias
            h = h * 0.5 * (1 + torch.erf(h / math.sqrt(2)))
            x = x + h @ block.contract.weight.T + block.contract.bias
        x = normalized(model.norm, x)
    else:
        for layer in (0, 1):
            w, u, b, c = (
                getattr(model.reader.gru, f"{n}_l{layer}") for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            h, out = x.new_zeros(x.shape[0], x.shape[2]), []
            for step in x.unbind(1):
                (ri, zi, ni), (rh, zh, nh) = (step @ w.T + b).chunk(3, 1), (h @ u.T + c).chunk(3, 1)
                h = (1 - torch.sigmoid(zi + zh)) * torch.tanh(ni + torch.sigmoid(ri + rh) * nh) + torch.sigmoid(
                    zi + zh
                ) * h
                out.append(h)
            x = torch.stack(out, 1)
    return x @ model.logits.weight.T + model.logits.bias


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("name", MODELS)
def test_logits_are_those_of_the_equations(name: str, mode: str) -> None:
    model = getattr(MODELS[name](), mode)()
    torch.testing.assert_close(model(IDS), by_hand(model, IDS), atol=1e-5, rtol=1e-4)
    with torch.no_grad():  # another path of PyTorch's attention
        torch.testing.assert_close(model(IDS), by_hand(model, IDS), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_a_place_knows_nothing_of_what_follows(name: str) -> None:
    model, other = MODELS[name]().eval(), IDS.clone()
    other[:, 5:] = (other[:, 5:] + 1) % 11
    assert torch.equal(model(IDS)[:, :5], model(other)[:, :5])
    assert not torch.allclose(model(IDS)[:, 5:], model(other)[:, 5:], atol=1e-3)


@pytest.mark.parametrize("cuts", [(1,) * 9, (4, 5), (9,), (3, 1, 5)])
@pytest.mark.parametrize("name", MODELS)
def test_reading_in_steps_is_reading_at_once(name: str, cuts: tuple[int, ...]) -> None:
    model, cache = MODELS[name](dropout=0.2).eval(), None
    at = 0
    for n in cuts:
        logits, cache = model.steps(IDS[:, at : at + n], cache)
        at += n
        torch.testing.assert_close(logits, model(IDS)[:, at - 1], atol=1e-5, rtol=1e-4)
    assert all(len(part) == len(IDS) for part in cache)


def test_a_model_knows_its_vocabulary_and_is_built_again_from_its_description() -> None:
    letters = Vocabulary("abc")
    for model in (decoder(letters, context=7), gru(letters)):
        assert model.fingerprint == letters.fingerprint
        assert kd.models.build(model.architecture).architecture == model.architecture
        assert model(torch.zeros(1, 1, dtype=torch.int64)).shape == (1, 1, len(letters))  # one token is a sequence
    assert decoder(6, context=7).fingerprint == "" and decoder(6, context=7).context == 7
    assert mac_count(decoder(10, context=8, width=4, blocks=1, heads=1), (8,)) == 8 * (12 * 16 + 40) + 2 * 8 * 8 * 4


@pytest.mark.parametrize("name", MODELS)
def test_weights_follow_from_the_seed_and_all_of_them_learn(name: str) -> None:
    before = torch.get_rng_state()
    model, same, other = MODELS[name](seed=3), MODELS[name](seed=3), MODELS[name](seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), same.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    F.cross_entropy(model(IDS).flatten(0, 1), IDS.flatten()).backward()
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in model.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_half_precision_gives_nearly_the_same(name: str) -> None:
    model = MODELS[name]().eval()
    with torch.no_grad():
        exact = model(IDS).log_softmax(-1)
        half = model.to(torch.bfloat16)(IDS).float().log_softmax(-1)
    assert (exact - half).abs().max() < 0.1 and not torch.equal(exact, half)


def test_what_was_distilled_with_padding_does_not_depend_on_the_padding() -> None:
    data = kd.data.additions(digits=2, train=60, validation=20, test=20)
    longer = F.pad(data.train.x, (0, 3), value=data.vocabulary.pad)
    model = decoder(data.vocabulary, context=20, width=8, blocks=1, heads=1)
    torch.testing.assert_close(model(data.train.x), model(longer)[:, : data.train.x.shape[1]])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            lambda: decoder(5, context=4)(torch.zeros(1, 5, dtype=torch.int64)),
            "at most 4 tokens long, the context .* got 5",
        ),
        (lambda: decoder(5)(torch.zeros(1, 0, dtype=torch.int64)), r"at least 1 in a row, got int64 of shape \(1, 0\)"),
        (
            lambda: gru(5)(torch.zeros(1, 3)),
            r"whole numbers of shape \(rows, length\) .*, got float32 of shape \(1, 3\)",
        ),
        (lambda: gru(5)(torch.tensor([[1, 5]])), "from 0 to 4, the vocabulary of this model, got 1 to 5: encode"),
        (lambda: decoder(5)(torch.tensor([[-1, 2]])), "got -1 to 2"),
        (lambda: decoder(5, width=10, heads=4), "4 does not divide 10"),
        (lambda: decoder(0), "vocabulary must be at least 1, got 0"),
        (lambda: gru("abc"), r"vocabulary must be a kd.data.Vocabulary or a number of symbols, got str"),
        (lambda: decoder(Vocabulary("ab"), fingerprint="0"), "fingerprint must be that of the vocabulary"),
        (lambda: gru(5, dropout=1.0), r"dropout must be in \[0, 1\), got 1.0"),
    ],
)
def test_what_cannot_be_read_or_built_is_said_in_a_sentence(wrong: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrong()
