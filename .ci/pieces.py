"""Make the tokenizer of Moby-Dick anew: ``python .ci/pieces.py``, which needs the library tokenizers.

Byte-pair encoding of 512 symbols, learned from the chapters that are learned from. A piece may begin with the space
before a word and goes over no border between letters, digits and other signs.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from kdviz.data.text import moby_dick_chapters, part_of
from kdviz.data.vocabulary import SPECIAL

SYMBOLS = 512
PIECES = Regex(r" ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9\s]+|\s")
FILE = Path(__file__).resolve().parents[1] / "datasets" / "moby-dick" / "pieces.json.gz"


def made() -> Tokenizer:
    """Return the tokenizer, trained."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(PIECES, "isolated")
    tokenizer.decoder = decoders.Fuse()
    chapters = moby_dick_chapters()
    trainer = trainers.BpeTrainer(
        vocab_size=SYMBOLS,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(set().union(*chapters)),
        show_progress=False,
    )
    tokenizer.train_from_iterator((c for i, c in enumerate(chapters, 1) if part_of(i) == "train"), trainer)
    return tokenizer


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(made().to_str().encode(), 9, mtime=0))
