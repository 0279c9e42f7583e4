"""Peers: of any kind, with batch statistics and examples of their own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.schemes import peers
from kdviz.distill.schemes.self_distillation import exits

from ..conftest import same_weights, small
from .mutual_runs import begin, everybody


def test_batch_statistics_count_each_batch_once(clouds):
    def normalised(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))

    run = begin(clouds, [normalised(0), normalised(1)])
    for _ in range(5):
        run.step()
    assert [int(model[1].num_batches_tracked) for model in everybody(run)] == [5, 5]


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


def test_examples_without_a_label_count_for_the_agreement(clouds):
    part = kd.data.splits((clouds.train.inputs(), clouds.train.y), name="part").with_labels(9, keep_unlabelled=True)
    run = begin(part)
    run.step()
    assert run.history.column("mutual")[0] > 0


def test_what_is_no_peer_is_refused(clouds, make):
    with pytest.raises(TypeError, match="peers must be a number, or a sequence of architectures"):
        kd.Mutual(peers="mlp")
    with pytest.raises(ValueError, match="peers must be a whole number of at least 1"):
        kd.Mutual(peers=0)
    with pytest.raises(ValueError, match=r"no kd\.Mutual term and so no peers"):
        peers(make())
    with pytest.raises(ValueError, match=r"no kd\.SelfDistillation term and so no exits"):
        exits(make())
