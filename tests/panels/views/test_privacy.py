"""The privacy view: whom it attacks and with what, a memorising teacher found, a class that passes, and its Stop."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.measure.privacy import loss_score, membership
from kdviz.models import inference
from kdviz.panels.views import privacy

QUICK = {"labels": 300, "units": 8, "epochs": 2, "batch_size": 50, "smoothing": False}


def shown(panel):
    """The view's numbers, once there are any."""
    panel.scene.view = "privacy"
    assert panel.controllers.wait_until_idle(60)
    view = panel.tabs["privacy"]
    return view, {one["id"]: one for one in view.found.get("models", [])}


@pytest.fixture
def compared():
    panel = kd.panels.Compare("mnist-mlp-overfit", "mnist-mlp-1200")
    yield panel
    panel.close()


def test_the_teacher_that_learned_by_heart_is_found_on_its_own_thousand(compared):
    view, found = shown(compared)
    assert view.note == "" and view.found["members"] == 1000
    digits = kd.data.mnist()
    parts = digits.with_labels(1000).train, digits.test.take(torch.linspace(0, 9999, 2000).round().long())
    model = kd.models.pretrained("mnist-mlp-overfit")
    wanted = membership(*(loss_score(inference.logits(model, part), part.y) for part in parts))
    assert found["teacher"]["auc"] == pytest.approx([wanted.auc, wanted.auc_low, wanted.auc_high], abs=1e-5)
    assert found["teacher"]["leaks"] and not found["student"]["leaks"]
    assert view.found["said"][1].startswith("The student leaks less than the teacher")


def test_without_a_training_part_it_says_what_is_missing():
    panel = kd.panels.Compare("mnist-mlp-1200", "mnist-mlp-overfit", kd.data.mnist().test.take(slice(0, 60)))
    try:
        view, found = shown(panel)
        assert not found and view.note.startswith("Which examples the models were trained on is not known")
    finally:
        panel.close()


@pytest.fixture(scope="module")
def lab():
    panel = kd.panels.Lab(**QUICK, omit=3)
    panel.command("train")
    assert panel.wait("finished")
    yield panel
    panel.close()


def test_in_the_lab_student_and_twin_are_attacked_on_what_they_learned(lab):
    view, found = shown(lab)
    assert view.found["members"] == 300 and len(found) == 3
    learned = next(entry.run.data.train for entry in lab.roster if entry.role == "student")
    assert 3 not in learned.y, "the class left out is among neither members nor others"
    assert "than the twin" in view.found["said"][1]
    passes = view.found["passes"]
    assert passes.startswith("Class 3 was kept from the student, not from its teacher. With the bias ")
    assert "of its 1,010 test examples. Its twin, which had no teacher, is right on " in passes
    assert "does not keep" not in passes, "a run of a few steps has learned nothing that could pass"


def test_reference_models_calibrate_it_and_stop_keeps_what_there_was(lab, monkeypatch):
    monkeypatch.setattr(privacy, "EPOCHS", 1)
    view, _ = shown(lab)
    controller = lab.controllers["privacy"]
    reference, weights = controller._reference, {}

    def watched(student, data, place):
        made = reference(student, data, place)
        weights[place] = torch.cat([p.flatten() for p in made.parameters()])
        return made

    monkeypatch.setattr(controller, "_reference", watched)
    go_on = controller.go_on
    monkeypatch.setattr(controller, "go_on", lambda share: False)
    controller.across()
    assert lab.controllers.wait_until_idle(60) and view.across == {} and view.progress is None and view.attack == "loss"
    monkeypatch.setattr(controller, "go_on", go_on)
    controller.across()
    assert lab.controllers.wait_until_idle(60) and view.attack == "calibrated" and view.note == ""
    assert view.across["notes"] == ["Calibrated by 2 reference models, trained on 5,000 validation examples."]
    assert len(weights) == 2 and not torch.equal(weights[0], weights[1])
    assert {one["id"] for one in view.across["models"]} == {one["id"] for one in view.found["models"]}
