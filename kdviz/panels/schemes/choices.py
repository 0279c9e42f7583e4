"""What is chosen on the Schemes page, and its links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...distill import checks
from ...distill.schema import Kind, MapOf, OneOf, Text, Whole, or_null
from ...words import t
from ..live.checks import one_of, shown
from ..live.link import Link, opened_with
from ..live.parameters import Parameter, whole, words
from .catalogue import schemes
from .scheme import Scheme

MOST_EPOCHS = 1000  # that a link can ask for
MOST_SEED = 10**9 - 1
MOST_OPTIONS = 5
HIDEABLE = ("transport", "curves", "share")  # parts of the page that a link can hide
_OPTION = re.compile(r"[a-z_]{1,40}:[\w.]{1,40}", re.ASCII)


def scheme(name: str) -> Scheme:
    """Return a scheme by its name, with hyphens too, or by one of its acronyms.

    Raises
    ------
    ValueError
        In one sentence, if there is none.
    """
    there = schemes()
    if (plain := name.replace("-", "_")) in there:
        return there[plain]
    found = [one for one in there.values() if name.lower() in (acronym.lower() for acronym in one.acronyms)]
    if len(found) != 1:
        one_of("scheme", name, tuple(there))
    return found[0]


@dataclass(frozen=True, kw_only=True)
class SchemeChoices:
    """The page's settings; the field names are the keyword arguments of the panel.

    Parameters
    ----------
    scheme : str
        A name of the catalogue, or an acronym.
    options : dict of str to str
        Of the scheme's options those that are not as usual.
    epochs : int, optional
        Passes over the labelled examples that all networks of a scheme have together. Default: the setting's.
    seed : int

    Examples
    --------
    >>> SchemeChoices(scheme="DML").scheme
    'mutual_learning'
    """

    scheme: str = "mutual_learning"
    options: dict[str, str] = field(default_factory=dict)
    epochs: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        found = scheme(self.scheme)
        object.__setattr__(self, "scheme", found.name)
        if not isinstance(self.options, Mapping):
            raise ValueError(f"options must be a dict from names to values, got {shown(self.options)}")
        chosen = found.chosen(self.options)
        usual = found.chosen({})
        object.__setattr__(self, "options", {name: value for name, value in chosen.items() if value != usual[name]})
        if self.epochs is not None and not 1 <= checks.whole("epochs", self.epochs) <= MOST_EPOCHS:
            raise ValueError(f"epochs must lie in [1, {MOST_EPOCHS}], got {self.epochs}")
        if not 0 <= checks.whole("seed", self.seed) <= MOST_SEED:
            raise ValueError(f"seed must lie in [0, {MOST_SEED}], got {self.seed}")

    @property
    def chosen(self) -> Scheme:
        return schemes()[self.scheme]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def scheme_kinds() -> dict[str, Kind]:
    """Return what each field of a state of the page may be."""
    return {
        "scheme": OneOf(tuple(schemes())),
        "options": MapOf(Text(longest=40), longest=MOST_OPTIONS),
        "epochs": or_null(Whole(least=1, most=MOST_EPOCHS)),
        "seed": Whole(least=0, most=MOST_SEED),
    }


def _scheme_of_link() -> Parameter:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > 60:
            raise ValueError(t("{name} must be a name, got {value}", name=name, value=shown(value)))
        return scheme(value).name

    return Parameter(check, str, check)


def _options_of_link() -> Parameter:
    """Options as "peers:4,temperature:2"."""

    def refused(name: str, value: Any) -> ValueError:
        return ValueError(t("{name} must be as peers:4, got {value}", name=name, value=shown(value)))

    def read(name: str, text: str) -> dict[str, str]:
        parts = text.split(",")
        if len(parts) > MOST_OPTIONS or not all(_OPTION.fullmatch(part) for part in parts):
            raise refused(name, text)
        return dict(part.split(":") for part in parts)

    def check(name: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in (*value, *value.values())):
            raise refused(name, value)
        return value

    return Parameter(read, lambda given: ",".join(f"{name}:{value}" for name, value in given.items()), check)


LINK = Link(
    {
        "scheme": _scheme_of_link(),
        "options": _options_of_link(),
        "epochs": whole(1, MOST_EPOCHS),
        "seed": whole(0, MOST_SEED),
        "hidden": words(HIDEABLE),
    },
    opened_with(lambda fields: SchemeChoices(**fields)),
    {"options": "set", "hidden": "hide"},
)
