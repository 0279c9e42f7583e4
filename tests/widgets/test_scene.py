"""The scene: frames travel once, a page that opens later gets them all, and what cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.widgets import LearningCurves, Scene
from kdviz.widgets.recording import Frame
from kdviz.widgets.traits import WrongTraitError


@pytest.fixture
def scene():
    made = Scene(classes=["cat", "dog"])
    made.update(teacher_logits=np.zeros((3, 2)), shown_run="a")
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append((content, buffers))
    yield made
    made.close()


def frame(step: int) -> Frame:
    return Frame.of(step, np.full((3, 2), step / 10))


def test_frames_of_the_run_shown_travel_once_and_with_the_next_update(scene):
    scene.record("a", frame(0))
    scene.record("b", frame(0))
    scene.record("a", frame(10))
    assert scene.sent == []
    scene.update(total_steps=40)
    scene.update(total_steps=41)
    ((content, buffers),) = scene.sent
    assert [(f["run"], f["step"]) for f in content["frames"]] == [("a", 0), ("a", 10)] and content["whole"] is None
    numbers = np.frombuffer(buffers[1], "<i2") * content["frames"][1]["scale"]
    assert numbers == pytest.approx(np.ones(6), abs=1e-4)


def test_a_page_that_asks_gets_the_whole_film(scene):
    for step in (0, 10, 20):
        scene.record("b", frame(step))
    scene.update()
    scene._handle_custom_msg({"need": "b"}, [])
    content, buffers = scene.sent[-1]
    assert content["whole"] == "b" and [f["step"] for f in content["frames"]] == [0, 10, 20] and len(buffers) == 3
    scene._handle_custom_msg({"need": "nobody"}, [])
    assert scene.sent[-1][0] == {"frames": [], "whole": "nobody"}


def test_what_is_dropped_is_not_sent(scene):
    scene.record("a", frame(0))
    scene.drop("a")
    scene.update()
    assert scene.sent == [({"drop": "a"}, None)] and "a" not in scene.films


def test_the_page_is_heard_and_nonsense_is_not(scene):
    heard = []
    scene.on_message(heard.append)
    scene._handle_custom_msg({"hello": {"query": "?T=20"}}, [])
    scene._handle_custom_msg("nonsense", [])
    assert heard == [{"hello": {"query": "?T=20"}}]


@pytest.mark.parametrize(
    "traits",
    [
        {"temperature": 0.0},
        {"alpha": 1.5},
        {"temperature_range": [4, 4]},
        {"view": "all"},
        {"selected": 3},
        {"exact_logits": b"123"},
        {"teacher_logits": b"123"},
    ],
)
def test_what_cannot_be_is_refused(scene, traits):
    with pytest.raises(WrongTraitError):
        scene.update(**traits)


def test_a_view_refers_to_its_scene_by_name(scene):
    view = LearningCurves(scene=scene)
    assert view.get_state("scene") == {"scene": f"anywidget:{scene.model_id}"}
    assert LearningCurves().get_state("scene") == {"scene": None}
    view.set_state({"scene": f"anywidget:{scene.model_id}"})  # a page sends it back as it came
    assert view.scene is scene
