"""What all widgets here share: keyword-only traits, numbers packed as bytes, several traits set as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from kdviz.widgets.from_page import Placed, reference
from kdviz.widgets.library import Library, closed_for, opened_for


class WrongTraitError(traitlets.TraitError, ValueError):
    """A value that a trait cannot take; a ValueError that traitlets knows how to roll back."""


class Packed(traitlets.Bytes):
    """A trait that holds numbers as little-endian bytes and takes arrays as well.

    Parameters
    ----------
    dtype : str
        NumPy type of one number: `"<f4"` (float32) or `"u1"` (uint8).
    **kwargs
        As for `traitlets.Bytes`.
    """

    def __init__(self, dtype: str, **kwargs: Any) -> None:
        self.dtype = np.dtype(dtype)
        super().__init__(b"", **kwargs)

    def validate(self, obj: Any, value: Any) -> bytes:
        """Turn an array, bytearray or memoryview into bytes."""
        if isinstance(value, bytes):
            return value
        if isinstance(value, bytearray | memoryview):
            return bytes(value)
        if value is None or isinstance(value, str | dict):
            raise WrongTraitError(f"{self.name} must be bytes or an array of {self.dtype}, got {value!r}")
        return np.ascontiguousarray(np.asarray(value), dtype=self.dtype).tobytes()


class Stateful(Placed, anywidget.AnyWidget):
    """A widget whose whole state is its traits; arguments are keyword-only and their names are checked.

    Parameters
    ----------
    **traits
        Values by trait name; `own_traits()` lists names and meanings.

    Raises
    ------
    TypeError
        When an argument is not a trait of the widget; the sentence names the traits.
    """

    def __init__(self, **traits: Any) -> None:
        self._refuse_unknown(traits)
        super().__init__(**traits)

    @classmethod
    def own_traits(cls) -> dict[str, str]:
        """Names and help texts of the traits that are the widget's own, without those of ipywidgets."""
        inherited = anywidget.AnyWidget.class_trait_names()
        return {
            name: trait.help
            for name, trait in cls.class_traits(sync=True).items()
            if name not in inherited and not name.startswith("_")
        }

    def _refuse_unknown(self, traits: dict[str, Any]) -> None:
        unknown = [name for name in traits if not self.has_trait(name)]
        if unknown:
            known = ", ".join(sorted(self.own_traits()))
            raise TypeError(f"{type(self).__name__} has no trait {unknown[0]!r}, expected one of: {known}")

    def update(self, **traits: Any) -> None:
        """Set several traits as one: checked together, sent in one message.

        Parameters
        ----------
        **traits
            New values by trait name; traits that depend on one another (logits and classes) change together.

        Raises
        ------
        TypeError
            When a name is not a trait of the widget.
        WrongTraitError
            When a value does not fit; then none of the traits has changed.
        """
        self._refuse_unknown(traits)
        with self.hold_sync(), self.hold_trait_notifications():
            for name, value in traits.items():
                setattr(self, name, value)


class View(Stateful):
    """A widget that draws: its own modules, with those that all views of its page share.

    A subclass takes its JavaScript and its look from the folder it lies in: ``_esm, _css = bundle.view(__file__)``.

    Attributes
    ----------
    part : str
        What a link calls it where a lecturer can hide it; a tab has the tab's name.
    needs_python : bool
        It is nothing without a kernel, so that a page in one file leaves it out.
    """

    part: ClassVar[str] = ""
    needs_python: ClassVar[bool] = False

    _library = traitlets.Instance(Library, allow_none=True).tag(sync=True, to_json=reference)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._library = opened_for(self)

    def close(self) -> None:
        """Close the widget, and with the last one of all what they share."""
        super().close()
        closed_for(self)


def finite_above_zero(name: str, value: float) -> float:
    """Return `value` when it is finite and > 0, else raise WrongTraitError."""
    if not (math.isfinite(value) and value > 0):
        raise WrongTraitError(f"{name} must be finite and > 0, got {value}")
    return value


def finite_from_zero(name: str, value: float) -> float:
    """Return `value` when it is finite and >= 0, else raise WrongTraitError."""
    if not (math.isfinite(value) and value >= 0):
        raise WrongTraitError(f"{name} must be finite and >= 0, got {value}")
    return value


def within(name: str, value: float, low: float, high: float) -> float:
    """Return `value` when low <= value <= high, else raise WrongTraitError."""
    if not low <= value <= high:
        raise WrongTraitError(f"{name} must be in [{low}, {high}], got {value}")
    return value


def rising_pair(name: str, value: Sequence[float], *, above: float = 0.0) -> list[float]:
    """Return `value` when it is two finite numbers above `above`, the first one smaller, else raise."""
    pair = list(value)
    if len(pair) != 2 or not all(math.isfinite(v) and v > above for v in pair) or pair[0] >= pair[1]:
        raise WrongTraitError(f"{name} must be two finite numbers > {above:g}, the smaller first, got {pair}")
    return pair


def one_of(name: str, value: Any, choices: Sequence[Any]) -> Any:
    """Return `value` when it is among `choices`, else raise WrongTraitError naming them."""
    if value not in choices:
        listed = ", ".join(repr(c) for c in choices)
        raise WrongTraitError(f"{name} must be one of {listed}, got {value!r}")
    return value


def rows_with(name: str, rows: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return `rows` when each is a dict that has all `fields`, else raise WrongTraitError."""
    for index, row in enumerate(rows):
        missing = [f for f in fields if not isinstance(row, dict) or f not in row]
        if missing:
            wanted = ", ".join(fields)
            raise WrongTraitError(f"{name}[{index}] must be a dict with {wanted}, got {row!r} without {missing[0]!r}")
    return list(rows)
