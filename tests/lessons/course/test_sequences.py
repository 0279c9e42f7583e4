"""What lesson 14 asks: right answers pass, wrong ones are told what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import kdviz as kd
from kdviz import losses
from kdviz.lessons.course.sequences import NOTHING, SYMBOLS, Sequences


@pytest.fixture
def lesson(tmp_path: Path) -> Sequences:
    return Sequences(folder=tmp_path)


def targets(x, lengths):
    y = torch.full_like(x, NOTHING)
    y[:, :-1] = x[:, 1:]
    return y.masked_fill(torch.arange(1, x.shape[1] + 1) >= lengths[:, None], NOTHING)


def shifted(x, lengths, by):
    return torch.roll(x, by, 1)


def unpadded(x, lengths):
    return torch.cat([x[:, 1:], torch.full_like(x[:, :1], NOTHING)], 1)


def token_loss(s, t, counts, T):
    return losses.soft_targets(s, t, T, mask=counts)


def one_by_one(s, t, T):
    return losses.soft_targets(s, t, T, reduction="none")


def generate(model, start, n):
    for _ in range(n):
        start = torch.cat([start, model(start)[:, -1].argmax(-1, keepdim=True)], 1)
    return start


def at_first(model, start, n):
    return torch.cat([start, model(start)[:, :1].argmax(-1).expand(1, n)], 1)


def repeated(model, start, n):
    return torch.cat([start, model(start)[:, -1:].argmax(-1).expand(1, n)], 1)


def forgetful(model, start, n):
    for _ in range(n):
        start = torch.cat([start, model(start[:, -1:])[:, -1].argmax(-1, keepdim=True)], 1)
    return start


def in_place(x, lengths):
    x[:] = targets(x, lengths)
    return x


def by_row(s, t, counts, T):
    return ((one_by_one(s, t, T) * counts).sum(1) / counts.sum(1)).mean()


def cross_entropy(s, t, counts, T):
    return -(T**2) * ((t[counts] / T).softmax(-1) * (s[counts] / T).log_softmax(-1)).sum(-1).mean()


RIGHT = {"targets": targets, "token_loss": token_loss, "generate": generate}
WRONG = {
    "targets": [
        lambda x, lengths: x,
        lambda x, lengths: shifted(x, lengths, 1),
        lambda x, lengths: shifted(x, lengths, -1),
        unpadded,
        lambda x, lengths: targets(x, lengths + 1),
    ],
    "token_loss": [
        lambda s, t, counts, T: one_by_one(s, t, T).mean(),
        lambda s, t, counts, T: one_by_one(s, t, T)[counts].sum() / counts.numel(),
        lambda s, t, counts, T: one_by_one(s, t, T)[counts].sum(),
        lambda s, t, counts, T: token_loss(s, t, counts, T) / T**2,
        lambda s, t, counts, T: losses.reverse_kl(s, t, T, mask=counts),
        by_row,
        cross_entropy,
    ],
    "generate": [
        lambda model, start, n: generate(model, start, n)[:, -n:],
        at_first,
        repeated,
        forgetful,
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_and_each_wrong_one_gets_its_own_sentence(lesson: Sequences, name: str) -> None:
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(len(sentences) == 1 for sentences in said) and len(set(said)) == len(said)
    assert name != "targets" or lesson.check(name, in_place), "what it was given may be written over"


def test_what_is_not_to_be_predicted_adds_nothing_to_the_engines_loss(lesson: Sequences) -> None:
    x, lengths = torch.tensor([[3, 1, 4, 0, 0]]), torch.tensor([3])
    logits = torch.randn(5, 10)
    y = targets(x, lengths)[0]
    assert losses.hard_labels(logits, y.clamp(min=losses.UNLABELLED)) == losses.hard_labels(logits[:2], y[:2])


def test_predictions_wait_for_their_runs(lesson: Sequences) -> None:
    vocabulary = kd.data.moby_dick().vocabulary
    assert set(lesson.goes_on) <= set(vocabulary.symbols) and len(lesson.part("next_letter").names) == 6
    assert len(vocabulary) == SYMBOLS and vocabulary.encode(lesson.begun)
    lesson.answer("next_letter", [1, 0, 0, 0, 0, 0])
    assert lesson.see("next_letter", [0.4, 0, 0, 0, 0, 0.6]).distance == pytest.approx(0.6)
    lesson.answer("uncertain", [2.0] * len(lesson.places))
    assert lesson.see("uncertain", [1.0] * len(lesson.places)).distance == 1
    lesson.answer("bits", [2.0] * len(lesson.ways))
    assert lesson.see("bits", [2.5] * len(lesson.ways)).distance == 0.5
    lesson.answer("steps", [100, 200])
    assert lesson.see("steps", [100, 290]).distance == 45
    for name, bars in (("directions", lesson.divergences), ("own_text", lesson.after)):
        lesson.answer(name, [1.0] * len(bars))
        assert lesson.see(name, [1.25] * len(bars)).distance == 0.25


def test_right_answers_of_the_quiz_are_right(lesson: Sequences) -> None:
    assert lesson.answer("perplexity", 8).right and lesson.part("perplexity").reply(3).right is False
    assert lesson.answer("averaged", "Over the characters that count").right
    assert lesson.answer("exposure", "A model learns after true text, and writes after its own").right
    assert lesson.answer("covering", "KL(student ‖ teacher), the reverse").right
    wrong = "It needs the true text"
    assert lesson.answer("levels", [one for one in lesson.part("levels").answers if one != wrong]).right
    assert lesson.answer("why_letters", "One text is one draw.").right is None
