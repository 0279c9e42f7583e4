"""Numbers about models: what a difference between two of them is worth."""

from .paired import Paired, PairedErrors, paired, paired_errors

__all__ = ["Paired", "PairedErrors", "paired", "paired_errors"]
