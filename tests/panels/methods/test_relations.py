"""What the Methods page shows of relations: the numbers are those of the measure, on the run's own features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.measure.relations import kept, matrix, neighbors, recall
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.methods.relations import RelationsLook, features, spread
from kdviz.panels.methods.trial import Trial

from .small_models import QUICK, convnets


def test_matrices_and_scores_are_those_of_the_features_at_this_step(pictures):
    trial = Trial.own(*convnets(), pictures)
    run = trial.distillation(MethodChoices(method="relational_distance").objective(trial.layer_pairs))
    look = RelationsLook(trial)
    x, y = trial.data.validation.inputs(), trial.data.validation.y.numpy()
    before = None
    for step in (0, 3):
        while run.steps_done < step:
            run.step()
        shown = look.shown({"student": run, "twin": run}, {"student": "Method", "twin": "Twin"})
        ours = features(run.student, x, "flatten")
        theirs = features(trial.teacher.module, x, "flatten")
        order = np.argsort(y[spread(y, 60)], kind="stable")
        drawn = spread(y, 60)[order]
        assert shown["labels"] == y[drawn].tolist() == sorted(shown["labels"])
        for kind in ("similarity", "distance"):
            assert np.abs(shown[f"student_{kind}"] - matrix(ours[drawn], kind)).max() < 1e-12
            assert np.abs(shown[f"teacher_{kind}"] - matrix(theirs[drawn], kind)).max() < 1e-12
        near, near_teacher = neighbors(ours, 5), neighbors(theirs, 5)
        teacher, student, _ = shown["scores"]
        assert teacher["kept"] is None and teacher["recall_1"] == recall(near_teacher, y, 1)
        assert student["recall_5"] == recall(near, y, 5) and student["kept"] == kept(near, near_teacher, 5)
        assert f"Step {step}:" in shown["sentences"]["similarity"] and "5 nearest" in shown["sentences"]["distance"]
        assert before is None or np.abs(before - shown["student_similarity"]).max() > 1e-6, "it follows the step"
        before = shown["student_similarity"]
    assert run.student.training


def test_features_are_what_the_layer_gives_and_logits_where_none_is_named(pictures):
    _, student = convnets()
    x = pictures.validation.inputs(slice(0, 7))
    with torch.no_grad():
        assert np.abs(features(student, x, "") - student.eval()(x).double().numpy()).max() < 1e-6
    assert features(student, x, "flatten").shape == (7, 16)


def test_the_page_shows_them_while_it_trains_and_all_models_where_it_rests(methods_page):
    panel = methods_page(method="hint", second="soft_targets", **QUICK)
    assert panel.relations.labels == []
    panel.command("train")
    assert panel.wait("finished")
    assert [row["role"] for row in panel.relations.scores] == ["teacher", "student", "hinton", "twin"]
    assert panel.relations.sentences["similarity"].startswith("Step 63: two examples of one class are alike by")
    assert len(panel.relations.labels) == 60 and len(panel.relations.student_distance) == 4 * 3600
    assert "taught by Hints (FitNets) + Soft targets (Hinton) makes" in panel.curves.sentence
    assert panel.pulls.sentence.count("Step 63") == 2 and len(panel.pulls.cosines[-1]) == 3
    panel.choose(second="")
    assert panel.wait("idle")
    assert panel.relations.labels == [] and panel.relations.scores == [] and panel.state["second"] == ""


def test_examples_without_a_label_are_of_no_class_and_left_out(methods_page, pictures):
    y = pictures.validation.y.clone()
    y[::2] = -1
    some = replace(pictures, validation=kd.data.Examples(pictures.validation.x, y))
    only = replace(pictures, validation=pictures.validation.take(torch.arange(1, len(y), 2)))
    shown = [RelationsLook(Trial.own(*convnets(), data)) for data in (some, only)]
    student = {"student": Trial.own(*convnets(), some).distillation(1.0 * kd.HardLabels())}
    first, second = (look.shown(student, {"student": "Method"}) for look in shown)
    assert -1 not in first["labels"] and first["scores"] == second["scores"]
    assert first["sentences"] == second["sentences"]
    none = replace(pictures, validation=kd.data.Examples(pictures.validation.x, torch.full_like(y, -1)))
    panel = methods_page(*convnets(), none, method="hint", epochs=1)
    panel.command("train")
    assert panel.wait("finished", "failed") and panel.transport.state == "finished", panel.status
    assert panel.relations.labels == []


@pytest.mark.parametrize(
    ("labels", "most", "wanted"), [([0, 0, 1, 1], 2, [0, 2]), ([1, 1, 1], 9, [0, 1, 2]), ([], 4, [])]
)
def test_examples_are_spread_over_classes(labels, most, wanted):
    assert spread(np.array(labels, dtype=int), most).tolist() == wanted
