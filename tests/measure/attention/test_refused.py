"""What does not fit is answered in one sentence."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.attention import (
    activation_maps,
    attention,
    attention_matrices,
    compare,
    distance,
    patch_map,
    rollout,
)

from ..small_models import Reader, Unused, convolutional, drawn, encoder, images, randomised, with_nan


class Windowed(nn.Module):
    """Attends within two halves of each example, as if they were examples."""

    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        halves = x.reshape(-1, x.shape[1] // 2, 8)
        return self.attend(halves, halves, halves)[0].reshape(x.shape)


def poisoned():
    model = convolutional()
    with torch.no_grad():
        model[5].bias[0] = math.inf
    return model


REFUSED = {
    "no such layer": (
        lambda: activation_maps(kd.models.convnet(2), torch.rand(2, 1, 8, 8), "relu6"),
        "layer must be a module of the model by its dotted name, got 'relu6'; near it are relu5, relu4, relu3",
    ),
    "nothing near": (
        lambda: activation_maps(convolutional(), images(), "body.stem"),
        "got 'body.stem'; it has 0, 1, 2, 3, 4, 5, 6, 7, 8",
    ),
    "no map": (
        lambda: activation_maps(convolutional(), images(), ["2", "8"]),
        "the model's layer '8' must return maps (examples, channels, height, width) larger than 1 × 1, got shape "
        "(1, 3) for one example; those that do are 0, 1, 2, 3, 4, 5, 6",
    ),
    "no maps at all": (
        lambda: activation_maps(kd.models.mlp((4,)), torch.rand(2, 1, 28, 28)),
        "use attention_matrices for a transformer, or kdviz.measure.saliency for any model",
    ),
    "no layers": (lambda: activation_maps(convolutional(), images(), []), "layers must name at least one layer"),
    "form": (lambda: activation_maps(convolutional(), images(), form="mean"), "form must be one of sum, max, got"),
    "power": (lambda: activation_maps(convolutional(), images(), power=0), "power must be a number above 0, got 0"),
    "no example": (lambda: activation_maps(convolutional(), images(0)), "at least one example, got (0, 2, 8, 8)"),
    "no tensor": (lambda: activation_maps(convolutional(), images().numpy()), "X must be a tensor"),
    "nan in X": (lambda: attention_matrices(encoder(), with_nan(drawn(3, 4, 8))), "X must be finite, got nan or inf"),
    "batch": (lambda: attention_matrices(encoder(), drawn(3, 4, 8), batch_size=0), "batch_size must be at least 1"),
    "limit": (lambda: attention(convolutional(), poisoned(), images(), limit=0), "limit must be at least 1, got 0"),
    "nan inside": (
        lambda: attention(convolutional(), poisoned(), images(), "6", "5"),
        "the output of the student's layer '5' must be finite, got nan or inf",
    ),
    "no attention": (
        lambda: attention_matrices(convolutional(), images()),
        "and so no attention matrix; use activation_maps",
    ),
    "attention not run": (
        lambda: attention_matrices(Unused(), drawn(3, 4, 8)),
        "the model ran none of its attention layers (attend)",
    ),
    "windows": (
        lambda: attention_matrices(randomised(Windowed()), drawn(3, 4, 8)),
        "the attention of 'attend' must be (examples, heads, L, L), got shape (6, 2, 2, 2) for 3 examples",
    ),
    "all hidden": (
        lambda: attention_matrices(randomised(Reader()), torch.tensor([[1, 2], [0, 0]])),
        "must be finite, got nan; does a mask hide all",
    ),
    "heads": (lambda: rollout([torch.ones(1, 1, 2, 2)], heads="sum"), "heads must be one of mean, max, min, got 'sum'"),
    "no matrices": (lambda: rollout({}), "rollout needs the attention of at least one layer, got none"),
    "not square": (lambda: rollout([torch.ones(1, 1, 2, 3)]), "leave out attention to another sequence"),
    "other tokens": (
        lambda: rollout({"a": torch.ones(1, 1, 2, 2), "b": torch.ones(1, 1, 3, 3)}),
        "layer 'b' must be of the same examples and tokens as the first, 1 and 2, got 1 and 3",
    ),
    "negative": (lambda: rollout([-torch.ones(1, 1, 2, 2)]), "layer '0' must hold weights of 0 or more"),
    "no square of patches": (
        lambda: patch_map(torch.ones(1, 6, 6)),
        "the patches must fill a square, got 5 (6 tokens minus 1 before them); pass their rows and columns as grid",
    ),
    "grid": (lambda: patch_map(torch.ones(1, 5, 5), (2, 3)), "the patches must fill 2 × 3, got 4 (5 tokens minus 1"),
    "tokens": (lambda: patch_map(torch.ones(1, 5, 5), tokens=5), "tokens must be from 0 to 4, got 5"),
    "heads left": (lambda: patch_map(torch.ones(1, 2, 5, 5)), "one head with matrices[name][:, head]"),
    "different N": (
        lambda: distance(torch.ones(2, 3, 3), torch.ones(4, 3, 3)),
        "a and b must be maps of the same examples, got 2 and 4 of them",
    ),
    "not maps": (lambda: distance(torch.ones(2, 3), torch.ones(2, 3)), "a must be maps (examples, height, width)"),
    "nan maps": (lambda: distance(with_nan(torch.ones(2, 3, 3)), torch.ones(2, 3, 3)), "a must be finite, got nan"),
    "different N of layers": (
        lambda: compare({"a": torch.ones(2, 3, 3)}, {"x": torch.ones(3, 3, 3)}),
        "all maps must be of the same examples, got 2, 3 of them",
    ),
    "no maps to compare": (lambda: compare({}, {"x": torch.ones(3, 3, 3)}), "teacher_maps must hold the maps of"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_answered_in_one_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(ValueError) as told:  # noqa: PT011
        call()
    assert sentence in str(told.value) and "\n" not in str(told.value)
