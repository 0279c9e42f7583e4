"""The encoder: BERT's formula, padding that nobody sees, tied weights, and heads that begin where another ended."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.models.architecture import about_weights

IDS = torch.tensor([[2, 7, 8, 9, 3, 0, 0], [2, 5, 3, 0, 0, 0, 0], [2, 11, 6, 8, 14, 10, 3]])
MASK = (IDS > 0).long()


def small(**more):
    return kd.models.encoder(20, 8, 12, 2, 3, **more)


def test_an_encoder_follows_its_formula():
    model = small(classes=4).double().eval()
    e, h = model.embed, None
    x = F.layer_norm(e.word.weight[IDS] + e.position.weight[:7], (12,), e.norm.weight, e.norm.bias, 1e-12)
    for block in (model.block1, model.block2):
        a, rows = block.attention, []
        for i, row in enumerate(x):  # each line by itself, with the tokens that it has
            row = row[: MASK[i].sum()]
            q, k, v = (row @ a.in_proj_weight.T + a.in_proj_bias).split(12, 1)
            heads = [torch.softmax(q[:, s] @ k[:, s].T / 2, 1) @ v[:, s] for s in map(slice, (0, 4, 8), (4, 8, 12))]
            h = F.layer_norm(row + a.out_proj(torch.cat(heads, 1)), (12,), block.norm1.weight, block.norm1.bias, 1e-12)
            inner = F.gelu(h @ block.expand.weight.T + block.expand.bias)
            h = F.layer_norm(h + block.contract(inner), (12,), block.norm2.weight, block.norm2.bias, 1e-12)
            rows.append(F.pad(h, (0, 0, 0, 7 - len(h))))
        x = torch.stack(rows)
    wanted = model.logits(torch.tanh(model.pool(x[:, 0])))
    torch.testing.assert_close(model(IDS, MASK), wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("classes", [None, 4])
def test_padding_of_any_content_changes_nothing(classes):
    model = small(classes=classes).eval()
    other = torch.where(MASK.bool(), IDS, 13)
    for train in (False, True):
        model.train(train)
        a, b = model(IDS, MASK), model(other, MASK)
        counts = MASK.bool() if classes is None else slice(None)
        assert torch.equal(a[counts], b[counts])
    short = model(IDS[1:2, :3])
    torch.testing.assert_close(short[0], a[1, :3] if classes is None else a[1], rtol=1e-4, atol=1e-5)


def test_the_last_weights_are_the_words_own():
    model = small()
    names = dict(model.named_parameters())
    assert "masked.bias" in names and sum(p.shape == (20, 12) for p in names.values()) == 1
    model(IDS, MASK)[MASK.bool()].sum().backward()
    unseen = [i for i in range(20) if i not in IDS]
    assert bool((names["embed.word.weight"].grad[unseen].abs().sum(1) > 0).all()), "by the last layer"


def test_a_classifier_begins_with_what_was_learned_and_half_a_model_with_every_other_block():
    learned = kd.models.encoder(20, 8, 12, 4, 3, seed=5)
    classifier = kd.models.inherit(kd.models.encoder(20, 8, 12, 4, 3, classes=4), learned)
    theirs = learned.state_dict()
    shared = [name for name in classifier.state_dict() if name in theirs]
    assert len(shared) == len(theirs) - 5  # the masked head
    assert all(torch.equal(weight, theirs[n]) for n, weight in classifier.state_dict().items() if n in shared)
    half = kd.models.inherit(small(), learned)
    assert torch.equal(half.block2.attention.in_proj_weight, theirs["block3.attention.in_proj_weight"])
    assert torch.equal(half.masked.bias, theirs["masked.bias"])


def test_the_same_seed_builds_the_same_and_the_description_builds_it_again():
    assert all(map(torch.equal, small(seed=1).state_dict().values(), small(seed=1).state_dict().values()))
    model = kd.models.encoder(kd.data.word_pieces(), classes=8, dropout=0.2, seed=3)
    again = kd.models.build(model.architecture, seed=3)
    assert model.fingerprint == kd.data.word_pieces().fingerprint == again.fingerprint
    assert all(map(torch.equal, model.state_dict().values(), again.state_dict().values()))
    count = sum(p.numel() for p in model.parameters())
    assert abs(about_weights(model.architecture) - count) < 0.05 * count
    student = kd.Recipe(data="definitions", student=model.architecture, objective=1 * kd.HardLabels())
    assert kd.Recipe.from_json(student.to_json()) == student


def test_what_cannot_be_built_or_read_is_told():
    with pytest.raises(ValueError, match="heads must share the width evenly, and 5 does not divide 12"):
        kd.models.encoder(20, 8, 12, 2, 5)
    with pytest.raises(ValueError, match="classes must be at least 1, got 0"):
        small(classes=0)
    with pytest.raises(ValueError, match=r"at most 8 tokens, the encoder's context, got 9"):
        small()(torch.ones(1, 9, dtype=torch.int64))


def test_attention_of_each_head_is_seen():
    model = small().eval()
    maps = kd.measure.attention.attention_matrices(model, {"input_ids": IDS, "attention_mask": MASK})
    assert {name: tuple(m.shape) for name, m in maps.items()} == {
        "block1.attention": (3, 3, 7, 7),
        "block2.attention": (3, 3, 7, 7),
    }
    assert float(maps["block1.attention"][1, :, :3, 3:].abs().max()) == 0, "nobody looks at padding"


@pytest.mark.parametrize("classes", [None, 4])
def test_a_row_of_padding_alone_is_answered_in_numbers_and_changes_no_other(classes):
    model, empty = small(classes=classes), MASK.clone()
    empty[1] = 0
    for mode in (True, False):
        with torch.set_grad_enabled(mode):
            found = model.train(mode)(IDS, empty)
        assert bool(found.isfinite().all())
        torch.testing.assert_close(found[[0, 2]], model(IDS, MASK)[[0, 2]])
