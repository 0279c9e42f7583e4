"""ONNX: a session of onnxruntime as a module that returns logits."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.models.foreign import CannotAnswerError, Foreign, array, rows_of
from kdviz.models.probabilities import Probabilities, Reading

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
FLOATS = ("tensor(float)", "tensor(double)", "tensor(float16)")


class OnnxSession(Foreign):
    """An ``onnxruntime.InferenceSession`` as a module.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    output : str or int, optional
        Name or index of the output to read. Default: the one named logits, else the only one of shape (B, C).
    probabilities : bool or "each", optional
        Whether that output holds probabilities. Default: where its name says so, or each of its rows sums to 1.
    inputs : callable, optional
        Maps a batch of the data to an array, or to arrays by the names of the session's inputs.

    Raises
    ------
    ValueError
        In one sentence, if the output is ambiguous, or the batch does not fit the inputs.

    Notes
    -----
    Inputs are converted to the session's dtype. A session with a fixed batch size is run on pieces of that size, the
    last one padded. A classifier that was converted from scikit-learn outputs a label and its probabilities, as an
    array or as a map: the probabilities are read.
    """

    mark: Tensor

    def __init__(
        self,
        session: Any,
        *,
        output: str | int | None = None,
        probabilities: Probabilities | None = None,
        inputs: Any = None,
    ) -> None:
        super().__init__()
        self.session, self.inputs = session, inputs
        self.title = "the ONNX session"
        self.takes = {part.name: part for part in session.get_inputs()}
        for part in self.takes.values():
            if part.type not in DTYPES:
                raise ValueError(
                    f"expected numeric inputs, got {self.title} with {part.type} as {part.name!r}; export only the "
                    "part after it, from the numbers on"
                )
        self.output = self._chosen(output)
        called_so = "prob" in self.output.lower() or self._is_map(self.output)
        known = True if probabilities is None and called_so else probabilities
        self.reading = Reading(f"output {self.output!r} of {self.title}", known)
        self.register_buffer("mark", torch.frombuffer(bytearray(self._mark()), dtype=torch.uint8))

    def _chosen(self, output: str | int | None) -> str:
        """Return the name of the output to read."""
        gives = {part.name: part for part in self.session.get_outputs()}
        listed = ", ".join(f"{name} {part.type} {tuple(part.shape)}" for name, part in gives.items())
        if isinstance(output, int) and -len(gives) <= output < len(gives):
            return list(gives)[output]
        if output is not None and output not in gives:
            raise ValueError(f"{self.title} has no output {output!r}; it has {listed}")
        if isinstance(output, str):
            return output
        for name in gives:
            if name.lower() in ("logits", "logit"):
                return name
        maps = [name for name in gives if self._is_map(name)]
        scores = [name for name, part in gives.items() if part.type in FLOATS and len(part.shape) in (2, 3)]
        scores = [name for name in scores if len(gives[name].shape) == 2] or scores
        found = scores or maps
        if len(found) != 1:
            raise ValueError(
                f"it is not clear which output of {self.title} holds the logits: it has {listed}; pass "
                "kd.wrap(session, output=NAME)"
            )
        return found[0]

    def _is_map(self, name: str) -> bool:
        return next(part.type for part in self.session.get_outputs() if part.name == name).startswith("seq(map")

    def ready(self, batch: Any) -> Callable[[], Any]:
        """Return a call of the session alone on a batch, converted beforehand: what onnxruntime itself takes."""
        fed = self.fed(batch)
        size = self.rows_at_once(rows_of(batch))
        if size != rows_of(batch):
            return partial(self.answer, batch)  # in pieces of the size that it takes
        return partial(self.session.run, [self.output], fed)

    def fed(self, batch: Any) -> dict[str, np.ndarray]:
        """Return a batch as the session takes it: arrays by the names of its inputs."""
        return self._fed(batch if self.inputs is None else self.inputs(batch))

    def rows_at_once(self, rows: int) -> int:
        """Return how many examples the session is given at once, of ``rows`` in all."""
        sizes = {part.shape[0] for part in self.takes.values() if part.shape and isinstance(part.shape[0], int)}
        return min(sizes, default=rows)

    def answer(self, batch: Any) -> Tensor:
        rows = rows_of(batch)
        fed = self.fed(batch)
        size = self.rows_at_once(rows)
        parts = []
        for start in range(0, rows, size):
            piece = {name: values[start : start + size] for name, values in fed.items()}
            left = len(next(iter(piece.values())))
            whole = {name: np.concatenate((v, np.repeat(v[-1:], size - left, 0))) for name, v in piece.items()}
            parts.append(self._run(piece if left == size else whole)[:left])
        return self.reading.logits(torch.from_numpy(np.concatenate(parts)), rows)

    def _run(self, fed: dict[str, np.ndarray]) -> np.ndarray:
        [given] = self.session.run([self.output], fed)
        if isinstance(given, list):  # a map from class to probability for each example
            return np.array([[row[key] for key in sorted(row)] for row in given])
        return np.asarray(given)

    def _fed(self, batch: Any) -> dict[str, np.ndarray]:
        """Return the batch as arrays by the session's names."""
        names = list(self.takes)
        if isinstance(batch, Mapping):
            named = dict(batch)
        elif isinstance(batch, Tensor | np.ndarray):
            named = {names[0]: batch} if len(names) == 1 else {"the one given": batch}
        else:
            named = dict(zip(names, batch, strict=False)) if len(batch) == len(names) else dict(enumerate(batch))
        if set(named) != set(names):
            raise CannotAnswerError(
                f"{self.title} takes {', '.join(names)} and the examples have {', '.join(map(str, named))}; pass "
                "kd.wrap(session, inputs=...), a function that converts a batch to a dict of those"
            )
        return {name: self._as_asked(name, named[name]) for name in names}

    def _as_asked(self, name: str, part: Any) -> np.ndarray:
        """Return one input in the session's dtype, flattened if its shape requires it."""
        asked = self.takes[name]
        values = array(part) if isinstance(part, Tensor) else np.asarray(part)
        values = np.ascontiguousarray(values.astype(DTYPES[asked.type], copy=False))
        wanted = asked.shape[1:]
        whole = all(isinstance(n, int) for n in wanted)
        if whole and values.shape[1:] != tuple(wanted):
            if len(wanted) != 1 or math.prod(values.shape[1:]) != wanted[0]:
                raise CannotAnswerError(
                    f"{self.title} takes {name} of shape {tuple(wanted)} for one example and the examples have "
                    f"{values.shape[1:]}; pass kd.wrap(session, inputs=...), a function to that shape"
                )
            values = values.reshape(len(values), -1)
        return values

    def _mark(self) -> bytes:
        """Return a hash of the model's bytes, if the session still has them."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr([(p.name, p.type, p.shape) for p in self.session.get_inputs()]).encode())
        digest.update(self.output.encode())
        digest.update(_bytes_of(self.session) or b"")
        return digest.digest()

    def __deepcopy__(self, memo: dict[int, Any]) -> OnnxSession:
        return self  # a session never changes

    def __reduce__(self) -> tuple[Any, ...]:
        content = _bytes_of(self.session)
        if content is None:
            raise TypeError(
                "an ONNX session that was not created from a file or bytes cannot be sent to another process; create "
                "it there"
            )
        return _again, (content, self.session.get_providers(), self.output, self.reading.probabilities, self.inputs)


def _bytes_of(session: Any) -> bytes | None:
    given, path = getattr(session, "_model_bytes", None), getattr(session, "_model_path", None)
    if given:
        return bytes(given)
    return Path(path).read_bytes() if path and Path(path).is_file() else None


def _again(
    content: bytes, providers: list[str], output: str, probabilities: Probabilities | None, inputs: Any
) -> OnnxSession:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=providers)
    return OnnxSession(session, output=output, probabilities=probabilities, inputs=inputs)
