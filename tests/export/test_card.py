"""Model cards: what they tell is the run's own, measured anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.teacher import weight_hash
from kdviz.export import card
from kdviz.export.card import NO_TWIN


@pytest.fixture
def run() -> kd.Distillation:
    data = kd.data.load("adult").with_labels(300, seed=0)
    student = kd.models.build({"name": "mlp", "hidden": [4], "inputs": 91, "classes": 2}, seed=1)
    made = kd.Distillation(kd.models.pretrained("adult-mlp"), student, data, epochs=2, seed=3)
    return made.train(progress=False, evaluate=False)


def test_a_card_tells_who_taught_whom_on_what_and_how_it_did(run: kd.Distillation, tmp_path: Path) -> None:
    twin = run.twin().train(progress=False, evaluate=False)
    text = card(run, tmp_path / "README.md", twin=twin)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == text
    front, _, rest = text.removeprefix("---\n").partition("\n---\n")
    assert "- knowledge-distillation" in front and "- adult" in front
    assert weight_hash(run.student) in rest and weight_hash(run.teacher.module) in rest
    assert "`kdviz teach adult-mlp`" in rest and "300 examples for teaching" in rest
    errors = {"student": run.evaluate("test").errors, "twin": twin.evaluate("test").errors, "teacher": 2392}
    for who, wrong in errors.items():
        (row,) = [line for line in rest.splitlines() if line.startswith(f"| {who} ")]
        assert f"| {wrong:,} of 16,281 |" in row
    less = f"{errors['student'] - errors['twin']:+,}".replace("-", "−")
    assert f"Student − twin: {less} errors (95 % CI" in rest and NO_TWIN not in rest
    assert "equalized-odds difference" in rest and "calibration error (ECE)" in rest
    recipe = kd.Recipe.from_json(rest.partition("```json\n")[2].partition("\n```")[0])
    again = kd.Distillation.from_recipe(recipe).train(progress=False, evaluate=False)
    assert weight_hash(again.student) == weight_hash(run.student)


def test_a_student_without_a_teacher_has_a_card_without_one() -> None:
    X, y = torch.randn(200, 4), torch.arange(200) % 3
    student = kd.models.mlp((4,), inputs=4, classes=3)
    run = kd.Distillation(None, student, (X, y), kd.HardLabels(), epochs=1)
    with pytest.raises(ValueError, match="no step yet"):
        card(run)
    text = card(run.train(progress=False))
    assert "taught by labels alone" in text and "teacher" not in text.partition("```json")[0].lower()
    assert json.loads(text.partition("```json\n")[2].partition("\n```")[0])["teacher"] is None
    X, y = X[:60], y[:60]
    taught = kd.Distillation(kd.models.mlp((9,), inputs=4, classes=3).eval(), student, (X, y), epochs=1)
    text = card(taught.train(progress=False), title="Mine")
    assert NO_TWIN in text and "# Mine" in text
    assert "from_json(text), teacher=..., student=..., data=...)` repeats it" in text
    own = kd.Distillation(None, nn.Linear(4, 3), (X, y), kd.HardLabels(), epochs=1)
    text = card(own.train(progress=False))
    assert "Linear, 15 parameters; weights" in text and "from_json(text), student=..., data=...)` repeats it" in text
    with pytest.raises(TypeError, match=r"expected a run, kd\.Distillation, got Linear"):
        card(nn.Linear(2, 2))  # type: ignore[arg-type]
