"""Writing: what teacher, student and twin write after one prompt, each token shaded by its surprise."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import traitlets
from traitlets import Bool, Dict, Int, List, Unicode

from kdviz.widgets import bundle
from kdviz.widgets.from_page import BY_HAND
from kdviz.widgets.scene import SceneTrait
from kdviz.widgets.traits import View, WrongTraitError, one_of, rows_with

FIELDS = ("who", "name", "note", "tokens", "bits", "teacher_bits")
WHO = ("teacher", "student", "twin")
READ_BY = ("writer", "teacher")
LONGEST_PROMPT = 120  # characters


class Writing(View):
    """Texts side by side, written after one prompt.

    A token's surprise is −log₂ of the probability it had, to who wrote it or to the teacher; what was given has none.
    "Write" sends the custom message ``{"command": "write", "prompt": text, "sampling": value}`` (see `on_msg`).

    Parameters
    ----------
    **traits
        Values by trait name; `Writing.own_traits()` lists them.

    Raises
    ------
    WrongTraitError
        When a value does not fit.

    Examples
    --------
    >>> row = {"who": "teacher", "name": "Teacher", "note": "", "tokens": ["a", "b"], "bits": [None, 1.5]}
    >>> Writing(texts=[{**row, "teacher_bits": [None, 1.5]}]).busy
    False
    """

    _esm, _css = bundle.view(__file__)
    part = "writing"

    scene = SceneTrait()
    texts = List(
        Dict(),
        help='What was written: {"who": one of WHO, "name", "note": how, "tokens": [str], "bits": [surprise to who '
        'wrote it, null of what was given], "teacher_bits": the same to the teacher}.',
    ).tag(sync=True)
    sentence = Unicode("", help="What the texts show, in one sentence.").tag(sync=True)
    prompt = Unicode("", help="What the texts begin with.").tag(sync=True)
    samplings = List(Dict(), help='How it can be written: {"value", "text"}; none where nothing can be.').tag(sync=True)
    sampling = Unicode("", help="The way that is chosen.").tag(sync=True)
    read_by = Unicode("writer", help=f"Whose surprise is shown: one of {', '.join(READ_BY)}.").tag(**BY_HAND)
    busy = Bool(False, help="Whether something is being written.").tag(sync=True)
    answer = Int(0, help="How many wishes were answered.").tag(sync=True)
    refused = Unicode("", help="Why the last prompt was not written on, in one sentence.").tag(sync=True)

    def page_choices(self) -> Mapping[str, Container[Any]]:
        return {"read_by": READ_BY}

    @traitlets.validate("texts")
    def _check_texts(self, proposal: Any) -> list[dict]:
        rows = rows_with("texts", proposal["value"], FIELDS)
        for index, row in enumerate(rows):
            one_of(f"texts[{index}]['who']", row["who"], WHO)
            for name in ("bits", "teacher_bits"):
                if len(row[name]) not in (0, len(row["tokens"])):
                    wanted = f"as many as tokens ({len(row['tokens'])}) or none"
                    raise WrongTraitError(f"texts[{index}]['{name}'] must be {wanted}, got {len(row[name])}")
        return rows

    @traitlets.validate("read_by")
    def _check_read_by(self, proposal: Any) -> str:
        return one_of("read_by", proposal["value"], READ_BY)

    @traitlets.validate("samplings")
    def _check_samplings(self, proposal: Any) -> list[dict]:
        return rows_with("samplings", proposal["value"], ("value", "text"))
