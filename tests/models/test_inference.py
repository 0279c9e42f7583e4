"""What models answer, and what is said of models that cannot be compared."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from kdviz.data import Examples
from kdviz.models import inference
from kdviz.models.inference import Cancelled

from .small_models import Returns

X = torch.randn(23, 4, generator=torch.Generator().manual_seed(0))


DATA = Examples(X, torch.arange(23) % 3)


def test_batches_give_what_one_batch_gives_and_modes_are_put_back():
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 3))
    model[2].eval()
    got = inference.logits(model, DATA, who="student", batch_size=5)
    assert [m.training for m in model] == [True, True, False, True]
    assert got == pytest.approx(model.eval()(X).detach(), abs=1e-6)
    assert not got.requires_grad


def test_progress_counts_and_can_stop():
    seen = []
    inference.logits(nn.Linear(4, 3), DATA, who="student", batch_size=10, progress=lambda *count: seen.append(count))
    assert seen == [(10, 23), (20, 23), (23, 23)]
    model = nn.Linear(4, 3)
    with pytest.raises(Cancelled, match="stopped after 10 of 23 outputs of the student"):
        inference.logits(model, DATA, who="student", batch_size=10, progress=lambda done, total: False)
    assert model.training


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda x: (x, x), TypeError, r"the student returned 2 things.* kd\.wrap\(model, output=0\)"),
        (lambda x: {"a": x, "b": x}, TypeError, r"a dict with a, b.* kd\.wrap\(model, output='a'\)"),
        (lambda x: "cat", TypeError, "the student returned a str"),
        (lambda x: x.argmax(1, keepdim=True), TypeError, "returned int64 numbers, expected floating-point logits"),
        (lambda x: x[:5], ValueError, r"returned shape \(5, 4\) for 23 examples"),
        (lambda x: x / 0, ValueError, "logits that are not finite for 23 of 23 examples"),
        (lambda x: x @ torch.ones(5, 2), ValueError, r"cannot process float32 inputs of shape \(4,\)"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        inference.logits(Returns(make), DATA, who="student", finite=True)


def test_whole_numbers_that_are_no_tokens_are_told_how_to_become_inputs():
    whole = X.round().long()
    with pytest.raises(
        ValueError, match=r"cannot process int64 inputs of shape \(4,\).*pass X\.float\(\) if they are not"
    ):
        inference.logits(nn.Linear(4, 3), Examples(whole, DATA.y))
    assert inference.logits(nn.Linear(4, 3), Examples(whole.float(), DATA.y)).shape == (23, 3)


def test_an_empty_filter_is_told():
    with pytest.raises(ValueError, match="expected at least one example, got none"):
        inference.logits(nn.Linear(4, 3), DATA.take(slice(0, 0)), who="student")
