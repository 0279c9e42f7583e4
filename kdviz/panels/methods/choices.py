"""What is chosen on the Methods page, and the objective that it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...distill import Objective, checks
from ...distill.methods import METHODS, USUAL_ALPHA, Method, method
from ...distill.pairing import LayerPairs
from ...distill.schema import Kind, Number, OneOf, Text, Whole, or_null
from ...words import t
from ..live.checks import one_of, shown
from ..live.link import Link
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
MOST_TEMPERATURE = 1000.0
MOST_SEED = 10**9 - 1
HIDEABLE = ("transport", "curves", "diagnosis", "share")  # parts of the page that a link can hide


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
    layers: str = ""

    def __post_init__(self) -> None:
        method(self.method)
        if self.second:
            one_of("second", self.second, seconds(self.chosen))
        object.__setattr__(self, "layers", written_layers(read_layers(self.layers)))
        if self.pair != OWN:
            one_of("pair", self.pair, tuple(offered()))
        low, high = self.weight_range
        for name in ("weight", "temperature", "second_weight"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, checks.number(name, getattr(self, name)))
        if self.weight is not None and not (low <= self.weight <= high):
            raise ValueError(f"the weight of {self.method} must lie in [{low:g}, {high:g}], got {self.weight:g}")
        if self.second_weight is not None:
            low, high = self.second_range
            if not (low <= self.second_weight <= high):
                raise ValueError(
                    f"second_weight must lie in [{low:g}, {high:g}] for {self.second}, got {self.second_weight:g}"
                )
        if self.temperature is not None and not 0.01 <= self.temperature <= 1000:
            raise ValueError(f"temperature must lie in [0.01, 1000], got {self.temperature:g}")
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
        if self.weight is not None:
            made = made.edited(**weight_edit(made, self.chosen, self.weight))
        name = temperature_name(made, self.chosen)
        if name is not None and self.temperature is not None:
            made = made.edited(**{name: self.temperature})
        if self.added is None:
            return made
        return together(made, self.chosen, self.added, self.added.term(pairs), self.shown_second_weight)

    @property
    def added(self) -> Method | None:
        """The second method, or None."""
        return method(self.second) if self.second else None

    @property
    def title(self) -> str:
        """What a reader calls the method, or both."""
        if self.added is None:
            return self.chosen.title
        return t("{first} + {second}", first=self.chosen.title, second=self.added.title)

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
        "temperature": or_null(Number(least=0.01, most=MOST_TEMPERATURE)),
        "epochs": or_null(Whole(least=1, most=MOST_EPOCHS)),
        "seed": Whole(least=0, most=MOST_SEED),
    }


def added_kinds() -> dict[str, Kind]:
    """Return the same of fields that a state may do without, as those of older ones do."""
    return {
        "second": OneOf(("", *METHODS)),
        "second_weight": or_null(Number(least=0, most=MOST_WEIGHT)),
        "layers": Text(longest=1000),
    }


def _opened(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices that a link's fields come to, and the parts that it hides."""
    one_of("pair", given.get("pair", MethodChoices.pair), tuple(offered()))  # the reader's own have no name
    hidden = {"hidden": list(given.get("hidden", ()))}
    return {**MethodChoices(**{name: value for name, value in given.items() if name != "hidden"}).to_dict(), **hidden}


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
        "layers": Parameter(_layers, str, _layers),
        "hidden": words(HIDEABLE),
    },
    _opened,
    {"temperature": "T", "hidden": "hide"},
)


def said_in_link(choices: MethodChoices, hidden: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a link to these choices: what is not as by default."""
    usual = MethodChoices().to_dict()
    said = {name: value for name, value in choices.to_dict().items() if value != usual[name]}
    return said | ({"hidden": list(hidden)} if hidden else {})


def weight_edit(objective: Objective, chosen: Method, weight: float, added: Method | None = None) -> dict[str, float]:
    """Return what ``run.edit`` takes for another weight of the method's term; nothing where it stands alone."""
    if chosen.family == "labels":
        return {}
    return _edit(objective, own_place(chosen, added), weight, shared=chosen.family == "response")


def second_edit(objective: Objective, chosen: Method, added: Method, weight: float) -> dict[str, float]:
    """Return what ``run.edit`` takes for another weight of the second method's term."""
    place = second_place(chosen, added)
    return _edit(objective, place, weight, shared=place == 0)


def _edit(objective: Objective, place: int, weight: float, *, shared: bool) -> dict[str, float]:
    """Return the edit of the weight of the term at a place; ``shared``: it is alpha, and the labels have the rest."""
    name = f"weight_{objective.names[place]}"
    if not shared:
        return {name: weight}
    return {"alpha": weight} if "alpha" in objective.editable else {name: weight, "weight_hard": 1 - weight}


def temperature_name(objective: Objective, chosen: Method, added: Method | None = None) -> str | None:
    """Return the name by which ``run.edit`` knows the temperature of the method's term; None without one."""
    place = own_place(chosen, added)
    return next((name for name, at in objective.numbers.items() if at == (place, "temperature")), None)


def temperature_range(usual: float) -> tuple[float, float]:
    """Return the ends of the temperature slider."""
    return SHARPER if usual < TEMPERATURES[0] else TEMPERATURES
