"""What a difference in errors is worth, in words: one wording for pages, studies and tables."""

from __future__ import annotations

import math

from ..words import mark, number, t
from .paired import Paired, PairedErrors

TWIN = {"twin": mark("twin (no teacher)"), "smoothed": mark("twin (label smoothing)")}
PERCENT = "\u202f%"  # a narrow space where no line breaks
BETWEEN_SEEDS = {
    "fewer": mark("an improvement beyond the noise between seeds"),
    "more": mark("a deterioration beyond the noise between seeds"),
    "within the noise": mark("within the noise: neither an improvement nor a deterioration is shown"),
    "one run": mark("one seed, which says nothing about what another would give"),
}
OF_EXAMPLES = BETWEEN_SEEDS | {
    "fewer": mark("an improvement beyond sampling noise"),
    "more": mark("a deterioration beyond sampling noise"),
}
COMPARED = {  # by what is counted: fewer, more, none
    "": (mark("{n} fewer"), mark("{n} more"), "{n}"),
    "errors": (mark("{n} fewer errors"), mark("{n} more errors"), mark("{n} errors")),
    "test errors": (mark("{n} fewer test errors"), mark("{n} more test errors"), mark("{n} test errors")),
}


def worth(d: Paired | PairedErrors) -> str:
    """Return what a difference in errors shows.

    >>> from kdviz.measure import paired
    >>> worth(paired([-200, -209, -203])), worth(paired([-200]))
    ('an improvement beyond the noise between seeds', 'one seed, which says nothing about what another would give')
    """
    return t((OF_EXAMPLES if isinstance(d, PairedErrors) else BETWEEN_SEEDS)[d.verdict])


def against(other: str, d: Paired | PairedErrors) -> str:
    """Return the sentence on the difference in test errors, student − ``other`` (a name in the reader's language).

    >>> from kdviz.measure import paired
    >>> against("twin (no teacher)", paired([-20, 30, 8])).replace(PERCENT, " %")  # doctest: +ELLIPSIS
    'Student − twin (no teacher): 6 more test errors (95 % CI 58 fewer to 70 more), within the noise: ...'
    """
    return t(
        "Student − {other}: {difference}, {worth}.", other=other, difference=in_errors(d, "test errors"), worth=worth(d)
    )


def in_errors(d: Paired | PairedErrors, what: str = "") -> str:
    """Return a difference in errors with its interval, such as "40 fewer test errors (95 % CI 13 to 67)".

    Parameters
    ----------
    d : Paired or PairedErrors
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
    if math.isnan(d.low):
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
    """Return a rounded number without its sign; below ten with a decimal, so that no end of an interval is lost in a 0.

    >>> size(-12.4), size(-0.3), size(3.0), size(1234.0), size(0.0)
    ('12', '0.3', '3', '1,234', '0')
    """
    rounded = round(abs(difference)) if abs(difference) >= 9.95 else round(abs(difference), 1)
    return number(rounded, ",.0f" if rounded == int(rounded) else ",.1f")
