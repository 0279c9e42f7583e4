import re
import weakref
from pathlib import Path

import pytest

from kdviz import widgets
from kdviz.widgets import bundle
from kdviz.widgets import library as shared_library

FOLDER = Path(widgets.__file__).parent
THEME = (bundle.SHARED / "theme.css").read_text(encoding="utf-8")
ALL = [w for w in map(widgets.__dict__.get, widgets.__all__) if hasattr(w, "_esm") and w is not widgets.Scene]
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
    return {name: light if theme == "light" else dark for name, light, dark in re.findall(pattern, THEME)}


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
    assert "--kd-student: #e69f00;" in THEME


TEXTS = [
    pytest.param(bundle.library(), id="shared"),
    *(pytest.param(bundle.Bundle(w._esm, w._css), id=w.__name__) for w in ALL),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_widget_carries_text_that_asks_for_nothing(text):
    asked = (
        r"\brequire\b|\bfetch\b|XMLHttpRequest|https?://(?!www\.w3\.org/2000/svg)|@import|"
        r'(?<!local\("STIX Two Math"\), )url\((?!#)|url\((?!"data:font/woff2;base64,|#)'
    )
    assert not re.search(asked, text.esm + text.css)
    assert not re.search(r"\bimport\b", text.esm)


@pytest.mark.parametrize("text", [text for text in TEXTS if text.values[0].css])
def test_every_selector_stays_with_our_own_classes(text):
    flat = re.sub(r'/\*.*?\*/|url\("data:[^"]*"\)', "", text.css, flags=re.DOTALL)  # an embedded font has no selectors
    rules = re.findall(r"([^{};]+)\{", flat)
    selectors = [r.strip() for r in rules if not r.strip().startswith("@") and r.strip() not in {"from", "to"}]
    assert selectors
    assert [s for s in selectors if ".kd" not in s] == []


@pytest.mark.parametrize("text", TEXTS)
def test_no_element_is_used_that_jupyter_styles_in_outputs(text):
    assert not re.search(r"""node\("(dl|dt|dd|table|tr|td|th)\"""", text.esm)


def test_no_two_style_sheets_lay_out_one_class():
    """All sheets are in one page: a class that stands alone in two of them has the look of both."""
    alone: dict[str, set[str]] = {}
    for sheet in sorted(set(FOLDER.glob("*/*.css")) - {bundle.SHARED / "theme.css"}):
        flat = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selectors in re.findall(r"([^{};]+)\{", flat):
            while "(" in selectors:  # what stands in :is() does not stand alone
                selectors = re.sub(r"\([^()]*\)", "", selectors)
            for selector in selectors.split(","):
                if re.fullmatch(r"\.kd[\w-]+", selector.strip()):
                    alone.setdefault(selector.strip(), set()).add(str(sheet.relative_to(FOLDER)))
    assert {name: sheets for name, sheets in alone.items() if len(sheets) > 1} == {}


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    (folder / "style.css").write_text(".kd-own { color: red; }\n")
    return folder / "view.js"


VIEW = """// Draws a number.

import { node } from "kdviz/elements.js";
import { double as twice } from "./numbers.js";
import "./style.css";

function render({ el }) {
  el.append(node("p", {}, String(twice(21))));
}

export default { render };
"""


def test_a_view_of_another_package_is_put_together_from_its_folder(tmp_path):
    entry = written(tmp_path, view=VIEW, numbers="export const double = (x) => 2 * x;\nconst node = 1;\n")
    found = bundle.view(str(entry.with_name("__init__.py")))
    assert found.css == ".kd-own { color: red; }\n"
    assert 'const { node } = shared["elements"];' in found.esm.replace("'", '"')
    assert "const { double: twice } = module0;" in found.esm, "each module has names of its own"


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (
            'import { a } from "./numberz.js";\n',
            r"numbers.js imports './numberz.js', which is not there; beside it are ",
        ),
        (
            'import { a } from "kdviz/element.js";\n',
            r"'kdviz/element.js', which is not there; beside it are .*elements",
        ),
        ('import { render } from "./view.js";\n', r"in a circle \(view.js → numbers.js → view.js\)"),
        ('import * as all from "./more.js";\n', r"has 'import \* as all from .*; import names from a file"),
        ("export const single = (x) => x;\n", r"view.js imports double, which numbers.js does not export"),
        ("export { double };\n", r"has 'export \{ double \};'; .* export functions, constants and classes where"),
    ],
    ids=["no such file", "no such shared file", "circle", "all of a file", "no such name", "a list of exports"],
)
def test_a_module_that_cannot_be_followed_is_named(tmp_path, numbers, says):
    entry = written(tmp_path, view=VIEW, numbers=numbers, more="")
    with pytest.raises((ValueError, FileNotFoundError), match=says):
        bundle.view(str(entry))


def test_a_view_has_to_draw(tmp_path):
    entry = written(tmp_path, view="export function render() {}\nconst more = 1;\n".replace("export ", ""))
    with pytest.raises(ValueError, match=r'must end in "export default \{ render \};"'):
        bundle.view(str(entry))


def test_all_modules_are_used_and_each_view_has_a_folder():
    used = {module.path for entry in FOLDER.glob("*/view.js") for module in bundle._in_order(entry)}
    assert used | {FOLDER / "question" / "gate.js"} == set(FOLDER.glob("*/*.js")), "a gate is no view"
    named = {sheet for path in used for sheet in bundle.read(path).sheets} | set(bundle.SHARED.glob("*.css"))
    assert named == set(FOLDER.glob("*/*.css"))


def test_the_library_is_open_as_long_as_a_view_is(monkeypatch):
    monkeypatch.setattr(shared_library, "_open", weakref.WeakSet())
    monkeypatch.setattr(shared_library, "_there", [])
    before = widgets.Views()
    library = before._library
    other = widgets.Views()
    assert other._library is library
    before.close()
    assert library.comm is not None
    other.close()
    assert library.comm is None
    third = widgets.Views()
    assert third._library is not library and third._library.comm is not None
    third.close()
