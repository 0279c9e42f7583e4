"""Text that a model writes in the place of given text."""

from __future__ import annotations

import pytest
import torch

from kdviz.distill.own_text import ids_of, prompt_lengths, writer, written

from .small_text import END, Causal, by_name, text


def counting(ids, tokens):
    """Writes on by counting: one more than the token before."""
    for _ in range(tokens):
        ids = torch.cat((ids, (ids[:, -1:] + 1) % 7), 1)
    return ids


def test_answers_are_written_anew_and_prompts_stay():
    data = text().train
    x, y = data.x, data.y
    own = written(counting, x, y)
    lengths = prompt_lengths(y)
    assert set(lengths.tolist()) == {2, 3}
    for row, (ids, labels) in enumerate(zip(own.inputs, own.y, strict=True)):
        given = int(lengths[row])
        assert ids[:given].tolist() == x[row, :given].tolist()
        counts = y[row] >= 0
        assert ((labels >= 0) == counts).all()  # without an end, as long as the given answer
        assert labels[counts].tolist() == [(int(x[row, given - 1]) + 1 + i) % 7 for i in range(int(counts.sum()))]
        assert ids[1:][counts[:-1]].tolist() == labels[:-1][counts[:-1]].tolist()  # shifted by one


def test_an_answer_ends_with_its_end_which_counts():
    data = text().train
    own = written(counting, data.x, data.y, end=END)
    for row in own.y:
        answer = row[row >= 0].tolist()
        assert END not in answer[:-1] and (answer[-1] == END or len(answer) >= 6), answer
    assert any(END in row for row in own.y)


def test_running_text_gives_its_first_tokens_and_a_single_token_is_enough():
    data = text(answers=False).train
    own = written(counting, data.x, data.y, prompt=3)
    assert torch.equal(own.inputs[:, :3], data.x[:, :3]) and bool((own.y[:, :2] == -1).all())
    assert bool((own.y[:, 2:] >= 0).all())
    one = written(counting, torch.tensor([[4], [1]]), torch.tensor([[2], [-1]]))
    assert one.y.tolist() == [[5], [2]] and one.inputs.tolist() == [[4], [1]]


def test_inputs_by_name_keep_their_names_and_other_inputs_are_refused():
    data = by_name(text()).train
    own = written(counting, data.inputs(), data.y)
    assert set(own.inputs) == {"input_ids", "attention_mask"} and bool((own.inputs["attention_mask"] == 1).all())
    with pytest.raises(ValueError, match=r"needs inputs named input_ids .* got input_ids, token_type_ids"):
        ids_of({"input_ids": data.x["input_ids"], "token_type_ids": data.x["input_ids"]})
    with pytest.raises(ValueError, match=r"one tensor .* got 2 inputs"):
        ids_of((data.x["input_ids"],) * 2)


def test_a_seed_fixes_what_is_written_without_dropout_and_leaves_the_model_as_it_was():
    model, data = Causal(dropout=0.5), text().train
    model.train()
    first, again, other = (written(writer(model, seed), data.x, data.y).inputs for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert model.training and all(p.grad is None for p in model.parameters())


def test_a_text_that_ends_within_the_prompt_has_no_answer():
    y = torch.tensor([[4, 5, END, -1, -1, -1], [4, 5, 1, 2, 3, END], [-1, -1, -1, -1, -1, -1]])
    for end in (None, END):
        own = written(counting, torch.full((3, 6), 3), y, prompt=4, end=end)
        assert (own.y >= 0).any(1).tolist() == [False, True, True]  # of the last one nothing is known


def test_a_step_of_the_same_length_is_written_by_a_model_whose_steps_are_a_number():
    model = Causal()
    model.steps = 4
    assert writer(model, 0)(torch.zeros(2, 3, dtype=torch.int64), 5).shape == (2, 8)
