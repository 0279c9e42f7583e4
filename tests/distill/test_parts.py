"""Schedules, stored snapshots, CPU quota, batches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.distill import available_cpus, schedules
from kdviz.distill.batches import batch_sizes


@given(st.integers(1, 500), st.integers(1, 64))
def test_batches_hold_every_example_once_and_never_one_alone(examples, batch_size):
    sizes = batch_sizes(examples, batch_size)
    assert sum(sizes) == examples
    assert max(sizes) <= batch_size + 1
    if batch_size > 1 and examples > 1:
        assert min(sizes) > 1


@given(st.floats(0.1, 100), st.floats(0.1, 100), st.integers(2, 1000))
def test_schedules_begin_and_end_where_they_say(start, end, total):
    for schedule in (schedules.Linear(start, end), schedules.Cosine(start, end)):
        assert schedule.at(0, total) == pytest.approx(start)
        assert schedule.at(total - 1, total) == pytest.approx(end)
        assert schedule.at(10 * total, total) == pytest.approx(end)
        assert schedules.from_json(schedules.to_json(schedule)) == schedule


def test_warm_up_rises_to_the_peak_then_falls():
    rate = schedules.WarmupCosine(1.0, warmup=0.1)
    values = [rate.at(k, 100) for k in range(100)]
    assert values[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert values[10:] == sorted(values[10:], reverse=True) and values[-1] == pytest.approx(0)


def test_inverse_root_follows_the_epochs():
    assert schedules.InverseRoot(8.0, every=50).at(150, 1000) == 4.0


def test_the_cpu_quota_of_a_container_is_respected(tmp_path):
    allowed = available_cpus(tmp_path)
    (tmp_path / "cpu.max").write_text("max 100000")
    assert available_cpus(tmp_path) == allowed
    (tmp_path / "cpu.max").write_text("50000 100000")
    assert available_cpus(tmp_path) == 1
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert available_cpus(tmp_path) == 1
