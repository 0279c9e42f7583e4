"""Randomness that depends on (seed, step) alone.

No generator state is carried from step to step: the order of an epoch is drawn from (seed, epoch), the noise of a
step (dropout, augmentation) from (seed, step). So any step can be repeated from the weights before it, bit for bit,
and a run, its twin and its branches see the same batches by construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..models.architecture import GENERATOR_LOCK

_MASK = (1 << 64) - 1


def mix(seed: int, *numbers: int) -> int:
    """Return a well-spread 63-bit number from a seed and further numbers (SplitMix64 steps).

    >>> mix(0, 1) == mix(0, 1), mix(0, 1) == mix(1, 0)
    (True, False)
    """
    state = seed & _MASK
    for number in numbers:
        state = (state + 0x9E3779B97F4A7C15 * (number + 1)) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state >> 1


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's own generators for the block and give them back as they were.

    One thread at a time: runs on other threads wait, so that their draws do not mix. Code of the user that draws from
    torch's global generator on another thread meanwhile cannot be shielded.
    """
    with GENERATOR_LOCK:
        yield from _seeded(seed, device)


def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    generators = [torch.default_generator]
    if device.type == "cuda":
        generators.append(torch.cuda.default_generators[device.index or 0])
    before = [g.get_state() for g in generators]
    for generator in generators:
        generator.manual_seed(seed)
    try:
        yield
    finally:
        for generator, state in zip(generators, before, strict=True):
            generator.set_state(state)
