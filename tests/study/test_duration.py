"""How long a study would take: each unit of what is left, and a teacher asked once."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.study import duration
from kdviz.study.duration import estimated


@pytest.fixture
def seconds(monkeypatch):
    """A step takes a second a run, a row 0.001 s, an answer 0.01 s."""
    monkeypatch.setattr(duration, "_seconds", lambda student, count, batch, shape: (float(count), 0.001))
    monkeypatch.setattr(duration, "_seconds_an_answer", lambda teacher, shape: 0.01)


def test_units_that_are_left_are_counted_with_the_teacher_once(seconds, recipe, digits):
    study = kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=digits)
    found = estimated(study)
    assert [len(keys) for keys in found] == [3, 3], "a stack of two students and their twin for each seed"
    of_steps = 12 * 3 * duration.BESIDE
    of_looks = 0.001 * (2 * 400 + 2 * 800)
    first, second = found.values()
    assert second == pytest.approx(of_steps + of_looks)
    assert first == pytest.approx(of_steps + of_looks + 0.01 * (300 + 800))
    study.run(progress=False, n_jobs=1)
    assert estimated(study) == {}


def test_a_run_by_itself_is_timed_by_itself_and_a_student_of_your_own_is_not(seconds, recipe, digits):
    alone = kd.Study.grid(recipe, batch_size=[50, 100], seeds=1, data=digits)
    assert {len(keys) for keys in estimated(alone)} <= {1, 2}
    own = kd.Study.grid(recipe, temperature=[1, 4], seeds=1, data=digits, student=lambda seed: kd.models.mlp((4,)))
    with pytest.raises(ValueError, match="a student of your own is not estimated"):
        estimated(own)


def test_real_steps_are_timed(recipe, digits):
    study = kd.Study.grid(recipe, temperature=[1, 4], seeds=1, data=digits)
    assert all(0 < s < 600 for s in estimated(study).values())
