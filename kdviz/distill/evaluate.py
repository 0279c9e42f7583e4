"""How well a student does on a split: errors, NLL, agreement with its teacher."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Examples
from ..losses.labels import UNLABELLED
from ..models.inference import pieces
from .history import Evaluation
from .tokens import flat_labels, flattened, positions


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
    if not examples.labelled:
        raise ValueError(f"the {split} split has no labelled example; give it labels or evaluate another split")
    counted = errors = teacher_errors = same = compared = 0
    nll = 0.0
    for chosen, given in pieces(student, examples, who="student"):
        counts = positions(examples.inputs(chosen), given) if given.ndim == 3 else None
        y = flat_labels(examples.y[chosen], counts)
        logits = flattened(given, counts).float()
        says, known = logits.argmax(1), y != UNLABELLED
        counted += int(known.sum())
        errors += int((says != y)[known].sum())
        if bool(known.any()):
            nll += F.cross_entropy(logits[known].double(), y[known], reduction="sum").item()
        if teacher_logits is not None:
            theirs = flattened(teacher_logits[chosen].cpu(), counts).argmax(1)
            compared += len(says)
            same += int((says == theirs).sum())
            teacher_errors += int((theirs != y)[known].sum())
    return Evaluation(
        step=step,
        split=split,
        examples=counted,
        errors=errors,
        nll=nll / counted,
        agreement=same / compared if teacher_logits is not None else None,
        teacher_errors=teacher_errors if teacher_logits is not None else None,
    )
