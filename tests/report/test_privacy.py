"""The privacy section: attacks on the models of a report, in words, in the table and in the file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.measure.privacy import loss_score, membership

from .toys import line, toy


@pytest.fixture(scope="module")
def attacked():
    report = kd.compare(line(4.0), line(1.0, seed=1), toy(), twin=line(2.0, seed=2))
    report.membership(toy(200, seed=7), references=[line(1.5, seed=3), line(1.5, seed=4)])
    return report


def test_it_is_measured_on_what_was_given_and_told_for_each_model(attacked):
    X, y = toy(200, seed=7)
    others = attacked.examples
    own = attacked.models["student"]
    with torch.no_grad():
        wanted = membership(loss_score(own(X), y), loss_score(own(others.inputs()), others.y))
    found = attacked.privacy.found["loss"]["student"]
    assert found.auc == wanted.auc and found.members == 200 and found.others == 300
    assert set(attacked.privacy.found) == {"loss", "calibrated"} and not found.leaks
    said = attacked.sentences("privacy")
    assert len(said) == 4 and said[0].startswith("No leak of the student found: AUC 0.") and "than the twin" in said[3]
    assert said[0] in attacked.headlines()


def test_the_table_and_the_file_have_it(attacked, tmp_path):
    rows = attacked.frame().query("subject == 'privacy'")
    assert len(rows) == 2 * 3 * 2 and np.isfinite(rows[["value", "low", "high"]]).all(axis=None)
    assert "privacy" in attacked.figures()
    text = attacked.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h2>Privacy: can one tell what they were trained on?</h2>" in text and 'id="figure-privacy"' in text


def test_without_labels_it_says_so(attacked):
    with pytest.raises(ValueError, match="the members must have labels: the attack goes by the loss"):
        attacked.membership(toy(50, labelled=False))
