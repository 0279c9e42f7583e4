"""Several teachers at once: each weighting is its formula."""

from __future__ import annotations

import math

import pytest
import torch

import kdviz as kd
from kdviz import losses
from kdviz.distill.terms import Outputs


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
