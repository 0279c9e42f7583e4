"""What a model is called on a page and in a report: one name for one model, wherever it is shown."""

from __future__ import annotations

from torch import nn

from ..words import number, t
from .counts import parameter_count
from .wrap import kind_name


def name_of(module: nn.Module) -> str:
    """Return a model's name for a reader: its card's title, its hidden units, or its class with its size.

    >>> from kdviz.models import convnet, mlp
    >>> name_of(mlp((128,))), name_of(mlp((800, 800))), name_of(mlp((64, 32))), name_of(convnet(8))
    ('128 hidden units', '2×800 hidden units', '64-32 hidden units', 'Convnet, 9,202 parameters')
    """
    card = getattr(module, "card", None)
    if card is not None:
        return t(str(card.title))
    architecture = getattr(module, "architecture", {})
    if architecture.get("name") == "mlp":
        hidden = architecture["hidden"]
        alike = len(hidden) > 1 and len(set(hidden)) == 1
        return t("{sizes} hidden units", sizes=f"{len(hidden)}×{hidden[0]}" if alike else "-".join(map(str, hidden)))
    kind = str(architecture["name"]).capitalize() if architecture.get("name") else kind_name(module)
    count = parameter_count(module) or sum(p.numel() for p in module.parameters())
    return t("{kind}, {n} parameters", kind=kind, n=number(count)) if count else kind
