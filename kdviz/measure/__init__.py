"""Numbers about models: what they share, how sure they are, where they look, and what a difference of two is worth.

Each subject is a module, loaded when it is first named: ``kdviz.measure.calibration.calibration(logits, y)``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .paired import Paired, PairedErrors, paired, paired_errors

if TYPE_CHECKING:
    from . import attention, bias, calibration, dark_knowledge, fidelity, groups, saliency, similarity

_SUBJECTS = ("attention", "bias", "calibration", "dark_knowledge", "fidelity", "groups", "saliency", "similarity")

__all__ = [
    "Paired",
    "PairedErrors",
    "attention",
    "bias",
    "calibration",
    "dark_knowledge",
    "fidelity",
    "groups",
    "paired",
    "paired_errors",
    "saliency",
    "similarity",
]


def __getattr__(name: str) -> Any:
    """Load a subject the first time it is named (PEP 562)."""
    if name in _SUBJECTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
