"""What the views count: all of the split, tracked examples first; at rest only; one denominator for all of them."""

import threading

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.measure.fidelity import fidelity
from kdviz.models import inference
from kdviz.panels.live.worker import LatestOnly
from kdviz.panels.views.counted import FEWEST, MOST_EXAMPLES, CountedExamples, how_many, tracked_alone
from kdviz.panels.views.probes import choose_watched
from kdviz.widgets import Scene


class Length:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n


@pytest.mark.parametrize(
    ("n", "classes", "count"), [(5000, 10, 5000), (300, 10, 300), (50_000, 2, MOST_EXAMPLES), (5000, 1000, FEWEST)]
)
def test_all_are_counted_unless_they_are_very_many(n, classes, count):
    assert how_many(Length(n), classes) == count


@pytest.fixture
def rows():
    random = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (900,), generator=random)
    X = torch.randn(900, 4, generator=random) + 2 * torch.eye(4)[y]
    part = kd.data.Examples(X, y, {"site": np.where(X[:, 3] > 0, "south", "north")})
    return kd.data.Splits("toy", "Toy", ("a", "b", "c"), part, part, part)


@pytest.fixture
def opened(rows):
    """Return a scene with its counted examples, and both models."""
    teacher, student = (kd.models.mlp((6,), inputs=4, classes=3, seed=seed).eval() for seed in (1, 2))
    watched = choose_watched(teacher, rows)
    scene = Scene(shown_run="s", total_steps=9, **watched.scene(rows.classes))
    thread = LatestOnly("kdviz-subjects")
    models = teacher, student, threading.RLock(), 7, "Student"
    one = CountedExamples(scene, lambda: models, thread, scene.update)
    scene.counted = one.open(rows.validation, 3, watched)
    one.idle = lambda: thread.wait_until_idle(30)
    yield scene, one, teacher, student
    thread.close()


def test_a_view_that_counts_has_all_examples_and_both_models_answers_to_them(opened, rows):
    scene, one, teacher, student = opened
    few = scene.tracked
    assert 400 < few <= 500 and (scene.sample, scene.counted) == (400, 900)
    assert one.examples is not None and len(one.examples) == few and one.idle() and scene.whole == {}
    before = [scene.labels, scene.captions, scene.teacher_logits]
    scene.view = "fidelity"
    assert one.idle() and scene.whole == {"run": "s", "step": 7}
    part = one.examples
    assert len(part) == scene.example_count == len(scene.labels) == len(scene.captions) == 900
    tracked = [scene.labels[:few], scene.captions[:few], scene.teacher_logits[: few * 3 * 4]]
    assert tracked == before, "the films' rows stay where they are"
    assert sorted(map(tuple, part.x.tolist())) == sorted(map(tuple, rows.validation.x.tolist())), "each of them once"
    logits = [np.frombuffer(b, "<f4").reshape(-1, 3).copy() for b in (scene.teacher_logits, scene.whole_logits)]
    for mine, model in zip(logits, (teacher, student), strict=True):
        assert np.allclose(mine, inference.logits(model, part), atol=1e-6)
    of_page = fidelity(*logits, np.array(scene.labels))
    z = [inference.logits(model, rows.validation) for model in (teacher, student)]
    of_split = fidelity(*z, rows.validation.y)
    assert of_page.sentence() == of_split.sentence()


def test_while_training_goes_on_and_where_nothing_counts_the_student_is_not_asked(opened):
    scene, one, *_ = opened
    scene.state = "running"
    scene.view = "calibration"
    assert one.idle() and scene.whole == {} and scene.example_count == 900
    scene.step = 4  # the cursor rests on a step that was
    assert one.idle() and scene.whole["step"] == 7
    scene.drop("other")
    assert scene.whole
    scene.drop()
    assert scene.whole == {}
    scene.view = "one"
    one.refresh()
    assert one.idle() and scene.whole == {}
    scene.filter = "new"
    assert one.idle() and scene.whole["run"] == "s", "its list is of all examples"


def test_a_page_without_python_keeps_what_it_tracks(opened):
    scene, one, *_ = opened
    scene.view = "many"
    assert one.idle()
    scene.selected = 800
    few = tracked_alone(scene, one._of.watched)
    assert len(few["labels"]) == len(few["captions"]) == few["teacher_logits"].shape[0] == scene.tracked
    assert few["selected"] == scene.tracked - 1 and few["whole"] == {} and few["whole_logits"] == b""


def test_what_was_let_go_is_not_shown_any_more(opened):
    scene, one, *_ = opened
    one.forget()
    scene.view = "fidelity"
    assert one.idle() and one.examples is None and scene.example_count == scene.tracked
