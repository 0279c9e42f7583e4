"""Labels in their usual forms, converted to class numbers: whole numbers, booleans, names, one-hot or soft.

This takes two steps, because the parts of a data set must be numbered consistently: `read_labels` reads the labels of
one part, `numbering` considers all parts together, and `numbered` returns the class numbers of each part.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.data.memory import IGNORED, UNKNOWN, Examples
from kdviz.data.tables import is_missing

MOST_CLASSES = 2**19  # twice the largest vocabularies
MISSING = ("", "nan", "NaN", "<NA>", "NaT", "None")  # numpy's and pandas' text for a missing name
SUMS_TO_ONE = 1e-3  # tolerance for rows of rounded probabilities
SHOWN = 12  # most names listed in a sentence


@dataclass
class Labels:
    """The labels of one part, before its classes are numbered.

    Parameters
    ----------
    numbers : ndarray of int64, shape (N,) or (N, L), or None
        The original class numbers; those marked in `unknown` do not count.
    names : ndarray of str, shape (N,), or None
        Class names, where the labels are names.
    unknown : ndarray of bool, shape (N,) or (N, L)
        Which labels are missing.
    soft : Tensor, shape (N, C), optional
        Probabilities.
    categories : tuple of str, optional
        Names in the order defined by the data.
    raw : bool
        Whether the numbers may need interpretation; those of `Examples`, one-hot rows and tokens are class numbers.
    """

    numbers: np.ndarray | None
    names: np.ndarray | None
    unknown: np.ndarray
    soft: Tensor | None = None
    categories: tuple[str, ...] | None = None
    raw: bool = True

    @property
    def none(self) -> bool:
        """Whether no label is known."""
        return bool((self.unknown if self.numbers is None else self.unknown | (self.numbers < 0)).all())


@dataclass(frozen=True)
class Numbering:
    """The names of the classes, and their labels where those are not 0, 1, 2 ..."""

    names: tuple[str, ...]
    values: tuple[int, ...] | None = None


def read_labels(given: Any, sequences: Sequence[tuple[int, ...]], count: int) -> Labels:
    """Read the labels of one part.

    Parameters
    ----------
    given : Tensor, array, list or Series
        One label for each of `count` examples; or of shape (N, C), one-hot or probabilities; or (N, L), one per token.
    sequences : sequence of tuple
        Shapes (N, L, ...) of those inputs that are sequences; their tokens may have labels.
    count : int
        The number of examples.

    Raises
    ------
    ValueError
        If the labels are of another kind, which the sentence names.
    """
    categorical = _categorical(given)
    y = categorical.names if categorical is not None else label_array(given)
    assert y is not None
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 0 or len(y) != count:
        got = len(y) if y.ndim else "a single value"
        raise ValueError(f"inputs and labels must have equal length, got {count} and {got}")
    if categorical is not None:
        return categorical
    if y.ndim > 2:
        raise ValueError(f"labels must have shape ({count},), ({count}, classes) or ({count}, tokens), got {y.shape}")
    if y.dtype.kind == "O":
        y, missing = _plain(y)
    elif y.dtype.kind in "US":
        y = y.astype(str)
        missing = np.asarray(np.char.strip(y) == "")
    else:
        missing = np.isnan(y) if y.dtype.kind == "f" else np.zeros(y.shape, dtype=bool)
    if y.dtype.kind == "U":
        if y.ndim != 1:
            raise ValueError(f"class names must have shape ({count},), got {y.shape}")
        return Labels(None, y, missing)
    if y.dtype.kind not in "biuf":
        raise ValueError(f"labels must be whole numbers or class names, got {y.dtype}")
    if y.ndim == 2:
        tokens = any(shape[:2] == y.shape for shape in sequences)
        return _of_tokens(y, missing) if tokens and not _like_rows(y, missing) else _of_rows(y, missing, tokens)
    return Labels(_whole(y, missing), None, missing)


def label_array(given: Any) -> np.ndarray:
    """Return labels as an array, keeping missing ones missing."""
    if isinstance(given, Tensor):
        return given.detach().cpu().numpy() if given.dtype != torch.bfloat16 else given.detach().cpu().float().numpy()
    if isinstance(given, np.ma.MaskedArray):
        y = np.asarray(given.data).astype(object)
        y[np.ma.getmaskarray(given)] = None
        return y
    if hasattr(given, "to_numpy"):
        return np.asarray(given.to_numpy())
    if isinstance(given, list | tuple) and given and not isinstance(given[0], np.ndarray | Tensor | list | tuple):
        y = np.empty(len(given), dtype=object)
        y[:] = given
        return y
    try:
        if isinstance(given, list | tuple) and given and all(isinstance(one, Tensor) for one in given):
            return np.array([np.asarray(one.detach().cpu()) for one in given])
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(
            f"labels must be one per example, or equally many for each, got lists of different length ({error}): pad "
            "them with -100, which means unknown"
        ) from error


def _categorical(given: Any) -> Labels | None:
    """Read a pandas Categorical, or a Series of that kind, whose categories have an order."""
    values = getattr(given, "array", given)
    categories, codes = getattr(values, "categories", None), getattr(values, "codes", None)
    if categories is None or codes is None:
        return None
    names = tuple(_name(category) for category in categories)
    numbers = np.asarray(codes).astype(np.int64)
    text = np.array([*names, ""])[numbers]
    as_text = not getattr(values, "ordered", False) and list(names) == sorted(
        names
    )  # sorted by pandas, "10" before "2"
    doubtful = as_text and list(names) != sorted(names, key=_natural)
    return Labels(None, text, numbers < 0, categories=None if doubtful else names)


def _plain(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert objects to names or numbers, and return which are missing."""
    flat = [one.item() if isinstance(one, Tensor | np.generic) else one for one in y.ravel().tolist()]
    missing = np.array([_is_missing(one) for one in flat], dtype=bool)
    present = [one for one, gone in zip(flat, missing, strict=True) if not gone]
    if all(isinstance(one, bool | int | float) for one in present):
        kind = np.float64 if any(isinstance(one, float) for one in present) else np.int64
        try:
            values = np.array([0 if gone else one for one, gone in zip(flat, missing, strict=True)], dtype=kind)
        except OverflowError as error:
            raise ValueError(f"labels must be whole numbers below {MOST_CLASSES:,}, got {max(present)}") from error
    elif all(isinstance(one, str | bytes | bool | int | float) for one in present):
        values = np.array(["" if gone else _name(one) for one, gone in zip(flat, missing, strict=True)])
    else:
        odd = next(one for one in present if not isinstance(one, str | bytes | bool | int | float))
        shown = " ".join(repr(odd).split())[:60]
        raise ValueError(f"labels must be whole numbers or class names, got {type(odd).__name__} such as {shown}")
    return values.reshape(y.shape), missing.reshape(y.shape)


def _is_missing(one: Any) -> bool:
    if isinstance(one, str | bytes):
        return not one.strip()
    return is_missing(one)


def _name(one: Any) -> str:
    return one.decode() if isinstance(one, bytes) else str(one)


def _whole(y: np.ndarray, missing: np.ndarray) -> np.ndarray:
    y = np.where(missing, 0, y)
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            raise ValueError("labels must be whole numbers, got infinity")
        if (y != np.round(y)).any():
            raise _quantity(y)
    if y.size and (np.abs(y.astype(np.float64)).max() >= 2.0**62):
        raise ValueError(f"labels must be whole numbers below {MOST_CLASSES:,}, got {y.max()}")
    return y.astype(np.int64)


def _quantity(y: np.ndarray) -> ValueError:
    broken = y[y != np.round(y)][0]
    if y.ndim == 1 and y.min() >= 0 and y.max() <= 1:
        return ValueError(
            f"labels must be whole numbers, got {broken}: for probabilities of one of two classes pass "
            "np.stack([1 - y, y], axis=1)"
        )
    return ValueError(
        f"labels must be whole numbers, got {broken}: a quantity (regression) has no classes to distill; cut it into "
        "bands first, np.digitize(y, np.quantile(y, [0.25, 0.5, 0.75]))"
    )


def _like_rows(y: np.ndarray, missing: np.ndarray) -> bool:
    """Whether labels that could be one per token are in fact one-hot or probabilities."""
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        return True
    return bool(not missing.any() and ((y == 0) | (y == 1)).all() and (y.sum(1) == 1).all())


def _of_tokens(y: np.ndarray, missing: np.ndarray) -> Labels:
    numbers = _whole(y, missing)
    return Labels(numbers, None, missing | (numbers == UNKNOWN) | (numbers == IGNORED), raw=False)


def _of_rows(y: np.ndarray, missing: np.ndarray, tokens: bool) -> Labels:
    """Read labels of shape (N, C): one-hot, probabilities, or neither."""
    unknown = np.asarray(missing.all(1))
    if (missing.any(1) & ~unknown).any():
        raise ValueError("a row of probabilities must be complete or missing, got rows with NaN in some classes")
    y = np.where(missing, 0, y).astype(y.dtype if y.dtype.kind == "f" else np.float64)
    sums = y.sum(1)
    hot = bool(((y == 0) | (y == 1)).all())
    if hot and (sums[~unknown] <= 1).all():
        empty = int((sums == 0).sum())
        more = f"; {empty:,} rows without a 1 have no label" if empty else ""
        more += "; for one label per token pass kd.data.Examples(x, y)" if tokens else ""
        warnings.warn(
            f"labels of shape {y.shape} are one-hot and were read as class numbers, y.argmax(1){more}", stacklevel=2
        )
        none = np.asarray(sums == 0)
        return Labels(np.where(none, UNKNOWN, y.argmax(1)), None, none, raw=False)
    if hot:
        several = int((sums > 1).sum())
        raise ValueError(
            f"labels of shape {y.shape} are multi-label ({several:,} rows hold several ones), and the classes of a "
            "distillation exclude each other: distill one column at a time, y[:, 0]"
        )
    if not np.isfinite(y).all():
        raise ValueError("labels must be finite, got infinity")
    if (y >= 0).all() and (np.abs(sums[~unknown] - 1) <= SUMS_TO_ONE).all():
        soft = torch.from_numpy(y if y.dtype == np.float64 else y.astype(np.float32))
        return Labels(np.where(unknown, UNKNOWN, y.argmax(1)), None, unknown, soft, raw=False)
    if (y == np.round(y)).all():
        raise ValueError(
            f"labels must have shape ({len(y)},), got {y.shape} of whole numbers, which are neither one-hot nor one "
            "for each token of the inputs: pass one column, y[:, 0]"
        )
    raise ValueError(
        f"labels of shape {y.shape} hold rows that are not probabilities (0 or more, sum 1): pass y.softmax(1) for "
        "logits; quantities (regression) have no classes to distill"
    )


def labels_of(examples: Examples) -> Labels:
    """Return the labels of examples, which are already class numbers."""
    y = examples.y.numpy()
    return Labels(y, None, y < 0, examples.soft, raw=False)


def numbering(classes: Sequence[Any] | int | None, parts: Sequence[Labels]) -> Numbering:
    """Return the names of the classes of all parts, in the order of their numbers.

    Parameters
    ----------
    classes : sequence of str or int, int or None
        The user's classes; None to count them. Numbers other than 0, 1, 2 ... are themselves the labels.
    parts : sequence of Labels

    Warns
    -----
    UserWarning
        Where something was chosen automatically: an order, or the meaning of labels of -1.

    Raises
    ------
    ValueError
        If there are fewer than two classes, or too many, or two with the same name.
    """
    names = None if classes is None else _given_names(classes)
    by_name = [part for part in parts if part.names is not None]
    if by_name:
        if names is None or isinstance(classes, int | np.integer):
            names = _checked(_ordered_names(parts, by_name), len(names or ()))
        return Numbering(names)
    raw = [part.numbers[~part.unknown] for part in parts if part.raw and part.numbers is not None]
    different = np.unique(np.concatenate(raw)) if raw else np.array([], dtype=np.int64)
    found = tuple(int(n) for n in different)
    if names is not None:
        return Numbering(names, _values(found, names, classes))
    low = next((n for n in found if n < UNKNOWN and n != IGNORED), None)
    if low is not None:
        raise ValueError(
            f"labels must be 0 or more, or -1 for unknown, got {low}: use y - y.min() to count from 0, or "
            "classes=np.unique(y)"
        )
    others = [part.numbers[~part.unknown] for part in parts if not part.raw and part.numbers is not None]
    highest = max([-1, *found[-1:], *(int(y.max()) for y in others if y.size)])
    _check_number(highest + 1, f"a label of {highest}")
    width = {part.soft.shape[1] for part in parts if part.soft is not None}
    if not others and signs(parts):
        return Numbering(("-1", "1"), found)
    known = [n for n in found if n >= 0]
    if known and not others and len(known) <= highest:
        _say_gaps(known, highest)
    return Numbering(_checked(tuple(str(c) for c in range(max([highest + 1, *width])))))


def signs(parts: Sequence[Labels]) -> tuple[int, ...] | None:
    """Return (-1, 1) where these are all labels and so two classes, else None; warn where -1 is ambiguous."""
    raw = [part.numbers[~part.unknown] for part in parts if part.raw and part.numbers is not None]
    found = tuple(int(n) for n in np.unique(np.concatenate(raw))) if raw else ()
    if found == (-1, 1):
        warnings.warn(
            "labels -1 and 1 were read as two classes, named -1 and 1; where -1 means unknown pass "
            "kd.data.Examples(x, y)",
            stacklevel=2,
        )
        return found
    if found in ((-1, 0), (-1, 0, 1)):
        quoted = ", ".join(f"'{n}'" for n in found)
        warnings.warn(
            f"labels {', '.join(map(str, found))}: -1 was read as unknown, as always; if it is a class pass "
            f"kd.data.splits(data, classes=({quoted}))",
            stacklevel=2,
        )
    return None


def _values(
    found: tuple[int, ...], names: tuple[str, ...], classes: Sequence[Any] | int | None
) -> tuple[int, ...] | None:
    """Return the labels for the given names, None where labels are indices into the list."""
    if len(found) == len(names) and found in ((-1, 1), (-1, 0), (-1, 0, 1)):
        return found  # otherwise a class would never occur
    if classes is None or isinstance(classes, int | np.integer):
        return None
    try:
        values = tuple(int(name) for name in names)
    except ValueError:
        return None
    meant = not any(isinstance(one, str) for one in classes) or any(n >= len(names) for n in found)
    return values if meant and {n for n in found if n != UNKNOWN} <= set(values) else None


def _say_gaps(found: list[int], highest: int) -> None:
    none = highest + 1 - len(found)
    ways = "they begin at 1: subtract 1, or " if found == list(range(1, highest + 1)) else ""
    if len(found) > 5 * SHOWN:
        ways = "if they are a quantity cut it into bands, np.digitize(y, ...), else "
    own = f"classes=({', '.join(map(str, found))})" if len(found) <= SHOWN else "classes=np.unique(y)"
    warnings.warn(
        f"labels are {_listed([str(n) for n in found])}, so {highest + 1:,} classes were counted, of which "
        f"{none:,} never occur; {ways}pass {own} for those that do, or classes={highest + 1} if all are meant",
        stacklevel=2,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def _given_names(classes: Any) -> tuple[str, ...]:
    if isinstance(classes, int | np.integer):
        _check_number(int(classes), f"classes={classes}")
        return _checked(tuple(str(c) for c in range(classes)))
    if isinstance(classes, str | bytes) or not hasattr(classes, "__len__"):
        raise ValueError(f"classes must be a sequence of names or a number, got {classes!r}")
    _check_number(len(classes), f"{len(classes):,} names")
    return _checked(tuple(_name(c.item() if isinstance(c, Tensor | np.generic) else c) for c in classes))


def _check_number(count: int, got: str) -> None:
    if count > MOST_CLASSES:
        raise ValueError(
            f"data can have at most {MOST_CLASSES:,} classes, got {got}: number the classes from 0, "
            "np.unique(y, return_inverse=True)[1]"
        )


def _checked(names: tuple[str, ...], promised: int = 0) -> tuple[str, ...]:
    if promised and len(names) != promised:
        raise ValueError(f"classes={promised} and the labels name {len(names)} ({_listed(names)}): pass their names")
    if len(names) < 2:
        raise ValueError(f"data must have at least 2 classes, got {len(names)}: pass labels, or classes=")
    if len(set(names)) < len(names):
        raise ValueError(f"class names must differ, got {_listed(names)}")
    _check_number(len(names), f"{len(names):,} names")
    return names


def _ordered_names(parts: Sequence[Labels], named: Sequence[Labels]) -> tuple[str, ...]:
    brought = {part.categories for part in named}
    if len(brought) == 1 and len(named) == len(parts) and None not in brought:
        return next(iter(brought)) or ()
    words: list[np.ndarray] = []
    for part in parts:
        present = ~part.unknown
        if part.names is not None:
            words.append(np.unique(part.names[present]))
        elif part.numbers is not None:
            words.append(np.unique(part.numbers[present]).astype(str))
    found = sorted({str(name) for some in words for name in some} - set(MISSING), key=_natural)
    if len(found) >= 2:
        warnings.warn(
            f"the classes were put in the order {_listed(found)}; pass classes=(...) in the order of the "
            "models' outputs",
            stacklevel=2,
        )
    return tuple(found)


def _natural(name: str) -> tuple[Any, ...]:
    """Sort key for natural order: "2" before "10", -1 before 1.

    >>> sorted(["10", "2", "b10", "b9", "-1", "1.5"], key=_natural)
    ['-1', '1.5', '2', '10', 'b9', 'b10']
    """
    try:
        return (0, float(name), name)
    except ValueError:
        pieces = re.split(r"(\d+)", name)
        return (
            1,
            tuple((1, int(p), "") if p.isdigit() and p.isascii() else (2, 0, p.casefold()) for p in pieces),
            name,
        )


def numbered(labels: Labels, classes: Numbering) -> tuple[np.ndarray, Tensor | None]:
    """Return the class number of each label, -1 where unknown, and the probabilities if any."""
    if labels.names is not None:
        return _numbers_of_names(labels, classes.names), None
    assert labels.numbers is not None
    y = np.where(labels.unknown | (labels.numbers == IGNORED), UNKNOWN, labels.numbers)
    if labels.raw:
        _say_missing(labels.unknown, "")
        if classes.values is not None:
            values = np.array(classes.values)
            place = np.argsort(values)
            at = place[np.searchsorted(values, labels.numbers, sorter=place).clip(max=len(values) - 1)]
            y = np.where(~labels.unknown & (values[at] == labels.numbers), at, UNKNOWN)
    return y, labels.soft


def _numbers_of_names(labels: Labels, classes: tuple[str, ...]) -> np.ndarray:
    assert labels.names is not None
    place = {name: index for index, name in enumerate(classes)}
    different, inverse = np.unique(labels.names, return_inverse=True)
    numbers = np.array([place.get(str(name), UNKNOWN) for name in different], dtype=np.int64)[inverse]
    lost = (numbers < 0) & ~labels.unknown
    gone = np.isin(labels.names, MISSING)
    if (lost & ~gone).any():
        unknown = str(np.unique(labels.names[lost & ~gone])[0])
        raise ValueError(f"labels must be among the classes {_listed(classes)}, got {unknown!r}")
    words = sorted({str(word) for word in np.unique(labels.names[lost])})
    written = f" (written {', '.join(map(repr, words))}; name it in classes= if it is a class)" if words else ""
    _say_missing(labels.unknown | lost, written)
    return np.where(labels.unknown, UNKNOWN, numbers)


def _say_missing(missing: np.ndarray, written: str) -> None:
    count = int(missing.sum())
    if count:
        warnings.warn(
            f"{count:,} of {len(missing):,} labels are missing{written}: these examples were taken as unlabelled",
            stacklevel=2,
        )
