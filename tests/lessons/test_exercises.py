"""Exercises: what is wrong is a sentence, whatever a learner's code does; a right answer passes."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from kdviz.lessons import Exercise
from kdviz.lessons import property_checks as hold


def doubles(double):
    given = double(torch.tensor([1.0, 2.0]))
    return (
        "" if hold.tensor_of(given, (2,)).tolist() == [2.0, 4.0] else f"Twice 1, 2 is 2, 4, got {hold.listed(given)}."
    )


def twice(double):
    return "" if doubles(double) == "" else "The second time it says something else."


EXERCISE = Exercise("Write double(x).", (doubles, twice))


def right(x):
    return 2 * x


def raises(x):
    return 1 / 0


class BadError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def raises_badly(x):
    raise BadError


def leaves(x):
    raise SystemExit(3)


def deep(x):
    return deep(x)


def not_yet(x):
    raise NotImplementedError


def in_numpy(x):
    return np.matmul(x.numpy(), np.ones((3, 3)))


UNFIT = "What you wrote cannot be used as the exercise asks"
NOTHING = "There is nothing to check yet."


@pytest.mark.parametrize(
    ("submitted", "passed", "sentence"),
    [
        (right, 2, None),
        (lambda x: (2 * x).tolist(), 2, None),
        (torch.nn.Identity(), 0, "Twice 1, 2 is 2, 4, got 1, 2."),
        (lambda x: x + 1, 0, "Twice 1, 2 is 2, 4, got 2, 3."),
        (lambda x: None, 0, "The function returns nothing: end it with return."),
        (lambda x: "many", 0, "It must return numbers, got str."),
        (lambda x: (2 * x)[:1], 0, "It must return the shape (2,), got (1,)."),
        (lambda x: 1j * x, 0, "It must return real numbers, got complex ones."),
        (raises, 0, "Your code raised ZeroDivisionError: division by zero (in “return 1 / 0”)."),
        (raises_badly, 0, "Your code raised BadError (in “raise BadError”)."),
        (leaves, 0, "Your code raised SystemExit: 3 (in “raise SystemExit(3)”)."),
        (lambda: 1, 0, f"{UNFIT}: TypeError: .+ takes 0 positional arguments but .+"),
        (5, 0, f"{UNFIT}: TypeError: 'int' object is not callable."),
        (None, 0, NOTHING),
        (..., 0, NOTHING),
        ([1, ...], 0, NOTHING),
        ({"T": ...}, 0, NOTHING),
        (not_yet, 0, NOTHING),
        (lambda x: ..., 0, NOTHING),
        (lambda x: NotImplemented, 0, NOTHING),
    ],
)  # fmt: skip
def test_what_was_written_is_told_what_it_is(submitted, passed, sentence) -> None:
    found = EXERCISE.checked(submitted)
    assert (found.n, found.passed, bool(found)) == (2, passed, passed == 2)
    if sentence is None:
        assert found.sentences == () and str(found) == "2 of 2 checks passed."
    else:
        assert len(found.sentences) == 1 and "\n" not in found.sentences[0]
        assert found.sentences[0] == sentence or re.fullmatch(sentence, found.sentences[0])
        assert str(found) == f"{passed} of 2 checks passed.\n✗ {found.sentences[0]}"


def test_deep_and_foreign_errors_name_the_learners_own_line() -> None:
    assert "RecursionError" in EXERCISE.checked(deep).sentences[0]
    assert EXERCISE.checked(deep).sentences[0].endswith("(in “return deep(x)”).")
    assert EXERCISE.checked(in_numpy).sentences[0].endswith("(in “return np.matmul(x.numpy(), np.ones((3, 3)))”).")


def test_an_interruption_is_none_of_the_learners_errors() -> None:
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        EXERCISE.checked(interrupted)


def test_the_line_of_a_notebooks_cell_is_named() -> None:
    shell = InteractiveShell()
    shell.run_cell("def wrong(x):\n    total = x.missing\n    return total", store_history=True)
    assert EXERCISE.checked(shell.user_ns["wrong"]).sentences[0].endswith("(in “total = x.missing”).")


def test_what_a_function_changes_in_place_can_be_told_and_is_as_before_for_the_next_try() -> None:
    given = torch.tensor([1.0, 2.0])
    array, named = np.array(3.0), {"a": [1]}
    frozen = np.zeros(2)
    frozen.flags.writeable = False

    def changed(f):
        f(given, array, frozen, x=named)
        return "It changes what it is given." if given[0] != 1 or "a" not in named else ""

    def in_place(one, two, three, x):
        one *= 2
        two += 1
        x.clear()

    ask = Exercise("Write nothing(x).", (lambda f: f(given, array, frozen, x=named), changed))
    for _ in range(2):
        assert ask.checked(in_place).sentences == ("It changes what it is given.",)
        assert given.tolist() == [1.0, 2.0] and array == 3 and named == {"a": [1]}
    assert ask.checked(lambda *_, x: None)

    def slopes(x):
        return (x * x).sum()

    leaf = given.clone().requires_grad_()
    assert Exercise("", (lambda f: f(leaf).backward(),)).checked(slopes), "a gradient arrives all the same"
    assert leaf.grad.tolist() == [2.0, 4.0]
    assert Exercise("", (lambda f: "" if "three" in inspect.signature(f).parameters else "no",)).checked(in_place)


def test_the_first_that_fails_ends_the_list_and_says_how_many_passed() -> None:
    seen = []
    checks = [lambda _, n=n: (seen.append(n), "wrong" if n == 1 else None)[1] for n in range(3)]
    found = Exercise("", checks).checked(1)
    assert (found.passed, found.n, found.sentences, seen) == (1, 3, ("wrong",), [0, 1])


def test_what_is_shown_is_text_and_no_markup() -> None:
    shown = Exercise("", (lambda _: "<b>no</b>",)).checked(1)._repr_html_()
    assert "&lt;b&gt;no" in shown and "<b>" not in shown and "✗" in shown
    assert "✓" in EXERCISE.checked(right)._repr_html_()


def test_an_exercise_without_checks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^an exercise needs at least one check$"):
        Exercise("", ())
