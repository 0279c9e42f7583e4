"""Programs of studies: they make the same arms."""

from __future__ import annotations

import pytest

from kdviz.panels.study import code
from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.study.plan import Plan


@pytest.mark.parametrize(
    "given",
    [
        {"units": [8, 16], "labels": [100, 300], "seeds": 2},
        {"method": ["soft_targets", "reverse_kl", "label_smoothing"], "learning_rate": [1e-3, 1e-2]},
        {"data": "adult", "fairness": [0, 0.5], "alpha": [0.3, 0.9], "labels": 200},
        {"teacher": ["mnist-mlp-1200", "mnist-vit"], "temperature": [1, 4], "method": "decoupled"},
    ],
    ids=["width and labels", "methods", "fairness", "teachers"],
)
def test_the_program_makes_the_pages_arms(given):
    plan = Plan.of(StudyChoices.of(given))
    made: dict = {}
    exec(code.program(plan).split("study.run(")[0], made)
    theirs = made["study"]
    assert [arm.recipe for arm in theirs.arms] == [arm.recipe for arm in plan.study.arms]
    assert theirs.seeds == plan.study.seeds
    compile(code.on_a_cluster(plan), "cluster", "exec")
    assert "n_jobs=64" in code.on_a_cluster(plan) and "n_jobs=1" in code.program(plan)
