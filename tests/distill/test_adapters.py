import pytest
import torch
from torch import nn

from kdviz.distill import adapter

SHAPES = {"vectors": (2, 6), "tokens": (2, 5, 6), "maps": (2, 6, 4, 4), "others": (2, 3, 2, 2, 2)}


@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("wanted", [(2, 9), (2, 7, 9), (2, 9, 3, 3), (2, 9, 8, 8), (2, 3, 3, 1, 1)])
def test_any_features_are_brought_to_any_shape_and_the_bridge_learns(given, wanted):
    bridge = adapter(given, wanted)
    x = torch.randn(5, *given[1:], requires_grad=True)
    out = bridge(x)
    assert out.shape == (5, *wanted[1:])
    out.square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in bridge.parameters())
    assert bool(x.grad.abs().sum() > 0)


def test_equal_shapes_need_nothing_unless_it_is_asked_for():
    assert isinstance(adapter((2, 6, 4, 4), (2, 6, 4, 4)), nn.Identity)
    assert len(list(adapter((2, 6, 4, 4), (2, 6, 4, 4), "conv").parameters())) == 2
    normalised = adapter((2, 6, 4, 4), (2, 6, 4, 4), "conv-bn")
    assert any(isinstance(m, nn.BatchNorm2d) for m in normalised.modules())
    assert bool((normalised(torch.randn(3, 6, 4, 4)) >= 0).all())


@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES)
def test_a_projector_with_a_hidden_layer_bends_what_a_linear_one_cannot(given):
    """It is no linear map, brings any shape to any, and all of it learns."""
    bridge = adapter(given, (2, 7, 9), "mlp")
    x = torch.randn(3, *given[1:])
    assert bridge(x).shape == (3, 7, 9)
    bridge(x).square().sum().backward()
    assert len(list(bridge.parameters())) == 4 and all(p.grad is not None for p in bridge.parameters())
    with torch.no_grad():
        assert not torch.allclose(bridge(x) + bridge(-x), 2 * bridge(torch.zeros_like(x)), atol=1e-3)


def test_a_linear_bridge_begins_as_recipes_have_it():
    """Nothing else is drawn from the generator before its weights: earlier runs repeat bit for bit."""
    torch.manual_seed(5)
    bridge = adapter((2, 6), (2, 9))
    torch.manual_seed(5)
    plain = nn.Linear(6, 9)
    assert torch.equal(bridge.project.weight, plain.weight) and torch.equal(bridge.project.bias, plain.bias)


def test_maps_that_shrink_are_averaged():
    bridge = adapter((2, 1, 4, 4), (2, 2, 2, 2))
    x = torch.randn(3, 1, 4, 4)
    with torch.no_grad():
        pooled = nn.functional.avg_pool2d(bridge.project(x), 2)
        torch.testing.assert_close(bridge(x), pooled)


def test_maps_become_tokens_row_by_row():
    bridge = adapter((2, 3, 2, 2), (2, 4, 3))
    nn.init.eye_(bridge.project.weight)
    nn.init.zeros_(bridge.project.bias)
    x = torch.randn(1, 3, 2, 2)
    torch.testing.assert_close(bridge(x)[0, 1], x[0, :, 0, 1])


def test_a_bridge_that_cannot_be_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r'needs maps .* use "linear" or "auto"'):
        adapter((2, 6), (2, 6), "conv")
    with pytest.raises(ValueError, match="must be one of auto, linear, mlp, conv, conv-bn, got 'cubic'"):
        adapter((2, 6), (2, 6), "cubic")
