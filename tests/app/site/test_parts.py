"""What pages of a site share lies there once."""

from __future__ import annotations

from kdviz.app.site.parts import SHARED_FROM, Parts, renamed


def test_modules_long_texts_and_sheets_are_taken_out_once() -> None:
    long = "</script>" + "a" * SHARED_FROM
    page = {
        "models": {"w1": {"style": long, "n": 3}, "w2": {"style": "short"}},
        "modules": ["export default 1;", "export default 2;"],
        "module_of": {"w1": 0, "w2": 1},
        "sheets": [".a {}", ""],
        "films": {},
    }
    parts = Parts()
    own, scripts, sheets = parts.taken_out(page)
    assert own["models"] == {"w1": {"n": 3}, "w2": {"style": "short"}}
    assert (len(own["modules"]), len(scripts), len(sheets)) == (2, 3, 1)
    assert own["texts"]["w1"]["style"] in "".join(scripts)
    before = dict(parts.files)
    assert parts.taken_out(page) == (own, scripts, sheets)
    assert parts.files == before
    assert all(b"</script" not in parts.files[place] for place in scripts)


def test_plotly_and_miniatures_come_when_asked_for() -> None:
    parts = Parts()
    assert not any("plotly" in place or "miniatures" in place for place in parts.files)
    assert b"kdvizMiniatures = {" in parts.files[parts.miniatures()]
    assert len(parts.files[parts.figures()]) > 1e6


def test_widgets_are_named_in_order_and_nothing_else_is() -> None:
    one, other = "0123456789abcdef" * 2, "fedcba9876543210" * 2
    text = f'{{"{other}": "IPY_MODEL_{one}", "hash {one} in a text": "anywidget:{other}"}}'
    assert renamed(text) == f'{{"w1": "IPY_MODEL_w2", "hash {one} in a text": "anywidget:w1"}}'
