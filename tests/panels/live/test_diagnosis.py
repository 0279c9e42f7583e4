"""Why did it (not) help?, on the Lab's page and on the Methods page."""

from __future__ import annotations

import sys
import threading

import pytest

import kdviz as kd
from kdviz import shared
from kdviz.panels.lab import link

SMALL = {"labels": 300, "units": 16, "epochs": 4, "smoothing": False}


@pytest.fixture
def lab():
    opened = kd.panels.Lab(**SMALL, temperature=1.0)
    yield opened
    opened.close()


def trained(panel):
    panel.command("train")
    assert panel.wait("finished")
    return panel


def test_there_is_a_button_once_a_run_has_ended(lab):
    widget = lab.diagnosis.widget
    assert widget.stage == "away"
    with pytest.raises(ValueError, match="no run has ended yet"):
        lab.command("diagnose")
    trained(lab)
    assert widget.stage == "ready"
    lab.command("reset")
    assert lab.wait("idle") and widget.stage == "away"


def test_it_says_what_the_run_itself_says(lab):
    trained(lab).command("diagnose")
    assert lab.wait("finished")
    widget, found = lab.diagnosis.widget, lab.run.diagnose(twin=lab.twin)
    assert (widget.stage, widget.headline) == ("done", found.headline)
    assert [row["sentence"] for row in widget.findings] == [f.sentence for f in found.findings]
    sure = next(row for row in widget.findings if row["name"] == "teacher_too_sure")
    assert link.from_query(sure["query"])["temperature"] == 4.0
    opened = eval(sure["call"], {"kd": kd})
    assert opened.scene.temperature == 4.0
    opened.close()
    assert all(isinstance(text, str) for pair in sure["evidence"] for text in pair)
    assert "about 20\u00a0s" in widget.closer


def test_a_closer_look_is_a_study_and_stops_when_asked(lab, monkeypatch):
    trained(lab)
    arms = threading.Event()
    judged = kd.diagnosis.trials.Arm

    def arm(*parts):
        arms.set()
        return judged(*parts)

    monkeypatch.setattr(kd.diagnosis.trials, "Arm", arm)
    lab.command("diagnose", closer=True)
    assert arms.wait(120)
    lab.command("stop_diagnosis")
    assert lab.wait("finished")
    assert lab.diagnosis.widget.stage == "done"
    assert lab.diagnosis.widget.notes[-1] == "Stopped before everything was looked at."
    assert lab.diagnosis.found.arms


@pytest.mark.skipif(sys.platform == "win32", reason="nobody asks for a place on Windows")
def test_a_closer_look_waits_while_another_viewer_trains(lab, tmp_path, monkeypatch):
    trained(lab)
    monkeypatch.setenv(shared.TRAININGS, f"1:{tmp_path}")
    other = shared.place()
    assert other.before() == 0
    waits = threading.Event()
    told = "It is another viewer's turn to train"
    lab.diagnosis.widget.observe(lambda change: change.new.startswith(told) and waits.set(), "status")
    lab.command("diagnose", closer=True)
    assert waits.wait(120)
    lab.command("stop_diagnosis")
    assert lab.wait("finished") and lab.diagnosis.widget.stage == "done"
    assert len(list(tmp_path.iterdir())) == 1, "the other's"


def test_a_closer_look_that_is_stopped_at_once_leaves_what_was_found(lab):
    trained(lab).command("diagnose")
    assert lab.wait("finished")
    known = list(lab.diagnosis.widget.findings)
    lab.command("diagnose", closer=True)
    lab.command("stop_diagnosis")
    assert lab.wait("finished")
    assert known and lab.diagnosis.widget.findings == known and lab.diagnosis.widget.stage == "done"


def test_training_on_drops_a_look_under_way(lab):
    trained(lab)
    lab.command("diagnose", closer=True)
    lab.command("train")  # anew
    assert lab.wait("finished")
    assert lab.diagnosis.widget.stage == "ready" and lab.diagnosis.widget.headline == ""


def test_what_goes_wrong_is_a_sentence_and_the_page_lives_on(lab, monkeypatch):
    trained(lab)

    def broken(*_, **__):
        raise ValueError("this cannot be looked at")

    with monkeypatch.context() as patched:
        patched.setattr(kd.diagnosis, "diagnose", broken)
        lab.command("diagnose")
        assert lab.wait("finished")
    assert (lab.diagnosis.widget.stage, lab.diagnosis.widget.status) == ("failed", "This cannot be looked at.")
    lab.command("diagnose")
    assert lab.wait("finished") and lab.diagnosis.widget.stage == "done"


def test_nothing_of_it_is_left_when_the_lab_is_closed():
    lab = trained(kd.panels.Lab(**SMALL))
    lab.command("diagnose", closer=True)
    lab.close()
    assert "kdviz-diagnosis" not in {thread.name for thread in threading.enumerate()}


def test_a_run_of_ones_own_has_code_and_no_link():
    teacher = kd.models.pretrained("mnist-mlp-1200")
    data = kd.data.mnist().with_labels(300)
    run = kd.Distillation(teacher, kd.models.mlp(hidden=(16,)), data, kd.hinton(temperature=1), epochs=4)
    lab = trained(kd.panels.Lab(run))
    lab.command("diagnose")
    assert lab.wait("finished")
    sure = next(row for row in lab.diagnosis.widget.findings if row["name"] == "teacher_too_sure")
    assert sure["query"] == sure["call"] == "" and "run.branch(0, temperature=4.0)" in sure["code"]
    lab.close()


def test_the_methods_page_has_it_too():
    panel = trained(kd.panels.Methods(pair="mnist-mlp-1200", epochs=1))
    assert panel.diagnosis.widget.stage == "ready"
    panel.diagnosis.widget._handle_custom_msg({"command": "diagnose", "closer": False}, [])
    assert panel.wait("finished")
    assert panel.diagnosis.widget.stage == "done"
    assert panel.diagnosis.widget.headline == panel.runs["student"].diagnose(twin=panel.runs["twin"]).headline
    panel.choose(method="relational_angle")
    assert panel.wait() and panel.diagnosis.widget.stage == "away"
    panel.close()
