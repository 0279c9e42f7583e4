"""The record of a run: the terms and hyperparameters of every step, evaluations, and edits.

Step records are kept as tensors and read in blocks, so that recording never waits for the device.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from . import schedules
from .schedules import Hyperparameter
from .schema import MOST, ListOf, Number, Record, Text, Whole, or_null

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 256  # steps recorded before they are read from the device


@dataclass(frozen=True)
class Edit:
    """A hyperparameter changed after ``step`` steps: in force from the next optimizer step."""

    step: int
    name: str
    value: Hyperparameter

    def to_dict(self) -> dict[str, Any]:
        return {"step": self.step, "name": self.name, "value": schedules.to_json(self.value)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Edit:
        EDIT.check(saved, "edit")
        return cls(saved["step"], saved["name"], schedules.from_json(saved["value"]))


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The student's result on one split after ``step`` steps. NLL and KL in nats."""

    step: int
    split: str
    examples: int
    errors: int
    nll: float
    agreement: float | None = None  # fraction of examples where student and teacher predict the same class
    teacher_errors: int | None = None
    peer_errors: tuple[int, ...] = ()  # of the networks that learn beside the student, on the same examples

    @property
    def accuracy(self) -> float:
        return 1 - self.errors / self.examples

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; without peers, as an older kdviz reads it too."""
        plain = dict(vars(self))  # a page that trains writes all of them every second
        peers = plain.pop("peer_errors")
        return plain | ({"peer_errors": list(peers)} if peers else {})

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Evaluation:
        return cls(**saved | {"peer_errors": tuple(saved.get("peer_errors", ()))})

    def __repr__(self) -> str:
        parts = [f"{self.errors:,} errors of {self.examples:,}", f"NLL {self.nll:.3f}"]
        if self.teacher_errors is not None:
            parts.append(f"teacher {self.teacher_errors:,}")
        if self.agreement is not None:
            parts.append(f"agreement {self.agreement:.3f}")
        if self.peer_errors:
            parts.append(f"peers {', '.join(map(str, self.peer_errors))}")
        return f"Evaluation({self.split}, step {self.step:,}: {', '.join(parts)})"


@dataclass
class History:
    """Records of a run, one row per step.

    ``columns`` are the loss, each term (unweighted), each term's weight, the terms' hyperparameters and the learning
    rate.
    """

    columns: tuple[str, ...]
    edits: list[Edit] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    first_bad: int | None = None  # index of the first step read whose loss is not finite
    _rows: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    _losses: list[Tensor] = field(default_factory=list)  # pending, on the device
    _numbers: list[tuple[float, ...]] = field(default_factory=list)  # pending, on the host
    _lock: Any = field(default_factory=threading.Lock)  # one thread records, another may read

    def __post_init__(self) -> None:
        if self._rows.size == 0:
            self._rows = np.empty((0, len(self.columns)))

    def __len__(self) -> int:
        return len(self._rows) + len(self._numbers)

    def record(self, values: tuple[Tensor, ...], numbers: tuple[float, ...]) -> None:
        """Add a step: ``values`` are scalar tensors for the first columns, ``numbers`` fill the others."""
        with self._lock:
            self._losses.extend(values)
            self._numbers.append(numbers)

    @property
    def full(self) -> bool:
        return len(self._numbers) >= BLOCK

    def flush(self) -> None:
        """Read the pending records from the device."""
        with self._lock:
            if not self._numbers:
                return
            start = len(self._rows)
            values = torch.stack(self._losses).view(len(self._numbers), -1).double().cpu().numpy()
            self._rows = np.concatenate([self._rows, np.hstack([values, np.array(self._numbers, dtype=float)])])
            self._losses.clear()
            self._numbers.clear()
        bad = np.flatnonzero(~np.isfinite(self._rows[start:, 0]))
        if bad.size and self.first_bad is None:
            self.first_bad = start + int(bad[0])

    def column(self, name: str) -> np.ndarray:
        """Return one column over all steps, shape (steps,)."""
        self.flush()
        if name not in self.columns:
            raise KeyError(f"the history has {', '.join(self.columns)}, not {name!r}")
        return self.rows[:, self.columns.index(name)]

    def evaluated(self, split: str = "validation") -> list[Evaluation]:
        return [e for e in self.evaluations if e.split == split]

    def frame(self) -> pd.DataFrame:
        """Return the step records as a pandas frame, indexed by step (the first is 1)."""
        import pandas as pd

        self.flush()
        index = pd.RangeIndex(1, len(self._rows) + 1, name="step")
        return pd.DataFrame(self._rows, columns=list(self.columns), index=index)

    def evaluation_frame(self) -> pd.DataFrame:
        """Return the evaluations as a pandas frame, one row each."""
        import pandas as pd

        return pd.DataFrame([{**e.to_dict(), "accuracy": e.accuracy} for e in self.evaluations])

    def copy(self) -> History:
        """Return a copy that later records do not change."""
        self.flush()
        copied = History(self.columns, list(self.edits), list(self.evaluations), self.first_bad)
        copied._rows = self._rows.copy()
        return copied

    def until(self, step: int) -> History:
        """Return a copy that ends after ``step`` steps."""
        self.flush()
        return History(
            self.columns,
            [e for e in self.edits if e.step < step],
            [e for e in self.evaluations if e.step <= step],
            _rows=self._rows[:step].copy(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all but the step records (see ``rows``), for JSON."""
        return {
            "columns": list(self.columns),
            "edits": [e.to_dict() for e in self.edits],
            "evaluations": [e.to_dict() for e in self.evaluations],
        }

    @property
    def rows(self) -> np.ndarray:
        """The step records, float64, shape (steps, columns); read-only."""
        self.flush()
        view = self._rows.view()
        view.flags.writeable = False
        return view

    @classmethod
    def from_dict(cls, saved: dict[str, Any], rows: np.ndarray, path: str = "history") -> History:
        """Return the history that ``to_dict`` and ``rows`` wrote.

        Raises
        ------
        ValueError
            In one sentence that names the field, if it is invalid.
        """
        _WRITTEN.check(saved, path)
        columns = tuple(saved["columns"])
        if rows.ndim != 2 or rows.shape[1] != len(columns):
            raise ValueError(f"{path} names {len(columns)} columns and its rows have shape {tuple(rows.shape)}")
        return cls(
            columns,
            [Edit.from_dict(e) for e in saved["edits"]],
            [Evaluation.from_dict(e) for e in saved["evaluations"]],
            _rows=rows,
        )


EDIT = Record({"step": Whole(), "name": Text(longest=200), "value": schedules.HYPERPARAMETER})
"""An edit as ``Edit.to_dict`` writes it."""

_EVALUATION = Record(
    {
        "step": Whole(),
        "split": Text(longest=200),
        "examples": Whole(),
        "errors": Whole(),
        "nll": Number(finite=False),
        "agreement": or_null(Number(finite=False)),
        "teacher_errors": or_null(Whole()),
    },
    {"peer_errors": ListOf(Whole())},
)
_WRITTEN = Record(
    {
        "columns": ListOf(Text(longest=1000), fewest=1),
        "edits": ListOf(EDIT, longest=MOST),
        "evaluations": ListOf(_EVALUATION, longest=MOST),
    }
)
