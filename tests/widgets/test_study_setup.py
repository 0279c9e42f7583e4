"""The setup of a study in a browser, without a server."""

from __future__ import annotations

from playwright.sync_api import expect

from kdviz.widgets import Scene, StudySetup


def test_values_ticked_one_after_the_other_before_an_answer_are_all_asked_for(mount):
    options = [{"value": value, "text": value} for value in ("1", "2", "4", "8")]
    axes = [{"value": name, "text": name} for name in ("T", "alpha")]
    fields = [
        {"name": name, "title": name, "axis": side, "options": options, "chosen": ["1"]}
        for name, side in (("T", "x"), ("alpha", "y"))
    ]
    page = mount(StudySetup(scene=Scene(), fields=fields, axes=axes))
    across = page.get_by_role("group", name="Values of T")
    for value in ("4", "2"):
        across.get_by_role("checkbox", name=value).check()
    asked = page.evaluate("() => model.log.map(({ sent }) => [sent.name, sent.value])")
    assert asked == [["T", "1,4"], ["T", "1,2,4"]]
    page.evaluate("() => model.set('answer', model.get('answer') + 1)")  # it was refused: as it is
    expect(across.get_by_role("checkbox", name="4")).not_to_be_checked()
    across.get_by_role("checkbox", name="1").click()
    expect(across.get_by_role("checkbox", name="1")).to_be_checked()
    assert page.evaluate("() => model.log.length") == 2, "an axis has a value"
