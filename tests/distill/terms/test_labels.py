"""Terms on labels: smoothing, and classes that weigh what they are told to."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

import kdviz as kd
from kdviz import losses
from kdviz.distill import Objective
from kdviz.distill.terms.labels import balanced
from kdviz.distill.twin import labels_alone
from kdviz.panels.live.code import write_objective
from kdviz.study.arms import twin_recipe

from ..conftest import same_weights, small
from .outputs import outputs


def test_label_smoothing_is_its_loss_at_the_smoothing_in_force():
    o = outputs()
    value = kd.LabelSmoothing().value(o._replace(labelled=5), {"smoothing": 0.3})
    assert value == losses.label_smoothing(o.student, o.labels, 0.3)
    assert value != losses.hard_labels(o.student, o.labels)


def test_label_smoothing_can_be_written_down_and_read_back():
    objective = 0.5 * kd.SoftTargets() + 0.5 * kd.LabelSmoothing(smoothing=kd.schedules.Linear(0.2, 0))
    assert Objective.from_dict(json.loads(json.dumps(objective.to_dict()))) == objective
    assert objective.alpha is None  # alpha balances soft targets against hard labels


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, kd.schedules.Linear(0.5, 2)])
def test_a_smoothing_out_of_range_is_refused_at_the_start(smoothing):
    with pytest.raises(ValueError, match=r"smoothing must lie in \[0, 1\]"):
        kd.LabelSmoothing(smoothing)


def test_smoothed_labels_have_columns_of_their_own(make):
    run = make(objective=kd.SoftTargets() + 0.5 * kd.LabelSmoothing(kd.schedules.Linear(0.2, 0.0))).train(
        progress=False
    )
    assert run.history.columns == (
        "loss", "soft", "smoothed", "weight_soft", "weight_smoothed", "temperature", "smoothing", "learning_rate",
    )  # fmt: skip
    smoothing = run.history.column("smoothing")
    assert smoothing[0] == 0.2 and smoothing[-1] == pytest.approx(0)
    by_hand = run.history.column("soft") + 0.5 * run.history.column("smoothed")
    np.testing.assert_allclose(run.history.column("loss"), by_hand, rtol=1e-5)
    assert run.editable == ("temperature", "weight_soft", "weight_smoothed", "smoothing", "learning_rate")


@pytest.fixture(scope="module")
def long_tail(clouds) -> kd.data.Splits:
    """Ten times as many of class 0 as of class 2."""
    y = clouds.train.y
    kept = torch.cat([torch.nonzero(y == c).flatten()[:count] for c, count in enumerate((120, 40, 12))])
    return replace(clouds, train=clouds.train.take(kept), name="long-tail")


def test_balanced_is_what_scikit_learn_says(long_tail):
    y = long_tail.train.y.numpy()
    theirs = compute_class_weight("balanced", classes=np.unique(y), y=y)
    assert balanced(long_tail.train, 3) == pytest.approx(tuple(theirs), rel=1e-12)
    unlabelled = replace(long_tail.train, y=torch.where(torch.arange(len(y)) % 2 == 0, long_tail.train.y, -1))
    known = unlabelled.y[unlabelled.y >= 0].numpy()
    assert balanced(unlabelled, 3) == pytest.approx(
        tuple(compute_class_weight("balanced", classes=np.unique(known), y=known))
    )


def test_a_class_that_does_not_occur_weighs_nothing(clouds):
    two = clouds.train.take(torch.nonzero(clouds.train.y < 2).flatten())
    weights = balanced(two, 3)
    theirs = compute_class_weight("balanced", classes=np.array([0, 1]), y=two.y.numpy())
    assert weights == pytest.approx((*theirs, 0.0))


def test_a_step_is_the_one_that_torch_takes(long_tail):
    weight = [1.0, 3.0, 10.0]
    run = kd.Distillation(None, small(), long_tail, kd.HardLabels(weight=weight), optimizer="sgd", batch_size=500)
    model = small()
    loss = torch.nn.functional.cross_entropy(
        model(long_tail.train.inputs()), long_tail.train.y, weight=torch.tensor(weight)
    )
    loss.backward()
    torch.testing.assert_close(run.step().loss, loss.detach())
    for ours, theirs in zip(run.student.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_a_rare_class_is_found_more_often(long_tail):
    def recall(term: kd.HardLabels) -> float:
        run = kd.Distillation(None, small(), long_tail, term, epochs=30, learning_rate=1e-2).train(progress=False)
        test = long_tail.test
        with torch.no_grad():
            says = run.student.eval()(test.inputs()).argmax(1)
        return (says == 2)[test.y == 2].double().mean().item()

    assert recall(kd.HardLabels(weight="balanced")) > recall(kd.HardLabels()) + 0.05


@pytest.mark.parametrize("weight", [None, "balanced", (1.0, 3.0, 10.0)])
def test_recipes_and_branches_keep_them(long_tail, teacher, weight, tmp_path):
    objective = 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels(weight=weight)
    run = kd.Distillation(teacher, small(), long_tail, objective, batch_size=32, epochs=2)
    run.train(progress=False)
    written = run.recipe.to_dict()["objective"][1]
    assert written == {"weight": pytest.approx(0.1), "term": "HardLabels"} | (
        {} if weight is None else {"class_weight": weight}
    )
    assert kd.Recipe.from_json(run.recipe.to_json()).objective == objective
    assert same_weights(run.branch(3).train(progress=False).student, run.student)
    run.save(tmp_path)
    again = kd.Distillation.load(tmp_path, data=long_tail, teacher=teacher)
    assert again.objective == objective
    run.step(), again.step()
    assert same_weights(again.student, run.student)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_twin_learns_with_the_same_weights(long_tail, teacher, smoothing):
    weight = (1.0, 3.0, 10.0)
    run = kd.Distillation(teacher, small(), long_tail, 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels(weight=weight))
    expected = kd.LabelSmoothing(smoothing, weight) if smoothing else kd.HardLabels(weight)
    assert run.twin(smoothing).objective == labels_alone(run.objective, smoothing) == 1.0 * expected
    assert twin_recipe(run.recipe, smoothing).objective == 1.0 * expected
    alone = kd.Distillation(None, small(), long_tail, expected)
    assert torch.equal(run.twin(smoothing).step().loss, alone.step().loss)
    plain = kd.Distillation(None, small(), long_tail, kd.LabelSmoothing(smoothing) if smoothing else kd.HardLabels())
    assert not torch.equal(plain.step().loss, alone.branch(0).step().loss)


def test_peers_exits_and_memories_weigh_classes_as_the_student_does(long_tail):
    weight = "balanced"
    for term in (kd.Mutual(1), kd.SelfDistillation("relu1", features="relu2"), kd.DarkReplay(beta=1.0)):
        steps = []
        for labels in (kd.HardLabels(weight), kd.HardLabels()):
            run = kd.Distillation(None, small((8, 8)), long_tail, 0.0 * labels + 1.0 * term, batch_size=32)
            for _ in range(3):
                last = run.step()
            steps.append(last.terms[term.name].item())
        if not isinstance(term, kd.Mutual):  # whose peers have the labels by the hard term's weight, 0 here
            assert steps[0] != steps[1], term
    runs = [
        kd.Distillation(None, small(), long_tail, kd.HardLabels(w) + kd.Mutual(1), batch_size=32)
        for w in (weight, None)
    ]
    for run in runs:
        run.step()
    assert not same_weights(runs[0].auxiliary, runs[1].auxiliary)


@pytest.mark.parametrize(("weight", "error", "match"), [
    ("even", ValueError, "weight must be one number per class, such as .*, or \"balanced\", got 'even'"),
    (3.0, TypeError, "weight must be one number per class, .*got 3.0"),
    (["a", "b"], TypeError, "weight must be one number per class, .*got"),
    ([1.0, -2.0], ValueError, r"weight must hold finite numbers >= 0, one of them above 0, got \[1.0, -2.0\]"),
    ([1.0, float("nan")], ValueError, "weight must hold finite numbers >= 0"),
    ([0.0, 0.0], ValueError, "one of them above 0"),
])  # fmt: skip
def test_what_is_no_weight_is_told_in_a_sentence(weight, error, match):
    for term in (kd.HardLabels, kd.LabelSmoothing):
        with pytest.raises(error, match=match):
            term(weight=weight)


def test_as_many_weights_as_classes_are_needed(long_tail):
    with pytest.raises(ValueError, match=r"weight must hold one number for each of the 3 classes of .*, got 2"):
        kd.Distillation(None, small(), long_tail, kd.HardLabels(weight=[1.0, 10.0]))
    kd.Distillation(None, small(), long_tail, kd.HardLabels(weight=[1.0, 10.0, 1.0]))


def test_tensors_and_arrays_are_sequences_too():
    assert (
        kd.HardLabels(weight=torch.tensor([1, 2]))
        == kd.HardLabels(weight=np.array([1.0, 2.0]))
        == kd.HardLabels((1, 2))
    )
    assert repr(kd.HardLabels()) == "HardLabels()" and hash(kd.HardLabels((1, 2))) == hash(kd.HardLabels([1.0, 2.0]))


@pytest.mark.parametrize("term", [kd.HardLabels([1, 10]), kd.HardLabels("balanced"), kd.LabelSmoothing(0.2, [1, 2])])
def test_printed_code_makes_the_same_term(term):
    objective = 0.5 * kd.SoftTargets(4) + 0.5 * term
    there = {"kd": kd}
    exec(write_objective(objective), there)
    assert there["objective"] == objective


def test_soft_labels_reach_the_terms():
    from kdviz.distill.terms import Outputs

    s, y = torch.randn(4, 3), torch.tensor([0, 1, 2, -1])
    soft = torch.tensor([[0.6, 0.4, 0.0], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.0, 0.0, 0.0]])
    outputs = Outputs(s, None, y, 3, soft=soft)
    assert Outputs._fields[11] == "soft"  # new fields come after it: terms of others may give these by place
    expected = torch.nn.functional.cross_entropy(s[:3], soft[:3])
    torch.testing.assert_close(kd.HardLabels().value(outputs, {}), expected)
    smoothed = torch.nn.functional.cross_entropy(s[:3], soft[:3], label_smoothing=0.2)
    torch.testing.assert_close(kd.LabelSmoothing(0.2).value(outputs, {"smoothing": 0.2}), smoothed)


def test_a_run_on_soft_labels_takes_the_step_that_torch_takes(clouds):
    soft = torch.softmax(clouds.train.inputs() @ torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), 1)
    data = replace(clouds, train=replace(clouds.train, y=soft.argmax(1), soft=soft), name="soft")
    for term, more in ((kd.HardLabels(), {}), (kd.LabelSmoothing(0.2), {"label_smoothing": 0.2})):
        run = kd.Distillation(None, small(), data, term, optimizer="sgd", batch_size=10_000)
        model = small()
        loss = torch.nn.functional.cross_entropy(model(data.train.inputs()), data.train.soft, **more)
        loss.backward()
        torch.testing.assert_close(run.step().loss, loss.detach())
        for ours, theirs in zip(run.student.parameters(), model.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad)
    counts = data.train.soft.double().sum(0)
    assert balanced(data.train, 3) == pytest.approx((len(data.train) / (3 * counts)).tolist())


@pytest.mark.parametrize("wrong", [[1.0], "even", {"a": 1}, [1.0, -1.0, 1.0], 3.0, [[1.0], [2.0]]])
def test_a_recipe_with_wrong_weights_is_refused_by_its_field(wrong):
    written = [{"weight": 1.0, "term": "HardLabels", "class_weight": wrong}]
    if wrong == [1.0]:  # fits no data, which a recipe alone cannot know
        assert kd.Objective.from_dict(written).terms[0].weight == (1.0,)
        return
    with pytest.raises(ValueError, match=r"^objective\[0\]"):
        kd.Objective.from_dict(written)
