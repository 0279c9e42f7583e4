"""Seeded randomness: numbers mixed into seeds, and generators that are afterwards as they were."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

# Whoever seeds torch's global generator holds this until the generator is as it was: there is one for all threads.
GENERATOR_LOCK = threading.RLock()

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
def seeded(seed: int, device: torch.device, *, everywhere: bool = False) -> Iterator[None]:
    """Seed torch's own generators for the block and give them back as they were.

    One thread at a time: runs on other threads wait, so that their draws do not mix. Code of the user that draws from
    torch's global generator on another thread meanwhile cannot be shielded.

    Parameters
    ----------
    seed : int
    device : torch.device
        Its generator too, beside the CPU's.
    everywhere : bool
        Python's and numpy's global generators as well: some 40 µs more.
    """
    with GENERATOR_LOCK:
        generators = [torch.default_generator]
        if device.type == "cuda":
            generators.append(torch.cuda.default_generators[device.index or 0])
        before = [g.get_state() for g in generators]
        others = (random.getstate(), np.random.get_state()) if everywhere else None
        for generator in generators:
            generator.manual_seed(seed)
        if others is not None:
            random.seed(seed)
            np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            for generator, state in zip(generators, before, strict=True):
                generator.set_state(state)
            if others is not None:
                random.setstate(others[0])
                np.random.set_state(others[1])
