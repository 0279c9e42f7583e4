"""Multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from kdviz.models.architecture import Network, check_dropout, check_sizes, seeded, standardize


def mlp(
    hidden: Sequence[int] = (64,),
    *,
    inputs: int = 784,
    classes: int = 10,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    mean: float = 0.0,
    std: float = 1.0,
    seed: int = 0,
) -> Network:
    """Build a multi-layer perceptron with ReLU units; it flattens its input itself.

    Parameters
    ----------
    hidden : sequence of int
        Units of each hidden layer; none gives a linear classifier.
    inputs : int
        Values in one example, 784 for a 28×28 image.
    classes : int
        Number of logits.
    dropout, input_dropout : float
        Probability of dropping a hidden unit, or an input, while training.
    mean, std : float
        The input is standardized with these first, e.g. 0.1307 and 0.3081 for MNIST in [0, 1].
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Network
        Input (B, ...) with `inputs` values for each example, output logits (B, classes). Layers: flatten,
        linear1, relu1, ..., logits.

    Raises
    ------
    ValueError
        If a size is below 1 or a probability outside [0, 1).

    Examples
    --------
    >>> import torch
    >>> mlp((32, 32))(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """
    if isinstance(hidden, int):
        raise ValueError(f"hidden must be a sequence of layer sizes, got {hidden}: use ({hidden},)")
    sizes = [int(units) for units in hidden]
    check_sizes(hidden_units=min(sizes, default=1), inputs=inputs, classes=classes)
    check_dropout(dropout)
    check_dropout(input_dropout)
    architecture = {
        "name": "mlp",
        "hidden": sizes,
        "inputs": inputs,
        "classes": classes,
        "dropout": dropout,
        "input_dropout": input_dropout,
        "mean": mean,
        "std": std,
    }
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten(), **standardize(mean, std)}
    if input_dropout:
        layers["dropout0"] = nn.Dropout(input_dropout)
    with seeded(seed):
        width = inputs
        for number, units in enumerate(sizes, start=1):
            layers[f"linear{number}"] = nn.Linear(width, units)
            layers[f"relu{number}"] = nn.ReLU()
            if dropout:
                layers[f"dropout{number}"] = nn.Dropout(dropout)
            width = units
        layers["logits"] = nn.Linear(width, classes)
    return Network(architecture, layers, seed=seed)
