"""Distillation losses: pure functions of tensors, one family per file.

One convention throughout: a divergence is summed over classes and averaged over the batch (never over B·C), it carries
the factor T², and no gradient ever reaches the teacher. Everything is computed in float32 at least: half precision and
``torch.autocast`` change nothing.
"""

from .adversarial import discriminator_loss, generator_loss, gradient_penalty
from .correlations import correlation
from .decoupling import decoupled
from .fairness import demographic_parity, equalized_odds
from .feature import (
    attention_transfer,
    channel_attention,
    contrastive,
    cosine,
    gram,
    hint,
    neuron_selectivity,
    variational,
)
from .labels import UNLABELLED, check_smoothing, hard_labels, label_smoothing, virtual_teacher
from .relation import (
    probabilistic_transfer,
    relational_angle,
    relational_distance,
    similarity_preserving,
    solution_flow,
)
from .response import focused_soft_targets, jensen_shannon, logit_huber, logit_mse, reverse_kl, soft_targets
from .several_teachers import multi_teacher
from .softening import check_temperature
from .standardization import standardized_soft_targets
from .transformer import (
    attention_matrices,
    distillation_token,
    embeddings,
    hidden_states,
    masked_language_model,
    soft_cross_entropy,
)

__all__ = [
    "UNLABELLED",
    "attention_matrices",
    "attention_transfer",
    "channel_attention",
    "check_smoothing",
    "check_temperature",
    "contrastive",
    "correlation",
    "cosine",
    "decoupled",
    "demographic_parity",
    "discriminator_loss",
    "distillation_token",
    "embeddings",
    "equalized_odds",
    "focused_soft_targets",
    "generator_loss",
    "gradient_penalty",
    "gram",
    "hard_labels",
    "hidden_states",
    "hint",
    "jensen_shannon",
    "label_smoothing",
    "logit_huber",
    "logit_mse",
    "masked_language_model",
    "multi_teacher",
    "neuron_selectivity",
    "probabilistic_transfer",
    "relational_angle",
    "relational_distance",
    "reverse_kl",
    "similarity_preserving",
    "soft_cross_entropy",
    "soft_targets",
    "solution_flow",
    "standardized_soft_targets",
    "variational",
    "virtual_teacher",
]
