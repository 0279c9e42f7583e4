"""A model that another thread asks while this one waits for its answer, as an open page does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def asked_elsewhere(model: nn.Module, other: Any, at: nn.Module | None = None) -> Iterator[list[Tensor]]:
    """Within the block, each answer waits until another thread has been answered about `other`, by the same model.

    It waits at the model's end, or behind a layer of it. What the other thread was told is in the list that is yielded.
    """
    told: list[Tensor] = []

    def ask() -> None:
        with torch.no_grad():
            told.append(model(**other) if isinstance(other, dict) else model(other))

    def meanwhile(*_: Any) -> None:
        if threading.current_thread().name != "elsewhere":
            thread = threading.Thread(target=ask, name="elsewhere")
            thread.start()
            thread.join()

    handle = (model if at is None else at).register_forward_hook(meanwhile)
    try:
        yield told
    finally:
        handle.remove()
        assert told, "nobody asked"
