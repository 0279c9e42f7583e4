"""Shipped teachers: cards tell the truth about the files beside them."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open

import kdviz.data
from kdviz.app.teach import TRAININGS
from kdviz.distill.evaluate import evaluate
from kdviz.models import build, card, generate, mac_count, names, parameter_count, pretrained, shipped
from kdviz.models.shipped import DamagedWeightsError

PROMISED = {  # what each teacher must reach on the test part
    "adult-mlp": 0.85,
    "adult-mlp-student": 0.85,
    "adult-mlp-unaware": 0.85,
    "adult-mlp-unaware-student": 0.85,
    "fashion-resnet": 0.935,
    "fashion-resnet-student": 0.9,
    "mnist-convnet": 0.996,
    "mnist-convnet-robust": 0.985,
    "mnist-mlp-1200": 0.993,
    "mnist-mlp-1200-smoothed": 0.992,
    "mnist-mlp-overfit": 0.89,
    "mnist-mlp-robust": 0.985,
    "mnist-vit": 0.99,
    "mnist-vit-student": 0.98,
    "mnist-vit-twin": 0.98,
}
TEXT = {  # of text: tokens predicted rightly, and answers that match as a whole
    "additions-decoder": (0.99, 0.99),
    "additions-steps-decoder": (0.99, 0.99),
    "moby-dick-decoder": (0.5, None),
    "spelling-decoder": (0.5, 0.5),
}
ENCODERS = {"definitions-encoder": 0.73, "definitions-encoder-masked": 0.2}  # kinds, and hidden words


def test_all_that_can_be_trained_are_shipped_and_no_others() -> None:
    assert set(names()) == set(PROMISED) and set(names("text")) == set(TEXT) and set(names("encoder")) == set(ENCODERS)
    assert set(names("any")) == set(TRAININGS) == {*PROMISED, *TEXT, *ENCODERS}
    with pytest.raises(ValueError, match='kind must be "classes", "text", "encoder" or "any", got \'words\''):
        names("words")


def answered(model: Any, data: kdviz.data.Splits) -> float:
    """The share of prompts that are answered rightly as a whole: written, not scored."""
    prompts, right = data.test.groups["prompt"], 0
    for length in set(prompts.tolist()):
        rows = torch.from_numpy(prompts == length)
        x, y = data.test.x[rows], data.test.y[rows]
        found = generate(model, x[:, :length], x.shape[1] - length + 1, greedy=True, end=data.vocabulary.end)
        for answer, labels in zip(found[:, length:].tolist(), y.tolist(), strict=True):
            wanted = [label for label in labels if label >= 0]
            right += answer[: len(wanted)] == wanted
    return right / len(data.test)


@pytest.mark.parametrize("name", TEXT)
def test_the_card_of_a_teacher_of_text_is_right(name: str) -> None:
    about, model, data = card(name), pretrained(name), kdviz.data.load(card(name).data)
    found, (tokens, exact) = evaluate(model, data.test, step=0, split="test"), TEXT[name]
    assert (found.errors, found.examples) == (about.test_errors, about.test_examples)
    assert about.test_accuracy == pytest.approx(found.accuracy, abs=1e-6) and found.accuracy >= tokens
    assert about.figures["bits a token"] == pytest.approx(found.nll / math.log(2), abs=1e-4)
    if exact is not None:
        assert about.figures["exact match"] == pytest.approx(answered(model, data), abs=1e-3) and exact <= answered(
            model, data
        )
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    assert model.fingerprint == data.vocabulary.fingerprint and model.context == data.shape[0]
    assert (about.parameters, about.macs) == (
        parameter_count(build(about.architecture)),
        mac_count(model, data.shape),
    )
    assert f"{found.errors:,} errors of {found.examples:,} test tokens" in repr(about)
    assert f"bits a token {about.figures['bits a token']:.3f}" in repr(about)


def errors(model: Any, examples: kdviz.data.Examples) -> int:
    return evaluate(model, examples, step=0, split="test").errors


LARGE = "fashion-resnet"  # a minute for its 15,000 pictures
EACH = [pytest.param(name, marks=pytest.mark.full) if name == LARGE else name for name in PROMISED]


@pytest.mark.parametrize("name", EACH)
def test_the_card_is_right_about_the_test_part(name: str) -> None:
    about, model, data = card(name), pretrained(name), kdviz.data.load(card(name).data)
    wrong = errors(model, data.test)
    assert wrong == about.test_errors
    assert about.test_examples == len(data.test)
    assert about.test_accuracy == pytest.approx(1 - wrong / len(data.test), abs=1e-6)
    assert about.test_accuracy >= PROMISED[name]


@pytest.mark.parametrize("name", EACH)
def test_the_card_is_right_about_validation_and_size(name: str) -> None:
    about, data = card(name), kdviz.data.load(card(name).data)
    wrong = errors(pretrained(name), data.validation)
    assert about.validation_accuracy == pytest.approx(1 - wrong / len(data.validation), abs=1e-6)
    fresh = build(about.architecture)
    assert about.parameters == parameter_count(fresh)
    assert about.macs == mac_count(fresh, data.shape)


def test_the_overfit_teacher_knows_its_1000_images_by_heart_and_little_else() -> None:
    about, model, data = card("mnist-mlp-overfit"), pretrained("mnist-mlp-overfit"), kdviz.data.mnist()
    assert about.recipe["labels"] == 1000
    learned = data.with_labels(1000, seed=0).train
    nll = F.cross_entropy(model(learned.inputs()), learned.y, reduction="none")
    assert errors(model, learned) == 0
    assert nll.mean() < 1e-4 and nll.max() < 1e-3
    unseen = F.cross_entropy(model(data.validation.inputs()), data.validation.y)
    assert unseen > 1000 * nll.mean()
    assert about.test_errors > 10 * card("mnist-mlp-1200").test_errors


def test_the_largest_teacher_of_mnist_is_the_good_one() -> None:
    of_mnist = [card(name) for name in names() if card(name).data == "mnist"]
    assert max(of_mnist, key=lambda c: c.parameters).name == "mnist-mlp-1200"  # the first of the two alike


@pytest.mark.parametrize("name", ENCODERS)
def test_the_card_of_an_encoder_is_right(name: str) -> None:
    about, model, data = card(name), pretrained(name), kdviz.data.load(card(name).data)
    found = evaluate(model, data.test, step=0, split="test")
    assert (found.errors, found.examples) == (about.test_errors, about.test_examples)
    assert about.test_accuracy == pytest.approx(found.accuracy, abs=1e-6) and found.accuracy >= ENCODERS[name]
    assert evaluate(model, data.validation, step=0, split="validation").accuracy == pytest.approx(
        about.validation_accuracy, abs=1e-6
    )
    assert model.fingerprint == data.vocabulary.fingerprint and model.context == data.shape[0]
    fresh = build(about.architecture)
    assert (about.parameters, about.macs) == (parameter_count(fresh), mac_count(fresh, data.shape))
    assert ("bits a token" in about.figures) == (data.test.y.ndim == 2)


def test_the_encoder_of_kinds_began_as_the_one_of_hidden_words() -> None:
    kinds, words = pretrained("definitions-encoder"), pretrained("definitions-encoder-masked")
    assert card(kinds.card.name).recipe["start"] == words.card.name
    ours, theirs = (model.embed.word.weight.flatten() for model in (kinds, words))
    fresh = build(words.architecture, seed=1).embed.word.weight.detach().flatten()
    near, far = (float(torch.cosine_similarity(a, theirs, 0)) for a in (ours, fresh))
    assert near > 0.6 > 0.1 > abs(far)


@pytest.mark.parametrize("name", [*PROMISED, *TEXT, *ENCODERS])
def test_the_card_says_how_to_train_again(name: str) -> None:
    about, training = card(name), TRAININGS[name]
    assert about.command == f"kdviz teach {name}"
    assert about.recipe == json.loads(json.dumps(training.settings()))
    assert about.data == training.data
    assert about.architecture.items() >= {k: v for k, v in training.architecture.items() if v}.items()
    assert about.licence == "BSD-3-Clause"


@pytest.mark.parametrize("name", [name for name in PROMISED if card(name).recipe.get("teacher")])
def test_a_distilled_student_says_whose_and_is_smaller(name: str) -> None:
    about, teacher = card(name), card(card(name).recipe["teacher"])
    assert name == f"{teacher.name}-student" and teacher.name in about.title and about.data == teacher.data
    assert 5 * about.parameters < teacher.parameters and "SoftTargets" in about.recipe["objective"]


def test_a_card_reads_well_as_the_last_line_of_a_cell() -> None:
    about = card("adult-mlp-student")
    assert repr(about).splitlines()[:2] == [
        "adult-mlp-student: Adult, 8 ReLU units, taught by adult-mlp",
        "2,393 errors of 16,281 test examples (14.7 %), 754 parameters, 744 multiply-adds",
    ]
    assert max(map(len, repr(about).splitlines())) <= 120 and "{" not in repr(about)
    html = about._repr_html_()
    assert "kdviz teach adult-mlp-student" in html and about.note.replace("'", "&#x27;") in html
    assert html.index("2,393 errors") < html.index("<details>") < html.index("learning_rate")
    odd = dataclasses.replace(about, title="<script>", recipe={"a": "<b>"})
    assert "<script>" not in odd._repr_html_() and "<b>" not in odd._repr_html_()


@pytest.mark.parametrize("name", PROMISED)
def test_teachers_come_frozen_in_eval_mode_with_their_card(name: str) -> None:
    model: Any = pretrained(name)
    assert not any(m.training for m in model.modules())
    assert not any(p.requires_grad for p in model.parameters())
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model.card == card(name)
    assert model.architecture == card(name).architecture
    assert pretrained(name) is not model


@pytest.mark.parametrize("name", PROMISED)
def test_weights_are_small_safetensors_of_float16(name: str) -> None:
    path = shipped.FOLDER / f"{name}.safetensors"
    assert path.stat().st_size < (5 if name.startswith("mnist-mlp-1200") else 2) * 2**20
    with safe_open(path, framework="pt") as file:
        dtypes = {file.get_tensor(key).dtype for key in file.keys()}  # noqa: SIM118
    assert dtypes <= {torch.float16, torch.int64}


def test_nothing_but_safetensors_and_cards_is_shipped() -> None:
    assert {path.suffix for path in shipped.FOLDER.iterdir()} == {".safetensors", ".json"}


def test_loading_leaves_the_global_generator() -> None:
    state = torch.get_rng_state()
    pretrained("mnist-convnet")
    assert torch.equal(torch.get_rng_state(), state)


def test_cards_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        card("mnist-convnet").test_errors = 0  # type: ignore[misc]


def test_an_unknown_teacher_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"teacher must be one of additions-decoder, .*, mnist-vit, .*, got 'resnet-50'"
    ):
        pretrained("resnet-50")


@pytest.mark.parametrize("damage", ["cut short", "no safetensors", "another model"])
def test_damaged_weights_are_said_in_a_sentence(damage: str, tmp_path: Path, monkeypatch: Any) -> None:
    for suffix in (".json", ".safetensors"):
        shutil.copy(shipped.FOLDER / f"adult-mlp{suffix}", tmp_path)
    weights = tmp_path / "adult-mlp.safetensors"
    if damage == "cut short":
        weights.write_bytes(weights.read_bytes()[:-10])
    elif damage == "no safetensors":
        weights.write_bytes(b"<html>")
    else:
        shutil.copy(shipped.FOLDER / "mnist-convnet.safetensors", weights)
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(DamagedWeightsError, match=r"adult-mlp.safetensors is damaged \(.*\): install kdviz") as e:
        pretrained("adult-mlp")
    assert "\n" not in str(e.value)
