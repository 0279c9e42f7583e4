"""From every scheme of the page to the Lab: each of its runs is shown there, with its own teacher."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.panels import Lab
from kdviz.panels.lab import link
from kdviz.panels.lab.several import ALONE, RECORDED
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.choices import SchemeChoices
from kdviz.panels.schemes.lab import like_it, trained
from kdviz.panels.schemes.setting import Setting


@pytest.mark.parametrize("name", list(schemes()))
def test_the_lab_opens_all_runs_of_a_scheme_and_shows_each(name, course_of):
    course = course_of(name)
    runs = trained(course)
    assert len(runs) == sum(len(lane.stages) for lane in course.lanes.values())
    panel = Lab(runs)
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
