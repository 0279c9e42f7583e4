"""The JSON format of an objective's terms, and of the networks and schemes in recipes."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from .. import outside
from .schedules import HYPERPARAMETER, SCHEDULE
from .schema import AnyOf, Flag, Kind, ListOf, Null, Number, OneOf, Record, Switch, Text, Whole, or_null

TERMS: dict[str, Any] = {}
"""Every term that can be written to a recipe and read back: classes by name."""

SEED = Whole(-(2**63), 2**63 - 1)
SIZE = Whole(1, 10_000_000)  # models.build limits the size of a whole network
SHARE = Number(least=0, most=1)
POSITIVE = AnyOf((Number(above=0), SCHEDULE))
WEIGHT = AnyOf((Number(least=0), SCHEDULE))
LAYER = Text(longest=1000, empty=False)

_INPUTS = {"classes": SIZE, "dropout": SHARE, "mean": Number(), "std": Number(above=0)}
_PICTURES = {"channels": SIZE, **_INPUTS}
_NETWORKS: dict[str, dict[str, Kind]] = {
    "mlp": {"hidden": ListOf(SIZE, longest=1000), "inputs": SIZE, "input_dropout": SHARE, **_INPUTS},
    "convnet": {"width": SIZE, "depth": Whole(1, 1000), **_PICTURES},
    "mobile": {"width": SIZE, "depth": Whole(1, 1000), **_PICTURES},
    "recurrent": {"width": SIZE, "depth": Whole(1, 1000), "step": SIZE, **_PICTURES},
    "conv1d": {"width": SIZE, "depth": Whole(1, 1000), "inputs": SIZE, "step": SIZE, **_PICTURES},
    "resnet": {"width": SIZE, "blocks": ListOf(Whole(1, 1000), fewest=1, longest=30), **_PICTURES},
    "vit": {
        **{"width": SIZE, "depth": Whole(1, 1000), "heads": SIZE, "patch": SIZE, "size": SIZE, "distilled": Flag()},
        **_PICTURES,
    },
}
_NETWORKS = {name: {**options, "sees": OneOf(("left",))} for name, options in _NETWORKS.items()}
_TEXT = {"vocabulary": SIZE, "width": SIZE, "dropout": SHARE, "fingerprint": Text(longest=100)}
_NETWORKS["decoder"] = {"context": SIZE, "blocks": Whole(1, 1000), "heads": SIZE, **_TEXT}
_NETWORKS["encoder"] = {**_NETWORKS["decoder"], "classes": or_null(SIZE), "inner": or_null(SIZE)}
_NETWORKS["gru"] = {"depth": Whole(1, 1000), **_TEXT}
ARCHITECTURE = Switch("name", lambda: {n: Record({}, options) for n, options in _NETWORKS.items()}, "an architecture")
"""A network in the format of :func:`kdviz.models.build`."""

_SHIFT = AnyOf((Number(), OneOf(("validation",))))
SCHEMES: dict[str, Record] = {
    "assistant_chain": Record({"students": ListOf(ARCHITECTURE, fewest=1, longest=100)}),
    "born_again": Record({"generations": Whole(1, 1000)}),
    "shift_class_bias": Record({"of_class": Whole(0, 1_000_000), "by": ListOf(_SHIFT, fewest=1, longest=1000)}),
}
"""The arguments of each scheme of :func:`kdviz.schemes.stages`."""

_PEER = Switch("name", lambda: {n: Record({}, {"seed": SEED, **more}) for n, more in _NETWORKS.items()}, "a peer")
_AT_MOST = {"width": 65_536, "peers": 64}  # fields that determine memory use


def _fixed(name: str) -> Kind:
    """Return the kind of a static field: names, counts, numbers, peers."""
    number = Number(least=-1e6, most=_AT_MOST.get(name, 1e6))
    return AnyOf((Null(), LAYER, number, ListOf(AnyOf((LAYER, number, _PEER)), longest=100_000)))


def _terms() -> dict[str, Record]:
    """Return the record of each term, by name: its weight and its fields; those without a default are required."""
    outside.load("kdviz.methods")
    return {name: _term(kind) for name, kind in TERMS.items()}


@cache
def _term(kind: Any) -> Record:  # a subclass of Term
    kinds: dict[str, Kind] = {}
    for f in fields(kind):
        kinds[kind.written.get(f.name, f.name)] = (
            _fixed(f.name) if f.name in kind.static_fields else POSITIVE if f.name == "temperature" else HYPERPARAMETER
        )
    needed = {f.name: kinds[f.name] for f in fields(kind) if f.default is MISSING}
    return Record({"weight": WEIGHT, **needed}, {name: k for name, k in kinds.items() if name not in needed})


WRITTEN = ListOf(Switch("term", _terms, "a term"), fewest=1, longest=100)
"""An objective in the format of ``Objective.to_dict``."""
