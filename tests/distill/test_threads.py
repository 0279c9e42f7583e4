"""How many threads a run may use."""

from __future__ import annotations

from kdviz.distill import available_cpus


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
