import re
from pathlib import Path

import pytest

from kdviz import widgets
from kdviz.widgets.parts import css, esm

FOLDER = Path(widgets.__file__).parent
ALL = [getattr(widgets, name) for name in widgets.__all__ if name != "Scene"]  # which draws nothing
TEXT_PAIRS = [  # foreground, background: everything that is written as text
    (foreground, background)
    for foreground in ("ink", "muted", "teacher-text", "student-text", "twin-text", "error")
    for background in ("surface", "sunken")
] + [("on-ink", "ink")]
MARK_PAIRS = [  # what has to be seen but not read: WCAG 1.4.11 asks 3:1
    (mark, "surface") for mark in ("edge", "teacher", "student-edge", "twin", "focus")
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tokens(theme: str) -> dict[str, str]:
    pattern = r"--kd-([a-z-]+): [^;]*?light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)"
    return {name: light if theme == "light" else dark for name, light, dark in re.findall(pattern, css("theme"))}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("foreground", "background"), TEXT_PAIRS)
def test_text_stands_out_at_least_four_and_a_half_to_one(theme, foreground, background):
    colours = tokens(theme)
    assert contrast(colours[foreground], colours[background]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "background"), MARK_PAIRS)
def test_marks_stand_out_at_least_three_to_one(theme, mark, background):
    colours = tokens(theme)
    assert contrast(colours[mark], colours[background]) >= 3


def test_teacher_student_and_twin_have_the_colours_of_okabe_and_ito():
    assert tokens("light")["teacher"] == "#0072b2"
    assert tokens("dark")["teacher"] == "#56b4e9"
    assert "--kd-student: #e69f00;" in css("theme")


@pytest.mark.parametrize("widget", ALL)
def test_a_widget_carries_text_that_asks_for_nothing(widget):
    assert isinstance(widget._esm, str)
    assert isinstance(widget._css, str)
    asked = r"\bimport\b|\brequire\b|\bfetch\b|XMLHttpRequest|https?://(?!www\.w3\.org/2000/svg)|@import|url\("
    assert not re.search(asked, widget._esm + widget._css)


@pytest.mark.parametrize("widget", ALL)
def test_a_module_exports_its_render_function_once_and_at_its_end(widget):
    assert widget._esm.count("export ") == 1
    assert widget._esm.rstrip().endswith("export default { render };")


@pytest.mark.parametrize("widget", ALL)
def test_no_function_is_defined_twice_in_one_module(widget):
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", widget._esm, flags=re.MULTILINE)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("widget", ALL)
def test_every_selector_stays_with_our_own_classes(widget):
    flat = re.sub(r"/\*.*?\*/", "", widget._css, flags=re.DOTALL)
    rules = re.findall(r"([^{};]+)\{", flat)
    selectors = [r.strip() for r in rules if not r.strip().startswith("@") and r.strip() not in {"from", "to"}]
    assert selectors
    assert [s for s in selectors if ".kd" not in s] == []


@pytest.mark.parametrize("parts", [esm, css])
def test_a_part_that_is_missing_is_named_with_those_there_are(parts):
    with pytest.raises(FileNotFoundError, match=r"no part named 'softmaxx' .* expected one of: .*soft_targets"):
        parts("softmaxx")


@pytest.mark.parametrize("widget", ALL)
def test_no_element_is_used_that_jupyter_styles_in_outputs(widget):
    assert not re.search(r"""node\("(dl|dt|dd|table|tr|td|th)\"""", widget._esm)


def test_no_two_style_sheets_lay_out_one_class():
    """All sheets are in one page: a class that stands alone in two of them has the look of both."""
    alone: dict[str, set[str]] = {}
    for sheet in sorted(set(FOLDER.glob("*.css")) - {FOLDER / "theme.css"}):
        flat = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selectors in re.findall(r"([^{};]+)\{", flat):
            for selector in selectors.split(","):
                if re.fullmatch(r"\.kd[\w-]+", selector.strip()):
                    alone.setdefault(selector.strip(), set()).add(sheet.stem)
    assert {name: sheets for name, sheets in alone.items() if len(sheets) > 1} == {}
