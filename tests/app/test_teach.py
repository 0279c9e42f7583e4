"""The training command."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import kdviz.data
import kdviz.models
from kdviz.app import cli, teach
from kdviz.app.teach import TRAININGS, Training
from kdviz.distill.evaluate import evaluate
from kdviz.models import shipped
from kdviz.whole_files import write_whole

QUICK = Training(
    title="Quick",
    data="mnist",
    architecture={"name": "convnet", "width": 2, "dropout": 0.1},
    epochs=2,
    batch_size=16,
    optimizer="sgd",
    learning_rate=0.05,
    weight_decay=1e-3,
    average=0.9,
    augment={"flip": {}, "shift": {"pixels": 1}, "warp": {"degrees": 5.0, "elastic": 0.5}, "erase": {"size": 4}},
    bfloat16=True,
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


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_training_again_gives_the_same_bytes(
    optimizer: str, few_digits: kdviz.data.Splits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = replace(QUICK, optimizer=optimizer)
    for folder, noise, seed in (("one", 1, 0), ("two", 2, 0), ("other", 1, 5)):
        torch.manual_seed(noise)
        state = torch.get_rng_state()
        teach.teach("quick", seed=seed, folder=tmp_path / folder, training=training)
        assert torch.equal(torch.get_rng_state(), state)
    one, two, other = ((tmp_path / f / "quick.safetensors").read_bytes() for f in ("one", "two", "other"))
    assert one == two
    assert one != other
    assert (tmp_path / "one" / "quick.json").read_text() == (tmp_path / "two" / "quick.json").read_text()
    assert "epoch 2/2" in capsys.readouterr().out


def test_the_card_is_measured_on_the_written_weights(
    few_digits: kdviz.data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = teach.teach("quick", folder=tmp_path, training=QUICK)
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    assert shipped.names() == ("quick",)
    assert shipped.card("quick") == card
    found = evaluate(shipped.pretrained("quick"), few_digits.test, step=0, split="test")
    assert found.errors == card.test_errors


def test_a_teacher_of_few_labels_sees_no_other_example_and_its_card_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = kdviz.data.mnist()
    seen = []
    monkeypatch.setattr(teach, "train", lambda run, _: seen.append(run.data.train) or run.student.eval())
    few = teach.teach("quick", folder=tmp_path, training=replace(QUICK, labels=64))
    assert seen[0].fingerprint() == digits.with_labels(64, seed=0).train.fingerprint()
    assert few.recipe["labels"] == 64
    whole = teach.teach("quick", folder=tmp_path, training=QUICK)
    assert seen[1].fingerprint() == digits.train.fingerprint()
    assert "labels" not in whole.recipe


def test_a_distilled_student_hears_its_teacher_and_its_card_names_it(
    few_digits: kdviz.data.Splits, tmp_path: Path
) -> None:
    card = teach.teach("quick", folder=tmp_path, training=replace(QUICK, augment={}, teacher="mnist-convnet"))
    teacher = shipped.card("mnist-convnet")
    assert card.note.startswith(f"Distilled from mnist-convnet ({teacher.test_errors} errors of 10,000)")
    assert card.recipe["teacher"] == "mnist-convnet"
    alone = teach.teach("quick", folder=tmp_path / "alone", training=replace(QUICK, augment={}))
    assert alone.note == "" and "teacher" not in alone.recipe
    assert (tmp_path / "quick.safetensors").read_bytes() != (tmp_path / "alone" / "quick.safetensors").read_bytes()


def test_a_teacher_of_text_is_built_for_the_vocabulary_and_its_card_counts_whole_answers(tmp_path: Path) -> None:
    training = Training(
        title="Quick",
        data="additions",
        architecture={"name": "gru", "width": 8},
        epochs=1,
        batch_size=16,
        learning_rate=0.01,
        weight_decay=0.0,
        labels=64,
    )
    card, data = teach.teach("quick", folder=tmp_path, training=training), kdviz.data.load("additions")
    assert card.architecture["fingerprint"] == data.vocabulary.fingerprint
    assert card.test_examples == int((data.test.y >= 0).sum())
    model = kdviz.models.build(card.architecture)
    shipped.load_weights(model, tmp_path / "quick.safetensors")
    found = evaluate(model.eval(), data.test, step=0, split="test")
    assert card.test_errors == found.errors
    assert card.figures["bits a token"] == pytest.approx(found.nll / math.log(2), abs=1e-4)
    text, right = data.vocabulary.decode, 0
    for x, y in zip(data.test.x[:, :9], data.test.y, strict=True):  # one by one, without a cache
        for _ in range(5):
            x = torch.cat([x, model(x[None])[0, -1:].argmax(-1)])
        right += text(x[9:]) == text(y[y >= 0]) and data.vocabulary.end in x[9:].tolist()
    assert card.figures["exact match"] == right / 1_000
    assert '"figures"' not in dataclasses.replace(card, figures={}).json()


def test_the_command_line_trains(
    few_digits: kdviz.data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRAININGS, "mnist-convnet", replace(QUICK, threads=2))
    threads = torch.get_num_threads()
    try:
        assert cli.main(["teach", "mnist-convnet", "--epochs", "1", "--folder", str(tmp_path), "--threads", "1"]) == 0
    finally:
        torch.set_num_threads(threads)
    assert '"command": "kdviz teach mnist-convnet --epochs 1 --threads 1"' in (
        tmp_path / "mnist-convnet.json"
    ).read_text(encoding="utf-8")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"teacher must be one of mnist-mlp-1200, .*, got 'vgg'"):
        teach.teach("vgg")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "card.json"
    write_whole(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["card.json"]
    assert path.read_bytes() == b"old"
