"""The picture of a method: the layers of both models, and which of them are set against each other, through what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ...data.inputs import Inputs, tensors
from ...distill import Distillation
from ...distill.methods import Method
from ...distill.pairing import LayerPairs, Pair
from ...distill.taps import SCORES, modules_by_name, taps
from ...distill.terms import DistillationToken, HardLabels, Layered, MultiTeacher, Term
from ...models.ensemble import Ensemble
from ...models.inference import ask
from ...models.looking import evaluating
from ...models.naming import name_of
from ...words import mark, t
from .fits import BRIDGES, bridge, fits
from .hybrid import own_place, second_place

MOST_LAYERS = 9  # of one model that are drawn; of more, those that nothing is compared with are left out

OF_FAMILY = {"response": "bars", "adversarial": "bars", "relation": "matrix"}
OF_RESPONSE, OF_LAYERS = mark("the softened answers"), mark("what layers compute")
COMPARED = mark("{method} compares {what}: the teacher’s {teacher} and the student’s {student}.")
BRIDGED = mark(
    "{method} compares {what}: the teacher’s {teacher} and the student’s {student}, through {bridge}, learned with the "
    "student and discarded after training."
)
ANSWER = "answer"  # the box of a model whose layers cannot be seen
OF_RANK = {4: "maps", 3: "tokens", 2: "vector"}


def picture(run: Distillation, chosen: Method, layers: LayerPairs, added: Method | None = None) -> dict[str, Any]:
    """Return what the widget draws: layers with names and shapes, links between them, and a sentence that says it.

    Parameters
    ----------
    run : Distillation
        With the method's objective; its adapters are shown as they are.
    chosen : Method
    layers : LayerPairs
        Of the two models.
    added : Method, optional
        The second method, where the objective holds its term too.

    Returns
    -------
    dict
        "teacher" and "student": lists of {"name", "shape", "compared": bool}, the input first, {"more": n} in place of
        n layers left out; with "title" where a layer is a whole teacher, whom no line joins to the next; "links": list
        of {"teacher", "student": places in these lists, "through": str, "symbol": str, "second": whether it is the
        second method's}; "symbol": what stands at both ends of a link; "labels": bool; "sentence"; "choices": which
        layers the method's links may join, list of {"teacher", "student": places, "fits": bool, "says": str}.
    """
    assert run.teacher is not None, "the page has a teacher, asked or not"
    few = run.data.train.inputs(slice(0, 2))
    sides = {"student": (run.student, few), "teacher": (run.teacher.module, few)}
    found = {who: _layers(model, x, who) for who, (model, x) in sides.items()}
    logits = (_last(found["student"]), _last(found["teacher"]))
    places = {own_place(chosen, added): chosen, **({} if added is None else {second_place(chosen, added): added})}
    compared = {
        place: _compared(run.objective.terms[place], one, logits)
        for place, one in sorted(places.items(), key=lambda item: item[1] is added)
    }
    pairs = [pair for of_term in compared.values() for pair in of_term]
    columns: dict[str, list[dict[str, Any]]] = {}
    for who, side in (("student", 0), ("teacher", 1)):
        model, x = sides[who]
        columns[who] = _column(model, x, found[who], [pair[side] for pair in pairs], _of_pairs(layers, side))
    links: list[dict[str, Any]] = []
    sentences = []
    for place, of_term in compared.items():
        one = places[place]
        through = _bridges(run, run.objective.names[place], one, len(of_term))
        symbol = _symbol(one, found["student"], of_term)
        drawn: list[dict[str, Any]] = [
            {
                "student": _place(columns["student"], student),
                "teacher": _place(columns["teacher"], teacher),
                "through": t(through[at]) if through[at] else "",
                "symbol": symbol,
                "second": one is added,
            }
            for at, (student, teacher) in enumerate(of_term)
        ]
        shapes = [tuple(columns[who][link[who]] for who in ("teacher", "student")) for link in drawn]
        sentences.append(_sentence(one, shapes, through))
        links += drawn
    labels = chosen.family == "labels" or any(isinstance(t, HardLabels) for t in run.objective.terms)
    if labels and links:
        sentences.append(t("The student also learns from the labels."))
    return {
        **columns,
        "links": links,
        "symbol": _symbol(chosen, found["student"], compared[own_place(chosen, added)]),
        "labels": labels,
        "sentence": " ".join(sentences),
        "choices": _choices(run, chosen, run.objective.terms[own_place(chosen, added)], columns, found),
    }


def _layers(model: nn.Module, few: Inputs, who: str) -> dict[str, tuple[int, ...]]:
    """Return what each layer gives, the last of them the logits; of a model that shows no such layer, its answer."""
    found = taps(model, few)
    if any(_gives_logits(name, shape) for name, shape in found.items()):
        return found
    with evaluating(model), torch.no_grad():
        return found | {ANSWER: tuple(ask(model, few, who=who).shape)}


def _compared(term: Term, chosen: Method, logits: Pair) -> tuple[Pair, ...]:
    """Return the pairs of layers that a method's term compares, student's first; none without a teacher."""
    if isinstance(term, Layered):
        return term.pairs
    if isinstance(term, MultiTeacher):
        return tuple((logits[0], member) for member in term.layers)
    if isinstance(term, DistillationToken):
        return ((term.student, logits[1]),)
    return () if chosen.family == "labels" else (logits,)


def _choices(
    run: Distillation,
    chosen: Method,
    term: Term,
    columns: Mapping[str, Sequence[Mapping[str, Any]]],
    found: Mapping[str, Mapping[str, tuple[int, ...]]],
) -> list[dict[str, Any]]:
    """Return which layers the links of the method's term may join; none where it compares no layers."""
    if not isinstance(term, Layered):
        return []
    assert run.teacher is not None, "a term on layers has a teacher"
    models = run.student, run.teacher.module
    names = {who: [str(box["name"]) for box in columns[who] if box.get("name") in found[who]] for who in columns}
    return [
        {
            "student": _place(columns["student"], one.student),
            "teacher": _place(columns["teacher"], one.teacher),
            "fits": one.fits,
            "says": one.says(t(chosen.title)),
        }
        for one in fits(*models, run.data, term, names["student"], names["teacher"])
    ]


def _column(
    model: nn.Module, few: Inputs, found: Mapping[str, tuple[int, ...]], compared: Sequence[str], kept: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the boxes of one model, from its input up."""
    members = enumerate(model.members) if isinstance(model, Ensemble) else ()
    titles = {f"members.{k}": _called(member) for k, member in members}
    names = _outline(model, found, {*compared, *kept, *titles})
    boxes: list[dict[str, Any]] = []
    inside: dict[str, list[str]] = {}  # what is compared within a layer that has a box, which gives way to it
    for name in dict.fromkeys(compared):
        if name not in names:
            inside.setdefault(next(n for n in names if name.startswith(f"{n}.")), []).append(name)
    optional = [n for n in names if n not in compared and n not in inside and n != names[-1]]
    left_out = set(optional[: max(0, len(names) - MOST_LAYERS)])
    for name in names:
        if name in left_out:
            if boxes and "more" in boxes[-1]:
                boxes[-1]["more"] += 1
            else:
                boxes.append({"more": 1})
            continue
        for shown in [*inside.get(name, ()), *([name] if name in compared or name not in inside else [])]:
            box = {"name": shown.removesuffix(SCORES), "shape": _shape(found[shown]), "compared": shown in compared}
            boxes.append(box | ({"title": titles[shown]} if shown in titles else {}))
    given = tensors(few)[0]
    return [{"name": t("input"), "shape": _shape(tuple(given.shape)), "compared": False}, *boxes]


def _called(member: nn.Module) -> str:
    """Return what a teacher among several is called: by its name where it is shipped."""
    card = getattr(member, "card", None)
    return name_of(member) if card is None else str(card.name)


def _outline(model: nn.Module, found: Mapping[str, tuple[int, ...]], kept: set[str]) -> list[str]:
    """Return the layers worth a box: the last of each stage, those that are kept or hold one, and the logits.

    A stage of maps ends where their size or number changes; of vectors and tokens each layer with weights is one.
    """
    modules = {ANSWER: nn.Identity(), **modules_by_name(model)}
    top = [
        name
        for name in found
        if not name.endswith(SCORES)
        and not any(name.startswith(f"{other}.") for other in found)
        and not isinstance(modules[name], nn.Dropout | nn.LayerNorm)
    ]
    stages: list[list[str]] = []
    for name in top:
        weighted = any(True for _ in modules[name].parameters())
        maps = len(found[name]) == 4
        if not stages or found[stages[-1][-1]][1:] != found[name][1:] or (weighted and not maps):
            stages.append([])
        stages[-1].append(name)
    ends = {s[-1] for s in stages if any(any(True for _ in modules[n].parameters()) for n in s)}
    holds = {name for name in top if any(f"{one}.".startswith(f"{name}.") for one in kept)}
    return [name for name in top if name in ends or name in holds or name == top[-1]]


def _of_pairs(layers: LayerPairs, side: int) -> list[str]:
    """Return the layers of one model that have one beside them in the other."""
    pairs = [*layers.maps, *layers.vectors, *layers.tokens]
    pairs += [pair for pair in (layers.embeddings, layers.features) if pair is not None]
    return [pair[side] for pair in pairs]


def _place(column: Sequence[Mapping[str, Any]], name: str) -> int:
    return next(at for at, box in enumerate(column) if box.get("name") == name.removesuffix(SCORES))


def _last(found: Mapping[str, tuple[int, ...]]) -> str:
    return [name for name, shape in found.items() if _gives_logits(name, shape)][-1]


def _gives_logits(name: str, shape: tuple[int, ...]) -> bool:
    return "." not in name and len(shape) == 2


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(n) for n in shape[1:])


def _symbol(chosen: Method, found: Mapping[str, tuple[int, ...]], pairs: Sequence[Pair]) -> str:
    if not pairs or chosen.family == "labels":
        return ""
    if chosen.compares == "attention":
        return "matrix"
    of_layers = OF_RANK.get(len(found.get(pairs[-1][0], ())), "vector")
    return chosen.picture or OF_FAMILY.get(chosen.family) or of_layers


def _bridges(run: Distillation, name: str, chosen: Method, pairs: int) -> list[str]:
    """Return what learns between the layers of each pair, in a few words; empty where nothing does."""
    if name not in run.auxiliary or chosen.compares == "teachers":
        return [""] * pairs
    auxiliary: Any = run.auxiliary[name]
    if chosen.name == "adversarial":
        return [mark("opponent")] * pairs
    if isinstance(auxiliary, nn.ModuleDict):
        auxiliary = auxiliary["mean"]
    return [bridge(auxiliary[at]) for at in range(pairs)]


def _sentence(
    chosen: Method,
    compared: Sequence[Sequence[Mapping[str, Any]]],
    through: Sequence[str],
) -> str:
    """Say what a method compares."""
    if not compared:
        return t("{method} needs no teacher: the student learns from the labels alone.", method=t(chosen.title))
    what = t(chosen.in_words) if chosen.in_words else t(OF_RESPONSE if chosen.family == "response" else OF_LAYERS)
    called = [[f"{box.get('title', box['name'])} ({box['shape']})" for box in pair] for pair in compared]
    sides = [_listed(list(dict.fromkeys(side))) for side in zip(*called, strict=True)]
    bridges = _listed([t(BRIDGES[one]) for one in dict.fromkeys(through) if one in BRIDGES])
    names = {"method": t(chosen.title), "what": what, "teacher": sides[0], "student": sides[1], "bridge": bridges}
    return t(BRIDGED if bridges else COMPARED, **names)


def _listed(texts: Sequence[str]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return t("{first} and {last}", first=", ".join(texts[:-1]), last=texts[-1])
