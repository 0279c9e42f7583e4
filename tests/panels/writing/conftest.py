"""The Words page on a little text of its own: additions of one digit, networks of some hundred weights."""

from __future__ import annotations

from functools import cache

import pytest
import torch

import kdviz as kd
from kdviz.data import Splits
from kdviz.data.text import rows
from kdviz.distill import Teacher
from kdviz.panels import Words
from kdviz.panels.writing.settings import Setting


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def small_text(running: bool) -> tuple[Splits, Teacher]:
    """Return tasks, or running text, and a teacher that has learned some of it."""
    if running:
        text = "the whale saw the ship and the ship saw the whale\n" * 40
        vocabulary = kd.data.Vocabulary.of(text)
        parts = [rows(vocabulary, {0: text[: 49 * n]}, 16, "part") for n in (20, 12, 12)]
        data = Splits("little", "A little text", vocabulary.symbols, *parts, vocabulary=vocabulary)
    else:
        data = kd.data.additions(digits=1, train=40, validation=16, test=16)
    made = kd.models.gru if running else kd.models.decoder  # a decoder cannot read more than its context
    more = {"width": 16} if running else {"context": data.train.shape[0], "width": 16, "blocks": 1, "heads": 2}
    teacher = made(data.vocabulary, **more, seed=3)
    run = kd.Distillation(None, teacher, data, kd.HardLabels(), epochs=40, batch_size=10, learning_rate=1e-2)
    return data, Teacher(run.train(progress=False, evaluate=False).student.eval())


def small_setting(*, running: bool = False, **changes) -> Setting:
    """Return a setting of tasks, or of running text."""
    data, teacher = small_text(running)

    def make(size: str, seed: int) -> torch.nn.Module:
        return kd.models.gru(data.vocabulary, width=4, seed=seed)

    given = {"prompt": "the " if running else "3+4=", "epochs": 2, "batch_size": 10}
    return Setting(data, teacher, make, **{**given, **changes})


@pytest.fixture
def words(closed):
    """``words(running=False, **chosen)`` makes a page on a small setting, which is closed after the test."""

    def make(*, running: bool = False, setting: dict | None = None, **chosen) -> Words:
        return closed(Words(small_setting(running=running, **(setting or {})), **chosen))

    return make
