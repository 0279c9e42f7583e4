"""Does it pay? What the page shows is what was recorded and what Python's sums make of it; its state comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kdviz.measure import pays
from kdviz.measure.pays import Use
from kdviz.panels import Pays
from kdviz.panels.pays import FILE, NOTES, TITLES, USUAL, recorded, work_of
from kdviz.widgets.traits import WrongTraitError


@pytest.fixture
def panel():
    made: list[Pays] = []

    def make(*given, **chosen) -> Pays:
        made.append(Pays(*given, **chosen))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_shows_what_was_recorded_and_says_by_what(panel):
    shown = panel().widget
    rows = json.loads(FILE.read_text())["cases"]
    assert [row["name"] for row in rows] == list(TITLES) and set(NOTES) <= set(TITLES)
    for row, one in zip(rows, shown.cases, strict=True):
        assert {name: one[name] for name in row if name != "beside_twin"} == {
            name: row[name] for name in row if name != "beside_twin"
        }
        assert row["answers"]["1"]["low"] <= row["answers"]["1"]["ratio"] <= row["answers"]["1"]["high"]
        assert ("buys is accuracy" in one["beside_twin"]) == (row["beside_twin"]["high"] < 0)
    assert (Path(__file__).parents[2] / shown.command.removeprefix("python ")).is_file()


def test_of_the_recorded_pairs_one_pays_and_one_has_fewer_weights_and_never_does(panel):
    assert panel("perceptron", answers=10**6).outcome.verdict == "pays"
    slower = panel("fewer-weights", answers=10**9, days=3650)
    row = next(row for row in recorded()["cases"] if row["name"] == "fewer-weights")
    assert row["weights"]["teacher"] > 10 * row["weights"]["student"] and row["answers"]["1"]["low"] > 1
    assert slower.outcome.verdict == "never"


def test_its_outcome_is_that_of_the_sums_and_its_state_makes_it_again(panel):
    chosen = {
        "batch": "64", "answers": 500, "days": 30, "students": 7, "watts": 12.5, "price": 0.2, "grid": 40.0,
        "trained_for_it": False, "instead": "teacher",
    }  # fmt: skip
    one = panel("convnet", shows="money", **chosen)
    use = Use(**{name: value for name, value in chosen.items() if name != "batch"})
    assert one.outcome == pays(work_of("convnet", "64"), use)
    again = Pays.from_state(json.loads(json.dumps(one.state)))
    try:
        assert again.settings == one.settings == {**USUAL, "case": "convnet", "shows": "money", **chosen}
    finally:
        again.close()


def test_watts_are_read_where_the_machine_tells_them_and_never_over_what_was_chosen(panel, tmp_path, monkeypatch):
    counter = tmp_path / "intel-rapl:0"
    counter.mkdir()
    (counter / "energy_uj").write_text("0")
    monkeypatch.setattr("kdviz.panels.pays.Meter", lambda: _Meter(tmp_path))
    usual, own = panel(), panel(watts=9)
    assert usual.wait() and own.wait()
    assert usual.widget.watts == usual.widget.usual["watts"] == 31 and own.widget.watts == 9
    assert usual.widget.watts_note == "Read from the processor's counters while it computed: 31 W."
    monkeypatch.setattr("kdviz.panels.pays.Meter", lambda: _Meter(tmp_path / "nowhere"))
    assert panel().widget.watts_note == "This machine does not say what it draws, so 65 W are assumed."


class _Meter:
    def __init__(self, folder: Path) -> None:
        self.counters = tuple(folder.glob("intel-rapl:?"))

    def watts(self, work) -> float:
        return 31.4


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"case": "resnet"}, "case must be one of perceptron, convnet, fewer-weights"),
        ({"answers": 0}, "answers must be a whole number from 1 to 1,000,000,000, got 0"),
        ({"watts": -1.0}, "watts must be a finite number from 0 to 1e"),
    ],
)
def test_what_cannot_be_is_answered_in_a_sentence(chosen, said):
    with pytest.raises(ValueError, match=said):
        Pays(**chosen)


def test_a_page_sets_no_number_that_cannot_be(panel):
    widget = panel().widget
    with pytest.raises(WrongTraitError):
        widget.days = 0
    widget.set_state({"days": 10**9, "price": -1.0, "instead": "both", "students": 5})
    assert (widget.days, widget.price, widget.instead, widget.students) == (365, 0.3, "teacher", 5)
