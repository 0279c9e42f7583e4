"""The transfer set cut into batches: the batch of step k is a function of (seed, k) alone.

Whole windows of batches are gathered at once and handed out as views, so that a step needs no indexing, and the float
copy of the data never exceeds one window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..data import Examples
from ..data.inputs import tensors
from ..losses.labels import UNLABELLED
from ..models.inference import Inputs, moved
from .randomness import mix
from .teacher import Answers

WINDOW_BYTES = 16 * 2**20  # float inputs gathered at once

Augment = Callable[[Tensor, torch.Generator], Tensor]


class Batch(NamedTuple):
    """What one optimizer step learns from."""

    inputs: Any  # (B, ...) in the student's format: a tensor, or a dict or tuple of tensors
    labels: Tensor  # (B,) or (B, L) int64, -1 where unknown
    labelled: int  # how many labels are known
    teacher: Tensor | None  # (B, C) cached teacher logits, or None
    groups: Tensor | None = None  # (B,) int64 group codes, -1 where unknown; None where no term needs them
    teacher_layers: Mapping[str, Tensor] = MappingProxyType({})  # (B, ...) cached features of the teacher, by layer
    soft: Tensor | None = None  # (B, C) label probabilities, where the labels are soft


class Batches:
    """Random batches of a transfer set, addressed by step.

    Parameters
    ----------
    examples : Examples
        N examples.
    teacher_answers : callable or None
        Returns the cached logits (N, C) and features (N, ...); called for the first batch. None when nothing is cached.
    batch_size : int
        Examples per batch; the last batch of an epoch holds the rest (a single left-over example joins the batch before
        it, since batch normalization cannot learn from one example).
    seed : int
        Determines the order of each epoch.
    device : torch.device
        Target device of the batches.
    dtype : torch.dtype, optional
        Target dtype of floating-point inputs.
    augment : callable, optional
        Changes the inputs of each batch; called with (inputs, generator).
    groups : Tensor of int64, shape (N,), optional
        The group of each example, returned with its batch.
    layer_numbers : int
        How many numbers the cached features of one example hold.
    """

    def __init__(
        self,
        examples: Examples,
        teacher_answers: Callable[[], Answers] | None,
        *,
        batch_size: int,
        seed: int,
        device: torch.device,
        dtype: torch.dtype | None = None,
        augment: Augment | None = None,
        groups: Tensor | None = None,
        layer_numbers: int = 0,
    ) -> None:
        self.examples, self.seed, self.device, self.augment = examples, seed, device, augment
        self._teacher_answers, self._groups, self._dtype = teacher_answers, groups, dtype
        self.sizes = batch_sizes(len(examples), batch_size)
        numbers = sum(math.prod(part.shape[1:]) for part in tensors(examples.inputs(slice(0, 1))))
        bytes_per_batch = 4 * max(1, numbers + layer_numbers) * batch_size
        self._per_window = max(1, WINDOW_BYTES // bytes_per_batch)
        self._epoch = -1
        self._order: tuple[Tensor, ...] = ()  # index tensors, one per batch of this epoch
        self._window = (-1, -1)
        self._held: list[Batch] = []

    @property
    def steps_per_epoch(self) -> int:
        return len(self.sizes)

    def __getitem__(self, step: int) -> Batch:
        epoch, i = divmod(step, len(self.sizes))
        w, j = divmod(i, self._per_window)
        if self._window != (epoch, w):
            self._fill(epoch, w)
        batch = self._held[j]
        if self.augment is None:
            return batch
        generator = torch.Generator().manual_seed(mix(self.seed, 2, step))
        return batch._replace(inputs=self.augment(batch.inputs, generator))

    def let_go(self) -> None:
        """Forget the batches that are held; they are drawn again, the same ones, when they are asked for."""
        self._held, self._window = [], (-1, -1)

    def _fill(self, epoch: int, w: int) -> None:
        """Gather the window ``w`` of ``epoch`` into float tensors and cut them into batches."""
        if epoch != self._epoch:
            shuffled = torch.randperm(
                len(self.examples), generator=torch.Generator().manual_seed(mix(self.seed, 1, epoch))
            )
            self._order, self._epoch = shuffled.split(self.sizes), epoch
        chosen = self._order[w * self._per_window : (w + 1) * self._per_window]
        sizes = [len(c) for c in chosen]
        index = torch.cat(chosen)
        x, y = self.examples.drawn(index, mix(self.seed, 5, epoch, w))
        labelled = [int((part != UNLABELLED).sum()) for part in y.split(sizes)]
        inputs = split(moved(x, self.device, self._dtype), sizes)
        labels = y.to(self.device).split(sizes)
        teacher: tuple[Tensor, ...] | list[None] = [None] * len(sizes)
        layers: list[dict[str, Tensor]] = [{} for _ in sizes]
        if self._teacher_answers is not None:
            answers = self._teacher_answers()
            rows = index.to(answers.logits.device)
            teacher = answers.logits[rows].to(self.device).split(sizes)
            for name, features in answers.layers.items():
                for of_batch, part in zip(layers, features[rows].to(self.device).split(sizes), strict=True):
                    of_batch[name] = part
        groups: tuple[Tensor, ...] | list[None] = [None] * len(sizes)
        if self._groups is not None:
            groups = self._groups[index].to(self.device).split(sizes)
        soft: tuple[Tensor, ...] | list[None] = [None] * len(sizes)
        if self.examples.soft is not None:
            soft = self.examples.soft[index].to(self.device, self._dtype).split(sizes)
        columns = zip(inputs, labels, labelled, teacher, groups, layers, soft, strict=True)
        self._held = [Batch(*parts) for parts in columns]
        self._window = (epoch, w)


def split(inputs: Inputs, sizes: list[int]) -> Iterable[Any]:
    """Return inputs batch by batch, as views."""
    if isinstance(inputs, Tensor):
        return inputs.split(sizes)
    if isinstance(inputs, Mapping):
        by_name = [part.split(sizes) for part in inputs.values()]
        return [dict(zip(inputs, parts, strict=True)) for parts in zip(*by_name, strict=True)]
    return list(zip(*(part.split(sizes) for part in inputs), strict=True))


def batch_sizes(examples: int, batch_size: int) -> list[int]:
    """Return the sizes of an epoch's batches.

    >>> batch_sizes(10, 4), batch_sizes(9, 4), batch_sizes(1, 4)
    ([4, 4, 2], [4, 5], [1])
    """
    whole, rest = divmod(examples, batch_size)
    sizes = [batch_size] * whole
    if rest == 1 and whole:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes
