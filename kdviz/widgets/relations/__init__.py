"""Relations: how teacher and student set the examples of a batch to one another, and whose neighbors are kept."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets import Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_PAGE
from kdviz.widgets.traits import Packed, View, WrongTraitError, one_of, rows_with

KINDS = ("similarity", "distance")


class Relations(View):
    """Two matrices of a batch sorted by class, the teacher's and the student's, with their difference; and retrieval.

    Parameters
    ----------
    **traits
        Values by trait name; `Relations.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> both = {"teacher_similarity": [1, 0.2, 0.2, 1], "student_similarity": [1, 0.4, 0.4, 1]}
    >>> Relations(labels=[0, 1], classes=["cat", "dog"], **both).kind
    'similarity'
    """

    _esm, _css = bundle.view(__file__)

    classes = List(Unicode(), help="Names of the classes.").tag(sync=True)
    labels = List(Int(), help="Class of each of the B examples, in order of the classes.").tag(sync=True)
    teacher_similarity = Packed("<f4", help="Cosines of the teacher's features, B × B, row by row.").tag(sync=True)
    student_similarity = Packed("<f4", help="The same of the student's.").tag(sync=True)
    teacher_distance = Packed("<f4", help="Distances of the teacher's, over their mean, B × B.").tag(sync=True)
    student_distance = Packed("<f4", help="The same of the student's.").tag(sync=True)
    kind = Unicode("similarity", help="Which of them is drawn: similarity or distance.").tag(**BY_PAGE)
    scores = List(
        Dict(), help='Of each model: {"role", "name", "recall_1", "recall_5", "kept": shares, None where not known}.'
    ).tag(sync=True)
    note = Unicode("", help="What is compared, in one sentence.").tag(sync=True)
    sentences = Dict(help="One sentence on what is shown, by kind; also the screen reader's text.").tag(sync=True)

    @traitlets.validate("kind")
    def _check_kind(self, proposal: Any) -> str:
        return one_of("kind", proposal["value"], KINDS)

    @traitlets.validate("scores")
    def _check_scores(self, proposal: Any) -> list[dict]:
        return rows_with("scores", proposal["value"], ("role", "name", "recall_1", "recall_5", "kept"))

    @traitlets.validate("teacher_similarity", "student_similarity", "teacher_distance", "student_distance")
    def _check_matrix(self, proposal: Any) -> bytes:
        value, count = proposal["value"], len(self.labels)
        if value and len(value) != 4 * count * count:
            raise WrongTraitError(
                f"{proposal['trait'].name} must have {count} × {count} numbers, one a pair of examples, "
                f"got {len(value) // 4}"
            )
        return value
