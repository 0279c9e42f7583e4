"""Vocabularies of characters and of longer symbols."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.data import Vocabulary

SOUNDS = Vocabulary(["c", "a", "t", ":", " T", " TH", " AE"])


@given(st.text(alphabet="ab c\nd", max_size=40), st.booleans(), st.booleans())
def test_what_is_encoded_is_decoded(text: str, begin: bool, end: bool) -> None:
    vocabulary = Vocabulary("ab c\nd")
    ids = vocabulary.encode(text, begin=begin, end=end)
    assert len(ids) == len(text) + begin + end
    assert vocabulary.decode(ids) == vocabulary.decode(torch.tensor(ids, dtype=torch.int64)) == text
    assert vocabulary.decode([*ids, vocabulary.pad, vocabulary.end, *ids]) == text


def test_the_longest_symbol_that_fits_is_taken() -> None:
    ids = SOUNDS.encode("cat: TH AE T")
    assert [SOUNDS.symbols[i] for i in ids] == ["c", "a", "t", ":", " TH", " AE", " T"]
    assert SOUNDS.decode(ids) == "cat: TH AE T"


def test_special_symbols_are_numbers_that_no_text_encodes_to() -> None:
    letters = Vocabulary.of("ab<>pdegin")
    assert {letters.pad, letters.begin, letters.end}.isdisjoint(letters.encode("<pad><begin>"))
    assert letters.decode([1, *letters.encode("ab"), 2, 0], special=True) == "<begin>ab<end><pad>"


def test_a_fingerprint_is_that_of_symbols_and_their_order() -> None:
    assert Vocabulary("abc").fingerprint == "813429e7215b1e79"
    assert Vocabulary("abc") == Vocabulary.of("cab") == pickle.loads(pickle.dumps(Vocabulary("abc")))
    assert Vocabulary("abc") != Vocabulary("acb")
    assert hash(Vocabulary("abc")) == hash(Vocabulary.of("cab"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            lambda: Vocabulary("abc").encode("abäc"),
            r"symbols of this vocabulary: 'abc'; got 'ä' at character 2: replace",
        ),
        (lambda: SOUNDS.encode("cat X"), r"which are 'cat:' and longer ones; got ' ' at character 3"),
        (
            lambda: Vocabulary("abc").decode([3, 9]),
            r"ids must be from 0 to 5, .* got 9: the text was made with another",
        ),
        (lambda: Vocabulary("abc").decode([-1]), r"got -1"),
        (lambda: Vocabulary("abc").encode(5), r"text must be a str, got int"),
        (lambda: Vocabulary(""), r"at least 1 symbol, got none"),
        (lambda: Vocabulary("aba"), r"must differ from each other, got 'a' twice"),
        (lambda: Vocabulary(["a", "<end>"]), r"are in each vocabulary, got '<end>': leave it out"),
        (lambda: Vocabulary(["a", ""]), r"at least 1 character, got ''"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(wrong: Any, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        wrong()


def test_without_the_library_pieces_are_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ImportError, match=r'needs the library tokenizers, .*: pip install "kdviz\[text\]"'):
        Vocabulary.of_tokenizer("words.json")


@pytest.mark.parametrize("word", ["<pad>", "<begin>", "<end>"])
def test_a_special_symbol_that_a_text_spells_is_no_special_symbol(word: str) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    letters = {symbol: i for i, symbol in enumerate(["<pad>", "<begin>", "<end>", "a", "b"])}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(letters, []))
    made.add_special_tokens(["<pad>", "<begin>", "<end>"])
    vocabulary = Vocabulary.of_tokenizer(made)
    assert vocabulary.encode("ab") == [3, 4]
    with pytest.raises(ValueError, match="got '<' at character 1: replace it"):
        vocabulary.encode(f"a{word}b")
