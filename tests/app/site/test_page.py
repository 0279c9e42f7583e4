"""A page of the site as text: its policy, its words, its neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from kdviz.app.pages import Entry
from kdviz.app.site import page
from kdviz.app.site.links import Links
from kdviz.app.site.parts import Parts

EVIL = '</script><script>window.evil = 1</script>"&'
ENTRY = Entry("course/a.ipynb", f"A {EVIL}", f"B {EVIL}", "Lessons", minutes=5, picture="temperature")
ADDRESSES = {"course/a.ipynb": "course/a.html"}


def made(**more: Any) -> BeautifulSoup:
    cells = [{"kind": "markdown", "source": "# A\n\n## One\n\n## Two", "tags": []}]
    widgets = {"models": {"w1": {"text": EVIL}}, "modules": ["1"], "module_of": {"w1": 0}, "sheets": [], "films": {}}
    links = Links("course/a.ipynb", Path("/nowhere"), ADDRESSES)
    text = page.lesson(ENTRY, {"cells": cells, "page": widgets}, links, Parts(), **more).text
    assert text.startswith("<!DOCTYPE html>\n<html")
    return BeautifulSoup(text, "html.parser")


def test_a_page_runs_files_of_its_site_alone() -> None:
    found = made()
    policy = found.select_one("meta[http-equiv]")["content"]
    assert "default-src 'none'" in policy and "script-src 'self' file: blob:;" in policy
    assert (
        "'unsafe-eval'" not in policy and "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    )
    scripts = found.select("script")
    assert all(one.get("src", "").startswith("../assets/") or one.get("type") == "application/json" for one in scripts)
    assert found.title.get_text() == f"A {EVIL} · kdviz"
    assert found.select_one("meta[name=description]")["content"] == f"B {EVIL}"
    assert "evil" not in "".join(one.get_text() for one in scripts if one.get("type") is None)


def test_contents_and_neighbours_are_links() -> None:
    found = made(before=page.Neighbour("9.html", "Nine"), after=page.Neighbour("b.html", "Bee"))
    assert [one["href"] for one in found.select(".kd-site-contents a")] == ["#one", "#two"]
    assert {one["rel"][0]: one["href"] for one in found.select(".kd-site-onward a")} == {
        "prev": "9.html",
        "next": "b.html",
    }
    assert made().select(".kd-site-onward") == []


def test_the_index_lists_pages_by_group() -> None:
    found = BeautifulSoup(page.index([ENTRY], ADDRESSES, Parts()), "html.parser")
    assert [one.get_text() for one in found.select("h2")] == ["Lessons"]
    (card,) = found.select(".kd-pages li")
    assert (card.a["href"], card.a.get_text(), "5 min" in card.get_text()) == ("course/a.html", ENTRY.title, True)
    assert card.select_one("[data-kd-picture=temperature]") is not None


def test_the_index_leads_to_the_documentation_where_there_is_one() -> None:
    assert "Documentation" not in page.index([ENTRY], ADDRESSES, Parts())
    found = BeautifulSoup(page.index([ENTRY], ADDRESSES, Parts(), docs='../a"b.html'), "html.parser")
    (link,) = (one for one in found.select("footer a") if one.get_text() == "Documentation")
    assert link["href"] == '../a"b.html'
