"""Lesson 2: its questions are about what this teacher really says, and its checks tell mistakes apart."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import kdviz as kd
from kdviz.panels.lab.link import from_query

NOTEBOOK = Path(__file__).resolve().parents[3] / "notebooks" / "course" / "02-temperature.ipynb"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    made = kd.lessons.begin("temperature", folder=tmp_path_factory.mktemp("answers"))
    yield made
    made.close()


def logits_of_digit(panel) -> tuple[torch.Tensor, int]:
    widget = panel.widget
    z = torch.frombuffer(bytearray(widget.teacher_logits), dtype=torch.float32).reshape(-1, 10)[widget.selected]
    return z.double(), widget.labels[widget.selected]


def test_the_digit_asked_about_is_right_and_has_the_double_that_counts(lesson) -> None:
    z, label = logits_of_digit(lesson.digit)
    first, second = z.topk(2).indices.tolist()
    assert first == label == 4 and lesson.second.right == f"With a {second}"
    image = torch.frombuffer(bytearray(lesson.digit.widget.images), dtype=torch.uint8).reshape(1, 1, 28, 28)
    assert torch.allclose(kd.models.pretrained("mnist-mlp-1200")(image / 255)[0].double(), z, atol=1e-3)
    assert torch.allclose(lesson.logits(4), z, atol=1e-3)


def test_the_bars_that_come_are_the_teachers_at_four(lesson) -> None:
    z, label = logits_of_digit(lesson.slider)
    assert label == 3
    assert lesson.hot.truth == pytest.approx((z / 4).softmax(0).tolist(), abs=1e-4)
    assert lesson.hot.beside == pytest.approx(z.softmax(0).tolist(), abs=1e-4)
    assert lesson.hot.reply(lesson.hot.truth).right and not lesson.hot.reply(lesson.hot.beside).right


def test_the_gradient_that_fades_is_autograds_on_the_loss_without_t2(lesson) -> None:
    few = kd.data.mnist().validation.take(slice(0, 500))
    with torch.no_grad():
        t = kd.models.pretrained("mnist-mlp-1200")(few.inputs()).double()
        s = kd.models.mlp(hidden=(64,))(few.inputs()).double()
    sizes = []
    for T in lesson.fades.x:
        z = s.clone().requires_grad_()
        log_p, q = (z / T).log_softmax(1), (t / T).softmax(1)
        ((q * (q.log() - log_p)).sum(1).mean()).backward()
        sizes.append(float(z.grad.norm()))
    assert lesson.fades.truth == pytest.approx([max(0.1, 100 * size / sizes[0]) for size in sizes], rel=1e-3)
    assert not lesson.fades.reply([100 / T for T in lesson.fades.x]).right, "1/T forgets that the difference shrinks"


@pytest.mark.parametrize("digit", [3, 4])
def test_the_digit_is_to_be_seen_before_it_is_asked_about(lesson, digit) -> None:
    file = base64.b64decode(re.search(r"base64,([^)]+)", lesson.picture(digit).data)[1])
    ink = np.asarray(Image.open(io.BytesIO(file)).getchannel("A"))
    panel = lesson.digit if digit == 4 else lesson.slider
    images = np.frombuffer(panel.widget.images, dtype=np.uint8).reshape(-1, 28, 28)
    assert np.array_equal(ink, images[panel.widget.selected])


SOFTEN = {
    "right": (lambda z, T: torch.softmax(z / T, -1), ""),
    "by hand": (lambda z, T: (e := ((z - z.max(-1, keepdim=True).values) / T).exp()) / e.sum(-1, keepdim=True), ""),
    "after": (lambda z, T: torch.softmax(z, -1) / T, "not the probabilities after it"),
    "no T": (lambda z, T: torch.softmax(z, -1), "the same at every T"),
    "times": (lambda z, T: torch.softmax(z * T, -1), "You multiplied the logits by T."),
    "T twice": (lambda z, T: torch.softmax(z / T**2, -1), "At T = 4 the logits 2, 1, −1 become"),
    "all at once": (
        lambda z, T: torch.softmax((z / T).flatten(), 0).reshape(z.shape),
        "Each row of logits",
    ),
    "overflows": (lambda z, T: (e := (z / T).exp()) / e.sum(-1, keepdim=True), "exp overflows"),
    "log": (lambda z, T: torch.log_softmax(z / T, -1), "take softmax, not log_softmax"),
    "no softmax": (lambda z, T: z / T, "divide by the sum of exp"),
}
GRADIENT = {
    "right": (lambda s, t, T: T * (torch.softmax(s / T, -1) - torch.softmax(t / T, -1)), ""),
    "alone": (lambda s, t, T: (torch.softmax(s / T, -1) - torch.softmax(t / T, -1)) / T, "gradient of the KL alone"),
    "turned": (lambda s, t, T: T * (torch.softmax(t / T, -1) - torch.softmax(s / T, -1)), "The sign is turned round"),
    "T²": (lambda s, t, T: T**2 * (torch.softmax(s / T, -1) - torch.softmax(t / T, -1)), "The factor is T"),
    "cold": (lambda s, t, T: torch.softmax(s, -1) - torch.softmax(t, -1), "divide s and t by T before"),
    "one cold": (lambda s, t, T: T * (torch.softmax(s / T, -1) - torch.softmax(t, -1)), "At T = 3 it must be"),
    "always 3": (
        lambda s, t, T: 3 * (torch.softmax(s / T, -1) - torch.softmax(t / T, -1)),
        "does the factor depend",
    ),
}


@pytest.mark.parametrize(
    ("name", "function", "sentence"),
    [(f"{name}", *case) for name, cases in (("soften", SOFTEN), ("gradient", GRADIENT)) for case in cases.values()],
)
def test_a_right_answer_passes_and_each_mistake_has_its_own_sentence(lesson, name, function, sentence) -> None:
    found = lesson.check(name, function)
    assert bool(found) == (sentence == "") and sentence in str(found)


def test_the_links_of_the_lesson_open_the_lab_as_they_say() -> None:
    links = re.findall(r"\]\((\.\./[^)]+)\)", NOTEBOOK.read_text(encoding="utf-8"))
    assert len(links) >= 3
    for link in links:
        path, query = link.split("?")
        assert (NOTEBOOK.parent / path).is_file()
        from_query(f"?{query}")
    assert [from_query(f"?{link.split('?')[1]}")["temperature"] for link in links[:2]] == [1, 8]
