"""What the Lab's page does with its runs: shows, names, removes, brings back, branches, keeps and resumes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from ... import data as data_sets
from ...distill import Distillation, Runner, Teacher
from ...distill.live import WITH_SLIDER
from ...models.kinds import KINDS
from ...words import t
from ..live.page import AT_REST, UNDER_WAY
from ..live.roster import Entry, peer_number
from ..live.worker import LatestOnly
from .bets import Bets
from .choices import Choices
from .cost import CostOfRuns
from .earlier import EarlierRuns, Made, made_from
from .options import PageOptions
from .page import LabPage
from .run_groups import RunGroups, as_in_force, changed_at
from .saved_runs import load_runs, save_runs
from .session import Session
from .several import Given, taught_by
from .time_travel import TimeTravel


class LabRuns(LabPage):
    """The Lab's runs: the round in hand, those before it, and those of an earlier visit."""

    _given: tuple[Given, ...]  # what the page was opened with
    _choices: Choices
    _newest: LatestOnly
    _travel: TimeTravel
    _groups: RunGroups
    _bets: Bets
    _session: Session
    _earlier: EarlierRuns

    def _teacher(self, name: str) -> Teacher:
        raise NotImplementedError

    def _show_opening(self) -> None:
        raise NotImplementedError

    def _make_runs(self) -> None:
        """Make what looks after the runs; the widgets have been made."""
        self._newest = LatestOnly("kdviz-answers")
        self._travel = TimeTravel(self.scene, self.roster, self._newest, self._publisher)
        self._groups = RunGroups(self.roster, self._travel)
        self._bets = Bets(self.roster, self._groups)
        shows_cost = lambda said, took: self._publisher.put(self.runs, cost=said, took=took)  # noqa: E731
        resting = lambda: self._runner.state in AT_REST and not self._groups.repeating  # noqa: E731
        self._costs = CostOfRuns(self._newest, shows_cost, resting)
        self._earlier = EarlierRuns(self.roster, self._groups, lambda: self.scene.films)
        self._taught: dict[Given, str] = {}  # who teaches each of the runs that the page was opened with
        self._leaving: Made | None = None  # how the page stood, where that was changed before its run is left
        self._showing = ""  # the run that the views show, also where the page has yet to hear of it
        shows_kept = partial(self._publisher.put, self.kept)
        self._session = Session(self.roster, self._page_to_keep, self._title_of, shows_kept)

    def _run_commands(self) -> dict[str, Callable[..., None]]:
        return {
            "branch": self._branch,
            "show": self._show_run,
            "rename": lambda run, name: self._with_rows(self.roster.rename, run, name),
            "hide": lambda run, hidden=True: self._with_rows(self.roster.hide, run, bool(hidden)),
            "remove": self._remove,
            "undo": self._undo,
            "twins": lambda: self._groups.train_twins(self._runner, smoothing=self._choices.smoothing),
            "take_up": self._take_up,
            "forget": lambda kept: self._session.forget(str(kept)),
            "restore": lambda kept: self._session.restore(str(kept)),
        }

    @property
    def _made_now(self) -> Made:
        """How the page stands: what the next run would be made with."""
        given = self._given_now
        return Made(None if given is not None else self._choices, self._opening, given)

    @property
    def _own(self) -> Distillation | None:
        """The run of the reader's that is on the page."""
        return self._given_now.run if self._given_now is not None else None

    @property
    def _shown_entry(self) -> Entry | None:
        return self.roster.owner(self._showing)

    def _show_in_views(self, key: str) -> None:
        self._showing = key
        self._publisher.put(self.scene, shown_run=key, step=None)

    def _show_earlier(self) -> None:
        """Show what there is of the runs made before, and whether something can be brought back."""
        in_hand = self._earlier.made_with(self.roster.in_hand)
        self._publisher.put(self.scene, earlier=self._earlier.rows(in_hand or self._made_now))
        removed = self._earlier.removed
        text = removed.text if removed is not None else ""
        self._publisher.put(self.runs, undo=text, note=self._earlier.note)

    # A run of the reader's

    def _adopt(self, now: Given) -> None:
        """Open with runs that have learned already, finished or to be gone on with; ``now`` is shown first."""
        with self._publisher.directly():
            for given in self._given:
                run = given.run
                if run.data.validation.labelled and run.best_step("validation") is None:
                    run.evaluate("validation")
                if given is not self._given[0]:
                    self.roster.begin_round()
                self._groups.adopt(run, given.name if len(self._given) > 1 else None)
                self._earlier.begin(Made(None, self._opening, given))
                self._taught[given] = taught_by(given, self._given)
            entry = self.roster.of(now.run)
            assert entry is not None, "it has just been put there"
            self.roster.turn_to(entry.round)
            self._runner.take([now.run])
            self._travel.film(entry)
            self._show_in_views(entry.key)
            self._show_earlier()
            self._report(self._runner)

    def _show_given(self, state: str) -> None:
        """Show which of the runs that the page was opened with, and of their peers, is on it."""
        rows = []
        for given in self._given:
            entry = self.roster.of(given.run)
            if entry is not None:
                peers = [{"id": row["id"], "name": row["name"]} for row in entry.peer_rows()]
                rows += [row | {"round": entry.round} for row in ({"id": entry.key, "name": entry.name}, *peers)]
        now = self.roster.of(self._own) if self._own is not None else None
        chosen = self._showing if peer_number(self._showing) else now.key if now is not None else ""
        note = self._taught.get(self._given_now, "") if self._given_now is not None and len(self._given) > 1 else ""
        locked = state in UNDER_WAY or self._groups.repeating
        self._publisher.put(self.given, runs=rows, chosen=chosen, note=note, locked=locked)

    def _clear_own(self) -> None:
        """Go back from a run that was made of the reader's to that one, which cannot be cleared."""
        own = self.roster.of(self._own) if self._own is not None else None
        if own is None:
            self._reset()
        elif own.round == self.roster.in_hand:
            self._say(t("this is the run that the page was opened with; New run makes another beside it"))
        else:
            self._let_go()
            self._turn_back(own)

    def _again(self, run: Distillation) -> Distillation:
        """Return a run of the reader's from its start, as the page's sliders stand now."""
        wanted = {name: float(getattr(self._choices, name)) for name in WITH_SLIDER if name in run.editable}
        return run.branch(0, **changed_at(run, 0, wanted))

    # Leaving a run, and coming back to it

    def _let_go(self) -> None:
        student = self.roster.student
        text = t("Cleared: {name}.", name=self._earlier.name_of(student)) if student is not None else ""
        left = self._earlier.leave(self._leaving or self._made_now, text)
        self._leaving = None
        if left is not None:
            self._newest.put(("put away", left), lambda: self._put_away(left))

    def _put_away(self, number: int) -> None:
        """Let a round that was left take less room; on a thread of its own."""
        if number != self.roster.in_hand:
            self._earlier.put_away(number)
            self._show_earlier()

    def _turn_back(self, entry: Entry, made: Made | None = None, key: str = "") -> None:
        """Take an earlier round in hand again; where it belongs to other data, or ``made`` says so, the page too.

        ``key`` is what is shown of it: ``entry``, or a peer of it.
        """
        before, now = self.roster.in_hand, self._made_now
        self._earlier.turn_to(entry.round)
        was = made or self._earlier.made_with(entry.round)
        runs = [one.run for one in self.roster.group(entry.group)]

        def build(_: Any) -> Sequence[Distillation]:
            if was is not None and was.choices is not None and (made is not None or not was.same_page(now)):
                self._choices, self._opening = was.choices, was.opening
                self._show_opening()
            elif was is not None and was.given is not None and not was.same_page(now):
                self._turn_to_given(was.given)
                if entry.key not in self.scene.films:
                    self._travel.film(entry)
            self._show_in_views(key or entry.key)
            self._show_earlier()
            return runs

        self._outdated = False
        self._runner.send("turn_to", build=build, train=False)
        self._newest.put(("put away", before), lambda: self._put_away(before))

    def _turn_to_given(self, given: Given) -> None:
        """Have the page show another of the runs that it was opened with, with its own teacher and data."""
        before, self._given_now = self._given_now, given
        if before is not None and before.asks_teacher:  # what is looked at stays, where there is a teacher again
            self._opening = replace(self._opening, view=self.scene.view)
        self._choices = as_in_force(Choices(), given.run)
        self._show_opening()

    def _show_run(self, run: str) -> None:
        entry = self.roster.owner(str(run))
        if entry is None:
            raise ValueError(t("there is no run {name} on the page", name=repr(run)))
        at_rest = self._runner.state not in UNDER_WAY and not self._groups.repeating
        if entry.round != self.roster.in_hand:
            was = self._earlier.made_with(entry.round)
            if at_rest:
                self._turn_back(entry, key=str(run))
                return
            if was is not None and not was.same_page(self._made_now):
                raise ValueError(t("this run has other data; show it once training rests"))
        self._show_in_views(str(run))
        if at_rest and self._runner.state in AT_REST and entry not in self._groups.in_hand(self._runner):
            self._groups.turn_to(self._runner, entry, train=False)
        else:
            self._turns.call(lambda: None)  # after which the page is shown as it is now

    def _with_rows(self, change: Callable[..., None], run: str, value: Any) -> None:
        """Change what the reader made of a run, and show it."""
        change(str(run), value)
        self._show_runs(self._groups, self._runner.state)
        self._show_earlier()

    def _remove(self, run: str) -> None:
        entry = self.roster.get(str(run))
        if entry is None:
            raise ValueError(t("there is no run {name} on the page", name=repr(run)))
        in_hand = self._groups.in_hand(self._runner)
        self._earlier.remove(entry)
        self.scene.drop(entry.key)
        student = self.roster.student
        if student is not None and (self._showing == entry.key or entry in in_hand):
            self._show_in_views(student.key)
            self._groups.turn_to(self._runner, student, train=False)
        self._show_runs(self._groups, self._runner.state)
        self._turns.call(self._show_earlier)  # after which the page is shown, and kept, as it is now

    def _undo(self) -> None:
        """Bring back what was removed last, as it was."""
        removed = self._earlier.removed
        if removed is not None and removed.again is not None and self._runner.state in UNDER_WAY:
            raise ValueError(t("a run is under way; it can be brought back once training rests"))
        removed = self._earlier.bring_back()
        self.scene.films.update(removed.films)
        if removed.again is not None:
            self._turn_back(self.roster.of_round(removed.round)[0], removed.again)
        else:
            self._turns.call(self._show_earlier)

    def _branch(self, step: int | None = None, **edits: float) -> None:
        shown = self._shown_entry
        if shown is not None and shown.round != self.roster.in_hand:
            raise ValueError(t("this is an earlier run; show it once training rests, then branch from it"))
        self._groups.branch_from(self._runner, self._showing, step, edits)
        moved: dict[str, Any] = {name: float(value) for name, value in edits.items() if name in WITH_SLIDER}
        if moved:  # the sliders follow what the branch trains with
            self._choices = replace(self._choices, **moved)
            self._publisher.put(self.scene, **moved)

    # What is kept

    def save(self, folder: str | Path) -> Path:
        """Write the runs that the Lab was opened with to ``folder``; :meth:`load` opens them again.

        Twins, branches and runs made here are not among them.

        Raises
        ------
        ValueError
            In one sentence, if the Lab was opened with choices, or a run cannot be saved.
        """
        if not self._given:
            raise ValueError("this Lab was opened with choices, not with runs; save panel.run instead (panel.run.save)")
        return save_runs(self._given, folder)

    @classmethod
    def load(cls, folder: str | Path, *, shown: str | None = None, **parts: Any) -> Self:
        """Return the Lab of the runs in ``folder``.

        Parameters
        ----------
        folder : path
        shown : str, optional
            As in the Lab itself.
        **parts
            ``teacher``, ``student`` and ``data`` of your own, where runs had them, for all or by the names of runs.

        Raises
        ------
        FileNotFoundError, ValueError
            In one sentence.
        """
        opened: Any = load_runs(folder, **parts)
        return cls(opened, shown=shown)  # type: ignore[call-arg]

    def _page_to_keep(self) -> dict[str, Any]:
        return {
            "choices": self._choices.to_dict(),
            "opening": self._opening.to_dict(),
            "shown": self._showing,
            "bets": self._bets.results,
            "rounds": self._earlier.described(),
        }

    def _keep(self, state: str) -> None:
        """Write what is on the page, if the browser said who it is. Between two steps."""
        if self._own is None:
            self._session.save(self.scene.films, title=self._choices.data, state=state)

    @staticmethod
    def _title_of(choices: Mapping[str, Any]) -> str:
        """Return what was trained, in a few words."""
        name = choices.get("data", "")
        data = t(data_sets.title(name)) if name in data_sets.names() else name
        kind = KINDS.get(choices.get("kind", "mlp"))
        if kind is not None and kind.name != "mlp":
            return t("{data}, {kind} of width {width}", data=data, kind=t(kind.title), width=choices.get("units", ""))
        return t("{data}, {units} hidden units", data=data, units=choices.get("units", ""))

    def _take_up(self, kept: str) -> None:
        """Go on with a run that was kept."""
        self._publisher.put(self.transport, state="loading", status=t("Resuming the kept run."))
        self._reset(lambda: None)
        self._runner.send("turn_to", build=lambda _: self._taken_up(str(kept)), train=False, measure=False)

    def _taken_up(self, kept: str) -> Sequence[Distillation]:
        """Put what was kept on the page; return the runs that were in hand."""
        session, runs, films = self._session.load(kept, self._teacher)
        self._choices, self._opening = Choices(**session["choices"]), PageOptions(**session["opening"])
        self._show_opening()
        keys: dict[str, str] = {}
        alone = {"round": 1, **{name: session.get(name, {}) for name in ("choices", "opening", "results")}}
        now, *before = session.get("rounds") or [alone]  # a page that was kept by kdviz 0.1 has one round
        for saved in [*before, now]:
            entries = [entry for entry in session["entries"] if entry.get("round", 1) == saved["round"]]
            keys |= self._groups.take_up(entries, runs, saved["results"])
            self._earlier.begin(made_from(saved))
            if saved is not now:
                left = self._earlier.leave(self._made_now)
                if left is not None:
                    self._earlier.put_away(left)
        self._bets.take_up(session.get("bets", {}))
        self.scene.replace_films(self.scene.films | {keys[old]: film for old, film in films.items()})
        shown = self.roster.get(keys.get(session["shown"], "")) or next(iter(self.roster))
        self._show_in_views(shown.key)
        self._show_earlier()
        self._session.offer()
        return [entry.run for entry in self.roster.group(shown.group)]

    # What others ask

    @property
    def run(self) -> Distillation | None:
        student = self.roster.student
        return student.run if student is not None else self._own

    @property
    def twin(self) -> Distillation | None:
        entry = self.roster.role("twin")
        return entry.run if entry is not None else None

    @property
    def smoothed(self) -> Distillation | None:
        entry = self.roster.role("smoothed")
        return entry.run if entry is not None else None

    def _branch_in_hand(self, runner: Runner) -> str:
        """Return the name of the branch that is being trained; empty where it is none."""
        in_hand = self._groups.in_hand(runner)
        return in_hand[0].name if in_hand and in_hand[0].role == "branch" else ""
