"""Reading and writing: windows join without a seam, and what is written is read by the model that wrote it."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.models.looking import evaluating
from kdviz.panels.writing.texts import READ, Passage, Writer, bits_of, encoded, symbols_of, written

from .conftest import small_text

MODEL = kd.models.decoder(20, context=8, width=8, blocks=1, heads=2, seed=1)


@pytest.mark.parametrize("length", [3, 8, 9, 12, 13, 30])
def test_each_place_of_a_long_text_is_predicted_once_from_half_the_context_at_least(length):
    ids = torch.arange(length + 1) % 20
    logits = Passage(ids, 1).logits(MODEL, 8)
    assert logits.shape == (length, 20)
    with evaluating(MODEL), torch.no_grad():
        for place in range(length):
            reads = [MODEL(ids[None, start : place + 1])[0, -1] for start in range(max(0, place - 7), place + 1)]
            near = [len(reads) - i for i, z in enumerate(reads) if torch.allclose(z, logits[place], atol=1e-5)]
            assert near and near[0] >= min(place + 1, 5), place


def test_a_passage_is_validation_text_or_the_first_task_with_its_answer():
    running, _ = small_text(True)
    passage = Passage.of(running)
    vocabulary = running.vocabulary
    assert passage.first == 1 and len(passage.ids) == READ + 1
    assert vocabulary.decode(passage.ids).startswith("the whale saw the ship and")
    tasks, _ = small_text(False)
    passage = Passage.of(tasks)
    shown = vocabulary_text = tasks.vocabulary.decode(passage.ids)
    prompt, answer = vocabulary_text.split("=")
    assert eval(prompt) == int(answer), shown
    assert passage.first == len(prompt) + 2 and passage.ids[-1] == tasks.vocabulary.end
    assert symbols_of(tasks.vocabulary)[:3] == ["·", "▸", "■"]


def test_greedy_writing_is_the_same_for_all_seeds_and_drawing_is_not():
    tasks, teacher = small_text(False)
    who = [Writer("teacher", "Teacher", teacher.module)]

    def text(sampling, seed):
        rows = written(who, teacher.module, tasks.vocabulary, "1+", sampling, context=7, tokens=12, seed=seed)
        assert all(row["bits"][:2] == [None, None] and row["bits"] == row["teacher_bits"] for row in rows)
        return ["".join(row["tokens"]) for row in rows]

    assert text("greedy", 0) == text("greedy", 1) and text("1.5", 0) != text("1.5", 1)
    assert len(text("all", 0)) == 3 and all(len(one) == 2 + 4 for one in text("all", 0))


def test_an_answer_stops_at_its_end_and_bits_are_given_for_what_was_written_alone():
    tasks, teacher = small_text(False)
    who = [Writer("teacher", "Teacher", teacher.module)]
    (row,) = written(who, teacher.module, tasks.vocabulary, "3+4=", "greedy", context=7, tokens=20, ends=True)
    assert row["tokens"].index("■") == len(row["tokens"]) - 1
    ids = torch.tensor(encoded(tasks.vocabulary, "3+4=7"))
    assert bits_of(teacher.module, ids, 5, 7)[:5] == [None] * 5


def test_prompts_that_cannot_be_are_refused_in_a_sentence():
    vocabulary = small_text(False)[0].vocabulary
    with pytest.raises(ValueError, match="a prompt may have 120 characters, got 121"):
        encoded(vocabulary, "1" * 121)
    with pytest.raises(ValueError, match=r"characters of the vocabulary, got 'a b'"):
        encoded(vocabulary, "1a b")
    assert encoded(vocabulary, "") == [vocabulary.begin]
