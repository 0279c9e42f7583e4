"""A study as frames: one row a run, one row an arm."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.measure import paired

from .frames import errors_of


def test_the_frame_has_a_row_for_each_run_split_and_moment(study):
    frame = study.frame()
    assert len(frame) == 4 * 3 * 3 * 2 * 2
    assert not frame.duplicated(["arm", "seed", "role", "split", "moment"]).any()
    assert set(frame.state) == {"finished"} and set(frame.seed) == {0, 1, 2}
    assert frame[["temperature", "alpha"]].drop_duplicates().shape == (4, 2)
    assert frame.accuracy.tolist() == pytest.approx((1 - frame.errors / frame.examples).tolist())
    students = frame[frame.role == "student"]
    assert students[["kl", "agreement", "teacher_errors"]].notna().all().all()
    assert frame[frame.role == "twin"].kl.isna().all()
    assert (frame.parameters > 0).all() and (frame.macs > 0).all() and (frame.seconds > 0).all()


def test_the_table_has_the_paired_difference_of_the_frames_errors(study):
    table, frame = study.table(), study.frame()
    assert table.arm.tolist() == [arm.name for arm in study.arms]
    for _, row in table.iterrows():
        for moment in ("last", "best"):
            student, twin, smoothed = (
                errors_of(frame, row.arm, role, moment=moment) for role in ("student", "twin", "smoothed")
            )
            by_hand = paired([student[seed] - twin[seed] for seed in range(3)])
            assert row[f"errors_{moment}"] == pytest.approx(np.mean(list(student.values())))
            assert row[f"errors_sd_{moment}"] == pytest.approx(np.std(list(student.values()), ddof=1))
            assert row[f"twin_errors_{moment}"] == pytest.approx(np.mean(list(twin.values())))
            assert row[f"twin_difference_{moment}"] == by_hand.mean
            assert (row[f"twin_low_{moment}"], row[f"twin_high_{moment}"]) == (by_hand.low, by_hand.high)
            assert row[f"twin_verdict_{moment}"] == by_hand.verdict and row[f"twin_pairs_{moment}"] == 3
            against_smoothed = paired([student[seed] - smoothed[seed] for seed in range(3)])
            assert row[f"smoothed_difference_{moment}"] == against_smoothed.mean
    assert set(table.seeds) == {3} and set(table.failed) == {0} and set(table.examples) == {400}
