"""``kdviz site OUT``: executes the course and writes it as static pages, whole or not at all."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from kdviz.app import pages, places

from . import page
from . import run as executing
from .links import Links
from .parts import Parts, renamed

COURSE = "course"
MARK = ".kdviz-site.json"  # what a folder holds that an earlier site may be replaced in: its own files, by name
MOST_BYTES = 3_000_000  # of a lesson, besides what all share
MODULE = "kdviz.app.site.run"
IGNORED = frozenset({".DS_Store", "Thumbs.db"})


def run(options: argparse.Namespace) -> int:
    """Write the site.

    Parameters
    ----------
    options : argparse.Namespace
        The command line of ``kdviz site``: ``out``, ``lesson``, ``notebooks``, ``base``, ``docs``, ``no_lab``.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    ValueError, FileNotFoundError
        With one sentence; an earlier site is left as it is.
    """
    root = Path(options.notebooks).resolve() if options.notebooks else places.notebooks()
    also = {"base": options.base or "", "docs": options.docs or ""}
    write(Path(options.out), root, lessons=options.lesson or (), lab=not options.no_lab, **also)
    return 0


def write(
    out: Path, root: Path, *, lessons: Sequence[str] = (), lab: bool = True, base: str = "", docs: str = ""
) -> Path:
    """Execute lessons and write them, the Lab and an index as static pages.

    Parameters
    ----------
    out : pathlib.Path
        A folder that is not there yet, is empty, or holds an earlier site, which is replaced at the end.
    root : pathlib.Path
        The folder of notebooks; the lessons are in its folder ``course``.
    lessons : sequence of str
        Which: file names without their ending, with or without the number; all by default.
    lab : bool
        Whether the Lab comes along, with its default run recorded anew.
    base : str
        The address at which the site will stand, for its sitemap; pages refer to one another without it.
    docs : str
        Where the documentation is, as seen from the index.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If the folder holds other things, a lesson is not there, or a notebook cannot be run: which, and which cell. A
        lesson whose data are not on this machine is left out, and said, unless it was asked for by name.
    """
    _check_base(base)
    earlier = _earlier(out)
    shown = _all_shown(root, _chosen(root, lessons, lab), named=bool(lessons))
    entries = list(shown)
    addresses = {entry.path: f"{entry.path.removesuffix('.ipynb')}.html" for entry in entries}
    parts = Parts()
    files: dict[str, bytes | Path] = {}
    course = [entry for entry in entries if entry.path != places.LAB]
    for entry in entries:
        place = course.index(entry) if entry in course else -1
        made = page.lesson(
            entry,
            shown[entry],
            Links(entry.path, root, addresses),
            parts,
            before=_neighbour(course, place - 1) if place > 0 else None,
            after=_neighbour(course, place + 1) if 0 <= place < len(course) - 1 else None,
        )
        files[addresses[entry.path]] = made.text.encode()
        files[entry.path] = root / entry.path
        files |= made.links.pictures
        _tell(addresses[entry.path], len(made.text.encode()))
    files["index.html"] = page.index(entries, addresses, parts, docs=docs).encode()
    if base:
        files["sitemap.xml"] = _sitemap(base, ["index.html", *addresses.values()]).encode()
    with _swapped(out, earlier) as fresh:
        _put(fresh, {**files, **parts.files})
    print(f"The site is in {out}: open {out / 'index.html'}.", flush=True)
    return out


def _chosen(root: Path, names: Sequence[str], lab: bool) -> list[pages.Entry]:
    """Return what the site has, the Lab first, then the lessons in order."""
    found = [one for one in pages.listing(root) if one.path.startswith(f"{COURSE}/") and one.path.count("/") == 1]
    for one in found:
        if one.trouble:
            raise ValueError(f"{one.path} cannot be shown: {one.trouble}")
    if names:
        known = {one: _names(one) for one in found}
        for name in names:
            if not any(name in some for some in known.values()):
                there = ", ".join(Path(one.path).stem for one in found) or "none"
                raise ValueError(f"there is no lesson {name!r} in {root / COURSE}; there are {there}")
        found = [one for one, some in known.items() if some & set(names)]
    if not found:
        raise FileNotFoundError(f"there are no lessons in {root / COURSE}: that folder needs notebooks")
    first = [pages.entry(root / places.LAB, root)] if lab and (root / places.LAB).is_file() else []
    return [*(replace(one, group="Lab") for one in first), *found]


def _names(entry: pages.Entry) -> set[str]:
    """Return what a lesson may be called by.

    >>> sorted(_names(pages.Entry("course/02-temperature.ipynb", "", "", "")))
    ['02-temperature', 'temperature']
    """
    stem = Path(entry.path).stem
    number, _, rest = stem.partition("-")
    return {stem, rest} if number.isdigit() and rest else {stem}


class WithoutDataError(ValueError):
    """A notebook whose data are not on this machine."""


def _all_shown(root: Path, entries: Sequence[pages.Entry], *, named: bool) -> dict[pages.Entry, dict[str, Any]]:
    """Return what notebooks show, without those that lack their data."""
    found: dict[pages.Entry, dict[str, Any]] = {}
    for entry in entries:
        began = time.monotonic()
        try:
            found[entry] = _shown(root, entry)
        except WithoutDataError as lacking:
            if named or len(entries) == 1:
                raise
            print(f"Left out: {lacking}.", file=sys.stderr, flush=True)
        else:
            print(f"{entry.path}: {time.monotonic() - began:.0f} s", flush=True)
    if not any(entry.path != places.LAB for entry in found):
        raise FileNotFoundError(f"no lesson in {root / COURSE} has its data")
    return found


def _shown(root: Path, entry: pages.Entry) -> dict[str, Any]:
    """Return what a notebook shows, run in a process of its own."""
    lab = entry.path == places.LAB
    if not lab and not executing.has_code(root / entry.path):
        return executing.executed(root / entry.path)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "shown.json"
        source = "LAB" if lab else str(root / entry.path)
        ended = subprocess.run(
            [sys.executable, "-m", MODULE, source, str(target)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            found: dict[str, Any] = json.loads(renamed(target.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            last = ended.stderr.decode(errors="replace").strip().split("\n")[-1][:300]
            raise ValueError(f"{entry.path}: Python ended with status {ended.returncode}: {last}") from None
    if "trouble" in found:
        raise (WithoutDataError if found.get("lacks_data") else ValueError)(f"{entry.path}: {found['trouble']}")
    if lab:
        found["cells"].insert(0, {"kind": "markdown", "source": f"# {entry.title}\n\n{page.lab_note()}"})
    return found


def _neighbour(course: Sequence[pages.Entry], place: int) -> page.Neighbour:
    entry = course[place]
    return page.Neighbour(f"{quote(Path(entry.path).stem)}.html", entry.title)


def _tell(address: str, size: int) -> None:
    line = f"{address}: {size / 1e6:.2f} MB"
    print(line if size <= MOST_BYTES else f"{line} (more than {MOST_BYTES / 1e6:.0f} MB)", flush=True)


# The folder


def _earlier(out: Path) -> bool:
    """Whether a folder holds an earlier site and nothing else; False where there is nothing.

    Raises
    ------
    ValueError
        If it holds other things.
    """
    if not out.exists() and not out.is_symlink():
        return False
    if not out.is_dir() or out.is_symlink():
        raise ValueError(f"{out} must be a folder, or a path where nothing is yet")
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_symlink() or not path.is_dir()}
    there = {name for name in there if name.rpartition("/")[2] not in IGNORED}
    others = there - _own_files(out)
    if others:
        raise ValueError(f"{out} holds what is no site of kdviz, such as {min(others)}: choose another folder")
    return bool(there)


def _own_files(out: Path) -> set[str]:
    try:
        said = json.loads((out / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    listed = said.get("files") if isinstance(said, dict) else None
    return {MARK, *(one for one in listed if isinstance(one, str))} if isinstance(listed, list) else set()


@contextmanager
def _swapped(out: Path, earlier: bool) -> Iterator[Path]:
    """A fresh folder that takes the place of ``out`` once all is in it."""
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    fresh, old = (out.with_name(f".{out.name}.{kind}-{mark}") for kind in ("new", "old"))
    fresh.mkdir()
    try:
        yield fresh
        if out.exists():
            out.rename(old)
        try:
            fresh.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)


def _put(folder: Path, files: Mapping[str, bytes | Path]) -> None:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    mark = {"kdviz": version("kdviz"), "files": sorted(files)}
    (folder / MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")


# The address


def _check_base(base: str) -> None:
    parts = urlsplit(base)
    if base and (parts.scheme not in ("http", "https") or not parts.netloc):
        raise ValueError(f"--base must be an address such as https://example.org/course/, got {base!r}")


def _sitemap(base: str, addresses: Sequence[str]) -> str:
    begins = base if base.endswith("/") else f"{base}/"
    rows = "".join(f"<url><loc>{escape(begins + quote(one))}</loc></url>\n" for one in addresses)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )
