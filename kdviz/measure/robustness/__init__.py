"""Robustness: what changed pictures do to teacher, student and twin, and how sure they are of pictures not theirs.

Attacks (FGSM, PGD), corruptions at five severities, certified radii by smoothing, and out-of-domain scores. Models are
left unchanged. Radii are those of the inputs, pixels in [0, 1]: what a model does to them first is part of the model.
"""

from ...models.attack import Norm, fgsm, pgd
from .corruptions import CORRUPTIONS, KINDS, SEVERITIES, corrupt, strength
from .domain import SCORES, Outside, Score, outside, scores
from .holding import ATTACKS, RADII, Accuracy, Change, Robustness, robustness
from .smoothing import Certified, certify, clopper_pearson_lower, largest_radius

__all__ = [
    "ATTACKS",
    "CORRUPTIONS",
    "KINDS",
    "RADII",
    "SCORES",
    "SEVERITIES",
    "Accuracy",
    "Certified",
    "Change",
    "Norm",
    "Outside",
    "Robustness",
    "Score",
    "certify",
    "clopper_pearson_lower",
    "corrupt",
    "fgsm",
    "largest_radius",
    "outside",
    "pgd",
    "robustness",
    "scores",
    "strength",
]
