"""Live pages that are closed after their test; the Lab in a browser: a run of two seconds, and what is on its page."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence

import ipywidgets
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from kdviz.data import Examples
from kdviz.distill import Teacher
from kdviz.distill.teacher import Answers, Cancelled

READY_MS = 120_000
TRAINED_MS = 240_000
QUICK = "labels=300&units=16&epochs=4&batch_size=32&smoothing=0"  # 40 steps

KNOWN: dict[tuple[str, str, str], Answers] = {}


@pytest.fixture(autouse=True, scope="module")
def shipped_teachers_answer_once() -> Iterator[None]:
    """Ask a teacher about the same validation or test examples once for all pages: half of what a short run costs.

    A page asks a teacher of its own; that it does so only once, and what is answered, is tested in ``tests/distill``.
    """
    compute = Teacher._compute

    def known(
        self: Teacher, examples: Examples, layers: Sequence[str], progress: Callable[[int, int], bool] | None
    ) -> Answers:
        if layers or len(examples) > 10_000 or not hasattr(self.module, "architecture"):
            return compute(self, examples, layers, progress)
        key = (examples.fingerprint(), self.fingerprint(), repr(self.module))
        if key not in KNOWN:
            KNOWN[key] = compute(self, examples, layers, progress)
        elif progress is not None and not progress(len(examples), len(examples)):
            raise Cancelled("stopped")
        return KNOWN[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Teacher, "_compute", known)
        yield


OF_LIVE_PAGES = ("kdviz-runner", "kdviz-publisher", "kdviz-study", "kdviz-compress")  # names of their threads


@pytest.fixture
def closed():
    """``closed(panel)`` returns the panel, which is closed after the test; no thread and no widget may be left then."""
    panels = []

    def keep(panel):
        panels.append(panel)
        return panel

    before = set(ipywidgets.widgets.widget._instances)
    yield keep
    for panel in panels:
        panel.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(OF_LIVE_PAGES)]
    assert set(ipywidgets.widgets.widget._instances) <= before, "a widget was left"


BROWSER = "b" * 32


@pytest.fixture
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def kept_page(closed, tmp_path, monkeypatch):
    """``kept_page(Page, browser=True, **chosen)`` makes a page that is ready, open in a browser that keeps what is made
    on it in a folder of the test."""
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))

    def make(kind, *given, browser=False, query="", **chosen):
        page = closed(kind(*given, **chosen))
        if browser:
            page._opened(BROWSER, query)
        assert page.wait(*getattr(page, "at_rest", ("idle", "stopped", "finished")))
        return page

    return make


def choose_view(page: Page, name: str) -> None:
    """Choose a tab by the keyboard, which brings it into sight where the row scrolls."""
    tab = page.locator(".kd-views:visible").get_by_role("radio", name=name, exact=True)
    tab.focus()
    tab.press("Space")


class LabPage:
    """A Lab that is open in a browser, by the names a reader sees."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def ready(self) -> LabPage:
        """Wait until it can train, with what the link asked for."""
        expect(self.page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=READY_MS)
        expect(self.button("Train")).to_have_attribute("aria-disabled", "false", timeout=READY_MS)
        return self

    def train(self) -> LabPage:
        self.button("Train").click()
        expect(self.page.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
        return self

    def button(self, name: str | re.Pattern) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def view(self, name: str) -> None:
        choose_view(self.page, name)

    @property
    def status(self) -> Locator:
        return self.page.locator(".kd-status")

    @property
    def temperature(self) -> Locator:
        return self.page.get_by_role("slider", name=re.compile("^Temperature"))

    @property
    def scrubber(self) -> Locator:
        return self.page.locator(".kd-scrubber input[type=range]")

    def student(self) -> list[str]:
        """The student's probabilities as printed, class by class."""
        return self.page.locator(".kd-hero .kd-p-student").all_inner_texts()


@pytest.fixture
def open_lab(serve, page):
    """``open_lab(query="", **options)`` opens the Lab by a link and returns it when it can train."""

    def open_page(query: str = QUICK, **options: object) -> LabPage:
        lab = LabPage(page(f"{serve().url}?{query}", **options)).ready()
        if "labels=300" in query:  # what the link asks for comes a moment after the page
            expect(lab.page.locator(".kd-setup-chosen")).to_contain_text("300 labels", timeout=READY_MS)
        return lab.ready()

    return open_page
