"""A trained network made smaller: weights or whole units taken away, layers of low rank, eight-bit integers.

Each function returns a copy that goes on learning, so that a teacher can teach it afterwards::

    small = kd.compress.without_units(teacher, 0.75)
    kd.Distillation(teacher, small, data, epochs=2, allow_weaker_teacher=True).train()

Rounding in the loop, to 2 to 8 bits, is :func:`kdviz.distill.schemes.fake_quantized`.
"""

from .integers import int8, ranged
from .low_rank import low_rank, ranks
from .size import Stored, stored
from .units import units_at_zero, without_units
from .zeros import hold_zeros, pruned, share_of_zeros

__all__ = [
    "Stored",
    "hold_zeros",
    "int8",
    "low_rank",
    "pruned",
    "ranged",
    "ranks",
    "share_of_zeros",
    "stored",
    "units_at_zero",
    "without_units",
]
