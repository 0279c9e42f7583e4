"""Small plain convolutional network."""

from __future__ import annotations

from torch import nn

from kdviz.models.architecture import Network, check_dropout, check_sizes, head, seeded, standardize


def convnet(
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
    """Build a network of 3×3 convolutions, five by default, that ends in a global average and one linear layer.

    Filters: width, width, halve, 2·width, 2·width, halve, 4·width. Each convolution is followed by batch
    normalization and ReLU, so `relu5` outputs the last feature maps (B, 4·width, H/4, W/4). Another depth is spread
    over these three stages as evenly as it goes, the first ones first: the thinner and deeper students of FitNets.

    Parameters
    ----------
    width : int
        Filters of the first convolution.
    depth : int
        Convolutions.
    channels : int
        Channels of the images.
    classes : int
        Number of logits.
    dropout : float
        Probability of dropping one of the 4·width pooled features while training.
    mean, std : float
        The input is standardized with these first.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Network
        Input images (B, channels, H, W) of at least 4×4 pixels, output logits (B, classes).

    Raises
    ------
    ValueError
        If a size is below 1 or `dropout` is outside [0, 1).

    Examples
    --------
    >>> import torch
    >>> convnet(8).eval()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """
    check_sizes(width=width, depth=depth, channels=channels, classes=classes)
    check_dropout(dropout)
    architecture = {
        "name": "convnet",
        "width": width,
        "channels": channels,
        "classes": classes,
        "dropout": dropout,
        "mean": mean,
        "std": std,
        **({"depth": depth} if depth != 5 else {}),
    }
    counts = stages(depth)
    ends = {sum(counts[:1]), sum(counts[:2])} - {depth}
    layers = standardize(mean, std)
    with seeded(seed):
        before = channels
        for number, filters in enumerate((width << i for i, n in enumerate(counts) for _ in range(n)), start=1):
            layers[f"conv{number}"] = nn.Conv2d(before, filters, 3, padding=1, bias=False)
            layers[f"norm{number}"] = nn.BatchNorm2d(filters)
            layers[f"relu{number}"] = nn.ReLU()
            if number in ends:
                layers[f"halve{number}"] = nn.MaxPool2d(2)
            before = filters
        layers["average"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers |= head(before, classes, dropout)
    return Network(architecture, layers, seed=seed)


def stages(depth: int) -> tuple[int, int, int]:
    """Return how many of `depth` layers each of three stages has, evenly and the first ones first.

    >>> stages(5), stages(8), stages(1)
    ((2, 2, 1), (3, 3, 2), (1, 0, 0))
    """
    return (depth + 2) // 3, (depth + 1) // 3, depth // 3
