"""Lesson 12: whom a model fails, what a student makes of that, proxies, and what equal rates cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ... import data as data_sets
from ... import models
from ...distill import DemographicParity, Distillation, hinton
from ...measure import Paired, paired
from ...measure import bias as measured
from ...measure.groups import bands
from ...models import inference
from ...models.wrap import wrap
from ...words import number
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, HeatMap, Point
from ..questions import Choice, Number, Several, Text
from ..quick import full_or_quick

TEACHER, SHIPPED = "adult-mlp", "adult-mlp-student"
WORDS = {"Female": "women", "Male": "men"}  # what the form calls sex, and what we write
STUDENT = (8,)
AGES, MARKED, FEWEST = 5, 3, measured.SMALL
PENALTY = 5.0
PARITY, ODDS = "demographic_parity_difference", "equalized_odds_difference"
STUDENTS, TWINS, BLIND = "students", "twins", "students without the column"


def with_penalty(weight: float) -> str:
    """Return what students with a penalty of this weight are called."""
    return f"students, penalty {weight:g}"


class Fairness(Lesson):
    """Selection and errors by group, teacher, student and twin; proxies; a penalty and its price."""

    name = "fairness"
    seeds: int = full_or_quick(5, 2)
    epochs: int = full_or_quick(6, 1)
    resamples: int = full_or_quick(1000, 50)
    weights: tuple[float, ...] = full_or_quick((1.0, PENALTY, 20.0), (PENALTY,))

    @cached_property
    def census(self) -> data_sets.Splits:
        return data_sets.adult()

    @property
    def sex(self) -> np.ndarray:
        """The column sex of the test records."""
        return np.asarray(self.census.test.groups["sex"])

    @cached_property
    def teacher(self) -> nn.Module:
        return models.pretrained(TEACHER)

    @cached_property
    def teachers_choice(self) -> Tensor:
        """The teacher's answers to the test records, (16281,)."""
        return answers(self.teacher)

    @cached_property
    def shipped(self) -> measured.Bias:
        """The teacher and the shipped student by sex."""
        choices = {"teacher": self.teachers_choice, "student": answers(models.pretrained(SHIPPED))}
        return self._bias(choices, {"sex": self.sex})

    def recorded(self, sex: str) -> float:
        """Return the share of a group whose recorded income is above 50,000 dollars."""
        return float(self.census.test.y.numpy()[self.sex == sex].mean())

    @cached_property
    def of_teacher(self) -> measured.Bias:
        """The teacher by sex and by age band, with both together."""
        groups = {"age": bands(self.census.test.groups["age"], AGES), "sex": self.sex}
        return self._bias({"teacher": self.teachers_choice}, groups)

    def _bias(self, choices: dict[str, Tensor], groups: dict[str, Any], resamples: int | None = None) -> measured.Bias:
        draws = self.resamples if resamples is None else resamples
        return measured.bias(choices, self.census.test.y, groups, resamples=draws, by_fairlearn=False)

    @cached_property
    def missed(self) -> np.ndarray:
        """Of the recorded high incomes of each age band and sex, the share that the teacher misses; (5, 2), in %."""
        ages, sexes = (self.of_teacher.of("teacher", name).groups for name in ("age", "sex"))
        by_both = {group.name: group.true_positive_rate for group in self.of_teacher.of("teacher", "age & sex").groups}
        rates = [[by_both.get(f"{age.name} & {sex.name}") for sex in sexes] for age in ages]
        return np.array(
            [[100 * (1 - r.value) if r is not None and r.n >= FEWEST else math.nan for r in row] for row in rates]
        )

    # Students, each with its twin

    def choice(self, who: str, seed: int) -> Tensor:
        """Return the answers of a student to the test records; it is trained when it is first asked for.

        Parameters
        ----------
        who : str
            "students", "twins", "students without the column", or one with a penalty; see :func:`with_penalty`.
        seed : int
        """
        weight = next((weight for weight in self.weights if who == with_penalty(weight)), 0.0)
        return taught(who, weight, seed, self.epochs)

    def rates(self, choice: Tensor) -> measured.Disparity:
        """Return the rates by sex, without intervals for the gaps."""
        return self._bias({"model": choice}, {"sex": self.sex}, resamples=1).of("model", "sex")

    def over_seeds(self, value: Callable[[Tensor], float], who: str) -> list[float]:
        """Return one number of the models of a kind, seed by seed."""
        return [value(self.choice(who, seed)) for seed in range(self.seeds)]

    def mean(self, value: Callable[[Tensor], float], who: str) -> float:
        """Return the mean of one number over the seeds."""
        return float(np.mean(self.over_seeds(value, who)))

    def difference(self, value: Callable[[Tensor], float], who: str, other: str = TWINS) -> Paired:
        """Return the paired difference of two kinds of model over the seeds; "teacher" is one model for all seeds."""
        mine = self.over_seeds(value, who)
        theirs = [value(self.teachers_choice)] * self.seeds if other == "teacher" else self.over_seeds(value, other)
        return paired([a - b for a, b in zip(mine, theirs, strict=True)], step=0)

    def beside(self, seed: int) -> measured.Bias:
        """Return teacher, twin and student of one seed by sex, with the intervals that the test records give."""
        choices = {
            "teacher": self.teachers_choice,
            "twin": self.choice(TWINS, seed),
            "student": self.choice(STUDENTS, seed),
        }
        return self._bias(choices, {"sex": self.sex})

    def guessed(self, *without: str) -> float:
        """Return how often sex is guessed right from the other columns, in %; some more can be left out.

        A logistic regression is fitted to the records to learn from, and judged on the test records.
        """
        from sklearn.linear_model import LogisticRegression

        left_out = ("sex=", *(f"{name}=" for name in without))
        kept = [i for i, name in enumerate(self.census.features) if not name.startswith(left_out)]
        known, new = self.census.train, self.census.test
        guess = LogisticRegression(max_iter=300).fit(known.x[:, kept].numpy(), known.groups["sex"])
        return 100 * float(guess.score(new.x[:, kept].numpy(), new.groups["sex"]))

    @property
    def always(self) -> float:
        """How often the more frequent sex is right, in %."""
        return 100 * max(float((self.sex == name).mean()) for name in WORDS)

    # What is asked

    @part
    def selected(self) -> Bars:
        groups = self.of_teacher.of("teacher", "sex").groups
        return Bars(
            "To what share of the women and of the men in the test records does the teacher give “more than 50,000 "
            "dollars”? The lines show what share of them has it on record.",
            [WORDS[group.name] for group in groups],
            truth=[100 * group.selection_rate.value for group in groups],
            axis=Axis("", 0, 50, unit="\u202f%"),
            beside=[100 * self.recorded(group.name) for group in groups],
            beside_name="on record",
            close=3,
        )

    @part
    def fails(self) -> HeatMap:
        ages, sexes = (self.of_teacher.of("teacher", name).groups for name in ("age", "sex"))
        return HeatMap(
            "Among people whose high income is on record: of which groups does the teacher miss the largest share? "
            f"Mark {MARKED}. Groups with fewer than {FEWEST} such people do not count.",
            [group.name for group in ages],
            [WORDS[group.name] for group in sexes],
            truth=self.missed,
            most=MARKED,
            without=np.argwhere(np.isnan(self.missed)).tolist(),
            row_name="age",
            column_name="sex as recorded",
        )

    @part
    def proxy(self) -> Number:
        return Number(
            "The column sex is deleted. In what share of the test records can a simple model guess it from the other "
            f"columns? Always to say the more frequent one is right in {number(self.always, '.1f')}\u202f%.",
            None,
            tolerance=4,
            low=0,
            high=100,
            unit="\u202f%",
        )

    @part
    def price(self) -> Point:
        return Point(
            f"A penalty of weight {PENALTY:g} is added: women and men are to be selected equally often. Where will the "
            "students lie?",
            Axis("gap in selection rates", 0, 25, unit=" points"),
            Axis("accuracy", 75, 90, unit="\u202f%"),
            beside={"no penalty": self.place(STUDENTS)},
            name="with the penalty",
            close=0.15,
        )

    def place(self, who: str) -> tuple[float, float]:
        """Return the mean gap in selection rates, in points, and the mean accuracy, in %."""
        return 100 * self.mean(self.parity, who), 100 * self.mean(self.accuracy, who)

    def parity(self, choice: Tensor) -> float:
        """The demographic-parity difference by sex."""
        return self.rates(choice).gaps[PARITY].value

    def odds(self, choice: Tensor) -> float:
        """The equalized-odds difference by sex."""
        return self.rates(choice).gaps[ODDS].value

    def accuracy(self, choice: Tensor) -> float:
        return float((choice == self.census.test.y).double().mean())

    @cached_property
    def by_chance(self) -> float:
        """The gap in selection rates that groups of these sizes may show if they are selected equally often."""
        return self.of_teacher.of("teacher", "sex").gaps[PARITY].chance

    @part
    def supported(self) -> Several:
        twins, teacher = (self.difference(self.parity, STUDENTS, other) for other in (TWINS, "teacher"))
        blind, without = self.mean(self.parity, BLIND), self.difference(self.parity, BLIND, STUDENTS)
        taught, alone = (self.mean(self.parity, who) for who in (STUDENTS, TWINS))
        found = {
            "The students' gap in selection rates is larger than their twins'.": (twins.low > 0, _worded(twins)),
            "The students' gap in selection rates is below the teacher's.": (teacher.high < 0, _worded(teacher)),
            "Without the column sex the gap is gone.": (
                blind < self.by_chance,
                f"{_points(blind)} are left; leaving the column out changes the gap by {_worded(without)}.",
            ),
            "The students got their gap from the teacher.": (
                False,
                "The twins have a gap without a teacher. Whatever the difference, the records alone give one.",
            ),
            "Students have a gap in selection rates, with a teacher and without.": (
                min(taught, alone) > self.by_chance,
                f"Students {_points(taught)}, twins {_points(alone)}; by chance up to {_points(self.by_chance)}.",
            ),
        }
        return Several(
            f"Which of these sentences do these {self.seeds} seeds support?",
            {sentence: why for sentence, (_, why) in found.items()},
            [sentence for sentence, (holds, _) in found.items() if holds],
        )

    # What is written

    @part
    def selection(self) -> Exercise:
        text = "Write selection_rates(chosen, group): a dict with, for each group, the share of its members chosen."
        return Exercise(text, (_rates_of_groups, _keeps_all_groups))

    @part
    def odds_gaps(self) -> Exercise:
        text = (
            "Write odds_gaps(chosen, y, group): how far apart the groups lie, highest − lowest, in the true-positive "
            "rate and in the false-positive rate."
        )
        return Exercise(text, (_gaps_of_odds, _takes_many_groups))

    # What is asked at the end

    @part(quiz=True)
    def blind(self) -> Choice:
        return Choice(
            "Why can a model select women and men unequally when it never sees the column sex?",
            {
                "Other columns carry what the column said": "Such columns are proxies: here above all relationship.",
                "The weights remember the column": "It was never among the inputs.",
                "It cannot": "Measure it: on these records the gap stays.",
            },
            right="Other columns carry what the column said",
        )

    @part(quiz=True)
    def against(self) -> Choice:
        return Choice(
            "Teacher and student have the same gap. What shows whether the teacher is the reason?",
            {
                "The same student without a teacher": "The twin: same start, seed, batches and records.",
                "The teacher's gap alone": "Both learned from the same records, so both can have it from there.",
                "A larger test set": "It makes the intervals smaller, and names no cause.",
            },
            right="The same student without a teacher",
        )

    @part(quiz=True)
    def trade(self) -> Several:
        return Several(
            "Two groups have different shares of positive labels. What can a model have at once, if it tells the "
            "classes apart at all?",
            {
                "Equal selection rates and equal true- and false-positive rates": (
                    "A group's selection rate follows from both rates and its share of positives; so it must differ."
                ),
                "Equal true-positive rates and equal false-positive rates": "That is equalized odds; it can be had.",
                "Equal selection rates and unequal true-positive rates": "This is what the penalty led to here.",
            },
            [
                "Equal true-positive rates and equal false-positive rates",
                "Equal selection rates and unequal true-positive rates",
            ],
        )

    @part(quiz=True)
    def decide(self) -> Text:
        return Text(
            "Someone wants to use this student to decide about loans. Name three reasons against it that need no "
            "further experiment.",
            "The records are from the United States of 1994 and say who earned more than 50,000 dollars then, not who "
            "repays a loan. What was recorded reflects who was paid what, and learning it repeats it. Sex and race are "
            "what a form offered. Of small groups nothing can be said. Selection and errors differ by group, also "
            "without the column.",
            ("another place, time and question", "the label repeats the past", "measured gaps", "small groups"),
        )


def _points(share: float) -> str:
    return f"{number(100 * share, '.1f')} points"


def _worded(p: Paired) -> str:
    low, mean, high = (number(100 * value, "+.1f") for value in (p.low, p.mean, p.high))
    return f"{mean} points (95 % CI {low} to {high})"


# Students, kept for all lessons of a process: who marks a class asks once


def answers(model: nn.Module) -> Tensor:
    """Return a model's answers to the test records."""
    return inference.logits(model, data_sets.adult().test).argmax(1)


@cache
def taught(who: str, weight: float, seed: int, epochs: int) -> Tensor:
    """Return the answers of a student that has been trained; see :meth:`Fairness.choice`."""
    return answers(begun(who, weight, seed, epochs).train(progress=False, evaluate=False).student)


def begun(who: str, weight: float, seed: int, epochs: int) -> Distillation:
    """Return the run of a student, or of its twin, at step 0."""
    census, teacher = data_sets.adult(), models.pretrained(TEACHER)
    kept = [i for i, name in enumerate(census.features) if not name.startswith("sex=")]
    student: nn.Module = models.mlp(STUDENT, inputs=len(census.features), classes=2, seed=seed)
    if who == BLIND:
        narrow = models.mlp(STUDENT, inputs=len(kept), classes=2, seed=seed)
        student = wrap(narrow, inputs=lambda x: x[:, kept])
    objective = hinton(temperature=4, alpha=0.9)
    if weight:
        objective = objective + weight * DemographicParity("sex")
    settings: dict[str, Any] = {"batch_size": 256, "learning_rate": 3e-3, "epochs": epochs, "seed": seed}
    run = Distillation(teacher, student, census, objective, **settings)
    return run.twin() if who == TWINS else run


# Checks of what is written

CHOSEN = np.array([1, 0, 0, 0, 1, 1, 1, 0, 0, 0])
GROUP = np.array(["a", "a", "a", "a", "b", "b", "b", "b", "b", "c"])
LABEL = np.array([1, 1, 0, 0, 1, 1, 0, 0, 0, 0])


def _as_dict(given: Any) -> dict[str, float]:
    if not isinstance(given, dict):
        raise hold.WrongFormError(f"It must return a dict of group to share, got {type(given).__name__}.")
    return {str(name): float(hold.tensor_of(value, ())) for name, value in given.items()}


def _rates_of_groups(selection_rates: Callable[..., Any]) -> str:
    given = _as_dict(selection_rates(CHOSEN[:9].copy(), GROUP[:9].copy()))

    def is_like(a: float, b: float) -> bool:
        return given.keys() == {"a", "b"} and np.allclose([given["a"], given["b"]], [a, b])

    if is_like(1 / 4, 3 / 5):
        return ""
    if is_like(1 / 4, 3 / 4):
        return "You gave the share of each group among those chosen. Divide by the members of the group."
    if is_like(1, 3):
        return "You gave the number chosen. Divide it by the number of members of the group."
    if is_like(1 / 9, 3 / 9):
        return "You divided by all examples. Divide by the members of the group."
    if is_like(3 / 4, 2 / 5):
        return "You gave the share that is not chosen. chosen is 1 where the positive class was predicted."
    return f"Of 4 members of a 1 is chosen, of 5 of b 3: 0.25 and 0.6; got {given}."


def _keeps_all_groups(selection_rates: Callable[..., Any]) -> str:
    given = _as_dict(selection_rates(CHOSEN.copy(), GROUP.copy()))
    if given.get("c") == 0:
        return ""
    return "Group c has a member and nobody was chosen: its rate is 0, and it must not be missing."


def _pair(given: Any) -> tuple[float, float]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise hold.WrongFormError("It must return two numbers: the gap in true- and that in false-positive rates.")
    first, second = (float(hold.tensor_of(value, ())) for value in given)
    return first, second


def _gaps_of_odds(odds_gaps: Callable[..., Any]) -> str:
    given = _pair(odds_gaps(CHOSEN[:9].copy(), LABEL[:9].copy(), GROUP[:9].copy()))

    def is_like(true: float, false: float) -> bool:
        return np.allclose(given, [true, false])

    # a: 1 of 2 positives chosen, 0 of 2 negatives; b: 2 of 2, and 1 of 3
    if is_like(1 / 2, 1 / 3):
        return ""
    if is_like(1 / 3, 1 / 2):
        return "The two are the wrong way round: first the gap among those with y = 1, then among those with y = 0."
    if is_like(-1 / 2, -1 / 3):
        return "A gap is highest − lowest, whichever group comes first: it is never negative."
    if is_like(1 / 3, 1 / 3):
        return "You divided by those chosen. A true-positive rate is among those with y = 1, chosen or not."
    if is_like(0.35, 0.35):
        return "That is the gap in selection rates, twice. Look at those with y = 1 and with y = 0 separately."
    return f"The gaps are 1/2 and 1/3, got {hold.listed(torch.tensor(given))}."


def _takes_many_groups(odds_gaps: Callable[..., Any]) -> str:
    chosen = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0])
    y = np.array([1, 1, 0, 0] * 3)
    group = np.repeat(["x", "y", "z"], 4)
    # true-positive rates 1/2, 0, 1/2; false-positive rates 1, 1/2, 0
    given = _pair(odds_gaps(chosen, y, group))
    if np.allclose(given, [1 / 2, 1]):
        return ""
    found = hold.listed(torch.tensor(given))
    return f"With three groups it is the highest of all − the lowest of all: 1/2 and 1, got {found}."
