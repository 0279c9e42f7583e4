"""Lesson 10: each truth as the measuring code finds it, and what is said to right and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kdviz.lessons.course.saliency import COMPARED, METHODS, Saliency
from kdviz.measure import saliency as measured


class Few(Saliency):
    images, steps = 4, 4


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Saliency:
    return Few(folder=tmp_path_factory.mktemp("answers"))


def right_path(gradient, x, baseline, steps):
    shares = (torch.arange(steps) + 0.5) / steps
    return (x - baseline) * torch.stack([gradient(baseline + share * (x - baseline)) for share in shares]).mean(0)


def mean_alone(gradient, x, baseline, steps):
    shares = (torch.arange(steps) + 0.5) / steps
    return torch.stack([gradient(baseline + share * (x - baseline)) for share in shares]).mean(0)


def tops(a, b, top):
    count = round(top * a.numel())
    return [set(one.flatten().topk(count).indices.tolist()) for one in (a, b)], count


def right_overlap(a, b, top):
    (mine, theirs), count = tops(a.abs(), b.abs(), top)
    return len(mine & theirs) / count


def signed(a, b, top):
    (mine, theirs), count = tops(a, b, top)
    return len(mine & theirs) / count


def of_either(a, b, top):
    (mine, theirs), _ = tops(a.abs(), b.abs(), top)
    return len(mine & theirs) / len(mine | theirs)


def of_all(a, b, top):
    (mine, theirs), _ = tops(a.abs(), b.abs(), top)
    return len(mine & theirs) / a.numel()


def deleting(order, copied=True):
    def delete(image, values, share):
        places = order(values).flatten().topk(round(share * image.numel())).indices
        left = (image.clone() if copied else image).view(-1)
        left[places] = 0
        return left.view(image.shape)

    return delete


WRITTEN = {
    "integrate": (
        right_path,
        {
            "Multiply it by x − baseline": mean_alone,
            "the factor is x − baseline": lambda g, x, b, n: x * mean_alone(g, x, b, n),
            "Divide it by their number": lambda g, x, b, n: n * right_path(g, x, b, n),
            "the gradient at x alone": lambda g, x, b, n: (x - b) * g(x),
            "Your path begins at 0": lambda g, x, b, n: (x - b) * mean_alone(g, x, 0 * x, n),
            "For Σ x³ it must be": lambda g, x, b, n: torch.zeros_like(x),
        },
    ),
    "overlap": (
        right_overlap,
        {
            "sort by magnitude": signed,
            "Divide by the number of places in one top": of_either,
            "all places of a map": of_all,
            "one is common to both: 0.5, got 7": lambda a, b, top: 7.0,
        },
    ),
    "delete": (
        deleting(lambda values: values),
        {
            "You sorted by magnitude": deleting(torch.abs),
            "The highest go first": deleting(torch.neg),
            "You kept the highest places": lambda image, values, share: torch.where(values >= 2, image, 0),
            "Work on a copy": deleting(lambda values: values, copied=False),
        },
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_exercise_takes_what_is_right_and_says_what_is_wrong(lesson, name):
    right, wrong = WRITTEN[name]
    assert lesson.check(name, right)
    for sentence, function in wrong.items():
        found = lesson.check(name, function)
        assert not found and sentence in found.sentences[0], found


def test_the_cells_are_those_whose_hiding_costs_the_teacher_most(lesson):
    x, target = lesson.sample.inputs(slice(0, 1)), int(lesson.target[0])
    teacher = lesson.models["teacher"]
    row, column = lesson.cells.largest[0]
    with torch.no_grad():
        before = teacher(x)[0, target]
        x[..., 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 0
        after = teacher(x)[0, target]
    assert float(before - after) == pytest.approx(float(lesson.hidden.max()), abs=1e-4)
    assert lesson.cells.reply(lesson.cells.largest).distance == 0


def test_maps_stand_beside_those_of_random_weights_as_the_sanity_check_has_them(lesson):
    x = lesson.sample.inputs()
    for method in METHODS:
        settings = {"steps": lesson.steps} if method == "integrated_gradients" else {}
        found = measured.sanity_check(lesson.models["teacher"], x, lesson.target, method, **settings)
        np.testing.assert_allclose(lesson.beside_random(method).overlap, found.overlap)


def test_the_student_is_set_beside_twin_another_digit_and_random_weights(lesson):
    teacher, student = (lesson.maps(who).flatten(1).double() for who in ("teacher", "student"))
    cosine = torch.nn.functional.cosine_similarity(teacher, student)
    assert tuple(lesson.alike) == COMPARED
    np.testing.assert_allclose(lesson.alike["its student"].cosine, cosine, atol=1e-6)
    y = lesson.sample.y
    assert all(y[i] != y[other] for i, other in enumerate(lesson.others))
    assert lesson.ahead.n == lesson.images


def test_the_curve_of_deletion_starts_as_the_random_order_does(lesson):
    found = lesson.deleted(lesson.maps("teacher"))
    asked = lesson.deletion.seen(found.deletion.mean(0))
    assert asked.x == pytest.approx((100 * found.fraction).tolist(), abs=0.1)
    assert asked.start[0] == pytest.approx(found.deletion.mean(0)[0])
    assert asked.reply(asked.truth.tolist()).distance == pytest.approx(0)


def test_the_quiz_takes_its_right_answers(lesson):
    for name in ("black", "shows", "conclude", "outside"):
        asked = lesson.part(name)
        assert asked.reply(asked.right).right, name
    assert lesson.claim.reply("How many seeds?").right is None
