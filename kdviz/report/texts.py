"""Reports on models that answer token by token: numbers of all tokens by text, all else of one token a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from ..data import Examples, Splits
from ..data.token_signs import signs_of
from ..measure.one_token import asked_at, one_token
from ..measure.sequence_interval import Interval
from ..measure.sequences import Sequences, sequences
from ..words import number

if TYPE_CHECKING:
    import pandas as pd

    from .report import Report

NO_LABELS = "No token has a label: how well the texts are predicted is unknown."
BY_TEXT = "These intervals are by text: tokens of one text are alike."
DRAWN = (
    "Everything below is of one token of each text, drawn at random: two tokens of one text are never counted as two "
    "examples."
)
NAMED = {
    "bits": "bits a token",
    "bits_a_character": "bits a character",
    "perplexity": "perplexity",
    "accuracy": "tokens right",
    "exact": "exact match",
    "agreement": "agreement with the teacher",
}


def compared(
    compare: Callable[..., Report],
    models: Mapping[str, nn.Module],
    data: Any,
    part: Examples,
    groups: Mapping[str, Any] | None,
    **options: Any,
) -> Report:
    """Return the report of models that answer token by token."""
    vocabulary = data.vocabulary if isinstance(data, Splits) else None
    if groups is not None:
        part = replace(part, groups={name: np.asarray(values) for name, values in groups.items()})
    drawn = one_token(part, vocabulary=vocabulary)
    chosen = None if groups is None else {name: drawn.groups[name] for name in groups}
    shown: Any = drawn
    if isinstance(data, Splits):
        held_out = one_token(data.validation, vocabulary=vocabulary)
        shown = Splits(data.name, data.title, data.classes, drawn, held_out, drawn, vocabulary=vocabulary)
    names = options.get("classes") or ()
    if vocabulary is not None and tuple(names) == tuple(vocabulary.symbols):
        options["classes"] = signs_of(range(len(names)), vocabulary)
    report = compare(**asked_at(models, part), data=shown, groups=chosen, **options)
    if bool((part.y >= 0).any()):
        teacher = models["teacher"]
        report.sequences = {
            who: sequences(
                model, part, other=None if who == "teacher" else teacher, vocabulary=_for_characters(vocabulary)
            )
            for who, model in models.items()
        }
    return report


def _for_characters(vocabulary: Any) -> Any:
    """Return the vocabulary, where its symbols stand for characters of the text."""
    return None if vocabulary is None or hasattr(vocabulary, "mask") else vocabulary


def sentences(found: Mapping[str, Sequences], *, by_tokens: bool) -> list[str]:
    """Return how well the texts are predicted, in words."""
    if not found:
        return [NO_LABELS, DRAWN] if by_tokens else []
    teacher, student = found["teacher"], found["student"]
    tokens = f"{teacher.tokens:,} tokens of {teacher.n:,} text{'' if teacher.n == 1 else 's'}"
    lines = [
        f"On {tokens} the student takes {_with(student.bits)} bits a token, the teacher {_with(teacher.bits)}; the "
        f"student takes {_more(student.difference(teacher))}."
    ]
    if "twin" in found:
        lines.append(
            f"Its twin takes {_with(found['twin'].bits)}; the student takes {_more(student.difference(found['twin']))} "
            "than the twin."
        )
    if student.agreement is not None:
        lines.append(
            f"Student and teacher have the same first choice at {_percent(student.agreement)} of these tokens."
        )
    rights = " and ".join(f"{_percent(one.exact)} by the {who}" for who, one in found.items())
    lines.append(f"Exact match, all tokens of a text the first choice: {rights}.")
    return [*lines, BY_TEXT, DRAWN]


def frame(found: Mapping[str, Sequences]) -> pd.DataFrame:
    """Return one row per number: subject, measure, model, value, low, high."""
    import pandas as pd

    columns = ["measure", "model", "value", "low", "high"]
    rows = [
        (NAMED[str(name)], who, row.value, row.low, row.high)
        for who, one in found.items()
        for name, row in one.frame().iterrows()
    ]
    for other in ("teacher", "twin"):
        if other in found:
            d = found["student"].difference(found[other])
            rows.append((f"bits a token − the {other}'s", "student", d.value, d.low, d.high))
    return pd.DataFrame(rows, columns=columns).assign(subject="sequences")


def _with(interval: Interval) -> str:
    return f"{interval.value:.2f}{_ends(interval, '.2f')}"


def _more(interval: Interval) -> str:
    word = "fewer" if interval.value < 0 else "more"
    low, high = sorted((interval.low, interval.high))
    ends = "" if low != low else f" (difference {100 * interval.confidence:g} % CI {number(low, '+.3f')} to "
    return f"{abs(interval.value):.3f} {word}{ends}{number(high, '+.3f') + ')' if ends else ''}"


def _percent(interval: Interval) -> str:
    ends = "" if interval.low != interval.low else (
        f" ({100 * interval.confidence:g} % CI {100 * interval.low:.1f} to {100 * interval.high:.1f})"
    )  # fmt: skip
    return f"{100 * interval.value:.1f} %{ends}"


def _ends(interval: Interval, form: str) -> str:
    if interval.low != interval.low:
        return ""
    return f" ({100 * interval.confidence:g} % CI {interval.low:{form}} to {interval.high:{form}})"
