"""A diagnosis as JSON, as a table, as a page and in sentences."""

from __future__ import annotations

import json

import pytest

import kdviz as kd
from kdviz.diagnosis.findings import CONFIDENCES, SEVERITIES

from .conftest import small, trained


def test_it_is_told_as_json_as_a_table_and_as_a_page(make):
    run = make(epochs=4, teacher=small(32, seed=7))
    diagnosis = run.diagnose(twin=trained(run.twin()))
    told = json.loads(json.dumps(diagnosis.to_dict()))
    assert told["findings"][0]["title"] == "The teacher is no better than chance" and not told["clean"]
    frame = diagnosis.frame()
    assert list(frame["name"]) == [f.name for f in diagnosis.findings]
    assert set(frame["severity"]) <= set(SEVERITIES) and set(frame["confidence"]) <= set(CONFIDENCES)
    page = diagnosis._repr_html_()
    assert page.count("<li>") >= len(diagnosis.findings) and 'scope="row"' in page and "<details>" in page
    assert str(diagnosis) == "\n".join(diagnosis.sentences())
    with pytest.raises(KeyError, match=r"the findings \(teacher_at_chance\), got 'unsteady'"):
        diagnosis["unsteady"]
    assert kd.Diagnosis("so", ()).frame().empty


def test_sentences_are_sentences(make, world):
    runs = [make(epochs=4), make(student=small(1)), make(learning_rate=1.0, epochs=20), make(data=world.few(60))]
    for run in runs:
        diagnosis = run.diagnose(twin=trained(run.twin()))
        assert diagnosis.findings
        for found in diagnosis.findings:
            assert found.sentence[0].isupper() and found.sentence.endswith(".") and "nan" not in found.sentence
            assert all(found.evidence) and not any(isinstance(v, float) and v != v for v in found.evidence.values())
