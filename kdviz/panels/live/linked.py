"""A page whose address is a link: it opens as the link says, and says what of it could not be followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from ...widgets import Scene, Share
from ...widgets.from_page import Box
from ...widgets.share import PARTS
from ...words import t
from . import status_text
from .link import Link, of_address


class Linked:
    """What pages with links have in common; mixed into a panel.

    The link is known before the first drawing where the kernel was started for it. A warm kernel hears of it from the
    page, in the scene's hello; the page stays unseen until it is followed.

    Attributes
    ----------
    links : Link
        What the links of this page can say.
    """

    links: ClassVar[Link]
    scene: Scene
    view: Box
    _followed: str | None = None  # the link that the page was opened by
    _mistake = ""

    def _asked_for(self) -> dict[str, Any] | None:
        """Return what the address of this kernel asks for, before there are widgets; None where it asks for nothing."""
        query = of_address()
        if not query:
            return None
        found = self.links.follow(query)
        self._followed, self._mistake = query, found.note
        return found.state if found.names else None

    def _can_be_linked(self) -> None:
        """Let the page know that it follows links, and what became of the one that is known; the page is made."""
        if not self._is_by_name:
            return
        self.view.add_class("kd-follows")
        self._answer(self.scene.update)

    def _on_scene_message(self, content: dict[str, Any]) -> None:
        hello = content.get("hello")
        if isinstance(hello, dict):
            self._opened(str(hello.get("browser", "")), str(hello.get("query", "")))

    def _opened(self, browser: str, query: str) -> None:
        """The page has opened in a browser, by a link."""
        raise NotImplementedError

    def _follow(self, query: str, then: Callable[[Callable[[], None]], None], put: Callable[..., None]) -> None:
        """Open the page as a link says.

        Parameters
        ----------
        query : str
            As the page's address has it.
        then : callable
            Has what it is given done once the page shows what it was opened with.
        put : callable
            Takes traits of the scene.
        """
        if query and query != self._followed:
            found = self.links.follow(query)
            self._followed, self._mistake = query, found.note
            if found.names:
                self._open_as(found.state)
        then(lambda: self._answer(put))

    def _answer(self, put: Callable[..., None]) -> None:
        known = self._followed is not None
        put(link={"answered": known, "note": self._note() if known else ""})

    def _note(self) -> str:
        """Return what is wrong with the link, in sentences."""
        wrong = self._mistake
        if not wrong and (unmet := self._unmet()):
            wrong = t("this link has a mistake: {why}; the rest was followed", why=unmet)
        return status_text.as_sentence(wrong) if wrong else ""

    @property
    def _is_by_name(self) -> bool:
        """Whether all on the page can be named in a link; models of one's own cannot."""
        return True

    def _unmet(self) -> str:
        """Return why something that the link asks for is not to be had on what it opened; empty where all is."""
        return ""

    def _open_as(self, state: dict[str, Any]) -> None:
        """Open the page as a link says."""
        raise NotImplementedError

    def _shared(self, said: Mapping[str, Any], *, not_called: Iterable[str] = ("hidden",)) -> dict[str, str]:
        """Return the link that opens the page as it is, and the call that does.

        Parameters
        ----------
        said : dict
            The link's fields that are not as by default.
        not_called : iterable of str
            Those that no argument of the panel stands for.
        """
        given = ", ".join(f"{name}={value!r}" for name, value in said.items() if name not in not_called)
        return {"query": self.links.written(said), "call": f"kd.panels.{type(self).__name__}({given})"}


def link_maker(scene: Scene, parts: Iterable[str], titles: Mapping[str, str] = PARTS) -> Share:
    """Return the widget with a page's link, for a page that offers nothing besides.

    Parameters
    ----------
    scene : Scene
    parts : iterable of str
        Of the page, which its link can hide; those without a title are left out.
    titles : dict of str to str
        What a reader calls them.
    """
    hide = {name: t(titles[name]) for name in parts if name in titles}
    return Share(scene=scene, offers=["link"], names={"hide": hide, "lock": {}}, bounds=False)
