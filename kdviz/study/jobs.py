"""Jobs: one run of a study, done from start to end, and its outcome as plain JSON."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..distill import Cancelled, Distillation, NonFiniteLossError, Recipe, Teacher
from ..distill.tokens import flat_labels, flattened, positions
from ..measure.calibration import calibration
from ..measure.fidelity import fidelity, first_choice, float_logits
from ..measure.latency import latency_ms
from ..models import inference, parameter_count
from ..models.counts import macs_of
from .outcomes import gaps, packed
from .parts import Parts
from .stopping import News, StopSign, Watch

VERSION = 2  # of outcomes on disk: 1 had no hash

Role = Literal["student", "twin", "smoothed"]
Outcome = dict[str, Any]
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes
    ----------
    recipe : Recipe
        With its seed; for a twin, the twin's.
    role : {"student", "twin", "smoothed"}
    key : str
        Names the outcome: a hash of all that decides it.
    """

    recipe: Recipe
    role: Role
    key: str


def make_job(recipe: Recipe, role: Role, parts: Parts) -> Job:
    """Return the job of a recipe, its key a hash of the recipe, its parts, its role and the version of kdviz."""
    contents = {"kdviz": version("kdviz"), "role": role, "recipe": recipe.to_dict(), **parts.marks(recipe, role)}
    text = json.dumps(contents, sort_keys=True)
    return Job(recipe, role, hashlib.blake2b(text.encode(), digest_size=16).hexdigest())


def do(job: Job, parts: Parts, sign: StopSign, watch: Watch | None = None) -> Outcome:
    """Do a job and return its outcome; a run that fails has one too, which says so in a sentence.

    ``watch`` is called after each epoch.

    Raises
    ------
    Cancelled
        If the sign to stop went up before the end.
    """
    start = time.perf_counter()
    try:
        stages: list[dict[str, Any]] = []
        last: tuple[Distillation, dict[str, Any]] | None = None
        for name, stage in parts.stages(job.recipe, job.role):
            if isinstance(stage, Distillation):
                reached = moments(stage, train(stage, sign, None if watch is None else partial(_tell, watch, job)))
                last = stage, reached
            else:
                assert last is not None, "a scheme begins with a run"
                reached = {"last": {"step": None, **splits_measured(stage, last[0].data, last[0].teacher)}}
            model = stage.student if isinstance(stage, Distillation) else stage
            weights = sum(p.numel() for p in model.parameters())  # a frozen model's too
            stages.append({"name": name, "parameters": weights, "moments": reached})
        assert last is not None
        outcome = finished(job, *last, seconds=time.perf_counter() - start)
        return outcome if job.recipe.scheme is None else outcome | {"stages": stages}
    except Cancelled:
        raise
    except Exception as error:  # whatever it is: the other runs go on, and the table tells of it
        return failed(job, error)


def _tell(watch: Watch, job: Job, run: Distillation, errors: int | None) -> None:
    watch(News((job.key,), run.steps_done, run.total_steps, () if errors is None else (errors,)))


class Best(NamedTuple):
    """A student at the epoch with fewest errors on validation data, the earliest of equals."""

    step: int
    errors: int
    weights: Weights


def train(
    run: Distillation, sign: StopSign, tell: Callable[[Distillation, int | None], None] | None = None
) -> Best | None:
    """Train to the end of the plan and return the best epoch; None where the validation split has no label.

    ``tell`` is called after each epoch, with the errors on validation data where it has labels.

    Raises
    ------
    Cancelled
        If the sign to stop went up.
    NonFiniteLossError
        If the loss became NaN or infinite.
    """
    run.prepare(lambda *_: not sign.is_up)
    best: Best | None = None
    while run.steps_done < run.total_steps:
        sign.await_turn()
        if sign.is_up:
            raise Cancelled(f"stopped after step {run.steps_done}")
        run.step()
        if run.steps_done % run.steps_per_epoch and run.steps_done < run.total_steps:
            continue
        errors = run.evaluate("validation").errors if run.data.validation.labelled else None
        if tell is not None:
            tell(run, errors)
        if errors is not None and (best is None or errors < best.errors):
            weights = {name: tensor.detach().clone() for name, tensor in run.student.state_dict().items()}
            best = Best(run.steps_done, errors, weights)
    run.finish()
    return best


def moments(run: Distillation, best: Best | None) -> dict[str, Any]:
    """Measure a trained student after its last step and at its best epoch: on test data, at these two moments only."""
    reached = {"last": {"step": run.steps_done, **splits_measured(run.student, run.data, run.teacher)}}
    if best is not None and best.step == run.steps_done:
        reached["best"] = reached["last"]
    elif best is not None:
        earlier = copy.deepcopy(run.student)
        earlier.load_state_dict(best.weights)
        reached["best"] = {"step": best.step, **splits_measured(earlier, run.data, run.teacher)}
    return reached


def splits_measured(model: nn.Module, data: Splits, teacher: Teacher | None) -> dict[str, Any]:
    """Measure a model on the splits that have labels."""
    return {
        name: measured(inference.logits(model, examples), examples, teacher)
        for name, examples in held_out(data).items()
    }


def held_out(data: Splits) -> dict[str, Examples]:
    """Return the validation and the test split, as far as they have labels."""
    return {name: part for name in ("validation", "test") if (part := getattr(data, name)).labelled}


def measured(logits: Tensor, examples: Examples, teacher: Teacher | None) -> dict[str, Any]:
    """Return the numbers of a student on a split.

    Parameters
    ----------
    logits : Tensor, shape (N, C), or (N, L, V) of tokens
        The student's. Of text the tokens that count are the examples, and there are no groups.
    examples : Examples
        N examples, at least one with a label.
    teacher : Teacher or None
        For agreement and divergence (at T = 1, in nats, over all examples), and its own errors.
    """
    places = positions(examples.inputs(), logits, examples.y) if logits.ndim == 3 else None
    y, logits = flat_labels(examples.y, places, logits.shape[1]), flattened(logits, places)
    known = (y >= 0).numpy()
    labels = y.numpy()[known]
    c = calibration(logits, y, resamples=0)
    said = first_choice(float_logits(logits))
    wrong = said[known] != labels
    classes = logits.shape[1]
    numbers = {
        "examples": c.n,
        "errors": int(wrong.sum()),
        "examples_by_class": np.bincount(labels, minlength=classes).tolist(),
        "errors_by_class": np.bincount(labels[wrong], minlength=classes).tolist(),
        "wrong": packed(wrong),
        "nll": c.nll,
        "ece": c.ece,
        "brier": c.brier,
        "agreement": None,
        "kl": None,
        "teacher_errors": None,
        "gaps": gaps(said, examples, classes) if places is None else {},
    }
    if teacher is not None:
        theirs = flattened(teacher.logits(examples).cpu(), places)
        f = fidelity(theirs, logits)
        numbers |= {"agreement": f.agreement, "kl": f.kl}
        numbers["teacher_errors"] = int((first_choice(float_logits(theirs))[known] != labels).sum())
    return numbers


def finished(job: Job, run: Distillation, reached: dict[str, Any], *, seconds: float, stacked: int = 1) -> Outcome:
    """Return the outcome of a run that came to its end.

    Parameters
    ----------
    reached : dict
        What :func:`moments` gives.
    seconds : float
        Of computing: all of the run, its evaluations included; of runs trained together, its share.
    stacked : int
        How many runs were trained together.
    """
    one = inference.fitted(run.data.test.inputs(slice(0, 1)), run.student)
    return {
        "version": VERSION,
        "key": job.key,
        "role": job.role,
        "recipe": job.recipe.to_dict(),
        "state": "finished",
        "sentence": "",
        "moments": reached,
        "parameters": parameter_count(run.student),
        "macs": macs_of(run.student, one),
        "latency_ms": latency_ms(run.student, one),
        "seconds": seconds,
        "stacked": stacked,
        "torch": torch.__version__,
    }


def failed(job: Job, error: Exception) -> Outcome:
    """Return the outcome of a run that failed; ``lasting`` says whether it would fail again."""
    said = " ".join(str(error).split())
    expected = isinstance(error, ValueError | TypeError | NonFiniteLossError) and said
    return {
        "version": VERSION,
        "key": job.key,
        "role": job.role,
        "recipe": job.recipe.to_dict(),
        "state": "failed",
        "sentence": said if expected else f"{type(error).__name__}: {said}",
        "lasting": isinstance(error, NonFiniteLossError),
    }
