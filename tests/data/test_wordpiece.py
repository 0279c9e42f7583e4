"""Word pieces: the cuts are those of BERT's tokenizer, and rows are what an encoder takes."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.data.wordpiece import SPECIAL, WordPieces

TEXTS = [
    "A large flightless bird of Australia",
    "garlic-and-herb butter; often café au lait",
    "x" * 101,
    "s'more, 12 €",
]


def test_a_word_is_cut_at_the_longest_piece_that_is_known():
    pieces = WordPieces([*SPECIAL, "un", "##aff", "##able", "##f", "una"])
    cut = [pieces.symbols[i] for i in pieces.encode("Unaffable unable un")]
    assert cut == ["una", "##f", "##f", "##able", "[UNK]", "un"]  # una, then nothing goes on with "ble"
    assert pieces.decode(pieces.encode("unaffable un")) == "unaffable un"
    assert pieces.encode("") == [] and pieces.encode("un", begin=True, end=True) == [2, 5, 3]


def test_the_cuts_are_those_of_the_tokenizers_library():
    tokenizers = pytest.importorskip("tokenizers")
    pieces = kd.data.word_pieces()
    theirs = tokenizers.BertWordPieceTokenizer({s: i for i, s in enumerate(pieces.symbols)}, lowercase=True)
    for text in [*TEXTS, *kd.data.definitions().test.groups["definition"][:300]]:
        assert pieces.encode(text) == theirs.encode(text, add_special_tokens=False).ids, text


def test_rows_are_cut_and_padded_and_the_mask_says_where():
    pieces = WordPieces([*SPECIAL, "bird", "a"])
    rows = pieces.rows(["a bird", "a a a a", ""], 5)
    assert rows.input_ids.tolist() == [[2, 6, 5, 3, 0], [2, 6, 6, 6, 3], [2, 3, 0, 0, 0]]
    assert rows.attention_mask.tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert [pieces.decode(row) for row in rows.input_ids] == ["a bird", "a a a", ""]
    assert pieces.decode(rows.input_ids[0], special=True) == "[CLS] a bird [SEP] [PAD]"


def test_a_vocabulary_that_lacks_something_is_refused():
    with pytest.raises(ValueError, match=r"must hold \[PAD\], .*, and lacks \[MASK\]"):
        WordPieces(SPECIAL[:-1])
    with pytest.raises(ValueError, match="must stand there once, got 'a' twice"):
        WordPieces([*SPECIAL, "a", "b", "a"])
    with pytest.raises(ValueError, match=r"length must be at least 3, .*, got 2"):
        WordPieces(SPECIAL).rows(["a"], 2)
    with pytest.raises(TypeError, match="text must be a str, got list"):
        WordPieces(SPECIAL).encode(["a"])


def test_vocabularies_are_equal_by_their_symbols():
    one, same, other = WordPieces([*SPECIAL, "a"]), WordPieces([*SPECIAL, "a"]), WordPieces([*SPECIAL, "b"])
    assert one == same and one.fingerprint == same.fingerprint and one != other
