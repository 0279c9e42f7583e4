"""Small networks for series: a picture read row by row, all its channels at once, or a table column by column."""

from __future__ import annotations

from torch import Tensor, nn

from kdviz.models.architecture import Network, check_dropout, check_sizes, head, seeded, standardize
from kdviz.models.convolutional import stages


class Steps(nn.Module):
    """Cut each example into steps of so many numbers of each channel: (B, ...) to (B, L, channels · step).

    Parameters
    ----------
    step, channels : int
    """

    def __init__(self, step: int, channels: int = 1) -> None:
        super().__init__()
        self.step, self.channels = step, channels

    def forward(self, x: Tensor) -> Tensor:
        by_channel = x.flatten(1).unflatten(1, (self.channels, -1, self.step))
        return by_channel.transpose(1, 2).flatten(2)

    def extra_repr(self) -> str:
        return f"step={self.step}" + (f", channels={self.channels}" if self.channels > 1 else "")


class Reader(nn.Module):
    """Gated recurrent units that read the steps in their order; outputs (B, L, width).

    Parameters
    ----------
    step, width, depth : int
    dropout : float
        Between layers, and on the output.
    """

    def __init__(self, step: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.gru = nn.GRU(step, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.gru(x)[0]


class LastStep(nn.Module):
    """Take the last step of each series."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, -1]


class StepsLast(nn.Module):
    """Put the steps where a convolution has them: (B, L, C) to (B, C, L)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


def recurrent(
    width: int = 64,
    depth: int = 1,
    *,
    step: int = 28,
    channels: int = 1,
    classes: int = 10,
    dropout: float = 0.0,
    mean: float = 0.0,
    std: float = 1.0,
    seed: int = 0,
) -> Network:
    """Build a network of gated recurrent units (GRU) that reads an example step by step and answers after the last.

    Parameters
    ----------
    width : int
        Units of each layer.
    depth : int
        Layers.
    step : int
        Numbers of each channel read at a time: 28 for the rows of a 28×28 image, 1 for the columns of a table.
    channels : int
        Of the images.
    classes : int
        Number of logits.
    dropout : float
        Probability of dropping a unit's output, between the layers and before the logits, while training.
    mean, std : float
        The input is standardized with these first.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Network
        Input (B, ...) with a multiple of `step` values for each channel of an example, output logits (B, classes).
        Layers: steps, reader, last, logits.

    Raises
    ------
    ValueError
        If a size is below 1 or `dropout` is outside [0, 1).

    References
    ----------
    Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation".

    Examples
    --------
    >>> import torch
    >>> recurrent(16)(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """
    check_sizes(width=width, depth=depth, step=step, channels=channels, classes=classes)
    check_dropout(dropout)
    architecture = {
        "name": "recurrent",
        "width": width,
        "depth": depth,
        "step": step,
        **({"channels": channels} if channels > 1 else {}),  # as those for one channel have always been described
        "classes": classes,
        "dropout": dropout,
        "mean": mean,
        "std": std,
    }
    layers: dict[str, nn.Module] = {**standardize(mean, std), "steps": Steps(step, channels)}
    with seeded(seed):
        layers["reader"] = Reader(channels * step, width, depth, dropout)
        layers["last"] = LastStep()
        layers |= head(width, classes, dropout)
    return Network(architecture, layers, seed=seed)


def conv1d(
    width: int = 16,
    depth: int = 3,
    *,
    inputs: int = 784,
    step: int = 28,
    channels: int = 1,
    classes: int = 10,
    dropout: float = 0.0,
    mean: float = 0.0,
    std: float = 1.0,
    seed: int = 0,
) -> Network:
    """Build a network of convolutions along the steps of a series; where it is in the series counts for the answer.

    Parameters
    ----------
    width : int
        Filters of the first stage; the second and the third have twice and four times as many and half the steps.
    depth : int
        Convolutions over five steps each, spread over the stages as in :func:`kdviz.models.convnet`.
    inputs : int
        Values in one example.
    step : int
        Numbers of each channel in a step: 28 for the rows of a 28×28 image, 1 for the columns of a table.
    channels : int
        Of the images.
    classes : int
        Number of logits.
    dropout : float
        Probability of dropping a number before the logits, while training.
    mean, std : float
        The input is standardized with these first.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Network
        Input (B, ...) with `inputs` values for each example, output logits (B, classes).

    Raises
    ------
    ValueError
        If a size is below 1, the steps do not fill the example, or `dropout` is outside [0, 1).

    Examples
    --------
    >>> import torch
    >>> conv1d(8).eval()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """
    check_sizes(width=width, depth=depth, inputs=inputs, step=step, channels=channels, classes=classes)
    check_dropout(dropout)
    numbers = channels * step
    if inputs % numbers:
        raise ValueError(f"steps must fill the example, and {numbers} does not divide {inputs}")
    architecture = {
        "name": "conv1d",
        "width": width,
        "depth": depth,
        "inputs": inputs,
        "step": step,
        **({"channels": channels} if channels > 1 else {}),  # as those for one channel have always been described
        "classes": classes,
        "dropout": dropout,
        "mean": mean,
        "std": std,
    }
    layers: dict[str, nn.Module] = {**standardize(mean, std), "steps": Steps(step, channels), "turned": StepsLast()}
    counts, length = stages(depth), inputs // numbers
    with seeded(seed):
        before, number = numbers, 0
        for stage, count in enumerate(counts):
            for block in range(count):
                number += 1
                if stage and not block:
                    layers[f"halve{number - 1}"] = nn.MaxPool1d(2, ceil_mode=True)
                    length = (length + 1) // 2
                layers[f"conv{number}"] = nn.Conv1d(before, width << stage, 5, padding=2, bias=False)
                layers[f"norm{number}"] = nn.BatchNorm1d(width << stage)
                layers[f"relu{number}"] = nn.ReLU()
                before = width << stage
        layers["flatten"] = nn.Flatten()
        layers |= head(before * length, classes, dropout)
    return Network(architecture, layers, seed=seed)
