"""Examples held whole in memory, and the three splits of a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

Index = Tensor | slice | None


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples held whole in memory, addressed by index.

    Two objects are equal only when they are the same object; compare `fingerprint()` for content.
    The tensors are shared, not copied: they must not be changed in place.

    Parameters
    ----------
    x : Tensor
        Images as uint8, shape (N, channels, height, width), or any floating-point tensor of shape (N, ...).
    y : Tensor
        Class of each example, int64, shape (N,). -1 where the label is not known.
    groups : Mapping[str, ndarray]
        Further columns about each example that are no input, each of length N (Adult: sex, race, age).

    Raises
    ------
    ValueError
        If the lengths differ, a dtype does not fit or a label is below -1.

    Notes
    -----
    Memory: one byte a pixel. MNIST's 70,000 images take 55 MB; a batch becomes float32 only when asked for.

    Examples
    --------
    >>> import torch
    >>> some = Examples(torch.full((3, 1, 2, 2), 255, dtype=torch.uint8), torch.tensor([0, 1, -1]))
    >>> len(some), some.labelled, some.inputs(slice(0, 2)).shape
    (3, 2, torch.Size([2, 1, 2, 2]))
    """

    x: Tensor
    y: Tensor
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.x.ndim < 2:
            raise ValueError(f"x must have shape (N, ...) with at least two axes, got {tuple(self.x.shape)}")
        if self.x.dtype != torch.uint8 and not self.x.is_floating_point():
            raise ValueError(f"x must be uint8 or floating point, got {self.x.dtype}")
        if self.y.shape != self.x.shape[:1]:
            raise ValueError(f"y must have shape ({len(self.x)},) to match x, got {tuple(self.y.shape)}")
        if self.y.dtype != torch.int64:
            raise ValueError(f"y must be int64, got {self.y.dtype}: use y.long()")
        if len(self.y) and int(self.y.min()) < -1:
            raise ValueError(f"labels must be 0 or more, or -1 for unknown, got {int(self.y.min())}")
        for name, column in self.groups.items():
            if len(column) != len(self.x):
                raise ValueError(f"group {name!r} must have {len(self.x)} entries, got {len(column)}")

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        shape = "×".join(str(n) for n in self.x.shape)
        return f"Examples({shape} {str(self.x.dtype).removeprefix('torch.')}, {self.labelled:,} labelled)"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, e.g. (1, 28, 28)."""
        return tuple(self.x.shape[1:])

    @cached_property
    def labelled(self) -> int:
        """How many examples have a known label."""
        return int((self.y >= 0).sum())

    def inputs(self, index: Index = None) -> Tensor:
        """Give examples as a model takes them: float32, images scaled to [0, 1].

        Parameters
        ----------
        index : LongTensor, slice or None
            Which examples, all of them if None. All of MNIST's training images take 172 MB as float32.

        Returns
        -------
        Tensor
            float32, shape (B, ...). Always a new tensor: a model may change it in place.
        """
        chosen = _rows(self.x, index)
        if chosen.dtype == torch.uint8:
            return chosen.to(torch.float32).mul_(1 / 255)
        return chosen.to(torch.float32, copy=not isinstance(index, Tensor))

    def take(self, index: Tensor | np.ndarray | slice) -> Examples:
        """Give the examples at `index` (integers or slice), in that order, as a new `Examples`."""
        if isinstance(index, np.ndarray):
            index = torch.from_numpy(index)
        where = index if isinstance(index, slice) else index.numpy()
        groups = {name: column[where] for name, column in self.groups.items()}
        return Examples(_rows(self.x, index), _rows(self.y, index), groups)

    def fingerprint(self) -> str:
        """Give the SHA-256 of inputs, labels, shapes and dtypes, in hexadecimal; computed once and kept."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for tensor in (self.x, self.y):
            digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()


def _rows(tensor: Tensor, index: Index) -> Tensor:
    if index is None:
        return tensor
    if isinstance(index, slice):
        return tensor[index]
    return tensor.index_select(0, index)


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set in three parts that share no example.

    Parameters
    ----------
    name, title : str
        Short name for code and files ("mnist"), and the name shown to a reader ("MNIST").
    classes : tuple of str
        Class names; the label of an example is an index into it.
    train, validation, test : Examples
        Learn from `train`, choose by `validation`, report on `test`.
    draw : Mapping, optional
        How `train` was reduced: the arguments of `with_labels`, so that a recipe can do it again.
    features : tuple of str
        Names of the inputs of a table; empty for images.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    train: Examples
    validation: Examples
    test: Examples
    draw: Mapping[str, Any] | None = None
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in ("train", "validation", "test"):
            examples: Examples = getattr(self, part)
            if examples.shape != self.train.shape:
                raise ValueError(f"{part} examples must have shape {self.train.shape} like train, got {examples.shape}")
            if len(examples) and int(examples.y.max()) >= len(self.classes):
                raise ValueError(
                    f"{part} labels must be below {len(self.classes)}, the number of classes, "
                    f"got {int(examples.y.max())}"
                )

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

        The draw is balanced: classes get the same number of examples, one more or less where `count` is no
        multiple (a class that runs out is made up for by the others). It is nested: the 1,000 examples of a
        seed are among the 4,000 of the same seed. Validation and test stay as they are.

        Parameters
        ----------
        count : int
            Number of labelled training examples, from the number of classes to the number that have a label. 0 with
            `keep_unlabelled` gives a transfer set without labels.
        keep_unlabelled : bool
            Keep all other training examples too, with label -1, as an unlabelled transfer set.
        seed : int
            Which draw.
        omit : iterable of int or str
            Classes, by index or name, that do not occur in the training part at all, neither labelled nor unlabelled:
            Hinton's omitted digit. (An example whose class was not known to begin with stays.) They do not count for
            the limits of `count`.

        Returns
        -------
        Splits
            Training examples stay in their old order.

        Raises
        ------
        ValueError
            If `count` is out of range, a class of `omit` does not exist, all classes are omitted, or the data are the
            result of an earlier draw.

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
                "with_labels must be called on the whole data, these are already reduced to "
                f"{self.draw['count']} labels: draw again from the data that they were drawn from"
            )
        left_out = self._indices_of(omit)
        y = train.y.clone()
        y[torch.isin(y, torch.tensor(left_out, dtype=torch.int64))] = -1  # out of the draw, its order unchanged
        self._check_count(count, len(self.classes) - len(left_out), int((y >= 0).sum()), keep_unlabelled)
        draw: dict[str, Any] = {"count": count, "keep_unlabelled": keep_unlabelled, "seed": seed}
        if left_out:
            draw["omit"] = left_out
        chosen = torch.from_numpy(np.sort(balanced_order(y.numpy(), seed)[:count]))
        if not keep_unlabelled:
            return replace(self, train=train.take(chosen), draw=draw)
        known = torch.full_like(train.y, -1)
        known[chosen] = train.y[chosen]
        kept = Examples(train.x, known, train.groups)
        if left_out:
            kept = kept.take(torch.nonzero((y >= 0) | (train.y < 0)).flatten())
        return replace(self, train=kept, draw=draw)

    def _indices_of(self, omit: Iterable[int | str]) -> list[int]:
        """Return the omitted classes as sorted indices, once they have been checked."""
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


def balanced_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Shuffle the labelled examples so that each beginning of the order holds the classes in equal numbers.

    Parameters
    ----------
    y : ndarray of int, shape (N,)
        Labels; examples below 0 are left out.
    seed : int
        Fixes the order, for all versions of numpy.

    Returns
    -------
    ndarray of int64
        Indices into `y`.
    """
    order, rank, _ = _ranks_within_class(y, seed)
    return order[np.argsort(rank, kind="stable")]


def proportional_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Shuffle all examples so that each beginning of the order holds the classes in their overall
    proportions.

    Takes and returns what `balanced_order` does, but examples without a label (-1) stay, as one more class.
    """
    order, rank, size = _ranks_within_class(y - y.min(initial=0), seed)
    return order[np.argsort((rank + 0.5) / size, kind="stable")]


def _ranks_within_class(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give a random order of the labelled examples, the place of each in its class, and the class's size."""
    order = np.random.RandomState(seed).permutation(len(y))  # RandomState: its stream is frozen for good
    order = order[y[order] >= 0]
    sizes = np.bincount(y[order], minlength=1)
    starts = np.cumsum(sizes) - sizes
    by_class = np.argsort(y[order], kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[by_class] = np.arange(len(order)) - starts[y[order][by_class]]
    return order, rank, sizes[y[order]]
