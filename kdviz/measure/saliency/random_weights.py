"""The sanity check: whether a map changes with the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from ...distill.state import copied
from ...models.architecture import seeded
from ...models.inference import Inputs, device_of
from ...models.randomness import mix
from ...words import mark, number, t
from ..fidelity import Array
from .alike import MapSimilarity, of_examples, similarity
from .maps import saliency


def sanity_check(
    model: nn.Module,
    X: Inputs,
    target: Array,
    method: str = "gradient",
    seed: int = 0,
    *,
    top: float = 0.1,
    maps: Array | None = None,
    **settings: Any,
) -> MapSimilarity:
    """Compare the maps of a model with those of the same architecture with random weights.

    A map that stays the same shows the input, or the architecture, but not what was learned.

    Parameters
    ----------
    model, X, target, method
        See :func:`saliency`. The model is not changed.
    seed : int
        Seed of the random weights, and of the noise of smoothed gradients. torch's own generator is not touched.
    top : float
        See :func:`similarity`.
    maps : array of float, optional
        The model's own maps, if already computed.
    **settings
        Further arguments of :func:`saliency`; ``progress`` is called for both models' maps, one after the other.

    Returns
    -------
    MapSimilarity
        Trained against random weights: low is good.

    Raises
    ------
    ValueError
        As :func:`saliency`; or if the model cannot be copied, or has no weights to randomize.

    Notes
    -----
    In a copy on the CPU each module with ``reset_parameters`` is initialized anew. Parameters of other modules are
    drawn from the normal distribution with their own mean and standard deviation.

    References
    ----------
    Adebayo et al. 2018, Sanity Checks for Saliency Maps, arXiv:1810.03292.

    Examples
    --------
    >>> checked = sanity_check(nn.Linear(8, 2), torch.rand(5, 8), [0, 1, 0, 1, 0])
    >>> checked.n, bool((checked.rank < 1).all())
    (5, True)
    """
    trained = saliency(model, X, target, method, seed=seed, **settings) if maps is None else maps
    return similarity(trained, saliency(redrawn(model, seed), X, target, method, seed=seed, **settings), top)


BESIDE_RANDOM = {
    "teacher": mark(
        "The teacher's maps and those of the same model with random weights have a median rank correlation of {rank} "
        "over {examples}: the closer to 1, the less they show of what was learned."
    ),
    "student": mark(
        "The student's maps and those of the same model with random weights have a median rank correlation of {rank} "
        "over {examples}: the closer to 1, the less they show of what was learned."
    ),
}
CONSTANT = {
    "teacher": mark(
        "The teacher's maps, or those of the same model with random weights, are constant and cannot be compared."
    ),
    "student": mark(
        "The student's maps, or those of the same model with random weights, are constant and cannot be compared."
    ),
}


def on_random_weights(alike: MapSimilarity, who: str) -> str:
    """Return the result of a :func:`sanity_check` in words.

    >>> print(on_random_weights(similarity([[1.0, 2.0, 3.0]], [[3.0, 2.0, 1.0]]), "student"))
    The student's maps and those of the same model with random weights have a median rank correlation of −1.00 over 1
    example: the closer to 1, the less they show of what was learned.
    """
    ranks = alike.rank[~np.isnan(alike.rank)]
    if not len(ranks):
        return t(CONSTANT[who])
    return t(BESIDE_RANDOM[who], rank=number(np.median(ranks), ".2f"), examples=of_examples(len(ranks)))


SHARED_WITH_RANDOM = 0.2  # rank correlation from which a map has its shape without any learning
NO_MORE_THAN = 0.1  # by how much the maps of two trained models may be more alike, at the end of the 95 % interval


def shows_the_input(beside: MapSimilarity, alike: MapSimilarity) -> bool:
    """Return whether maps are about as like those of random weights as like those of the other model.

    Both hold where the examples leave no doubt: the maps of random weights share the order of the places (median rank
    correlation of at least 0.2), and the other model's do not share more (mean difference over the same examples, upper
    end of its 95 % interval below 0.1). Maps that are like nothing at all are not meant.

    Parameters
    ----------
    beside : MapSimilarity
        Of both models' maps; its first examples are those of ``alike``.
    alike : MapSimilarity
        Of a :func:`sanity_check`.

    Examples
    --------
    >>> both = similarity([[1.0, 2.0, 3.0]] * 9, [[1.0, 3.0, 2.0]] * 9)
    >>> shows_the_input(both, both), shows_the_input(both, similarity([[1.0, 2.0, 3.0]] * 9, [[3.0, 2.0, 1.0]] * 9))
    (True, False)
    """
    more = beside.rank[: alike.n] - alike.rank
    known = ~np.isnan(more)
    if known.sum() < 2 or np.median(alike.rank[known]) < SHARED_WITH_RANDOM:
        return False
    upper = more[known].mean() + 1.96 * more[known].std(ddof=1) / np.sqrt(known.sum())
    return bool(upper < NO_MORE_THAN)


def redrawn(model: nn.Module, seed: int) -> nn.Module:
    """Return a copy with random weights, on the model's device."""
    device = device_of(model)
    try:
        other = copied(model).cpu()
    except Exception as error:
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
        raise ValueError("the model has no weights to randomize, so a random one would be the same")
    return other.to(device)
