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
    return {name: value for name, value in outcome.items() if name not in ("seconds", "stacked", "hash")}
