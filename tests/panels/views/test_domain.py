"""Out of domain: the measure's numbers of every model of the page, by every score, at the step that is shown."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data import Examples
from kdviz.data.strangers import strangers
from kdviz.measure.robustness import SCORES, outside
from kdviz.panels.views.domain import COUNT, SHOWN, DomainController
from kdviz.widgets import Scene

DIGITS = tuple("0123456789")


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 10)).eval()


@pytest.fixture(scope="module")
def data() -> kd.data.Splits:
    part = kd.data.mnist().test.take(slice(0, 120))
    return kd.data.Splits("mnist", "MNIST", DIGITS, part, part, part)


@pytest.fixture
def controller(started, data):
    def make(part=None, runs=tuple, **named):
        scene = Scene(view="domain", shown_run="s", total_steps=50)
        of = (network(0), network(1), threading.RLock(), 40, "Student")
        one = started(
            lambda *threads: DomainController(scene, lambda: of, lambda: part or data.validation, *threads, runs)
        )
        one.open(kd.data.Splits(**{**vars(data), "name": "mnist", **named}))
        return one

    return make


def shown(controller):
    controller.refresh()
    assert controller._newest.wait_until_idle(60)
    return controller.widget.found


def test_all_scores_of_all_models_are_those_of_the_measure(controller, data):
    run = SimpleNamespace(student=network(2), steps_done=9, lock=threading.RLock())
    one = controller(runs=lambda: [SimpleNamespace(key="t", role="twin", name="Twin", run=run)])
    found = shown(one)
    assert one.widget.note == "" and [model["role"] for model in found["models"]] == ["teacher", "student", "twin"]
    assert [part["name"] for part in found["sets"]] == ["fashion-mnist", "sklearn-digits"]
    models = {"teacher": network(0), "s": network(1), "t": network(2)}
    others = strangers("mnist", (1, 28, 28), COUNT)
    for told in found["sets"]:
        for score in SCORES:
            wanted = outside(models, data.validation, others[told["name"]], score=score)
            numbers = told["scores"][score]
            for who in models:
                area = wanted.auroc(who)
                assert numbers["auroc"][who] == pytest.approx([area.value, area.low, area.high], abs=1e-5)
                inside, strange = numbers["bins"][who]
                assert sum(inside) == pytest.approx(1, abs=1e-3) == sum(strange)
            assert (numbers["difference"]["of"], numbers["difference"]["than"]) == ("s", "t")
            assert numbers["difference"]["value"] == pytest.approx(wanted.difference("s", "t"), abs=1e-5)
    clothes, digits = found["sets"]
    assert not clothes["same"] and digits["same"]
    part = others["sklearn-digits"]
    right = int((network(1)(part.inputs()).argmax(1) == part.y).sum())
    assert digits["right"]["s"][:2] == [right, pytest.approx(right / len(part), abs=1e-5)]


def test_the_pictures_are_those_that_the_student_is_surest_of(controller):
    one = controller()
    found = shown(one)
    pictures = np.frombuffer(one.widget.pictures, np.uint8).reshape(2, SHOWN, 28, 28)
    part = strangers("mnist", (1, 28, 28), COUNT)["fashion-mnist"]
    best = network(1)(part.inputs()).detach().softmax(1).max(1)
    order = best.values.argsort(descending=True)[:SHOWN]
    assert np.array_equal(pictures[0], part.x[order, 0].numpy())
    says = found["sets"][0]["says"]["s"]
    assert says == [[int(best.indices[i]), pytest.approx(float(best.values[i]), abs=1e-5)] for i in order]


def test_where_there_is_nothing_to_show_it_is_not_offered_or_says_why(controller, data):
    stretched = Examples(4 * data.validation.inputs() - 1, data.validation.y)
    one = controller(stretched)
    assert one.offered and not shown(one) and one.widget.note.startswith("Strange pictures are grey values from 0 to 1")
    table = Examples(torch.rand(20, 5), torch.arange(20) % 2)
    one.open(kd.data.Splits("table", "Table", ("a", "b"), table, table, table))
    assert not one.offered


def test_for_clothes_the_strangers_are_digits(controller):
    names = tuple(f"garment {i}" for i in range(10))
    found = shown(controller(name="fashion-mnist", classes=names))
    assert [(part["name"], part["same"]) for part in found["sets"]] == [("mnist", False), ("sklearn-digits", False)]
