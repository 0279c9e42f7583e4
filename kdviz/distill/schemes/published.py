"""Published methods for text, by name, with the settings of their papers: ``published("gkd", teacher, student, data)``.

Each is made of parts that are here anyway, so that one can be changed at a time; what differs from the paper is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from ...words import mark
from ..difference_sampling import difference_sampled
from ..distillation import Distillation
from ..teacher import Teacher
from ..terms import HardLabels, MiniLLM
from .distilbert import COSINE, LABELS, SOFT, distilbert
from .on_policy import on_policy
from .sequence_level import sequence_level


@dataclass(frozen=True)
class Published:
    """A published method for text.

    Attributes
    ----------
    name : str
        For :func:`published`.
    title, says : str
        What it is called, and what it does in one sentence; marked for translation.
    formula : str
        LaTeX, with p the teacher's and q the student's distribution.
    source : str
    settings : dict
        The paper's, as arguments of ``begin``.
    differs : str
        What differs from the paper, in one sentence; marked.
    begin : callable
        From teacher, student, data, the settings and the arguments of :class:`kdviz.Distillation` to a run.
    """

    name: str
    title: str
    says: str
    formula: str
    source: str
    settings: dict[str, Any]
    differs: str
    begin: Callable[..., Distillation]


def published(name: str, teacher: nn.Module | Teacher, student: nn.Module, data: Any, **changed: Any) -> Distillation:
    """Return the run of a published method for text.

    Parameters
    ----------
    name : str
        One of ``PUBLISHED``: "seqkd", "gkd", "minillm", "miniplm", "distilbert".
    teacher, student : nn.Module
        Both give logits (B, L, V) over one vocabulary.
    data : Splits, (X, y), Dataset or DataLoader
        Token ids (N, L) with labels (N, L), the ids shifted by one, -1 at prompts and padding; for "distilbert" masked
        text, :func:`kdviz.data.masked`.
    **changed
        Settings to change (``own=1.0``), and arguments of :class:`kdviz.Distillation`. "miniplm" needs
        ``reference``, a small trained model.

    Returns
    -------
    Distillation

    Raises
    ------
    ValueError
        If there is no such method, or its parts do not fit.

    Examples
    --------
    >>> PUBLISHED["gkd"].settings
    {'own': 0.5, 'divergence': 'jensen_shannon', 'beta': 0.5}
    """
    if name not in PUBLISHED:
        raise ValueError(f"a published method for text must be one of {', '.join(PUBLISHED)}, got {name!r}")
    one = PUBLISHED[name]
    return one.begin(teacher, student, data, **{**one.settings, **changed})


def _minillm(
    teacher: Any,
    student: nn.Module,
    data: Any,
    *,
    mixed: float = 0.2,
    long: float = 1.0,
    weight_labels: float = 1.0,
    prompt: int = 1,
    end: int | None = None,
    every: int = 1,
    **training: Any,
) -> Distillation:
    objective = 1.0 * MiniLLM(mixed=mixed, long=long, prompt=prompt, end=end, every=every)
    return Distillation(teacher, student, data, objective + weight_labels * HardLabels(), **training)


def _miniplm(
    teacher: Any, student: nn.Module, data: Any, *, reference: nn.Module | None = None, share: float = 0.5, **more: Any
) -> Distillation:
    if reference is None:
        raise ValueError("miniplm chooses text by a small trained model beside the teacher; pass it as reference=")
    return Distillation(None, student, difference_sampled(data, teacher, reference, share), HardLabels(), **more)


_ALL = (
    Published(
        "seqkd",
        mark("Sequence-level distillation"),
        mark("Learn text that the teacher wrote, found by beam search, as if it were the true one."),
        r"-\textstyle\sum_t \log q(\hat y_t\,|\,\hat y_{<t}, x),\quad \hat y \approx \arg\max_y\, p(y\,|\,x)",
        "Kim, Rush 2016, arXiv:1606.07947",
        {"beams": 5},
        mark("The paper also tries the beam’s text that is nearest to the true one (Seq-Inter); here it is the best."),
        sequence_level,
    ),
    Published(
        "gkd",
        mark("Generalized knowledge distillation"),
        mark("At half of the steps the text is the student’s own; the teacher judges each of its tokens."),
        r"\mathbb{E}_{y}\,\tfrac{1}{|y|}\textstyle\sum_t D_\beta\big(p_t\,\|\,q_t\big),\quad "
        r"y \sim q(\cdot\,|\,x)\ \text{with probability}\ \lambda",
        "Agarwal et al. 2024, arXiv:2306.13649",
        {"own": 0.5, "divergence": "jensen_shannon", "beta": 0.5},
        mark("The paper tries λ of 0, 0.5 and 1 with several divergences; these are its middle, and TRL’s defaults."),
        on_policy,
    ),
    Published(
        "minillm",
        mark("MiniLLM"),
        mark("Student and teacher write together; the student leaves what the teacher finds unlikely, now and later."),
        r"\tfrac{1}{n}\textstyle\sum_t w_t\,\big[\nabla\mathrm{KL}(q_t\,\|\,p_t) - R_t\,\nabla\log q(y_t)\big]"
        r",\quad y \sim \alpha p + (1-\alpha) q",
        "Gu et al. 2024, arXiv:2306.08543",
        {"mixed": 0.2, "long": 1.0, "weight_labels": 1.0},
        mark("There each text is used for one step: the paper’s clipped ratio has nothing to clip and is left out."),
        _minillm,
    ),
    Published(
        "miniplm",
        mark("MiniPLM"),
        mark("Before training, keep the texts that the teacher finds likely and a small model does not; learn those."),
        r"r(x) = \tfrac{1}{|x|}\,\log\frac{p(x)}{p_{\mathrm{ref}}(x)}\quad\text{largest for the share}\ \alpha",
        "Gu, Zhou, Meng, Zhou, Huang 2024, arXiv:2410.17215",
        {"share": 0.5},
        mark("The paper’s texts are of one length; here the difference is by token."),
        _miniplm,
    ),
    Published(
        "distilbert",
        mark("DistilBERT"),
        mark("Half the blocks, begun as every other one of the teacher's: soft targets, hidden words and a cosine."),
        r"5\,T^2\,\mathrm{KL}\big(\sigma_T(t)\,\|\,\sigma_T(s)\big) \allowbreak "
        r"+ 2\,\mathrm{CE}(s, y) + 1 - \cos(h_s, h_t)",
        "Sanh et al. 2019, arXiv:1910.01108",
        {"soft": SOFT, "labels": LABELS, "cosine": COSINE, "temperature": 2.0},
        mark("The authors hide rare words more often and take blocks 1, 3, 5, 8, 10, 12; here words are drawn evenly."),
        distilbert,
    ),
)
PUBLISHED: dict[str, Published] = {one.name: one for one in _ALL}
"""Published methods for text, by name."""
