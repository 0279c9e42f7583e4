"""Five sizes of type, and every style sheet uses these alone."""

import re
from pathlib import Path

import pytest

import kdviz

PACKAGE = Path(kdviz.__file__).parent
SHEETS = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("**/*.css"))
SIZES = {"small": 12, "text": 14, "lead": 16, "title": 20, "display": 32}
RELATIVE = r"inherit|[\d.]+em"  # mathematics is set a little larger than the text that it stands in


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_style_sheet_uses_the_five_sizes(sheet):
    css = (PACKAGE / sheet).read_text(encoding="utf-8")
    used = re.findall(r"font(?:-size)?:\s*([^;}]+)", css)
    odd = [size for size in used if not re.match(rf"(?:var\(--kd-size-(?:{'|'.join(SIZES)})\)|{RELATIVE})", size)]
    assert odd == []


@pytest.mark.parametrize("sheet", [sheet for sheet in SHEETS if "--kd-size-text:" in (PACKAGE / sheet).read_text()])
def test_a_page_declares_the_same_five(sheet):
    declared = re.findall(r"--kd-size-(\w+): ([\d.]+)rem;", (PACKAGE / sheet).read_text(encoding="utf-8"))
    assert {name: 16 * float(rem) for name, rem in declared} == SIZES


def test_widgets_report_and_plain_pages_declare_them():
    declaring = [sheet for sheet in SHEETS if "--kd-size-text:" in (PACKAGE / sheet).read_text(encoding="utf-8")]
    assert declaring == [
        "app/jupyter/voila/templates/kdviz/static/page.css",
        "report/report.css",
        "widgets/shared/theme.css",
    ]
