"""Data of your own reach the workers whole, once, and without what they were cut from."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.data import Examples, Splits
from kdviz.study.parts import Parts


def splits(x: torch.Tensor, groups=None) -> Splits:
    examples = Examples(x, torch.arange(len(x)) % 3, groups or {})
    return Splits("mine", "Mine", ("a", "b", "c"), examples, examples.take(slice(0, 4)), examples.take(slice(4, 8)))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.bfloat16])
def test_data_arrive_as_they_were_sent(dtype):
    x = torch.arange(60).view(20, 3).to(dtype)
    sent = splits(x, {"sex": np.array(["f", "m"] * 10)})
    data = pickle.loads(pickle.dumps(Parts(data=sent))).data
    for part in ("train", "validation", "test"):
        here, there = getattr(sent, part), getattr(data, part)
        assert torch.equal(there.inputs(), here.inputs()) and torch.equal(there.y, here.y)
        assert there.fingerprint() == here.fingerprint()
        assert there.groups["sex"].tolist() == here.groups["sex"].tolist()
    assert (data.name, data.title, data.classes, data.draw) == (sent.name, sent.title, sent.classes, sent.draw)


def test_a_part_of_a_larger_tensor_is_sent_alone():
    large = torch.zeros(100_000, 10)
    parts = Parts(data=splits(large[:20]))
    assert len(pickle.dumps(parts)) < 10_000
    assert sys.getsizeof(parts) > 20 * 10 * 4  # what dask asks, to send large things once


def test_arrays_that_must_not_be_written_to_are_copied():
    parts = Parts(data=splits(torch.ones(20, 3)))
    packed = parts._packed
    assert packed is not None
    for x, *_ in packed[1].values():
        x.flags.writeable = False
    data = pickle.loads(pickle.dumps(parts)).data  # a warning of torch's would be an error here
    assert torch.equal(data.train.x, torch.ones(20, 3))


def test_own_parts_keep_their_kind():
    teacher = kd.models.mlp((4,), inputs=3, classes=3).eval()
    sent = pickle.loads(pickle.dumps(Parts(teacher, torch.nn.Linear(3, 3))))
    assert torch.equal(sent.teacher.logits.weight, teacher.logits.weight)
    assert isinstance(sent.student, torch.nn.Linear) and sent.data is None
