"""Setup: which data, which teacher, how large a student, how long."""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import pairwise
from typing import Any

import traitlets
from traitlets import Bool, Dict, Float, Int, List, Unicode

from kdviz.distill.courses import CONSTANT, RATE_COURSES, TEMPERATURE_COURSES
from kdviz.distill.optimizer import BY_NAME
from kdviz.distill.variants import PENALTIES, SOFT_LOSSES
from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE, Between
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import Packed, View, WrongTraitError, finite_above_zero, one_of, rising_pair, rows_with
from kdviz.words import t

CONTROLS = (
    "dataset",
    "labels",
    "keep_unlabelled",
    "teacher",
    "units",
    "epochs",
    "learning_rate",
    "batch_size",
    "layers",
    "loss",
    "omit",
    "smoothing",
    "penalty",
    "group",
    "kind",
    "optimizer",
    "weight_decay",
    "temperature_course",
    "rate_course",
    "extra",
    "fault",
)
COURSES = {"temperature_course": TEMPERATURE_COURSES, "rate_course": RATE_COURSES}


class Setup(View):
    """Choices made before training; the student's size is drawn beside the teacher's.

    Dragging a slider sends nothing; its release sends the value. This widget also carries the style sheet
    of the Lab's grid (class `kd-lab`).

    Parameters
    ----------
    **traits
        Values by trait name; `Setup.own_traits()` lists them with their units.

    Raises
    ------
    WrongTraitError
        When a value does not fit, alone or with the others; `update` sets several together.

    Examples
    --------
    >>> setup = Setup(students=[{"units": 8, "parameters": 6370, "macs": 6352}], units=8)
    """

    _esm, _css = bundle.view(__file__)
    part = "setup"
    needs_python = True

    scene = SceneTrait()
    datasets = List(Dict(), help='Data sets: {"name": str, "title": str, "available": bool}.').tag(sync=True)
    dataset = Unicode("", help="Name of the data set chosen.").tag(**BY_PAGE)
    label_choices = List(Int(), help="Numbers of labelled examples to choose from.").tag(sync=True)
    labels = Int(0, help="Number of labelled examples chosen.").tag(**BY_PAGE)
    keep_unlabelled = Bool(False, help="Keep the other training examples, without labels.").tag(**BY_PAGE)
    train_size = Int(0, help="Number of training examples there are.").tag(sync=True)
    teachers = List(
        Dict(),
        help='Teachers: {"name": str, "title": str, "parameters": int, "macs": int, "errors": int, '
        '"examples": int}; errors on that many test examples.',
    ).tag(sync=True)
    teacher = Unicode("", help="Name of the teacher chosen.").tag(**BY_PAGE)
    students = List(
        Dict(), help='Stops of the size slider, rising: {"units": int, "parameters": int, "macs": int}.'
    ).tag(sync=True)
    kinds = List(
        Dict(),
        help='Kinds of student: {"name": str, "title": str, "says": str, "width": str, "depth": str, "measured": str}; '
        "what width and depth count, and what a run of the usual size came to.",
    ).tag(sync=True)
    kind = Unicode("mlp", help="Name of the kind of student chosen.").tag(**BY_PAGE)
    units = Int(64, help="Width of the student chosen, one of the stops: of a perceptron its hidden units.")
    units.tag(**BY_PAGE)
    depths = List(Int(), default_value=[1, 2], help="Depths to choose from, rising.").tag(sync=True)
    epochs = Int(10, help="Passes through the transfer set.").tag(**BY_PAGE)
    epochs_range = List(Int(), default_value=[1, 100], help="Fewest and most epochs of the slider.").tag(sync=True)
    learning_rate = Float(1e-3, help="The optimiser's learning rate; > 0.").tag(**BY_PAGE)
    learning_rate_range = List(
        Float(),
        default_value=[1e-4, 1e-1],
        help="Lowest and highest learning rate of the slider, logarithmic.",
    ).tag(sync=True)
    batch_size = Int(128, help="Examples in one step.").tag(**BY_PAGE)
    batch_size_choices = List(Int(), default_value=[32, 64, 128, 256, 512], help="Batch sizes to choose from.").tag(
        sync=True
    )
    layers = Int(1, help="Depth of the student, one of `depths`: of a perceptron its hidden layers.").tag(**BY_PAGE)
    optimizer = Unicode("adam", help=f"The optimiser: {', '.join(BY_NAME)}.").tag(**BY_PAGE)
    weight_decay = Float(0.0, help="Weight decay; >= 0.").tag(**BY_PAGE)
    weight_decays = List(Float(), default_value=[0.0], help="Weight decays to choose from.").tag(sync=True)
    temperature_course = Unicode(CONSTANT, help=f"How T goes: {', '.join(TEMPERATURE_COURSES)}.").tag(**BY_PAGE)
    rate_course = Unicode(CONSTANT, help=f"How the learning rate goes: {', '.join(RATE_COURSES)}.").tag(**BY_PAGE)
    courses = Dict(help='Courses to choose from, by trait: {"temperature_course": [{"value", "text"}], ...}.')
    courses.tag(sync=True)
    classes = List(Unicode(), help="Names of the classes; where there are none, no loss is offered.").tag(sync=True)
    loss = Unicode("soft_targets", help=f"The soft term: {', '.join(SOFT_LOSSES)}.").tag(**BY_PAGE)
    losses = List(Dict(), help='Soft terms to choose from: {"value", "text"}.').tag(sync=True)
    omit = Int(-1, help="Index of the class left out of training; -1: none.").tag(**BY_PAGE)
    smoothing = Bool(False, help="Whether a second twin learns from smoothed labels.").tag(**BY_PAGE)
    penalty = Unicode("demographic_parity", help=f"What the fairness slider weighs: {', '.join(PENALTIES)}.").tag(
        **BY_PAGE
    )
    penalties = List(Dict(), help='Penalties to choose from: {"value", "text", "needs_labels"}.').tag(sync=True)
    groups = List(Unicode(), help="Columns whose groups can be compared; where there are none, no penalty is offered.")
    groups.tag(sync=True)
    group = Unicode("sex", help="The column whose groups the penalty compares.").tag(**BY_PAGE)
    extra = Unicode("none", help="What is learned from besides, without labels, by name.").tag(**BY_PAGE)
    extras = List(Dict(), help='What there is of that: {"value", "text", "note"}, the first is none of it.')
    extras.tag(sync=True)
    fault = Unicode("none", help="What is wrong with the training data, by name.").tag(**BY_PAGE)
    faults = List(
        Dict(), help='Faults to choose from: {"value", "text", "note"}; where there are none, none is offered.'
    )
    faults.tag(sync=True)
    samples = List(
        Dict(),
        help='A few training examples: {"kind": "labelled", "unlabelled" or "extra", "given": str, "really": str, '
        '"text": str}; "really" where the label is wrong, "text" where there is no picture.',
    ).tag(sync=True)
    sample_images = Packed("u1", help="Their pictures, gray values, shape (N, height, width).").tag(sync=True)
    sample_shape = List(Int(), default_value=[0, 0], help="Height and width of a picture; 0, 0 for none.").tag(
        sync=True
    )
    sample_seen = Float(1.0, help="Which share of a picture’s width the student sees, from the left.").tag(sync=True)
    folded = Bool(False, help="Whether the card opens folded; the reader takes it from there.").tag(sync=True)
    locked = Bool(False, help="True while training owns these choices; all controls are disabled.").tag(sync=True)
    unlocked = List(
        Unicode(),
        default_value=["learning_rate"],
        help="Controls that stay enabled while locked, by trait name.",
    ).tag(sync=True)
    locked_reason = Unicode("", help="One sentence shown while locked.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        offered: dict[str, Container[Any]] = {
            "dataset": [row["name"] for row in self.datasets],
            "labels": self.label_choices,
            "teacher": [row["name"] for row in self.teachers],
            "kind": [row["name"] for row in self.kinds],
            "units": [row["units"] for row in self.students],
            "layers": self.depths,
            "loss": [row["value"] for row in self.losses],
            "optimizer": tuple(BY_NAME),
            "weight_decay": self.weight_decays,
            "epochs": Between(*self.epochs_range),
            "learning_rate": Between(*self.learning_rate_range),
            "batch_size": self.batch_size_choices,
            "omit": range(-1, len(self.classes)),
            "group": self.groups,
            "extra": [row["value"] for row in self.extras],
            "fault": [row["value"] for row in self.faults],
        }
        still = set(CONTROLS) - set(self.unlocked) if self.locked else ()
        return {**offered, **dict.fromkeys(still, ())}

    @traitlets.default("losses")
    def _default_losses(self) -> list[dict[str, Any]]:
        return [{"value": name, "text": t(one.title)} for name, one in SOFT_LOSSES.items()]

    @traitlets.default("courses")
    def _default_courses(self) -> dict[str, Any]:
        return {
            name: [{"value": value, "text": t(one.title)} for value, one in among.items()]
            for name, among in COURSES.items()
        }

    @traitlets.default("penalties")
    def _default_penalties(self) -> list[dict[str, Any]]:
        return [
            {"value": name, "text": t(one.title), "needs_labels": one.needs_labels} for name, one in PENALTIES.items()
        ]

    @traitlets.validate("datasets")
    def _check_datasets(self, proposal: Any) -> list[dict]:
        return rows_with("datasets", proposal["value"], ("name", "title", "available"))

    @traitlets.validate("teachers")
    def _check_teachers(self, proposal: Any) -> list[dict]:
        return rows_with("teachers", proposal["value"], ("name", "title", "parameters", "macs", "errors", "examples"))

    @traitlets.validate("students")
    def _check_students(self, proposal: Any) -> list[dict]:
        rows = rows_with("students", proposal["value"], ("units", "parameters", "macs"))
        units = [row["units"] for row in rows]
        if any(a >= b for a, b in pairwise(units)):
            raise WrongTraitError(f"students must rise in units, got {units}")
        return rows

    @traitlets.validate("dataset", "teacher")
    def _check_name(self, proposal: Any) -> str:
        name, value = proposal["trait"].name, proposal["value"]
        names = [row["name"] for row in getattr(self, f"{name}s")]
        return one_of(name, value, names) if names and value else value

    @traitlets.validate("loss")
    def _check_loss(self, proposal: Any) -> str:
        return one_of("loss", proposal["value"], tuple(SOFT_LOSSES))

    @traitlets.validate("penalty")
    def _check_penalty(self, proposal: Any) -> str:
        return one_of("penalty", proposal["value"], tuple(PENALTIES))

    @traitlets.validate("group")
    def _check_group(self, proposal: Any) -> str:
        return one_of("group", proposal["value"], self.groups) if self.groups else proposal["value"]

    @traitlets.validate("extra", "fault")
    def _check_changed(self, proposal: Any) -> str:
        name, value = proposal["trait"].name, proposal["value"]
        names = [row["value"] for row in getattr(self, f"{name}s")]
        return one_of(name, value, names) if names else value

    @traitlets.validate("layers")
    def _check_layers(self, proposal: Any) -> int:
        return one_of("layers", proposal["value"], self.depths)

    @traitlets.validate("kinds")
    def _check_kinds(self, proposal: Any) -> list[dict]:
        return rows_with("kinds", proposal["value"], ("name", "title", "says", "width", "depth", "measured"))

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        names = [row["name"] for row in self.kinds]
        return one_of("kind", proposal["value"], names) if names else proposal["value"]

    @traitlets.validate("optimizer")
    def _check_optimizer(self, proposal: Any) -> str:
        return one_of("optimizer", proposal["value"], tuple(BY_NAME))

    @traitlets.validate("temperature_course", "rate_course")
    def _check_course(self, proposal: Any) -> str:
        name = proposal["trait"].name
        return one_of(name, proposal["value"], tuple(COURSES[name]))

    @traitlets.validate("weight_decay")
    def _check_decay(self, proposal: Any) -> float:
        return one_of("weight_decay", proposal["value"], self.weight_decays)

    @traitlets.validate("unlocked")
    def _check_unlocked(self, proposal: Any) -> list[str]:
        return [one_of("unlocked", name, CONTROLS) for name in proposal["value"]]

    @traitlets.validate("units")
    def _check_units(self, proposal: Any) -> int:
        stops = [row["units"] for row in self.students]
        return one_of("units", proposal["value"], stops) if stops else proposal["value"]

    @traitlets.validate("labels")
    def _check_labels(self, proposal: Any) -> int:
        value = proposal["value"]
        return one_of("labels", value, self.label_choices) if self.label_choices else value

    @traitlets.validate("epochs", "batch_size")
    def _check_count(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        if value < 1:
            raise WrongTraitError(f"{name} must be >= 1, got {value}")
        return value

    @traitlets.validate("epochs_range")
    def _check_epochs_range(self, proposal: Any) -> list[int]:
        return [int(v) for v in rising_pair("epochs_range", proposal["value"])]

    @traitlets.validate("learning_rate")
    def _check_rate(self, proposal: Any) -> float:
        return finite_above_zero("learning_rate", proposal["value"])

    @traitlets.validate("learning_rate_range")
    def _check_rate_range(self, proposal: Any) -> list[float]:
        return rising_pair("learning_rate_range", proposal["value"])
