"""On-policy: the options are those of the term."""

from __future__ import annotations

from kdviz.panels.schemes.catalogue.on_policy import SCHEME


def test_the_second_run_learns_by_the_terms_settings(course_of, setting_of):
    (term,) = course_of("on_policy").own.stages[1].objective.terms
    assert (float(term.own), term.divergence, float(term.beta)) == (0.5, "jensen_shannon", 0.5)
    paper = SCHEME.paper.settings
    assert (paper["own"], paper["divergence"]) == (0.5, "jensen_shannon"), "as in the paper"
    assert term.prompt == setting_of("on_policy").prompt
    course = SCHEME.begin(setting_of("on_policy"), {"own": "1", "divergence": "reverse"})
    while len(course.own.stages) < 2:
        course.own.step()
    (term,) = course.own.stages[1].objective.terms
    assert (float(term.own), term.divergence) == (1.0, "reverse")
