"""A study as pandas frames: one row a run, one row an arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, get_args

from .comparison import Comparison, Moment, compare
from .jobs import Role

if TYPE_CHECKING:
    import pandas as pd

    from .study import Result, Study

MEASURES = ("examples", "errors", "accuracy", "nll", "ece", "brier", "agreement", "kl", "teacher_errors")
ABOUT_THE_RUN = ("parameters", "macs", "latency_ms", "seconds", "stacked", "state", "sentence")


def frame(study: Study) -> pd.DataFrame:
    """Return the runs that are done; see :meth:`kdviz.study.Study.frame`."""
    import pandas as pd

    axes = study.axes
    rows = [row for result in study.results for row in _rows(result, axes)]
    gaps = dict.fromkeys(name for row in rows for name in row if name.startswith("gap:"))
    columns = ["arm", *axes, "seed", "role", "run", "split", "moment", "step", *MEASURES, *gaps, *ABOUT_THE_RUN]
    return pd.DataFrame(rows, columns=columns)


def _rows(result: Result, axes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a row for each split and moment of a run; one row for a run that failed."""
    outcome = result.outcome
    same = {
        "arm": result.arm.name,
        **{axis: result.arm.coordinates[axis] for axis in axes},
        "seed": result.seed,
        "role": result.role,
        "run": outcome["key"],
        **{name: outcome.get(name) for name in ABOUT_THE_RUN},
    }
    if outcome["state"] == "failed":
        return [same]
    rows = []
    for moment, found in outcome["moments"].items():
        for split, numbers in found.items():
            if split != "step":
                place = {"split": split, "moment": moment, "step": found["step"]}
                accuracy = 1 - numbers["errors"] / numbers["examples"]
                rows.append({**same, **place, **numbers, **_gaps(numbers), "accuracy": accuracy})
    return rows


def _gaps(numbers: dict[str, Any]) -> dict[str, float]:
    """Return the gaps between groups by column: ``gap:sex:accuracy_difference``."""
    return {
        f"gap:{grouping}:{metric}": gap
        for grouping, of in numbers.get("gaps", {}).items()
        for metric, gap in of.items()
    }


def table(study: Study) -> pd.DataFrame:
    """Return what one wants to know first of each arm; see :meth:`kdviz.study.Study.table`."""
    whole = full_table(study)
    shown = {"arm": "arm", "seeds": "seeds", "errors_last": "errors", "errors_sd_last": "sd"}
    if whole["failed"].any():
        shown["failed"] = "failed"
    shown["twin_errors_last"] = "twin"
    if study.smoothing:
        shown["smoothed_errors_last"] = "smoothed"
    shown |= {f"twin_{name}_last": name for name in ("difference", "low", "high", "verdict")} | {"chosen": "chosen"}
    return whole[list(shown)].rename(columns=shown).round(1)


def full_table(study: Study) -> pd.DataFrame:
    """Return all about the arms, each beside its twin; see :meth:`kdviz.study.Study.table`."""
    import pandas as pd

    chosen = study.choice("last")
    roles: tuple[Role, ...] = ("twin", "smoothed") if study.smoothing else ("twin",)
    rows = []
    for arm in study.arms:
        now = {moment: compare(study, arm, moment) for moment in get_args(Moment)}
        last = now["last"]
        row: dict[str, Any] = {
            "arm": arm.name,
            **{axis: arm.coordinates[axis] for axis in study.axes},
            "seeds": len(last.errors["student"]),
            "failed": len(last.failed),
            "examples": last.examples or None,
            "teacher_errors": last.teacher_errors,
        }
        for moment, found in now.items():
            row |= _student(found, moment)
            for role in roles:
                row |= _beside(found, role, moment)
            row[f"validation_errors_{moment}"] = _or_none(compare(study, arm, moment, "validation").mean())
        rows.append({**row, "chosen": arm is chosen})
    return pd.DataFrame(rows)


def _student(found: Comparison, moment: str) -> dict[str, Any]:
    return {f"errors_{moment}": _or_none(found.mean()), f"errors_sd_{moment}": _or_none(found.sd())}


def _beside(found: Comparison, role: Role, moment: str) -> dict[str, Any]:
    """Return a twin's errors and the paired difference, by column."""
    d = found.difference(role)
    return {
        f"{role}_errors_{moment}": _or_none(found.mean(role)),
        f"{role}_errors_sd_{moment}": _or_none(found.sd(role)),
        f"{role}_difference_{moment}": None if d is None else d.mean,
        f"{role}_low_{moment}": None if d is None else _or_none(d.low),
        f"{role}_high_{moment}": None if d is None else _or_none(d.high),
        f"{role}_pairs_{moment}": 0 if d is None else d.n,
        f"{role}_verdict_{moment}": "no pair" if d is None else d.verdict,
    }


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number
