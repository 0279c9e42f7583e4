"""Share: the page as a link, as a program, and back to its start; for lecturers, what students see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, List, Unicode

from kdviz.distill.live import LIVE
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tabs
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of
from kdviz.words import mark, t

# What a lecturer's link can hide, and what it can lock: the names in the link, and those for the reader.
_BEFORE_TABS = {
    "presets": mark("Questions"),
    "tour": mark("Tour"),
    "hero": mark("Teacher, student and their bars"),
    "setup": mark("Setup"),
    "transport": mark("Training buttons"),
    "curves": mark("Learning curves"),
    "scrubber": mark("Time slider"),
    "runs": mark("List of runs"),
    "diagnosis": mark("Why did it help"),
    "sliders": mark("T and α"),
    "examples": mark("Strip of examples"),
}
_AFTER_TABS = {"share": mark("Link and code"), "code": mark("Code")}


class _Parts(Mapping[str, str]):
    """The parts of a page, the tabs that there are now among them."""

    def _now(self) -> dict[str, str]:
        return {**_BEFORE_TABS, **{one.name: one.title for one in tabs()}, **_AFTER_TABS}

    def __getitem__(self, name: str) -> str:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


PARTS = _Parts()
CONTROLS = {
    **{name: number.label for name, number in LIVE.items()},
    "setup": mark("Setup"),
    "train": mark("Train"),
    "branch": mark("Branch"),
    "repeat": mark("Repeat with seeds"),
    "presets": mark("Questions"),
    "diagnosis": mark("Why did it help"),
    "bias": mark("Logit bias"),
    "view": mark("View"),
}

OFFERS = ("link", "code", "opening")

_OFFERED: dict[str, Mapping[str, str]] = {"hide": PARTS, "lock": CONTROLS}


class Share(View):
    """One line: Link, Code, and back to what the link said.

    "Reset the page" sends the custom message `{"command": "opening"}` (see `on_msg`). What a lecturer
    hides, locks and bounds only goes into the link shown. Where the scene hides "share" or "code", these are not drawn;
    `note` is.

    Parameters
    ----------
    **traits
        Values by trait name; `Share.own_traits()` lists them.

    Raises
    ------
    TraitError
        When a value does not fit.

    Examples
    --------
    >>> Share(query="?T=20", call="kd.panels.Lab(temperature=20.0)").code
    ''
    """

    _esm, _css = bundle.view(__file__)
    part = "share"
    needs_python = True

    scene = SceneTrait()
    names = Dict(help="What a lecturer can hide and lock: names in the link, and what they mean.").tag(sync=True)
    query = Unicode("", help='The state as a query string, "?T=20&labels=300".').tag(sync=True)
    call = Unicode(
        "kd.panels.Lab()", help="The call that opens this page in a notebook, shown where a link cannot."
    ).tag(sync=True)
    code = Unicode("", help="The program that does what the run on the page has done.").tag(sync=True)
    note = Unicode("", help="One sentence to show, such as why there is no link to the page as it is.").tag(sync=True)
    offers = List(Unicode(), list(OFFERS), help=f"What it offers: some of {', '.join(OFFERS)}.").tag(sync=True)
    bounds = Bool(True, help="Whether a lecturer's link can bound T.").tag(sync=True)

    @traitlets.validate("offers")
    def _check_offers(self, proposal: Any) -> list[str]:
        return [one_of("offers", name, OFFERS) for name in proposal["value"]]

    @traitlets.default("names")
    def _default_names(self) -> dict[str, dict[str, str]]:
        return {kind: {name: t(text) for name, text in parts.items()} for kind, parts in _OFFERED.items()}
