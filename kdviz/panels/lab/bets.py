"""Bets: what the reader bets before Train, and the answer that the run gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...distill import Distillation, Runner
from ...measure.gradients import term_gradients
from ...words import number, t
from ..live.roster import Roster
from . import presets
from .choices import Choices
from .outcome import MEASURES, Facts, Group, beside_the_twin, first_layer_pictures
from .preset import ERRORS_ALONE, ERRORS_BESIDE_TWIN, Preset
from .run_groups import TWINS, RunGroups

PLACE = re.compile(r"\{(\w+)\}")
NO_ANSWER: dict[str, Any] = {"answer": {}, "pictures": b"", "picture_shape": [0, 0]}


class Bets:
    """Follows the runs of a page and says what became of the bet.

    Methods that take the runner, and :meth:`answer`, are called on its thread, between two steps.

    Parameters
    ----------
    roster : Roster
    groups : RunGroups
    """

    def __init__(self, roster: Roster, groups: RunGroups) -> None:
        self._roster, self._groups = roster, groups
        self._trained: dict[str, Any] = {}
        self._gradients: list[tuple[int, float, float]] = []  # step, lengths of the soft and of the hard term's
        self._usual: int | None = None  # errors of the last run of the default on this page
        self._measured: tuple[Any, dict[str, float]] | None = None  # with what it was measured of

    def begin(self, choices: Choices) -> None:
        """Remember what the run that is being made is trained with."""
        self._trained, self._gradients, self._measured = choices.to_dict(), [], None

    def look(self, runner: Runner, name: str) -> None:
        """Measure what has to be measured while the student learns."""
        student = self._roster.student
        if student is None or "gradients" not in presets.named(name).measures:
            return
        run = next((run for run in runner.runs if run is student.run), None)
        if run is None or any(step == run.steps_done for step, *_ in self._gradients):
            return
        found = term_gradients(run)
        lengths = dict(zip(found.names, found.norms, strict=True))
        if len(lengths) == 2 and "hard" in lengths:
            hard = lengths.pop("hard")
            self._gradients.append((run.steps_done, next(iter(lengths.values())), hard))

    def finished(self) -> None:
        """Keep what a run of the default came to, for presets that are held against it."""
        student = self._roster.student
        if student is not None and self._trained == Choices().to_dict() and not student.run.history.edits:
            self._usual = student.run.history.evaluated("test")[-1].errors

    @property
    def results(self) -> dict[str, Any]:
        """What cannot be measured again, JSON-able."""
        return {"trained": self._trained, "gradients": self._gradients, "usual": self._usual}

    def take_up(self, results: Mapping[str, Any]) -> None:
        """Go on with what was kept; of a page that kept no bets nothing is known."""
        self._trained = dict(results.get("trained", {}))
        self._gradients = [(int(step), float(soft), float(hard)) for step, soft, hard in results.get("gradients", [])]
        self._usual, self._measured = results.get("usual"), None

    def answer(self, name: str, bet: str) -> dict[str, Any]:
        """Return what the Presets widget shows of the bet: nothing before the student has been tested."""
        runs = {entry.role: entry.run for entry in self._roster if entry.role in ("student", *TWINS)}
        if "student" not in runs or not all(run.history.evaluated("test") for run in runs.values()):
            return NO_ANSWER
        preset, student = presets.named(name), runs["student"]
        changed = preset.changed(self._trained, {edit.name for edit in student.history.edits})
        facts = self._facts(runs, {} if changed else self._measure(preset, runs))
        return {"answer": answered(preset, bet, facts, changed), **_pictures(preset, student)}

    def _measure(self, preset: Preset, runs: Mapping[str, Distillation]) -> dict[str, float]:
        """Return what a preset measures besides, once for each run."""
        mark = preset.name, runs["student"]
        if self._measured is None or self._measured[0] != mark:
            gradients = [(soft, hard) for _, soft, hard in self._gradients]
            group = Group(runs, gradients, int(self._trained.get("omit", -1)))
            found = [MEASURES[what](group) for what in preset.measures]
            self._measured = mark, {name: value for one in found for name, value in one.items()}
        return self._measured[1]

    def _facts(self, runs: Mapping[str, Distillation], measured: Mapping[str, float]) -> Facts:
        run = runs["student"]
        last = run.history.evaluated("test")[-1]
        errors = {role: one.history.evaluated("test")[-1].errors for role, one in runs.items()}
        if last.teacher_errors is not None:
            errors["teacher"] = last.teacher_errors
        best = {e.role: e.best_test.errors for e in self._roster if e.role in runs and e.best_test is not None}
        temperature = run.objective.value("temperature")
        return Facts(
            examples=last.examples,
            errors=errors,
            best=best,
            against=self._groups.differences,
            seeds=self._groups.seeds,
            same=self._groups.same,
            usual=self._usual if self._usual is not None else presets.USUAL_ERRORS,
            agreement=last.agreement,
            temperature=float(temperature) if isinstance(temperature, int | float) else float("nan"),
            measured=measured,
        )


def answered(preset: Preset, bet: str, facts: Facts, changed: bool = False) -> dict[str, Any]:
    """Return the answer to a bet: who was right, why, and whether more seeds would tell more.

    Parameters
    ----------
    preset : Preset
    bet : str
        As :func:`kdviz.panels.lab.presets.check_bet` takes it; empty where there was none, and none is made up.
    facts : Facts
    changed : bool
        Whether the run was trained otherwise than the preset's question says.
    """
    figures = facts.figures()
    settled = "" if changed else preset.settle(facts)
    facts_said = (preset.fact, ERRORS_BESIDE_TWIN, ERRORS_ALONE)[int(changed) :]
    came_to = next(filter(None, (_filled(text, figures) for text in facts_said)))
    if changed:
        why = t("This run was not trained as the preset says, so it answers another question: the bet stays open.")
    else:
        why = " ".join(filter(None, (_filled(r.texts.get(r.by(facts), ""), figures) for r in preset.why)))
    unclear = preset.seeds > 1 or not settled or beside_the_twin(facts) == "same"
    repeat = unclear and not changed and len(facts.seeds) < 2 and "twin" in facts.errors
    return {"verdict": _verdict(preset, bet, settled, came_to), "why": why, "repeat": repeat}


def _filled(text: str, figures: Mapping[str, str]) -> str:
    """Return a text with its figures; empty where one is not known of these runs."""
    return t(text, **figures) if text and set(PLACE.findall(text)) <= set(figures) else ""


def _verdict(preset: Preset, bet: str, settled: str, came_to: str) -> str:
    if not bet:
        return came_to
    if not preset.answers:
        return t("You said {bet}. {result}", bet=number(int(bet)), result=came_to)
    said = t(preset.answers[bet])
    if not settled or settled not in preset.answers:
        return t("You said “{bet}”: still open. {result}", bet=said, result=came_to)
    if bet == settled:
        return t("You said “{bet}”: right. {result}", bet=said, result=came_to)
    return t(
        "You said “{bet}”; it is “{settled}”. {result}", bet=said, settled=t(preset.answers[settled]), result=came_to
    )


def _pictures(preset: Preset, run: Distillation) -> dict[str, Any]:
    """Return the weights of the student's units as pictures, each from −1 to 1 of the largest weight of all."""
    shown = first_layer_pictures(run.student, run.data.shape) if preset.pictures else None
    if shown is None:
        return {"pictures": b"", "picture_shape": [0, 0]}
    scaled = shown / max(float(np.abs(shown).max()), 1e-12)
    return {"pictures": scaled.astype("<f4").tobytes(), "picture_shape": list(scaled.shape[1:])}
