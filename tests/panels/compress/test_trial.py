"""A point is what its program makes: errors of student and twin, bytes; and a stop leaves both with the same budget."""

import contextlib
import io

import pytest
import torch

from kdviz.panels.compress import code
from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.compress.trial import Trial, ground, time_ratio


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


def test_a_stop_leaves_student_and_twin_with_as_many_steps():
    choices, heard = CompressChoices(teacher="adult-mlp", units=0.5, weights=0.0, teaching=3), []
    trial = Trial(choices, lambda: len(heard) >= 5, lambda done, planned: heard.append((done, planned)))
    found = trial.run()
    assert found["steps"] == 5 and found["planned"] == 96 and heard[-1] == (5, 96)
    assert found["twin_errors"] < 0.5 * found["examples"]


def test_the_teacher_is_as_before_and_a_slower_network_is_seen_to_be_slower():
    base = ground("adult-mlp")
    before = {name: value.clone() for name, value in base.teacher.module.state_dict().items()}
    Trial(CompressChoices(teacher="adult-mlp", weights=0.5, teaching=1)).run()
    assert all(torch.equal(before[name], value) for name, value in base.teacher.module.state_dict().items())
    wide = [torch.nn.Sequential(torch.nn.Linear(2, 2000), torch.nn.Linear(2000, 2)) for _ in range(20)]
    slow = torch.nn.Sequential(base.teacher.module, *wide)
    assert time_ratio(slow, base)["ratio_low"] > 1
