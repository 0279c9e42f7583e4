"""What the engine refuses, told in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import kdviz as kd
from kdviz import words
from kdviz.distill import checks
from kdviz.distill.live import LIVE
from kdviz.distill.methods import METHODS
from kdviz.distill.pairing import LayerPairs
from kdviz.panels.lab import link as lab_links
from kdviz.panels.live.status_text import as_sentence
from kdviz.words.reasons import REASONS, WITHIN, told

ENGLISH = re.compile(r"\b(the|must|got|and|with|was|were|of|this|a)\b")
PLACE = re.compile(r"\{[^{}]*\}")


@pytest.fixture
def german(monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])


def _exploding(edited: bool) -> None:
    """A run whose learning rate is far too high, with an edit on the way or without."""
    torch.manual_seed(0)
    data = kd.data.splits((1e30 * torch.randn(60, 4), torch.arange(60) % 2))
    run = kd.Distillation(None, kd.models.mlp((4,), inputs=4, classes=2), data, kd.HardLabels(), learning_rate=1e30)
    if edited:
        run.edit(learning_rate=2e30)
    run.train(2, progress=False, evaluate=False)


REFUSALS: dict[str, Callable[[], object]] = {
    "alpha": lambda: LIVE["alpha"].check(1.5),
    "temperature": lambda: LIVE["temperature"].check(-1),
    "penalty": lambda: LIVE["fairness"].check(-1),
    "whole": lambda: checks.whole("seed", 0.5),
    "number": lambda: checks.number("alpha", "much"),
    "fewest": lambda: checks.check_numbers(learning_rate=1e-3, batch_size=0, epochs=1),
    "most": lambda: checks.check_numbers(learning_rate=1e-3, batch_size=1, epochs=10**18),
    "rate": lambda: checks.check_numbers(learning_rate=-1.0, batch_size=1, epochs=1),
    "channels": lambda: kd.losses.gram(torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 4, 4)),
    "maps": lambda: METHODS["hint"].term(LayerPairs()),
    "teachers": lambda: next(m for m in METHODS.values() if m.compares == "teachers").term(LayerPairs()),
    "token": lambda: METHODS["distillation_token"].term(LayerPairs()),
    "loss": lambda: _exploding(False),
    "loss, edited": lambda: _exploding(True),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_reason_of_the_engine_is_told_in_german(name, german):
    with pytest.raises((ValueError, TypeError, FloatingPointError)) as caught:
        REFUSALS[name]()
    said = as_sentence(str(caught.value))
    assert not ENGLISH.search(said) and (said[0].isupper() or not said[0].isalpha()), said


@pytest.mark.parametrize(
    "query", ["labels=7", "omit=99", "kind=pony", "T=-1", "alpha=3", "teacher=none", "optimizer=x"]
)
def test_a_mistake_in_a_link_is_told_in_german(query, german):
    note = lab_links.LINK.follow(query).note
    assert note and not ENGLISH.search(note), note


def test_what_is_not_known_stays_as_it_was_and_english_is_left_alone(german, monkeypatch):
    assert told("No such file: pictures.npz") == "No such file: pictures.npz" and told("") == ""
    assert told("Epochs must be at least 1, got 0.") == "Epochs muss mindestens 1 sein, nicht: 0."
    monkeypatch.setattr(words, "_chosen", ["en"])
    assert told("epochs must be at least 1, got 0") == "epochs must be at least 1, got 0"


def _written() -> set[str]:
    """Return the texts of the engine, each of their values as {}."""
    found = set()
    for path in Path(kd.__file__).parent.rglob("*.py"):
        if path.parent.name == "words":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.add("".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_reason_is_one_that_the_engine_gives():
    texts = "\n".join(_written())
    put_together = [  # from parts, and raised above
        "{} must be a finite number > {}, got {}", "{} must be a finite number >= {}, got {}",
        "{} must be a finite number >= {} (it is {}), got {}", "{} must lie in [{}, {}] (it is {}), got {}",
        "{}; the student is back at step {}, its last good snapshot; try a learning rate below {}",
        "{}; the student is back at step {}, its last good snapshot; check its weights and the scale of the inputs",
        "{}; the student is back at step {}, its last good snapshot, {} edit(s) made since are undone; try a learning "
        "rate below {}",
    ]  # fmt: skip
    for text in (*REASONS, *WITHIN):
        plain = PLACE.sub("{}", text)
        parts = [part for part in re.split(r"\{\}| needs | shapes ", plain) if len(part) > 3]
        assert plain in put_together or plain in texts or all(part in texts for part in parts), text
