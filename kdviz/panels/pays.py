"""Does it pay? Recorded seconds of training and of answers against assumptions that stand on the page."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .. import widgets
from ..distill import symbols
from ..distill.schema import Flag, Kind, Number, OneOf, Whole
from ..measure.error_words import in_errors
from ..measure.paired import PairedErrors
from ..measure.pays import Pays as Outcome
from ..measure.pays import Use, Work, pays
from ..measure.watts import Meter
from ..widgets.from_page import VBox
from ..widgets.pays import BATCHES, INSTEAD, RANGES, SHOWS
from ..words import mark, number, t
from .live.panel import Panel
from .live.worker import LatestOnly

FILE = Path(__file__).with_name("pays.json")
TITLES = {
    "perceptron": mark("A perceptron of 64 units, taught by one of 2×1200"),
    "convnet": mark("A small convolutional network, taught by one twice as wide"),
    "fewer-weights": mark("A network with depthwise convolutions, taught by a perceptron of 2×1200"),
}
NOTES = {
    "fewer-weights": mark(
        "It has far fewer weights, and its answers take longer: many small layers keep a processor busier than two "
        "large ones."
    ),
}
SHORT = mark(
    "MNIST, one seed, {teacher} epochs of the teacher and {student} of the student on one thread: a short run, so that "
    "training weighs less here than in earnest. All seconds are the processor's, those of answers medians."
)
OFTEN = 3  # times the teacher's errors
OFTEN_WRONG = mark(
    "Cheap, and often wrong: the student makes {student} test errors where the teacher makes {teacher}. What an error "
    "costs is not in these sums."
)
BESIDE_TWIN = {  # by whether the interval shows fewer errors
    "fewer": mark("The twin answers as fast. What teaching buys is accuracy: {difference}, in this run."),
    "other": mark("The twin answers as fast. In this run teaching shows no gain in accuracy: {difference}."),
}
ASSUMED = mark("This machine does not say what it draws, so {watts} W are assumed.")
READ = mark("Read from the processor's counters while it computed: {watts} W.")
READING_S = 0.4  # how long the processor is kept busy for it
USUAL: dict[str, Any] = {
    "case": "perceptron",
    "batch": "1",
    "answers": 10_000,
    "days": 365,
    "students": 1,
    "watts": 65.0,
    "price": 0.3,
    "grid": 300.0,
    "trained_for_it": True,
    "instead": "teacher",
    "shows": "energy",
}


class Pays(Panel):
    """Whether distilling pays in energy, money and CO₂, and from which day on.

    Parameters
    ----------
    case : str
        Which of the recorded pairs is shown first.
    batch : {"1", "64"}
        How many examples are answered at once.
    answers, days, students : int
        Answers a day of each student, days that it is used, students that share the teacher.
    watts, price, grid : float
        What the machine draws while it computes, the price of a kWh, and grams of CO₂ equivalents for one. Assumptions,
        all three; the page says so.
    trained_for_it : bool
        Whether the teacher is trained for this alone.
    instead : {"teacher", "twin"}
        What would answer otherwise.
    shows : {"energy", "money", "grams"}

    Attributes
    ----------
    widget : kdviz.widgets.Pays

    Raises
    ------
    ValueError
        In one sentence, if one of them cannot be.
    """

    title = mark("Does it pay?")

    @symbols.checked
    def __init__(
        self,
        case: str = USUAL["case"],
        *,
        batch: str = USUAL["batch"],
        answers: int = USUAL["answers"],
        days: int = USUAL["days"],
        students: int = USUAL["students"],
        watts: float = USUAL["watts"],
        price: float = USUAL["price"],
        grid: float = USUAL["grid"],
        trained_for_it: bool = USUAL["trained_for_it"],
        instead: str = USUAL["instead"],
        shows: str = USUAL["shows"],
    ) -> None:
        given = {name: value for name, value in locals().items() if name in USUAL}
        for name, kind in self.kinds().items():
            kind.check(given[name], name)
        record = recorded()
        self.widget = widgets.Pays(
            cases=[_shown(row) for row in record["cases"]],
            command=record["command"],
            watts_note=t(ASSUMED, watts=f"{USUAL['watts']:g}"),
            usual=USUAL,
            **given,
        )
        self.view = VBox([self.widget])
        self._thread = LatestOnly("kdviz-watts")
        self._meter = Meter()
        if self._meter.counters:
            self._thread.put("watts", self._read)

    def _read(self) -> None:
        """Put what the processor draws while it computes in place of the assumption, unless that was changed."""
        drawn = self._meter.watts(_busy)
        if drawn is None or not 0 < drawn < RANGES["watts"][1]:
            return
        watts = float(f"{drawn:.2g}")
        self.widget.usual = {**self.widget.usual, "watts": watts}
        self.widget.watts_note = t(READ, watts=f"{watts:g}")
        if self.widget.watts == USUAL["watts"]:
            self.widget.watts = watts

    def wait(self, timeout_s: float = 60.0) -> bool:
        """Wait until the processor's counters were read, where it has some; return whether that came true in time."""
        return self._thread.wait_until_idle(timeout_s)

    def close(self) -> None:
        """End the thread and close everything."""
        self._thread.close()
        super().close()

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        among = {"case": tuple(TITLES), "batch": BATCHES, "instead": INSTEAD, "shows": SHOWS}
        kinds: dict[str, Kind] = {name: OneOf(values) for name, values in among.items()}
        for name, (low, high) in RANGES.items():
            kinds[name] = Whole(low, high) if isinstance(USUAL[name], int) else Number(low, high)
        return {**kinds, "trained_for_it": Flag()}

    @property
    def settings(self) -> dict[str, Any]:
        return {name: getattr(self.widget, name) for name in USUAL}

    @property
    def work(self) -> Work:
        """The measured seconds of the case that is shown."""
        return work_of(self.widget.case, self.widget.batch)

    @property
    def outcome(self) -> Outcome:
        """What the page shows now, as :func:`kdviz.measure.pays` has it."""
        names = ("watts", "answers", "days", "students", "trained_for_it", "instead", "price", "grid")
        return pays(self.work, Use(**{name: getattr(self.widget, name) for name in names}))


def _busy() -> None:
    """Compute for a moment, as training does."""
    import torch

    x, begun = torch.rand(512, 512), time.perf_counter()
    while time.perf_counter() - begun < READING_S:
        x = (x @ x).clamp(0, 1)


@cache
def recorded() -> dict[str, Any]:
    """Return what ``benchmarks/record_pays.py`` has written."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def work_of(case: str, batch: str = "1") -> Work:
    """Return the measured seconds of a recorded case, with those of an answer where ``batch`` are given at once.

    >>> work_of("perceptron").teacher > work_of("perceptron").asking
    True
    """
    row = next(row for row in recorded()["cases"] if row["name"] == case)
    each = row["answers"][batch]
    return Work(row["teacher"], row["asking"], row["student"], each["teacher"], each["student"])


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recorded case with its words in the reader's language."""
    found = row["beside_twin"]
    difference = PairedErrors(0, 0, found["mean"], 0.0, found["low"], found["high"], 0.95, row["examples"])
    short = t(SHORT, teacher=row["teacher_epochs"], student=row["epochs"])
    errors = row["errors"]
    wrong = errors["student"] > OFTEN * errors["teacher"]
    counts = {who: number(errors[who]) for who in ("student", "teacher")}
    notes = [t(NOTES[row["name"]]) if row["name"] in NOTES else "", t(OFTEN_WRONG, **counts) if wrong else "", short]
    told = t(BESIDE_TWIN["fewer" if found["high"] < 0 else "other"], difference=in_errors(difference, "test errors"))
    return {**row, "title": t(TITLES[row["name"]]), "beside_twin": told, "note": " ".join(filter(None, notes))}
