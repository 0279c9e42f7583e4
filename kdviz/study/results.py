"""Results of an experiment as Markdown, beside those of the paper."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..measure.error_words import PERCENT, in_errors
from ..models import card
from ..models import names as models
from .arms import Arm
from .comparison import Comparison
from .experiment import Experiment
from .jobs import Outcome, Role
from .league import Tuning
from .programs import Found, Results
from .record import Difference, Record, Row, Spread
from .sentences import sentences, title
from .study import Study

TWIN_NAME = "twin, labels alone"

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
    record = record_of(experiment, study)
    more = [_tuned(tunings)] if tunings else []
    return _section(experiment, record, [_in_words(study, record), *more], by_errors=bool(tunings))


def section_of(experiment: Experiment, record: Record) -> str:
    """Return the section of an experiment that is no study: its record, and the corrected comparisons."""
    return _section(experiment, record, [after_holm(record)])


def _section(experiment: Experiment, record: Record, words: Sequence[str], *, by_errors: bool = False) -> str:
    parts = [
        f"## {experiment.title}",
        experiment.question,
        f"`{record.command}` · seeds {', '.join(map(str, record.seeds))} · after {experiment.source}",
        table(record, experiment, by_errors=by_errors),
        *words,
        f"What differs: {experiment.differs}" if experiment.differs else "",
        _cost(record),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


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


def record_of(experiment: Experiment, study: Study) -> Record:
    """Return the record of an experiment's study, finished."""
    found = {r.outcome["key"]: r.outcome for r in study.results if _done(r.outcome)}.values()
    return Record.of(
        experiment,
        list(_rows(study, experiment.watched_class, experiment.against)),
        seeds=study.seeds,
        examples=max((study.compare(arm.name).examples for arm in study.arms), default=0),
        runs=len(found),
        seconds=sum(o["seconds"] for o in found),
        torch=", ".join(sorted({o["torch"] for o in found})),
    )


def record_of_program(experiment: Experiment, done: Results) -> Record:
    """Return the record of what a program found, seed by seed."""
    by_seed = list(done.found.values())
    rows = []
    for same in zip(*by_seed, strict=True):
        first: Found = same[0]
        one_for_all = first.role == "teacher" and len({one.errors for one in same}) == 1
        errors = [one.errors for one in same]
        row = Row(
            first.name, first.role, Spread.of(errors[:1] if one_for_all else errors), weights=first.weights or None
        )
        if first.other:
            row = replace(row, difference=Difference.of(first.other, [one.errors - one.against for one in same]))
        teachers = [one.teacher for one in same if one.teacher is not None]
        rows.append(replace(row, teacher=round(statistics.fmean(teachers)) if teachers else None))
    return Record.of(
        experiment,
        rows,
        seeds=tuple(done.found),
        examples=by_seed[0][0].examples,
        runs=done.runs,
        seconds=done.seconds,
        torch=done.torch,
    )


def _in_words(study: Study, record: Record) -> str:
    """Return the sentences about all arms; those about one arm are in the table."""
    of_arms = tuple(f"{arm.name}: " for arm in study.arms)
    rest = [sentence for sentence in sentences(study)[1:] if not sentence.startswith(of_arms)]
    heading = f"{title([study.compare(arm.name) for arm in study.arms])}."
    return " ".join(filter(None, [heading, *rest, after_holm(record)]))


def after_holm(record: Record) -> str:
    """Return how many differences hold together, corrected for their number; empty where there are fewer than two."""
    compared = record.compared
    if len(compared) < 2:
        return ""
    held = [
        row for row in compared if row.difference and row.difference.holm is not None and row.difference.holm < 0.05
    ]
    of = f"After Holm's correction for {len(compared)} comparisons"
    if not held:
        return f"{of}, none differs at the 5{PERCENT} level."
    listed = "; ".join(f"{row.name} ({row.difference.verdict})" for row in held if row.difference)
    return f"{of}, {len(held)} {'differs' if len(held) == 1 else 'differ'} at the 5{PERCENT} level: {listed}."


def table(record: Record, experiment: Experiment, *, by_errors: bool = False) -> str:
    """Return the rows of a record as a Markdown table, and what the paper reports below it.

    Parameters
    ----------
    record : Record
    experiment : Experiment
    by_errors : bool
        Students in the order of their errors, the fewest first.
    """
    watched = experiment.watched_class
    others = {row.difference.other for row in record.rows if row.difference}
    head = ["", "test errors", "student − twin" if others <= {TWIN_NAME} else "difference"]
    head += [f"errors on class {watched}"] if watched is not None else []
    head += [{"weights": "weights", "kept": "accuracy kept"}[name] for name in experiment.shows]
    rows = list(record.rows)
    if by_errors:
        order = {"teacher": -2.0, "twin": -1.0}
        rows.sort(key=lambda row: order.get(row.role, row.errors.mean))
    lines = [_cells(row, watched is not None, len(others) > 1) + _shown(row, record, experiment.shows) for row in rows]
    ours = _markdown([head, *lines])
    if not experiment.paper:
        return ours
    return f"{ours}\n\n{_markdown([['the paper reports', ''], *map(list, experiment.paper)])}"


def _cells(row: Row, watched: bool, named: bool) -> list[str]:
    """Return a row of the table; ``named`` says what each difference is to."""
    numbers = str(row.errors) + (f" ({row.best})" if row.best is not None else "")
    verdict = ""
    if row.difference is not None:
        verdict = _verdict(row.difference)
        verdict = f"{verdict} (to {row.difference.other})" if named else verdict
    elif row.role == "model" and row.weights:
        verdict = f"{row.weights:,} weights"
    in_class = f"{row.in_class} of {row.class_size:,}" if row.in_class is not None else ""
    return [row.name, numbers, verdict, *([in_class] if watched else [])]


def _shown(row: Row, record: Record, columns: Sequence[str]) -> list[str]:
    """Return the further cells of a row: its weights, and the share of its teacher's accuracy that it keeps."""
    kept = record.kept(row)
    cells = {
        "weights": "" if row.weights is None else f"{row.weights:,}",
        "kept": "" if kept is None else f"{100 * kept:.1f}{PERCENT}",
    }
    return [cells[name] for name in columns]


def _rows(study: Study, watched: int | None, against: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows: the teacher, the twins, then the arms and stages."""
    shown: set[str] = set()
    for arm in study.arms:
        last, best = study.compare(arm.name), study.compare(arm.name, moment="best")
        if not last.errors["student"]:
            continue
        teacher = last.teacher_errors if arm.recipe.teacher is not None else None
        if teacher is not None and f"teacher {arm.recipe.teacher}" not in shown:
            shown.add(f"teacher {arm.recipe.teacher}")
            weights = card(arm.recipe.teacher).parameters if arm.recipe.teacher in models() else None
            yield Row(f"teacher, {arm.recipe.teacher}", "teacher", Spread.of([teacher]), weights=weights)
        key = _twin_key(study, arm)
        if last.errors["twin"] and key not in shown:
            shown.add(key)
            label = TWIN_NAME + (f" ({_student(arm)})" if _several_students(study) else "")
            yield _made(label, "twin", last, best, _outcomes(study, arm, "twin"), watched)
        stages = list(_stage_rows(study, arm, watched, teacher, against.get(arm.name)))
        if stages:
            yield from stages
        else:
            row = _made(arm.name, "student", last, best, _outcomes(study, arm, "student"), watched)
            yield replace(row, difference=_to(study, last, against.get(arm.name)), teacher=teacher)


def _made(
    name: str, role: Role, last: Comparison, best: Comparison, found: dict[int, Outcome], watched: int | None
) -> Row:
    """Return the row of one run a seed."""
    row = Row(
        name,
        "twin" if role == "twin" else "student",
        Spread.of(list(last.errors[role].values())),
        Spread.of(list(best.errors[role].values())) if best.errors[role] else None,
        weights=next((outcome["parameters"] for outcome in found.values()), None),
    )
    return _with_class(row, [outcome["moments"]["last"]["test"] for outcome in found.values()], watched)


def _to(study: Study, last: Comparison, other: str | None) -> Difference | None:
    """Return the difference of an arm to its twin, or to another arm; None where no seed has both."""
    theirs = last.errors["twin"] if other is None else study.compare(other).errors["student"]
    pairs = [errors - theirs[seed] for seed, errors in last.errors["student"].items() if seed in theirs]
    return Difference.of(other or TWIN_NAME, pairs) if pairs else None


def _stage_rows(study: Study, arm: Arm, watched: int | None, teacher: int | None, other: str | None) -> Iterator[Row]:
    """Yield a row for each stage of a scheme; those of the student's size are compared, by default with the twin."""
    outcomes, twins = _outcomes(study, arm, "student"), _outcomes(study, arm, "twin")
    if not outcomes or not next(iter(outcomes.values())).get("stages"):
        return
    for i in range(len(next(iter(outcomes.values()))["stages"])):
        stages = {seed: outcome["stages"][i] for seed, outcome in outcomes.items()}
        names = sorted({stage["name"] for stage in stages.values()})
        errors = {seed: stage["moments"]["last"]["test"]["errors"] for seed, stage in stages.items()}
        alike = {s for s, stage in stages.items() if s in twins and stage["parameters"] == twins[s]["parameters"]}
        theirs = study.compare(arm.name if other is None else other).errors["twin" if other is None else "student"]
        pairs = [e - theirs[s] for s, e in errors.items() if s in alike and s in theirs]
        best = [stage["moments"].get("best", {}).get("test", {}).get("errors") for stage in stages.values()]
        row = Row(
            f"{arm.name}: {_joined(names)}",
            "student" if pairs else "model",
            Spread.of(list(errors.values())),
            None if None in best else Spread.of(best),
            Difference.of(other or TWIN_NAME, pairs) if pairs else None,
            next(iter(stages.values()))["parameters"],
            teacher,
        )
        yield _with_class(row, [stage["moments"]["last"]["test"] for stage in stages.values()], watched)


def _with_class(row: Row, measured: list[dict[str, Any]], watched: int | None) -> Row:
    if watched is None or not measured:
        return row
    errors = [m["errors_by_class"][watched] for m in measured]
    return replace(row, in_class=Spread.of(errors), class_size=measured[0]["examples_by_class"][watched])


def _outcomes(study: Study, arm: Arm, role: Role) -> dict[int, Outcome]:
    """Return the finished outcomes of an arm by seed."""
    return {r.seed: r.outcome for r in study.results if r.arm is arm and r.role == role and _done(r.outcome)}


def _joined(names: list[str]) -> str:
    """Return the name of a stage, or all its names if seeds differ."""
    if len(names) == 1:
        return names[0]
    common = names[0].rsplit(" (", 1)[0]
    if all(name.startswith(f"{common} (") for name in names):
        return f"{common} ({', '.join(name.rsplit(' (', 1)[1].rstrip(')') for name in names)})"
    return " / ".join(names)


def _done(outcome: Outcome) -> bool:
    return bool(outcome["state"] == "finished")


def _verdict(d: Difference) -> str:
    word = {"fewer": "**improvement**", "more": "**deterioration**", "within the noise": "within the noise"}
    return f"{in_errors(d)}: {word.get(d.verdict, 'one seed')}"


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


def _cost(record: Record) -> str:
    n = max(1, round(record.seconds / 60))
    minutes = f"{n:,} minute{'s' if n > 1 else ''} of wall-clock time together"
    return f"{record.runs:,} runs, {minutes}, PyTorch {record.torch}."


def _markdown(lines: list[list[str]]) -> str:
    """Return lines of cells, the first of them the head, as a Markdown table."""
    rows = [f"| {' | '.join(cell.replace('|', '∣') for cell in line)} |" for line in lines]
    rows.insert(1, f"|{' --- |' * len(lines[0])}")
    return "\n".join(rows)
