"""Lesson 19: each truth as the measuring code finds it, and what is said to right and wrong answers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from kdviz.lessons.course.robustness import RADII, RADIUS, TAUGHT, Robustness
from kdviz.measure.robustness import Change, pgd
from kdviz.models import inference


class Few(Robustness):
    count, steps, certified, strangers = 40, 2, 4, 100


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Robustness:
    return Few(folder=tmp_path_factory.mktemp("answers"))


def fgsm(model, x, y, radius, sign=1, ends=(0, 1), shape=torch.sign, grad=torch.autograd.grad):
    x = x.detach().clone().requires_grad_()
    (g,) = grad(F.cross_entropy(model(x), y, reduction="sum"), x)
    return (x + sign * radius * shape(g)).clamp(*ends).detach()


def by_backward(loss, x):
    loss.backward()
    return (x.grad,)


WRITTEN = {
    "step": (
        fgsm,
        {
            "makes the loss smaller": lambda *given: fgsm(*given, sign=-1),
            "Nothing has moved": lambda model, x, y, radius: x,
            "take the sign of the gradient": lambda *given: fgsm(*given, shape=lambda g: 0.3 * g),
            "no picture's do": lambda *given: fgsm(*given, ends=(-9, 9)),
            "that of the picture alone": lambda *given: fgsm(*given, grad=by_backward),
            "it must make": lambda *given: fgsm(*given, shape=lambda g: g.abs().sign()),
        },
    ),
    "back": (
        lambda now, x, radius: (x + (now - x).clamp(-radius, radius)).clamp(0, 1),
        {
            "clamp once more": lambda now, x, radius: x + (now - x).clamp(-radius, radius),
            "forgot the radius": lambda now, x, radius: now.clamp(0, 1),
            "You return the change": lambda now, x, radius: (now - x).clamp(-radius, radius),
            "it must make": lambda now, x, radius: x,
        },
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_exercise_takes_what_is_right_and_says_what_is_wrong(lesson, name):
    right, wrong = WRITTEN[name]
    assert lesson.check(name, right)
    for sentence, function in wrong.items():
        found = lesson.check(name, function)
        assert not found and sentence in " ".join(found.sentences), (sentence, found)


def test_the_numbers_are_those_of_the_networks_on_the_changed_digits(lesson):
    x, y = lesson.few.inputs(), lesson.few.y
    moved = pgd(lesson.teachers["plain"], x, y, RADIUS, steps=2)
    right = inference.logits(lesson.teachers["plain"], type(lesson.few)(moved, y)).argmax(1) == y
    assert (
        lesson.falls.right == pytest.approx(100 * float(right.double().mean())) == lesson.curve[RADII.index(RADIUS) + 1]
    )
    assert lesson.grows.reply(lesson.curve).distance == pytest.approx(0)
    assert lesson.lot.right == lesson.aimless > lesson.falls.right
    robust = lesson.found.accuracy("robust", Change("pgd", RADIUS, "robust"))
    assert robust.low > lesson.falls.right / 100, "the one that was attacked while it learned holds"
    assert lesson.sure.right == pytest.approx(100 * lesson.elsewhere.outside["plain"].mean())
    assert {len(found.answer) for found in lesson.smoothed.values()} == {4}


def test_what_arrives_is_what_was_recorded(lesson):
    row = lesson.results[TAUGHT]
    asked = lesson.arrives
    verdicts = {"fewer": "fewer errors than its twin", "more": "more errors", "within the noise": "No difference"}
    assert verdicts[row.difference.verdict] in asked.right
    assert f"{row.errors.mean:,.0f} errors on average" in asked.reply(asked.right).text


def test_the_quiz_takes_its_right_answers(lesson):
    for name in ("bound", "hides", "certain"):
        asked = lesson.part(name)
        assert asked.reply(asked.right).right, name
    assert lesson.order.reply(lesson.order.items).right
