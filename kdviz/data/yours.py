"""Your own data as `Examples` and `Splits`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kdviz.data.copies import say_copies, without_copies
from kdviz.data.found import Found
from kdviz.data.inputs import tensors
from kdviz.data.labels import Labels, Numbering, labels_of, numbered, numbering, read_labels, signs
from kdviz.data.masks import read_masks
from kdviz.data.memory import UNKNOWN, Examples, Splits
from kdviz.data.order import proportional_order
from kdviz.data.reading import parts_of, read
from kdviz.data.streams import Reading


def examples(
    anything: Any, *, label: str | int | None = None, limit: int | None = None, fixed: bool = False
) -> Examples:
    """Convert data to `Examples`.

    Parameters
    ----------
    anything : Examples, (X, y), X, frame, mapping, Dataset, DataLoader or stream
        X is a tensor or array, a table of pandas or polars, a mapping of names to arrays (token ids and masks), or a
        tuple of arrays; X alone means examples without labels. A mapping or table may also contain the labels. A torch
        or Hugging Face `Dataset` or a `DataLoader` of pairs (input, label) or mappings is read once, in the order of
        the data set and each row once, whatever the loader's sampler. A stream or generator is read up to `limit` or
        100,000 examples. Data of more than 512 MB are kept in a temporary file and read from there on use.
        X of type uint8 with three or four axes is treated as pixels and stays uint8, so that `inputs` scales it to
        [0, 1]. Integers of a Tensor, and those of several inputs, are ids and are kept; all else becomes float32.
    label : str or int, optional
        Which part is the label: a column of a table, a name in a mapping (by default "labels", "label", "y" or
        "target"), an index in a tuple of more than two.
    limit : int, optional
        The maximal number of examples to read, from the beginning.
    fixed : bool
        A data set that draws anew at each access (a random crop) is read again for each epoch, with a warning; with
        `fixed` the first draw is kept.

    Returns
    -------
    Examples
        An `Examples` object is returned unchanged.

    Raises
    ------
    ValueError
        If the data are empty, not finite, or of shapes or labels that do not fit.
    TypeError
        If `anything` is of an unknown kind.

    Examples
    --------
    >>> import numpy as np
    >>> examples((np.zeros((4, 3)), [0, 1, 1, 0]))
    Examples(4×3 float32, 4 labelled)
    """
    if isinstance(anything, Examples):
        return anything
    found = read(anything, Reading(label, limit, fixed))
    read_masks([found])
    labels = _labels(found)
    if labels.names is not None:
        raise ValueError(
            f"labels must be whole numbers, got {str(labels.names[0])!r}: kdviz.data.splits accepts class names"
        )
    return _built(found, labels, Numbering((), signs([labels])))


def splits(
    anything: Any,
    *,
    classes: Sequence[Any] | int | None = None,
    validation: Any = 0.1,
    test: Any = 0.1,
    seed: int = 0,
    name: str = "yours",
    label: str | int | None = None,
    limit: int | None = None,
    fixed: bool = False,
    copies: str = "keep",
) -> Splits:
    """Split your own data into training, validation and test parts.

    Parameters
    ----------
    anything : Splits, or data as for `examples`
        Labels may be class numbers, names, booleans, one-hot rows, or probabilities (N, C), which become `soft`.
        A mapping of "train", "validation" and "test" to data (a Hugging Face `DatasetDict`) has its own parts.
    classes : sequence of str or int, or int
        Names of the classes in the order of the models' outputs, or their number; by default those of the data, or
        counted from the labels. Labels that are names are put in natural order ("2" before "10"), with a warning.
        Numbers other than 0, 1, 2 ..., such as (3, 7, 9), are themselves the labels.
    validation, test : float, int or data
        A fraction in (0, 1) or a number of the labelled examples, drawn in the proportions of the classes; or
        separate data, as for `examples`. Examples without a label (-1) stay in the training part.
    seed : int
        Which draw.
    name : str
        Name and title of the result.
    label, limit, fixed
        As for `examples`. Validation and test parts always keep one draw.
    copies : "keep" or "drop"
        Whether to keep duplicate rows; "drop" keeps one of each, and none in two parts. Copies of training rows in
        another part are counted in a warning.

    Returns
    -------
    Splits
        A `Splits` object is returned unchanged. Each part keeps the order of the data.

    Raises
    ------
    ValueError
        If a part would be empty, or the data do not fit, or a label is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> splits((np.arange(300).reshape(100, 3), np.arange(100) % 2))
    Splits('yours', 2 classes, train 80, validation 10, test 10)
    """
    if isinstance(anything, Splits):
        return anything
    if copies not in ("keep", "drop"):
        raise ValueError(f'copies must be "keep" or "drop", got {copies!r}')
    how = Reading(label, limit, fixed)
    own = parts_of(anything)
    amounts = {"validation": validation, "test": test}
    given = {"train": anything if own is None else own["train"]}
    for part, value in amounts.items():
        if not _is_amount(value):
            given[part] = value
        elif own is not None and own[part] is not None:
            given[part] = own[part]
    found = {part: data if isinstance(data, Examples) else read(data, how) for part, data in given.items()}
    labels = {part: labels_of(one) if isinstance(one, Examples) else _labels(one) for part, one in found.items()}
    for part in [part for part in found if own is not None and part != "train" and labels[part].none]:
        warnings.warn(f"the {part} part has no labels, so it is drawn from the training part", stacklevel=2)
        del found[part], labels[part]
    mine = [one for one in found.values() if isinstance(one, Found)]
    read_masks(list(found.values()))
    unlabelled = next((f"; {one.advice}" for one in mine if one.advice and one.y is None), "")
    if classes is None and unlabelled and all(part.none for part in labels.values()):
        raise ValueError(f"data must have labels, or classes= and labelled parts, got none{unlabelled}")
    chosen = classes if classes is not None else _brought(mine, list(labels.values()))
    numbers = numbering(chosen, list(labels.values()))
    parts = {
        part: one if isinstance(one, Examples) else _built(one, labels[part], numbers) for part, one in found.items()
    }
    if copies == "drop":
        parts = without_copies(parts)
    train, drawn = _draw(parts, amounts, seed, unlabelled)
    if copies == "keep":
        say_copies(train, drawn["validation"], drawn["test"])
    features = next((one.features for one in mine if one.features), ())
    size = next((one.batch_size for one in mine if one.batch_size), None)
    held_out = drawn["validation"].fixed(), drawn["test"].fixed()
    return Splits(name, name, numbers.names, train, *held_out, features=features, batch_size=size)


def _draw(
    parts: dict[str, Examples], amounts: dict[str, Any], seed: int, unlabelled: str
) -> tuple[Examples, dict[str, Examples]]:
    """Draw the missing parts from the training part; return the rest of it, and the parts."""
    whole = parts["train"]
    known = whole.known.numpy()
    y = whole.y.numpy() if whole.y.ndim == 1 else np.where(known, 0, UNKNOWN)
    order = proportional_order(y, seed)
    order = order[known[order]]  # drawn parts need labels
    drawn = 0
    others = {}
    for part, amount in amounts.items():
        if part in parts:
            others[part] = parts[part]
            continue
        count = _count(part, amount, len(order), unlabelled)
        chosen = order[len(order) - drawn - count : len(order) - drawn]
        if len(chosen) < count or drawn + count >= len(whole):
            raise ValueError(f"{part} must leave examples for the training part, got {count} of {len(order)} labelled")
        drawn += count
        others[part] = whole.take(np.sort(chosen))
    kept = np.ones(len(whole), dtype=bool)
    kept[order[len(order) - drawn :]] = False
    return (whole if not drawn else whole.take(np.flatnonzero(kept))), others


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _count(what: str, amount: float, labelled: int, unlabelled: str) -> int:
    if isinstance(amount, float | np.floating):
        if not 0 < amount < 1:
            raise ValueError(f"{what} must be a fraction in (0, 1), a count or data, got {amount}")
        amount = max(1, round(float(amount) * labelled))
    if amount < 1:
        raise ValueError(f"{what} must hold at least 1 example, got {amount}")
    if labelled == 0:
        raise ValueError(f"{what} is drawn from labelled examples, got none: pass (X, y), or {what}=(X, y){unlabelled}")
    return int(amount)


def _labels(found: Found) -> Labels:
    """Read the labels; all are unknown where there are none."""
    count = len(tensors(found.x)[0])
    if count == 0:
        raise ValueError("data must hold at least 1 example, got 0")
    if found.y is None:
        return Labels(np.full(count, UNKNOWN), None, np.ones(count, dtype=bool), raw=False)
    sequences = [tuple(x.shape) for x in tensors(found.x) if x.ndim == 3 or (x.ndim == 2 and not x.is_floating_point())]
    return read_labels(found.y, sequences, count)


def _brought(found: Sequence[Found], labels: Sequence[Labels]) -> tuple[str, ...] | None:
    """Return the class names in the data, if the labels are indices into their list."""
    names = next((one.classes for one in found if one.classes), None)
    if names is None or any(part.names is not None for part in labels):
        return None
    highest = max((int(part.numbers.max()) for part in labels if part.numbers is not None), default=0)
    return names if highest < len(names) else None


def _built(found: Found, labels: Labels, classes: Numbering) -> Examples:
    y, soft = numbered(labels, classes)
    return Examples(found.x, torch.from_numpy(y), soft=soft, redraw=found.redraw)
