"""What a method's links can join: each pair of layers is tried, and what does not fit is said."""

from __future__ import annotations

import pytest
import torch

from kdviz.distill.methods import METHODS
from kdviz.distill.terms import Layered
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.methods.fits import fits, refused
from kdviz.panels.methods.trial import Trial

from .small_models import convnets

LAYERS = ["relu2", "relu4", "relu5", "flatten", "logits"]


@pytest.fixture(scope="module")
def trial(pictures):
    return Trial.own(*convnets(), pictures)


def layered(trial):
    terms = {m.name: m.make(trial.layer_pairs) for m in METHODS.values()}
    return {name: term for name, term in terms.items() if isinstance(term, Layered)}


def test_whatever_fits_takes_a_step_and_whatever_does_not_is_refused_by_the_engine(trial):
    """Sampled: for each method one pair of either kind, where there is one."""
    seen = {}
    for name, term in layered(trial).items():
        before = torch.get_rng_state()
        found = fits(trial.student, trial.teacher.module, trial.data, term, LAYERS, LAYERS)
        assert torch.equal(before, torch.get_rng_state()), "trying draws nothing from the reader's generator"
        assert len(found) == 25 and any(one.fits for one in found), name
        seen[name] = sum(one.fits for one in found)
        for wanted in (True, False):
            one = next((f for f in found if f.fits is wanted and f.student != f.teacher), None)
            if one is None:
                continue
            if term.fewest > 1:
                continue
            objective = MethodChoices(method=name, layers=f"{one.student}:{one.teacher}").objective(trial.layer_pairs)
            if wanted:
                run = trial.distillation(objective)
                run.step()
                assert one.bridge == "" or len(run.auxiliary), name
                continue
            with pytest.raises((ValueError, RuntimeError, IndexError)):
                trial.distillation(objective).step()
            assert one.why and one.says(METHODS[name].title).endswith("."), name
    assert seen["hint"] == 25 and seen["attention_transfer"] == 9, "a vector has no places"


def test_the_sentence_names_shapes_and_what_is_learned_between(trial):
    term = layered(trial)["hint"]
    (one,) = fits(trial.student, trial.teacher.module, trial.data, term, ["relu2"], ["relu4"])
    assert one.says("Hints") == (
        "The teacher’s relu4 (12×4×4) and the student’s relu2 (4×8×8) can be compared through a 1×1 convolution, "
        "learned with the student."
    )
    (same,) = fits(trial.student, trial.teacher.module, trial.data, term, ["logits"], ["logits"])
    assert same.says("Hints").endswith("can be compared as they are.")
    at = layered(trial)["attention_transfer"]
    (no,) = fits(trial.student, trial.teacher.module, trial.data, at, ["flatten"], ["relu4"])
    assert no.says("AT").startswith("AT cannot compare the teacher’s relu4 (12×4×4) with the student’s flatten (16)")


def test_unknown_layers_and_too_few_links_are_named(trial):
    models = trial.student, trial.teacher.module, trial.data
    assert refused(*models, layered(trial)["hint"], [("relu9", "relu2")]) == "the student has no layer relu9"
    assert refused(*models, layered(trial)["hint"], [("relu2", "relu4")]) == ""
    assert "2 links are needed" in refused(*models, layered(trial)["solution_flow"], [("relu2", "relu4")])
