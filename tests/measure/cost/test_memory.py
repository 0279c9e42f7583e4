"""Memory of a pass, by hand and by torch's profiler."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from kdviz.measure.cost import peak_bytes
from kdviz.measure.cost.sizes import held_bytes
from kdviz.models import convnet, mlp, vit


@pytest.mark.parametrize("batch", [1, 64])
def test_a_perceptrons_is_that_by_hand(batch):
    inside = max(784 + 300 + 300, 784 + 300 + 20, 784 + 20 + 20, 784 + 20 + 10)  # the caller holds the input
    assert peak_bytes(mlp((300, 20)), torch.rand(batch, 1, 28, 28)) == held_bytes(mlp((300, 20))) + 4 * batch * inside


def by_the_profiler(model: nn.Module, x: torch.Tensor) -> int:
    """The highest sum of what torch's allocator gave out and got back during a pass."""
    model.eval()
    with torch.no_grad():
        model(x)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True) as seen:
            model(x)
    now = most = 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    return most


@pytest.mark.parametrize(
    ("model", "more"), [(mlp((300, 20)), 1.01), (vit(16, 2, 2), 1.5), (convnet(8), 2)], ids=["mlp", "vit", "convnet"]
)
def test_it_agrees_with_torchs_profiler(model, more):
    x = torch.rand(16, 1, 28, 28)
    ours, theirs = peak_bytes(model, x) - held_bytes(model) - x.nbytes, by_the_profiler(model, x)
    # The profiler also sees what a kernel takes for itself, such as a convolution's rearranged input and output.
    assert ours <= theirs <= more * ours


def test_a_view_is_no_memory_and_the_model_is_left_as_it_was():
    class Views(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1).view(-1).reshape(len(x), -1)

    x = torch.rand(4, 5)
    assert peak_bytes(Views(), x) == x.nbytes
    model = convnet(4).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    peak_bytes(model, torch.rand(2, 1, 28, 28))
    assert model.training and all(torch.equal(v, before[n]) for n, v in model.state_dict().items())
