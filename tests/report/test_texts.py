"""Two models of text in a report: numbers of all tokens by text, all else of one token of each text."""

from __future__ import annotations

import json
import math
import re

import pytest
import torch

import kdviz as kd
from kdviz.models.at_token import AtToken

LETTERS = kd.data.Vocabulary.of("abcd ")


def chains(n: int, seed: int = 0) -> torch.Tensor:
    """Text in which each letter mostly follows from the one before."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 8, (n, 9), generator=draw)
    for i in range(1, 9):
        follows = (2 * ids[:, i - 1]) % 5 + 3
        ids[:, i] = torch.where(torch.rand(n, generator=draw) < 0.8, follows, ids[:, i])
    return ids


def texts(labels: bool = True) -> kd.data.Splits:
    ids = chains(240)
    y = ids[:, 1:].clone()
    y[:, :2] = -1  # a prompt
    y[::3, 6:] = -1
    parts = [
        kd.data.Examples(ids[i::3, :-1], y[i::3] if labels else torch.full((80, 8), -1), {"third": [*range(80)]})
        for i in range(3)
    ]
    return kd.data.Splits("rows", "Rows", LETTERS.symbols, *parts, vocabulary=LETTERS)


def decoder(heads: int = 2, seed: int = 1) -> torch.nn.Module:
    return kd.models.decoder(LETTERS, 8, 8, 2 if heads == 2 else 1, heads, seed=seed).eval()


def test_bits_agreement_and_exact_match_are_of_all_tokens_and_the_rest_of_one_a_text():
    data, teacher, student = texts(), decoder(), decoder(4, 2)
    report = kd.compare(teacher, student, data, twin=decoder(4, 3))
    part = data.test
    with torch.no_grad():
        t, s = teacher(part.x), student(part.x)
    known = part.y >= 0
    bits = -s.log_softmax(-1).gather(-1, part.y.clamp(min=0)[..., None])[..., 0][known].mean().item() / math.log(2)
    own = report.sequences["student"]
    assert own.bits.value == pytest.approx(bits, rel=1e-5) and own.bits.n == 80
    assert own.agreement.value == pytest.approx((t.argmax(-1) == s.argmax(-1))[known].double().mean().item())
    at = report.examples.x["at"][:, 0]
    assert bool(known[torch.arange(80), at].all())
    torch.testing.assert_close(report.logits["student"], s[torch.arange(80), at])
    told = report.sentences("sequences")
    assert f"the student takes {bits:.2f} (95 % CI " in told[0] and "Its twin takes" in told[1]
    assert "by text: tokens of one text are alike" in told[-2] and "one token of each text" in told[-1]
    assert report.about().endswith("Compared on 80 texts, token by token.")
    table = report.frame().query("subject == 'sequences' and model == 'student'").set_index("measure")
    both = own.difference(report.sequences["teacher"])
    assert tuple(table.loc["bits a token − the teacher's", ["value", "low", "high"]]) == (
        both.value,
        both.low,
        both.high,
    )
    assert report.summary()["exact match"].tolist()[1] == own.exact.value
    assert report.diagnosis.headline.startswith("On 80 test examples")


def test_heads_of_another_number_and_shaded_tokens_are_drawn_and_filed(tmp_path):
    report = kd.compare(decoder(), decoder(4, 2), texts())
    report.saliency(count=8, checks=0, progress=False)
    heads = report.attention(count=6).heads
    assert [len(A) for layers in heads.matrices.values() for A in layers.values()] == [2, 2, 4]
    assert len(heads.tokens) == 8 and set(heads.tokens) <= {"a", "b", "c", "d", "␣"}
    drawn = report.figures()
    assert {"sequences", "attention-heads", "saliency"} <= set(drawn)
    page = report.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
    shown = json.loads(re.search(r'id="report">(.*?)</script>', page, re.S)[1])["examples"]
    mapped = [one for one in shown if "shades" in one]
    assert len(mapped) == len(report.maps.index) and all(max(map(abs, m["shades"]["student"])) == 1 for m in mapped)
    assert all(len(one["tokens"]) == 8 and 0 <= one["at"] < 8 for one in shown)
    assert "Texts: how well are they predicted?" in page


def test_groups_of_texts_are_kept_and_texts_without_labels_say_so():
    data = texts()
    report = kd.compare(decoder(), decoder(4, 2), data, groups={"half": [i % 2 for i in range(80)]})
    assert report.bias.groupings == ("half",)
    unknown = kd.compare(decoder(), decoder(4, 2), texts(labels=False))
    assert unknown.sentences("sequences")[0].startswith("No token has a label") and not unknown.sequences
    assert isinstance(unknown.models["teacher"], AtToken)


def test_a_model_of_text_without_attention_is_told_in_a_sentence():
    report = kd.compare(decoder(), kd.models.gru(LETTERS, 4).eval(), texts())
    assert report.attention(count=6).note == "The student has no attention heads, so no head is drawn."
    assert "attention-heads" not in report.figures()


def test_shipped_models_are_compared_by_name_on_the_data_of_their_card(monkeypatch):
    few = kd.data.additions()
    part = few.test.take(slice(0, 60))
    small = kd.data.Splits(few.name, few.title, few.classes, part, part, part, vocabulary=few.vocabulary)
    monkeypatch.setattr("kdviz.report.comparison.data_sets.load", lambda name: {"additions": small}[name])
    report = kd.compare("additions-decoder", kd.models.gru(few.vocabulary, 4).eval(), groups=[])
    assert report.sequences["teacher"].exact.value > 0.9 and "of Additions, token by token" in report.about()
    with pytest.raises(ValueError, match="a model of your own; say which data to compare on"):
        kd.compare(decoder(), decoder())


def test_few_texts_at_once_are_asked_as_there_are_logits_for_each_token():
    most = []
    teacher, student = decoder(), decoder(4, 2)
    for model in (teacher, student):
        model.register_forward_pre_hook(lambda _, given: most.append(len(given[0])))
    part = texts().test
    many = part.take(torch.arange(300) % 80)
    assert kd.compare(teacher, student, many).by_token and max(most) == 128
