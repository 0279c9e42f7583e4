"""A page that makes things on a thread of its own, here numbers: begun, stopped, refused, kept, taken up."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass

import pytest

from kdviz import widgets
from kdviz.distill.schema import Record, Whole
from kdviz.panels.live import browser_folder
from kdviz.panels.live.link import Link, opened_with
from kdviz.panels.live.making import BUSY, MakingPage
from kdviz.panels.live.parameters import whole, words
from kdviz.widgets.from_page import Box

FIELDS = {"settings": Record({"most": Whole()})}


@dataclass(frozen=True)
class Chosen:
    most: int = 3

    def to_dict(self):
        return asdict(self)


class Numbers(MakingPage[Chosen]):
    links = Link(
        {"most": whole(1, 9), "hidden": words(("setup",))},
        opened_with(lambda fields: Chosen(**fields)),
        {"hidden": "hide"},
    )
    choices, kept_as = Chosen, "study"  # its threads are named so, and have to be gone after a test
    _messages = {"choose": Record({}), "go": Record({})}  # noqa: RUF012

    def __init__(self, **chosen):
        super().__init__(Chosen(**chosen), given=bool(chosen), opening="Opening.")
        self.going, self.made, self.shown = threading.Event(), 0, []
        self.scene, self.setup = widgets.Scene(), widgets.CompressSetup()
        self.view = Box([self.setup])
        self._open_page([self.setup])

    @classmethod
    def kinds(cls):
        return {"most": Whole(least=1, most=9)}

    def _say(self, sentence):
        self._publisher.put(self.setup, status=sentence)

    def _show_choices(self):
        pass

    def _show(self):
        self._enter("idle", f"Up to {self._choices.most}.", instead_of="opening")

    def _show_state(self, state, status, *, share, left):
        self.shown.append(state)
        self._publisher.put(self.setup, state=state, status=status)

    def _take_up(self, folder):
        read = browser_folder.kept(folder / "made.json", 1, FIELDS)
        return None if read is None else read["settings"]

    def choose(self, **chosen):
        self._choices = Chosen(**chosen)
        self._show_soon()

    def go(self):
        self._enter("running", "Going.")
        self._runner.put("run", self._do)

    def _do(self):
        browser_folder.keep(self._folder / "made.json", 1, {"settings": self.settings})
        while not self._stop_asked.is_set() and self.made < self._choices.most:
            self.going.wait(60)
            self.made += 1
            self._enter("running", f"Made {self.made}.")
        self._stop_asked.clear()
        self._enter("idle", f"Made {self.made} in all.")

    def _commands(self):
        return {"choose": self._choose, "go": self.go}


def test_what_is_begun_is_stopped_after_the_step_under_way_and_another_visit_opens_as_this_one(kept_page):
    page = kept_page(Numbers, browser=True, most=8)
    assert page.status == "Up to 8."
    page.go()
    assert page.wait("running") and not page.wait(timeout_s=0.05), "nothing else counts as the end of it"
    page._stop()
    page._open_as({"most": 2})
    page._opened("c" * 32, "")
    assert page.settings == {"most": 8} and page._folder.name == "b" * 32, "nothing is changed meanwhile"
    page.going.set()
    assert page.wait() and (page.made, page.status, page.setup.status) == (1, *["Made 1 in all."] * 2)
    stopping = page.shown.index("stopping")
    assert "running" not in page.shown[stopping:] and set(page.shown[stopping:-1]) == {BUSY[1]}

    again = kept_page(Numbers, browser=True)
    assert again.settings == {"most": 8} and again.status == "Up to 8."
    assert kept_page(Numbers, browser=True, most=5).settings == {"most": 5}, "as its call says"
    linked = kept_page(Numbers, browser=True, query="?most=4&hide=setup")
    assert (linked.settings, linked.scene.hidden) == ({"most": 4}, ["setup"])


def test_what_cannot_be_is_said_and_an_error_of_a_thread_too(kept_page):
    page = kept_page(Numbers, browser=True)
    heard = page.setup.answer
    page._opened("../x", "")
    assert page._publisher.wait_until_idle() and page.setup.answer > heard
    assert page.setup.status.startswith("A browser's token is 32 hexadecimal characters")
    with pytest.raises(ValueError, match="name must be one of most, got 'hidden'"):
        page._choose("hidden", "setup")
    page._choose("most", "7")
    assert page.wait() and page.status == "Up to 7."
    page._runner.put("long", lambda: page.going.wait(60))
    assert not page.wait(timeout_s=0.05), "a thread is at work, and the time is over"
    page.going.set()
    page._folder = None
    page.go()
    assert page.wait("failed") and page.setup.state == "failed" and page.setup.status.endswith(".")
