"""Small images in four classes with a teacher for them, courses run to their end once, and pages that are closed."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.panels import Schemes
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.setting import Setting

from .small_text import small_of


@pytest.fixture(scope="session")
def small() -> Setting:
    """Images of 8 × 8 in four classes that are told apart, with some noise, by which rows are bright."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(320) % 4
    x = 0.35 * torch.rand(320, 1, 8, 8, generator=generator)
    x[torch.arange(320), 0, 2 * y, 2:6] += 0.4
    data = kd.data.splits((x, y), validation=0.2, test=0.2, name="rows")
    teacher = kd.models.mlp((24, 24, 24), inputs=64, classes=4, seed=9)
    kd.Distillation(None, teacher, data, 1.0 * kd.HardLabels(), epochs=30, learning_rate=1e-2).train(
        progress=False, evaluate=False
    )
    teacher = kd.distill.Teacher(kd.schemes.frozen(teacher))
    return Setting(data, teacher, hidden=(8, 8, 8), epochs=6, batch_size=16)


def ran_to_the_end(course, scheme):
    """Train all lanes of a course, looking at its start, on the way and at its end."""
    for lane in course.lanes.values():
        lane.prepare()
        lane.evaluate("validation")
    course.look(scheme.look(course))
    while not all(lane.complete for lane in course.lanes.values()):
        for lane in course.lanes.values():
            if not lane.complete:
                lane.step()
        if course.own.steps_done % 7 == 0:
            course.look(scheme.look(course))
    for lane in course.lanes.values():
        lane.finish()
        lane.evaluate("validation")
        lane.evaluate("test")
    course.finished = True
    course.look(scheme.look(course))
    return course


@pytest.fixture(scope="session")
def setting_of(small):
    """Return a function: the small setting that a scheme runs on, images or text."""

    def of(name):
        data = schemes()[name].data
        return small if data == "images" else small_of(data)

    return of


@pytest.fixture(scope="session")
def course_of(setting_of):
    """Return a function: the course of a scheme with its usual options, run to its end; each is run once."""
    kept = {}

    def of(name):
        if name not in kept:
            scheme = schemes()[name]
            kept[name] = ran_to_the_end(scheme.begin(setting_of(name), scheme.chosen({})), scheme)
        return kept[name]

    return of


@pytest.fixture
def schemes_page(closed):
    return lambda *given, **chosen: closed(Schemes(*given, **chosen))
