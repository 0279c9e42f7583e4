"""What the Methods page shows of what is chosen: list of methods, picture, formula and sliders, the pull of terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...distill import Distillation, Term
from ...distill.methods import METHODS, Method, method
from ...distill.schemes import PUBLISHED
from ...distill.terms import Layered
from ...measure.gradients import TermGradients
from ...words import t
from ..live import status_text
from ..live.mathml import broken
from ..live.roster import Entry
from . import sentences
from .choices import NUMBERS, MethodChoices, temperature_name, temperature_range
from .elsewhere import ELSEWHERE, NOT_HERE, OF_TEXT, Elsewhere
from .fits import refused
from .formula import formulas, heat_symbol, weight_symbol
from .hybrid import own_place, read_layers, second_place, second_symbol, seconds
from .picture import picture
from .trial import OWN, Trial, offered

TURNED = "soft_targets"  # what any teacher and student can do


def listed(choices: MethodChoices, trial: Trial) -> dict[str, Any]:
    """Return what the list of methods shows: those of kdviz, those on other pages, and those that it has not."""
    rows = [_listed_method(m, reason(m.name, trial)) for m in METHODS.values()]
    rows += [_listed_elsewhere(one) for one in (*ELSEWHERE.values(), *OF_TEXT, *NOT_HERE)]
    pairs = [{"name": name, "title": t(pair.title)} for name, pair in offered().items()]
    own = {"pairs": [], "pair": "", "given": t(trial.title)} if choices.pair == OWN else {}
    here = {"pairs": pairs, "pair": choices.pair, "given": ""}
    return {"methods": rows, "chosen": choices.method, "note": trial.note, **(own or here)}


def _listed_elsewhere(one: Elsewhere) -> dict[str, Any]:
    title = f"{t(one.title)} ({one.acronyms.split(',')[0]})" if one.acronyms else t(one.title)  # as methods have it
    row = {"name": "", "title": title, "family": "elsewhere", "reason": t(one.reason), "acronyms": one.acronyms}
    if not one.link:
        return row | {"words": one.source}
    paper = PUBLISHED.get(one.published)
    told = {"formula": broken(paper.formula), "words": f"{one.source} {paper.name} {paper.title}"} if paper else {}
    link = {"link": one.link, "says": t(one.says), "formula": "", "source": paper.source if paper else one.source}
    return row | {"words": one.source} | link | told


def _listed_method(m: Method, why: str) -> dict[str, Any]:
    row = {"name": m.name, "title": t(m.title), "family": m.family, "reason": why, "acronyms": m.acronyms}
    return row | {"words": f"{m.name.replace('_', ' ')} {m.title} {m.source}"}


def explained(choices: MethodChoices, trial: Trial, run: Distillation) -> dict[str, Any]:
    """Return picture, formula and sliders of what is chosen."""
    chosen, added = choices.chosen, choices.added
    offers = [name for name in seconds(chosen) if METHODS[name].fits(trial.layer_pairs)]
    return {
        "title": choices.title,
        "says": " ".join(t(m.says) for m in (chosen, added) if m is not None),
        "source": "; ".join(m.source for m in (chosen, added) if m is not None and m.source),
        "formulas": formulas(chosen, added),
        "drawing": picture(run, chosen, trial.layer_pairs, added),
        "weight_symbol": weight_symbol(chosen),
        "weight_range": list(choices.weight_range),
        "seconds": [{"name": name, "title": t(METHODS[name].title)} for name in offers],
        "second": choices.second,
        "second_symbol": second_symbol(chosen, added),
        "second_range": list(choices.second_range),
        "second_weight": choices.shown_second_weight,
        "weight": choices.usual if choices.weight is None else choices.weight,
        "layers": choices.layers,
        **_temperatures(choices, trial, run),
    }


def _temperatures(choices: MethodChoices, trial: Trial, run: Distillation) -> dict[str, Any]:
    """Return the sliders of the temperatures that one or both methods have."""
    sliders: dict[str, Any] = {"temperature_range": [], "second_temperature_range": []}
    sliders["second_temperature_symbol"] = ""
    chosen, added = choices.chosen, choices.added
    places = {"temperature": (chosen, own_place(chosen, added))}
    if added is not None:
        places["second_temperature"] = added, second_place(chosen, added)
    for name, (one, place) in places.items():
        if temperature_name(run.objective, place) is not None:
            usual = _temperature(one.term(trial.layer_pairs))
            sliders |= {name: _temperature(run.objective.terms[place]), f"{name}_range": list(temperature_range(usual))}
    if added is not None and "second_temperature" in sliders:
        sliders["second_temperature_symbol"] = heat_symbol(added, chosen)
    return sliders


def _temperature(term: Term) -> float:
    return float(getattr(term, "temperature"))  # noqa: B009 (a field of some)


def pulls(run: Distillation, seen: Sequence[TermGradients], choices: MethodChoices) -> dict[str, Any]:
    """Return what is shown of the gradients of the terms."""
    places = [own_place(choices.chosen, choices.added)]
    if choices.added is not None:
        places.append(second_place(choices.chosen, choices.added))
    titles = zip(run.objective.names, sentences.term_titles(run.objective.names), strict=True)
    return {
        "terms": [{"name": name, "title": title, "own": at in places} for at, (name, title) in enumerate(titles)],
        "steps": [g.step for g in seen],
        "values": [list(g.values) for g in seen],
        "norms": [list(g.norms) for g in seen],
        "cosines": [_cosines(g) for g in seen],
        "total_steps": run.total_steps,
        "sentence": " ".join(sentences.pull_sentence(seen[-1], place) for place in places) if seen else "",
    }


def symbols(run: Distillation, choices: MethodChoices) -> dict[str, str]:
    """Return the letters of what the sliders edit, by its name in a run."""
    chosen, added = choices.chosen, choices.added
    letters = {"weight": weight_symbol(chosen), "temperature": heat_symbol(chosen)}
    if added is not None:
        letters |= {"second_weight": second_symbol(chosen, added), "second_temperature": heat_symbol(added, chosen)}
    return {name: letters[number] for number in letters for name in choices.edit(run.objective, number, 0.5)}


def row(role: str, run: Distillation, name: str, letters: Mapping[str, str]) -> dict[str, Any]:
    """Return what the curves show of a run, with the edits of its weights and temperatures by their letters."""
    edits = [e for e in run.history.edits if e.name != "weight_hard"]
    marks = [{"step": e.step, "text": sentences.edit_text(e, letters)} for e in edits]
    return {**Entry(role, run, role, 0, own_name=name).row(), "named": False, "edits": marks}


def reason(name: str, trial: Trial) -> str:
    """Return why a method cannot be tried on these models, in a sentence; empty when it can."""
    chosen = METHODS[name]
    if chosen.fits(trial.layer_pairs):
        return ""
    try:
        chosen.term(trial.layer_pairs)
    except ValueError as error:
        return status_text.as_sentence(str(error).partition(";")[0])
    return ""


def settled(choices: MethodChoices, trial: Trial) -> tuple[MethodChoices, str]:
    """Return what of the choices these models allow, and in a sentence why not all; empty where all is allowed."""
    why = reason(choices.method, trial)
    if why:
        fresh = {"second": "", "layers": "", **dict.fromkeys(NUMBERS)}
        name = next(n for n in (trial.method, TURNED) if METHODS[n].fits(trial.layer_pairs))
        why = t("{why}; the page turned to {method}", why=why.rstrip("."), method=t(METHODS[name].title))
        return replace(choices, method=name, **fresh), why  # type: ignore[arg-type]
    if choices.second:
        why = reason(choices.second, trial)
        if why:
            choices = replace(choices, second="", second_weight=None, second_temperature=None)
    if choices.layers:
        term = method(choices.method).term(trial.layer_pairs)
        not_these = t("{method} compares no layers that could be chosen", method=t(choices.chosen.title))
        pairs = read_layers(choices.layers)
        no = not_these
        if isinstance(term, Layered):
            no = refused(trial.student, trial.teacher.module, trial.data, term, pairs)
        if no:
            choices, why = replace(choices, layers=""), " ".join(filter(None, [why, status_text.as_sentence(no)]))
    return choices, why


def _cosines(found: TermGradients) -> list[float | None]:
    """Return the cosine of every two terms, row by row; None where one pulls nowhere."""
    count = len(found.names)
    cosines = [found.cosines[i][j] for i in range(count) for j in range(i + 1, count)]
    return [None if cosine != cosine else cosine for cosine in cosines]
