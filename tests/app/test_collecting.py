"""A class that answers: two of one name, one who does not want it, a server that goes away, the lecturer's table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Page, expect

from kdviz.app import collected, collecting
from kdviz.lessons import kept

from ..axe import AXE, SERIOUS
from .test_lesson_pages import HIDDEN, across, ready, render, write

MADE = """from kdviz.lessons import Choice, Lesson
lesson = Lesson({name!r}, tell="submitted")
lesson.add("first", Choice("2 + 2?", {{"4": "So it is.", "5": "Count again."}}, right="4"))
lesson.add("second", Choice("3 + 3?", {{"6": "Yes.", "7": "One too many."}}, right="6"))
lesson.ask("first")"""
REST = (new_code_cell('lesson.ask("second")', metadata=HIDDEN), new_code_cell("lesson.finish()", metadata=HIDDEN))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("taught") / "notebooks"
    for place, name in enumerate(("sums", "more"), 1):
        made = new_code_cell(MADE.format(name=name), metadata=HIDDEN)
        write(root / f"{name}.ipynb", new_markdown_cell(f"# {name}\n\nWords."), made, *REST, lesson=True, place=place)
    return root


def handed_in(opened: Page, action: Callable[[], object], **said: object) -> dict[str, Any]:
    """What the server says to what a page hands in after an action."""

    def is_it(answer: Any) -> bool:
        asked = answer.request
        return answer.url.endswith(collected.PATH) and said.items() <= json.loads(asked.post_data or "{}").items()

    with opened.expect_response(is_it) as got:
        action()
    return dict(got.value.json())


def radio(opened: Page, name: str) -> Any:
    return opened.get_by_role("radio", name=name, exact=True)


def give_name(opened: Page, name: str) -> None:
    opened.get_by_label("Your name").fill(name)
    opened.get_by_role("button", name="Collect my answers").press("Enter")


def answers_of(place: Path, lesson: str = "sums") -> dict[str, Any]:
    found, _, _ = kept.read(place / f"{lesson}{kept.ENDING}")
    return {part: one.answer for part, one in found.items()}


def test_a_class_answers_and_the_lecturer_has_one_table(
    serve: Callable[..., Any], folder: Path, tmp_path: Path, page: Callable[..., Page], watch: Any
) -> None:
    place = tmp_path / "class"
    server = serve(folder, "--answers", str(place))
    said = server.told("Answers are collected in")[0]
    assert str(place) in said
    (line,) = server.told("For the lecturer alone")

    # Nothing is sent before there is a name; then also what was answered before.
    ada = page(render(server.base, "sums.ipynb"))
    ready(ada)
    expect(ada.get_by_text("Answers are collected here for the lecturer")).to_be_visible()
    radio(ada, "4").check()
    expect(ada.get_by_text("1 of 2 answered", exact=True)).to_be_visible()
    assert not any(url.endswith(collected.PATH) for url in watch.requests)
    assert handed_in(ada, lambda: give_name(ada, "Ada"), part="first") == {"as": "Ada", "another": False}
    expect(ada.get_by_text("Your answers are collected as Ada.")).to_be_visible()
    assert answers_of(place / "Ada") == {"first": "4"}
    handed_in(ada, radio(ada, "7").check, part="second")
    handed_in(ada, radio(ada, "6").check, part="second")
    assert answers_of(place / "Ada") == {"first": "4", "second": "6"}

    # The same name in another browser is another learner, who is told so.
    other = page(render(server.base, "sums.ipynb"))
    ready(other)
    give_name(other, "Ada")
    expect(other.get_by_text("Somebody else is called that here: your answers are collected as Ada-2.")).to_be_visible()
    handed_in(other, radio(other, "5").check, part="first")
    assert answers_of(place / "Ada") == {"first": "4", "second": "6"} and answers_of(place / "Ada-2") == {"first": "5"}

    # Remembered over a reload and in the next lesson; submitted answers are final.
    ada.goto(render(server.base, "more.ipynb"))
    ready(ada)
    expect(ada.get_by_label("Your name")).to_be_hidden()
    handed_in(ada, radio(ada, "4").check, lesson="more", part="first")
    handed_in(ada, ada.get_by_role("button", name="Submit").click, submitted=True)
    assert kept.read(place / f"Ada/more{kept.ENDING}")[1]

    # In German, on a phone, from a link with a name; and who does not want it is left alone.
    last = page(f"{render(server.base, 'sums.ipynb')}?lang=de&learner=Grace", width=400, dark=True, bypass_csp=True)
    ready(last)
    expect(last.get_by_text("Ihre Antworten werden als Grace gesammelt.")).to_be_visible()
    expect(last.locator("#kd-mistake")).to_be_hidden()
    last.get_by_role("button", name="Ändern").press("Enter")
    assert across(last) == 0
    last.evaluate(AXE)
    found = last.evaluate("() => axe.run('#kd-learner', { resultTypes: ['violations'] })")["violations"]
    assert [one["id"] for one in found if one["impact"] in SERIOUS] == []
    last.get_by_role("button", name="Nicht sammeln").press("Enter")
    expect(last.get_by_text("Ihre Antworten werden nicht gesammelt.")).to_be_visible()
    radio(last, "4").check()
    expect(last.get_by_text("1 von 2 beantwortet", exact=True)).to_be_visible()
    assert sorted(path.name for path in place.iterdir()) == ["Ada", "Ada-2"]

    # The lecturer's page counts, and hands out the table; nobody else gets it.
    address, key = line.split()[-1].split("?key=")
    cookie = {"Cookie": f"kdviz-lecturer={key}"}
    with urlopen(Request(address, headers=cookie), timeout=60) as answer:
        assert '<th scope="row">sums</th><td>first</td><td>2</td>' in answer.read().decode()
    with urlopen(Request(f"{address}/answers.csv", headers=cookie), timeout=60) as answer:
        table = list(csv.DictReader(io.StringIO(answer.read().decode())))
    assert [(row["learner"], row["lesson"], row["part"], row["answer"], row["tries"]) for row in table] == [
        ("Ada", "more", "first", '"4"', "1"),
        ("Ada", "sums", "first", '"4"', "1"),
        ("Ada", "sums", "second", '"6"', "2"),
        ("Ada-2", "sums", "first", '"5"', "1"),
    ]
    for closed, status in ((f"{address}/answers.csv", "403"), (server.base + collected.PATH, "405")):
        with pytest.raises(OSError, match=status):
            urlopen(closed, timeout=60)


def sent(server: Any, said: object, **headers: str) -> dict[str, Any]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    request = Request(server.base + collected.PATH, body, {"Content-Type": "application/json", **headers})
    with urlopen(request, timeout=60) as answer:
        return dict(json.loads(answer.read()))


def test_what_is_sent_is_looked_at_and_a_hubs_user_is_nobody_else(
    serve: Callable[..., Any], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(collected.HUB_USER, "ada")
    server = serve(folder, "--no-preheat", "--answers", str(tmp_path / "class"))
    ours = {collecting.MARK: "1"}
    good = {"name": "Eve", "key": "e" * 16, "lesson": "sums", "part": "first", "answer": "4"}
    with pytest.raises(OSError, match="403"):
        sent(server, good)  # as a page of another site would
    for bad in (b"[", b"[" * 60_000, b"\xff", b'"text"', {**good, "lesson": "../x"}, {**good, "answer": {"a": 1}}):
        with pytest.raises(OSError, match="400"):
            sent(server, bad, **ours)
    assert sent(server, good, **ours) == {"as": "ada", "another": False}
    assert [path.name for path in (tmp_path / "class").iterdir()] == ["ada"]


def test_what_is_answered_while_the_server_is_away_arrives_when_it_is_back(
    serve: Callable[..., Any], folder: Path, tmp_path: Path, page: Callable[..., Page], watch: Any
) -> None:
    options = ("--no-preheat", "--answers", str(tmp_path))
    server = serve(folder, *options)
    port = str(urlsplit(server.base).port)
    opened = page(render(server.base, "sums.ipynb"))
    ready(opened)
    give_name(opened, "Ada")
    handed_in(opened, radio(opened, "4").check, part="first")
    server.stop()
    radio(opened, "6").check()
    expect(opened.get_by_text("The server has not taken your last answers yet")).to_be_visible()
    again = lambda: serve(folder, *options, "--port", port)  # noqa: E731
    assert handed_in(opened, again, part="second") == {"as": "Ada", "another": False}
    expect(opened.get_by_text("The server has not taken your last answers yet")).to_be_hidden()
    assert answers_of(tmp_path / "Ada") == {"first": "4", "second": "6"}
    watch.errors.clear()
    watch.failed.clear()
