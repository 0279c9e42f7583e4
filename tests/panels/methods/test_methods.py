"""The Methods page without a browser: what it shows of a method, what it trains, what it says of it."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.distill.methods import METHODS
from kdviz.measure.gradients import term_gradients
from kdviz.panels import Methods
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.methods.sentences import pull_sentence
from kdviz.panels.methods.trial import Trial

from .small_models import QUICK, convnets, names


def taught(run, steps=None):
    while run.steps_done < (run.total_steps if steps is None else steps):
        run.step()
    return run


def test_the_page_opens_with_a_method_on_real_layers(methods_page):
    panel = methods_page()
    teacher, student = panel.picture.drawing["teacher"], panel.picture.drawing["student"]
    assert names(teacher) == names(student) == ["input", "relu2", "relu4", "relu5", "flatten", "logits"]
    assert [box["shape"] for box in student] == ["1×28×28", "4×28×28", "8×14×14", "16×7×7", "16", "10"]
    (link,) = panel.picture.drawing["links"]
    assert link == {"student": 2, "teacher": 2, "through": "1×1 conv", "symbol": "maps", "second": False}
    assert "the teacher’s relu4 (64×14×14) and the student’s relu4 (8×14×14)" in panel.picture.drawing["sentence"]
    assert panel.picture.weight == 10 and panel.picture.weight_range == [0.1, 1000]
    assert "kd.Hint(" in panel.picture.code and panel.picture.source.startswith("Romero")
    assert panel.transport.state == "idle" and panel.scene.total_steps == 504
    assert "2,000 labelled examples" in panel.methods.note and "first 500 of 5,000 validation" in panel.methods.note


def test_methods_without_layers_say_why(methods_page):
    panel = methods_page(**QUICK)
    away = {row["name"]: row["reason"] for row in panel.methods.methods if row["reason"]}
    assert {"attention_transfer", "solution_flow", "attention_matrices", "hidden_states", "embeddings"} <= set(away)
    assert away["solution_flow"].startswith(
        "Flow of solution (FSP) compares feature maps and these two models have none"
    )
    with pytest.raises(ValueError, match="compares feature maps"):
        Methods(method="solution_flow", **QUICK)


def test_choosing_a_method_changes_picture_formula_and_code(methods_page):
    panel = methods_page(**QUICK)
    seen = []
    for name in ("soft_targets", "contrastive", "relational_angle", "label_smoothing"):
        panel.methods.chosen = name
        assert panel.wait()
        shown = panel.picture
        seen.append((shown.drawing["sentence"], *shown.formulas, shown.code, shown.title))
        assert shown.title == METHODS[name].title and panel.state["method"] == name
    assert all(len(set(column)) == 4 for column in zip(*[(s[0], s[1], s[-2]) for s in seen], strict=True))
    assert "alpha = 0.9" in seen[0][-2] and "kd.Contrastive(" in seen[1][-2]
    assert panel.picture.weight_symbol == "" and panel.picture.temperature_range == []
    panel.choose(method="virtual_teacher")
    assert panel.wait() and panel.picture.temperature == 20


def test_other_models_bring_other_layers(methods_page):
    panel = methods_page(**QUICK)
    panel.methods.pair = "mnist-vit"
    assert panel.wait() and names(panel.picture.drawing["teacher"])[2:4] == ["tokens", "block1"]
    panel.choose(method="attention_matrices")
    assert panel.wait()
    links = [(panel.picture.drawing["student"][at["student"]], at) for at in panel.picture.drawing["links"]]
    assert [box["name"] for box, _ in links] == ["block1.attention", "block2.attention"]
    assert links[0][0]["shape"] == "4×50×50"


def test_three_students_learn_from_the_same_start_to_the_end(methods_page):
    panel = methods_page(method="hint", **QUICK)
    panel.command("train")
    assert panel.wait("finished")
    trial = Trial.of("mnist-mlp-1200", epochs=1)
    alone = {
        "student": trial.distillation(MethodChoices(method="hint").objective(trial.layer_pairs)),
        "hinton": trial.distillation(0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels()),
        "twin": trial.distillation(1.0 * kd.HardLabels()),
    }
    assert list(panel.runs) == list(alone)
    errors = []
    for role, run in alone.items():
        for ours, theirs in zip(taught(run).student.parameters(), panel.runs[role].student.parameters(), strict=True):
            assert torch.equal(ours, theirs), role
        errors.append(run.evaluate("test").errors)
        assert errors[-1] < 1200, "clearly beyond chance, which is 1,800 of 2,000"
    rows = panel.scene.runs
    assert [(row["role"], row["name"], row["test"]) for row in rows] == [
        ("student", "Hints (FitNets)", errors[0]),
        ("hinton", "Hinton KD", errors[1]),
        ("twin", "Twin, no teacher", errors[2]),
    ]
    said = panel.curves.sentence
    assert f"makes {errors[0]:,} errors, the one taught by soft targets {errors[1]:,}" in said
    assert said.count("CI") == 2 and "One seed only: others would change these numbers." in said
    assert panel.status == "Finished after 63 steps."


def test_the_pull_of_the_terms_is_what_term_gradients_finds(methods_page):
    panel = methods_page(method="hint", **QUICK)
    panel.command("train")
    assert panel.wait("finished")
    trial = Trial.of("mnist-mlp-1200", epochs=1)
    run = trial.distillation(MethodChoices(method="hint").objective(trial.layer_pairs))
    assert panel.pulls.steps == [g.step for g in panel.gradients]
    assert panel.pulls.steps[0] == 0 and panel.pulls.steps[-1] == 63 and len(panel.pulls.steps) >= 20
    for at in (0, 1, -1):
        found = term_gradients(taught(run, panel.pulls.steps[at]))
        assert panel.pulls.values[at] == list(found.values)
        assert panel.pulls.norms[at] == list(found.norms)
        assert panel.pulls.cosines[at] == [found.cosines[0][1]]
    assert [term["title"] for term in panel.pulls.terms] == ["labels", "hint"]
    assert panel.pulls.sentence == pull_sentence(panel.gradients[-1], 1)


def test_a_command_that_does_not_exist_is_named(methods_page):
    with pytest.raises(ValueError, match=r"command must be one of train, step, pause, .*, got 'trian'"):
        methods_page().command("trian")


def test_a_moved_slider_edits_the_methods_run_alone(methods_page):
    panel = methods_page(method="jensen_shannon", **QUICK)
    panel.command("step")
    assert panel.wait("paused") and panel.pulls.steps == [0, 1]
    panel.picture.weight = 0.5
    panel.picture.temperature = 8.0
    assert panel.wait("paused")
    made = {role: [(e.step, e.name, e.value) for e in run.history.edits] for role, run in panel.runs.items()}
    assert made == {"student": [(1, "alpha", 0.5), (1, "temperature", 8.0)], "hinton": [], "twin": []}
    assert panel.gradients[-1].weights == (0.5, 0.5) and panel.pulls.steps == [0, 1]
    assert [mark["text"] for mark in panel.scene.runs[0]["edits"]] == ["α = 0.5", "T = 8"]
    assert panel.state["weight"] == 0.5 and panel.state["temperature"] == 8


def test_a_slider_before_training_is_the_run_s_own_start(methods_page):
    panel = methods_page(method="similarity_preserving", **QUICK)
    panel.picture.weight = 100.0
    assert panel.wait()
    assert "100 * kd.SimilarityPreserving(" in panel.picture.code
    panel.command("step")
    assert panel.wait("paused")
    assert panel.runs["student"].settings.objective.weighted[1][0] == 100 and not panel.runs["student"].history.edits


def test_stop_works_and_another_method_waits_for_it(methods_page):
    panel = methods_page(pair="mnist-mlp-1200", epochs=10_000)
    panel.command("train")
    assert panel.wait("running")
    with pytest.raises(ValueError, match="A run is under way: stop or clear it"):
        panel.choose(method="gram")
    assert panel.methods.locked and panel.methods.locked_reason.startswith("A run is under way")
    while not panel.runs["student"].steps_done:
        time.sleep(0.01)
    panel.command("stop")
    assert panel.wait("stopped")
    at = panel.runs["student"].steps_done
    assert 0 < at < panel.runs["student"].total_steps and not panel.methods.locked
    assert panel.pulls.steps[-1] == at and f"teach(run, {at})" in panel.picture.code
    panel.choose(method="cosine")
    assert panel.wait("idle")
    assert panel.runs == {} and panel.scene.runs == [] and panel.pulls.steps == []


def test_a_method_chosen_behind_train_does_not_disturb_the_run(methods_page):
    panel = methods_page(**QUICK)
    panel.command("step")
    assert panel.wait("paused")
    panel._choices = MethodChoices(method="cosine", **QUICK)
    panel._runner.send("call", work=panel._show_chosen)
    assert panel.wait("paused")
    assert panel.state["method"] == "hint" and panel.scene.runs[0]["name"] == "Hints (FitNets)"


def test_whoever_would_be_the_same_run_again_is_left_out(methods_page):
    for name, roles in (("soft_targets", ["student", "twin"]), ("hard_labels", ["student", "hinton"])):
        panel = methods_page(method=name, **QUICK)
        panel.command("step")
        assert panel.wait("paused") and list(panel.runs) == roles
    panel = methods_page(method="soft_targets", temperature=2.0, **QUICK)
    panel.command("step")
    assert panel.wait("paused") and list(panel.runs) == ["student", "hinton", "twin"]


def test_an_error_of_the_worker_is_told_and_reset_begins_anew(methods_page, monkeypatch):
    panel = methods_page(**QUICK)
    monkeypatch.setattr(kd.Distillation, "step", lambda run: (_ for _ in ()).throw(RuntimeError("the wire is cut")))
    panel.command("train")
    assert panel.wait("failed")
    assert panel.transport.state == "failed" and panel.transport.status == "RuntimeError: the wire is cut."
    monkeypatch.undo()
    panel.command("reset")
    assert panel.wait("idle") and panel.transport.status == "Ready to train."
    panel.command("step")
    assert panel.wait("paused")


def test_the_address_of_the_page_may_name_a_method(methods_page):
    panel = methods_page(**QUICK)
    panel._on_scene_message({"hello": {"query": "?method=cosine&pair=mnist-convnet"}})
    assert panel.wait("idle")
    assert (panel.methods.chosen, panel.methods.pair, panel.picture.title) == (
        "cosine",
        "mnist-convnet",
        "Cosine of features",
    )
    panel._on_scene_message({"hello": {"query": "?method=%3Cb%3E"}})
    assert panel.wait("idle")
    says = "This link has a mistake: method must be a name, got '<b>'."
    assert panel.scene.link["note"] == says and panel.state["method"] == "cosine"


def test_a_state_opens_the_same_page(methods_page):
    panel = methods_page(method="gram", pair="fashion-resnet", weight=3.0, seed=2, epochs=2)
    again = Methods.from_state(panel.state)
    assert again.state == panel.state and again.picture.weight == 3 and again.picture.code == panel.picture.code
    again.close()
    with pytest.raises(ValueError, match="a state of Methods, version 1, is expected"):
        Methods.from_state({**panel.state, "version": 9})


def test_models_of_your_own(methods_page, pictures):
    teacher, student = convnets()
    before = copy.deepcopy(student.state_dict())
    panel = methods_page(teacher, student, pictures, method="similarity_preserving", epochs=2)
    assert panel.methods.pairs == [] and panel.methods.given.startswith("Convnet, ")
    panel.command("train")
    assert panel.wait("finished")
    assert all(torch.equal(before[name], student.state_dict()[name]) for name in before), "it is the reader's"
    assert len(panel.scene.runs) == 3 and "data = ..." in panel.picture.code
    with pytest.raises(ValueError, match="these are models of your own"):
        _ = panel.state


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda d: Methods(method="hints"), ValueError, "method must be one of 38, such as hint"),
        (lambda d: Methods(pair="mnist"), ValueError, "pair must be one of mnist-convnet"),
        (lambda d: Methods(weight=-1.0), ValueError, r"the weight of hint must lie in \[0.1, 1000\], got -1"),
        (lambda d: Methods(temperature="hot", method="soft_targets"), TypeError, "temperature must be a number"),
        (lambda d: Methods(epochs=0), ValueError, "epochs must be at least 1, got 0"),
        (lambda d: Methods(convnets()[0]), TypeError, "a teacher, a student and data together"),
        (lambda d: Methods(*convnets(), d, pair="mnist-vit"), TypeError, "models of your own or a pair"),
        (
            lambda d: Methods(
                *convnets(), replace(d, train=kd.data.Examples(d.train.x, torch.full_like(d.train.y, -1)))
            ),
            ValueError,
            "expected data with labels",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(pictures, make, error, said):
    with pytest.raises(error, match=said):
        make(pictures)


def test_an_exported_page_shows_the_method_and_offers_nothing_that_needs_python(methods_page, tmp_path):
    panel = methods_page(**QUICK)
    text = panel.to_html(tmp_path / "methods.html").read_text(encoding="utf-8")
    assert "Hints (FitNets)" in text and "its method stays" in text


def test_a_stopped_run_is_shown_again_and_goes_on_bit_for_bit(kept_page):
    quick = {"method": "relational_distance", "pair": "mnist-mlp-1200", "epochs": 1, "second": "soft_targets"}
    page = kept_page(Methods, browser=True, **quick)
    page.command("step")
    assert page.wait("paused")
    page.picture.weight = 9.0  # an edit: the run is found by what is chosen now
    page.command("stop")
    assert page.wait("stopped")
    again = kept_page(Methods, browser=True, **quick, weight=9.0)
    assert again.wait("stopped") and again.picture.weight == 9.0
    assert again.scene.runs == page.scene.runs and again.curves.sentence == page.curves.sentence != ""
    assert again.pulls.values == page.pulls.values != [] and again.relations.sentences == page.relations.sentences
    for one in (page, again):
        one.command("step")
        assert one.wait("paused")
    for role, run in page.runs.items():
        mine = torch.nn.utils.parameters_to_vector(again.runs[role].student.parameters())
        assert torch.equal(mine, torch.nn.utils.parameters_to_vector(run.student.parameters())), role
    assert again.relations.sentences == page.relations.sentences
    first = kept_page(Methods, browser=True, **quick)
    assert first.wait("idle"), "the run that began as this one was edited, and is found there"
