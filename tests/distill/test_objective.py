"""Terms and their algebra: every soft term can be weighed, edited, written down and read back like soft targets."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

import kdviz as kd
from kdviz.distill import terms

from .conftest import same_weights


def test_two_terms_of_one_name_are_told_apart_and_alpha_balances_no_third(make):
    objective = 0.5 * kd.SoftTargets(4) + 0.2 * kd.ReverseKL(2) + 0.3 * kd.HardLabels()
    assert objective.names == ("soft", "soft_2", "hard") and objective.alpha is None
    run = make(objective=objective)
    assert "alpha" not in run.editable and {"temperature", "soft_2_temperature", "weight_soft_2"} <= set(run.editable)
    run.edit(soft_2_temperature=3.0, weight_soft_2=0.4)
    assert run.objective == 0.5 * kd.SoftTargets(4) + 0.4 * kd.ReverseKL(3) + 0.3 * kd.HardLabels()
    assert run.objective.edited(temperature=1.0).terms[0] == kd.SoftTargets(1)


def test_a_term_of_ones_own_is_refused_by_name():
    class Mine(kd.SoftTargets):
        pass

    with pytest.raises(ValueError, match=r"the term Mine is your own, and only SoftTargets, .* can be saved"):
        kd.hinton(term=Mine).to_dict()


@pytest.mark.parametrize("term", [kd.ReverseKL, kd.SoftTargetsWithoutT2])
def test_a_run_with_another_soft_term_is_edited_branched_saved_and_told_as_any_other(
    make, teacher, clouds, term, tmp_path
):
    run = make(objective=kd.hinton(0.9, 2.0, term))
    assert run.editable == ("temperature", "alpha", "learning_rate")
    for _ in range(10):
        run.step()
    run.edit(temperature=5.0, alpha=0.5)
    run.train(progress=False)
    assert run.history.columns == (
        "loss", "soft", "hard", "weight_soft", "weight_hard", "temperature", "learning_rate",
    )  # fmt: skip
    assert run.history.column("temperature").tolist() == [2.0] * 10 + [5.0] * 58
    assert type(run.objective.terms[0]) is term
    branch = run.branch(5).train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    again = kd.Distillation.load(run.save(tmp_path), teacher=teacher, data=clouds)
    assert again.objective == run.objective and same_weights(again.student, run.student)
    assert kd.Recipe.from_json(run.recipe.to_json()) == run.recipe
    usual = make(objective=kd.hinton(0.9, 2.0)).train(progress=False)
    assert not same_weights(usual.student, run.student)


def test_every_term_can_be_written_down_and_read_again():
    examples = {
        "DemographicParity": kd.DemographicParity("sex"),
        "EqualizedOdds": kd.EqualizedOdds("sex"),
        "SolutionFlow": kd.SolutionFlow(("a", "b")),
        "SelfDistillation": kd.SelfDistillation(("a",), "b"),
    }
    for name, kind in terms.TERMS.items():
        needed = {f.name: "layer" for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
        term = examples.get(name) or kind(**needed)
        objective = 2.0 * term + kd.HardLabels() if name != "HardLabels" else 2.0 * term
        assert kd.Objective.from_dict(objective.to_dict()) == objective, name
        assert getattr(kd, name) is kind and name in kd.__all__
