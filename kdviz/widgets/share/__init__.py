"""Share: the page as a link, as a program, and back to its start; for lecturers, what students see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import traitlets
from traitlets import Dict, Unicode

from kdviz.distill.live import LIVE
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import tabs
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View

# What a lecturer's link can hide, and what it can lock: the names in the link, and those for the reader.
_BEFORE_TABS = {
    "presets": "Start from",
    "setup": "Setup",
    "transport": "Training buttons",
    "curves": "Learning curves",
    "scrubber": "Time slider",
    "runs": "List of runs",
    "diagnosis": "Why did it help",
    "sliders": "T and α",
    "examples": "Strip of examples",
}
_AFTER_TABS = {"share": "Link, Code, Reset", "code": "Code"}


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
    **{name: number.symbol[:1].upper() + number.symbol[1:] for name, number in LIVE.items()},
    "setup": "Setup",
    "train": "Train",
    "branch": "Branch",
    "repeat": "Repeat with seeds",
    "presets": "Start from",
    "diagnosis": "Why did it help",
    "bias": "Bias",
    "view": "View",
}


class Share(View):
    """One line: Link, Code, Reset to the start.

    "Reset to the start" sends the custom message `{"command": "opening"}` (see `on_msg`). What a lecturer hides, locks
    and bounds only goes into the link shown. Where the scene hides "share" or "code", these are not drawn; `note` is.

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
    note = Unicode("", help="One sentence to show, such as what is wrong with the link that opened the page.").tag(
        sync=True
    )

    @traitlets.default("names")
    def _default_names(self) -> dict[str, dict[str, str]]:
        return {"hide": dict(PARTS), "lock": CONTROLS}
