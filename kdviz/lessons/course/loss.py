"""Lesson 3: what the loss of a student is made of, and what each part of it asks for."""

from __future__ import annotations

import math
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import data as data_sets
from ... import losses, models
from ...models import inference
from ...words import number
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve
from ..questions import Choice, Number, Several

TEACHER = "mnist-mlp-1200"
FEW = 500
T = 4.0
WAY = (0.0, 0.25, 0.5, 0.75, 1.0)  # how far a student has come from its first logits to the teacher's
TEMPERATURES = (1, 4, 16, 64, 256)
ALPHAS = (0.0, 0.25, 0.5, 0.9, 1.0)
BY_HAND = torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.2, 0.3])  # p of a teacher, q of a student
UNSURE, BOTH_SAY = 0.9, 0.1  # largest probability of an unsure answer; least that a pair gives to a class they share


class Loss(Lesson):
    """KL against cross-entropy, α, the way round of the KL, and what the soft term becomes at a high T."""

    name = "loss"

    @cached_property
    def digits(self) -> data_sets.Splits:
        return data_sets.mnist()

    @cached_property
    def _all_logits(self) -> Tensor:
        return inference.logits(models.pretrained(TEACHER), self.digits.validation).double()

    @property
    def teacher_logits(self) -> Tensor:
        """The teacher's logits of 500 validation digits, (500, 10), in float64."""
        return self._all_logits[:FEW]

    @cached_property
    def student_logits(self) -> Tensor:
        """The logits of an untrained student of the same digits."""
        few = self.digits.validation.take(slice(0, FEW))
        return inference.logits(models.mlp(hidden=(64,)), few).double()

    def on_the_way(self, share: float) -> Tensor:
        """Return the logits of a student that has come this share of the way to its teacher's."""
        return (1 - share) * self.student_logits + share * self.teacher_logits

    @cached_property
    def pair(self) -> tuple[int, int]:
        """Two validation digits, by index: unsure answers, different first choices, and a class that both think of."""
        p = self._all_logits.softmax(1)
        unsure = torch.nonzero(p.amax(1) < UNSURE).flatten().tolist()
        pairs = [(i, j) for i in unsure for j in unsure if i < j]
        return max(pairs, key=lambda pair: _taken_over(p[list(pair)]))

    @property
    def answers_of_pair(self) -> Tensor:
        """What the teacher says of the two digits of :attr:`pair` at T = 1, (2, 10)."""
        return self._all_logits[list(self.pair)].softmax(1)

    @part
    def apart(self) -> Curve:
        kl = [_kl(self.on_the_way(share), self.teacher_logits) for share in WAY]
        ce = [float(losses.soft_cross_entropy(self.on_the_way(w), self.teacher_logits, T)) / T**2 for w in WAY]
        return Curve(
            "A student's logits move from where they begin to the teacher's. The line is the KL to the teacher's soft "
            f"targets at T = {T:g}, on {FEW} digits. Draw the cross-entropy with the same soft targets.",
            list(WAY),
            Axis("share of the way to the teacher", 0, 1),
            Axis("loss, without T²", 0, 3, unit=" nats"),
            truth=ce,
            beside={"KL": kl},
            close=0.15,
            said=f"The distance is {ce[-1]:.2f} nats everywhere: the entropy of the teacher's own answers, which no "
            "student can change.",
        )

    @part
    def by_hand(self) -> Exercise:
        p, q = (one.double() for one in BY_HAND)
        entropy, ce, kl = -(p * p.log()).sum(), -(p * q.log()).sum(), (p * (p / q).log()).sum()
        right = torch.stack((entropy, ce, kl))
        turned = torch.stack((-(q * q.log()).sum(), -(q * p.log()).sum(), (q * (q / p).log()).sum()))

        def matches(values: object) -> str:
            given = hold.tensor_of(values, (3,))
            whole = hold.mistake(
                given,
                {
                    "These are bits. The loss is in nats: use the natural logarithm.": right / math.log(2),
                    "p and q are exchanged: the teacher's probabilities p are the weights.": turned,
                    "The signs are turned round: a logarithm of a probability is negative.": -right,
                },
            )
            if whole:
                return whole
            for name, value, wanted in zip(("entropy", "cross-entropy", "KL"), given, right, strict=True):
                if not torch.isclose(value, wanted, atol=2e-3):
                    return _of_one(name, float(value), p, q)
            return ""

        return Exercise(
            "Give [entropy of p, cross-entropy, KL(p ‖ q)] in nats, for the p and q of the cell.", (matches,)
        )

    @part
    def whole(self) -> Exercise:
        s = torch.tensor([[1.0, -0.5, 0.2], [0.3, 0.1, -2.0]])
        t = torch.tensor([[2.0, 0.0, -1.0], [-0.4, 1.5, 0.0]])
        y, hot, alpha = torch.tensor([0, 1]), 3.0, 0.7
        soft, hard = losses.soft_targets(s, t, hot), losses.hard_labels(s, y)
        turned = losses.reverse_kl(s, t, hot)

        def right(loss: hold.Function) -> str:
            given = hold.tensor_of(loss(s, t, y, hot, alpha), ())
            if torch.isclose(given, (alpha * soft + (1 - alpha) * hard).double(), rtol=1e-4):
                return ""
            found = hold.mistake(given, _mistakes(s, t, y, hot, alpha, soft, hard, turned))
            return (
                found
                or f"For the logits of the check it must be {alpha * soft + (1 - alpha) * hard:.4f}, got {given:.4f}."
            )

        def large(loss: hold.Function) -> str:
            z = torch.tensor([[1000.0, 0.0, 0.0], [0.0, 1000.0, 0.0]])
            given = hold.tensor_of(loss(z, t, y, 1.0, alpha), ())
            return (
                "" if bool(given.isfinite()) else "Logits of 1,000 give no number: use log_softmax, not log(softmax)."
            )

        def teacher_stays(loss: hold.Function) -> str:
            own, of_teacher = s.clone().requires_grad_(), t.clone().requires_grad_()
            value = loss(own, of_teacher, y, hot, alpha)
            if not (isinstance(value, Tensor) and value.requires_grad):
                return "No gradient reaches the student: keep to torch's functions, without detach, item or numpy."
            value.backward()
            if of_teacher.grad is not None and bool(of_teacher.grad.any()):
                return "A gradient reaches the teacher, and it would learn from its student: detach t."
            return ""

        text = "Write loss(s, t, y, T, alpha): alpha · T² · KL(teacher ‖ student) + (1 − alpha) · cross-entropy."
        return Exercise(text, (right, large, teacher_stays))

    @part
    def alphas(self) -> Curve:
        return Curve(
            "1,000 labels, a student of 64 units, T = 4: how many of 10,000 test digits will it get wrong, by α?",
            list(ALPHAS),
            Axis("α", 0, 1),
            Axis("test errors", 900, 1400),
            close=30,
        )

    @part
    def alpha_zero(self) -> Number:
        return Number(
            "The student with α = 0 has asked its teacher at every step. To how many of the 10,000 test digits will it "
            "give another answer than its twin, which never had a teacher?",
            None,
            low=0,
            high=10_000,
            unit=" digits",
            said="What weighs nothing teaches nothing: they are one and the same network.",
        )

    @part
    def forward(self) -> Bars:
        both = self.answers_of_pair
        truth = both.mean(0)
        return Bars(
            "A student too small to tell these two digits apart must give one answer to both. "
            "Which one makes the mean of its two KL(teacher ‖ student) smallest? Draw it.",
            list(self.digits.classes),
            truth=truth.tolist(),
            axis=Axis("", 0, 1),
            whole=1,
            close=0.15,
            said="It is the mean of the two answers: forward KL covers whatever the teacher says, once on either side.",
        )

    @part
    def backward(self) -> Choice:
        both = self.answers_of_pair
        best = consensus(both)
        favourite, first, second = (int(one.argmax()) for one in (best, both[0], both[1]))
        share, mean = number(float(best[favourite]), ".0%"), number(float(both.mean(0)[favourite]), ".0%")
        said = (
            f"It gives {share} to the {favourite}, where the mean of the two answers gives it {mean}. Reverse KL "
            "punishes what the student says and the teacher rules out: what is left is the class that neither answer "
            "rules out."
        )
        choices = {f"The {k}": said for k in sorted({favourite, first, second})}
        return Choice(
            "And with KL(student ‖ teacher), the reverse one: which digit will the one answer favour?",
            {**choices, "None of them: all alike": said},
            right=f"The {favourite}",
        )

    @part
    def hotter(self) -> Curve:
        s, t = self.student_logits, self.teacher_logits
        values = [float(losses.soft_targets(s, t, float(hot))) for hot in TEMPERATURES]
        return Curve(
            "Student and teacher stay as they are; only T rises. The first point is T² · KL at T = 1. Draw the others.",
            list(TEMPERATURES),
            Axis("T", 1, 256, log=True),
            Axis("T² · KL", 1, 1000, log=True, unit=" nats"),
            truth=values,
            start=[values[0]] * len(values),
            fixed=1,
            close=1.5,
            said="It neither vanishes nor runs away: it tends to a number that only the logits decide.",
        )

    @part
    def limit(self) -> Exercise:
        d = torch.tensor([[1.0, -2.0, 0.5, 4.0], [0.0, 3.0, 3.0, 1.0]], dtype=torch.float64)
        t = torch.tensor([[0.5, 1.0, -1.0, 2.0], [2.0, 0.0, 0.0, -3.0]], dtype=torch.float64)
        variance = d.var(1, correction=0).mean()

        def right(limit: hold.Function) -> str:
            given = hold.tensor_of(limit(t + d, t), ())
            if torch.isclose(given, variance / 2):
                return ""
            found = hold.mistake(
                given,
                {
                    "The half is missing: it comes from the second term of the logarithm's series.": variance,
                    "torch.var divides by C − 1. Here it is the mean over all C classes: correction=0.": d.var(1).mean()
                    / 2,
                    "That is half the mean square. A softmax ignores an offset of all logits: subtract the mean of the "
                    "difference over the classes first.": d.square().mean() / 2,
                    "You summed over the classes; the limit has their mean: the factor 1/C is the size of each "
                    "probability when all are alike.": d.var(1, correction=0).mean() * d.shape[1] / 2,
                    "The variance is over the classes of one example, dim=-1, not over everything.": (
                        d.var(correction=0) / 2
                    ),
                },
            )
            return found or f"For the logits of the check it must be {variance / 2:.4f}, got {given:.4f}."

        def agrees(limit: hold.Function) -> str:
            given = hold.tensor_of(limit(self.student_logits, self.teacher_logits), ())
            engine = losses.soft_targets(self.student_logits, self.teacher_logits, 1e4)
            if torch.isclose(given, engine.double(), rtol=1e-2):
                return ""
            return f"On the {FEW} digits T² · KL at T = 10,000 is {engine:.2f}, and yours is {given:.2f}."

        text = "Write limit(s, t): what T² · KL tends to as T grows, averaged over the batch."
        return Exercise(text, (right, agrees))

    @part(quiz=True)
    def in_common(self) -> Several:
        return Several(
            "Cross-entropy with soft targets, and KL to the same soft targets. What have they in common?",
            {
                "The gradient for the student": "They differ by the teacher's entropy, which has no gradient.",
                "The student that is best for them": "Where one is smallest the other is, too.",
                "The value where student and teacher agree": "There KL is 0, cross-entropy the teacher's entropy.",
                "By how much one student's loss is lower than another's": "The constant drops out of a difference.",
            },
            [
                "The gradient for the student",
                "The student that is best for them",
                "By how much one student's loss is lower than another's",
            ],
        )

    @part(quiz=True)
    def converted(self) -> Number:
        return Number(
            "Somebody's code reads loss = (1 − a) · T² · KL + a · CE, with a = 0.1. Which α is that here?",
            0.9,
            tolerance=0.001,
            low=0,
            high=1,
            said="Here α weights the soft term.",
        )

    @part(quiz=True)
    def divided(self) -> Number:
        classes, alpha = len(self.digits.classes), 0.9
        soft = alpha / classes
        return Number(
            "α = 0.9, but the KL is taken with F.kl_div(..., reduction='mean'), which averages over batch × classes. "
            "With 10 classes, what share of the two weights is left for the soft term, in percent?",
            100 * soft / (soft + 1 - alpha),
            tolerance=2,
            low=0,
            high=100,
            unit="\u202f%",
            said=f"The soft term weighs {alpha:g} / {classes} = {soft:.2g}, the hard one {1 - alpha:.2g}.",
        )

    @part(quiz=True)
    def offset(self) -> Several:
        return Several(
            "5 is added to all of a teacher's logits. Which of these change?",
            {
                "Its soft targets": "A softmax ignores what all logits have in common.",
                "T² · KL": "It sees the teacher through its soft targets only.",
                "The mean square of s − t": "It compares the logits themselves, offset and all.",
                "Half the variance of s − t over the classes": "A variance ignores an offset, as the softmax does.",
            },
            ["The mean square of s − t"],
        )

    @part(quiz=True)
    def given_up(self) -> Choice:
        return Choice(
            "A student has given up a class that its teacher finds likely: q is nearly 0 there. Which loss pulls it "
            "back?",
            {
                "Forward KL": "Its gradient there is T (q − p): nearly −T p, however small q is.",
                "Reverse KL": "Its gradient there carries the factor q, and q is nearly 0.",
                "Both alike": "They agree for small differences, and this one is large.",
            },
            right="Forward KL",
        )


def consensus(answers: Tensor) -> Tensor:
    """Return the one answer with the smallest mean reverse KL to several, (K, C): their geometric mean, scaled to 1."""
    return answers.log().mean(0).softmax(0)


def _kl(s: Tensor, t: Tensor) -> float:
    return float(losses.soft_targets(s, t, T, times_t_squared=False))


def _taken_over(both: Tensor) -> float:
    """By how much the consensus of two answers favours a class that is the first choice of neither."""
    best, mean = consensus(both), both.mean(0)
    favourite = int(best.argmax())
    if favourite in both.argmax(1).tolist() or mean[favourite] < BOTH_SAY:
        return -1.0
    return float(best[favourite] - mean[favourite])


def _mistakes(
    s: Tensor, t: Tensor, y: Tensor, hot: float, alpha: float, soft: Tensor, hard: Tensor, turned: Tensor
) -> dict[str, Tensor]:
    """Return what common mistakes in the whole loss give, by what is to be said of each."""
    entropy = torch.distributions.Categorical(logits=t / hot).entropy().mean() * hot**2
    rest = (1 - alpha) * hard
    return {
        "The factor T² is missing before the KL.": alpha * soft / hot**2 + rest,
        "The weights are exchanged: alpha belongs to the soft term.": (1 - alpha) * soft + alpha * hard,
        "The KL is turned round: the teacher comes first. F.kl_div takes the student's log-probabilities as its first "
        "argument and the teacher's probabilities as its second.": alpha * turned + rest,
        "The KL is averaged over batch × classes, which makes it C times too small: use reduction='batchmean'.": (
            alpha * soft / s.shape[1] + rest
        ),
        "The KL is summed over the batch: average it, with reduction='batchmean'.": alpha * soft * len(s) + rest,
        "That is the cross-entropy with the soft targets: the same gradient, but it is not 0 where the student equals "
        "the teacher. Subtract the teacher's entropy.": alpha * (soft + entropy) + rest,
        "The hard term stays at T = 1: do not divide its logits by T.": (
            alpha * soft + (1 - alpha) * F.cross_entropy(s / hot, y)
        ),
    }


def _of_one(name: str, value: float, p: Tensor, q: Tensor) -> str:
    """Say what is wrong with one of three numbers."""
    meant = {
        "entropy": "−Σ p log p, of the teacher alone",
        "cross-entropy": "−Σ p log q: the teacher's weights, the student's logarithms",
        "KL": "Σ p log(p / q), the cross-entropy minus the entropy",
    }
    return f"The {name} is {meant[name]}; {value:.3f} is not it."
