"""Both models answer the newest drawing, whatever else happens."""

import threading
import time

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.panels.views.drawing import Drawing
from kdviz.widgets.scene import Scene


def threads():
    return [t for t in threading.enumerate() if t.name == "kdviz-answers"]


@pytest.fixture
def scene():
    made = Scene(classes=list("0123456789"), image_shape=[28, 28])
    yield made
    made.close()


@pytest.fixture
def drawing(scene):
    teacher, student = kd.models.mlp(hidden=(8,), seed=0), kd.models.mlp(hidden=(8,), seed=1)
    made = Drawing(scene, lambda: (teacher, student, None, 40, "MLP, 8 units"))
    made.models = teacher, student
    yield made
    made.close()


def ask(drawing, pixels, asked):
    """What the page does: pixels and number in one message."""
    drawing.pad.set_state({"pixels": pixels, "asked": asked})


def numbers(packed):
    return np.frombuffer(packed, "<f4")


def test_both_models_answer_a_drawing(drawing):
    pixels = np.random.default_rng(0).integers(0, 256, 784, dtype=np.uint8)
    ask(drawing, pixels.tobytes(), 1)
    assert drawing.wait_until_idle()
    inputs = torch.from_numpy(pixels).view(1, 1, 28, 28) / 255
    teacher, student = drawing.models
    with torch.no_grad():
        assert np.allclose(numbers(drawing.pad.teacher_logits), teacher.eval()(inputs)[0], atol=1e-5)
        assert np.allclose(numbers(drawing.pad.student_logits), student.eval()(inputs)[0], atol=1e-5)
    pad = drawing.pad
    assert (pad.answered, pad.student_step, pad.student_name, pad.note) == (1, 40, "MLP, 8 units", "")


def test_no_thread_before_the_first_question_and_none_after_close(drawing):
    assert threads() == []
    ask(drawing, bytes(784), 1)
    assert drawing.wait_until_idle()
    assert len(threads()) == 1
    drawing.close()
    assert threads() == []
    ask(drawing, bytes(784), 2)
    assert threads() == []


def test_the_student_is_asked_under_its_lock_and_left_in_its_mode(scene):
    lock, entered = threading.RLock(), threading.Event()
    teacher, student = kd.models.mlp(hidden=(8,), seed=0), kd.models.mlp(hidden=(8,), dropout=0.5, seed=1)
    student.train()

    def models():
        entered.set()
        return teacher, student, lock, 0, ""

    drawing = Drawing(scene, models)
    with lock:  # a training step
        ask(drawing, bytes(784), 1)
        assert entered.wait(5)
        assert not drawing.wait_until_idle(0.05)
        assert drawing.pad.answered == 0
    assert drawing.wait_until_idle()
    assert drawing.pad.answered == 1
    assert student.training
    drawing.close()


def test_a_callback_returns_at_once_while_the_models_are_busy(drawing):
    busy = threading.Event()
    models, drawing._models = drawing._models, lambda: (busy.wait(5), models())[1]
    ask(drawing, bytes(784), 1)
    took = []
    for asked in range(2, 30):
        started = time.perf_counter()
        ask(drawing, bytes([asked]) * 784, asked)
        took.append(time.perf_counter() - started)
    busy.set()
    assert drawing.wait_until_idle()
    assert np.median(took) < 0.005
    assert drawing.pad.answered == 29


@pytest.mark.parametrize("pixels", [b"", b"short", bytes(785), "text", None, [1, 2]])
def test_a_wrong_drawing_gets_a_sentence(drawing, caplog, pixels):
    ask(drawing, bytes(784), 1)
    assert drawing.wait_until_idle()
    ask(drawing, pixels, 2)
    assert drawing.wait_until_idle()
    assert drawing.pad.answered == 2
    assert "28 × 28 grey values" in drawing.pad.note
    assert drawing.pad.teacher_logits == drawing.pad.student_logits == b""
    assert not caplog.records
    ask(drawing, bytes(784), 3)
    assert drawing.wait_until_idle()
    assert drawing.pad.note == ""


def test_models_that_cannot_answer_are_told_and_the_page_goes_on(scene, caplog):
    fine, given = kd.models.mlp(hidden=(8,)), []

    def models():
        given.append(1)
        if len(given) == 1:
            raise ValueError("there is no teacher yet")
        return fine, None, None, 0, ""

    drawing = Drawing(scene, models)
    ask(drawing, bytes(784), 1)
    assert drawing.wait_until_idle()
    assert drawing.pad.note == "The models could not answer this drawing: there is no teacher yet"
    assert drawing.pad.answered == 1
    ask(drawing, bytes(784), 2)
    assert drawing.wait_until_idle()
    assert len(numbers(drawing.pad.teacher_logits)) == 10
    assert drawing.pad.student_logits == b""
    drawing.close()
