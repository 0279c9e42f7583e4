"""Bring kdviz/words/*.po up to date with the texts in Python and JavaScript: ``python .ci/words.py``.

New texts come in untranslated, unused ones go. A text is the first argument of ``t`` and ``tParts``, the first two of
``tn``, that of Python's ``mark``, and the title of a tab (``@tab(name, title)``); of an experiment its title, question
and what differs, and the names in its record; of a page's notebook its description, each heading, paragraph
and table; of a shipped model its title.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from kdviz.words import markdown

PACKAGE = Path(__file__).resolve().parents[1] / "kdviz"
TEXTS = {
    "t": slice(0, 1),
    "tParts": slice(0, 1),
    "tn": slice(0, 2),
    "mark": slice(0, 1),
    "tab": slice(1, 2),
    "part": slice(1, 2),
}
WIDTH = 120

COMMENT = re.compile(r"^ *(?://|/?\*).*$", re.MULTILINE)
_STRING = r'"(?:[^"\\\n]|\\.)*"'
CALL = re.compile(rf"(?<![\w$])(?<!\w\.)(t|tn|tParts)\(\s*((?:{_STRING}[\s+,]*)+)")

Text = str | tuple[str, ...]


def texts(package: Path = PACKAGE) -> dict[Text, list[str]]:
    """Return all texts, ``(one, many)`` for plurals, with the files that they stand in."""
    found: dict[Text, list[str]] = {}
    kinds = (
        (f"{package.name}/**/*.py", _of_python),
        (f"{package.name}/**/*.js", _of_javascript),
        (f"{package.name}/study/shipped/*.json", _of_experiment),
        (f"{package.name}/study/recorded/*.json", _of_record),
        ("notebooks/dashboards/*.ipynb", _of_page),
        (f"{package.name}/models/weights/*.json", lambda card: [json.loads(card)["title"]]),
    )
    for pattern, read in kinds:
        for path in sorted(package.parent.glob(pattern)):
            for text in read(path.read_text(encoding="utf-8")):
                files = found.setdefault(text, [])
                name = path.relative_to(package.parent).as_posix()
                if name not in files:
                    files.append(name)
    return found


def _of_python(source: str) -> Iterator[Text]:
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = [arg.value for arg in call.args[TEXTS[name]] if isinstance(arg, ast.Constant)] if name in TEXTS else []
        yield from _text(name, given)


def _of_javascript(source: str) -> Iterator[Text]:
    for call in CALL.finditer(COMMENT.sub("", source)):
        given = [""]
        for part in re.findall(rf"{_STRING}|,", call[2]):
            if part == ",":
                given.append("")
            else:
                given[-1] += json.loads(part)
        yield from _text(call[1], [text for text in given if text][TEXTS[call[1]]])


def _of_experiment(source: str) -> Iterator[Text]:
    written = json.loads(source)
    said = (written.get(name, "") for name in ("title", "question", "differs"))
    yield from (text.replace(" %", "\u202f%") for text in said if text)  # as the page shows it


def _of_record(source: str) -> Iterator[Text]:
    rows = json.loads(source)["rows"]
    compared = (row["difference"]["other"] for row in rows if "difference" in row)
    yield from (row["name"] for row in rows if row["role"] not in ("teacher", "twin"))
    yield from (other for other in compared if not other.startswith("twin"))


def _of_page(source: str) -> Iterator[Text]:
    page = json.loads(source)
    if description := page["metadata"].get("kdviz", {}).get("description"):
        yield description
    yield from (
        text
        for cell in page["cells"]
        if cell["cell_type"] == "markdown"
        for text in markdown.texts("".join(cell["source"]))
    )


def _text(name: str, given: list[str]) -> Iterator[Text]:
    if given:
        yield tuple(given) if name == "tn" else given[0]


def updated(path: Path) -> Catalog:
    """Return a language's catalogue with just the texts that there are."""
    with path.open("rb") as file:
        before = read_po(file, locale=path.stem)
    after = Catalog(locale=path.stem, header_comment=before.header_comment, fuzzy=False)
    for text, files in texts().items():
        known = before.get(text if isinstance(text, str) else text[0])
        places = [(name, None) for name in sorted(files)]
        after.add(text, known.string if known else ("" if isinstance(text, str) else ("", "")), locations=places)
    return after


def write(path: Path, catalogue: Catalog) -> None:
    """Write it without dates and tools, so that it changes only with its texts."""
    with path.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, sort_by_file=True, include_lineno=False)
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not re.match(_NOISE, line)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


_NOISE = (
    r'"(?:Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|'
    r"Generated-By): |#, python-(?:brace-)?format"
)


def main() -> None:
    """Update every language, and say what is missing."""
    for path in sorted((PACKAGE / "words").glob("*.po")):
        catalogue = updated(path)
        write(path, catalogue)
        missing = [m.id for m in catalogue if m.id and not (m.string if isinstance(m.id, str) else all(m.string))]
        print(f"{path.name}: {len(catalogue)} texts, {len(missing)} without a translation")
        for text in missing:
            print(f"  {text!r}")


if __name__ == "__main__":
    main()
