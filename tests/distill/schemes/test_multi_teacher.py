"""Several teachers: whose answer counts how much, against loops written from the formulas."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz import losses
from kdviz.distill import Objective
from kdviz.distill.schemes import ensemble, multi_teacher, teacher_weights
from kdviz.distill.terms import Outputs

from ..conftest import same_weights, small


@pytest.fixture(scope="module")
def teachers(teacher, clouds) -> list[nn.Module]:
    """One that knows, one that knows a little, one that knows nothing."""
    torch.set_num_threads(1)
    run = kd.Distillation(None, small(seed=7), clouds, kd.HardLabels(), epochs=2).train(progress=False)
    return [teacher, run.student, small(seed=8)]


def begin(teachers, clouds, **more) -> kd.Distillation:
    return multi_teacher(teachers, small(), clouds, **({"epochs": 3, "batch_size": 32, "snapshot_every": 7} | more))


def outputs(members: int = 3, labels=(0, 2, -1, 1)) -> Outputs:
    generator = torch.Generator().manual_seed(0)
    s, *t = (3 * torch.randn(len(labels), 4, generator=generator, dtype=torch.float64) for _ in range(members + 1))
    taps = {f"members.{k}": logits for k, logits in enumerate(t)}
    return Outputs(s, t[0], torch.tensor(labels), sum(y >= 0 for y in labels), teacher_taps=taps)


def by_hand(o: Outputs, weights: list[list[float]], temperature: float) -> float:
    """T² · KL(Σ_k w_k σ_T(t_k) ‖ σ_T(s)), one example and one class at a time."""

    def softened(z: list[float]) -> list[float]:
        top = sum(math.exp(v / temperature) for v in z)
        return [math.exp(v / temperature) / top for v in z]

    total = 0.0
    for i, of_example in enumerate(weights):
        each = [softened(o.teacher_taps[f"members.{k}"][i].tolist()) for k in range(len(of_example))]
        student = softened(o.student[i].tolist())
        for c, q in enumerate(student):
            p = sum(w * t[c] for w, t in zip(of_example, each, strict=True))
            total += temperature**2 * p * math.log(p / q) / len(weights)
    return total


def confident(o: Outputs, members: int) -> list[list[float]]:
    """The paper's weights, one example at a time."""
    rows = []
    for i, y in enumerate(o.labels.tolist()):
        if y < 0:
            rows.append([1 / members] * members)
            continue
        t = [o.teacher_taps[f"members.{k}"][i].tolist() for k in range(members)]
        ce = [math.log(sum(math.exp(v) for v in z)) - z[y] for z in t]
        top = sum(math.exp(v) for v in ce)
        rows.append([(1 - math.exp(v) / top) / (members - 1) for v in ce])
    return rows


@pytest.mark.parametrize("temperature", [1.0, 4.0])
@pytest.mark.parametrize("members", [2, 3])
def test_each_weighting_is_its_formula(members, temperature):
    o = outputs(members)
    for weighting, weights in (("uniform", [[1 / members] * members] * 4), ("confidence", confident(o, members))):
        value = kd.MultiTeacher(members=members, weighting=weighting).value(o, {"temperature": temperature})
        assert value.item() == pytest.approx(by_hand(o, weights, temperature), rel=1e-9)


def test_one_teacher_alone_gives_plain_soft_targets():
    o = outputs(1)
    for weighting in ("uniform", "confidence"):
        value = kd.MultiTeacher(members=1, weighting=weighting).value(o, {"temperature": 3.0})
        assert value.item() == pytest.approx(losses.soft_targets(o.student, o.teacher, 3.0).item(), rel=1e-9)


def test_extreme_logits_stay_finite():
    o = outputs()
    wild = {name: 1e4 * torch.sign(t) for name, t in o.teacher_taps.items()}
    student = (1e4 * o.student).requires_grad_()
    for weighting in ("uniform", "confidence"):
        value = kd.MultiTeacher(members=3, weighting=weighting).value(
            o._replace(student=student, teacher_taps=wild), {"temperature": 1.0}
        )
        value.backward()
        assert value.isfinite() and student.grad.isfinite().all()


def test_confidence_listens_to_whoever_knows_and_to_all_alike_without_a_label(teachers, clouds):
    run = begin(teachers, clouds, weighting="confidence")
    w = teacher_weights(run, clouds.test)
    assert torch.allclose(w.sum(1), torch.ones(len(w))) and w.mean(0).argsort(descending=True).tolist() == [0, 1, 2]
    bare = kd.data.Examples(clouds.test.x, torch.full_like(clouds.test.y, -1))
    assert torch.allclose(teacher_weights(run, bare), torch.tensor(1 / 3))


def test_the_gate_begins_even_and_learns_whom_to_listen_to(teachers, clouds):
    run = begin(teachers, clouds, weighting="learned", epochs=15, learning_rate=1e-2)
    assert torch.allclose(teacher_weights(run, clouds.test), torch.tensor(1 / 3))
    run.train(progress=False)
    assert teacher_weights(run, clouds.test).mean(0)[0] > 0.6


def test_the_gate_learns_by_labels_alone(teachers, clouds):
    bare = kd.data.splits((clouds.train.inputs(), clouds.train.y), name="part")
    bare = bare.with_labels(0, keep_unlabelled=True)
    run = begin(teachers, bare, weighting="learned").train(progress=False)
    gate = run.auxiliary["soft"]
    assert not gate.weight.any() and not gate.bias.any()
    labelled = begin(teachers, clouds, weighting="learned")
    labelled.step()
    assert labelled.auxiliary["soft"].weight.any()


def test_what_the_student_finds_easy_does_not_move_the_gate(teachers, clouds):
    def gate_after(student: nn.Module) -> torch.Tensor:
        run = multi_teacher(teachers, student, clouds, weighting="learned", epochs=1).train(progress=False)
        return run.auxiliary["soft"].weight

    assert torch.equal(gate_after(small()), gate_after(small((32,), seed=4)))


@pytest.mark.parametrize("weighting", ["uniform", "confidence", "learned"])
def test_a_branch_and_a_loaded_run_repeat_it_bit_for_bit(weighting, teachers, clouds, tmp_path):
    run = begin(teachers, clouds, weighting=weighting).train(progress=False)
    branch = run.branch(11).train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    run.branch(11).save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, teacher=ensemble(teachers), data=clouds).train(progress=False)
    assert loaded.history.rows.tobytes() == run.history.rows.tobytes()
    assert same_weights(loaded.student, run.student)


def test_it_stands_where_soft_targets_stand(teachers, clouds):
    objective = 0.7 * kd.MultiTeacher(temperature=3, members=2, weighting="learned") + 0.3 * kd.HardLabels()
    assert (objective.alpha, objective.temperature) == (0.7, 3.0)
    assert Objective.from_dict(json.loads(json.dumps(objective.to_dict()))) == objective
    run = begin(teachers, clouds)
    run.edit(alpha=0.5, temperature=2)
    run.step()
    assert run.objective.alpha == 0.5
    by_name = kd.MultiTeacher(members=("members.0", "members.2"))
    assert Objective.from_dict(json.loads(json.dumps((1.0 * by_name).to_dict()))).terms[0] == by_name


def test_the_student_of_good_teachers_learns(teacher, clouds):
    run = multi_teacher([teacher, teacher], small(), clouds, epochs=20, learning_rate=1e-2).train(progress=False)
    assert run.evaluate("test").accuracy > 0.75


def test_what_cannot_work_is_told(teacher, clouds, make):
    with pytest.raises(ValueError, match="weighting must be one of uniform, confidence, learned, got 'best'"):
        kd.MultiTeacher(weighting="best")
    with pytest.raises(ValueError, match="members must be a whole number of at least 1"):
        kd.MultiTeacher(members=0)
    with pytest.raises(ValueError, match=r"got shape \(B, 32\) from 'relu1'; name layers that give logits"):
        kd.Distillation(teacher, small(), clouds, kd.MultiTeacher(members=("relu1", "logits")))
    with pytest.raises(ValueError, match="at least one member"):
        multi_teacher([], small(), clouds)
    with pytest.raises(ValueError, match=r"no kd\.MultiTeacher term"):
        teacher_weights(make(), clouds.test)
