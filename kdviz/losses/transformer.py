"""Losses on the inside of a transformer: attention, hidden states, embeddings, tokens.

DistilBERT's triple loss needs no function of its own: it is the sum of :func:`~kdviz.losses.soft_targets` (or
:func:`soft_cross_entropy`), :func:`masked_language_model` and the cosine of hidden states. TinyBERT's is the sum of
:func:`embeddings`, :func:`attention_matrices` and :func:`hidden_states` over a layer map, then
:func:`soft_cross_entropy`.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from .labels import hard_labels
from .precision import at_least_float32, outside_autocast
from .reductions import Reduction, check_mask, check_reduction, over_classes, over_positions, paired
from .response import soft_targets
from .softening import check_temperature, log_softened


@outside_autocast
def attention_matrices(
    A_s: Tensor,
    A_t: Tensor,
    mask: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Attention matrices (TinyBERT): mean squared difference over heads, queries and keys.

    Parameters
    ----------
    A_s, A_t : Tensor, shape (B, heads, L, L)
        Attention of student and teacher, query by key. TinyBERT compares the scores Q Kᵀ / √d before the softmax.
        ``A_t`` is detached: no gradient reaches the teacher. A pair at which either is −∞ does not count: that model
        does not look there, as a decoder at later tokens.
    mask : Tensor of bool, shape (B, L), optional
        True where a position counts. A pair counts where its query and its key do; masked-out entries, −∞ and NaN
        included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the queries that count, 0 where none does. ``"none"``: one value per query, shape
        (B, L), 0 where it does not count.

    Returns
    -------
    Tensor
        A scalar, or shape (B, L); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes differ or are not four-dimensional, the mask does not fit, or ``reduction`` is unknown.

    Notes
    -----
    The paper's L_attn = (1/h) Σ_i MSE(A_i^S, A_i^T). For each query the mean runs over the heads and the keys that
    count, then over the queries that count; without a mask that is the plain mean over all entries.

    TinyBERT's public code has no mask here: it sets scores ≤ −100, those of padding, to 0 on both sides and divides by
    all L² pairs, so the shorter a sentence, the smaller its loss. Pass the mask instead.

    TextBrewer's ``att_mse_loss`` with a mask divides by all pairs of the batch, so that a text of twice the length
    counts four times; of texts of one length it is this value. Without a mask it sets all scores below -0.001 to 0.

    Student and teacher need equally many heads. Where they differ, compare means over heads, or use another term on
    attention.

    References
    ----------
    Jiao et al. (2020), TinyBERT: Distilling BERT for Natural Language Understanding, EMNLP, arXiv:1909.10351.

    Examples
    --------
    >>> import torch
    >>> A_t = torch.zeros(1, 1, 2, 2)
    >>> A_s = torch.tensor([[[[1.0, 9.0], [9.0, 9.0]]]])
    >>> attention_matrices(A_s, A_t, torch.tensor([[True, False]])).item()  # the second token is padding
    1.0
    """
    if A_s.shape != A_t.shape or A_s.ndim != 4:
        raise ValueError(
            f"student attention has shape {tuple(A_s.shape)} and teacher attention {tuple(A_t.shape)}; both must be "
            "(batch, heads, queries, keys): where heads differ in number, compare their means, .mean(1, keepdim=True)"
        )
    A_s, A_t = at_least_float32(A_s), at_least_float32(A_t.detach())
    left_out = A_s.isneginf() | A_t.isneginf()  # (B, heads, L, L)
    if mask is not None:
        check_mask(mask, (A_s.shape[0], A_s.shape[2]))
        check_mask(mask, (A_s.shape[0], A_s.shape[3]))
        left_out = left_out | ~(mask[:, None, :, None] & mask[:, None, None, :])
    squares = (A_s.masked_fill(left_out, 0) - A_t.masked_fill(left_out, 0)).square()
    pairs = (~left_out).sum((1, 3))  # (B, L), of one query
    return over_positions(squares.sum((1, 3)) / pairs.clamp(min=1), reduction, pairs > 0)


@outside_autocast
def hidden_states(h_s: Tensor, h_t: Tensor, mask: Tensor | None = None, *, reduction: Reduction = "mean") -> Tensor:
    """Hidden states (TinyBERT): mean squared difference of the hidden states of a layer.

    Parameters
    ----------
    h_s, h_t : Tensor, shape (B, L, D) or (..., D)
        Hidden states of student and teacher, of equal width: a narrower student goes through a linear adapter first.
        ``h_t`` is detached: no gradient reaches the teacher.
    mask : Tensor of bool, shape (B, L) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per position,
        shape (B, L) or (...), 0 where it does not count.

    Returns
    -------
    Tensor
        A scalar, or one value per position; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes differ, the mask does not fit, or ``reduction`` is unknown.

    Notes
    -----
    The paper's L_hidn = MSE(H^S W_h, H^T) with the trained W_h applied by the caller: (1/D) Σ_d (h_s,d − h_t,d)²,
    averaged over positions. TinyBERT's public code averages over padding as well.

    References
    ----------
    Jiao et al. (2020), TinyBERT: Distilling BERT for Natural Language Understanding, EMNLP, arXiv:1909.10351.

    Examples
    --------
    >>> import torch
    >>> h_s, h_t = torch.tensor([[[1.0, 3.0], [7.0, 7.0]]]), torch.zeros(1, 2, 2)
    >>> hidden_states(h_s, h_t, torch.tensor([[True, False]])).item()
    5.0
    """
    return _mean_square(h_s, h_t, "hidden states", mask, reduction)


@outside_autocast
def embeddings(e_s: Tensor, e_t: Tensor, mask: Tensor | None = None, *, reduction: Reduction = "mean") -> Tensor:
    """Embeddings (TinyBERT): mean squared difference of the inputs of the first layer.

    Parameters
    ----------
    e_s, e_t : Tensor, shape (B, L, D) or (..., D)
        Embeddings of student and teacher, of equal width: a narrower student goes through a linear adapter first.
        ``e_t`` is detached: no gradient reaches the teacher.
    mask : Tensor of bool, shape (B, L) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per position,
        shape (B, L) or (...), 0 where it does not count.

    Returns
    -------
    Tensor
        A scalar, or one value per position; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the shapes differ, the mask does not fit, or ``reduction`` is unknown.

    Notes
    -----
    The paper's L_embd = MSE(E^S W_e, E^T) with the trained W_e applied by the caller: the formula of
    :func:`hidden_states`, before the first layer.

    References
    ----------
    Jiao et al. (2020), TinyBERT: Distilling BERT for Natural Language Understanding, EMNLP, arXiv:1909.10351.

    Examples
    --------
    >>> import torch
    >>> embeddings(torch.tensor([[1.0, 3.0]]), torch.zeros(1, 2)).item()
    5.0
    """
    return _mean_square(e_s, e_t, "embeddings", mask, reduction)


def _mean_square(s: Tensor, t: Tensor, what: str, mask: Tensor | None, reduction: Reduction) -> Tensor:
    s, t = paired(s, t, mask, what, "both must be equal: give the term a linear adapter where the widths differ")
    return over_classes((s - t).square(), 1 / s.shape[-1], reduction, mask)


@outside_autocast
def soft_cross_entropy(
    s: Tensor,
    t: Tensor,
    temperature: float = 1.0,
    mask: Tensor | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Soft cross-entropy (TinyBERT): cross-entropy with the teacher's soft targets, T² · CE(σ_T(s), σ_T(t)), in nats.

    Parameters
    ----------
    s, t : Tensor, shape (B, C), (B, L, V) or (..., C)
        Student and teacher logits. ``t`` is detached: no gradient reaches the teacher.
    temperature : float
        T > 0; both sides are softened by it.
    mask : Tensor of bool, shape (B,), (B, L) or (...), optional
        True where a position counts. Masked-out entries, NaN included, affect neither the value nor the gradient.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the positions that count, 0 where none does. ``"none"``: one value per position,
        0 where it does not count.

    Returns
    -------
    Tensor
        A scalar, or one value per position; float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the temperature is not a finite number above 0, the shapes differ, the mask does not fit, or ``reduction``
        is unknown.

    Notes
    -----
    With p = σ_T(t) and q = σ_T(s): loss = −T² · Σ_c p_c log q_c = T² · [KL(p ‖ q) + H(p)]. The teacher's entropy H(p)
    does not depend on the student, so the gradient is exactly that of :func:`~kdviz.losses.soft_targets`; but the value
    at s = t is T² · H(p), not 0, and does not show how far the student is from the teacher. Prefer soft targets where
    the value matters.

    A class that the teacher rules out (t_c = −∞) contributes nothing: 0 · log 0 is 0.

    TinyBERT uses it at T = 1; its public code has no T² and takes the mean over the classes as well, which makes it C
    times smaller. TextBrewer's ``kd_ce_loss`` has no T² and no mask.

    References
    ----------
    Jiao et al. (2020), TinyBERT: Distilling BERT for Natural Language Understanding, EMNLP, arXiv:1909.10351. Sanh,
    Debut, Chaumond, Wolf (2019), DistilBERT, arXiv:1910.01108.

    Examples
    --------
    >>> import torch
    >>> even = torch.zeros(1, 2)
    >>> round(soft_cross_entropy(even, even).item(), 4)  # ln 2, the teacher's entropy
    0.6931
    """
    check_temperature(temperature)
    s, t = paired(s, t, mask, "logits", "both must be (batch, classes) over the same classes")
    p = log_softened(t, temperature).exp()
    pointwise = -p * log_softened(s, temperature).masked_fill(p == 0, 0)
    return over_classes(pointwise, temperature**2, reduction, mask)


@outside_autocast
def masked_language_model(
    s: Tensor,
    y: Tensor,
    *,
    reduction: Reduction = "mean",
    labelled: int | None = None,
) -> Tensor:
    """Masked language modeling (MLM): cross-entropy with the masked-out words, at T = 1, in nats.

    Parameters
    ----------
    s : Tensor, shape (B, L, V)
        Student logits over the vocabulary.
    y : Tensor of int64, shape (B, L)
        The word at each masked-out position, -1 at all others: these contribute nothing.
    reduction : {"mean", "none"}
        ``"mean"``: the average over the labelled positions, 0 where there is none. ``"none"``: one value per position.
    labelled : int, optional
        The number of labels in ``y``, if known: this saves counting them.

    Returns
    -------
    Tensor
        A scalar, or shape (B, L); float32 at least.

    Raises
    ------
    ValueError
        If the logits are not three-dimensional, ``y`` does not hold one word per position, or ``reduction`` is unknown.

    Notes
    -----
    :func:`~kdviz.losses.hard_labels` for tokens, −log σ(s)_y averaged over the positions that have a label (not over
    B·L). The Hugging Face libraries mark the other positions with -100: replace it, ``y.masked_fill(y == -100, -1)``.

    References
    ----------
    Devlin, Chang, Lee, Toutanova (2019), BERT, NAACL, arXiv:1810.04805. In the triple loss: Sanh, Debut, Chaumond, Wolf
    (2019), DistilBERT, arXiv:1910.01108.

    Examples
    --------
    >>> import torch
    >>> s, y = torch.zeros(1, 3, 8), torch.tensor([[-1, 5, -1]])
    >>> round(masked_language_model(s, y).item(), 4)  # ln 8
    2.0794
    """
    if s.ndim != 3:
        raise ValueError(f"student logits must have shape (batch, positions, vocabulary), got {tuple(s.shape)}")
    return hard_labels(s, y, reduction=reduction, labelled=labelled)


@outside_autocast
def distillation_token(
    s_dist: Tensor,
    t: Tensor,
    form: Literal["hard", "soft"] = "hard",
    temperature: float = 3.0,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Distillation token (DeiT): learn the teacher's first choice, or its soft targets.

    Parameters
    ----------
    s_dist, t : Tensor, shape (B, C)
        Logits of the student's distillation head, and of the teacher. ``t`` is detached: no gradient reaches the
        teacher.
    form : {"hard", "soft"}
        ``"hard"``: CE(s_dist, argmax t) at T = 1. ``"soft"``: T² · KL(σ_T(t) ‖ σ_T(s_dist)).
    temperature : float
        T > 0, for the soft form; the hard form has none.
    reduction : {"mean", "none"}
        ``"mean"``: the average over examples. ``"none"``: one value per example, shape (B,).

    Returns
    -------
    Tensor
        A scalar, or shape (B,); float32 at least (half precision is computed in float32).

    Raises
    ------
    ValueError
        If the form or ``reduction`` is unknown, the temperature is not a finite number above 0, or the shapes differ.

    Notes
    -----
    The class token learns the labels. In the paper's hard form the objective is ½ CE(s_cls, y) + ½ CE(s_dist,
    argmax t), in the soft form (1 − λ) CE(s_cls, y) + λ T² KL with T = 3 and λ = 0.1; at test time the softmax outputs
    of both heads are added. The hard form is not 0 at s_dist = t: it demands certainty.

    DeiT's public code divides the soft form by B·C ("legacy PyTorch behavior"), which makes it C times smaller than
    here; weights tuned for it do not carry over.

    References
    ----------
    Touvron et al. (2021), Training data-efficient image transformers & distillation through attention, ICML,
    arXiv:2012.12877.

    Examples
    --------
    >>> import torch
    >>> t = torch.tensor([[2.0, 1.0, 0.0]])
    >>> distillation_token(t, t, "soft").item()
    0.0
    >>> round(distillation_token(torch.zeros(1, 3), t, "hard").item(), 4)  # ln 3
    1.0986
    """
    if form not in ("hard", "soft"):
        raise ValueError(f'form must be "hard" or "soft", got {form!r}')
    check_reduction(reduction)
    if form == "soft":
        return soft_targets(s_dist, t, temperature, reduction=reduction)
    s_dist, t = paired(s_dist, t, None, "logits", "both must be (batch, classes) over the same classes")
    return hard_labels(s_dist, t.argmax(-1), reduction=reduction, labelled=s_dist.numel() // s_dist.shape[-1])
