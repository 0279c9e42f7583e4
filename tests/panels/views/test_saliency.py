"""The saliency view's Python: maps of the example and step shown, many examples, what goes wrong."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.data import Examples
from kdviz.data.planted import PATCH, with_shortcut
from kdviz.measure.saliency import METHODS, saliency, similarity
from kdviz.panels.views.saliency import SaliencyController
from kdviz.widgets import Scene


@pytest.fixture
def controller(started):
    def make(teacher, student, examples, data=None, **traits):
        count, classes = len(examples), teacher(examples.inputs(slice(0, 1))).shape[1]
        scene = Scene(
            classes=[str(c) for c in range(classes)],
            teacher_logits=np.zeros((count, classes)),
            labels=examples.y.tolist(),
            sample=count,
            view="saliency",
            shown_run="s",
            **traits,
        )
        models = (teacher, student, threading.RLock(), 120, "Student")
        one = started(lambda *threads: SaliencyController(scene, lambda: models, lambda: examples, *threads))
        if data is not None:
            one.open(data)
        return one

    return make


def wait(controller):
    for thread in (controller._newest, controller._across):
        assert thread.wait_until_idle(30)


@pytest.fixture(scope="module")
def digits():
    return kd.data.mnist().validation.take(slice(0, 30))


@pytest.fixture(scope="module")
def teacher():
    return kd.models.pretrained("mnist-convnet")


@pytest.mark.parametrize("method", [m for m in METHODS if m != "feature_ablation"])
def test_the_maps_are_the_measures_and_each_fills_its_scale(controller, digits, teacher, method):
    student = kd.models.convnet(4, seed=1)
    student.train()
    one = controller(teacher, student, digits, selected=7)
    one.widget.method = method
    one.refresh()
    wait(one)
    x = digits.inputs(torch.tensor([7]))
    target = teacher(x).argmax(1)
    maps = [saliency(model, x, target, method) for model in (teacher, student.eval())]
    for packed, wanted in zip((one.widget.teacher_map, one.widget.student_map), maps, strict=True):
        got = np.frombuffer(packed, "<f4").reshape(28, 28)
        flat = wanted[0].sum(0).numpy()
        assert np.allclose(got, flat / np.abs(flat).max(), atol=1e-5)
    alike = similarity(*maps)
    assert one.widget.numbers["cosine"] == pytest.approx(alike.cosine[0], abs=1e-6)
    assert one.widget.explained == int(target)
    assert one.widget.made_for == {"shown_run": "s", "selected": 7, "step": 120}
    assert "feature_ablation" not in one.widget.methods and "grad_cam" in one.widget.methods


def test_it_follows_selection_and_step_only_while_it_is_shown(controller, digits, teacher):
    one = controller(teacher, kd.models.mlp((8,)), digits)
    one.scene.view = "one"
    one.scene.selected = 3
    wait(one)
    assert one.widget.made_for == {}
    one.scene.view = "saliency"
    wait(one)
    assert one.widget.made_for["selected"] == 3
    first = one.widget.student_map
    one.scene.selected = 4
    wait(one)
    assert one.widget.made_for["selected"] == 4 and one.widget.student_map != first


def test_what_cannot_be_made_is_a_sentence_and_the_next_choice_works(controller, digits, teacher):
    one = controller(teacher, kd.models.mlp((8,)), digits)
    one.widget.method = "grad_cam"
    wait(one)
    assert "convolution" in one.widget.note and one.widget.note.endswith(".")
    one.widget.method = "gradient"
    wait(one)
    assert one.widget.note == "" and one.widget.student_map


def test_the_students_weights_mode_and_gradients_are_left_alone(controller, digits, teacher):
    student = kd.models.convnet(4).train()
    before = {name: value.clone() for name, value in student.state_dict().items()}
    one = controller(teacher, student, digits)
    one.refresh()
    one.across()
    wait(one)
    assert student.training and all(p.grad is None for p in student.parameters())
    assert all(torch.equal(before[name], value) for name, value in student.state_dict().items())
    assert not any(module._forward_hooks for module in [*student.modules(), *teacher.modules()])


def test_many_examples_are_told_with_their_distribution_and_checks(controller, digits, teacher):
    one = controller(teacher, kd.models.mlp((16,)), digits)
    one.widget.method = "gradient"
    shares = []
    one.widget.observe(lambda change: shares.append(change.new), "progress")
    one.across()
    wait(one)
    found = one.widget.across
    assert one.widget.note == ""
    assert found["verdict"] == "", "like nothing at all is not like the digit"
    assert found["n"] == 30 and sum(found["histograms"]["cosine"]) == 30
    x = digits.inputs()
    target = teacher(x).argmax(1)
    maps = [saliency(model, x, target, "gradient") for model in one._copies()[:2]]
    assert found["order"] == similarity(*maps).order().tolist()
    assert found["faithful"]["teacher"]["deletion"] < found["faithful"]["teacher"]["random_deletion"]
    assert shares[0] == 0.0 and shares[-1] is None and max(s for s in shares if s is not None) > 0.9


def test_maps_that_random_weights_have_too_are_said_to_show_the_digit(controller, digits, teacher):
    one = controller(teacher, kd.models.mlp((16,)), digits)
    one.widget.method = "input_x_gradient"
    one.across()
    wait(one)
    told = "On this model this method shows the digit, not what was learned. Try Occlusion."
    assert one.widget.across["verdict"] == told
    assert one._shows_the_input(kd.data.adult().validation).endswith(
        "the row, not what was learned. Try Feature ablation."
    )
    one.widget.method = "occlusion"
    assert one._shows_the_input(digits) == "On this model this method shows the digit, not what was learned."


def test_stop_ends_the_work_and_keeps_what_was_there(controller, digits, teacher):
    one = controller(teacher, kd.models.mlp((16,)), digits)
    one.widget.method = "integrated_gradients"
    wait(one)
    one.widget.across = {"n": 1}
    asked = []
    go_on = one.go_on
    one.go_on = lambda share: (asked.append(share), one.stop(), go_on(share))[2]
    one.across()
    wait(one)
    assert len(asked) == 1 and one.widget.across == {"n": 1} and one.widget.progress is None


def test_rows_name_their_features(controller):
    data = kd.data.adult()
    rows = data.validation.take(slice(0, 20))
    one = controller(
        kd.models.pretrained("adult-mlp"), kd.models.mlp((8,), inputs=rows.shape[0], classes=2), rows, data
    )
    one.refresh()
    wait(one)
    assert len(one.widget.features) == 12 and set(one.widget.features) <= set(data.features)
    largest = np.abs(np.frombuffer(one.widget.teacher_map, "<f4")).max()
    assert largest == 1.0
    assert "feature_ablation" in one.widget.methods and "grad_cam" not in one.widget.methods


def test_the_lab_follows_its_scrubber_and_leaves_no_thread():
    panel = kd.panels.Lab(view="saliency", labels=100, epochs=2, units=8)
    try:
        panel.command("train")
        assert panel.wait("finished")
        widget = panel.controllers["saliency"].widget
        assert widget.made_for["step"] == panel.run.steps_done
        last = widget.student_map
        step = panel.run.steps_done // 2
        panel.scene.step = step
        assert panel.wait("finished")
        assert widget.made_for["step"] == step and widget.student_map != last
    finally:
        panel.close()
    assert not [t.name for t in threading.enumerate() if t.name in ("kdviz-subjects", "kdviz-across")]


def test_a_planted_shortcut_is_where_the_student_looks_and_its_teacher_does_not(controller, teacher):
    """A student that learned from marked digits looks at the mark; the teacher, which never saw one, at the digit."""
    digits = kd.data.mnist()
    learned = digits.train.take(slice(0, 1000))
    marked, _ = with_shortcut(learned.x, learned.y, strength=1.0)
    own = replace(digits, train=Examples(marked, learned.y))
    run = kd.Distillation(teacher, kd.models.mlp((32,)), own, 1.0 * kd.HardLabels(), epochs=20, learning_rate=3e-3)
    run.train(progress=False)
    shown = digits.test.take(slice(0, 40))
    x, bears = with_shortcut(shown.x, shown.y, strength=1.0)
    one = controller(teacher, run.student, Examples(x, shown.y), selected=0)
    one.widget.update(method="input_x_gradient", target="label")
    mark = np.zeros((28, 28), bool)
    mark[: with_shortcut_rows(10), :] = True
    shares = {"teacher": [], "student": []}
    for selected in range(8):
        one.scene.selected = selected
        one.refresh()
        wait(one)
        for who, packed in (("teacher", one.widget.teacher_map), ("student", one.widget.student_map)):
            size = np.abs(np.frombuffer(packed, "<f4").reshape(28, 28))
            shares[who].append(size[mark].sum() / size.sum())
    assert bears.all()
    teachers, students = (float(np.median(shares[who])) for who in ("teacher", "student"))
    assert students > 0.1 and students > 3 * teachers, shares


def with_shortcut_rows(classes):
    """How many rows of pixels the marks of so many classes take."""
    return PATCH * -(-classes // (28 // PATCH))
