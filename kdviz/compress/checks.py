"""What all ways of making a network smaller check."""

from __future__ import annotations

import math

from torch import nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

KINDS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def check_share(what: str, share: float) -> float:
    """Return a share of what is taken away; raise unless it is a number in [0, 1)."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not (math.isfinite(share) and 0 <= share < 1):
        raise ValueError(f"{what} must be a number from 0 to below 1, got {share!r}")
    return float(share)


def layers_of(model: nn.Module) -> dict[str, nn.Module]:
    """Return the linear and convolutional layers by name; attention reads some weights without calling their layer."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, KINDS) and not isinstance(module, NonDynamicallyQuantizableLinear)
    }
