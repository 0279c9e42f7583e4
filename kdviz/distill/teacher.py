"""The teacher: frozen, in eval mode, and run only once on each example that is used again."""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..data import Examples
from ..data.inputs import Inputs, rows
from ..models.inference import ROWS_AT_ONCE, Cancelled, ask, device_of, fitted, uncompiled
from ..models.looking import evaluating, in_training, octets, parts_of
from ..models.wrap import Wrapped, as_module
from .randomness import seeded
from .taps import Tap, probe, tapped

__all__ = ["ROWS_AT_ONCE", "Answers", "Cancelled", "Teacher", "device_of", "weight_hash", "weight_versions"]


class Answers(NamedTuple):
    """A teacher's outputs for N examples."""

    logits: Tensor  # (N, C)
    layers: dict[str, Tensor]  # (N, ...) by layer name


class Teacher:
    """A frozen module.

    Its logits are cached by the content of the examples and of its weights: if either changes, they are recomputed.
    (Torch does not notice writes through ``.data``; the full check at the end of training does.)

    Parameters
    ----------
    module : nn.Module
        In eval mode. Its ``requires_grad`` flags do not matter: it only ever runs under ``torch.no_grad``.

    Raises
    ------
    ValueError
        If the module is in training mode.
    """

    def __init__(self, module: Any) -> None:
        self.module = as_module(module, "teacher")
        self._check_mode()
        self._cache: dict[tuple[str, str], Answers] = {}
        self._hashed: tuple[int, str] | None = None
        self._taps: dict[str, Tap] = {}
        self._writes: bool | None = None
        self._logit_shape: tuple[int, ...] | None = None
        self._lock = threading.Lock()

    def _check_mode(self) -> None:
        if in_training(self.module):
            raise ValueError(
                "the teacher is in training mode, where dropout and batch statistics blur its targets; "
                "call teacher.eval() and pass it again"
            )

    def __call__(self, inputs: Inputs) -> Tensor:
        """Return logits (B, C), or (B, L, C) of tokens, for ``inputs`` on any device, without gradient."""
        return self._ask(self.module, inputs)

    def _ask(self, module: nn.Module, inputs: Inputs) -> Tensor:
        with torch.no_grad(), evaluating(self.module) if self.writes(inputs) else nullcontext():
            return ask(module, inputs, who="teacher")

    def answer(self, inputs: Inputs, layers: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return logits and the outputs of the named layers, (B, ...), without gradient."""
        with tapped(self.module, layers, self._overwritten(inputs, layers)) as seen:
            return self._ask(uncompiled(self.module) if layers else self.module, inputs), seen

    def writes(self, inputs: Inputs) -> bool:
        """Whether a forward pass changes the module, as with observers of quantization; tested once."""
        if self._writes is None:
            with evaluating(self.module), torch.no_grad(), seeded(0, device_of(self.module), everywhere=True):
                before = weight_versions(self.module)
                ask(self.module, rows(inputs, slice(0, 2)), who="teacher")
                self._writes = weight_versions(self.module) != before
        return self._writes

    def probe_layers(self, inputs: Inputs) -> dict[str, Tap]:
        """Return the tap of each layer for two examples, by name; cached."""
        self._taps = probe(self.module, fitted(rows(inputs, slice(0, 2)), self.module))
        return self._taps

    def _overwritten(self, inputs: Inputs, layers: Sequence[str]) -> list[str]:
        """Return those of the layers whose output a later layer overwrites; cached."""
        if any(name not in self._taps for name in layers):
            self.probe_layers(inputs)
        return [name for name in layers if self._taps[name].overwritten]

    def knows(self, examples: Examples) -> bool:
        """Whether the module can process these examples; one with recorded outputs may be limited to its own."""
        ask = getattr(self.module, "knows", None)
        return ask is None or bool(ask(examples))

    def logits(self, examples: Examples, *, progress: Callable[[int, int], bool] | None = None) -> Tensor:
        """Return logits (N, C) for all examples, in order, from the cache if possible.

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
        """Return logits and the outputs of the named layers for all examples, from the cache if possible.

        Layers take memory: check ``layer_bytes`` first. Progress and errors as for ``logits``.
        """
        with self._lock:
            key = (examples.fingerprint(), self.fingerprint())
            self._cache = {k: v for k, v in self._cache.items() if k[1] == key[1]}  # of other weights: stale
            cached = self._cache.get(key)
            if cached is None or not cached.layers.keys() >= set(layers):
                wanted = {*layers, *(cached.layers if cached is not None else ())}
                self._cache[key] = cached = self._compute(examples, sorted(wanted), progress)
            return cached

    def logit_bytes(self, examples: Examples) -> int:
        """Return how many bytes the logits of all examples take."""
        if self._logit_shape is None:
            self._logit_shape = tuple(self(examples.inputs(slice(0, 1))).shape[1:])
        return 4 * math.prod(self._logit_shape) * len(examples)

    def layer_bytes(self, examples: Examples, layers: Sequence[str]) -> int:
        """Return how many bytes the outputs of the named layers take for all examples."""
        self._overwritten(examples.inputs(slice(0, 2)), layers)
        return sum(4 * math.prod(self._taps[name].shape[1:]) for name in set(layers)) * len(examples)

    def _compute(
        self, examples: Examples, layers: Sequence[str], progress: Callable[[int, int], bool] | None
    ) -> Answers:
        self._check_mode()
        device = device_of(self.module)
        logits: list[Tensor] = []
        held: dict[str, Tensor] = {}
        for start in range(0, len(examples), ROWS_AT_ONCE):
            done = min(start + ROWS_AT_ONCE, len(examples))
            with seeded(start, device, everywhere=True):  # repeatable if it draws in eval mode
                part_logits, seen = self.answer(examples.inputs(slice(start, done)), layers)
            logits.append(part_logits)
            for name, part in seen.items():  # written in place, so that there is never a second copy
                if name not in held:
                    held[name] = part.new_empty(len(examples), *part.shape[1:])
                held[name][start:done] = part
            if progress is not None and progress(done, len(examples)) is False:
                raise Cancelled(f"stopped after {done:,} of {len(examples):,} teacher answers")
        return Answers(torch.cat(logits), held)

    def fingerprint(self) -> str:
        """Return a hash of the weights; recomputed only if a tensor was written to since."""
        written = weight_versions(self.module)
        if self._hashed is None or self._hashed[0] != written:
            self._hashed = (written, weight_hash(self.module))
        return self._hashed[1]

    def check_unwritten(self, since: str) -> None:
        """Raise a ``RuntimeError`` if the weights were written to since fingerprint ``since``; fast."""
        if self.fingerprint() != since:
            self.check_unchanged(since)

    def check_unchanged(self, since: str) -> None:
        """Raise a ``RuntimeError`` if the weights, all hashed again, differ from fingerprint ``since``."""
        if in_training(self.module) or weight_hash(self.module) != since:
            raise RuntimeError(
                "the teacher changed while it was teaching (its weights or its mode); "
                "give the run a copy of its own: copy.deepcopy(teacher).eval()"
            )


def weight_hash(module: nn.Module) -> str:
    """Return a hash of the names, shapes and bytes of all parameters and buffers, and of the rest of the state."""
    digest = hashlib.blake2b(digest_size=16)
    held = module.state_dict()
    beside = {name: buffer for name, buffer in module.named_buffers() if name not in held}
    for name, value in {**held, **beside}.items():
        _feed(digest, name, value)
    for part in module.modules():
        if isinstance(part, Wrapped):
            digest.update(part.mark().encode())  # the same weights with other columns are another teacher
    return digest.hexdigest()


def _feed(digest: Any, name: str, value: Any) -> None:
    """Add a tensor, or any other entry of ``state_dict()``, to a hash."""
    if isinstance(value, Tensor):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        if value.is_quantized:
            digest.update(repr(value.qscheme()).encode())
            scales = value.q_scale() if value.qscheme() == torch.per_tensor_affine else value.q_per_channel_scales()
            digest.update(repr(scales).encode())
        for part in parts_of(value):
            digest.update(octets(part).numpy())
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _feed(digest, f"{name}.{key}", inner)
    elif isinstance(value, tuple | list):
        for i, inner in enumerate(value):
            _feed(digest, f"{name}.{i}", inner)
    elif isinstance(value, io.BytesIO):
        digest.update(name.encode() + value.getvalue())
    elif isinstance(value, str | int | float | bool | bytes | torch.dtype | None):
        digest.update(f"{name}{value!r}".encode())
    else:
        try:
            digest.update(name.encode() + pickle.dumps(value))
        except Exception:  # only its type is known
            digest.update(f"{name}{type(value).__qualname__}".encode())


def weight_versions(module: nn.Module) -> int:
    """Return a cheap mark that changes on writing: the tensors, and how often each was written to in place."""
    tensors = [*module.parameters(), *module.buffers()]
    return hash(tuple((_address(t), 0 if t.is_inference() else t._version) for t in tensors))


def _address(tensor: Tensor) -> int:
    return tensor.data_ptr() if tensor.layout == torch.strided else id(tensor)
