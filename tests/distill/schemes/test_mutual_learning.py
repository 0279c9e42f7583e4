"""Peers that learn together: the paper's losses, to whom each gradient goes, and that all of it can be repeated."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.distill.schemes import mutual_learning

from ..conftest import same_weights, small
from ..terms.mutual_runs import begin, everybody, three


def test_one_step_is_the_papers_for_every_network(clouds):
    """Against each network's own loss, written out for each pair and descended by plain gradient descent."""
    run = begin(clouds, optimizer=torch.optim.SGD, learning_rate=0.1, weight=0.7, temperature=2.0)
    by_hand = copy.deepcopy(everybody(run))
    batch = run._batches[0]
    logits = [model(batch.inputs) for model in by_hand]
    for k, model in enumerate(by_hand):
        loss = F.cross_entropy(logits[k], batch.labels)
        for other in range(3):
            if other != k:
                p = torch.softmax(logits[other].detach() / 2, 1)
                kl = (p * (p.log() - torch.log_softmax(logits[k] / 2, 1))).sum(1).mean()
                loss = loss + 0.7 * 4 * kl / 2  # T² · KL, the mean over two others
        for p, g in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True):
            p.data -= 0.1 * g
    run.step()
    for ours, theirs in zip(everybody(run), by_hand, strict=True):
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-5)


def test_without_agreement_each_learns_alone(clouds):
    run = begin(clouds, weight=0.0).train(progress=False)
    for ours, fresh in zip(everybody(run), three(), strict=True):
        alone = kd.Distillation(None, fresh, clouds, kd.HardLabels(), epochs=3, batch_size=32).train(progress=False)
        for p, q in zip(ours.parameters(), alone.student.parameters(), strict=True):
            torch.testing.assert_close(p, q, atol=1e-5, rtol=1e-4)


def test_peers_agree_more_with_each_other_than_networks_that_learn_alone(clouds):
    def apart(weight: float) -> float:
        run = begin(clouds, weight=weight, epochs=15, learning_rate=1e-2).train(progress=False)
        x = clouds.test.inputs()
        with torch.no_grad():
            a, b = (torch.log_softmax(model.eval()(x), 1) for model in everybody(run)[:2])
        return (a.exp() * (a - b)).sum(1).mean().item()

    assert apart(3.0) < 0.5 * apart(0.0)


def test_a_branch_repeats_student_and_peers_bit_for_bit(clouds):
    run = begin(clouds, three(dropout=0.3)).train(progress=False)
    branch = run.branch(11).train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    for a, b in zip(everybody(run), everybody(branch), strict=True):
        assert same_weights(a, b) and a is not b
    assert not same_weights(run.branch(11, weight_mutual=0.0).train(progress=False).student, run.student)


def test_a_saved_run_brings_its_peers_along(clouds, tmp_path):
    run = begin(clouds).train(epochs=2, progress=False)
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    for r in (run, loaded):
        r.train(progress=False)
    assert loaded.history.rows.tobytes() == run.history.rows.tobytes()
    assert all(same_weights(a, b) for a, b in zip(everybody(run), everybody(loaded), strict=True))


def test_the_twin_is_the_student_alone(clouds):
    run = begin(clouds)
    twin = run.twin()
    assert twin.objective == 1.0 * kd.HardLabels() and same_weights(twin.student, run.student)
    assert len(twin.auxiliary) == 0


@pytest.mark.parametrize(("students", "match"), [
    (lambda: [small()], "at least two students, got 1"),
    (lambda: [small(), small(seed=1), small()], "student 2 has the weights of one before it"),
])  # fmt: skip
def test_students_that_cannot_teach_each_other_are_refused(clouds, students, match):
    with pytest.raises(ValueError, match=match):
        mutual_learning(students(), clouds)
