"""Federated distillation: clients that share logits, how unlike their data are, and what it costs to send them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from ....data import Splits
from ....distill import Distillation, Objective, RunName
from ....distill.schemes import ensemble, federated, private_parts
from ....distill.terms import HardLabels
from ....models.counts import parameter_count
from ....words import mark, number, t
from ..drawings import Drawing, bar, bars, curves, line, matrix
from ..lane import Lane
from ..scheme import Course, Option, Party, Phase, Scheme, beside, budget
from ..setting import Setting

CLIENTS, ROUNDS = 4, 2
FIRST, DIGEST, REVISIT = 5, 2, 1  # how the epochs are shared out
BYTES = 4  # of a number


def begin(setting: Setting, options: Mapping[str, str]) -> Course:
    data, half = setting.data, len(setting.data.train) // 2
    private, public = data.train.take(slice(0, half)), data.train.take(slice(half, None))
    concentration = None if options["concentration"] == "even" else float(options["concentration"])
    own = replace(data, train=private, draw=None)
    parts = private_parts(own, CLIENTS, concentration=concentration, seed=setting.seed)
    unit = max(1, setting.epochs // 24)
    epochs = {"first_epochs": FIRST * unit, "digest_epochs": DIGEST * unit, "revisit_epochs": REVISIT * unit}
    students = [setting.student(offset) for offset in range(CLIENTS)]
    numbers = {name: value for name, value in setting.numbers().items() if name != "epochs"} | epochs
    shared = replace(data, train=public, draw=None)
    runs = federated(students, parts, shared, rounds=ROUNDS, **numbers)
    sizes = [len(part.train) for part in parts]
    first = [setting.steps(FIRST * unit, size) for size in sizes]
    digest = setting.steps(DIGEST * unit, len(public))
    in_a_round = [step for size in sizes for step in (digest, setting.steps(REVISIT * unit, size))]
    plan = [*first, *in_a_round * ROUNDS]
    lane = Lane(setting, runs, plan, answer=_everyone, cost=1.4)
    later = [ROUNDS * sum(in_a_round[2 * k : 2 * k + 2]) for k in range(CLIENTS)]
    alone = [first[k] + later[k] for k in range(CLIENTS)]
    name = RunName(mark("Twin of client {n}"), {})
    twins = Lane(setting, _alone(setting, parts, alone), alone, answer=_mean, name=name)
    extra = {"parts": parts, "public": len(public), "first": first}
    return Course(setting, beside(lane, twin=twins), budget(lane.total_steps, CLIENTS), extra)


def _alone(setting: Setting, parts: Sequence[Splits], plan: Sequence[int]) -> Iterator[Distillation]:
    """Yield the clients' runs without one another."""
    for offset, (part, steps) in enumerate(zip(parts, plan, strict=True)):
        epochs = max(1, -(-steps // setting.steps(1, len(part.train))))
        numbers = setting.numbers(epochs=epochs, seed=setting.seed + offset)
        yield Distillation(None, setting.student(offset), part, Objective(((1.0, HardLabels()),)), **numbers)


def _clients(stages: Sequence[Distillation]) -> dict[int, Distillation]:
    """Return each client's newest run."""
    newest = {}
    for stage, run in enumerate(stages):
        newest[stage if stage < CLIENTS else (stage - CLIENTS) // 2 % CLIENTS] = run
    return newest


def _everyone(stages: Sequence[Distillation]) -> nn.Module:
    return ensemble([run.student for run in _clients(stages).values()], "geometric")


def _mean(stages: Sequence[Distillation]) -> nn.Module:
    return ensemble([run.student for run in stages], "geometric")


def look(course: Course) -> dict[str, Any]:
    clients = _clients(course.own.stages)
    known = course.setting.data.validation.labelled
    data = course.setting.data.validation
    return {f"client {k}": 100 * course.setting.wrong(run.student, data) / known for k, run in clients.items()}


def draw(course: Course) -> list[Drawing]:
    parts, classes = course.extra["parts"], course.setting.data.classes
    counts = [[int((part.train.y == c).sum()) for c in range(len(classes))] for part in parts]
    names = [t("Client {n}", n=k + 1) for k in range(CLIENTS)]
    most = max(map(max, counts))
    title = t("How many examples of each class a client has")
    texts = [[number(one) for one in row] for row in counts]
    drawn = [matrix(title, names, list(classes), counts, texts, low=0, high=most, across=t("class"))]
    if course.seen:
        lines = []
        for k in range(CLIENTS):
            points = [(step, found[f"client {k}"]) for step, found in course.seen if f"client {k}" in found]
            steps, values = [step for step, _ in points], [value for _, value in points]
            lines.append(line(names[k], "student" if k == 0 else f"branch-{k - 1}", steps, values))
        name = t("Each client’s error on all classes")
        drawn.append(curves(name, lines, x=t("step"), y=t("error"), percent=True))
    logits = 2 * ROUNDS * course.extra["public"] * len(classes) * BYTES
    weights = 2 * ROUNDS * parameter_count(course.setting.student()) * BYTES
    rows = [
        bar(t("Logits, as here"), "student", logits / 1000, t("{n} kB", n=number(logits / 1000, ",.0f"))),
        bar(
            t("Weights, as in federated averaging"),
            "twin",
            weights / 1000,
            t("{n} kB", n=number(weights / 1000, ",.0f")),
        ),
    ]
    sentence = t(
        "In {rounds} rounds a client sends and gets {n} public examples’ logits each time. Larger models change the "
        "second bar alone, more public examples the first alone.",
        rounds=number(ROUNDS),
        n=number(course.extra["public"]),
    )
    drawn.append(bars(t("What a client sends and gets, in all rounds"), rows, sentence=sentence))
    return drawn


SCHEME = Scheme(
    name="federated",
    title=mark("Federated distillation"),
    family="place",
    acronyms=("FedMD", "federated", "clients"),
    says=mark("Clients share neither data nor weights, only what they say of the same public examples."),
    source="Li, Wang (2019), arXiv:1910.03581",
    misses=mark(
        "What is counted is the mean of what all clients say; a single client is worse. Logits can leak what a "
        "client has, and nothing here prevents it. Nothing is sent over a network."
    ),
    file="federated",
    parties=(
        Party("first", mark("Client 1"), "student", 0, 0),
        Party("second", mark("Client 2"), "peer", 0, 1),
        Party("third", mark("Clients 3 and 4"), "peer", 0, 2),
        Party("server", mark("Server: mean of logits"), "other", 1, 1),
        Party("public", mark("Public examples"), "data", 2, 1),
    ),
    phases=(
        Phase(mark("Each client learns from its own examples, which stay with it."), ()),
        Phase(
            mark("All send what they say of the public examples; the server takes the mean."),
            (("public", "server"), ("first", "server"), ("second", "server"), ("third", "server")),
        ),
        Phase(
            mark("Each learns to say the mean, then goes back to its own examples."),
            (("server", "first"), ("server", "second"), ("server", "third")),
        ),
    ),
    begin=begin,
    look=look,
    draw=draw,
    phase=lambda stage: 0 if stage < CLIENTS else 2,
    options={
        "concentration": Option(
            mark("How unlike the clients are"),
            {
                "0.1": mark("very (0.1)"),
                "0.3": mark("much (0.3)"),
                "1": mark("a little (1)"),
                "even": mark("all alike"),
            },
            "0.3",
        )
    },
    setting={"labels": 2000},
)
