"""What lesson 15 asks: bets are settled by intervals, exercises say what is wrong with them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from kdviz.lessons.course.claims import CLAIMS, SEEDS, VERDICTS, Claims, verdict
from kdviz.measure import paired


@pytest.fixture
def lesson(tmp_path: Path) -> Claims:
    return Claims(folder=tmp_path)


def interval(d, t, *, ddof=1, scale=None):
    half = t * np.std(d, ddof=ddof) / (len(d) ** 0.5 if scale is None else scale)
    return np.mean(d) - half, np.mean(d) + half


def judge(low, high):
    return VERDICTS[0] if high < 0 else VERDICTS[2] if low > 0 else VERDICTS[1]


RIGHT = {"interval": interval, "judge": judge, "by_chance": lambda claims, level: 1 - level**claims}
WRONG = {
    "interval": [
        lambda d, t: interval(d, t)[::-1],
        lambda d, t: interval(d, t, scale=1),
        lambda d, t: interval(d, t, scale=len(d)),
        lambda d, t: interval(d, t, ddof=0),
        lambda d, t: interval(d, 1.96),
        lambda d, t: tuple(end - np.mean(d) for end in interval(d, t)),
    ],
    "judge": [
        lambda low, high: VERDICTS[0] if low + high < 0 else VERDICTS[2],
        lambda low, high: judge(-high, -low),
        lambda low, high: VERDICTS[0] if high < 0 else VERDICTS[1],
        lambda low, high: VERDICTS[0] if high <= 0 else VERDICTS[2] if low >= 0 else VERDICTS[1],
    ],
    "by_chance": [
        lambda claims, level: claims * (1 - level),
        lambda claims, level: level**claims,
        lambda claims, level: (1 - level) ** claims,
        lambda claims, level: 1 - level,
        lambda claims, level: 1 - 0.95**7,
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_and_each_wrong_one_gets_its_own_sentence(lesson: Claims, name: str) -> None:
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(len(sentences) == 1 for sentences in said) and len(set(said)) == len(said)


def test_there_is_a_bet_on_each_claim_and_the_runs_settle_it(lesson: Claims) -> None:
    assert len(CLAIMS) == 7 and set(CLAIMS) <= set(lesson.parts)
    for name in CLAIMS:
        assert lesson.bet_on(name) == "–"
        assert lesson.answer(name, "holds here").right is None
        assert lesson.bet_on(name) == "holds here"
    assert lesson.settle("few", [-200, -209, -203]).text.startswith("Right. The difference is −204 errors (95 % CI −2")
    assert lesson.settle("poor", [200, 209, 203]).right is False
    assert lesson.settle("tiny", [-200, 10]).right is False
    assert lesson.score == (1, 3)


def test_a_bet_that_is_made_after_the_runs_is_told_at_once(lesson: Claims) -> None:
    lesson.settle("few", [-200, -209, -203])
    assert lesson.answer("few", "could be chance").right is False


@pytest.mark.parametrize(("d", "said"), [((-9, -8, -10), 0), ((-9, 9), 1), ((-9,), 1), ((8, 9, 10), 2)])
def test_three_verdicts(d: tuple[int, ...], said: int) -> None:
    assert verdict(paired(d)) == VERDICTS[said]


def test_the_curve_is_the_width_of_the_intervals_that_studies_give(lesson: Claims) -> None:
    curve = lesson.part("width")
    for n, half in zip(SEEDS, curve.truth, strict=True):
        d = np.linspace(-1000, 1000, n)
        found = paired(d / np.std(d, ddof=1), step=0)
        assert half == pytest.approx((found.high - found.low) / 2)
    assert math.isclose(curve.distance(curve.truth), 1)


def test_right_answers_of_the_quiz_are_right(lesson: Claims) -> None:
    widths = dict(zip((f"{n} seeds" for n in SEEDS), lesson.part("width").truth, strict=True))
    assert lesson.answer("surer", sorted(lesson.part("surer").items, key=widths.__getitem__)).right
    assert lesson.answer("within", "These runs do not settle it").right
    assert lesson.answer("twin", [one for one in lesson.part("twin").answers if one != "The teacher"]).right
    assert lesson.answer("fails", "It does not hold in this setting").right
    lesson.answer("how_many", 3)
    assert lesson.see("how_many", 3).right
