"""Lesson 15: seven statements of the literature, each bet on and then tried with seeds, twin and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from ...measure import Paired, paired
from ...measure.confidence import student_quantile
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Curve
from ..questions import Choice, Number, Order, Several
from ..reply import Reply

HOLDS, CHANCE, AGAINST = VERDICTS = ("holds here", "could be chance", "does not hold here")
SEEDS = (2, 3, 4, 5, 8, 12, 20)
LEVEL = 0.95


@dataclass(frozen=True)
class Claim:
    """A statement, who made it, and what is tried here.

    Attributes
    ----------
    statement : str
    source : str
    tried : str
        What is set against what; the claim says that the first makes fewer errors.
    """

    statement: str
    source: str
    tried: str


CLAIMS = {
    "few": Claim(
        "Soft targets let a student learn from few labels.",
        "Hinton, Vinyals, Dean 2015",
        "2,000 labels: student against twin",
    ),
    "real": Claim(
        "A real teacher gives more than smoothed labels do.",
        "questioned by Yuan et al. 2020",
        "2,000 labels: student against a twin with labels smoothed by 0.1",
    ),
    "patient": Claim(
        "A good teacher is patient: long training is where distillation gains.",
        "Beyer et al. 2022",
        "2,000 labels: student minus twin after 40 epochs, against the same after 5",
    ),
    "squared": Claim(
        "Matching logits by squared error beats soft targets.",
        "Kim et al. 2021",
        "2,000 pictures, no labels: squared error of logits against KL at T = 4",
    ),
    "accurate": Claim(
        "The more accurate teacher makes the better student.",
        "common belief; against it Cho, Hariharan 2019",
        "2,000 labels: taught by mnist-convnet against taught by mnist-mlp-1200",
    ),
    "poor": Claim(
        "Even a poorly trained teacher improves its student.",
        "Yuan et al. 2020",
        "4,000 labels: taught by mnist-mlp-overfit, against twin",
    ),
    "tiny": Claim(
        "A very small student wants a lower temperature.",
        "Hinton, Vinyals, Dean 2015",
        "8 units, 4,000 labels: T = 4 against T = 20",
    ),
}


def verdict(found: Paired) -> str:
    """Return what an interval says of a claim: that the difference in errors is below 0.

    >>> verdict(paired([-200, -209, -203])), verdict(paired([-200, 10])), verdict(paired([200, 209, 203]))
    ('holds here', 'could be chance', 'does not hold here')
    """
    return {"fewer": HOLDS, "more": AGAINST}.get(found.verdict, CHANCE)


class Claims(Lesson):
    """What is said of distillation, and what of it can be seen on two cores."""

    name = "claims"
    claims = CLAIMS

    def settle(self, name: str, differences: Sequence[float]) -> Reply:
        """Give a bet what came of its claim: a difference in errors for each seed, below 0 where the claim is right."""
        bet = self.part(name)
        assert isinstance(bet, Choice)
        found = paired(differences)
        said = f"The difference is {found.mean:+,.0f} errors (95 % CI {found.low:+,.0f} to {found.high:+,.0f})."
        answers = dict.fromkeys(VERDICTS, said.replace("-", "−"))
        self.add(name, replace(bet, answers=answers, right=verdict(found)))
        for shown in self._shown.values():
            shown.refresh()
        return self.reply(name)

    def bet_on(self, name: str) -> str:
        """Return the bet on a claim, or a dash where there is none."""
        kept = self.kept.get(name)
        return "–" if kept is None else str(kept.answer)

    def _bet(self, name: str) -> Choice:
        claim = CLAIMS[name]
        text = f"“{claim.statement}” ({claim.source}.) Tried here: {claim.tried}."
        return Choice(text, dict.fromkeys(VERDICTS, "Your bet stands until the runs are done."))

    @part
    def few(self) -> Choice:
        return self._bet("few")

    @part
    def real(self) -> Choice:
        return self._bet("real")

    @part
    def patient(self) -> Choice:
        return self._bet("patient")

    @part
    def squared(self) -> Choice:
        return self._bet("squared")

    @part
    def accurate(self) -> Choice:
        return self._bet("accurate")

    @part
    def poor(self) -> Choice:
        return self._bet("poor")

    @part
    def tiny(self) -> Choice:
        return self._bet("tiny")

    @part
    def how_many(self) -> Number:
        return Number("How many of the seven will hold here?", None, tolerance=0, low=0, high=7)

    @part
    def width(self) -> Curve:
        half = [student_quantile(LEVEL, n - 1) / math.sqrt(n) for n in SEEDS]
        return Curve(
            "How far does a 95\u202f% interval reach on each side of the mean, in standard deviations between seeds, "
            "for 2, 3, 4 ... 20 seeds? Two seeds are given.",
            list(SEEDS),
            Axis("seeds", 2, 20, log=True),
            Axis("half an interval, in standard deviations", 0.1, 10, log=True),
            truth=half,
            start=[half[0]] * len(SEEDS),
            fixed=1,
            close=1.5,
            said=f"From two seeds to five it shrinks by a factor of {half[0] / half[SEEDS.index(5)]:.1f}, because "
            "Student's t shrinks as well; later like 1/√n.",
        )

    @part
    def interval(self) -> Exercise:
        d = [-30.0, -10.0, -20.0, -44.0]
        n, mean = len(d), sum(d) / len(d)
        spread = sum((one - mean) ** 2 for one in d)
        sd, t = math.sqrt(spread / (n - 1)), student_quantile(LEVEL, n - 1)

        def ends(interval: hold.Function) -> str:
            given = hold.tensor_of(torch.as_tensor(interval(d, t)), (2,)).tolist()
            halves = {
                t * sd: "That is where single seeds lie. The mean is known better: divide by √n.",
                t * sd / n: "The standard error divides by √n, not by n.",
                t * math.sqrt(spread / n) / math.sqrt(n): "The standard deviation of a sample divides by n − 1, not n.",
                1.96 * sd / math.sqrt(n): "1.96 is for a known spread. With four seeds it is t that counts; use it.",
            }
            half = t * sd / math.sqrt(n)
            if given[0] > given[1]:
                return "The lower end comes first."
            if not math.isclose(sum(given) / 2, mean, abs_tol=1e-6):
                return (
                    f"It must lie around the mean, {mean:g}, on both sides alike; its middle is {sum(given) / 2:.3g}."
                )
            mine = (given[1] - given[0]) / 2
            said = next((what for size, what in halves.items() if math.isclose(mine, size, rel_tol=1e-4)), "")
            return said or (
                "" if math.isclose(mine, half, rel_tol=1e-6) else f"Half of it is {half:.3f}, got {mine:.3f}."
            )

        text = (
            "Write interval(differences, t): the two ends of mean ± t · sd / √n of a list of paired differences, with "
            "sd that of a sample."
        )
        return Exercise(text, (ends,))

    @part
    def judge(self) -> Exercise:
        def three_ways(judge: hold.Function) -> str:
            if judge(-60, 5) != CHANCE or judge(-5, 60) != CHANCE:
                return f"An interval that holds 0 leaves both open: “{CHANCE}”, however large the mean."
            if judge(-40, -3) != HOLDS:
                swapped = judge(-40, -3) == AGAINST
                if swapped:
                    return "It is turned round: the claim says fewer errors, so differences below 0 are for it."
                return f"All of −40 to −3 is below 0: “{HOLDS}”, got {judge(-40, -3)!r}."
            if judge(4, 90) == CHANCE:
                return f"All of 4 to 90 is above 0. That is more than no proof: “{AGAINST}”."
            return "" if judge(4, 90) == AGAINST else f"All of 4 to 90 is above 0: “{AGAINST}”, got {judge(4, 90)!r}."

        def at_the_edge(judge: hold.Function) -> str:
            ok = judge(-8, 0) == CHANCE and judge(0, 8) == CHANCE
            return "" if ok else "An interval that ends at 0 holds it: could be chance."

        listed = ", ".join(f"“{one}”" for one in VERDICTS)
        text = (
            f"Write judge(low, high): of the ends of an interval for a difference in errors, one of {listed}. The "
            "claim is that the difference is below 0."
        )
        return Exercise(text, (three_ways, at_the_edge))

    @part
    def by_chance(self) -> Exercise:
        def at_least_one(by_chance: hold.Function) -> str:
            given, right = float(hold.tensor_of(by_chance(7, 0.95), ())), 1 - 0.95**7
            wrong = {
                7 * 0.05: "0.05 × 7 is the mean number of false alarms. The chance of at least one is smaller.",
                0.95**7: "That is the chance of none. At least one is the rest of it.",
                0.05**7: "That is the chance that all seven are false alarms.",
                0.05: "That is one claim. With seven there are seven occasions.",
            }
            said = next((what for value, what in wrong.items() if math.isclose(given, value, rel_tol=1e-6)), "")
            return said or ("" if math.isclose(given, right, rel_tol=1e-6) else f"It is {right:.3f}, got {given:.3f}.")

        def other_numbers(by_chance: hold.Function) -> str:
            given = float(hold.tensor_of(by_chance(20, 0.99), ()))
            ok = math.isclose(given, 1 - 0.99**20, rel_tol=1e-6)
            return "" if ok else f"For 20 claims at 99 % it is {1 - 0.99**20:.3f}, got {given:.3f}."

        text = (
            "Write by_chance(claims, level): the chance that at least one of so many independent intervals of this "
            "level misses 0, where no difference is there at all."
        )
        return Exercise(text, (at_least_one, other_numbers))

    @part(quiz=True)
    def within(self) -> Choice:
        return Choice(
            "A difference “could be chance”. What follows?",
            {
                "These runs do not settle it": "More seeds or more test examples may; so may nothing.",
                "There is no difference": "That would be a claim of its own. A wide interval says little.",
                "The claim is wrong": "An interval that holds 0 holds other numbers, too.",
            },
            right="These runs do not settle it",
        )

    @part(quiz=True)
    def twin(self) -> Several:
        return Several(
            "Which of these must a student and its twin share for their difference to be the teacher's?",
            {
                "The initial weights": "Else luck of the start is in the difference.",
                "The batches and their order": "They are luck as well.",
                "The number of steps": "A longer training is another treatment.",
                "The teacher": "The twin has none: that is the difference.",
            },
            ["The initial weights", "The batches and their order", "The number of steps"],
        )

    @part(quiz=True)
    def surer(self) -> Order:
        return Order(
            "The same standard deviation between seeds. Put these by the width of the interval, the narrowest first.",
            ["20 seeds", "5 seeds", "3 seeds", "2 seeds"],
        )

    @part(quiz=True)
    def fails(self) -> Choice:
        return Choice(
            "A claim about large networks on photographs does not hold here. What may you write?",
            {
                "It does not hold in this setting": "And say the setting: data, sizes, labels, seeds.",
                "The paper is wrong": "The paper's setting was not tried.",
                "Nothing": "A clear result in a stated setting is worth a sentence.",
            },
            right="It does not hold in this setting",
        )
