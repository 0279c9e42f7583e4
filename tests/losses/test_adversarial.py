"""Adversarial losses, held against loops written from the formulas in float64."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from kdviz.losses.adversarial import discriminator_loss, generator_loss, gradient_penalty

seeds = st.integers(0, 10**6)
KINDS = ["r1", "wgan-gp"]


def numbers(shape: tuple[int, ...], seed: int, scale: float = 3.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def perceptron(inputs: int, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)).double()


def softplus_by_hand(x: float) -> float:
    return math.log1p(math.exp(-abs(x))) + max(x, 0.0)


@given(st.integers(1, 6), st.integers(1, 6), seeds)
def test_both_losses_agree_with_the_formulas_to_1e_9(teachers, students, seed):
    d_t, d_s = numbers((teachers,), seed, 10.0), numbers((students,), seed + 1, 10.0)
    real = math.fsum(softplus_by_hand(-d) for d in d_t.tolist()) / teachers
    fake = math.fsum(softplus_by_hand(d) for d in d_s.tolist()) / students
    assert discriminator_loss(d_t, d_s).item() == pytest.approx(real + fake, rel=1e-9, abs=1e-12)
    deceived = math.fsum(softplus_by_hand(-d) for d in d_s.tolist()) / students
    assert generator_loss(d_s).item() == pytest.approx(deceived, rel=1e-9, abs=1e-12)


@given(seeds)
def test_gradients_are_those_of_the_values(seed):
    d_t, d_s = numbers((4,), seed).requires_grad_(), numbers((3,), seed + 1).requires_grad_()
    assert torch.autograd.gradcheck(discriminator_loss, (d_t, d_s))
    assert torch.autograd.gradcheck(generator_loss, (d_s,))


def test_the_discriminator_is_pulled_apart_and_the_student_towards_the_teacher():
    d_t, d_s = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    discriminator_loss(d_t, d_s).backward()
    assert (d_t.grad < 0).all() and (d_s.grad > 0).all()
    d_s.grad = None
    generator_loss(d_s).backward()
    assert (d_s.grad < 0).all()


def test_a_student_that_is_seen_through_keeps_its_gradient():
    seen_through = torch.full((2,), -50.0, requires_grad=True)
    generator_loss(seen_through).backward()
    torch.testing.assert_close(seen_through.grad, torch.full((2,), -0.5))  # the saturating form would have 1e-22


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_extreme_answers_stay_finite(dtype):
    d_t = torch.tensor([1e4, -1e4], dtype=dtype, requires_grad=True)
    d_s = torch.tensor([1e4, -1e4, 0.0], dtype=dtype, requires_grad=True)
    loss = discriminator_loss(d_t, d_s) + generator_loss(d_s)
    loss.backward()
    assert loss.isfinite() and d_t.grad.isfinite().all() and d_s.grad.isfinite().all()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


def slopes_by_hand(discriminator: nn.Module, places: Tensor) -> list[float]:
    """‖∇_x D‖² of each example, by central differences, one coordinate at a time."""
    h, found = 1e-5, []
    for place in places.flatten(1):
        squares = []
        for i in range(len(place)):
            step = torch.zeros_like(place)
            step[i] = h
            up, down = (discriminator((place + sign * step).view(1, *places.shape[1:])).item() for sign in (1, -1))
            squares.append(((up - down) / (2 * h)) ** 2)
        found.append(math.fsum(squares))
    return found


@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (2, 3, 2, 2)])
def test_r1_is_the_mean_squared_slope_at_the_teacher_s_answers(shape):
    discriminator = nn.Sequential(nn.Flatten(), perceptron(math.prod(shape[1:])))
    real = numbers(shape, 0, 1.0)
    by_hand = slopes_by_hand(discriminator, real)
    assert gradient_penalty(discriminator, real).item() == pytest.approx(math.fsum(by_hand) / len(by_hand), rel=1e-6)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2, 2)])
def test_wgan_gp_asks_for_a_slope_of_1_between_teacher_and_student(shape):
    discriminator = nn.Sequential(nn.Flatten(), perceptron(math.prod(shape[1:])))
    real, fake = numbers(shape, 0, 1.0), numbers(shape, 1, 1.0)
    penalty = gradient_penalty(
        discriminator, real, fake, kind="wgan-gp", generator=torch.Generator().manual_seed(7)
    ).item()
    u = torch.rand(shape[0], generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    places = torch.stack([share * r + (1 - share) * f for share, r, f in zip(u, real, fake, strict=True)])
    by_hand = [(math.sqrt(square) - 1) ** 2 for square in slopes_by_hand(discriminator, places)]
    assert penalty == pytest.approx(math.fsum(by_hand) / len(by_hand), rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_penalty_moves_the_discriminator_and_nobody_else(kind):
    discriminator = perceptron(3)
    real, fake = numbers((4, 3), 0).requires_grad_(), numbers((4, 3), 1).requires_grad_()
    gradient_penalty(discriminator, real, fake, kind=kind).backward()
    assert real.grad is None and fake.grad is None
    assert all(weight.grad.abs().max() > 0 for name, weight in discriminator.named_parameters() if name != "2.bias")


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_of_the_penalty_is_that_of_its_value(kind):
    discriminator = perceptron(2)
    real, fake, weights = numbers((3, 2), 0), numbers((3, 2), 1), discriminator[0].weight

    def penalty(w):
        def judged(x):
            return torch.func.functional_call(discriminator, {"0.weight": w}, (x,))

        return gradient_penalty(judged, real, fake, kind=kind, generator=torch.Generator().manual_seed(0))

    assert torch.autograd.gradcheck(penalty, (weights.detach().clone().requires_grad_(),))


@pytest.mark.parametrize("kind", KINDS)
def test_a_flat_discriminator_has_a_finite_gradient(kind):
    discriminator = perceptron(3)
    nn.init.zeros_(discriminator[2].weight)
    loss = gradient_penalty(discriminator, numbers((4, 3), 0), numbers((4, 3), 1), kind=kind)
    loss.backward()
    assert loss.item() == pytest.approx({"r1": 0.0, "wgan-gp": 1.0}[kind], abs=1e-5)
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in discriminator.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_cached_teacher_answers_in_half_precision_will_do(dtype):
    discriminator, real = perceptron(3).float(), numbers((4, 3), 0).to(dtype)
    with torch.no_grad():  # as where a caller measures, not trains
        loss = gradient_penalty(discriminator, real)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, gradient_penalty(discriminator, real.float()))


def test_training_with_the_losses_brings_the_student_to_the_teacher():
    torch.manual_seed(0)
    teacher = torch.randn(64, 2) + torch.tensor([2.0, -1.0])
    student = nn.Parameter(torch.zeros(2))
    discriminator = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    noise = torch.randn(64, 2)
    of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=0.02)
    of_student = torch.optim.Adam([student], lr=0.02)
    for _ in range(400):
        s = noise + student
        told = discriminator_loss(discriminator(teacher), discriminator(s.detach()))
        of_discriminator.zero_grad()
        (told + 0.5 * gradient_penalty(discriminator, teacher)).backward()
        of_discriminator.step()
        of_student.zero_grad()
        generator_loss(discriminator(s)).backward()
        of_student.step()
    assert (student - torch.tensor([2.0, -1.0])).norm() < 0.5


@pytest.mark.parametrize(("call", "says"), [
    (lambda d, x: gradient_penalty(d, x, kind="r2"), 'kind must be "r1" or "wgan-gp", got \'r2\''),
    (lambda d, x: gradient_penalty(d, x, kind="wgan-gp"), r"fake of the shape of real, \(4, 3\), got none"),
    (lambda d, x: gradient_penalty(d, x, x[:2], kind="wgan-gp"), r"real, \(4, 3\), got shape \(2, 3\)"),
    (lambda d, x: gradient_penalty(lambda z: d(z.detach()), x), "do not depend on its input"),
    (lambda d, x: gradient_penalty(lambda z: z.detach().sum(1), x), "do not depend on its input"),
])  # fmt: skip
def test_what_does_not_fit_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call(perceptron(3), numbers((4, 3), 0))
