"""Markdown in another language: a heading, a paragraph, a table is a text; code stays as it is."""

from __future__ import annotations

import re

from . import catalogue

_BLOCK = re.compile(r"^(```|~~~).*?^\1[^\n]*$|[^\n]+(?:\n[^\n]+)*", re.MULTILINE | re.DOTALL)


def texts(source: str) -> list[str]:
    """Return what of Markdown is to be translated.

    >>> texts("# A title\\n\\nTwo lines,\\none text.\\n\\n```python\\nx = 1\\n\\ny = 2\\n```")
    ['# A title', 'Two lines,\\none text.']
    """
    return [block[0] for block in _BLOCK.finditer(source) if block[1] is None]


def translated(source: str, language: str) -> str:
    """Return Markdown with the texts that the language's catalogue has in their place.

    >>> translated("# Methods\\n\\n`Methods`", "de")
    '# Verfahren\\n\\n`Methods`'
    """
    known = catalogue(language)
    return _BLOCK.sub(lambda block: block[0] if block[1] else known.get((block[0],), (block[0],))[0], source)
