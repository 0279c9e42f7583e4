"""Pairing: which layers of two models stand at the same stage."""

from __future__ import annotations

import torch

import kdviz as kd
from kdviz.distill.pairing import layer_pairs


def test_layers_correspond_from_the_end_and_blocks_evenly():
    x = torch.zeros(2, 1, 28, 28)
    deep = layer_pairs(kd.models.convnet(3), kd.models.resnet(4, blocks=(1, 1, 1, 1)), x)
    assert deep.maps == (("relu2", "stage2_1"), ("relu4", "stage3_1"), ("relu5", "stage4_1"))
    wide = layer_pairs(kd.models.resnet(4, blocks=(1, 1, 1, 1)), kd.models.convnet(3), x)
    assert wide.maps == (("stage2_1", "relu2"), ("stage3_1", "relu4"), ("stage4_1", "relu5"))
    rows = layer_pairs(kd.models.vit(16, 3, 2), kd.models.vit(16, 6, 4), x)
    assert rows.tokens == (("block1", "block2"), ("block2", "block4"), ("block3", "block6"))
    assert rows.attention == () and rows.embeddings == ("tokens", "tokens")  # heads differ
    assert layer_pairs(kd.models.mlp(()), kd.models.mlp((4,)), x).features is None


def test_encoders_correspond_by_their_blocks_whatever_their_heads_give():
    ids = {"input_ids": torch.ones(2, 6, dtype=torch.int64), "attention_mask": torch.ones(2, 6, dtype=torch.int64)}
    student, teacher = (kd.models.encoder(20, 6, 8, blocks, 2) for blocks in (2, 4))
    pairs = layer_pairs(student, teacher, ids)
    assert pairs.tokens == (("block1", "block2"), ("block2", "block4")) and pairs.embeddings == ("embed", "embed")
    assert pairs.attention == (("block1.attention", "block2.attention"), ("block2.attention", "block4.attention"))
    kinds = layer_pairs(kd.models.encoder(20, 6, 8, 2, 2, classes=3), teacher, ids)
    assert kinds.tokens == pairs.tokens
