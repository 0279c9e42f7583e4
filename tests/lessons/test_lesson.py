"""A lesson without a page: answers stand or can be changed, are kept, submitted, told or hidden, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from kdviz.lessons import Choice, Exercise, Lesson, Number, part

from .conftest import RIGHT, WRONG, Everything


def test_at_once_the_first_answer_stands(begin) -> None:
    lesson = begin()
    assert lesson.tell == "at-once" and lesson.told
    reply = lesson.answer("choice", "five")
    assert (reply.right, str(reply)) == (False, "Not this time. Count again.")
    assert not lesson.open("choice") and lesson.open("bars")
    with pytest.raises(ValueError, match=r"^'choice' has been answered, and the first answer stands$"):
        lesson.answer("choice", "four")
    assert lesson.answer("choice", "five") == reply, "a notebook that runs again gives the same answer again"
    assert lesson.kept["choice"].tries == 1 and lesson.score == (0, 1)


@pytest.mark.parametrize("tell", ["submitted", "never"])
def test_what_is_right_is_hidden_and_an_answer_can_be_changed(tell: str, begin) -> None:
    lesson = begin(tell=tell)
    for name, answer in WRONG.items():
        assert str(lesson.answer(name, answer)) == "Your answer is kept."
    assert str(lesson.answer("choice", "four")) == "Your answer is kept." and lesson.kept["choice"].tries == 2
    assert {(row["right"], row["distance"]) for row in lesson.rows()} == {(None, None)}
    assert lesson.answers()["right"].isna().all() and lesson.score == (0, 0)
    told = {row["part"]: row["right"] for row in lesson.rows(told=True)}
    assert told["choice"] is True and told["even"] is False, "who marks sees it"


def test_what_is_submitted_is_final_and_told_then(begin) -> None:
    lesson = begin(tell="submitted")
    lesson.answer("choice", "five")
    lesson.answer("bars", [0.5, 0.5])
    assert lesson.submit() == "2 answers of 10 are submitted. 1 of 2 are right."
    assert str(lesson.reply("choice")) == "Not this time. Count again." and lesson.score == (1, 2)
    with pytest.raises(ValueError, match=r"^'choice' has been answered, and the first answer stands$"):
        lesson.answer("choice", "four")
    with pytest.raises(ValueError, match=r"^the answers have been submitted; lesson.reset\(\) forgets them all$"):
        lesson.answer("even", ["2"])
    again = begin(tell="submitted")
    assert again.told and not again.open("even"), "after a restart too"
    again.reset()
    assert again.open("choice") and again.rows() == [] and not again.told


def test_never_is_never_also_when_it_is_submitted(begin) -> None:
    lesson = begin(tell="never")
    lesson.answer("choice", "four")
    assert lesson.submit() == "1 answer of 10 is submitted."
    assert str(lesson.reply("choice")) == "Your answer is kept." and lesson.score == (0, 0)
    assert begin().reply("choice").right is True, "another way of telling is a lecturer's line"


def test_the_way_of_telling_cannot_be_set_from_outside(begin, monkeypatch) -> None:
    monkeypatch.setenv("KDVIZ_TELL", "never")
    lesson = begin(tell="at-once")
    assert lesson.tell == "never"
    with pytest.raises(AttributeError):
        lesson.tell = "at-once"


@pytest.mark.parametrize("answers", [RIGHT, WRONG], ids=["right", "wrong"])
def test_answers_of_every_kind_come_back_after_a_restart(answers: dict, begin) -> None:
    before = begin()
    for name, answer in answers.items():
        before.answer(name, answer)
    before.check("double", lambda x: 2 * x if answers is RIGHT else x + 1)
    after = begin()
    assert after.rows() == before.rows() and len(after.rows()) == len(Everything(folder="/nowhere").parts)
    for row in after.rows():
        hidden = row["part"] in ("curve", "point", "later", "words")
        assert row["right"] is (None if hidden else answers is RIGHT), row
    assert after.score == ((6, 6) if answers is RIGHT else (0, 6))
    frame = after.answers()
    assert list(frame.columns) == ["lesson", "part", "kind", "answer", "right", "distance", "tries", "at"]
    assert list(frame["part"]) == list(after.parts)
    assert set(frame["kind"]) == {
        "choice", "bars", "curve", "heat-map", "point", "number", "text", "exercise", "several", "order",
    }  # fmt: skip


@pytest.mark.parametrize("tell", ["at-once", "never"])
def test_the_truth_may_come_from_a_run(tell: str, begin) -> None:
    lesson = begin(tell=tell)
    assert str(lesson.answer("later", 95)) == ("" if tell == "at-once" else "Your answer is kept.")
    assert lesson.score == (0, 0)
    reply = lesson.see("later", 100)
    assert str(reply) == ("Right. It is 100; you said 95, 5 too low." if tell == "at-once" else "Your answer is kept.")
    assert str(lesson.see("bars", [0.2, 0.8])) == "", "where nothing was predicted nothing is said"
    with pytest.raises(ValueError, match=r"^'choice' knows what is right: nothing is to be seen later$"):
        lesson.see("choice", "four")
    for truth in (float("nan"), None, "many"):
        with pytest.raises(ValueError, match=r"^expected a number, got "):
            lesson.see("later", truth)
    with pytest.raises(ValueError, match=r"^truth must be 2 finite numbers, got "):
        lesson.see("bars", [1.0])
    assert lesson.part("later").right == 100


def test_an_exercise_says_what_is_wrong_in_every_way_of_telling(begin) -> None:
    lesson = begin(tell="never")
    assert str(lesson.check("double", lambda x: x)) == "0 of 2 checks passed.\n✗ Twice 1 is 2, got 1."
    assert str(lesson.check("double", lambda x: x + 1)) == "1 of 2 checks passed.\n✗ Twice 2 is 4: multiply."
    assert lesson.rows()[0]["right"] is False and lesson.score == (0, 1)
    assert lesson.check("double", lambda x: 2 * x)
    assert lesson.score == (1, 1) and lesson.kept["double"].answer == {"passed": 2, "of": 2}
    assert lesson.kept["double"].tries == 3
    lesson.submit()
    assert not lesson.check("double", lambda x: x)
    assert begin().score == (1, 1), "what was submitted stays"


@pytest.mark.parametrize("value", ["autograde", "validate"])
def test_under_nbgrader_and_nowhere_else_a_check_that_fails_raises(value: str, begin, monkeypatch) -> None:
    lesson = begin()
    assert not lesson.check("double", lambda x: x)
    monkeypatch.setenv("NBGRADER_EXECUTION", value)
    for wrong, sentence in ((lambda x: x, "Twice 1 is 2, got 1."), (None, "There is nothing to check yet.")):
        with pytest.raises(AssertionError, match=rf"^0 of 2 checks passed.\n✗ {sentence}$"):
            lesson.check("double", wrong)
    assert lesson.check("double", lambda x: 2 * x)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("kept", [None, {}, {"passed": 1}, [[[]]], "x" * 5000, -1e300, True, ["a", 1], [[0, 10**6]]])
def test_a_kept_answer_that_does_not_fit_is_none_and_can_be_given_anew(name: str, kept, begin) -> None:
    lesson = begin()
    lesson.kept.put(name, kept)
    if name == "later" and kept == -1e300:
        return
    assert lesson.given(name) is None and lesson.open(name) and str(lesson.reply(name)) == ""
    assert lesson.row(name)["right"] is None
    assert lesson.ask(name).widgets[0].answer == ""
    lesson.answer(name, RIGHT[name])
    assert begin().given(name).answer == lesson.question(name).checked(RIGHT[name])


def test_answers_to_parts_that_are_gone_stay_in_the_file_and_do_not_count(begin) -> None:
    lesson = begin()
    lesson.kept.put("of an older version", 5)
    lesson.kept.put("double", "no result")
    lesson.answer("choice", "four")
    assert [row["part"] for row in lesson.rows()] == ["choice", "double"]
    assert lesson.submit() == "2 answers of 10 are submitted. 1 of 2 are right."
    assert "of an older version" in begin().kept.all


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda x: x.ask("no"), "this lesson has no part 'no'; it has choice, bars, .+, order"),
        (lambda x: x.answer("no", 1), "this lesson has no part 'no'; it has .+"),
        (lambda x: x.check("no", 1), "this lesson has no part 'no'; it has .+"),
        (lambda x: x.see("no", 1), "this lesson has no part 'no'; it has .+"),
        (lambda x: x.ask("double"), "'double' is an exercise; check it with lesson.check"),
        (lambda x: x.answer("double", 1), "'double' is an exercise; check it with lesson.check"),
        (lambda x: x.check("choice", "four"), "'choice' is no exercise; answer it with lesson.answer"),
        (lambda x: x.answer("choice", "six"), "an answer must be one of “four”, “five”, got 'six'"),
        (lambda x: x.answer("choice", None), "an answer must be one of “four”, “five”, got None"),
        (lambda x: Lesson("empty", folder="/nowhere").quiz(), "this lesson has no quiz"),
        (lambda x: Lesson("empty", folder="/nowhere").part("a"), "this lesson has no part 'a'; it has none"),
        (lambda x: x.add("", Number("?", 1)), "a part's name must be a text of 1 to 100 characters, got ''"),
        (lambda x: Everything(tell="later"), "tell must be one of at-once, submitted, never, got 'later'"),
    ],
)
def test_a_mistake_is_one_sentence(act, sentence: str, begin) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        act(begin())


def test_a_part_that_is_none_is_refused(begin) -> None:
    with pytest.raises(TypeError, match=r"^a part must be a question, a prediction or an Exercise, got str$"):
        begin().add("first", "2 + 2?")


def test_parts_are_made_once_when_they_are_needed_and_can_be_inherited(tmp_path: Path) -> None:
    made = []

    class Base(Lesson):
        name = "base"

        @part
        def first(self) -> Number:
            """What is first."""
            made.append("first")
            return Number("?", 1)

        @part(quiz=True)
        def second(self) -> Number:
            made.append("second")
            return Number("?", 2)

    class More(Base):
        @part
        def first(self) -> Number:
            return Number("More?", 3)

        @part
        def third(self) -> Exercise:
            return Exercise("", (lambda _: "",))

    lesson = More(folder=tmp_path)
    assert lesson.parts == ("first", "second", "third") and made == []
    assert lesson.first.right == 3 and lesson.second is lesson.second and made == ["second"]
    assert Base.first.__doc__ == "What is first."
    lesson.add("fourth, by hand", Choice("?", {"a": "", "b": ""}), quiz=True)
    lesson.answer("fourth, by hand", "a")
    assert More(folder=tmp_path).kept["fourth, by hand"].answer == "a", "any name can be kept"


def test_lessons_of_one_folder_keep_apart(tmp_path: Path, begin) -> None:
    other = Lesson("other", folder=tmp_path)
    other.add("choice", Number("?", 1))
    other.answer("choice", 1)
    begin().answer("choice", "four")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["everything.answers.json", "other.answers.json"]
    assert Lesson("other", folder=tmp_path).kept["choice"].answer == 1
