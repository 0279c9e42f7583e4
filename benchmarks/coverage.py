"""Print how often each kind of interval holds the truth, by simulation.

    python benchmarks/coverage.py [--runs 1000] [--only gap]

Each row draws test sets of one size from models whose rates, gaps or calibration errors are known, and counts how many
intervals at 95 % hold the known value. "below" and "above" are the shares whose interval lies below and above it. Rows
that begin with "null" count wrong verdicts instead: how often equal recipes or equal groups are called different. Where
a method claims nothing of so few examples, the row says of how many sets it claimed something.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from kdviz.measure import paired, paired_errors
from kdviz.measure.bias import bias
from kdviz.measure.calibration import calibration
from kdviz.measure.gap_interval import Counts, of_difference, of_gap, of_ratio
from kdviz.measure.sequence_interval import share
from kdviz.measure.wilson import wilson

DRAWS = 400
LEVEL = 0.95

Ends = tuple[float, float]
Draw = Callable[[np.random.Generator], tuple[Ends, float]]


@dataclass(frozen=True)
class Case:
    """One setting to draw from: what it is called, and a draw's interval and the truth.

    Attributes
    ----------
    kind, name : str
    draw : callable
        Of a generator, the interval (nan where nothing is claimed) and the true value.
    null : bool
        Whether the interval is a verdict instead: (1, 1) where something was called different that is not.
    """

    kind: str
    name: str
    draw: Draw
    null: bool = False


@dataclass(frozen=True)
class Found:
    """What the runs of a case gave.

    Attributes
    ----------
    held : float
        Share of intervals that hold the truth, of those that claim something; of a null case, that are not called.
    below, above : float
        Share of intervals that lie below, and above, the truth.
    claimed : float
        Share of runs that claim something.
    """

    held: float
    below: float
    above: float
    claimed: float


def simulate(case: Case, runs: int, seed: int = 0) -> Found:
    """Return how often the intervals of a case hold the truth."""
    random = np.random.default_rng([seed, *case.name.encode()])
    drawn = [case.draw(random) for _ in range(runs)]
    ends, truth = np.array([d[0] for d in drawn]), np.array([d[1] for d in drawn])
    claims = ~np.isnan(ends).any(1)
    if not claims.any():
        return Found(math.nan, math.nan, math.nan, 0.0)
    below, above = ends[claims, 1] < truth[claims] - 1e-9, ends[claims, 0] > truth[claims] + 1e-9
    return Found(1 - below.mean() - above.mean(), below.mean(), above.mean(), claims.mean())


def cases() -> Iterator[Case]:
    """Yield all settings."""
    yield from _shares()
    yield from _sequences()
    yield from _pairs()
    yield from _gaps()
    yield from _differences()
    yield from _verdicts()
    yield from _calibrations()


def _shares() -> Iterator[Case]:
    for n in (30, 50, 200, 1000, 10_000):
        for p in (0.5, 0.9, 0.99, 1 - 0.18 / n, 1 / n):

            def draw(random: np.random.Generator, n: int = n, p: float = p) -> tuple[Ends, float]:
                return wilson(int(random.binomial(n, p)), n, LEVEL), p

            yield Case("share", f"{p:.4g} of {n}", draw)


def _sequences() -> Iterator[Case]:
    """Shares by sequence: of whole sequences (exact match), and of tokens that are alike within one."""
    for n in (2, 3, 5, 10, 20, 50, 200):
        for p in (0.5, 0.8, 0.95):

            def exact(random: np.random.Generator, n: int = n, p: float = p) -> tuple[Ends, float]:
                found = share(random.random(n) < p, np.ones(n), LEVEL)
                return (found.low, found.high), p

            yield Case("exact match", f"{p:g} of {n} sequences", exact)
            for alike, unequal in itertools.product((0.02, 0.3), (0.0, 1.0)):  # correlation within; σ of the log length

                def tokens(
                    random: np.random.Generator,
                    n: int = n,
                    p: float = p,
                    alike: float = alike,
                    unequal: float = unequal,
                ) -> tuple[Ends, float]:
                    lengths = np.maximum(1, np.exp(random.normal(3, unequal, n)).round()).astype(int)
                    own = random.beta(p * (1 / alike - 1), (1 - p) * (1 / alike - 1), n)
                    found = share(random.binomial(lengths, own), lengths, LEVEL)
                    return (found.low, found.high), p

                name = f"{p:g} of the tokens of {n}, r = {alike:g} within, log length sd {unequal:g}"
                yield Case("agreement", name, tokens)


def _pairs() -> Iterator[Case]:
    for n, p, q in (
        (20, 0.95, 0.0), (50, 0.3, 0.1), (50, 0.02, 0.0), (200, 0.05, 0.02), (200, 0.9, 0.1), (1000, 0.01, 0.02),
        (1000, 0.001, 0.0), (10_000, 0.001, 0.002), (10_000, 0.3, 0.3),
    ):  # fmt: skip

        def draw(random: np.random.Generator, n: int = n, p: float = p, q: float = q) -> tuple[Ends, float]:
            u = random.random(n)
            found = paired_errors(u < p, (u >= p) & (u < p + q))
            return (found.low, found.high), n * (p - q)

        yield Case("paired errors", f"{p:g} and {q:g} of {n}", draw)
    for seeds in (2, 3, 5):
        for n, differ in ((500, 0.001), (2000, 0.002), (10_000, 0.01), (10_000, 0.1)):

            def seeded(
                random: np.random.Generator, seeds: int = seeds, n: int = n, differ: float = differ
            ) -> tuple[Ends, float]:
                counts = random.multinomial(n, [differ, differ, 1 - 2 * differ], size=seeds)
                found = paired(counts[:, 0] - counts[:, 1])
                return (found.low, found.high), 0.0

            yield Case("paired", f"{seeds} seeds, {differ:g} of {n} differ", seeded)


def spread(low: float, high: float, groups: int) -> np.ndarray:
    return np.linspace(low, high, groups)


SIZES = {
    "30": lambda g: np.full(g, 30),
    "200": lambda g: np.full(g, 200),
    "2000": lambda g: np.full(g, 2000),
    "30 to 2000": lambda g: np.geomspace(30, 2000, g).astype(int),
}
RATES = {
    "equal .9": lambda g: np.full(g, 0.9),
    "equal .5": lambda g: np.full(g, 0.5),
    "one .98, others .78": lambda g: np.array([0.98] + [0.78] * (g - 1)),
    "one .7, others .9": lambda g: np.array([0.7] + [0.9] * (g - 1)),
    "half .8, half .9": lambda g: np.array([0.8] * (g // 2) + [0.9] * (g - g // 2)),
    ".7 to .9": lambda g: spread(0.7, 0.9, g),
    ".02 to .1": lambda g: spread(0.02, 0.1, g),
}


def _gaps() -> Iterator[Case]:
    for groups in (2, 4, 8, 14):
        for size, sizes in SIZES.items():
            for rate, rates in RATES.items():
                p, n = rates(groups), sizes(groups)

                def gap(random: np.random.Generator, p: np.ndarray = p, n: np.ndarray = n) -> tuple[Ends, float]:
                    return of_gap([Counts(random.binomial(n, p), n)], LEVEL, DRAWS, 0), float(np.ptp(p))

                def ratio(random: np.random.Generator, p: np.ndarray = p, n: np.ndarray = n) -> tuple[Ends, float]:
                    hits = random.binomial(n, p)
                    ends = of_ratio([Counts(hits, n)], LEVEL, DRAWS, 0) if hits.any() else (math.nan, math.nan)
                    return ends, float(p.min() / p.max())

                yield Case("gap", f"{groups} groups of {size}, {rate}", gap)
                yield Case("ratio", f"{groups} groups of {size}, {rate}", ratio)
    for groups in (2, 4, 8):
        for name, tpr, fpr in (
            ("equal", np.full(groups, 0.8), np.full(groups, 0.1)),
            ("tpr", spread(0.6, 0.8, groups), np.full(groups, 0.1)),
            ("both", spread(0.6, 0.8, groups), spread(0.3, 0.1, groups)),
        ):

            def odds(random: np.random.Generator, tpr: np.ndarray = tpr, fpr: np.ndarray = fpr) -> tuple[Ends, float]:
                n = np.full(len(tpr), 150)
                parts = [Counts(random.binomial(n, rates), n) for rates in (tpr, fpr)]
                return of_gap(parts, LEVEL, DRAWS, 0), float(max(np.ptp(tpr), np.ptp(fpr)))

            yield Case("odds gap", f"{groups} groups of 150 + 150, {name}", odds)


def joint(p: np.ndarray, q: np.ndarray, phi: float) -> np.ndarray:
    """Return the probabilities, (G, 4), that both, only the second, only the first or none of two models has a hit."""
    both = np.clip(p * q + phi * np.sqrt(p * (1 - p) * q * (1 - q)), np.maximum(0, p + q - 1), np.minimum(p, q))
    cells = np.stack([both, q - both, p - both, 1 - p - q + both], axis=1).clip(0)
    return cells / cells.sum(1, keepdims=True)


TWO = {
    "both .9": (RATES["equal .9"], RATES["equal .9"]),
    "both .7 to .9": (RATES[".7 to .9"], RATES[".7 to .9"]),
    "teacher .9, student .7 to .9": (RATES["equal .9"], RATES[".7 to .9"]),
    "teacher one .98, student .9": (RATES["one .98, others .78"], RATES["equal .9"]),
    "one .8 and one .7, others .9": (lambda g: np.array([0.8] + [0.9] * (g - 1)), RATES["one .7, others .9"]),
}


def _differences() -> Iterator[Case]:
    for groups in (2, 4, 8, 14):
        for size in ("200", "30 to 2000"):
            for name, (teacher, student) in TWO.items():
                for phi in (0.6, 0.95):
                    p, q, n = teacher(groups), student(groups), SIZES[size](groups)
                    cells = joint(p, q, phi)

                    def draw(
                        random: np.random.Generator,
                        cells: np.ndarray = cells,
                        n: np.ndarray = n,
                        truth: float = float(np.ptp(q) - np.ptp(p)),
                    ) -> tuple[Ends, float]:
                        k = random.multinomial(n, cells)
                        first, second = Counts(k[:, 0] + k[:, 2], n), Counts(k[:, 0] + k[:, 1], n)
                        return of_difference([first], [second], [k[:, 0]], LEVEL, DRAWS, 0), truth

                    yield Case("gap difference", f"{groups} groups of {size}, {name}, r = {phi}", draw)


def _verdicts() -> Iterator[Case]:
    for groups, each in ((2, 100), (2, 1000), (8, 200)):
        for name, rates in (("equal", np.full(groups, 0.85)), ("unequal", spread(0.7, 0.95, groups))):

            def draw(
                random: np.random.Generator,
                rates: np.ndarray = rates,
                groups: int = groups,
                each: int = each,
                name: str = name,
            ) -> tuple[Ends, float]:
                group = np.repeat(np.arange(groups), each)
                shared = random.random(len(group))
                own = random.random((2, len(group)))
                right = np.where(random.random((2, len(group))) < 0.7, shared, own) < rates[group]
                y = np.ones(len(group), dtype=int)
                said = dict(zip(("teacher", "student"), right.astype(int), strict=True))
                found = bias(said, y, {"g": group}, None, resamples=DRAWS, by_fairlearn=False)
                word = found.compare("g").verdict
                called = word in ("amplified", "reduced") or (name == "equal" and word == "inherited")
                return ((1.0, 1.0) if called else (0.0, 1.0)), 0.0

            yield Case(
                "null verdict", f"{groups} groups of {each}, {name} rates, same for both models", draw, null=True
            )


def _certainty(random: np.random.Generator, n: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences and the true probabilities of being right, each (n,)."""
    if name == "five confidences, calibrated":
        c = np.resize([0.55, 0.65, 0.75, 0.85, 0.95], n)
        return c, c
    if name.startswith("sure"):
        c = 1 - 0.5 * np.maximum(random.beta(0.3, 6, n), 1e-6)
        return c, c - (0.04 if name.endswith("over-confident") else 0)
    c = 0.5 + 0.5 * random.beta(4, 1.2, n)
    return c, c - {"calibrated": 0.0, "slightly over-confident": 0.02, "over-confident": 0.2 * (c - 0.5)}[name]


MODELS = ("five confidences, calibrated", "calibrated", "slightly over-confident", "over-confident", "sure, calibrated",
          "sure, over-confident")  # fmt: skip


@cache
def _truths(name: str) -> dict[str, float]:
    """Return the true ECE, over-confidence, Brier score and NLL of one of the models, by a large draw."""
    c, a = _certainty(np.random.default_rng(1), 1_000_000, name)
    gaps = np.bincount(np.searchsorted(np.linspace(0, 1, 16)[1:-1], c), weights=c - a)
    return {
        "ece": float(np.abs(gaps).sum() / len(c)),
        "overconfidence": float((c - a).mean()),
        "brier": float((a * 2 * (1 - c) ** 2 + (1 - a) * 2 * c**2).mean()),
        "nll": float(-(a * np.log(c) + (1 - a) * np.log1p(-c)).mean()),
    }


def _calibrations() -> Iterator[Case]:
    for model in MODELS:
        truths = _truths(model)
        for n in (50, 200, 1000, 10_000):
            for what in truths:

                def draw(
                    random: np.random.Generator,
                    model: str = model,
                    n: int = n,
                    what: str = what,
                    truth: float = truths[what],
                ) -> tuple[Ends, float]:
                    c, a = _certainty(random, n, model)
                    logits = np.stack([np.log(c) - np.log1p(-c), np.zeros(n)], axis=1)
                    found = calibration(
                        logits, (random.random(n) >= a).astype(int), resamples=DRAWS if what == "ece" else 0
                    )
                    return getattr(found, f"{what}_interval"), truth

                yield Case(what, f"{model}, n = {n}", draw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--only", default="", help="part of the kind or name of the rows to print")
    asked = parser.parse_args()
    print(f"{'kind':16}{'setting':72}{'held':>7}{'below':>7}{'above':>7}{'claims':>8}")
    for case in cases():
        if asked.only in f"{case.kind} {case.name}":
            found = simulate(case, asked.runs)
            shares = "".join(f"{100 * share:7.1f}" for share in (found.held, found.below, found.above))
            print(f"{case.kind:16}{case.name:72}{shares}{100 * found.claimed:8.1f}", flush=True)


if __name__ == "__main__":
    main()
