"""The Inside view: its drawings follow the step, its numbers those of the measures, and a look changes nothing."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.measure import representation
from kdviz.panels.views import inside

QUICK = {"labels": 300, "units": 8, "epochs": 3, "batch_size": 50, "smoothing": False}


@pytest.fixture(scope="module")
def lab():
    panel = kd.panels.Lab(**QUICK)
    panel.command("train")
    assert panel.wait("finished")
    panel.scene.view = "inside"
    assert panel.controllers.wait_until_idle(60)
    yield panel
    panel.close()


def students(lab):
    return {entry.role: entry.run.student for entry in lab.roster}


def test_the_drawing_is_that_of_the_last_hidden_layers_and_follows_the_step(lab):
    view = lab.tabs["inside"]
    X = lab.controllers.counted.examples.inputs(slice(0, 500))
    teacher = kd.models.pretrained("mnist-mlp-1200")
    layers = [representation.features(model, X) for model in (teacher, students(lab)["student"])]
    wanted = representation.embedding(layers[0]["relu2"], layers[1]["relu1"])
    drawn = np.frombuffer(view.student_points, np.float32).reshape(-1, 2)
    assert view.drawn["layers"] == ["relu2", "relu1", "relu1"] and len(drawn) == view.drawn["n"] == 500
    np.testing.assert_allclose(drawn, wanted.student, atol=1e-6)
    twin = representation.features(students(lab)["twin"], X)["relu1"]
    beside = np.frombuffer(view.beside_points, np.float32).reshape(-1, 2)
    np.testing.assert_allclose(beside, representation.embedding(layers[0]["relu2"], twin).student, atol=1e-6)
    assert view.drawn["ids"][0] == "teacher" and len(set(view.drawn["ids"])) == 3
    lab.scene.step = 0
    assert lab.controllers.wait_until_idle(60)
    before = np.frombuffer(view.student_points, np.float32).reshape(-1, 2)
    assert view.made_for["step"] == 0 and not np.allclose(before, drawn, atol=1e-3)
    lab.scene.step = None
    assert lab.controllers.wait_until_idle(60)


def test_on_request_all_of_it_is_measured_and_the_models_stay_as_they_are(lab, monkeypatch):
    monkeypatch.setattr(inside, "POINTS", 5)
    monkeypatch.setattr(inside, "FEWEST_POINTS", 5)
    view, controller = lab.tabs["inside"], lab.controllers["inside"]
    before = {role: copy.deepcopy(model.state_dict()) for role, model in students(lab).items()}
    drawn = torch.get_rng_state()
    controller.across()
    assert lab.controllers.wait_until_idle(60) and view.note == ""
    found = view.across
    assert [len(found["plane"]["along"]), len(found["plane"]["loss"])] == [5, 5] and len(found["plane"]["ids"]) == 2
    assert found["plane"]["said"].startswith("On the straight line from the student (loss ")
    rows = {row["id"]: row for row in found["sharpness"]["rows"]}
    first = rows[found["plane"]["ids"][0]]
    assert rows["rescaled"]["adaptive"] == pytest.approx(first["adaptive"], rel=1e-3)
    assert rows["rescaled"]["ball"] > 1.5 * first["ball"]
    assert [len(line["steps"]) for line in found["training"]["lines"]] == [9, 9]
    assert len(found["probes"]) == 3 + 2 + 2
    for role, model in students(lab).items():
        assert all(torch.equal(value, before[role][name]) for name, value in model.state_dict().items())
    assert torch.equal(drawn, torch.get_rng_state())


def test_stop_ends_it_and_keeps_what_was_there(lab, monkeypatch):
    view, controller = lab.tabs["inside"], lab.controllers["inside"]
    view.across = {"kept": True}
    monkeypatch.setattr(controller, "go_on", lambda share: share < 0.5)
    controller.across()
    assert lab.controllers.wait_until_idle(60) and view.across == {"kept": True} and view.progress is None
    view.across = {}


def test_two_given_models_have_random_directions_and_no_training(monkeypatch):
    monkeypatch.setattr(inside, "POINTS", 5)
    monkeypatch.setattr(inside, "FEWEST_POINTS", 5)
    monkeypatch.setattr(inside, "PRODUCTS", 3)
    data = kd.data.mnist()
    panel = kd.panels.Compare("mnist-mlp-1200", "mnist-mlp-overfit", data.validation.take(slice(0, 60)), view="inside")
    try:
        assert panel.controllers.wait_until_idle(60)
        view = panel.tabs["inside"]
        panel.controllers["inside"].across()
        assert panel.controllers.wait_until_idle(60) and view.note == ""
        assert view.across["plane"]["note"].startswith("No twin of the same layers is on the page")
        assert view.across["training"] == {} and view.across["plane"]["ids"] == ["student"]
    finally:
        panel.close()


def test_a_given_twin_stands_on_the_plane_and_is_attacked_too(monkeypatch):
    monkeypatch.setattr(inside, "POINTS", 5)
    monkeypatch.setattr(inside, "FEWEST_POINTS", 5)
    monkeypatch.setattr(inside, "PRODUCTS", 3)
    digits = kd.data.mnist()
    data = replace(digits, train=digits.train.take(slice(0, 60)), test=digits.test.take(slice(0, 60)))
    student, twin = kd.models.mlp((8,), seed=0), kd.models.mlp((8,), seed=1)
    panel = kd.panels.Compare("mnist-mlp-overfit", student, data, twin=twin, view="inside")
    try:
        panel.controllers["inside"].across()
        assert panel.controllers.wait_until_idle(60)
        assert panel.tabs["inside"].across["plane"]["ids"] == ["student", "twin"]
        panel.scene.view = "privacy"
        assert panel.controllers.wait_until_idle(60)
        found = panel.tabs["privacy"].found
        assert [one["id"] for one in found["models"]] == ["teacher", "student", "twin"]
        assert "than the twin" in found["said"][1]
    finally:
        panel.close()
