"""How sharp a minimum is: the worst loss nearby, by three meanings of near, and the largest curvature."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn

from ...data.inputs import Inputs
from ...models.inference import Cancelled
from ...words import mark, number, t
from .loss import Loss, Values, added, norm

if TYPE_CHECKING:
    from ..saliency import Progress

Kind = Literal["ball", "adaptive", "box"]
KINDS: tuple[str, ...] = get_args(Kind)
RADII = {"ball": 0.5, "adaptive": 0.5, "box": 1e-3}
STEPS = 15  # of the ascent
ITERATIONS = 100
SAYS = {
    "ball": mark(
        "In a ball of radius {radius} around the weights gradient ascent found a loss {value} above "
        "{loss}: it may rise further."
    ),
    "adaptive": mark(
        "Moving each weight in proportion to its size, by {radius} in all, gradient ascent found a loss {value} "
        "above {loss}: it may rise further. This does not depend on how a network of the same answers is scaled."
    ),
    "box": mark(
        "In a box of {radius} times (the size of each weight + 1) gradient ascent found a loss above {loss} by "
        "{value}\u202f% of loss + 1: it may rise further."
    ),
}


@dataclass(frozen=True)
class Sharpness:
    """How much worse the loss becomes nearby.

    Attributes
    ----------
    kind : {"ball", "adaptive", "box"}
    radius : float
    loss, worst : float
        At the weights, and the highest that was found nearby.
    value : float
        ``worst`` − ``loss``; for "box" (``worst`` − ``loss``) / (1 + ``loss``) · 100.
    n : int
        Examples.
    """

    kind: str
    radius: float
    loss: float
    worst: float
    value: float
    n: int

    def sentence(self) -> str:
        """Return the result in words."""
        return t(
            SAYS[self.kind],
            radius=number(self.radius, "g"),
            loss=number(self.loss, ".3f"),
            value=number(self.value, ".3g"),
        )


@dataclass(frozen=True)
class Eigenvalue:
    """The largest eigenvalue of the Hessian of the loss.

    Attributes
    ----------
    value : float
    residual : float
        ‖H v − value · v‖ for the unit vector v that was found; an eigenvalue lies no further than this from ``value``.
    iterations : int
    converged : bool
    """

    value: float
    residual: float
    iterations: int
    converged: bool


def sharpness(
    model: nn.Module,
    X: Inputs,
    y: Tensor,
    kind: Kind = "ball",
    *,
    radius: float | None = None,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> Sharpness:
    """Return how much worse the loss becomes near a model's weights, by gradient ascent.

    Parameters
    ----------
    model : nn.Module
        Any classifier; it is left as it was.
    X : Tensor, mapping or tuple
        Inputs of N examples.
    y : Tensor of int, shape (N,)
    kind : {"ball", "adaptive", "box"}
        What near means, see the notes.
    radius : float, optional
        > 0; by default 0.5, for the box 0.001.
    steps : int
        Of the ascent, at least 1.
    progress : callable, optional
        Called with (steps done, steps in all); return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        If a name or number is not as it should be, or the labels do not fit.

    Notes
    -----
    With w the weights, L the mean cross-entropy on these examples and δ a change of all weights::

        ball       max L(w + δ) − L(w),  ‖δ‖₂ ≤ radius                              (Foret et al.)
        adaptive   the same,             ‖δ / |w|‖₂ ≤ radius                        (Kwon et al.)
        box        100 · (max L(w + δ) − L(w)) / (1 + L(w)),  |δᵢ| ≤ radius · (|wᵢ| + 1)   (Keskar et al.)

    The maximum is sought by projected gradient ascent, so the value is a lower bound. Multiplying the weights into a
    ReLU unit and dividing those out of it changes no answer, but does change ball and box, by any factor (Dinh et al.):
    these compare networks only where their weights are of one scale. The adaptive form stays the same, exactly, since
    |w| is scaled as w is; a weight of 0 cannot move in it. Flat minima need not generalize better by any of the three.

    References
    ----------
    Keskar, Mudigere, Nocedal, Smelyanskiy, Tang (2017), On Large-Batch Training for Deep Learning, ICLR,
    arXiv:1609.04836. Dinh, Pascanu, Bengio, Bengio (2017), Sharp Minima Can Generalize For Deep Nets, ICML,
    arXiv:1703.04933. Foret, Kleiner, Mobahi, Neyshabur (2021), Sharpness-Aware Minimization, ICLR, arXiv:2010.01412.
    Kwon, Kim, Park, Choi (2021), ASAM, ICML, arXiv:2102.11600.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    size = RADII[kind] if radius is None else radius
    if not 0 < size < float("inf"):
        raise ValueError(f"radius must be finite and > 0, such as {RADII[kind]:g}, got {radius}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, such as {STEPS}, got {steps}")
    loss = Loss.of(model, X, y)
    start = loss.parameters
    own = worst = float(loss.at(start))
    # δ = scale · step, and the step is what is bounded
    scale = {name: _scale(value, kind) for name, value in start.items()}
    bounded = _in_box if kind == "box" else _in_ball
    step: Values = {name: torch.zeros_like(value) for name, value in start.items()}
    for done in range(1, steps + 1):
        here = {name: value + scale[name] * step[name] for name, value in start.items()}
        _, gradient = loss.gradient(here)
        up = {name: scale[name] * value for name, value in gradient.items()}
        stride = size if done == 1 else 2.5 * size / steps
        step = bounded(added(step, _unit(up, kind), stride), size)
        reached = {name: value + scale[name] * step[name] for name, value in start.items()}
        worst = max(worst, float(loss.at(reached)))
        if progress is not None and progress(done, steps) is False:
            raise Cancelled(f"stopped after {done} of {steps} steps")
    rise = worst - own
    return Sharpness(kind, size, own, worst, 100 * rise / (1 + own) if kind == "box" else rise, len(loss.y))


def _scale(weights: Tensor, kind: str) -> Tensor:
    if kind == "ball":
        return torch.ones_like(weights)
    return weights.abs() if kind == "adaptive" else weights.abs() + 1


def _unit(direction: Values, kind: str) -> Values:
    if kind == "box":
        return {name: value.sign() for name, value in direction.items()}
    length = norm(direction)
    return {name: value / length for name, value in direction.items()} if length > 0 else direction


def _in_ball(step: Values, radius: float) -> Values:
    length = norm(step)
    return {name: value * (radius / length) for name, value in step.items()} if length > radius else step


def _in_box(step: Values, radius: float) -> Values:
    return {name: value.clamp(-radius, radius) for name, value in step.items()}


def largest_eigenvalue(
    model: nn.Module,
    X: Inputs,
    y: Tensor,
    *,
    iterations: int = ITERATIONS,
    tolerance: float = 1e-3,
    seed: int = 0,
    progress: Progress | None = None,
) -> Eigenvalue:
    """Return the largest eigenvalue of the Hessian of the loss, by power iteration.

    Parameters
    ----------
    model, X, y
        See :func:`sharpness`.
    iterations : int
        At most so many products with the Hessian.
    tolerance : float
        > 0; it ends where the residual is below this share of the eigenvalue.
    seed : int
        Of the first vector.
    progress : callable, optional
        Called with (products done, at most); return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        If a number is out of range, or the labels do not fit.

    Notes
    -----
    A product H v is the gradient of ⟨∇L, v⟩ (Pearlmutter). Power iteration finds the eigenvalue of the largest size;
    where that is negative, as it can be off a minimum, it goes on with H less it, and finds the largest. For the
    Rayleigh quotient the error goes with the square of the residual. Like the ball's sharpness the eigenvalue depends
    on how the layers of a network of the same answers are scaled.

    References
    ----------
    Pearlmutter (1994), Fast Exact Multiplication by the Hessian, Neural Computation 6.
    """
    if iterations < 1 or not tolerance > 0:
        raise ValueError(f"iterations and tolerance must be above 0, got {iterations} and {tolerance}")
    loss = Loss.of(model, X, y)
    leaves, gradient = loss.gradient(loss.parameters, graph=True)
    flat = torch.cat([g.flatten() for g in gradient.values()])
    weights = list(leaves.values())
    done = 0

    def product(v: Tensor) -> Tensor:
        nonlocal done
        done += 1
        if progress is not None and progress(min(done, iterations), iterations) is False:
            raise Cancelled(f"stopped after {done} products with the Hessian")
        if not flat.requires_grad:
            return torch.zeros_like(v)
        turned = torch.autograd.grad(flat, weights, v, retain_graph=True, allow_unused=True, materialize_grads=True)
        return torch.cat([g.flatten() for g in turned])

    start = torch.randn(len(flat), generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(flat)
    found = _power(product, start, iterations, tolerance)
    if found.value < 0:
        lowest = found.value
        shifted = _power(lambda v: product(v) - lowest * v, start, iterations, tolerance)
        found = Eigenvalue(shifted.value + lowest, shifted.residual, done, shifted.converged)
    return found


def _power(product: Callable[[Tensor], Tensor], start: Tensor, iterations: int, tolerance: float) -> Eigenvalue:
    v = start / start.norm()
    value = residual = 0.0
    for k in range(1, iterations + 1):
        image = product(v)
        value = float(v.double() @ image.double())
        residual = float((image - value * v).norm())
        if residual <= tolerance * abs(value) or not float(image.norm()):
            return Eigenvalue(value, residual, k, True)
        v = image / image.norm()
    return Eigenvalue(value, residual, iterations, False)


def rescaled(model: nn.Module, factor: float) -> nn.Module:
    """Return a copy with the same answers whose weights are scaled otherwise, to show what depends on their scale.

    Parameters
    ----------
    model : nn.Module
        With linear layers that follow each other with nothing but ReLU or dropout between, as in a perceptron.
    factor : float
        > 0. What leads into the first such pair of layers is multiplied by it, what leads out divided.

    Raises
    ------
    ValueError
        If there are no such layers, or the factor is not above 0.
    """
    if not 0 < factor < float("inf"):
        raise ValueError(f"factor must be finite and > 0, got {factor}")
    made = copy.deepcopy(model)
    leaves = [part for part in made.modules() if not list(part.children())]
    linear = [i for i, part in enumerate(leaves) if isinstance(part, nn.Linear)]
    for i, j in itertools.pairwise(linear):
        between = leaves[i + 1 : j]
        into, out = leaves[i], leaves[j]
        if not any(isinstance(part, nn.ReLU) for part in between) or not all(
            isinstance(part, nn.ReLU | nn.Dropout | nn.Identity) for part in between
        ):
            continue
        assert isinstance(into, nn.Linear) and isinstance(out, nn.Linear)
        with torch.no_grad():
            into.weight.mul_(factor)
            if into.bias is not None:
                into.bias.mul_(factor)
            out.weight.div_(factor)
        return made
    raise ValueError("rescaled needs two linear layers with a ReLU between them, and the model has none")
