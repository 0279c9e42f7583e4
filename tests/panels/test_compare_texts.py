"""Two decoders on the page of two models: an example is one token of each text, beside what all tokens say."""

from __future__ import annotations

import threading
from dataclasses import replace

import kdviz as kd


def test_decoders_are_shown_by_one_token_of_each_text_with_the_numbers_of_all():
    whole = kd.data.additions()
    few = whole.test.take(slice(0, 60))
    data = replace(whole, train=whole.train.take(slice(0, 60)), validation=few, test=few)
    teacher, student = kd.models.pretrained("additions-decoder"), kd.models.decoder(data.vocabulary, 13, 8, 1, 1).eval()
    page = kd.panels.Compare(teacher, student, data, view="attention")
    assert page.wait()
    assert all(text.endswith("⟨?⟩") and "=" in text for text in page.scene.captions)
    assert page.pair.note == "Additions: one token of each of 60 texts, drawn at random."
    own = kd.measure.sequences(student, few, other=teacher)
    assert f"the student takes {own.bits.value:.2f} (95\u202f% CI" in page.pair.cost
    assert page.scene.classes[:4] == ["·", "▸", "■", "+"]
    heads = page.tabs["attention"]
    at = page.controllers.counted.examples.x["at"][page.scene.selected, 0]
    assert heads.tokens[0] == "▸" and heads.place == int(at)
    assert [(one["layer"], one["head"]) for one in heads.student_layers] == [("block1.attention", 0)]
    assert len(heads.teacher_layers) == 8 and len(heads.teacher_maps) == 4 * 8 * len(heads.tokens) ** 2
    page.scene.view = "saliency"
    assert page.wait()
    shades = page.tabs["saliency"]
    assert shades.tokens == heads.tokens and len(shades.teacher_map) == 4 * len(shades.tokens)
    page.close()


def test_the_page_of_a_report_on_texts_asks_no_model_again():
    whole = kd.data.additions()
    data = replace(whole, validation=whole.test.take(slice(0, 30)), test=whole.test.take(slice(0, 30)))
    report = kd.compare(kd.models.pretrained("additions-decoder"), kd.models.gru(data.vocabulary, 4).eval(), data)
    page = kd.panels.Compare.of(report)
    assert sorted(page.scene.captions) == sorted(report.examples.groups["text"])
    assert "saliency" in page.views.offered and page.scene.classes[0] == "·"
    page.close()


def test_what_was_counted_of_a_pair_is_not_shown_beside_another(monkeypatch):
    whole = kd.data.additions()
    data = replace(whole, validation=whole.test.take(slice(0, 30)), test=whole.test.take(slice(0, 30)))

    asked, there = [], threading.Event()

    def counted(part, models, go_on):
        assert there.wait(60)
        asked.append(go_on(0, 1))
        page._shown = dict(page._shown)  # another pair comes meanwhile
        asked.append(go_on(0, 1))
        return "Of the pair before."

    monkeypatch.setattr("kdviz.panels.compare.predicted", counted)
    teacher, student = (kd.models.decoder(data.vocabulary, 13, 8, 1, 1, seed=seed).eval() for seed in (1, 2))
    page = kd.panels.Compare(teacher, student, data)
    there.set()
    assert page.wait()
    assert page.pair.cost and "Of the pair before." not in page.pair.cost and asked == [True, False]
    page.close()
