"""A point is what its program makes: errors of student and twin, bytes."""

import contextlib
import io

import pytest

from kdviz.panels.compress import code
from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.compress.trial import Trial


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
    told = printed(code.program(choices))
    size = f"{found['bytes']} bytes, {found['gzipped']} after gzip"
    assert told == f"{found['errors']} errors of {found['examples']}, {size}"
    if choices.trains:
        assert printed(code.program(choices, twin=True)).startswith(f"{found['twin_errors']} errors of ")
    else:
        assert "twin_errors" not in found


def printed(program):
    into = io.StringIO()
    with contextlib.redirect_stdout(into):
        exec(program, {})
    return into.getvalue().strip()
