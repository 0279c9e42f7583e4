"""A point is what its program makes: errors of student and twin, bytes."""

import contextlib
import io

import pytest

from kdviz.panels.compress import code
from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.compress.trial import PARTS, Trial


@pytest.mark.parametrize(
    "chosen",
    [
        {"units": 0.5, "weights": 0.5, "integers": "rounded", "bits": 3, "teaching": 1},
        {"student": 8, "weights": 0.0, "rank": 3, "integers": "static", "teaching": 0},
        {"weights": 0.0, "integers": "rounded", "bits": 2, "teaching": 0},
        {"weights": 0.0, "teaching": 1, "integers": "dynamic"},
    ],
)
def test_the_programs_give_the_errors_and_bytes_of_the_point(chosen):
    choices = CompressChoices(teacher="adult-mlp", **chosen)
    found = Trial(choices).run()
    size, *told = printed(code.program(choices, test=True)).split("\n")
    assert size == f"{found['bytes']} bytes, {found['gzipped']} after gzip"
    of = {part: f"{part} errors of {found[part]['examples']}" for part in PARTS}
    assert told == [f"{found[part]['errors']} {of[part]}" for part in PARTS]
    if choices.trains:
        (_, alone) = printed(code.program(choices, twin=True)).split("\n")
        assert alone == f"{found['validation']['twin_errors']} {of['validation']}"
    else:
        assert "twin_errors" not in found["test"]


def printed(program):
    into = io.StringIO()
    with contextlib.redirect_stdout(into):
        exec(program, {})
    return into.getvalue().strip()
