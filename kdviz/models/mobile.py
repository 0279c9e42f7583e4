"""Small depthwise-separable convolutional network."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from kdviz.models.architecture import Network, check_dropout, check_sizes, head, seeded, standardize
from kdviz.models.convolutional import stages


class Separable(nn.Module):
    """A 3×3 convolution of each channel alone, then a 1×1 convolution across them, each with norm and ReLU.

    Parameters
    ----------
    before, filters : int
        Channels of input and output.
    stride : int
        2 halves height and width.
    """

    def __init__(self, before: int, filters: int, stride: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(before, before, 3, stride=stride, padding=1, groups=before, bias=False)
        self.norm1 = nn.BatchNorm2d(before)
        self.pointwise = nn.Conv2d(before, filters, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm2(self.pointwise(F.relu(self.norm1(self.depthwise(x))))))


def mobile(
    width: int = 16,
    depth: int = 5,
    *,
    channels: int = 1,
    classes: int = 10,
    dropout: float = 0.0,
    mean: float = 0.0,
    std: float = 1.0,
    seed: int = 0,
) -> Network:
    """Build a depthwise-separable network: a 3×3 convolution that halves the image, then blocks in three stages.

    The stages have width, 2·width and 4·width filters; the second and the third halve the image again. A 3×3
    convolution from C to C channels has 9·C² weights, a separable one 9·C + C².

    Parameters
    ----------
    width : int
        Filters of the first convolution.
    depth : int
        Separable blocks, spread over the stages as in :func:`kdviz.models.convnet`.
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
        Input images (B, channels, H, W), output logits (B, classes). The blocks are called block1, block2, ...

    Raises
    ------
    ValueError
        If a size is below 1 or `dropout` is outside [0, 1).

    References
    ----------
    Howard et al. 2017, "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications".

    Examples
    --------
    >>> import torch
    >>> from kdviz.models import convnet, parameter_count
    >>> mobile(8).eval()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    >>> parameter_count(convnet(8)), parameter_count(mobile(8))
    (9202, 2218)
    """
    check_sizes(width=width, depth=depth, channels=channels, classes=classes)
    check_dropout(dropout)
    architecture = {
        "name": "mobile",
        "width": width,
        "depth": depth,
        "channels": channels,
        "classes": classes,
        "dropout": dropout,
        "mean": mean,
        "std": std,
    }
    layers = standardize(mean, std)
    with seeded(seed):
        layers["stem"] = nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False)
        layers["norm"] = nn.BatchNorm2d(width)
        layers["relu"] = nn.ReLU()
        before, number = width, 0
        for stage, count in enumerate(stages(depth)):
            for block in range(count):
                number += 1
                layers[f"block{number}"] = Separable(before, width << stage, 2 if stage and not block else 1)
                before = width << stage
        layers["average"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers |= head(before, classes, dropout)
    return Network(architecture, layers, seed=seed)
