"""Writing: with and without a cache, drawn, greedy, and by a beam beside all texts there are."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from kdviz.models import decoder, generate, gru
from kdviz.models.generation import NotFiniteError

BEGUN = torch.randint(0, 7, (4, 3), generator=torch.Generator().manual_seed(0))
WAYS: dict[str, dict[str, Any]] = {"drawn": {"temperature": 0.8}, "greedy": {"greedy": True}, "beam": {"beams": 3}}


def sharp(model: nn.Module) -> nn.Module:
    """The same model, surer of what comes next."""
    with torch.no_grad():
        for layer in (model.tokens.symbol, model.logits):
            layer.weight.mul_(4)
    return model.eval()


MODELS: dict[str, Any] = {
    "decoder": lambda: sharp(decoder(7, context=10, width=12, blocks=2, heads=2)),
    "gru": lambda: sharp(gru(7, width=12, depth=2)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_a_cache_changes_no_token_within_the_context_and_beyond(name: str, way: str) -> None:
    model = MODELS[name]()
    kept, read_again = (generate(model, BEGUN, 24, seed=5, cache=cache, **WAYS[way]) for cache in (True, False))
    assert torch.equal(kept, read_again)
    assert kept.shape == (4, 27) and torch.equal(kept[:, :3], BEGUN)


def scored(model: nn.Module, begun: Tensor, written: tuple[int, ...]) -> float:
    """The log-probability of a text after a beginning, (L,), each token from the whole text before it."""
    total, text = 0.0, begun[None]
    for token in written:
        total += float(model(text)[0, -1].double().log_softmax(0)[token])
        text = torch.cat([text, torch.tensor([[token]])], 1)
    return total


@torch.no_grad()
@pytest.mark.parametrize("name", MODELS)
def test_a_wide_beam_finds_the_most_probable_of_all_texts(name: str) -> None:
    model = MODELS[name]()
    best = generate(model, BEGUN[:2], 3, beams=7**3)
    narrow = generate(model, BEGUN[:2], 3, beams=2)
    greedy = generate(model, BEGUN[:2], 3, greedy=True)
    for row in range(2):
        every = {text: scored(model, BEGUN[row], text) for text in product(range(7), repeat=3)}
        assert tuple(best[row, 3:].tolist()) == max(every, key=every.__getitem__)
        found = [every[tuple(one[row, 3:].tolist())] for one in (best, narrow, greedy)]
        assert found[0] >= found[1] >= found[2]


@torch.no_grad()
def test_a_beam_compares_texts_that_ended_with_those_that_go_on() -> None:
    model, end = MODELS["decoder"](), 4
    best = generate(model, BEGUN, 3, beams=7**3, end=end)
    for row in range(len(BEGUN)):
        every = {}
        for text in product(range(7), repeat=3):
            own = text[: text.index(end) + 1] if end in text else text
            every[own] = scored(model, BEGUN[row], own)
        wanted = max(every, key=every.__getitem__)
        assert best[row, 3:].tolist() == [*wanted, *[end] * (3 - len(wanted))][: best.shape[1] - 3]


@torch.no_grad()
def test_greedy_takes_the_first_choice_each_time() -> None:
    model, text = MODELS["decoder"](), BEGUN
    for _ in range(6):
        text = torch.cat([text, model(text).argmax(-1)[:, -1:]], 1)
    assert torch.equal(generate(model, BEGUN, 6, greedy=True), text)
    assert torch.equal(generate(model, BEGUN, 6, temperature=1e-3), text)


@torch.no_grad()
def test_tokens_are_drawn_as_often_as_the_temperature_says() -> None:
    model, begun = MODELS["gru"](), BEGUN[:1]
    for temperature in (0.5, 2.0):
        wanted = (model(begun)[0, -1].double() / temperature).softmax(0)
        drawn = generate(model, begun.expand(20_000, -1), 1, temperature=temperature)[:, -1]
        shares = drawn.bincount(minlength=7) / len(drawn)
        assert (shares - wanted).abs().max() < 5 * (0.25 / 20_000) ** 0.5


def test_the_seed_alone_fixes_what_is_drawn() -> None:
    model, before = MODELS["decoder"](), torch.get_rng_state()
    one, same, other = (generate(model, BEGUN, 7, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_after_the_end_there_is_only_the_end() -> None:
    model, end = MODELS["gru"](), 3
    found = generate(model, BEGUN.repeat(20, 1), 60, temperature=3.0, end=end)
    ended = (found[:, 3:] == end).cumsum(1) > 0
    assert bool((found[:, 3:][ended] == end).all()) and 0 < int(ended.sum()) < ended.numel()
    free = generate(model, BEGUN.repeat(20, 1), 60, temperature=3.0)[:, : found.shape[1]]
    assert torch.equal(free[:, :4], found[:, :4])
    assert found.shape[1] <= 63 and bool((found[:, -1] == end).any())


def test_the_model_is_left_as_it_was_and_writing_can_be_stopped() -> None:
    model = decoder(7, context=10, width=12, blocks=1, heads=2, dropout=0.5)
    calls = iter([False, False, True])
    assert generate(model, BEGUN, 9, stop=lambda: next(calls)).shape == (4, 5)
    assert model.training and all(p.grad is None and p.requires_grad for p in model.parameters())
    assert torch.equal(generate(model, BEGUN, 5), generate(model, BEGUN, 5))  # no dropout while it writes
    loss = model(generate(model, BEGUN, 5)).sum()  # what was written can be learned from
    loss.backward()


class Bigram(nn.Module):
    """A model of somebody else's: no context, no steps, and an object with logits."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 7)

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        return {"logits": self.table(ids)}


def test_any_model_of_tokens_can_write() -> None:
    model = Bigram()
    found = generate(model, BEGUN, 5, greedy=True)
    first = model.table.weight.argmax(1)
    assert all(torch.equal(found[:, i + 1], first[found[:, i]]) for i in range(2, 7))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("broken", [torch.nan, torch.inf, -torch.inf])
def test_a_model_without_numbers_writes_in_no_way(way: str, broken: float) -> None:
    model = Bigram()
    with torch.no_grad():
        model.table.weight[BEGUN[1, -1], 2 if broken > 0 else slice(None)] = broken
    with pytest.raises(NotFiniteError, match="what the model says of the next token is not a number"):
        generate(model, BEGUN, 2, **WAYS[way])


def test_symbols_that_are_ruled_out_are_never_written_at_any_temperature() -> None:
    model = Bigram()
    with torch.no_grad():
        model.table.weight[:, 3:] = -torch.inf
    for how in ({"temperature": 1e-300}, {"temperature": 1e300}, {"greedy": True}, {"beams": 7**2}):
        found = generate(model, BEGUN, 4, **how)
        assert int(found[:, 3:].max()) < 3
        if how.get("temperature", 1) < 1:
            assert torch.equal(found, generate(model, BEGUN, 4, greedy=True))


def test_of_equal_choices_the_first_is_taken_and_neighbours_change_no_text() -> None:
    model = Bigram()
    with torch.no_grad():
        model.table.weight.zero_()
    assert not generate(model, BEGUN, 4, greedy=True)[:, 3:].any()
    for name, way in product(MODELS, ("greedy", "beam")):
        together = generate(MODELS[name](), BEGUN, 8, **WAYS[way], end=5)
        for row, begun in zip(together, BEGUN, strict=True):
            alone = generate(MODELS[name](), begun[None], 8, **WAYS[way], end=5)[0]
            assert row[: len(alone)].tolist() == alone.tolist() and set(row[len(alone) :].tolist()) <= {5}


class Remembers(Bigram):
    """A model that makes a table at its first answer and keeps it, as foreign models keep their positions."""

    kept: Tensor | None = None

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        if self.kept is None or len(self.kept) < ids.shape[1]:
            self.kept = torch.linspace(1, 2, ids.shape[1])
        return {"logits": self.table(ids) * self.kept[: ids.shape[1], None]}


def test_a_model_that_kept_something_while_it_wrote_can_be_trained_on() -> None:
    model = Remembers()
    model(generate(model, BEGUN, 5)[:, :6])["logits"].square().sum().backward()
    assert model.table.weight.grad is not None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ids": torch.zeros(2, 0, dtype=torch.int64)}, r"with at least 1 token each, .* got int64 of shape \(2, 0\)"),
        ({"ids": torch.zeros(2, 3)}, r"got float32 of shape \(2, 3\)"),
        ({"ids": [[1, 2]]}, "got list"),
        ({"tokens": 0}, "tokens must be a whole number of at least 1, got 0"),
        ({"beams": 1.5}, "beams must be a whole number of at least 1, got 1.5"),
        (
            {"temperature": 0.0},
            "temperature must be a finite number > 0, got 0.0; for the first choice each time pass greedy=True",
        ),
        ({"temperature": float("inf")}, "temperature must be a finite number > 0, got inf"),
        ({"greedy": True, "beams": 2}, "greedy=True takes one candidate at each place, got beams=2; pass one of both"),
        ({"end": 7}, "end must be one of the model's 7 symbols, 0 to 6, or None, got 7"),
        ({"end": 7, "beams": 3}, "end must be one of the model's 7 symbols"),
        ({"ids": torch.full((1, 2), 7)}, "from 0 to 6, the vocabulary of this model, got 7 to 7"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        generate(MODELS["decoder"](), **{"ids": BEGUN, "tokens": 2, **given})
