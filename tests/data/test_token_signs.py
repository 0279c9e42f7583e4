"""Tokens as a reader sees them."""

from kdviz.data import Vocabulary, word_pieces
from kdviz.data.token_signs import around, signs_of


def test_blanks_and_special_tokens_have_signs_and_pieces_of_words_stay_as_they_are():
    letters = Vocabulary.of("a b\n")
    assert signs_of([1, *letters.encode("a\nb "), 2, 0], letters) == ["▸", "a", "⏎", "b", "␣", "■", "·"]
    pieces = word_pieces()
    assert signs_of([pieces.begin, pieces.mask, len(pieces)], pieces) == ["[CLS]", "[MASK]", str(len(pieces))]


def test_a_place_is_marked_after_it_or_around_it_and_a_long_text_is_cut():
    letters = Vocabulary.of("abc")
    ids = [1, *letters.encode("abcab")]
    assert around(ids, 3, letters, following=True) == "abc⟨?⟩"
    assert around(ids, 3, letters, following=False) == "ab⟨c⟩ab"
    assert around(ids * 9, 40, letters, following=True).startswith("… ")
