"""Kinds of student: each declared once, with its builder, its bounds, its defaults and the data that it takes.

The Lab's setup, its links, its estimate of a run's seconds and the diagnosis read the declaration. To add a kind, add a
row to :data:`KINDS`; the bounds keep the run of a page short, the builders in this package take any size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from ..words import mark
from .architecture import Network
from .convolutional import convnet
from .mobile import mobile
from .perceptron import mlp
from .series import conv1d, recurrent
from .transformer import vit

Shape = tuple[int, ...]
PICTURES, COLOUR, ROWS = "pictures", "colour pictures", "rows"
HEADS = 4  # of a small vision transformer; every width offered is a multiple
COLUMNS = 8  # of a table that a recurrent student reads at a time, at most; they have to divide the table
SMALLEST = 4  # pixels of a picture's side: convolutions halve it twice
ACROSS = (4, 5, 6, 7)  # patches in a row of a picture, the first that divides its side: few, so that a run is short


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of student.

    Attributes
    ----------
    name, title : str
        For links; for the reader.
    says : str
        What it is, in a sentence.
    width, depth : str
        What its width and its depth count, as labels of a form.
    widths, depths : tuple of int
        What a page offers of them, rising.
    builder : callable
        Of the network, from width and depth; ``of_shape`` returns its arguments that follow from an example's shape.
    takes : tuple of {"pictures", "colour pictures", "rows"}
        What data it can learn from: square pictures of one channel, of several, the rows of a table; empty for any.
    patches : bool
        Whether it cuts a picture into patches, whose side has to divide the picture's.
    usual : mapping
        How a page trains it by default: width, depth, epochs, learning_rate, labels, and whether a second twin learns
        from smoothed labels; ``usual_rows`` is what differs for the rows of a table, ``usual_on`` what differs, or
        comes on top, on a data set, by its name.
    teacher_head : str
        The layer whose answers a teacher teaches, where that is not the output: the head of a distillation token.
    """

    name: str
    title: str
    says: str
    width: str
    depth: str
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    builder: Callable[..., Network]
    of_shape: Callable[[Shape], Mapping[str, Any]]
    takes: tuple[str, ...] = (PICTURES, COLOUR)
    patches: bool = False
    usual: Mapping[str, Any]
    usual_rows: Mapping[str, Any] = field(default_factory=dict)
    usual_on: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    teacher_head: str = ""

    def suits(self, shape: Shape) -> bool:
        """Whether it can learn from examples of this shape.

        >>> KINDS["vit"].suits((1, 28, 28)), KINDS["vit"].suits((91,)), KINDS["recurrent"].suits((91,))
        (True, False, True)
        """
        fits = not self.patches or patch_of(shape[-1]) > 0
        return not self.takes or (fits and data_kind(shape) in self.takes)

    def build(self, shape: Shape, classes: int, *, width: int, depth: int, seed: int = 0) -> Network:
        """Return an untrained student.

        Raises
        ------
        ValueError
            If it does not take such examples, or width and depth are none that there are.
        """
        if not self.suits(shape):
            raise ValueError(
                f"a student of the kind {self.name} learns from {' or '.join(self.takes)}"
                f"{f' that {ACROSS[0]} to {ACROSS[-1]} patches in a row fill' if self.patches else ''}, "
                f"got examples of {tuple(shape)}"
            )
        return self.builder(width, depth, **self.of_shape(tuple(shape)), classes=classes, seed=seed)

    def usual_for(self, shape: Shape, data: str = "") -> dict[str, Any]:
        """Return how a page trains it by default on examples of this shape, or on a data set of this name."""
        return {**self.usual, **(self.usual_rows if data_kind(shape) == ROWS else {}), **self.usual_on.get(data, {})}


def data_kind(shape: Shape) -> str:
    """Return what examples of a shape are: square pictures of some size, of one channel or more, or rows; empty for
    others.

    >>> data_kind((1, 28, 28)), data_kind((91,)), data_kind((3, 32, 32)), data_kind((3, 32, 24))
    ('pictures', 'rows', 'colour pictures', '')
    """
    if len(shape) == 3 and shape[1] == shape[2] >= SMALLEST:
        return PICTURES if shape[0] == 1 else COLOUR
    return ROWS if len(shape) == 1 else ""


def patch_of(side: int) -> int:
    """Return the side of a patch of a picture with such a side, in pixels; 0 where the patches offered do not fill it.

    >>> patch_of(28), patch_of(32), patch_of(35), patch_of(31)
    (7, 8, 7, 0)
    """
    return next((side // across for across in ACROSS if side % across == 0), 0)


def suited(shape: Shape) -> tuple[str, ...]:
    """Return the names of the kinds that can learn from examples of a shape; a perceptron always can."""
    return tuple(name for name, kind in KINDS.items() if kind.suits(shape))


def recognized(architecture: Mapping[str, Any], shape: Shape, classes: int) -> tuple[str, int, int] | None:
    """Return the kind, width and depth from which a page would build an architecture, or None if it would not.

    >>> recognized(convnet(8, 11).architecture, (1, 28, 28), 10)
    ('convnet', 8, 11)
    """
    for name in suited(shape):
        for width in KINDS[name].widths:
            for depth in KINDS[name].depths:
                if _architecture(name, tuple(shape), classes, width, depth) == architecture:
                    return name, width, depth
    return None


@cache
def _architecture(name: str, shape: Shape, classes: int, width: int, depth: int) -> dict[str, Any]:
    return KINDS[name].build(shape, classes, width=width, depth=depth).architecture


def _mlp(width: int, depth: int, **options: Any) -> Network:
    return mlp((width,) * depth, **options)


def _of_values(shape: Shape) -> dict[str, int]:
    return {"inputs": math.prod(shape)}


def _of_channels(shape: Shape) -> dict[str, int]:
    return {"channels": shape[0]}


def _of_patches(shape: Shape) -> dict[str, int]:
    return {"heads": HEADS, "patch": patch_of(shape[1]), "size": shape[1], "channels": shape[0]}


def _of_rows(shape: Shape) -> dict[str, int]:
    """A step is a row of a picture, of all its channels; of a table as many columns as fill it evenly, and ``COLUMNS``
    at most."""
    if len(shape) == 3:
        return {"step": shape[2], "channels": shape[0]}
    return {"step": next(n for n in range(COLUMNS, 0, -1) if shape[0] % n == 0)}


def _of_series(shape: Shape) -> dict[str, int]:
    """A step is a row of a picture, of all its channels, or a column of a table."""
    of_step = {"step": shape[2], "channels": shape[0]} if len(shape) == 3 else {"step": 1}
    return {"inputs": math.prod(shape), **of_step}


_ROWS: tuple[Kind, ...] = (
    Kind(
        name="mlp",
        title=mark("Perceptron"),
        says=mark("Hidden layers of units, each joined to all of the layer before."),
        width=mark("Student, hidden units"),
        depth=mark("Hidden layers"),
        widths=(8, 16, 32, 64, 128, 300, 800),
        depths=(1, 2),
        builder=_mlp,
        of_shape=_of_values,
        takes=(),
        usual={"width": 128, "depth": 1, "epochs": 60, "learning_rate": 3e-3, "labels": 4000, "smoothing": True},
    ),
    Kind(
        name="convnet",
        title=mark("Convnet"),
        says=mark("3×3 convolutions; with few filters and many layers it is thinner and deeper than its teacher."),
        width=mark("Student, filters of the first layer"),
        depth=mark("Convolutions"),
        widths=(2, 4, 8, 16),
        depths=(2, 3, 5, 8, 11),
        builder=convnet,
        of_shape=_of_channels,
        usual={"width": 8, "depth": 5, "epochs": 6, "learning_rate": 3e-3, "labels": 4000, "smoothing": False},
        usual_on={"fashion-mnist": {"batch_size": 32, "learning_rate": 1e-2, "rate_course": "cosine"}},
    ),
    Kind(
        name="mobile",
        title=mark("Depthwise-separable convnet"),
        says=mark("As in MobileNet: each convolution sees one channel, then a 1×1 convolution mixes the channels."),
        width=mark("Student, filters of the first layer"),
        depth=mark("Separable blocks"),
        widths=(4, 8, 16, 32),
        depths=(2, 3, 5, 8),
        builder=mobile,
        of_shape=_of_channels,
        usual={"width": 8, "depth": 5, "epochs": 12, "learning_rate": 1e-2, "labels": 4000, "smoothing": False},
    ),
    Kind(
        name="vit",
        title=mark("Vision transformer"),
        says=mark(
            "Square patches of the picture, 4 in a row if they fill it, become tokens; blocks of self-attention "
            "follow, and the class token is read."
        ),
        width=mark("Student, numbers in a token"),
        depth=mark("Blocks"),
        widths=(16, 32, 48, 64),
        depths=(1, 2, 3, 4),
        builder=vit,
        of_shape=_of_patches,
        patches=True,
        usual={"width": 32, "depth": 2, "epochs": 12, "learning_rate": 3e-3, "labels": 4000, "smoothing": False},
    ),
    Kind(
        name="deit",
        title=mark("DeiT (with a distillation token)"),
        says=mark(
            "A vision transformer whose class token learns from the labels and whose distillation token learns from "
            "the teacher, each with a head of its own; once trained it answers with the mean of the probabilities of "
            "the heads that were taught. Its twin learns the labels with both."
        ),
        width=mark("Student, numbers in a token"),
        depth=mark("Blocks"),
        widths=(16, 32, 48, 64),
        depths=(1, 2, 3, 4),
        builder=partial(vit, distilled=True),
        of_shape=_of_patches,
        patches=True,
        usual={"width": 32, "depth": 2, "epochs": 12, "learning_rate": 3e-3, "labels": 4000, "smoothing": False},
        teacher_head="logits.teacher_head",
    ),
    Kind(
        name="recurrent",
        title=mark("Recurrent network"),
        says=mark(
            "Gated recurrent units read a picture row by row, or a table a few columns at a time, and answer at the "
            "end."
        ),
        width=mark("Student, units of a layer"),
        depth=mark("Recurrent layers"),
        widths=(8, 16, 32, 64),
        depths=(1, 2),
        builder=recurrent,
        of_shape=_of_rows,
        takes=(PICTURES, COLOUR, ROWS),
        usual={"width": 32, "depth": 1, "epochs": 30, "learning_rate": 1e-2, "labels": 4000, "smoothing": False},
        usual_rows={"epochs": 20},
    ),
    Kind(
        name="conv1d",
        title=mark("1-D convnet"),
        says=mark(
            "Convolutions along the rows of a picture, or along the columns of a table, whose order means nothing."
        ),
        width=mark("Student, filters of the first layer"),
        depth=mark("Convolutions"),
        widths=(4, 8, 16, 32),
        depths=(1, 2, 3, 5),
        builder=conv1d,
        of_shape=_of_series,
        takes=(PICTURES, COLOUR, ROWS),
        usual={"width": 8, "depth": 3, "epochs": 30, "learning_rate": 1e-2, "labels": 1000, "smoothing": False},
        usual_rows={"epochs": 20},
    ),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ROWS}
