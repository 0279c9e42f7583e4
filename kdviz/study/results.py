"""Results of an experiment as Markdown, beside those of the paper."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..measure import paired
from ..measure.error_words import in_errors
from .arms import Arm
from .experiment import Experiment
from .jobs import Outcome, Role
from .league import Tuning
from .sentences import sentences, spread, title
from .study import Study

HEADING = """# Results of the shipped experiments

Each section is written by the command that it names, which also prints it; outcomes are kept in a folder and finished
runs are not repeated. Errors are on test data, mean ± standard deviation over seeds, after the last step, in brackets
at the best epoch on validation data. The twin is the same student with the same start, seed, batches and budget, and
no teacher. Intervals are 95 % CIs of the paired difference student − twin over seeds; a difference whose interval
includes 0 is called noise.
"""


def section(experiment: Experiment, study: Study, tunings: Sequence[Tuning] = ()) -> str:
    """Return the results of an experiment as a section of Markdown.

    Parameters
    ----------
    experiment : Experiment
    study : Study
        Its study, finished.
    tunings : sequence of Tuning
        For a league.
    """
    parts = [
        f"## {experiment.title}",
        experiment.question,
        f"`kdviz run {experiment.name}` · seeds {', '.join(map(str, study.seeds))} · after {experiment.source}",
        _table(experiment, study, tunings),
        _in_words(study),
    ]
    if tunings:
        parts.append(_tuned(tunings))
    if experiment.differs:
        parts.append(f"What differs: {experiment.differs}")
    parts.append(_cost(study))
    return "\n\n".join(parts) + "\n"


def write(file: Path, name: str, text: str) -> None:
    """Write a section into a file, replacing the same experiment's or at the end; the others stay.

    Parameters
    ----------
    file : Path
        Created if it does not exist.
    name : str
        Name of the experiment.
    text : str
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    held = file.read_text(encoding="utf-8") if file.exists() else HEADING
    new = f"{begin}\n\n{text}\n{end}\n"
    if begin in held and end in held:
        before, rest = held.split(begin, 1)
        held = before + new + rest.split(f"{end}\n", 1)[1]
    else:
        held = f"{held.rstrip()}\n\n{new}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(held, encoding="utf-8")


def _in_words(study: Study) -> str:
    """Return the sentences about all arms; those about one arm are in the table."""
    of_arms = tuple(f"{arm.name}: " for arm in study.arms)
    rest = [sentence for sentence in sentences(study)[1:] if not sentence.startswith(of_arms)]
    return " ".join([f"{title([study.compare(arm.name) for arm in study.arms])}.", *rest])


def _table(experiment: Experiment, study: Study, tunings: Sequence[Tuning]) -> str:
    watched = experiment.watched_class
    head = ["", "test errors", "student − twin"] + ([f"errors on class {watched}"] if watched is not None else [])
    rows = list(_rows(study, watched))
    if tunings:
        rows.sort(key=lambda row: row[0])
    lines = [head, *(row[1:] for row in rows)]
    ours = _markdown(lines)
    if not experiment.paper:
        return ours
    return f"{ours}\n\n{_markdown([['the paper reports', ''], *map(list, experiment.paper)])}"


def _rows(study: Study, watched: int | None) -> Iterator[list[Any]]:
    """Yield the rows, each after a number to sort by: the teacher, the twins, then the arms and stages."""
    twins: set[str] = set()
    for arm in study.arms:
        last, best = study.compare(arm.name), study.compare(arm.name, moment="best")
        if not last.errors["student"]:
            continue
        teacher = last.teacher_errors if arm.recipe.teacher is not None else None
        if teacher is not None and f"teacher {arm.recipe.teacher}" not in twins:
            twins.add(f"teacher {arm.recipe.teacher}")
            yield [-2.0, f"teacher, {arm.recipe.teacher}", f"{teacher:,}", "", *_blank(watched)]
        key = _twin_key(study, arm)
        if last.errors["twin"] and key not in twins:
            twins.add(key)
            label = "twin, labels alone" + (f" ({_student(arm)})" if _several_students(study) else "")
            numbers = f"{spread(last, 'twin')} ({spread(best, 'twin')})"
            yield [-1.0, label, numbers, "", *_of_class(study, arm, "twin", watched)]
        d = last.difference()
        verdict = "" if d is None else _verdict(d)
        stages = list(_stage_rows(study, arm, watched))
        if stages:
            yield from stages
        else:
            numbers = f"{spread(last)} ({spread(best)})"
            yield [last.mean(), arm.name, numbers, verdict, *_of_class(study, arm, "student", watched)]


def _stage_rows(study: Study, arm: Arm, watched: int | None) -> Iterator[list[Any]]:
    """Yield a row for each stage of a scheme."""
    outcomes = {r.seed: r.outcome for r in study.results if r.arm is arm and r.role == "student" and _done(r.outcome)}
    twins = {r.seed: r.outcome for r in study.results if r.arm is arm and r.role == "twin" and _done(r.outcome)}
    if not outcomes or not next(iter(outcomes.values())).get("stages"):
        return
    for i in range(len(next(iter(outcomes.values()))["stages"])):
        stages = {seed: outcome["stages"][i] for seed, outcome in outcomes.items()}
        names = sorted({stage["name"] for stage in stages.values()})
        errors = {seed: stage["moments"]["last"]["test"]["errors"] for seed, stage in stages.items()}
        alike = {s for s, stage in stages.items() if s in twins and stage["parameters"] == twins[s]["parameters"]}
        pairs = [e - twins[s]["moments"]["last"]["test"]["errors"] for s, e in errors.items() if s in alike]
        verdict = _verdict(paired(pairs)) if pairs else f"{next(iter(stages.values()))['parameters']:,} weights"
        numbers = _spread(list(errors.values()))
        best = [stage["moments"].get("best", {}).get("test", {}).get("errors") for stage in stages.values()]
        if None not in best:
            numbers += f" ({_spread(best)})"
        in_class: list[str] = []
        if watched is not None:
            in_class = [_in_class([stage["moments"]["last"]["test"] for stage in stages.values()], watched)]
        yield [float(i), f"{arm.name}: {_joined(names)}", numbers, verdict, *in_class]


def _joined(names: list[str]) -> str:
    """Return the name of a stage, or all its names if seeds differ."""
    if len(names) == 1:
        return names[0]
    common = names[0].rsplit(" (", 1)[0]
    if all(name.startswith(f"{common} (") for name in names):
        return f"{common} ({', '.join(name.rsplit(' (', 1)[1].rstrip(')') for name in names)})"
    return " / ".join(names)


def _of_class(study: Study, arm: Arm, role: Role, watched: int | None) -> list[str]:
    if watched is None:
        return []
    found = [r.outcome for r in study.results if r.arm is arm and r.role == role and _done(r.outcome)]
    return [_in_class([outcome["moments"]["last"]["test"] for outcome in found], watched)]


def _in_class(measured: list[dict[str, Any]], which: int) -> str:
    errors = [m["errors_by_class"][which] for m in measured]
    return f"{_spread(errors)} of {measured[0]['examples_by_class'][which]:,}" if errors else ""


def _blank(watched: int | None) -> list[str]:
    return [] if watched is None else [""]


def _done(outcome: Outcome) -> bool:
    return bool(outcome["state"] == "finished")


def _verdict(d: Any) -> str:
    word = {"fewer": "**improvement**", "more": "**deterioration**", "within the noise": "within the noise"}
    return f"{in_errors(d)}: {word.get(d.verdict, 'one seed')}"


def _spread(errors: list[int]) -> str:
    mean = statistics.fmean(errors)
    return f"{mean:,.0f}" if len(errors) < 2 else f"{mean:,.0f} ± {statistics.stdev(errors):,.0f}"


def _twin_key(study: Study, arm: Arm) -> str:
    return next((r.outcome["key"] for r in study.results if r.arm is arm and r.role == "twin"), arm.name)


def _several_students(study: Study) -> bool:
    return len({_student(arm) for arm in study.arms}) > 1


def _student(arm: Arm) -> str:
    student = arm.recipe.student or {}
    return " ".join(str(student[name]) for name in ("name", "hidden", "width") if name in student)


def _tuned(tunings: Sequence[Tuning]) -> str:
    lines = [["method", "weight chosen", "validation errors by weight tried"]]
    for t in tunings:
        tried = ", ".join(f"{weight:g}: {errors:,}" for weight, errors in t.tried.items())
        lines.append([t.method.title, f"{t.weight:g}", tried])
    return f"Weights, chosen on validation data with a separate seed:\n\n{_markdown(lines)}"


def _cost(study: Study) -> str:
    found = {r.outcome["key"]: r.outcome for r in study.results if _done(r.outcome)}.values()
    seconds, torch = sum(o["seconds"] for o in found), sorted({o["torch"] for o in found})
    return f"{len(found):,} runs, {seconds / 60:,.0f} minutes of wall-clock time together, PyTorch {', '.join(torch)}."


def _markdown(lines: list[list[str]]) -> str:
    """Return lines of cells, the first of them the head, as a Markdown table."""
    rows = [f"| {' | '.join(cell.replace('|', '∣') for cell in line)} |" for line in lines]
    rows.insert(1, f"|{' --- |' * len(lines[0])}")
    return "\n".join(rows)
