"""The link of a page: its state as a short query string that can be read, ``?T=20&labels=300``, and back.

A page declares once what its links can say (:class:`Link`). What is read is held against fixed lists and bounds, name
by name; nothing of it is evaluated. Of a link that cannot be followed as it stands all is followed that can be, and a
sentence says what was left out. In a page that Voila serves, the address is the link.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from ...widgets.question import TELLS
from ...words import languages, t
from ...words import number as written
from ...words.naming import listed
from ...words.reasons import told
from .checks import shown
from .parameters import Parameter, PartlyLeftOutError

MOST_CHARACTERS = 4000

# What is the page's own, whatever it shows: the server's, its colours, its language, its form for a projector, and
# when a lesson tells what is right.
_OF_SERVER = re.compile(r"voila-.*|token")
_OF_PAGE: dict[str, Callable[[], tuple[str, ...]]] = {
    "theme": lambda: ("light", "dark"),
    "lang": languages,
    "present": lambda: ("", "0", "1"),
    "tell": lambda: TELLS,  # the lesson's that a panel is part of
}


class Chosen(Protocol):
    """What is chosen on a page."""

    def to_dict(self) -> dict[str, Any]:
        """Return it by field."""


@dataclass(frozen=True)
class Followed:
    """What of a link can be followed.

    Attributes
    ----------
    state : dict
        What the page opens with, without what was left out.
    names : tuple of str
        The parameters that were followed, by their names in the link; the others are as by default.
    left_out : dict of str to str
        Why a parameter was left out, by its name in the link; a link that is too long is left out whole, under the
        empty name.
    """

    state: dict[str, Any]
    names: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def note(self) -> str:
        """One sentence, without a full stop, on what was left out; empty where nothing was."""
        if not self.left_out:
            return ""
        first, *others = self.left_out
        why = self.left_out[first]
        if others:
            why = t("{why}; left out too: {names}", why=why, names=", ".join(shown(name) for name in others[:5]))
        if self.names:
            return t("this link has a mistake: {why}; the rest was followed", why=why)
        return t("this link has a mistake: {why}", why=why)


@dataclass(frozen=True)
class Link:
    """What the links of a page can say.

    Parameters
    ----------
    fields : dict of str to Parameter
        What each may be, by its name in a state. Where some do not fit one another, those stand that come first here.
    opened : callable
        Returns what the page opens with, from the fields that are given; raises a ``ValueError`` of one sentence where
        they do not fit one another.
    renamed : dict of str to str
        What a link calls a field, where that is not its name.

    Examples
    --------
    >>> from .parameters import number, whole
    >>> link = Link({"temperature": number(1000), "seed": whole(0, 9)}, dict, {"temperature": "T"})
    >>> link.written({"temperature": 20.0})
    '?T=20'
    >>> found = link.follow("?T=hot&seed=3")
    >>> found.state, found.left_out
    ({'seed': 3}, {'T': "T must be a number from 0 to 1000, got 'hot'"})
    """

    fields: Mapping[str, Parameter]
    opened: Callable[[Mapping[str, Any]], dict[str, Any]]
    renamed: Mapping[str, str]

    @property
    def names(self) -> dict[str, str]:
        """What a link calls each field."""
        return {name: self.renamed.get(name, name) for name in self.fields}

    def written(self, values: Mapping[str, Any]) -> str:
        """Return the query string that says these values, in the order of the fields; empty for none."""
        parts = [
            f"{self.names[name]}={kind.write(values[name])}" for name, kind in self.fields.items() if name in values
        ]
        return "?" + "&".join(parts) if parts else ""

    def follow(self, query: str) -> Followed:
        """Return what a query string says, without what cannot be.

        Parameters
        ----------
        query : str
            With or without the "?".
        """
        if len(query) > MOST_CHARACTERS:
            most, count = written(MOST_CHARACTERS), written(len(query))
            why = t("a link may have {most} characters, got {n}; ask for a shorter one", most=most, n=count)
            return Followed(self.opened({}), (), {"": why})
        left_out: dict[str, str] = {}
        given: dict[str, Any] = {}
        for link, texts in split(query).items():
            try:
                if link in _OF_PAGE:
                    _check_of_page(link, texts)
                else:
                    name = next((name for name, called in self.names.items() if called == link), link)
                    given[name] = self._read(link, name, texts)
            except PartlyLeftOutError as error:
                left_out[link] = told(str(error))
                if error.kept:
                    given[name] = error.kept
            except ValueError as error:
                left_out[link] = told(str(error))
        try:
            return Followed(self.opened(given), self._called(given), left_out)
        except ValueError:  # one or more do not fit: those that do are taken one by one
            fits: dict[str, Any] = {}
        for name in (name for name in self.fields if name in given):
            try:
                self.opened({**fits, name: given[name]})
                fits[name] = given[name]
            except ValueError as error:
                left_out[self.names[name]] = told(str(error))
        return Followed(self.opened(fits), self._called(fits), left_out)

    def _called(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(self.names[name] for name in given)

    def _read(self, link: str, name: str, texts: list[str]) -> Any:
        """Return the value of a parameter, checked by itself."""
        if name not in self.fields:
            there = listed(self.names.values(), link)
            raise ValueError(t("a link has no {name}; it may have {names}", name=shown(link), names=there))
        if len(texts) > 1:
            raise ValueError(t("{name} must be given once, got it {n} times", name=link, n=len(texts)))
        try:
            text = unquote(texts[0].removeprefix("="), errors="strict")
        except UnicodeDecodeError as error:
            got = shown(texts[0][1:])
            raise ValueError(t("{name} must be plain text, got {value}", name=link, value=got)) from error
        if not texts[0]:
            raise ValueError(t("{name} must have a value, as in {name}=…, got none", name=link))
        parameter = self.fields[name]
        return parameter.check(link, parameter.read(link, text))


def _check_of_page(link: str, texts: list[str]) -> None:
    among = _OF_PAGE[link]()
    if any(text.removeprefix("=") not in among for text in texts):
        names, got = ", ".join(filter(None, among)), shown(texts[-1].removeprefix("="))
        raise ValueError(t("{name} must be one of {names}, got {value}", name=link, names=names, value=got))


def opened_with(make: Callable[[Mapping[str, Any]], Chosen]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return ``Link.opened`` of a page whose choices ``make`` makes of a link's fields, and that can hide its parts."""

    def opened(given: Mapping[str, Any]) -> dict[str, Any]:
        fields, hidden = apart(given)
        return {**make(fields).to_dict(), "hidden": hidden}

    return opened


def apart(state: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the choices of what a link opens, and the parts that it hides."""
    return {name: value for name, value in state.items() if name != "hidden"}, list(state.get("hidden", ()))


def said(chosen: Chosen, usual: Chosen, hidden: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a link to these choices: what is not as usual, and the hidden parts."""
    default = usual.to_dict()
    differing = {name: value for name, value in chosen.to_dict().items() if value != default[name]}
    return differing | ({"hidden": list(hidden)} if hidden else {})


def split(query: str) -> dict[str, list[str]]:
    """Return the texts of each parameter with the "=" before them, without those of the server."""
    given: dict[str, list[str]] = {}
    for part in query.removeprefix("?").split("&"):
        name, equals, text = part.partition("=")
        if part and not _OF_SERVER.fullmatch(name):
            given.setdefault(name, []).append(equals + text)
    return given


def of_address() -> str:
    """Return the link that this kernel was started for; empty where none is known yet, as in a warm kernel."""
    if not os.environ.get("SERVER_SOFTWARE", "").startswith("voila") or os.environ.get("VOILA_PREHEAT"):
        return ""
    query = os.environ.get("QUERY_STRING", "")
    return f"?{query}" if query else ""
