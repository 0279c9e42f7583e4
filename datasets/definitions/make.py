"""Make the files of this folder from WordNet 3.0: ``python make.py /usr/share/wordnet/data.noun``.

Debian's package wordnet-base has data.noun. The vocabulary needs the package tokenizers; the pieces that it finds may
differ between its versions, so that the file here is what counts.
"""

from __future__ import annotations

import gzip
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

FILES = {  # WordNet's lexicographer files of nouns, by their number in data.noun
    4: "act", 5: "animal", 6: "artifact", 7: "attribute", 8: "body", 9: "cognition", 10: "communication", 11: "event",
    12: "feeling", 13: "food", 17: "object", 19: "phenomenon", 20: "plant", 21: "possession", 22: "process",
    23: "quantity", 24: "relation", 25: "shape", 26: "state", 27: "substance", 28: "time",
}  # fmt: skip
CLASSES = ("act", "animal", "artifact", "body", "communication", "food", "plant", "substance")
PARTS = {"train": 700, "validation": 90, "test": 190}  # of each class
MORE = 12_000  # without a class
PIECES = 1500
LEFT_OUT = re.compile(
    r"slur|offensive|obscen|vulgar|derogat|disparag|sex|intercourse|prostitut|rape\b|genital|masturbat|copulat|"
    r"whore|feces|excrement|suicid|murder|tortur|lynch|genocid|nazi|negro|terroris|slave",
    re.IGNORECASE,
)


def definitions(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield class, word and definition of every synset that is no single person, place or thing with a name."""
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith("  "):  # the licence
            continue
        left, gloss = line.split(" | ", 1)
        fields = left.split()
        text = re.split(r'; "', gloss)[0].strip().rstrip(";").strip()
        word = fields[4].replace("_", " ")
        if int(fields[1]) in FILES and " @i " not in left and fits(word, text):
            yield FILES[int(fields[1])], word, text


def fits(word: str, text: str) -> bool:
    """Whether a definition is a plain line of 4 to 13 words that can be read to a class."""
    plain = text.isascii() and not re.search(r"[\"(:\d`\t]", text)
    return plain and word.islower() and 4 <= len(text.split()) <= 13 and not LEFT_OUT.search(f"{word} {text}")


def chosen(path: Path) -> list[tuple[str, str, str, str]]:
    """Return part, class, word and definition, each definition once."""
    by_class: dict[str, list[tuple[str, str]]] = {}
    seen = set()
    for kind, word, text in definitions(path):
        if text.lower() not in seen:
            seen.add(text.lower())
            by_class.setdefault(kind, []).append((word, text))
    draw, rows, rest = random.Random(0), [], []
    for kind in sorted(by_class):
        found = by_class[kind]
        draw.shuffle(found)
        if kind in CLASSES:
            for part, count in PARTS.items():
                rows += [(part, kind, *one) for one in found[:count]]
                found = found[count:]
        rest += [("more", "", *one) for one in found]
    draw.shuffle(rest)
    rows += rest[:MORE]
    draw.shuffle(rows)
    return sorted(rows, key=lambda row: ("train", "validation", "test", "more").index(row[0]))


def pieces(texts: list[str]) -> list[str]:
    """Return the symbols of a vocabulary of word pieces."""
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer(lowercase=True)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(texts, vocab_size=PIECES, special_tokens=special, show_progress=False)
    found = tokenizer.get_vocab()
    return sorted(found, key=found.__getitem__)


if __name__ == "__main__":
    here, rows = Path(__file__).resolve().parent, chosen(Path(sys.argv[1]))
    learned = [text for part, _, _, text in rows if part in ("train", "more")]
    for name, lines in {
        "definitions.tsv.gz": ["\t".join(row) for row in rows],
        "pieces.txt.gz": pieces(learned),
    }.items():
        content = "".join(f"{line}\n" for line in lines).encode()
        (here / name).write_bytes(gzip.compress(content, 9, mtime=0))
