"""What is chosen on the Methods page, and the objective that it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...distill import Objective, checks
from ...distill.methods import METHODS, USUAL_ALPHA, Method, method
from ...distill.pairing import LayerPairs
from ...distill.schema import Kind, Number, OneOf, Whole, or_null
from ..live.checks import one_of
from ..live.link import Link
from ..live.parameters import Parameter, number, whole, word, words
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
        What it is tried on; see :data:`kdviz.panels.methods.trial.PAIRS`.
    weight : float, optional
        Of the method's term: alpha for the response family, else its weight beside labels of weight 1. Default: the
        usual one.
    temperature : float, optional
        Of a method that has one. Default: the usual one.
    epochs : int, optional
        Default: the pair's.
    seed : int

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

    def __post_init__(self) -> None:
        method(self.method)
        if self.pair != OWN:
            one_of("pair", self.pair, tuple(offered()))
        low, high = self.weight_range
        for name in ("weight", "temperature"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, checks.number(name, getattr(self, name)))
        if self.weight is not None and not (low <= self.weight <= high):
            raise ValueError(f"the weight of {self.method} must lie in [{low:g}, {high:g}], got {self.weight:g}")
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
        made = self.chosen.objective(pairs)
        if self.weight is not None:
            made = made.edited(**weight_edit(made, self.chosen, self.weight))
        name = temperature_name(made, self.chosen)
        return made if name is None or self.temperature is None else made.edited(**{name: self.temperature})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def _method(name: str, text: str) -> str:
    """Return a method's name from a link, which may give its acronym."""
    return method(word().read(name, text)).name


def method_kinds() -> dict[str, Kind]:
    """Return what each field of a state of the page may be."""
    return {
        "method": OneOf(tuple(METHODS)),
        "pair": OneOf(tuple(offered())),
        "weight": or_null(Number(least=0, most=MOST_WEIGHT)),
        "temperature": or_null(Number(least=0.01, most=MOST_TEMPERATURE)),
        "epochs": or_null(Whole(least=1, most=MOST_EPOCHS)),
        "seed": Whole(least=0, most=MOST_SEED),
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


def term_place(objective: Objective, chosen: Method) -> int:
    """Return which term of its objective is the method's own."""
    return 0 if chosen.family in ("labels", "response") else 1


def weight_edit(objective: Objective, chosen: Method, weight: float) -> dict[str, float]:
    """Return what ``run.edit`` takes for another weight of the method's term; nothing where it stands alone."""
    if chosen.family == "labels":
        return {}
    name = objective.names[term_place(objective, chosen)]
    if chosen.family != "response":
        return {f"weight_{name}": weight}
    return {"alpha": weight} if "alpha" in objective.editable else {f"weight_{name}": weight, "weight_hard": 1 - weight}


def temperature_name(objective: Objective, chosen: Method) -> str | None:
    """Return the name by which ``run.edit`` knows the temperature of the method's term; None without one."""
    place = term_place(objective, chosen)
    return next((name for name, at in objective.numbers.items() if at == (place, "temperature")), None)


def temperature_range(usual: float) -> tuple[float, float]:
    """Return the ends of the temperature slider."""
    return SHARPER if usual < TEMPERATURES[0] else TEMPERATURES
