"""Saliency maps: which parts of an input a model's answer rests on, and whether two models look at the same parts.

The maps are captum's, so is the sign: positive where the input supports the class asked about. A map can please the
eye and say nothing of the model: :func:`sanity_check` asks whether it changes with the weights, and
:func:`deletion_insertion` whether the answer changes with the places that it names.
"""

from .alike import MapSimilarity, similarity
from .asking import Progress
from .curves import Curves, deletion_insertion
from .layer import GradCamLayer, grad_cam_layer
from .maps import METHODS, passes, saliency
from .random_weights import on_random_weights, sanity_check

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
    "similarity",
]
