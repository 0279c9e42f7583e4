"""Attention: against float64 loops over indices, the definitions of the papers, and what must be left as it was."""

from __future__ import annotations

import math
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import kdviz as kd
from kdviz.measure.attention import (
    activation_maps,
    attention,
    attention_matrices,
    compare,
    distance,
    patch_map,
    rollout,
)
from kdviz.measure.similarity import correspondence

from .small_models import Unused, convolutional, drawn, encoder, images, randomised, with_nan


class Reader(nn.Module):
    """Whole numbers of tokens; 0 is padding."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.encoder = encoder()
        self.head = nn.Linear(8, 3)

    def forward(self, tokens):
        hidden = self.encoder(self.embed(tokens), src_key_padding_mask=tokens == 0)
        return self.head(hidden[:, 0])


class Calls(nn.Module):
    """One attention module, called as ``how`` says."""

    def __init__(self, how, **settings):
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, **({"batch_first": True} | settings))
        self.how = how

    def forward(self, x):
        return self.how(self.attend, x)


def weights_by_loop(module: nn.MultiheadAttention, x: np.ndarray, hidden=None) -> np.ndarray:
    """Return softmax(Q Kᵀ / √d) of inputs (N, L, D), shape (N, heads, L, L), in float64; hidden (L, L) or (N, L)."""
    W, b = module.in_proj_weight.detach().double().numpy(), module.in_proj_bias.detach().double().numpy()
    (n, length, width), heads = x.shape, module.num_heads
    d = width // heads
    found = np.zeros((n, heads, length, length))
    for i in range(n):
        for head in range(heads):
            for a in range(length):
                score = np.full(length, -np.inf)
                for c in range(length):
                    if hidden is not None and (hidden[a, c] if hidden.shape == (length, length) else hidden[i, c]):
                        continue
                    score[c] = 0.0
                    for k in range(head * d, (head + 1) * d):
                        query = sum(W[k, m] * x[i, a, m] for m in range(width)) + b[k]
                        key = sum(W[width + k, m] * x[i, c, m] for m in range(width)) + b[width + k]
                        score[c] += query * key / math.sqrt(d)
                e = np.exp(score - score.max())
                found[i, head, a] = e / e.sum()
    return found


# Activation maps


def map_by_loop(A: np.ndarray, form: str, p: float) -> np.ndarray:
    n, channels, h, w = A.shape
    found = np.zeros((n, h, w))
    for i in range(n):
        for y in range(h):
            for x in range(w):
                powers = [abs(A[i, c, y, x]) ** p for c in range(channels)]
                found[i, y, x] = sum(powers) if form == "sum" else max(powers)
        norm = math.sqrt(sum(v * v for v in found[i].ravel()))
        if norm:
            found[i] /= norm
    return found


@pytest.mark.parametrize("form", ["sum", "max"])
@pytest.mark.parametrize("power", [1, 2, 4.5])
def test_maps_are_the_papers_formula(form, power):
    model, X = convolutional(), images()
    with torch.no_grad():
        relu, tanh = model[:3](X), model[:7](X)
    found = activation_maps(model, X, form=form, power=power, batch_size=3)
    assert list(found) == ["2", "6"]
    for name, A in (("2", relu), ("6", tanh)):
        assert found[name].dtype == torch.float64
        np.testing.assert_allclose(found[name], map_by_loop(A.numpy(), form, power), rtol=0, atol=1e-9)
        np.testing.assert_allclose(found[name].flatten(1).norm(dim=1), 1, atol=1e-12)


def test_the_mean_of_squares_of_the_authors_code_is_the_sum_with_power_2():
    model, X = convolutional(), images()
    with torch.no_grad():
        mean = model[:7](X).square().mean(1)
    theirs = nn.functional.normalize(mean.flatten(1)).view_as(mean)
    assert torch.allclose(activation_maps(model, X, "6")["6"], theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 1e-200, 1e150])
def test_a_map_has_norm_1_at_any_scale_and_0_stays_0(scale):
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3 * 36, 2)).double()
    nn.init.zeros_(model[0].bias)
    found = activation_maps(model, images() * scale, "0")["0"]
    assert found.isfinite().all()
    assert torch.allclose(found.flatten(1).norm(dim=1), torch.full((7,), float(scale > 0), dtype=torch.float64))


def test_half_and_single_precision_give_float32():
    model, X = convolutional(), images()
    exact = activation_maps(model, X)["6"]
    single = activation_maps(model.float(), X)["6"]
    assert single.dtype == torch.float32 and torch.allclose(single.double(), exact, atol=1e-5)
    brief = activation_maps(model.bfloat16(), X)["6"]
    assert brief.dtype == torch.float32 and torch.allclose(brief.double(), exact, atol=0.05)


def test_what_runs_after_a_layer_in_place_does_not_change_its_map():
    model, X = convolutional(), images()
    with torch.no_grad():
        norm = model[:2](X)
    assert (norm < 0).any()
    np.testing.assert_allclose(activation_maps(model, X, "1")["1"], map_by_loop(norm.numpy(), "sum", 2), atol=1e-9)


def test_the_default_layers_end_the_steps_of_a_model():
    X = torch.rand(2, 1, 28, 28)
    ends = {
        "convnet": ["relu1", "relu2", "relu3", "relu4", "relu5"],
        "resnet": ["relu", "stage1_1", "stage2_1", "stage3_1"],
        "vit": ["patches"],
    }
    for name, layers in ends.items():
        model = kd.models.build({"name": name, "std": 2.0})
        assert list(activation_maps(model, X)) == layers
        assert list(activation_maps(nn.Sequential(model), X)) == [f"0.{layer}" for layer in layers], "a wrapper"


def test_the_same_example_has_the_same_map_in_any_batch():
    model, X = convolutional(), images()
    whole = activation_maps(model, X)["6"]
    for size in (1, 2, 5):
        assert torch.allclose(activation_maps(model, X, batch_size=size)["6"], whole, rtol=0, atol=1e-12)
    assert torch.allclose(activation_maps(model, X[3:4])["6"], whole[3:4], rtol=0, atol=1e-12)


def test_layers_come_in_the_order_asked_for_and_each_once():
    assert list(activation_maps(convolutional(), images(), ["6", "2", "6"])) == ["6", "2"]


# Attention matrices


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, nullcontext])
def test_matrices_are_the_formula_head_by_head_and_no_fast_path_skips_them(batch_first, mode):
    model, x = encoder(batch_first=batch_first), drawn(3, 5, 8)
    if not batch_first:
        model = nn.Sequential(Transposed(), model)
    with mode():
        found = attention_matrices(model, x, batch_size=2)
    layers = (model if batch_first else model[1]).layers
    inputs = x
    for A, layer in zip(found.values(), layers, strict=True):
        np.testing.assert_allclose(A, weights_by_loop(layer.self_attn, inputs.numpy()), rtol=0, atol=1e-9)
        with torch.no_grad():
            inputs = layer(inputs) if batch_first else layer(inputs.transpose(0, 1)).transpose(0, 1)
    assert [name.removeprefix("1.") for name in found] == ["layers.0.self_attn", "layers.1.self_attn"]


class Transposed(nn.Module):
    def forward(self, x):
        return x.transpose(0, 1)


def test_masks_are_in_the_matrices():
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
    x = drawn(2, 5, 8)
    model = randomised(Calls(lambda m, x: m(x, x, x, attn_mask=causal, need_weights=False, is_causal=True)[0]))
    found = attention_matrices(model, x)["attend"]
    np.testing.assert_allclose(found, weights_by_loop(model.attend, x.numpy(), causal.numpy()), rtol=0, atol=1e-9)
    tokens = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])
    reader = randomised(Reader())
    found = attention_matrices(reader, tokens)["encoder.layers.0.self_attn"]
    embedded = reader.embed(tokens).detach().numpy()
    padded = weights_by_loop(reader.encoder.layers[0].self_attn, embedded, (tokens == 0).numpy())
    np.testing.assert_allclose(found, padded, rtol=0, atol=1e-9)
    assert (found[1, :, :, 2:] == 0).all()


HOWS = {
    "no weights": lambda m, x: m(x, x, x, need_weights=False),
    "averaged weights": lambda m, x: m(x, x, x),
    "weights of each head": lambda m, x: m(x, x, x, average_attn_weights=False),
    "by place": lambda m, x: m(x, x, x, None, False, None, True),
    "by place, of each head": lambda m, x: m(query=x, key=x, value=x, need_weights=True, average_attn_weights=False),
    "other lengths": lambda m, x: m(x, x[:, :3], x[:, :3]),
}


@pytest.mark.parametrize("how", HOWS)
def test_the_caller_gets_what_it_asked_for(how):
    x, answers = drawn(3, 5, 8), []

    def keeping(m, x):
        answers.append(HOWS[how](m, x))
        return answers[-1][0]

    model = randomised(Calls(keeping))
    with torch.no_grad():
        model(x)
    matrices = attention_matrices(model, x)
    assert matrices["attend"].shape == (3, 2, 5, 3 if how == "other lengths" else 5)
    (before, weights_before), (after, weights_after) = answers
    assert torch.allclose(before, after, rtol=0, atol=1e-12)
    assert (weights_before is None) == (weights_after is None)
    if weights_before is not None:
        assert torch.allclose(weights_before, weights_after, rtol=0, atol=1e-12)


class Kept(nn.Module):
    """Keeps the answers of the module within."""

    def __init__(self, module):
        super().__init__()
        self.module, self.answers = module, []

    def forward(self, x):
        self.answers.append(self.module(x))
        return self.answers[-1]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # of the pass without hooks
def test_the_answer_is_the_same_as_without_hooks():
    for model, x in (
        (encoder(), drawn(3, 5, 8)),
        (randomised(Reader()), torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])),
        (randomised(kd.models.vit(16, 2, 2)), torch.rand(3, 1, 28, 28, dtype=torch.float64)),
        (convolutional(), images()),
    ):
        outer = Kept(model)
        with torch.no_grad():
            outer(x)
        if any(isinstance(m, nn.MultiheadAttention) for m in model.modules()):
            attention_matrices(outer, x)
        correspondence(outer, outer, x, debiased=False, shuffles=0)
        first, *others = outer.answers
        assert len(others) >= 2
        for other in others:
            assert torch.allclose(first[: len(other)], other, rtol=0, atol=1e-9)


def test_a_module_that_runs_again_has_a_matrix_for_each_run():
    model = randomised(Calls(lambda m, x: m(m(x, x, x)[0], x, x)[0]))
    x = drawn(3, 5, 8)
    found = attention_matrices(model, x, batch_size=2)
    assert list(found) == ["attend", "attend (2)"]
    assert all(A.shape == (3, 2, 5, 5) for A in found.values())
    np.testing.assert_allclose(found["attend"], weights_by_loop(model.attend, x.numpy()), rtol=0, atol=1e-9)
    assert not torch.allclose(found["attend"], found["attend (2)"])


def test_someones_own_hooks_on_attention_see_what_they_saw():
    model, x, seen = randomised(Calls(HOWS["no weights"])), drawn(2, 5, 8), []
    model.attend.register_forward_pre_hook(lambda _, args: seen.append(len(args)))
    model.attend.register_forward_hook(lambda _, args, out: seen.append((len(args), out[1])))
    model.how = lambda m, x: m(x, x, x, need_weights=False)[0]
    with torch.no_grad():
        model(x)
    before = list(seen)
    attention_matrices(model, x)
    assert seen == before * 2


# Rollout and its picture


def rollout_by_loop(layers, heads, residual):
    n, _, length, _ = layers[0].shape
    rolled = np.array([np.eye(length) for _ in range(n)])
    for A in layers:
        for i in range(n):
            M = np.zeros((length, length))
            for a in range(length):
                for b in range(length):
                    each = [A[i, head, a, b] for head in range(A.shape[1])]
                    M[a, b] = {"mean": sum(each) / len(each), "max": max(each), "min": min(each)}[heads]
                M[a] /= M[a].sum()
                if residual:
                    M[a] *= 0.5
                    M[a, a] += 0.5
            rolled[i] = M @ rolled[i]
    return rolled


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("heads", ["mean", "max", "min"])
def test_rollout_is_the_papers_recursion(heads, residual):
    layers = {f"layer{seed}": drawn(3, 4, 5, 5, seed=seed).softmax(-1) for seed in range(3)}
    found = rollout(layers, heads=heads, residual=residual)
    expected = rollout_by_loop([A.numpy() for A in layers.values()], heads, residual)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-12)
    assert torch.equal(rollout(list(layers.values()), heads=heads, residual=residual), found)


def test_a_token_whose_heads_share_nothing_keeps_itself_or_is_told():
    A = torch.eye(2)
    apart = torch.stack([A, A.flip(0)]).unsqueeze(0)
    assert torch.equal(rollout([apart], heads="min")[0], A.double())
    with pytest.raises(ValueError, match='no place that all heads share, and so no row; use heads="mean"'):
        rollout([apart], heads="min", residual=False)


def test_a_patch_map_is_the_class_tokens_row_without_the_token():
    A = drawn(2, 7, 7).softmax(-1)
    found = patch_map(A, (2, 3))
    for i in range(2):
        for y in range(2):
            for x in range(3):
                assert found[i, y, x] == A[i, 0, 1 + 3 * y + x]
    assert torch.equal(patch_map(A[:, :6, :6], tokens=2)[0].flatten(), A[0, 0, 2:6])
    assert torch.allclose(patch_map(A[:, :4, :4], tokens=0)[0].flatten(), A[0, :4, :4].mean(0))


# Distances of maps


def pooled_by_loop(m: np.ndarray, h: int, w: int) -> np.ndarray:
    """Adaptive average pooling: place y of h is the mean of rows floor(y H / h) to ceil((y + 1) H / h)."""
    H, W = m.shape
    found = np.zeros((h, w))
    for y in range(h):
        for x in range(w):
            rows = range(y * H // h, -(-(y + 1) * H // h))
            columns = range(x * W // w, -(-(x + 1) * W // w))
            values = [m[a, b] for a in rows for b in columns]
            found[y, x] = sum(values) / len(values)
    return found


@pytest.mark.parametrize(("size_a", "size_b"), [((4, 4), (4, 4)), ((7, 7), (3, 3)), ((2, 6), (5, 4)), ((1, 3), (3, 1))])
def test_distances_are_of_pooled_and_normalised_maps(size_a, size_b):
    a, b = drawn(3, *size_a).abs(), drawn(3, *size_b, seed=1).abs()
    found = distance(a, b)
    h, w = min(size_a[0], size_b[0]), min(size_a[1], size_b[1])
    for i in range(3):
        p, q = pooled_by_loop(a[i].numpy(), h, w).ravel(), pooled_by_loop(b[i].numpy(), h, w).ravel()
        p, q = p / math.sqrt(sum(p * p)), q / math.sqrt(sum(q * q))
        assert found.squared[i] == pytest.approx(sum((u - v) ** 2 for u, v in zip(p, q, strict=True)), abs=1e-9)
        assert found.cosine[i] == pytest.approx(sum(u * v for u, v in zip(p, q, strict=True)), abs=1e-9)


def test_a_map_of_0_has_no_cosine():
    a = torch.stack([torch.zeros(2, 2), torch.zeros(2, 2), torch.ones(2, 2)])
    b = torch.stack([torch.zeros(2, 2), torch.ones(2, 2), torch.ones(2, 2)])
    found = distance(a, b)
    assert found.squared.tolist() == [0, 1, 0]
    assert np.isnan(found.cosine).tolist() == [True, True, False] and found.cosine[2] == 1


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6), st.floats(1e-100, 1e100))
def test_a_map_is_at_0_from_itself_at_any_scale(seed, h, w, scale):
    a = drawn(2, h, w, seed=seed)
    same, scaled = distance(a, a), distance(a, a * scale)
    assert (same.squared == 0).all()
    np.testing.assert_allclose(same.cosine, 1, atol=1e-12)
    np.testing.assert_allclose(scaled.cosine, 1, atol=1e-12)
    np.testing.assert_allclose(scaled.squared, 0, atol=1e-12)


# Two models


def test_attention_holds_the_distance_of_each_pair_of_layers():
    teacher, student, X = convolutional(), convolutional(seed=1), images(6)
    found = attention(teacher, student, X, batch_size=4)
    maps = [activation_maps(model, X) for model in (teacher, student)]
    assert found.squared.shape == found.cosine.shape == (2, 2, 6)
    for i, t in enumerate(maps[0].values()):
        for j, s in enumerate(maps[1].values()):
            each = distance(t, s)
            np.testing.assert_allclose(found.squared[i, j], each.squared, atol=1e-12)
            np.testing.assert_allclose(found.cosine[i, j], each.cosine, atol=1e-12)
            others = [distance(t[[(k + 1) % 6]], s[[k]]).cosine[0] for k in range(6)]
            assert found.by_chance[i, j] == pytest.approx(np.median(others), abs=1e-12)
    table = found.frame()
    assert len(table) == 24
    row = table[(table.teacher_layer == "6") & (table.student_layer == "2") & (table.example == 4)]
    assert row.cosine.item() == found.cosine[1, 0, 4] and row.squared.item() == found.squared[1, 0, 4]
    for student_layer, teacher_layer in found.nearest().items():
        j = found.student_layers.index(student_layer)
        assert found.teacher_layers.index(teacher_layer) == np.median(found.cosine[:, j], axis=-1).argmax()


def test_more_examples_than_the_limit_are_evenly_spaced():
    X = images(9)
    found = attention(convolutional(), convolutional(), X, limit=5)
    assert found.examples.tolist() == [0, 2, 4, 6, 8] and (found.n, found.n_given) == (5, 9)
    assert "(medians of 5 of 9 examples)" in found.sentence()
    assert sorted(set(found.frame().example)) == [0, 2, 4, 6, 8]


def test_maps_of_0_are_left_out_and_told():
    blank, full = torch.zeros(3, 2, 2), torch.ones(3, 2, 2)
    found = compare({"a": full}, {"x": full, "y": blank})
    assert found.nearest() == {"x": "a"}
    assert "the last maps of both, the teacher's a and the student's y, have no cosine, as one is 0" in found.sentence()
    nothing = compare({"a": blank}, {"x": blank})
    assert nothing.nearest() == {} and nothing.sentence().startswith("Nothing can be said of 3 examples")
    assert (nothing.squared == 0).all()


def test_one_example():
    X = images(1)
    found = attention(convolutional(), convolutional(seed=1), X)
    assert found.n == 1 and np.isnan(found.by_chance).all() and np.isfinite(found.cosine).all()
    assert "another example" not in found.sentence() and "(medians of 1 example)" in found.sentence()
    assert attention_matrices(encoder(), drawn(1, 5, 8))["layers.0.self_attn"].shape == (1, 2, 5, 5)


def test_transformers_are_compared_by_patches():
    X = torch.rand(3, 1, 28, 28)
    maps = []
    for depth in (3, 2):
        found = attention_matrices(kd.models.vit(16, depth, 2), X)
        steps = list(found)
        maps.append({name: patch_map(rollout({k: found[k] for k in steps[: i + 1]})) for i, name in enumerate(steps)})
    assert compare(*maps).cosine.shape == (3, 2, 3)
    assert maps[0]["block3.attention"].shape == (3, 7, 7)


@pytest.mark.parametrize(("name", "data"), [("mnist-convnet", "mnist"), ("fashion-resnet", "mnist")])
def test_shipped_models_on_real_images_against_themselves(name, data):
    model, X = kd.models.pretrained(name), getattr(kd.data, data)().test.inputs(slice(0, 40))
    found = attention(model, model, X)
    diagonal = np.arange(len(found.teacher_layers))
    assert (found.squared[diagonal, diagonal] == 0).all()
    np.testing.assert_allclose(found.cosine[diagonal, diagonal], 1, atol=1e-12)
    one = activation_maps(model, X, found.teacher_layers[-1])[found.teacher_layers[-1]]
    assert len({tuple(m.flatten().tolist()) for m in one}) == 40, "each digit has a map of its own"


def test_the_maps_need_neither_jupyter_nor_plotly():
    code = (
        "import sys, torch, kdviz as kd; m = kd.models.convnet(2)\n"
        "kd.measure.attention.attention(m, m, torch.rand(2, 1, 8, 8)).sentence()\n"
        "print(*(n for n in ('plotly', 'ipywidgets', 'captum', 'anywidget') if n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


# What does not fit


class Windowed(nn.Module):
    """Attends within two halves of each example, as if they were examples."""

    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        halves = x.reshape(-1, x.shape[1] // 2, 8)
        return self.attend(halves, halves, halves)[0].reshape(x.shape)


def poisoned():
    model = convolutional()
    with torch.no_grad():
        model[5].bias[0] = math.inf
    return model


REFUSED = {
    "no such layer": (
        lambda: activation_maps(kd.models.convnet(2), torch.rand(2, 1, 8, 8), "relu6"),
        "layer must be a module of the model by its dotted name, got 'relu6'; near it are relu5, relu4, relu3",
    ),
    "nothing near": (
        lambda: activation_maps(convolutional(), images(), "body.stem"),
        "got 'body.stem'; it has 0, 1, 2, 3, 4, 5, 6, 7, 8",
    ),
    "no map": (
        lambda: activation_maps(convolutional(), images(), ["2", "8"]),
        "the model's layer '8' must give maps (examples, channels, height, width) of several places, got shape (1, 3) "
        "for one example; those that do are 0, 1, 2, 3, 4, 5, 6",
    ),
    "no maps at all": (
        lambda: activation_maps(kd.models.mlp((4,)), torch.rand(2, 1, 28, 28)),
        "use attention_matrices for a transformer, or kdviz.measure.saliency for any model",
    ),
    "no layers": (lambda: activation_maps(convolutional(), images(), []), "layers must name at least one layer"),
    "form": (lambda: activation_maps(convolutional(), images(), form="mean"), "form must be one of sum, max, got"),
    "power": (lambda: activation_maps(convolutional(), images(), power=0), "power must be a number above 0, got 0"),
    "no example": (lambda: activation_maps(convolutional(), images(0)), "at least one example, got (0, 2, 8, 8)"),
    "no tensor": (lambda: activation_maps(convolutional(), images().numpy()), "X must be a tensor"),
    "nan in X": (lambda: attention_matrices(encoder(), with_nan(drawn(3, 4, 8))), "X must be finite, got nan or inf"),
    "batch": (lambda: attention_matrices(encoder(), drawn(3, 4, 8), batch_size=0), "batch_size must be at least 1"),
    "limit": (lambda: attention(convolutional(), poisoned(), images(), limit=0), "limit must be at least 1, got 0"),
    "nan inside": (
        lambda: attention(convolutional(), poisoned(), images(), "6", "5"),
        "what the student's layer '5' gives must be finite, got nan or inf",
    ),
    "no attention": (
        lambda: attention_matrices(convolutional(), images()),
        "and so no attention matrix; use activation_maps",
    ),
    "attention not run": (
        lambda: attention_matrices(Unused(), drawn(3, 4, 8)),
        "the model ran none of its attention layers (attend)",
    ),
    "windows": (
        lambda: attention_matrices(randomised(Windowed()), drawn(3, 4, 8)),
        "the attention of 'attend' must be (examples, heads, L, L), got shape (6, 2, 2, 2) for 3 examples",
    ),
    "all hidden": (
        lambda: attention_matrices(randomised(Reader()), torch.tensor([[1, 2], [0, 0]])),
        "must be finite, got nan; does a mask hide all",
    ),
    "heads": (lambda: rollout([torch.ones(1, 1, 2, 2)], heads="sum"), "heads must be one of mean, max, min, got 'sum'"),
    "no matrices": (lambda: rollout({}), "rollout needs the attention of at least one layer, got none"),
    "not square": (lambda: rollout([torch.ones(1, 1, 2, 3)]), "leave out attention to another sequence"),
    "other tokens": (
        lambda: rollout({"a": torch.ones(1, 1, 2, 2), "b": torch.ones(1, 1, 3, 3)}),
        "layer 'b' must be of the same examples and tokens as the first, 1 and 2, got 1 and 3",
    ),
    "negative": (lambda: rollout([-torch.ones(1, 1, 2, 2)]), "layer '0' must hold weights of 0 or more"),
    "no square of patches": (
        lambda: patch_map(torch.ones(1, 6, 6)),
        "the patches must fill a square, and 6 tokens less 1 before them are 5; give their rows and columns as grid",
    ),
    "grid": (lambda: patch_map(torch.ones(1, 5, 5), (2, 3)), "the patches must fill 2 × 3, and 5 tokens less 1"),
    "tokens": (lambda: patch_map(torch.ones(1, 5, 5), tokens=5), "tokens must be from 0 to 4, got 5"),
    "heads left": (lambda: patch_map(torch.ones(1, 2, 5, 5)), "one head with matrices[name][:, head]"),
    "different N": (
        lambda: distance(torch.ones(2, 3, 3), torch.ones(4, 3, 3)),
        "a and b must be maps of the same examples, got 2 and 4 of them",
    ),
    "not maps": (lambda: distance(torch.ones(2, 3), torch.ones(2, 3)), "a must be maps (examples, height, width)"),
    "nan maps": (lambda: distance(with_nan(torch.ones(2, 3, 3)), torch.ones(2, 3, 3)), "a must be finite, got nan"),
    "different N of layers": (
        lambda: compare({"a": torch.ones(2, 3, 3)}, {"x": torch.ones(3, 3, 3)}),
        "all maps must be of the same examples, got 2, 3 of them",
    ),
    "no maps to compare": (lambda: compare({}, {"x": torch.ones(3, 3, 3)}), "teacher_maps must hold the maps of"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_answered_in_one_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(ValueError) as told:  # noqa: PT011
        call()
    assert sentence in str(told.value) and "\n" not in str(told.value)
