"""What is chosen on the Methods page, and the objective that it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...distill import Objective, checks
from ...distill.methods import METHODS, USUAL_ALPHA, Method, method
from ...distill.pairing import LayerPairs
from ...distill.schema import Kind, Number, OneOf, Text, Whole, or_null
from ...words import t
from ..live.checks import one_of, shown
from ..live.link import Link, opened_with
from ..live.parameters import Parameter, number, whole, word, words
from .hybrid import (
    layered_as,
    own_place,
    read_layers,
    second_place,
    second_range,
    seconds,
    together,
    usual_second,
    written_layers,
)
from .trial import OWN, offered

TIMES = 100.0  # how far a weight can be moved from the usual one, to either side
TEMPERATURES = (0.5, 50.0)
SHARPER = (0.01, 1.0)  # for methods whose usual temperature is below 1
MOST_EPOCHS = 1000  # that a state can ask for
MOST_WEIGHT = 1e9
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.01, 1000.0
MOST_SEED = 10**9 - 1
NUMBERS = ("weight", "temperature", "second_weight", "second_temperature")  # with a slider of their own
HIDEABLE = ("transport", "curves", "diagnosis", "share")  # parts of the page that a link can hide


def outside(name: str, low: float, high: float, value: float) -> ValueError:
    """Return the error of a number that is not where it must be."""
    ends = {"low": f"{low:g}", "high": f"{high:g}"}
    return ValueError(t("{name} must lie in [{low}, {high}], got {value}", name=name, value=f"{value:g}", **ends))


@dataclass(frozen=True, kw_only=True)
class MethodChoices:
    """The page's settings; the field names are the keyword arguments of the panel.

    Parameters
    ----------
    method : str
        A name of :data:`kdviz.distill.methods.METHODS`.
    pair : str
        What it is tried on; see ``kdviz.panels.methods.trial.PAIRS``.
    weight : float, optional
        Of the method's term: alpha for the response family, else its weight beside labels of weight 1. Default: the
        usual one.
    temperature : float, optional
        Of a method that has one. Default: the usual one.
    epochs : int, optional
        Default: the pair's.
    seed : int
    second : str
        A second method, whose term is added to the first's; empty for none.
    second_weight : float, optional
        Of its term: alpha where it is the one of the response family, else as it stands. Default: the usual one.
    second_temperature : float, optional
        Of a second method that has one; each method has its own. Default: the usual one.
    layers : str
        Which layers the method compares, pair by pair, the student's first: "relu2:relu4,relu4:relu5". Empty: those
        that correspond.

    Examples
    --------
    >>> MethodChoices(method="soft_targets").weight_range, MethodChoices(method="hint").usual
    ((0.0, 1.0), 10.0)
    """

    method: str = "hint"
    pair: str = "mnist-convnet"
    weight: float | None = None
    temperature: float | None = None
    epochs: int | None = None
    seed: int = 0
    second: str = ""
    second_weight: float | None = None
    second_temperature: float | None = None
    layers: str = ""

    def __post_init__(self) -> None:
        method(self.method)
        if self.second:
            one_of("second", self.second, seconds(self.chosen))
        object.__setattr__(self, "layers", written_layers(read_layers(self.layers)))
        if self.pair != OWN:
            one_of("pair", self.pair, tuple(offered()))
        low, high = self.weight_range
        for name in NUMBERS:
            value = getattr(self, name)
            if value is None:
                continue
            if name.startswith("second_") and not self.second:
                raise ValueError(t("{name} is a second method's, and none is chosen; name one in second", name=name))
            object.__setattr__(self, name, checks.number(name, value))
        if self.weight is not None and not (low <= self.weight <= high):
            raise outside(t("the weight of {method}", method=self.method), low, high, self.weight)
        if self.second_weight is not None:
            low, high = self.second_range
            if not (low <= self.second_weight <= high):
                raise outside("second_weight", low, high, self.second_weight)
        for name in ("temperature", "second_temperature"):
            value = getattr(self, name)
            if value is not None and not LEAST_TEMPERATURE <= value <= MOST_TEMPERATURE:
                raise outside(name, LEAST_TEMPERATURE, MOST_TEMPERATURE, value)
        if self.epochs is not None and checks.whole("epochs", self.epochs) < 1:
            raise ValueError(f"epochs must be at least 1, got {self.epochs}")
        checks.whole("seed", self.seed)

    @property
    def chosen(self) -> Method:
        return method(self.method)

    @property
    def usual(self) -> float:
        """The weight of the method's term where none is chosen."""
        return USUAL_ALPHA if self.chosen.family == "response" else self.chosen.weight

    @property
    def weight_range(self) -> tuple[float, float]:
        if self.chosen.family == "response":
            return 0.0, 1.0
        return self.chosen.weight / TIMES, self.chosen.weight * TIMES

    def objective(self, pairs: LayerPairs) -> Objective:
        """Return the method's objective for two models.

        Raises
        ------
        ValueError
            In one sentence, if the models have no layers for it.
        """
        made = layered_as(self.chosen.objective(pairs), self.chosen, self.layers)
        if self.added is not None:
            weight = usual_second(self.chosen, self.added)
            made = together(made, self.chosen, self.added, self.added.term(pairs), weight)
        for name in NUMBERS:
            value = getattr(self, name)
            if value is not None:
                made = made.edited(**self.edit(made, name, value))
        return made

    def edit(self, objective: Objective, name: str, value: float) -> dict[str, float]:
        """Return what ``run.edit`` takes for another value of one of ``NUMBERS``; nothing where there is none.

        Parameters
        ----------
        objective : Objective
            Of these choices.
        name : str
        value : float
        """
        place = own_place(self.chosen, self.added)
        if name.startswith("second_"):
            if self.added is None:
                return {}
            place = second_place(self.chosen, self.added)
        if name.endswith("temperature"):
            found = temperature_name(objective, place)
            return {} if found is None else {found: value}
        if self.chosen.family == "labels":
            return {}
        weight = f"weight_{objective.names[place]}"
        if place > 0:
            return {weight: value}
        return {"alpha": value} if "alpha" in objective.editable else {weight: value, "weight_hard": 1 - value}

    @property
    def added(self) -> Method | None:
        """The second method, or None."""
        return method(self.second) if self.second else None

    @property
    def title(self) -> str:
        """What a reader calls the method, or both."""
        if self.added is None:
            return t(self.chosen.title)
        return t("{first} + {second}", first=t(self.chosen.title), second=t(self.added.title))

    @property
    def second_range(self) -> tuple[float, float]:
        return second_range(self.chosen, self.added)

    @property
    def shown_second_weight(self) -> float:
        """The weight of the second method's term."""
        return usual_second(self.chosen, self.added) if self.second_weight is None else self.second_weight

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def _method(name: str, text: str) -> str:
    """Return a method's name from a link, which may give its acronym."""
    return method(word().read(name, text)).name


def _layers(name: str, given: Any) -> str:
    """Return links between layers as a state holds them."""
    try:
        return written_layers(read_layers(given))
    except (ValueError, TypeError):
        wanted = t("{name} must be pairs of layers as relu2:relu4, got {value}", name=name, value=shown(given))
        raise ValueError(wanted) from None


def method_kinds() -> dict[str, Kind]:
    """Return what each field that a state of the page must have may be."""
    return {
        "method": OneOf(tuple(METHODS)),
        "pair": OneOf(tuple(offered())),
        "weight": or_null(Number(least=0, most=MOST_WEIGHT)),
        "temperature": or_null(Number(least=LEAST_TEMPERATURE, most=MOST_TEMPERATURE)),
        "epochs": or_null(Whole(least=1, most=MOST_EPOCHS)),
        "seed": Whole(least=0, most=MOST_SEED),
    }


def added_kinds() -> dict[str, Kind]:
    """Return the same of fields that a state may do without, as those of older ones do."""
    return {
        "second": OneOf(("", *METHODS)),
        "second_weight": or_null(Number(least=0, most=MOST_WEIGHT)),
        "second_temperature": or_null(Number(least=LEAST_TEMPERATURE, most=MOST_TEMPERATURE)),
        "layers": Text(longest=1000),
    }


def _of_link(fields: Mapping[str, Any]) -> MethodChoices:
    one_of("pair", fields.get("pair", MethodChoices.pair), tuple(offered()))  # the reader's own have no name
    return MethodChoices(**fields)


LINK = Link(
    {
        "method": Parameter(_method, str, word(METHODS).check),
        "pair": word(),
        "temperature": number(MOST_TEMPERATURE, above=True),
        "weight": number(MOST_WEIGHT),
        "epochs": whole(1, MOST_EPOCHS),
        "seed": whole(0, MOST_SEED),
        "second": Parameter(_method, str, word(METHODS).check),
        "second_weight": number(MOST_WEIGHT),
        "second_temperature": number(MOST_TEMPERATURE, above=True),
        "layers": Parameter(_layers, str, _layers),
        "hidden": words(HIDEABLE),
    },
    opened_with(_of_link),
    {"temperature": "T", "second_temperature": "second_T", "hidden": "hide"},
)


def temperature_name(objective: Objective, place: int) -> str | None:
    """Return the name by which ``run.edit`` knows the temperature of the term at a place; None without one."""
    return next((name for name, at in objective.numbers.items() if at == (place, "temperature")), None)


def temperature_range(usual: float) -> tuple[float, float]:
    """Return the ends of the temperature slider."""
    return SHARPER if usual < TEMPERATURES[0] else TEMPERATURES
