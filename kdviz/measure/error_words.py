"""What a difference in errors is worth, in words: one wording for pages, studies and tables."""

from __future__ import annotations

import math

from .paired import Paired, PairedErrors

TWIN = {"twin": "twin (no teacher)", "smoothed": "twin (label smoothing)"}
TWIN_IN_PROSE = {"twin": "twin without a teacher", "smoothed": "twin with label smoothing"}
PERCENT = "\u202f%"  # a narrow space where no line breaks
BETWEEN_SEEDS = {
    "fewer": "an improvement beyond the noise between seeds",
    "more": "a deterioration beyond the noise between seeds",
    "within the noise": "within the noise: neither an improvement nor a deterioration is shown",
    "one run": "one seed, which says nothing of what another would give",
}
OF_EXAMPLES = BETWEEN_SEEDS | {
    "fewer": "an improvement beyond sampling noise",
    "more": "a deterioration beyond sampling noise",
}


def worth(d: Paired | PairedErrors) -> str:
    """Return what a difference in errors shows.

    >>> from kdviz.measure import paired
    >>> worth(paired([-200, -209, -203])), worth(paired([-200]))
    ('an improvement beyond the noise between seeds', 'one seed, which says nothing of what another would give')
    """
    return (OF_EXAMPLES if isinstance(d, PairedErrors) else BETWEEN_SEEDS)[d.verdict]


def against(other: str, d: Paired | PairedErrors) -> str:
    """Return the sentence on the difference in test errors, student − ``other``.

    >>> from kdviz.measure import paired
    >>> against("twin (no teacher)", paired([-20, 30, 8])).replace(PERCENT, " %")  # doctest: +ELLIPSIS
    'Student − twin (no teacher): 6 more test errors (95 % CI 58 fewer to 70 more), within the noise: ...'
    """
    return f"Student − {other}: {in_errors(d, 'test errors')}, {worth(d)}."


def in_errors(d: Paired | PairedErrors, what: str = "") -> str:
    """Return a difference in errors with its interval, such as "40 fewer test errors (95 % CI 13 to 67)".

    Parameters
    ----------
    d : Paired or PairedErrors
    what : str
        Of what, such as "test errors"; by default the number alone.

    Examples
    --------
    >>> from kdviz.measure import paired
    >>> in_errors(paired([-200, -209, -203, -168, -128]), "test errors").replace(PERCENT, " %")
    '182 fewer test errors (95 % CI 139 to 225)'
    >>> in_errors(paired([-20, 30, 8])).replace(PERCENT, " %"), in_errors(paired([3]), "errors")
    ('6 more (95 % CI 58 fewer to 70 more)', '3 more errors')
    """
    told = " ".join(filter(None, [_compared(d.mean), what]))
    if math.isnan(d.low):
        return told
    if d.low > 0 or d.high < 0:
        ends = " to ".join(size(end) for end in sorted((abs(d.low), abs(d.high))))
    else:
        ends = f"{_compared(d.low)} to {_compared(d.high)}"
    return f"{told} ({100 * d.confidence:g}{PERCENT} CI {ends})"


def _compared(number: float) -> str:
    written = size(number)
    return written if written == "0" else f"{written} {'fewer' if number < 0 else 'more'}"


def size(number: float) -> str:
    """Return a rounded number without its sign; below ten with a decimal, so that no end of an interval is lost in a 0.

    >>> size(-12.4), size(-0.3), size(3.0), size(1234.0), size(0.0)
    ('12', '0.3', '3', '1,234', '0')
    """
    number = abs(number)
    return f"{round(number) if number >= 9.95 else round(number, 1):,}".removesuffix(".0")
