"""What a run is given is answered in one sentence when it cannot work."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import kdviz as kd

from .conftest import small


class Wrapped(nn.Module):
    """A model that answers with something else than logits."""

    def __init__(self, inner: nn.Module, wrap) -> None:
        super().__init__()
        self.inner, self.wrap = inner, wrap

    def forward(self, x):
        return self.wrap(self.inner(x))


def complaint(call) -> str:
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 300
    return sentence


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be a finite number > 0, got 0.0"),
        ({"learning_rate": float("nan")}, "got nan"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"optimizer": "lion"}, "optimizer must be one of adam, adamw, sgd"),
        ({"augment": "cutmix"}, "augment must be one of shift"),
        ({"teacher": None}, "needs a teacher, got None"),
    ],
)
def test_numbers_and_names(make, arguments, says):
    assert says in complaint(lambda: make(**arguments))


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), float("nan")])
def test_temperature(temperature):
    assert f"temperature must be a finite number > 0, got {temperature}" in complaint(
        lambda: kd.SoftTargets(temperature)
    )


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alpha(alpha):
    assert f"alpha must lie in [0, 1] (it is the weight of the soft targets), got {alpha}" in complaint(
        lambda: kd.hinton(alpha)
    )


def test_a_teacher_in_training_mode(make, teacher):
    assert "call teacher.eval()" in complaint(lambda: make(teacher=copy.deepcopy(teacher).train()))


def test_a_part_of_the_teacher_in_training_mode(make, teacher):
    mine = nn.Sequential(copy.deepcopy(teacher), nn.Dropout(0.9)).eval()
    mine[1].train()
    assert "training mode" in complaint(lambda: make(teacher=mine))


@pytest.mark.parametrize(("arguments", "says"), [
    ({"student": "mlp"}, "the student cannot be used: expected a model, got the text 'mlp'; load it first"),
    ({"teacher": "mlp"}, "the teacher cannot be used: expected a model, got the text 'mlp'; load it first"),
    ({"objective": "hinton"}, "the objective must be made of terms"),
    ({"batch_size": 32.5}, "batch_size must be a whole number, got 32.5"),
    ({"seed": None}, "seed must be a whole number, got None"),
    ({"learning_rate": "1e-3"}, "learning_rate must be a number or a schedule, got '1e-3'"),
    ({"student": kd.models.mlp((4,), inputs=7, classes=3)}, "the student cannot process float32 inputs of shape (4,)"),
])  # fmt: skip
def test_things_of_the_wrong_kind(make, arguments, says):
    assert says in complaint(lambda: make(**arguments))


def test_batch_normalisation_and_batches_of_one(make):
    student = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    assert "use batch_size=2 or more" in complaint(lambda: make(student, batch_size=1))


def test_class_counts_that_differ(make):
    other = kd.models.mlp((8,), inputs=4, classes=5)
    assert "the teacher has 3 classes and the student 5" in complaint(lambda: make(other))


def test_models_and_data_that_name_different_classes(clouds):
    teacher, student = (
        kd.models.mlp((8,), inputs=4, classes=5).eval(),
        kd.models.mlp((8,), inputs=4, classes=5),
    )
    assert "have 5 classes and the data 3" in complaint(lambda: kd.Distillation(teacher, student, clouds))


def test_swapped_roles(make, teacher):
    assert "were they swapped? pass allow_weaker_teacher=True" in complaint(
        lambda: make(copy.deepcopy(teacher).requires_grad_(True), teacher=small(seed=5).eval())
    )
    make(copy.deepcopy(teacher).requires_grad_(True), teacher=small(seed=5).eval(), allow_weaker_teacher=True)


def test_shared_weights(make, teacher):
    assert "shares weights with the teacher (linear1.weight)" in complaint(
        lambda: make(teacher=_eval_view(teacher), student=teacher.requires_grad_(True))
    )
    teacher.requires_grad_(False)


def _eval_view(module: nn.Module) -> nn.Module:
    return nn.Sequential(module).eval()[0]


def test_a_student_with_nothing_to_train(make):
    assert "no trainable parameter" in complaint(lambda: make(small().requires_grad_(False)))


def test_empty_data(make, clouds):
    empty = kd.data.Splits(
        "none", "Nothing", clouds.classes, clouds.train.take(slice(0, 0)), clouds.validation, clouds.test
    )
    assert "training part of Nothing is empty" in complaint(lambda: make(data=empty))


def test_labels_out_of_range(teacher):
    X, y = torch.randn(60, 4), torch.full((60,), 7)
    sentence = complaint(lambda: kd.Distillation(teacher, small(), kd.data.splits((X, y), classes=("a", "b", "c"))))
    assert "7" in sentence and "3" in sentence


def test_hard_labels_without_labels(make, clouds):
    none = kd.data.Examples(clouds.train.x, torch.full_like(clouds.train.y, -1))
    bare = kd.data.Splits("bare", "Bare", clouds.classes, none, clouds.validation, clouds.test)
    assert "no training example has a label" in complaint(lambda: make(data=bare, objective=kd.HardLabels()))
    assert "the transfer set has none" in complaint(lambda: make(data=bare).twin())


@pytest.mark.parametrize(("wrap", "says"), [
    (lambda z: (z, z), "the student returned 2 things, expected a tensor of logits"),
    (lambda z: {"a": z, "b": z}, "returned a dict"),
    (lambda z: z[0], "returned shape (3,) for 2 examples, expected (2, classes)"),
    (lambda z: z / 0, "not finite"),
])  # fmt: skip
def test_answers_that_are_not_logits(make, wrap, says):
    assert says in complaint(lambda: make(Wrapped(small(), wrap)))


def test_an_objective_without_terms_or_with_a_negative_weight():
    assert "at least one term" in complaint(lambda: kd.Objective(()))
    assert "weight of the soft term must be a finite number >= 0, got -1.0" in complaint(
        lambda: -1.0 * kd.SoftTargets()
    )
    assert "each term may appear once" in complaint(lambda: kd.SoftTargets(2) + kd.SoftTargets(2))
    assert sum([0.5 * kd.SoftTargets(), 0.5 * kd.HardLabels()]) == kd.hinton(alpha=0.5)
    assert "this" in complaint(lambda: kd.HardLabels().__mul__(1.0).edited(temperature=2.0))
