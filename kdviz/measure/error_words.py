"""What a difference in errors is worth, in words: one wording for pages, studies and tables."""

from __future__ import annotations

import math
from typing import Protocol

from ..words import mark, number, t

TWIN = {"twin": mark("the twin without a teacher"), "smoothed": mark("the twin with label smoothing")}
PERCENT = "\u202f%"  # a narrow space where no line breaks
WORTH = {  # by verdict
    "fewer": mark("a clear gain"),
    "more": mark("clearly worse"),
    "within the noise": mark("could be chance: no difference shown"),
    "one run": mark("one seed, which says nothing about what another would give"),
}
THAN = {  # by sign: fewer, more, none
    -1: mark("{n} fewer test errors than {other} ({interval}): {worth}."),
    1: mark("{n} more test errors than {other} ({interval}): {worth}."),
    0: mark("As many test errors as {other} ({interval}): {worth}."),
}
COMPARED = {  # by what is counted: fewer, more, none
    "": (mark("{n} fewer"), mark("{n} more"), "{n}"),
    "errors": (mark("{n} fewer errors"), mark("{n} more errors"), mark("{n} errors")),
    "test errors": (mark("{n} fewer test errors"), mark("{n} more test errors"), mark("{n} test errors")),
}


class Compared(Protocol):
    """A difference in errors with its interval: :class:`Paired`, :class:`PairedErrors`, or a recorded one.

    The ends are nan or None for one seed.
    """

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def verdict(self) -> str: ...


def worth(d: Compared) -> str:
    """Return what a difference in errors shows.

    >>> from kdviz.measure import paired
    >>> worth(paired([-200, -209, -203])), worth(paired([-200]))
    ('a clear gain', 'one seed, which says nothing about what another would give')
    """
    return t(WORTH[d.verdict])


def against(other: str, d: Compared) -> str:
    """Return the sentence on the difference in test errors, student − ``other`` (a name in the reader's language).

    >>> from kdviz.measure import paired
    >>> against("the twin", paired([-20, 30, 8])).replace(PERCENT, " %")
    '6 more test errors than the twin (95 % CI 58 fewer to 70 more): could be chance: no difference shown.'
    >>> against("the twin", paired([-200, -209, -203, -168, -128])).replace(PERCENT, " %")
    '182 fewer test errors than the twin (95 % CI 139 to 225 fewer): a clear gain.'
    """
    n = size(d.mean)
    sign = 0 if n == "0" else -1 if d.mean < 0 else 1
    return t(THAN[sign], n=n, other=other, interval=_interval(d), worth=worth(d))


def _interval(d: Compared) -> str:
    """Return an interval with the way it points, such as "95 % CI 160 to 240 fewer"."""
    if d.low is None or d.high is None or math.isnan(d.low):
        return t("one seed")
    level = number(100 * d.confidence, "g")
    if d.low > 0:
        return t("{level}\u202f% CI {low} to {high} more", level=level, low=size(d.low), high=size(d.high))
    if d.high < 0:
        return t("{level}\u202f% CI {low} to {high} fewer", level=level, low=size(d.high), high=size(d.low))
    return t("{level}\u202f% CI {low} to {high}", level=level, low=_compared(d.low), high=_compared(d.high))


def in_errors(d: Compared, what: str = "") -> str:
    """Return a difference in errors with its interval, such as "40 fewer test errors (95 % CI 13 to 67)".

    Parameters
    ----------
    d : Paired, PairedErrors or a recorded difference
    what : {"", "errors", "test errors"}
        What is counted; by default the number stands alone.

    Examples
    --------
    >>> from kdviz.measure import paired
    >>> in_errors(paired([-200, -209, -203, -168, -128]), "test errors").replace(PERCENT, " %")
    '182 fewer test errors (95 % CI 139 to 225)'
    >>> in_errors(paired([-20, 30, 8])).replace(PERCENT, " %"), in_errors(paired([3]), "errors")
    ('6 more (95 % CI 58 fewer to 70 more)', '3 more errors')
    """
    difference = _compared(d.mean, what)
    if d.low is None or d.high is None or math.isnan(d.low):
        return difference
    if d.low > 0 or d.high < 0:
        low, high = map(size, sorted((abs(d.low), abs(d.high))))
    else:
        low, high = _compared(d.low), _compared(d.high)
    level = number(100 * d.confidence, "g")
    return t("{difference} ({level}\u202f% CI {low} to {high})", difference=difference, level=level, low=low, high=high)


def _compared(difference: float, what: str = "") -> str:
    written = size(difference)
    fewer, more, none = COMPARED[what]
    return t(none if size(difference) == "0" else fewer if difference < 0 else more, n=written)


def size(difference: float) -> str:
    """Return a rounded number without its sign; below ten with a decimal, and below 0.05 with the first figure that is
    not 0, so that no end of an interval is lost in a 0.

    >>> size(-12.4), size(-0.3), size(3.0), size(1234.0), size(0.0), size(0.04)
    ('12', '0.3', '3', '1,234', '0', '0.04')
    """
    if 0 < abs(difference) < 0.05:
        return number(float(f"{abs(difference):.1g}"), "f").rstrip("0") if abs(difference) >= 1e-6 else "0"
    rounded = round(abs(difference)) if abs(difference) >= 9.95 else round(abs(difference), 1)
    return number(rounded, ",.0f" if rounded == int(rounded) else ",.1f")
