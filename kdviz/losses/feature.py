"""Losses on features: the output of a student's layer compared with that of a teacher's layer.

A feature is a vector (B, D), tokens (B, L, D) or maps (B, C, H, W). Its channels are D or C; its positions are 1 for a
vector, L for tokens, H·W for maps.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from .layouts import REGRESSOR, channel_maps, embeddings, pooled_alike, shapes, sides, unit
from .precision import outside_autocast
from .reductions import Reduction, over_positions, paired
from .softening import check_temperature

VARIANCE_FLOOR = 1e-5  # ε of VID


@outside_autocast
def hint(F_s: Tensor, F_t: Tensor, *, distance: Literal["l2", "l1"] = "l2", reduction: Reduction = "mean") -> Tensor:
    """Hint (FitNets): mean squared or absolute error between features of the same shape.

    Parameters
    ----------
    F_s, F_t : Tensor, shape (B, D), (B, L, D) or (B, C, H, W)
        Student features, after the regressor if there is one, and teacher features, which are detached.
    distance : {"l2", "l1"}
        Squared differences, as in the paper, or absolute ones, to which single large differences matter less.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes differ: a regressor, trained with the student, must convert them first; or if ``distance`` is
        unknown.

    Notes
    -----
    With r the regressor and n the number of entries of one example's feature, loss = (1/n) ‖r(F_s) − F_t‖², averaged
    over the batch. The paper has ½ ‖·‖² instead: half the sum, which is n/2 times larger. Public implementations use
    the mean; RepDistiller's script gives it the weight 100.

    References
    ----------
    Romero, Ballas, Kahou, Chassang, Gatta, Bengio (2015), FitNets: Hints for Thin Deep Nets, arXiv:1412.6550.

    Examples
    --------
    >>> hint(torch.zeros(1, 4), torch.tensor([[2.0, 0.0, 0.0, 0.0]])).item()
    1.0
    """
    if distance not in ("l2", "l1"):
        raise ValueError(f'distance must be "l2" or "l1", got {distance!r}')
    F_s, F_t = paired(F_s, F_t, None, "features", f"hint needs equal shapes: {REGRESSOR}")
    between = F.mse_loss if distance == "l2" else F.l1_loss
    return over_positions(between(F_s, F_t, reduction="none").flatten(1).mean(1), reduction)


@outside_autocast
def attention_transfer(
    F_s: Tensor, F_t: Tensor, form: Literal["code", "paper"] = "code", *, reduction: Reduction = "mean"
) -> Tensor:
    """Attention transfer (AT): distance between attention maps, where a layer is active, whatever its channels mean.

    Parameters
    ----------
    F_s, F_t : Tensor, shape (B, C, H, W) or (B, L, D)
        Student and teacher features; ``F_t`` is detached. The numbers of channels may differ. So may the sizes of maps:
        the larger is average-pooled; the numbers of tokens must be equal.
    form : {"code", "paper"}
        As in the authors' code or in their paper: see the notes.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the features are not maps or tokens, do not fit, or ``form`` or ``reduction`` is unknown.

    Notes
    -----
    With A_{c,x} the activation of channel c at position x and N the number of positions::

        Q_x = Σ_c A_{c,x}² ,   d = Q_s/‖Q_s‖₂ − Q_t/‖Q_t‖₂
        form="code":  ‖d‖₂² / N            form="paper":  ‖d‖₂

    (A sum or a mean over channels is the same once Q is normalized.) So an example's "code" value is the square of its
    "paper" value over N: with N = 64 and ‖d‖ = 0.5 it is 0.0039 against 0.5, which is why RepDistiller's script gives
    the former the weight 1,000. Its gradient fades as student and teacher come close; that of "paper" keeps its size
    until both are equal, where it is 0 here. The paper's weight β/2 is left to the weight of the term.

    Both forms are 0 at N = 1. A map that is 0 everywhere has Q/‖Q‖ = 0 and no gradient.

    References
    ----------
    Zagoruyko, Komodakis (2017), Paying More Attention to Attention, ICLR, arXiv:1612.03928.

    Examples
    --------
    >>> left, right = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[0.0, 1.0]]]])
    >>> attention_transfer(left, right).item(), round(attention_transfer(left, right, "paper").item(), 4)
    (1.0, 1.4142)
    """
    if form not in ("code", "paper"):
        raise ValueError(f'form must be "code" or "paper", got {form!r}')
    A_s, A_t = _maps_over_the_same_positions(F_s, F_t, "attention_transfer")
    d = unit(A_s.square().mean(1), 1) - unit(A_t.square().mean(1), 1)  # (B, N)
    return over_positions(torch.linalg.vector_norm(d, dim=1) if form == "paper" else d.square().mean(1), reduction)


@outside_autocast
def channel_attention(F_s: Tensor, F_t: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Channel attention: distance between how active each channel is, wherever in the image.

    Parameters
    ----------
    F_s, F_t : Tensor, shape (B, C, H, W) or (B, L, D)
        Student features, after the regressor if there is one, and teacher features, which are detached. The number of
        positions may differ, that of channels may not.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the features are not maps or tokens, have different numbers of channels, or ``reduction`` is unknown.

    Notes
    -----
    Attention transfer's code form with the axes exchanged: Q_c = Σ_x A_{c,x}², d = Q_s/‖Q_s‖₂ − Q_t/‖Q_t‖₂, and the
    loss is ‖d‖₂² / C. A map that is 0 everywhere has Q/‖Q‖ = 0 and no gradient.

    References
    ----------
    After Zagoruyko, Komodakis (2017), arXiv:1612.03928, who sum over channels instead.

    Examples
    --------
    >>> left, right = torch.tensor([[[[1.0]], [[0.0]]]]), torch.tensor([[[[0.0]], [[1.0]]]])
    >>> channel_attention(left, right).item(), channel_attention(left, 3 * left).item()
    (1.0, 0.0)
    """
    F_s, F_t = sides(F_s, F_t, (3, 4), "channel_attention")
    A_s, A_t = channel_maps(F_s), channel_maps(F_t)  # (B, C, N)
    if A_s.shape[1] != A_t.shape[1]:
        raise ValueError(f"channel_attention needs equally many channels, got {shapes(F_s, F_t)}; {REGRESSOR}")
    d = unit(A_s.square().mean(2), 1) - unit(A_t.square().mean(2), 1)  # (B, C)
    return over_positions(d.square().mean(1), reduction)


@outside_autocast
def gram(F_s: Tensor, F_t: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Gram matrices: mean squared error of which channels are active together, at any position.

    Parameters
    ----------
    F_s, F_t : Tensor, shape (B, D), (B, L, D) or (B, C, H, W)
        Student and teacher features with equally many channels; ``F_t`` is detached. The numbers of positions may
        differ.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the features do not fit, for example if their numbers of channels differ.

    Notes
    -----
    With F an example's features as a matrix of channels by positions, C×N, and G = F Fᵀ / N::

        loss = (1/C²) ‖G_s − G_t‖²_F ,   averaged over the batch.

    Dividing by N makes maps of different sizes comparable without pooling. Gatys et al. have 1/(4 C² N²) ‖F Fᵀ −
    F' F'ᵀ‖²_F, for maps of one size: a quarter of this.

    References
    ----------
    Gatys, Ecker, Bethge (2016), Image Style Transfer Using Convolutional Neural Networks, CVPR. In distillation: Huang,
    Wang (2017), arXiv:1707.01219.

    Examples
    --------
    >>> F_t = torch.tensor([[[[1.0, 3.0]]]])  # one channel, two positions: G = (1 + 9) / 2
    >>> gram(torch.zeros(1, 1, 1, 2), F_t).item()
    25.0
    """
    F_s, F_t = sides(F_s, F_t, (2, 3, 4), "gram")
    A_s, A_t = channel_maps(F_s), channel_maps(F_t)
    if A_s.shape[1] != A_t.shape[1]:
        raise ValueError(f"gram needs equally many channels, got {shapes(F_s, F_t)}; {REGRESSOR}")
    difference = _products(A_s, A_s) / A_s.shape[2] - _products(A_t, A_t) / A_t.shape[2]  # (B, C, C)
    return over_positions(difference.square().mean((1, 2)), reduction)


@outside_autocast
def neuron_selectivity(F_s: Tensor, F_t: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Neuron selectivity transfer (NST): distance of two sets of channel maps, by a squared polynomial kernel.

    Parameters
    ----------
    F_s, F_t : Tensor, shape (B, C, H, W) or (B, L, D)
        Student and teacher features; ``F_t`` is detached. The numbers of channels may differ. So may the sizes of maps:
        the larger is average-pooled; the numbers of tokens must be equal.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the features are not maps or tokens, or do not fit.

    Notes
    -----
    With f_c the map of channel c over its positions, divided by its L2 norm, and k(a, b) = (aᵀb)², the squared maximum
    mean discrepancy of an example is::

        (1/C_s²) Σ k(f_s,c, f_s,c') + (1/C_t²) Σ k(f_t,c, f_t,c') − (2/(C_s C_t)) Σ k(f_s,c, f_t,c')

    each sum over all c and c'.

    All aᵀb come from three matrix products of an example's maps, (C_s×C_s), (C_t×C_t) and (C_s×C_t). Public
    implementations multiply maps pair by pair instead, a temporary of B·C²·H·W numbers. The value is that of ‖P_s −
    P_t‖²_F with P = (1/C) Σ_c f_c f_cᵀ over pairs of positions; as a difference of three sums it can fall below 0 by
    rounding, about 1e-8 in float32. RepDistiller's script gives it the weight 50.

    It is always 0 at one position, where each map is ±1. A channel that is 0 everywhere stays 0 and has no gradient.

    References
    ----------
    Huang, Wang (2017), Like What You Like: Knowledge Distill via Neuron Selectivity Transfer, arXiv:1707.01219.

    Examples
    --------
    >>> left, right = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[0.0, 1.0]]]])
    >>> neuron_selectivity(left, right).item(), neuron_selectivity(left, left).item()
    (2.0, 0.0)
    """
    A_s, A_t = _maps_over_the_same_positions(F_s, F_t, "neuron_selectivity")
    f_s, f_t = unit(A_s, 2), unit(A_t, 2)  # (B, C_s, N), (B, C_t, N)
    return over_positions(_mean_kernel(f_s, f_s) + _mean_kernel(f_t, f_t) - 2 * _mean_kernel(f_s, f_t), reduction)


@outside_autocast
def cosine(h_s: Tensor, h_t: Tensor, mask: Tensor | None = None, *, reduction: Reduction = "mean") -> Tensor:
    """Cosine loss: turn the student's vectors in the teacher's direction, 1 − cos, averaged over positions.

    Parameters
    ----------
    h_s, h_t : Tensor, shape (B, D), (B, L, D) or (B, C, H, W)
        Student and teacher features of the same shape; ``h_t`` is detached. The vectors run over the channels.
    mask : Tensor of bool, shape (B,), (B, L) or (B, H, W), optional
        True where a position counts, False for padding.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where there is none. ``"none"``: one value per
        position, of the mask's shape, 0 where it does not count.

    Returns
    -------
    Tensor
        A scalar in [0, 2], or one value per position; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes differ or the mask does not fit.

    Notes
    -----
    With u = h/‖h‖₂, loss = 1 − u_sᵀu_t, computed as ½ ‖u_s − u_t‖², which is exactly 0 where student and teacher agree
    and stays precise nearby. A vector of zeros has no direction: its u is 0, so it costs ½ against any direction and
    0 against another vector of zeros, without a gradient. Torch's cosine_embedding_loss is 1 there.

    References
    ----------
    Sanh, Debut, Chaumond, Wolf (2019), DistilBERT, arXiv:1910.01108.

    Examples
    --------
    >>> h_t = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    >>> cosine(torch.tensor([[9.0, 0.0], [0.0, 9.0], [-9.0, 0.0]]), h_t, reduction="none")
    tensor([0., 1., 2.])
    """
    if h_s.ndim == h_t.ndim == 4:
        h_s, h_t = h_s.movedim(1, -1), h_t.movedim(1, -1)  # (B, H, W, C)
    h_s, h_t = paired(h_s, h_t, mask, "features", f"cosine needs equal shapes: {REGRESSOR}")
    return over_positions((unit(h_s, -1) - unit(h_t, -1)).square().sum(-1) / 2, reduction, mask)


@outside_autocast
def contrastive(
    e_s: Tensor, e_t: Tensor, temperature: float = 0.07, *, reduction: Reduction = "mean", detach: bool = True
) -> Tensor:
    """InfoNCE within the batch (after CRD): identify the teacher's vector of the same example, and vice versa, in nats.

    Parameters
    ----------
    e_s, e_t : Tensor, shape (B, D)
        Student and teacher embeddings of equal size; ``e_t`` is detached. Other shapes (B, ...) are flattened.
    temperature : float
        τ > 0; a low one emphasizes the hardest negatives.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).
    detach : bool
        False where ``e_t`` comes from a projection of the teacher's features that is trained with the student, as in
        CRD. The input of the projection must then be detached.

    Returns
    -------
    Tensor
        A scalar ≥ 0, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0 or the shapes differ.

    Notes
    -----
    With u = e/‖e‖₂ and m_ij = u_s,iᵀu_t,j / τ, the loss of example i is::

        ½ [−log(exp m_ii / Σ_j exp m_ij)] + ½ [−log(exp m_ii / Σ_j exp m_ji)]

    In the first half the student's vector chooses among the batch's teacher vectors, in the second the teacher's among
    the student's. It is not a divergence: at e_s = e_t neither it nor its gradient is 0, since similar examples are
    still pushed apart. It is log B when all vectors are equal, and 0 in a batch of one.

    CRD as published is another estimate of the same bound: noise-contrastive estimation with a memory bank of
    thousands of negatives drawn from other classes, and a linear embedding on each side (whose outputs are the
    arguments here). In-batch negatives need no bank, and include examples of the same class.

    References
    ----------
    After Tian, Krishnan, Isola (2020), Contrastive Representation Distillation, ICLR, arXiv:1910.10699. van den Oord,
    Li, Vinyals (2018), arXiv:1807.03748, for InfoNCE.

    Examples
    --------
    >>> e_t = torch.eye(2)
    >>> round(contrastive(e_t, e_t, temperature=1.0).item(), 4)  # log(1 + exp(−1)), not 0
    0.3133
    >>> round(contrastive(torch.ones(2, 2), torch.ones(2, 2)).item(), 4)  # log 2
    0.6931
    """
    check_temperature(temperature)
    e_s, e_t = embeddings(e_s, e_t, "contrastive", detach=detach)
    if e_s.shape != e_t.shape:
        raise ValueError(f"contrastive needs embeddings of one size, got {shapes(e_s, e_t)}; {REGRESSOR}")
    m = unit(e_s, 1) @ unit(e_t, 1).T / temperature  # (B, B)
    return over_positions((m.logsumexp(1) + m.logsumexp(0)) / 2 - m.diagonal(), reduction)


@outside_autocast
def variational(mu: Tensor, F_t: Tensor, log_scale: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Variational information distillation (VID): negative log-likelihood of the teacher's features, in nats per entry.

    Parameters
    ----------
    mu, F_t : Tensor, shape (B, D), (B, L, D) or (B, C, H, W)
        The mean, from the student's features through a regressor, and the teacher's features, which are detached.
    log_scale : Tensor, shape (C,) or (D,)
        α, one number for each channel, trained with the student: its variance before the softplus.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or one value per example; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes differ or ``log_scale`` is not one number per channel.

    Notes
    -----
    With σ_c² = log(1 + exp α_c) + ε and ε = 1e-5::

        loss = mean over channels and positions of ½ [(μ − F_t)² / σ_c² + log σ_c²] ,   averaged over the batch.

    It is the negative log-likelihood of N(μ, σ²) minus the constant ½ log 2π, so it may be negative, and at μ = F_t it
    is ½ log σ² while the gradient for μ is 0. A channel that cannot be predicted gets a large variance and is left
    alone. Despite its name α is not a logarithm; the name is that of the authors' code, which starts it at
    log(exp(5 − ε) − 1), a variance of 5. That code writes log(1 + exp α) out, which is infinite in float32 above α =
    88; here it is the stable logaddexp(α, 0), and for very negative α the variance stays at ε. The paper sums over
    entries where its code takes the mean.

    References
    ----------
    Ahn, Hu, Damianou, Lawrence, Dai (2019), Variational Information Distillation for Knowledge Transfer, CVPR,
    arXiv:1904.05835.

    Examples
    --------
    >>> log_scale = torch.tensor([4.9932])  # σ² = 5
    >>> round(variational(torch.zeros(1, 1), torch.tensor([[5.0]]), log_scale).item(), 4)  # ½ (25/5 + log 5)
    3.3047
    """
    mu, F_t = paired(mu, F_t, None, "features", f"variational needs equal shapes: {REGRESSOR}")
    error = channel_maps(F.mse_loss(mu, F_t, reduction="none")).mean(2)  # (B, C), over positions
    if log_scale.shape != error.shape[1:]:
        raise ValueError(
            f"log_scale must have shape ({error.shape[1]},), one number for each channel of features of shape "
            f"{tuple(mu.shape)}, got {tuple(log_scale.shape)}"
        )
    log_scale = log_scale.to(error.dtype)
    variance = torch.logaddexp(log_scale, torch.zeros_like(log_scale)) + VARIANCE_FLOOR  # (C,)
    return over_positions((error / variance + variance.log()).mean(1) / 2, reduction)


def _maps_over_the_same_positions(F_s: Tensor, F_t: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Return maps or tokens as (B, C_s, N) and (B, C_t, N)."""
    F_s, F_t = sides(F_s, F_t, (3, 4), name)
    if F_s.ndim == 4:
        F_s, F_t = pooled_alike(F_s, F_t)
    elif F_s.shape[1] != F_t.shape[1]:
        raise ValueError(f"{name} needs equally many tokens on both sides, got {shapes(F_s, F_t)}; {REGRESSOR}")
    return channel_maps(F_s), channel_maps(F_t)


def _products(a: Tensor, b: Tensor) -> Tensor:
    """Return all inner products of channel maps (B, C_a, N) and (B, C_b, N), shape (B, C_a, C_b)."""
    return a @ b.transpose(1, 2)


def _mean_kernel(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean of (aᵀb)² over all pairs of channels, shape (B,)."""
    return _products(a, b).square().mean((1, 2))
