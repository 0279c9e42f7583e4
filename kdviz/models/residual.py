"""Small residual network."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from kdviz.models.architecture import Network, check_dropout, check_sizes, head, seeded, standardize


class Residual(nn.Module):
    """Two 3×3 convolutions whose result is added to their input.

    Where the shape changes, the input goes through a 1×1 convolution first. The last normalization begins at
    zero, so that the block begins as the identity.

    Parameters
    ----------
    before, filters : int
        Channels of input and output.
    stride : int
        2 halves height and width.
    """

    def __init__(self, before: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, filters, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        nn.init.zeros_(self.norm2.weight)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, filters, 1, stride=stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.norm1(self.conv1(x)))  # (B, filters, H/stride, W/stride)
        return F.relu(self.norm2(self.conv2(out)) + self.shortcut(x))


def resnet(
    width: int = 16,
    blocks: Sequence[int] = (1, 1, 1),
    *,
    channels: int = 1,
    classes: int = 10,
    dropout: float = 0.0,
    mean: float = 0.0,
    std: float = 1.0,
    seed: int = 0,
) -> Network:
    """Build a residual network of a few stages; each later stage halves the image and doubles the filters.

    Parameters
    ----------
    width : int
        Filters of the first stage.
    blocks : sequence of int
        Residual blocks in each stage.
    channels : int
        Channels of the images.
    classes : int
        Number of logits.
    dropout : float
        Probability of dropping one of the pooled features while training.
    mean, std : float
        The input is standardized with these first.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Network
        Input images (B, channels, H, W), output logits (B, classes). The blocks are called stage1_1,
        stage1_2, ...; the last one gives the last feature maps.

    Raises
    ------
    ValueError
        If a size is below 1, there is no stage or `dropout` is outside [0, 1).

    References
    ----------
    He, Zhang, Ren, Sun 2016, "Deep Residual Learning for Image Recognition".

    Examples
    --------
    >>> import torch
    >>> resnet(8).eval()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """
    counts = [int(count) for count in blocks]
    if not counts:
        raise ValueError("blocks must name at least one stage, got none: use (1, 1, 1)")
    check_sizes(width=width, blocks=min(counts), channels=channels, classes=classes)
    check_dropout(dropout)
    architecture = {
        "name": "resnet",
        "width": width,
        "blocks": counts,
        "channels": channels,
        "classes": classes,
        "dropout": dropout,
        "mean": mean,
        "std": std,
    }
    layers = standardize(mean, std)
    with seeded(seed):
        layers["stem"] = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        layers["norm"] = nn.BatchNorm2d(width)
        layers["relu"] = nn.ReLU()
        before = width
        for stage, count in enumerate(counts):
            for block in range(count):
                filters, stride = width * 2**stage, 2 if stage and not block else 1
                layers[f"stage{stage + 1}_{block + 1}"] = Residual(before, filters, stride)
                before = filters
        layers["average"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers |= head(before, classes, dropout)
    return Network(architecture, layers, seed=seed)
