"""How well a student does on a split: errors, NLL, agreement with its teacher."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Examples
from ..losses.labels import UNLABELLED
from .history import Evaluation
from .teacher import ROWS_AT_ONCE, device_of


def answer(model: nn.Module, examples: Examples) -> Tensor:
    """Return the model's logits (N, C) on the CPU, in eval mode and without gradient; its mode is put back."""
    device, was_training = device_of(model), model.training
    model.eval()
    try:
        with torch.no_grad():
            starts = range(0, len(examples), ROWS_AT_ONCE)
            parts = [model(examples.inputs(slice(i, i + ROWS_AT_ONCE)).to(device)).cpu() for i in starts]
    finally:
        model.train(was_training)
    return torch.cat(parts)


def evaluate(
    student: nn.Module, examples: Examples, *, step: int, split: str, teacher_logits: Tensor | None = None
) -> Evaluation:
    """Return an :class:`Evaluation` of ``student`` on the labelled examples of a split.

    Parameters
    ----------
    student : nn.Module
    examples : Examples
        N examples, at least one with a label.
    teacher_logits : Tensor, shape (N, C), optional
        For the agreement with the teacher and the teacher's own errors.

    Raises
    ------
    ValueError
        If no example has a label.
    """
    y = examples.y
    known = y != UNLABELLED
    if not bool(known.any()):
        raise ValueError(f"the {split} split has no labelled example; give it labels or evaluate another split")
    logits = answer(student, examples).float()
    says = logits.argmax(1)
    agreement = teacher_errors = None
    if teacher_logits is not None:
        teacher_says = teacher_logits.cpu().argmax(1)
        agreement = (says == teacher_says).double().mean().item()
        teacher_errors = int((teacher_says != y)[known].sum())
    return Evaluation(
        step=step,
        split=split,
        examples=int(known.sum()),
        errors=int((says != y)[known].sum()),
        nll=F.cross_entropy(logits[known], y[known]).item(),
        agreement=agreement,
        teacher_errors=teacher_errors,
    )
