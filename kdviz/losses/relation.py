"""Losses on relations: between examples, or between two layers, compared in the student and in the teacher.

Those between examples allow different sizes of student and teacher features: they only compare (B, B) or (B, B, B)
tensors. Hence they need no regressor, have one value per batch, and are 0 in a batch of one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .layouts import REGRESSOR, channel_maps, embeddings, pooled_alike, shapes, unit
from .precision import at_least_float32, outside_autocast
from .reductions import Reduction, over_positions

SQUARED_DISTANCE_FLOOR = 1e-12
SIMILARITY_FLOOR = 1e-7  # about the resolution of (cos + 1)/2 in float32 near 0
ANGLES_AT_ONCE = 2**18  # fits a processor's cache: measured, larger and smaller blocks are slower


@outside_autocast
def relational_distance(e_s: Tensor, e_t: Tensor) -> Tensor:
    """Relational knowledge distillation (RKD-D): match the distances between examples, relative to their mean.

    Parameters
    ----------
    e_s : Tensor, shape (B, D_s)
        Student embeddings. Other shapes (B, ...) are flattened.
    e_t : Tensor, shape (B, D_t)
        Teacher embeddings of the same examples, detached. D_t may differ from D_s.

    Returns
    -------
    Tensor
        A scalar; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the batches differ in size.

    Notes
    -----
    With d_ij = ‖e_i − e_j‖₂ and μ the mean distance between different examples, separately for each side::

        ψ_ij = d_ij / μ ,   loss = (1/B²) Σ_ij l(ψ_s,ij − ψ_t,ij)

    and l the Huber loss: l(x) = x²/2 for |x| ≤ 1, |x| − ½ beyond. Translating, rotating or scaling all embeddings of a
    side changes nothing.

    The paper sums over pairs; public implementations take the mean over all B², as here, including the zeros on the
    diagonal, with the weight 25, and 50 for :func:`relational_angle`. Distances come from one matrix product, as
    √max(d², 1e-12). The batch's mean is subtracted first, and examples closer than rounding can resolve (d² below 32 ε
    (‖e_i‖² + ‖e_j‖²), in float32 about 0.3 % of their distance from the mean) count as coinciding, without a gradient:
    inactive units often make several coincide. If all coincide, all are equally far apart.

    References
    ----------
    Park, Kim, Lu, Cho (2019), Relational Knowledge Distillation, CVPR, arXiv:1904.05068.

    Examples
    --------
    >>> e_t = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    >>> relational_distance(7 * e_t + 1, e_t).item() < 1e-12
    True
    >>> on_a_line = torch.tensor([[0.0], [1.0], [2.0]])  # distances/mean (3/4, 6/4, 3/4) against (3/4, 4/4, 5/4)
    >>> round(relational_distance(on_a_line, e_t).item(), 4)  # (2/9) · (1/8 + 1/8)
    0.0556
    """
    e_s, e_t = embeddings(e_s, e_t, "relational_distance")
    return _huber(_relative_distances(e_s), _relative_distances(e_t)) / max(1, len(e_s) ** 2)


@outside_autocast
def relational_angle(e_s: Tensor, e_t: Tensor) -> Tensor:
    """Relational knowledge distillation (RKD-A): match the angles between every three examples.

    Parameters
    ----------
    e_s : Tensor, shape (B, D_s)
        Student embeddings. Other shapes (B, ...) are flattened.
    e_t : Tensor, shape (B, D_t)
        Teacher embeddings of the same examples, detached. D_t may differ from D_s.

    Returns
    -------
    Tensor
        A scalar; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the batches differ in size.

    Notes
    -----
    With n_ij = (e_j − e_i)/‖e_j − e_i‖₂, 0 where both coincide, and l the Huber loss::

        ψ_ijk = n_ijᵀ n_ik = cos ∠ e_j e_i e_k ,   loss = (1/B³) Σ_ijk l(ψ_s,ijk − ψ_t,ijk)

    Translating, rotating or scaling all embeddings of a side changes nothing. In a batch of two it is 0.

    The paper sums over triples; public implementations take the mean over all B³, as here, including those with an
    example twice, which are equal on both sides. They compute all differences, B²·D numbers. Here the cosines come from
    the Gram matrix G of the batch minus its mean, n_ijᵀ n_ik = (G_jk − G_ij − G_ik + G_ii)/(d_ij d_ik), some vertices i
    at a time, and are recomputed in the backward pass instead of being stored: no temporary is larger than B² or 2¹⁸
    numbers. "Coincide" is defined in :func:`relational_distance`.

    References
    ----------
    Park, Kim, Lu, Cho (2019), Relational Knowledge Distillation, CVPR, arXiv:1904.05068.

    Examples
    --------
    >>> e_t = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> relational_angle(5 * e_t - 2, e_t).item() < 1e-12
    True
    >>> on_a_line = torch.tensor([[0.0], [1.0], [2.0]])  # cosines (1, −1, 1) against (0, √½, √½)
    >>> round(relational_angle(on_a_line, e_t).item(), 4)
    0.1296
    """
    e_s, e_t = embeddings(e_s, e_t, "relational_angle")
    batch, total = len(e_s), e_s.new_zeros(())
    at_once = max(1, ANGLES_AT_ONCE // max(1, batch**2))
    geometry_s, geometry_t = _gram_and_reciprocals(e_s), _gram_and_reciprocals(e_t)
    for start in range(0, batch, at_once):
        some = slice(start, start + at_once)
        total = total + checkpoint(
            _angles_apart, *geometry_s, *geometry_t, some, use_reentrant=False, preserve_rng_state=False
        )
    return total / max(1, batch**3)


@outside_autocast
def similarity_preserving(F_s: Tensor, F_t: Tensor) -> Tensor:
    """Similarity-preserving distillation (SP): match the similarities of the batch's examples.

    Parameters
    ----------
    F_s : Tensor, shape (B, D_s), (B, L_s, D_s) or (B, C_s, H_s, W_s)
        Student features; flattened.
    F_t : Tensor, shape (B, ...)
        Teacher features of the same examples, flattened and detached. Their shape may differ.

    Returns
    -------
    Tensor
        A scalar in [0, 4/B]; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the batches differ in size.

    Notes
    -----
    With F as a matrix of B rows and G = F Fᵀ with each row divided by its L2 norm::

        loss = ‖G_s − G_t‖²_F / B²

    Rotating the features of a side or scaling them all by one number changes nothing; translating them does. Each row
    adds 4 at most, so the value falls as 1/B: a larger batch needs a larger weight, and RepDistiller's script uses
    3,000. An example whose features are all 0 has a row of zeros and does not affect the loss.

    References
    ----------
    Tung, Mori (2019), Similarity-Preserving Knowledge Distillation, ICCV, arXiv:1907.09682.

    Examples
    --------
    >>> similarity_preserving(torch.eye(2), torch.ones(2, 3)).item()  # each row: (1, 0) against (1, 1)/√2
    0.29289...
    """
    e_s, e_t = embeddings(F_s, F_t, "similarity_preserving")
    difference = unit(e_s @ e_s.T, 1) - unit(e_t @ e_t.T, 1)  # (B, B)
    return difference.square().sum() / max(1, len(e_s) ** 2)


@outside_autocast
def solution_flow(F1_s: Tensor, F2_s: Tensor, F1_t: Tensor, F2_t: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Flow of solution procedure (FSP): match how an earlier layer's channels relate to a later layer's.

    Parameters
    ----------
    F1_s, F2_s : Tensor, shape (B, C1, H, W) and (B, C2, H', W'), or (B, L, D1) and (B, L, D2), or (B, D1) and (B, D2)
        Student features of an earlier and of a later layer. If maps differ in size the larger is average-pooled.
    F1_t, F2_t : Tensor
        The same for the teacher, detached: with the same numbers of channels; the numbers of positions may differ.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the features do not fit, for example if student and teacher differ in channels.

    Notes
    -----
    With F as a matrix of channels by N positions, an example's FSP matrix is G = F1 F2ᵀ / N, (C1×C2)::

        loss = (1/(C1 C2)) ‖G_s − G_t‖²_F ,   averaged over the batch.

    The paper uses the sum, C1·C2 times larger, weights each pair of layers by λ, and trains in two stages, first with
    this loss and then on the task. Public implementations take the mean, as here, and multiply channels pair by pair, a
    temporary of B·C1·C2·H·W numbers, where this is one matrix product.

    References
    ----------
    Yim, Joo, Bae, Kim (2017), A Gift from Knowledge Distillation, CVPR.

    Examples
    --------
    >>> one = torch.ones(1, 2, 4, 4)
    >>> solution_flow(one, one, one, one).item(), solution_flow(one, 0 * one, one, one).item()
    (0.0, 1.0)
    """
    G_s = _flow(F1_s, F2_s, "the student's")
    G_t = _flow(F1_t.detach(), F2_t.detach(), "the teacher's").to(G_s.dtype)
    if len(G_s) != len(G_t):
        raise ValueError(f"solution_flow needs features of the same examples on both sides, got {shapes(F1_s, F1_t)}")
    if G_s.shape != G_t.shape:
        raise ValueError(
            f"solution_flow needs equally many channels in both layers of both sides, got {shapes(F1_s, F2_s)} of the "
            f"student and {shapes(F1_t, F2_t)} of the teacher; {REGRESSOR}"
        )
    return over_positions((G_s - G_t).square().mean((1, 2)), reduction)


@outside_autocast
def probabilistic_transfer(e_s: Tensor, e_t: Tensor) -> Tensor:
    """Probabilistic knowledge transfer (PKT): match the probabilities of each example's neighbors.

    Parameters
    ----------
    e_s : Tensor, shape (B, D_s)
        Student embeddings. Other shapes (B, ...) are flattened.
    e_t : Tensor, shape (B, D_t)
        Teacher embeddings of the same examples, detached. D_t may differ from D_s.

    Returns
    -------
    Tensor
        A scalar ≥ 0, in nats over B; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the batches differ in size.

    Notes
    -----
    With the similarity k_ij = (cos(e_i, e_j) + 1)/2 and p_ij = k_ij / Σ_j k_ij::

        loss = (1/B²) Σ_ij p_t,ij log(p_t,ij / p_s,ij)

    the KL of each example's probabilities, averaged over examples and divided by B once more. Rotating the embeddings
    of a side or changing their lengths changes nothing.

    This is the formula of the authors' code; their paper sums over i ≠ j, whereas here, as in the code, an example is
    also its own neighbor. That code adds 1e-7 to both probabilities within the logarithm, which leaves a small gradient
    where student and teacher agree; RepDistiller's script gives it the weight 30,000, since the loss falls with B. Here
    the similarity is at least 1e-7, so that this is a divergence: there it is 0 with a gradient of 0. A vector of zeros
    has cos = 0 with all others and no gradient.

    References
    ----------
    Passalis, Tefas (2018), Learning Deep Representations with Probabilistic Knowledge Transfer, ECCV, arXiv:1803.10837.

    Examples
    --------
    >>> e_t = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # p = (2/3, 1/3)
    >>> round(probabilistic_transfer(torch.ones(2, 2), e_t).item(), 4)  # from (1/2, 1/2): half of KL = 0.0566
    0.0283
    """
    e_s, e_t = embeddings(e_s, e_t, "probabilistic_transfer")
    log_s, log_t = _log_neighbors(e_s), _log_neighbors(e_t)
    return (log_t.exp() * (log_t - log_s)).sum() / max(1, len(e_s) ** 2)


def _gram_and_squared_distances(e: Tensor) -> tuple[Tensor, Tensor]:
    """Return G and d² of embeddings, (B, B) each; d² is exactly 0 where rounding cannot distinguish it from 0."""
    e = e - e.detach().mean(0)  # keeps distances; far from the origin they would lose precision
    G = e @ e.T
    sums = G.diagonal()[:, None] + G.diagonal()  # ‖e_i‖² + ‖e_j‖²
    squared = sums - 2 * G
    noise = 32 * torch.finfo(e.dtype).eps * sums.detach()
    return G, squared.masked_fill(squared <= noise, 0)


def _relative_distances(e: Tensor) -> Tensor:
    """Return ψ_ij = d_ij / μ with a diagonal of 0."""
    _, squared = _gram_and_squared_distances(e)
    same = torch.eye(len(e), dtype=torch.bool, device=e.device)
    d = squared.clamp(min=SQUARED_DISTANCE_FLOOR).sqrt().masked_fill(same, 0)
    pairs = len(e) * (len(e) - 1)
    return d * (pairs / d.sum().clamp(min=SQUARED_DISTANCE_FLOOR))


def _gram_and_reciprocals(e: Tensor) -> tuple[Tensor, Tensor]:
    """Return G and 1/d_ij, the latter 0 where i and j coincide."""
    G, squared = _gram_and_squared_distances(e)
    distinct = squared > 0
    return G, distinct / torch.where(distinct, squared, 1).sqrt()


def _angles_apart(G_s: Tensor, r_s: Tensor, G_t: Tensor, r_t: Tensor, part: slice) -> Tensor:
    """Return Σ_ijk l(ψ_s,ijk − ψ_t,ijk) over the vertices i in ``part``."""
    return _huber(_angles(G_s, r_s, part), _angles(G_t, r_t, part))


def _angles(G: Tensor, r: Tensor, part: slice) -> Tensor:
    """Return the cosines ψ_ijk at the vertices i in ``part``, shape (part, B, B)."""
    G_i, r_i = G[part], r[part]  # (part, B)
    difference = G_i - G.diagonal()[part, None]  # G_ik − G_ii
    return (G - G_i[:, :, None] - difference[:, None, :]) * r_i[:, :, None] * r_i[:, None, :]


def _huber(of_s: Tensor, of_t: Tensor) -> Tensor:
    """Return Σ l(x) of the differences x, with l(x) = x²/2 for |x| ≤ 1 and |x| − ½ beyond."""
    return F.smooth_l1_loss(of_s, of_t, reduction="sum")


def _flow(F1: Tensor, F2: Tensor, whose: str) -> Tensor:
    """Return the FSP matrices G = F1 F2ᵀ / N of one model, shape (B, C1, C2)."""
    if (
        F1.ndim not in (2, 3, 4)
        or F2.ndim != F1.ndim
        or len(F1) != len(F2)
        or (F1.ndim == 3 and len(F1[0]) != len(F2[0]))
    ):
        raise ValueError(
            "solution_flow needs two layers of one kind, (B, D), (B, L, D) with equally many tokens or (B, C, H, W), "
            f"got {shapes(F1, F2)} as {whose}"
        )
    F1, F2 = at_least_float32(F1), at_least_float32(F2)
    if F1.ndim == 4:
        F1, F2 = pooled_alike(F1, F2)
    A1, A2 = channel_maps(F1), channel_maps(F2)
    return A1 @ A2.transpose(1, 2) / A1.shape[2]


def _log_neighbors(e: Tensor) -> Tensor:
    """Return log p_ij with p_ij = k_ij / Σ_j k_ij and k = (cos + 1)/2, 1e-7 at least."""
    u = unit(e, 1)
    k = ((u @ u.T + 1) / 2).clamp(min=SIMILARITY_FLOOR)
    return k.log() - k.sum(1, keepdim=True).log()
