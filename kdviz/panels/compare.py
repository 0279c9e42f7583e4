"""Compare: any two models on the same examples, in the same views as the Lab's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import ipywidgets
import torch
from torch import Tensor, nn
from traitlets import Bunch

from .. import data as data_sets
from .. import models, widgets
from ..data import Examples, Splits
from ..distill import symbols
from ..distill.schema import Kind, Number, OneOf
from ..distill.threads import leave_room
from ..measure import cost as costs_of
from ..measure.one_token import answers, asked_at, by_token, one_token_of
from ..models import inference
from ..models.counts import macs_of
from ..models.naming import name_of
from ..models.sequences import check_vocabularies
from ..models.wrap import as_module
from ..widgets.from_page import Box, VBox
from ..widgets.recording import Frame
from ..widgets.scene import VIEWS
from ..words import mark, number, t
from .compare_link import HIDEABLE, LINK, USUAL, said
from .compare_texts import in_tokens, predicted, tokens_of
from .live import memory
from .live.linked import Linked, link_maker
from .live.panel import Panel
from .views.controller import sentence_of
from .views.controllers import ViewControllers
from .views.counted import how_many
from .views.probes import WatchedExamples

if TYPE_CHECKING:
    from ..report import Report

SAMPLE = 1000  # examples that stand for all where a number takes its time
LOOKED_AT = 2000  # examples of a split that shipped models are asked about
MEASURED_S = 0.3  # seconds of measuring times
LISTED = 24  # of the most ambiguous, in the list that the page opens with
TEACHER, STUDENT = "mnist-vit", "mnist-vit-student"


class Compare(Linked, Panel):
    """Where two models look, what they know, how sure they are, whom they fail.

    Parameters
    ----------
    teacher, student : nn.Module or str
        Any two classifiers over the same classes, or what :func:`kdviz.models.load` takes. Two names of shipped models
        can be changed on the page.
    data : Splits, Examples, (X, y), X, Dataset or str, optional
        Of a `Splits` the test part. Default: the data set on the card of a shipped teacher.
    classes : sequence of str, optional
        Names of the classes, for data that bring none.
    twin : nn.Module or str, optional
        The same student taught without the teacher; the page then shows the one or the other beside the teacher. Of
        shipped models it is found by their cards.
    logits : dict of str to Tensor of shape (N, C), optional
        What the models answer to the data, by "teacher", "student" and "twin", if that is known.
    temperature : float
        Where the slider stands at first.
    view : str
        What is shown first: "one", "many", "fidelity", "saliency", "attention", "inside", "calibration", "bias",
        "privacy", "robustness" or "domain".

    Attributes
    ----------
    scene : kdviz.widgets.Scene
        T, the selected example, the view: what all views share.
    pair, sliders, views, examples, soft_targets, dark_knowledge
        The widgets.
    tabs : dict of str to View
        What draws each tab, by its name.
    controllers : ViewControllers
        What Python computes of both models, by the view that shows it.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if a model or the data do not fit.

    Notes
    -----
    ``kd.compare(teacher, student, data)`` measures on all examples; ``Compare.of(report)`` is this page for its report.
    The page counts all examples, of more than 10,000 so many drawn at random; of shipped models' data the first 2,000.
    """

    title = mark("Two models compared")
    links = LINK
    _selected = -1  # the example that a link asks for
    _first = 0  # the page's own choice
    _closing = False
    _texts: tuple[Examples, Mapping[str, nn.Module]] | None = None  # of models that answer token by token
    _whole: Splits | None = None  # the data as they were given, where they have a training part

    @symbols.checked
    def __init__(
        self,
        teacher: nn.Module | str = USUAL["teacher"],
        student: nn.Module | str = USUAL["student"],
        data: Any = None,
        *,
        twin: nn.Module | str | None = None,
        classes: Sequence[str] | None = None,
        logits: Mapping[str, Tensor] | None = None,
        temperature: float = USUAL["temperature"],
        view: str = USUAL["view"],
    ) -> None:
        leave_room()
        named = all(isinstance(model, str) and model in models.names() for model in (teacher, student))
        self._shipped = named and data is None and twin is None
        hidden: list[str] = []
        asked_for = self._asked_for() if self._shipped else None
        if asked_for is not None:
            teacher, student, hidden = (asked_for[name] for name in ("teacher", "student", "hidden"))
            temperature, view, self._selected = (asked_for[name] for name in ("temperature", "view", "selected"))
        self._asked_view, self._asked_pair = view, (teacher, student)
        self._classes = tuple(classes) if classes is not None else None
        self.scene = widgets.Scene(temperature=temperature, view=view, hidden=hidden)
        shared = {"scene": self.scene}
        self.pair = widgets.Pair(fixed=not self._shipped, **shared)
        self.sliders = widgets.SoftTargets(shown=["temperature"], **shared)
        self.views = widgets.Views(**shared)
        self.examples = widgets.Examples(**shared)
        one = ["bars", "sentence", "numbers", "adds"]
        self.soft_targets = widgets.SoftTargets(shown=one, views=["one"], **shared)
        self.dark_knowledge = widgets.DarkKnowledge(views=["many"], **shared)
        self._shown: dict[str, nn.Module] = {}
        self._logits: dict[str, Tensor] = {}  # of the examples shown
        self._of = 0  # how many there are
        self.controllers = ViewControllers(self.scene, self._models)
        for controller in self.controllers:
            controller.beside = self._not_shown
        self.tabs = self.controllers.tabs({"many": self.dark_knowledge}, but=("draw", "wall"))
        if self._shipped:
            self.pair.models = [_offered(card) for card in map(models.card, models.names())]
            self.pair.update(teacher=teacher, student=student)
        self.share = link_maker(self.scene, HIDEABLE)
        left = [self.pair, self.sliders, self.examples, *([self.share] if self._shipped else [])]
        right = [self.views, self.soft_targets, *self.tabs.values()]
        boxes = [VBox(left).add_class("kd-lab-left")]
        boxes.append(VBox(right).add_class("kd-lab-right"))
        self.view = VBox([Box(boxes).add_class("kd-lab")]).add_class("kd-lab-room")
        asked = {"teacher": teacher, "student": student} | ({} if twin is None else {"twin": twin})
        if self._shipped:
            asked |= _shipped_twin(teacher, student)
        self._being_built = True  # nobody looks yet
        try:
            self._open(asked, data, logits)
        except Exception:
            self.close()
            raise
        self._being_built = False
        self.scene.observe(lambda _: self._show_exact(), "shown_run")
        if self._shipped:
            self.pair.observe(self._on_chosen, ["teacher", "student"])
            self.scene.observe(lambda _: self._show_link(), ["temperature", "view", "selected"])
        self.scene.on_message(self._on_scene_message)
        self._can_be_linked()
        self._show_link()

    @property
    def _is_by_name(self) -> bool:
        return self._shipped

    def _opened(self, browser: str, query: str) -> None:
        if self._shipped:
            self._follow(query, partial(self.controllers.threads[0].put, "link"), self.scene.update)

    def _open_as(self, state: dict[str, Any]) -> None:
        self._selected, self._asked_view = state["selected"], state["view"]
        self.scene.update(**{name: state[name] for name in ("temperature", "view", "hidden")})
        chosen = {name: state[name] for name in ("teacher", "student")}
        self._asked_pair = (state["teacher"], state["student"])
        if chosen != {"teacher": self.pair.teacher, "student": self.pair.student}:
            self.pair.update(**chosen)
        else:
            self.controllers.threads[0].put("select", self._select)

    def _select(self) -> None:
        """Select the example that the link asks for."""
        if 0 <= self._selected < self.scene.example_count:
            self.scene.update(selected=self._selected)

    def _unmet(self) -> str:
        if self._asked_view not in self.views.offered:
            wanted = {"names": ", ".join(self.views.offered), "value": self._asked_view}
            return t("with these data, {name} must be one of {names}, got {value}", name="view", **wanted)
        if self._selected >= self.scene.example_count:
            return t("selected must be below {n}, got {value}", n=self.scene.example_count, value=self._selected)
        return ""

    def _show_link(self) -> None:
        """Show the link and the call that open the page as it is."""
        if not self._shipped:
            return
        selected = self.scene.selected if self.scene.selected != self._first else -1
        fields = said(self.settings, selected, list(self.scene.hidden))
        self.share.update(**self._shared(fields, not_called=("hidden", "selected")))

    @classmethod
    def of(cls, report: Report, **options: Any) -> Self:
        """Return the page of a report's models, which are not asked again.

        Parameters
        ----------
        report : kdviz.report.Report
            What :func:`kdviz.compare` returned.
        **options
            ``view`` and ``temperature``; the temperature is the report's by default.
        """
        part = report.examples
        title = report.data or t("Your data")
        named = Splits(title, title, report.classes, part, part, part, vocabulary=report.vocabulary)
        return cls(
            report.models["teacher"],
            report.models["student"],
            named,
            twin=report.models.get("twin"),
            classes=report.classes,
            logits=report.logits,
            **{"temperature": report.temperature, **options},
        )

    def _open(
        self, asked: Mapping[str, nn.Module | str], data: Any, logits: Mapping[str, Tensor] | None = None
    ) -> None:
        """Ask all models, then show them; nothing is changed where that fails."""
        loaded = {who: models.load(m) if isinstance(m, str) else m for who, m in asked.items()}
        if data is None:
            card = getattr(loaded["teacher"], "card", None)
            if card is None:
                raise ValueError("the teacher is a model of your own; say which data to compare on, as data=")
            data = card.data
        data = data_sets.load(data) if isinstance(data, str) else data
        splits = self._splits(data, limited=self._shipped)
        self._texts = None
        self._whole = data if isinstance(data, Splits) and data.train is not data.test else None
        self._of = len(data.test) if isinstance(data, Splits) else len(splits.test)
        named = self._classes or (data.classes if isinstance(data, Splits) else None)
        about: dict[str, Any] = {"classes": named, "features": splits.features}
        loaded = {who: as_module(model, who, **about) for who, model in loaded.items()}
        check_vocabularies(loaded, splits.vocabulary)
        if logits is None:
            given = self._answers(loaded, splits.test)
            if by_token(given):
                self._texts = splits.test, loaded
                self._whole = self._whole and one_token_of(self._whole)
                loaded, splits = asked_at(loaded, splits.test), tokens_of(splits)
                self._of = len(splits.test)
                given = self._answers(loaded, splits.test)
            logits = {who: z for who, z in given.items() if z is not None}
            for who, z in logits.items():
                inference.check_finite(z, who)
        self._show(loaded, splits, logits)

    def _answers(self, loaded: Mapping[str, nn.Module], part: Examples) -> dict[str, Tensor | None]:
        return {
            who: answers(
                model, part, who=who, batch_size=inference.ROWS_AT_ONCE, progress=self._tick(place, len(loaded))
            )
            for place, (who, model) in enumerate(loaded.items())
        }

    def _splits(self, data: Any, *, limited: bool) -> Splits:
        """Return the data as splits, of which the test part is shown."""
        if isinstance(data, Splits):
            test = data.test.take(slice(0, LOOKED_AT)) if limited else data.test
            named = self._classes or data.classes
            more: dict[str, Any] = {"features": data.features, "vocabulary": data.vocabulary}
            return Splits(data.name, data.title, named, test, test, test, **more)
        part = data_sets.examples(data)
        count = int(part.y.max()) + 1 if part.labelled else 0
        names = self._classes or tuple(str(c) for c in range(count))
        return Splits("data", t("Your data"), names, part, part, part)

    def _tick(self, place: int, models: int) -> Any:
        if self._being_built:
            return None
        return lambda done, total: self.pair.update(progress=(place + done / total) / models)

    def _show(self, loaded: dict[str, nn.Module], splits: Splits, logits: Mapping[str, Tensor]) -> None:
        count = logits["teacher"].shape[1]
        for who, z in logits.items():
            if z.shape[1] != count:
                raise ValueError(
                    f"the teacher answers with {count} classes and the {who} with {z.shape[1]}; all must cover the same"
                )
        names = splits.classes
        if len(names) < count and self._classes is None:
            names = tuple(str(c) for c in range(count))
        if len(names) != count:
            raise ValueError(f"the models answer with {count} classes and {len(names)} are named; name as many")
        watched = _watched(splits.test, logits["teacher"], logits["student"])
        answers = {who: z[watched.index].float() for who, z in logits.items() if who != "teacher"}
        self._shown, self._logits = loaded, answers
        titles = {who: name_of(model) for who, model in loaded.items()}
        traits = {**watched.scene(names), "counted": len(watched.examples)}
        self.scene.update(exact={}, exact_logits=b"", split="", **traits)
        self._first = self.scene.selected
        self._select()
        self.scene.drop()
        for who, z in self._logits.items():
            self.scene.record(who, Frame.of(0, z.numpy()))
        named = {"teacher_name": titles["teacher"], "student_name": titles["student"]}
        self.scene.update(**named, runs=_rows(titles), shown_run="student", step=None)
        self._show_exact()
        sizes: dict[str, Any] = {"data": splits.title}
        for who in ("teacher", "student"):
            parameters = sum(p.numel() for p in loaded[who].parameters())
            sizes[who] = {"title": titles[who], "parameters": parameters, "macs": _macs(loaded[who], splits.test)}
        shown = watched.examples
        same = titles["teacher"] == titles["student"] and torch.equal(logits["teacher"], logits["student"])
        note = (in_tokens if self._texts else _counted)(splits.title, len(shown), self._of)
        self.pair.update(sizes=sizes, same=same, note=note, cost="", progress=None)
        if not same:
            texts = self._texts
            self.controllers.threads[1].put("cost", lambda: self._measure(loaded, splits.test, logits, texts))
        self.controllers.open(replace(splits, train=shown, validation=shown, test=shown), watched, self._whole)
        offered = self.controllers.offered(images=False)
        self.views.offered = offered
        if self.scene.view not in offered:
            self.scene.view = "one"
        self.controllers.refresh()

    def _measure(
        self,
        loaded: Mapping[str, nn.Module],
        test: Examples,
        logits: Mapping[str, Tensor],
        texts: tuple[Examples, Mapping[str, nn.Module]] | None,
    ) -> None:
        """Show what the student costs beside the teacher; on a thread of the views."""
        if self._shown is not loaded or not all(costs_of.countable(loaded[who]) for who in ("teacher", "student")):
            return  # another pair is shown by now, or it is one whose calls may cost something
        both = {who: loaded[who] for who in ("teacher", "student")}
        known = test.y >= 0
        kept = None
        if test.labelled:
            wrong = {who: (logits[who].argmax(1) != test.y)[known].numpy() for who in both}
            kept = costs_of.kept(wrong["student"], wrong["teacher"])
        try:
            found = costs_of.costs(both, test, batches=(1,), seconds=MEASURED_S, counted=False, progress=self._is_open)
            said = " ".join([found.sentence(kept), *found.notes()])
        except inference.Cancelled:
            return
        except Exception as error:  # the comparison stands, whatever measuring meets
            said = t("What the student costs could not be measured: {why}.", why=" ".join(str(error).split()))
        if self._shown is not loaded:
            return
        self.pair.update(cost=said)
        if texts is None:
            return
        text = predicted(*texts, lambda *_: self._is_open() and self._shown is loaded)
        if text and self._shown is loaded:
            self.pair.update(cost=f"{text} {said}")

    def _show_exact(self) -> None:
        """Show the logits of the model shown as they are, not as a film holds them."""
        shown = self.scene.shown_run
        self.scene.update(exact={"run": shown, "step": 0}, exact_logits=self._logits[shown].numpy())

    def _models(self) -> tuple[nn.Module, nn.Module | None, None, int, str]:
        if not self._shown:
            raise ValueError("there are no models yet")
        shown = self._shown.get(self.scene.shown_run, self._shown["student"])  # another pair may just have come
        return self._shown["teacher"], shown, None, 0, self.scene.student_name

    def _not_shown(self) -> dict[str, nn.Module]:
        """Return the twin while the student is shown, and the student while the twin is."""
        return {who: one for who, one in self._shown.items() if who not in ("teacher", self.scene.shown_run)}

    def _on_chosen(self, _: Bunch) -> None:
        if self._asked_pair != (self.pair.teacher, self.pair.student):
            self._selected = -1  # it was an example of the link's models
        teacher, student = self.pair.teacher, self.pair.student
        self.controllers.threads[0].put("open", lambda: self._open_chosen(teacher, student))

    def _open_chosen(self, teacher: str, student: str) -> None:
        self.pair.update(note=t("Asking both models."), progress=0.0)
        try:
            asked = {"teacher": teacher, "student": student} | _shipped_twin(teacher, student)
            self._open({who: models.pretrained(name) for who, name in asked.items()}, None)
        except Exception as error:  # whatever it is, the page must stay usable
            self.pair.update(note=sentence_of(error), progress=None)
        self._show_link()

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        shipped = OneOf(tuple(models.names()))
        return {"teacher": shipped, "student": shipped, "temperature": Number(above=0), "view": OneOf(tuple(VIEWS))}

    @property
    def settings(self) -> dict[str, Any]:
        if not self._shipped:
            raise ValueError("these are models of your own; a state can only name shipped models")
        chosen = {"teacher": self.pair.teacher, "student": self.pair.student}
        return {**chosen, "temperature": self.scene.temperature, "view": self.scene.view}

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        return {self.pair: {"fixed": True, "progress": None}}

    def wait(self, timeout_s: float = 600.0) -> bool:
        """Wait until all that was asked for is shown; return whether that came true in time."""
        return self.controllers.wait_until_idle(timeout_s)

    def _is_open(self, *_: int) -> bool:
        return not self._closing

    def close(self) -> None:
        """End the threads and close everything."""
        self._closing = True
        self.controllers.close()
        super().close()
        self.controllers.forget()
        self.scene.films.clear()
        self._shown, self._logits = {}, {}
        memory.give_back()


def _watched(part: Examples, teacher: Tensor, student: Tensor) -> WatchedExamples:
    """Choose what is shown, in random order: all examples, unless they are very many.

    The first that is selected is one that a model gets wrong or on which both differ, among the most ambiguous: the
    list that the page opens with.
    """
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(0))
    index = order[: how_many(part, teacher.shape[1])]
    chosen = part.take(index)
    t, s = teacher[index].argmax(1), student[index].argmax(1)
    remarkable = (t != s) | ((chosen.y >= 0) & ((t != chosen.y) | (s != chosen.y)))
    doubt = teacher[index].softmax(1).topk(min(2, teacher.shape[1])).values[:, -1]
    listed = doubt.argsort(descending=True, stable=True)[:LISTED]
    begins = listed[remarkable[listed]]
    first = int(begins[0]) if len(begins) else int(listed[0])
    return WatchedExamples(chosen, teacher[index].float(), min(SAMPLE, len(index)), first, index)


def _offered(card: models.Card) -> dict[str, Any]:
    """Return a shipped model as one that can be chosen, with the teacher that it learned from."""
    return {"name": card.name, "title": t(card.title), "group": card.data, "of": card.recipe.get("teacher", "")}


def _shipped_twin(teacher: Any, student: Any) -> dict[str, str]:
    """Return the shipped model trained like a student, from the same start, without this teacher; {} for none."""
    own = models.card(student)
    if own.recipe.get("teacher") != teacher:
        return {}

    def told(card: models.Card) -> tuple[Any, ...]:
        recipe = {name: value for name, value in card.recipe.items() if name not in ("teacher", "objective")}
        return card.data, card.architecture, card.seed, recipe

    others = [models.card(name) for name in models.names()]
    twin = [card.name for card in others if "teacher" not in card.recipe and told(card) == told(own)]
    return {"twin": twin[0]} if twin else {}


def _counted(title: str, count: int, total: int) -> str:
    counts = {"n": number(count), "total": number(total)}
    if count == total:
        return t("{data}: {n} examples.", data=title, **counts)
    return t("{data}: {n} of {total} examples.", data=title, **counts)


def _rows(titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the models beside the teacher as the scene's runs, of one step each; none where there is one only."""
    if "twin" not in titles:
        return []
    blank = {"colour": 0, "hidden": False, "steps": [0], "values": [0.0], "edits": [], "from": None, "note": ""}
    more = {"best": None, "test": None, "removable": False, "total_steps": 0}
    named = {"student": titles["student"], "twin": t("Twin, no teacher")}
    return [{"id": who, "role": who, "name": name, **blank, **more} for who, name in named.items()]


def _macs(model: nn.Module, part: Examples) -> int | None:
    try:
        return macs_of(model, inference.fitted(part.inputs(slice(0, 1)), model))
    except (ValueError, RuntimeError):
        return None
