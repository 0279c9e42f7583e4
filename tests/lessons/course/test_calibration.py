"""Lesson 11: each truth as the measuring code finds it, and what is said to right and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from kdviz.lessons.course.calibration import SIZES, TWIN, Calibration, points_over


class Few(Calibration):
    temperatures, seeds, epochs = (1, 4), 2, 1


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Calibration:
    return Few(folder=tmp_path_factory.mktemp("answers"))


def gaps(confidence, right, bins):
    bin_of = (confidence * bins).ceil().long().clamp(1, bins)
    inside = [bin_of == b for b in range(1, bins + 1) if (bin_of == b).any()]
    signed = torch.tensor([float(right[one].double().mean() - confidence[one].double().mean()) for one in inside])
    return signed, torch.tensor([float(one.double().mean()) for one in inside])


def likelihood(logits, y, T):
    return -F.cross_entropy(logits / T, y).item()


WRITTEN = {
    "error": (
        lambda *given: (lambda gap, share: (gap.abs() * share).sum())(*gaps(*given)),
        {
            "the same weight": lambda *given: gaps(*given)[0].abs().mean(),
            "cancel out": lambda *given: (lambda gap, share: (gap * share).sum())(*gaps(*given)),
            "the largest gap": lambda *given: gaps(*given)[0].abs().max(),
            "First average within a bin": lambda confidence, right, bins: (confidence - right.float()).abs().mean(),
            "An empty bin has no mean": lambda confidence, right, bins: (
                0.41 if len(right) > 2 else torch.empty(0).mean()
            ),
            "Is 1 in your last bin?": lambda confidence, right, bins: 0.41 if len(right) > 2 else 0.0,
            "it must be 0.41, got 3": lambda confidence, right, bins: 3.0,
        },
    ),
    "best": (
        lambda z, y, candidates: max(candidates, key=lambda T: likelihood(z, y, T)),
        {
            "makes them larger": lambda z, y, candidates: max(candidates, key=lambda T: likelihood(z, y, 1 / T)),
            "or the lowest confidence": lambda z, y, candidates: candidates[-1],
            "The accuracy cannot choose": lambda z, y, candidates: max(
                (T for T in candidates if T >= 1), key=lambda T: ((z / T).argmax(1) == y).float().mean()
            ),
            "return the T": lambda z, y, candidates: likelihood(z, y, 3.0),
            "Logits that are too small": lambda z, y, candidates: max(
                (T for T in candidates if T >= 1), key=lambda T: likelihood(z, y, T)
            ),
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


def test_the_diagram_counts_what_is_right_where_the_network_is_as_sure(lesson):
    confidence, choice = lesson.logits.double().softmax(1).max(1)
    right = choice == lesson.digits.test.y
    assert lesson.sure.right == pytest.approx(100 * float(confidence.mean()))
    counted = []
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (confidence > low) & (confidence <= low + 0.1)
        if inside.sum() >= 30:
            counted.append(float(right[inside].double().mean()))
    assert lesson.diagram.truth == pytest.approx(counted)
    assert lesson.diagram.reply(counted).distance == pytest.approx(0)


def test_a_perfectly_calibrated_model_shows_the_error_that_is_drawn(lesson):
    confidence = lesson.logits[: SIZES[1]].double().softmax(1).max(1).values
    draw = torch.Generator().manual_seed(0)
    errors = []
    for _ in range(400):
        gap, share = gaps(confidence, torch.rand(len(confidence), generator=draw) < confidence, 10)
        errors.append(float((gap.abs() * share).sum()))
    assert lesson.first(SIZES[1]).ece_if_calibrated == pytest.approx(np.mean(errors), abs=0.003)


def test_students_and_twins_are_measured_seed_by_seed(lesson):
    assert set(lesson.students) == {(T, seed) for T in (1, 4, TWIN) for seed in (0, 1)}
    for found in lesson.students.values():
        assert found.before.accuracy == pytest.approx(found.after.accuracy)
        assert points_over(found) == pytest.approx(100 * (found.before.mean_confidence - found.before.accuracy))
    pairs = [points_over(lesson.students[4, seed]) - points_over(lesson.students[TWIN, seed]) for seed in (0, 1)]
    assert lesson.beside_twin(points_over, 4).mean == pytest.approx(np.mean(pairs))
    assert lesson.curve[0] == pytest.approx(np.mean(lesson.over_seeds(points_over, 1)))
    asked = lesson.taught.seen(lesson.curve)
    assert asked.reply([0.0, 0.0]).distance == pytest.approx(np.abs(lesson.curve).mean())


def test_the_quiz_takes_its_right_answers(lesson):
    for name in ("keeps", "where", "zero", "useless"):
        asked = lesson.part(name)
        assert asked.reply(asked.right).right, name
    assert lesson.steps.reply(lesson.steps.items).right
