"""A model of text asked about one token of each row: logits (B, V) in place of (B, L, V)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from kdviz.models.foreign import CannotAnswerError
from kdviz.models.inference import call, logits_of
from kdviz.models.wrap import Wrapped

IDS = "input_ids"  # what the tokens are called that a model takes without a name
AT = "at"  # (B, 1) the place in each row


class AtToken(Wrapped):
    """A model with logits (B, L, V), of which those at one place of each row are returned.

    Parameters
    ----------
    module : nn.Module
    alone : bool
        Whether the model takes the tokens alone, without a name.
    """

    def __init__(self, module: nn.Module, *, alone: bool) -> None:
        super().__init__(module)
        self.alone = alone

    @property
    def takes_any(self) -> bool:
        return True

    @property
    def _orig_mod(self) -> AtToken:
        inner = getattr(self.module, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            raise AttributeError("_orig_mod")
        return AtToken(inner, alone=self.alone).train(self.training)

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor:
        """Return logits (B, V) at the places ``at`` of the other inputs."""
        if inputs or AT not in named:
            raise CannotAnswerError(f"a model asked about one token of each row needs its place, {AT} (rows, 1)")
        given: Any = {name: part for name, part in named.items() if name != AT}
        at = named[AT][:, 0]
        logits = logits_of(call(self.module, given[IDS] if self.alone else given), "model", len(at))
        if logits.ndim != 3:
            raise CannotAnswerError(
                f"expected logits for each token, (rows, tokens, symbols), got shape {tuple(logits.shape)}"
            )
        return logits[torch.arange(len(at), device=logits.device), at.to(logits.device)]
