"""The user's own data in the form of `Examples` and `Splits`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import (
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    default_collate,
)

from kdviz.data.memory import Examples, Splits, proportional_order

MOST_IN_MEMORY = 512 * 2**20  # bytes of a Dataset or DataLoader; beyond, a file holds them
CHUNK = 16 * 2**20  # bytes that are joined at once


def examples(anything: Any) -> Examples:
    """Hold data in memory as `Examples`.

    Parameters
    ----------
    anything : Examples, (X, y), Tensor, ndarray, Dataset or DataLoader
        `(X, y)` are tensors or arrays of equal length; X alone gives examples without labels. A torch
        `Dataset` or `DataLoader` is read once, from beginning to end, and must give pairs of input and label. What
        would take more than 512 MB is kept in a temporary file, and read from there as it is used.
        X of type uint8 with three or four axes is taken as pixels and stays uint8, so that `inputs` scales it
        to [0, 1]; all else becomes float32 as it is.

    Returns
    -------
    Examples
        An `Examples` given is returned itself.

    Raises
    ------
    ValueError
        If the data are empty, not finite, or of shapes or labels that do not fit.
    TypeError
        If `anything` is of no known kind.

    Examples
    --------
    >>> import numpy as np
    >>> examples((np.zeros((4, 3)), [0, 1, 1, 0]))
    Examples(4×3 float32, 4 labelled)
    """
    if isinstance(anything, Examples):
        return anything
    x, y = _arrays(anything)
    if y is not None and y.dtype.kind in "USO":
        raise ValueError(f"labels must be whole numbers, got {str(y[0])!r}: kdviz.data.splits takes class names too")
    return _build(x, y)


def splits(
    anything: Any,
    *,
    classes: Sequence[str] | int | None = None,
    validation: Any = 0.1,
    test: Any = 0.1,
    seed: int = 0,
    name: str = "yours",
) -> Splits:
    """Split the user's own data into training, validation and test parts.

    Parameters
    ----------
    anything : Splits, Examples, (X, y), Dataset or DataLoader
        The data, as for `examples`. Labels may also be class names.
    classes : sequence of str or int
        Names of the classes, or how many there are; by default counted from the labels.
    validation, test : float, int or data
        A fraction in (0, 1) or a number of the labelled examples, drawn in the proportions of the classes; or
        data of its own, as for `examples`. Examples without a label (-1) stay in the training part.
    seed : int
        Which draw.
    name : str
        Name and title of the result.

    Returns
    -------
    Splits
        A `Splits` given is returned itself. Each part keeps the order of the data.

    Raises
    ------
    ValueError
        If a part would be empty, or the data do not fit, or a label is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> splits((np.zeros((100, 3)), np.arange(100) % 2))
    Splits('yours', 2 classes, train 80, validation 10, test 10)
    """
    if isinstance(anything, Splits):
        return anything
    found = [None if _is_amount(part) else part for part in (validation, test)]
    given = [_numbered(part) if part is not None else None for part in (anything, *found)]
    labels = _class_names(classes, [part for part in given if part is not None])
    whole, *others = (None if part is None else _as_examples(part, labels) for part in given)
    assert whole is not None
    order = proportional_order(whole.y.numpy(), seed)
    order = order[whole.y.numpy()[order] >= 0]  # drawn parts need labels
    parts: list[Examples] = []
    drawn = 0
    for what, amount, other in zip(("validation", "test"), (validation, test), others, strict=True):
        if other is None:
            count = _count(what, amount, len(order))
            chosen = order[len(order) - drawn - count : len(order) - drawn]
            if len(chosen) < count or drawn + count >= len(whole):
                raise ValueError(
                    f"{what} must leave examples for the training part, got {count} of {len(order)} labelled"
                )
            drawn += count
            other = whole.take(np.sort(chosen))
        parts.append(other)
    kept = np.ones(len(whole), dtype=bool)
    kept[order[len(order) - drawn :]] = False
    train = whole if not drawn else whole.take(np.flatnonzero(kept))
    return Splits(name, name, labels, train, parts[0], parts[1])


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _count(what: str, amount: float, labelled: int) -> int:
    if isinstance(amount, float):
        if not 0 < amount < 1:
            raise ValueError(f"{what} must be a fraction in (0, 1), a count or data, got {amount}")
        amount = max(1, round(amount * labelled))
    if amount < 1:
        raise ValueError(f"{what} must hold at least 1 example, got {amount}")
    if labelled == 0:
        raise ValueError(f"{what} is drawn from labelled examples, got none: pass (X, y), or {what}=(X, y)")
    return int(amount)


Pair = tuple[Tensor, np.ndarray | None]


def _numbered(anything: Any) -> Examples | Pair:
    return anything if isinstance(anything, Examples) else _arrays(anything)


def _class_names(classes: Sequence[str] | int | None, parts: Sequence[Examples | Pair]) -> tuple[str, ...]:
    labels = [part.y.numpy() if isinstance(part, Examples) else part[1] for part in parts]
    known = [y for y in labels if y is not None]
    if classes is None:
        if any(y.dtype.kind in "USO" for y in known):
            return tuple(str(c) for c in np.unique(np.concatenate([y.astype(str) for y in known])))
        classes = max((int(y.max()) for y in known if len(y)), default=-1) + 1
    if isinstance(classes, str):
        raise ValueError(f"classes must be a sequence of names or a number, got {classes!r}")
    chosen = tuple(str(c) for c in (range(classes) if isinstance(classes, int) else classes))
    if len(chosen) < 2:
        raise ValueError(f"data must have at least 2 classes, got {len(chosen)}: pass labels, or classes=")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"class names must differ, got {', '.join(chosen)}")
    return chosen


def _as_examples(part: Examples | Pair, classes: tuple[str, ...]) -> Examples:
    if isinstance(part, Examples):
        return part
    x, y = part
    if y is None or y.dtype.kind not in "USO":
        return _build(x, y)
    number = {name: index for index, name in enumerate(classes)}
    unknown = sorted(set(y.astype(str)) - set(number))
    if unknown:
        raise ValueError(f"labels must be among the classes {', '.join(classes)}, got {str(unknown[0])!r}")
    return _build(x, np.array([number[str(name)] for name in y]))


def _build(x: Tensor, y: np.ndarray | None) -> Examples:
    if len(x) == 0:
        raise ValueError("data must hold at least 1 example, got 0")
    if y is None:
        return Examples(x, torch.full((len(x),), -1))
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(f"labels must have shape ({len(x)},), got {y.shape}: use y.argmax(1) for one-hot labels")
    if len(y) != len(x):
        raise ValueError(f"inputs and labels must be equally many, got {len(x)} and {len(y)}")
    whole = y.astype(np.int64)
    if not np.array_equal(whole, y):
        raise ValueError(f"labels must be whole numbers, got {y[whole != y][0]}")
    return Examples(x, torch.from_numpy(whole))


def _arrays(anything: Any) -> Pair:
    """Give inputs as they will be held, and labels as an array."""
    if isinstance(anything, DataLoader):
        return _from_loader(anything)
    if isinstance(anything, Dataset):
        return _from_dataset(anything)
    if isinstance(anything, (tuple, list)) and len(anything) == 2:
        return _inputs(anything[0]), _array(anything[1])
    if isinstance(anything, (Tensor, np.ndarray)):
        return _inputs(anything), None
    raise TypeError(f"data must be (X, y), a Dataset, a DataLoader, Examples or Splits, got {type(anything).__name__}")


def _array(values: Any) -> np.ndarray:
    if isinstance(values, Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values)


def _inputs(values: Any) -> Tensor:
    x = values.detach().cpu() if isinstance(values, Tensor) else torch.from_numpy(np.array(values))
    if x.ndim < 2:
        raise ValueError(f"inputs must have shape (N, ...) with at least two axes, got {tuple(x.shape)}")
    if x.ndim == 4 and x.shape[3] in (1, 3) and x.shape[1] not in (1, 3):
        raise ValueError(
            f"images must have shape (N, channels, height, width), got {tuple(x.shape)}: use X.transpose(0, 3, 1, 2)"
        )
    if x.dtype == torch.uint8 and x.ndim in (3, 4):
        return x[:, None] if x.ndim == 3 else x
    x = x.to(torch.float32)
    if not bool(torch.isfinite(x).all()):
        raise ValueError("inputs must be finite, got NaN or infinity: remove or fill those values")
    return x


def _from_loader(loader: DataLoader) -> Pair:
    """Read the data set behind a plain loader, so that the order does not depend on its shuffling."""
    plain = isinstance(loader.sampler, (SequentialSampler, RandomSampler)) and loader.collate_fn is default_collate
    if plain and loader.batch_sampler is not None and not getattr(loader.sampler, "replacement", False):
        return _from_dataset(loader.dataset)
    with torch.random.fork_rng(devices=[]):
        return _joined(_pair(batch) for batch in loader)


def _from_dataset(dataset: Dataset) -> Pair:
    if isinstance(dataset, TensorDataset) and len(dataset.tensors) == 2:
        return _inputs(dataset.tensors[0]), _array(dataset.tensors[1])
    sized: Any = dataset
    items: Iterable[Any] = (sized[i] for i in range(len(sized))) if hasattr(dataset, "__len__") else iter(sized)
    with torch.random.fork_rng(devices=[]):
        return _joined((torch.as_tensor(np.asarray(x))[None], np.asarray(y)[None]) for x, y in map(_pair, items))


def _pair(item: Any) -> tuple[Any, Any]:
    if not (isinstance(item, (tuple, list)) and len(item) == 2):
        raise TypeError(f"a Dataset or DataLoader must give pairs of input and label, got {type(item).__name__}")
    return item[0], item[1]


def _joined(pairs: Iterable[tuple[Any, Any]]) -> Pair:
    labels = []
    with closing(_Spool()) as spool:
        for x, y in pairs:
            spool.add(torch.as_tensor(x))
            labels.append(_array(y))
        if not labels:
            raise ValueError("data must hold at least 1 example, got 0")
        return spool.whole(), np.concatenate(labels)


class _Spool:
    """Inputs one after the other: in memory while they fit, beyond that in a file that goes with the last use of it."""

    def __init__(self) -> None:
        self._waiting: list[Tensor] = []  # as they came
        self._parts: list[Tensor] = []  # as they will be held
        self._rows = self._bytes = 0
        self._file: IO[bytes] | None = None

    def add(self, x: Tensor) -> None:
        if self._waiting and x.shape[1:] != self._waiting[0].shape[1:]:
            shapes = f"{tuple(self._waiting[0].shape[1:])} and {tuple(x.shape[1:])}"
            raise ValueError(f"all examples must have one shape, got {shapes}")
        self._waiting.append(x)
        if sum(part.nbytes for part in self._waiting[-2:]) * len(self._waiting) > CHUNK:
            self._take()

    def _take(self) -> None:
        x, self._waiting = _inputs(torch.cat(self._waiting)), []
        if self._parts and (x.shape[1:], x.dtype) != (self._parts[0].shape[1:], self._parts[0].dtype):
            shapes = f"{tuple(self._parts[0].shape[1:])} and {tuple(x.shape[1:])}"
            raise ValueError(f"all examples must have one shape and dtype, got {shapes}")
        self._rows += len(x)
        self._bytes += x.nbytes
        self._parts.append(x)
        if self._file is None and self._bytes > MOST_IN_MEMORY:
            self._file = tempfile.TemporaryFile(prefix="kdviz-")  # noqa: SIM115 (`close` does)
            for part in self._parts:
                _write(self._file, part)
        elif self._file is not None:
            _write(self._file, x)
        if self._file is not None:
            self._parts = self._parts[:1]  # for its shape

    def whole(self) -> Tensor:
        if self._waiting:
            self._take()
        if self._file is None:
            return torch.cat(self._parts)
        self._file.flush()
        first = self._parts[0].numpy()
        return torch.from_numpy(np.memmap(self._file, first.dtype, "r+", shape=(self._rows, *first.shape[1:])))

    def close(self) -> None:
        """Let go of the file; what is mapped of it stays."""
        if self._file is not None:
            self._file.close()


def _write(file: IO[bytes], x: Tensor) -> None:
    file.write(x.contiguous().numpy().tobytes())
