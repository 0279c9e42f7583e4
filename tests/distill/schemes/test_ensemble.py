"""Several models as one."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import Ensemble, ensemble

from ..conftest import same_weights, small


def test_it_answers_with_the_mean_of_the_members_probabilities(clouds):
    members = [small(seed=seed).double() for seed in range(3)]
    x = clouds.test.inputs().double()
    with torch.no_grad():
        p = torch.stack([member(x).softmax(1) for member in members])
        torch.testing.assert_close(Ensemble(members)(x).exp(), p.mean(0))
        product = p.prod(0) / p.prod(0).sum(1, keepdim=True)
        cubed = torch.softmax(3 * Ensemble(members, "geometric")(x), 1)  # the geometric mean is the product's cube root
        torch.testing.assert_close(cubed, product)


def test_extreme_logits_give_finite_answers():
    class Sure(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 1e4 * torch.eye(3)[: len(x)]

    out = Ensemble([Sure(), Sure()])(torch.zeros(3, 1))
    assert out.isfinite().all() and torch.equal(out.argmax(1), torch.arange(3))


def test_members_are_frozen_copies_of_students_or_modules(make):
    run, module = make(epochs=1).train(progress=False), small(seed=3)
    both = ensemble([run, module])
    assert same_weights(both.members[0], run.student) and same_weights(both.members[1], module)
    assert not both.training and not any(p.requires_grad for p in both.parameters())
    assert module.training and all(p.requires_grad for p in module.parameters())


def test_nothing_and_unknown_means_are_refused():
    with pytest.raises(ValueError, match="at least one member"):
        ensemble([])
    with pytest.raises(ValueError, match='mean must be "arithmetic" or "geometric"'):
        Ensemble([small()], "median")


def test_any_two_of_them_can_be_compared(teacher, clouds):
    report = kd.compare(teacher, ensemble([small(), small(seed=1)]), clouds)
    assert report is not None
