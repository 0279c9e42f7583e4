"""Small convnets and transformers, and runs of them."""

from __future__ import annotations

import kdviz as kd


def convnets():
    return [kd.models.convnet(width, classes=3, seed=width).eval() for width in (6, 4)]


def names(column):
    return [box["name"] for box in column]


QUICK = {"pair": "mnist-mlp-1200", "epochs": 1}  # 63 steps
