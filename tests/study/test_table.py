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
    table, frame = study.table(full=True), study.frame()
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


def test_the_table_begins_with_what_one_wants_to_know_and_is_narrow(study):
    short, full = study.table(), study.table(full=True)
    assert list(short) == [
        "arm", "seeds", "errors", "sd", "twin", "smoothed", "difference", "low", "high", "verdict", "chosen",
    ]  # fmt: skip
    assert len(full.columns) > 2 * len(short.columns)
    assert short.difference.tolist() == full.twin_difference_last.round(1).tolist()
    assert short.verdict.tolist() == full.twin_verdict_last.tolist() and short.chosen.sum() == 1
    assert max(map(len, short.to_string(index=False).splitlines())) <= 120, "fits a cell"


def test_a_study_and_its_results_read_well_as_the_last_line_of_a_cell(study):
    told = study.sentences()
    assert repr(told).splitlines() == list(told) and "u202f" not in repr(told)
    html = study._repr_html_()
    assert html.index(repr(study)) < html.index("<table") < html.index("test errors after the last step")
    (result, *_) = study.results
    errors = result.outcome["moments"]["last"]["test"]["errors"]
    assert repr(result) == f"Result({result.arm.name}, student, seed 0: {errors} errors of 400 test examples)"
