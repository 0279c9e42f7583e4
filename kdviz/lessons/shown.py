"""Questions and predictions on a page: what is answered there is kept, and what waits behind them opens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from traitlets import Bunch

from .. import widgets
from ..panels.live.panel import Panel
from ..widgets.from_page import VBox
from ..widgets.question import Gate
from . import telling

if TYPE_CHECKING:
    from .lesson import Lesson


class Shown(Panel):
    """Parts of a lesson as they are drawn: one, or the questions of a quiz.

    Parameters
    ----------
    lesson : Lesson
    names : sequence of str
        Of the parts.
    opens : panel, optional
        Drawn below once all parts have been answered.
    finish : bool
        Whether it ends with how much of the lesson has been answered, and Submit.

    Attributes
    ----------
    names : list of str
    widgets : list of kdviz.widgets.Question
    finish : kdviz.widgets.Finish or None
    """

    def __init__(self, lesson: Lesson, names: Sequence[str], *, opens: Any = None, finish: bool = False) -> None:
        self._lesson, self.names = lesson, list(names)
        self.opened = opens
        self._gate = None if opens is None else Gate([opens.view if isinstance(opens, Panel) else opens])
        self.finish = widgets.Finish(lesson=lesson.kept.lesson) if finish else None
        self.widgets = [self._made(name) for name in self.names]
        after = [one for one in (self._gate, self.finish) if one is not None]
        self.view = VBox([*self.widgets, *after]).add_class("kd-lesson")
        self.refresh()
        if self.finish is not None:
            self.finish.observe(self._on_submit, "submitted")
        for widget in self.widgets:
            widget.observe(self._on_answer, "answer")

    def _made(self, name: str) -> widgets.Question:
        asked = self._lesson.question(name)
        key = f"{self._lesson.kept.lesson}/{name}"
        gate = self._gate if len(self.names) == 1 else None
        return widgets.Question(key=key, kind=asked.kind, text=asked.text, asked=asked.asked(), gate=gate)

    @property
    def unknown(self) -> list[widgets.Question]:
        """The questions whose truth a run has yet to bring."""
        return [w for name, w in zip(self.names, self.widgets, strict=True) if not self._lesson.question(name).known]

    def refresh(self) -> None:
        """Show what is kept, and what may be told of it now."""
        for name, widget in zip(self.names, self.widgets, strict=True):
            asked, kept = self._lesson.question(name), self._lesson.given(name)
            widget.update(
                answer="" if kept is None else _as_json(kept.answer, widget.answer),
                final=not self._lesson.open(name),
                tells=self._lesson.tell,
                submitted=bool(self._lesson.kept.submitted),
                solution=asked.solution() if kept is not None and self._lesson.told and asked.known else {},
                note=self._lesson.kept.note,
            )
        if self._gate is not None:
            self._gate.opened = all(self._lesson.given(name) is not None for name in self.names)
        if self.finish is not None:
            self._refresh_finish(self.finish)

    def _refresh_finish(self, finish: widgets.Finish) -> None:
        lesson = self._lesson
        asked = dict.fromkeys([*lesson.asked, *self.names])
        finish.update(
            asked=[f"{lesson.kept.lesson}/{name}" for name in asked],
            answered=sum(lesson.given(name) is not None for name in asked),
            score=list(lesson.score),
            tells=lesson.tell,
            submits=lesson.tell == telling.SUBMITTED or (lesson.tell == telling.NEVER and lesson.kept.path is not None),
            submitted=bool(lesson.kept.submitted),
        )

    def _on_submit(self, change: Bunch) -> None:
        if change.new and not self._lesson.kept.submitted:
            self._lesson.submit()

    def _on_answer(self, change: Bunch) -> None:
        name = self.names[self.widgets.index(change.owner)]
        kept = self._lesson.given(name)
        if change.new == ("" if kept is None else _as_json(kept.answer, change.new)):
            return
        try:
            self._lesson.answer(name, json.loads(change.new) if change.new else None)
        except ValueError as error:
            self.refresh()
            change.owner.note = str(error)
        else:
            self.refresh()

    def _without_python(self) -> Mapping[Any, Mapping[str, Any]]:
        """An exported page asks, keeps and replies by itself, unless its lesson does not tell, or not yet."""
        # There is nobody to submit to, and nobody who counts what is right.
        finish = {} if self.finish is None else {self.finish: {"submits": False, "score": [0, 0]}}
        if not self._lesson.told:
            return finish
        parts = [self._lesson.question(name) for name in self.names]
        return finish | {w: {"solution": p.solution()} for w, p in zip(self.widgets, parts, strict=True) if p.known}

    def __str__(self) -> str:
        """Return the questions as text, for a notebook that is read where no widget lives."""
        lines = []
        for name in self.names:
            part = self._lesson.question(name)
            lines += [part.text, *(f"  - {one}" for one in part.offered), f"  lesson.answer({name!r}, ...)"]
        if self.finish is not None and self.finish.submits:
            lines.append("lesson.submit()")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data = super()._repr_mimebundle_(**kwargs)
        bundle, *more = data if isinstance(data, tuple) else (data,)
        with_text = {**(bundle or {}), "text/plain": str(self)}
        return (with_text, *more) if more else with_text

    @property
    def settings(self) -> dict[str, Any]:
        raise ValueError("a question has no state to share; share its notebook")


def _as_json(answer: Any, written: str) -> str:
    """Return an answer as JSON; as the page has written it, where that is the same: it need not draw it again."""
    same = bool(written) and json.loads(written) == answer
    return written if same else json.dumps(answer, ensure_ascii=False)
