"""TinyBERT: what goes on inside is learned first, on any text and then on the task's; the answers come last.

Four parts: embeddings, hidden states, attention, and the teacher's answers. Two stages: *general*, the first three
parts on text without labels, from a teacher that was not fine-tuned; *task*, the same three on the task's text from the
fine-tuned teacher, and then its answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import nn

from ...data import Splits, splits
from ...data.inputs import Inputs
from ...models.inheritance import inherit
from ...words import mark
from ..distillation import Distillation
from ..objective import Objective
from ..pairing import layer_pairs
from ..teacher import Teacher
from ..terms import AttentionMatrices, Embeddings, HiddenStates, SoftCrossEntropy
from .generations import frozen, named, trainable_copy


class General(NamedTuple):
    """What the general stage is made of.

    Attributes
    ----------
    teacher : nn.Module or Teacher
        A masked language model that was not fine-tuned.
    student : nn.Module
        As the student of the task, with the same head as this teacher.
    data : Splits, (X, y), Dataset or DataLoader
        Masked text; see :func:`kdviz.data.masked`. Its labels are not used.
    """

    teacher: nn.Module | Teacher
    student: nn.Module
    data: Any


def tinybert(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    general: General | None = None,
    *,
    temperature: float = 1.0,
    layer_epochs: int | None = None,
    general_epochs: int | None = None,
    **training: Any,
) -> Iterator[Distillation]:
    """Yield TinyBERT's runs: general layers, the task's layers, the task's answers.

    Parameters
    ----------
    teacher : nn.Module or Teacher
        Fine-tuned for the task.
    student : nn.Module
        With the task's head; fewer blocks, and narrower if wanted.
    data : Splits, (X, y), Dataset or DataLoader
        Of the task.
    general : General or tuple, optional
        Teacher, student and data of the general stage; without it the first run is the task's layers. What it learned
        is where the student of the task begins, as far as weights have the same name and shape.
    temperature : float
        T > 0 of the answers.
    layer_epochs, general_epochs : int, optional
        Epochs of the runs on layers; by default as many as the last run.
    **training
        Arguments of :class:`kdviz.Distillation`, the same for each run.

    Yields
    ------
    Distillation
        Untrained; train it before asking for the next (:func:`train_each` does). The students given are trained in the
        first run of each stage; the last goes on with a copy.

    Raises
    ------
    ValueError
        If the models have no blocks of tokens, or a run was not trained before the next was asked for.

    Notes
    -----
    Layers: L = MSE(E_s W_e, E_t) + Σ_m [MSE(H_s,m W_h, H_t,g(m)) + (1/h) Σ_i MSE(A_s,i, A_t,i)], A being scores before
    the softmax and g the uniform map g(m) = m · M / N; attention is left out where the heads differ in number. Answers:
    L = CE(σ_T(s), σ_T(t)) at T = 1. All have the weight 1.

    The authors' code (huawei-noah, TinyBERT) differs: it has one linear map for the embeddings and all layers, where
    the paper and this scheme have several, and trains it even where the widths are equal; it averages over padding; and
    it has no T² in the answers, which is the same at T = 1. Its general stage saves a model for the second. Augmented
    data, by which the paper's task stage has twenty times as many sentences, are the caller's, in ``data``.

    References
    ----------
    Jiao, Yin, Shang, Jiang, Chen, Li, Wang, Liu (2020), TinyBERT: Distilling BERT for Natural Language Understanding,
    Findings of EMNLP, arXiv:1909.10351.

    Examples
    --------
    >>> import kdviz as kd
    >>> pieces, data = kd.data.word_pieces(), kd.data.definitions()
    >>> teacher = kd.models.encoder(pieces, width=16, blocks=4, classes=8).eval()
    >>> student = kd.models.encoder(pieces, width=8, blocks=2, classes=8)
    >>> run = next(tinybert(teacher, student, data, epochs=1))
    >>> run.objective.names
    ('embeddings', 'hidden_states', 'attention_matrices')
    """
    last = training
    layers = training if layer_epochs is None else {**training, "epochs": layer_epochs}
    if general is not None:
        general = General(*general)
        first = training if general_epochs is None else {**training, "epochs": general_epochs}
        run = _on_layers(general.teacher, general.student, general.data, first)
        yield named(run, mark("General: layers"))  # the caller trains it
        inherit(student, frozen(run))
    teacher = teacher if isinstance(teacher, Teacher) else Teacher(teacher)  # asked once for both runs
    run = _on_layers(teacher, student, data, layers)
    yield named(run, mark("Task: layers"))
    learned = trainable_copy(run)
    answers = 1.0 * SoftCrossEntropy(temperature)
    yield named(Distillation(teacher, learned, data, answers, **last), mark("Task: answers"))


def _on_layers(teacher: nn.Module | Teacher, student: nn.Module, data: Any, training: dict[str, Any]) -> Distillation:
    data = data if isinstance(data, Splits) else splits(data)
    module = teacher.module if isinstance(teacher, Teacher) else teacher
    objective = layer_losses(student, module, data.train.inputs(slice(0, 2)))
    return Distillation(teacher, student, data, objective, **training)


def layer_losses(student: nn.Module, teacher: nn.Module, example: Inputs) -> Objective:
    """Return TinyBERT's losses on embeddings, hidden states and attention, for the layers that correspond.

    Parameters
    ----------
    student, teacher : nn.Module
    example : inputs of one or more examples
        In the format of both models.

    Raises
    ------
    ValueError
        If the models have no blocks of tokens.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> deep, flat = models.encoder(20, 8, 16, 4, 2), models.encoder(20, 8, 16, 2, 4)
    >>> layer_losses(flat, deep, torch.ones(1, 8, dtype=torch.int64)).names  # heads differ: no attention
    ('embeddings', 'hidden_states')
    """
    pairs = layer_pairs(student, teacher, example)
    if pairs.embeddings is None or not pairs.tokens:
        raise ValueError("student and teacher must have an embedding and blocks that output tokens, and one has none")
    objective: Objective = 1.0 * Embeddings(*pairs.embeddings) + 1.0 * HiddenStates(*_sides(pairs.tokens))
    return objective + 1.0 * AttentionMatrices(*_sides(pairs.attention)) if pairs.attention else objective


def _sides(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(s for s, _ in pairs), tuple(t for _, t in pairs)
