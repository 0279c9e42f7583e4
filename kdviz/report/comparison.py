"""``kd.compare``: any two models over the same classes, or of text over the same symbols, on the same examples."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import Tensor

from .. import data as data_sets
from ..data import Examples, Splits, examples
from ..distill import symbols
from ..distill.teacher_checks import doubt, ends_in_softmax
from ..losses import check_temperature
from ..measure.calibration import calibration, fit_temperature
from ..measure.fidelity import fidelity
from ..measure.one_token import answers, by_token
from ..models import inference
from ..models.inference import Progress
from ..models.loading import load
from ..models.sequences import check_vocabularies
from ..models.wrap import as_module
from . import bias as of_bias
from . import texts
from .report import Report


@symbols.checked
def compare(
    teacher: Any,
    student: Any,
    data: Any = None,
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
    """Compare two models: how alike their predictions are, how sure they are, and whom they fail.

    Of models that answer for each token of a text, bits a token, exact match and agreement are measured on all tokens,
    with intervals by text; everything else on one token drawn at random of each text.

    Parameters
    ----------
    teacher, student : nn.Module, or anything else that returns logits
        Any two models with logits (B, C) over the same classes in the same order, or (B, L, V) over the same symbols,
        each on its own device and in its own dtype; names of shipped models; also estimators, ONNX sessions, functions
        and everything else that :func:`kdviz.wrap` accepts.
    data : Splits, Examples, (X, y), X, Dataset, DataLoader or str, optional
        By default those on the card of a shipped teacher. A `Splits` is compared on its test part, and its validation
        part fits the post-hoc temperature. Without labels, only what needs none is measured.
    twin : nn.Module or the like, optional
        The same student trained without the teacher, measured beside it.
    classes : sequence of str, optional
        Names of the classes, if the data have none.
    temperature : float
        T at which teacher and student are compared.
    bins : int
        Number of calibration bins.
    strategy : {"width", "mass"}
        Bins of equal width, or with about equally many examples.
    groups : dict of str to shape (N,), DataFrame of N rows, list of str or "all", optional
        The group of each compared example, one entry per grouping, such as ``{"site": site}``; or the names of groups
        in the data (Adult: sex, race, age). By default all groups in the data, if any; ``[]`` for none. Numbers with
        more than 10 different values are cut into bands; None or NaN belongs to no group. For digits:
        ``{"stroke": kd.measure.groups.bands(kd.measure.groups.stroke_thickness(data.test.x))}``.
    positive : int, "auto" or None
        The positive class of the groups' rates; None for accuracies only. By default class 1 of two classes, and None
        for more.
    batch_size : int
        Examples per batch; of texts at most 128, for each of whose tokens there may be logits.
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
    >>> report.sentences("fidelity")[0].split(".")[0]
    'The student agrees with the teacher on 60 of 60 examples'
    """
    check_temperature(temperature)
    roles = {"teacher": teacher, "student": student} | ({} if twin is None else {"twin": twin})
    roles = {who: load(model) if isinstance(model, str) else model for who, model in roles.items()}
    data = _found(data, roles["teacher"])
    part, held_out, names = _parts(data, classes)
    grouped = of_bias.given(groups, part)
    features = data.features if isinstance(data, Splits) else ()
    models = {who: as_module(m, who, classes=names or None, features=features) for who, m in roles.items()}
    check_vocabularies(models, data.vocabulary if isinstance(data, Splits) else None)
    rounds = _Rounds(progress, len(models) * (len(part) + (len(held_out) if held_out is not None else 0)))
    if inference.token_ids(part.inputs(slice(0, 1))) is not None:  # there may be logits for each token
        batch_size = min(batch_size, inference.ROWS_AT_ONCE)
    asked = {
        who: answers(model, part, who=who, batch_size=batch_size, progress=rounds.next(len(part)))
        for who, model in models.items()
    }
    if by_token(asked):
        options: dict[str, Any] = {"temperature": temperature, "bins": bins, "strategy": strategy}
        options |= {"positive": positive, "batch_size": batch_size, "progress": progress, "classes": names or None}
        return texts.compared(compare, models, data, part, None if groups is None else grouped, **options)
    logits = {who: z for who, z in asked.items() if z is not None}
    for who, z in logits.items():
        inference.check_finite(z, who)
    count = _same_classes(logits, names, part)
    names = names or tuple(str(k) for k in range(count))
    fitted = {}
    if held_out is not None:
        for who, model in models.items():
            held = inference.logits(
                model, held_out, who=who, batch_size=batch_size, progress=rounds.next(len(held_out)), finite=True
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
        data=data.title if isinstance(data, Splits) and data.name in data_sets.names("any") else "",
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
        vocabulary=data.vocabulary if isinstance(data, Splits) else None,
    )


class _Rounds:
    """Progress over several rounds of inference, as one count."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def next(self, rows: int) -> Progress | None:
        """Return the progress callback of the next round, of ``rows`` examples."""
        if self.progress is None:
            return None
        call, start = self.progress, self.before
        self.before += rows
        return lambda done, _: call(start + done, self.total)


def _doubts(logits: Mapping[str, Tensor], part: Examples) -> tuple[str, ...]:
    """Return one sentence for each fault that shows in the models' outputs."""
    doubts = [] if not part.labelled else [doubt(logits["teacher"], part.y)]
    for who in ("student", "twin"):
        if who in logits:
            sentence = ends_in_softmax(logits[who], part.y)
            doubts.append(None if sentence is None else sentence.replace("teacher", who))
    return tuple(f"{sentence[0].upper()}{sentence[1:]}." for sentence in doubts if sentence is not None)


def _found(data: Any, teacher: Any) -> Any:
    """Return the data that are meant: those named, or by default those on the teacher's card."""
    if data is None:
        card = getattr(teacher, "card", None)
        if card is None:
            raise ValueError("the teacher is a model of your own; say which data to compare on, as data=")
        data = card.data
    return data_sets.load(data) if isinstance(data, str) else data


def _parts(data: Any, classes: Sequence[str] | None) -> tuple[Examples, Examples | None, tuple[str, ...]]:
    """Return the examples to compare on, those to fit temperatures on, and the names of the classes."""
    if isinstance(data, Splits):
        held_out = data.validation if data.validation.labelled else None
        return data.test, held_out, tuple(classes or data.classes)
    return examples(data), None, tuple(classes or ())


def _same_classes(logits: Mapping[str, Any], names: Sequence[str], part: Examples) -> int:
    """Return the number of classes, if it is the same for all."""
    counts = {who: z.shape[1] for who, z in logits.items()}
    count = counts["teacher"]
    if len(set(counts.values())) > 1:
        each = ", ".join(f"the {who} has {n}" for who, n in counts.items())
        raise ValueError(f"the models must have the same classes, got different numbers of them ({each})")
    if names and len(names) != count:
        raise ValueError(f"expected names for the models' {count} classes, got {len(names)}; name as many")
    if part.labelled and int(part.y.max()) >= count:
        raise ValueError(f"labels must be below {count}, the models' number of classes, got {int(part.y.max())}")
    return count
