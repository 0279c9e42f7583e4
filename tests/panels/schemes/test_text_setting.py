"""Settings of text: the page's, and the same start and batches for all lanes."""

from __future__ import annotations

import pytest
import torch

from kdviz.panels.schemes.counts import BITS, HIDDEN_WORDS
from kdviz.panels.schemes.text_setting import OFFERS, of_text

from .small_text import small_of


def test_offline_distillation_and_the_twin_begin_alike():
    for holds in OFFERS:
        setting = small_of(holds)
        offline, twin = setting.offline(9), setting.twin(9)
        pairs = zip(offline.student.parameters(), twin.student.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) and twin.teacher is None
        assert offline.objective.alpha == 0.9 and offline.total_steps == twin.total_steps >= 9


def test_the_pages_settings_say_what_they_count_and_other_rows_take_as_many_steps():
    text = of_text("text", seed=3)
    assert text.count is BITS and text.seed == 3 and len(text.data.train) == OFFERS["text"].rows
    assert "Counted are bits a token" in text.note and "400 test rows" in text.note
    pool = of_text("text", rows=800)
    assert len(pool.data.train) == 800 and pool.steps() == pytest.approx(text.steps(), rel=0.05)
    assert pool.teacher.module is not None and of_text("text", epochs=2).epochs == 2
    masked, kinds = of_text("masked"), of_text("kinds")
    assert masked.count is HIDDEN_WORDS and masked.data.everywhere and "hidden words" in masked.note
    assert kinds.general is not None and kinds.general[0] is masked.teacher
    assert len(kinds.general[1].train) == len(kinds.data.train)


def test_answers_end_and_running_text_does_not():
    assert small_of("tasks").end == small_of("tasks").data.vocabulary.end and small_of("tasks").prompt == 1
    assert small_of("text").end is None and small_of("text").prompt > 1
