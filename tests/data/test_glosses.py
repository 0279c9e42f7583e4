"""Definitions: what is said of them on their card."""

from __future__ import annotations

import gzip
import re
from itertools import combinations
from pathlib import Path

import torch

import kdviz as kd

FOLDER = Path(__file__).resolve().parents[2] / "datasets" / "definitions"


def test_parts_have_each_kind_equally_often_and_no_definition_twice():
    data = kd.data.definitions()
    for part, count in ((data.train, 700), (data.validation, 90), (data.test, 190)):
        assert part.y.bincount().tolist() == [count] * 8
    texts = [set(map(str.lower, part.groups["definition"])) for part in (data.train, data.validation, data.test)]
    assert sum(map(len, texts)) == 7840
    assert not any(a & b for a, b in combinations(texts, 2))
    more = set(map(str.lower, kd.data.masked_definitions().train.groups["definition"]))
    assert len(more) == 17_600 and texts[0] < more and not more & (texts[1] | texts[2])


def test_rows_are_the_lines_of_the_file():
    lines = gzip.decompress((FOLDER / "definitions.tsv.gz").read_bytes()).decode().splitlines()
    rows = [line.split("\t") for line in lines]
    test, pieces = kd.data.definitions().test, kd.data.word_pieces()
    wanted = [(kind, word, text) for part, kind, word, text in rows if part == "test"]
    classes = kd.data.definitions().classes
    found = zip((classes[y] for y in test.y), test.groups["word"], test.groups["definition"], strict=True)
    assert list(found) == wanted
    whole = [i for i in range(200) if test.x["attention_mask"][i].sum() < 24]
    for i in whole:
        assert pieces.decode(test.x["input_ids"][i]).replace(" ", "") == wanted[i][2].lower().replace(" ", "")
    assert len(whole) > 150


def test_nobody_is_named_and_no_address_is_given():
    lines = gzip.decompress((FOLDER / "definitions.tsv.gz").read_bytes()).decode().splitlines()
    texts = "\n".join(line.split("\t")[3] for line in lines)
    assert not re.search(r"[@\d]|http|www", texts)


def test_the_vocabulary_is_with_the_data():
    data, masked = kd.data.definitions(), kd.data.masked_definitions()
    assert data.vocabulary is masked.vocabulary is kd.data.word_pieces()
    assert masked.classes == data.vocabulary.symbols and len(masked.classes) == 1500
    assert torch.equal(masked.validation.y >= 0, masked.validation.y != -1)
    assert masked.title == kd.data.title("definitions-masked")
