"""Attention: where the layers of two models look.

There are two views. The maps of attention transfer show where a layer is active; the attention matrices of a
transformer show which token attends to which. How similar layers are, wherever they look, is in ``similarity.py``.
"""

from .comparison import Attention, MapDistance, attention, compare, distance
from .maps import Form, activation_maps
from .matrices import Heads, attention_matrices, layer_maps, patch_map, rollout, text_matrices

__all__ = [
    "Attention",
    "Form",
    "Heads",
    "MapDistance",
    "activation_maps",
    "attention",
    "attention_matrices",
    "compare",
    "distance",
    "layer_maps",
    "patch_map",
    "rollout",
    "text_matrices",
]
