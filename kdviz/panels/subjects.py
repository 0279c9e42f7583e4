"""All subjects of a page, with their threads: what the Lab and the comparison of two models have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..data import Examples, Splits
from ..widgets import Scene
from ..widgets.traits import View
from .attention import AttentionOf
from .bias import BiasOf
from .drawing import Models
from .newest import Newest
from .roster import Entry
from .saliency import SaliencyOf
from .subject import Subject

KINDS: tuple[type[Subject], ...] = (SaliencyOf, AttentionOf, BiasOf)


class Subjects:
    """The subjects of one page, by the view that shows them.

    Parameters
    ----------
    scene : Scene
    models : callable
        As of :class:`kdviz.panels.drawing.Drawing`.
    runs : callable, optional
        Returns all runs of the page, for what sets them side by side.
    """

    def __init__(self, scene: Scene, models: Callable[[], Models], runs: Callable[[], Iterable[Entry]] = tuple) -> None:
        self._examples: Examples | None = None
        self.threads = Newest("kdviz-subjects"), Newest("kdviz-across")
        made = [kind(scene, models, lambda: self._examples, *self.threads, runs) for kind in KINDS]
        self._by_view = {subject.view: subject for subject in made}

    def __getitem__(self, view: str) -> Subject:
        return self._by_view[view]

    def __iter__(self) -> Iterator[Subject]:
        return iter(self._by_view.values())

    @property
    def widgets(self) -> list[View]:
        """One a subject."""
        return [subject.widget for subject in self]

    def open(self, data: Splits, examples: Examples) -> None:
        """Turn to another data set and the examples of it that the scene shows."""
        self._examples = examples
        for subject in self:
            subject.open(data)

    def forget(self) -> None:
        """Let go of the examples."""
        self._examples = None

    def offers(self, view: str) -> bool:
        """Whether a view has something to show; true of views that are no subject's."""
        return view not in self._by_view or self._by_view[view].offered

    def refresh(self) -> None:
        """Have what the view shown needs made anew; returns at once."""
        for subject in self:
            subject.refresh()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nothing waits and nothing is being made; return whether that came true in time."""
        return all(thread.wait_until_idle(timeout_s) for thread in self.threads)

    def close(self) -> None:
        """End the work and the threads, and close the widgets."""
        for subject in self:
            subject.close()
        for thread in self.threads:
            thread.close()
