"""In which language the server's own pages speak: that of the address, else the server's, else the browser's."""

from __future__ import annotations

import os

from tornado.web import RequestHandler

from kdviz import words

LONGEST = 200  # characters of what a browser says of its languages that are read


def language(handler: RequestHandler, *, browser: bool = True) -> str:
    """The language that an answer is written in.

    Parameters
    ----------
    handler : RequestHandler
        Of the request.
    browser : bool
        Whether to go by the browser's languages where neither the address nor the server's ``KDVIZ_LANGUAGE`` says one.
        Dashboards do not, and what stands in for one speaks as it will.

    Returns
    -------
    str
    """
    known = words.languages()
    asked = handler.request.query_arguments.get("lang", [b""])[0].decode("ascii", "replace")
    if asked in known:
        return asked
    if browser and not os.environ.get(words.VARIABLE):
        wanted = (part.split(";")[0].strip()[:2].lower() for part in _accepted(handler).split(","))
        return next((one for one in wanted if one in known), words.language())
    return words.language()


def _accepted(handler: RequestHandler) -> str:
    return handler.request.headers.get("Accept-Language", "")[:LONGEST]


def query(chosen: str) -> str:
    """What stands behind the addresses of pages that are to speak the same language.

    Examples
    --------
    >>> query("en"), query("de")
    ('', '?lang=de')
    """
    return "" if chosen == words.language() else f"?lang={chosen}"
