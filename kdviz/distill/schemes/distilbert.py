"""DistilBERT: half the blocks, begun with the teacher's own weights, and taught by three losses at once.

A masked language model teaches a smaller one of the same width on masked text: its soft targets for each token, the
hidden words themselves, and the direction of its last hidden states. What was learned is then fine-tuned on a task,
as the teacher would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from ...data import Splits, splits
from ...models.inheritance import inherit
from ..distillation import Distillation
from ..objective import Objective
from ..pairing import layer_pairs
from ..teacher import Teacher
from ..terms import Cosine, HardLabels, SoftTargets

SOFT, LABELS, COSINE = 5.0, 2.0, 1.0  # the weights of the authors' command


def distilbert(
    teacher: nn.Module | Teacher,
    student: nn.Module,
    data: Any,
    *,
    soft: float = SOFT,
    labels: float = LABELS,
    cosine: float = COSINE,
    temperature: float = 2.0,
    inherited: bool = True,
    layers: Mapping[str, str] | None = None,
    **training: Any,
) -> Distillation:
    """Return a run of DistilBERT's triple loss, whose student begins with every other block of its teacher.

    Parameters
    ----------
    teacher : nn.Module or Teacher
        A masked language model: logits (B, L, V).
    student : nn.Module
        With fewer blocks and, if it inherits, the same width. It is changed in place.
    data : Splits, (X, y), Dataset or DataLoader
        For masked language modeling: labels (N, L), -1 where no word is hidden. See :func:`kdviz.data.masked`.
    soft, labels, cosine : float
        Weights of the soft targets, the hidden words and the cosine of the last hidden states; one of 0 leaves its part
        out.
    temperature : float
        T > 0 of the soft targets.
    inherited : bool
        False to begin with the weights that the student has.
    layers : mapping of str to str, optional
        Which layer of the student begins as which of the teacher; see :func:`kdviz.models.inherit` for the default.
    **training
        Arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation
        Untrained.

    Raises
    ------
    ValueError
        If all weights are 0, the student cannot inherit, or the cosine is asked for and the models have no blocks.

    Notes
    -----
    L = 5 · T² KL(σ_T(t) ‖ σ_T(s)) + 2 · CE(s, hidden word) + 1 · (1 − cos(h_s, h_t)), with T = 2: the weights of the
    authors' command. The first is averaged over all tokens that are no padding, the second over the hidden ones, the
    third over all that are no padding, of the last block of each model. On the same logits these are the values of the
    authors' Distiller (transformers, research_projects/distillation), whose KLDivLoss with "batchmean" divides by the
    tokens that it selected. It differs in what surrounds them: its ``--restrict_ce_to_mask`` leaves only hidden words
    to the first loss (here, in a term of one's own); it hides rare words more often (``--mlm_smoothing 0.7``), where
    ``kdviz.data.masking.hide`` draws evenly; it accumulates gradients to batches of thousands; and it takes the
    layers 0, 2, 4, 7, 9 and 11 of twelve. (To load a saved run with data of your own, pass the run's ``data``: it says
    that the soft targets count at all tokens.)

    References
    ----------
    Sanh, Debut, Chaumond, Wolf (2019), DistilBERT, a distilled version of BERT, arXiv:1910.01108.

    Examples
    --------
    >>> import kdviz as kd
    >>> pieces = kd.data.word_pieces()
    >>> teacher, student = (kd.models.encoder(pieces, width=16, blocks=blocks) for blocks in (4, 2))
    >>> run = distilbert(teacher.eval(), student, kd.data.masked_definitions(), allow_weaker_teacher=True)
    >>> run.objective.names, student.block2.expand.weight.equal(teacher.block3.expand.weight)
    (('soft', 'hard', 'cosine'), True)
    """
    data = replace(data if isinstance(data, Splits) else splits(data), everywhere=True)
    module = teacher.module if isinstance(teacher, Teacher) else teacher
    if inherited:
        inherit(student, module, layers)
    weighted: dict[Any, float] = {SoftTargets(temperature): soft, HardLabels(): labels}
    if cosine:
        blocks = layer_pairs(student, module, data.train.inputs(slice(0, 2))).tokens
        if not blocks:
            raise ValueError(
                "the cosine needs blocks that output tokens in both models, and there are none; name layers in an "
                "objective of your own, kd.Cosine(student, teacher), or pass cosine=0"
            )
        weighted[Cosine(*blocks[-1])] = cosine
    parts = [weight * term for term, weight in weighted.items() if weight]
    if not parts:
        raise ValueError("at least one of soft, labels and cosine must be above 0, got 0 for each")
    objective: Objective = sum(parts[1:], start=parts[0])
    return Distillation(teacher, student, data, objective, **training)
