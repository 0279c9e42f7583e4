"""The Lab's page: its widgets, where they stand, and what they show. What the buttons do is in ``lab.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets
from torch import nn

from ... import data as data_sets
from ... import widgets
from ...data import Splits
from ...data.faults import FAULTS, faults_of
from ...distill import Runner
from ...distill.live import WITH_SLIDER
from ...distill.transfer_sets import TRANSFER_SETS, extras_of
from ...distill.variants import SOFT_LOSSES
from ...models.kinds import KINDS
from ...models.transformer import TwoHeads
from ...widgets.from_page import Box, VBox
from ...widgets.scene import VIEWS
from ...words import t
from ..live import status_text
from ..live.diagnosis import DiagnosisController, DiagnosisInput
from ..live.page import AT_REST, LivePage
from ..live.roster import Entry, Roster, peer_number
from ..views.controllers import ViewControllers
from ..views.counted import tracked_alone
from ..views.drawing import Drawing, Models
from ..views.probes import WatchedExamples
from . import choices as offered
from . import link, presets
from .bets import NO_ANSWER
from .choices import Choices
from .cost import CostOfRuns
from .kinds import kind_rows
from .options import PageOptions
from .repeats import can_repeat
from .run_groups import RunGroups
from .several import Given, peer_sentence, peers_sentence

CHOSEN_BY_SETUP = (
    "labels", "keep_unlabelled", "teacher", "units", "layers", "epochs", "batch_size", "loss", "omit", "smoothing",
    "penalty", "group", "kind", "optimizer", "weight_decay", "rate_course", "temperature_course", "extra", "fault",
)  # fmt: skip
BESIDE_A_TEACHER = ("hero", "sliders", "examples", "scrubber", "diagnosis", "tour")  # parts; and all tabs
OF_ALL = (
    "draw",
    "wall",
    "calibration",
    "bias",
    "robustness",
    "privacy",
    "domain",
)  # tabs that show no single example, or one of the reader's own


class LabPage(LivePage):
    """The widgets of the Lab and what they show.

    Attributes
    ----------
    scene : kdviz.widgets.Scene
        T, alpha, the selected example, the cursor: what all views share.
    kept, given, presets, hero, setup, transport, curves, runs, share, sliders, views, examples, soft_targets,
    dark_knowledge
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

    diagnosis: DiagnosisController
    _opening: PageOptions
    _showing: str
    _given_now: Given | None = None  # the run of the reader's that is on the page
    _takes: float | None = None  # seconds of the next run, roughly; None where nobody looks
    _watched: WatchedExamples | None = None
    _costs: CostOfRuns

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
        self._offered: list[str] = []  # the tabs that the data have
        self.scene = widgets.Scene(**live_traits(choices), **page_traits(opening))
        shared = {"scene": self.scene}
        self.kept = widgets.Kept(**shared)
        self.presets = widgets.Presets(presets=preset_rows(), chosen=opening.preset, bet=opening.bet, **shared)
        self.tour = widgets.Tour(stops=tour_stops(), **shared)
        self.given = widgets.RunChoice(**shared)
        self.hero = widgets.Hero(**shared)
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
        one = ["formula", "bars", "adds", "numbers"]  # the hero has the sentence, and the bars on a linear scale
        self.soft_targets = widgets.SoftTargets(shown=one, views=["one"], scale="log", **shared)
        self.dark_knowledge = widgets.DarkKnowledge(views=["many"], **shared)
        self.drawing = Drawing(self.scene, models)
        put = partial(self._publisher.put, self.scene)
        self.controllers = ViewControllers(self.scene, models, lambda: self.roster, put)
        made = {"many": self.dark_knowledge, "draw": self.drawing.pad}
        self.tabs = self.controllers.tabs(made)
        self.examples = widgets.Examples(views=["one", *(tab for tab in self.tabs if tab not in OF_ALL)], **shared)
        if not own:
            self.setup.update(datasets=offered.data_rows(), **setup_traits(choices, opening))
        head = [self.given] if own else [self.kept, self.presets]
        choose = [] if own else [self.setup]
        left = [self.curves, self.runs, *choose, self.diagnosis.widget, self.share]
        right = [self.views, self.examples, self.soft_targets, *self.tabs.values()]
        strip = Box([self.sliders, self.transport]).add_class("kd-lab-strip")
        columns = Box([VBox(left).add_class("kd-lab-left"), VBox(right).add_class("kd-lab-right")]).add_class("kd-lab")
        above = VBox(head).add_class("kd-lab-head")
        if own:
            for box in (above, columns):
                box.add_class("kd-lab-own")
        self.view = VBox([above, self.tour, self.hero, strip, columns]).add_class("kd-lab-room")

    def _show_progress(self, runner: Runner, state: str, note: str = "") -> None:
        super()._show_progress(runner, state, note)
        if state == "idle" and self._takes is not None:
            self._publisher.put(self.transport, seconds_left=self._takes)

    @property
    def _shown_entry(self) -> Entry | None:
        """The run on the roster that the views show."""
        raise NotImplementedError

    def _say(self, sentence: str) -> None:
        """Say something on the status line until the next report."""
        self._publisher.put(self.transport, status=status_text.as_sentence(sentence))

    def _without_python(self) -> Mapping[ipywidgets.Widget, Mapping[str, Any]]:
        watched = self._watched
        return {} if watched is None else {self.scene: tracked_alone(self.scene, watched)}

    def _show_choices(self, choices: Choices, opening: PageOptions) -> None:
        """Show choices and an opening, with all that the reader had in hand."""
        self._publisher.put(self.setup, epochs_range=list(opening.epochs_range), **setup_traits(choices, opening))
        self._publisher.put(self.scene, **live_traits(choices), **page_traits(opening))
        self._publisher.put(self.presets, chosen=opening.preset, bet=opening.bet)

    def _show_examples(self, watched: WatchedExamples, data: Splits, selected: int) -> None:
        """Show other examples, and select the one that was chosen if it is among them."""
        traits = watched.scene(data.classes)
        if 0 <= selected < len(watched.examples):
            traits["selected"] = selected
        counted = self.controllers.open(data, watched, data)
        none: dict[str, Any] = {"exact": {}, "exact_logits": b"", "whole": {}, "whole_logits": b""}
        self._publisher.put(self.scene, counted=counted, **none, **traits)

    def _offer_views(self, *, omitted: int) -> None:
        """Offer the views that have something to show, with ``omitted``, the class left out of training, or -1."""
        images = self._publisher.coming(self.scene, "image_shape") != [0, 0]
        self._offered = offered_now = self.controllers.offered(images=images, omitted=omitted >= 0)
        self._publisher.put(self.views, offered=offered_now)
        if self._publisher.coming(self.scene, "view") not in offered_now:
            self._publisher.put(self.scene, view="one")
        # Raising the bias of a class left out changes the student's heat map alone.
        self._publisher.put(self.dark_knowledge, heat_map="student" if omitted >= 0 else "teacher")

    def _show_alone(self, choices: Choices, given: Given) -> None:
        """Show a run with no teacher to ask, before its first step: curves, verdict, and what is left out."""
        self._offered = []
        self._publisher.put(self.views, offered=[])
        hidden = list(dict.fromkeys([*self._opening.hidden, *BESIDE_A_TEACHER, *VIEWS]))
        self._publisher.put(self.scene, view="one", hidden=hidden)
        self._show_no_run(choices, None, given.run.student)
        self._publisher.put(self.curves, sentence=t(given.why_alone))

    def _show_no_run(self, choices: Choices, teacher: nn.Module | None, student: nn.Module) -> None:
        """Show what there is before the first step."""
        name = status_text.name_of(teacher) if teacher is not None else ""
        names = {"teacher_name": name, "student_name": status_text.name_of(student)}
        empty: dict[str, Any] = {"in_force": {}, "runs": [], "bands": [], "teacher_error": None}
        self._publisher.put(self.scene, bias_class=choices.omit, bias=0.0, **empty, **names)
        for view in (self.sliders, self.soft_targets, self.dark_knowledge):
            self._publisher.put(view, loss=choices.loss)
        two_heads = any(isinstance(module, TwoHeads) for module in student.modules())
        for view in (self.sliders, self.soft_targets):
            self._publisher.put(view, two_heads=two_heads)
        layers = {
            "teacher_layers": layer_sizes(teacher) if teacher is not None else [],
            "student_layers": layer_sizes(student),
        }
        self._publisher.put(self.hero, **layers)
        self._publisher.put(self.curves, sentence="", learning_rate=choices.learning_rate, against={})
        self._publisher.put(self.runs, verdict="", caveat="", cost="", took=[], can_repeat=False, can_twin=False)
        self._publisher.put(self.presets, **NO_ANSWER)
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
        shown = self._shown_entry
        branched = shown is not None and shown.role == "branch"  # its difference is another one than the student's
        against = {} if branched else groups.against_twin
        given = self._given_now
        alone = t(given.why_alone) if given is not None else ""
        self._publisher.put(self.curves, sentence=f"{self._sentence_on(student)} {alone}".strip(), against=against)
        tested = bool(student.run.history.evaluated("test"))
        repeatable = at_rest and tested and can_repeat(student.run)
        told = {"verdict": groups.verdict_on(shown), "caveat": groups.caveat_on(shown)}
        self._publisher.put(self.runs, can_repeat=repeatable, can_twin=at_rest and groups.lacks_twin, **told)
        self._costs.offer(shown.run if shown is not None and branched else student.run)
        self.diagnosis.offer(at_rest and tested and (given is None or given.asks_teacher))

    def _sentence_on(self, student: Entry) -> str:
        """Return how the run shown stands: the student beside its twins, or a branch beside the run that it left."""
        shown = self._shown_entry
        if shown is not None and (peer := peer_number(self._showing)):
            return peer_sentence(shown, peer)
        if shown is None or shown.role != "branch":
            group = [entry.run for entry in self.roster.group(student.group)]
            return status_text.curves_sentence(group, student.best_test, peers_sentence(student))
        parent = self.roster.get(shown.parent)
        return status_text.branch_sentence(shown.name, shown.run, (parent.name, parent.run) if parent else None)

    def _show_link(self, state: dict[str, Any], code: str | None = None) -> None:
        """Show the link and the call that open the page as it is, and the code of the run where it is given."""
        program: dict[str, Any] = {} if code is None else {"code": code}
        self._publisher.put(self.share, query=link.to_query(state), call=link.to_call(state), **program)


def layer_sizes(model: nn.Module) -> list[int]:
    """Return how many parameters each layer of a model has, biases with their weights; empty where it has none.

    >>> layer_sizes(nn.Sequential(nn.Linear(784, 10), nn.ReLU(), nn.Linear(10, 2)))
    [7850, 22]
    """
    own = (sum(p.numel() for p in module.parameters(recurse=False)) for module in model.modules())
    return [n for n in own if n]


def tour_stops() -> list[dict[str, str]]:
    """Return where the tour of the page stops, and what it says there."""
    stops = (
        (
            "hero",
            t("A large network teaches a small one"),
            t("Both are drawn to scale, and between them is what each says of one image."),
        ),
        (
            "soft-targets",
            t("Slide T"),
            t(
                "The teacher’s small numbers grow: which wrong classes are likely is what a label never says. "
                "α weighs the teacher against the label."
            ),
        ),
        ("presets", t("Bet first"), t("Each question sets the page up. Answer it before the run does.")),
        (
            "transport",
            t("Train"),
            t("A real student learns here, beside a twin that has no teacher. Move T or pause while it learns."),
        ),
        (
            "curves",
            t("Go back in time"),
            t("Drag the slider below the curves, play the film, or branch from any step with another T."),
        ),
    )
    return [{"part": part, "title": title, "text": text} for part, title, text in stops]


def preset_rows() -> list[dict[str, Any]]:
    """Return what the Presets widget shows of each preset, the default first."""
    texts = ("title", "question", "look")
    return [
        {
            "name": one.name,
            **{text: t(getattr(one, text)) for text in texts},
            "answers": [{"name": name, "text": t(text)} for name, text in one.answers.items()],
            "seeds": one.seeds,
            "next": one.next,
        }
        for one in (presets.DEFAULT, *presets.PRESETS)
    ]


def page_traits(opening: PageOptions) -> dict[str, Any]:
    """Return what the scene takes from an opening."""
    return {
        "view": opening.view,
        "question": t(presets.BY_NAME[opening.preset].question if opening.preset else presets.DEFAULT.title),
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
        **student_traits(choices),
        "weight_decays": list(offered.WEIGHT_DECAYS),
        "learning_rate": choices.learning_rate,
        "groups": list(offered.group_columns(choices.data)),
        "extras": _rows_of(TRANSFER_SETS, extras_of(data)),
        "faults": _rows_of(FAULTS, faults_of(data)),
        **{name: getattr(choices, name) for name in CHOSEN_BY_SETUP},
    }


def student_traits(choices: Choices) -> dict[str, Any]:
    """Return what the Setup widget shows of the students that there are to choose."""
    return {
        "kinds": kind_rows(choices.data),
        "students": list(offered.student_rows(choices.data, choices.layers, choices.kind)),
        "depths": list(KINDS[choices.kind].depths),
        "losses": [{"value": name, "text": t(SOFT_LOSSES[name].title)} for name in offered.losses_of(choices.kind)],
    }


def _rows_of(table: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, str]]:
    """Return what the Setup widget says of some of a table's entries."""
    return [{"value": name, "text": t(table[name].title), "note": t(table[name].text)} for name in names]
