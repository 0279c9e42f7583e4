"""Examples that come one after the other, kept in memory while they fit, and in a file beyond that."""

from __future__ import annotations

import tempfile
from typing import IO

import torch
from torch import Tensor

from kdviz.data.arrays import held, ragged
from kdviz.data.filed import CHUNK, mapped, write
from kdviz.data.inputs import Inputs, named
from kdviz.data.memory import MOST_IN_MEMORY


class Spool:
    """Rows of one input: in memory while they fit, beyond that in a file that goes with the last use of it."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._waiting: list[Tensor] = []  # as they came
        self._parts: list[Tensor] = []  # as they will be held
        self._rows = self.nbytes = 0
        self._file: IO[bytes] | None = None

    def add(self, x: Tensor) -> None:
        """Add the rows of a batch."""
        if self._waiting:
            self._check(x, self._waiting[0])
        self._waiting.append(x)
        if sum(part.nbytes for part in self._waiting[-2:]) * len(self._waiting) > CHUNK:
            self._take()

    def _check(self, x: Tensor, first: Tensor) -> None:
        if x.shape[1:] == first.shape[1:]:
            return
        if x.ndim == first.ndim == 2 and not x.is_floating_point():
            raise ragged(f"input {self.name!r}" if self.name else "inputs")
        shapes = f"{tuple(first.shape[1:])} and {tuple(x.shape[1:])}"
        pad = ": pad them, torch.nn.utils.rnn.pad_sequence(list_of_tensors, batch_first=True)" if x.ndim <= 3 else ""
        raise ValueError(f"all examples must have one shape, got {shapes}{pad}")

    def _take(self) -> None:
        x, self._waiting = held(torch.cat(self._waiting), self.name), []
        if self._parts:
            self._check(x, self._parts[0])
            if x.dtype != self._parts[0].dtype:
                raise ValueError(f"all examples must have one dtype, got {self._parts[0].dtype} and {x.dtype}")
        self._rows += len(x)
        self.nbytes += x.nbytes
        self._parts.append(x)
        if self._file is None and self.nbytes > MOST_IN_MEMORY:
            self._file = tempfile.TemporaryFile(prefix="kdviz-")  # noqa: SIM115 (`close` does)
            for part in self._parts:
                write(self._file, part)
        elif self._file is not None:
            write(self._file, x)
        if self._file is not None:
            self._parts = self._parts[:1]  # for its shape

    def whole(self) -> Tensor:
        """Return all rows."""
        if self._waiting:
            self._take()
        if self._file is None:
            return torch.cat(self._parts)
        return mapped(self._file, self._parts[0].dtype, (self._rows, *self._parts[0].shape[1:]))

    def close(self) -> None:
        """Let go of the file; what is mapped of it stays."""
        if self._file is not None:
            self._file.close()


class Spools:
    """A spool for each tensor of inputs that hold several."""

    def __init__(self) -> None:
        self._form: type = Tensor
        self._spools: dict[str, Spool] = {}

    @property
    def nbytes(self) -> int:
        """How many bytes are held by now."""
        return sum(spool.nbytes for spool in self._spools.values())

    def add(self, x: Inputs) -> None:
        """Add a batch, in the form of the batches before."""
        given = dict(named(x))
        if not self._spools:
            self._form = type(x) if isinstance(x, dict | tuple) else Tensor
            self._spools = {name: Spool(name) for name in given}
        if given.keys() != self._spools.keys():
            names = [", ".join(sorted(k)) or "one tensor" for k in (self._spools.keys(), given.keys())]
            raise ValueError(f"all examples must have the same inputs, got {names[0]} and then {names[1]}")
        for name, tensor in given.items():
            self._spools[name].add(tensor)

    def whole(self) -> Inputs:
        """Return all rows."""
        found = {name: spool.whole() for name, spool in self._spools.items()}
        if self._form is dict:
            return found
        return tuple(found.values()) if self._form is tuple else found[""]

    def close(self) -> None:
        """Let go of the files."""
        for spool in self._spools.values():
            spool.close()
