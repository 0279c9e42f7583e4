"""The processor's energy counters: read, run over, and not there."""

from __future__ import annotations

from kdviz.measure.watts import Meter


def counter(folder, name, start, most=1_000_000):
    path = folder / name
    path.mkdir()
    (path / "energy_uj").write_text(f"{start}\n")
    (path / "max_energy_range_uj").write_text(f"{most}\n")
    return path / "energy_uj"


def test_packages_are_added_up_their_parts_are_not_and_a_counter_may_begin_anew(tmp_path):
    one, two = counter(tmp_path, "intel-rapl:0", 100_000), counter(tmp_path, "intel-rapl:1", 900_000)
    counter(tmp_path, "intel-rapl:0:0", 5)
    ticks = iter([10.0, 10.5])
    meter = Meter(tmp_path, clock=lambda: next(ticks))

    def work() -> None:
        one.write_text("600000")  # 0.5 J
        two.write_text("400000")  # 0.1 J to the end, 0.4 J after it

    assert len(meter.counters) == 2 and meter.watts(work) == 2.0


def test_without_counters_the_work_is_done_and_no_number_is_made_up(tmp_path):
    done = []
    (tmp_path / "intel-rapl:0").mkdir()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("secret")
    assert Meter(tmp_path).watts(lambda: done.append(1)) is None and done == [1]
