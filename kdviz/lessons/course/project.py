"""Lesson 16: the project. The learner's own data, teacher and student; a plan, a study, the doctor, a report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from ... import data as data_sets
from ...diagnosis import Diagnosis
from ...distill.teacher import Teacher
from ...measure import Paired, paired
from ...models import inference
from ...models.wrap import as_module
from ...report.report import Report
from ...study import Study
from ...study.comparison import Comparison
from ...whole_files import write_whole
from ...words import number
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Curve
from ..questions import Choice, Number, Several, Text, plain
from ..quick import quick

FOLDER = "hand-in"
FEWEST_SEEDS = 3
NOISE = "within the noise"
VERDICTS = ("fewer", NOISE, "more")
PLAN = ("temperatures", "seeds", "chosen_on", "worth")
CONCLUSION = ("arm", "difference", "low", "high", "verdict", "limits")
CLAIMS, GENERAL = (
    "Which of these sentences may stand in your report?",
    "Distillation is better than training on labels.",
)
OPEN = "(not yet written)"
OWN = "## What I make of it\n"  # from here on the report is the learner's
SHORTEST = 40  # characters of what is said about limits


class Project(Lesson):
    """Distil a model of one's own, and report what came of it and what did not.

    Attributes
    ----------
    data : Splits or None
    teacher : nn.Module or None
        Both from :meth:`use`.
    planned : mapping
        From :meth:`expect`.
    study : Study or None
        From :meth:`done`.
    """

    name = "project"
    data: data_sets.Splits | None = None
    teacher: nn.Module | None = None
    planned: Mapping[str, Any] = MappingProxyType({})
    study: Study | None = None

    # What the learner brings

    def use(self, data: Any, teacher: Any) -> str:
        """Take the learner's data and teacher, and say what they are."""
        self.data = data_sets.splits(data)
        given = as_module(teacher, "teacher", classes=self.data.classes, features=self.data.features)
        self.teacher = Teacher(given).module  # which refuses one in training mode, before anything is trained
        test = self.data.test
        wrong = int((inference.logits(self.teacher, test).argmax(1) != test.y).sum())
        return (
            f"{len(self.data.train):,} examples to learn from, {len(self.data.validation):,} for validation, "
            f"{len(test):,} to test on; {len(self.data.classes)} classes. The teacher makes {wrong:,} error"
            f"{'' if wrong == 1 else 's'} on the test examples ({wrong / len(test):.1%})."
        )

    def expect(self, plan: Mapping[str, Any]) -> None:
        """Put the prediction that goes with a plan in its place: the students' errors over T."""
        if self.data is None:
            raise ValueError("call lesson.use(data, teacher) first")
        self.planned = dict(plan)
        self.add("errors", _over_temperatures(list(plan["temperatures"]), len(self.data.test)))

    def done(self, study: Study) -> None:
        """Take the study that was run."""
        self.study = study

    @property
    def chosen(self) -> Comparison:
        """The arm that validation data choose, beside its twins."""
        return self._study.compare(self._study.best("validation").name)

    @property
    def difference(self) -> Paired:
        """Errors of student − twin of the chosen arm, over the seeds."""
        found = self.chosen.difference()
        if found is None:
            raise ValueError("no student has a twin: the training examples have no labels")
        return found

    @property
    def _study(self) -> Study:
        if self.study is None:
            raise hold.WrongFormError("Call lesson.done(study) first.")
        return self.study

    @part
    def asked_first(self) -> Text:
        return Text(
            "Write your question, so that an answer can come out against you. What will be compared with what, on "
            "which data, and what difference would matter?",
            "Does a student of 16 units make fewer errors on 8 × 8 digits when it learns 100 digits from a teacher's "
            "soft targets than from the labels alone? A tenth fewer would matter.",
            ("what is compared, twin included", "data", "a measure", "a difference that matters"),
        )

    @part
    def errors(self) -> Curve:
        return _over_temperatures([1, 2, 4, 8], 1000)  # until there is a plan

    @part
    def spared(self) -> Number:
        return Number(
            "How many test errors fewer than its twin will the student make, on average, at the T that validation data "
            "choose? Below 0: more.",
            None,
            unit=" errors",
        )

    @part
    def student(self) -> Exercise:
        return Exercise(
            "Write make_student(seed): a new, untrained network for these data; the seed decides its weights.",
            (self._follows_the_seed, self._fits),
        )

    def _follows_the_seed(self, make: Callable[[int], Any]) -> str:
        one = make(0)
        if not isinstance(one, nn.Module):
            return f"It must return a torch module, got {type(one).__name__}."
        if one is make(0):
            return (
                "It returns the same network twice: the second run would go on where the first ended. Build a new one."
            )

        def weights(seed: int) -> Tensor:
            return torch.cat([p.detach().flatten() for p in make(seed).parameters()])

        if not torch.equal(weights(0), weights(0)):
            return "Seed 0 gives other weights each time, so student and twin would not start alike: use the seed."
        if torch.equal(weights(0), weights(1)):
            return "Seeds 0 and 1 give the same weights, so several seeds would be one: use the seed."
        return ""

    def _fits(self, make: Callable[[int], nn.Module]) -> str:
        if self.data is None:
            return "Call lesson.use(data, teacher) first."
        few = self.data.validation.take(slice(0, 8))
        found = inference.logits(make(0), few)
        if found.shape[1] != len(self.data.classes):
            return f"It must have {len(self.data.classes)} outputs, one for each class, got {found.shape[1]}."
        if bool((found >= 0).all()) and torch.allclose(found.sum(1), torch.ones(len(found)), atol=1e-4):
            return "It ends in a softmax. A student returns logits; the loss takes the softmax, at the temperature."
        return ""

    @part
    def plan(self) -> Exercise:
        text = "Write the plan as a dict: temperatures, seeds, chosen_on, worth."
        return Exercise(text, (_plan_is_whole, _temperatures_rise, _seeds_suffice, _chooses_on_validation, _says_worth))

    @part
    def conclusion(self) -> Exercise:
        text = "Write the conclusion as a dict: arm, difference, low, high, verdict, limits."
        return Exercise(text, (_conclusion_is_whole, self._is_chosen, self._is_of_study, _fits_interval, _has_limits))

    def _is_chosen(self, given: Mapping[str, Any]) -> str:
        name = self.chosen.arm.name
        if given["arm"] == name:
            return ""
        if given["arm"] not in [arm.name for arm in self._study.arms]:
            return f"There is no arm {given['arm']!r}; there are {', '.join(arm.name for arm in self._study.arms)}."
        return f"Validation data choose {name!r}. An arm picked for its test errors is too good to be true."

    def _is_of_study(self, given: Mapping[str, Any]) -> str:
        right = self.difference
        found = [float(given[key]) for key in ("difference", "low", "high")]
        expected = [right.mean, right.low, right.high]

        def is_like(values: list[float]) -> bool:
            return all(abs(a - b) <= 0.06 + 0.01 * abs(b) for a, b in zip(found, values, strict=True))

        if is_like(expected):
            return ""
        if is_like([-right.mean, -right.high, -right.low]) or is_like([-right.mean, -right.low, -right.high]):
            return "The sign is turned round: student − twin, so fewer errors are a negative number."
        if is_like([right.mean, right.high, right.low]):
            return "The ends of the interval are the wrong way round: low, then high."
        if abs(found[0] - (self.chosen.mean() - float(self.chosen.teacher_errors or 0))) < 0.06:
            return "That is the difference from the teacher. What the teacher added shows beside the twin."
        shown = ", ".join(number(value, ".1f") for value in expected)
        return f"The study says {shown} for difference, low and high; got {', '.join(number(v, '.1f') for v in found)}."

    # What comes of it

    @part
    def claims(self) -> Several:
        why = "One data set, one teacher, one student and one budget say nothing of distillation in general."
        return Several(CLAIMS, {GENERAL: why, "There is a study to speak of.": "Not yet."}, [])  # until there is one

    def claims_of(self, report: Report) -> Several:
        """Return the question which sentences may be written, with what the study and the report show."""
        chosen, beside = self.chosen, self.difference
        told = f"student − twin is {_worded(beside)}."
        errors = chosen.errors["student"]
        teacher = paired([float(count - (chosen.teacher_errors or 0)) for count in errors.values()])
        others = [self._study.compare(arm.name) for arm in self._study.arms if arm is not chosen.arm]
        apart = {
            one.arm.name: paired([errors[seed] - one.errors["student"][seed] for seed in errors]) for one in others
        }
        close = [name for name, one in apart.items() if one.high >= 0]
        agreement = report.fidelity.agreement
        interval = f"The interval {'excludes' if beside.low > 0 or beside.high < 0 else 'holds'} 0: {told}"
        found = {
            "The student makes fewer test errors than its twin.": (beside.high < 0, interval),
            f"{len(errors)} seeds show no difference between student and twin.": (
                beside.low <= 0 <= beside.high,
                f"{interval} “No difference shown” is not “no difference”.",
            ),
            "The student makes fewer test errors than its teacher.": (
                teacher.high < 0,
                f"Student − teacher is {_worded(teacher)}.",
            ),
            f"{_capital(chosen.arm.name)} is better than the other arms.": (
                bool(others) and not close,
                f"Not told apart from it on test data: {', '.join(close)}."
                if close
                else "All others are clearly worse.",
            ),
            "The student that was compared gives its teacher's answer on most test examples.": (
                agreement > 0.5,
                f"It agrees on {number(agreement, '.1%')}.",
            ),
            GENERAL: (
                False,
                "One data set, one teacher, one student and one budget say nothing of distillation in general.",
            ),
        }
        return Several(
            CLAIMS,
            {sentence: why for sentence, (_, why) in found.items()},
            [sentence for sentence, (holds, _) in found.items() if holds],
        )

    def hand_in(self, report: Report, diagnosis: Diagnosis, conclusion: Any) -> list[Path]:
        """Write what is handed in, and return the files; a conclusion that is not there yet is left open.

        They lie in a folder ``hand-in`` beside the notebook; in the tests' quick mode, and where visitors share a
        folder, in a temporary one. What the learner has written below :data:`OWN` in the report stays as it is.
        """
        beside = self.kept.path.parent if self.kept.path is not None and not quick() else None
        folder = (Path(tempfile.mkdtemp(prefix="kdviz-")) if beside is None else beside) / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        arm, text = self.chosen.arm, folder / "report.md"
        return [
            write_whole(text, self._text(report, diagnosis, conclusion) + _own_words(text)),
            report.to_html(folder / "comparison.html", title=f"Teacher and student: {arm.name}"),
            write_whole(folder / "runs.csv", self._study.frame().to_csv(index=False)),
            write_whole(folder / "recipe.json", arm.recipe.to_json() + "\n"),
        ]

    def _text(self, report: Report, diagnosis: Diagnosis, conclusion: Any) -> str:
        limits = conclusion.get("limits", OPEN) if isinstance(conclusion, Mapping) else OPEN
        asked = self.kept.get("asked_first")
        parts = {
            "Question": [str(asked.answer) if asked is not None else OPEN],
            "Plan": self._plan_in_words(),
            "What was expected, and what came": [self._beside("errors"), self._beside("spared")],
            "What was compared": [report.about(), f"Chosen on validation data: {self.chosen.arm.name}."],
            "Result": [f"On test data student − twin is {_worded(self.difference)}.", *self._study.sentences()],
            "One student looked at": list(report.headlines()),
            "What the doctor says": diagnosis.sentences(),
            "What this does not show": [str(limits)],
        }
        sections = [f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines) for title, lines in parts.items()]
        return "\n\n".join(["# Distilling my own model", *sections]) + "\n"

    def _plan_in_words(self) -> list[str]:
        plan = self.planned
        if not plan:
            return [OPEN]
        worth, on = plan.get("worth"), plan.get("chosen_on")
        share = number(worth, ".0%") if isinstance(worth, float | int) else OPEN
        return [
            f"T: {', '.join(f'{T:g}' for T in plan['temperatures'])}. Seeds for each: {plan['seeds']}.",
            f"The arm is chosen on: {on if isinstance(on, str) else OPEN}.",
            f"A difference that matters, as a share of the twin's errors: {share}.",
        ]

    def _beside(self, name: str) -> str:
        """Return what was predicted beside what came."""
        asked, kept = self.question(name), self.given(name)
        truth = asked.solution()["truth" if isinstance(asked, Curve) else "right"] if asked.known else OPEN
        expected = OPEN if kept is None else _listed(kept.answer)
        return f"{asked.text} Expected: {expected}. What came: {_listed(truth)}."

    # What is asked at the end

    @part(quiz=True)
    def null(self) -> Choice:
        return Choice(
            "Five seeds show no difference from the twin. What is reported?",
            {
                "That no difference was shown, and what difference could have been": (
                    "A null result with its interval is a result. The interval says what it excludes."
                ),
                "That the teacher does not help": "The interval also holds some help. It was not shown.",
                "The seed with the fewest errors": "Chosen afterwards, it shows luck.",
            },
            right="That no difference was shown, and what difference could have been",
        )

    @part(quiz=True)
    def again(self) -> Several:
        return Several(
            "What must stand in a report so that somebody else gets the same numbers?",
            {
                "Data, and how they were split": "Another split gives other numbers.",
                "All settings and seeds": "They stand in the recipe and in the table of runs.",
                "The versions of the packages": "A sum in another order changes a run's last digits, and then more.",
                "How you felt about the result": "It does not change the numbers.",
            },
            ["Data, and how they were split", "All settings and seeds", "The versions of the packages"],
        )

    @part(quiz=True)
    def looks(self) -> Choice:
        return Choice(
            "You look at the test errors of eight arms and report the lowest. What is wrong?",
            {
                "It was chosen on what it is judged by": "The lowest of eight numbers is low by luck as well.",
                "Eight arms are too few": "With more arms the luck of the lowest grows.",
                "Nothing, if the seeds were fixed": "A fixed seed repeats the same luck.",
            },
            right="It was chosen on what it is judged by",
        )


def _over_temperatures(temperatures: list[float], most: int) -> Curve:
    return Curve(
        "How many test errors will the students make, on average over the seeds, at each T?",
        temperatures,
        Axis("T", temperatures[0], temperatures[-1], log=True),
        Axis("test errors", 1, most, log=True),
    )


def _listed(found: Any) -> str:
    if isinstance(found, str):
        return found
    return ", ".join(plain(value) for value in (found if isinstance(found, list) else [found]))


def _own_words(file: Path) -> str:
    """Return the end of a report, which is the learner's: as it stands in the file, or open."""
    _, _, written = file.read_text(encoding="utf-8").partition(OWN) if file.is_file() else ("", "", "")
    return f"\n{OWN}{written or f'{chr(10)}{OPEN}{chr(10)}'}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _worded(p: Paired) -> str:
    low, mean, high = (number(value, "+.1f") for value in (p.low, p.mean, p.high))
    return f"{mean} errors (95 % CI {low} to {high}, {p.n} seeds)"


# Checks of the plan and of the conclusion


def _whole(given: Any, keys: tuple[str, ...], what: str) -> str:
    if not isinstance(given, Mapping):
        return f"The {what} must be a dict with {', '.join(keys)}, got {type(given).__name__}."
    missing = [key for key in keys if given.get(key) in (None, ..., "")]
    return f"The {what} lacks {', '.join(missing)}." if missing else ""


def _plan_is_whole(plan: Any) -> str:
    return _whole(plan, PLAN, "plan")


def _temperatures_rise(plan: Mapping[str, Any]) -> str:
    values = list(plan["temperatures"])
    if len(values) < 2 or any(not value > 0 for value in values):
        return f"Take two or more temperatures above 0: one alone cannot be compared with another, got {values}."
    if any(b <= a for a, b in pairwise(values)):
        return f"The temperatures must rise, each once, got {values}."
    return ""


def _seeds_suffice(plan: Mapping[str, Any]) -> str:
    seeds = plan["seeds"]
    if not isinstance(seeds, int) or seeds < 1:
        return f"seeds must be a whole number, got {seeds!r}."
    if seeds < FEWEST_SEEDS:
        return f"{seeds} seed{'s' if seeds > 1 else ''} cannot tell a gain from luck: take {FEWEST_SEEDS} or more."
    return ""


def _chooses_on_validation(plan: Mapping[str, Any]) -> str:
    if plan["chosen_on"] == "validation":
        return ""
    if plan["chosen_on"] == "test":
        return "What is chosen on test data looks better there than it is. Choose on validation data."
    if plan["chosen_on"] == "train":
        return "On training data the largest, longest-trained model always looks best. Choose on validation data."
    return f'chosen_on must be "validation", got {plan["chosen_on"]!r}.'


def _says_worth(plan: Mapping[str, Any]) -> str:
    worth = plan["worth"]
    if isinstance(worth, int | float) and 0 < worth <= 1:
        return ""
    return f"worth is the difference that matters as a share of the twin's errors, such as 0.1; got {worth!r}."


def _conclusion_is_whole(given: Any) -> str:
    return _whole(given, CONCLUSION, "conclusion")


def _fits_interval(given: Mapping[str, Any]) -> str:
    right = "fewer" if given["high"] < 0 else "more" if given["low"] > 0 else NOISE
    if given["verdict"] == right:
        return ""
    if given["verdict"] not in VERDICTS:
        return f"verdict must be one of {', '.join(VERDICTS)}, as in the table; got {given['verdict']!r}."
    if right == NOISE:
        return "The interval holds 0, so it could be chance; nothing was shown, in either direction."
    return f"The interval lies on one side of 0, so the verdict is {right!r}, got {given['verdict']!r}."


def _has_limits(given: Mapping[str, Any]) -> str:
    if len(str(given["limits"]).strip()) >= SHORTEST:
        return ""
    return "Say in a whole sentence what your run does not show: other data, other students, other budgets?"
