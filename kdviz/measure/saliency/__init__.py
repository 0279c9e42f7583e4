"""Saliency maps: which parts of an input a model's prediction rests on, and whether two models look at the same parts.

The maps are captum's, and so is their sign: positive where the input supports the target class. A map can please the
eye and say nothing about the model: :func:`sanity_check` tests whether it changes with the weights, and
:func:`deletion_insertion` whether the prediction changes with the positions that it marks.
"""

from .alike import MapSimilarity, similarity
from .asking import Progress
from .curves import Curves, deletion_insertion
from .layer import GradCamLayer, grad_cam_layer
from .maps import METHODS, passes, saliency
from .random_weights import on_random_weights, sanity_check, shows_the_input

__all__ = [
    "METHODS",
    "Curves",
    "GradCamLayer",
    "MapSimilarity",
    "Progress",
    "deletion_insertion",
    "grad_cam_layer",
    "on_random_weights",
    "passes",
    "saliency",
    "sanity_check",
    "shows_the_input",
    "similarity",
]
