"""Layers: whoever asks them leaves the models as they were, tells how far it is, and can be stopped."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

from kdviz.distill import Cancelled
from kdviz.measure.attention import activation_maps, attention, attention_matrices
from kdviz.measure.similarity import correspondence

from .small_models import convolutional, drawn, encoder, images


def hooks(*models: nn.Module) -> int:
    return sum(
        len(each)
        for model in models
        for m in model.modules()
        for each in (
            m._forward_hooks,
            m._forward_pre_hooks,
            m._forward_hooks_with_kwargs,
            m._forward_hooks_always_called,
        )
    )


CALLS = {
    "activation_maps": lambda model, x, **more: activation_maps(model, x, **more),
    "attention": lambda model, x, **more: attention(model, model, x, **more),
    "correspondence": lambda model, x, **more: correspondence(model, model, x, **more),
    "attention_matrices": lambda model, x, **more: attention_matrices(model, x, **more),
}


def subject(name):
    if name == "attention_matrices":
        return encoder(), drawn(5, 4, 8)
    return convolutional(), images(5)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("end", ["done", "stopped", "fails"])
def test_hooks_modes_flags_and_weights_are_left_as_they_were(name, end):
    model, x = subject(name)
    model.train()
    *_, last = model.modules()
    last.eval()  # a mixture
    modes, state = [m.training for m in model.modules()], {k: v.clone() for k, v in model.state_dict().items()}
    nested, before = getattr(model, "use_nested_tensor", None), hooks(model)
    generator = torch.get_rng_state()
    if end == "done":
        CALLS[name](model, x, batch_size=2)
    elif end == "stopped":
        with pytest.raises(Cancelled, match="stopped after 2 of 5 examples"):
            CALLS[name](model, x, batch_size=2, progress=lambda done, total: done < 2)
    else:
        passes = []

        def fail(*_):
            passes.append(1)
            if len(passes) == 3:
                raise RuntimeError("out of luck")

        handle = last.register_forward_hook(fail)
        with pytest.raises((RuntimeError, ValueError), match="out of luck"):
            CALLS[name](model, x, batch_size=2)
        handle.remove()
    assert hooks(model) == before == 0
    assert [m.training for m in model.modules()] == modes and True in modes and False in modes
    assert getattr(model, "use_nested_tensor", None) == nested
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("name", CALLS)
def test_progress_goes_from_0_to_all(name):
    model, x = subject(name)
    told = []
    CALLS[name](model, x, batch_size=2, progress=lambda done, total: told.append((done, total)))
    twice = name in ("attention", "correspondence")
    total = 10 if twice else 5
    assert told == [(d, total) for d in ([0, 2, 4, 5, 5, 7, 9, 10] if twice else [0, 2, 4, 5])]


def test_no_pass_is_larger_than_the_batch_size():
    model, sizes = convolutional(), []
    model.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    correspondence(model, model, images(9), batch_size=4)
    assert max(sizes) == 4


class AskedElsewhere(nn.Module):
    """Whenever it is asked, another thread has it answer about one example of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 6), nn.Linear(6, 3)
        self.elsewhere = False

    def forward(self, x):
        out = self.last(self.first(x).relu())
        if self.elsewhere and threading.current_thread().name != "elsewhere":
            other = threading.Thread(target=self, args=(torch.ones(1, 4),), name="elsewhere")
            other.start()
            other.join()
        return out


def test_what_another_thread_asks_meanwhile_is_not_taken_for_an_answer():
    model, x = AskedElsewhere(), drawn(12, 4)
    alone = correspondence(model, model, x)
    model.elsewhere = True
    together = correspondence(model, model, x)
    assert together.teacher_layers == alone.teacher_layers and (together.matrix == alone.matrix).all()
