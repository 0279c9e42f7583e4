"""What the page does with a second method, links between layers, and models that do not allow them."""

from __future__ import annotations

import pytest

from kdviz.panels import Methods
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.methods.shown import settled
from kdviz.panels.methods.trial import Trial

from .small_models import QUICK, convnets


def test_the_list_knows_acronyms_and_what_is_elsewhere(methods_page):
    rows = {row["title"]: row for row in methods_page(**QUICK).methods.methods}
    assert rows["Attention transfer"]["acronyms"] == "AT" and "Hinton" in rows["Soft targets (Hinton)"]["words"]
    mgd = rows["Masked generative distillation"]
    assert (mgd["family"], mgd["name"], mgd["acronyms"]) == ("elsewhere", "", "MGD") and "Hints" in mgd["reason"]


def test_a_second_term_is_added_weighed_and_taken_away(methods_page):
    panel = methods_page(method="hint", **QUICK)
    assert "soft_targets" in [row["name"] for row in panel.picture.seconds]
    panel.picture.second = "soft_targets"
    assert panel.wait()
    assert panel.picture.title == "Hints (FitNets) + Soft targets (Hinton)" and panel.picture.second_symbol == "α"
    panel.picture.second_weight = 0.5
    assert panel.wait()
    assert "alpha = 0.5\nobjective = alpha * kd.SoftTargets(" in panel.picture.code
    assert [link["second"] for link in panel.picture.drawing["links"]] == [False, True]
    assert panel.share.query == "?pair=mnist-mlp-1200&epochs=1&second=soft_targets&second_weight=0.5"
    panel.command("step")
    assert panel.wait("paused")
    panel.picture.second_weight = 0.25
    assert panel.wait("paused")
    assert [(e.name, e.value) for e in panel.runs["student"].history.edits] == [("alpha", 0.25)]
    with pytest.raises(ValueError, match="A run is under way"):
        panel.choose(second="")
    again = Methods.from_state(panel.state)
    assert again.state == panel.state and again.picture.title == panel.picture.title
    again.close()
    old = {k: v for k, v in panel.state.items() if k not in ("second", "second_weight", "layers")}
    Methods.from_state(old).close()


def test_a_drawn_link_changes_what_is_compared_and_the_code(methods_page):
    panel = methods_page(method="hint", **QUICK)
    fits = {(one["student"], one["teacher"]): one["fits"] for one in panel.picture.drawing["choices"]}
    assert fits and all(fits.values()), "a linear map bridges any two layers of perceptrons"
    panel.picture.layers = "relu2:relu1"
    assert panel.wait()
    assert 'kd.Hint(student=("relu2",)' in panel.picture.code.replace("'", '"')
    assert panel.share.query.endswith("&layers=relu2:relu1")
    panel.picture.layers = "relu9:relu1"
    assert panel.wait()
    assert panel.state["layers"] == panel.picture.layers == ""
    assert "The student has no layer relu9." in panel.transport.status
    panel.picture.layers = "relu1:relu2"
    assert panel.wait()
    panel.methods.chosen = "cosine"
    assert panel.wait() and panel.state["layers"] == "", "they were the other method's"


def test_other_models_turn_to_a_method_that_fits_and_say_why(methods_page):
    panel = methods_page(method="hint", second="cosine", **QUICK)
    panel.methods.pair = "three-teachers"
    assert panel.wait()
    assert panel.methods.chosen == "multi_teacher" and panel.picture.second == ""
    assert "; the page turned to Several teachers, equal" in panel.transport.status
    assert "Hints (FitNets) compares" in panel.transport.status
    links = panel.picture.drawing["links"]
    names = [panel.picture.drawing["teacher"][link["teacher"]]["title"] for link in links]
    assert names == ["mnist-convnet", "mnist-mlp-1200", "mnist-vit"]
    assert 'kd.schemes.ensemble(kd.models.pretrained(name) for name in ("mnist-convnet", ' in panel.picture.code


def test_what_the_models_do_not_allow_is_left_out_with_a_reason(pictures):
    trial = Trial.own(*convnets(), pictures)
    found, why = settled(MethodChoices(method="hint", second="attention_matrices", layers="relu2:relu4"), trial)
    assert (found.second, found.layers) == ("", "relu2:relu4") and why.startswith(
        "Attention matrices (TinyBERT) compares"
    )
    found, why = settled(MethodChoices(method="attention_transfer", layers="flatten:relu4"), trial)
    assert found.layers == "" and "cannot compare the teacher’s relu4" in why
    assert settled(MethodChoices(method="hint", layers="flatten:relu4"), trial)[1] == ""
