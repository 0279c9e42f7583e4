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
    gkd = rows["On-policy distillation (GKD)"]
    assert gkd["link"] == "words.ipynb?method=on_policy" and gkd["formula"].count("<math ") == 2, "in a narrow column"
    assert gkd["acronyms"] == "GKD" and "gkd" in gkd["words"] and "Agarwal" in gkd["source"]
    assert rows["Difference sampling (MiniPLM)"]["link"] == "schemes.ipynb?scheme=miniplm"
    assert "link" not in rows["Knowledge review (ReviewKD)"]
    mgd = rows["Masked generative distillation (MGD)"]
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
    added = ("second", "second_weight", "second_temperature", "layers")
    Methods.from_state({k: v for k, v in panel.state.items() if k not in added}).close()


def test_the_second_term_has_a_temperature_of_its_own_live_in_link_code_and_state(methods_page):
    panel = methods_page(method="soft_targets", second="jensen_shannon", **QUICK)
    assert panel.picture.second_temperature_symbol == "T₂" and panel.picture.second_temperature == 4
    panel.picture.second_temperature = 8.0
    assert panel.wait()
    assert (
        "kd.JensenShannon(temperature=8" in panel.picture.code and "kd.SoftTargets(temperature=4)" in panel.picture.code
    )
    assert "&second=jensen_shannon&second_T=8" in panel.share.query
    assert panel.picture.query == panel.methods.query == panel.share.query, "for the address"
    panel.command("step")
    assert panel.wait("paused")
    panel.picture.weight = 0.5
    panel.picture.temperature = 2.0
    panel.picture.second_temperature = 16.0
    assert panel.wait("paused")
    run = panel.runs["student"]
    assert [e.name for e in run.history.edits] == ["weight_soft", "weight_hard", "temperature", "soft_2_temperature"]
    assert [mark["text"] for mark in panel.scene.runs[0]["edits"]] == ["α = 0.5", "T = 2", "T₂ = 16"]
    assert panel.state["second_temperature"] == 16 and "second_T=16" in panel.share.query
    again = Methods.from_state(panel.state)
    assert again.picture.second_temperature == 16 and again.state == panel.state
    again.close()
    panel.command("reset")
    assert panel.wait("idle")
    panel.choose(second="logit_mse")
    assert panel.wait() and panel.state["second_temperature"] is None
    assert panel.picture.second_temperature_symbol == "" and "second_T" not in panel.share.query
    panel.choose(second="contrastive")
    assert panel.wait() and panel.picture.second_temperature_symbol == "τ"
    assert panel.picture.second_temperature_range == [0.01, 1.0]


def test_a_link_asks_in_vain_for_the_temperature_of_a_second_method_without_one(methods_page):
    panel = methods_page(**QUICK)
    panel._on_scene_message({"hello": {"query": "?method=hint&pair=mnist-mlp-1200&epochs=1&second=cosine&second_T=3"}})
    assert panel.wait("idle")
    assert panel.scene.link["note"] == "This link has a mistake: Cosine of features has no T; the rest was followed."


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
