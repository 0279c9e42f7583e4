"""Adversarial losses (GAN-KD): a discriminator learns to tell student from teacher, the student to be taken for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from .precision import at_least_float32, outside_autocast


@outside_autocast
def discriminator_loss(d_t: Tensor, d_s: Tensor) -> Tensor:
    """The discriminator's loss (GAN-KD): E[softplus(−D(t))] + E[softplus(D(s))], in nats.

    Parameters
    ----------
    d_t : Tensor, any shape
        The discriminator's logits for the teacher's outputs, large for "teacher".
    d_s : Tensor, any shape
        Its logits for the student's outputs, which must be detached: ``D(s.detach())``. Only the discriminator gets a
        gradient.

    Returns
    -------
    Tensor
        A scalar; 2 ln 2 for a discriminator that always outputs 0. float32 at least.

    Notes
    -----
    −log σ(D(t)) − log (1 − σ(D(s))), each averaged over all its entries: binary cross-entropy with the label 1 for
    the teacher and 0 for the student. Their sizes may differ: a batch of cached teacher outputs may be larger.

    The discriminator of Xu et al. reads logits and also predicts the class; here it may be any module on any output,
    and a class loss for it is a separate term.

    References
    ----------
    Xu, Hsu, Huang (2018), Training Shallow and Thin Networks for Acceleration via Knowledge Distillation with
    Conditional Adversarial Networks, ICLR workshop, arXiv:1709.00513. Goodfellow et al. (2014), Generative Adversarial
    Networks, arXiv:1406.2661.

    Examples
    --------
    >>> round(discriminator_loss(torch.zeros(4), torch.zeros(4)).item(), 4)  # 2 ln 2
    1.3863
    >>> discriminator_loss(torch.full((4,), 200.0), torch.full((4,), -200.0)).item()
    0.0
    """
    return F.softplus(-at_least_float32(d_t)).mean() + F.softplus(at_least_float32(d_s)).mean()


@outside_autocast
def generator_loss(d_s: Tensor) -> Tensor:
    """The student's loss for being taken for the teacher (GAN-KD): E[softplus(−D(s))], in nats.

    Parameters
    ----------
    d_s : Tensor, any shape
        The discriminator's logits for the student's outputs, large for "teacher". Keep the discriminator's weights out
        of the student's optimizer.

    Returns
    -------
    Tensor
        A scalar; ln 2 where the discriminator outputs 0. float32 at least.

    Notes
    -----
    −log σ(D(s)), averaged over all entries: the non-saturating form. The gradient of the original
    log (1 − σ(D(s))) vanishes just where the discriminator is certain, at the start of training.

    The teacher does not occur: the loss does not relate an example to the teacher's output for it. An additional term
    on the response or the labels does, as in Xu et al.

    References
    ----------
    Xu, Hsu, Huang (2018), Training Shallow and Thin Networks for Acceleration via Knowledge Distillation with
    Conditional Adversarial Networks, ICLR workshop, arXiv:1709.00513. Goodfellow et al. (2014), Generative Adversarial
    Networks, arXiv:1406.2661.

    Examples
    --------
    >>> round(generator_loss(torch.zeros(4)).item(), 4)  # ln 2
    0.6931
    """
    return F.softplus(-at_least_float32(d_s)).mean()


@outside_autocast
def gradient_penalty(
    discriminator: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor | None = None,
    *,
    kind: Literal["r1", "wgan-gp"] = "r1",
    generator: torch.Generator | None = None,
) -> Tensor:
    """A penalty on how steep the discriminator is, for the discriminator's loss.

    Parameters
    ----------
    discriminator : callable
        Maps outputs, shape (B, ...), to logits, any shape with B first. It must treat each example separately: with
        batch normalization the gradient below mixes examples.
    real : Tensor, shape (B, ...)
        Teacher outputs, cached or not; detached.
    fake : Tensor, shape (B, ...), optional
        Student outputs; detached. Needed by ``"wgan-gp"``.
    kind : {"r1", "wgan-gp"}
        ``"r1"``: zero-centered, at the teacher's outputs. ``"wgan-gp"``: a slope of 1 between teacher and student.
    generator : torch.Generator, optional
        Draws the points between teacher and student for ``"wgan-gp"``; default torch's own.

    Returns
    -------
    Tensor
        A scalar with a gradient for the discriminator's weights (the graph is kept: ``create_graph``), and none for
        teacher or student; float32 at least.

    Raises
    ------
    ValueError
        If ``kind`` is unknown, ``"wgan-gp"`` has no ``fake`` or one of another shape, or the discriminator's
        output does not depend on its input.

    Notes
    -----
    ``"r1"``: E_t ‖∇_x D(t)‖². Mescheder et al. write R1 = (γ/2) E ‖∇D‖²: γ/2 is its weight. They prove local
    convergence with it and give a counterexample for a slope of 1, hence the default.

    ``"wgan-gp"``: E (‖∇_x D(x̂)‖ − 1)² at x̂ = u t + (1 − u) s with one u ~ U(0, 1) per example. It belongs to the
    Wasserstein loss and is here for comparison; Gulrajani et al. give it the weight 10.

    Gradients are of the summed logits, one row an example.

    References
    ----------
    Mescheder, Geiger, Nowozin (2018), Which Training Methods for GANs do actually Converge?, ICML, arXiv:1801.04406.
    Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville (2017), Improved Training of Wasserstein GANs, NeurIPS,
    arXiv:1704.00028.

    Examples
    --------
    >>> def linear(x):
    ...     return x @ torch.tensor([3.0, 4.0])
    >>> gradient_penalty(linear, torch.zeros(5, 2)).item()  # 3² + 4², wherever
    25.0
    >>> gradient_penalty(linear, torch.zeros(5, 2), torch.ones(5, 2), kind="wgan-gp").item()  # (5 − 1)²
    16.0
    """
    x = _points(real, fake, kind, generator).requires_grad_()
    with torch.enable_grad():
        logits = discriminator(x)
        slopes = None
        if logits.requires_grad:
            (slopes,) = torch.autograd.grad(logits.sum(), x, create_graph=True, allow_unused=True)
        if slopes is None:
            raise ValueError("the discriminator's logits do not depend on its input: is something detached?")
        squares = slopes.flatten(1).square().sum(1)  # (B,)
        if kind == "r1":
            return squares.mean()
        return ((squares + 1e-12).sqrt() - 1).square().mean()  # kept from 0, where the root has no gradient


def _points(real: Tensor, fake: Tensor | None, kind: str, generator: torch.Generator | None) -> Tensor:
    """Return the points at which the slope is taken, as a new leaf."""
    if kind not in ("r1", "wgan-gp"):
        raise ValueError(f'kind must be "r1" or "wgan-gp", got {kind!r}')
    real = at_least_float32(real.detach())
    if kind == "r1":
        return real.clone()
    if fake is None or fake.shape != real.shape:
        got = "none" if fake is None else f"shape {tuple(fake.shape)}"
        raise ValueError(f"wgan-gp needs fake of the shape of real, {tuple(real.shape)}, got {got}")
    u = torch.rand(len(real), generator=generator, dtype=real.dtype, device=real.device)
    return torch.lerp(at_least_float32(fake.detach()), real, u.view(-1, *[1] * (real.ndim - 1)))
