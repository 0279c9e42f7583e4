"""Sentences that are a list to a program and lines to a reader."""

from __future__ import annotations

from html import escape


class Lines(list[str]):
    """A list of sentences that reads as one sentence a line, printed or as the last line of a cell.

    >>> Lines(["One thing.", "Another."])
    One thing.
    Another.
    >>> Lines(["One thing."]) == ["One thing."]
    True
    """

    def __repr__(self) -> str:
        return "\n".join(self)

    def _repr_html_(self) -> str:
        return "".join(f'<p style="max-width:72ch">{escape(line)}</p>' for line in self)
