"""Two methods in one objective, and links between layers: numbers, formula, edits, without a page."""

from __future__ import annotations

from dataclasses import replace

import pytest

import kdviz as kd
from kdviz.distill.methods import METHODS, method
from kdviz.measure.gradients import term_gradients
from kdviz.panels.live.link import said
from kdviz.panels.methods.choices import LINK, MethodChoices
from kdviz.panels.methods.formula import formulas, latex
from kdviz.panels.methods.hybrid import own_place, read_layers, second_place, seconds
from kdviz.panels.methods.trial import Trial

from .small_models import convnets


@pytest.fixture(scope="module")
def trial(pictures):
    return Trial.own(*convnets(), pictures)


def test_every_two_methods_that_fit_make_one_objective_with_both_terms(trial):
    """Of each family one, beside every other method."""
    for first in ("soft_targets", "hint", "relational_distance", "adversarial"):
        for second in seconds(method(first)):
            added = method(second)
            if not added.fits(trial.layer_pairs):
                continue
            choices = MethodChoices(method=first, second=second)
            weight = choices.shown_second_weight
            made = choices.objective(trial.layer_pairs)
            own, other = own_place(choices.chosen, added), second_place(choices.chosen, added)
            assert type(made.terms[own]) is type(choices.chosen.term(trial.layer_pairs)), (first, second)
            assert made.terms[other] == added.term(trial.layer_pairs), (first, second)
            assert made.weighted[other][0] == weight and len(made.weighted) == 3
            edited = made.edited(**choices.edit(made, "second_weight", 0.25))
            assert edited.weighted[other][0] == 0.25 and edited.weighted[own] == made.weighted[own]
            for name in ("weight", "second_weight"):
                assert set(choices.edit(made, name, 0.5)) <= set(made.editable), (first, second)
            for name, term in (("temperature", made.terms[own]), ("second_temperature", made.terms[other])):
                heated = replace(choices, **{name: 0.5}).objective(trial.layer_pairs)
                assert bool(choices.edit(made, name, 0.5)) == hasattr(term, "temperature"), (first, second)
                assert heated == made.edited(**choices.edit(made, name, 0.5))


@pytest.mark.parametrize(
    ("first", "second", "written", "formula"),
    [
        ("hint", "soft_targets", "0.9 * SoftTargets", r"\alpha\,T^2\,\mathrm{KL}"),
        ("hint", "cosine", "1 * HardLabels", r" + \mu\,\big(1 - \cos"),
        ("soft_targets", "hint", "0.9 * SoftTargets", r" + \lambda\,\big\|r(F_s)"),
        ("soft_targets", "decoupled", "0.9 * SoftTargets", r" + \lambda\,{T_2}^2"),
    ],
)
def test_alpha_belongs_to_the_soft_term_and_the_formula_says_so(trial, first, second, written, formula):
    choices = MethodChoices(method=first, second=second)
    assert repr(choices.objective(trial.layer_pairs)).startswith(written)
    assert formula in latex(choices.chosen, choices.added)[0]
    assert formulas(choices.chosen, choices.added)[1].startswith('<math class="kd-formula-more"'), (
        "on a line of its own"
    )


def test_a_hybrid_is_the_objective_that_one_would_write_by_hand(trial):
    made = MethodChoices(method="hint", second="soft_targets", weight=3.0, second_weight=0.7)
    student, teacher = made.chosen.term(trial.layer_pairs).pairs[0]
    by_hand = 0.7 * kd.SoftTargets(4) + (1 - 0.7) * kd.HardLabels() + 3.0 * kd.Hint(student, teacher)
    assert made.objective(trial.layer_pairs) == by_hand


def test_each_of_two_methods_has_a_temperature_of_its_own(trial):
    made = MethodChoices(method="soft_targets", second="reverse_kl", temperature=2.0, second_temperature=8.0)
    by_hand = 0.9 * kd.SoftTargets(2) + (1 - 0.9) * kd.HardLabels() + 1.0 * kd.ReverseKL(8)
    objective = made.objective(trial.layer_pairs)
    assert objective == by_hand
    assert made.edit(objective, "second_temperature", 3.0) == {"soft_2_temperature": 3.0}
    whole = latex(made.chosen, made.added)[0]
    assert r"\sigma_T(s)" in whole and r"{T_2}^2\,\mathrm{KL}\big(\sigma_{T_2}(s)" in whole
    drawn = "".join(formulas(made.chosen, made.added))
    assert drawn.count("<mn>2</mn>") > formulas(made.chosen)[0].count("<mn>2</mn>") and "\\" not in drawn
    alone = latex(method("hint"), method("soft_targets"))[0]
    assert "T_2" not in alone, "one temperature needs no number"


@pytest.mark.filterwarnings("ignore:the teacher is no better")  # it has learned nothing
def test_a_temperature_that_can_be_moved_changes_the_term(pictures):
    teacher, student = (kd.models.vit(8, 1, 2, patch=4, size=8, classes=3, seed=n, distilled=n > 1) for n in (1, 2))
    trial, moved = Trial.own(teacher.eval(), student, pictures), []
    for name in METHODS:
        if not METHODS[name].fits(trial.layer_pairs):
            continue
        choices = MethodChoices(method=name)
        made, place = choices.objective(trial.layer_pairs), own_place(choices.chosen)
        if not choices.edit(made, "temperature", 1.0):
            continue
        run, values = trial.distillation(made), []
        for value in (1.0, 5.0):
            run.edit(**choices.edit(made, "temperature", value))
            values.append(term_gradients(run).values[place])
        assert values[0] != values[1], name
        moved.append(name)
    assert {"soft_targets", "distillation_token_soft"} <= set(moved)
    assert "distillation_token" not in moved, "a first choice has no temperature"


def test_links_between_layers_are_taken_as_they_are_written(trial):
    made = MethodChoices(method="attention_transfer", layers="relu2:relu4,relu4:relu2").objective(trial.layer_pairs)
    assert made.terms[1].pairs == (("relu2", "relu4"), ("relu4", "relu2"))
    with pytest.raises(ValueError, match="Soft targets \\(Hinton\\) compares no layers that could be chosen"):
        MethodChoices(method="soft_targets", layers="relu2:relu4").objective(trial.layer_pairs)
    for wrong in ("relu2", "relu2:", "a:b,a:b", "<b>:c", ",".join(f"a{i}:b" for i in range(20))):
        with pytest.raises(ValueError, match="pairs of layers as relu2:relu4"):
            read_layers(wrong)


def test_a_link_says_the_second_method_and_the_layers_and_is_read_again():
    choices = MethodChoices(method="hint", second="correlation", second_weight=0.5, layers="relu4:relu5")
    query = LINK.written(said(choices, MethodChoices(), ()))
    assert query == "?second=correlation&second_weight=0.5&layers=relu4:relu5"
    found = LINK.follow(query.replace("correlation", "DIST"))
    assert not found.left_out and MethodChoices(**{k: v for k, v in found.state.items() if k != "hidden"}) == choices
    found = LINK.follow("?second=hint&layers=relu4&seed=3")
    assert set(found.left_out) == {"second", "layers"} and found.state["seed"] == 3
    for name, link in (("second_weight", "second_weight"), ("second_temperature", "second_T")):
        with pytest.raises(ValueError, match=f"{name} is a second method's, and none is chosen"):
            MethodChoices(**{name: 1.0})
        found = LINK.follow(f"?{link}=2&seed=3")
        assert set(found.left_out) == {link} and found.state["seed"] == 3
    found = LINK.follow("?method=dkd&second=kd&T=2&second_T=8")
    assert (found.state["temperature"], found.state["second_temperature"]) == (2, 8) and not found.left_out
    with pytest.raises(ValueError, match="second_weight must lie in"):
        MethodChoices(second="soft_targets", second_weight=1.5)
    with pytest.raises(ValueError, match="second must be one of"):
        MethodChoices(method="label_smoothing", second="hint")
