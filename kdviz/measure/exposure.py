"""Exposure bias: how much more a student errs on its own text than on given text, over length.

A student learns each next token after a text that others wrote, and is used after a text that it wrote itself. What it
got wrong is then in front of it. The teacher judges both: it says, after any text, what could follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..distill.own_text import Text, writer, written
from ..distill.teacher import Teacher
from ..losses import soft_targets
from ..losses.labels import UNLABELLED
from ..models.inference import ROWS_AT_ONCE, Cancelled, Progress, ask, fitted
from ..models.looking import evaluating
from ..models.sequences import check_vocabularies
from ..words import number, t
from .confidence import check_confidence

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Exposure:
    """The student's error after given text and after its own, at each length of an answer.

    Attributes
    ----------
    length : array of int, shape (l,)
        1, 2, ... tokens of the answer, counting the one to be predicted.
    given, own : array of float, shape (l,)
        Mean KL(teacher ‖ student) of the next token, in nats, after given text and after the student's own.
    given_nll, own_nll : array of float, shape (l,)
        What the teacher finds of the text itself, −log p of its tokens, in nats: of given text, and of the student's.
    counts, own_counts : array of int, shape (l,)
        How many sequences are as long.
    excess : float
        Excess error over all tokens, relative to that after given text: 0 is no exposure bias, 0.5 half as much again.
    low, high : float
        Ends of its interval, by sequence; nan with a single one.
    confidence : float
    n : int
        How many sequences.
    """

    length: np.ndarray
    given: np.ndarray
    own: np.ndarray
    given_nll: np.ndarray
    own_nll: np.ndarray
    counts: np.ndarray
    own_counts: np.ndarray
    excess: float
    low: float
    high: float
    confidence: float
    n: int

    def __str__(self) -> str:
        return t(
            "After its own text the student’s error differs by {excess} from that after given text "
            "(95\u202f% CI {low} to {high}, {n} sequences).",
            excess=_percent(self.excess),
            low=_percent(self.low),
            high=_percent(self.high),
            n=number(self.n),
        )

    def frame(self) -> pd.DataFrame:
        """Return a row for each length."""
        import pandas as pd

        names = ("given", "own", "given_nll", "own_nll", "counts", "own_counts")
        return pd.DataFrame({name: getattr(self, name) for name in names}, index=pd.Index(self.length, name="length"))


def _percent(share: float) -> str:
    return number(round(share, 2) + 0.0, "+.0%")  # never −0 %


def exposure(
    student: nn.Module,
    teacher: nn.Module | Teacher,
    data: Examples | Splits,
    *,
    prompt: int = 1,
    end: int | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Exposure:
    """Measure exposure bias: the student's error on its own text against that on given text, judged by the teacher.

    Parameters
    ----------
    student : nn.Module
        Logits (B, L, V).
    teacher : nn.Module or Teacher
        The judge, over the same vocabulary.
    data : Examples or Splits
        Token ids (N, L) with labels (N, L); of splits the test part. Labels of -1 are prompt or padding.
    prompt, end : int
        As for :class:`kdviz.OnPolicy`.
    temperature : float
        At which the student writes.
    seed : int
        Fixes what it writes, and the resampling.
    confidence : float
        In (0, 1).
    progress : callable, optional
        Called with (done, total) after each batch; return False to stop.

    Returns
    -------
    Exposure

    Raises
    ------
    ValueError
        In one sentence, if the data are no text, or the vocabularies differ.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    With d_t(c) = KL(p(· | c) ‖ q(· | c)) after a text c, p the teacher and q the student::

        given_t = mean d_t(y_<t), y given      own_t = mean d_t(ŷ_<t), ŷ ~ q

        excess = mean of d over all own tokens / mean of d over all given tokens − 1

    For answers of one length that is Σ_t own_t / Σ_t given_t − 1, the excess accumulated error of Arora et al. (their
    %ExAccErr / 100 at the full length), with the teacher as the oracle. Their oracle writes the given text itself; here
    it is the data's.

    The interval is a bootstrap over sequences (1,000 resamples; a sequence keeps its given and its own text): it is for
    these two models on other prompts, and holds the luck of what was written once.

    References
    ----------
    Arora, El Asri, Bahuleyan, Cheung (2022), Why Exposure Bias Matters: An Imitation Learning Perspective of Error
    Accumulation in Language Generation, Findings of ACL, arXiv:2204.01171. Bengio, Vinyals, Jaitly, Shazeer (2015),
    Scheduled Sampling, NeurIPS, arXiv:1506.03099. Ranzato, Chopra, Auli, Zaremba (2016), Sequence Level Training with
    Recurrent Neural Networks, ICLR, arXiv:1511.06732.
    """
    check_confidence(confidence)
    examples = data.test if isinstance(data, Splits) else data
    if examples.y.ndim != 2:
        raise ValueError("exposure bias is one of text: labels must have shape (examples, tokens), one token each")
    judge = teacher if isinstance(teacher, Teacher) else Teacher(teacher)
    check_vocabularies({"teacher": judge.module, "student": student}, getattr(data, "vocabulary", None))
    sums: dict[str, list[Tensor]] = {name: [] for name in ("given", "own", "given_nll", "own_nll", "counts", "after")}
    for start in range(0, len(examples), ROWS_AT_ONCE):
        done = min(start + ROWS_AT_ONCE, len(examples))
        inputs, y = examples.inputs(slice(start, done)), examples.y[start:done]
        write = writer(student, seed + start, temperature=temperature, end=end)
        own = written(write, inputs, y, prompt=prompt, end=end)
        given = _same_places(Text(inputs, y), own)
        for name, text in (("given", given), ("own", own)):
            kl, nll = _judged(student, judge, text)
            sums[name].append(kl)
            sums[f"{name}_nll"].append(nll)
            sums["counts" if name == "given" else "after"].append(_aligned(text.y != UNLABELLED, text.y).bool())
        if progress is not None and progress(done, len(examples)) is False:
            raise Cancelled(f"stopped after {done:,} of {len(examples):,} texts")
    found = {name: torch.cat(parts) for name, parts in sums.items()}
    kept = found["counts"].any(1) & found["after"].any(1)
    if not bool(kept.any()):
        raise ValueError("the data hold no sequence with a label; exposure bias needs given text to compare with")
    by = {name: value[kept].double().numpy() for name, value in found.items()}
    excess, low, high = _excess(by, confidence, seed)
    long = int((by["counts"].any(0) & by["after"].any(0)).sum())
    counts, after = by["counts"].sum(0), by["after"].sum(0)

    def mean(name: str, over: np.ndarray) -> np.ndarray:
        return (by[name].sum(0) / np.maximum(over, 1))[:long]

    return Exposure(
        length=np.arange(1, long + 1),
        given=mean("given", counts),
        own=mean("own", after),
        given_nll=mean("given_nll", counts),
        own_nll=mean("own_nll", after),
        counts=counts[:long].astype(np.int64),
        own_counts=after[:long].astype(np.int64),
        excess=excess,
        low=low,
        high=high,
        confidence=confidence,
        n=int(kept.sum()),
    )


def _same_places(given: Text, own: Text) -> Text:
    """Return the given text without the tokens of a prompt that the student did not write either."""
    place = torch.arange(given.y.shape[1])
    begins = torch.where(own.y != UNLABELLED, place, given.y.shape[1]).amin(1, keepdim=True)
    return Text(given.inputs, given.y.masked_fill(place < begins, UNLABELLED))


def _judged(student: nn.Module, judge: Teacher, text: Text) -> tuple[Tensor, Tensor]:
    """Return KL(teacher ‖ student) and the teacher's −log p of each token of the answers, (B, l), from their first."""
    with evaluating(student), torch.no_grad():
        s = ask(student, fitted(text.inputs, student), who="student").cpu()
    p = judge(text.inputs).cpu()
    if p.shape != s.shape:
        raise ValueError(
            f"the teacher judges the student's text by its own next tokens; they answer with shapes {tuple(p.shape)} "
            f"and {tuple(s.shape)}, and must have one vocabulary"
        )
    counts = text.y != UNLABELLED
    kl = soft_targets(s, p, 1.0, mask=counts, reduction="none")
    nll = -p.log_softmax(-1).gather(-1, text.y.clamp(min=0)[..., None])[..., 0].masked_fill(~counts, 0)
    return _aligned(kl, text.y), _aligned(nll, text.y)


def _aligned(value: Tensor, y: Tensor) -> Tensor:
    """Return values (B, L) moved to the left, so that an answer's first token stands at 0; 0 beyond its end."""
    counts = y != UNLABELLED
    order = torch.argsort((~counts).to(torch.int8), dim=1, stable=True)
    return value.masked_fill(~counts, 0).gather(1, order)


def _excess(by: dict[str, Any], confidence: float, seed: int) -> tuple[float, float, float]:
    """Return the excess accumulated error with its bootstrap interval."""
    given, own = by["given"].sum(1), by["own"].sum(1)
    g, o = by["counts"].sum(1), by["after"].sum(1)
    draws = np.random.default_rng(seed).integers(0, len(given), (RESAMPLES, len(given)))

    def of(index: Any) -> Any:
        per_token_own = own[index].sum(-1) / o[index].sum(-1)
        per_token_given = given[index].sum(-1) / g[index].sum(-1)
        relative = per_token_own / np.maximum(per_token_given, np.finfo(np.float64).tiny) - 1
        return np.where((per_token_own == 0) & (per_token_given == 0), 0.0, relative)  # no error at all: no excess

    value = float(of(np.arange(len(given))))
    if len(given) == 1:
        return value, np.nan, np.nan
    resampled = of(draws)
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return value, float(low), float(high)
