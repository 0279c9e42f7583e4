"""The program of a run gives the page's numbers; that of a run on the teacher's text writes the text first."""

from __future__ import annotations

import contextlib
import io
import math

import pytest

from kdviz.panels.writing.choices import WordsChoices
from kdviz.panels.writing.code import program
from kdviz.panels.writing.settings import Setting


def printed(text: str) -> list[float]:
    """Return the numbers that a program prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(text, {})  # the page's own program
    return [float(line.split()[1]) for line in out.getvalue().splitlines()]


def test_the_program_gives_the_bits_of_the_pages_runs():
    choices = WordsChoices(data="additions", student="gru-32", method="reverse", temperature=2.0, alpha=0.5, epochs=1)
    setting = Setting.of("additions", epochs=1)
    found = printed(program(choices, setting))
    runs = [setting.run("gru-32", "reverse", 0.5, 2.0), setting.twin("gru-32")]
    for run in runs:
        run.train(progress=False, evaluate=False)
    assert found == pytest.approx([run.evaluate("test").nll / math.log(2) for run in runs], rel=1e-9)
    assert abs(found[0] - found[1]) > 1e-3


def test_the_program_of_a_run_that_was_edited_and_stopped_ends_where_it_stands():
    choices = WordsChoices(data="additions", student="gru-32", temperature=2.0, alpha=0.5, epochs=1)
    setting = Setting.of("additions", epochs=1)
    run, twin = setting.run("gru-32", "forward", 0.5, 2.0), setting.twin("gru-32")
    for one, steps in ((run, 5), (twin, 12)):
        for _ in range(steps):
            one.step()
    run.edit(temperature=8.0)
    for _ in range(7):
        run.step()
    text = program(choices, setting, run)
    assert "teach(run, 5)\nrun.edit(temperature=8)\nteach(run, 12)\nteach(twin, 12)" in text
    assert printed(text) == pytest.approx([one.evaluate("test").nll / math.log(2) for one in (run, twin)], rel=1e-9)


def test_text_of_the_teacher_is_written_in_the_program_too():
    setting = Setting.of("moby-dick")
    text = program(WordsChoices(data="moby-dick", method="sequence"), setting)
    assert "written = kd.schemes.as_written(teacher, data, greedy=False, prompt=8)" in text
    assert "objective = 1 * kd.HardLabels()" in text and "run = kd.Distillation(teacher, made(), written" in text
    assert "kd.OnPolicy(" in program(WordsChoices(data="moby-dick", method="on_policy"), setting)
    compile(text, "program", "exec")
