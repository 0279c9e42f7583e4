"""Two encoders of text on the page and in a report: lines stand there in words, and attention is compared."""

from __future__ import annotations

from dataclasses import replace

import kdviz as kd


def test_definitions_stand_in_words_and_the_attention_of_both_is_compared():
    whole = kd.data.definitions()
    data = replace(whole, validation=whole.validation.take(slice(0, 60)), test=whole.test.take(slice(0, 60)))
    teacher = kd.models.pretrained("definitions-encoder")
    student = kd.models.inherit(kd.models.encoder(data.vocabulary, blocks=2, classes=8), teacher).eval()
    page = kd.panels.Compare(teacher, student, data)
    first = page.scene.captions[0]
    assert any(f"{word}, {text}" == first for word, text in zip(*data.test.groups.values(), strict=True))
    assert page.wait()  # the page's thread asks the same models
    few = data.test.take(slice(0, 4))
    assert page.controllers["attention"].make_across(teacher, student, few)["across"]["n"] == 4
    page.close()
    seen = kd.compare(teacher, student, data).attention(count=20).attention
    assert seen.teacher_layers[-1] == "block4.attention" and "block2.attention" in seen.sentence()
