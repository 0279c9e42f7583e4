"""What choosing costs: the best of several settings on validation data looks better than it is.

Every setting's error rate there is its true rate plus noise, and the smallest of several sums tends to have noise below
0: the more settings, and the closer they are, the more so. How much is estimated from which examples each run gets
wrong, so that what all settings find hard, which favours none, is not taken for noise.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .outcomes import wrong

if TYPE_CHECKING:
    from .arms import Arm
    from .study import Study

DRAWS = 2000


@dataclass(frozen=True)
class Choice:
    """The setting with the fewest errors on validation data, and what having chosen it costs.

    Attributes
    ----------
    arm : Arm
    among : int
        Settings that had finished all their seeds.
    seeds : int
    validation, test : float
        Its error rates, means over seeds; ``test`` is nan without labels there.
    all_validation, all_test : float
        Means of all those settings: what of ``test`` − ``validation`` is the splits' own difference.
    examples, test_examples : int
    optimism : float
        How much higher, on average, the chosen students' error rate is on new examples than on those they were chosen
        on; nan where it is not known which examples were wrong.
    of_setting : float
        The same for students trained anew with other seeds, who had no lucky start either; nan for one seed.
    """

    arm: Arm
    among: int
    seeds: int
    validation: float
    test: float
    all_validation: float
    all_test: float
    examples: int
    test_examples: int
    optimism: float
    of_setting: float


def optimism(is_wrong: ArrayLike, *, seeds: bool = False, draws: int = DRAWS, seed: int = 0) -> float:
    """Return how much too low the error rate of the best of several settings is, on the examples it was chosen on.

    Parameters
    ----------
    is_wrong : array of bool, shape (K, S, N)
        Of K settings with S seeds each, whether each of the same N validation examples is wrong. The setting with the
        smallest mean over seeds and examples is chosen.
    seeds : bool
        Whether the students are trained anew too, with other seeds: then the luck of these counts as noise as well.
        Needs S > 1.
    draws : int
        Of the noise.
    seed : int
        Of the draws.

    Returns
    -------
    float
        A difference of error rates, at least 0; 0 for one setting.

    Raises
    ------
    ValueError
        If the shape does not fit.

    Notes
    -----
    With r_k the rate of setting k and m_kn the share of its seeds that are wrong on example n, noise is drawn with the
    covariance of the examples' means, e_k = Σ_n (m_kn − r_k) g_n / N with g_n standard normal, the same for all k (and
    for seeds e_k += Σ_s (r_ks − r_k) z_s / √(S(S − 1))). The observed rates are spread by the truth and by noise, so
    the truth is taken to be ρ_k = r̄ + √f (r_k − r̄) with f = max(0, 1 − variance of the noise over k / variance of r
    over k): without this, settings that are all alike would seem to differ, and the optimism would come out some 30 %
    too small. In each draw the smallest ρ_k + e_k is chosen, and the optimism is the mean of −e_k of those chosen.
    Simulated with 4 to 16 settings, alike or not, the mean estimate is within a fifth of the true cost; of two settings
    the spread is hardly known, and it is about a third too small.

    References
    ----------
    Efron (1983), Estimating the Error Rate of a Prediction Rule, JASA 78. Cawley, Talbot (2010), On Over-fitting in
    Model Selection, JMLR 11.

    Examples
    --------
    >>> alike = np.random.default_rng(0).random((16, 1, 1000)) < 0.1
    >>> best = alike.mean((1, 2)).min()
    >>> print(f"the best of 16: {best:.3f}; they are alike: 0.100; estimated: {best + optimism(alike):.3f}")
    the best of 16: 0.088; they are alike: 0.100; estimated: 0.105
    """
    w = np.asarray(is_wrong, dtype=np.float32)
    if w.ndim != 3 or 0 in w.shape:
        raise ValueError(f"is_wrong must have the shape (settings, seeds, examples), none of them 0, got {w.shape}")
    count, trained, n = w.shape
    if seeds and trained < 2:
        raise ValueError("the luck of seeds shows with two or more of them, got one; leave out seeds=True")
    if count == 1:
        return 0.0
    means = w.mean(1)  # (K, N)
    rates = means.mean(1, dtype=np.float64)  # (K,)
    rng = np.random.default_rng(seed)
    noise = _centred(means) @ rng.standard_normal((n, draws), dtype=np.float32) / n  # (K, draws)
    if seeds:
        by_seed = w.mean(2, dtype=np.float64)  # (K, S)
        noise = noise + _centred(by_seed) @ rng.standard_normal((trained, draws)) / math.sqrt(trained * (trained - 1))
    of_noise, seen = float(noise.var(0, ddof=1).mean()), float(rates.var(ddof=1))
    true_share = max(0.0, 1 - of_noise / seen) if seen > 0 else 0.0
    truth = rates.mean() + math.sqrt(true_share) * (rates - rates.mean())
    chosen = (truth[:, None] + noise).argmin(0)  # (draws,)
    return max(0.0, -float(noise[chosen, np.arange(draws)].mean()))


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(1, keepdims=True)


def choice(study: Study) -> Choice | None:
    """Return the best setting of a study on validation data, and what choosing it costs; None before there is one.

    Settings are compared after the last step, as :meth:`kdviz.Study.best` does, among those that have finished all
    their seeds.
    """
    found = _finished(study)
    best = study.choice("last")
    if best is None or best.name not in found:
        return None
    rates = {name: (_rate(runs, "validation"), _rate(runs, "test")) for name, runs in found.items()}
    bits = _bits(list(found.values()))
    many = len(study.seeds) > 1
    numbers = found[best.name][0]
    return Choice(
        arm=best,
        among=len(found),
        seeds=len(study.seeds),
        validation=rates[best.name][0],
        test=rates[best.name][1],
        all_validation=statistics.fmean(rate for rate, _ in rates.values()),
        all_test=statistics.fmean(rate for _, rate in rates.values()),
        examples=numbers["validation"]["examples"],
        test_examples=numbers.get("test", {}).get("examples", 0),
        optimism=math.nan if bits is None else optimism(bits),
        of_setting=math.nan if bits is None or not many else optimism(bits, seeds=True),
    )


def _finished(study: Study) -> dict[str, list[Mapping[str, Any]]]:
    """Return the last moments of the students of each arm that has all its seeds, seed by seed."""
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for result in study.results:
        last = result.outcome.get("moments", {}).get("last", {})
        if result.role == "student" and "validation" in last:
            runs.setdefault(result.arm.name, []).append(last)
    return {name: of for name, of in runs.items() if len(of) == len(study.seeds)}


def _rate(runs: Sequence[Mapping[str, Any]], split: str) -> float:
    found = [run[split]["errors"] / run[split]["examples"] for run in runs if split in run]
    return statistics.fmean(found) if found else math.nan


def _bits(arms: Sequence[Sequence[Mapping[str, Any]]]) -> np.ndarray | None:
    """Return which validation examples are wrong, (K, S, N); None where a record does not say, or data differ."""
    each = [[wrong(run["validation"]) for run in runs] for runs in arms]
    sizes = {None if one is None else len(one) for runs in each for one in runs}
    if None in sizes or len(sizes) != 1:
        return None
    return np.array(each)
