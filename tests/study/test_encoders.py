"""The program on encoders: one word a line is measured, and each way beside the right other."""

from __future__ import annotations

from dataclasses import replace

import torch

import kdviz as kd
from kdviz.study.encoders import TRIPLE, WORDS, distilbert_small, one_word_a_line
from kdviz.study.experiment import experiment
from kdviz.study.programs import TWIN


def test_one_word_of_each_line_is_measured_and_it_is_the_first():
    y = torch.tensor([[-1, 7, -1, 9], [5, 6, -1, -1], [-1, -1, -1, -1]])
    lines = kd.data.Examples({"input_ids": torch.zeros(3, 4, dtype=torch.int64)}, y)
    assert one_word_a_line(lines).y.tolist() == [[-1, 7, -1, -1], [5, -1, -1, -1], [-1, -1, -1, -1]]
    whole = kd.data.masked_definitions().test
    assert int((one_word_a_line(whole).y >= 0).sum()) == len(whole) == 1520


def test_parts_left_out_stand_beside_the_whole_and_that_beside_the_twin():
    base = experiment("distilbert-small").base
    small = replace(base, draw={"count": 40}, epochs=1)
    found = {one.name: one for one in distilbert_small(small, lines=64, tuning_epochs=1, test=40)}
    assert {one.examples for one in found.values()} == {40}
    for name in ("inherited, not taught", "inherited, hidden words alone", "fresh start, triple loss", TRIPLE):
        assert found[name].other == TWIN and found[name].against == found[TWIN].errors
        assert found[WORDS.format(name)].other == WORDS.format(TWIN)
    for name in ("without soft targets", "without hidden words", "without cosine"):
        assert found[name].other == TRIPLE and found[WORDS.format(name)].other == WORDS.format(TRIPLE)
    assert found["TinyBERT's stages"].against == found[TRIPLE].errors
    assert found[TWIN].weights == found[TRIPLE].weights < found["teacher, fine-tuned on the same labels"].weights
