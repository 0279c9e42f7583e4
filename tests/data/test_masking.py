"""Masked words: how many are hidden and how, that each draw is another, and that a run draws by its seed."""

from __future__ import annotations

import pickle

import pytest
import torch

import kdviz as kd
from kdviz.data.masking import Masking, hide
from kdviz.data.wordpiece import SPECIAL, WordPieces

PIECES = WordPieces([*SPECIAL, *(f"w{i}" for i in range(200))])


def drawn(share=0.15, rows=2000, length=22, seed=0):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, len(PIECES), (rows, length), generator=generator)
    counts = torch.arange(length) < torch.randint(1, length + 1, (rows, 1), generator=generator)
    return ids, counts, hide(ids, counts, PIECES, generator, share)


def test_a_share_of_each_row_is_hidden_and_at_least_one_token():
    ids, counts, hidden = drawn()
    chosen = hidden.labels >= 0
    assert torch.equal(chosen.sum(1), (counts.sum(1) * 0.15).round().clamp(min=1).long())
    assert not bool((chosen & ~counts).any())
    assert torch.equal(hidden.labels[chosen], ids[chosen])
    assert torch.equal(hidden.input_ids[~chosen], ids[~chosen])
    nothing = hide(ids[:2], counts[:2] & False, PIECES, torch.Generator().manual_seed(0))
    assert bool((nothing.labels == -1).all()) and torch.equal(nothing.input_ids, ids[:2])


def test_eight_in_ten_are_masked_one_is_another_and_one_stays():
    ids, _, hidden = drawn(0.5, rows=4000)
    chosen = hidden.labels >= 0
    masked = hidden.input_ids[chosen] == PIECES.mask
    stays = hidden.input_ids[chosen] == ids[chosen]
    n = int(chosen.sum())
    for found, share in ((masked, 0.8), (stays, 0.1 + 0.1 / 200), (~masked & ~stays, 0.1 - 0.1 / 200)):
        assert abs(float(found.double().mean()) - share) < 5 * (share * (1 - share) / n) ** 0.5
    others = hidden.input_ids[chosen][~masked & ~stays]
    assert int(others.min()) >= len(SPECIAL) and len(others.unique()) == 200


def test_each_place_is_as_likely_as_any_other():
    ids = torch.full((6000, 10), 7)
    _, labels = hide(ids, ids > 0, PIECES, torch.Generator().manual_seed(1), 0.2)
    assert ((labels >= 0).double().mean(0) - 0.2).abs().max() < 5 * (0.16 / 6000) ** 0.5


def test_another_seed_hides_others_and_the_same_the_same():
    data = kd.data.masked(kd.data.definitions())
    index = torch.arange(50)
    one, again, other = (data.train.redraw(index, seed)["input_ids"] for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)
    x, y = data.train.drawn(index, 1)
    assert torch.equal(x["input_ids"], one)
    whole = kd.data.definitions().train.x["input_ids"][:50]
    assert torch.equal(torch.where(y >= 0, y, whole), whole), "labels are those of this draw"
    special = torch.tensor([PIECES.pad, PIECES.begin, PIECES.end])
    assert not bool(torch.isin(y[y >= 0], special).any())
    assert isinstance(pickle.loads(pickle.dumps(data.train.redraw)), Masking)  # workers get it


def test_a_run_sees_other_words_hidden_in_each_epoch_and_repeats_bit_for_bit():
    data = kd.data.masked(kd.data.definitions())
    few = kd.data.Splits("few", "Few", data.classes, *(getattr(data, p).take(slice(0, 64)) for p in PARTS))
    runs = [kd.Distillation(None, student(), few, kd.HardLabels(), batch_size=32, epochs=2, seed=s) for s in (0, 0, 1)]
    first, again, other = (run.train(progress=False, evaluate=False) for run in runs)
    assert first.history.rows.tolist() == again.history.rows.tolist() != other.history.rows.tolist()
    assert first.branch(1).train(progress=False, evaluate=False).history.rows.tolist() == first.history.rows.tolist()
    batches = [first._batches[step] for step in range(4)]
    rows = [{tuple(row) for row in b.labels.tolist()} for b in batches]
    assert len((rows[0] | rows[1]) & (rows[2] | rows[3])) < 32, "of 64 rows in each epoch"
    assert batches[0].labelled == int((batches[0].labels >= 0).sum())


def test_labels_that_are_hidden_stay_hidden():
    data = kd.data.masked(kd.data.definitions())
    hidden = torch.arange(len(data.train)) % 2 == 0
    _, y = data.train.without_labels(hidden).drawn(torch.arange(10), 3)
    assert (y >= 0).any(1).tolist() == [False, True] * 5
    _, y = data.with_labels(100, keep_unlabelled=True).train.drawn(torch.arange(len(data.train)), 3)
    assert int((y >= 0).any(1).sum()) == 100


def test_what_cannot_be_masked_is_told():
    with pytest.raises(ValueError, match=r"share must lie in \(0, 1\), got 1"):
        drawn(1)
    with pytest.raises(TypeError, match=r"a vocabulary with \[MASK\], .*, got NoneType"):
        kd.data.masked(kd.data.adult())
    with pytest.raises(ValueError, match=r"needs the inputs input_ids and attention_mask, got \(91,\) float32"):
        kd.data.masked(kd.data.adult(), PIECES)
    with pytest.raises(ValueError, match="give name="):
        kd.data.masked([kd.data.definitions().train] * 3, PIECES)


PARTS = ("train", "validation", "test")


def student():
    return kd.models.encoder(kd.data.word_pieces(), width=8, blocks=1, heads=2, dropout=0.1)
