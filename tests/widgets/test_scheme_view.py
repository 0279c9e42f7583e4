"""The drawings of a scheme: each kind is drawn, read as a table or a picture, and fits a phone."""

from playwright.sync_api import expect

from kdviz.widgets import SchemeView

from ..axe import serious

DRAWINGS = [
    {
        "kind": "curves", "title": "Error", "x": "step", "y": "error", "percent": True, "sentence": "It falls.",
        "lines": [
            {"name": "Student", "look": "student", "x": [0, 500, 1500], "y": [90, 12, 8]},
            {"name": "Peer 1", "look": "branch-0", "x": [0, 500, 1500], "y": [91, 14, 9]},
        ],
    },
    {
        "kind": "bars", "title": "Errors by bits", "unit": "", "sentence": "",
        "rows": [
            {"name": "2 bits", "look": "student", "value": 12.0, "text": "641", "note": "14.9 kB"},
            {"name": "8 bits", "look": "twin", "value": 6.0, "text": "320", "note": ""},
        ],
    },
    {
        "kind": "matrix", "title": "By class", "rows": ["a", "b"], "columns": ["c", "d"], "low": 0, "high": 1,
        "values": [[0.1, None], [1, 0.2]], "texts": [["10 %", ""], ["100 %", "20 %"]], "across": "to", "down": "from",
        "sentence": "",
    },
    {"kind": "images", "title": "Impressions", "shape": [2, 2], "pixels": [[0, 255, 0, 255]], "captions": ["3: 90 %"],
     "sentence": ""},
]  # fmt: skip


def test_each_kind_is_drawn_and_can_be_read(mount):
    page = mount(SchemeView(drawings=DRAWINGS, note="Equal budget."), width=700)
    assert serious(page) == []
    expect(page.get_by_role("img", name="Error: Student 8 %, Peer 1 9 %")).to_be_visible()
    bars = page.get_by_role("table", name="Errors by bits")
    expect(bars.get_by_role("row", name="2 bits")).to_contain_text("641")
    widths = [page.locator(".kd-scheme-bar").nth(i).bounding_box()["width"] for i in (0, 1)]
    assert abs(widths[0] - 2 * widths[1]) < 1
    cells = page.get_by_role("table", name="By class").get_by_role("cell")
    assert cells.all_inner_texts() == ["10 %", "", "100 %", "20 %"]
    expect(page.get_by_role("img", name="3: 90 %")).to_be_visible()
    ink = page.evaluate("() => [...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 2, 1).data]")
    assert ink == [255, 255, 255, 255, 0, 0, 0, 255]


def test_drawings_follow_the_run_and_fit_a_phone(mount):
    page = mount(SchemeView(drawings=DRAWINGS[:1]), width=360)
    expect(page.locator(".kd-scheme-drawing")).to_have_count(1)
    page.evaluate("(drawings) => model.set('drawings', drawings)", DRAWINGS)
    expect(page.locator(".kd-scheme-drawing h2")).to_have_text(["Error", "Errors by bits", "By class", "Impressions"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("() => model.set('drawings', [])")
    expect(page.locator(".kd-scheme-drawing")).to_have_count(0)
