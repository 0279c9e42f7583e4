"""Probabilities, classes and logits: the outputs of non-torch models, converted to finite logits."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from kdviz.models.foreign import CannotAnswerError, numbers

Probabilities: TypeAlias = bool | Literal["each"]  # "each": each output is a separate sigmoid

FLOOR = float(torch.finfo(torch.float64).eps)  # replaces a probability of 0, as in scikit-learn's log_loss


def logits_from(p: Tensor, kind: Probabilities, floor: float = FLOOR) -> Tensor:
    """Return the logits for probabilities.

    >>> logits_from(torch.tensor([[0.25, 0.75]]), True).softmax(1)
    tensor([[0.2500, 0.7500]])
    >>> logits_from(torch.tensor([[0.25, 0.75]]), "each").sigmoid()
    tensor([[0.2500, 0.7500]])
    """
    return each_logit(p) if kind == "each" else log_probabilities(p, floor)


def each_logit(p: Tensor) -> Tensor:
    """Return ln(p / (1 − p)) of each number, in the same shape, finite even where p is 0 or 1.

    Raises
    ------
    ValueError
        If some p is not within [0, 1].
    """
    _check_within_0_and_1(p, '"each"')
    return torch.logit(p.clamp(0, 1), eps=torch.finfo(p.dtype).eps / 2)


def _check_within_0_and_1(p: Tensor, setting: str) -> None:
    wrong = ~((p >= -1e-6) & (p <= 1 + 1e-6))
    if bool(wrong.any()):
        raise CannotAnswerError(
            f"probabilities must be numbers from 0 to 1, got {p[wrong].flatten()[0].item():.4g}; these are logits "
            f"or scores: leave probabilities={setting} out"
        )


def log_probabilities(p: Tensor, floor: float = FLOOR) -> Tensor:
    """Return ln p, finite, as logits: their softmax is p again, if it sums to 1.

    Parameters
    ----------
    p : Tensor, shape (..., C), or (B,) or (B, 1) of two classes
        For two classes, p may be that of class 1 only.
    floor : float
        Replaces smaller probabilities, as ln 0 is not finite. Default 2.2e-16: a class that no tree votes for keeps
        less than 0.02 % at T = 4.

    Returns
    -------
    Tensor
        Shape (..., C).

    Raises
    ------
    ValueError
        If some p is not within [0, 1].

    Examples
    --------
    >>> log_probabilities(torch.tensor([[0.25, 0.75]])).softmax(1)
    tensor([[0.2500, 0.7500]])
    >>> log_probabilities(torch.tensor([0.25])).exp()
    tensor([[0.7500, 0.2500]])
    """
    _check_within_0_and_1(p, "True")
    p = p[:, None] if p.ndim == 1 else p
    if p.shape[-1] == 1:
        p = torch.cat((1 - p, p), -1)
    return p.clamp(floor, 1).log()


def named_classes(classes: Tensor, count: int) -> Tensor:
    """Return logits (B, C) for a model that only predicts a class (B,): ln 1 there, ln 2.2e-16 elsewhere.

    >>> named_classes(torch.tensor([1, 0]), 2).argmax(1)
    tensor([1, 0])
    """
    if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < count:
        raise CannotAnswerError(
            f"classes must be whole numbers from 0 to {count - 1}, got {int(classes.min())} to {int(classes.max())}"
        )
    return log_probabilities(torch.nn.functional.one_hot(classes.long(), count).double())


def are_probabilities(answer: Tensor) -> bool:
    """Whether each row (B, C) is within [0, 1] and sums to 1, as logits never do by chance.

    >>> are_probabilities(torch.tensor([[0.25, 0.75]])), are_probabilities(torch.tensor([[0.25, 0.5]]))
    (True, False)
    """
    if answer.ndim < 2 or answer.shape[-1] < 2 or not answer.numel():
        return False
    return bool((answer >= 0).all()) and bool(((answer.double().sum(-1) - 1).abs() < 1e-3).all())


class Reading:
    """How the outputs of a non-torch model are read: as logits, as probabilities or as classes.

    Parameters
    ----------
    title : str
        The name of the model in messages: "the function ask".
    probabilities : bool or "each", optional
        Whether the outputs are probabilities. Default: if their rows are in [0, 1] and sum to 1, with a warning.
    classes : int, optional
        The number of classes, for a model that only predicts a class (B,).
    quiet : bool
        Whether to omit warnings.
    """

    def __init__(
        self, title: str, probabilities: Probabilities | None = None, classes: int | None = None, quiet: bool = False
    ) -> None:
        self.title, self.probabilities, self.classes = title, probabilities, classes
        self.quiet = quiet
        self._warned = False

    def logits(self, answer: Tensor, rows: int) -> Tensor:
        """Return logits (B, C), or (B, L, C), for an output for ``rows`` examples."""
        if answer.ndim == 0 or len(answer) != rows:
            raise CannotAnswerError(
                f"{self.title} must return one output for each of {rows} examples, got shape {tuple(answer.shape)}"
            )
        if answer.ndim == 1 and not answer.is_floating_point():
            return self._of_classes(answer)
        if not answer.is_floating_point():
            answer = answer.double()
        if answer.ndim == 1:
            return self._of_one_number(answer)
        if self.probabilities is None and are_probabilities(answer):
            self.probabilities = True
            self._warn(f"the outputs of {self.title} are read as probabilities, since each row sums to 1; {DECIDE}")
        elif self.probabilities is None:
            self.probabilities = False
        return logits_from(answer, self.probabilities) if self.probabilities else answer

    def _of_one_number(self, answer: Tensor) -> Tensor:
        if self.probabilities is None:
            raise CannotAnswerError(
                f"{self.title} returns one number for each example, and it is not clear whether it is the logit or the "
                f"probability of class 1; {DECIDE}"
            )
        return log_probabilities(answer) if self.probabilities else torch.stack((torch.zeros_like(answer), answer), 1)

    def _of_classes(self, answer: Tensor) -> Tensor:
        if self.classes is None:
            raise CannotAnswerError(
                f"{self.title} returns a class for each example, and the number of classes is unknown; pass "
                "kd.wrap(model, classes=C), or learn from the labels with kd.schemes.black_box"
            )
        self._warn(f"{self.title} only predicts a class, so its soft targets contain no more than its hard labels")
        return named_classes(answer.long(), self.classes)

    def _warn(self, sentence: str) -> None:
        if not self._warned and not self.quiet:
            warnings.warn(sentence, UserWarning, stacklevel=2)
        self._warned = True


DECIDE = "to choose pass kd.wrap(model, probabilities=True) or False"


def as_tensor(answer: Any, title: str) -> Tensor:
    """Return an output, a tensor, an array or rows of numbers, as a tensor on the CPU without gradient."""
    try:
        return numbers(answer)
    except (TypeError, ValueError, RuntimeError) as error:
        raise CannotAnswerError(f"{title} must return numbers, one row per example, got {kind_of(answer)}") from error


def kind_of(thing: Any) -> str:
    """Return the kind of an object, for a message.

    >>> kind_of(3), kind_of(int)
    ('int', 'the class int')
    """
    return f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__


def title_of(thing: Callable[..., Any]) -> str:
    """Return the name of a callable in messages.

    >>> title_of(len), title_of(lambda x: x)
    ('the function len', 'the function')
    """
    name = getattr(thing, "__name__", "")
    if not name:
        return f"the {type(thing).__name__}"
    return "the function" if name == "<lambda>" else f"the function {name}"
