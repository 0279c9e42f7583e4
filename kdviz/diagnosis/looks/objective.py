"""How strongly the soft and the hard term pull."""

from __future__ import annotations

from ...distill import SoftTargetsWithoutT2
from ...distill.terms import HardLabels, LabelSmoothing
from ...measure.gradients import term_gradients
from ...words import mark
from ..case import Case
from ..findings import Finding, NotLookedAt, look
from .roles import FAULTY

WEAK = 0.2  # of the labels' gradient: the teacher has hardly any effect
DROWNED = 500.0  # times the labels' gradient: the labels have hardly any effect


@look(mark("Soft and hard gradients differ much"), unless=FAULTY)
def gradients_apart(case: Case) -> Finding | None:
    run = case.need_run()
    try:
        first = run.branch(0)
    except ValueError as error:
        raise NotLookedAt(f"The gradients at the start were not examined: {error}.") from None
    pulls = term_gradients(first)
    terms = run.settings.objective.terms
    hard = sum(g for g, term in zip(pulls.norms, terms, strict=True) if isinstance(term, HardLabels | LabelSmoothing))
    soft = sum(g for g, term in zip(pulls.norms, terms, strict=True) if term.needs_teacher)
    if hard == 0 or not any(term.needs_teacher for term in terms):
        return None
    ratio = soft / hard
    evidence = {"teacher's gradient": soft, "labels' gradient": hard, "ratio": ratio}
    if ratio < WEAK:
        return _weak(case, ratio, evidence)
    if ratio <= DROWNED:
        return None
    sentence = (
        f"The labels have hardly any effect: at the start the teacher's gradient is {ratio:,.0f} times as large as "
        "theirs; lower alpha (or the weight of the teacher's term) if they should count."
    )
    code = case.edited(alpha=0.5) if "alpha" in run.editable else ""
    lab = case.lab(alpha=0.5) if "alpha" in run.editable else None
    return Finding("gradients_apart", "doubt", sentence, evidence, "possible", code, lab)


def _weak(case: Case, ratio: float, evidence: dict[str, float]) -> Finding:
    run = case.need_run()
    why, code, lab = "", "", None
    forgotten = any(isinstance(term, SoftTargetsWithoutT2) for term in run.settings.objective.terms)
    alpha, temperature = run.settings.objective.alpha, run.settings.objective.temperature
    if forgotten and alpha is not None:
        why = "the factor T² of kdviz and Hinton was left out"
        code = f"better = kd.diagnosis.again(run, objective=kd.hinton({alpha!r}, {temperature!r}))\nbetter.train()"
        lab = case.lab(loss="soft_targets")
    else:
        why = "its weight is small"
        if "alpha" in run.editable:
            code, lab = case.edited(alpha=0.9), case.lab(alpha=0.9)
    sentence = (
        f"The teacher has hardly any effect: at the start its gradient is {ratio:.3f} times as large as that of the "
        f"labels ({why}); give it more weight."
    )
    return Finding("gradients_apart", "cause", sentence, evidence, "likely", code, lab)
