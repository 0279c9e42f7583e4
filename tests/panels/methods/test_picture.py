"""The picture of a method: its own pairs of layers, and how many are left out."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.distill.methods import METHODS, method
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.methods.picture import picture
from kdviz.panels.methods.trial import Trial

from .small_models import convnets, names


def transformers():
    shared = {"heads": 2, "patch": 4, "size": 8, "classes": 3}
    return [kd.models.vit(width=w, depth=d, seed=d, **shared).eval() for w, d in ((16, 4), (8, 2))]


@pytest.mark.filterwarnings("ignore:the teacher.s classes are in another order:UserWarning")  # untrained ones can be
@pytest.mark.parametrize("models", [convnets, transformers], ids=["maps", "tokens"])
def test_every_method_that_fits_has_a_picture_of_its_own_pairs_and_a_formula_without_latex(
    models, pictures, methods_page
):
    teacher, student = models()
    trial = Trial.own(teacher, student, pictures)
    drawn = 0
    for chosen in METHODS.values():
        if not chosen.fits(trial.layer_pairs):
            continue
        run = trial.distillation(MethodChoices(method=chosen.name).objective(trial.layer_pairs))
        told = picture(run, chosen, trial.layer_pairs)
        term = run.objective.terms[-1 if chosen.family not in ("labels", "response") else 0]
        wanted = [tuple(name.removesuffix(":scores") for name in pair) for pair in getattr(term, "pairs", ())]
        wanted = wanted or [("logits", "logits")] * (chosen.family != "labels")
        ends = [
            (told["student"][at["student"]]["name"], told["teacher"][at["teacher"]]["name"]) for at in told["links"]
        ]
        assert ends == wanted, chosen.name
        assert (told["symbol"] != "") == bool(ends)
        boxes = [*told["student"], *told["teacher"]]
        assert sum(box["compared"] for box in boxes) == len({s for s, _ in ends}) + len({t for _, t in ends})
        drawn += 1
    assert drawn >= 23


def test_a_model_of_many_blocks_leaves_layers_out_and_says_how_many(pictures):
    shared = {"heads": 2, "patch": 4, "size": 8, "classes": 3, "width": 8}
    teacher, student = kd.models.vit(depth=16, seed=1, **shared).eval(), kd.models.vit(depth=1, seed=2, **shared)
    trial = Trial.own(teacher, student, pictures)
    run = trial.distillation(MethodChoices(method="hidden_states").objective(trial.layer_pairs))
    column = picture(run, method("hidden_states"), trial.layer_pairs)["teacher"]
    left_out = sum(box.get("more", 0) for box in column)
    assert left_out > 0 and len(column) <= 12 and names([b for b in column if "name" in b])[-1] == "logits"
    assert any(box.get("name") == "block16" and box["compared"] for box in column)


@pytest.mark.filterwarnings("ignore:the teacher:UserWarning")  # it has learned nothing
def test_a_layer_and_one_within_it_have_a_box_each(pictures):
    trial = Trial.own(*transformers(), pictures)
    layers = "block1.attention:block2,block1:block2,block2:block1.attention"
    choices = MethodChoices(method="hint", layers=layers)
    run = trial.distillation(choices.objective(trial.layer_pairs))
    shown = picture(run, choices.chosen, trial.layer_pairs)
    ends = [(one["student"], one["teacher"]) for one in shown["links"]]
    named = [(shown["student"][s]["name"], shown["teacher"][u]["name"]) for s, u in ends]
    assert named == [("block1.attention", "block2"), ("block1", "block2"), ("block2", "block1.attention")]
    own = [box["name"] for box in shown["student"] if "name" in box]
    assert own.index("block1.attention") + 1 == own.index("block1"), "first what is within"
