"""Answers of a service: each example is asked once, whatever fails on the way."""

from __future__ import annotations

import copy
import gc
import pickle
import sqlite3
import subprocess
import sys

import pytest
import torch

from kdviz.models import kept_answers as module
from kdviz.models.kept_answers import FILE, KeptAnswers, content_keys, kept_answers


class Counting:
    """A service that counts what it is asked, and fails when told to."""

    def __init__(self, fails_at: int = 0) -> None:
        self.asked: list[int] = []
        self.fails_at = fails_at

    def __call__(self, x):
        self.asked.append(len(x))
        if len(self.asked) == self.fails_at:
            raise ConnectionError("503")
        return torch.stack((x.sum(1), -x.sum(1)), 1)

    def classes(self, x):
        self.asked.append(len(x))
        return (x.sum(1) > 0).tolist()


def rows(n: int, width: int = 3) -> torch.Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(n))


def pieces(kept: KeptAnswers, x: torch.Tensor, size: int = 10) -> torch.Tensor:
    return torch.cat([kept(part) for part in x.split(size)])


def test_a_pass_that_fails_goes_on_where_it_stopped():
    service, x = Counting(fails_at=4), rows(50)
    kept = kept_answers(service)
    with pytest.raises(ConnectionError, match="503") as failed:
        pieces(kept, x)
    assert failed.value.__notes__ == ["30 answers are kept; call again to continue from there"]
    assert len(kept) == 30
    told = pieces(kept_answers(service), x)  # the same object, asked for again
    assert torch.equal(told, torch.stack((x.sum(1), -x.sum(1)), 1))
    assert service.asked == [10, 10, 10, 10, 10, 10]  # the failed one, and the two that were left
    assert pieces(kept_answers(service), x).shape == (50, 2) and len(service.asked) == 6


def test_examples_are_known_by_content_and_alike_ones_are_one():
    service, x = Counting(), rows(6)
    kept = KeptAnswers(service)
    kept(torch.cat((x, x)))
    assert service.asked == [6] and len(kept) == 6
    kept(x.flip(0).clone())
    assert service.asked == [6]
    kept(x.double())  # another dtype is another question
    assert service.asked == [6, 6]


def test_dicts_and_tuples_are_asked_in_their_own_structure():
    seen = []

    def service(inputs):
        seen.append(inputs)
        part = inputs["b"] if isinstance(inputs, dict) else inputs[1]
        return part[:, 0]

    a, b = torch.arange(8).view(4, 2), torch.arange(4).view(4, 1)
    kept = KeptAnswers(service)
    assert kept({"a": a, "b": b}).tolist() == [0, 1, 2, 3]
    assert kept({"b": b[2:], "a": a[2:]}).tolist() == [2, 3] and len(seen) == 1
    assert kept((a, b)).tolist() == [0, 1, 2, 3] and isinstance(seen[1], tuple)
    assert content_keys({"a": a, "b": b}) != content_keys({"b": a, "a": b})


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.bfloat16, torch.float32, torch.float64])
def test_answers_of_any_dtype_come_back_as_they_were(tmp_path, dtype):
    given = torch.tensor([[0.1, 1.0], [2.7, 0.0]]).to(dtype)
    service = lambda x: given[: len(x)]  # noqa: E731
    first = KeptAnswers(service, tmp_path)(rows(2))
    again = KeptAnswers(lambda x: pytest.fail("asked again"), tmp_path)(rows(2))
    assert torch.equal(first, given) and torch.equal(again, given) and again.dtype == dtype
    single = KeptAnswers(lambda x: given[: len(x), 1])
    assert single(rows(2)).shape == single(rows(2)).shape == (2,)


def test_whole_numbers_among_fractions_lose_nothing():
    said = iter([[[1, 0]], [[0.25, 0.75]]])
    kept = KeptAnswers(lambda x: next(said))
    x = rows(2)
    kept(x[:1]), kept(x[1:])
    assert kept(x).tolist() == [[1, 0], [0.25, 0.75]]


def test_a_folder_outlives_the_process(tmp_path):
    code = (
        "import sys, torch\n"
        "from kdviz.models.kept_answers import KeptAnswers\n"
        "kept = KeptAnswers(lambda x: x.sum(1), sys.argv[1])\n"
        "kept(torch.arange(6.0).view(3, 2))\n"
        "import os; os._exit(1)\n"  # killed, with no time to tidy up
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    kept = kept_answers(lambda x: pytest.fail("asked again"), tmp_path)
    assert len(kept) == 3 and kept(torch.arange(6.0).view(3, 2)).tolist() == [1, 5, 9]


def test_a_changed_answer_is_asked_for_again(tmp_path):
    service = Counting()
    KeptAnswers(service, tmp_path)(rows(3))
    table = sqlite3.connect(tmp_path / FILE)
    key, answer = table.execute("SELECT key, answer FROM answers LIMIT 1").fetchone()
    with table:
        table.execute("UPDATE answers SET answer = ? WHERE key = ?", (bytes([answer[0] ^ 1]) + answer[1:], key))
    table.close()
    assert torch.equal(KeptAnswers(service, tmp_path)(rows(3)), Counting()(rows(3)))
    assert service.asked == [3, 1]


def test_a_damaged_file_is_told_in_a_sentence_and_the_way_out_works(tmp_path):
    (tmp_path / FILE).write_bytes(b"no table at all" * 100)
    with pytest.raises(ValueError, match=r"answers cannot be kept in .*; pass another folder as cache=, or"):
        kept_answers(Counting(), tmp_path)
    (tmp_path / FILE).unlink()
    assert kept_answers(Counting(), tmp_path)(rows(2)).shape == (2, 2)


def test_what_fails_a_check_is_not_kept():
    service = Counting()
    kept = KeptAnswers(service)

    def refuse(told):
        raise ValueError("no probabilities")

    with pytest.raises(ValueError, match="no probabilities"):
        kept(rows(2), check=refuse)
    assert len(kept) == 0 and kept(rows(2)).shape == (2, 2)


@pytest.mark.parametrize(("says", "match"), [
    (lambda x: x[:1].sum(1), r"one answer for each of 3 examples, got shape \(1,\)"),
    (lambda x: 4, r"one answer for each of 3 examples, got shape \(\)"),
    (lambda x: ["a", "b", "c"], "must return numbers, one row for each of 3 examples, got list"),
])  # fmt: skip
def test_what_is_no_answer_is_refused(says, match):
    with pytest.raises(ValueError, match=match):
        KeptAnswers(says)(rows(3))


def test_no_example_is_no_question():
    with pytest.raises(ValueError, match="expected at least one example, got none"):
        KeptAnswers(Counting())(rows(3)[:0])


def test_rows_of_two_shapes_are_refused():
    kept = KeptAnswers(lambda x: x)
    kept(rows(1, 2))
    kept.service = lambda x: x[:, :1]
    with pytest.raises(ValueError, match=r"answers of one shape, got rows of shapes \(1,\) and \(2,\)"):
        kept(torch.cat((rows(1, 2), rows(2, 2))))


def test_answers_in_memory_belong_to_one_object_and_go_with_it():
    service, other = Counting(), Counting()
    kept_answers(service)(rows(3)), kept_answers(other)(rows(3))
    assert service.asked == other.asked == [3]
    kept_answers(service.classes)(rows(3)), kept_answers(service.classes)(rows(3))  # a method is a service of its own
    assert service.asked == [3, 3]
    number = id(service)
    assert number in module._STORES
    del service
    gc.collect()
    assert number not in module._STORES


def test_a_service_that_changed_is_asked_anew_on_request():
    service = Counting()
    kept_answers(service)(rows(3))
    kept_answers(service, False)(rows(3))
    assert service.asked == [3, 3] and len(kept_answers(service)) == 3
    kept_answers(service).forget()
    kept_answers(service)(rows(3))
    assert service.asked == [3, 3, 3]


def test_copies_share_their_answers_and_a_folder_travels(tmp_path):
    kept = KeptAnswers(torch.neg, tmp_path)
    kept(rows(2))
    assert copy.deepcopy(kept) is kept
    assert len(pickle.loads(pickle.dumps(kept))) == 2
