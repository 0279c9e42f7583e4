"""The Distillation Lab: a real student learns from a real teacher, beside its twin that has none.

Callbacks only put a command and return; training, and whatever else takes time, happens on the runner's thread; the
page is brought up to date by the publisher's. No widget is created after construction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets
from traitlets import Bunch

from .. import data as data_sets
from .. import models, widgets
from ..distill import Distillation, Runner, Teacher, hinton, leave_room
from ..distill.batches import batch_sizes
from ..distill.evaluate import answer
from ..distill.runner import KeepGoing
from . import choices as offered
from . import telling
from .choices import Choices
from .panel import Panel
from .probes import Probes, choose_probes
from .publisher import Publisher

CHOSEN_BY_SETUP = ("labels", "keep_unlabelled", "teacher", "units", "epochs", "batch_size")


class Lab(Panel):
    """The flagship page: choose, train, watch, edit while it learns.

    Parameters
    ----------
    run : Distillation, optional
        A run of your own, shown and trained here in place of the choices on the page. Its twin is made from it.
    data, labels, keep_unlabelled, teacher, units, epochs, temperature, alpha, learning_rate, batch_size, seed
        How the page opens; see :class:`kdviz.panels.choices.Choices` for the defaults. ``labels``: how many labels of
        the training data the student may use. ``units``: hidden units of the student. Not with ``run``.

    Attributes
    ----------
    run, twin : Distillation or None
        The student's run and its twin's; None before training.
    setup, transport, curves, soft_targets : widgets
        The parts of the page.

    Notes
    -----
    In a notebook, ``kd.panels.Lab()`` as the last line of a cell. Without a page, the same things by hand:
    ``lab.command("train")``, then ``lab.wait("finished")``.
    """

    def __init__(self, run: Distillation | None = None, **chosen: Any) -> None:
        if run is not None and chosen:
            raise TypeError(f"Lab takes a run or choices, got a run and {', '.join(chosen)}; edit the run instead")
        leave_room()
        self._own = run
        self._choices = Choices(**chosen)
        self._publisher = Publisher()
        self._changed = threading.Condition()
        self._teachers: dict[str, Teacher] = {}
        self._scene: Probes | None = None
        self._scene_of = ("", "")  # data and teacher the probes were chosen with
        self._scene_asked = False
        self._outdated = False  # choices were made since the run on the page
        self._make_widgets()
        self._runner = self._new_runner()
        with self._publisher.directly():
            self._show_scene()
        self._listen()

    def _make_widgets(self) -> None:
        self.setup = widgets.Setup(epochs_range=[1, 200], folded=True)
        self.transport = widgets.Transport()
        self.curves = widgets.LearningCurves()
        self.soft_targets = widgets.SoftTargets(temperature=self._choices.temperature, alpha=self._choices.alpha)
        if self._own is None:
            self.setup.update(datasets=offered.data_rows(), **self._setup_traits())
        first = [self.setup] if self._own is None else []
        left = ipywidgets.VBox([*first, self.transport, self.curves])
        self.view = ipywidgets.Box([left, self.soft_targets]).add_class("kd-lab")

    def _listen(self) -> None:
        self.transport.on_msg(self._on_button)
        self.setup.observe(self._on_data, "dataset")
        self.setup.observe(self._on_choice, list(CHOSEN_BY_SETUP))
        self.setup.observe(self._on_live, "learning_rate")
        self.soft_targets.observe(self._on_live, ["temperature", "alpha"])

    def _setup_traits(self) -> dict[str, Any]:
        c = self._choices
        return {
            "dataset": c.data,
            "label_choices": list(offered.label_choices(c.data)),
            "train_size": len(data_sets.load(c.data).train),
            "teachers": offered.teacher_rows(c.data),
            "students": list(offered.student_rows(c.data)),
            "learning_rate": c.learning_rate,
            **{name: getattr(c, name) for name in CHOSEN_BY_SETUP},
        }

    def _on_button(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        self.command(str(content.get("command", "")))

    def command(self, name: str, **values: Any) -> None:
        """Do what a button does: "train", "pause", "step", "stop", "reset"; or "edit" with values. Returns at once."""
        if name == "reset" or (name in ("train", "step") and self._runner.state == "finished" and self._own is None):
            self._reset()
        if name != "reset":
            self._runner.send(name, **values)  # type: ignore[arg-type]

    def _on_data(self, change: Bunch) -> None:
        if change.new != self._choices.data:
            self._publisher.put(self.transport, state="loading", status=f"Opening {change.new}.")
            self._reset(lambda: self._open(change.new))

    def _on_choice(self, change: Bunch) -> None:
        if getattr(self._choices, change.name) == change.new:
            return
        self._choices = replace(self._choices, **{change.name: change.new})
        self._outdated = bool(self._runner.runs)  # what is on the page belongs to the run that was
        if not self._outdated and change.name in ("teacher", "units") and not self._scene_asked:
            self._scene_asked = True  # one waiting call shows whatever is chosen when it comes
            self._runner.send("call", work=self._show_scene)
        else:
            self._runner.send("call", work=self._show_plan)

    def _on_live(self, change: Bunch) -> None:
        self._choices = replace(self._choices, **{change.name: change.new})
        if self._runner.runs:
            self._runner.send("edit", **{change.name: change.new})

    def _reset(self, then: Callable[[], None] | None = None) -> None:
        """Let the old run go and show the page as it opened, with the choices made since."""
        old, self._runner = self._runner, self._new_runner()
        self._outdated = False
        old.send("close")
        self._runner.send("call", work=then or self._show_scene)

    def _new_runner(self) -> Runner:
        return Runner(self._build, self._report)

    def _build(self, keep_going: KeepGoing) -> Sequence[Distillation]:
        """Make the student's run and its twin's as chosen, and ask the teacher about the transfer set."""
        run = self._own or self._run_as_chosen()
        run.prepare(keep_going)
        return (run, run.twin()) if run.data.train.labelled else (run,)

    def _run_as_chosen(self) -> Distillation:
        c = self._choices
        return Distillation(
            self._teacher(c.teacher),
            c.student(),
            c.splits(),
            hinton(c.alpha, c.temperature),
            learning_rate=c.learning_rate,
            batch_size=c.batch_size,
            epochs=c.epochs,
            seed=c.seed,
        )

    def _teacher(self, name: str) -> Teacher:
        """Return a shipped teacher with the answers it gave before."""
        if name not in self._teachers:
            self._teachers[name] = Teacher(models.pretrained(name))
        return self._teachers[name]

    def _open(self, data: str) -> None:
        """Turn to another data set: its teachers, its labels, its probes."""
        self._choices = self._choices.with_data(data)
        self._publisher.put(self.setup, **self._setup_traits())
        self._show_scene()

    def _show_scene(self) -> None:
        """Show what there is before the first step: probes, teacher, an untrained student, an empty plot.

        What the reader has in hand (T, alpha, choices) is never sent back: it would undo what was set meanwhile.
        """
        self._scene_asked = False
        c, own = self._choices, self._own
        teacher = own.teacher if own is not None else self._teacher(c.teacher)
        if teacher is None:
            raise ValueError("the Lab shows a student beside its teacher and this run has none")
        data = own.data if own is not None else data_sets.load(c.data)
        student = own.student if own is not None else c.student()
        probes: dict[str, Any] = {}
        if self._scene is None or self._scene_of != (data.name, c.teacher):
            self._scene, self._scene_of = choose_probes(teacher.module, data), (data.name, c.teacher)
            probes = {"classes": list(data.classes), "selected": 0, **self._scene.traits()}
        self._publisher.put(
            self.soft_targets,
            **probes,
            student_logits=answer(student, self._scene.examples).numpy(),
            student_step=0,
            in_force={},
            teacher_name=telling.name_of(teacher.module),
            student_name=telling.name_of(student),
        )
        self._publisher.put(self.curves, series=[], teacher=None, edits=[], sentence="")
        self._show_plan()

    def _show_plan(self) -> None:
        """Show how long the next run will be, unless a run is on the page."""
        if not self._runner.runs:
            self._publisher.put(self.curves, total_steps=self._planned())
        self._report(self._runner)

    def _planned(self) -> int:
        """How many steps the next run will take."""
        if self._own is not None:
            return self._own.total_steps
        c = self._choices
        examples = len(data_sets.load(c.data).train) if c.keep_unlabelled else c.labels
        return len(batch_sizes(examples, c.batch_size)) * c.epochs

    def _report(self, runner: Runner) -> None:
        """Collect what the page shows and hand it to the publisher; called between two steps."""
        if runner is not self._runner:  # a run that was reset has nothing to say any more
            return
        runs = runner.runs
        self._publisher.put(
            self.transport,
            state=runner.state,
            **telling.progress(runner, self._planned()),
            seconds_left=runner.seconds_left,
            status=telling.status(runner, outdated=self._outdated),
        )
        locked = telling.locked_reason(runner)
        self._publisher.put(self.setup, locked=bool(locked), locked_reason=locked)
        if runs and self._scene is not None:
            run = runs[0]
            self._publisher.put(self.curves, **telling.curves(runs), sentence=telling.curves_sentence(runs))
            self._publisher.put(
                self.soft_targets,
                student_logits=answer(run.student, self._scene.examples).numpy(),
                student_step=run.steps_done,
                in_force=telling.in_force(run) if runner.state != "finished" else {},
            )
        with self._changed:
            self._changed.notify_all()

    @property
    def run(self) -> Distillation | None:
        return self._runner.runs[0] if self._runner.runs else self._own

    @property
    def twin(self) -> Distillation | None:
        return self._runner.runs[1] if len(self._runner.runs) > 1 else None

    @property
    def status(self) -> str:
        """What the page's status line says."""
        return telling.status(self._runner)

    @property
    def settings(self) -> dict[str, Any]:
        if self._own is not None:
            raise ValueError("this Lab shows a run of your own; save the run (run.save) instead of the panel's state")
        return self._choices.to_dict()

    def wait(self, *states: str, timeout_s: float = 600.0) -> bool:
        """Wait until all commands are obeyed, training is in one of ``states`` and the page shows it.

        Returns
        -------
        bool
            Whether that came true in time.
        """

        def there() -> bool:
            return self._runner.quiet and self._runner.state in states

        with self._changed:
            reached = self._changed.wait_for(there, timeout_s)
        return reached and self._publisher.wait_until_sent()

    def close(self) -> None:
        """Stop training and close everything: no thread and no widget is left."""
        self._runner.close()
        self._publisher.close()
        super().close()
