"""Schemes: who teaches whom, and when. One file per scheme, to be read from top to bottom.

A scheme with one student returns an ordinary, untrained :class:`kdviz.Distillation`. A scheme of several runs is a
generator of such runs: train each before asking for the next, or hand it to :func:`train_each`.
"""

from .adversarial import adversarial
from .assistant_chain import assistant_chain
from .black_box import black_box, labelled_by
from .born_again import born_again
from .by_name import SCHEMES, stages
from .co_training import View, co_training
from .continual import Retained, continual, retained, tasks_of
from .data_free import data_free, data_impressions
from .distilbert import distilbert
from .ensemble import Ensemble, ensemble
from .federated import RecordedAnswers, federated, final_runs, private_parts
from .generations import frozen, named, train_each, trainable_copy
from .label_free import label_free, without_labels
from .multi_teacher import multi_teacher, teacher_weights
from .mutual_learning import mutual_learning, peers
from .omitted_class import best_bias_shift, shift_class_bias
from .on_policy import on_policy
from .progressive import progressive
from .published import PUBLISHED, Published, published
from .quantized import bytes_of, fake_quantized, integer_weights, quantized, quantized_layers
from .robust import robust
from .self_distillation import exits, self_distillation
from .sequence_level import as_written, sequence_level
from .snapshot_distillation import snapshot_distillation
from .specialists import Specialist, WithSpecialists, confusable_classes, specialists
from .tinybert import General, layer_losses, tinybert

__all__ = [
    "PUBLISHED",
    "SCHEMES",
    "Ensemble",
    "General",
    "Published",
    "RecordedAnswers",
    "Retained",
    "Specialist",
    "View",
    "WithSpecialists",
    "adversarial",
    "as_written",
    "assistant_chain",
    "best_bias_shift",
    "black_box",
    "born_again",
    "bytes_of",
    "co_training",
    "confusable_classes",
    "continual",
    "data_free",
    "data_impressions",
    "distilbert",
    "ensemble",
    "exits",
    "fake_quantized",
    "federated",
    "final_runs",
    "frozen",
    "integer_weights",
    "label_free",
    "labelled_by",
    "layer_losses",
    "multi_teacher",
    "mutual_learning",
    "named",
    "on_policy",
    "peers",
    "private_parts",
    "progressive",
    "published",
    "quantized",
    "quantized_layers",
    "retained",
    "robust",
    "self_distillation",
    "sequence_level",
    "shift_class_bias",
    "snapshot_distillation",
    "specialists",
    "stages",
    "tasks_of",
    "teacher_weights",
    "tinybert",
    "train_each",
    "trainable_copy",
    "without_labels",
]
