"""Lessons as pages: whose code is shown, what a lesson knows of the others, and a lesson in a real browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, expect

from kdviz.app import lesson_pages, pages, places
from kdviz.app.inside import inside

from ..axe import AXE
from .written import notebook

HIDDEN = {"tags": ["hide-input"]}
MADE = """from kdviz.lessons import Choice, Exercise, Lesson
lesson = Lesson("tiny")
lesson.add("first", Choice("2 + 2?", {"4": "So it is.", "5": "Count again."}, right="4"))
lesson.add("write", Exercise("Write double(x).", (lambda double: "" if double(2) == 4 else "Twice x.",)))
lesson.add("last", Choice("3 + 3?", {"6": "Yes.", "7": "One too many."}, right="6"), quiz=True)"""
GAP = 'def double(x):\n    raise NotImplementedError\n\n\nlesson.check("write", double)'
LESSON = (
    new_markdown_cell("# 1 · Sums\n\nWords on sums.\n\nMore words.\n\n## Guess"),
    new_code_cell(MADE, metadata=HIDDEN),
    new_code_cell('lesson.ask("first")', metadata=HIDDEN),
    new_markdown_cell("## Worked example"),
    new_code_cell(
        'shown_name = 3 * 4  # a comment\nfor one in "ab":\n    print(f"{shown_name + 0.5:.1f}", one not in {})'
    ),
    new_markdown_cell("## Exercise"),
    new_code_cell(GAP),
    new_code_cell('lesson.check("write", ...)'),
    new_markdown_cell("## Quiz"),
    new_code_cell("lesson.quiz()", metadata=HIDDEN),
    new_markdown_cell("## Sources\n\n" + "Words. " * 300),
)

Open = Callable[..., Page]
WAITING = "jupyter/voila/templates/kdviz/static/waiting.js"


def write(path: Path, *cells: object, **own: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=list(cells), metadata={"kernelspec": kernel, "kdviz": own}), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("taught") / "notebooks"
    write(root / "lessons/01-sums.ipynb", *LESSON, lesson=True, place=1, minutes=30)
    write(root / "lessons/02-more.ipynb", new_markdown_cell("# 2 · More\n\nA\n\nB"), lesson=True, place=2, minutes=45)
    write(root / "lessons/plan.ipynb", new_markdown_cell("# Plan"), new_code_cell("plan_name = 1"))
    write(root / "course/secret.ipynb", new_markdown_cell("# D"), new_code_cell("secret_name = 1"), lesson="true")
    write(root / "solutions/01-sums.ipynb", *LESSON, lesson=True)
    return root


def render(base: str, name: str) -> str:
    return f"{base}voila/render/{name}"


def text_of(address: str) -> str:
    with urlopen(address, timeout=120) as answer:
        return answer.read().decode()


# Which notebooks are lessons


def test_the_course_that_comes_with_kdviz_shows_code_and_no_dashboard_does() -> None:
    root = places.notebooks()
    lesson = lesson_pages.about(root, "course/02-temperature.ipynb")
    assert lesson is not None and lesson["path"] == "course/02-temperature.ipynb"
    assert "02-temperature.ipynb" in [one["file"] for one in lesson["lessons"]]
    for name in ("dashboards/lab.ipynb", "dashboards/methods.ipynb", "dashboards/compare.ipynb"):
        assert lesson_pages.about(root, name) is None


def test_another_notebook_is_a_lesson_if_it_says_so_whatever_its_folder_is_called(tmp_path: Path) -> None:
    for name, said in (("yes", True), ("text", "true"), ("number", 1), ("no", None)):
        notebook(tmp_path / f"course/{name}.ipynb", "# A", kdviz={"lesson": said})
    known = [one for one in ("yes", "text", "number", "no") if lesson_pages.about(tmp_path, f"course/{one}.ipynb")]
    assert known == ["yes"]
    assert lesson_pages.about(tmp_path, "course/../course/yes.ipynb") is None
    assert lesson_pages.about(tmp_path, "no-such.ipynb") is None


def test_the_lessons_of_a_folder_stand_in_order_without_those_that_cannot_be_shown(tmp_path: Path) -> None:
    for name, place in (("b", 1), ("a", 2), ("z", 0)):
        notebook(tmp_path / f"{name}.ipynb", f"# {name}", kdviz={"lesson": True, "place": place, "minutes": 5})
    notebook(tmp_path / "other.ipynb", "# other")
    (tmp_path / "broken.ipynb").write_text('{"metadata": {"kdviz": {"lesson": true}}, "cells": 5}')
    page = lesson_pages.about(tmp_path, "a.ipynb")
    assert page is not None and [one["file"] for one in page["lessons"]] == ["b.ipynb", "a.ipynb", "z.ipynb"]
    assert page["lessons"][0] == {"file": "b.ipynb", "title": "b", "place": 1, "minutes": 5}
    alone = lesson_pages.about(tmp_path, "a.ipynb", alone=True)
    assert alone is not None and [one["file"] for one in alone["lessons"]] == ["a.ipynb"]


@pytest.mark.parametrize("name", ["solutions", "Solutions", "course/solutions"])
def test_solutions_are_neither_listed_nor_served(name: str, tmp_path: Path) -> None:
    notebook(tmp_path / name / "01.ipynb", "# A", kdviz={"lesson": True})
    notebook(tmp_path / "solutions.ipynb", "# A notebook of that name")
    (tmp_path / "door").symlink_to(tmp_path / name, target_is_directory=True)
    assert [one.path for one in pages.listing(tmp_path)] == ["solutions.ipynb"]
    assert inside(tmp_path, f"{name}/01.ipynb") is None and inside(tmp_path, "door/01.ipynb") is None
    assert [one.path for one in pages.listing(tmp_path / name)] == ["01.ipynb"], "who teaches may serve them"


# What is sent


def test_only_a_lessons_page_has_code_and_solutions_have_no_page(serve: Callable[..., object], folder: Path) -> None:
    base: str = serve(folder).base  # type: ignore[attr-defined]
    assert "secret_name" not in text_of(render(base, "course/secret.ipynb"))
    assert "plan_name" not in text_of(render(base, "lessons/plan.ipynb"))
    index = text_of(base)
    assert "30 min" in index and "lessons/01-sums.ipynb" in index and "solutions" not in index
    with pytest.raises(OSError, match="404"):
        text_of(render(base, "solutions/01-sums.ipynb"))


def test_nothing_in_a_hostile_lesson_becomes_markup(serve: Callable[..., object], tmp_path: Path) -> None:
    markup = '</script></details><script>alert(1)</script><img src=x onerror="alert(2)">'
    code = f"'''{markup}'''\n# {markup}"
    own = {"lesson": True, "place": 1, "title": markup, "page": {"path": markup, "lessons": markup}}
    bad = new_code_cell(code, metadata={"tags": [markup]})
    path = write(tmp_path / "bad.ipynb", new_markdown_cell("# x"), bad, **own)
    raw = json.loads(path.read_text())
    raw["metadata"]["language_info"] = {"name": markup, "pygments_lexer": markup}
    raw["cells"].append({**raw["cells"][1], "id": "long", "source": f"# {markup}\n" * 2000})
    path.write_text(json.dumps(raw))
    text = text_of(render(serve(tmp_path).base, "bad.ipynb"))  # type: ignore[attr-defined]
    assert "<script>alert" not in text and "<img src=x" not in text
    told = json.loads(re.search(r'id="kd-lesson">(.*?)</script>', text)[1])  # type: ignore[index]
    assert told["path"] == "bad.ipynb" and told["lessons"][0]["title"] == markup


# In the browser


def ready(opened: Page) -> None:
    opened.wait_for_selector("[data-kd-ready]", timeout=120_000)


def across(opened: Page) -> int:
    return opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_a_lesson_is_a_page_with_folded_code_progress_contents_and_the_lesson_after(
    serve: Callable[..., object], folder: Path, page: Open
) -> None:
    opened = page(None, bypass_csp=True)
    opened.add_init_script(
        "window.shift = 0; new PerformanceObserver(l => l.getEntries().forEach(e => { window.shift += e.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    opened.goto(render(serve(folder).base, "lessons/01-sums.ipynb"))  # type: ignore[attr-defined]
    ready(opened)
    assert opened.evaluate("window.shift") < 0.1

    # Folded: each alone, or all with the switch, which the browser keeps.
    folds = opened.locator("details.kd-fold:visible")
    expect(folds).to_have_count(3)  # those of hidden cells are not offered
    folds.first.locator("summary").press("Enter")
    expect(folds.first.get_by_text("# a comment")).to_be_visible()
    expect(opened.get_by_text("lesson.ask")).to_be_hidden()
    code = opened.get_by_role("switch", name="Show all code")
    code.press("Space")
    expect(opened.get_by_text("lesson.ask")).to_be_visible()

    # An exercise says what it asks, and once how to write it.
    expect(opened.locator(".kd-exercise")).to_have_count(2)
    expect(opened.locator(".kd-exercise").first).to_have_text("Write double(x).")
    expect(opened.locator(".kd-exercises")).to_have_count(1)
    expect(opened.locator(".kd-exercises")).to_contain_text("jupyter lab 01-sums.ipynb")

    # What was answered, and the way on.
    bar = opened.get_by_role("navigation", name="Lesson", exact=True)
    expect(bar).to_contain_text("0 of 2 answered")
    opened.get_by_role("radio", name="4", exact=True).press("Space")
    expect(bar).to_contain_text("1 of 2 answered")
    expect(opened.get_by_text("1 of 2 answered. 1 of 1 right.")).to_be_visible()
    after = opened.get_by_role("navigation", name="Lessons before and after")
    assert [link.get_attribute("href") for link in after.get_by_role("link").all()] == ["./02-more.ipynb"]
    ends = [one.bounding_box() for one in (opened.get_by_role("heading", name="Sources"), after)]
    assert ends[0]["y"] < ends[1]["y"], "it stands below the lesson"  # type: ignore[index]

    # Contents, by keyboard.
    bar.get_by_role("button", name="Contents").press("Enter")
    expect(bar.get_by_role("link", name="Worked example")).to_be_visible()
    expect(bar.locator("[aria-current]")).to_have_text("1 · Sums")
    expect(bar.get_by_text("30 min · 1 of 2 answered")).to_be_visible()
    opened.evaluate(AXE)
    for dark in (False, True):  # with all code shown
        opened.emulate_media(color_scheme="dark" if dark else "light")
        expect(opened.locator("html")).to_have_attribute("data-kd-dark", str(dark).lower())
        found = opened.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], dark
    bar.get_by_role("link", name="Worked example").press("Enter")
    expect(opened.get_by_role("heading", name="Worked example")).to_be_in_viewport()
    expect(bar.get_by_role("link", name="Worked example")).to_be_hidden()

    for width, size in ((360, ""), (360, "200%"), (1280, "200%")):
        opened.set_viewport_size({"width": width, "height": 800})
        opened.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
        assert across(opened) == 0, (width, size)

    # All of it is kept: the switch, the answer, what the index says.
    opened.reload()
    ready(opened)
    expect(opened.get_by_text("lesson.ask")).to_be_visible()
    expect(bar).to_contain_text("1 of 2 answered")
    expect(opened.get_by_text("So it is.", exact=True)).to_be_visible()
    opened.goto(serve(folder).base)  # type: ignore[attr-defined]
    expect(opened.get_by_role("listitem").filter(has_text="1 · Sums")).to_contain_text("1 of 2 answered")


def test_a_link_that_tells_after_submission_is_followed_where_a_kernel_is_warm(
    serve: Callable[..., object], folder: Path, page: Open
) -> None:
    server = serve(folder / "lessons/01-sums.ipynb")
    opened = page(server.url + "?tell=submitted")  # type: ignore[attr-defined]
    ready(opened)
    expect(opened.locator("#kd-mistake")).to_be_hidden()
    submit = opened.get_by_role("button", name="Submit")
    expect(submit).to_be_disabled()
    opened.get_by_role("radio", name="5", exact=True).check()
    expect(opened.get_by_text("Your answer is kept.").first).to_be_visible()
    expect(opened.get_by_text("1 is not answered yet.")).to_be_visible()
    opened.get_by_role("radio", name="4", exact=True).check()  # until then it can be changed
    assert "So it is." not in opened.locator("main").inner_text()
    submit.press("Enter")
    expect(opened.get_by_text("Submitted: 1 of 2 answered. 1 of 1 right.")).to_be_visible()
    expect(opened.get_by_text("So it is.", exact=True)).to_be_visible()
    expect(opened.get_by_text("It was not answered before")).to_be_visible()
    expect(opened.get_by_role("radio", name="6", exact=True)).to_be_disabled()

    opened.reload()  # a new kernel hears of it from the browser
    ready(opened)
    expect(opened.get_by_text("Submitted: 1 of 2 answered. 1 of 1 right.")).to_be_visible()

    opened.goto(server.url + "?tell=maybe")  # type: ignore[attr-defined]
    expect(opened.locator("#kd-mistake")).to_contain_text("tell")


def test_a_text_whose_heading_comes_late_is_shown_with_the_answer(page: Open) -> None:
    """A cell is drawn as soon as its first lines have come; until its heading has, it looks like a text that waits."""
    fold = '<details class="kd-fold"><pre>{}</pre></details>'
    code = f'<div cell-index="{{}}">{fold}<p class="jp-OutputArea-child"></p></div>'
    text = '<div cell-index="3" class="jp-MarkdownCell"><div><p>What follows</p></div></div>'
    cells = code.format(1, 'lesson.ask("first")') + code.format(2, "told") + text
    opened = page()
    opened.set_content(
        f'<body><script>kdviz = {{ page: {{ t: (x) => x }} }}</script><div id="rendered_cells">{cells}</div></body>'
    )
    opened.add_script_tag(content=(Path(places.__file__).parent / WAITING).read_text(encoding="utf-8"))
    waits = opened.locator("[data-kd-waits]")
    opened.evaluate("kdviz.waiting.draw()")
    expect(waits).to_have_count(2)
    opened.locator(".jp-MarkdownCell > div").evaluate("(e) => e.insertAdjacentHTML('beforeend', '<h2>Next</h2>')")
    opened.evaluate("kdviz.waiting.draw()")
    assert waits.evaluate_all("(all) => all.map((e) => e.tagName)") == ["DIV", "P"], (
        "the code, and the text up to the heading"
    )
    detail = {"key": "tiny/first", "answered": True}
    opened.evaluate("(detail) => document.dispatchEvent(new CustomEvent('kdviz-question', { detail }))", detail)
    expect(waits).to_have_count(0)


# Inside Jupyter, as on Binder


@pytest.fixture
def in_jupyter(folder: Path, repository: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a Jupyter server on the folder, started as Binder starts it."""
    command = [str(repository / "binder/start"), sys.executable, "-m", "jupyter_server", "--port=0", "--no-browser"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--allow-root", "--ip=127.0.0.1"]
    log = tmp_path / "log"
    with log.open("w") as out:
        server = subprocess.Popen(command, stderr=out, stdout=out, env={**os.environ, "HOME": str(tmp_path)})
        try:
            until = time.monotonic() + 120
            while not (found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())):
                assert server.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield found[0]
        finally:
            server.terminate()
            server.wait(60)


@pytest.mark.skipif(sys.platform == "win32", reason="Binder starts a shell script")
def test_on_binder_a_lesson_shows_its_code_and_where_it_can_be_written(in_jupyter: str) -> None:
    text = text_of(render(in_jupyter, "lessons/01-sums.ipynb"))
    told = json.loads(re.search(r'id="kd-lesson">(.*?)</script>', text)[1])  # type: ignore[index]
    assert told["lab"] == "/lab/tree/lessons/01-sums.ipynb"
    assert [one["title"] for one in told["lessons"]] == ["1 · Sums", "2 · More"]
    assert "shown_name" in text
    assert "secret_name" not in text_of(render(in_jupyter, "course/secret.ipynb"))
