"""Distillation losses: pure functions of tensors, one family a file.

One convention throughout: the divergence is summed over classes and averaged over the batch (never over B·C), it
carries the factor T², and no gradient ever reaches the teacher.
"""

from .fairness import demographic_parity, equalized_odds
from .response import check_smoothing, check_temperature, hard_labels, label_smoothing, reverse_kl, soft_targets

__all__ = [
    "check_smoothing",
    "check_temperature",
    "demographic_parity",
    "equalized_odds",
    "hard_labels",
    "label_smoothing",
    "reverse_kl",
    "soft_targets",
]
