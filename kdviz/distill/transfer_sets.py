"""What a student learns from besides labelled examples, as a reader chooses it: declared once, in TRANSFER_SETS.

The further examples have no label: terms that need labels pass over them, the teacher is asked about all of them, and a
twin without a teacher learns nothing from them. What they are worth stands in ``kdviz.data.transfer``.

>>> from kdviz import data
>>> toy = data.splits((torch.randn(200, 4), torch.arange(200) % 4))
>>> prepared(toy, count=40, extra="munge").train
Examples(9040×4 float32, 40 labelled)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import data as data_sets
from ..data import Splits, mixed_in, munge, with_more
from ..data.faults import FAULTS, NONE, are_pictures, made
from ..data.memory import Examples
from ..words import mark

MORE = 9_000  # further examples, about
MUNGED = 2_000  # most examples that made-up ones are made from: each of them is asked for its nearest neighbor
FIXED_FROM = 500  # examples from which on neighbors are looked for once
OTHERS: Mapping[str, str] = {"mnist": "fashion-mnist", "fashion-mnist": "mnist"}  # pictures of something else


def of_labelled(data: Splits) -> Examples:
    """Return what made-up examples are made from: the labelled ones, where there are any, 2,000 at most."""
    train = data.train.fixed()
    among = torch.nonzero(train.known).flatten() if train.labelled else torch.arange(len(train))
    if len(among) > MUNGED:
        order = np.random.RandomState(0).permutation(len(among))[:MUNGED]  # its stream is frozen for good
        among = among[torch.from_numpy(np.sort(order))]
    return train.take(among)


def with_munged(data: Splits) -> Splits:
    """Add about 9,000 made-up examples: labelled ones that traded values with their nearest neighbors (MUNGE)."""
    few = of_labelled(data)
    times = max(1, round(MORE / len(few)))
    made_up = munge(replace(data, train=few, draw=None), times, fixed_neighbours=len(few) >= FIXED_FROM).train
    return with_more(data, made_up.x[len(few) :], "munge")


def with_others(data: Splits) -> Splits:
    """Add 9,000 pictures of something else: Fashion-MNIST's for MNIST, and the other way round."""
    name = OTHERS.get(data.name)
    if name is None:
        raise ValueError(f"examples of something else are known for {', '.join(OTHERS)}, got {data.name!r}")
    others = data_sets.load(name)
    return mixed_in(data, others, count=min(MORE, len(others.train)))


def with_noise(data: Splits) -> Splits:
    """Add 9,000 pictures whose pixels are drawn at random, each gray level as often as any other."""
    if not are_pictures(data):
        raise ValueError(f"noise needs gray pictures in bytes, and {data.title} has {data.train.describe()}")
    random = np.random.RandomState(0)  # its stream is frozen for good
    pixels = random.randint(0, 256, size=(MORE, *data.shape), dtype=np.uint8)
    return with_more(data, torch.from_numpy(pixels), "noise")


@dataclass(frozen=True)
class TransferSet:
    """What can be learned from besides what was drawn, and what a reader is shown of it.

    Attributes
    ----------
    title, text : str
        Its name, and what it is, in one sentence.
    added : callable or None
        From the data that were drawn to those with the further examples.
    code : str
        How that is called, from ``data``; empty where it is not.
    fits : callable
        Whether data can have it.
    """

    title: str
    text: str
    added: Callable[[Splits], Splits] | None = None
    code: str = ""
    fits: Callable[[Splits], bool] = lambda data: True


def _numbers(data: Splits) -> bool:
    few = data.train.few()
    return isinstance(few, Tensor) and (few.dtype == torch.uint8 or few.is_floating_point())


TRANSFER_SETS: Mapping[str, TransferSet] = {
    NONE: TransferSet(mark("nothing else"), ""),
    "munge": TransferSet(
        mark("made-up examples (MUNGE)"),
        mark("Made-up examples: labelled ones that traded values with their nearest neighbors. They have no labels."),
        with_munged,
        "kd.distill.transfer_sets.with_munged(data)",
        _numbers,
    ),
    "others": TransferSet(
        mark("pictures of something else"),
        mark("Pictures of another data set, of none of the classes: all the teacher can say is what they look like."),
        with_others,
        "kd.distill.transfer_sets.with_others(data)",
        lambda data: data.name in OTHERS and OTHERS[data.name] in data_sets.available(),
    ),
    "noise": TransferSet(
        mark("noise"),
        mark("Pictures whose pixels are drawn at random: no class has any part in them. They have no labels."),
        with_noise,
        "kd.distill.transfer_sets.with_noise(data)",
        are_pictures,
    ),
}


def extras_of(data: Splits) -> tuple[str, ...]:
    """Return the names of what these data can be extended by."""
    return tuple(name for name, one in TRANSFER_SETS.items() if one.fits(data))


def extra_count(name: str, labelled: int, examples: int) -> int:
    """Return how many examples are added to a training part with so many labels and examples.

    >>> extra_count("munge", 300, 300), extra_count("noise", 300, 300), extra_count("none", 300, 300)
    (9000, 9000, 0)
    """
    if name == NONE:
        return 0
    if name != "munge":
        return MORE
    few = min(labelled or examples, MUNGED)
    return few * max(1, round(MORE / few)) if few else 0


def prepared(
    whole: Splits,
    *,
    count: int | None = None,
    keep_unlabelled: bool = False,
    seed: int = 0,
    omit: Iterable[int | str] = (),
    fault: str = NONE,
    extra: str = NONE,
) -> Splits:
    """Return data with a fault, with as many labels as drawn, and with further examples; they say how, in ``draw``.

    Parameters
    ----------
    whole : Splits
        As they were loaded.
    count, keep_unlabelled, seed, omit
        Of ``Splits.with_labels``; with ``count`` None all labels there are.
    fault : str
        A name in ``kdviz.data.faults.FAULTS``.
    extra : str
        A name in ``TRANSFER_SETS``.

    Returns
    -------
    Splits
        Of the same name. Validation and test are those of ``whole``.

    Raises
    ------
    ValueError
        If the fault or the further examples do not fit the data.
    """
    data, omit = made(whole, fault, drawn=False), tuple(omit)
    if count is None or data is not whole:  # a fault may leave fewer
        without = torch.tensor([whole.classes.index(c) if isinstance(c, str) else c for c in omit], dtype=torch.int64)
        left = int((data.train.known & ~torch.isin(data.train.y, without)).sum())
        count = left if count is None else min(count, left)
    data = data.with_labels(count, keep_unlabelled=keep_unlabelled, seed=seed, omit=omit)
    draw = dict(data.draw or {})
    data = made(data, fault, drawn=True)
    added = TRANSFER_SETS[extra].added
    if added is not None:
        data = added(data)
    if FAULTS[fault].made is not None:  # else it is the student's
        draw["fault"] = fault
    if extra != NONE:
        draw["extra"] = extra
    return replace(data, name=whole.name, title=whole.title, draw=draw)


def written(whole: str, draw: Mapping[str, Any], drawing: str) -> str:
    """Return the Python that prepares data again: ``whole`` loads them, ``drawing`` is what is called to draw labels.

    >>> print(written("kd.data.mnist()", {"count": 300, "fault": "noisy_labels"}, "with_labels(300)"))
    data = kd.data.mnist()
    data = data.with_labels(300)
    data = kd.data.noisy_labels(data)
    """
    fault, extra = FAULTS[draw.get("fault", NONE)], TRANSFER_SETS[draw.get("extra", NONE)]
    lines = [fault.code if not fault.on_drawn else "", f"data.{drawing}" if drawing else ""]
    lines += [fault.code if fault.on_drawn else "", extra.code]
    return "\n".join(f"data = {line}" for line in (whole, *filter(None, lines)))


def drawing(data: Splits, count: int) -> str:
    """Return the Python that draws other labels, and nothing else, from what ``run.data`` were made of, with its fault.

    >>> from kdviz import data as sets
    >>> drawing(sets.mnist().with_labels(4000), 300), drawing(sets.mnist(), 300)
    ("kd.data.load('mnist').with_labels(300)", 'run.data.with_labels(300)')
    """
    whole = "run.data" if data.draw is None else f"kd.data.load({data.name!r})"
    fault = (data.draw or {}).get("fault", NONE)
    if fault == NONE:
        return f"{whole}.with_labels({count})"
    return f"kd.distill.transfer_sets.prepared({whole}, count={count}, fault={fault!r})"
