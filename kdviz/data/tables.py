"""Tables with named columns: pandas and polars frames, read column by column so that a sentence can name one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

Column = tuple[str, Any, str]  # name, values, what the frame calls their kind

WIDE = 100.0  # a standard deviation with which a network hardly learns from the other columns
LOST = 0.01  # of a column's standard deviation, that rounding to float32 may cost


def is_frame(values: Any) -> bool:
    """Whether values are a table of pandas, polars or pyarrow."""
    names = getattr(values, "columns", None)
    if hasattr(values, "column_names") and hasattr(values, "to_pandas"):
        return not hasattr(values, "features")  # a pyarrow table; a Hugging Face data set has features
    return names is not None and hasattr(values, "shape") and (hasattr(values, "iloc") or hasattr(values, "to_numpy"))


def columns_of(frame: Any) -> list[Column]:
    """List the columns of a table."""
    if not hasattr(frame, "columns") or hasattr(frame, "column_names"):
        frame = frame.to_pandas()
    if hasattr(frame, "iloc"):
        names = ["_".join(map(str, n)) if isinstance(n, tuple) else str(n) for n in frame.columns]
        series = [frame.iloc[:, i] for i in range(len(names))]
    else:
        names = [str(name) for name in frame.columns]
        series = [frame[name] for name in frame.columns]
    return [(name, one, str(one.dtype)) for name, one in zip(names, series, strict=True)]


def column(frame: Any, name: Any) -> tuple[Any, Any]:
    """Take one column out of a table: the column, and the table without it.

    Raises
    ------
    ValueError
        If there is no column of that name.
    """
    if not hasattr(frame, "columns") or hasattr(frame, "column_names"):
        frame = frame.to_pandas()
    if name not in list(frame.columns):
        raise ValueError(f"label must name a column of the table ({_some(frame.columns)}), got {name!r}")
    if hasattr(frame, "iloc"):
        taken = frame[name]
        if taken.ndim != 1:
            raise ValueError(f"label must name one column, got {taken.shape[1]} columns named {name!r}")
        return taken, frame.drop(columns=[name])
    return frame[name], frame.drop(name)


def _some(names: Iterable[Any]) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:12]) + (f" and {len(listed) - 12} more" if len(listed) > 12 else "")


@dataclass(frozen=True)
class Advice:
    """How a column is changed, in the words of the library that the table is of."""

    drop: str = "frame.drop(columns=[{0!r}])"
    dummies: str = "pd.get_dummies(frame, columns=[{0!r}])"
    fill: str = "frame[{0!r}] = frame[{0!r}].astype(float).fillna(0)"
    as_float: str = "frame[{0!r}] = frame[{0!r}].astype(float)"
    standardize: str = "(frame - frame.mean()) / frame.std()"
    days: str = "frame[{0!r}] = (pd.to_datetime(frame[{0!r}]) - pd.Timestamp(0)).dt.days"
    seconds: str = "frame[{0!r}] = frame[{0!r}].dt.total_seconds()"


PANDAS = Advice()
POLARS = Advice(
    drop="frame.drop({0!r})",
    dummies="frame.to_dummies([{0!r}])",
    fill="frame.with_columns(pl.col({0!r}).cast(pl.Float64).fill_null(0).fill_nan(0))",
    as_float="frame.with_columns(pl.col({0!r}).cast(pl.Float64))",
    standardize="frame.with_columns((pl.all() - pl.all().mean()) / pl.all().std())",
    days="frame.with_columns(pl.col({0!r}).cast(pl.Date).to_physical())",
    seconds="frame.with_columns(pl.col({0!r}).dt.total_seconds())",
)


def advice_for(frame: Any) -> Advice:
    """Return the words for a table."""
    return POLARS if type(frame).__module__.startswith("polars") else PANDAS


def matrix(columns: Sequence[Column], advice: Advice = PANDAS) -> Tensor:
    """Put columns of numbers and truth values side by side, float32, shape (N, columns).

    Raises
    ------
    ValueError
        If a column holds something else; the sentence names it, and what to do.
    """
    if not columns:
        raise ValueError("inputs must have at least 1 column, got a table with none")
    found, wrong = [], []
    for name, values, kind in columns:
        try:
            found.append((name, _numbers(name, values, kind, advice)))
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        more = f" (and {len(wrong) - 3} more columns)" if len(wrong) > 3 else ""
        raise ValueError("; ".join(wrong[:3]) + more)
    if not say_lost_differences([(f"column {name!r}", values) for name, values in found]):
        say_wide(found, advice)
    out = np.empty((len(found[0][1]), len(found)), dtype=np.float32)
    for i, (_, values) in enumerate(found):
        out[:, i] = values
    return torch.from_numpy(out)


def _numbers(name: str, values: Any, kind: str, advice: Advice) -> np.ndarray:
    """Return one column as numbers, or say why it has none."""
    what = f"column {name!r}"
    if kind in ("category", "Categorical", "Enum") or kind.startswith(("Categorical(", "Enum(")):
        raise ValueError(f"{what} holds categories: make a column of each, {advice.dummies.format(name)}")
    array = _array(values)
    if array.dtype.kind in "Mm" or kind.startswith("period"):
        way = advice.seconds if array.dtype.kind == "m" else advice.days
        held = "durations" if array.dtype.kind == "m" else "dates"
        raise ValueError(f"{what} holds {held}: make numbers of them, {way.format(name)}")
    if array.dtype.kind in "USO":
        array = _of_objects(array, name, advice)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} must hold numbers, got {kind}")
    if array.ndim != 1:
        raise ValueError(f"{what} must hold one number a row, got shape {array.shape[1:]}")
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            broken = ~np.isfinite(array.astype(np.float32))
        if broken.any():
            missing = int(np.isnan(array).sum())
            if missing:
                raise ValueError(
                    f"{what} misses {missing:,} of {len(array):,} values: fill them, "
                    f"{advice.fill.format(name)}, or leave out those rows"
                )
            raise ValueError(f"{what} holds infinity or numbers beyond float32: remove or rescale those values")
    return array


def _array(values: Any) -> np.ndarray:
    """Return a column as an array; one of nullable numbers with NaN for what is missing."""
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)


def _of_objects(array: np.ndarray, name: str, advice: Advice) -> np.ndarray:
    missing = [is_missing(one) for one in array.tolist()]
    there = [one for one, gone in zip(array.tolist(), missing, strict=True) if not gone]
    if all(isinstance(one, bool | int | float | np.number | np.bool_) for one in there) and there:
        return np.array([np.nan if gone else float(one) for one, gone in zip(array.tolist(), missing, strict=True)])
    odd = next((one for one in there if not isinstance(one, bool | int | float)), None)
    if isinstance(odd, str | bytes):
        try:
            [float(one) for one in there]
        except ValueError:
            raise ValueError(
                f"column {name!r} holds text such as {odd!r:.40}: leave it out, {advice.drop.format(name)}, or make "
                f"a column of each word, {advice.dummies.format(name)}"
            ) from None
        raise ValueError(
            f"column {name!r} holds numbers written as text such as {odd!r}: {advice.as_float.format(name)}"
        )
    if odd is None:
        raise ValueError(f"column {name!r} misses all its values: leave it out, {advice.drop.format(name)}")
    if hasattr(odd, "isoformat"):
        raise ValueError(f"column {name!r} holds dates such as {odd}: make numbers of them, {advice.days.format(name)}")
    try:
        return np.array([np.nan if gone else float(one) for one, gone in zip(array.tolist(), missing, strict=True)])
    except (TypeError, ValueError):
        raise ValueError(
            f"column {name!r} holds values of type {type(odd).__name__}: leave it out, {advice.drop.format(name)}"
        ) from None


def is_missing(one: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT or pandas' NA."""
    return one is None or (isinstance(one, float) and one != one) or type(one).__name__ in ("NAType", "NaTType")


def say_lost_differences(columns: Sequence[tuple[str, np.ndarray]]) -> bool:
    """Warn of columns whose values lie so far from 0 that float32 cannot tell them apart: time stamps, ids.

    Whether there are any.
    """
    lost = []
    for what, values in columns:
        if values.dtype.kind == "b" or values.dtype in (np.float32, np.float16) or not len(values):
            continue
        largest = max(abs(float(values.max())), abs(float(values.min())))
        if largest > 2**14 and np.isfinite(largest) and largest * 2.0**-24 > LOST * float(np.std(values)) > 0:
            lost.append(what)
    if lost:
        some = ", ".join(lost[:5]) + (" ..." if len(lost) > 5 else "")
        warnings.warn(
            f"{some}: the numbers lie so far from 0 that float32 loses their differences; subtract the smallest first",
            stacklevel=2,
        )
    return bool(lost)


def say_wide(columns: Sequence[tuple[str, np.ndarray]], advice: Advice = PANDAS) -> None:
    """Warn of columns that spread so far that a network hardly sees the others: incomes beside ages."""
    spreads = {name: float(np.std(values, dtype=np.float64)) for name, values in columns}
    wide = [f"{name!r} ({spread:,.0f})" for name, spread in spreads.items() if spread > WIDE]
    if wide:
        some = ", ".join(wide[:3]) + (f" and {len(wide) - 3} more" if len(wide) > 3 else "")
        warnings.warn(
            f"columns with a large standard deviation: {some}; networks learn from values of about 1, so give them "
            f"the features as {advice.standardize}",
            stacklevel=2,
        )
