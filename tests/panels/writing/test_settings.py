"""Settings of the Words page: what is learned from, and a budget that is known before Train."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.distill.own_text import prompt_lengths
from kdviz.panels.writing.methods import METHODS
from kdviz.panels.writing.settings import OFFERS, STUDENTS, Setting, names, usual_of

from .conftest import small_setting


def test_student_and_twin_have_the_same_start_and_the_planned_steps():
    setting = small_setting(epochs=3)
    run = setting.run("own", "reverse", 0.5, 2.0)
    twin = setting.twin("own")
    assert run.total_steps == twin.total_steps == setting.steps == 12
    assert all(a.equal(b) for a, b in zip(run.student.parameters(), twin.student.parameters(), strict=True))
    assert setting.is_task and not small_setting(running=True).is_task
    assert setting.note(run.student).startswith("Additions: 40 rows to learn from, 16 validation rows")


def test_the_teacher_writes_on_from_the_prompt_of_every_task_and_from_eight_tokens_of_running_text():
    setting = small_setting()
    given, written = setting.data.train, setting.learned("sequence").train
    assert written.y.shape == given.y.shape
    assert prompt_lengths(written.y).equal(prompt_lengths(given.y))  # no row is lost, and no answer begun
    running = small_setting(running=True).learned("sequence").train
    assert set(prompt_lengths(running.y).tolist()) == {8}


def test_the_teacher_is_counted_once():
    setting = small_setting()
    assert setting.of_teacher("validation") is setting.of_teacher("validation")
    assert setting.of_teacher("test").n == 16


def test_all_that_is_offered_is_here_and_every_size_can_be_built():
    assert set(names()) <= set(OFFERS) <= set(kd.data.names("text"))
    for size in STUDENTS.values():
        assert getattr(kd.models, size.maker)(9, **size.arguments)


@pytest.mark.parametrize("data", OFFERS)
def test_a_method_has_what_differs_for_it_and_else_what_the_data_have(data):
    offer = OFFERS[data]
    assert set(offer.methods) <= set(METHODS) and offer.student in STUDENTS
    for method in METHODS:
        usual, own = usual_of(data, method), offer.methods.get(method, {})
        assert set(own) <= {"alpha", "temperature", "epochs", "cost"}
        for name in ("alpha", "temperature", "epochs"):
            assert usual[name] == own.get(name, getattr(offer, name))
        if data == "additions":
            assert Setting.of(data, method).epochs == usual["epochs"] != Setting.of(data, method, epochs=3).epochs == 3
