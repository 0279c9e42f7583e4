"""A penalty on unequal treatment beside soft targets: what it does on Adult, and that a run with it is a run."""

from __future__ import annotations

import json
from dataclasses import replace

import fairlearn.metrics
import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill import Objective
from kdviz.distill.grouping import grouping
from kdviz.distill.terms import Outputs
from kdviz.models import inference

from ..conftest import same_weights

TAUGHT = 0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels()


STEPS = 300


PUBLIC = {name: getattr(kd, name) for name in kd.__all__}


@pytest.fixture(scope="module")
def adult():
    return kd.data.adult()


@pytest.fixture(scope="module")
def census_teacher():
    return kd.models.pretrained("adult-mlp")


@pytest.fixture(scope="module")
def begin(adult, census_teacher):
    """Begin a run on Adult: a small student, large batches."""

    def begin(objective=TAUGHT, **more) -> kd.Distillation:
        arguments = {"batch_size": 256, "learning_rate": 3e-3, "epochs": 3, "snapshot_every": 100} | more
        student = kd.models.mlp((16,), inputs=91, classes=2, seed=0)
        return kd.Distillation(census_teacher, student, arguments.pop("data", adult), objective, **arguments)

    return begin


def taught(run: kd.Distillation, steps: int = STEPS) -> kd.Distillation:
    while run.steps_done < steps:
        run.step()
    return run


@pytest.fixture(scope="module")
def plain(begin):
    torch.set_num_threads(1)
    return taught(begin())


def apart(run: kd.Distillation, measure: str, column: str = "sex") -> float:
    part = run.data.validation
    says = inference.logits(run.student, part).argmax(1).numpy()
    return getattr(fairlearn.metrics, measure)(part.y.numpy(), says, sensitive_features=part.groups[column])


# What it does.


@pytest.mark.parametrize("term", [kd.DemographicParity, kd.EqualizedOdds])
def test_with_weight_zero_the_run_is_the_run_without_it_bit_for_bit(begin, plain, term):
    run = taught(begin(TAUGHT + 0.0 * term("sex")))
    assert same_weights(run.student, plain.student)
    for column in ("loss", "soft", "hard"):
        assert run.history.column(column).tolist() == plain.history.column(column).tolist()
    assert (run.history.column("fairness") > 0).any() and set(run.history.column("weight_fairness")) == {0.0}


@pytest.mark.parametrize(("term", "weight", "measure"), [
    (kd.DemographicParity, 10.0, "demographic_parity_difference"),
    (kd.EqualizedOdds, 20.0, "equalized_odds_difference"),
])  # fmt: skip
def test_a_weight_brings_the_groups_together_at_a_small_cost(begin, plain, term, weight, measure):
    run = taught(begin(TAUGHT + weight * term("sex")))
    before, after = apart(plain, measure), apart(run, measure)
    assert before > 0.12 and after < 0.6 * before
    cost = plain.evaluate().accuracy - run.evaluate().accuracy
    assert -0.01 < cost < 0.03
    assert run.history.column("fairness")[-50:].mean() < plain_value(begin, term) / 2


def plain_value(begin, term) -> float:
    """Return the penalty's value where it weighs nothing."""
    return taught(begin(TAUGHT + 0.0 * term("sex"))).history.column("fairness")[-50:].mean()


def test_the_history_holds_the_penalty_of_each_step(begin, adult):
    run = begin(TAUGHT + 2.0 * kd.DemographicParity("race"))
    batch, before = run._batches[0], run.at(0)
    step = run.step()
    race = grouping(adult.train, "race")
    assert race.names == ("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White")
    by_hand = kd.losses.demographic_parity(before(batch.inputs), batch.groups)
    assert step.terms["fairness"].item() == pytest.approx(by_hand.item(), rel=1e-5)
    row = run.history.frame().iloc[0]
    assert row.loss == pytest.approx(0.9 * row.soft + 0.1 * row.hard + 2 * row.fairness, rel=1e-5)
    assert run.history.columns == (
        "loss", "soft", "hard", "fairness",
        "weight_soft", "weight_hard", "weight_fairness", "temperature", "learning_rate",
    )  # fmt: skip


def test_each_example_comes_with_its_own_group(begin, adult):
    marked = replace(adult.train, x=torch.arange(len(adult.train), dtype=torch.float32)[:, None].expand(-1, 91))
    run = begin(TAUGHT + kd.DemographicParity("sex"), data=replace(adult, train=marked), allow_weaker_teacher=True)
    for step in (0, 1, run.steps_per_epoch):
        batch = run._batches[step]
        sex = adult.train.groups["sex"][batch.inputs[:, 0].long().numpy()]
        assert batch.groups.tolist() == (sex == "Male").astype(int).tolist()


def test_without_a_penalty_no_group_is_looked_at(begin, adult):
    broken = replace(adult.train, groups={"sex": np.full(len(adult.train), None)})
    run = begin(data=replace(adult, train=broken))
    assert run._batches[0].groups is None and run.plan.grouping is None


# Edits, branches, twins, files.


def test_its_weight_is_edited_branched_saved_and_told_as_alpha_is(begin, census_teacher, tmp_path):
    run = begin(TAUGHT + 0 * kd.DemographicParity("sex"))
    assert run.editable == ("temperature", "alpha", "fairness", "learning_rate")
    taught(run, 10).edit(fairness=3, alpha=0.5)
    taught(run, 20).edit(temperature=2.0)
    taught(run, 30)
    assert run.history.column("weight_fairness").tolist() == [0.0] * 10 + [3.0] * 20
    assert run.history.column("weight_soft").tolist() == [0.9] * 10 + [0.5] * 20
    assert run.objective == 0.5 * kd.SoftTargets(2) + 0.5 * kd.HardLabels() + 3.0 * kd.DemographicParity("sex")
    assert taught(run.branch(5), 30).history.rows.tobytes() == run.history.rows.tobytes()
    other = taught(run.branch(15, fairness=0.0), 30)
    assert other.history.column("weight_fairness").tolist() == [0.0] * 10 + [3.0] * 5 + [0.0] * 15
    assert not same_weights(other.student, run.student)
    again = kd.Distillation.load(run.save(tmp_path))
    assert again.history.edits == run.history.edits and again.objective == run.objective
    assert same_weights(taught(again, 40).student, taught(run, 40).student)


def test_its_weight_may_follow_a_schedule(begin):
    run = begin(TAUGHT + kd.schedules.Linear(0, 10) * kd.DemographicParity("sex"))
    taught(run, 2).edit(fairness=kd.schedules.Cosine(4, 0))
    weights = taught(run, 3).history.column("weight_fairness")
    assert weights[0] == 0 and 0 < weights[1] < 1 and weights[2] == pytest.approx(4, abs=0.01)


def test_a_recipe_with_it_survives_json_and_its_text_runs_as_code(begin):
    run = taught(begin(TAUGHT + 2.0 * kd.EqualizedOdds("race")), 5)
    run.edit(fairness=1.5)
    taught(run, 8)
    recipe = kd.Recipe.from_json(run.recipe.to_json())
    assert recipe == run.recipe and eval(repr(recipe), PUBLIC) == recipe
    assert taught(kd.Distillation.from_recipe(recipe), 8).history.rows.tobytes() == run.history.rows.tobytes()


def test_the_twin_keeps_the_penalty_and_the_edits_of_its_weight(begin):
    run = taught(begin(TAUGHT + 2.0 * kd.DemographicParity("sex")), 5)
    run.edit(fairness=4.0, temperature=8.0)
    taught(run, 8)
    for smoothing, term in ((0.0, kd.HardLabels()), (0.1, kd.LabelSmoothing(0.1))):
        twin = taught(run.twin(smoothing), 8)
        assert twin.settings.objective == 1.0 * term + 2.0 * kd.DemographicParity("sex")
        assert twin.teacher is None
        assert twin.editable == ("fairness", *(("smoothing",) if smoothing else ()), "learning_rate")
        assert twin.history.column("weight_fairness").tolist() == [2.0] * 5 + [4.0] * 3


def test_data_with_other_groups_are_refused_when_a_run_is_loaded(begin, adult, census_teacher, tmp_path):
    begin(TAUGHT + kd.DemographicParity("sex")).save(tmp_path)
    swapped = replace(adult.train, groups={"sex": adult.train.groups["sex"][::-1]})
    with pytest.raises(ValueError, match=r"not those the run learned from \(the groups differ\)"):
        kd.Distillation.load(tmp_path, data=replace(adult, train=swapped))
    assert kd.Distillation.load(tmp_path, data=adult).steps_done == 0


# The algebra.


@pytest.mark.parametrize("term", [kd.DemographicParity, kd.EqualizedOdds])
def test_alpha_and_temperature_go_on_working_beside_it(term):
    objective = kd.hinton(0.75, 3) + 2.0 * term("sex")
    assert (objective.alpha, objective.temperature, objective.fairness) == (0.75, 3.0, 2.0)
    assert objective.group_column == "sex" and TAUGHT.group_column is None and TAUGHT.fairness is None
    assert objective.edited(alpha=0.25, temperature=7) == kd.hinton(0.25, 7) + 2.0 * term("sex")
    assert objective.edited(fairness=0.5) == kd.hinton(0.75, 3) + 0.5 * term("sex")
    assert (kd.SoftTargets() + term("sex")).alpha == 1.0 and (2.0 * term("sex")).alpha is None
    again = Objective.from_dict(json.loads(json.dumps(objective.to_dict())))
    assert again == objective and type(again.terms[2]) is term
    assert eval(repr(objective), PUBLIC) == objective


def test_each_term_is_its_loss():
    s, y, groups = torch.randn(6, 3), torch.tensor([0, 2, 2, -1, 0, 1]), torch.tensor([0, 1, 0, 1, -1, 1])
    outputs = Outputs(s, None, y, 5, groups, 2)
    assert kd.DemographicParity("sex", positive=2).value(outputs, {}) == kd.losses.demographic_parity(
        s, groups, positive=2
    )
    assert kd.EqualizedOdds("sex", positive=2).value(outputs, {}) == kd.losses.equalized_odds(s, y, groups, positive=2)


def test_a_term_of_ones_own_may_ask_for_groups(begin):
    class FirstGroup(kd.distill.Term):
        name = "first"
        group_column = "sex"

        def value(self, outputs, hyper):
            return outputs.student[outputs.groups == 0].mean()

    run = taught(begin(TAUGHT + 0.1 * FirstGroup()), 2)
    assert np.isfinite(run.history.column("first")).all()


# What cannot be, in one sentence.


@pytest.mark.parametrize(("term", "says"), [
    (kd.DemographicParity("gender"), "the group column 'gender' and the training part of Adult has 'sex', 'race', 'ag"),
    (kd.EqualizedOdds("age"), "at most 50 groups, got 73 different values; cut them into bands, kd.measure.groups.ba"),
    (kd.DemographicParity("sex", positive=2), "positive must be one of the 2 classes of Adult, by index from 0, go"),
])  # fmt: skip
def test_a_penalty_that_the_data_cannot_serve_is_refused_at_the_start(begin, term, says):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        begin(TAUGHT + term)
    assert says in str(caught.value)


def test_bands_make_a_column_of_numbers_fit(begin, adult):
    bands = kd.measure.groups.bands(adult.train.groups["age"], count=3)
    train = replace(adult.train, groups={**adult.train.groups, "age band": bands})
    run = taught(begin(TAUGHT + kd.DemographicParity("age band"), data=replace(adult, train=train)), 2)
    assert len(run.plan.grouping.names) == 3


def test_odds_without_labels_and_a_penalty_alone_are_refused(begin, adult):
    silent = adult.with_labels(0, keep_unlabelled=True)
    with pytest.raises(ValueError, match=r"no training example has a label; use kd\.DemographicParity"):
        begin(kd.SoftTargets() + kd.EqualizedOdds("sex"), data=silent)
    assert taught(begin(kd.SoftTargets() + kd.DemographicParity("sex"), data=silent), 2).steps_done == 2
    with pytest.raises(ValueError, match="is only a penalty and teaches nothing"):
        begin(2.0 * kd.DemographicParity("sex"))


def test_numbers_and_names_that_cannot_be_are_named(begin):
    with pytest.raises(TypeError, match=r'group must name a column of Examples\.groups, such as "sex", got 3'):
        kd.DemographicParity(3)
    for positive in (-1, 1.5, True):
        with pytest.raises(ValueError, match="positive must be the index of a class"):
            kd.EqualizedOdds("sex", positive)
    with pytest.raises(ValueError, match="weight of the fairness term must be a finite number >= 0, got -1"):
        -1 * kd.DemographicParity("sex")
    with pytest.raises(ValueError, match="an objective can hold one penalty on unequal treatment"):
        kd.DemographicParity("sex") + kd.EqualizedOdds("sex")
    run = begin(TAUGHT + kd.DemographicParity("sex"))
    for weight in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="fairness must be a finite number >= 0"):
            run.edit(fairness=weight)
    with pytest.raises(ValueError, match="edit takes temperature, alpha, learning_rate, got 'fairness'"):
        begin().edit(fairness=1.0)
    with pytest.raises(ValueError, match=r"this objective has none; add 0 \* kd\.DemographicParity"):
        TAUGHT.edited(fairness=1.0)
    assert run.history.edits == []
