"""What checks are written with: a tensor or a sentence; what every distribution is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kdviz.lessons import property_checks as hold
from kdviz.lessons.exercises import WrongFormError


@pytest.mark.parametrize(
    "value", [[1, 2], (1.0, 2.0), np.array([1, 2]), torch.tensor([1, 2]), torch.tensor([1.0, 2.0], requires_grad=True)]
)
def test_numbers_of_any_library_become_a_tensor(value) -> None:
    found = hold.tensor_of(value, (2,))
    assert found.dtype == torch.float64 and not found.requires_grad and found.tolist() == [1, 2]
    assert hold.listed(value) == "1, 2"


@pytest.mark.parametrize("value", ["ab", {"a": 1}, [[1], [2, 3]], object(), ["a", "b"], [None, 1], 10**400])
def test_what_is_no_numbers_is_a_sentence(value) -> None:
    with pytest.raises(WrongFormError, match=r"^It must return "):
        hold.tensor_of(value, (2,))


def test_many_numbers_are_not_all_listed() -> None:
    assert hold.listed(range(10)) == "0, 1, 2, 3, 4, 5, 6, 7 …"


@pytest.mark.parametrize(
    ("softmax", "sentence"),
    [
        (lambda z, T: (z / T).softmax(0), ""),
        (lambda z, T: z, "The probabilities must sum to 1, got 6: divide by the sum of exp."),
        (lambda z, T: z - 2, "Probabilities are never negative, got −1, 0, 1."),
        (lambda z, T: z * float("nan"), "The probabilities must sum to 1, got nan: divide by the sum of exp."),
    ],
)
def test_a_distribution_is_never_negative_and_sums_to_one(softmax, sentence: str) -> None:
    assert hold.sums_to_one(softmax) == sentence
