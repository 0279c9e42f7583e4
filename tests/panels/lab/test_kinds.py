"""Kinds of student in the Lab: what the Setup says of them, and runs of each from Train to the end."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch

import kdviz as kd
from kdviz import outside
from kdviz.data import catalogue as data_catalogue
from kdviz.diagnosis.lab_state import lab_state
from kdviz.distill import Teacher
from kdviz.models import inference, shipped
from kdviz.models.kinds import KINDS
from kdviz.panels import Lab
from kdviz.panels.lab import kinds, link
from kdviz.panels.lab.choices import Choices, data_names, student_kinds, teacher_names, usual_of
from kdviz.panels.live.code import program

from .labs import against, train, weights

QUICK = {"data": "mnist", "teacher": "mnist-mlp-overfit", "labels": 100, "epochs": 2, "smoothing": False}
COURSES = {"temperature_course": "falling", "rate_course": "cosine", "optimizer": "adamw", "weight_decay": 0.01}
SMALLEST = {name: {"kind": name, "units": kind.widths[0], "layers": kind.depths[0]} for name, kind in KINDS.items()}


@pytest.fixture
def small_data(monkeypatch):
    """Validation and test data of 200 examples: what is looked at here are not errors."""
    whole = kd.data.mnist()
    few = replace(whole, validation=whole.validation.take(slice(0, 200)), test=whole.test.take(slice(0, 200)))
    monkeypatch.setattr(kd.data, "load", lambda name, load=kd.data.load: few if name == "mnist" else load(name))
    return few


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "mlp"])
def test_a_run_of_each_kind_ends_is_told_as_code_and_opens_again_by_its_link(lab, small_data, kind):
    panel = train(lab(**QUICK, **SMALLEST[kind], **COURSES))
    assert panel.run.history.evaluated("test") and panel.twin.history.evaluated("test")
    state = panel.state
    assert link.from_query(link.to_query(state)) == state
    found = lab_state(panel.run)
    assert found is not None and {name: state[name] for name in found} == found
    space: dict = {}
    exec(program(panel.run, twin=False, smoothing=0), space)
    assert weights(space["run"]) == weights(panel.run)


def test_choosing_a_kind_on_the_page_brings_its_sizes_and_what_is_usual(lab):
    panel = lab()
    panel.setup.kind = "deit"
    panel._publisher.wait_until_idle()
    setup, usual = panel.setup, usual_of("deit", "mnist")
    assert {name: getattr(setup, name) for name in ("units", "layers", "teacher")} == {
        name: usual[name] for name in ("units", "layers", "teacher")
    }
    assert [row["units"] for row in setup.students] == list(KINDS["deit"].widths)
    assert [row["value"] for row in setup.losses] == ["soft_targets", "first_choice"]
    assert setup.epochs == 4  # the reader's own
    panel.setup.layers = 4
    panel.setup.kind = "mlp"
    panel._publisher.wait_until_idle()
    assert (setup.units, setup.layers, setup.depths) == (128, 1, [1, 2])
    assert len(setup.losses) == 4


def test_a_student_with_attention_has_its_view_beside_any_teacher(lab):
    panel = lab(teacher="mnist-mlp-overfit")
    assert panel.wait("idle") and "attention" not in panel.views.offered
    for kind, there in (("vit", True), ("recurrent", False)):
        panel.setup.kind = kind
        assert panel.wait("idle") and panel.setup.teacher == "mnist-mlp-overfit"
        assert ("attention" in panel.views.offered) == there


@pytest.mark.parametrize("data", [name for name in data_names() if name != "mnist"])  # of which the runs above are
def test_every_kind_learns_from_every_data_set_that_it_claims_to_take(data):
    teacher = Teacher(kd.models.pretrained(teacher_names(data)[-1]))  # the smallest
    for kind in student_kinds(data):
        choices = Choices.of({"data": data, **SMALLEST[kind], "labels": 100, "epochs": 1})
        run = choices.distillation(teacher)
        before = weights(run)
        run.step()
        assert weights(run) != before
        assert inference.logits(run.student, run.data.test.take(slice(0, 4))).shape == (4, len(run.data.classes))


@pytest.fixture
def colours(monkeypatch):
    """Pictures of three channels with a teacher, as another package registers them."""
    monkeypatch.setattr(data_catalogue, "_ADDED", outside.Added("data set", "kdviz.data", lambda: ()))
    monkeypatch.setattr(shipped, "_ADDED", outside.Added("teacher", "kdviz.models", shipped._own))
    torch.manual_seed(0)
    x, y = torch.randint(0, 255, (300, 3, 16, 16), dtype=torch.uint8), torch.arange(300) % 3
    x[torch.arange(300), y] = 255  # the channel says the class
    kd.data.register("blocks", lambda: (x, y), title="Coloured blocks")
    made = kd.models.mlp((8,), inputs=3 * 16 * 16, classes=3)
    card = kd.models.card("mnist-mlp-overfit")
    of_blocks = {"name": "blocks-mlp", "title": "Blocks", "data": "blocks", "architecture": made.architecture}
    kd.models.register(replace(card, **of_blocks, parameters=kd.models.parameter_count(made)), lambda: made)


def test_colour_pictures_can_be_learned_by_every_kind(lab, colours):
    assert student_kinds("blocks") == tuple(KINDS)
    for kind in student_kinds("blocks"):
        size = len(kd.data.load("blocks").train)
        panel = lab(data="blocks", **{**SMALLEST[kind], "labels": 100, "epochs": 2, "alpha": 0.5, "batch_size": 20})
        assert panel.wait("idle") and panel.scene.image_shape == [16, 16]
        assert size >= 100 and kind in [row["name"] for row in panel.setup.kinds]
        train(panel)
        assert panel.run.history.evaluated("test")
        panel.close()


def test_a_table_is_offered_what_can_read_it():
    assert [row["name"] for row in kinds.kind_rows("adult")] == ["mlp", "recurrent", "conv1d"]
    assert all(row["width"] and row["depth"] and row["says"] for row in kinds.kind_rows("mnist"))


def test_an_edit_of_t_ends_its_course_and_the_link_says_so(lab, small_data):
    panel = lab(**QUICK, **SMALLEST["conv1d"], **COURSES, alpha=0.5, batch_size=32)
    panel.command("step")
    assert panel.wait("paused")
    assert panel.scene.in_force == {"alpha": 0.5, "step": 0}  # T has no single value
    panel.scene.temperature = 9.0
    panel.command("train")
    assert panel.wait("finished")
    assert panel.run.objective.temperature == 9.0
    assert panel.state["edits"] == [[1, "temperature", 9.0]] and panel.state["temperature_course"] == "falling"
    again = train(Lab.from_state(link.from_query(link.to_query(panel.state))))
    assert weights(again.run) == weights(panel.run)
    again.close()


@pytest.mark.parametrize(
    ("student", "teacher"), [("vit", "mnist-convnet"), ("convnet", "mnist-vit"), ("deit", "mnist-vit")]
)
def test_attention_and_saliency_are_there_for_both(lab, small_data, student, teacher):
    panel = lab(**{**QUICK, "teacher": teacher, "epochs": 1}, **SMALLEST[student], view="attention")
    assert "attention" in panel.views.offered and "saliency" in panel.views.offered
    examples, module = small_data.validation, panel._models_now()[1]
    panel.scene.selected = 3
    made = panel.controllers["attention"].make(kd.models.pretrained(teacher), module, examples)
    assert made["teacher_layers"] and made["student_layers"]
    maps = panel.controllers["saliency"].make(kd.models.pretrained(teacher), module, examples)
    assert maps["student_map"].shape == (28, 28)


def test_a_distillation_token_s_student_answers_with_both_heads(lab):
    student = Choices.of(SMALLEST["deit"]).student()
    x = kd.data.mnist().validation.take(slice(0, 8))
    with kd.distill.tapped(student.eval(), ["logits.label_head", "logits.teacher_head"]) as seen, torch.no_grad():
        student(x.inputs())
    both = sum(seen[f"logits.{head}"].softmax(1) for head in ("label_head", "teacher_head")) / 2
    torch.testing.assert_close(inference.logits(student, x).softmax(1), both)


@pytest.mark.parametrize(("only_student", "only_twin", "says"), [
    (10, 90, "a clear gain."), (90, 10, "Here the teacher does not help."), (50, 52, "shows no clear help."),
])  # fmt: skip
def test_what_was_recorded_is_told_with_what_it_shows(monkeypatch, only_student, only_twin, says):
    usual = {**usual_of("vit", "mnist"), "seed": 0}
    difference = asdict(against(only_student, only_twin))
    run = {"kind": "vit", "data": "mnist", "choices": usual, "student": 1, "twin": 2, "n": 10_000}
    monkeypatch.setattr(kinds, "recorded", lambda: ({**run, "difference": difference},))
    assert kinds.measured("vit", "mnist").endswith(says) and kinds.measured("vit", "fashion-mnist") == ""
    monkeypatch.setitem(usual, "epochs", 1)
    assert kinds.measured("vit", "mnist") == ""  # of other settings


def test_what_was_recorded_is_of_settings_that_are_still_usual():
    assert kinds.recorded()
    assert all(kinds.measured(row["kind"], row["data"]) for row in kinds.recorded())
