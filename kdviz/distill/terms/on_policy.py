"""Terms on the student's own text: it writes, the teacher judges each of its next tokens, and it learns from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ... import losses
from ...losses.labels import UNLABELLED
from ...losses.precision import at_least_float32
from ...losses.reductions import paired
from ...models.generation import NotFiniteError
from ...models.inference import answer, device_of, no_answer
from ..outputs import Outputs, Seen
from ..own_text import Text, Writer, check_padding, ids_of, with_ids, writer, written
from ..schedules import Hyperparameter, extremes, positive
from ..tokens import flattened, positions
from .feature import at_least_one
from .response import SoftTargets

__all__ = ["MiniLLM", "OnPolicy"]

DIVERGENCES = ("forward", "reverse", "jensen_shannon")
SEEDS = 2**31 - 1


@dataclass(frozen=True)
class OnPolicy(SoftTargets):
    """On-policy distillation (GKD): the student learns on text that it wrote itself, token by token from the teacher.

    With probability λ a step's text is the student's own, written now, with its current weights, from the prompts of
    the batch; else it is the given text. On either, the loss is a divergence between both models' next tokens::

        L = D(T ‖ S)(y | x),   y ~ S(· | x) with probability λ, else y given

    averaged over the tokens of the answers; no gradient goes through the writing, nor to the teacher.

    Parameters
    ----------
    temperature : float or Schedule
        T > 0 of the divergence, with its factor T².
    own : float or Schedule
        λ in [0, 1], the share of steps on the student's own text. Live: ``run.edit(own=0.5)``.
    beta : float or Schedule
        β in (0, 1) of the generalized Jensen–Shannon divergence.
    sampling : float or Schedule
        The temperature > 0 at which the student writes.
    divergence : {"forward", "reverse", "jensen_shannon"}
        See :func:`kdviz.losses.jensen_shannon`, :func:`kdviz.losses.soft_targets` and :func:`kdviz.losses.reverse_kl`.
    prompt : int
        The least length of a prompt. A prompt is what stands before the first label; in running text, whose labels
        begin at once, it is the first ``prompt`` tokens.
    end : int, optional
        The token that ends an answer. Without one, an answer is as long as the given one.
    every : int
        Own text is written at every so many steps that need one, and used again in between: writing takes most of the
        time.

    Raises
    ------
    ValueError, TypeError
        In one sentence, if a number is out of range; when a run begins, if the data hold no token ids with labels
        token by token.

    Notes
    -----
    Whether a step is on the student's own text is drawn once a step, as in the paper's algorithm 1. Draws depend on the
    run's seed and the step alone, so a run repeats itself bit for bit, from a snapshot too. The student writes in eval
    mode (without dropout); it is trained in its own mode. Own text that is to be used again is in each snapshot.

    The paper's β = 0 and β = 1 are the forward and the reverse divergence here: :func:`kdviz.losses.jensen_shannon`
    tells why. TRL's ``GKDTrainer`` averages over the tokens of all the batch, as here, omits T², and writes at
    temperature 0.9; its ``lmbda`` is λ.

    The teacher is asked at each step, about the text of the step.

    References
    ----------
    Agarwal, Vieillard, Zhou, Stanczyk, Ramos, Geist, Bachem (2024), On-Policy Distillation of Language Models: Learning
    from Self-Generated Mistakes, ICLR, arXiv:2306.13649.

    Examples
    --------
    >>> from kdviz import HardLabels
    >>> (0.5 * OnPolicy(own=1.0, divergence="reverse") + 0.5 * HardLabels()).editable[:3]
    ('temperature', 'alpha', 'own')
    """

    temperature: Hyperparameter = 1.0
    own: Hyperparameter = 0.5
    beta: Hyperparameter = 0.5
    sampling: Hyperparameter = 1.0
    divergence: str = "jensen_shannon"
    prompt: int = 1
    end: int | None = None
    every: int = 1

    unprefixed: ClassVar[tuple[str, ...]] = ("temperature", "own")
    static_fields: ClassVar[tuple[str, ...]] = ("divergence", "prompt", "end", "every")
    asks_itself: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for number in extremes(self.own):
            if not 0 <= number <= 1:
                raise ValueError(f"own must lie in [0, 1] (it is the share of the student's own text), got {number}")
        for number in extremes(self.beta):
            if not 0 < number < 1:
                raise ValueError(f"beta must lie in (0, 1) (it is the teacher's share of the mixture), got {number}")
        if self.divergence not in DIVERGENCES:
            raise ValueError(f"divergence must be one of {', '.join(DIVERGENCES)}, got {self.divergence!r}")
        object.__setattr__(self, "own", positive("own", self.own, zero=True))
        object.__setattr__(self, "beta", positive("beta", self.beta))
        object.__setattr__(self, "sampling", positive("sampling", self.sampling))
        for name in ("prompt", "every"):
            object.__setattr__(self, name, at_least_one(name, getattr(self, name)))
        if self.end is not None:
            if isinstance(self.end, bool) or not hasattr(self.end, "__index__") or self.end < 0:
                raise ValueError(f"end must be a token, a whole number of at least 0, or None, got {self.end!r}")
            object.__setattr__(self, "end", int(self.end))

    @property
    def needs_finite_teacher(self) -> bool:
        return self.divergence == "reverse"

    def for_data(self, data: Any, objective: Any) -> Any:
        """Check that the data are text, token by token."""
        ids_of(data.train.inputs(slice(0, 1)))
        if data.train.y.ndim != 2:
            raise ValueError(
                f"{type(self).__name__} needs labels token by token, shape (examples, tokens), -1 at prompts and "
                f"padding, and {data.title} has one label an example"
            )
        if data.everywhere:
            raise ValueError(
                f"{type(self).__name__} needs text whose labels are the next tokens, and those of {data.title} are "
                "hidden words: take text that goes on, or kd.SoftTargets for masked text"
            )
        if self.end is not None and self.end >= len(data.classes):
            raise ValueError(
                f"end must be one of the {len(data.classes)} symbols of {data.title}, 0 to {len(data.classes) - 1}, "
                f"got {self.end}"
            )
        check_padding(data.train)
        return self

    def auxiliary(self, seen: Seen) -> nn.Module:
        return KeptText(self.every)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        inputs, y = outputs.inputs, outputs.tokens
        if inputs is None or y is None or outputs.ask is None:
            raise ValueError(
                f"{type(self).__name__} needs a student with logits (examples, tokens, symbols), got one answer an "
                "example; take a model that predicts each next token"
            )
        own = float(torch.rand(())) < hyper["own"]  # drawn at every step: an edit of λ moves no other draw
        if not own:
            t = outputs.ask(inputs).to(outputs.student.device)
            return self.between(outputs.student, flattened(t, positions(inputs, t, y)), hyper)
        text = self.own_text(outputs, inputs, y, hyper)
        if text is None:
            return outputs.student.sum() * torch.nan
        s, t = self.answers(outputs, text)
        places = _with_label(text.y)
        return self.between(flattened(s, places), flattened(t, places), hyper)

    def own_text(self, outputs: Outputs, inputs: Any, y: Tensor, hyper: dict[str, float]) -> Text | None:
        """Return text that the student wrote, now or at an earlier step; None if it fell apart and has no numbers."""
        kept = outputs.auxiliary
        held = kept.take(inputs) if isinstance(kept, KeptText) else None
        if held is not None:
            return held
        seed = int(torch.randint(SEEDS, ()))
        try:
            text = written(self.writer(outputs, seed, hyper), inputs, y, prompt=self.prompt, end=self.end)
        except NotFiniteError:
            return None
        if isinstance(kept, KeptText):
            kept.keep(text)
        return text

    def writer(self, outputs: Outputs, seed: int, hyper: dict[str, float]) -> Writer:
        """Return who writes: the student."""
        assert outputs.model is not None, "the engine passes the student"
        return writer(outputs.model, seed, temperature=hyper["sampling"], end=self.end)

    def answers(self, outputs: Outputs, text: Text) -> tuple[Tensor, Tensor]:
        """Return both models' logits (B, L, V) on a text, the student's with gradient."""
        assert outputs.model is not None and outputs.ask is not None, "the engine passes both"
        s = answer(outputs.model, text.inputs, who="student")
        t = outputs.ask(text.inputs).to(s.device)
        places = _with_label(text.y)
        check_teacher(flattened(t, places), flattened(s, places), finite=self.needs_finite_teacher)
        return s, t

    def between(self, s: Tensor, t: Tensor, hyper: dict[str, float]) -> Tensor:
        """Return the divergence of logits (M, V), averaged over positions."""
        if self.divergence == "forward":
            return losses.soft_targets(s, t, hyper["temperature"])
        if self.divergence == "reverse":
            return losses.reverse_kl(s, t, hyper["temperature"])
        return losses.jensen_shannon(s, t, hyper["temperature"], hyper["beta"])


@dataclass(frozen=True)
class MiniLLM(OnPolicy):
    """MiniLLM: reverse KL on text that student and teacher write together, with what a token leads to.

    Each step's text is drawn, token by token, from p̃ = α p + (1 − α) q, with p the teacher's and q the student's next
    token. Its gradient has the paper's two parts, with w_t = q(y_t) / p̃(y_t)::

        single step   mean_t  w_t · ∇ KL(q_t ‖ p_t)
        long term   − mean_t  w_t · R_t · ∇ log q(y_t) ,   R_t = 1/(n − t) Σ_{t' > t} log p(y_t') / q(y_t')

    for an answer of n tokens, t = 1 … n. The value in the history is the first part's alone: the mean of w_t · KL.

    Parameters
    ----------
    mixed : float or Schedule
        α in [0, 1), the teacher's share of who writes: 0.2 in the paper. No w_t is above 1 / (1 − α); at 1, where the
        teacher alone would write, they have no bound.
    long : float or Schedule
        The weight ≥ 0 of the long term; 0 leaves the single step.
    temperature, own, sampling, prompt, end, every
        As for :class:`OnPolicy`; ``sampling`` must be 1 where ``mixed`` is above 0. On given text (1 − λ of the steps)
        it is the reverse KL.

    Raises
    ------
    ValueError, TypeError
        As for :class:`OnPolicy`.

    Notes
    -----
    In: teacher-mixed sampling with the paper's approximate weights w_t of one step; the single-step decomposition,
    where the expectation over the next token is exact; length normalization of what follows; the loss on given text, if
    :class:`HardLabels` stands beside (the paper's L_PT). Not in: the clipped ratio of several updates by one sample
    (each text is used at once: the ratio is 1, so nothing would be clipped; with ``every`` above 1 the later steps miss
    it); the clipping of rewards and whitening of the authors' code; a student first trained on the labels, which is a
    run of its own. The mean is over tokens of the batch here; the paper sums over a text and averages over texts.

    The authors' code (LMOps, minillm) has a mean over tokens as well. Beside clipping and whitening it differs in that
    its R_t begins with the reward of y_t itself and is divided by n − t + 1, and that its single step is not weighed
    by w_t. For w_t = 1 its single step is this one; its advantage before whitening is (r_t + (n − t) R_t) / (n − t + 1)
    with r_t = log p(y_t) / q(y_t).

    References
    ----------
    Gu, Dong, Wei, Huang (2024), MiniLLM: Knowledge Distillation of Large Language Models, ICLR, arXiv:2306.08543.

    Examples
    --------
    >>> MiniLLM(mixed=0.2).own
    1.0
    """

    own: Hyperparameter = 1.0
    divergence: str = "reverse"
    mixed: Hyperparameter = 0.2
    long: Hyperparameter = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for number in extremes(self.mixed):
            if not 0 <= number < 1:
                raise ValueError(
                    "mixed must lie in [0, 1) (it is the teacher's share of who writes, and what it writes alone is "
                    f"weighed without a bound), got {number}; for text of the teacher's take kd.schemes.sequence_level"
                )
        object.__setattr__(self, "mixed", positive("mixed", self.mixed, zero=True))
        object.__setattr__(self, "long", positive("long", self.long, zero=True))
        if self.divergence != "reverse":
            raise ValueError(f"MiniLLM's divergence is the reverse one, got {self.divergence!r}; use kd.OnPolicy")
        if set(extremes(self.sampling)) != {1.0}:
            raise ValueError(f"MiniLLM weighs what was drawn at temperature 1, got sampling={self.sampling}")

    def writer(self, outputs: Outputs, seed: int, hyper: dict[str, float]) -> Writer:
        assert outputs.model is not None and outputs.ask is not None, "the engine passes both"
        if hyper["mixed"] == 0:
            return writer(outputs.model, seed, end=self.end)
        return writer(Mixed(outputs.model, outputs.ask, hyper["mixed"]), seed, end=self.end)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        if outputs.inputs is None or outputs.tokens is None or not float(torch.rand(())) < hyper["own"]:
            return super().value(outputs, {**hyper, "own": 0.0})
        text = self.own_text(outputs, outputs.inputs, outputs.tokens, hyper)
        if text is None:
            return outputs.student.sum() * torch.nan
        s, t = self.answers(outputs, text)
        counts, y = text.y != UNLABELLED, text.y.clamp(min=0)
        return minillm(s, t, y, counts, hyper["mixed"], hyper["long"], hyper["temperature"])


def check_teacher(t: Tensor, s: Tensor, *, finite: bool) -> None:
    """Raise in one sentence if a teacher's logits (M, V) of own text are none, where the student's are.

    A student whose own are not finite has fallen apart: that is seen by the loss. ``finite``: whether −∞ is none.
    """
    none = no_answer(t)
    if finite:
        none |= ((t == -torch.inf) & (s != -torch.inf)).any(-1)
    wrong = int((none & s.isfinite().all(-1)).sum())
    if wrong:
        raise ValueError(
            f"the teacher has logits that are not finite for {wrong:,} of {len(t):,} tokens of text that the student "
            "wrote, so that nothing can be learned there; check that it can read any text of these symbols"
            + (", or take another divergence where it rules out symbols (−∞)" if finite else "")
        )


def minillm(
    s: Tensor, t: Tensor, y: Tensor, counts: Tensor, mixed: float, long: float, temperature: float = 1.0
) -> Tensor:
    """Return MiniLLM's loss of texts; its value is the weighted reverse KL, its gradient both parts.

    Parameters
    ----------
    s, t : Tensor, shape (B, L, V)
        Logits of student and teacher.
    y : Tensor of int64, shape (B, L)
        The token after each position.
    counts : Tensor of bool, shape (B, L)
        Which of them belong to the answer.
    mixed, long, temperature : float
        As for :class:`MiniLLM`.
    """
    s, t = paired(s, t, counts, "logits", "both must be (texts, tokens, symbols)")  # float32 at least
    log_q, log_p = s.log_softmax(-1), t.log_softmax(-1)
    ours, theirs = (z.gather(-1, y[..., None])[..., 0] for z in (log_q, log_p))  # (B, L)
    with torch.no_grad():
        q, p = ours.exp(), theirs.exp()
        w = (q / (mixed * p + (1 - mixed) * q).clamp(min=torch.finfo(q.dtype).tiny)).masked_fill(~counts, 0)
        reward = (theirs - ours).masked_fill(~counts, 0)
        after = reward.flip(1).cumsum(1).flip(1) - reward  # what follows, itself not
        left = counts.flip(1).cumsum(1).flip(1) - counts.to(torch.int64)
        after = after / left.clamp(min=1)
    each = losses.reverse_kl(s, t, temperature, mask=counts, reduction="none")
    n = counts.sum().clamp(min=1)
    single = (w * each).sum() / n
    future = -(w * after * ours).sum() / n
    return single + long * (future - future.detach())


class KeptText(nn.Module):
    """Own text that is used at several steps; all of it are buffers, so that it is in a run's snapshots.

    Parameters
    ----------
    every : int
        After so many uses it is written anew.
    """

    ids: Tensor
    y: Tensor
    used: Tensor

    def __init__(self, every: int) -> None:
        super().__init__()
        self.every = every
        self.register_buffer("ids", torch.zeros(0, 0, dtype=torch.int64))
        self.register_buffer("y", torch.zeros(0, 0, dtype=torch.int64))
        self.register_buffer("used", torch.zeros((), dtype=torch.int64))

    def take(self, like: Any) -> Text | None:
        """Return the text that is kept, in the format of ``like``; None where it is time to write anew."""
        if self.every == 1 or not len(self.ids) or int(self.used) >= self.every or not self.training:
            return None
        self.used += 1
        return Text(with_ids(like, self.ids), self.y)

    def keep(self, text: Text) -> None:
        """Keep a text; a run that tries its terms out leaves no trace."""
        if self.every > 1 and self.training:
            self.ids, self.y = ids_of(text.inputs), text.y
            self.used = torch.ones_like(self.used)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take buffers of any size: a batch may be the last, shorter one."""
        for name in ("ids", "y"):
            given = state_dict.get(prefix + name)
            if given is not None:
                setattr(self, name, torch.empty_like(given, device=self.used.device))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class Mixed(nn.Module):
    """Student and teacher as one writer: log(α p + (1 − α) q) of each next token."""

    def __init__(self, student: nn.Module, ask: Any, share: float) -> None:
        super().__init__()
        self.student, self.ask, self.share = student, ask, share
        both: list[Any] = [student, getattr(ask, "module", None)]
        self._parts = 0  # tensors of the student's, among those that are held
        self.context = min(int(getattr(model, "context", 2**62)) for model in both)
        if all(callable(getattr(model, "steps", None)) for model in both) and len(set(map(device_of, both))) == 1:
            self.steps = self._steps  # each keeps what it read

    def forward(self, ids: Tensor) -> Tensor:
        return self._mixed(answer(self.student, ids, who="student"), self.ask(ids))

    def _steps(self, ids: Tensor, held: tuple[Any, ...] | None = None) -> tuple[Tensor, tuple[Any, ...]]:
        ours, theirs = (None, None) if held is None else (held[: self._parts], held[self._parts :])
        student: Any = self.student
        s, ours = student.steps(ids, ours)
        t, theirs = self.ask.module.steps(ids, theirs)
        self._parts = len(ours)
        return self._mixed(s, t), (*ours, *theirs)

    def _mixed(self, s: Tensor, t: Tensor) -> Tensor:
        q = at_least_float32(s).softmax(-1)
        p = t.to(q.device, q.dtype).softmax(-1)
        p = torch.where(p.isnan(), q, p)  # the student writes on alone; what the teacher says of that text is checked
        return (self.share * p + (1 - self.share) * q).log()


def _with_label(y: Tensor) -> Tensor:
    return torch.nonzero((y != UNLABELLED).flatten()).flatten()
