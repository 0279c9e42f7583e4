"""Schemes: who teaches whom, and when. One file a scheme, each to be read from top to bottom.

A scheme with one student returns an ordinary, untrained :class:`kdviz.Distillation`. A scheme of several runs is a
generator of such runs: train each before asking for the next, or hand it to :func:`train_each`.
"""

from .adversarial import adversarial
from .assistant_chain import assistant_chain
from .black_box import black_box, labelled_by
from .born_again import born_again
from .by_name import SCHEMES, stages
from .co_training import View, co_training
from .ensemble import Ensemble, ensemble
from .generations import carried_on, frozen, train_each
from .label_free import label_free, without_labels
from .multi_teacher import multi_teacher, teacher_weights
from .mutual_learning import mutual_learning, peers
from .omitted_class import raise_bias, suitable_raise
from .own_snapshot import own_snapshot
from .own_teacher import exits, own_teacher
from .progressive import progressive

__all__ = [
    "SCHEMES",
    "Ensemble",
    "View",
    "adversarial",
    "assistant_chain",
    "black_box",
    "born_again",
    "carried_on",
    "co_training",
    "ensemble",
    "exits",
    "frozen",
    "label_free",
    "labelled_by",
    "multi_teacher",
    "mutual_learning",
    "own_snapshot",
    "own_teacher",
    "peers",
    "progressive",
    "raise_bias",
    "stages",
    "suitable_raise",
    "teacher_weights",
    "train_each",
    "without_labels",
]
