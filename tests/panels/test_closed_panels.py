"""A panel that is closed leaves nothing behind: no object, no thread, no memory."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import threading
import weakref

import pytest
import torch
from ipywidgets.widgets import widget as ipywidgets_widget

import kdviz as kd
from kdviz.panels import Compare, Compress, Experiments, Lab, Methods, Pays, Schemes, SoftTargets, StudyPage, Words
from kdviz.panels.schemes.lane import Lane

PANELS = {
    "Lab": lambda: Lab(labels=100, units=8, epochs=2, smoothing=False),
    "Compare": lambda: Compare("mnist-mlp-1200", "mnist-mlp-overfit"),
    "Methods": lambda: Methods(method="soft_targets", epochs=1),
    "Compress": lambda: opened(Compress(teacher="adult-mlp", units=0.5)),
    "Experiments": Experiments,
    "Pays": Pays,
    "Schemes": lambda: Schemes(scheme="born_again", epochs=3),
    "SoftTargets": lambda: SoftTargets(examples=[1, 2]),
    "Study": lambda: StudyPage(labels=100, units=4, epochs=1, seeds=1, temperature=[1, 4], alpha=[0.9]),
    "Words": lambda: Words(data="additions", student="gru-32", epochs=1),
}


def opened(page):
    assert page.wait("idle")
    return page


def trained(panel) -> list[weakref.ref]:
    """Train a step where the panel does that; return what has to be gone with it."""
    held = [panel, *ipywidgets_widget._instances.values()]
    if isinstance(panel, Lab | Methods | Schemes | Words):
        panel.command("step")
        assert panel.wait("paused", "finished", timeout_s=120), panel.status
        runs = [entry.run for entry in panel.roster] if isinstance(panel, Lab) else list(panel.runs.values())
        assert len(runs) >= 2
        held += [*runs, *(run.student for run in runs)]
    return [weakref.ref(one) for one in held]


@pytest.mark.parametrize("name", PANELS)
def test_of_a_closed_panel_no_object_is_left(name):
    gc.collect()
    before = len(ipywidgets_widget._instances)
    panel = PANELS[name]()
    held = trained(panel)
    panel.close()
    del panel
    gc.collect()
    left = [type(one()).__name__ for one in held if one() is not None and one().comm is None]
    assert left == [] and len(ipywidgets_widget._instances) == before
    assert not [t.name for t in threading.enumerate() if t.name.startswith("kdviz")]


@pytest.mark.parametrize("name", ["Lab", "Methods", "Schemes"])
def test_a_closed_panel_that_someone_still_holds_holds_no_run(name):
    panel = PANELS[name]()
    held = [one for one in trained(panel) if isinstance(one(), kd.Distillation | Lane | torch.nn.Module)]
    panel.close()
    assert len(held) >= 4 and [one() for one in held if one() is not None] == []
    panel.close()  # once more is nothing


def test_a_lab_of_a_run_of_your_own_closes_the_widgets_that_it_does_not_draw():
    before = set(ipywidgets_widget._instances)
    data = kd.data.mnist()
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), data, kd.hinton(), epochs=1)
    Lab(run).close()
    assert set(ipywidgets_widget._instances) == before and run.step()  # which is its owner's


def net(classes: int, inputs: int = 4) -> torch.nn.Module:
    return kd.models.mlp((4,), inputs=inputs, classes=classes)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Compare(net(3), net(3, inputs=5), torch.ones(9, 4)),
        lambda: Compare(net(3), net(2), torch.ones(9, 4)),
        lambda: Methods(method="no-such-method"),
    ],
    ids=["other inputs", "other classes", "no such method"],
)  # fmt: skip
def test_a_panel_that_cannot_be_made_leaves_nothing(make):
    gc.collect()
    before = set(ipywidgets_widget._instances)
    with pytest.raises((ValueError, TypeError)):
        make()
    assert set(ipywidgets_widget._instances) == before
    assert not [t.name for t in threading.enumerate() if t.name.startswith("kdviz")]


PROGRAM = """
import json, sys, psutil
from kdviz.panels import Lab
def once():
    lab = Lab(labels=1000, units=64, epochs=1)
    lab.command("step")
    assert lab.wait("paused", timeout_s=240), lab.status
    lab.close()
grown = []
for _ in range(int(sys.argv[1])):
    once()
    grown.append(psutil.Process().memory_info().rss / 2**20)
print(json.dumps(grown))
"""
WARM_UP, MORE, MB_A_LAB = 3, 6, 8.0  # what the C library holds back goes up and down by 20 MB; a run is 60


@pytest.mark.full
def test_memory_levels_off_over_labs_that_are_opened_and_closed():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(WARM_UP + MORE)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    grown = json.loads(done.stdout)
    earlier, later = grown[WARM_UP : WARM_UP + MORE // 2], grown[WARM_UP + MORE // 2 :]
    assert statistics.median(later) - statistics.median(earlier) < MB_A_LAB * MORE / 2, [round(mb) for mb in grown]
