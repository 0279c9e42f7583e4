"""Data sets that draw anew each time they are looked at: a random crop, a flip, noise."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from kdviz.data.arrays import held
from kdviz.data.inputs import Inputs, each, named, ready, rows
from kdviz.data.memory import Redraw
from kdviz.data.pairs import Pairing, one, same, several
from kdviz.models.randomness import mix, seeded

LOOKED_AT = 16  # examples that are read again to find out
AGAIN = 2  # times; with the first, a flip of one in ten is missed in 1 of 150 data sets
HERE = torch.device("cpu")

Read = Callable[[int], Any]


@dataclass
class DrawnAnew:
    """Gives examples of a data set in another draw; the same for the same example and seed.

    Parameters
    ----------
    read : callable
        Gives the item of an index of the data set, drawing from the generators of torch, numpy and Python.
    at : Tensor of int64
        Which of its examples are held.
    like : inputs of one example, in the form in which they are held
    pairing : Pairing
    """

    read: Read = field(repr=False)
    at: Tensor = field(repr=False)
    like: Inputs = field(repr=False)
    pairing: Pairing = field(repr=False)
    _alone: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._alone = isinstance(self.like, Tensor)

    def __call__(self, index: Tensor, seed: int) -> Inputs:
        drawn = [self._draw(i, seed) for i in self.at[index].tolist()]
        if not drawn:
            return each(rows(self.like, slice(0, 0)), self._ready)
        if isinstance(self.like, Tensor):
            return self._ready(torch.cat([x[""] for x in drawn]))
        if isinstance(self.like, dict):
            return {name: self._ready(torch.cat([x[name] for x in drawn])) for name in self.like}
        return tuple(self._ready(torch.cat([x[name] for x in drawn])) for name, _ in named(self.like))

    def _draw(self, i: int, seed: int) -> dict[str, Tensor]:
        with seeded(mix(seed, i), HERE, everywhere=True):
            x, _ = self.pairing(self.read(i))
        found = dict(named(several(x) if self.pairing.batched else one(x)))
        out = {}
        for name, like in named(self.like):
            if name not in found:
                raise ValueError(f"example {i} lacks the input {name!r} when it is drawn again")
            drawn = held(found[name], name).to(like.dtype)
            if drawn.shape[1:] != like.shape[1:]:
                raise ValueError(
                    f"example {i} must keep its shape {tuple(like.shape[1:])} when it is drawn again, got "
                    f"{tuple(drawn.shape[1:])}"
                )
            out[name] = drawn
        return out

    def _ready(self, x: Tensor) -> Tensor:
        return ready(x, alone=self._alone, copied=True)


def redraw_of(read: Read, at: Sequence[int], x: Inputs, pairing: Pairing, *, fixed: bool) -> Redraw | None:
    """Find out whether a data set draws anew, and say what is made of that.

    A few examples are read again. None if they are always the same, if `fixed`, or if seeding the generators of torch,
    numpy and Python does not fix the draw; in the last case a warning says so.
    """
    if fixed or not len(at):
        return None
    step = max(1, len(at) // LOOKED_AT)
    for i in list(at)[::step][:LOOKED_AT]:
        first, *others = (_read(read, i, seed) for seed in range(1, AGAIN + 2))
        if all(same(first, other) for other in others):
            continue
        if not same(*(_read(read, i, 7) for _ in range(2))):
            _say(
                "from a generator of its own that cannot be seeded, so one draw of each example is kept for all epochs"
            )
            return None
        labels = [pairing(item)[1] for item in (first, *others)]
        if not all(same(labels[0], label) for label in labels[1:]):
            _say("labels too, so one draw of each example and its label is kept for all epochs")
            return None
        _say(
            "inputs, so each epoch reads them again and the teacher is asked anew (validation and test parts keep one "
            "draw); pass kd.data.splits(data, fixed=True) to keep one draw for all epochs"
        )
        return DrawnAnew(read, torch.tensor(list(at)), rows(x, slice(0, 1)), pairing)
    return None


def _read(read: Read, i: int, seed: int) -> Any:
    with seeded(mix(seed, i), HERE, everywhere=True):
        return read(i)


def _say(what: str) -> None:
    warnings.warn(f"the data set draws anew at each access: {what}", stacklevel=2)
