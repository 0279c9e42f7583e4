"""StudyExport: a study's table as a file, its code, and what is different on a cluster."""

from __future__ import annotations

from traitlets import Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View


class StudyExport(View):
    """Buttons that save the table, and the program, to copy. It works without Python.

    Parameters
    ----------
    **traits
        Values by trait name; `StudyExport.own_traits()` lists them.

    Examples
    --------
    >>> StudyExport(cells="temperature,alpha,errors\\n4,0.9,120\\n").runs
    ''
    """

    _esm, _css = bundle.view(__file__)
    part = "export"

    scene = SceneTrait()
    cells = Unicode("", help="CSV with a line for each cell; empty: nothing to save yet.").tag(sync=True)
    runs = Unicode("", help="CSV with a line for each run, split and moment; empty: nothing to save yet.").tag(
        sync=True
    )
    code = Unicode("", help="The program that gives the same numbers.").tag(sync=True)
    cluster = Unicode("", help="The same with the lines for many cores and for a cluster.").tag(sync=True)
