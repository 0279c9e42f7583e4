"""Compare: any two models on the same examples, in the same views as the Lab's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import ipywidgets
import torch
from torch import Tensor, nn
from traitlets import Bunch

from .. import data as data_sets
from .. import models, widgets
from ..data import Examples, Splits
from ..distill.schema import Kind, Number, OneOf
from ..distill.threads import leave_room
from ..models import inference
from ..models.wrap import as_module, kind_name
from ..widgets.from_page import Box, VBox
from ..widgets.recording import Frame
from ..widgets.scene import VIEWS
from ..words import mark, number, t
from .live import memory
from .live.panel import Panel
from .views.controller import sentence_of
from .views.controllers import ViewControllers
from .views.probes import WatchedExamples

if TYPE_CHECKING:
    from ..report import Report

SAMPLE = 1000  # examples that stand for all
REMARKABLE = 200  # examples picked because a model is wrong or both differ
LOOKED_AT = 2000  # examples of a split that shipped models are asked about
MOST_NUMBERS = 400_000  # logits that travel to the page: of many classes, fewer examples
TEACHER, STUDENT = "mnist-vit", "mnist-vit-student"


class Compare(Panel):
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
        The same student taught without the teacher; the page then shows the one or the other beside the teacher.
    logits : dict of str to Tensor of shape (N, C), optional
        What the models answer to the data, by "teacher", "student" and "twin", if that is known.
    temperature : float
        Where the slider stands at first.
    view : str
        What is shown first: "one", "many", "fidelity", "saliency", "attention", "calibration" or "bias".

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
    The page shows at most 1,000 examples drawn at random and 200 that are remarkable.
    """

    title = mark("Two models compared")

    def __init__(
        self,
        teacher: nn.Module | str = TEACHER,
        student: nn.Module | str = STUDENT,
        data: Any = None,
        *,
        twin: nn.Module | str | None = None,
        classes: Sequence[str] | None = None,
        logits: Mapping[str, Tensor] | None = None,
        temperature: float = 4.0,
        view: str = "fidelity",
    ) -> None:
        leave_room()
        named = all(isinstance(model, str) and model in models.names() for model in (teacher, student))
        self._shipped = named and data is None and twin is None
        self._classes = tuple(classes) if classes is not None else None
        self.scene = widgets.Scene(temperature=temperature, view=view)
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
        self.controllers = ViewControllers(self.scene, self._models)
        self.tabs = self.controllers.tabs({"many": self.dark_knowledge}, but=("draw",))
        if self._shipped:
            self.pair.models = [
                {"name": c.name, "title": c.title, "group": c.data} for c in map(models.card, models.names())
            ]
            self.pair.update(teacher=teacher, student=student)
        left = [self.pair, self.sliders, self.examples]
        right = [self.views, self.soft_targets, *self.tabs.values()]
        boxes = [VBox(left).add_class("kd-lab-left")]
        boxes.append(VBox(right).add_class("kd-lab-right"))
        self.view = Box(boxes).add_class("kd-lab")
        asked = {"teacher": teacher, "student": student} | ({} if twin is None else {"twin": twin})
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
        return cls(
            report.models["teacher"],
            report.models["student"],
            report.examples,
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
        splits = self._splits(data_sets.load(data) if isinstance(data, str) else data, limited=self._shipped)
        named = self._classes or (data.classes if isinstance(data, Splits) else None)
        about: dict[str, Any] = {"classes": named, "features": splits.features}
        loaded = {who: as_module(model, who, **about) for who, model in loaded.items()}
        if logits is None:
            logits = {
                who: inference.logits(model, splits.test, who=who, progress=self._tick(place, len(loaded)), finite=True)
                for place, (who, model) in enumerate(loaded.items())
            }
        self._show(loaded, splits, logits)

    def _splits(self, data: Any, *, limited: bool) -> Splits:
        """Return the data as splits, of which the test part is shown."""
        if isinstance(data, Splits):
            test = data.test.take(slice(0, LOOKED_AT)) if limited else data.test
            return Splits(
                data.name, data.title, self._classes or data.classes, test, test, test, features=data.features
            )
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
        watched, index = _watched(splits.test, logits["teacher"], logits["student"])
        self._shown, self._logits = loaded, {who: z[index].float() for who, z in logits.items() if who != "teacher"}
        titles = {who: _title(model) for who, model in loaded.items()}
        self.scene.update(exact={}, exact_logits=b"", split="", **watched.scene(names))
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
        counts = {"n": number(len(watched.examples)), "total": number(len(splits.test))}
        note = t("{data}: {n} of {total} examples are shown.", data=splits.title, **counts)
        self.pair.update(sizes=sizes, note=note, progress=None)
        self.controllers.open(splits, watched.examples)
        offered = self.controllers.offered(images=False)
        self.views.offered = offered
        if self.scene.view not in offered:
            self.scene.view = "one"
        self.controllers.refresh()

    def _show_exact(self) -> None:
        """Show the logits of the model shown as they are, not as a film holds them."""
        shown = self.scene.shown_run
        self.scene.update(exact={"run": shown, "step": 0}, exact_logits=self._logits[shown].numpy())

    def _models(self) -> tuple[nn.Module, nn.Module | None, None, int, str]:
        if not self._shown:
            raise ValueError("there are no models yet")
        return self._shown["teacher"], self._shown[self.scene.shown_run], None, 0, self.scene.student_name

    def _on_chosen(self, _: Bunch) -> None:
        teacher, student = self.pair.teacher, self.pair.student
        self.controllers.threads[0].put("open", lambda: self._open_chosen(teacher, student))

    def _open_chosen(self, teacher: str, student: str) -> None:
        self.pair.update(note=t("Asking both models."), progress=0.0)
        try:
            self._open({"teacher": models.pretrained(teacher), "student": models.pretrained(student)}, None)
        except Exception as error:  # whatever it is, the page must stay usable
            self.pair.update(note=sentence_of(error), progress=None)

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

    def close(self) -> None:
        """End the threads and close everything."""
        self.controllers.close()
        super().close()
        self.controllers.forget()
        self.scene.films.clear()
        self._shown, self._logits = {}, {}
        memory.give_back()


def _watched(part: Examples, teacher: Tensor, student: Tensor) -> tuple[WatchedExamples, Tensor]:
    """Choose what is shown: a random sample, then examples that one model gets wrong or on which both differ."""
    room = max(2, MOST_NUMBERS // teacher.shape[1])
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(0))
    sample = order[: min(SAMPLE, room)]
    rest = order[len(sample) :]
    t, s = teacher.argmax(1), student.argmax(1)
    remarkable = (t != s) | ((part.y >= 0) & ((t != part.y) | (s != part.y)))
    picked = rest[remarkable[rest]][: min(REMARKABLE, room - len(sample))]
    index = torch.cat([sample, picked])
    chosen = part.take(index)
    first = torch.nonzero(remarkable[index]).flatten()
    return WatchedExamples(chosen, teacher[index].float(), len(sample), int(first[0]) if len(first) else 0), index


def _rows(titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the models beside the teacher as the scene's runs, of one step each; none where there is one only."""
    if "twin" not in titles:
        return []
    blank = {"colour": 0, "hidden": False, "steps": [0], "values": [0.0], "edits": [], "from": None, "note": ""}
    more = {"best": None, "test": None, "removable": False, "total_steps": 0}
    named = {"student": titles["student"], "twin": t("Twin, no teacher")}
    return [{"id": who, "role": who, "name": name, **blank, **more} for who, name in named.items()]


def _title(model: nn.Module) -> str:
    card = getattr(model, "card", None)
    return card.title if card is not None else kind_name(model)


def _macs(model: nn.Module, part: Examples) -> int | None:
    try:
        return models.mac_count(model, part.shape)
    except (ValueError, NotImplementedError):
        return None
