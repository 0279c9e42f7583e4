"""Vocabularies around tokenizers of the library tokenizers."""

from __future__ import annotations

import importlib.util
import pickle
import types
from pathlib import Path

import pytest

import kdviz as kd
from kdviz.data import Vocabulary
from kdviz.data.text import moby_dick_chapters

tokenizers = pytest.importorskip("tokenizers")
ROOT = Path(__file__).resolve().parents[2]


def wordy(unknown: str | None = "<unk>"):
    """A tokenizer of whole words that begins each text with a special symbol of its own."""
    symbols = ["<pad>", "<s>", "</s>", "<unk>", "whale", "the", "."]
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({symbol: i for i, symbol in enumerate(symbols)}, unk_token=unknown)
    )
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return made


def test_pieces_write_the_whole_book_in_fewer_tokens() -> None:
    pieces, data = kd.data.pieces(), kd.data.moby_dick(vocabulary=kd.data.pieces())
    assert len(pieces) == len(data.classes) == 512 and data.vocabulary == pieces
    assert data.name == f"moby-dick-{pieces.fingerprint[:8]}" and len(data.train) < 0.55 * len(
        kd.data.moby_dick().train
    )
    for chapter in moby_dick_chapters()[:12]:
        assert pieces.decode(pieces.encode(chapter, begin=True, end=True)) == chapter
    assert [pieces.symbols[i] for i in pieces.encode("So the whale")] == ["S", "o", " the", " whale"]
    assert pickle.loads(pickle.dumps(pieces)) == pieces
    assert kd.models.gru(pieces, width=4)(data.test.x[:2]).shape == (2, 64, 512)
    with pytest.raises(ValueError, match="symbols of this tokenizer; got 'ä' at character 2: replace it"):
        pieces.encode("whäle")


def test_the_command_of_the_card_makes_the_same_pieces() -> None:
    spec = importlib.util.spec_from_file_location("pieces", ROOT / ".ci" / "pieces.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert Vocabulary.of_tokenizer(script.made()).symbols == kd.data.pieces().symbols


def test_a_tokenizer_of_somebody_elses_is_taken_with_its_special_symbols(tmp_path: Path) -> None:
    wordy().save(str(tmp_path / "words.json"))
    of_transformers = types.SimpleNamespace(backend_tokenizer=wordy())
    for given in (wordy(), tmp_path / "words.json", str(tmp_path / "words.json"), of_transformers):
        words = Vocabulary.of_tokenizer(given, begin="<s>", end="</s>")
        assert (words.pad, words.begin, words.end) == (0, 1, 2)
        assert words.encode("the whale.") == [5, 4, 6]  # nothing added that was not asked for
        assert words.encode("the", begin=True, end=True) == [1, 5, 2]
        assert words.decode([1, 5, 4, 2, 6]) == "the whale"
    with pytest.raises(ValueError, match="symbols of this tokenizer; got 's' at character 4"):
        words.encode("the squid")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (lambda _: Vocabulary.of_tokenizer(wordy()), "begin must be one of the tokenizer's 7 symbols, got '<begin>'"),
        (lambda folder: Vocabulary.of_tokenizer(folder / "none.json"), r"none.json' is no tokenizer of the library"),
        (lambda _: Vocabulary.of_tokenizer('{"a": 1}'), "is no tokenizer of the library tokenizers: "),
    ],
)
def test_what_is_no_tokenizer_is_said_in_a_sentence(given, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=sentence):
        given(tmp_path)
