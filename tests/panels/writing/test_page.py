"""The Words page without a browser: what it shows before, while and after a run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kdviz.measure import sequences
from kdviz.panels import Words
from kdviz.panels.writing import drawings, sentences


def test_before_training_all_is_read_and_written(words):
    page = words()
    assert [row["who"] for row in page.writing.texts] == ["teacher", "student"]
    assert "".join(page.writing.texts[0]["tokens"][:4]) == page.writing.prompt == "3+4="
    assert page.writing.texts[0]["bits"][:4] == [None] * 4 and page.writing.texts[0]["bits"][4] > 0
    assert page.next.position_count > 0 and len(page.next.teacher_logits) == len(page.next.student_logits)
    assert page.transport.status.startswith("Ready to train: about ")
    first, (student, teacher) = page.drawings.drawings[0], page.drawings.drawings[0]["rows"]
    assert first["kind"] == "bars" and student["value"] > teacher["value"] == page._planned[0].bits_of_teacher(
        "validation"
    )
    assert page.bet.question and not page.bet.closed and page.bet.verdict == ""


def test_a_run_to_its_end_shows_bits_of_both_and_what_the_difference_is_worth(words):
    page = words(running=True)
    before = page.next.student_logits
    page.bet.bet = "twin"
    page.command("train")
    assert page.wait("finished", "failed"), page.status
    assert page.status == f"Finished after {page.runs['student'].total_steps} steps."
    curves = page.drawings.drawings[0]
    assert [line["look"] for line in curves["lines"]] == ["student", "twin", "teacher"]
    evaluated = page.runs["student"].history.evaluated("validation")
    assert curves["lines"][0]["y"] == pytest.approx([drawings.bits(e) for e in evaluated[1:]])
    assert "CI" in curves["sentence"] and "twin without a teacher" in curves["sentence"]
    assert page.next.student_step == page.runs["student"].total_steps and page.next.student_logits != before
    assert [row["who"] for row in page.writing.texts] == ["teacher", "student", "twin"]
    titles = [drawing["title"] for drawing in (*page.drawings.drawings, *page.findings.drawings)]
    assert titles == [
        "Bits a token on validation text",
        "The student’s error over length: KL(teacher ‖ student) in nats",
    ]
    assert page.bet.closed and page.bet.verdict.startswith("You said “its twin”")
    assert page.bet.question == sentences.QUESTION and "bits a token" in page.bet.verdict
    page.command("reset")
    assert page.wait("idle")
    assert (page.bet.bet, page.bet.closed, page.bet.verdict) == ("", False, "")


def test_of_tasks_the_share_that_is_right_is_drawn_too(words):
    page = words(method="reverse")
    page.command("train")
    assert page.wait("finished", "failed"), page.status
    answered = page.drawings.drawings[0]
    assert answered["title"] == "Answered right, of 16 validation tasks"
    assert [line["look"] for line in answered["lines"]] == ["student", "twin", "teacher"]
    assert len(answered["lines"][0]["y"]) == len(page.runs["student"].history.evaluated("validation"))
    found = sequences(page.runs["student"].student, page._planned[0].data.test).exact
    assert f"{found.value:.1%} of 16 test tasks right" in answered["sentence"].replace("\u202f", "")
    assert page.drawings.drawings[1]["sentence"].startswith("On test text")
    assert page.bet.question == sentences.RIGHT_QUESTION and "test tasks" in page.bet.verdict
    assert page._ended["exposure"].own_counts[0] == 16  # in no task was part of the answer given
    assert page.findings.drawings[-1]["captions"] == ["Teacher, block1, head 1", "Teacher, block1, head 2"]


@pytest.mark.parametrize("method", ["on_policy", "sequence"])
def test_the_student_learns_from_text_that_one_of_them_wrote(words, method):
    page = words(method=method, epochs=1)
    page.command("train")
    assert page.wait("finished", "failed"), page.status
    own, twin = page.runs["student"], page.runs["twin"]
    given = twin.data.train.x.equal(own.data.train.x) and twin.data.train.y.equal(own.data.train.y)
    assert given == (method == "on_policy") and twin.teacher is None
    assert page.drawings.drawings[1]["sentence"].startswith("On test text")


def test_bits_of_what_was_written_are_those_of_the_model_that_reads_it_whole(words):
    page = words()
    row = page.writing.texts[0]
    setting, _ = page._planned
    vocabulary = setting.vocabulary
    shown = {symbol: i for i, symbol in enumerate(vocabulary.symbols)} | {"■": vocabulary.end}
    ids = torch.tensor([[vocabulary.begin, *(shown[token] for token in row["tokens"])]])
    with torch.no_grad():
        log_p = setting.teacher.module(ids[:, :-1]).double().log_softmax(-1)[0]
    wanted = -log_p.gather(1, ids[0, 1:, None])[:, 0].numpy() / np.log(2)
    given = row["bits"].count(None)
    assert row["bits"][given:] == pytest.approx(wanted[given:], abs=2e-3)


def test_stop_keeps_what_was_learned_and_clear_begins_anew(words):
    page = words(running=True, epochs=150)
    page.command("train")
    page.command("stop")
    assert page.wait("stopped", "idle"), page.status
    page.command("train")
    assert page.wait("running")
    page.command("stop")
    assert page.wait("stopped"), page.status
    steps = page.runs["student"].steps_done
    assert 0 < steps < page.runs["student"].total_steps and page.runs["twin"].steps_done == steps
    with pytest.raises(ValueError, match="epochs must lie"):
        page.choose(epochs=0)
    page.command("reset")
    assert page.wait("idle")
    assert page.runs == {} and page.drawings.drawings[0]["kind"] == "bars" and page.findings.drawings == []


def test_a_released_t_edits_the_run_under_way_and_else_begins_the_next(words):
    page = words(running=True, setting={"epochs": 150})
    page.next.temperature = 3.0
    assert page.wait("idle")
    page.command("step")
    assert page.wait("paused")
    assert page.runs["student"].objective.value("temperature") == 3.0
    page.next.temperature = 8.0
    assert page.wait("paused")
    assert page.runs["student"].objective.value("temperature") == 8.0
    assert [edit.name for edit in page.runs["student"].history.edits] == ["temperature"]


def test_a_prompt_is_written_on_and_one_of_other_characters_is_refused_in_a_sentence(words):
    page = words()
    page.command("write", prompt="12+", sampling="greedy")
    assert page.wait("idle")
    assert all("".join(row["tokens"]).startswith("12+") for row in page.writing.texts)
    page.command("write", prompt="twelve", sampling="all")
    assert page.wait("idle")
    assert page.writing.refused == "A prompt can only have characters of the vocabulary, got 'twelv'."
    assert page.writing.prompt == "12+" and page.writing.answer == 2 and not page.writing.busy
    page.command("write", prompt="9", sampling="all")
    assert page.wait("idle")
    assert [row["who"] for row in page.writing.texts] == ["teacher"] * 3 + ["student"] * 3


def test_a_setting_of_ones_own_has_no_state(words):
    page = words()
    with pytest.raises(ValueError, match="setting of your own"):
        page.state  # noqa: B018
    with pytest.raises(TypeError, match="data by name"):
        Words(page._own_setting, data="moby-dick")


def test_a_page_of_a_link_keeps_its_run_which_goes_on_bit_for_bit(kept_page):
    query = "?data=additions&student=gru-32&method=jensen_shannon&epochs=1"
    page = kept_page(Words, browser=True, query=query)
    assert (page._choices.student, page._choices.method, page.scene.total_steps) == ("gru-32", "jensen_shannon", 125)
    page.bet.bet = "student"
    page.command("step")
    assert page.wait("paused")
    page.next.temperature = 2.0  # an edit: the run is found by what is chosen now
    page.command("stop")
    assert page.wait("stopped")
    again = kept_page(Words, browser=True, query=f"{query}&T=2")
    assert again.wait("stopped") and again.next.student_step == 1
    assert again.bet.bet == "student" and again.bet.closed
    assert [row["name"] for row in again.writing.texts] == ["Teacher", "Student", "Twin, no teacher"]
    assert again.drawings.drawings == page.drawings.drawings != []
    usual = "?data=additions&student=gru-32&method=jensen_shannon&T=2&epochs=1"  # not what suits data and method anyway
    assert again.share.query == again.setup.query == usual
    for one in (page, again):
        one.command("step")
        assert one.wait("paused")
    for role, run in page.runs.items():
        mine = torch.nn.utils.parameters_to_vector(again.runs[role].student.parameters())
        assert torch.equal(mine, torch.nn.utils.parameters_to_vector(run.student.parameters())), role


def test_the_same_wish_again_draws_another_text(words):
    page = words(running=True)
    assert page.wait("idle")
    texts = []
    for prompt, sampling in (("the ", "1.5"), ("the ", "1.5"), ("a", "1.5"), ("the ", "1.5")):
        page.command("write", prompt=prompt, sampling=sampling)
        assert page.wait("idle")
        texts.append(page.writing.texts[0]["tokens"])
    assert texts[0] != texts[1] and texts[0] == texts[3]
