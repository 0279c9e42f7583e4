"""Evaluation counts what it says."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F


def test_evaluation_counts_what_it_says(make, teacher, clouds):
    run = make().train(progress=False)
    result = run.evaluate("test")
    with torch.no_grad():
        says = run.student.eval()(clouds.test.inputs()).argmax(1)
        theirs = teacher(clouds.test.inputs()).argmax(1)
    assert result.errors == int((says != clouds.test.y).sum())
    assert result.teacher_errors == int((theirs != clouds.test.y).sum())
    logits = run.student(clouds.test.inputs()).detach()
    assert result.nll == pytest.approx(F.cross_entropy(logits, clouds.test.y).item(), rel=1e-5)
    run.student.train()
    assert result.agreement == pytest.approx((says == theirs).double().mean().item())
    assert [e.step for e in run.history.evaluated("validation")] == [run.steps_per_epoch * k for k in (1, 2, 3, 4)]
    assert run.history.evaluation_frame()["accuracy"].iloc[-1] == result.accuracy
