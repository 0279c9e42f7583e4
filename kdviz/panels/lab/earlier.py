"""Earlier runs: what was trained on the page before stays beside it, and what is removed can be brought back.

What one press of Train made is a round (see ``live/roster.py``). A round that is left is not lost: its curves, films
and results stay, and it can be taken in hand again. Its snapshots are thinned and moved to temporary files; every step
of it can still be made again, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ...data import Splits
from ...data.faults import FAULTS
from ...distill.courses import RATE_COURSES, TEMPERATURE_COURSES
from ...distill.live import LIVE
from ...distill.transfer_sets import TRANSFER_SETS
from ...models.kinds import KINDS
from ...widgets.recording import LogitRecording
from ...words import mark, number, t
from ..live.roster import Entry, Roster
from .choices import Choices
from .options import PageOptions
from .run_groups import Results, RunGroups
from .several import Given

MOST_ROUNDS = 12  # beside the one in hand
MOST_BYTES = 160 * 2**20  # of all their snapshots, in memory and in temporary files
SNAPSHOTS = 3  # that an earlier run keeps: its start, its end, and one between

OTHERWISE: dict[str, str] = {  # what an earlier run is marked with where it was not chosen as the newest one
    "data": "{value}",
    "labels": mark("{value} labels"),
    "teacher": mark("teacher {value}"),
    "kind": "{value}",
    "units": mark("{value} units"),
    "layers": mark("{value} layers"),
    "epochs": mark("{value} epochs"),
    "optimizer": mark("optimizer {value}"),
    "weight_decay": mark("weight decay {value}"),
    "rate_course": mark("learning rate: {value}"),
    "temperature_course": mark("T: {value}"),
    "alpha": "α = {value}",
    "learning_rate": mark("learning rate {value}"),
    "batch_size": mark("batch size {value}"),
    "seed": mark("seed {value}"),
    "loss": mark("loss {value}"),
    "omit": mark("without class {value}"),
    "fairness": mark("fairness weight {value}"),
    "extra": mark("also learned from: {value}"),
    "fault": mark("fault: {value}"),
}
TITLES: Mapping[str, Mapping[str, Any]] = {
    "kind": KINDS, "rate_course": RATE_COURSES, "temperature_course": TEMPERATURE_COURSES, "extra": TRANSFER_SETS,
    "fault": FAULTS,
}  # fmt: skip
SAME_EXAMPLES = ("data", "labels", "keep_unlabelled", "omit", "extra", "fault")
SAME_PAGE = ("data", "teacher")  # choices whose runs were filmed on the same examples


@dataclass(frozen=True)
class Made:
    """What a round was made with, and how the page was opened then.

    Attributes
    ----------
    choices : Choices or None
        None for a run of the reader's.
    given : Given or None
        That run.
    """

    choices: Choices | None
    opening: PageOptions
    given: Given | None = None

    def same_examples(self, other: Made) -> bool:
        """Whether both make errors on the same validation and test examples."""
        if self.given is not None and other.given is not None and self.given is not other.given:
            return self.given.examples == other.given.examples != ""
        return self.same_page(other)

    def same_page(self, other: Made) -> bool:
        """Whether both were filmed on the same examples, and make errors on the same test set."""
        if self.choices is None or other.choices is None:
            return self.choices is other.choices and self.given is other.given
        return all(getattr(self.choices, name) == getattr(other.choices, name) for name in SAME_PAGE)

    def otherwise(self, other: Made) -> list[str]:
        """Return, in a few words each, what was chosen in another way than in ``other``, temperature aside."""
        if self.choices is None or other.choices is None:
            return []
        here, there = self.choices, other.choices
        names = (f.name for f in fields(here) if f.name in OTHERWISE)
        return [_told(n, getattr(here, n)) for n in names if getattr(here, n) != getattr(there, n)]


@dataclass
class Removed:
    """What was removed last, with all that brings it back.

    Attributes
    ----------
    text : str
        What it was, for the reader.
    again : Made or None
        How the page stood, where a whole page was left.
    """

    text: str
    round: int
    entries: list[Entry] = field(default_factory=list)
    films: dict[str, LogitRecording] = field(default_factory=dict)
    results: Results | None = None
    made: Made | None = None
    again: Made | None = None


class EarlierRuns:
    """The rounds before the one in hand, and what was removed last.

    Parameters
    ----------
    roster : Roster
    groups : RunGroups
    films : callable
        Returns the page's films, by run.
    """

    def __init__(self, roster: Roster, groups: RunGroups, films: Callable[[], dict[str, LogitRecording]]) -> None:
        self._roster, self._groups, self._films = roster, groups, films
        self._made: dict[int, Made] = {}
        self.removed: Removed | None = None
        self.note = ""  # which rounds had to go, in a sentence

    def begin(self, made: Made) -> None:
        """The round in hand has been made: nothing can be brought back into its place any more."""
        self._made[self._roster.in_hand] = made
        self.removed = None

    def data_like(self, choices: Choices) -> Splits | None:
        """Return the data of an earlier run that learns from the same examples; None where there is none."""
        for entry in self._roster.all:
            made = self._made.get(entry.round)
            there = made.choices if made is not None else None
            if there is not None and all(getattr(there, name) == getattr(choices, name) for name in SAME_EXAMPLES):
                return entry.run.data
        return None

    def made_with(self, number: int) -> Made | None:
        return self._made.get(number)

    def leave(self, now: Made, text: str = "") -> int | None:
        """Set the round in hand aside and begin another; return its number, None where it held nothing worth keeping.

        ``now`` is how the page stands; with ``text`` the reader can come back to that.
        """
        left, entries = self._roster.in_hand, list(self._roster)
        self._groups.leave()
        if not any(entry.run.steps_done for entry in entries):
            self._drop(left)
            return None
        self._roster.begin_round()
        self.removed = Removed(text, left, again=now) if text else None
        return left

    def turn_to(self, number: int) -> None:
        """Take an earlier round in hand; the one that was in hand is set aside, or goes where it holds nothing."""
        before, entries = self._roster.in_hand, list(self._roster)
        self._groups.leave()
        if not any(entry.run.steps_done for entry in entries):
            self._drop(before)
        self._roster.turn_to(number)

    def put_away(self, number: int) -> None:
        """Let the runs of a round take less room; some rounds go where there are too many. Takes a moment."""
        for entry in self._roster.of_round(number):
            entry.best_weights = None  # made again where they are asked for
            entry.run.put_away(SNAPSHOTS)
        gone = 0
        while len(rounds := self._own_rounds()) > MOST_ROUNDS or (len(rounds) > 1 and self._nbytes() > MOST_BYTES):
            self._drop(rounds[0])
            gone += 1
        if gone:
            self.note = t("The page keeps the newest {n} earlier runs; older ones are gone.", n=len(self._rounds()))

    def remove(self, entry: Entry) -> None:
        """Take a branch, or the whole round of another run, off the page."""
        whole = entry.role != "branch"
        if whole and entry.round == self._roster.in_hand:
            raise ValueError(t("only a branch can be removed; New run begins anew and keeps this one"))
        films, text = self._films(), t("Removed: {name}.", name=self.name_of(entry))
        entries = self._roster.of_round(entry.round) if whole else [entry]
        kept = {e.key: films[e.key] for e in entries if e.key in films}
        self.removed = Removed(text, entry.round, entries, kept)
        if whole:
            self.removed.made, self.removed.results = self._made.get(entry.round), self._drop(entry.round)
        else:
            self._roster.remove(entry.key)

    def bring_back(self) -> Removed:
        """Bring back what was removed last, and return it."""
        removed, self.removed = self.removed, None
        if removed is None:
            raise ValueError(t("there is nothing to bring back"))
        self._roster.put_back(removed.entries)
        if removed.results is not None:
            self._groups.put_back(removed.round, removed.results)
        if removed.made is not None:
            self._made[removed.round] = removed.made
        return removed

    def clear(self) -> None:
        """Forget all of it."""
        self._groups.clear()
        self._made.clear()
        self.removed, self.note = None, ""

    def name_of(self, entry: Entry) -> str:
        """What an earlier run is called: its name and its temperature."""
        row = entry.row()
        if row["temperature"] is None or entry.role == "branch":
            return entry.name
        return t("{name}, T = {temperature}", name=entry.name, temperature=number(row["temperature"], ".3g"))

    def rows(self, beside: Made) -> list[dict[str, Any]]:
        """Return what the page shows of all earlier runs, for ``Scene.earlier``; ``beside`` is the round in hand, or
        the one that is coming."""
        rows = []
        for entry in self._roster.earlier:
            made = self._made.get(entry.round, beside)
            given = self._is_given(entry)
            more = {"round": entry.round, "same_page": made.same_examples(beside), "given": given}
            otherwise = [*made.otherwise(beside), *_edited(entry)]
            rows.append(
                {**entry.row(), **more, "otherwise": ", ".join(otherwise), "removable": entry.role == "student"}
            )
        return rows

    def described(self) -> list[dict[str, Any]]:
        """Return what has to be kept of all rounds besides their runs, JSON-able; the one in hand comes first."""
        numbers = dict.fromkeys([self._roster.in_hand, *self._rounds()])
        made = {number: self._made[number] for number in numbers if number in self._made}
        return [
            {
                "round": number,
                "choices": one.choices.to_dict() if one.choices is not None else None,
                "opening": one.opening.to_dict(),
                "results": self._groups.results_of(number),
            }
            for number, one in made.items()
        ]

    def _rounds(self) -> list[int]:
        """The numbers of the earlier rounds, the oldest first."""
        return sorted({entry.round for entry in self._roster.earlier})

    def _own_rounds(self) -> list[int]:
        """Those that were made on the page; the runs that it was opened with stay."""
        given = {number for number, made in self._made.items() if made.given is not None}
        given &= {entry.round for entry in self._roster.earlier if self._is_given(entry)}
        return [number for number in self._rounds() if number not in given]

    def _is_given(self, entry: Entry) -> bool:
        made = self._made.get(entry.round)
        return made is not None and made.given is not None and made.given.run is entry.run

    def _nbytes(self) -> int:
        return sum(snapshot.nbytes for entry in self._roster.earlier for snapshot in entry.run.snapshots)

    def _drop(self, number: int) -> Results:
        films = self._films()
        for entry in self._roster.drop_round(number):
            films.pop(entry.key, None)
        self._made.pop(number, None)
        return self._groups.drop_round(number)


def made_from(saved: Mapping[str, Any]) -> Made:
    """Return what ``EarlierRuns.described`` wrote down."""
    return Made(Choices(**saved["choices"]), PageOptions(**saved["opening"]))


def _told(name: str, value: Any) -> str:
    if name == "omit" and value < 0:
        return t("no class left out")
    if name in TITLES:
        return t(OTHERWISE[name], value=t(TITLES[name][value].title))
    return t(OTHERWISE[name], value=_shown(value))


def _shown(value: Any) -> str:
    return number(value, ".3g" if isinstance(value, float) else ",") if isinstance(value, int | float) else str(value)


def _edited(entry: Entry) -> list[str]:
    """Say what was changed on the way, where that is not the step a branch began at."""
    names = {e.name for e in entry.run.history.edits if e.name in LIVE and e.step < entry.run.steps_done and e.step > 0}
    return [t("{symbol} changed", symbol=t(LIVE[name].symbol)) for name in LIVE if name in names]
