"""Runs without a teacher in the Lab: curves and a verdict; what sets a student beside a teacher is left out."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.panels import Lab
from kdviz.panels.lab.page import BESIDE_A_TEACHER
from kdviz.panels.lab.several import ALONE

from .labs import train


@pytest.fixture(scope="module")
def few():
    return kd.data.mnist().with_labels(200)


@pytest.fixture
def opened():
    made = []

    def make(run) -> Lab:
        made.append(Lab(run))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def student(seed: int = 0):
    return kd.models.mlp((12,), seed=seed)


def test_labels_alone_are_shown_without_a_twin_which_would_be_the_run_itself(opened, few):
    panel = opened(kd.Distillation(None, student(), few, kd.HardLabels(), epochs=2, batch_size=50))
    assert panel.curves.sentence == ALONE
    train(panel)
    assert [row["role"] for row in panel.scene.runs] == ["student"] and panel.runs.verdict == ""
    assert panel.curves.sentence.endswith(ALONE) and "10,000 test examples" in panel.curves.sentence
    assert not panel.runs.can_twin


def test_peers_are_shown_beside_the_student_alone_with_a_verdict_and_several_seeds(opened, few):
    peers = kd.distill.schemes.mutual_learning([student(0), student(1)], few, epochs=2, batch_size=50)
    panel = train(opened(peers))
    assert [row["role"] for row in panel.scene.runs] == ["student", "peer", "twin", "smoothed"]
    assert "than the twin without a teacher" in panel.runs.verdict
    panel.command("repeat", seeds=2)
    assert panel.wait("running") and panel.wait("finished")
    assert "Over 2 seeds" in panel.runs.verdict


def test_no_view_of_a_teacher_is_drawn_or_asked_for(opened, few):
    run = kd.distill.schemes.self_distillation(kd.models.mlp((12, 12)), few, ["relu1"], epochs=1).train(progress=False)
    panel = opened(run)
    assert panel.views.offered == [] and {*BESIDE_A_TEACHER, *panel.tabs, "one"} <= set(panel.scene.hidden)
    assert panel.scene.teacher_name == "" and len(panel.scene.runs[0]["values"]) > 0
    panel.scene.view = "saliency"
    for worker in panel._workers:
        assert worker.wait_until_idle(60)
    assert panel.tabs["saliency"].note == ""


def test_an_edit_and_a_stop_keep_what_was_learned(opened, few):
    panel = opened(kd.Distillation(None, student(), few, kd.HardLabels(), epochs=5000, batch_size=20))
    panel.command("train")
    assert panel.wait("running")
    panel.command("edit", learning_rate=0.01)
    panel.command("stop")
    assert panel.wait("stopped")
    assert panel.run.steps_done > 0 and [edit.name for edit in panel.run.history.edits] == ["learning_rate"]
