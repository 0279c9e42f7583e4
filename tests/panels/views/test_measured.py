"""A tab whose numbers Python computes, declared by a call: in the Lab and in Compare."""

from __future__ import annotations

import pytest
import torch
import traitlets

import kdviz as kd
from kdviz.widgets import catalogue

QUICK = {"labels": 100, "units": 8, "epochs": 1, "batch_size": 50, "smoothing": False}


@pytest.fixture
def entropy():
    @kd.widgets.tab("entropy", "Entropy")
    class Entropy(kd.widgets.MeasuredView):
        """Entropy of both models' answers to the example shown, in bits."""

        _esm = "export default { render() {} };"
        _css = ""
        bits = traitlets.List(traitlets.Float()).tag(sync=True)

        @classmethod
        def measure(cls, teacher, student, examples, selected):
            if examples.y[selected] == 0:
                raise ValueError("zeros are not measured")
            x = examples.inputs(slice(selected, selected + 1))
            logs = [torch.log_softmax(model(x).double(), 1) for model in (teacher, student)]
            return {"bits": [float(-(p.exp() * p).sum() / torch.log(torch.tensor(2.0))) for p in logs]}

    yield Entropy
    catalogue.withdraw("entropy")


@pytest.fixture
def lab(entropy):
    panel = kd.panels.Lab(**QUICK)
    panel.command("train")
    assert panel.wait("finished")
    yield panel
    panel.close()


def test_it_follows_the_example_and_says_why_it_cannot(lab, entropy):
    view = lab.tabs["entropy"]
    assert isinstance(view, entropy) and "entropy" in lab.views.offered
    assert view.bits == [], "nothing is computed for a view that is not shown"
    lab.scene.view = "entropy"
    labels = lab.scene.labels
    other, zero = labels.index(1), labels.index(0)
    lab.scene.selected = other
    assert lab.wait("finished")
    assert len(view.bits) == 2 and min(view.bits) >= 0 and view.made_for["selected"] == other
    lab.scene.selected = zero
    assert lab.wait("finished")
    assert view.note == "Zeros are not measured."


def test_it_is_on_the_page_that_compares_two_models(entropy):
    data = kd.data.mnist()
    panel = kd.panels.Compare("mnist-mlp-1200", "mnist-mlp-overfit", data.validation.take(slice(0, 60)))
    try:
        panel.scene.view = "entropy"
        assert panel.wait()
        assert len(panel.tabs["entropy"].bits) == 2
    finally:
        panel.close()


def test_a_view_may_say_that_two_models_have_nothing_for_it(entropy, monkeypatch):
    monkeypatch.setattr(entropy, "offered", classmethod(lambda cls, teacher, student: False))
    panel = kd.panels.Lab(**QUICK)
    try:
        assert "entropy" not in panel.views.offered
    finally:
        panel.close()
