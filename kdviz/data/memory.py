"""Examples held in memory or in a file, and the three splits of a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.data.filed import chunks, filed, octets
from kdviz.data.inputs import Index, Inputs, described, each, named, nbytes, ready, rows, rows_of, tensors
from kdviz.data.order import balanced_order
from kdviz.data.order import proportional_order as proportional_order
from kdviz.data.redrawn import Redraw as Redraw
from kdviz.data.redrawn import labels_of, selected
from kdviz.data.vocabulary import Vocabulary

UNKNOWN = -1  # the label of an example whose class is unknown
IGNORED = -100  # the same in torch and Hugging Face
GATHERED = 64 * 2**20  # most bytes that `take` copies; a larger selection is kept as row numbers
MOST_IN_MEMORY = 512 * 2**20  # most bytes of x gathered in memory; above this, in a file


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples in memory or in a file, addressed by index.

    Two objects are equal only when they are the same object; compare `fingerprint()` for content.
    The tensors are shared, not copied: they must not be changed in place.

    Parameters
    ----------
    x : Tensor, dict of str to Tensor, or tuple of Tensors
        The model's inputs, with the N examples on the first axis. Images as uint8, shape (N, channels, height, width),
        or floating point, shape (N, ...); integers (token ids) and booleans (masks) are kept. Among several tensors one
        may have the shape (N,).
    y : Tensor
        Class of each example, int64, shape (N,), or of each of its L tokens, shape (N, L). -1 where the label is
        unknown; -100 is read as -1.
    groups : Mapping[str, ndarray]
        Further columns about each example that are not inputs, each of length N (Adult: sex, race, age). None or NaN
        where a group is unknown.
    soft : Tensor, optional
        Probability of each class, shape (N, C); `y` is then its argmax. A row of zeros where `y` is -1.
    redraw : callable, optional
        For data that are drawn anew at each access (a random crop): maps a LongTensor of indices and a seed to the
        inputs of those examples in another draw, in the format of `inputs`, and the same for the same seed. Where the
        labels depend on the draw (masked words), its method `labels` maps the same to those.

    Raises
    ------
    ValueError
        If the lengths differ, a dtype does not fit or a label is below -1.

    Notes
    -----
    Memory: one byte per pixel. MNIST's 70,000 images take 55 MB; a batch is converted to float32 only on use. A
    selection of more than 64 MB is not copied: `take` keeps its row numbers, and `inputs` reads from the whole. Its `x`
    is gathered on first access, into a temporary file if it takes more than 512 MB.

    Examples
    --------
    >>> import torch
    >>> some = Examples(torch.full((3, 1, 2, 2), 255, dtype=torch.uint8), torch.tensor([0, 1, -1]))
    >>> len(some), some.labelled, some.inputs(slice(0, 2)).shape
    (3, 2, torch.Size([2, 1, 2, 2]))
    >>> ids = torch.tensor([[5, 2, 9], [7, 1, 0]])
    >>> Examples({"input_ids": ids, "attention_mask": ids > 0}, torch.tensor([0, 1])).describe()
    'input_ids (3,) int64, attention_mask (3,) bool'
    """

    x: Any  # Inputs; `single` tells whether it is one Tensor
    y: Tensor
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)
    soft: Tensor | None = None
    redraw: Redraw | None = None

    def __post_init__(self) -> None:
        if isinstance(self.x, list) or (isinstance(self.x, Mapping) and not isinstance(self.x, dict)):
            object.__setattr__(self, "x", tuple(self.x) if isinstance(self.x, list) else dict(self.x))
        _check_inputs(self.x)
        n = len(tensors(self.x)[0])
        if self.y.ndim not in (1, 2) or len(self.y) != n:
            raise ValueError(f"y must have shape ({n},) to match x, or ({n}, L), got {tuple(self.y.shape)}")
        if self.y.dtype != torch.int64:
            raise ValueError(f"y must be int64, got {self.y.dtype}: use y.long()")
        if self.y.numel() and int(self.y.min()) < UNKNOWN:
            y = torch.where(self.y == IGNORED, UNKNOWN, self.y)
            if int(y.min()) < UNKNOWN:
                raise ValueError(
                    f"labels must be 0 or more, or -1 for unknown, got {int(y.min())}: use y - y.min() to count from 0"
                )
            object.__setattr__(self, "y", y)
        if self.soft is not None:
            _check_soft(self.soft, self.y)
        object.__setattr__(self, "groups", {name: _group_column(column) for name, column in self.groups.items()})
        for name, column in self.groups.items():
            if len(column) != n:
                raise ValueError(f"group {name!r} must have {n} entries, got {len(column)}")

    @classmethod
    def _of(cls, held: Inputs, at: Tensor | None, rest: dict[str, Any]) -> Examples:
        """Build examples that are the rows `at` of the stored ones, without copying."""
        if at is None:
            return cls(held, **rest)
        made: Examples = object.__new__(cls)
        made.__dict__.update(rest, _source=held, _at=at)
        return made

    def __getattr__(self, name: str) -> Any:
        """Gather the `x` of a selection on first access; no other attribute is missing."""
        if name != "x" or "_source" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        source, at = self.__dict__["_source"], self.__dict__["_at"]
        x = (
            rows(source, at)
            if nbytes(self.few()) * len(at) <= MOST_IN_MEMORY
            else each(source, lambda held: filed(held, at))
        )
        self.__dict__["x"] = x
        return x

    def held(self) -> tuple[Inputs, Tensor | None]:
        """Return the stored tensors, and the rows of these examples in them (None: all, in order)."""
        if "x" in self.__dict__:
            return self.x, None
        return self.__dict__["_source"], self.__dict__["_at"]

    def few(self) -> Inputs:
        """Return one example in stored form, or none where there is none."""
        return rows(self.held()[0], slice(0, 1))

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        held = self.few()
        if isinstance(held, Tensor):
            what = "×".join(str(n) for n in (len(self), *held.shape[1:]))
            what += f" {str(held.dtype).removeprefix('torch.')}"
        else:
            what = f"{len(self):,} of {described(held)}"
        return f"Examples({what}, {self.labelled:,} labelled)"

    @property
    def single(self) -> bool:
        """Whether `x` is one Tensor."""
        return isinstance(self.held()[0], Tensor)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, e.g. (1, 28, 28); of the first tensor where `x` is several."""
        return tuple(tensors(self.held()[0])[0].shape[1:])

    @property
    def bytes_each(self) -> int:
        """The size in bytes of one example as a model's input."""
        return sum(tensor.nbytes for tensor in tensors(self.inputs(slice(0, 1)))) if len(self) else 0

    @cached_property
    def known(self) -> Tensor:
        """Which examples have a known label, bool, shape (N,); one labelled token is enough."""
        known = self.y >= 0
        return known.any(1) if known.ndim == 2 else known

    @cached_property
    def labelled(self) -> int:
        """The number of examples with a known label."""
        return int(self.known.sum())

    def describe(self) -> str:
        """Describe the model's inputs, e.g. "input_ids (5,) int64, attention_mask (5,) int64" or "(28, 28) float32"."""
        return described(self.few())

    def inputs(self, index: Index = None) -> Any:
        """Return examples as model inputs: float32, images scaled to [0, 1]; integers unchanged.

        Parameters
        ----------
        index : LongTensor, slice or None
            Which examples, all of them if None. All of MNIST's training images take 172 MB as float32.

        Returns
        -------
        Tensor, dict or tuple
            In the form of `x`, shape (B, ...). Always new tensors: a model may change them in place.
        """
        held, at = self.held()
        if at is not None:
            index = at if index is None else rows_of(at, index)
        copied = isinstance(index, Tensor)
        if isinstance(held, Tensor):
            return ready(rows_of(held, index), alone=True, copied=copied)
        return each(held, lambda tensor: ready(rows_of(tensor, index), alone=False, copied=copied))

    def take(self, index: Tensor | np.ndarray | slice) -> Examples:
        """Return the examples at `index` (integers or slice), in that order, as a new `Examples`."""
        if isinstance(index, np.ndarray):
            index = torch.from_numpy(index)
        where = index if isinstance(index, slice) else index.numpy()
        held, at = self.held()
        rest: dict[str, Any] = {
            "y": rows_of(self.y, index),
            "groups": {name: column[where] for name, column in self.groups.items()},
            "soft": None if self.soft is None else rows_of(self.soft, index),
            "redraw": None if self.redraw is None else selected(self.redraw, index, len(self)),
        }
        if at is not None:
            index = rows_of(at, index)
        if isinstance(index, Tensor) and nbytes(self.few()) * len(index) > GATHERED:
            return Examples._of(held, index, rest)
        return Examples(rows(held, index), **rest)

    def drawn(self, index: Tensor, seed: int) -> tuple[Any, Tensor]:
        """Return inputs and labels of the examples at `index`: stored ones, or in the draw of `seed` where there is
        a `redraw`."""
        if self.redraw is None:
            return self.inputs(index), self.y[index]
        x, y, labels = self.redraw(index, seed), self.y[index], labels_of(self.redraw)
        if labels is None:
            return x, y
        return x, torch.where(self.known[index, None], labels(index, seed), UNKNOWN)  # hidden ones stay hidden

    def without_labels(self, hidden: Tensor) -> Examples:
        """Return the same examples, without labels where `hidden` (bool, shape (N,)) is true."""
        y = self.y.masked_fill(hidden if self.y.ndim == 1 else hidden[:, None], UNKNOWN)
        soft = None if self.soft is None else self.soft.masked_fill(hidden[:, None], 0.0)
        return self._with(y=y, soft=soft)

    def fixed(self) -> Examples:
        """Return the same examples in the stored draw, without `redraw`."""
        return self if self.redraw is None else self._with(redraw=None)

    def _with(self, **changes: Any) -> Examples:
        """Return the same inputs with other fields changed; unlike `replace`, a selection is not gathered."""
        rest = {name: getattr(self, name) for name in ("y", "groups", "soft", "redraw")}
        return Examples._of(*self.held(), rest | changes)

    def fingerprint(self) -> str:
        """Return the SHA-256 of inputs, labels, shapes and dtypes, in hexadecimal; cached."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        held, at = self.held()
        for name, tensor in named(held):
            digest.update(name.encode())
            for part in _pieces(tensor, at):
                digest.update(part)
        for tensor in (self.y, *(() if self.soft is None else (self.soft,))):
            for part in _pieces(tensor, None):
                digest.update(part)
        if self.redraw is not None:
            digest.update(b"drawn anew")
        return digest.hexdigest()


def _check_inputs(x: Inputs) -> None:
    if not isinstance(x, Tensor | dict | tuple) or not all(isinstance(tensor, Tensor) for tensor in tensors(x)):
        kinds = [type(part).__name__ for part in (tensors(x) if isinstance(x, dict | tuple) else (x,))]
        raise TypeError(f"x must be a Tensor, a dict of Tensors or a tuple of Tensors, got {', '.join(kinds)}")
    if not tensors(x):
        raise ValueError("x must hold at least 1 tensor, got 0")
    if isinstance(x, Tensor) and x.ndim < 2:
        raise ValueError(f"x must have shape (N, ...) with at least two axes, got {tuple(x.shape)}")
    for name, tensor in named(x):
        if tensor.ndim < 1:
            raise ValueError(f"{name} must have shape (N, ...), got a single number")
        if tensor.is_complex() or tensor.is_quantized:
            raise ValueError(f"{name or 'x'} must hold floating-point or whole numbers, got {tensor.dtype}")
    lengths = {len(tensor) for tensor in tensors(x)}
    if len(lengths) > 1:
        counts = ", ".join(f"{name} {len(tensor)}" for name, tensor in named(x))
        raise ValueError(f"all inputs must have equally many examples, got {counts}")


def _check_soft(soft: Tensor, y: Tensor) -> None:
    if not soft.is_floating_point() or soft.ndim != 2 or len(soft) != len(y) or y.ndim != 1:
        raise ValueError(
            f"soft must hold probabilities, floating point of shape ({len(y)}, classes), with y of shape ({len(y)},), "
            f"got {str(soft.dtype).removeprefix('torch.')} of shape {tuple(soft.shape)} and y of {tuple(y.shape)}"
        )
    if not bool(soft.isfinite().all()) or bool((soft < 0).any()):
        raise ValueError("soft must hold probabilities, finite numbers of 0 or more: pass y.softmax(1) for logits")


def _group_column(column: Any) -> Any:
    """Return a column addressed by position, with missing values kept."""
    if hasattr(column, "array") and hasattr(column, "iloc"):  # a pandas Series is addressed by its labels
        return column.array if str(column.dtype) == "category" else column.to_numpy()
    if isinstance(column, list | tuple):
        missing = any(value is None or value != value for value in column)
        return np.array(column, dtype=object) if missing else np.asarray(column)
    return column


def _pieces(tensor: Tensor, at: Tensor | None) -> Iterator[Any]:
    """Yield dtype and shape, and then the bytes, a bounded number at a time."""
    count = len(tensor) if at is None else len(at)
    yield f"{tensor.dtype}{(count, *tensor.shape[1:])}".encode()
    for part in chunks(tensor, at):
        yield octets(part).numpy().data


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set in three disjoint parts.

    Parameters
    ----------
    name, title : str
        Short name for code and files ("mnist"), and the name shown to a reader ("MNIST").
    classes : tuple of str
        Class names; the label of an example is an index into it.
    train, validation, test : Examples
        Learn from `train`, choose by `validation`, report on `test`.
    draw : Mapping, optional
        How `train` was reduced: the arguments of `with_labels`, so that a recipe can repeat it. With `fault` or `extra`
        how it was changed besides; see :func:`kdviz.distill.transfer_sets.prepared`.
    features : tuple of str
        Names of the inputs of a table; empty for images.
    batch_size : int, optional
        Batch size of the loader that the data came from, if any.
    vocabulary : Vocabulary, optional
        Of a text: what the token ids stand for. Where the next one is predicted, its symbols are the classes.
    everywhere : bool
        Of labels by token: whether a place without one counts for terms that compare with a teacher. It does in text
        with hidden words; where the next token is predicted, it is a prompt or padding.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    train: Examples
    validation: Examples
    test: Examples
    draw: Mapping[str, Any] | None = None
    features: tuple[str, ...] = ()
    batch_size: int | None = None
    vocabulary: Vocabulary | None = None
    everywhere: bool = False

    def __post_init__(self) -> None:
        for part in ("train", "validation", "test"):
            examples: Examples = getattr(self, part)
            self._check_form(part, examples)
            if examples.y.numel() and int(examples.y.max()) >= len(self.classes):
                raise ValueError(
                    f"{part} labels must be below {len(self.classes)}, the number of classes, "
                    f"got {int(examples.y.max())}"
                )
            if examples.soft is not None and examples.soft.shape[1] != len(self.classes):
                raise ValueError(
                    f"{part} must give a probability for each of {len(self.classes)} classes, "
                    f"got {examples.soft.shape[1]}"
                )

    def _check_form(self, part: str, examples: Examples) -> None:
        """Raise unless a part has the same format as the training examples."""
        if examples.single and self.train.single:
            if examples.shape != self.train.shape:
                raise ValueError(f"{part} examples must have shape {self.train.shape} like train, got {examples.shape}")
        elif examples.describe() != self.train.describe():
            raise ValueError(f"{part} inputs must be {self.train.describe()} like train, got {examples.describe()}")
        if examples.y.ndim != self.train.y.ndim:
            forms = {1: "one label per example", 2: "one label per token"}
            raise ValueError(f"{part} must have {forms[self.train.y.ndim]} like train, got {forms[examples.y.ndim]}")

    def __repr__(self) -> str:
        return (
            f"Splits({self.name!r}, {len(self.classes)} classes, train {len(self.train):,}, "
            f"validation {len(self.validation):,}, test {len(self.test):,})"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, e.g. (1, 28, 28)."""
        return self.train.shape

    def with_labels(
        self, count: int, *, keep_unlabelled: bool = False, seed: int = 0, omit: Iterable[int | str] = ()
    ) -> Splits:
        """Reduce the training part to `count` labelled examples.

        The draw is balanced: classes get the same number of examples, give or take one where `count` is not a multiple
        (the others make up for a class that runs out). It is nested: the 1,000 examples of a seed are among the 4,000
        of the same seed. Validation and test are unchanged.

        Parameters
        ----------
        count : int
            Number of labelled training examples, from the number of classes to the number of labels. 0 with
            `keep_unlabelled` makes a transfer set without labels.
        keep_unlabelled : bool
            Keep all other training examples too, with label -1, as an unlabelled transfer set.
        seed : int
            Which draw.
        omit : iterable of int or str
            Classes, by index or name, to remove from the training part, labelled or not: Hinton's omitted digit. (An
            example whose class was unknown from the start stays.) They do not count for the limits of `count`.

        Returns
        -------
        Splits
            Training examples stay in their old order.

        Raises
        ------
        ValueError
            If `count` is out of range, a class in `omit` does not exist, all classes are omitted, or the data were
            already reduced.

        Examples
        --------
        >>> y = torch.arange(30) % 3
        >>> part = Examples(torch.zeros(30, 2), y)
        >>> data = Splits("toy", "Toy", ("cat", "dog", "cow"), part, part, part)
        >>> data.with_labels(4, omit=("dog",)).train.y.unique().tolist()
        [0, 2]
        >>> data.with_labels(0, keep_unlabelled=True).train
        Examples(30×2 float32, 0 labelled)
        """
        train = self.train
        if self.draw is not None:
            raise ValueError(
                "with_labels must be called on the whole data, and these are already reduced to "
                f"{self.draw.get('count', train.labelled)} labels: draw from the original data"
            )
        left_out = self._indices_of(omit)
        if left_out and train.y.ndim == 2:
            raise ValueError("omit removes examples by their class, and these have one label per token: leave it out")
        y = train.y if train.y.ndim == 1 else torch.where(train.known, 0, UNKNOWN)  # tokens: any labelled one will do
        y = y.masked_fill(torch.isin(y, torch.tensor(left_out, dtype=torch.int64)), UNKNOWN)  # their order unchanged
        classes = len(self.classes) - len(left_out) if train.y.ndim == 1 else 1
        self._check_count(count, classes, int((y >= 0).sum()), keep_unlabelled)
        draw: dict[str, Any] = {"count": count, "keep_unlabelled": keep_unlabelled, "seed": seed}
        if left_out:
            draw["omit"] = left_out
        chosen = torch.from_numpy(np.sort(balanced_order(y.numpy(), seed)[:count]))
        if not keep_unlabelled:
            return replace(self, train=train.take(chosen), draw=draw)
        hidden = torch.ones(len(train), dtype=torch.bool)
        hidden[chosen] = False
        kept = train.without_labels(hidden)
        if left_out:
            kept = kept.take(torch.nonzero((y >= 0) | ~train.known).flatten())
        return replace(self, train=kept, draw=draw)

    def _indices_of(self, omit: Iterable[int | str]) -> list[int]:
        """Check the omitted classes and return them as sorted indices."""
        if isinstance(omit, str | int):
            raise TypeError(f"omit must be a sequence of classes, got {omit!r}: write omit=({omit!r},)")
        found = set()
        for which in omit:
            index = self.classes.index(which) if isinstance(which, str) and which in self.classes else which
            if not isinstance(index, int | np.integer) or not 0 <= index < len(self.classes):
                raise ValueError(
                    f"omit must hold classes, by index below {len(self.classes)} or by name "
                    f"({', '.join(self.classes)}), got {which!r}"
                )
            found.add(int(index))
        if len(found) == len(self.classes):
            raise ValueError(f"omit must leave at least one class to learn, got all {len(found)}")
        return sorted(found)

    @staticmethod
    def _check_count(count: int, classes: int, labelled: int, keep_unlabelled: bool) -> None:
        if count == 0 and keep_unlabelled:
            return
        if count < classes:
            none = ": for a transfer set without labels pass keep_unlabelled=True" if count == 0 else ""
            raise ValueError(f"count must be at least {classes}, one label for each class, got {count}{none}")
        if count > labelled:
            raise ValueError(f"count must be at most {labelled}, the labelled training examples, got {count}")
