"""Attacks held against foolbox, and what they leave untouched."""

from __future__ import annotations

import copy
import warnings

import eagerpy
import pytest
import torch
from torch import nn

from kdviz.models.attack import climb, fgsm, pgd, random_point
from kdviz.models.inference import Cancelled

with warnings.catch_warnings():  # it imports from a part of scipy that is going to leave
    warnings.simplefilter("ignore", DeprecationWarning)
    import foolbox

RADIUS = {"linf": 0.1, "l2": 0.7}


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    layers = nn.Flatten(), nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 5)
    return nn.Sequential(*layers).double()


def pictures(n: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(n, 1, 4, 4, generator=draw, dtype=torch.float64), torch.randint(5, (n,), generator=draw)


def of_foolbox(attack, model, x, y, radius):
    wrapped = foolbox.PyTorchModel(model.eval(), bounds=(0, 1))
    return attack.run(wrapped, x.clone(), foolbox.criteria.Misclassification(y), epsilon=radius)


def test_fgsm_is_that_of_foolbox():
    model, (x, y) = network(), pictures()
    theirs = of_foolbox(foolbox.attacks.FGSM(), model, x, y, 0.1)
    assert (fgsm(model, x, y, 0.1) - theirs).abs().max() < 1e-9
    assert (theirs - x).abs().max() > 0.09


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("started", [False, True])
def test_pgd_is_that_of_foolbox_from_the_same_start(norm, started):
    model, (x, y), radius = network(), pictures(), RADIUS[norm]
    kind = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}[norm]
    start = random_point(x, radius, norm, torch.Generator().manual_seed(3))

    class FromStart(kind):
        def get_random_start(self, x0, epsilon):
            return eagerpy.astensor(start)

    theirs = of_foolbox(FromStart(abs_stepsize=0.03, steps=15, random_start=started), model, x, y, radius)

    def loss(now):
        return nn.functional.cross_entropy(model(now), y, reduction="none")

    ours = climb(loss, x, radius=radius, norm=norm, steps=15, step_size=0.03, start=start if started else None)
    assert (ours - theirs).abs().max() < 1e-9
    if not started:
        whole = pgd(model, x, y, radius, norm=norm, steps=15, step_size=0.03, random_start=False)
        assert (whole - theirs).abs().max() < 1e-9


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_no_change_is_longer_than_the_radius_or_leaves_the_bounds(norm):
    model, (x, y), radius = network(), pictures(), RADIUS[norm]
    found = pgd(model, x, y, radius, norm=norm, steps=7, restarts=2, seed=4)
    change = (found - x).flatten(1)
    length = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
    assert length.max() <= radius + 1e-12 and length.max() > 0.9 * radius
    assert found.min() >= 0 and found.max() <= 1


def test_random_points_fill_the_ball_evenly():
    x = torch.zeros(4000, 3, dtype=torch.float64)
    for norm, lengths in (("l2", lambda p: p.norm(dim=1)), ("linf", lambda p: p.abs().amax(1))):
        share = lengths(random_point(x, 2.0, norm, torch.Generator().manual_seed(0))) / 2
        assert share.max() <= 1
        assert abs((share**3).mean() - 0.5) < 4.5 * (1 / 12 / 4000) ** 0.5  # even where volume is


def test_restarts_do_no_less_damage_and_the_seed_decides():
    model, (x, y) = network(), pictures()

    def damage(restarts):
        found = pgd(model, x, y, 0.1, steps=2, restarts=restarts, seed=5)
        z = model(found)
        return (z.argmax(1) != y), nn.functional.cross_entropy(z, y, reduction="none")

    (one, loss), (several, more) = damage(1), damage(6)
    assert (several | ~one).all() and (more >= loss - 1e-12)[one == several].all() and (more > loss).any()
    assert torch.equal(*(pgd(model, x, y, 0.1, steps=2, seed=s) for s in (5, 5)))
    assert not torch.equal(*(pgd(model, x, y, 0.1, steps=2, seed=s) for s in (5, 6)))


def test_a_model_is_left_as_it_was():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Dropout(), nn.Linear(16, 5)).double()
    model[1].eval()
    model[3].bias.requires_grad_(False)
    model[3].weight.grad = torch.ones_like(model[3].weight)
    x, y = pictures()
    before, modes = copy.deepcopy(model.state_dict()), [m.training for m in model.modules()]
    with torch.no_grad():  # an attack turns gradients on for itself
        found = pgd(model, x, y, 0.1, steps=3, restarts=2)
    assert [m.training for m in model.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert [p.requires_grad for p in model.parameters()] == [True, True, True, False]
    assert (model[3].weight.grad == 1).all() and model[1].weight.grad is None
    assert not found.requires_grad and not x.requires_grad


def test_what_does_not_fit_is_said_in_one_sentence():
    model, (x, y) = network(), pictures(4)
    for wrong, sentence in (
        (lambda: pgd(model, 3 * x, y, 0.1), "inputs must lie in"),
        (lambda: pgd(model, x, y - 9, 0.1), "leave out examples without a label"),
        (lambda: pgd(model, x, y, -1.0), "radius must be"),
        (lambda: pgd(model, x, y, 0.1, norm="l1"), "norm must be one of"),
        (lambda: pgd(model, x, y, 0.1, steps=0), "steps must be"),
        (lambda: pgd(model, x, y, 0.1, restarts=2, random_start=False), "differ by their random start"),
        (lambda: pgd(Deaf(), x, y, 0.1), "needs the gradient of the model by its inputs"),
    ):
        with pytest.raises(ValueError, match=sentence):
            wrong()
    with pytest.raises(TypeError, match="a tensor of floats"):
        pgd(model, (255 * x).byte(), y, 0.1)
    with pytest.raises(Cancelled):
        pgd(model, x, y, 0.1, progress=lambda done, total: done < 3)


class Deaf(nn.Module):
    def forward(self, x):
        return x.detach().flatten(1)[:, :5]
