"""The Lab's page: its widgets, where they stand, and what they show. What the buttons do is in ``lab.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from ... import data as data_sets
from ... import widgets
from ...data import Splits
from ...distill.live import WITH_SLIDER
from ...widgets.from_page import Box, VBox
from ...words import t
from ..live import status_text
from ..live.diagnosis import DiagnosisController, DiagnosisInput
from ..live.page import AT_REST, LivePage
from ..live.roster import Roster
from ..views.controllers import ViewControllers
from ..views.drawing import Drawing, Models
from ..views.probes import WatchedExamples
from . import choices as offered
from . import link, presets
from .choices import Choices
from .options import PageOptions
from .repeats import can_repeat
from .run_groups import RunGroups

CHOSEN_BY_SETUP = (
    "labels", "keep_unlabelled", "teacher", "units", "layers", "epochs", "batch_size", "loss", "omit", "smoothing",
    "penalty", "group",
)  # fmt: skip


class LabPage(LivePage):
    """The widgets of the Lab and what they show.

    Attributes
    ----------
    scene : kdviz.widgets.Scene
        T, alpha, the selected example, the cursor: what all views share.
    kept, presets, setup, transport, curves, runs, share, sliders, views, examples, soft_targets, dark_knowledge
        The widgets.
    tabs : dict of str to View
        What draws each tab, by its name.
    drawing : Drawing
        The pad and who answers it.
    diagnosis : DiagnosisController
        Why it did (not) help, once a run has ended.
    controllers : ViewControllers
        What Python computes of both models, by the view that shows it.
    roster : Roster
        All runs on the page.
    """

    def _make_page(
        self,
        choices: Choices,
        opening: PageOptions,
        models: Callable[[], Models],
        asked_about: Callable[[], DiagnosisInput | None],
        *,
        own: bool,
    ) -> None:
        self.roster = Roster()
        self.scene = widgets.Scene(**live_traits(choices), **page_traits(opening))
        shared = {"scene": self.scene}
        self.kept = widgets.Kept(**shared)
        self.presets = widgets.Presets(presets=preset_rows(), chosen=opening.preset, **shared)
        self.setup = widgets.Setup(epochs_range=list(opening.epochs_range), folded=True, **shared)
        self.transport = widgets.Transport(**shared)
        self.curves = widgets.LearningCurves(learning_rate=choices.learning_rate, **shared)
        self.runs = widgets.Runs(folded=True, **shared)
        self.diagnosis = DiagnosisController(
            self.scene, self._publisher, asked_about, to_call=None if own else link.to_call
        )
        self.share = widgets.Share(**shared)
        self.sliders = widgets.SoftTargets(shown=[*WITH_SLIDER, "bias"], **shared)
        self.views = widgets.Views(**shared)
        self.examples = widgets.Examples(**shared)
        one = ["bars", "sentence", "formula", "numbers", "adds"]
        self.soft_targets = widgets.SoftTargets(shown=one, views=["one"], **shared)
        self.dark_knowledge = widgets.DarkKnowledge(views=["many"], **shared)
        self.drawing = Drawing(self.scene, models)
        self.controllers = ViewControllers(self.scene, models, lambda: self.roster)
        made = {"many": self.dark_knowledge, "draw": self.drawing.pad}
        self.tabs = self.controllers.tabs(made)
        if not own:
            self.setup.update(datasets=offered.data_rows(), **setup_traits(choices, opening))
        head = [] if own else [self.kept, self.presets]
        choose = [] if own else [self.setup]
        left = [*choose, self.transport, self.curves, self.runs, self.diagnosis.widget, self.share]
        right = [self.sliders, self.views, self.examples, self.soft_targets, *self.tabs.values()]
        columns = (("head", head), ("left", left), ("right", right))
        boxes = [VBox(column).add_class(f"kd-lab-{name}") for name, column in columns if column]
        self.view = Box(boxes).add_class("kd-lab")

    def _say(self, sentence: str) -> None:
        """Say something on the status line until the next report."""
        self._publisher.put(self.transport, status=status_text.as_sentence(sentence))

    def _show_choices(self, choices: Choices, opening: PageOptions) -> None:
        """Show choices and an opening, with all that the reader had in hand."""
        self._publisher.put(self.setup, epochs_range=list(opening.epochs_range), **setup_traits(choices, opening))
        self._publisher.put(self.scene, **live_traits(choices), **page_traits(opening))
        self._publisher.put(self.presets, chosen=opening.preset)

    def _show_examples(self, watched: WatchedExamples, data: Splits, selected: int) -> None:
        """Show other examples, and select the one that was chosen if it is among them."""
        traits = watched.scene(data.classes)
        if 0 <= selected < len(watched.examples):
            traits["selected"] = selected
        self._publisher.put(self.scene, exact={}, exact_logits=b"", **traits)
        self.controllers.open(data, watched.examples)
        offered_now = self.controllers.offered(images=traits["image_shape"] != [0, 0])
        self._publisher.put(self.views, offered=offered_now)
        if self.scene.view not in offered_now:
            self._publisher.put(self.scene, view="one")

    def _show_no_run(self, choices: Choices, teacher: nn.Module, student: nn.Module) -> None:
        """Show what there is before the first step."""
        names = {"teacher_name": status_text.name_of(teacher), "student_name": status_text.name_of(student)}
        empty: dict[str, Any] = {"in_force": {}, "runs": [], "bands": [], "teacher_error": None}
        self._publisher.put(self.scene, bias_class=choices.omit, bias=0.0, **empty, **names)
        for view in (self.sliders, self.soft_targets, self.dark_knowledge):
            self._publisher.put(view, loss=choices.loss)
        self._publisher.put(self.curves, sentence="", learning_rate=choices.learning_rate)
        self._publisher.put(self.runs, verdict="", can_repeat=False)
        self._publisher.put(self.presets, finished=False)
        self._publisher.put(self.share, code="")
        self.diagnosis.offer(False)

    def _show_runs(self, groups: RunGroups, state: str) -> None:
        """Show what there is of every run: curves, bands, verdict."""
        student = self.roster.student
        if student is None:
            return
        at_rest = state in AT_REST and not groups.repeating
        self._publisher.put(
            self.scene,
            runs=self.roster.rows(),
            bands=groups.bands(),
            teacher_error=status_text.teacher_error(student.run),
            total_steps=max(entry.run.total_steps for entry in self.roster),
        )
        group = [entry.run for entry in self.roster.group(student.group)]
        self._publisher.put(self.curves, sentence=status_text.curves_sentence(group, student.best_test))
        tested = bool(student.run.history.evaluated("test"))
        repeatable = at_rest and tested and can_repeat(student.run)
        self._publisher.put(self.runs, verdict=groups.verdict, can_repeat=repeatable)
        self._publisher.put(self.presets, finished=tested)
        self.diagnosis.offer(at_rest and tested)

    def _show_link(self, state: dict[str, Any], code: str | None = None) -> None:
        """Show the link and the call that open the page as it is, and the code of the run where it is given."""
        program: dict[str, Any] = {} if code is None else {"code": code}
        self._publisher.put(self.share, query=link.to_query(state), call=link.to_call(state), **program)


def preset_rows() -> list[dict[str, str]]:
    """Return what the Presets widget shows of each preset."""
    texts = ("title", "question", "look")
    return [{"name": one.name, **{text: t(getattr(one, text)) for text in texts}} for one in presets.PRESETS]


def page_traits(opening: PageOptions) -> dict[str, Any]:
    """Return what the scene takes from an opening."""
    return {
        "view": opening.view,
        "hidden": list(opening.hidden),
        "locked": list(opening.locked),
        **{f"{name}_range": list(getattr(opening, f"{name}_range")) for name in WITH_SLIDER},
    }


def live_traits(choices: Choices) -> dict[str, float]:
    """Return what the scene's sliders show of the choices."""
    return {name: float(getattr(choices, name)) for name in WITH_SLIDER}


def setup_traits(choices: Choices, opening: PageOptions) -> dict[str, Any]:
    """Return what the Setup widget shows of the choices and of what there is to choose."""
    data = data_sets.load(choices.data)
    none = [0] if choices.labels == 0 or opening.preset == "no-labels" else []
    return {
        "dataset": choices.data,
        "label_choices": [*none, *offered.label_choices(choices.data)],
        "train_size": len(data.train),
        "classes": list(data.classes),
        "teachers": offered.teacher_rows(choices.data),
        "students": list(offered.student_rows(choices.data, choices.layers)),
        "learning_rate": choices.learning_rate,
        "groups": list(offered.group_columns(choices.data)),
        **{name: getattr(choices, name) for name in CHOSEN_BY_SETUP},
    }
