"""Teachers that are registered: from a card and weights, or from a card and a loader."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz import outside
from kdviz.models import shipped


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of its own for each test."""
    monkeypatch.setattr(shipped, "_ADDED", outside.Added("teacher", "kdviz.models", shipped._own))


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


MINE = replace(kd.models.card("mnist-convnet"), name="mine")


def test_a_card_and_the_weights_beside_it_are_enough(tmp_path: Path) -> None:
    shutil.copy(shipped.FOLDER / "adult-mlp.safetensors", tmp_path / "mine.safetensors")
    card = replace(kd.models.card("adult-mlp"), name="mine")
    (tmp_path / "mine.json").write_text(card.json(), encoding="utf-8")
    assert kd.models.register(tmp_path / "mine.json") == card == kd.models.card("mine")
    assert kd.models.names()[-1] == "mine"
    theirs, own = kd.models.pretrained("mine"), kd.models.pretrained("adult-mlp")
    assert all(torch.equal(a, b) for a, b in zip(theirs.parameters(), own.parameters(), strict=True))
    (tmp_path / "mine.safetensors").write_bytes(b"<html>")
    with pytest.raises(ValueError, match=r"^the teacher 'mine' cannot be loaded: [^\n]+$"):
        kd.models.pretrained("mine")


def test_a_loaders_model_comes_frozen_in_eval_mode_with_its_card() -> None:
    kd.models.register(MINE, linear)
    model = kd.models.pretrained("mine")
    assert model.card == MINE and not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert kd.models.pretrained("mine") is not model


def test_a_loader_that_fails_is_told_in_one_sentence() -> None:
    def loader() -> nn.Module:
        raise RuntimeError("no\nweights")

    kd.models.register(MINE, loader)
    with pytest.raises(ValueError, match=r"^the teacher 'mine' cannot be loaded: no weights$"):
        kd.models.pretrained("mine")
    kd.models.register(replace(MINE, name="text"), lambda: "no model")  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match=r"the teacher 'text' must be a torch\.nn\.Module, got str"):
        kd.models.pretrained("text")
    assert kd.models.names()[-2:] == ("mine", "text")


def test_what_cannot_be_registered_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the teacher 'adult-mlp' is kdviz's own; choose another name"):
        kd.models.register(replace(MINE, name="adult-mlp"), linear)
    with pytest.raises(ValueError, match="a loader is needed"):
        kd.models.register(MINE)
    with pytest.raises(ValueError, match="loader must be a function that gives the model, got int"):
        kd.models.register(MINE, 3)  # type: ignore[arg-type]
    (tmp_path / "card.json").write_text("{}")
    for path in (tmp_path / "card.json", tmp_path / "none.json"):
        with pytest.raises(ValueError, match=r"json is no card of a teacher: [^\n]+$"):
            kd.models.register(path)
    kd.models.register(MINE, linear)
    with pytest.raises(ValueError, match=r"the teacher 'mine' is that of .*\.linear already; choose another name"):
        kd.models.register(MINE, lambda: linear())
    with pytest.raises(ValueError, match=r"teacher must be one of additions-decoder, .*, mine, got 'yours'"):
        kd.models.card("yours")
