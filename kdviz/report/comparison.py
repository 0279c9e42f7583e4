"""``kd.compare``: any two classifiers over the same classes, on the same examples."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import Tensor

from ..data import Examples, Splits, examples
from ..distill.teacher_checks import doubt, ends_in_softmax
from ..losses import check_temperature
from ..measure.calibration import calibration, fit_temperature
from ..measure.fidelity import fidelity
from ..models import inference
from ..models.inference import Progress
from ..models.wrap import as_module
from . import bias as of_bias
from .report import Report


def compare(
    teacher: Any,
    student: Any,
    data: Any,
    *,
    twin: Any = None,
    classes: Sequence[str] | None = None,
    temperature: float = 4.0,
    bins: int = 15,
    strategy: Literal["width", "mass"] = "width",
    groups: of_bias.Groups = None,
    positive: int | Literal["auto"] | None = "auto",
    batch_size: int = 500,
    progress: Progress | None = None,
) -> Report:
    """Compare two classifiers: how alike their answers are, how sure they are, and whom they fail.

    Parameters
    ----------
    teacher, student : nn.Module, or anything else that answers
        Any two models with logits (B, C) over the same classes in the same order, each on its own device and in its own
        dtype; estimators, ONNX sessions, functions and the like as :func:`kdviz.wrap` takes them.
    data : Splits, Examples, (X, y), X, Dataset or DataLoader
        Of a `Splits` the test part; its validation part then fits the temperature of the calibration. Without labels,
        what can be told without them is told.
    twin : nn.Module or the like, optional
        The same student taught without the teacher, measured beside it.
    classes : sequence of str, optional
        Names of the classes, for data that bring none.
    temperature : float
        T at which teacher and student are set against each other.
    bins : int
        Bins of the calibration.
    strategy : {"width", "mass"}
        Bins of equal width, or of about as many examples each.
    groups : dict of str to shape (N,), DataFrame of N rows, list of str or "all", optional
        The group of each compared example, grouping by grouping, such as ``{"site": site}``; or the names of columns
        that the data carry (Adult: sex, race, age). By default all that they carry, if any; ``[]`` for none. Numbers of
        more than 10 different values are cut into bands; None or NaN belongs to no group. Of digits:
        ``{"stroke": kd.measure.groups.bands(kd.measure.groups.stroke_thickness(data.test.x))}``.
    positive : int, "auto" or None
        The class whose being said the groups' rates count. None for accuracies alone. By default class 1 of two
        classes, and None of more.
    batch_size : int
        Examples that are answered at once.
    progress : callable, optional
        Called with (done, total) over all models; return False to stop with ``Cancelled``.

    Returns
    -------
    Report

    Raises
    ------
    TypeError, ValueError
        In one sentence, if a model, the data, a grouping or a number does not fit.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> X, y = torch.eye(3).repeat(20, 1), torch.arange(60) % 3
    >>> models = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    >>> for model in models:
    ...     _ = model.weight.data.copy_(5 * torch.eye(3)), model.bias.data.zero_()
    >>> report = kd.compare(*models, (X, y))
    >>> report.sentences("fidelity")[0].split(";")[0]
    'The student agrees with the teacher on 60 of 60 examples'
    """
    check_temperature(temperature)
    part, held_out, names = _parts(data, classes)
    grouped = of_bias.given(groups, part)
    given = {"teacher": teacher, "student": student} | ({} if twin is None else {"twin": twin})
    features = data.features if isinstance(data, Splits) else ()
    models = {who: as_module(m, who, classes=names or None, features=features) for who, m in given.items()}
    told = _Told(progress, len(models) * (len(part) + (len(held_out) if held_out is not None else 0)))
    logits = {
        who: inference.logits(model, part, who=who, batch_size=batch_size, progress=told.next(len(part)), finite=True)
        for who, model in models.items()
    }
    count = _same_classes(logits, names, part)
    names = names or tuple(str(k) for k in range(count))
    fitted = {}
    if held_out is not None:
        for who, model in models.items():
            held = inference.logits(
                model, held_out, who=who, batch_size=batch_size, progress=told.next(len(held_out)), finite=True
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # at a bound: the report's sentence gives the value
                fitted[who] = fit_temperature(held, held_out.y)
    labelled = part.labelled > 0
    cut: dict[str, Any] = {"bins": bins, "strategy": strategy}
    measured = {who: calibration(z, part.y, **cut) for who, z in logits.items()} if labelled else {}
    scaled = {who: calibration(logits[who] / t, part.y, **cut) for who, t in fitted.items()} if labelled else {}
    y = part.y if labelled else None
    of_groups, notes = of_bias.measured(logits, part, grouped, positive, asked=groups is not None)
    return Report(
        notes=_doubts(logits, part),
        models=models,
        examples=part,
        classes=names,
        logits=logits,
        temperature=float(temperature),
        fidelity=fidelity(logits["teacher"], logits["student"], y, temperature=temperature),
        calibration=measured,
        fitted_temperature=fitted,
        rescaled=scaled,
        bias=of_groups,
        bias_notes=notes,
    )


class _Told:
    """Progress over several rounds of answers, as one count."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def next(self, rows: int) -> Progress | None:
        """Return the progress of the next round, of ``rows`` answers."""
        if self.progress is None:
            return None
        call, start = self.progress, self.before
        self.before += rows
        return lambda done, _: call(start + done, self.total)


def _doubts(logits: Mapping[str, Tensor], part: Examples) -> tuple[str, ...]:
    """Return what the models' answers show to be wrong with them, a sentence each."""
    said = [] if not part.labelled else [doubt(logits["teacher"], part.y)]
    for who in ("student", "twin"):
        if who in logits:
            found = ends_in_softmax(logits[who], part.y)
            said.append(None if found is None else found.replace("teacher", who))
    return tuple(f"{sentence[0].upper()}{sentence[1:]}." for sentence in said if sentence is not None)


def _parts(data: Any, classes: Sequence[str] | None) -> tuple[Examples, Examples | None, tuple[str, ...]]:
    """Return the examples to compare on, those to fit temperatures on, and the names of the classes."""
    if isinstance(data, Splits):
        held_out = data.validation if data.validation.labelled else None
        return data.test, held_out, tuple(classes or data.classes)
    return examples(data), None, tuple(classes or ())


def _same_classes(logits: Mapping[str, Any], names: Sequence[str], part: Examples) -> int:
    """Return the number of classes, if all speak of the same."""
    if any(z.ndim == 3 for z in logits.values()):
        raise ValueError(
            "the models answer for each token, and compare reads one answer an example; set the tokens that count "
            "against each other with kd.measure.fidelity.fidelity(teacher[counts], student[counts], y[counts]), where "
            "both are kd.models.inference.logits(model, data.test, who='it') and counts is data.test.y >= 0"
        )
    counts = {who: z.shape[1] for who, z in logits.items()}
    count = counts["teacher"]
    if len(set(counts.values())) > 1:
        told = ", ".join(f"the {who} with {n}" for who, n in counts.items())
        raise ValueError(f"the models answer with different numbers of classes ({told}); all must cover the same")
    if names and len(names) != count:
        raise ValueError(f"the models answer with {count} classes and the data name {len(names)}; name as many")
    if part.labelled and int(part.y.max()) >= count:
        raise ValueError(f"labels must be below {count}, the models' number of classes, got {int(part.y.max())}")
    return count
