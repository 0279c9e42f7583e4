"""What lesson 13 asks: right answers pass, wrong ones are told what is wrong with them, runs bring the truth."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from kdviz.distill import schemes
from kdviz.lessons.course.answers import Answers
from kdviz.models import mlp


@pytest.fixture
def lesson(tmp_path: Path) -> Answers:
    return Answers(folder=tmp_path)


def shares(draws, classes):
    return F.one_hot(draws, classes).double().mean(0)


def auc(members, others):
    apart = members[:, None] - others[None]
    return ((apart < 0).double() + (apart == 0).double() / 2).mean()


RIGHT = {"shares": shares, "traffic": lambda clients, numbers: clients * numbers * 8, "auc": auc}
WRONG = {
    "shares": [
        lambda draws, classes: F.one_hot(draws, classes).sum(0),
        lambda draws, classes: shares(draws, classes).T,
        lambda draws, classes: F.one_hot(draws).double().mean(0)[:, :3],
        lambda draws, classes: shares(draws, classes).mean(0).expand(draws.shape[1], classes),
        lambda draws, classes: shares(draws, classes).float().round(),
    ],
    "traffic": [
        lambda clients, numbers: clients * numbers * 4,
        lambda clients, numbers: numbers * 8,
        lambda clients, numbers: clients * numbers * 2,
        lambda clients, numbers: clients * numbers * 16,
        lambda clients, numbers: 3 * numbers * 8,
    ],
    "auc": [
        lambda members, others: auc(others, members),
        lambda members, others: (members[:, None] < others[None]).double().mean(),
        lambda members, others: (members[:, None] <= others[None]).double().mean(),
        lambda members, others: auc(members, others) * len(members) * len(others),
        lambda members, others: None,
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_and_each_wrong_one_gets_its_own_sentence(lesson: Answers, name: str) -> None:
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(len(sentences) == 1 for sentences in said) and len(set(said)) == len(said)
    assert lesson.check(name, RIGHT[name])


def test_a_draw_for_each_class_is_as_far_as_the_number_of_draws_says(lesson: Answers) -> None:
    draws = torch.tensor([[0, 1], [0, 2], [1, 2], [0, 2]])
    assert shares(draws, 3).tolist() == [[0.75, 0.25, 0.0], [0.0, 0.25, 0.75]]


def test_bytes_are_those_of_the_logits_that_clients_send(lesson: Answers) -> None:
    logits = torch.zeros(lesson.public, 10)
    weights = sum(p.nbytes for p in mlp((64,)).parameters())
    assert lesson.traffic_of(lesson.clients, logits.numel()) == 2 * lesson.clients * logits.nbytes
    assert lesson.traffic_of(1, 50_890) == 2 * weights


def test_predictions_wait_for_their_runs_and_then_say_how_far_off_they_were(lesson: Answers) -> None:
    for name, names in (("price", lesson.ways), ("alone", lesson.stages), ("nothing", lesson.sources)):
        assert list(lesson.part(name).names) == list(names) and not lesson.part(name).known
        lesson.answer(name, [50.0] * len(names))
        assert lesson.see(name, [60.0] * len(names)).distance == 10
    lesson.answer("leak", [0.5, 0.5])
    assert lesson.see("leak", [0.8, 0.5]).distance == pytest.approx(0.5)


def test_draws_for_the_price_of_one_answer_each(lesson: Answers) -> None:
    x = torch.randn(lesson.queries, 4)
    few = (x[: lesson.queries // lesson.draws], torch.arange(lesson.queries // lesson.draws) % 3)
    teacher = mlp((4,), inputs=4, classes=3).eval()
    drawn = schemes.labelled_by(teacher, few, labels="sampled", draws=lesson.draws)
    assert len(drawn.train) == 0.8 * lesson.queries  # of which a fifth became validation and test


def test_right_answers_of_the_quiz_are_right(lesson: Answers) -> None:
    sizes = {
        "10 logits on 500 examples": 5_000,
        "10 logits on 20,000 examples": 200_000,
        "2,395,210 weights": 2_395_210,
    }
    answers = {
        "recovers": "Ask about the same example many times",
        "cheaper": sorted(sizes, key=sizes.__getitem__),
        "private": [*lesson.part("private").answers][:2],
        "control": "To see what the search for impressions adds",
    }
    assert all(lesson.answer(name, answer).right for name, answer in answers.items())
