"""Build a model from its description: the same description and seed give the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from kdviz.models.randomness import GENERATOR_LOCK

Architecture = dict[str, Any]


class Network(nn.Sequential):
    """A chain of named layers with a description of itself.

    Each layer can be accessed by name, as `model.logits` or as a tap "logits".

    Attributes
    ----------
    architecture : dict
        All that is needed to rebuild the model with `kdviz.models.build`; can be written as JSON.
    seed : int
        The seed of its initial weights.
    """

    architecture: Architecture
    seed: int

    def __init__(self, architecture: Architecture, layers: Mapping[str, nn.Module], *, seed: int = 0) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.architecture = architecture
        self.seed = seed


class Standardize(nn.Module):
    """Subtract a mean and divide by a standard deviation, both fixed numbers.

    Parameters
    ----------
    mean, std : float
        In the units of the input.
    """

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        if not std > 0:
            raise ValueError(f"std must be > 0, got {std}")
        self.mean, self.std = mean, std

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) * (1 / self.std)

    def extra_repr(self) -> str:
        return f"mean={self.mean}, std={self.std}"


def standardize(mean: float, std: float) -> dict[str, nn.Module]:
    """Return the first layer of a network, or none where it would change nothing."""
    return {} if (mean, std) == (0.0, 1.0) else {"standardize": Standardize(mean, std)}


def head(features: int, classes: int, dropout: float) -> dict[str, nn.Module]:
    """Return the last layers of a network: the logits of so many features, some of them dropped while training."""
    return {**({"dropout": nn.Dropout(dropout)} if dropout else {}), "logits": nn.Linear(features, classes)}


def check_sizes(**sizes: int) -> None:
    """Raise on a size below 1, with its name."""
    for what, size in sizes.items():
        if size < 1:
            raise ValueError(f"{what.replace('_', ' ')} must be at least 1, got {size}")


def check_dropout(dropout: float) -> None:
    """Raise unless a probability is in [0, 1)."""
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), got {dropout}")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw initial weights on the CPU from `seed` and leave torch's global generator as it was."""
    with GENERATOR_LOCK, torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        yield


TEXT = ("decoder", "gru")  # architectures that read token ids and predict the next
ENCODERS = ("encoder",)  # those that read a row of token ids as a whole
MOST_WEIGHTS = 10**9  # 4 GB, and as much again for gradients and each number that an optimizer stores per weight


def about_weights(architecture: Mapping[str, Any]) -> int:
    """Return approximately how many weights a description has, without allocating any: to reject huge ones.

    >>> about_weights({"name": "mlp", "hidden": [8], "inputs": 4, "classes": 3})
    67
    """
    options = {"classes": 10, "channels": 1, **architecture}
    w, channels, classes = options.get("width", 64), options["channels"], options["classes"]
    match options.get("name"):
        case "mlp":
            sizes = [options.get("inputs", 784), *options.get("hidden", (64,)), classes]
            return sum((a + 1) * b for a, b in pairwise(sizes))
        case "convnet" | "mobile" | "conv1d":  # at most: as if all layers were of the last stage
            depth, before = options.get("depth", 5), channels * max(1, options.get("step", 1))
            length = options.get("inputs", 1) // before if options["name"] == "conv1d" else 1
            if options["name"] == "convnet" and depth == 5:
                return 9 * w * (channels + 16 * w) + (4 * w + 1) * classes
            return 9 * w * (before + 16 * w * depth) + (4 * w * length + 1) * classes
        case "recurrent":
            return 3 * w * (channels * options.get("step", 28) + w + 2) * options.get("depth", 1) + (w + 1) * classes
        case "resnet":
            widths = [(w << i, blocks) for i, blocks in enumerate(options.get("blocks", (1, 1, 1)))]
            return 9 * channels * w + sum(20 * b * wide**2 for wide, b in widths) + (widths[-1][0] + 1) * classes
        case "vit":
            patches = (options.get("size", 28) // max(1, options.get("patch", 4))) ** 2
            rest = channels * options.get("patch", 4) ** 2 + patches + 2 * classes
            return options.get("depth", 4) * 13 * w**2 + rest * w
        case "encoder":
            inner = options.get("inner") or 4 * w
            rest = options.get("vocabulary", 1) + options.get("context", 24) + (options["classes"] or 0) + w
            return options.get("blocks", 2) * (4 * w**2 + 2 * w * inner) + rest * w
        case "decoder" | "gru":
            ends = (2 * options.get("vocabulary", 1) + options.get("context", 64)) * w
            return ends + 13 * w**2 * (options.get("blocks", 2) + options.get("depth", 1))
    return 0


def of_text(architecture: Mapping[str, Any]) -> bool:
    """Whether a description is of a model that reads token ids and predicts the next."""
    return architecture.get("name") in TEXT


def of_encoder(architecture: Mapping[str, Any]) -> bool:
    """Whether a description is of a model that reads a row of token ids as a whole."""
    return architecture.get("name") in ENCODERS


def build(architecture: Mapping[str, Any], seed: int = 0) -> nn.Module:
    """Build the model that an `.architecture` describes, with fresh weights.

    Parameters
    ----------
    architecture : Mapping
        "name" (mlp, convnet, mobile, resnet, vit, recurrent, conv1d, decoder, gru or encoder) and the arguments of
        that function; "sees": "left" for one that :func:`kdviz.models.seeing_half` returned.
    seed : int
        Fixes the initial weights.

    Returns
    -------
    nn.Module
        In training mode, on the CPU.

    Raises
    ------
    ValueError
        If the name is unknown or an argument does not exist.

    Examples
    --------
    >>> build({"name": "mlp", "hidden": [8], "inputs": 4, "classes": 3}).architecture["hidden"]
    [8]
    """
    from kdviz.models.convolutional import convnet
    from kdviz.models.encoders import encoder
    from kdviz.models.half import seeing_half
    from kdviz.models.mobile import mobile
    from kdviz.models.perceptron import mlp
    from kdviz.models.residual import resnet
    from kdviz.models.sequences import decoder, gru
    from kdviz.models.series import conv1d, recurrent
    from kdviz.models.transformer import vit

    of_all: tuple[Callable[..., Any], ...] = (mlp, convnet, mobile, resnet, vit, recurrent, conv1d)
    of_all += (decoder, gru, encoder)
    makers = {maker.__name__: maker for maker in of_all}
    arguments = dict(architecture)
    name, sees = arguments.pop("name", None), arguments.pop("sees", None)
    if sees not in (None, "left"):
        raise ValueError(f"sees must be 'left', the half of a picture, or absent, got {sees!r}")
    if name not in makers:
        raise ValueError(f"the architecture's name must be one of {', '.join(makers)}, got {name!r}")
    try:
        if about_weights(architecture) > MOST_WEIGHTS:
            raise ValueError(f"a network can have at most {MOST_WEIGHTS:,} weights, got {str(architecture)[:100]}")
        network = makers[name](**arguments, seed=seed)
        return network if sees is None else seeing_half(network)
    except TypeError as error:
        raise ValueError(f"the architecture does not fit {name}: {error}") from error


def rebuildable(module: nn.Module | None) -> Architecture | None:
    """Return the description from which a module can be rebuilt, None where it has none or no longer matches it.

    A network that was quantized, pruned, compiled, cast or given another layer still carries its original description;
    the network that `build` returns for it must have the same layers, and weights of the same shapes and dtypes.

    Examples
    --------
    >>> from kdviz.models import mlp
    >>> net = mlp((8,), inputs=4, classes=3)
    >>> rebuildable(net)["hidden"], rebuildable(net.double())
    ([8], None)
    """
    architecture: Architecture | None = getattr(module, "architecture", None)
    if module is None or architecture is None:
        return None
    fresh = build(architecture)
    wanted, held = fresh.state_dict(), module.state_dict()
    same_layers = [type(part) for part in fresh.modules()] == [type(part) for part in module.modules()]
    if not same_layers or wanted.keys() != held.keys():
        return None
    return architecture if all(_alike(wanted[name], held[name]) for name in wanted) else None


def _alike(wanted: Tensor, held: Any) -> bool:
    return isinstance(held, Tensor) and all(
        getattr(wanted, of) == getattr(held, of) for of in ("shape", "dtype", "layout")
    )
