"""The training command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import kdviz.data
from kdviz.data import Examples
from kdviz.models import shipped, teach
from kdviz.models.teach import RECIPES, Recipe, blend, errors, main, rate, write

QUICK = Recipe(
    title="Quick",
    data="mnist",
    architecture={"name": "convnet", "width": 2, "dropout": 0.1},
    epochs=2,
    batch=16,
    optimiser="sgd",
    learning_rate=0.05,
    weight_decay=1e-3,
    average=0.9,
    warp={"degrees": 5.0, "elastic": 0.5},
    shift=1,
    flip=True,
    erase=4,
)


@pytest.fixture
def few_digits(monkeypatch: pytest.MonkeyPatch) -> kdviz.data.Splits:
    """A few digits in place of all."""
    data = kdviz.data.mnist()
    few = replace(
        data.with_labels(64), validation=data.validation.take(slice(0, 32)), test=data.test.take(slice(0, 32))
    )
    monkeypatch.setattr(kdviz.data, "load", lambda _: few)
    return few


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_training_again_gives_the_same_bytes(
    optimiser: str, few_digits: kdviz.data.Splits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(QUICK, optimiser=optimiser)
    for folder, noise, seed in (("one", 1, 0), ("two", 2, 0), ("other", 1, 5)):
        torch.manual_seed(noise)
        state = torch.get_rng_state()
        teach.teach("quick", seed=seed, folder=tmp_path / folder, recipe=recipe)
        assert torch.equal(torch.get_rng_state(), state)
    one, two, other = ((tmp_path / f / "quick.safetensors").read_bytes() for f in ("one", "two", "other"))
    assert one == two
    assert one != other
    assert (tmp_path / "one" / "quick.json").read_text() == (tmp_path / "two" / "quick.json").read_text()
    assert "epoch 2/2" in capsys.readouterr().out


def test_the_card_is_measured_on_the_written_weights(
    few_digits: kdviz.data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = teach.teach("quick", folder=tmp_path, recipe=QUICK)
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    assert shipped.names() == ("quick",)
    assert shipped.card("quick") == card
    assert errors(shipped.pretrained("quick"), few_digits.test) == card.test_errors


def test_a_teacher_of_few_labels_sees_no_other_example_and_its_card_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = kdviz.data.mnist()
    seen = []
    monkeypatch.setattr(teach, "train", lambda model, examples, *_: seen.append(examples) or model.eval())
    few = teach.teach("quick", folder=tmp_path, recipe=replace(QUICK, labels=64))
    assert seen[0].fingerprint() == digits.with_labels(64, seed=0).train.fingerprint()
    assert few.recipe["labels"] == 64
    whole = teach.teach("quick", folder=tmp_path, recipe=QUICK)
    assert seen[1].fingerprint() == digits.train.fingerprint()
    assert "labels" not in whole.recipe


def test_the_command_line_trains(
    few_digits: kdviz.data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "mnist-convnet", QUICK)
    threads = torch.get_num_threads()
    try:
        assert main(["mnist-convnet", "--epochs", "1", "--folder", str(tmp_path), "--threads", "1"]) == 0
    finally:
        torch.set_num_threads(threads)
    assert '"command": "python -m kdviz.models.teach mnist-convnet --epochs 1 --threads 1"' in (
        tmp_path / "mnist-convnet.json"
    ).read_text(encoding="utf-8")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"teacher must be one of mnist-mlp-1200, .*, got 'vgg'"):
        teach.teach("vgg")


def test_the_rate_rises_then_falls_to_zero() -> None:
    rates = [rate(step / 100, 0.1) for step in range(101)]
    assert rates[0] == 0
    assert rates[10] == 1 == max(rates)
    assert rates[100] == pytest.approx(0)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_average_follows_weights_and_statistics() -> None:
    averaged, model = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    nn.init.constant_(model.weight, 3.0)
    model.running_mean = torch.full((2,), 8.0)
    model.num_batches_tracked = torch.tensor(7)
    blend(averaged, model, 0.75)
    assert averaged.weight.tolist() == [1.5, 1.5]
    assert averaged.running_mean is not None
    assert averaged.running_mean.tolist() == [2.0, 2.0]
    assert averaged.num_batches_tracked == 7


def test_errors_counts_in_eval_mode_and_gives_the_mode_back() -> None:
    model = nn.Sequential(nn.Dropout(0.9), nn.Identity())
    rows = torch.eye(4)
    wrong = Examples(rows, torch.tensor([0, 1, 2, 0]))
    assert errors(model, wrong, batch=3) == 1
    assert model.training


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "card.json"
    write(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["card.json"]
    assert path.read_bytes() == b"old"
