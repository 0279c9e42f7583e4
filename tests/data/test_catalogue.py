"""Data sets that are registered: known by name, loaded once, and never the end of anything else."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz import outside
from kdviz.data import catalogue

OWN = ("mnist", "fashion-mnist", "adult", "adult-without-race-sex")


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of its own for each test."""
    fresh: outside.Added = outside.Added("data set", "kdviz.data", lambda: catalogue.LOADERS)
    monkeypatch.setattr(catalogue, "_ADDED", fresh)


def coin() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(200, 2, generator=torch.Generator().manual_seed(0)), torch.arange(200) % 2


def test_a_registered_data_set_is_loaded_once_by_its_name() -> None:
    calls = []

    def loader() -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(1)
        return coin()

    kd.data.register("coin", loader, title="A coin")
    assert kd.data.names() == (*OWN, "coin") and not calls
    assert "coin" in kd.data.available()
    data = kd.data.load("coin")
    assert (data.name, data.title, len(data.train)) == ("coin", "A coin", 160)
    assert kd.data.load("coin") is data and calls == [1]
    run = kd.Distillation(None, kd.models.mlp((4,), inputs=2, classes=2), data, kd.HardLabels(), epochs=1)
    assert run.recipe.data == "coin"


def test_one_that_fails_is_left_out_with_a_sentence() -> None:
    def loader() -> None:
        raise OSError("the disk\nis gone")

    kd.data.register("lost", loader)
    kd.data.register("coin", coin)
    with pytest.warns(UserWarning, match="left out: the data set 'lost' cannot be loaded: the disk is gone"):
        assert kd.data.available()[-1] == "coin"
    assert "lost" not in kd.data.available()  # and is told once
    with pytest.raises(ValueError, match=r"^the data set 'lost' cannot be loaded: the disk is gone$"):
        kd.data.load("lost")
    kd.data.register("text", lambda: "no data")
    with pytest.raises(ValueError, match=r"^the data set 'text' cannot be loaded: [^\n]+$"):
        kd.data.load("text")


def test_one_that_is_not_here_is_not_loaded_to_find_out() -> None:
    calls = []
    kd.data.register("far", lambda: calls.append(1) or coin(), here=lambda: False)
    assert "far" in kd.data.names() and "far" not in kd.data.available() and not calls
    assert len(kd.data.load("far").train) == 160


def test_names_that_clash_or_cannot_be_in_a_link_are_refused() -> None:
    with pytest.raises(ValueError, match="the data set 'mnist' is kdviz's own; choose another name"):
        kd.data.register("mnist", coin)
    for name in ("Coin", "1coin", "a coin", "", "a" * 41, None):
        with pytest.raises(ValueError, match="the name of a data set must be small letters"):
            kd.data.register(name, coin)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="loader must be a function that returns the data, got list"):
        kd.data.register("coin", [1])  # type: ignore[arg-type]
    kd.data.register("coin", coin, title="One")
    kd.data.register("coin", coin, title="Two")  # a cell that runs again
    assert kd.data.load("coin").title == "Two"
    with pytest.raises(ValueError, match=r"the data set 'coin' is that of .*\.coin already; choose another name"):
        kd.data.register("coin", lambda: coin())
    with pytest.raises(ValueError, match=rf"data set must be one of {', '.join(kd.data.names('any'))}, got 'cion'"):
        kd.data.load("cion")


def test_a_title_is_known_without_loading_and_is_the_data_sets_own() -> None:
    for name in kd.data.available():
        assert kd.data.title(name) == kd.data.load(name).title
    kd.data.register("coin", coin, title="A coin")
    assert kd.data.title("coin") == "A coin"
