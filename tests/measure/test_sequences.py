"""Perplexity, bits a character, agreement and exact match against a plain loop."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.measure.sequence_interval import ratio, share
from kdviz.models.generation import generate

from ..distill.small_text import END, Causal, taught, text


class Letters:
    """A vocabulary whose symbol 3 is two characters, and whose end is none."""

    def decode(self, ids):
        return "".join({3: "qu", END: ""}.get(i, "abcdef_"[i]) for i in ids)


@pytest.fixture(scope="module")
def teacher():
    return taught(epochs=30)


def test_the_numbers_are_those_of_a_plain_loop(teacher):
    data, student = text(), Causal(seed=1).eval()
    found = kd.measure.sequences(student, data, other=teacher, vocabulary=Letters())
    nll, tokens, same, right, characters = [], [], [], [], []
    for x, y in zip(data.test.x, data.test.y, strict=True):
        sums = [0.0, 0, 0, 0, 0]
        for t in range(len(x)):
            if y[t] >= 0:
                z, u = (model(x[None, : t + 1])[0, -1].tolist() for model in (student, teacher))
                sums[0] -= z[y[t]] - math.log(sum(map(math.exp, z)))
                sums[1] += 1
                sums[2] += z.index(max(z)) == u.index(max(u))
                sums[3] += z.index(max(z)) == y[t]
                sums[4] += {3: 2, END: 0}.get(int(y[t]), 1)
        for column, value in zip((nll, tokens, same, right, characters), sums, strict=True):
            column.append(value)
    bits = ratio([v / math.log(2) for v in nll], tokens)
    assert found.perplexity.value == pytest.approx(math.exp(sum(nll) / sum(tokens)), rel=1e-5)
    assert (found.bits.low, found.bits.high) == pytest.approx((bits.low, bits.high), rel=1e-5)
    assert found.perplexity.high == pytest.approx(2**bits.high, rel=1e-4)
    assert found.bits_a_character.value == pytest.approx(sum(nll) / math.log(2) / sum(characters), rel=1e-5)
    assert found.agreement == share(same, tokens) and found.accuracy == share(right, tokens)
    assert found.exact.value == sum(r == n for r, n in zip(right, tokens, strict=True)) / len(tokens)
    assert (found.n, found.tokens, found.characters) == (20, sum(tokens), sum(characters))
    assert list(found.frame().index)[:2] == ["perplexity", "bits"] and "of 20 sequences" in str(found)


def test_exact_match_is_what_greedy_writing_gets_right():
    data = text(300)
    x, y = data.test.x, data.test.y.clone()
    for row, (ids, labels) in enumerate(zip(x, y, strict=True)):  # a third are what the model writes
        if row % 3 == 0:
            given, n = int((labels >= 0).nonzero()[0]) + 1, int((labels >= 0).sum())
            whole = generate(Causal(seed=1), ids[None, :given], n, greedy=True)[0]
            ids[given : given + n - 1], labels[labels >= 0] = whole[given:-1], whole[given:]
    found = kd.measure.sequences(Causal(seed=1), kd.data.Examples(x, y))
    hits = 0
    for ids, labels in zip(x, y, strict=True):
        given, answer = int((labels >= 0).nonzero()[0]) + 1, labels[labels >= 0].tolist()
        hits += generate(Causal(seed=1), ids[None, :given], len(answer), greedy=True)[0, given:].tolist() == answer
    assert 34 <= hits < 60 and found.exact.value == hits / 100


def test_sequences_without_a_label_do_not_count_and_none_at_all_is_an_error(teacher):
    data = text()
    silent = data.test.without_labels(torch.arange(20) < 15)
    found = kd.measure.sequences(teacher, silent)
    assert found.n == 5 and found.perplexity == kd.measure.sequences(teacher, data.test.take(slice(15, 20))).perplexity
    with pytest.raises(ValueError, match="hold no sequence with a label"):
        kd.measure.sequences(teacher, replace(data, test=data.test.without_labels(torch.ones(20).bool())))


def test_other_vocabularies_are_refused_in_a_sentence(teacher):
    with pytest.raises(
        ValueError, match=r"tokens agree only over one vocabulary; compare them by kd\.measure\.bits_a_character"
    ):
        kd.measure.sequences(teacher, text(), other=Causal(symbols=9).eval())


def test_characters_after_an_end_count_and_a_wild_model_overflows_nothing():
    letters = kd.data.Vocabulary("ab")
    ids = torch.tensor([[*letters.encode("ab", begin=True, end=True), *letters.encode("aab", begin=True, end=True)]])
    found = kd.measure.sequences(
        kd.models.gru(letters, 4), kd.data.Examples(ids[:, :-1], ids[:, 1:]), vocabulary=letters
    )
    assert found.tokens == 8 and found.characters == 5 and math.isnan(found.perplexity.low)

    def wild(ids):
        return torch.nn.functional.one_hot(ids * 0, 7) * 1e4 * (1.0 + ids[:, :1, None])

    assert kd.measure.sequences(kd.wrap(wild), text()).perplexity.value == math.inf


def test_models_of_as_many_other_symbols_are_refused():
    ours, theirs = (kd.models.gru(7, 4, fingerprint=mark * 16) for mark in "ab")
    with pytest.raises(ValueError, match="the model and the other model have different vocabularies"):
        kd.measure.sequences(ours, text(), other=theirs)
    with pytest.raises(ValueError, match="the teacher and the student have different vocabularies"):
        kd.measure.exposure(ours, theirs.eval(), text())
    with pytest.raises(ValueError, match="the teacher and the reference have different vocabularies"):
        kd.distill.difference_sampled(text(), ours, theirs)


def test_a_difference_is_of_the_same_sequences():
    data = text()
    one, other = (kd.measure.sequences(Causal(seed=k).eval(), data.test) for k in (0, 1))
    found = one.difference(other)
    by_hand = (one.surprises.sum() - other.surprises.sum()) / one.counts.sum()
    assert found.value == pytest.approx(by_hand) == pytest.approx(one.bits.value - other.bits.value)
    assert found.low < found.value < found.high
    with pytest.raises(ValueError, match="both must be measured on the same sequences"):
        one.difference(kd.measure.sequences(Causal(seed=1).eval(), data.test.take(slice(0, 5))))
    turned = replace(data.test, y=data.test.y.flip(0))  # as many texts, and as many tokens
    with pytest.raises(ValueError, match="as many of others"):
        one.difference(kd.measure.sequences(Causal(seed=1).eval(), turned))
