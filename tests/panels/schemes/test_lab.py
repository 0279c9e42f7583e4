"""From every scheme of the page to the Lab: each of its runs is shown there, with its own teacher."""

from __future__ import annotations

import pytest

from kdviz.panels import Lab
from kdviz.panels.lab import link
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.several import ALONE, RECORDED
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.choices import SchemeChoices
from kdviz.panels.schemes.lab import like_it, trained
from kdviz.panels.schemes.setting import Setting


@pytest.fixture
def in_haste(monkeypatch):
    """Nothing waits for a page that is not there."""
    monkeypatch.setattr("kdviz.panels.live.memory.give_back", lambda: None)


@pytest.mark.usefixtures("in_haste")
@pytest.mark.parametrize("name", [name for name, scheme in schemes().items() if scheme.data in ("images", "kinds")])
def test_the_lab_opens_all_runs_of_a_scheme_and_shows_each(name, course_of):
    course = course_of(name)
    runs = trained(course)
    stages = [run for lane in course.lanes.values() for run in lane.stages]
    assert list(runs.values()) == [run for run in stages if run.data.train.y.ndim == 1], "those of tokens stay here"
    panel = Lab(runs)
    panel._publisher._pause_s = 0.0
    try:
        names = [row["name"] for row in panel.given.runs]
        assert [one for one in names if not one.startswith("Peer ")] == list(runs)
        keys = {row["name"]: row["id"] for row in panel.given.runs}
        for called, run in runs.items():
            panel.command("show", run=keys[called])
            assert panel.wait("finished", "stopped", timeout_s=60), (called, panel.status)
            assert panel.given.chosen == keys[called] == panel.scene.shown_run and panel.run is run
            own = panel.scene.runs[0]
            assert own["name"] == called and len(own["values"]) >= 2 and own["steps"][-1] == run.steps_done, own
            said = panel.curves.sentence
            if run.teacher is None:
                assert said.endswith(ALONE) and panel.views.offered == []
            elif not run.teacher.knows(run.data.validation):
                assert said.endswith(RECORDED) and panel.views.offered == []
            else:
                assert "Its teacher makes" in said and "one" in panel.views.offered
                assert panel.scene.exact == {"run": keys[called], "step": run.steps_done}
    finally:
        panel.close()


def test_the_button_opens_the_runs_below_the_page_and_closes_them_again(schemes_page, small):
    panel = schemes_page(small, scheme="assistant_chain", epochs=3)
    assert panel.trained == {} and not panel.to_lab.ready
    with pytest.raises(ValueError, match="Once these runs have ended"):
        panel.command("lab")
    panel.command("train")
    assert panel.wait("finished", timeout_s=120) and panel.to_lab.ready, panel.status
    names = ["Assistant 1", "Assistant 2", "Student", "Offline distillation", "Twin, no teacher"]
    assert list(panel.trained) == names and "; ".join(names) in panel.to_lab.note
    panel.to_lab._handle_custom_msg({"command": "lab"}, [])
    assert panel.wait("finished") and panel.to_lab.opened and panel.to_lab.note == "The Lab is open below."
    first = panel._lab
    assert panel._room.children == (first.view,) and first.run is panel.trained["Student"]
    assert first.given.note == "Student is taught by Assistant 2."
    panel.command("lab")  # again: another in its place
    assert panel._room.children == (panel._lab.view,) and panel._lab is not first
    panel.command("close_lab")
    assert panel.wait("finished") and panel._room.children == () and not panel.to_lab.opened and panel.to_lab.ready
    assert panel.to_lab.query == ""  # a setting of the reader's own has no link


def test_the_link_opens_a_lab_that_trains_what_the_page_trained():
    for name, which in (("omitted_class", "own"), ("mutual_learning", "hinton")):
        choices, scheme = SchemeChoices(scheme=name, seed=3), schemes()[name]
        setting = Setting.of(seed=3)
        course = scheme.begin(setting, scheme.chosen({}))
        query, found = like_it(choices, setting, course)
        state = link.from_query(query)
        assert found == which
        opened = Choices(**{name: state[name] for name in Choices.__dataclass_fields__})
        lane = course.own if which == "own" else course.lanes["hinton"]
        lane.prepare()
        run = lane.stages[0]
        assert opened.objective().to_dict() == run.objective.to_dict() and opened.seed == 3
        assert opened.student().architecture == run.student.architecture
        assert opened.distillation(setting.teacher, opened.splits()).settings.learning_rate == setting.learning_rate
