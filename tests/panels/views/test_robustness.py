"""The robustness view's Python: the measure's numbers for the models of a page, on demand, with Stop."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data import Examples
from kdviz.measure.robustness import RADII, Change, robustness
from kdviz.panels.views.robustness import COUNT, SHOWN, RobustnessController
from kdviz.widgets import Scene

N = 230


def network(seed: int, hidden: int = 8) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, hidden), nn.ReLU(), nn.Linear(hidden, 3))


@pytest.fixture(scope="module")
def data() -> kd.data.Splits:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(N) % 3
    x = (0.3 * torch.rand(N, 1, 6, 6, generator=draw) + 0.2 * y.view(-1, 1, 1, 1)).clamp(0, 1)
    part = Examples((255 * x).to(torch.uint8), y)
    return kd.data.Splits("toy", "Toy", tuple("abc"), part, part, part)


@pytest.fixture
def controller(started, data):
    def make(examples=None, runs=tuple, models=None):
        part = data.validation if examples is None else examples
        scene = Scene(view="robustness", shown_run="s", total_steps=50)
        of = (*(models or (network(0), network(1))), threading.RLock(), 40, "Student")
        one = started(lambda *threads: RobustnessController(scene, lambda: of, lambda: part, *threads, runs))
        one.open(data)
        return one

    return make


def measured(controller, **choices):
    controller.widget.update(**choices)
    controller.widget._handle_custom_msg({"command": "across"}, [])
    assert controller._across.wait_until_idle(60)
    return controller.widget.found


def test_the_view_has_the_numbers_and_the_pictures_of_the_measure(controller, data):
    twin = SimpleNamespace(key="t", role="twin", name="Twin", run=SimpleNamespace(
        student=network(2), steps_done=9, lock=threading.RLock()))  # fmt: skip
    one = controller(runs=lambda: [twin])
    found = measured(one, kind="pgd")
    models = {"teacher": network(0), "s": network(1), "t": network(2)}
    wanted = robustness(models, data.validation.take(slice(0, COUNT)), kinds=("pgd",), keep=SHOWN)
    assert [row["id"] for row in found["models"]] == list(models) and found["models"][2]["role"] == "twin"
    assert found["levels"] == [0, *RADII["linf"]] and (found["n"], found["step"], found["run"]) == (COUNT, 40, "s")
    for on, source in (("own", None), ("teacher", "teacher"), ("student", "s")):
        for who in models:
            points = [a for _, a in wanted.curve(who, "pgd", source or who)]
            assert [point[0] for point in found["curves"][on][who]] == [a.right for a in points]
    assert found["curves"]["own"]["s"] != found["curves"]["teacher"]["s"]
    pictures = np.frombuffer(one.widget.pictures, np.uint8).reshape(len(found["stacks"]), 6, SHOWN, 6, 6)
    assert np.array_equal(pictures[0, 0, :, :, :], data.validation.x[:SHOWN, 0].numpy())
    kept = wanted.pictures[Change("pgd", RADII["linf"][2], "s")]
    assert np.abs(pictures[found["stacks"].index("s"), 3] - 255 * kept[:, 0].numpy()).max() <= 0.51
    says = found["examples"][4]["says"]["own"]["s"][3]
    z = network(1)(kept[4:5]).softmax(1).detach()
    assert says == [int(z.argmax()), pytest.approx(float(z.max()), abs=1e-5)]
    assert one.widget.progress is None and one.widget.note == ""


def test_a_corruption_follows_no_model_and_the_first_kind_stays_until_the_button_is_pressed(controller):
    one = controller()
    found = measured(one, kind="rotation")
    assert list(found["curves"]) == found["stacks"] == [""] and found["levels"] == [0, 1, 2, 3, 4, 5]
    one.widget.kind = "fgsm"
    one.scene.update(step=10)
    assert one._across.wait_until_idle(10) and one.widget.found["kind"] == "rotation"
    assert one.widget.pictures and not measured(one)["hides"]
    one.open(kd.data.splits((torch.rand(20, 1, 4, 4), torch.arange(20) % 2)))
    assert one.widget.found == {} and one.widget.pictures == b""


def test_stop_keeps_what_was_there_and_what_cannot_be_measured_is_a_sentence(controller, data):
    one = controller()
    before = measured(one, kind="noise")
    go_on = one.go_on
    one.go_on = lambda share: one.stop() or go_on(share)
    assert measured(one, kind="pgd") == before and one.widget.progress is None and one.widget.note == ""
    silent = Examples(data.validation.x, torch.full((N,), -1))
    two = controller(silent)
    assert measured(two) == {} and two.widget.note.startswith("None of the examples has a label")
    three = controller(models=(kd.models.Function(lambda x: np.zeros((len(x), 3))), network(1)))
    assert measured(three, kind="pgd") == {} and "this model has none" in three.widget.note


def test_a_page_offers_the_view_for_pictures_alone():
    pages = (("mnist-mlp-overfit", "mnist-mlp-overfit"), ("adult-mlp", "adult-mlp-student"))
    for (teacher, student), there in zip(pages, (True, False), strict=True):
        panel = kd.panels.Compare(teacher, student, view="one")
        try:
            assert ("robustness" in panel.views.offered) is there
        finally:
            panel.close()
