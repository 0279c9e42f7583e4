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
        raise ValueError(f"the {split} split has no labelled example; add labels or evaluate another split")
    counted = errors = teacher_errors = same = compared = 0
    nll = 0.0
    for chosen, answers in pieces(student, examples, who="student"):
        counts = positions(examples.inputs(chosen), answers) if answers.ndim == 3 else None
        y = flat_labels(examples.y[chosen], counts)
        logits = flattened(answers, counts).float()
        predicted, labelled = logits.argmax(1), y != UNLABELLED
        counted += int(labelled.sum())
        errors += int((predicted != y)[labelled].sum())
        if bool(labelled.any()):
            nll += F.cross_entropy(logits[labelled].double(), y[labelled], reduction="sum").item()
        if teacher_logits is not None:
            theirs = flattened(teacher_logits[chosen].cpu(), counts).argmax(1)
            compared += len(predicted)
            same += int((predicted == theirs).sum())
            teacher_errors += int((theirs != y)[labelled].sum())
    return Evaluation(
        step=step,
        split=split,
        examples=counted,
        errors=errors,
        nll=nll / counted,
        agreement=same / compared if teacher_logits is not None else None,
        teacher_errors=teacher_errors if teacher_logits is not None else None,
    )
