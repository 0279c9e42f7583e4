"""A page of a catalogue, here of two learning rates: chosen, linked, locked, run, exported."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytest
import torch

import kdviz as kd
from kdviz import widgets
from kdviz.panels.live.catalogue import CataloguePage
from kdviz.panels.live.checks import one_of
from kdviz.panels.live.link import Link, opened_with
from kdviz.panels.live.parameters import word, words

RATES = {"slow": 1e-3, "fast": 1e-2}


@dataclass(frozen=True)
class Rate:
    rate: str = "slow"

    def __post_init__(self):
        one_of("rate", self.rate, tuple(RATES))

    def to_dict(self):
        return asdict(self)


class Rates(CataloguePage[Rate]):
    links = Link(
        {"rate": word(tuple(RATES)), "hidden": words(("curves",))},
        opened_with(lambda fields: Rate(**fields)),
        {"hidden": "hide"},
    )
    choices, hideable, kept_as = Rate, ("curves",), "rates"
    traits = {"chosen": "rate"}  # noqa: RUF012
    opening, under_way, still = "Opening.", "A run is under way.", "A copy."
    of_ones_own = "the data are your own"

    def __init__(self, data, *, by_name=True, **chosen):
        super().__init__(Rate(**chosen))
        self._data, self._named, self.settle = data, by_name, lambda choices: choices
        self.goes_on = True
        self._open_page(heard=("listing",))

    def _columns(self):
        self.listing = widgets.Schemes()
        return {"choose": [self.listing], "see": [], "run": [self.transport, self.curves]}

    def _listen(self):
        self.listing.observe(self._on_chosen, ["chosen"])

    @property
    def _is_by_name(self):
        return self._named

    @property
    def _listing(self):
        return self.listing

    def choose(self, rate):
        self._turn_to(Rate(rate))

    def _settled(self, choices):
        return self.settle(choices)

    def _show_as_it_was(self):
        self._publisher.put(self.listing, chosen=self._choices.rate)

    def _show_anew(self, choices):
        rows = [{"name": name, "title": name, "family": "online", "acronym": "", "found_by": name} for name in RATES]
        self._publisher.put(self.listing, schemes=rows, chosen=choices.rate)

    def _build(self, keep_going):
        student = kd.models.mlp((4,), inputs=16, classes=2)
        rate = RATES[self._shown_choices.rate]
        return [kd.Distillation(None, student, self._data, 1.0 * kd.HardLabels(), epochs=2000, learning_rate=rate)]

    def _record(self, runner):
        pass

    def _to_keep(self, place):
        self._runner.runs[0].save(place / "student")
        return {"rate": self._shown_choices.rate}

    def _shown_again(self, place, said):
        assert said == {"rate": self._shown_choices.rate}
        return [kd.Distillation.load(place / "student", data=self._data)]

    @property
    def _goes_on(self):
        return self.goes_on

    def _show_runner(self, runner):
        self._show_progress(runner, runner.state)
        self._show_locked(runner)

    @property
    def _planned_steps(self):
        return 2000

    def _forget(self):
        pass


@pytest.fixture(scope="module")
def data():
    x = torch.rand(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    return kd.data.splits((x, (x.mean((1, 2, 3)) > 0.5).long()), validation=0.2, test=0.2, name="bright")


def test_what_is_chosen_is_shown_with_its_link_and_what_cannot_be_stays_as_it_was(closed, data):
    page = closed(Rates(data))
    assert (page.listing.chosen, page.share.query, page.share.call) == ("slow", "", "kd.panels.Rates()")
    page.listing.chosen = "fast"
    assert page.wait() and page.settings == {"rate": "fast"}
    assert page.share.query == page.listing.query == "?rate=fast" and "rate='fast'" in page.share.call
    page.listing.chosen = "sideways"
    assert page.wait() and page.listing.chosen == "fast"
    assert "rate must be one of slow, fast, got 'sideways'" in page.transport.status.replace("Rate", "rate")
    page.command("step")
    assert page.wait("paused") and page.listing.locked and page.listing.locked_reason == "A run is under way."
    page.listing.chosen = "slow"
    assert page.wait("paused") and page.listing.chosen == "fast" and page._runner.runs
    page.command("stop")
    assert page.wait("stopped") and not page.listing.locked
    page.choose("slow")
    assert page.wait("idle") and page.scene.runs == [] and not page._runner.runs, "the run left the page"


def test_a_link_opens_the_page_and_hides_its_parts_until_there_is_a_run(closed, data):
    page = closed(Rates(data))
    page._on_scene_message({"hello": {"query": "?rate=fast&hide=curves"}})
    assert page.wait() and page.settings == {"rate": "fast"}
    assert {"curves", "scrubber", "branch"} <= set(page.scene.hidden) and page.scene.link["answered"]
    page.command("step")
    assert page.wait("paused")
    page._on_scene_message({"hello": {"query": "?rate=slow"}})
    assert page.wait("paused") and page.settings == {"rate": "fast"}, "a run is not thrown away by a second look"


def test_a_run_that_a_reload_took_off_the_page_is_named_until_something_is_done(closed, data):
    page = closed(Rates(data))
    ready = page.transport.status
    for wrong in (0, -63, "63", True, None, 1.5):
        page.scene._handle_custom_msg({"hello": {"gone": wrong}}, [])
    assert page.wait() and page.transport.status == ready
    page.scene._handle_custom_msg({"hello": {"query": "?rate=fast", "gone": 2000}}, [])
    assert page.wait() and page.settings == {"rate": "fast"}
    gone = "A run of 2,000 steps was here and was not kept. Train begins it anew."
    assert page.transport.status == f"{ready} {gone}"
    page.choose("slow")
    assert page.wait() and page.transport.status == ready
    page.command("step")
    assert page.wait("paused")
    page.scene._handle_custom_msg({"hello": {"gone": 2000}}, [])
    assert page.wait("paused") and gone[:14] not in page.transport.status, "its run is here"


def test_a_page_of_ones_own_data_follows_no_link_and_has_no_state(closed, data, tmp_path):
    page = closed(Rates(data, by_name=False))
    page._on_scene_message({"hello": {"query": "?rate=fast"}})
    assert page.wait() and page._choices == Rate("slow")
    assert page.share not in page.view.children[0].children[2].children
    with pytest.raises(ValueError, match="the data are your own"):
        _ = page.settings
    assert "A copy." in page.to_html(tmp_path / "rates.html").read_text("utf-8")


def test_what_is_chosen_while_an_earlier_choice_is_shown_is_shown_next_and_not_lost(closed, data):
    page = closed(Rates(data))
    asked = []

    def settle(choices):
        asked.append(choices.rate)
        if choices.rate == "fast":
            page.choose("slow")
        return choices

    page.settle = settle
    page.choose("fast")
    assert page.wait() and asked == ["fast", "slow"]
    assert page.settings == {"rate": "slow"} and page.listing.chosen == "slow"


def weights(page):
    return torch.nn.utils.parameters_to_vector(page._runner.runs[0].student.parameters()).tolist()


def test_a_run_is_shown_again_and_goes_on_bit_for_bit_and_each_choice_has_its_own(kept_page, data):
    page = kept_page(Rates, data, browser=True)
    for rate in ("slow", "fast"):
        page.choose(rate)
        assert page.wait()
        page.command("step")
        assert page.wait("paused") and "earlier visit" not in page.transport.status
        page.command("stop")
        assert page.wait("stopped")
    again = kept_page(Rates, data, browser=True, query="?rate=fast")
    assert again.wait("stopped") and weights(again) == weights(page)
    assert again.transport.status.endswith(" This run is from an earlier visit.")
    for one in (page, again):
        one.command("step")
        assert one.wait("paused")
    assert weights(again) == weights(page) and "earlier visit" not in again.transport.status
    again.command("stop")
    assert again.wait("stopped")
    again.choose("slow")
    assert again.wait("stopped") and again._runner.steps_done == 1 and again.settings == {"rate": "slow"}
    again.command("reset")
    assert again.wait() and not again._runner.runs, "cleared away by the reader"
    again.choose("fast")
    assert again.wait("stopped") and again._runner.steps_done == 2
    again.choose("slow")
    assert again.wait("idle")


def test_a_report_while_something_else_is_chosen_keeps_the_run_where_it_was(kept_page, data, monkeypatch):
    page = kept_page(Rates, data, browser=True)
    for rate in ("fast", "slow"):
        page.choose(rate)
        assert page.wait()
        page.command("step")
        assert page.wait("paused")
        page.command("stop")
        assert page.wait("stopped")
    slow, old, made = weights(page), page._runner, page._new_runner

    def reported():
        page._report(old)  # by its own thread, just now
        return made()

    monkeypatch.setattr(page, "_new_runner", reported)
    page.choose("fast")
    assert page.wait("stopped") and weights(page) != slow
    page.choose("slow")
    assert page.wait("stopped") and weights(page) == slow


def test_a_record_is_begun_anew_and_what_cannot_be_read_is_as_if_it_had_never_been(kept_page, data):
    page = kept_page(Rates, data, browser=True)
    page.command("step")
    assert page.wait("paused")
    record = kept_page(Rates, data)
    record.goes_on = False
    record._opened("b" * 32, "")
    assert record.wait("stopped") and record.transport.status.endswith("an earlier visit; Train begins it anew.")
    record.goes_on = True  # as a page is whose record has left it
    record._reset()
    assert record.wait()
    for file in page._folder.glob("*/student/CURRENT"):
        file.write_text("nowhere")
    damaged = kept_page(Rates, data, browser=True)
    assert damaged.wait("idle") and list(damaged._folder.iterdir()) == []


def test_a_page_of_ones_own_keeps_nothing_and_one_that_cannot_write_says_why(kept_page, data, monkeypatch):
    own = kept_page(Rates, data, browser=True, by_name=False)
    own.command("step")
    assert own.wait("paused") and own._folder is None
    page = kept_page(Rates, data, browser=True)

    def full(place):
        raise OSError("there is no room on the disk")

    monkeypatch.setattr(page, "_to_keep", full)
    page.command("step")
    assert page.wait("paused")
    assert page.transport.status.endswith("This run could not be kept: there is no room on the disk.")
