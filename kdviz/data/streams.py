"""Data that are read one example after the other: data sets, loaders, streams."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from kdviz.data.arrays import to_inputs
from kdviz.data.found import Found
from kdviz.data.inputs import nbytes, rows, tensors
from kdviz.data.memory import MOST_IN_MEMORY
from kdviz.data.pairs import Pairing, find_label, joined_labels, one, several
from kdviz.data.redraw import HERE, redraw_of
from kdviz.data.spool import Spools
from kdviz.models.randomness import mix, seeded

STREAM_ROWS = 100_000  # examples of a stream without an end that are read
STREAM_BYTES = 4 * 2**30  # and bytes
AT_ONCE = 64  # examples that are read with one seed
SOME_SEED = 0

Collate = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Reading:
    """How data are to be read.

    Parameters
    ----------
    label : str or int, optional
        Which part is the label: a name in a mapping or table, a place in a tuple.
    limit : int, optional
        How many examples are read at most.
    fixed : bool
        Whether data that are drawn anew at each access are kept in one draw.
    """

    label: str | int | None = None
    limit: int | None = None
    fixed: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and (not isinstance(self.limit, int) or self.limit < 1):
            raise ValueError(f"limit must be a whole number of at least 1, got {self.limit!r}")


def from_loader(loader: Any, how: Reading) -> Found:
    """Read the data set behind a loader, in its own order and each row once, through the loader's `collate_fn`."""
    collate = None if loader.collate_fn is default_collate else loader.collate_fn
    size = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    if loader.batch_sampler is None:  # the data set makes batches itself, or there are none
        found = from_stream(loader, how, collate=None, batch=None)
    elif isinstance(loader.dataset, IterableDataset) or not hasattr(loader.dataset, "__getitem__"):
        found = from_stream(loader.dataset, how, collate=collate, batch=size or 1)
    else:
        found = from_dataset(Items(loader.dataset, collate), how, at=_rows_of(loader), batch=size or AT_ONCE)
    found.batch_size = size if isinstance(size, int) else None
    return found


def _rows_of(loader: DataLoader) -> Sequence[int] | None:
    """Return which rows of its data set a loader gives, None for all; each once, even where it repeats some."""
    dataset: Any = loader.dataset
    count, sampler = len(dataset), loader.sampler
    own: Any = loader.batch_sampler
    if type(own) is not BatchSampler or own.sampler is not sampler:
        drawn = _drawn(itertools.chain.from_iterable(own), count)
    elif isinstance(sampler, SequentialSampler):
        return None
    elif isinstance(sampler, RandomSampler):
        if sampler.replacement:
            _say_repeats(type(sampler).__name__, count)
        return None
    elif isinstance(sampler, WeightedRandomSampler):
        at = torch.nonzero(torch.as_tensor(sampler.weights) > 0).flatten().tolist()
        if sampler.replacement:
            _say_repeats(type(sampler).__name__, len(at))
        return None if len(at) == count else at
    elif isinstance(sampler, SubsetRandomSampler):
        drawn = [int(i) for i in sampler.indices]
    else:
        drawn = _drawn(iter(sampler), count)
    at = sorted(set(drawn))
    if len(at) < len(drawn):
        _say_repeats(type(sampler if type(own) is BatchSampler else own).__name__, len(at))
    return None if at == list(range(count)) else at


def _drawn(indices: Iterator[Any], count: int) -> list[int]:
    """Draw what a sampler gives in one epoch, or in ten where it has no end."""
    with seeded(SOME_SEED, HERE, everywhere=True):
        return [int(i) for i in itertools.islice(indices, 10 * count + 1)]


def _say_repeats(sampler: str, count: int) -> None:
    warnings.warn(
        f"the loader's {sampler} gives rows more than once: each of the {count:,} rows was read once, so that no copy "
        "gets into another part; to weigh classes use kd.HardLabels(weight=...)",
        stacklevel=2,
    )


@dataclass(frozen=True, repr=False)
class Items:
    """A data set that has a length and is addressed by index, read one item or one batch at a time.

    Parameters
    ----------
    dataset : has `__len__` and `__getitem__`
    collate : callable, optional
        Makes a batch of a list of items, as a loader's `collate_fn` does.
    slices : bool
        Whether the data set gives a batch for a list of indices.
    """

    dataset: Any
    collate: Collate | None = None
    slices: bool = False

    @property
    def batched(self) -> bool:
        """Whether batches are read."""
        return self.slices or self.collate is not None

    def __call__(self, i: int) -> Any:
        """Give one item, or a batch of one."""
        return self.batch([i]) if self.batched else self._item(i)

    def batch(self, run: list[int]) -> Any:
        """Give a batch of the items of some indices."""
        if self.slices:
            return self._item(slice(run[0], run[-1] + 1) if run[-1] - run[0] == len(run) - 1 else run)
        assert self.collate is not None
        return self.collate([self._item(i) for i in run])

    def runs(self, at: Sequence[int], size: int) -> Iterator[Any]:
        """Give the items of `at`, or batches of them; some at a time under a seed of their own."""
        for number, start in enumerate(range(0, len(at), size)):
            run = [at[k] for k in range(start, min(start + size, len(at)))]
            with seeded(mix(SOME_SEED, number), HERE, everywhere=True):
                found = [self.batch(run)] if self.batched else [self._item(i) for i in run]
            yield from found

    def _item(self, i: Any) -> Any:
        try:
            return self.dataset[i]
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
            raise ValueError(f"the data set fails at example {i} of {len(self.dataset):,} ({reason})") from error


def from_dataset(items: Items, how: Reading, *, at: Sequence[int] | None = None, batch: int = AT_ONCE) -> Found:
    """Read a data set that has a length and is addressed by index.

    Parameters
    ----------
    items : Items
    how : Reading
    at : sequence of int, optional
        Which rows; all of them by default.
    batch : int
        How many are read at once.
    """
    dataset = items.dataset
    where: Sequence[int] = range(len(dataset)) if at is None else at
    where = where if how.limit is None else where[: how.limit]
    if not len(where):
        raise ValueError("data must hold at least 1 example, got 0")
    if isinstance(dataset, TensorDataset) and not items.batched:
        return _of_tensors(dataset, where, how)
    pairing = Pairing(how.label, batched=items.batched)
    found = _joined(items.runs(where, batch), pairing, total=len(where))
    found.redraw = redraw_of(items, where, found.x, pairing, fixed=how.fixed)
    found.classes = names_of(dataset, pairing.key)
    return found


def _of_tensors(dataset: TensorDataset, where: Sequence[int], how: Reading) -> Found:
    pairing = Pairing(how.label, batched=True)
    x, y = pairing(tuple(dataset.tensors))
    whole = len(where) == len(dataset)
    at = slice(None) if whole else slice(0, len(where)) if isinstance(where, range) else torch.tensor(where)
    inputs = to_inputs(x)[0]
    return Found(rows(inputs, at), None if y is None else y[at], advice=pairing.advice)


def from_stream(stream: Iterable[Any], how: Reading, *, collate: Collate | None, batch: int | None) -> Found:
    """Read a stream, up to `limit` examples or a bound that is told.

    Parameters
    ----------
    stream : iterable
    how : Reading
    collate : callable, optional
        Makes a batch of a list of items.
    batch : int or None
        How many items it is given; None where it is not known whether items are examples or batches.
    """
    count = _length(stream)
    with seeded(SOME_SEED, HERE, everywhere=True):  # a loader draws when it begins
        started = iter(stream)
    items = _counted(started if count is None else itertools.islice(started, count))
    if collate is not None:
        items = _collated(items, collate, batch or 1)
    first = next(items, None)
    if first is None:
        raise ValueError("data must hold at least 1 example, got 0")
    batched = collate is not None or (batch is None and _is_batch(first, how))
    pairing = Pairing(how.label, batched=batched)
    endless = how.limit is None and count is None
    return _joined(itertools.chain([first], items), pairing, bound=STREAM_ROWS if endless else how.limit, said=endless)


def _length(stream: Any) -> int | None:
    """Return how many items a stream promises, None if it does not say."""
    try:
        return len(stream)
    except (TypeError, NotImplementedError):
        return None


def _counted(items: Iterator[Any]) -> Iterator[Any]:
    """Give the items of a stream, some at a time under a seed of their own."""
    for number in itertools.count():
        with seeded(mix(SOME_SEED, number), HERE, everywhere=True):
            some = list(itertools.islice(items, AT_ONCE if number else 1))
        if not some:
            return
        yield from some


def _collated(items: Iterator[Any], collate: Collate, batch: int) -> Iterator[Any]:
    while some := list(itertools.islice(items, batch)):
        yield collate(some)


def _is_batch(item: Any, how: Reading) -> bool:
    """Whether an item of a stream is a batch: as many labels as rows of inputs, and rows that are no single numbers."""
    if isinstance(item, Mapping):
        key = find_label(item, how.label)
        x, y = next((value for name, value in item.items() if name != key), None), item.get(key)
    elif isinstance(item, tuple | list) and len(item) > 1:
        there = isinstance(how.label, int) and -len(item) <= how.label < len(item)
        x, y = item[0], item[how.label if there else -1]  # type: ignore[index]
    else:
        return False
    while isinstance(x, tuple | Mapping) and x:
        x = x[0] if isinstance(x, tuple) else next(iter(x.values()))
    if getattr(x, "ndim", 0) < 2 or isinstance(y, str | bytes) or not hasattr(y, "__len__"):
        return False
    return bool(getattr(y, "ndim", 1)) and len(y) == len(x)  # type: ignore[arg-type]


def _joined(
    items: Iterable[Any], pairing: Pairing, *, total: int | None = None, bound: int | None = None, said: bool = False
) -> Found:
    """Put items together as inputs and labels, up to `bound` examples; `said`: tell that there may have been more."""
    labels: list[Any] = []
    count = 0
    with closing(Spools()) as spools:
        for item in items:
            given, y = pairing(item)
            x = several(given) if pairing.batched else one(given)
            if not count and total is not None:
                _check_room(nbytes(x) * total // max(1, len(tensors(x)[0])))
            spools.add(x)
            labels.append(y)
            count += len(tensors(x)[0])
            if bound is not None and (count >= bound or (said and spools.nbytes > STREAM_BYTES)):
                if said:
                    _say_bound(count)
                break
        found, y = spools.whole(), joined_labels(labels, batched=pairing.batched)
    if bound is not None and count > bound:
        found, y = rows(found, slice(0, bound)), None if y is None else y[:bound]
    return Found(found, y, advice=pairing.advice)


def _say_bound(count: int) -> None:
    warnings.warn(
        f"the data are a stream without a length: its first {count:,} examples were read; pass limit= to say how many",
        stacklevel=2,
    )


def _check_room(size: int) -> None:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > MOST_IN_MEMORY and size > 0.9 * free:
        raise ValueError(
            f"the data would take {size / 2**30:,.0f} GB, and {free / 2**30:,.0f} GB are free for temporary files: "
            "pass limit= to read fewer examples, or make them smaller"
        )


def names_of(dataset: Any, key: str | None) -> tuple[str, ...] | None:
    """Return the class names that a data set brings, as torchvision's and Hugging Face's do."""
    for _ in range(8):
        feature = getattr(dataset, "features", None)
        names = (
            getattr(feature[key], "names", None) if feature and key in feature else getattr(dataset, "classes", None)
        )
        if isinstance(names, list | tuple) and len(names) >= 2 and len(set(map(str, names))) == len(names):
            return tuple(str(name) for name in names)
        inner = getattr(dataset, "dataset", None) or (getattr(dataset, "datasets", None) or [None])[0]
        if inner is None:
            return None
        dataset = inner
    return None
