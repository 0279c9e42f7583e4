"""The Lab's choices: what they make, and what they refuse."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.data import catalogue
from kdviz.distill import Teacher
from kdviz.distill.variants import SOFT_LOSSES
from kdviz.models.kinds import KINDS, recognized
from kdviz.panels.lab.choices import Choices, class_counts, data_rows, student_kinds, student_rows, usual_of

ALL_OF_MNIST = 55_000


@pytest.mark.parametrize("layers", [1, 2])
def test_the_student_has_the_layers_chosen_and_its_row_counts_them(layers):
    student = Choices(units=16, layers=layers, seed=3).student()
    assert student.architecture["hidden"] == [16] * layers and student.seed == 3
    row = next(row for row in student_rows("mnist", layers) if row["units"] == 16)
    assert row["parameters"] == kd.models.parameter_count(student)


@pytest.mark.parametrize("loss", SOFT_LOSSES)
def test_the_soft_term_is_the_one_chosen(loss):
    objective = Choices(loss=loss, alpha=0.25, temperature=3).objective()
    assert type(objective.terms[0]) is SOFT_LOSSES[loss].term and (objective.alpha, objective.temperature) == (
        0.25,
        3.0,
    )


def test_without_labels_all_is_left_to_the_teacher():
    choices = Choices(labels=0, alpha=0.5)
    assert choices.keep_unlabelled and choices.alpha == 1.0
    train = choices.splits().train
    assert (len(train), train.labelled) == (choices.examples, 0) == (ALL_OF_MNIST, 0)


@pytest.mark.parametrize("labels", [0, 300, ALL_OF_MNIST])
@pytest.mark.parametrize("keep_unlabelled", [False, True])
def test_an_omitted_class_is_in_no_training_example(labels, keep_unlabelled):
    whole, choices = kd.data.mnist(), Choices(labels=labels, omit=3, keep_unlabelled=keep_unlabelled)
    train = choices.splits().train
    threes = class_counts("mnist")[3]
    assert len(train) == choices.examples
    assert train.labelled == min(labels, ALL_OF_MNIST - threes)
    assert 3 not in train.y.tolist()
    if choices.keep_unlabelled:
        assert len(train) == ALL_OF_MNIST - threes == int((whole.train.y != 3).sum())


@pytest.mark.parametrize("chosen", [
    {"labels": 300, "fault": "rare_class"},
    {"labels": ALL_OF_MNIST, "fault": "rare_class", "omit": 9},
    {"labels": 100, "extra": "noise", "keep_unlabelled": True},
    {"labels": 1000, "extra": "munge", "omit": 3},
    {"labels": 0, "extra": "noise"},
])  # fmt: skip
def test_how_many_examples_there_will_be_is_known_without_making_them(chosen):
    choices = Choices(**chosen)
    data = choices.splits()
    assert choices.examples == len(data.train) and data.test is kd.data.mnist().test


def test_what_other_data_cannot_have_is_not_kept():
    adult = Choices(fault="half_picture", extra="noise").with_data("adult")
    assert (adult.fault, adult.extra) == ("none", "none")
    assert Choices(fault="noisy_labels", extra="munge").with_data("adult").fault == "noisy_labels"
    assert type(Choices(fault="half_picture").student()[0]).__name__ == "LeftHalf"


def test_another_data_set_has_no_omitted_class_and_keeps_none_as_labels():
    adult = Choices(labels=0, omit=3, layers=2).with_data("adult")
    assert (adult.labels, adult.omit, adult.layers) == (0, -1, 2)


@pytest.mark.parametrize(("chosen", "says"), [
    ({"layers": 3}, "layers must be one of 1, 2, got 3"),
    ({"loss": "mse"}, "loss must be one of soft_targets, without_t2, reverse_kl, first_choice, got 'mse'"),
    ({"kind": "gan"}, "kind must be one of mlp, convnet, mobile, vit, deit, recurrent, conv1d, got 'gan'"),
    ({"kind": "vit", "data": "adult", "teacher": "adult-mlp"}, "kind must be one of mlp, recurrent, conv1d, got 'vit'"),
    ({"kind": "vit", "units": 32, "layers": 9}, "layers must be one of 1, 2, 3, 4, got 9"),
    ({"kind": "deit", "units": 32, "loss": "reverse_kl"}, "loss must be one of soft_targets, first_choice, got 'rev"),
    ({"optimizer": "lion"}, "optimizer must be one of adam, adamw, sgd, got 'lion'"),
    ({"weight_decay": 0.5}, "weight_decay must be one of 0.0, 0.0001, 0.001, 0.01, 0.1, got 0.5"),
    ({"rate_course": "falling"}, "rate_course must be one of constant, cosine, warmup, inverse_root, got 'falling'"),
    ({"temperature_course": 1}, "temperature_course must be one of constant, falling, inverse_root, got 1"),
    ({"omit": 10}, "omit must be a class from 0 to 9, or -1 for none, got 10"),
    ({"fault": "holes"}, "fault must be one of none, noisy_labels, .*, got 'holes'"),
    ({"data": "adult", "teacher": "adult-mlp", "extra": "noise"}, "extra must be one of none, munge, got 'noise'"),
    ({"omit": -2}, "omit must be a class from 0 to 9"),
    ({"omit": "3"}, "omit must be a whole number, got '3'"),
    ({"labels": 7}, "or 0 for none, got 7"),
    ({"smoothing": 0.3}, "smoothing must be one of True, False, got 0.3"),
    ({"temperature": 0}, "temperature must be a finite number > 0"),
    ({"temperature": "hot"}, "temperature must be a number"),
    ({"alpha": 1.5}, "alpha must lie in"),
    ({"learning_rate": -1}, "learning_rate must be a finite number > 0"),
    ({"epochs": 0}, "epochs must be at least 1"),
    ({"batch_size": 2.5}, "batch_size must be a whole number"),
])  # fmt: skip
def test_a_choice_that_cannot_be_is_told_in_one_sentence(chosen, says):
    with pytest.raises((ValueError, TypeError), match=says) as told:
        Choices(**chosen)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", ["mnist", "fashion-mnist", "adult"])
def test_a_kind_comes_with_what_is_usual_for_it(kind, data):
    if kind not in student_kinds(data):
        return
    choices = Choices.of({"data": data, "kind": kind})
    usual = usual_of(kind, data)
    wanted = usual if kind != "mlp" else {"units": choices.units}
    assert {name: getattr(choices, name) for name in wanted} == wanted
    student = choices.student()
    assert recognized(student.architecture, choices.splits().shape, len(kd.data.load(data).classes))[0] == kind
    row = next(row for row in student_rows(data, choices.layers, kind) if row["units"] == choices.units)
    assert row["parameters"] == kd.models.parameter_count(student)


def test_what_the_reader_changed_stays_when_the_kind_changes():
    choices = Choices(labels=300, epochs=7, seed=5, temperature=9, loss="without_t2").with_kind("deit")
    assert (choices.labels, choices.epochs, choices.seed, choices.temperature) == (300, 7, 5, 9)
    assert (choices.loss, choices.units) == ("soft_targets", KINDS["deit"].usual["width"])
    assert Choices().with_kind("vit").with_kind("convnet").with_kind("mlp") == Choices()
    assert Choices(labels=0).with_kind("convnet").labels == 0


def test_what_is_usual_on_other_data_comes_with_them_but_for_what_the_reader_changed():
    here, there = (Choices.of({"kind": "convnet", "data": data}) for data in ("mnist", "fashion-mnist"))
    assert there.rate_course != here.rate_course
    assert here.with_data("fashion-mnist") == there and there.with_data("mnist") == here
    assert there.with_kind("mlp").with_kind("convnet") == there
    assert there.with_kind("mlp").rate_course == Choices.rate_course
    own = Choices.of({"kind": "convnet", "rate_course": "warmup", "epochs": 2}).with_data("fashion-mnist")
    assert (own.rate_course, own.epochs) == ("warmup", 2)


def test_pictures_do_not_follow_to_a_table():
    table = Choices.of({"kind": "vit"}).with_data("adult")
    assert (table.kind, table.teacher) == ("mlp", "adult-mlp")
    assert Choices.of({"kind": "conv1d"}).with_data("adult").kind == "conv1d"


@pytest.mark.parametrize(("loss", "form"), [("soft_targets", "soft"), ("first_choice", "hard")])
def test_a_distillation_token_learns_from_the_teacher_and_the_class_token_from_labels(loss, form):
    objective = Choices.of({"kind": "deit", "loss": loss, "alpha": 0.25, "temperature": 3.0}).objective()
    assert objective == 0.25 * kd.TokenSoftTargets(3.0, form) + 0.75 * kd.HardLabels()


def test_t_and_the_rate_follow_their_courses_in_the_run():
    chosen = {"labels": 300, "epochs": 4, "temperature": 8.0, "learning_rate": 0.01, "optimizer": "sgd"}
    choices = Choices(**chosen, temperature_course="falling", rate_course="cosine", weight_decay=0.01)
    run = choices.distillation(Teacher(kd.models.pretrained(choices.teacher)))
    while run.steps_done < run.total_steps:
        run.step()
    run.finish()
    ts, rates = (run.history.column(name) for name in ("temperature", "learning_rate"))
    assert (ts[0], ts[-1]) == (8.0, 1.0) and (rates[0], rates[-1]) == (pytest.approx(0.01), pytest.approx(0.0))
    assert run._optimizer.param_groups[0]["weight_decay"] == 0.01 and type(run._optimizer).__name__ == "SGD"
    assert Choices().distillation(Teacher(kd.models.pretrained(choices.teacher))).recipe.weight_decay is None


def test_data_sets_are_listed_without_loading_those_that_are_not_shown(monkeypatch):
    wanted = {row["name"]: row["title"] for row in data_rows()}
    for name, (_, files) in catalogue.LOADERS.items():
        monkeypatch.setitem(catalogue.LOADERS, name, (lambda: pytest.fail("it was loaded"), files))
    assert {row["name"]: row["title"] for row in data_rows()} == wanted
    assert wanted["adult"] == "Adult" and wanted["mnist"] == "MNIST"
