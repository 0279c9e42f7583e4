"""DiagnosisView: a button that asks why a run helped or did not, and what was found, calmly, a finding a line."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Float, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, one_of, rows_with, within

STAGES = ("away", "ready", "looking", "done", "failed")
FIELDS = ("name", "title", "severity", "confidence", "sentence", "evidence", "code", "query", "call")


class DiagnosisView(View):
    """Why did it (not) help? Asked by a button, answered by a list of findings.

    It sends custom messages (see `on_msg`): `{"command": "diagnose", "closer": bool}` (closer: with a small study) and
    `{"command": "stop_diagnosis"}`. Evidence, code and link of a finding fold out.

    Parameters
    ----------
    **traits
        Values by trait name; `DiagnosisView.own_traits()` lists them.

    Raises
    ------
    TraitError
        When a value does not fit.

    Examples
    --------
    >>> DiagnosisView().stage
    'away'
    """

    _esm, _css = bundle.view(__file__)

    scene = SceneTrait()
    stage = Unicode(
        "away", help="What it does: away (no run has ended), ready, looking, done, or failed (then see `status`)."
    ).tag(sync=True)
    share = Float(None, allow_none=True, help="How far a look is, in [0, 1]; None where nobody knows.").tag(sync=True)
    status = Unicode("", help="What is being done, or why it failed, in one sentence.").tag(sync=True)
    headline = Unicode("", help="Whether it helped, in one sentence.").tag(sync=True)
    clean = Unicode("", help="What is said where nothing was found.").tag(sync=True)
    findings = List(
        Dict(),
        help='What was found: {"name", "title", "severity", "confidence", "sentence", "evidence": [[name, value]], '
        '"code", "query", "call"}, texts all; code, query (of a link to the Lab) and call may be empty.',
    ).tag(sync=True)
    notes = List(Unicode(), help="What was not looked at, a sentence each.").tag(sync=True)
    closer = Unicode("", help="What a closer look would do, in a sentence; empty where it cannot.").tag(sync=True)

    @traitlets.validate("stage")
    def _check_stage(self, proposal: Any) -> str:
        return one_of("stage", proposal["value"], STAGES)

    @traitlets.validate("share")
    def _check_share(self, proposal: Any) -> float | None:
        value = proposal["value"]
        return None if value is None else within("share", value, 0, 1)

    @traitlets.validate("findings")
    def _check_findings(self, proposal: Any) -> list[dict[str, Any]]:
        return rows_with("findings", proposal["value"], FIELDS)
