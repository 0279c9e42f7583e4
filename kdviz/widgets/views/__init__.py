"""Views: a switch for what the right side of a page shows."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, List, Unicode

from kdviz import words
from kdviz.widgets import bundle
from kdviz.widgets.catalogue import GROUPS, tabs
from kdviz.widgets.scene import VIEWS, SceneTrait
from kdviz.widgets.traits import View, one_of


class Views(View):
    """A switch between the views of a page, for ``scene.view``. With less than two to offer it is not there.

    Where there are many, their groups stand above, and below the views of one of them.

    Parameters
    ----------
    **traits
        Values by trait name; `Views.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> from kdviz.widgets.scene import Scene
    >>> Views(scene=Scene(), offered=["one", "many"]).offered
    ['one', 'many']
    """

    _esm, _css = bundle.view(__file__)

    scene = SceneTrait()
    offered = List(Unicode(), help='Views that can be chosen; leave out "draw" where there is no image.').tag(sync=True)
    titles = Dict(help='Other names for views: {} or {"draw": "Your own garment"}.').tag(sync=True)
    names = Dict(help="What each view is called, in their order.").tag(sync=True)
    groups = List(Dict(), help='Groups of views, in their order: {"name", "title", "views": [name]}.').tag(sync=True)

    @traitlets.default("offered")
    def _default_offered(self) -> list[str]:
        return [one.name for one in tabs() if not one.omitted]

    @traitlets.default("names")
    def _default_names(self) -> dict[str, str]:
        return {one.name: words.t(one.title) for one in tabs()}

    @traitlets.default("groups")
    def _default_groups(self) -> list[dict[str, Any]]:
        of = {name: [one.name for one in tabs() if one.group == name] for name in GROUPS}
        return [{"name": name, "title": words.t(GROUPS[name]), "views": views} for name, views in of.items() if views]

    @traitlets.validate("offered")
    def _check_offered(self, proposal: Any) -> list[str]:
        return [one_of("offered", view, VIEWS) for view in proposal["value"]]

    @traitlets.validate("titles")
    def _check_titles(self, proposal: Any) -> dict[str, str]:
        return {one_of("titles", view, VIEWS): str(title) for view, title in proposal["value"].items()}
