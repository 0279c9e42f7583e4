"""How well a student does on a split: errors, NLL, agreement with its teacher."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ..data import Examples
from ..losses.labels import UNLABELLED
from ..models.inference import pieces
from .history import Evaluation
from .tokens import flat_labels, flattened, positions


def evaluate(
    student: nn.Module,
    examples: Examples,
    *,
    step: int,
    split: str,
    teacher_logits: Tensor | None = None,
    ask: Callable[[Any], Tensor] | None = None,
) -> Evaluation:
    """Return an :class:`Evaluation` of ``student`` on the labelled examples of a split.

    Parameters
    ----------
    student : nn.Module
    examples : Examples
        N examples, at least one with a label.
    teacher_logits : Tensor, shape (N, C), optional
        For the agreement with the teacher and the teacher's own errors.
    ask : callable, optional
        Returns the teacher's logits for a batch of inputs, where those of all examples are too many to be kept.

    Raises
    ------
    ValueError
        If no example has a label.
    """
    if not examples.labelled:
        raise ValueError(f"the {split} split has no labelled example; add labels or evaluate another split")
    counted = errors = teacher_errors = same = compared = 0
    nll, compares = 0.0, teacher_logits is not None or ask is not None
    for chosen, answers in pieces(student, examples, who="student"):
        counts = positions(examples.inputs(chosen), answers, examples.y[chosen]) if answers.ndim == 3 else None
        y = flat_labels(examples.y[chosen], counts, answers.shape[1])
        logits = flattened(answers, counts).float()
        predicted, labelled = logits.argmax(1), y != UNLABELLED
        counted += int(labelled.sum())
        errors += int((predicted != y)[labelled].sum())
        if bool(labelled.any()):
            nll += F.cross_entropy(logits[labelled].double(), y[labelled], reduction="sum").item()
        if compares:
            given = teacher_logits[chosen] if teacher_logits is not None else None
            if given is None:
                assert ask is not None, "there is something to compare with"
                given = ask(examples.inputs(chosen))
            theirs = flattened(given.cpu(), counts).argmax(1)
            compared += len(predicted)
            same += int((predicted == theirs).sum())
            teacher_errors += int((theirs != y)[labelled].sum())
    if not counted:
        raise ValueError(
            f"no labelled token of the {split} split counts, as its attention_mask leaves all of them out; "
            "the mask must be 1 where a token counts"
        )
    return Evaluation(
        step=step,
        split=split,
        examples=counted,
        errors=errors,
        nll=nll / counted,
        agreement=same / compared if compares else None,
        teacher_errors=teacher_errors if compares else None,
    )
