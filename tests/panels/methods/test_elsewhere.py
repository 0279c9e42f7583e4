"""No term of the engine is missing from the Methods page, or it says where it is."""

from __future__ import annotations

from kdviz.distill.methods import METHODS
from kdviz.distill.objective_schema import TERMS
from kdviz.distill.pairing import LayerPairs
from kdviz.distill.schemes import PUBLISHED
from kdviz.panels.methods.elsewhere import ELSEWHERE, OF_TEXT
from kdviz.panels.schemes.choices import LINK as SCHEMES
from kdviz.panels.writing.choices import LINK as WORDS

FIVE = (("a", "b"), ("c", "d"))
ALL = LayerPairs(FIVE, FIVE, FIVE, ("a", "b"), FIVE, ("a", "b"), ("members.0", "members.1"), "logits.teacher_head")
WITHOUT_TOKENS = LayerPairs(FIVE, FIVE, features=("a", "b"))


def test_every_term_is_a_method_of_the_page_or_is_told_to_be_elsewhere():
    made = {type(m.make(pairs)).__name__ for m in METHODS.values() for pairs in (ALL, WITHOUT_TOKENS)} - {"NoneType"}
    own = {name for name, kind in TERMS.items() if kind.__module__.startswith("kdviz.")}
    assert made & set(ELSEWHERE) == set()
    assert own - made == set(ELSEWHERE)


def test_what_is_for_text_opens_on_the_page_that_runs_it():
    of_text = [one for one in (*ELSEWHERE.values(), *OF_TEXT) if one.link]
    assert {one.published for one in of_text} - {""} == set(PUBLISHED)
    for one in of_text:
        page, _, query = one.link.partition("?")
        found = {"words.ipynb": WORDS, "schemes.ipynb": SCHEMES}[page].follow(f"?{query}")
        assert found.note == "" and found.names, one.link
