"""Attacks: the change of an input, within a radius, that makes a model's loss as large as can be found.

A model is asked in eval mode and left as it was: its modes, weights, buffers and gradients. What is drawn at random is
drawn from a seed. Whatever a model does to its inputs first, such as standardizing, is part of it: radius and bounds
are those of the inputs themselves, by default pixels in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .inference import Cancelled, Progress, ask, fitted
from .looking import evaluating
from .randomness import mix

Norm = Literal["linf", "l2"]
NORMS: tuple[Norm, ...] = ("linf", "l2")
BOUNDS = (0.0, 1.0)  # of pixels
ROWS_AT_ONCE = 128
TINY = 1e-12  # below it a gradient has no direction


def fgsm(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    radius: float,
    *,
    bounds: tuple[float, float] = BOUNDS,
    who: str = "model",
    progress: Progress | None = None,
) -> Tensor:
    """Return inputs moved by one step of size ``radius`` along the sign of the gradient (FGSM).

    Parameters and errors as for :func:`pgd`, of which it is the special case with one step and no random start.

    References
    ----------
    Goodfellow, Shlens, Szegedy (2015), Explaining and Harnessing Adversarial Examples, ICLR, arXiv:1412.6572.
    """
    one: dict[str, object] = {"steps": 1, "step_size": radius, "random_start": False}
    return pgd(model, x, y, radius, bounds=bounds, who=who, progress=progress, **one)  # type: ignore[arg-type]


def pgd(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    radius: float,
    *,
    norm: Norm = "linf",
    steps: int = 10,
    step_size: float | None = None,
    restarts: int = 1,
    random_start: bool = True,
    seed: int = 0,
    bounds: tuple[float, float] = BOUNDS,
    who: str = "model",
    progress: Progress | None = None,
) -> Tensor:
    """Return inputs changed by projected gradient ascent on the cross-entropy (PGD).

    Parameters
    ----------
    model : nn.Module
        Any classifier that gradients pass through.
    x : Tensor of floats, shape (N, ...)
        Inputs within ``bounds``.
    y : Tensor of int64, shape (N,)
        The classes that the attack leads away from: the labels.
    radius : float
        ≥ 0, in the units of the inputs: no change is longer.
    norm : {"linf", "l2"}
        How long a change is: its largest entry, or the root of the sum of its squares.
    steps : int
        How many, ≥ 1.
    step_size : float, optional
        Length of each; default 2.5 · radius / steps, as Madry et al. have it.
    restarts : int
        Of several random starts, the one that misleads the model; of those that do equally, the one with the largest
        loss.
    random_start : bool
        Begin at a random point within the radius instead of at the input.
    seed : int
        Of the random starts.
    bounds : (float, float)
        Range of the inputs, which no changed input leaves.
    who : str
        The name of the model in messages.
    progress : callable, optional
        Called with (done, total) gradients; return False to stop with ``Cancelled``.

    Returns
    -------
    Tensor
        Shape, dtype and device of ``x``.

    Raises
    ------
    ValueError, TypeError
        In one sentence.

    Notes
    -----
    From x₀ = x, or a random point within the radius, with P the projection onto the ball around x, then onto the
    bounds::

        x_{k+1} = P(x_k + step_size · d(∂CE/∂x_k)),   d = sign for "linf", g / ‖g‖₂ for "l2"

    It finds a lower bound of the damage: another attack may do more. Where a gradient is exactly 0, as behind a
    saturated softmax, the attack stands still, and the model only looks robust.

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras, Vladu (2018), Towards Deep Learning Models Resistant to Adversarial Attacks, ICLR,
    arXiv:1706.06083. Athalye, Carlini, Wagner (2018), Obfuscated Gradients Give a False Sense of Security, ICML.

    Examples
    --------
    >>> model = nn.Linear(2, 2)
    >>> _ = model.weight.data.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]])), model.bias.data.zero_()
    >>> pgd(model, torch.tensor([[0.5, 0.4]]), torch.tensor([0]), 0.1, seed=1)
    tensor([[0.4000, 0.5000]])
    """
    _check(x, y, radius, norm, bounds)
    for name, value in (("steps", steps), ("restarts", restarts)):
        if not (isinstance(value, int) and value >= 1):
            raise ValueError(f"{name} must be a whole number >= 1, got {value!r}")
    if restarts > 1 and not random_start:
        raise ValueError(
            f"restarts differ by their random start: pass random_start=True, or restarts=1, not {restarts}"
        )
    size = 2.5 * radius / steps if step_size is None else float(step_size)
    if not (math.isfinite(size) and size >= 0):
        raise ValueError(f"step_size must be a finite number >= 0, got {step_size}")
    done, total = 0, math.ceil(len(x) / ROWS_AT_ONCE) * restarts * steps
    changed = []

    def counted(loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def called(now: Tensor) -> Tensor:
            nonlocal done
            done += 1
            if progress is not None and progress(done, total) is False:
                raise Cancelled(f"stopped after {done:,} of {total:,} gradients of the {who}")
            return loss(now)

        return called

    with evaluating(model):
        for first in range(0, len(x), ROWS_AT_ONCE):
            part = fitted(x[first : first + ROWS_AT_ONCE].detach(), model)
            labels = y[first : first + ROWS_AT_ONCE].to(part.device)
            best = _Worst(part)
            for restart in range(restarts):
                start = part
                if random_start:
                    draw = torch.Generator().manual_seed(mix(seed, restart, first))
                    start = random_point(part, radius, norm, draw)
                loss = _loss_of(model, labels, who)
                found = climb(
                    counted(loss), part, radius=radius, norm=norm, steps=steps, step_size=size, start=start,
                    bounds=bounds,
                )  # fmt: skip
                if restarts == 1:
                    best.x = found
                else:
                    best.see(found, *_outcome(model, found, labels, who))
            changed.append(best.x.to(x))
    return torch.cat(changed) if changed else x.detach().clone()


def climb(
    loss: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    radius: float,
    norm: Norm = "linf",
    steps: int,
    step_size: float,
    start: Tensor | None = None,
    bounds: tuple[float, float] = BOUNDS,
) -> Tensor:
    """Return inputs moved uphill on any loss, within the radius and the bounds.

    Parameters
    ----------
    loss : callable
        Maps inputs (B, ...) to one value an example, (B,), or their sum. Only its gradient by the inputs is taken, so
        that no parameter's ``grad`` changes.
    x : Tensor, shape (B, ...)
    radius, norm, steps, step_size, bounds
        See :func:`pgd`.
    start : Tensor, shape (B, ...), optional
        Where to begin, brought within the bounds; default ``x``.

    Returns
    -------
    Tensor, shape (B, ...)
        Without gradient.
    """
    now = (x if start is None else start).detach().clamp(*bounds)
    for _ in range(steps):
        with torch.enable_grad():
            now = now.requires_grad_()
            value = loss(now).sum()
            if not value.requires_grad:
                raise ValueError(
                    "an attack needs the gradient of the model by its inputs, and this model has none; attack another "
                    "model and give its examples to this one"
                )
            (gradient,) = torch.autograd.grad(value, now)
        now = now.detach() + step_size * _direction(gradient, norm)
        now = (x + _shortened(now - x, radius, norm)).clamp(*bounds)
    return now.detach()


def random_point(x: Tensor, radius: float, norm: Norm, generator: torch.Generator) -> Tensor:
    """Return x plus a change drawn evenly from the ball of the radius; the draws are the CPU's on every device."""
    if norm == "linf":
        move = 2 * torch.rand(x.shape, generator=generator, dtype=x.dtype) - 1
    else:
        move = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        d = max(1, move[0].numel()) if len(move) else 1
        long = torch.rand(len(x), generator=generator, dtype=x.dtype) ** (1 / d)
        move = _direction(move, "l2") * _broad(long, x)
    return x + radius * move.to(x.device)


def _broad(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.ndim - 1))


def _lengths(x: Tensor) -> Tensor:
    return _broad(torch.linalg.vector_norm(x.flatten(1), dim=1).clamp_min(TINY), x)


def _direction(gradient: Tensor, norm: Norm) -> Tensor:
    return gradient.sign() if norm == "linf" else gradient / _lengths(gradient)


def _shortened(change: Tensor, radius: float, norm: Norm) -> Tensor:
    if norm == "linf":
        return change.clamp(-radius, radius)
    return change * (radius / _lengths(change)).clamp_max(1)


class _Worst:
    """Of several changed versions of a batch, for each example the one that does most damage."""

    def __init__(self, x: Tensor) -> None:
        self.x = x.clone()
        self.wrong = torch.zeros(len(x), dtype=torch.bool, device=x.device)
        self.loss = torch.full((len(x),), -torch.inf, dtype=x.dtype, device=x.device)

    def see(self, x: Tensor, wrong: Tensor, loss: Tensor) -> None:
        more = (wrong & ~self.wrong) | ((wrong == self.wrong) & (loss > self.loss))
        self.x = torch.where(_broad(more, x), x, self.x)
        self.wrong, self.loss = torch.where(more, wrong, self.wrong), torch.where(more, loss, self.loss)


def _loss_of(model: nn.Module, y: Tensor, who: str) -> Callable[[Tensor], Tensor]:
    return lambda now: F.cross_entropy(_logits(model, now, who), y, reduction="none")


def _outcome(model: nn.Module, x: Tensor, y: Tensor, who: str) -> tuple[Tensor, Tensor]:
    """Return whether the model is wrong on each example, and its loss."""
    with torch.no_grad():
        z = _logits(model, x, who)
    return z.argmax(1) != y, F.cross_entropy(z, y, reduction="none").to(x.dtype)


def _logits(model: nn.Module, x: Tensor, who: str) -> Tensor:
    z = ask(model, x, who=who)
    if z.ndim != 2:
        raise ValueError(f"an attack leads away from one class an example, and the {who} answers each token")
    return z


def _check(x: Tensor, y: Tensor, radius: float, norm: Norm, bounds: tuple[float, float]) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = str(x.dtype) if isinstance(x, Tensor) else type(x).__name__
        raise TypeError(f"an attack needs inputs that can change a little, a tensor of floats, got {kind}")
    if y.shape != x.shape[:1] or y.dtype != torch.int64 or bool((y < 0).any()):
        raise ValueError(
            f"y must be the class of each of the {len(x)} inputs, int64 and >= 0, got {y.dtype} of shape "
            f"{tuple(y.shape)}; leave out examples without a label"
        )
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
    if not (math.isfinite(radius) and radius >= 0):
        raise ValueError(f"radius must be a finite number >= 0, got {radius}")
    check_bounds(x, bounds)


def check_bounds(x: Tensor, bounds: tuple[float, float]) -> None:
    """Raise a one-sentence ``ValueError`` if inputs lie outside the bounds, or the bounds are none."""
    low, high = bounds
    if not low < high:
        raise ValueError(f"bounds must be (low, high) with low < high, got {bounds}")
    if x.numel() and not (low <= float(x.min()) and float(x.max()) <= high):
        raise ValueError(
            f"inputs must lie in [{low:g}, {high:g}], got {float(x.min()):.3g} to {float(x.max()):.3g}; pass "
            "bounds=(low, high) of your inputs, and a radius in their units"
        )
