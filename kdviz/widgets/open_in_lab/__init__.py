"""OpenInLab: a button that opens the runs of a page in the Lab below it, and a link to a run like them."""

from __future__ import annotations

from traitlets import Bool, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View


class OpenInLab(View):
    """A button, with why it does nothing yet; it sends `{"command": "lab"}`, or `{"command": "close_lab"}` (`on_msg`).

    Parameters
    ----------
    **traits
        Values by trait name; `OpenInLab.own_traits()` lists them.

    Examples
    --------
    >>> OpenInLab(ready=True).opened
    False
    """

    _esm, _css = bundle.view(__file__)
    needs_python = True

    scene = SceneTrait()
    possible = Bool(True, help="Whether the Lab can show such runs; else there is no button.").tag(sync=True)
    ready = Bool(False, help="Whether there are runs to open.").tag(sync=True)
    opened = Bool(False, help="Whether the Lab is open below.").tag(sync=True)
    note = Unicode("", help="What is opened, or why nothing is yet, in a sentence.").tag(sync=True)
    query = Unicode("", help="Link to a run like these; empty: none.").tag(sync=True)
    page = Unicode("lab.ipynb", help="Which page that link opens.").tag(sync=True)
    like = Unicode("", help="What that link opens.").tag(sync=True)
