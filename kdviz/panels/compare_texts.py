"""Two models of text on the page of two models: one token of each text is an example, and what all tokens say."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from ..data import Examples, Splits
from ..data.token_signs import signs_of
from ..measure.one_token import one_token
from ..measure.sequence_interval import Interval
from ..measure.sequences import sequences
from ..models.inference import Cancelled, Progress
from ..words import number, t


def tokens_of(splits: Splits) -> Splits:
    """Return one token of each test text as the examples, the classes named as signs."""
    drawn = one_token(splits.test, vocabulary=splits.vocabulary)
    names, vocabulary = splits.classes, splits.vocabulary
    if vocabulary is not None and tuple(names) == tuple(vocabulary.symbols):
        names = tuple(signs_of(range(len(names)), vocabulary))
    return Splits(splits.name, splits.title, names, drawn, drawn, drawn, vocabulary=vocabulary)


def in_tokens(title: str, count: int, total: int) -> str:
    """Return what is shown: an example is a token, for tokens of one text are alike."""
    if count == total:
        return t("{data}: one token of each of {n} texts, drawn at random.", data=title, n=number(count))
    return t(
        "{data}: one token of each of {n} texts of {total}, drawn at random.",
        data=title,
        n=number(count),
        total=number(total),
    )


def predicted(part: Examples, models: Mapping[str, nn.Module], go_on: Progress) -> str:
    """Return how well teacher and student predict all tokens, with intervals by text; empty without labels."""
    if not bool((part.y >= 0).any()):
        return ""
    teacher, student = models["teacher"], models["student"]
    try:
        theirs = sequences(teacher, part, progress=go_on)
        own = sequences(student, part, other=teacher, progress=go_on)
    except Cancelled:
        return ""
    assert own.agreement is not None, "the other model was asked"
    return t(
        "On all {tokens} tokens of {n} texts the student takes {student} bits a token, the teacher {teacher}; both "
        "have the same first choice at {same} of them, and the whole text is the first choice of the student in "
        "{exact} of the texts, of the teacher in {theirs}. Intervals are by text.",
        tokens=number(own.tokens),
        n=number(own.n),
        student=_with_ends(own.bits, ".2f"),
        teacher=_with_ends(theirs.bits, ".2f"),
        same=_with_ends(own.agreement, ".1%"),
        exact=_with_ends(own.exact, ".1%"),
        theirs=_with_ends(theirs.exact, ".1%"),
    )


def _with_ends(found: Interval, form: str) -> str:
    value = number(found.value, form)
    if found.low != found.low:
        return value
    return t(
        "{value} (95\u202f% CI {low} to {high})",
        value=value,
        low=number(found.low, form),
        high=number(found.high, form),
    )
