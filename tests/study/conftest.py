"""A small real task: a few hundred digits, a shipped teacher that knows them, perceptrons that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import kdviz as kd


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> kd.data.Splits:
    whole = kd.data.mnist().with_labels(300)
    few = slice(0, 400)
    return replace(whole, name="few digits", validation=whole.validation.take(few), test=whole.test.take(few))


@pytest.fixture(scope="session")
def recipe() -> kd.Recipe:
    """Needs ``data=digits``."""
    return kd.Recipe(
        data="few digits",
        teacher="mnist-mlp-1200",
        student={"name": "mlp", "hidden": [16]},
        objective=0.9 * kd.SoftTargets(temperature=4) + 0.1 * kd.HardLabels(),
        batch_size=50,
        learning_rate=5e-3,
        epochs=2,
    )


def without_clock(outcome: dict) -> dict:
    """What must not depend on where and beside what a run was done."""
    return {name: value for name, value in outcome.items() if name not in ("seconds", "latency_ms", "stacked", "hash")}


LEAGUE = {
    "version": 1,
    "title": "A small league",
    "question": "Does all of it run?",
    "seeds": [0],
    "tuning_seed": 7,
    "base": {
        "version": 1,
        "data": "mnist",
        "draw": {"count": 60},
        "teacher": "mnist-mlp-1200",
        "student": {"name": "mlp", "hidden": [8]},
        "objective": [{"weight": 1.0, "term": "HardLabels"}],
        "epochs": 1,
    },
    "methods": {"factors": [0.5, 2.0], "alphas": [0.5], "names": ["soft_targets", "hint", "virtual_teacher"]},
}


@pytest.fixture(scope="module")
def study(digits, recipe) -> kd.Study:
    """Two axes, three seeds, both twins; done once for all tests that only look."""
    before = torch.get_num_threads()
    made = kd.Study.grid(recipe, temperature=[1, 4], alpha=[0.1, 0.9], seeds=3, smoothing=0.1, data=digits)
    made.run(progress=False, n_jobs=1)
    assert torch.get_num_threads() == before
    return made
