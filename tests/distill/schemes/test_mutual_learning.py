"""Peers that learn together: the paper's losses, to whom each gradient goes, and that all of it can be repeated."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import kdviz as kd
from kdviz.distill.schemes import mutual_learning, peers
from kdviz.distill.schemes.self_distillation import exits

from ..conftest import same_weights, small


def three(**more) -> list[nn.Module]:
    return [small(seed=seed, **more) for seed in range(3)]


def begin(clouds, students=None, **more) -> kd.Distillation:
    arguments = {"epochs": 3, "batch_size": 32, "snapshot_every": 7} | more
    return mutual_learning(students or three(), clouds, **arguments)


def everybody(run: kd.Distillation) -> list[nn.Module]:
    return [run.student, *peers(run)]


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


def test_batch_statistics_count_each_batch_once(clouds):
    def normalised(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))

    run = begin(clouds, [normalised(0), normalised(1)])
    for _ in range(5):
        run.step()
    assert [int(model[1].num_batches_tracked) for model in everybody(run)] == [5, 5]


def test_a_saved_run_brings_its_peers_along(clouds, tmp_path):
    run = begin(clouds).train(epochs=2, progress=False)
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=clouds)
    for r in (run, loaded):
        r.train(progress=False)
    assert loaded.history.rows.tobytes() == run.history.rows.tobytes()
    assert all(same_weights(a, b) for a, b in zip(everybody(run), everybody(loaded), strict=True))


def test_peers_may_be_of_other_kinds_and_sizes(clouds):
    own = nn.Sequential(nn.Linear(4, 3))
    run = begin(clouds, [small(), small((16, 16), seed=1), own], epochs=1).train(progress=False)
    assert [sum(p.numel() for p in peer.parameters()) for peer in peers(run)] == [403, 15]
    assert not same_weights(peers(run)[1], own), "a copy learns, the module given stays"


def test_peers_of_ones_own_cannot_be_written_down(clouds, tmp_path):
    run = begin(clouds, [small(), nn.Sequential(nn.Linear(4, 3))])
    with pytest.raises(ValueError, match="a peer of this objective is a module of your own"):
        run.save(tmp_path)


def test_peers_that_learned_before_begin_where_they_were(clouds):
    learned = kd.Distillation(None, small(seed=5), clouds, kd.HardLabels(), epochs=2).train(progress=False).student
    run = begin(clouds, [small(), learned])
    assert same_weights(peers(run)[0], learned)


def test_a_number_of_peers_gives_copies_with_other_seeds(clouds):
    run = kd.Distillation(None, small(), clouds, kd.HardLabels() + kd.Mutual(peers=2), epochs=1)
    first, second = peers(run)
    assert first.architecture == second.architecture == run.student.architecture
    assert not same_weights(first, second) and not same_weights(first, run.student)
    with pytest.raises(ValueError, match="the student is a module of your own"):
        kd.Distillation(None, nn.Sequential(nn.Linear(4, 3)), clouds, kd.HardLabels() + kd.Mutual())


def test_the_twin_is_the_student_alone(clouds):
    run = begin(clouds)
    twin = run.twin()
    assert twin.objective == 1.0 * kd.HardLabels() and same_weights(twin.student, run.student)
    assert len(twin.auxiliary) == 0


def test_examples_without_a_label_count_for_the_agreement(clouds):
    part = kd.data.splits((clouds.train.inputs(), clouds.train.y), name="part").with_labels(9, keep_unlabelled=True)
    run = begin(part)
    run.step()
    assert run.history.column("mutual")[0] > 0


@pytest.mark.parametrize(("students", "match"), [
    (lambda: [small()], "at least two students, got 1"),
    (lambda: [small(), small(seed=1), small()], "student 2 has the weights of one before it"),
])  # fmt: skip
def test_students_that_cannot_teach_each_other_are_refused(clouds, students, match):
    with pytest.raises(ValueError, match=match):
        mutual_learning(students(), clouds)


def test_what_is_no_peer_is_refused(clouds, make):
    with pytest.raises(TypeError, match="peers must be a number, or a sequence of architectures"):
        kd.Mutual(peers="mlp")
    with pytest.raises(ValueError, match="peers must be a whole number of at least 1"):
        kd.Mutual(peers=0)
    with pytest.raises(ValueError, match=r"no kd\.Mutual term and so no peers"):
        peers(make())
    with pytest.raises(ValueError, match=r"no kd\.SelfDistillation term and so no exits"):
        exits(make())
