"""The words that readers see, and their translations.

The English text is the key, as in gettext; a text in another language is looked up when it is shown:

>>> t("Showing the {shown} largest of {total} groups.", shown=8, total=14)
'Showing the 8 largest of 14 groups.'
>>> tn("{n} example", "{n} examples", 2)
'2 examples'

``widgets/shared/words.js`` has the same two functions for the page. Translations are the PO files beside this one,
which translators' programs (Poedit, Weblate) and Babel read; a text that is missing there stays English. One language
holds for a whole kernel: what :func:`language` was given, or ``?lang=de`` in the address of a dashboard, or
``KDVIZ_LANGUAGE``.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

ENGLISH = "en"
VARIABLE = "KDVIZ_LANGUAGE"

_PLACE = re.compile(r"\{(\w+)\}")
_LINE = re.compile(r'(?:(msgid|msgid_plural|msgstr|msgstr\[\d\])\s+)?(".*")')
_chosen: list[str] = []
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def languages() -> tuple[str, ...]:
    """Return the languages that there are, English first.

    >>> languages()
    ('en', 'de')
    """
    return ENGLISH, *sorted(file.stem for file in Path(__file__).parent.glob("*.po"))


def language(name: str | None = None) -> str:
    """Choose the language of this kernel's pages, and return it; without a name only return it.

    Widgets that are shown already keep theirs.

    Parameters
    ----------
    name : str, optional
        ``"en"`` or ``"de"``.

    Raises
    ------
    ValueError
        If there is no such language.

    Examples
    --------
    >>> language()
    'en'
    """
    if name is not None:
        _chosen[:] = [_known(name)]
    return _spoken.get() or (_chosen[0] if _chosen else _given())


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """While the block lasts, speak another language here: a server answers each of its visitors in theirs.

    >>> with speaking("de"):
    ...     t("Look again")
    'Noch einmal nachsehen'
    """
    before = _spoken.set(_known(name))
    try:
        yield
    finally:
        _spoken.reset(before)


def _known(name: str) -> str:
    if name not in languages():
        raise ValueError(f"expected a language of {', '.join(languages())}, got {name!r}")
    return name


def _given() -> str:
    """Return the language of the address or, without one, of the environment."""
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        asked = parse_qs(os.environ.get("QUERY_STRING", "")[:2000]).get("lang", [""])[0]
        if asked in languages():  # a link may name what is not there: the page opens all the same
            return asked
    return _known(os.environ.get(VARIABLE) or ENGLISH)


def t(text: str, /, **values: object) -> str:
    """Return a text in the kernel's language, its ``{places}`` filled."""
    return _filled(catalogue(language()).get((text,), (text,))[0], values)


def tn(one: str, many: str, n: int, /, **values: object) -> str:
    """Return the text for one or for many; ``{n}`` is the number unless ``values`` has it otherwise."""
    forms = (one, many)
    return _filled(catalogue(language()).get(forms, forms)[n != 1], {"n": n, **values})


def number(value: float, spec: str = ",") -> str:
    """Return a number with the marks of the kernel's language: Python's ``spec``, a true minus, no break before a "%".

    >>> number(1234), number(-0.5, "+.2f"), number(0.125, ".1%").replace("\u202f", " ")
    ('1,234', '−0.50', '12.5 %')
    """
    marks = t("1,234.5")  # how this language writes it
    written = format(value, spec).translate(str.maketrans(",.-", f"{marks[1]}{marks[-2]}−"))
    return written.replace("%", "\u202f%")


def mark(text: str) -> str:
    """Return a text as it is: it is for translators, and ``t`` looks it up later, when it is shown."""
    return text


def _filled(text: str, values: dict[str, object]) -> str:
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


@cache
def catalogue(name: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return a language's texts: ``(text,)`` to ``(text,)``, and ``(one, many)`` to ``(one, many)``.

    Only languages whose plural is that of English (``n != 1``) can be read as yet.
    """
    if name == ENGLISH:
        return {}
    entries: list[dict[str, str]] = [{}]
    field = ""
    for line in (Path(__file__).parent / f"{name}.po").read_text(encoding="utf-8").splitlines():
        found = _LINE.fullmatch(line.strip())
        if not found:
            continue
        if found[1] == "msgid":
            entries.append({})
        field = found[1] or field
        entries[-1][field] = entries[-1].get(field, "") + ast.literal_eval(found[2])
    texts = {}
    for entry in entries:
        keys = tuple(entry[key] for key in ("msgid", "msgid_plural") if key in entry)
        forms = tuple(text for field, text in entry.items() if field.startswith("msgstr"))
        if keys and keys != ("",) and all(forms):
            texts[keys] = forms
    return texts


def for_script(*paths: Path) -> dict[str, Any]:
    """Return what scripts of their own look texts up in: the language of this process, and all texts they have."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    texts = {name: for_page(name) for name in languages() if name != ENGLISH}
    own = {name: {k: v for k, v in known.items() if f't("{k}"' in source} for name, known in texts.items()}
    return {"language": language(), "texts": own}


def for_page(name: str) -> dict[str, str | list[str]]:
    """Return a language's texts by their English one, as ``words.js`` reads them."""
    return {keys[0]: forms[0] if len(keys) == 1 else list(forms) for keys, forms in catalogue(name).items()}
