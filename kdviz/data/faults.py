"""Faults in the training part: wrong labels, a rare class, a mark that gives the class away.

Validation and test are never changed: what a fault costs is counted on examples that do not have it. Each is a function
from data to data, seeded, so that a run can be repeated; :data:`FAULTS` declares what a reader can choose.

>>> from kdviz import data
>>> toy = data.splits((torch.randn(300, 4), torch.arange(300) % 3))
>>> wrong = noisy_labels(toy, share=0.5)
>>> int((wrong.train.y != toy.train.y).sum()), wrong.test is toy.test
(120, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from kdviz.data.memory import Examples, Splits
from kdviz.data.planted import underrepresented, with_shortcut
from kdviz.words import mark

NONE = "none"
THIRD = 1 / 3
FEW = 5  # examples that are left of a rare class
HALF = "half_picture"  # the student's own: see `kdviz.models.seeing_half`


def noisy_labels(data: Splits, share: float = THIRD, seed: int = 0) -> Splits:
    """Give a share of the labelled training examples a wrong label.

    Parameters
    ----------
    data : Splits
        One label an example; those without a label stay without.
    share : float
        Of the labelled training examples, in [0, 1]; rounded to whole ones.
    seed : int
        Which ones, and which wrong label: each other class is equally likely. Those of share 0.2 are among those of
        share 0.4 of the same seed, with the same wrong labels.

    Returns
    -------
    Splits
        Validation and test as they were.

    Raises
    ------
    ValueError
        If ``share`` is out of range, or labels are given for tokens or as probabilities.
    """
    _check_share("share", share)
    train = data.train
    if train.y.ndim != 1 or train.soft is not None:
        kind = "a label for each token" if train.y.ndim != 1 else "probabilities for labels"
        raise ValueError(f"noisy_labels needs one class an example, and the training part of {data.title} has {kind}")
    random = np.random.RandomState(seed)  # its stream is frozen for good
    labelled = torch.nonzero(train.known).flatten().numpy()
    order, steps = random.permutation(len(labelled)), random.randint(1, max(len(data.classes), 2), len(labelled))
    chosen = order[: round(share * len(labelled))]
    y = train.y.clone()
    at = torch.from_numpy(labelled[chosen])
    y[at] = (y[at] + torch.from_numpy(steps[chosen])) % len(data.classes)
    return replace(data, train=Examples(train.x, y, train.groups, redraw=train.redraw))


def rare_class(data: Splits, which: int = -1, keep: int = FEW, seed: int = 0) -> Splits:
    """Leave only a few training examples of one class.

    Parameters
    ----------
    data : Splits
    which : int
        The class, by index; -1 for the last.
    keep : int
        How many of its training examples are left, at most.
    seed : int
        Which ones. Those kept at 5 are among those kept at 50 of the same seed.

    Returns
    -------
    Splits
        Validation and test as they were; examples stay in their old order.

    Raises
    ------
    ValueError
        If there is no such class, ``keep`` is negative, or nothing is known of the class of an example.
    """
    classes = len(data.classes)
    if not -1 <= which < classes:
        raise ValueError(f"which must be a class from 0 to {classes - 1}, or -1 for the last, got {which}")
    if keep < 0:
        raise ValueError(f"keep must be 0 or more, got {keep}")
    if data.train.y.ndim != 1:
        raise ValueError(
            f"rare_class needs one class an example, and those of {data.title} have a label for each token"
        )
    of_class = (data.train.y == which % classes).numpy()
    if int(of_class.sum()) <= keep:
        return data
    kept = underrepresented(data.train.y, of_class, keep / int(of_class.sum()), seed)
    return replace(data, train=data.train.take(kept))


def marked_corner(data: Splits, share: float = 1.0, seed: int = 0) -> Splits:
    """Mark training pictures with a bright patch whose place gives the class away; see ``kdviz.data.planted``.

    Parameters
    ----------
    data : Splits
        Gray pictures, uint8. Those without a label get no mark.
    share : float
        Of the training pictures with a known class, in [0, 1].
    seed : int
        Which ones.

    Returns
    -------
    Splits
        Validation and test have no marks.

    Raises
    ------
    ValueError
        If these are no gray pictures in bytes, or ``share`` is out of range.
    """
    images, _ = with_shortcut(_pixels(data), data.train.y, share, seed)
    return replace(data, train=Examples(images, data.train.y, data.train.groups, data.train.soft))


def _pixels(data: Splits) -> Tensor:
    if not are_pictures(data):
        raise ValueError(f"a marked corner needs gray pictures in bytes, and {data.title} has {data.train.describe()}")
    pixels: Tensor = data.train.x
    return pixels


def are_pictures(data: Splits) -> bool:
    """Whether the examples are pictures of one channel in bytes."""
    few = data.train.few()
    return isinstance(few, Tensor) and few.dtype == torch.uint8 and few.ndim == 4 and few.shape[1] == 1


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:  # NaN too
        raise ValueError(f"{name} must lie in [0, 1] (it is a share), got {value}")


@dataclass(frozen=True)
class Fault:
    """What can be wrong with the training part, and what a reader is shown of it.

    Attributes
    ----------
    title, text : str
        Its name, and what it does, in one sentence.
    made : callable or None
        From data to data; None where the data stay as they are.
    code : str
        How that is called, from ``data``; empty where it is not.
    on_drawn : bool
        Whether it is made on the labels that were drawn, and not on the whole training part before that.
    pictures : bool
        Whether it needs gray pictures.
    """

    title: str
    text: str
    made: Callable[[Splits], Splits] | None = None
    code: str = ""
    on_drawn: bool = False
    pictures: bool = False

    def fits(self, data: Splits) -> bool:
        """Whether these data can have it."""
        return data.train.y.ndim == 1 and (not self.pictures or are_pictures(data))


FAULTS: Mapping[str, Fault] = {
    NONE: Fault(mark("no fault"), ""),
    "noisy_labels": Fault(
        mark("A third of the labels wrong"),
        mark("A third of the student’s labels name another class, drawn at random; validation and test stay right."),
        noisy_labels,
        "kd.data.noisy_labels(data)",
        on_drawn=True,
    ),
    "rare_class": Fault(
        mark("A rare class"),
        mark("Of the last class five training examples are left; in validation and test it is as frequent as ever."),
        rare_class,
        "kd.data.rare_class(data)",
    ),
    "marked_corner": Fault(
        mark("A marked corner"),
        mark("In training a bright patch in a corner gives the class away; in validation and test there is none."),
        marked_corner,
        "kd.data.marked_corner(data)",
        pictures=True,
    ),
    HALF: Fault(
        mark("Half the picture hidden from the student"),
        mark("The student, and its twin, see the left half of each picture; the teacher sees all of it."),
        pictures=True,
    ),
}


def faults_of(data: Splits) -> tuple[str, ...]:
    """Return the names of the faults that these data can have.

    >>> from kdviz import data
    >>> faults_of(data.splits((torch.randn(300, 4), torch.arange(300) % 3)))
    ('none', 'noisy_labels', 'rare_class')
    """
    return tuple(name for name, fault in FAULTS.items() if fault.fits(data))


def made(data: Splits, name: str, *, drawn: bool) -> Splits:
    """Return data with a fault, if it is made at this point: before labels were drawn from them, or after."""
    fault = FAULTS[name]
    return fault.made(data) if fault.made is not None and fault.on_drawn == drawn else data
