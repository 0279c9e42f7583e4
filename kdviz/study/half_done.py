"""Stacks that were stopped half-way: what goes on from there is kept in the study's folder, and is never half written.

A stack is known by its runs. Its file has the hash of what is in it in its name: a file that is not what was written is
passed over, and the stack begins anew.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ..distill import durable

EVERY_S = 15.0  # a process that dies loses no more than this


class Resumable(Protocol):
    """What can be left and taken up again."""

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all tensors, and all whole numbers and lists of them."""

    def take_up(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, str]) -> None:
        """Go on from there."""


class HalfDone:
    """Keeps one stack while it is trained.

    Parameters
    ----------
    folder : Path or None
        The study's; None keeps nothing.
    keys : sequence of str
        Of its runs, in their order.
    """

    def __init__(self, folder: Path | None, keys: Sequence[str]) -> None:
        self._folder = folder
        self._mark = durable.digest_of(" ".join([torch.__version__, *keys]).encode())
        self._next = time.monotonic() + EVERY_S

    def take_up(self, stack: Resumable) -> bool:
        """Put a stack where it was left; return whether it had been."""
        for path in self._files():
            try:
                content = path.read_bytes()
                if durable.digest_of(content) != path.stem.rpartition("-")[2]:
                    raise ValueError("it is not what was written")
                stack.take_up(load(content), _numbers(content))
            except (OSError, ValueError, KeyError, SafetensorError, RuntimeError):
                path.unlink(missing_ok=True)
            else:
                return True
        return False

    def now_and_then(self, stack: Resumable) -> None:
        """Keep a stack if that was long ago."""
        if time.monotonic() >= self._next:
            self.keep(stack)

    def keep(self, stack: Resumable) -> None:
        """Keep a stack as it is now, in place of what was kept of it; a full disk is no reason to stop."""
        if self._folder is None:
            return
        tensors, numbers = stack.state()
        content = save(tensors, {name: str(value) for name, value in numbers.items()})
        old = list(self._files())
        path = self._folder / f".stack-{self._mark}-{durable.digest_of(content)}.safetensors"
        fresh = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
        with suppress(OSError):
            try:
                fresh.write_bytes(content)
                durable.to_disk(fresh)
                os.replace(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
            for other in old:
                if other != path:
                    other.unlink(missing_ok=True)
        self._next = time.monotonic() + EVERY_S

    def drop(self) -> None:
        """Forget it: its runs have finished."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        if self._folder is not None and self._folder.is_dir():
            yield from sorted(self._folder.glob(f".stack-{self._mark}-*.safetensors"))


def _numbers(content: bytes) -> dict[str, str]:
    """Return what stands in the head of a file besides its tensors."""
    length = int.from_bytes(content[:8], "little")
    return dict(json.loads(content[8 : 8 + length]).get("__metadata__", {}))
