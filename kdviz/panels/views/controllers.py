"""The controllers of a page's views, with their threads: what the Lab and Compare have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from ...data import Splits
from ...widgets import Scene, catalogue
from ...widgets.measured import MeasuredView
from ...widgets.traits import View
from ..live.roster import Entry
from ..live.worker import LatestOnly
from .attention import AttentionController
from .bias import BiasController
from .controller import ViewController
from .counted import CountedExamples
from .domain import DomainController
from .drawing import Models
from .inside import InsideController
from .measured import controller_of
from .privacy import PrivacyController
from .probes import WatchedExamples
from .robustness import RobustnessController
from .saliency import SaliencyController
from .wall import WallController

KINDS: tuple[type[ViewController], ...] = (
    SaliencyController,
    AttentionController,
    InsideController,
    BiasController,
    RobustnessController,
    DomainController,
    PrivacyController,
    WallController,
)


def kinds() -> tuple[type[ViewController], ...]:
    """Return the controllers that there are, those of measured views from outside included."""
    own = {kind.view for kind in KINDS}
    others = [tab for tab in catalogue.tabs() if tab.name not in own and tab.widget is not None]
    return (*KINDS, *(controller_of(tab) for tab in others if issubclass(tab.widget, MeasuredView)))


class ViewControllers:
    """The controllers of one page, by the view that shows them.

    Parameters
    ----------
    scene : Scene
    models : callable
        See :class:`kdviz.panels.views.drawing.Drawing`.
    runs : callable, optional
        Returns all runs of the page, for what sets them side by side.
    put : callable, optional
        Sets traits of the scene in the order in which the page sets others; by default at once.

    Attributes
    ----------
    counted : CountedExamples
        All examples that the views count.
    """

    def __init__(
        self,
        scene: Scene,
        models: Callable[[], Models],
        runs: Callable[[], Iterable[Entry]] = tuple,
        put: Callable[..., None] | None = None,
    ) -> None:
        self._scene = scene
        self.threads = LatestOnly("kdviz-subjects"), LatestOnly("kdviz-across")
        self.counted = CountedExamples(scene, models, self.threads[0], put or scene.update)
        made = [kind(scene, models, lambda: self.counted.examples, *self.threads, runs) for kind in kinds()]
        self._by_view = {controller.view: controller for controller in made}

    def __getitem__(self, view: str) -> ViewController:
        return self._by_view[view]

    def __iter__(self) -> Iterator[ViewController]:
        return iter(self._by_view.values())

    def tabs(self, made: Mapping[str, View], but: Collection[str] = ()) -> dict[str, View]:
        """Return what draws each tab of the page, in their order: ``made``, the controllers' widgets, all others.

        A tab without a widget of its own, and those of ``but``, are left out.
        """
        own = {**made, **{view: controller.widget for view, controller in self._by_view.items()}}
        there = [tab for tab in catalogue.tabs() if tab.widget is not None and tab.name not in but]
        return {tab.name: own[tab.name] if tab.name in own else tab.widget(scene=self._scene) for tab in there}

    def open(self, data: Splits, watched: WatchedExamples, whole: Splits | None = None) -> int:
        """Turn to another data set and the examples of it that the scene shows; return how many the views count.

        ``whole`` has the parts that were trained, chosen and tested on, where these are known.
        """
        count = self.counted.open(data.validation, len(data.classes), watched)
        for controller in self:
            controller.whole = whole
            controller.open(data)
        return count

    def forget(self) -> None:
        """Let go of the examples."""
        self.counted.forget()

    def offered(self, *, images: bool, omitted: bool = False) -> list[str]:
        """Return the tabs that have something to show.

        Parameters
        ----------
        images, omitted : bool
            With those for images alone; with those for a class that was left out of training.
        """
        tabs = catalogue.tabs()
        there = [tab.name for tab in tabs if (images or not tab.images) and (omitted or not tab.omitted)]
        return [name for name in there if name not in self._by_view or self._by_view[name].offered]

    def refresh(self) -> None:
        """Have what the view shown needs made anew; returns at once."""
        self.counted.refresh()
        for controller in self:
            controller.refresh()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nothing waits and nothing is being made; return whether that came true in time."""
        return all(thread.wait_until_idle(timeout_s) for thread in self.threads)

    def close(self) -> None:
        """End the work and the threads, and close the widgets."""
        for controller in self:
            controller.close()
        for thread in self.threads:
            thread.close()
