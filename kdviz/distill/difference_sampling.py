"""Difference sampling (MiniPLM): of a large transfer set, what a teacher finds likely and a small model does not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from ..data import Splits, splits
from ..models.inference import Progress
from ..models.sequences import check_vocabularies
from .per_sequence import per_sequence
from .teacher import Teacher

__all__ = ["difference_sampled"]


def difference_sampled(
    data: Any,
    teacher: nn.Module | Teacher,
    reference: nn.Module,
    share: float = 0.5,
    *,
    progress: Progress | None = None,
) -> Splits:
    """Return data whose training part is the share of the texts on which the teacher knows most beyond a small model.

    Parameters
    ----------
    data : Splits, (X, y), Dataset or DataLoader
        Text with labels token by token.
    teacher : nn.Module or Teacher
    reference : nn.Module
        A small model that was trained on some of the same text.
    share : float
        α in (0, 1]: the share of the texts that is kept.
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.

    Returns
    -------
    Splits
        Of the same order, named after the data with the suffix ``-chosen``; validation and test are unchanged.

    Raises
    ------
    ValueError
        If the share is out of range, the data are no text with labels, or the vocabularies differ.

    Notes
    -----
    Kept are the ⌈α N⌉ texts x with the largest

        r(x) = 1/|x| · log p(x) / p_ref(x)

    over their labelled tokens. The teacher is asked once about each text, before any student is trained, and its
    answers are not needed again: the student learns the chosen texts as labels. What is common and easy has
    r ≈ 0, what is noise has r < 0, and both go. The paper's texts are all of one length; here r is by token.

    References
    ----------
    Gu, Zhou, Meng, Zhou, Huang (2024), MiniPLM: Knowledge Distillation for Pre-Training Language Models,
    arXiv:2410.17215.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must lie in (0, 1], got {share}")
    data = splits(data)
    module = teacher.module if isinstance(teacher, Teacher) else teacher
    check_vocabularies({"teacher": module, "reference": reference}, data.vocabulary)
    theirs = per_sequence(module, data.train, who="teacher", progress=progress)
    plain = per_sequence(reference, data.train, who="reference", progress=progress)
    if not bool((theirs.tokens > 0).any()):
        raise ValueError(f"difference sampling needs text with labels and the training part of {data.title} has none")
    gained = (plain.nll - theirs.nll) / theirs.tokens.clamp(min=1)
    gained[(theirs.tokens == 0) | gained.isnan()] = -torch.inf  # nan: neither model can have written it
    count = math.ceil(round(share * len(gained), 9))
    chosen = gained.argsort(descending=True, stable=True)[:count].sort().values
    return replace(data, name=f"{data.name}-chosen", train=data.train.take(chosen), draw=None)
