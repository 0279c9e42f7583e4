"""The recorded frontier: one record, whole, and shown on its own data alone."""

from __future__ import annotations

from kdviz.distill.variants import PENALTIES
from kdviz.panels.views.frontier import frontier, recorded


def test_the_record_says_how_it_was_made_and_its_weights_rise():
    record = recorded()
    assert record["command"] == "python benchmarks/fairness.py --record" and record["seeds"] == 5
    for penalty in PENALTIES:
        rows = [row for row in record["rows"] if row["penalty"] == penalty]
        weights = [row["weight"] for row in rows]
        assert len(rows) >= 4 and weights == sorted(weights) and weights[0] == 0
        assert all(set(row["sd"]) == {"accuracy", "parity", "odds"} for row in rows)


def test_a_penalty_buys_its_gap_and_costs_accuracy_in_the_sentence_as_in_the_rows():
    shown = frontier("adult")
    rows = [row for row in shown["rows"] if row["penalty"] == "demographic_parity"]
    assert rows[-1]["parity"] < 0.5 * rows[0]["parity"] and rows[-1]["accuracy"] < rows[0]["accuracy"]
    assert f"{rows[0]['parity']:.3f} to {rows[-1]['parity']:.3f}" in shown["says"]
    assert shown["grouping"] == "sex" and frontier("adult-without-race-sex") == {}
