"""What was found in the data that a user gave, before labels are numbered and parts are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kdviz.data.inputs import Inputs
from kdviz.data.memory import Redraw


@dataclass
class Found:
    """Inputs, and what came with them.

    Parameters
    ----------
    x : Tensor, dict or tuple of Tensors
        As they will be held.
    y : any, optional
        Labels as they came, None where there are none.
    features : tuple of str
        Names of the columns of a table.
    classes : tuple of str, optional
        Names of the classes that the data bring.
    redraw : callable, optional
        For data that are drawn anew at each access.
    batch_size : int, optional
        Of the loader that the data came in.
    advice : str
        How labels could have been found, where there are none.
    """

    x: Inputs
    y: Any = None
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] | None = None
    redraw: Redraw | None = None
    batch_size: int | None = None
    advice: str = ""
