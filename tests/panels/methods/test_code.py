"""The program of the Methods page gives the numbers of the page."""

from __future__ import annotations

import contextlib
import io

import pytest
import torch

from .small_models import QUICK


@pytest.mark.parametrize("edited", [False, True], ids=["plain", "edited"])
def test_the_program_run_alone_gives_the_same_numbers(methods_page, edited):
    panel = methods_page(method="contrastive", **QUICK)
    if edited:
        panel.command("step")
        assert panel.wait("paused")
        panel.picture.weight, panel.picture.temperature = 2.0, 0.2
    panel.command("train")
    assert panel.wait("finished")
    printed, space = io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(panel.picture.code, "program", "exec"), space)
    tests = {row["name"].replace("Twin", "twin"): row["test"] for row in panel.scene.runs}
    lines = [f"{name}: {errors:,} errors on 2,000 test examples" for name, errors in tests.items()]
    assert printed.getvalue().splitlines() == lines
    for role, run in zip(panel.runs, space["runs"].values(), strict=True):
        ours, theirs = panel.runs[role].student.state_dict(), run.student.state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours), role
