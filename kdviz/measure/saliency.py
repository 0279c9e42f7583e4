"""Saliency maps: which parts of an input a model's answer rests on, and whether two models look at the same parts.

The maps are captum's, so is the sign: positive where the input speaks for the class asked about. A map can please the
eye and say nothing of the model: :func:`sanity_check` asks whether it changes with the weights, and
:func:`deletion_insertion` whether the answer changes with the places that it names.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..distill.randomness import mix
from ..distill.teacher import Cancelled
from ..models.architecture import seeded
from ..models.looking import evaluating
from .fidelity import Array

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], "bool | None"]


@dataclass(frozen=True, eq=False)
class MapSimilarity:
    """How alike two maps of each example are.

    Attributes
    ----------
    rank : ndarray of float64, shape (N,)
        Spearman's correlation of the sizes |a| and |b|, ties averaged, in [-1, 1], over the places where not both are 0
        (an image's empty ground would say that any two maps are alike); nan where either map is constant there.
    cosine : ndarray of float64, shape (N,)
        Of the signed maps, in [-1, 1]; nan where either map is 0 throughout.
    overlap : ndarray of float64, shape (N,)
        Share of the ``top`` largest values by size that both maps have, in [0, 1]; nan where either map is constant.
    top : float
        The fraction of values that ``overlap`` is about.
    constant : ndarray of bool, shape (N,)
        Where either map has one size throughout, so that it singles out nothing.
    """

    rank: np.ndarray
    cosine: np.ndarray
    overlap: np.ndarray
    top: float
    constant: np.ndarray

    @property
    def n(self) -> int:
        """How many examples."""
        return len(self.rank)

    def order(self) -> np.ndarray:
        """Return the examples' places by disagreement: lowest rank correlation first, constant maps last.

        >>> similarity([[1.0, 2.0, 3.0]] * 3, [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [3.0, 2.0, 1.0]]).order().tolist()
        [2, 0, 1]
        """
        return np.argsort(self.rank, kind="stable")  # nan last

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each example: ``example``, ``rank``, ``cosine``, ``overlap``, ``constant``."""
        import pandas as pd

        return pd.DataFrame({
            "example": np.arange(self.n),
            "rank": self.rank,
            "cosine": self.cosine,
            "overlap": self.overlap,
            "constant": self.constant,
        })  # fmt: skip

    def sentence(self) -> str:
        """Return what was found, in words.

        >>> print(similarity([[1.0, 2.0, 3.0]] * 2, [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]).sentence())
        Over 1 example the median rank correlation of the two maps is 1.00 (middle half 1.00 to 1.00), and of the top
        10 % of values both name 100 %. 1 example has a map of a single size, and no number.
        """
        lost = int(np.isnan(self.rank).sum())
        if lost == self.n:
            return f"Nothing can be said of {_examples(self.n)}: one of the two maps has a single size."
        low, middle, high = np.nanquantile(self.rank, [0.25, 0.5, 0.75])
        says = (
            f"Over {_examples(self.n - lost)} the median rank correlation of the two maps is {middle:.2f} "
            f"(middle half {low:.2f} to {high:.2f}), and of the top {100 * self.top:.3g} % of values both name "
            f"{100 * np.nanmean(self.overlap):.0f} %."
        )
        if lost:
            says += f" {_examples(lost)} {'has' if lost == 1 else 'have'} a map of a single size, and no number."
        return says


@dataclass(frozen=True, eq=False)
class Curves:
    """The probability of the target while places are taken from each example, and while they are put in.

    Attributes
    ----------
    fraction : ndarray of float64, shape (S,)
        Share of the places that were changed, from 0 to 1.
    deletion : ndarray of float64, shape (N, S)
        Probability while the places are replaced by the baseline, the map's highest first. A good map makes it fall
        early.
    insertion : ndarray of float64, shape (N, S)
        Probability while they are put into the baseline, the map's highest first. A good map makes it rise early.
    random_deletion, random_insertion : ndarray of float64, shape (N, S)
        The same in a random order, one order for each example.
    """

    fraction: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray

    @property
    def n(self) -> int:
        """How many examples."""
        return len(self.deletion)

    @property
    def deletion_area(self) -> np.ndarray:
        """Area under each example's deletion curve, shape (N,), in [0, 1]; low is good."""
        return np.trapezoid(self.deletion, self.fraction, axis=1)

    @property
    def insertion_area(self) -> np.ndarray:
        """Area under each example's insertion curve, shape (N,), in [0, 1]; high is good."""
        return np.trapezoid(self.insertion, self.fraction, axis=1)

    @property
    def random_deletion_area(self) -> np.ndarray:
        """Area under each example's deletion curve in random order, shape (N,)."""
        return np.trapezoid(self.random_deletion, self.fraction, axis=1)

    @property
    def random_insertion_area(self) -> np.ndarray:
        """Area under each example's insertion curve in random order, shape (N,)."""
        return np.trapezoid(self.random_insertion, self.fraction, axis=1)

    def frame(self) -> pd.DataFrame:
        """Return a table with a row for each example: ``example`` and the four areas."""
        import pandas as pd

        return pd.DataFrame({
            "example": np.arange(self.n),
            "deletion_area": self.deletion_area,
            "insertion_area": self.insertion_area,
            "random_deletion_area": self.random_deletion_area,
            "random_insertion_area": self.random_insertion_area,
        })  # fmt: skip

    def sentence(self) -> str:
        """Return what was found, in words."""
        out, back = self.deletion_area, self.insertion_area
        random_out, random_back = self.random_deletion_area, self.random_insertion_area
        lower, higher = int((out < random_out).sum()), int((back > random_back).sum())
        return (
            f"Over {_examples(self.n)}, taking places away in the map's order leaves a mean probability of "
            f"{out.mean():.2f} (random order {random_out.mean():.2f}; lower for {lower:,}), and putting them in gives "
            f"{back.mean():.2f} (random order {random_back.mean():.2f}; higher for {higher:,})."
        )


def saliency(
    model: nn.Module,
    X: Tensor,
    target: Array,
    method: str = "gradient",
    *,
    batch_size: int = 64,
    baseline: float | Tensor = 0.0,
    steps: int = 32,
    samples: int = 16,
    noise: float = 0.15,
    window: int | Sequence[int] | None = None,
    layer: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tensor:
    """Return a map for each example: how much each of its values speaks for the target class, by the logit.

    Parameters
    ----------
    model : nn.Module
        Takes (B, ...) and returns logits (B, C). It runs in eval mode where it lies; modes, flags, gradients and hooks
        are afterwards as before. No other thread may train it meanwhile.
    X : Tensor of floating point, shape (N, ...)
        As of `Examples.inputs()`. With four axes or more it is images (N, channels, height, width).
    target : array of int, shape (N,)
        The class asked about: the true ones, or a teacher's choice, ``teacher(X).argmax(1)``.
    method : str
        One of ``METHODS``.
    batch_size : int
        Most examples that the model sees at once, steps, samples and windows included.
    baseline : float or Tensor of the shape of one example
        The input that says nothing; for integrated gradients, occlusion and feature ablation.
    steps : int
        Points of the path of integrated gradients.
    samples, noise : int, float
        Noisy copies of each example for smoothed gradients, and the standard deviation of the noise in units of the
        input (of its range, where pixels go from 0 to 1).
    window : int or sequence of int, optional
        What occlusion hides at once, of each spatial axis (all channels). It moves on by half. If None, a seventh of
        each side of images (4×4 of 28×28), else one value.
    layer : str, optional
        Name of the layer for Grad-CAM, as in ``model.named_modules()``; if None, the deepest convolution.
    seed : int
        Of the noise. The noise of an example is drawn from its content and this: the same in any batch and at any
        place. torch's own generators are not touched.
    progress : callable, optional
        Called with (examples done, N) before each pass of the model and after each batch; return False to stop.

    Returns
    -------
    Tensor, shape of X
        On the CPU; float32, or float64 where the model is. Signed. Grad-CAM gives all channels the same map.
        Where a gradient is nan or inf, so is the map.

    Raises
    ------
    ValueError
        If there is no example, X or a logit is not finite, or anything else does not fit.
    Cancelled
        If ``progress`` returned False; no half result is given.
    ImportError
        If captum is not installed.

    Notes
    -----
    With f the target's logit, x the example and b the baseline::

        gradient              ∂f/∂x
        input_x_gradient      x · ∂f/∂x
        integrated_gradients  (x − b) · ∫₀¹ ∂f/∂x (b + α (x − b)) dα, by Gauss-Legendre; sums to f(x) − f(b)
        smooth_gradient       mean of ∂f/∂x (x + ε), ε ~ N(0, noise²)
        occlusion             f(x) − f(x with a window at b), averaged over the windows that cover the value
        grad_cam              Σ_k a_k · mean(∂f/∂a_k) of feature maps a, bilinearly enlarged, without the paper's ReLU
        feature_ablation      f(x) − f(x with one value at b)

    References
    ----------
    Simonyan et al. 2014, arXiv:1312.6034. Sundararajan et al. 2017, arXiv:1703.01365 (integrated gradients). Smilkov et
    al. 2017, arXiv:1706.03825 (smoothed). Zeiler, Fergus 2014, arXiv:1311.2901 (occlusion). Selvaraju et al. 2017,
    arXiv:1610.02391 (Grad-CAM). Kokhlikyan et al. 2020, Captum, arXiv:2009.07896.

    Examples
    --------
    >>> model = nn.Linear(3, 2)
    >>> X = torch.tensor([[1.0, 2.0, 3.0]])
    >>> found = saliency(model, X, torch.tensor([1]), "input_x_gradient")
    >>> torch.equal(found, X * model.weight.detach()[1])
    True
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    X, classes = _inputs(X, target)
    _at_least_one(batch_size=batch_size, steps=steps, samples=samples)
    if not (math.isfinite(noise) and noise >= 0):
        raise ValueError(f"noise must be a standard deviation of 0 or more, got {noise}")
    device, dtype = _place(model, X)
    ask = _Asking(model, len(X), progress)
    maps = []
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        first = X[:1].to(device, dtype, copy=True)
        _check_classes(ask(first), classes)
        at = None
        if method not in ("occlusion", "feature_ablation"):
            at = _differentiable(model, ask, first, int(classes[0]), layer if method == "grad_cam" else None, method)
        blank = _baseline(baseline, X, device, dtype)
        settings = _Settings(blank, steps, samples, noise, _window(window, X.shape), at, seed, batch_size)
        for start in range(0, len(X), batch_size):
            x = X[start : start + batch_size].to(device, dtype, copy=True)
            part = _BY_NAME[method](ask, x, classes[start : start + batch_size].to(device), settings)
            maps.append(part.detach().to("cpu", torch.float64 if dtype == torch.float64 else torch.float32))
            ask.done += len(x)
            ask.tell()
    return torch.cat(maps)


def similarity(a: Array, b: Array, top: float = 0.1) -> MapSimilarity:
    """Compare two maps of each example, for instance a teacher's and its student's.

    Parameters
    ----------
    a, b : array of float, shape (N, ...)
        Maps of the same examples in the same order.
    top : float
        Fraction in (0, 1] of the values whose overlap is asked.

    Raises
    ------
    ValueError
        If the shapes differ, there is no example, a value is not finite or ``top`` is out of range.

    Notes
    -----
    The top of a map of M values are those of the ⌈top · M⌉ largest sizes: all that tie with the last of them, and none
    that is 0. The overlap is the number in both tops by the size of the larger.

    Examples
    --------
    >>> found = similarity([[4.0, -3.0, 2.0, 1.0]], [[4.0, 3.0, 1.0, 2.0]], top=0.5)
    >>> found.rank.round(2).tolist(), found.cosine.round(2).tolist(), found.overlap.tolist()
    ([0.8], [0.37], [1.0])
    """
    if not 0 < top <= 1:
        raise ValueError(f"top must be in (0, 1] (it is the fraction of values to compare), got {top}")
    first, second = _maps(a, "a"), _maps(b, "b")
    if first.shape != second.shape:
        raise ValueError(
            f"a and b must be maps of the same examples, got shapes {tuple(first.shape)} and {tuple(second.shape)}"
        )
    rows = [(u.reshape(-1).numpy(), v.reshape(-1).numpy()) for u, v in zip(first, second, strict=True)]
    constant = np.array([any(np.ptp(np.abs(m)) == 0 for m in pair) for pair in rows])
    rank, cosine, overlap = np.full((3, len(rows)), np.nan)
    for i, (u, v) in enumerate(rows):
        cosine[i] = _cosine(u, v)
        if not constant[i]:
            rank[i] = _rank_correlation(np.abs(u), np.abs(v))
            mine, theirs = _top(np.abs(u), top), _top(np.abs(v), top)
            overlap[i] = (mine & theirs).sum() / max(mine.sum(), theirs.sum())
    return MapSimilarity(rank, cosine, overlap, top, constant)


def sanity_check(
    model: nn.Module,
    X: Tensor,
    target: Array,
    method: str = "gradient",
    seed: int = 0,
    *,
    top: float = 0.1,
    **settings: Any,
) -> MapSimilarity:
    """Compare the maps of a model with those of the same architecture with random weights.

    A map that stays the same shows the input, or the architecture, but not what was learnt.

    Parameters
    ----------
    model, X, target, method
        As of :func:`saliency`. The model is left as it is.
    seed : int
        Of the random weights, and of the noise of smoothed gradients. torch's own generator is left alone.
    top : float
        As of :func:`similarity`.
    **settings
        More arguments of :func:`saliency`; ``progress`` hears of both models' maps, one after the other.

    Returns
    -------
    MapSimilarity
        Learnt against random: low is good.

    Raises
    ------
    ValueError
        As of :func:`saliency`; or if the model cannot be copied, or has no weights to draw again.

    Notes
    -----
    In a copy on the CPU each module with ``reset_parameters`` draws its weights as it did when it was made. Parameters
    of other modules are drawn from the normal distribution with their own mean and standard deviation.

    References
    ----------
    Adebayo et al. 2018, Sanity Checks for Saliency Maps, arXiv:1810.03292.

    Examples
    --------
    >>> checked = sanity_check(nn.Linear(8, 2), torch.rand(5, 8), [0, 1, 0, 1, 0])
    >>> checked.n, bool((checked.rank < 1).all())
    (5, True)
    """
    learnt = saliency(model, X, target, method, seed=seed, **settings)
    return similarity(learnt, saliency(_redrawn(model, seed), X, target, method, seed=seed, **settings), top)


def on_random_weights(found: MapSimilarity, who: str) -> str:
    """Return what a :func:`sanity_check` found, in words.

    >>> print(on_random_weights(similarity([[1.0, 2.0, 3.0]], [[3.0, 2.0, 1.0]]), "student"))
    The student's maps and those of the same model with random weights have a median rank correlation of -1.00 over 1
    example: the nearer to 1, the less they show of what was learned.
    """
    known = found.rank[~np.isnan(found.rank)]
    if not len(known):
        return f"With random weights, or as it is, the {who} has maps of a single size: they cannot be compared."
    return (
        f"The {who}'s maps and those of the same model with random weights have a median rank correlation of "
        f"{np.median(known):.2f} over {_examples(len(known))}: the nearer to 1, the less they show of what was learned."
    )


def deletion_insertion(
    model: nn.Module,
    X: Tensor,
    maps: Array,
    target: Array,
    steps: int = 20,
    baseline: float | Tensor = 0.0,
    batch_size: int = 64,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Curves:
    """Return how the probability of the target falls as a map's places are deleted, and rises as they are inserted.

    Parameters
    ----------
    model, X, target, baseline
        As of :func:`saliency`.
    maps : array of float, shape of X
        The highest value first. Of images the channels are summed and go together, place by place.
    steps : int
        Points after the first; no more than there are places.
    batch_size : int
        Most examples that the model sees at once.
    seed : int
        Of the random order of each example, which also settles the order of equal values of a map.
    progress : callable, optional
        As of :func:`saliency`.

    Raises
    ------
    ValueError
        If there is no example, a shape does not fit, or X, a map or a logit is not finite.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    Both are measured on inputs that the model was never trained on: with half of the pixels black, the answer may
    change for the emptiness alone. The random order has the same emptiness, so read each area against it.

    References
    ----------
    Petsiuk, Das, Saenko 2018, RISE, arXiv:1806.07421.

    Examples
    --------
    >>> model = nn.Linear(4, 2)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[0.0, 0.0, 0.0, 0.0], [4.0, 2.0, 0.0, 0.0]])), model.bias.fill_(0.0)
    >>> X = torch.ones(1, 4)
    >>> curves = deletion_insertion(model, X, model.weight.detach()[1:] * X, [1], steps=4)
    >>> curves.deletion.round(3).tolist(), curves.insertion.round(3).tolist()
    ([[0.998, 0.881, 0.5, 0.5, 0.5]], [[0.5, 0.982, 0.998, 0.998, 0.998]])
    """
    X, classes = _inputs(X, target)
    _at_least_one(batch_size=batch_size, steps=steps)
    told = _maps(maps, "maps")
    if told.shape != X.shape:
        raise ValueError(f"maps must have the shape of X, {tuple(X.shape)}, got {tuple(told.shape)}")
    device, dtype = _place(model, X)
    channels = 1 if X.ndim >= 4 else 0  # axis that goes together
    value = (told.sum(1) if channels else told).flatten(1)  # (N, places)
    places = value.shape[1]
    counts = np.rint(np.linspace(0, places, min(steps, places) + 1)).astype(int)
    ask = _Asking(model, len(X), progress)
    parts = []
    with evaluating(model), torch.no_grad():
        _check_classes(ask(X[:1].to(device, dtype, copy=True)), classes)
        blank = _baseline(baseline, X, device, dtype)
        for start in range(0, len(X), batch_size):
            x = X[start : start + batch_size].to(device, dtype, copy=True)
            t = classes[start : start + batch_size].to(device)
            chance = torch.stack([torch.randperm(places, generator=g) for g in _generators(x, seed)])
            mapped = _by_value(value[start : start + batch_size], chance)
            shape = (len(x), *([1] if channels else []), *X.shape[1 + channels :])
            curves: list[Tensor] = []
            for rank in (mapped, chance):
                curves += _walk(ask, x, t, rank.view(shape).to(device), counts, blank)
            parts.append(torch.stack(curves))  # (4, B, S)
            ask.done += len(x)
            ask.tell()
    out, back, random_out, random_back = torch.cat(parts, dim=1).numpy()  # each (N, S)
    return Curves(counts / places, out, back, random_out, random_back)


@dataclass(frozen=True, eq=False)
class _Settings:
    baseline: float | Tensor
    steps: int
    samples: int
    noise: float
    window: tuple[tuple[int, ...], tuple[int, ...]]
    layer: nn.Module | None
    seed: int
    batch_size: int


def _captum() -> Any:
    try:
        import captum.attr
    except ImportError as error:
        raise ImportError('saliency maps need captum: pip install "kdviz[app]"') from error
    return captum.attr


def _gradient(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    return _captum().Saliency(ask.call).attribute(x.requires_grad_(), target=t, abs=False)


def _input_x_gradient(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    return _captum().InputXGradient(ask.call).attribute(x.requires_grad_(), target=t)


def _integrated_gradients(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    return (
        _captum()
        .IntegratedGradients(ask.call)
        .attribute(x, settings.baseline, t, n_steps=settings.steps, internal_batch_size=settings.batch_size)
    )


def _smooth_gradient(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    # captum's NoiseTunnel draws for the batch as a whole: an example's map would depend on its neighbours.
    generators = _generators(x, settings.seed)
    total = torch.zeros_like(x)
    for _ in range(settings.samples):
        noise = torch.stack([torch.randn(x.shape[1:], generator=g) for g in generators]).to(x.device, x.dtype)
        total += _gradient(ask, x + settings.noise * noise, t, settings)
    return total / settings.samples


def _occlusion(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    shape, strides = settings.window
    return (
        _captum()
        .Occlusion(ask.call)
        .attribute(
            x, shape, strides, settings.baseline, t, perturbations_per_eval=max(1, settings.batch_size // len(x))
        )
    )


def _grad_cam(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    attr = _captum()
    small = attr.LayerGradCam(ask.call, settings.layer).attribute(x.requires_grad_(), t)  # (B, 1, h, w)
    return attr.LayerAttribution.interpolate(small.detach(), tuple(x.shape[2:]), "bilinear").expand(x.shape)


def _feature_ablation(ask: _Asking, x: Tensor, t: Tensor, settings: _Settings) -> Tensor:
    return (
        _captum()
        .FeatureAblation(ask.call)
        .attribute(x, settings.baseline, t, perturbations_per_eval=max(1, settings.batch_size // len(x)))
    )


_BY_NAME: dict[str, Callable[[_Asking, Tensor, Tensor, _Settings], Tensor]] = {
    "gradient": _gradient,
    "input_x_gradient": _input_x_gradient,
    "integrated_gradients": _integrated_gradients,
    "smooth_gradient": _smooth_gradient,
    "occlusion": _occlusion,
    "grad_cam": _grad_cam,
    "feature_ablation": _feature_ablation,
}
METHODS = tuple(_BY_NAME)


class _Asking:
    """The model as captum calls it: each answer is checked, and before each pass someone may stop."""

    def __init__(self, model: nn.Module, total: int, progress: Progress | None) -> None:
        self.model, self.total, self.progress, self.done = model, total, progress, 0

    def tell(self) -> None:
        if self.progress is not None and self.progress(self.done, self.total) is False:
            raise Cancelled(f"stopped after {self.done} of {self.total} examples")

    def __call__(self, x: Tensor) -> Tensor:
        self.tell()
        logits = self.model(x)
        if not isinstance(logits, Tensor):
            raise ValueError(
                f"the model must return logits (examples, classes), got a {type(logits).__name__}; "
                "wrap it in kdviz.models.LogitsOf(model, which)"
            )
        if logits.ndim != 2 or len(logits) != len(x):
            raise ValueError(
                f"the model must return logits (examples, classes), got shape {tuple(logits.shape)} "
                f"for {len(x)} example{'' if len(x) == 1 else 's'}"
            )
        if not bool(logits.isfinite().all()):
            raise ValueError("the model's logits must be finite, got nan or inf; maps of it would mean nothing")
        return logits

    def call(self, x: Tensor) -> Tensor:
        return self(x)


def _inputs(X: Tensor, target: Array) -> tuple[Tensor, Tensor]:
    if not isinstance(X, Tensor) or not X.is_floating_point():
        got = X.dtype if isinstance(X, Tensor) else type(X).__name__
        raise ValueError(f"X must be a floating-point tensor, as of Examples.inputs(), got {got}")
    if X.ndim < 2 or X.numel() == 0:
        raise ValueError(f"X must have shape (examples, ...) with at least one example, got {tuple(X.shape)}")
    if not bool(X.isfinite().all()):
        raise ValueError("X must be finite, got nan or inf; leave these examples out")
    classes = torch.as_tensor(target).detach().cpu()
    if classes.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        raise ValueError(f"target must hold whole numbers, one class an example, got {classes.dtype}")
    if classes.shape != X.shape[:1]:
        raise ValueError(f"target must hold one class for each of {len(X)} examples, got shape {tuple(classes.shape)}")
    return X.detach(), classes.long()


def _check_classes(logits: Tensor, classes: Tensor) -> None:
    count, low, high = logits.shape[1], int(classes.min()), int(classes.max())
    if low < 0 or high >= count:
        raise ValueError(
            f"target must be in [0, {count - 1}] for {count} classes, got {low} to {high}; "
            "for examples without a label ask about the model's choice, model(X).argmax(1)"
        )


def _at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")


def _place(model: nn.Module, X: Tensor) -> tuple[torch.device, torch.dtype]:
    """Return where the model lies and what it computes in; X's own where it has no numbers."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.device, tensor.dtype
    return X.device, X.dtype


def _baseline(baseline: float | Tensor, X: Tensor, device: torch.device, dtype: torch.dtype) -> float | Tensor:
    """Return a number, or a tensor of shape (1, ...)."""
    blank = torch.as_tensor(baseline, dtype=torch.float64).detach()
    if blank.shape not in ((), X.shape[1:]):
        raise ValueError(
            f"baseline must be a number or a tensor of one example's shape {tuple(X.shape[1:])}, "
            f"got shape {tuple(blank.shape)}"
        )
    if not bool(blank.isfinite().all()):
        raise ValueError("baseline must be finite, got nan or inf")
    return blank.to(device, dtype).unsqueeze(0) if blank.ndim else float(blank)


def _window(window: int | Sequence[int] | None, shape: torch.Size) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the window of occlusion and its strides, channels first where there are some."""
    channels, sides = (shape[1:2], shape[2:]) if len(shape) >= 4 else (shape[:0], shape[1:])
    if window is None:
        each = tuple(max(1, round(side / 7)) if channels else 1 for side in sides)
    else:
        each = (window,) * len(sides) if isinstance(window, int) else tuple(int(w) for w in window)
    if len(each) != len(sides) or any(not 1 <= w <= side for w, side in zip(each, sides, strict=True)):
        raise ValueError(f"window must fit into {tuple(sides)}, a number from 1 for each axis, got {window}")
    return (*channels, *each), (*channels, *(max(1, w // 2) for w in each))


def _maps(maps: Array, what: str) -> Tensor:
    m = torch.as_tensor(maps).detach().to("cpu", torch.float64)
    if m.ndim < 2 or m.numel() == 0:
        raise ValueError(f"{what} must have shape (examples, ...) with at least one example, got {tuple(m.shape)}")
    if not bool(m.isfinite().all()):
        raise ValueError(f"{what} must be finite, got nan or inf")
    return m


def _differentiable(
    model: nn.Module, ask: _Asking, first: Tensor, target: int, layer: str | None, method: str
) -> nn.Module | None:
    """Check that there is a gradient with respect to the input; return the layer for Grad-CAM."""
    x = first.requires_grad_()
    with _watching(model, layer, first, method) as seen:
        f = ask(x)[0, target]
    layers = [(module, out) for module, out in seen.items() if out.ndim == 4 and out.requires_grad]
    if method == "grad_cam" and not layers:
        raise ValueError(
            f"Grad-CAM needs a layer that gives maps (examples, channels, height, width), and {layer!r} gives none"
            if layer is not None
            else "Grad-CAM needs a convolution (nn.Conv2d) and the model ran none; "
            'name another layer that gives maps, or use "gradient" or "integrated_gradients"'
        )
    gradients: Sequence[Tensor | None] = [None]
    if f.requires_grad:
        gradients = torch.autograd.grad(f, [x, *(out for _, out in layers)], allow_unused=True)
    if gradients[0] is None:
        raise ValueError(
            "the model's logits have no gradient with respect to its input; use occlusion or feature_ablation"
        )
    if method != "grad_cam":
        return None
    reached = [pair for pair, g in zip(layers, gradients[1:], strict=True) if g is not None]
    if not reached:
        raise ValueError("the model's logits do not depend on the layer that Grad-CAM looks at; name another layer")
    wide = [(module, out) for module, out in reached if out.shape[2] * out.shape[3] > 1] or reached
    known: dict[Any, int] = {}
    return max(wide, key=lambda pair: _depth(pair[1].grad_fn, known))[0]


@contextmanager
def _watching(model: nn.Module, layer: str | None, first: Tensor, method: str) -> Iterator[dict[nn.Module, Tensor]]:
    """Keep the outputs of the layers that Grad-CAM might use."""
    seen: dict[nn.Module, Tensor] = {}
    if method != "grad_cam":
        yield seen
        return
    if first.ndim != 4:
        raise ValueError(
            f"Grad-CAM needs images (examples, channels, height, width), got examples of shape {tuple(first.shape[1:])}"
        )
    modules = dict(model.named_modules())
    if layer is not None and layer not in modules:
        raise ValueError(f"layer must be one of {', '.join(filter(None, modules))}, got {layer!r}")
    chosen = [modules[layer]] if layer is not None else [m for m in modules.values() if isinstance(m, nn.Conv2d)]

    def keep(module: nn.Module, _: Any, out: Any) -> None:
        if isinstance(out, Tensor):
            seen.pop(module, None)
            seen[module] = out  # in the order run

    hooks = [module.register_forward_hook(keep) for module in chosen]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _depth(node: Any, known: dict[Any, int]) -> int:
    """Return how many operations lie on the longest way to a node of the graph.

    A residual block's shortcut runs after its convolutions, so the one that ran last is not always the deepest.
    """
    stack = [node]
    while stack:
        before = [other for other, _ in stack[-1].next_functions if other is not None]
        missing = [other for other in before if other not in known]
        if missing:
            stack.extend(missing)
        else:
            known[stack.pop()] = 1 + max((known[other] for other in before), default=0)
    return known[node]


def _generators(x: Tensor, seed: int) -> list[torch.Generator]:
    """Return a generator for each example, seeded by its content: its neighbours and its place do not matter."""
    rows = (x.detach().to("cpu", torch.float32) + 0.0).contiguous().numpy()  # + 0: -0 is 0
    found = []
    for row in rows:
        content = int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=8).digest(), "little")
        found.append(torch.Generator().manual_seed(mix(seed, content)))
    return found


def _redrawn(model: nn.Module, seed: int) -> nn.Module:
    """Return a copy with random weights, where the model lies."""
    device, _ = _place(model, torch.empty(0))
    try:
        other = copy.deepcopy(model).cpu()
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"the model cannot be copied, so no random one can be compared: {error}") from error
    before = [p.detach().clone() for p in other.parameters()]
    with seeded(mix(seed, 1)), torch.no_grad():  # not what a fresh model of this seed has
        for module in other.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            for p in module.parameters(recurse=False):
                if p.is_floating_point():
                    p.copy_(p.mean() + p.std(correction=0) * torch.randn_like(p))
    if all(torch.equal(p, q) for p, q in zip(other.parameters(), before, strict=True)):
        raise ValueError("the model has no weights to draw again, so a random one would be the same")
    return other.to(device)


def _walk(
    ask: _Asking, x: Tensor, t: Tensor, rank: Tensor, counts: np.ndarray, blank: float | Tensor
) -> tuple[Tensor, Tensor]:
    """Return the target's probability with the first places deleted, and with them inserted; each (B, S)."""

    def probability(inputs: Tensor) -> Tensor:
        return ask(inputs).double().softmax(1).gather(1, t.unsqueeze(1)).squeeze(1).cpu()

    empty = torch.as_tensor(blank, dtype=x.dtype, device=x.device).expand_as(x)
    out = [probability(torch.where(rank < count, empty, x)) for count in counts.tolist()]
    back = [probability(torch.where(rank < count, x, empty)) for count in counts.tolist()]
    return torch.stack(out, dim=1), torch.stack(back, dim=1)


def _by_value(value: Tensor, chance: Tensor) -> Tensor:
    """Return each place's rank by value, highest 0; equal values in the order of chance."""
    shuffled = chance.argsort(dim=1)
    order = shuffled.gather(1, value.gather(1, shuffled).argsort(dim=1, descending=True, stable=True))
    return order.argsort(dim=1)


def _rank_correlation(u: np.ndarray, v: np.ndarray) -> float:
    """Return Spearman's correlation over the places where not both are 0; nan where one has a single size there."""
    some = (u != 0) | (v != 0)
    p, q = _ranks(u[some]), _ranks(v[some])
    return _cosine(p - p.mean(), q - q.mean())


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1, equal values with the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def _cosine(u: np.ndarray, v: np.ndarray) -> float:
    large, larger = np.abs(u).max(), np.abs(v).max()
    if large == 0 or larger == 0:
        return math.nan
    u, v = u / large, v / larger  # squares neither vanish nor overflow
    return float(np.clip(u @ v / math.sqrt((u @ u) * (v @ v)), -1, 1))


def _top(size: np.ndarray, top: float) -> np.ndarray:
    k = max(1, math.ceil(top * len(size) - 1e-9))  # 0.1 · 30 is 3, not 4
    return (size >= np.partition(size, -k)[-k]) & (size > 0)


def _examples(n: int) -> str:
    return f"{n:,} example{'' if n == 1 else 's'}"
