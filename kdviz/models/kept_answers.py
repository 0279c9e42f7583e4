"""Answers of a remote service, kept as they arrive: no example is sent, or paid for, twice."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kdviz.data.inputs import Inputs, named, rows
from kdviz.models.foreign import numbers

Service = Callable[[Any], Any]

FILE = "answers.sqlite"
WAIT_S = 60.0  # for another process that is writing into the same folder


class KeptAnswers:
    """A service that is called once for each example.

    An example is identified by its content: dtype, shape and bytes of its inputs. Identical examples share one answer.
    Each batch's answers are stored before the next call, so that a pass which fails or is stopped continues where it
    was when it is started again.

    Parameters
    ----------
    service : callable
        Maps inputs (B, ...) to one answer per example: a tensor, an array or a list of B rows.
    folder : str or Path, optional
        Keep the answers there, in one file, so that another process can reuse them. They belong to the service that
        filled it: use a separate folder for each service. Default: in memory.

    Raises
    ------
    ValueError
        If the folder cannot be used.

    Examples
    --------
    >>> asked = []
    >>> def service(inputs):
    ...     asked.append(len(inputs))
    ...     return inputs.sum(1) > 0
    >>> kept = KeptAnswers(service)
    >>> kept(torch.tensor([[1.0], [-1.0]])), kept(torch.tensor([[-1.0], [5.0]])), asked
    (tensor([ True, False]), tensor([False,  True]), [2, 1])
    >>> len(kept)
    3
    """

    def __init__(self, service: Service, folder: str | Path | None = None) -> None:
        self.service = service
        self.folder = None if folder is None else Path(folder)
        self._store = _Store(self.folder)

    def __call__(self, inputs: Inputs, *, check: Callable[[Tensor], None] | None = None) -> Tensor:
        """Return one answer for each example, on the CPU, calling the service for new ones.

        Parameters
        ----------
        inputs : Tensor, mapping of str to Tensor, or sequence of Tensors
            B first in each.
        check : callable, optional
            Called with the service's answers, one row per example, before they are stored; if it raises, they are not.

        Returns
        -------
        Tensor
            Shape (B, ...).

        Raises
        ------
        ValueError
            If the service does not return one answer per example. The service's own exceptions are passed on, with a
            note on how many answers are kept.
        """
        keys = content_keys(inputs)
        if not keys:
            raise ValueError("expected at least one example, got none")
        with self._store.lock:
            known = self._store.read(keys)
            new = {key: i for i, key in enumerate(keys) if key not in known}  # one of identical examples
            if new:
                fresh = self._called(rows(inputs, torch.tensor(list(new.values()))), len(new))
                if check is not None:
                    check(fresh)
                self._store.write(list(new), fresh)
                known |= dict(zip(new, fresh, strict=True))
        answers = [known[key] for key in keys]
        dtype = reduce(torch.promote_types, {row.dtype for row in answers})  # integers among floats
        if len({row.shape for row in answers}) > 1:
            shapes = " and ".join(str(tuple(shape)) for shape in sorted({row.shape for row in answers}))
            raise ValueError(f"the service must return answers of one shape, got rows of shapes {shapes}")
        return torch.stack([row.to(dtype) for row in answers])

    def __len__(self) -> int:
        """The number of answers kept."""
        with self._store.lock:
            return self._store.count()

    def forget(self) -> None:
        """Drop all answers, for example because the service has changed."""
        with self._store.lock:
            self._store.clear()

    def _called(self, inputs: Inputs, count: int) -> Tensor:
        try:
            output = self.service(inputs)
        except Exception as error:
            error.add_note(f"{self._store.count():,} answers are kept; call again to continue from there")
            raise
        try:
            answers = numbers(output)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"the service must return numbers, one row for each of {count} examples, got {type(output).__name__}"
            ) from error
        if answers.ndim == 0 or len(answers) != count:
            raise ValueError(
                f"the service must return one answer for each of {count} examples, got shape {tuple(answers.shape)}"
            )
        return answers

    def __deepcopy__(self, memo: dict[int, Any]) -> KeptAnswers:
        return self  # answers are shared

    def __reduce__(self) -> tuple[Any, ...]:
        return KeptAnswers, (self.service, self.folder)  # answers in memory are not pickled


def kept_answers(service: Service | KeptAnswers, cache: str | Path | bool | None = None) -> KeptAnswers:
    """Return a service with its earlier answers.

    Parameters
    ----------
    service : callable or KeptAnswers
        Maps inputs (B, ...) to one answer per example.
    cache : str, Path, bool or None
        A folder: keep answers there, beyond this process. None or True: in memory, as long as this object lives.
        False: begin without any. A service that has changed counts as another one: pass False, or another folder.

    Examples
    --------
    >>> def service(inputs):
    ...     return inputs[:, 0] > 0
    >>> kept_answers(service)(torch.ones(2, 3)).tolist(), len(kept_answers(service)), len(kept_answers(service, False))
    ([True, True], 1, 0)
    """
    if isinstance(service, KeptAnswers):
        return service
    kept = KeptAnswers(service, cache if isinstance(cache, str | Path) else None)
    if cache is None or cache is True:
        kept._store = _store_of(service, kept._store)
    return kept


def content_keys(inputs: Inputs) -> list[bytes]:
    """Return the key of each example: a hash of its names, dtypes, shapes and bytes.

    >>> same, other = content_keys(torch.tensor([[1.0], [1.0]])), content_keys(torch.tensor([[2.0]]))
    >>> same[0] == same[1] != other[0]
    True
    """
    parts = dict(sorted(named(inputs)))
    first = next(iter(parts.values()))
    digests = [hashlib.blake2b(digest_size=16) for _ in range(len(first))]
    for name, part in parts.items():
        kind = f"{name}:{part.dtype}:{tuple(part.shape[1:])}".encode()
        flat = part.detach().cpu().reshape(len(part), math.prod(part.shape[1:])).contiguous().view(torch.uint8).numpy()
        for digest, row in zip(digests, flat, strict=True):
            digest.update(kind)
            digest.update(row.tobytes())
    return [digest.digest() for digest in digests]


class _Store:
    """A table of answers by key, in a file or in memory."""

    def __init__(self, folder: Path | None) -> None:
        self.lock = threading.RLock()
        self._where = ":memory:" if folder is None else str(folder / FILE)
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            self._table = sqlite3.connect(self._where, timeout=WAIT_S, check_same_thread=False)
            weakref.finalize(self, self._table.close)  # from Python 3.13 on a connection left open is warned of
            with self._table:
                self._table.execute(
                    "CREATE TABLE IF NOT EXISTS answers "
                    "(key BLOB PRIMARY KEY, dtype TEXT, shape TEXT, answer BLOB, mark BLOB)"
                )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> ValueError:
        return ValueError(
            f"answers cannot be kept in {self._where} ({error}); pass another folder as cache=, or remove that file"
        )

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Tensor]:
        """Return the stored answers, except damaged ones."""
        return dict(self._known(keys))

    def _known(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, Tensor]]:
        query = "SELECT dtype, shape, answer, mark FROM answers WHERE key = ?"
        try:
            for key in dict.fromkeys(keys):
                row = self._table.execute(query, (key,)).fetchone()
                if row is not None and row[3] == _mark(key, *row[:3]):
                    yield key, _from_bytes(*row[:3])
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def write(self, keys: Sequence[bytes], answers: Tensor) -> None:
        dtype, shape = str(answers.dtype).removeprefix("torch."), json.dumps(list(answers.shape[1:]))
        rows = []
        for key, row in zip(keys, answers, strict=True):
            content = row.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            rows.append((key, dtype, shape, content, _mark(key, dtype, shape, content)))
        try:
            with self._table:
                self._table.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def count(self) -> int:
        return int(self._table.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    def clear(self) -> None:
        with self._table:
            self._table.execute("DELETE FROM answers")


def _mark(key: bytes, dtype: str, shape: str, content: bytes) -> bytes:
    """Return a hash of a row, to detect changes."""
    return hashlib.blake2b(key + f"{dtype}{shape}".encode() + content, digest_size=8).digest()


def _from_bytes(dtype: str, shape: str, content: bytes) -> Tensor:
    kind = getattr(torch, dtype)
    flat = torch.frombuffer(bytearray(content), dtype=torch.uint8).view(kind) if content else torch.empty(0, dtype=kind)
    return flat.view(json.loads(shape))


_STORES: dict[int, dict[str, _Store]] = {}  # by the identity of living objects


def _store_of(service: Service, fresh: _Store) -> _Store:
    """Return the answers in memory of this object, or ``fresh`` if it has none yet."""
    owner = getattr(service, "__self__", None)  # each access to a method makes a new object
    name = "" if owner is None else getattr(service, "__name__", "")
    owner = service if owner is None else owner
    if id(owner) not in _STORES:
        try:
            weakref.finalize(owner, _STORES.pop, id(owner), None)
        except TypeError:  # an object without weak references keeps nothing between calls
            return fresh
        _STORES[id(owner)] = {}
    return _STORES[id(owner)].setdefault(name, fresh)
