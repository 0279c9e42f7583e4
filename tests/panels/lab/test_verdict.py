"""The verdict: noise is called no gain."""

from __future__ import annotations

import torch

from kdviz.measure import paired_errors
from kdviz.panels.lab import verdict


def test_noise_is_called_no_gain():
    wrong = torch.zeros(1000, dtype=torch.bool)
    student, twin = wrong.clone(), wrong.clone()
    student[:20], twin[5:27] = True, True
    said = verdict.of_one_run({"twin": paired_errors(student.numpy(), twin.numpy())}, can_repeat=True)
    assert "Student − twin (no teacher): 2 fewer test errors (95\u202f% CI " in said and "is shown" in said
    assert "this is one seed" in said
    student[:20], student[900] = False, True
    said = verdict.of_one_run({"twin": paired_errors(student.numpy(), twin.numpy())}, can_repeat=False)
    assert (
        "21 fewer test errors (95\u202f% CI 11 to 31), an improvement beyond sampling noise" in said
        and "Repeat" not in said
    )
