"""Lesson 12: each truth as the records show it, and what is said to right and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

from kdviz.lessons.course.fairness import BLIND, FEWEST, PENALTY, STUDENTS, TWINS, WORDS, Fairness, begun, with_penalty


class Few(Fairness):
    seeds, epochs, weights, resamples = 2, 1, (PENALTY,), 20


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Fairness:
    return Few(folder=tmp_path_factory.mktemp("answers"))


def shares(chosen, group, divisor):
    return {name: chosen[group == name].sum() / divisor(chosen, group == name) for name in sorted(set(group))}


def of_label(rate):
    """Return a function that takes rates of all groups for y = 1 and y = 0, and returns highest − lowest of both."""

    def gaps(chosen, y, group):
        each = [[rate(chosen, y, group == name, label) for name in sorted(set(group))] for label in (1, 0)]
        return tuple(max(one) - min(one) for one in each)

    return gaps


right_gaps = of_label(lambda chosen, y, member, label: chosen[member & (y == label)].mean())


def of_two(chosen, y, group):
    first, *_, last = sorted(set(group))
    both = (group == first) | (group == last)
    return right_gaps(chosen[both], y[both], group[both])


WRITTEN = {
    "selection": (
        lambda chosen, group: shares(chosen, group, lambda chosen, member: member.sum()),
        {
            "the share of each group among those chosen": lambda chosen, group: shares(
                chosen, group, lambda chosen, member: chosen.sum()
            ),
            "the number chosen": lambda chosen, group: shares(chosen, group, lambda chosen, member: 1),
            "You divided by all examples": lambda chosen, group: shares(
                chosen, group, lambda chosen, member: len(chosen)
            ),
            "that is not chosen": lambda chosen, group: shares(1 - chosen, group, lambda chosen, member: member.sum()),
            "it must not be missing": lambda chosen, group: {
                name: chosen[group == name].mean() for name in set(group[chosen == 1])
            },
            "It must return a dict": lambda chosen, group: chosen.mean(),
        },
    ),
    "odds_gaps": (
        right_gaps,
        {
            "the wrong way round": lambda *given: right_gaps(*given)[::-1],
            "never negative": lambda *given: tuple(-gap for gap in right_gaps(*given)),
            "You divided by those chosen": of_label(
                lambda chosen, y, member, label: (y == label)[member & (chosen == 1)].mean()
            ),
            "the gap in selection rates, twice": of_label(lambda chosen, y, member, label: chosen[member].mean()),
            "With three groups": of_two,
            "It must return two numbers": lambda *given: right_gaps(*given)[0],
        },
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_exercise_takes_what_is_right_and_says_what_is_wrong(lesson, name):
    right, wrong = WRITTEN[name]
    assert lesson.check(name, right)
    for sentence, function in wrong.items():
        found = lesson.check(name, function)
        assert not found and sentence in found.sentences[0], found


def test_the_bars_are_the_shares_that_the_teacher_selects(lesson):
    chosen = lesson.teachers_choice.numpy()
    assert lesson.selected.truth == pytest.approx([100 * chosen[lesson.sex == name].mean() for name in WORDS])
    assert lesson.selected.reply(lesson.selected.truth).right


def test_the_cells_are_the_high_incomes_that_the_teacher_misses(lesson):
    chosen, y, age = lesson.teachers_choice.numpy(), lesson.census.test.y.numpy(), lesson.census.test.groups["age"]
    for i, name in enumerate(lesson.fails.rows):
        low, high = map(int, name.split(" to "))
        for j, sex in enumerate(WORDS):
            high_income = (age >= low) & (age <= high) & (lesson.sex == sex) & (y == 1)
            if high_income.sum() < FEWEST:
                assert np.isnan(lesson.missed[i, j])
            else:
                assert lesson.missed[i, j] == pytest.approx(100 * (1 - chosen[high_income].mean()))
    assert lesson.fails.reply(lesson.fails.largest).distance == 0


def test_gaps_are_those_of_fairlearn_seed_by_seed(lesson):
    y, found = lesson.census.test.y.numpy(), lesson.choice(STUDENTS, 1)
    told = {"y_true": y, "y_pred": found.numpy(), "sensitive_features": lesson.sex}
    assert lesson.parity(found) == pytest.approx(demographic_parity_difference(**told))
    assert lesson.odds(found) == pytest.approx(equalized_odds_difference(**told))
    pairs = [
        lesson.parity(lesson.choice(STUDENTS, seed)) - lesson.parity(lesson.choice(TWINS, seed)) for seed in (0, 1)
    ]
    assert lesson.difference(lesson.parity, STUDENTS).differences == pytest.approx(pairs)


def test_a_penalty_moves_the_point_and_the_point_is_what_is_asked(lesson):
    gap, right = lesson.place(with_penalty(PENALTY))
    assert gap < lesson.place(STUDENTS)[0]
    asked = lesson.price.seen((gap, right))
    assert asked.reply([gap, right]).distance == pytest.approx(0)


def test_without_the_column_no_student_sees_it_and_it_can_be_guessed(lesson):
    run = begun(BLIND, 0.0, 0, 1)
    x = lesson.census.test.x[:50].clone()
    before = run.student(x)
    for i, name in enumerate(lesson.census.features):
        if name.startswith("sex="):
            x[:, i] = 1 - x[:, i]
    assert (run.student(x) == before).all()
    assert lesson.guessed() > lesson.guessed("relationship") > lesson.always


def test_the_questions_take_their_right_answers(lesson):
    for name in ("supported", "blind", "against", "trade"):
        asked = lesson.part(name)
        assert asked.reply(asked.right).right, name
    holds = lesson.difference(lesson.parity, STUDENTS).low > 0
    assert ("The students' gap in selection rates is larger than their twins'." in lesson.supported.right) == holds
