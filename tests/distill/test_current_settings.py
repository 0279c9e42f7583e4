"""The numbers in force: what an edit may make of them."""

from __future__ import annotations

import numpy as np
import pytest


def test_numbers_of_numpy_are_plain_numbers(make, tmp_path):
    run = make(learning_rate=np.float32(1e-3), seed=np.int64(0))
    run.edit(temperature=np.int64(3))
    run.step()
    run.save(tmp_path)
    assert type(run.history.edits[0].value) is float


def test_an_edit_that_cannot_be_made_changes_nothing(make):
    run = make()
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\].*got 1.5"):
        run.edit(temperature=2.0, alpha=1.5)
    with pytest.raises(ValueError, match="temperature, alpha, learning_rate, got 'momentum'"):
        run.edit(momentum=0.9)
    with pytest.raises(ValueError, match="learning_rate must be a finite number > 0, got 0"):
        run.edit(learning_rate=0)
    assert run.history.edits == [] and run.objective.temperature == 4.0
