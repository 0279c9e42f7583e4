"""Colours of Okabe and Ito, one for each role: the same in every figure."""

TEACHER = "#0072B2"  # always dashed
STUDENT = "#E69F00"  # always solid
TWIN = "#6E757E"
EDIT = "#CC79A7"
SUPPORTS, OPPOSES = "#1B7837", "#762A83"  # of a map over an input; neither model's
INK = "#26282B"

# Colour, dash and mark of the models of a comparison.
LOOKS = {
    "teacher": (TEACHER, "dash", "circle-open"),
    "student": (STUDENT, "solid", "circle"),
    "twin": (TWIN, "dot", "square"),
}

# The rest of Okabe and Ito for further runs, each with its own mark: no run is identified by its color alone.
OTHERS = (
    ("#B3588C", "square"),
    (INK, "triangle-up"),
    ("#2A8CCC", "square-open"),
    ("#D55E00", "triangle-down"),
    ("#8D8000", "x"),
)


def other(place: int) -> tuple[str, str, str]:
    """Return colour, mark and dash of the run at ``place`` (from 0) after student and twin; dashes change each round.

    >>> other(0), other(5)
    (('#B3588C', 'square', 'solid'), ('#B3588C', 'square', 'dash'))
    """
    colour, symbol = OTHERS[place % len(OTHERS)]
    dashes = ("solid", "dash", "dot", "dashdot")
    return colour, symbol, dashes[place // len(OTHERS) % len(dashes)]


def look(model: str, place: int = 0) -> tuple[str, str, str]:
    """Return colour, dash and mark of a model by its name; one of another name looks as its place among the rest.

    >>> look("twin"), look("assistant", 0)
    (('#6E757E', 'dot', 'square'), ('#B3588C', 'solid', 'square'))
    """
    if model in LOOKS:
        return LOOKS[model]
    colour, symbol, dash = other(place)
    return colour, dash, symbol
