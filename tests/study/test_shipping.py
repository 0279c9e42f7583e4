"""Data of your own reach the workers whole, once, and without what they were cut from."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
import torch

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


class Drawn:
    """Draws anew, as a data set with a random crop does."""

    def __call__(self, index, seed):
        return {"ids": index[:, None] + seed}


@pytest.mark.parametrize("form", [dict, tuple])
def test_several_inputs_arrive_with_all_that_is_beside_them(form):
    ids = torch.arange(60).view(20, 3)
    x = {"ids": ids, "mask": ids > 5} if form is dict else (ids, ids.float())
    soft = torch.eye(3)[torch.arange(20) % 3]
    whole = Examples(x, soft.argmax(1), {}, soft, Drawn())
    sent = Splits("mine", "Mine", ("a", "b", "c"), whole, whole.fixed(), whole.fixed(), batch_size=7)
    parts = Parts(data=sent)
    data = pickle.loads(pickle.dumps(parts)).data
    assert data.train.describe() == whole.describe() and type(data.train.x) is form and data.batch_size == 7
    fresh = Examples(data.train.x, data.train.y, {}, data.train.soft, data.train.redraw)
    assert fresh.fingerprint() == whole.fingerprint() == data.train.fingerprint()
    assert torch.equal(data.train.redraw(torch.arange(2), 5)["ids"], torch.tensor([[5], [6]]))
    assert sys.getsizeof(parts) > 3 * 60 * 8


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
