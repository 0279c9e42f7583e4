"""What the Lab says a student costs: of the run at rest, never of one under way, and never instead of its verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

import kdviz as kd
from kdviz.data import Splits
from kdviz.distill import Distillation
from kdviz.models import mlp
from kdviz.panels.lab import cost
from kdviz.panels.lab.cost import CostOfRuns

from .labs import say, settled, train

KEEPS = re.compile(
    r"The student keeps \d+\.\d % \(95 % CI \d+\.\d % to \d+\.\d %\) of the teacher's accuracy, with 1/\d+ of "
    r"its weights and [\d/.,]+ ?%? of its time \(one example at a time, in turns; 95 % CI [\d/.,% ]+ to [\d/.,% ]+\)\."
)


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


class Now:
    """A thread that does what it is given at once."""

    def put(self, key: str, work) -> None:
        work()


def few(tested: int) -> Splits:
    data = kd.data.mnist()
    parts = {"train": 64, "validation": 32, "test": tested}
    return replace(data, **{name: getattr(data, name).take(slice(0, n)) for name, n in parts.items()})


@pytest.fixture(scope="module")
def run() -> Distillation:
    made = Distillation(mlp((200,), seed=1).eval(), mlp((8,), seed=0), few(200), epochs=1)
    made.train(progress=False).evaluate("test")
    return made


@pytest.fixture
def page():
    shown: list[str] = []
    found = SimpleNamespace(shown=shown, rests=True)
    took: list = []
    found.took = took
    found.costs = CostOfRuns(Now(), lambda said, rows: (shown.append(said), took.append(rows)), lambda: found.rests)
    return found


def test_a_finished_run_is_measured_once_and_its_models_are_left(run, page):
    before = run.student.training, run.teacher.module.training
    page.costs.offer(run)
    page.costs.offer(run)
    page.costs.offer(None)
    nothing, said, again, none = page.shown
    assert nothing == none == "" and KEEPS.match(plain(said)) and again == said
    assert (run.student.training, run.teacher.module.training) == before


def test_a_run_under_way_is_left_alone_and_measuring_ends_when_one_begins(run, page, monkeypatch):
    page.rests = False
    page.costs.offer(run)
    assert page.shown == [""]
    measured = cost.costs

    def begins(*given, progress, **options):
        page.rests = False  # somebody presses Train now
        return measured(*given, progress=progress, **options)

    page.rests = True
    monkeypatch.setattr(cost, "costs", begins)
    page.costs.offer(run)
    assert page.shown == ["", ""]
    page.rests = True
    monkeypatch.setattr(cost, "costs", measured)
    page.costs.offer(run)
    assert page.shown[-1].startswith("The student keeps")


def test_where_it_cannot_be_measured_it_says_why_and_nothing_else_is_lost(run, page, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("no clock\nhere")

    monkeypatch.setattr(cost, "costs", fails)
    page.costs.offer(run)
    assert page.shown[-1] == "What the student costs could not be measured: no clock here."


def test_what_training_took_is_lost_to_no_run_that_begins_and_never_takes_the_rest_with_it(run, page, monkeypatch):
    said = page.costs._said

    def begins(run):
        page.rests = False  # between both
        return said(run)

    monkeypatch.setattr(page.costs, "_said", begins)
    page.costs.offer(run)
    page.rests = True
    monkeypatch.setattr(page.costs, "_said", said)
    page.costs.offer(run)
    assert [row["who"] for row in page.took[-1]] == ["teacher", "asking", "student"]
    page.costs._known.clear()
    monkeypatch.setattr(cost, "training_cost", lambda run: 1 / 0)
    page.costs.offer(run)
    assert page.shown[-1].startswith("The student keeps") and page.took[-1] == []


def test_a_teacher_that_is_a_service_is_not_asked_for_its_time(page):
    asked = []

    def service(x):
        asked.append(len(x))
        return x.flatten(1)[:, 400:410]

    run = Distillation(kd.wrap(service), mlp((8,), seed=0), few(50), epochs=1).train(progress=False)
    run.evaluate("test")
    before = list(asked)
    page.costs.offer(run)
    assert page.shown[-1] == "" and asked == before


def test_the_page_shows_it_below_the_verdict(lab):
    panel = settled(train(lab()))
    assert KEEPS.match(plain(panel.runs.cost)) and panel.runs.verdict
    assert [row["who"] for row in panel.runs.took] == ["teacher", "asking", "student"]
    say(panel.transport, command="reset")
    assert panel.wait() and panel.runs.cost == "" and panel.runs.took == []
