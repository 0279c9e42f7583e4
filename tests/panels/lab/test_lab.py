"""The Lab without a page: what its buttons do, what it says, what it leaves behind."""

from __future__ import annotations

import json
import re
import threading
import time

import ipywidgets
import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz import words
from kdviz.panels import Lab

from .labs import say

QUICK = {"labels": 300, "units": 16, "epochs": 4, "batch_size": 32, "smoothing": False}
LONG = QUICK | {"epochs": 200}


@pytest.fixture
def lab():
    made = []

    def make(*run, **chosen) -> Lab:
        made.append(Lab(*run, **(QUICK | chosen if not run else chosen)))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def kdviz_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("kdviz")]


def click(panel: Lab, command: str) -> float:
    """Press a button as the browser does, and return how long the kernel was kept, in seconds."""
    start = time.perf_counter()
    panel.transport._handle_custom_msg({"command": command}, [])
    return time.perf_counter() - start


def test_a_fresh_page_shows_the_teacher_and_an_untrained_student_and_starts_no_thread(lab):
    panel = lab()
    assert kdviz_threads() == []
    scene = panel.scene
    assert panel.transport.state == "idle" == scene.state and scene.example_count == 500 and scene.sample == 400
    assert scene.exact == {"run": scene.shown_run, "step": 0} and len(scene.exact_logits) == 500 * 10 * 4
    assert scene.films[scene.shown_run].steps == [0]
    assert panel.setup.units == 16 and panel.setup.students[0]["units"] == 8
    teacher = np.frombuffer(scene.teacher_logits, "<f4").reshape(500, 10)
    wrong = teacher.argmax(1) != np.array(scene.labels)
    assert wrong[400:].mean() > wrong[:400].mean()  # picked where there is something to see
    assert not wrong[scene.selected]


def test_train_to_the_end(lab):
    panel = lab()
    assert click(panel, "train") < 0.1  # it puts a command; the work is done elsewhere
    assert panel.wait("finished")
    run, twin = panel.run, panel.twin
    assert run.steps_done == twin.steps_done == run.total_steps == panel.transport.step == 40
    test = [r.history.evaluated("test")[-1].errors for r in (run, twin)]
    assert f"the student makes {test[0]:,} errors" in panel.curves.sentence
    assert f"its twin without a teacher ({test[1]:,})" in panel.curves.sentence
    assert [r["role"] for r in panel.scene.runs] == ["student", "twin"]
    assert panel.scene.runs[0]["steps"][0] == 0 and panel.scene.runs[0]["steps"][-1] == 40
    with torch.no_grad():
        shown = np.frombuffer(panel.scene.exact_logits, "<f4").reshape(500, 10)
        exact = run.student.eval()(panel._watched.examples.inputs()).numpy()
    np.testing.assert_allclose(shown, exact, atol=1e-5)
    assert not panel.setup.locked


def test_pause_step_resume_stop_reset(lab):
    panel = lab(**LONG)
    click(panel, "train")
    assert panel.wait("running")
    click(panel, "pause")
    assert panel.wait("paused")
    at = panel.run.steps_done
    assert panel.setup.locked and panel.setup.locked_reason
    click(panel, "step")
    assert panel.wait("paused")
    assert panel.transport.step == at + 1 == panel.run.steps_done
    click(panel, "train")
    assert panel.wait("running")
    click(panel, "stop")
    asked = panel.run.steps_done
    assert panel.wait("stopped")
    kept = panel.run.steps_done
    assert at < kept <= asked + 2, "it stops at the next step"
    assert "what was learned is kept" in panel.transport.status
    click(panel, "reset")
    assert panel.wait("idle")
    assert panel.run is None and panel.scene.runs == [] and panel.transport.step == 0
    assert not panel.setup.locked and panel.scene.exact["step"] == 0


def test_a_second_train_while_training_and_commands_out_of_turn_do_no_harm(lab):
    panel = lab(**LONG)
    for command in ("stop", "pause", "nonsense"):
        click(panel, command)
    click(panel, "train")
    click(panel, "train")
    assert panel.wait("running")
    assert len([t for t in kdviz_threads() if t == "kdviz-runner"]) == 1


def test_a_command_that_does_not_exist_is_named(lab):
    with pytest.raises(ValueError, match=r"command must be one of train, step, pause, .*, got 'trian'"):
        lab().command("trian")


def test_sliders_edit_the_run_and_are_marked_on_the_curve(lab):
    panel = lab(**LONG)
    click(panel, "step")
    assert panel.wait("paused")
    panel.scene.temperature = 8.0
    panel.scene.alpha = 0.5
    panel.setup.learning_rate = 0.01
    click(panel, "step")
    assert panel.wait("paused")
    rows = panel.run.history.frame().iloc[-1]
    assert (rows["temperature"], rows["weight_soft"], rows["learning_rate"]) == (8.0, 0.5, 0.01)
    assert panel.twin.history.frame()["learning_rate"].iloc[-1] == 0.01
    assert [e["text"] for e in panel.scene.runs[0]["edits"]] == ["T = 8", "α = 0.5", "learning rate = 0.01"]
    assert panel.scene.in_force == {"temperature": 8.0, "alpha": 0.5, "step": 1}


def test_a_slider_storm_during_training_is_survived_and_the_last_value_stands(lab):
    panel = lab(**LONG)
    click(panel, "train")
    assert panel.wait("running")
    for k in range(300):
        panel.scene.temperature = 1.0 + k / 100
    click(panel, "stop")
    assert panel.wait("stopped")
    assert panel.run.objective.temperature == pytest.approx(3.99)
    assert panel.run.branch().steps_done == panel.run.steps_done


def test_choices_apply_to_the_next_run(lab):
    panel = lab()
    panel.setup.units = 8
    panel.setup.labels = 100
    assert panel.wait("idle")
    click(panel, "train")
    assert panel.wait("finished")
    assert panel.run.student.architecture["hidden"] == [8] and panel.run.data.train.labelled == 100
    panel.setup.units = 16
    click(panel, "train")
    assert panel.wait("finished")
    assert panel.run.student.architecture["hidden"] == [16]


def test_choices_made_in_quick_succession_all_stand(lab):
    panel = lab()
    panel.scene.selected = 3
    panel.scene.temperature = 7.0
    for epochs in range(10, 31):
        panel.setup.epochs = epochs
    panel.setup.units = 8
    panel.setup.labels = 1000
    panel.setup.keep_unlabelled = True
    panel.setup.batch_size = 512
    panel.setup.teacher = "mnist-convnet"
    assert panel.wait("idle")
    chosen = (panel.setup.epochs, panel.setup.units, panel.setup.labels, panel.setup.batch_size, panel.setup.teacher)
    assert chosen == (30, 8, 1000, 512, "mnist-convnet") and panel.setup.keep_unlabelled
    assert {name: panel.state[name] for name in ("epochs", "units", "labels", "batch_size", "teacher")} == dict(
        zip(("epochs", "units", "labels", "batch_size", "teacher"), chosen, strict=True)
    )
    assert panel.scene.temperature == 7.0
    assert panel.transport.total_steps == 30 * 108  # 55,000 examples in batches of 512


def test_choices_after_a_run_leave_its_page_alone_until_the_next(lab):
    panel = lab()
    click(panel, "train")
    assert panel.wait("finished")
    before = (panel.curves.sentence, panel.scene.student_name, panel.scene.teacher_name)
    logits = panel.scene.exact_logits, panel.scene.teacher_logits
    panel.setup.units = 8
    panel.setup.teacher = "mnist-convnet"
    assert panel.wait("finished")
    assert (panel.curves.sentence, panel.scene.student_name, panel.scene.teacher_name) == before
    assert (panel.scene.exact_logits, panel.scene.teacher_logits) == logits
    assert "New run uses the new choices" in panel.transport.status


def test_another_data_set_brings_its_teachers_and_classes(lab):
    panel = lab()
    panel.setup.dataset = "adult"
    assert panel.wait("idle")
    assert panel.setup.teacher == "adult-mlp" and len(panel.scene.classes) == 2
    student, teacher = (
        kd.models.mac_count(m, (91,)) for m in (panel._choices.student(), kd.models.pretrained("adult-mlp"))
    )
    assert student < teacher / 3
    says = np.frombuffer(panel.scene.teacher_logits, "<f4").reshape(500, 2)
    sure = np.exp(says - says.max(1, keepdims=True)).sum(1) ** -1
    assert sure.min() < 0.6
    assert sure.max() > 0.95
    assert panel.views.offered == [
        "one",
        "many",
        "fidelity",
        "saliency",
        "inside",
        "calibration",
        "bias",
        "privacy",
    ]  # no drawing of rows
    assert "Male" in panel.scene.captions[0] or "Female" in panel.scene.captions[0]
    click(panel, "train")
    assert panel.wait("finished")
    assert panel.run.data.name == "adult"


def test_a_failure_is_a_sentence_on_the_page_and_reset_mends_it(lab):
    panel = lab(**LONG)
    click(panel, "step")
    assert panel.wait("paused")
    panel.command("edit", learning_rate=1e30)
    click(panel, "train")
    assert panel.wait("failed")
    assert panel.transport.status.startswith("The loss became") and "\n" not in panel.transport.status
    click(panel, "reset")
    assert panel.wait("idle")
    click(panel, "step")
    assert panel.wait("paused")


def test_the_state_is_json_and_makes_the_same_panel(lab):
    panel = lab()
    panel.scene.temperature = 2.5
    state = json.loads(json.dumps(panel.state))
    assert state["version"] == 1 and state["panel"] == "Lab" and state["temperature"] == 2.5
    again = Lab.from_state(state)
    assert again.state == state and again.scene.temperature == 2.5
    again.close()
    with pytest.raises(ValueError, match="a state of Lab, version 1, is expected, got 'Lab', version 2"):
        Lab.from_state(state | {"version": 2})


@pytest.mark.parametrize(("chosen", "says"), [
    ({"units": 5}, "units must be one of 8, 16, 32"),
    ({"data": "imagenet"}, "data must be one of mnist"),
    ({"teacher": "adult-mlp"}, "teacher must be one of mnist"),
    ({"labels": 7}, "labels must be one of 100, 300"),
])  # fmt: skip
def test_choices_that_do_not_exist_are_named(chosen, says):
    with pytest.raises(ValueError, match=says):
        Lab(**chosen)


def test_a_run_of_ones_own_is_shown_and_trained(lab):
    digits = kd.data.mnist().with_labels(200)
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((12,)), digits, epochs=2)
    panel = lab(run)
    assert all(panel.setup not in column.children for column in panel.view.children if hasattr(column, "children"))
    click(panel, "train")
    assert panel.wait("finished")
    assert panel.run is run and run.steps_done == 4
    with pytest.raises(ValueError, match="a run of your own"):
        _ = panel.state


@pytest.mark.parametrize("when", ["idle", "running", "finished"])
def test_after_close_no_thread_and_no_widget_is_left(when):
    before = set(ipywidgets.widgets.widget._instances)
    panel = Lab(**(LONG if when == "running" else QUICK))
    if when != "idle":
        click(panel, "train")
        assert panel.wait(when)
    panel.close()
    assert kdviz_threads() == []
    left = {k: w for k, w in ipywidgets.widgets.widget._instances.items() if k not in before}
    assert left == {}


def test_runs_in_a_row_leave_nothing_behind(lab):
    panel = lab()
    widgets = len(ipywidgets.widgets.widget._instances)
    for _ in range(4):
        click(panel, "train")
        assert panel.wait("finished")
        click(panel, "reset")
        assert panel.wait("idle")
    assert len(ipywidgets.widgets.widget._instances) == widgets
    deadline = time.monotonic() + 5
    while len(kdviz_threads()) > 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sorted(kdviz_threads()) == ["kdviz-answers", "kdviz-publisher", "kdviz-runner"]


def test_a_run_gone_wrong_and_a_refusal_are_told_in_the_page_s_language(lab, monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])
    panel = lab(learning_rate=1e30, optimizer="sgd", epochs=2)
    panel.command("train")
    assert panel.wait("failed")
    gone_wrong = r"^Der Verlust wurde \w+ bei Schritt \d+; der Schüler ist zurück bei Schritt"
    assert re.search(gone_wrong, panel.transport.status)
    say(panel.curves, command="branch", step=10**6)
    assert panel.wait("failed")
    assert "muss" in panel.transport.status and "must" not in panel.transport.status, panel.transport.status
