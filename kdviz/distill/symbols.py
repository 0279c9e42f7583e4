"""Symbols of the formulas where an argument's name is expected: ``SoftTargets(T=4)`` is answered in one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

ARGUMENTS = {"T": "temperature", "tau": "temperature", "τ": "temperature", "α": "alpha", "lr": "learning_rate"}

P = ParamSpec("P")
R = TypeVar("R")


def check(what: str, given: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise if a symbol is given in place of a name, or a number that belongs to the objective elsewhere.

    Any other unknown name is left to Python.

    Examples
    --------
    >>> check("SoftTargets", {"T": 4}, ["temperature"])
    Traceback (most recent call last):
    TypeError: SoftTargets has no T; use temperature=4
    >>> check("HardLabels", {"alpha": 0.1}, [])
    Traceback (most recent call last):
    TypeError: HardLabels has no alpha; it belongs to the objective: use hinton(alpha=0.1)
    """
    for name, value in given.items():
        full = ARGUMENTS.get(name, name)
        if name in known or (name not in ARGUMENTS and name != "alpha"):
            continue
        if full in known:
            raise TypeError(f"{what} has no {name}; use {full}={value!r}")
        if full != "learning_rate":
            raise TypeError(f"{what} has no {name}; it belongs to the objective: use hinton({full}={value!r})")


def checked(call: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function, or a class's ``__init__``, so that it answers symbols."""
    known = inspect.signature(call).parameters
    what = call.__qualname__.removesuffix(".__init__")

    @wraps(call)
    def answering(*args: P.args, **given: P.kwargs) -> R:
        check(what, given, known)
        return call(*args, **given)

    return answering
