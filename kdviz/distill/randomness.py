"""Randomness that depends on (seed, step) alone.

No generator state is carried from step to step: the order of an epoch is drawn from (seed, epoch), the noise of a
step (dropout, augmentation) from (seed, step). So any step can be repeated, bit for bit, from the weights before it,
and a run, its twin and its branches see the same batches by construction.
"""

from ..models.randomness import mix, seeded

__all__ = ["mix", "seeded"]
