"""The report: as JSON and as one file, and what its page draws."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import markupsafe
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


def test_what_the_models_cost_is_in_sentences_table_file_and_page(tmp_path):
    report = kd.compare(nn.Sequential(line(4.0), nn.Linear(3, 3)).eval(), line(1.0, seed=1), toy())
    assert "cost" not in set(report.frame().subject) and not report.sentences("cost")
    found = report.cost(seconds=0.02, batches=(1,))
    (said,) = report.sentences("cost")
    assert said in report.headlines() and said == found.sentence(report.kept())
    right = [report.calibration[who].accuracy for who in ("student", "teacher")]
    assert report.kept().value == pytest.approx(right[0] / right[1])
    rows = report.frame().query("subject == 'cost'")
    assert rows[(rows.model == "student") & (rows.measure == "parameters")].value.item() == found["student"].parameters
    page = report.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Cost: what do they take to keep and to run?" in page and "95th percentile, 1 at a time" in page


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


def test_a_report_says_each_sentence_once_and_reads_well_in_a_cell(report):
    told = report.sentences()
    assert len(set(told)) == len(told) and str(told).splitlines() == list(told)
    assert sum("its accuracy" in s for s in told) == 1, "the two models' confidence, once"
    shown = report._repr_html_()
    assert [shown.count(html.escape(sentence)) for sentence in told] == [1] * len(told)
    assert shown.index(html.escape(report.headlines()[0])) < shown.index("<table") < shown.index("<details>")
    assert repr(report) == f"Report({report.about()})" and "\n" not in repr(report)


def test_the_file_says_each_sentence_once_and_its_first_table_has_three_digits(report, tmp_path):
    text = report.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(text.count(f"<p>{markupsafe.escape(sentence)}</p>") == 1 for sentence in report.headlines())
    (table,) = re.findall(r'<table class="numbers">.*?</table>', text, re.DOTALL)
    accuracy = report.summary().set_index("model").accuracy["student"]
    assert f'<td title="{accuracy:.4g}">{accuracy:.3f}</td>' in table
    assert max(len(cell.replace(",", "")) for cell in re.findall(r">([\d,.−]+)</td>", table)) <= 7
    assert len(re.findall('scope="col"', table)) == 1 + len(report.models), "a column for each model: narrow"


def test_models_and_data_are_called_what_they_are():
    digits = kd.data.mnist()
    few = replace(digits, test=digits.test.take(slice(0, 50)), validation=digits.validation.take(slice(0, 50)))
    report = kd.compare(kd.models.pretrained("mnist-mlp-overfit"), kd.models.mlp((30,)), few)
    assert report.about() == (
        "Teacher: MNIST, 300 units, memorised 1,000 images. Student: 30 hidden units. Compared on 50 examples of MNIST."
    )
    panel = kd.panels.Compare.of(report)
    try:
        assert panel.pair.note == "MNIST: 50 examples."
    finally:
        panel.close()
    X, y = toy()
    own = kd.compare(nn.Linear(5, 3), nn.Linear(5, 3), (X, y))
    assert own.about().startswith("Teacher: Linear, 18 parameters.") and own.data == ""


def test_robustness_is_a_section_of_the_report_once_it_was_measured(tmp_path):
    torch.manual_seed(0)
    models = [nn.Sequential(nn.Flatten(), nn.Linear(16, 3)) for _ in range(3)]
    X, y = torch.rand(60, 1, 4, 4), torch.arange(60) % 3
    report = kd.compare(*models[:2], (X, y), twin=models[2])
    heading = "Robustness: do they hold"
    assert not report.sentences("robustness") and "robustness-pgd" not in report.figures()
    found = report.robustness(("pgd", "noise"), count=40, radii=(0.1,), steps=2, severities=(2,), progress=False)
    assert found is report.held and found.n == 40 and found.models == ("teacher", "student", "twin")
    rows = report.frame().query("subject == 'robustness' and model == 'twin'").set_index("group")
    assert rows.value["pgd 0.1, made on the twin"] == found.accuracy("twin", list(found.right)[3]).value
    assert set(report.figures()) >= {"robustness-pgd", "robustness-noise"}
    page = report.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert heading in page and page.count(markupsafe.escape(report.sentences("robustness")[0])) == 1
    table = kd.compare(line(), line(seed=1), toy())
    with pytest.raises(ValueError, match="measured on pictures"):
        table.robustness(progress=False)
