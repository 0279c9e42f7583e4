"""Running a model for maps: inputs, logits and settings are checked, and each pass can be cancelled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ...data.inputs import each, rows, tensors
from ...models.inference import (
    MASKS,
    Cancelled,
    Inputs,
    answer,
    bare,
    count,
    fitted,
    uncompiled,
)
from ...models.looking import of_this_thread
from ...models.randomness import mix
from ..fidelity import Array

Progress = Callable[[int, int], "bool | None"]
Key = str | int | None


class Asking:
    """The model as captum calls it: its logits are checked, and each pass can be cancelled.

    Of inputs in several parts the floating-point one is explained and the others are passed along. If all are whole
    numbers (tokens), their embedding (B, L, D) is explained.

    Attributes
    ----------
    done : int
        Examples that are finished.
    """

    def __init__(self, model: nn.Module, X: Inputs, progress: Progress | None) -> None:
        self.model, self.total, self.progress, self.done = uncompiled(model), count(X), progress, 0
        self.key = explained_part(X)
        self.names = tuple(X) if isinstance(X, Mapping) else ()
        self.tokens = not part_of(X, self.key).is_floating_point()
        self._embedding: nn.Embedding | None = None

    def tell(self) -> None:
        if self.progress is not None and self.progress(self.done, self.total) is False:
            raise Cancelled(f"stopped after {self.done} of {self.total} examples")

    def batch(self, X: Inputs, chosen: slice) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return copies of the explained part of some examples and of the other parts, on the model's device."""
        inputs = each(fitted(rows(X, chosen), self.model), Tensor.clone)
        return part_of(inputs, self.key), () if isinstance(inputs, Tensor) else tensors(inputs)

    def embedded(self, ids: Tensor, beside: tuple[Tensor, ...]) -> Tensor:
        """Return the model's embedding of tokens, (B, L, D)."""
        if self._embedding is None:
            self._embedding = self._find_embedding(ids, beside)
        with torch.no_grad():
            return self._embedding(ids)

    def _find_embedding(self, ids: Tensor, beside: tuple[Tensor, ...]) -> nn.Embedding:
        found: list[nn.Embedding] = []

        def look(module: nn.Embedding, given: tuple[Any, ...], _: Any) -> None:
            if given and isinstance(given[0], Tensor) and given[0].shape == ids.shape and torch.equal(given[0], ids):
                found.append(module)

        heard = of_this_thread(look)
        hooks = [m.register_forward_hook(heard) for m in bare(self.model).modules() if isinstance(m, nn.Embedding)]
        try:
            with torch.no_grad():
                self(ids, *beside)
        finally:
            for hook in hooks:
                hook.remove()
        if not found:
            raise ValueError(
                "the model has no nn.Embedding for the tokens, so there is no gradient with respect to them; "
                "use occlusion or feature_ablation"
            )
        return found[0]

    def inputs(self, x: Tensor, beside: tuple[Tensor, ...]) -> Any:
        """Return the model's inputs with ``x`` as the explained part."""
        if self.key is None:
            return x
        if self.names:
            return {name: x if name == self.key else part for name, part in zip(self.names, beside, strict=True)}
        return tuple(x if i == self.key else part for i, part in enumerate(beside))

    def __call__(self, x: Tensor, *beside: Tensor) -> Tensor:
        self.tell()
        with self._embedding_gives(x, beside) as inputs:
            logits = answer(self.model, inputs, who="model")
        if logits.ndim != 2:
            raise ValueError(
                "expected one row of logits per example, got logits for each token; "
                "pass kd.wrap(model, output=lambda answer: answer.logits[:, k]) for maps of token k"
            )
        if not bool(logits.isfinite().all()):
            raise ValueError("the model's logits must be finite, got nan or inf; its maps would be meaningless")
        return logits

    @contextmanager
    def _embedding_gives(self, x: Tensor, beside: tuple[Tensor, ...]) -> Iterator[Any]:
        """Yield the model's inputs; embedded tokens replace the output of its embedding."""
        if not self.tokens or not x.is_floating_point():
            yield self.inputs(x, beside)
            return
        assert self._embedding is not None
        *parts, ids = beside  # the tokens themselves come last
        hook = self._embedding.register_forward_hook(of_this_thread(lambda *_: x))
        try:
            yield self.inputs(ids, tuple(parts))
        finally:
            hook.remove()

    def call(self, x: Tensor, *beside: Tensor) -> Tensor:
        return self(x, *beside)


def explained_part(X: Inputs) -> Key:
    """Return the name or index of the part of the inputs that is explained, None for a single tensor.

    Raises
    ------
    ValueError
        If several parts are floating-point, or none could be tokens.
    """
    if isinstance(X, Tensor):
        return None
    parts: dict[Any, Tensor] = dict(X) if isinstance(X, Mapping) else dict(enumerate(X))
    floats = [key for key, part in parts.items() if part.is_floating_point() and key not in MASKS]
    whole = [key for key, part in parts.items() if not part.is_floating_point() and key not in MASKS]
    if len(floats) == 1:
        return floats[0]
    if not floats and whole:
        return "input_ids" if "input_ids" in whole else whole[0]
    raise ValueError(
        f"expected one floating-point part of the inputs to explain, got {', '.join(map(str, floats))}; "
        "pass kd.wrap(model, inputs=function) that makes the others"
        if floats
        else "the inputs have no part that could be explained, only masks"
    )


def part_of(X: Inputs, key: Key) -> Tensor:
    """Return one part of the inputs."""
    if isinstance(X, Tensor):
        return X
    return X[key]  # type: ignore[index]


def checked(X: Inputs, target: Array) -> tuple[Any, Tensor]:
    """Return the detached inputs and the target classes, once they fit each other."""
    for part in tensors(X) if isinstance(X, Tensor | Mapping | tuple) else ():
        if part.ndim < 2 or part.numel() == 0:
            raise ValueError(f"X must have shape (examples, ...) with at least one example, got {tuple(part.shape)}")
        if part.is_complex() or not bool(part.isfinite().all()):
            raise ValueError("X must be finite, got nan or inf; leave these examples out")
    if not isinstance(X, Tensor | Mapping | tuple) or part_of(X, explained_part(X)).dtype in (torch.bool, torch.uint8):
        got = X.dtype if isinstance(X, Tensor) else type(X).__name__
        raise ValueError(
            f"X must be floating point, or token ids as whole numbers, as returned by Examples.inputs(), got {got}"
        )
    classes = torch.as_tensor(target).detach().cpu()
    if classes.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        raise ValueError(f"target must hold whole numbers, one class per example, got {classes.dtype}")
    if classes.shape != (count(X),):
        raise ValueError(
            f"target must hold one class for each of {count(X)} examples, got shape {tuple(classes.shape)}"
        )
    return each(X, Tensor.detach), classes.long()


def check_classes(logits: Tensor, classes: Tensor) -> None:
    classes_of_model, low, high = logits.shape[1], int(classes.min()), int(classes.max())
    if low < 0 or high >= classes_of_model:
        raise ValueError(
            f"target must be in [0, {classes_of_model - 1}] for {classes_of_model} classes, got {low} to {high}; "
            "for examples without a label pass the model's prediction, model(X).argmax(1)"
        )


def at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")


def baseline_of(baseline: float | Tensor, x: Tensor) -> float | Tensor:
    """Return a number, or a tensor of shape (1, ...) with the device and dtype of ``x``."""
    blank = torch.as_tensor(baseline, dtype=torch.float64).detach()
    if blank.shape not in ((), x.shape[1:]):
        raise ValueError(
            f"baseline must be a number or a tensor of one example's shape {tuple(x.shape[1:])}, "
            f"got shape {tuple(blank.shape)}"
        )
    if not bool(blank.isfinite().all()):
        raise ValueError("baseline must be finite, got nan or inf")
    return blank.to(x.device, x.dtype).unsqueeze(0) if blank.ndim else float(blank)


def generators(x: Tensor, seed: int) -> list[torch.Generator]:
    """Return a generator for each example, seeded by its content, so that its batch and index do not matter."""
    numbers = x.detach().to("cpu", torch.float32) + 0.0  # + 0: -0 is 0
    found = []
    for row in numbers.contiguous().numpy():
        content = int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=8).digest(), "little")
        found.append(torch.Generator().manual_seed(mix(seed, content)))
    return found
