"""The report: as JSON and as one file, and what its page draws."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.figures.one_file import script_json
from kdviz.report.html import data_of

from .toys import line, toy


def test_the_report_is_json_and_a_file(report, tmp_path):
    read = json.loads(report.to_json(tmp_path / "report.json"))
    assert read == json.loads((tmp_path / "report.json").read_text())
    assert read["classes"] == ["0", "1", "2"]
    assert len(read["numbers"]) == len(report.frame())
    assert list(tmp_path.iterdir()) == [tmp_path / "report.json"]


def test_saliency_keeps_its_examples_when_the_method_changes():
    report = kd.compare(line(4.0), line(1.0, seed=1), toy())
    report.saliency("gradient", count=20)
    first = report.maps.index
    report.saliency("input_x_gradient", count=20, checks=0)
    assert torch.equal(report.maps.index, first)
    assert len(first) == 20
    assert report.sentences("saliency")
    rows = report.frame().query("subject == 'saliency, input_x_gradient'")
    assert len(rows) == 3 * 20
    assert rows[rows.measure == "cosine"].value.tolist() == report.maps.similarity.cosine.tolist()
    assert rows.group.iloc[0] == f"example {int(first[0])}"


def test_classes_come_by_agreement_and_those_without_examples_not_at_all():
    X, y = toy(classes=4)
    kept = y != 2
    frame = kd.compare(line(4.0, classes=4), line(classes=4, seed=1), (X[kept], y[kept])).by_class()
    assert sorted(frame["class"]) == ["0", "1", "3"]
    assert frame.agreement.is_monotonic_increasing and frame.agreement.nunique() > 1


def test_of_many_classes_the_page_draws_the_likeliest_of_both_models_and_the_true_one():
    teacher, student = nn.Linear(2, 50), nn.Linear(2, 50)
    with torch.no_grad():
        for model, likes in ((teacher, 7), (student, 31)):
            model.weight.zero_()
            model.bias.copy_(5.0 * (torch.arange(50) == likes))
    report = kd.compare(teacher, student, (torch.zeros(4, 2), torch.full((4,), 44)))
    (row, *_) = data_of(report)["examples"]
    assert len(row["order"]) == 10 and {7, 31, 44} <= set(row["order"])
    assert row["teacher"][row["order"].index(7)] == max(row["teacher"]) > 0.5
    assert row["student"][row["order"].index(31)] == max(row["student"]) > 0.5
    assert (row["top_teacher"], row["top_student"], row["y"]) == (7, 31, 44)


@pytest.mark.parametrize("text", ["</script>", "<!--", "<script", "\u2028", "a & b"])
def test_nothing_in_the_data_can_end_the_script_that_holds_it(text):
    written = script_json([text])
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == [text]
