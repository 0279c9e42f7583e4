"""A small site, built for real: what lies in its folder; its pages in a browser, from disk, the network off."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from nbformat import v4, write
from playwright.sync_api import Page, expect

from kdviz.app import cli
from kdviz.app.site import build

BEGIN = """from kdviz.lessons import Axis, Bars, Choice, Exercise, Lesson
import kdviz as kd

lesson = Lesson("small")
lesson.add("sum", Choice("2 + 2?", {"4": "So it is.", "5": "Count again."}, right="4"))
lesson.add("bars", Bars("Draw them.", ["a", "b"], axis=Axis("share", 0, 1)))
lesson.add("write", Exercise("Write f.", (lambda f: str(f()),)))
lesson.add("last", Choice("3 + 3?", {"6": "Yes.", "7": "No: six."}, right="6"), quiz=True)"""
HIDDEN = {"tags": ["hide-input"]}


def lesson(path: Path, *cells: object, title: str = "2 · Small") -> Path:
    """Write a notebook; a text that begins with # or $ is Markdown, a pair a hidden cell."""
    made = [v4.new_markdown_cell(f"# {title}\n\nWhat a *sum* is. See [the Lab](../dashboards/lab.ipynb?T=2).")]
    for cell in cells:
        if isinstance(cell, tuple):
            made.append(v4.new_code_cell(cell[0], metadata=HIDDEN))
        elif str(cell).startswith(("#", "$")):
            made.append(v4.new_markdown_cell(cell))
        else:
            made.append(v4.new_code_cell(cell))
    path.parent.mkdir(parents=True, exist_ok=True)
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    said = {"description": "A small lesson.", "place": 2, "minutes": 5, "picture": "temperature"}
    write(v4.new_notebook(cells=made, metadata={"kdviz": said}), path)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("notebooks")
    panel = 'kd.panels.SoftTargets("mnist-mlp-1200", temperature=1)'
    lesson(
        root / "course" / "02-small.ipynb",
        (BEGIN,),
        "## Guess\n\nFirst $p_c = e^{t_c/T}$.",
        (f'lesson.ask("sum", opens={panel})',),
        "print('it', 'came')",
        "$$x^2$$\n\nSo it came.\n\n## Draw",
        ('lesson.ask("bars")',),
        "import plotly.graph_objects as go\nimport pandas as pd\nlesson.see('bars', [0.25, 0.75])",
        "go.Figure(go.Bar(x=[1, 2], y=[3, 4]), layout={'title': {'text': 'Two bars'}})",
        "## Write it",
        "def f():\n    # Write your code here.\n    raise NotImplementedError\n\n\nlesson.check('write', f)",
        "pd.DataFrame({'errors': [12, 34]})",
        "## Quiz",
        ("lesson.quiz()",),
    )
    lesson(root / "course" / "03-next.ipynb", "## Two\n\n![a picture](drawn.svg)", title="3 · Next")
    (root / "course" / "drawn.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    return root


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.write(tmp_path_factory.mktemp("built") / "site", root, base="https://example.org/kd")


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# What lies in the folder


def test_lessons_stand_beside_their_notebooks_and_share_what_they_share(site: Path) -> None:
    names = files_of(site)
    own = {name for name in names if not name.startswith("assets/")}
    assert own == {
        ".kdviz-site.json", "index.html", "sitemap.xml", "course/02-small.html", "course/02-small.ipynb",
        "course/03-next.html", "course/03-next.ipynb", "course/drawn.svg",
    }  # fmt: skip
    text = names["course/02-small.html"].decode()
    assert len(text) < 200_000 < build.MOST_BYTES
    libraries = [name for name, content in names.items() if b"drawnWith" in content or b"shared['elements']" in content]
    assert all(name.startswith("assets/") for name in libraries)
    assert "assets/plotly.js" in text and "plotly.js" not in names["course/03-next.html"].decode()
    assert json.loads(names[".kdviz-site.json"])["files"] == sorted(set(names) - {".kdviz-site.json"})


def test_a_page_is_executed_and_holds_no_traceback_and_no_way_out(site: Path) -> None:
    text = (site / "course" / "02-small.html").read_text()
    assert "<title>2 · Small · kdviz</title>" in text
    assert '<meta name="description" content="A small lesson.">' in text
    assert "it came" in text and "<math" in text and "12" in text
    assert "Traceback" not in text and "NotImplementedError: " not in text
    assert not re.findall(r"<script(?![^>]* src=| type=\"application/json\")|\son\w+=", text), "no code in the page"
    assert not re.findall(r'(?:src|href)="(?:https?:|/)', text), "all it loads lies in the folder"
    assert "jupyter lab 02-small.ipynb" in text
    assert "the Lab (needs Python: <code>kdviz serve</code>)" in text, "this site has no Lab"


def test_the_same_notebooks_give_the_same_site(site: Path, root: Path, tmp_path: Path) -> None:
    again = build.write(tmp_path / "again", root, base="https://example.org/kd")
    assert files_of(again) == files_of(site)


def test_an_earlier_site_is_replaced_whole_and_other_things_are_left_alone(root: Path, tmp_path: Path) -> None:
    out = build.write(tmp_path / "site", root, lessons=["next"])
    assert "course/03-next.html" in files_of(out)
    (out / "course" / "mine.txt").write_text("keep")
    with pytest.raises(ValueError, match=r"holds what is no site of kdviz, such as course/mine\.txt"):
        build.write(out, root, lessons=["03-next"])
    (out / "course" / "mine.txt").unlink()
    before = files_of(out)
    lesson(tmp_path / "broken" / "course" / "01-broken.ipynb", "print(1)", "1 / 0")
    with pytest.raises(ValueError, match=r"^course/01-broken\.ipynb: cell 3: ZeroDivisionError: division by zero$"):
        build.write(out, tmp_path / "broken")
    assert files_of(out) == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == [], "nothing half-written is left"
    lesson(tmp_path / "other" / "course" / "09-other.ipynb", title="9 · Other")
    build.write(out, tmp_path / "other")
    assert {name for name in files_of(out) if name.startswith("course/")} == {
        "course/09-other.html",
        "course/09-other.ipynb",
    }


LACKS = "raise FileNotFoundError('these data are not on this machine: put them there')"


def test_a_lesson_without_its_data_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "notebooks"
    lesson(root / "course" / "01-here.ipynb", "## Two\n\nSee [the other](02-lacks.ipynb).", title="1 · Here")
    lesson(root / "course" / "02-lacks.ipynb", "x = 1", LACKS, title="2 · Lacks")
    out = build.write(tmp_path / "site", root)
    said = capsys.readouterr().err
    sentence = "course/02-lacks.ipynb: cell 3: these data are not on this machine: put them there"
    assert said == f"Left out: {sentence}.\n"
    assert "02-lacks" not in (out / "index.html").read_text()
    assert (
        not (out / "course" / "02-lacks.html").exists()
        and 'rel="next"' not in (out / "course" / "01-here.html").read_text()
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        build.write(tmp_path / "asked", root, lessons=["lacks"])
    assert not (tmp_path / "asked").exists()


def test_a_file_that_a_notebook_misses_is_its_mistake(tmp_path: Path) -> None:
    lesson(tmp_path / "notebooks" / "course" / "01-here.ipynb")
    lesson(tmp_path / "notebooks" / "course" / "02-misses.ipynb", "open('nothing.txt')")
    with pytest.raises(ValueError, match=r"course/02-misses\.ipynb: cell 2: FileNotFoundError: .*nothing\.txt"):
        build.write(tmp_path / "site", tmp_path / "notebooks")


@pytest.mark.parametrize(
    ("out", "arguments", "sentence"),
    [
        ("fresh", ["--lesson", "nothing"], "there is no lesson 'nothing' in"),
        ("fresh", ["--base", "example.org"], "--base must be an address such as"),
        ("file", [], "must be a folder, or a path where nothing is yet"),
        ("full", [], "holds what is no site of kdviz, such as a.txt: choose another folder"),
        ("full/", ["--notebooks", "none"], "holds what is no site of kdviz"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    out: str, arguments: list[str], sentence: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("a")
    assert cli.main(["site", str(tmp_path / out), "--notebooks", str(root), *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("kdviz site: ") and sentence in said and said.count("\n") == 1
    assert files_of(tmp_path) == {"file": b"a", "full/a.txt": b"a"}


# In a browser


@pytest.fixture
def offline(page: Callable[..., Page], site: Path, watch) -> Callable[..., Page]:
    """Open a page of the site from disk without a network; at the end it asked for files of its folder alone."""

    def show(name: str, **options: object) -> Page:
        opened = page((site / name).as_uri(), offline=True, **options)
        opened.wait_for_selector("[data-kd-ready]")
        return opened

    yield show
    begins = (site.as_uri(), "blob:", "data:")
    assert [url for url in watch.requests if not url.startswith(begins)] == []


def choose(page: Page, answer: str) -> None:
    page.locator(f"input[value='{answer}']").click()


def test_a_question_is_asked_before_it_is_answered_and_the_answer_is_kept(offline) -> None:
    page = offline("course/02-small.html")
    expect(page.get_by_text("So it is.").locator("visible=true")).to_have_count(0)
    expect(page.get_by_text("it came", exact=True)).to_be_hidden()
    expect(page.get_by_text("So it came.")).to_be_hidden()
    assert page.locator(".kd-soft-targets").count() == 0, "the gate is shut"
    choose(page, "5")
    expect(page.locator(".kd-reply").first).to_have_text("Not this time. Count again.")
    expect(page.get_by_text("it came", exact=True)).to_be_visible()
    expect(page.locator("#kd-answered")).to_have_text("1 of 3 answered")
    choose(page, "6")
    page.reload()
    page.wait_for_selector("[data-kd-ready]")
    expect(page.locator(".kd-reply").first).to_have_text("Not this time. Count again.")
    expect(page.get_by_text("it came", exact=True)).to_be_visible()
    expect(page.locator("#kd-answered")).to_have_text("2 of 3 answered")
    expect(page.locator("input[value='4']")).to_be_disabled()


def test_what_is_predicted_stays_beside_what_came(offline) -> None:
    page = offline("course/02-small.html")
    figure = page.get_by_role("img", name="Two bars")
    expect(figure).to_be_hidden()
    for name, presses in (("a", 3), ("b", 1)):
        for _ in range(presses):
            page.get_by_role("slider", name=name, exact=True).press("PageUp")
    page.get_by_role("button", name="Answer").first.click()
    expect(page.locator(".kd-question").get_by_text("what came", exact=True)).to_be_visible()
    expect(page.get_by_role("slider", name="b", exact=True)).to_have_attribute(
        "aria-valuetext", "yours 0.1, what came 0.75"
    )
    expect(figure.locator("svg.main-svg").first).to_be_visible()


def test_a_slider_moves_the_bars(offline) -> None:
    page = offline("course/02-small.html")
    choose(page, "4")
    bars = page.locator(".kd-row .kd-p-teacher")
    expect(bars).to_have_count(10)
    before = bars.all_text_contents()
    page.get_by_role("slider", name=re.compile("Temperature")).press("End")
    expect(bars).not_to_have_text(before)


def test_code_is_folded_and_the_switch_is_remembered(offline) -> None:
    page = offline("course/02-small.html")
    expect(page.get_by_text("raise NotImplementedError")).to_be_visible()  # an exercise's text
    expect(page.get_by_text("lesson.quiz")).to_be_hidden()
    page.get_by_role("switch", name="Show all code").click()
    expect(page.get_by_text("lesson.quiz")).to_be_visible()
    page.get_by_label("Colours").select_option("dark")
    page.get_by_role("link", name="Next 3 · Next").click()
    page.wait_for_selector("[data-kd-ready]")
    assert page.evaluate("document.documentElement.dataset.kdDark") == "true"
    page.get_by_role("link", name="Before 2 · Small").click()
    expect(page.get_by_text("lesson.quiz")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["index.html", "course/02-small.html"])
def test_pages_fit_and_have_no_barriers(offline, name: str, dark: bool) -> None:
    page = offline(name, dark=dark)
    if name == "index.html":
        expect(page.locator(".kd-miniature svg").first).to_be_visible()
    else:
        choose(page, "4")
        page.get_by_role("switch", name="Show all code").click()
    for width in (400, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    options = "{ resultTypes: ['violations'], preload: false }"  # the page may fetch no style sheet
    found = page.evaluate(f"() => axe.run(document, {options})")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in serious]


def test_without_scripts_all_text_is_there(page, site: Path) -> None:
    opened = page((site / "course" / "02-small.html").as_uri(), java_script_enabled=False)
    expect(opened.get_by_text("Questions, sliders and figures need JavaScript")).to_be_visible()
    expect(opened.get_by_text("it came", exact=True)).to_be_visible()
    expect(opened.get_by_text("Show it now")).to_have_count(2)
    assert not opened.get_by_text("Show it now").first.is_visible()
    assert not opened.get_by_role("switch").is_visible()
