"""Data sets of the datasets package: tokenised text teaches as it is."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd

datasets = pytest.importorskip("datasets")
transformers = pytest.importorskip("transformers")

N, L, WORDS = 90, 6, 30
DRAW = torch.Generator().manual_seed(0)
IDS = torch.randint(1, WORDS, (N, L), generator=DRAW)
MASK = (torch.arange(L) < torch.randint(3, L + 1, (N, 1), generator=DRAW)).long()


def bert(width: int):
    torch.manual_seed(width)
    config = transformers.BertConfig(
        vocab_size=WORDS, hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=16, num_labels=3,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def table():
    columns = {"input_ids": IDS.tolist(), "attention_mask": MASK.tolist(), "label": [k % 3 for k in range(N)]}
    return datasets.Dataset.from_dict(columns).with_format("torch")


def test_a_data_set_teaches(journey, tmp_path):
    way = journey(bert(16).eval(), bert(8), table())
    assert set(way.run.data.train.x) == {"input_ids", "attention_mask"}
    assert way.run.data.train.y.dtype == torch.int64 and len(way.run.data.classes) == 3
    way.everywhere(tmp_path)


def test_its_own_parts_are_kept():
    parts = table().train_test_split(test_size=0.2, seed=0)
    data = kd.data.splits(datasets.DatasetDict({"train": parts["train"], "test": parts["test"]}))
    assert len(data.test) == len(parts["test"])
    assert torch.equal(data.test.x["input_ids"], torch.stack([row["input_ids"] for row in parts["test"]]))
