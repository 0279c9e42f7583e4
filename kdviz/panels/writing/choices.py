"""What is chosen on the Words page, and its links."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ...data import title
from ...distill import checks
from ...distill.schema import Kind, Number, OneOf, Whole, or_null
from ...widgets.share import PARTS
from ...words import mark, number, t, tn
from ..live.checks import one_of
from ..live.link import Link, opened_with
from ..live.parameters import number as number_of_link
from ..live.parameters import number_text, whole, word, words
from .methods import METHODS
from .settings import OWN, STUDENTS, Setting, names, usual_of

MOST_EPOCHS = 200  # that a link can ask for
MOST_SEED = 10**9 - 1
TEMPERATURES = (0.5, 20.0)
PART_TITLES = {  # of what a link can hide
    "bet": mark("Your bet"),
    "transport": PARTS["transport"],
    "writing": mark("Written side by side"),
    "next": mark("The next token"),
    "humps": mark("Two humps, and a student that has one"),
    "share": PARTS["share"],
}
HIDEABLE = tuple(PART_TITLES)
ALPHAS = (0.0, 0.5, 0.9, 1.0)
EPOCHS = (1, 2, 5, 10, 20, 40)


@dataclass(frozen=True, kw_only=True)
class WordsChoices:
    """The page's settings; the field names are the keyword arguments of the panel.

    Parameters
    ----------
    data : str, optional
        What is learned from; default the first of what is on this machine.
    student : str, optional
        One of the sizes offered. Default: what suits the data.
    method : str
        One of ``forward``, ``reverse``, ``jensen_shannon``, ``on_policy``, ``minillm``, ``sequence``.
    temperature : float, optional
        T of the soft targets; passed over by what has none. Default: what suits data and method.
    alpha : float, optional
        Weight of what the teacher teaches, in [0, 1]; the labels have the rest. Default: what suits data and method.
    epochs : int, optional
        Passes over the examples. Default: the setting's, for its method.
    seed : int

    Raises
    ------
    ValueError
        In one sentence, when a value is not among what there is.

    Examples
    --------
    >>> WordsChoices(method="reverse", alpha=1.0).epochs is None
    True
    """

    data: str = ""
    student: str = ""
    method: str = "forward"
    temperature: float = None  # type: ignore[assignment]  # a number once it is made
    alpha: float = None  # type: ignore[assignment]
    epochs: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.data == "":
            if not names():
                raise ValueError("no text with a shipped teacher is on this machine; pass a setting of your own")
            object.__setattr__(self, "data", names()[0])
        one_of("data", self.data, (*names(), OWN))
        one_of("method", self.method, tuple(METHODS))
        usual = usual_of(self.data, self.method)
        for name in ("student", "temperature", "alpha"):
            if getattr(self, name) in (None, ""):
                object.__setattr__(self, name, usual[name])
        one_of("student", self.student, (*STUDENTS, OWN))
        low, high = TEMPERATURES
        for name, least, most in (("temperature", low, high), ("alpha", 0.0, 1.0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise ValueError(f"{name} must be a number from {least:g} to {most:g}, got {value!r}")
            object.__setattr__(self, name, float(value))
        if self.epochs is not None and not 1 <= checks.whole("epochs", self.epochs) <= MOST_EPOCHS:
            raise ValueError(f"epochs must lie in [1, {MOST_EPOCHS}], got {self.epochs}")
        if not 0 <= checks.whole("seed", self.seed) <= MOST_SEED:
            raise ValueError(f"seed must lie in [0, {MOST_SEED}], got {self.seed}")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def changed(self, **chosen: Any) -> WordsChoices:
        """Return these choices with others in some fields; other data or another method bring what suits them along.

        How often the text is passed over stays with another method, where the reader chose it.

        >>> WordsChoices(data="own", alpha=0.2, seed=3).changed(method="reverse")
        WordsChoices(data='own', student='own', method='reverse', temperature=1.0, alpha=0.9, epochs=None, seed=3)
        """
        fresh: dict[str, Any] = {"student": "", "epochs": None} if "data" in chosen else {}
        if {"data", "method"} & set(chosen):
            fresh |= {"temperature": None, "alpha": None}
        return replace(self, **{**fresh, **chosen})

    def usual(self) -> WordsChoices:
        """Return what suits these data and this method."""
        return WordsChoices(data=self.data, method=self.method)


def words_kinds() -> dict[str, Kind]:
    """Return what each field of a state of the page may be."""
    return {
        "data": OneOf(names()),
        "student": OneOf(tuple(STUDENTS)),
        "method": OneOf(tuple(METHODS)),
        "temperature": Number(least=TEMPERATURES[0], most=TEMPERATURES[1]),
        "alpha": Number(least=0, most=1),
        "epochs": or_null(Whole(least=1, most=MOST_EPOCHS)),
        "seed": Whole(least=0, most=MOST_SEED),
    }


LINK = Link(
    {
        "data": word(names()),
        "student": word(tuple(STUDENTS)),
        "method": word(tuple(METHODS)),
        "temperature": number_of_link(TEMPERATURES[1], above=True),
        "alpha": number_of_link(1.0),
        "epochs": whole(1, MOST_EPOCHS),
        "seed": whole(0, MOST_SEED),
        "hidden": words(HIDEABLE),
    },
    opened_with(lambda fields: WordsChoices(**fields)),
    {"temperature": "T", "hidden": "hide"},
)


def fields(choices: WordsChoices, setting: Setting) -> list[dict[str, Any]]:
    """Return what can be chosen, for ``WritingSetup.fields``."""
    method = METHODS[choices.method]
    sizes = [(name, t(size.title)) for name, size in STUDENTS.items()]
    ways = [(name, t(one.title)) for name, one in METHODS.items()]
    alphas = [(number_text(a), number(a, ".3g")) for a in sorted({*ALPHAS, choices.alpha})]
    epochs = [(str(n), tn("{n} epoch", "{n} epochs", n)) for n in sorted({*EPOCHS, setting.epochs})]
    says = f"{t(method.says)} {method.source}"
    return [
        _field("data", t("Text"), choices.data, [(name, t(title(name))) for name in names()]),
        _field("student", t("Student"), choices.student, sizes),
        _field("method", t("Method"), choices.method, ways, says),
        *([_field("alpha", t("α, the weight of the teacher"), number_text(choices.alpha), alphas)] * method.heated),
        _field("epochs", t("Passes over the text"), str(setting.epochs), epochs),
    ]


def _field(name: str, title: str, value: str, options: list[tuple[str, str]], hint: str = "") -> dict[str, Any]:
    listed = [{"value": one, "text": text} for one, text in options]
    return {"name": name, "title": title, "options": listed, "value": value, "hint": hint}
