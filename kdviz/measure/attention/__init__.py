"""Attention: where the layers of two models look.

Two views of what goes on inside. The maps of attention transfer say where a layer is active; the matrices of a
transformer say which token draws on which. How alike layers are, wherever they look, is in ``similarity.py``.
"""

from .comparison import Attention, MapDistance, attention, compare, distance
from .maps import Form, activation_maps
from .matrices import Heads, attention_matrices, layer_maps, patch_map, rollout

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
]
