"""Guard rails: a run's arguments are checked once, before the first step; each problem is one sentence."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Mapping
from contextlib import suppress

import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..data.inputs import each
from ..models.inference import (
    ROWS_AT_ONCE,
    Inputs,
    ask,
    check_finite,
    count,
    device_of,
    fitted,
    left_out,
    token_mask,
)
from ..models.looking import evaluating, modes, put_modes
from .objective import Objective
from .randomness import seeded
from .schedules import Hyperparameter, Schedule, extremes
from .schema import MOST
from .state import Replay, rehearse
from .teacher import Teacher
from .teacher_checks import doubt
from .terms import EqualizedOdds, Fairness
from .tokens import flattened, places_in, positions

LOOK = 256  # validation examples used to detect swapped roles


def number(name: str, value: object) -> Hyperparameter:
    """Return a number as a plain float, a schedule unchanged; raise in one sentence for anything else."""
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, bool) and isinstance(value, numbers.Real):
        with suppress(OverflowError):  # a whole number of more than 308 digits
            return float(value)
    raise TypeError(f"{name} must be a number or a schedule, got {value!r}")


def whole(name: str, value: object) -> int:
    """Return a whole number as a plain int; raise in one sentence for anything else."""
    if not isinstance(value, bool) and isinstance(value, numbers.Integral):
        return int(value)
    raise TypeError(f"{name} must be a whole number, got {value!r}")


def check_rate(rate: float) -> None:
    """Raise unless ``rate`` can be a learning rate at some step; 0 is a pause, as at the start of a warm-up."""
    if not (math.isfinite(rate) and rate >= 0):
        raise ValueError(f"learning_rate must be a finite number >= 0 at every step, got {rate}")


def check_numbers(*, learning_rate: Hyperparameter, batch_size: int, epochs: int) -> None:
    """Raise unless the numbers of a run make sense."""
    if not isinstance(learning_rate, Schedule) and not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be a finite number > 0, got {learning_rate}")
    for rate in extremes(learning_rate):
        check_rate(rate)
    for name, number in (("batch_size", batch_size), ("epochs", epochs)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
        if number > MOST:
            raise ValueError(f"{name} must be at most {MOST:,}, got {number:,}")


def check_decay(weight_decay: object, optimizer: object) -> None:
    """Raise unless ``weight_decay`` is None, or a finite number >= 0 for an optimizer by name."""
    if weight_decay is None:
        return
    if isinstance(weight_decay, bool) or not isinstance(weight_decay, numbers.Real):
        raise TypeError(f"weight_decay must be a number or None, got {weight_decay!r}")
    if not (math.isfinite(weight_decay) and float(weight_decay) >= 0):
        raise ValueError(f"weight_decay must be a finite number >= 0, got {weight_decay}")
    if not isinstance(optimizer, str) or optimizer == "custom":
        raise ValueError(f"weight_decay goes to an optimizer by name, got {weight_decay} for a function of your own")


def check_patience(patience: object, evaluate: bool, data: Splits) -> float:
    """Return how many epochs to wait without improvement; infinity without a ``patience``."""
    if patience is None:
        return math.inf
    epochs = whole("patience", patience)
    if epochs < 1:
        raise ValueError(f"patience must be at least 1 epoch, got {epochs}")
    if not evaluate or not data.validation.labelled:
        raise ValueError(
            "patience counts errors on validation data after each epoch; it needs evaluate=True and a labelled "
            "validation part"
        )
    return epochs


def check_kinds(teacher: object, student: object, objective: object) -> None:
    """Raise unless each part has the expected type."""
    if not isinstance(student, nn.Module):
        raise TypeError(f"the student must be a torch.nn.Module, got {type(student).__name__}")
    if not isinstance(teacher, nn.Module | Teacher | None):
        raise TypeError(f"the teacher must be a torch.nn.Module, got {type(teacher).__name__}")
    if not isinstance(objective, Objective):
        raise TypeError(
            "the objective must be made of terms, for example 0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels(), "
            f"got {objective!r}"
        )


def check_data(data: Splits, objective: Objective) -> None:
    """Raise unless there is something to learn from and every label is a class."""
    train = data.train
    if len(train) == 0:
        raise ValueError(f"the training part of {data.title} is empty; a run needs at least one example")
    if not any(t.needs_teacher for t in objective.terms) and train.labelled == 0:
        raise ValueError("the objective learns from labels only and no training example has a label; add soft targets")
    if all(t.kept_by_twin for t in objective.terms):
        raise ValueError(
            f"the objective {objective} is only a penalty and teaches nothing; add kd.SoftTargets() or kd.HardLabels()"
        )
    _check_tokens(data)
    check_groups(data, objective)


def _check_tokens(data: Splits) -> None:
    """Raise if a mask leaves out every token of the training text that could be learned from."""
    train = data.train
    if train.y.ndim != 2:
        return
    for start in range(0, len(train), ROWS_AT_ONCE):
        chosen = slice(start, start + ROWS_AT_ONCE)
        mask = token_mask(train.inputs(chosen), train.y.shape[1])
        if mask is None:
            return
        places = places_in(mask, None if data.everywhere else train.y[chosen])
        if isinstance(places, slice) or len(places):
            return
    raise ValueError(
        f"no token of the training part of {data.title} counts, as its attention_mask leaves all of them out, or all "
        "that have a label; the mask must be 1 where a token counts"
    )


def check_groups(data: Splits, objective: Objective) -> None:
    """Raise unless the data have what a penalty on unequal treatment needs: a positive class, and labels."""
    for term in objective.terms:
        if isinstance(term, Fairness) and term.positive >= len(data.classes):
            raise ValueError(
                f"positive must be one of the {len(data.classes)} classes of {data.title}, by index from 0, "
                f"got {term.positive}"
            )
        if isinstance(term, EqualizedOdds) and data.train.labelled == 0:
            raise ValueError(
                "equalized odds compare groups among labelled examples and no training example has a label; "
                "use kd.DemographicParity"
            )


def check_roles(teacher: nn.Module | None, student: nn.Module) -> None:
    """Raise if teacher and student share weights, or the student has nothing to train."""
    if any(nn.parameter.is_lazy(p) for p in student.parameters()):
        return
    if not any(p.requires_grad for p in student.parameters()):
        raise ValueError("the student has no trainable parameter; pass a module whose parameters require gradients")
    if isinstance(teacher, nn.Module):
        theirs = {p.data_ptr(): name for name, p in teacher.named_parameters() if p.numel()}
        shared = [theirs[p.data_ptr()] for p in student.parameters() if p.data_ptr() in theirs]
        if shared:
            raise ValueError(
                f"the student shares weights with the teacher ({shared[0]}), so the teacher would be trained too; "
                "give the student weights of its own (copy.deepcopy)"
            )


def check_answers(teacher: Teacher | None, student: nn.Module, data: Splits, objective: Objective) -> None:
    """Raise unless both models return logits over the data's classes; warn about inputs that a model does not take."""
    few = _few(data.train, 2)
    classes = len(data.classes)
    ours = logits_of(student, few, "student")
    y = data.train.y[: count(few)].to(ours.device)

    def seen(logits: Tensor) -> Tensor:
        """What a term looks at: of text, no padding."""
        return flattened(logits, positions(few, logits, y if y.shape == logits.shape[:-1] else None))

    check_finite(seen(ours), "student")
    if teacher is not None:
        theirs = teacher(few)
        check_finite(seen(theirs), "teacher")
        if theirs.shape[-1] != ours.shape[-1]:
            raise ValueError(
                f"the teacher has {theirs.shape[-1]} classes and the student {ours.shape[-1]}; "
                "both must cover the same classes in the same order"
            )
        if theirs.shape[:-1] != ours.shape[:-1]:
            raise ValueError(
                f"the teacher's logits have shape {tuple(theirs.shape)} and the student's {tuple(ours.shape)}; "
                "both must cover the same tokens"
            )
        _check_ruled_out(objective, seen(theirs), seen(ours))
    if ours.shape[-1] != classes:
        raise ValueError(f"the models have {ours.shape[-1]} classes and the data {classes}; they must be the same")
    if ours.ndim == 2 and data.train.y.ndim == 2:
        raise ValueError(
            "the data have one label per token and the models one prediction per example; "
            "pass models with logits (examples, tokens, classes), or one label per example"
        )
    for who, model in (("teacher", teacher.module if teacher is not None else None), ("student", student)):
        names = left_out(model, few) if model is not None else ()
        if names:
            warnings.warn(
                f"the {who} does not accept {', '.join(names)}, so it runs without; pass "
                "kd.wrap(model, inputs=function) to choose its inputs",
                stacklevel=3,
            )


def _check_ruled_out(objective: Objective, theirs: Tensor, ours: Tensor) -> None:
    """Raise if the teacher rules out classes (−∞) that the student does not, and a term would be infinite there."""
    cannot = [type(term).__name__ for term in objective.terms if term.needs_finite_teacher]
    if cannot and bool(((theirs == -torch.inf) & (ours != -torch.inf).to(theirs.device)).any()):
        raise ValueError(
            f"the teacher rules out classes (logits of −∞) and {' and '.join(cannot)} cannot handle that; "
            "use kd.SoftTargets or kd.JensenShannon, which can"
        )


def logits_of(model: nn.Module, inputs: Inputs, who: str) -> Tensor:
    """Return a model's logits in eval mode and without gradient; the model is left unchanged."""
    with evaluating(model), torch.no_grad(), seeded(0, device_of(model), everywhere=True):
        return ask(model, each(inputs, Tensor.clone), who=who)


def modes_to_learn_in(student: nn.Module) -> dict[str, bool]:
    """Return the training mode of each of a student's modules, by dotted name.

    A student in training mode keeps its own: submodules in eval mode (frozen batch normalization) stay frozen. A
    student in eval mode is put into training mode as a whole.
    """
    now = modes(student)
    return now if now.get("", False) else dict.fromkeys(now, True)


def check_replay(student: nn.Module, data: Splits, learning: Mapping[str, bool]) -> Replay:
    """Determine whether the student's past can be replayed, and warn about what is lost if it cannot.

    This also tries the student in training mode, on a copy.
    """
    few = fitted(_few(data.train, 8), student)
    if count(few) < 2 and any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in student.modules()):
        return Replay()  # batch statistics of one example: reported elsewhere
    replay = rehearse(student, few, lambda copy: put_modes(copy, learning))
    if replay.lost:
        warnings.warn(
            f"the student trains, but its past cannot be replayed, as {replay.lost}; "
            "this run has no twin, no branch and no at(step)",
            stacklevel=3,
        )
    return replay


def check_batches(student: nn.Module, data: Splits, batch_size: int) -> None:
    """Raise if batch normalization would have to learn from single examples."""
    normalized = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in student.modules())
    if normalized and min(batch_size, len(data.train)) == 1:
        raise ValueError(
            "batches of one example give batch normalization no variance to learn from; "
            "use batch_size=2 or more, or a student without it"
        )


def check_not_swapped(teacher: Teacher, student: nn.Module, data: Splits) -> None:
    """Raise if the roles seem to be swapped: the student is clearly better than the teacher at step 0."""
    if data.validation.y.ndim != 1 or not teacher.knows(data.validation):
        return
    labelled = torch.nonzero(data.validation.y >= 0).flatten()[:LOOK]
    if len(labelled) < 50:
        return
    x, y = data.validation.inputs(labelled), data.validation.y[labelled]
    theirs, ours = teacher(x), logits_of(student, x, "student")
    if theirs.ndim != 2:
        return
    by_teacher, by_student = ((z.argmax(1).cpu() == y).float().mean().item() for z in (theirs, ours))
    noise = 3 * math.sqrt(0.5 / len(labelled))  # three standard errors of a difference of two proportions, at most
    if by_student > by_teacher + noise:
        raise ValueError(
            f"the teacher is less accurate than the student it should teach ({by_teacher:.0%} against {by_student:.0%} "
            f"on {len(labelled)} validation examples); were they swapped? pass allow_weaker_teacher=True if intended"
        )


def check_teacher(teacher: Teacher, data: Splits) -> None:
    """Warn about what the teacher's logits on validation examples show to be wrong with it; see ``teacher_checks``."""
    part = data.validation if data.validation.labelled else data.train
    if not part.labelled or not teacher.knows(part):
        return
    labelled = torch.nonzero((part.y >= 0).reshape(len(part), -1).any(1)).flatten()[:LOOK]
    logits, y = teacher(part.inputs(labelled)), part.y[labelled]
    warning = doubt(logits, y) if logits.shape[:-1] == y.shape else None
    if warning is not None:
        warnings.warn(warning, stacklevel=3)


def _few(examples: Examples, count: int) -> Inputs:
    return examples.inputs(slice(0, min(count, len(examples))))
