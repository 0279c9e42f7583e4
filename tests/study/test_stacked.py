"""Runs trained together give what each gives by itself."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.distill import schedules
from kdviz.study import stacked
from kdviz.study.arms import twin_recipe
from kdviz.study.jobs import do, make_job
from kdviz.study.parts import Parts
from kdviz.study.stacked import Stack, do_together, units
from kdviz.study.stopping import Address, StopSign

OBJECTIVES = {
    "soft and hard": 0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels(),
    "hot": 0.5 * kd.SoftTargets(20) + 0.5 * kd.HardLabels(),
    "soft alone": 1.0 * kd.SoftTargets(1),
    "reverse": 0.7 * kd.ReverseKL(2) + 0.3 * kd.HardLabels(),
    "labels alone": 1.0 * kd.HardLabels(),
    "smoothed": 1.0 * kd.LabelSmoothing(0.2),
    "no weight": 0.0 * kd.SoftTargets(4) + 1.0 * kd.HardLabels(),
    "cooling": 1.0 * kd.SoftTargets(schedules.Linear(8, 1)),
    "handing over": kd.hinton(schedules.Cosine(1.0, 0.1), 4),
}


@pytest.fixture
def sign(tmp_path):
    return StopSign(Address(str(tmp_path / "stop")))


@pytest.fixture
def parts(digits):
    return Parts(data=digits)


def made(recipes, parts):
    return [make_job(recipe, "student", parts) for recipe in recipes]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"student": {"name": "mlp", "hidden": [12, 8], "mean": 0.1307, "std": 0.3081}},
        {"student": {"name": "mlp", "hidden": []}, "learning_rate": schedules.WarmupCosine(1e-2)},
    ],
    ids=["one layer", "two layers, standardized", "linear, scheduled rate"],
)
def test_weights_and_losses_are_those_of_separate_runs(recipe, digits, more):
    recipe = replace(recipe, epochs=6, **more)
    apart = [kd.Distillation.from_recipe(replace(recipe, objective=o), data=digits) for o in OBJECTIVES.values()]
    stack = Stack([kd.Distillation.from_recipe(replace(recipe, objective=o), data=digits) for o in OBJECTIVES.values()])
    losses = torch.stack([stack.step() for _ in range(36)])  # (steps, M)
    for i, run in enumerate(apart):
        run.train(progress=False)
        assert run.steps_done == stack.steps_done == stack.total_steps
        assert losses[:, i].tolist() == pytest.approx(run.history.column("loss").tolist(), rel=1e-4, abs=1e-6)
        ours, theirs = stack.student(i).state_dict(), run.student.state_dict()
        for name in theirs:
            assert torch.allclose(ours[name], theirs[name], rtol=1e-3, atol=2e-5), (list(OBJECTIVES)[i], name)


def test_a_transfer_set_with_few_labels_is_learned_alike(recipe, digits):
    y = digits.train.y.clone()
    y[40:] = -1  # some batches hold no label at all
    data = replace(digits, train=kd.data.Examples(digits.train.x, y))
    recipe = replace(recipe, batch_size=6)
    kinds = [OBJECTIVES[name] for name in ("soft and hard", "smoothed", "labels alone")]
    stack = Stack([kd.Distillation.from_recipe(replace(recipe, objective=o), data=data) for o in kinds])
    apart = [kd.Distillation.from_recipe(replace(recipe, objective=o), data=data) for o in kinds]
    for _ in range(60):
        together = stack.step()
        losses = [run.step().loss.item() for run in apart]
        assert together.tolist() == pytest.approx(losses, rel=1e-4, abs=1e-6)


def test_outcomes_are_those_of_separate_runs(recipe, parts, sign):
    recipe = replace(recipe, epochs=4)
    jobs = made([replace(recipe, objective=o) for o in OBJECTIVES.values()], parts)
    jobs.append(make_job(twin_recipe(recipe), "twin", parts))
    together = do_together(jobs, parts, sign)
    assert [outcome["stacked"] for outcome in together] == [10] * 10
    for job, outcome in zip(jobs, together, strict=True):
        alone = do(job, parts, sign)
        assert outcome["key"] == alone["key"] and outcome["moments"].keys() == alone["moments"].keys()
        for moment, found in alone["moments"].items():
            ours = outcome["moments"][moment]
            assert ours["step"] == found["step"] and ours["test"]["errors"] == found["test"]["errors"]
            assert ours["test"]["nll"] == pytest.approx(found["test"]["nll"], rel=1e-3)
            assert ours["test"]["teacher_errors"] == found["test"]["teacher_errors"]
        assert (outcome["parameters"], outcome["macs"]) == (alone["parameters"], alone["macs"])


def test_each_run_keeps_its_own_best_epoch(recipe, parts, sign):
    wild = replace(recipe, learning_rate=0.1, epochs=6).with_seed(1)
    jobs = made([replace(wild, objective=OBJECTIVES[name]) for name in ("soft and hard", "labels alone")], parts)
    for job, outcome in zip(jobs, do_together(jobs, parts, sign), strict=True):
        alone = do(job, parts, sign)
        assert outcome["moments"]["best"]["step"] == alone["moments"]["best"]["step"]
        assert outcome["moments"]["best"]["test"]["errors"] == alone["moments"]["best"]["test"]["errors"]
        assert outcome["moments"]["last"]["test"]["errors"] == alone["moments"]["last"]["test"]["errors"]


def test_a_run_that_diverges_says_what_the_engine_says_and_leaves_the_others_alone(recipe, parts, sign):
    huge = replace(recipe, objective=1e38 * kd.HardLabels() + 1e38 * kd.SoftTargets(20))
    jobs = made([recipe, huge], parts)
    good, bad = sorted(do_together(jobs, parts, sign), key=lambda o: o["state"] == "failed")
    assert bad == do(jobs[1], parts, sign) and bad["state"] == "failed" and "the loss became" in bad["sentence"]
    assert good["stacked"] == 2
    assert good["moments"]["last"]["test"]["errors"] == do(jobs[0], parts, sign)["moments"]["last"]["test"]["errors"]


def test_a_run_that_cannot_begin_leaves_the_others_alone(recipe, digits, parts, sign):
    unnamed = replace(recipe, teacher=None)
    seven = kd.models.mlp((8,), classes=7).eval()
    jobs = made([unnamed, replace(unnamed, objective=1.0 * kd.HardLabels())], Parts(teacher=seven, data=digits))
    jobs.append(make_job(twin_recipe(unnamed), "twin", parts))
    outcomes = {o["key"]: o for o in do_together(jobs, Parts(teacher=seven, data=digits), sign)}
    assert [outcomes[job.key]["state"] for job in jobs] == ["failed", "failed", "finished"]


def test_a_sign_stops_a_stack(recipe, parts, sign, tmp_path):
    Address(str(tmp_path / "stop")).put_up()
    with pytest.raises(kd.distill.Cancelled):
        do_together(made([recipe, replace(recipe, objective=OBJECTIVES["hot"])], parts), parts, sign)


def test_only_runs_that_differ_in_the_objective_alone_are_stacked(recipe, parts):
    together = [replace(recipe, objective=o) for o in OBJECTIVES.values()]
    alone = [
        replace(recipe, objective=recipe.objective + 0.1 * kd.LogitMSE()),
        replace(recipe, objective=1.0 * kd.SoftTargets(4) + 0.5 * kd.SoftTargets(1)),
        replace(recipe, optimizer="sgd"),
        replace(recipe, augment="shift"),
        replace(recipe, edits=({"step": 3, "name": "temperature", "value": 2.0},)),
        replace(recipe, student={"name": "mlp", "hidden": [16], "dropout": 0.2}),
        replace(recipe, student={"name": "convnet", "width": 4}),
    ]
    others = [replace(recipe, learning_rate=1e-2), replace(recipe, epochs=3), recipe.with_seed(1)]
    jobs = made([*together, *alone, *others], parts)
    twin = make_job(twin_recipe(recipe), "twin", parts)
    cut = units([*jobs, twin], workers=1, most_weights=math.inf)
    assert {job.key for job in cut[0]} == {job.key for job in [*jobs[: len(together)], twin]}
    assert [len(unit) for unit in cut[1:]] == [1] * (len(alone) + len(others))
    assert sum(len(unit) for unit in cut) == len(jobs) + 1
    assert all(len(unit) == 1 for unit in units(jobs, workers=1, most_weights=0))


def test_stacks_are_cut_for_the_workers_and_large_students_left_alone(recipe, parts):
    grid = [replace(recipe, objective=kd.hinton(0.9, T)) for T in range(1, 41)]
    sizes = [len(unit) for unit in units(made(grid, parts), workers=1, most_weights=math.inf)]
    assert sum(sizes) == 40 and max(sizes) == stacked.MOST
    sizes = [len(unit) for unit in units(made(grid, parts), workers=4, most_weights=math.inf)]
    assert sizes == [10, 10, 10, 10]
    large = [replace(r, student={"name": "mlp", "hidden": [800]}) for r in grid]
    assert {len(unit) for unit in units(made(large, parts), workers=1, most_weights=stacked.WORTH_IT)} == {1}
