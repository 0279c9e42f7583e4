"""Words: a student learns to write from a teacher; both write side by side while it learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets
from torch import nn
from traitlets import Bunch

from ... import widgets
from ...distill import Distillation, Runner, symbols
from ...distill.runner import KeepGoing
from ...distill.schema import Kind, Record, Text
from ...measure import exposure, sequences
from ...widgets.traits import View
from ...words import mark, t
from ..live import messages
from ..live.catalogue import BEGUN, CataloguePage
from ..live.checks import one_of
from ..live.link import said
from ..live.page import AT_REST
from ..schemes.text_setting import least_prompt
from . import code, drawings, sentences
from .choices import HIDEABLE, LINK, OWN, PART_TITLES, WordsChoices, fields, words_kinds
from .measured import answered, difference, heads, mean_bits, share_of
from .methods import METHODS
from .settings import Setting
from .texts import SAMPLINGS, WRITTEN, Passage, Writer, encoded, symbols_of, written

EXPOSED = 100  # test rows on which the student writes by itself
LOOKED_AT = 32  # tokens of the text whose attention is drawn
WHILE_LEARNING = 48  # tokens that are written at a look


class Words(CataloguePage[WordsChoices]):
    """A student learns to write from a teacher, beside its twin, which learns from the text alone.

    Parameters
    ----------
    setting : Setting, optional
        Data, teacher and student of your own (:class:`kdviz.panels.writing.settings.Setting`).
    **chosen
        The fields of :class:`kdviz.panels.writing.choices.WordsChoices`: data, student, method, temperature, alpha,
        epochs, seed.

    Attributes
    ----------
    runs : dict of str to Distillation
        "student" and "twin"; empty before training.
    setup, bet, writing, next, humps, transport, drawings, findings, share
        The widgets.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if what is given does not fit.

    Notes
    -----
    Student and twin have the same weights at first, and the same batches and budget. What of a text was chosen on
    validation data: ``kdviz.panels.writing.settings.Offer``. With seed 0 the default student needs 2.742 bits a
    token on validation text, its twin 2.837; on test text 2.762 and 2.862, which is −0.100 (95 % interval over rows
    −0.108 to −0.092), in 18 seconds of a processor: ``python benchmarks/words_page.py moby-dick --methods forward``.
    Its commands are those of a live page, "choose" (name, and value as a link has it) and "write" (prompt, sampling).

    In a notebook, ``kd.panels.Words()`` as the last line of a cell. Without a page, the same things by hand:
    ``panel.command("train")``, then ``panel.wait("finished")``.
    """

    title = mark("Words")
    links, choices, hideable, kept_as = LINK, WordsChoices, HIDEABLE, "words"
    traits: ClassVar[Mapping[str, str]] = {}
    part_titles = PART_TITLES
    opening = mark("Opening the text.")
    under_way = mark("A run is under way: stop or clear it to choose something else.")
    of_ones_own = mark("this is a setting of your own; a state can only name the page's")
    still = mark("This page is a copy without Python: what was chosen stays.")
    _messages: ClassVar[Mapping[str, Kind]] = {
        **messages.METHODS,
        "choose": Record({"name": Text(longest=40), "value": Text(longest=60)}),
        "write": Record({"prompt": Text(longest=2000), "sampling": Text(longest=20)}),
    }

    def __init__(self, setting: Setting | None = None, **chosen: Any) -> None:
        symbols.check("Words", chosen, WordsChoices.__dataclass_fields__)
        if setting is not None and "data" in chosen:
            raise TypeError(f"Words takes a setting of your own or data by name, got both (data={chosen['data']!r})")
        super().__init__(WordsChoices(**(chosen if setting is None else {"student": OWN, **chosen, "data": OWN})))
        self._own_setting = setting
        self.runs: dict[str, Distillation] = {}
        self._planned: tuple[Setting, nn.Module] | None = None  # what Train will begin with
        self._passage: Passage | None = None
        self._seconds: float | None = None
        self._wish: tuple[str, str] = ("", "1")  # what is written on, and how
        self._again = 0  # times that the same was wished: drawn anew each time
        self._seen: list[tuple[int, dict[str, float]]] = []
        self._ended: dict[str, Any] = {}  # what was measured at the end
        self._open_page(heard=("setup", "writing"))

    def _columns(self) -> dict[str, list[View]]:
        self.setup = widgets.WritingSetup()
        self.bet = widgets.Bet(scene=self.scene)
        self.writing = widgets.Writing(scene=self.scene)
        self.next = widgets.NextTokens(scene=self.scene)
        self.humps = widgets.TwoHumps(scene=self.scene)
        self.drawings = widgets.SchemeView(title=t("What the student has learned"))
        self.findings = widgets.SchemeView(title=t("What was measured at the end"))
        return {
            "choose": [self.setup],
            "see": [self.bet, self.transport, self.writing, self.drawings],
            "next": [self.next, self.findings],
            "run": [self.humps],
        }

    def _make_page(self) -> None:
        super()._make_page()
        self.view.children[0].add_class("kd-words-page")  # two columns between what goes across

    def _listen(self) -> None:
        self.next.observe(self._on_temperature, ["temperature"])

    @property
    def _listing(self) -> View:
        return self.setup

    @property
    def _chosen_on(self) -> tuple[View, ...]:
        return self.setup, self.next

    @property
    def _is_by_name(self) -> bool:
        return self._own_setting is None

    # What is chosen

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {**super()._commands(), "choose": self._choose, "write": self._write}

    def _choose(self, name: str, value: str) -> None:
        one_of("name", name, tuple(n for n in LINK.fields if n != "hidden"))
        parameter = LINK.fields[name]
        self.choose(**{name: parameter.check(name, parameter.read(name, value))})

    def choose(self, **chosen: Any) -> None:
        """Choose other values of some fields; what was trained leaves the page. Returns at once.

        Raises
        ------
        ValueError
            In one sentence, if they cannot be, or a run is under way.

        Notes
        -----
        Other data bring their usual student, T, α and epochs along, another method its T and α, and its epochs unless
        they were chosen.
        """
        self._turn_to(self._choices.changed(**chosen))

    def _said(self) -> dict[str, Any]:
        default, chosen = self.choices().to_dict(), self._choices.to_dict()
        named = {name: chosen[name] for name in ("data", "method") if chosen[name] != default[name]}
        return named | said(self._choices, self._choices.usual(), self._hidden)

    def _refuse(self, why: str) -> None:
        self._show_as_it_was()
        super()._refuse(why)

    def _show_as_it_was(self) -> None:
        self._publisher.put(self.setup, answer=self._publisher.coming(self.setup, "answer") + 1)

    def _on_temperature(self, change: Bunch) -> None:
        """A released T: an edit of the run under way, else the beginning of the next one."""
        value = float(change.new)
        if value == self._choices.temperature or not METHODS[self._choices.method].heated:
            return
        try:
            edited = replace(self._choices, temperature=value)
        except ValueError as error:
            self._say(str(error))
            return
        self._take_edited(edited, lambda: self._runner.send("edit", temperature=value))

    def _write(self, prompt: str, sampling: str) -> None:
        """Have all write after a prompt, soon; returns at once."""
        refused = ""
        try:
            one_of("sampling", sampling, tuple(SAMPLINGS))
            if self._planned is not None:
                encoded(self._planned[0].vocabulary, prompt)
            self._again = self._again + 1 if self._wish == (prompt, sampling) else 0
            self._wish = (prompt, sampling)
        except ValueError as error:
            refused = f"{str(error)[:1].upper()}{str(error)[1:]}."
        self._publisher.put(self.writing, refused=refused, busy=not refused)
        self._turns.call(partial(self._write_now, WRITTEN, answered=True))

    # On the runner's thread

    def _show_anew(self, choices: WordsChoices) -> None:
        self.runs, self._seen, self._ended = {}, [], {}
        setting = self._setting(choices)
        method = METHODS[choices.method]
        student = setting.make(choices.student, choices.seed)
        another = self._planned is None or self._planned[0].vocabulary != setting.vocabulary
        self._planned = (setting, student)
        if another or not self._wish[0]:
            self._wish = (setting.prompt, self._wish[1])
        self._seconds = setting.seconds(choices.student, choices.method)
        self._publisher.put(self.scene, total_steps=setting.steps, question=t(self.title))
        program = code.program(choices, setting) if self._is_by_name else ""
        shown = fields(choices, setting) if self._is_by_name else []
        note = setting.note(student)
        self._publisher.put(self.setup, fields=shown, note=note, code=program)
        self._show_as_it_was()
        self._passage = setting.passage or Passage.of(setting.data)
        teacher = self._passage.logits(setting.teacher.module, setting.context)
        self._publisher.put(
            self.next,
            symbols=symbols_of(setting.vocabulary),
            tokens=self._passage.ids.tolist(),
            first=self._passage.first,
            teacher_logits=teacher.numpy(),
            student_logits=b"",
            student_step=0,
            temperature=choices.temperature,
            heated=method.heated,
        )
        samplings = [{"value": value, "text": t(text)} for value, text in SAMPLINGS.items()]
        self._publisher.put(self.writing, samplings=samplings)
        self._publisher.put(self.bet, **self._asked(setting.is_task))
        self._read(student, 0)
        self._write_now(WRITTEN)
        bits = mean_bits(student, setting.data.validation), setting.bits_of_teacher("validation")
        first = drawings.at_first(*bits, len(setting.vocabulary.symbols))
        self._publisher.put(self.drawings, drawings=[first])
        self._publisher.put(self.findings, drawings=[])

    def _asked(self, of_tasks: bool) -> dict[str, Any]:
        """Return the question that the reader bets on, open."""
        answers = [{"name": name, "text": t(text)} for name, text in sentences.BETS.items()]
        question, meaning = sentences.QUESTION, sentences.INTERVAL
        if of_tasks:
            question, meaning = sentences.RIGHT_QUESTION, sentences.RIGHT_INTERVAL
        texts = {"question": t(question), "answers": answers, "meaning": t(meaning)}
        return {**texts, "bet": "", "closed": False, "verdict": ""}

    def _setting(self, choices: WordsChoices) -> Setting:
        if self._own_setting is None:
            return Setting.of(choices.data, choices.method, epochs=choices.epochs, seed=choices.seed)
        changes: dict[str, Any] = {"seed": choices.seed}
        return replace(self._own_setting, **changes | ({} if choices.epochs is None else {"epochs": choices.epochs}))

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make student and twin, and ask the teacher about the text."""
        if self._planned is None:
            raise ValueError(t("this cannot be run here; choose something else"))
        setting, c = self._planned[0], self._shown_choices
        run = setting.run(c.student, c.method, c.alpha, c.temperature, keep_going)
        runs = {"student": run, "twin": setting.twin(c.student)}
        for one in runs.values():
            one.prepare(keep_going)
        self.runs = runs
        return list(runs.values())

    def _record(self, runner: Runner) -> None:
        """Read and write: when the runs were built, and at each evaluation."""
        if runner is self._runner and self._planned is not None:
            setting = self._planned[0]
            if setting.is_task:
                models = {role: run.student for role, run in self.runs.items()}
                right = {role: sequences(model, setting.data.validation).exact.value for role, model in models.items()}
                self._seen.append((runner.steps_done, right))
            self._read(self.runs["student"].student, runner.steps_done)
            self._write_now(WHILE_LEARNING)

    def _finished(self, runner: Runner) -> None:
        if runner is self._runner and self._planned is not None:
            student, twin = (run.student for run in self.runs.values())
            self._ended = self._measured(self._planned[0], student, twin)
            self._read(student, runner.steps_done)
            self._write_now(WRITTEN)

    def _measured(self, setting: Setting, student: nn.Module, twin: nn.Module) -> dict[str, Any]:
        """Return what is measured once a run has ended: what it is worth, and where its heads look."""
        assert self._passage is not None, "a page that trains reads a text"
        ids = self._passage.ids[: min(LOOKED_AT, setting.context)]
        models = {"teacher": setting.teacher.module, "student": student}
        looks = {role: heads(model, ids) for role, model in models.items()}
        shown = symbols_of(setting.vocabulary)
        few = setting.data.test.take(slice(0, EXPOSED))
        return {
            "exposure": exposure(student, setting.teacher, few, prompt=least_prompt(setting.end), end=setting.end),
            "difference": difference(student, twin, setting.data.test),
            **({"answered": answered(student, twin, setting.data.test)} if setting.is_task else {}),
            "looks": looks if any(looks.values()) else {},
            "text": "".join(shown[i] for i in ids.tolist()).replace("\n", " "),
        }

    def _to_keep(self, place: Path) -> dict[str, Any]:
        for role, run in self.runs.items():
            run.save(place / role)
        return {"seen": self._seen, "ended": bool(self._ended), "bet": self.bet.bet}

    def _shown_again(self, place: Path, said: dict[str, Any]) -> Sequence[Any]:
        assert self._planned is not None, "what is chosen is shown"
        setting, method = self._planned[0], self._shown_choices.method
        student = Distillation.load(place / "student", teacher=setting.teacher, data=setting.learned(method))
        twin = Distillation.load(place / "twin", teacher=None, data=setting.data)
        ended = self._measured(setting, student.student, twin.student) if said["ended"] else {}
        self._seen = [(int(step), found) for step, found in said["seen"]]
        bet = said.get("bet", "")
        self._publisher.put(self.bet, bet=bet if bet in sentences.BETS else "")
        self.runs, self._ended = {"student": student, "twin": twin}, ended
        self._read(student.student, student.steps_done)
        self._write_now(WRITTEN)
        return [student, twin]

    def _read(self, student: nn.Module, step: int) -> None:
        """Show what the student expects of the text under the cursor."""
        if self._passage is not None and self._planned is not None:
            logits = self._passage.logits(student, self._planned[0].context)
            self._publisher.put(self.next, student_logits=logits.numpy(), student_step=step)

    def _write_now(self, tokens: int, *, answered: bool = False) -> None:
        """Have teacher, student and twin write, as far as there are any."""
        if self._planned is None:
            return
        setting, fresh = self._planned
        prompt, sampling = self._wish
        who = [Writer("teacher", t("Teacher"), setting.teacher.module)]
        learners = {role: one.student for role, one in self.runs.items()} or {"student": fresh}
        step = self.runs["student"].steps_done if self.runs else 0
        names = drawings.ROLES if step else {"student": mark("Student, untrained"), "twin": drawings.ROLES["twin"]}
        who += [Writer(role, t(names[role]), model) for role, model in learners.items()]
        how: dict[str, Any] = {"context": setting.context, "tokens": tokens, "ends": setting.is_task}
        texts = written(who, setting.teacher.module, setting.vocabulary, prompt, sampling, seed=self._again, **how)
        more = {"answer": self._publisher.coming(self.writing, "answer") + 1} if answered else {}
        self._publisher.put(self.writing, texts=texts, prompt=prompt, sampling=sampling, busy=False, **more)

    @property
    def _planned_steps(self) -> int:
        return self._planned[0].steps if self._planned is not None else 0

    def _show_runner(self, runner: Runner) -> None:
        self._show_progress(runner, runner.state)
        self._show_locked(runner)
        self._publisher.put(self.bet, closed=bool(runner.runs) or runner.state in BEGUN)
        if self._planned is not None and runner.runs:
            self._show_runs(runner, self._planned[0])

    def _show_runs(self, runner: Runner, setting: Setting) -> None:
        """Show the curves, and what was measured at the end."""
        split = "test" if self._ended else "validation"
        found = {role: run.history.evaluated("validation") for role, run in self.runs.items()}
        teacher = setting.bits_of_teacher("validation")
        told = [drawings.bits_curves(found, teacher, runner.total_steps)]
        sentence = sentences.standing(found, teacher, "validation")
        if split == "test":
            ends = {role: run.history.evaluated("test") for role, run in self.runs.items()}
            of_teacher = setting.bits_of_teacher("test")
            one_seed = "" if setting.is_task else t(sentences.ONE_SEED)  # tasks have it above, with their answers
            verdict = sentences.verdict(self._ended["difference"])
            sentence = " ".join(filter(None, [sentences.standing(ends, of_teacher, "test"), verdict, one_seed]))
        told[0]["sentence"] = sentence
        if self._seen:
            told.insert(0, self._answered_curves(setting, runner.total_steps))
        ended = []
        if self._ended:
            ended.append(drawings.exposure_curves(self._ended["exposure"]))
            bet = self._publisher.coming(self.bet, "bet")
            told_by = self._ended["answered"].difference if setting.is_task else self._ended["difference"]
            self._publisher.put(self.bet, verdict=sentences.answer(bet, told_by))
        if self._ended.get("looks"):
            ended.append(drawings.attention(self._ended["looks"], self._ended["text"]))
        if self._is_by_name and runner.state in AT_REST:
            program = code.program(self._shown_choices, setting, self.runs["student"])
            self._publisher.put(self.setup, code=program)
        self._publisher.put(self.scene, state=runner.state)
        self._publisher.put(self.drawings, drawings=told)
        self._publisher.put(self.findings, drawings=ended)

    def _answered_curves(self, setting: Setting, total: int) -> drawings.Drawing:
        """Return the share of tasks answered right over steps: for tasks what counts most."""
        n, right = len(setting.data.validation), setting.of_teacher("validation").exact.value
        step, newest = self._seen[-1]
        sentence = sentences.answering({role: share_of(one, n) for role, one in newest.items()}, right, step=step)
        if self._ended:
            found, teacher = self._ended["answered"], setting.of_teacher("test")
            ends = sentences.answering({"student": found.student, "twin": found.twin}, teacher.exact.value)
            verdict = sentences.right_verdict(found.difference, teacher.bits.value)
            sentence = f"{ends} {verdict} {t(sentences.ONE_SEED)}"
        return drawings.answered_curves(self._seen, right, total, n, sentence)

    def _status_of(self, runner: Runner) -> str:
        return sentences.status(runner, self._seconds, outdated=self._outdated)

    # What others ask

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        return words_kinds()

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        stays = [
            {**one, "options": [o for o in one["options"] if o["value"] == one["value"]]} for one in self.setup.fields
        ]
        chosen = {"fields": stays, "locked": False}
        return {**super()._without_python(), self.setup: chosen, self.writing: {"samplings": []}}

    def _forget(self) -> None:
        self.runs, self._seen, self._ended = {}, [], {}
        self._planned = self._passage = None
