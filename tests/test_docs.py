"""The documentation is built without a warning, no link of it is broken, and every public name is in it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

import kdviz

from .axe import AXE, SERIOUS

ROOT = Path(__file__).parents[1]
OWN = ("https://github.com/kdviz/kdviz/blob/main/", "https://github.com/kdviz/kdviz/tree/main/")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation, as ``make docs`` builds it."""
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--jobs", "2"]
    done = subprocess.run([*command, str(ROOT / "docs"), str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def test_no_link_is_broken(built):
    pages = {path.relative_to(built).as_posix(): path.read_text(encoding="utf-8") for path in built.rglob("*.html")}
    places = {page: set(re.findall(r'\sid="([^"]+)"', text)) for page, text in pages.items()}
    broken = []
    for page, text in pages.items():
        for link in set(re.findall(r'\s(?:href|src)="([^"]+)"', text)):
            address = urlsplit(unescape(link))
            if address.scheme:
                file = next((link.removeprefix(own) for own in OWN if link.startswith(own)), "")
                good = not file or (ROOT / unquote(file.partition("#")[0])).exists()
            else:
                target = (built / page).parent / unquote(address.path) if address.path else built / page
                name = target.resolve().relative_to(built.resolve()).as_posix()
                good = target.is_file() and (not address.fragment or unquote(address.fragment) in places.get(name, ()))
            broken += [] if good else [f"{page}: {link}"]
    assert len(pages) > 40 and broken == []


def test_a_word_of_the_glossary_shows_on_hover_what_it_means(built):
    text = (built / "how-to" / "text.html").read_text(encoding="utf-8")
    [link] = re.findall(r'<a [^>]*href="../reference/glossary.html#perplexity"[^>]*>', text)
    assert 'title="2 to the power of bits a token: among how many' in link and "term" in link
    entries = (built / "reference" / "glossary.html").read_text(encoding="utf-8")
    words = re.findall(r"<h2>(.+?)<a", entries)
    assert len(words) > 40 and words == sorted(words, key=str.casefold)[-1:] + sorted(words, key=str.casefold)[:-1]


def public(module: types.ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the names that a module offers, and those of the modules among them."""
    listed = getattr(module, "__all__", None)
    for name in vars(module) if listed is None else listed:
        value = getattr(module, name)
        if isinstance(value, types.ModuleType):
            yield from public(value) if listed is not None and value.__name__.startswith("kdviz.") else ()
        elif listed is not None or (not name.startswith("_") and getattr(value, "__module__", "") == module.__name__):
            yield f"{module.__name__}.{name}", value


def is_explained(one: object) -> bool:
    """Whether something of a class is a method or property with a docstring."""
    return isinstance(one, types.FunctionType | classmethod | property) and bool(one.__doc__)


def test_every_public_name_is_in_the_reference(built):
    text = (built / "genindex.html").read_text(encoding="utf-8")
    documented = set(re.findall(r'href="[^"#]+#(kdviz[\w.]+)"', text))
    names = dict(public(kdviz))
    documented_values = {id(value) for name, value in names.items() if name in documented}
    missing = [name for name, value in names.items() if name not in documented and id(value) not in documented_values]
    assert len(names) > 400 and missing == []
    ends = {tuple(name.split(".")[-2:]) for name in documented}
    for panel in (getattr(kdviz.panels, name) for name in kdviz.panels.__all__):
        homes = [home for home in panel.__mro__ if home.__module__.startswith("kdviz.")]
        given = {name for home in homes for name, one in vars(home).items() if name[0] != "_" and is_explained(one)}
        assert {name for name in given if not any((home.__name__, name) in ends for home in homes)} == set(), panel
    silent = [
        name
        for name, value in names.items()
        if (inspect.isclass(value) or inspect.isroutine(value)) and not inspect.getdoc(value)
    ]
    assert silent == []


def serious(page: Page) -> list[str]:
    """Return what axe finds; a page from disk may not load its style sheets a second time."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'], preload: false })")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found if one["impact"] in SERIOUS]


def test_it_works_from_disk_on_a_phone_and_is_accessible(built, page):
    opened = page((built / "explanation" / "noise.html").as_uri(), width=400, dark=True)
    assert serious(opened) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 400
    opened.emulate_media(color_scheme="light")
    opened.goto((built / "explanation" / "convention.html").as_uri())
    assert serious(opened) == []
    assert opened.locator("math").count() > 0
    opened.goto((built / "search.html").as_uri() + "?q=temperature")
    expect(opened.locator("#search-results li").first).to_be_visible()
