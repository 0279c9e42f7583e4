"""The bias that suits validation: against brute force, with its counts, and the view that it belongs to."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.panels.views.wall import counted, stops
from kdviz.widgets.scene import BIAS_SLIDER

QUICK = {"labels": 300, "units": 8, "epochs": 1, "batch_size": 50, "smoothing": False}


@pytest.fixture
def lab():
    made = []

    def make(**choices):
        made.append(kd.panels.Lab(**QUICK | choices))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def right_by_hand(logits, labels, omitted, bias):
    """Count what is right with another word for it: the class left out wins where it beats the best of the others."""
    others = logits.double().clone()
    others[:, omitted] = -torch.inf
    best = others.max(1)
    says = torch.where(logits[:, omitted].double() + bias > best.values, omitted, best.indices)
    return int((says == labels).sum())


def test_the_button_finds_the_bias_that_brute_force_finds_on_all_validation_examples(lab):
    panel = lab(omit=3, alpha=1.0, temperature=20.0, view="wall")
    panel.command("train")
    assert panel.wait("finished") and "wall" in panel.views.offered
    wall = panel.tabs["wall"]
    wall._handle_custom_msg({"command": "across"}, [])
    assert panel.controllers.wait_until_idle(60) and wall.note == ""
    validation = panel.run.data.validation
    logits = kd.models.inference.logits(panel.run.student, validation)
    right = {bias: right_by_hand(logits, validation.y, 3, bias) for bias in stops(list(BIAS_SLIDER))}
    best, found = wall.best, right[wall.best["bias"]]
    assert found == max(right.values()) >= right[0.0] and panel.scene.bias == best["bias"] > 0
    assert best["after"]["own"] + best["after"]["others"] == found
    assert best["before"]["own"] + best["before"]["others"] == right[0.0]
    threes = int((validation.y == 3).sum())
    assert best["after"]["own_n"] == threes and threes + best["after"]["others_n"] == len(validation)
    assert (best["run"], best["step"]) == (panel.scene.shown_run, panel.run.steps_done)


def test_a_bias_that_is_locked_stays(lab):
    panel = lab(omit=3, view="wall", locked=("bias",))
    panel.tabs["wall"]._handle_custom_msg({"command": "across"}, [])
    assert panel.controllers.wait_until_idle(60)
    assert panel.scene.bias == 0 and panel.tabs["wall"].best


def test_without_a_class_left_out_there_is_no_wall_and_nothing_to_look_for(lab):
    panel = lab(view="wall")
    assert "wall" not in panel.views.offered and panel.scene.view == "one"
    panel.tabs["wall"]._handle_custom_msg({"command": "across"}, [])
    assert panel.controllers.wait_until_idle(60)
    assert panel.tabs["wall"].note.startswith("No class is left out") and panel.dark_knowledge.heat_map == "teacher"


def test_leaving_a_class_out_offers_the_wall_begins_with_one_of_that_class_and_shows_the_students_heat_map(lab):
    panel = lab()
    panel.setup.omit = 5
    assert panel.wait("idle") and panel._publisher.wait_until_idle()
    scene = panel.scene
    assert "wall" in panel.views.offered and panel.dark_knowledge.heat_map == "student"
    assert scene.labels[scene.selected] == 5 and scene.selected < scene.sample
    scene.view = "wall"
    panel.setup.omit = -1
    assert panel.wait("idle") and panel._publisher.wait_until_idle()
    assert "wall" not in panel.views.offered and scene.view == "one"


def test_another_preset_opens_with_its_own_view_where_the_wall_is_no_more(lab):
    panel = lab()
    panel.command("preset", name="omitted-digit")
    assert panel.wait("idle") and panel._publisher.wait_until_idle()
    assert panel.scene.view == "wall" and panel.scene.labels[panel.scene.selected] == 3
    panel.command("preset", name="tiny-student")
    assert panel.wait("idle") and panel._publisher.wait_until_idle()
    assert panel.scene.view == "many"


def test_counts_are_exact():
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [3.0, 0.0, 1.0]])
    assert counted(logits, torch.tensor([0, 2, 1, 1]), 1) == {"own": 0, "own_n": 2, "others": 2, "others_n": 2}
