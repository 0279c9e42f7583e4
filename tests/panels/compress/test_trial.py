"""A stop leaves student and twin with the same budget, the teacher stays as it was, and times are held against it."""

import torch

from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.compress.trial import Trial, ground, time_ratio


def test_a_stop_leaves_student_and_twin_with_as_many_steps():
    choices, heard = CompressChoices(teacher="adult-mlp", units=0.5, weights=0.0, teaching=3), []
    trial = Trial(choices, lambda: len(heard) >= 5, lambda done, planned: heard.append((done, planned)))
    found = trial.run()
    assert found["steps"] == 5 and found["planned"] == 96 and heard[-1] == (5, 96)
    assert found["test"]["twin_errors"] < 0.5 * found["test"]["examples"]


def test_the_teacher_is_as_before_and_a_slower_network_is_seen_to_be_slower():
    base = ground("adult-mlp")
    before = {name: value.clone() for name, value in base.teacher.module.state_dict().items()}
    Trial(CompressChoices(teacher="adult-mlp", weights=0.5, teaching=1)).run()
    assert all(torch.equal(before[name], value) for name, value in base.teacher.module.state_dict().items())
    wide = [torch.nn.Sequential(torch.nn.Linear(2, 2000), torch.nn.Linear(2000, 2)) for _ in range(20)]
    slow = torch.nn.Sequential(base.teacher.module, *wide)
    assert time_ratio(slow, base)["ratio_low"] > 1
