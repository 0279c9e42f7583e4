"""Films: what a student said, two bytes a number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kdviz.widgets.recording import LARGEST, Frame, LogitRecording


@given(arrays(np.float32, (3, 4), elements=st.floats(-1e4, 1e4, width=32)))
def test_a_frame_is_off_by_at_most_half_a_step_of_its_scale(logits):
    frame = Frame.of(7, logits)
    largest = float(np.abs(logits).max())
    assert frame.scale == (largest / LARGEST or 1.0)
    assert np.abs(frame.numbers * frame.scale - logits).max() <= frame.scale / 2 * (1 + 1e-9)
    assert frame.logits().dtype == np.float32 and frame.numbers.nbytes == 2 * logits.size


def test_numbers_that_are_not_finite_become_zero():
    frame = Frame.of(0, np.array([[np.nan, np.inf, -np.inf, 2.0]]))
    assert frame.logits() == pytest.approx(np.array([[0, 0, 0, 2.0]]))


def frames(*steps: int) -> list[Frame]:
    return [Frame.of(s, np.full((2, 3), float(s))) for s in steps]


def test_frames_stand_in_order_and_the_last_of_a_step_stands():
    film = LogitRecording()
    for frame in frames(20, 0, 10):
        film.put(frame)
    film.put(Frame.of(10, np.ones((2, 3))))
    assert film.steps == [0, 10, 20]
    assert film.before(19).logits().max() == pytest.approx(1.0)
    assert film.before(-5).step == 0 and film.before(99).step == 20


def test_memory_is_bounded_and_both_ends_stay():
    film = LogitRecording(limit=12 * 8)
    thinned = [film.put(frame) for frame in frames(*range(0, 500, 10))]
    assert any(thinned) and film.nbytes <= film.limit
    assert film.steps[0] == 0 and film.steps[-1] == 490 and film.steps == sorted(film.steps)


def test_a_branch_has_the_film_up_to_its_step():
    film = LogitRecording()
    for frame in frames(0, 10, 20, 30):
        film.put(frame)
    branch = film.until(20)
    branch.put(frames(25)[0])
    assert branch.steps == [0, 10, 20, 25] and film.steps == [0, 10, 20, 30]
