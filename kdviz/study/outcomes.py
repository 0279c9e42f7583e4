"""What a study can be read by, besides errors: calibration, agreement with the teacher, gaps between groups, latency.

Each kind of outcome is declared once: where it stands in a run's record, which way is better, and whether a twin has it
too. Tables, maps and links read the declaration.
"""

from __future__ import annotations

import base64
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..data import Examples
from ..data.missing import missing
from ..measure.disparity import RateName
from ..measure.group_rates import cells_of, hits_of
from ..measure.groups import comparable, to_numpy
from ..measure.paired import Paired, PairedErrors, paired, paired_errors
from ..words import mark

GAPS: dict[str, tuple[RateName, ...]] = {
    "demographic_parity_difference": ("selection_rate",),
    "equalized_odds_difference": ("true_positive_rate", "false_positive_rate"),
    "accuracy_difference": ("accuracy",),
}
Better = Literal["lower", "higher"]
Unit = Literal["count", "share", "nats", "ms", ""]
Interval = Paired | PairedErrors


@dataclass(frozen=True)
class Kind:
    """One kind of outcome.

    Attributes
    ----------
    name : str
        In links and tables. Of a gap: "gap", the grouping and the metric, joined by colons.
    title : str
        For a reader.
    meaning : str
        One sentence on what it is.
    unit : {"count", "share", "nats", "ms", ""}
    better : {"lower", "higher"}
    split : {"test", "validation", ""}
        What it is measured on; empty for what has no split.
    of_twin : bool
        Whether a twin has it as well, so that the two can be compared.
    """

    name: str
    title: str
    meaning: str
    unit: Unit = ""
    better: Better = "lower"
    split: str = "test"
    of_twin: bool = True


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("errors", mark("Test errors"), mark("Wrong answers on the test examples."), "count"),
        Kind(
            "validation_errors",
            mark("Validation errors"),
            mark("Wrong answers on the validation examples, by which the best setting is chosen."),
            "count",
            split="validation",
        ),
        Kind(
            "agreement",
            mark("Agreement with the teacher"),
            mark("Share of the test examples on which student and teacher have the same first choice."),
            "share",
            "higher",
            of_twin=False,
        ),
        Kind(
            "kl",
            mark("Divergence from the teacher"),
            mark("Mean KL(teacher ‖ student) at T = 1 on the test examples, in nats."),
            "nats",
            of_twin=False,
        ),
        Kind(
            "ece",
            mark("Calibration error (ECE)"),
            mark("How far confidence and accuracy are apart on the test examples, on average over bins of confidence."),
            "share",
        ),
        Kind("nll", mark("Negative log-likelihood"), mark("Mean −log p(true class) on the test examples."), "nats"),
        Kind("brier", mark("Brier score"), mark("Mean squared distance of the probabilities from the true class.")),
        Kind(
            "latency_ms",
            mark("Latency"),
            mark(
                "Median time of one example’s forward pass on this machine, on one thread; students of one size "
                "differ by noise alone."
            ),
            "ms",
            split="",
        ),
    )
}
_GAP_TITLES = {
    "demographic_parity_difference": mark("Chosen equally often, by {grouping}: gap"),
    "equalized_odds_difference": mark("Right and wrong equally often, by {grouping}: gap"),
    "accuracy_difference": mark("Accuracy by {grouping}: gap"),
}
_GAP_MEANING = mark(
    "Largest minus smallest rate over the groups on the test examples; small groups widen it by chance."
)


def gap_kind(name: str) -> Kind:
    """Return the kind of a gap by its name, ``gap:sex:accuracy_difference``; its title has the place ``{grouping}``.

    Raises
    ------
    ValueError
        If the name is not one of a gap.

    Examples
    --------
    >>> gap_kind("gap:sex:accuracy_difference").title
    'Accuracy by {grouping}: gap'
    """
    parts = name.split(":")
    if len(parts) != 3 or parts[0] != "gap" or not parts[1] or parts[2] not in GAPS:
        raise ValueError(
            f"a gap must be named as gap:GROUPING:METRIC, the metric one of {', '.join(GAPS)}, got {name!r}"
        )
    return Kind(name, _GAP_TITLES[parts[2]], _GAP_MEANING, "share")


def kind(name: str) -> Kind:
    """Return a kind of outcome by name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name in KINDS:
        return KINDS[name]
    if name.startswith("gap:"):
        return gap_kind(name)
    raise ValueError(f"an outcome must be one of {', '.join(KINDS)}, or gap:GROUPING:METRIC, got {name!r}")


def kinds_of(examples: Examples) -> list[Kind]:
    """Return the kinds that runs on such test examples have: gaps too where the data name groups."""
    groups, _ = comparable(examples.groups, examples.y) if examples.groups else ({}, [])
    return [*KINDS.values(), *(gap_kind(f"gap:{grouping}:{metric}") for grouping in groups for metric in GAPS)]


def value(outcome: Mapping[str, Any], of: Kind, moment: str = "last") -> float | None:
    """Return what a finished run has of a kind; None where it has none.

    Parameters
    ----------
    outcome : mapping
        As :class:`kdviz.study.study.Result` holds it.
    of : Kind
    moment : {"last", "best"}
    """
    if outcome.get("state") != "finished":
        return None
    found: Any = outcome.get("moments", {}).get(moment, {}).get(of.split) if of.split else outcome
    if found is None:
        return None
    if of.name.startswith("gap:"):
        _, grouping, metric = of.name.split(":")
        found = found.get("gaps", {}).get(grouping, {}).get(metric)
    else:
        found = found.get("errors" if of.name == "validation_errors" else of.name)
    return None if found is None else float(found)


def difference(
    students: Mapping[int, Mapping[str, Any]], twins: Mapping[int, Mapping[str, Any]], of: Kind, moment: str = "last"
) -> Interval | None:
    """Return student − twin of a kind with its 95 % interval; None where there is no pair.

    Parameters
    ----------
    students, twins : mapping of int to mapping
        Outcomes by seed.

    Notes
    -----
    Over seeds, with :func:`kdviz.measure.paired`. One seed says nothing of another; for errors its interval is that of
    the examples, :func:`kdviz.measure.paired_errors`, and for all else there is none.
    """
    pairs = {
        seed: (student, twin)
        for seed in students
        if seed in twins
        and (student := value(students[seed], of, moment)) is not None
        and (twin := value(twins[seed], of, moment)) is not None
    }
    if not pairs or not of.of_twin:
        return None
    if len(pairs) == 1 and of.unit == "count":
        (seed,) = pairs
        both = [wrong(one[seed]["moments"][moment][of.split]) for one in (students, twins)]
        if both[0] is not None and both[1] is not None:
            return paired_errors(both[0], both[1])
    return paired([a - b for a, b in pairs.values()], step=1.0 if of.unit == "count" else 0.0)


def spread(numbers: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation, n − 1 in the denominator; nan where there are too few."""
    mean = statistics.fmean(numbers) if numbers else math.nan
    return mean, statistics.stdev(numbers) if len(numbers) > 1 else math.nan


def packed(is_wrong: np.ndarray) -> str:
    """Return which examples are wrong as text: bits, in base 64.

    >>> unpacked(packed(np.array([True, False, True])), 3).tolist()
    [True, False, True]
    """
    return base64.b64encode(np.packbits(is_wrong).tobytes()).decode("ascii")


def unpacked(text: str, count: int) -> np.ndarray:
    """Return what :func:`packed` was given, of so many examples."""
    bits = np.unpackbits(np.frombuffer(base64.b64decode(text), dtype=np.uint8))
    if len(bits) < count:
        raise ValueError(f"expected bits of {count:,} examples, got {len(bits):,}")
    return bits[:count].astype(bool)


def wrong(numbers: Mapping[str, Any]) -> np.ndarray | None:
    """Return which labelled examples a run gets wrong, from its numbers on a split; None in older records."""
    text = numbers.get("wrong")
    return None if text is None else unpacked(text, numbers["examples"])


def gaps(first_choice: np.ndarray, examples: Examples, classes: int) -> dict[str, dict[str, float]]:
    """Return the gaps between groups, largest − smallest rate, by grouping and metric; empty without groups.

    Parameters
    ----------
    first_choice : ndarray of int, shape (N,)
        The class that the model says.
    examples : Examples
        N of them, with groups.
    classes : int
        How many there are; of two the second is the positive one, of more there is none.

    Notes
    -----
    The values are those of :func:`kdviz.measure.bias.bias`. A rate without a denominator is left out; a metric with
    fewer than two groups too.
    """
    found: dict[str, dict[str, float]] = {}
    if not examples.groups:
        return found
    y = to_numpy(examples.y)
    groups, _ = comparable(examples.groups, y)
    for grouping, column in groups.items():
        entries = to_numpy(column)
        known = (y >= 0) & ~missing(entries)
        codes = np.unique(entries[known].astype(str), return_inverse=True)[1].reshape(-1)
        hits = hits_of(cells_of(codes, y[known], {"student": first_choice[known]}, 1 if classes == 2 else None))
        rates = {name: counts[0][of > 0] / of[of > 0] for name, (counts, of) in hits.items()}
        at = {
            metric: max(float(np.ptp(rates[name])) for name in names)
            for metric, names in GAPS.items()
            if all(name in rates and len(rates[name]) > 1 for name in names)
        }
        if at:
            found[grouping] = at
    return found
