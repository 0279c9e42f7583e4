"""The teacher: frozen, in eval mode, and asked once for every example it will be asked about again."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..data import Examples
from .taps import Tap, probe, tapped

ROWS_AT_ONCE = 128  # examples a forward pass: large enough to be fast, small enough to be interrupted within a second


class Cancelled(Exception):  # noqa: N818 (asked for, not gone wrong)
    """Someone asked for a stop while a long computation was under way; nothing was changed."""


class Answers(NamedTuple):
    """What a teacher gave for N examples."""

    logits: Tensor  # (N, C)
    layers: dict[str, Tensor]  # (N, ...) by layer name


class Teacher:
    """A module that only answers.

    Its logits are cached by the content of the examples and the content of its weights: change either and they are
    computed anew. (What is written through ``.data`` goes unnoticed by torch; it is found by the full check at the
    end of training.)

    Parameters
    ----------
    module : nn.Module
        In eval mode. Its ``requires_grad`` flags do not matter: it only ever runs under ``torch.no_grad``.

    Raises
    ------
    ValueError
        If the module is in training mode.
    """

    def __init__(self, module: nn.Module) -> None:
        if not isinstance(module, nn.Module):
            raise TypeError(f"the teacher must be a torch.nn.Module, got {type(module).__name__}")
        self.module = module
        self._check_mode()
        self._cache: dict[tuple[str, str], Answers] = {}
        self._hashed: tuple[int, str] | None = None
        self._taps: dict[str, Tap] = {}
        self._lock = threading.Lock()

    def _check_mode(self) -> None:
        if any(part.training for part in self.module.modules()):
            raise ValueError(
                "the teacher is in training mode, where dropout and batch statistics blur its targets; "
                "call teacher.eval() and pass it again"
            )

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return logits (B, C) for ``inputs``, without gradient."""
        with torch.no_grad():
            return self.module(inputs)

    def answer(self, inputs: Tensor, layers: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return logits (B, C) and what the named layers give, (B, ...), without gradient."""
        with tapped(self.module, layers, self._overwritten(inputs, layers)) as seen:
            return self(inputs), seen

    def _overwritten(self, inputs: Tensor, layers: Sequence[str]) -> list[str]:
        """Return those of the layers whose output a later layer writes into; looked up once."""
        if any(name not in self._taps for name in layers):
            self._taps = probe(self.module, inputs[:1])
        return [name for name in layers if self._taps[name].overwritten]

    def knows(self, examples: Examples) -> bool:
        """Whether it can be asked about these examples: a module that has recorded answers only says so itself."""
        ask = getattr(self.module, "knows", None)
        return ask is None or bool(ask(examples))

    def logits(self, examples: Examples, *, progress: Callable[[int, int], bool] | None = None) -> Tensor:
        """Return logits (N, C) for all examples, in their order, from the cache where they are known.

        Parameters
        ----------
        examples : Examples
            N examples.
        progress : callable, optional
            Called with (done, total) after each piece; return False to stop.

        Raises
        ------
        Cancelled
            If ``progress`` returned False.
        """
        return self.answers(examples, (), progress=progress).logits

    def answers(
        self, examples: Examples, layers: Sequence[str], *, progress: Callable[[int, int], bool] | None = None
    ) -> Answers:
        """Return logits and what the named layers give for all examples, from the cache where they are known.

        Layers take memory: ask ``layer_bytes`` first. Progress and errors as for ``logits``.
        """
        with self._lock:
            key = (examples.fingerprint(), self.fingerprint())
            self._cache = {k: v for k, v in self._cache.items() if k[1] == key[1]}  # other weights: never again
            known = self._cache.get(key)
            if known is None or not known.layers.keys() >= set(layers):
                wanted = {*layers, *(known.layers if known is not None else ())}
                self._cache[key] = known = self._compute(examples, sorted(wanted), progress)
            return known

    def layer_bytes(self, examples: Examples, layers: Sequence[str]) -> int:
        """Return how many bytes the named layers give for all examples."""
        self._overwritten(examples.inputs(slice(0, 1)).to(device_of(self.module)), layers)
        return sum(4 * math.prod(self._taps[name].shape) for name in set(layers)) * len(examples)

    def _compute(
        self, examples: Examples, layers: Sequence[str], progress: Callable[[int, int], bool] | None
    ) -> Answers:
        self._check_mode()
        device = device_of(self.module)
        logits: list[Tensor] = []
        held: dict[str, Tensor] = {}
        for start in range(0, len(examples), ROWS_AT_ONCE):
            done = min(start + ROWS_AT_ONCE, len(examples))
            given, seen = self.answer(examples.inputs(slice(start, done)).to(device), layers)
            logits.append(given)
            for name, part in seen.items():  # written into its place, so that no second copy is ever held
                if name not in held:
                    held[name] = part.new_empty(len(examples), *part.shape[1:])
                held[name][start:done] = part
            if progress is not None and not progress(done, len(examples)):
                raise Cancelled(f"stopped after {done:,} of {len(examples):,} teacher answers")
        return Answers(torch.cat(logits), held)

    def fingerprint(self) -> str:
        """Return a hash of the weights; hashed again only when a tensor was written to since."""
        written = weight_versions(self.module)
        if self._hashed is None or self._hashed[0] != written:
            self._hashed = (written, weight_hash(self.module))
        return self._hashed[1]

    def check_unchanged(self, since: str) -> None:
        """Raise a ``RuntimeError`` if the weights, all of them hashed again, are not those of fingerprint ``since``."""
        if any(part.training for part in self.module.modules()) or weight_hash(self.module) != since:
            raise RuntimeError(
                "the teacher changed while it was teaching (its weights or its mode); "
                "give the run a copy of its own: copy.deepcopy(teacher).eval()"
            )


def weight_hash(module: nn.Module) -> str:
    """Return a hash over names, shapes and bytes of all parameters and buffers."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in module.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def weight_versions(module: nn.Module) -> int:
    """Return a cheap sign of writing: which tensors there are and how often each was written to in place."""
    tensors = [*module.parameters(), *module.buffers()]
    return hash(tuple((t.data_ptr(), t._version) for t in tensors))


def device_of(module: nn.Module) -> torch.device:
    """Return the device of the module's first parameter, or the CPU without any."""
    return next((p.device for p in module.parameters()), torch.device("cpu"))
