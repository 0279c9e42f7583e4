"""Small vision transformer."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from kdviz.models.architecture import Network, check_dropout, check_sizes, seeded, standardize


class Tokens(nn.Module):
    """Turn feature maps into a row of tokens: the class token first, then the patches row by row, positions added.

    Parameters
    ----------
    width : int
        Numbers in a token.
    patches : int
        How many patches an image has.
    special : int
        Tokens before the patches: the class token, and others that learn to be read.
    """

    def __init__(self, width: int, patches: int, special: int = 1) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.zeros(1, special, width))
        self.position = nn.Parameter(0.02 * torch.randn(1, special + patches, width))

    def forward(self, x: Tensor) -> Tensor:
        patches = x.flatten(2).transpose(1, 2)  # (B, patches, width)
        return torch.cat([self.class_token.expand(x.shape[0], -1, -1), patches], 1) + self.position


class Block(nn.Module):
    """Self-attention, then two linear layers; each is given the normalized tokens and its result is added to them.

    Parameters
    ----------
    width, heads : int
        Numbers in a token, and how many heads share them.
    dropout : float
        On what is added.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU()
        self.contract = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.norm1(x)  # (B, 1 + patches, width)
        return self._after(x, self.attention(seen, seen, seen, need_weights=False)[0])

    def _after(self, x: Tensor, found: Tensor) -> Tensor:
        """Add what attention found, then what two linear layers make of both."""
        x = x + self.dropout(found)
        return x + self.dropout(self.contract(self.gelu(self.expand(self.norm2(x)))))


class ClassToken(nn.Module):
    """Take the first token of each row."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0]


class TwoHeads(nn.Module):
    """One head that learns labels, from the class token, and one that learns from a teacher, from a token of its own.

    Input (B, 2, width). While training it gives the logits of the first head; those of the second are what the layer
    `teacher_head` gives. In eval mode it gives the logarithm of the mean of both heads' probabilities. Where one head
    alone was ever taught (labels weigh nothing, or the teacher does), the other is left out of that mean.

    Parameters
    ----------
    width, classes : int

    Attributes
    ----------
    taught : Tensor
        Of each head whether a gradient has reached it, shape (2,).
    """

    taught: Tensor

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.label_head = nn.Linear(width, classes)
        self.teacher_head = nn.Linear(width, classes)
        self.register_buffer("taught", torch.zeros(2, dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        by_labels, by_teacher = self.label_head(x[:, 0]), self.teacher_head(x[:, 1])
        if self.training:
            for head, given in enumerate((by_labels, by_teacher)):
                if given.requires_grad:
                    given.register_hook(partial(self._note, head))
            return by_labels
        both = torch.stack([by_labels.log_softmax(-1), by_teacher.log_softmax(-1)])
        asked = (self.taught | ~self.taught.any()).to(both.dtype)  # untrained, both are
        return (both + asked.log()[:, None, None]).logsumexp(0) - asked.sum().log()

    def _note(self, head: int, gradient: Tensor) -> None:
        self.taught[head] |= gradient.any()

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *more: Any) -> None:
        state_dict.setdefault(f"{prefix}taught", torch.ones(2, dtype=torch.bool))  # weights saved without it
        super()._load_from_state_dict(state_dict, prefix, *more)


class FirstTokens(nn.Module):
    """Take the first two tokens of each row."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :2]


def vit(
    width: int = 64,
    depth: int = 4,
    heads: int = 4,
    *,
    patch: int = 4,
    size: int = 28,
    channels: int = 1,
    classes: int = 10,
    dropout: float = 0.0,
    distilled: bool = False,
    mean: float = 0.0,
    std: float = 1.0,
    seed: int = 0,
) -> Network:
    """Build a vision transformer: patches become tokens, blocks of self-attention follow, the class token is read.

    Parameters
    ----------
    width : int
        Numbers in a token.
    depth : int
        Blocks.
    heads : int
        Heads of each block; they share the width evenly.
    patch, size : int
        Side of a patch and of the square images, in pixels.
    channels : int
        Channels of the images.
    classes : int
        Number of logits.
    dropout : float
        Probability of dropping a number of what a block adds, while training.
    distilled : bool
        Have a second token whose head learns from a teacher, as DeiT: ``kd.DistillationToken("logits.teacher_head")``.
        While training the output is that of the head that learns labels, in eval mode the mean of the heads that were
        taught.
    mean, std : float
        The input is standardized with these first.
    seed : int
        Fixes the initial weights; torch's global generator is left alone.

    Returns
    -------
    Network
        Input images (B, channels, size, size), output logits (B, classes). The blocks are called block1, block2, ...;
        the attention of the first is `block1.attention`.

    Raises
    ------
    ValueError
        If a size is below 1, the patches do not fill the image, the heads do not share the width evenly or `dropout`
        is outside [0, 1).

    References
    ----------
    Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words"; normalization first, as there. Touvron et al. 2021,
    "Training data-efficient image transformers & distillation through attention", for the distillation token.

    Examples
    --------
    >>> import torch
    >>> vit(32, 2, 2).eval()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """
    check_sizes(width=width, depth=depth, heads=heads, patch=patch, size=size, channels=channels, classes=classes)
    check_dropout(dropout)
    if size % patch:
        raise ValueError(f"patches must fill the image, and {patch} does not divide {size}")
    if width % heads:
        raise ValueError(f"heads must share the width evenly, and {heads} does not divide {width}")
    architecture = {
        "name": "vit",
        "width": width,
        "depth": depth,
        "heads": heads,
        "patch": patch,
        "size": size,
        "channels": channels,
        "classes": classes,
        "dropout": dropout,
        "mean": mean,
        "std": std,
        **({"distilled": True} if distilled else {}),
    }
    layers = standardize(mean, std)
    with seeded(seed):
        layers["patches"] = nn.Conv2d(channels, width, patch, stride=patch)
        layers["tokens"] = Tokens(width, (size // patch) ** 2, special=2 if distilled else 1)
        for number in range(1, depth + 1):
            layers[f"block{number}"] = Block(width, heads, dropout)
        layers["norm"] = nn.LayerNorm(width)
        layers["class_token"] = FirstTokens() if distilled else ClassToken()
        layers["logits"] = TwoHeads(width, classes) if distilled else nn.Linear(width, classes)
    return Network(architecture, layers, seed=seed)
