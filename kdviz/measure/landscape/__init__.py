"""The loss around trained weights: on a plane through student and twin, and how sharp the minimum is.

Everything here works on copies: parameters, buffers and modes of a model are afterwards what they were.
"""

from .plane import Plane, plane
from .sharpness import KINDS, RADII, Eigenvalue, Sharpness, largest_eigenvalue, rescaled, sharpness

__all__ = ["KINDS", "RADII", "Eigenvalue", "Plane", "Sharpness", "largest_eigenvalue", "plane", "rescaled", "sharpness"]
