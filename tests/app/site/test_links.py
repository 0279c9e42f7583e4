"""Where a notebook's links lead on the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdviz.app.site.links import Links

PAGES = {
    "course/02-a.ipynb": "course/02-a.html",
    "course/03-b.ipynb": "course/03-b.html",
    "course/a b.ipynb": "course/a b.html",
    "dashboards/lab.ipynb": "dashboards/lab.html",
}


@pytest.mark.parametrize(
    ("url", "html"),
    [
        ("03-b.ipynb", '<a href="03-b.html">x</a>'),
        ("./03-b.ipynb#quiz", '<a href="03-b.html#quiz">x</a>'),
        ("../dashboards/lab.ipynb?T=1&alpha=0", '<a href="../dashboards/lab.html?T=1&amp;alpha=0">x</a>'),
        ("a b#c.ipynb", "x"),
        ("a%20b.ipynb", '<a href="a%20b.html">x</a>'),
        ("#here", '<a href="#here">x</a>'),
        ("https://arxiv.org/abs/1503.02531", '<a href="https://arxiv.org/abs/1503.02531" rel="noopener">x</a>'),
        ("../dashboards/methods.ipynb", "x (needs Python: <code>kdviz serve</code>)"),
        ("../../docs/presets.md", "x"),
        ("javascript:alert(1)", "x"),
        ("//example.org/a", "x"),
    ],
)
def test_a_link_leads_to_what_the_site_has(url: str, html: str, tmp_path: Path) -> None:
    assert Links("course/02-a.ipynb", tmp_path, PAGES).html("x", url) == html


def test_pictures_travel_from_within_the_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "root" / "course").mkdir(parents=True)
    for name in ("root/course/a.svg", "root/b.png", "secret.png"):
        (tmp_path / name).write_text("picture")
    links = Links("course/02-a.ipynb", tmp_path / "root", PAGES)
    for url in ("a.svg", "../b.png", "../../secret.png", "none.png", "https://example.org/c.png"):
        links.picture(url)
    assert set(links.pictures) == {"course/a.svg", "b.png"}
    assert links.picture("https://example.org/c.png") == ""


def test_headings_have_places_of_their_own(tmp_path: Path) -> None:
    links = Links("course/02-a.ipynb", tmp_path, PAGES)
    assert [links.place(one) for one in ("Why T²?", "Why T²?", "?!", "main")] == [
        "why-t²",
        "why-t²-2",
        "section",
        "main-2",
    ]


def test_the_lab_is_spoken_of_once(tmp_path: Path) -> None:
    links = Links("course/02-a.ipynb", tmp_path, PAGES)
    assert links.lab_note() == ""
    links.html("x", "../dashboards/lab.ipynb?T=1")
    assert "plays a recorded run" in links.lab_note()
    assert links.lab_note() == ""
