"""Rounded in training as it will be rounded after it."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

import kdviz as kd
from kdviz.distill.schemes.quantized import (
    bytes_of,
    fake_quantized,
    input_scale,
    integer_weights,
    quantized,
    quantized_layers,
)

from ..conftest import same_weights, small

NUMBERS = {"epochs": 4, "batch_size": 32, "learning_rate": 1e-2, "snapshot_every": 7}


def linear(weights: list[list[float]], **more) -> nn.Sequential:
    layer = nn.Linear(len(weights[0]), len(weights), bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights))
    return fake_quantized(nn.Sequential(layer), **more)


def test_weights_are_rounded_to_multiples_of_their_channels_scale():
    model = linear([[1.0, 0.4, -0.2], [-7.0, 3.4, 0.6]], bits=4, activation_bits=None)  # n = 7
    rows = model(torch.eye(3)).T  # its columns are the weights it computes with
    torch.testing.assert_close(rows, torch.tensor([[7.0, 3, -1], [-7, 3, 1]]) * torch.tensor([[1 / 7], [1.0]]))
    assert model[0].weight.tolist()[1] == [-7.0, pytest.approx(3.4), pytest.approx(0.6)]  # the true ones stay


def test_inputs_are_rounded_to_levels_of_their_range_and_zero_stays_zero():
    model = linear([[1.0, 0.0], [0.0, 1.0]], activation_bits=2, ranges="extremes").train()
    model(torch.tensor([[-1.0, 2.0]]))  # levels −1, 0, 1, 2
    model.eval()
    x = torch.tensor([[0.4, 0.6], [-5.0, 9.0], [0.0, -0.6]])
    torch.testing.assert_close(model(x), torch.tensor([[0.0, 1.0], [-1.0, 2.0], [0.0, -1.0]]), atol=1e-6, rtol=0)


def test_a_range_is_widened_to_hold_0():
    model = linear([[1.0]], activation_bits=2, ranges="extremes").train()
    model(torch.tensor([[2.0], [3.0]]))  # levels 0, 1, 2, 3
    torch.testing.assert_close(model.eval()(torch.tensor([[0.0], [1.2]])), torch.tensor([[0.0], [1.0]]))


def test_the_gradient_goes_straight_through_except_where_inputs_are_cut_off():
    model = linear([[1.0, 0.3]], bits=2, activation_bits=4, ranges="extremes").train()
    model(torch.tensor([[0.0, 3.0]]))
    model.eval()
    x = torch.tensor([[1.234, 5.0]], requires_grad=True)
    model(x).backward()
    assert x.grad.tolist() == [[1.0, 0.0]]  # 0.3 is rounded to 0 at two bits; 5 is out of range anyway
    x = torch.tensor([[5.0, 1.234]], requires_grad=True)
    model.zero_grad()
    model(x).backward()
    assert x.grad[0, 0] == 0  # cut off
    rounded = model[0].weight.grad.tolist()[0]
    assert rounded == pytest.approx([3.0, 1.2])  # ∂(ŵ·x̂)/∂w = x̂, although w itself is rounded


def test_ranges_are_learned_in_training_alone():
    model = linear([[1.0]]).eval()
    assert model(torch.tensor([[0.123456]])).item() == pytest.approx(0.123456)  # nothing seen yet: not rounded
    assert not model[0].input_seen
    model.train()
    model(torch.tensor([[0.0], [1.0]]))
    model.eval()
    model(torch.tensor([[50.0]]))
    assert (model[0].input_low.item(), model[0].input_high.item()) == (0.0, 1.0)


def test_a_range_is_an_average_or_the_extremes_of_batches():
    averaged, extreme = linear([[1.0]]).train(), linear([[1.0]], ranges="extremes").train()
    for model in (averaged, extreme):
        model(torch.tensor([[-1.0], [1.0]]))
        model(torch.tensor([[-0.5], [3.0]]))
    assert averaged[0].input_low.item() == pytest.approx(-0.99 - 0.01 * 0.5)
    assert averaged[0].input_high.item() == pytest.approx(0.99 + 0.01 * 3)
    assert (extreme[0].input_low.item(), extreme[0].input_high.item()) == (-1.0, 3.0)


def test_layers_keep_their_classes_names_and_parameters():
    plain = kd.models.convnet(4)
    model = fake_quantized(copy.deepcopy(plain), bits=4)
    assert [type(m) for m in model.modules()] == [type(m) for m in plain.modules()]
    assert [n for n, _ in model.named_parameters()] == [n for n, _ in plain.named_parameters()]
    assert set(plain.state_dict()) < set(model.state_dict())
    assert kd.models.parameter_count(model) == kd.models.parameter_count(plain)
    assert not hasattr(model, "architecture")  # building by it would give another model
    assert quantized_layers(model) == ("conv1", "conv2", "conv3", "conv4", "conv5", "logits")


def test_weights_are_put_back_even_when_the_layer_fails():
    model = fake_quantized(small())
    with pytest.raises(RuntimeError):
        model(torch.zeros(2, 5))
    assert "weight" not in model.linear1.__dict__
    assert model.linear1.weight is model.linear1._parameters["weight"]


def test_attention_is_left_alone_because_its_layers_never_run():
    model = fake_quantized(kd.models.pretrained("mnist-vit-student"))
    attention = [n for n, m in model.named_modules() if isinstance(m, nn.MultiheadAttention)]
    assert attention and not any(name.startswith(a) for name in quantized_layers(model) for a in attention)
    assert quantized_layers(model)


def test_a_run_is_repeatable_and_can_be_branched(teacher, clouds):
    run = quantized(teacher, small(), clouds, bits=4, activation_bits=4, **NUMBERS).train(progress=False)
    again = quantized(teacher, small(), clouds, bits=4, activation_bits=4, **NUMBERS).train(progress=False)
    assert same_weights(run.student, again.student)
    other = run.branch(9).train(progress=False)
    assert same_weights(other.student, run.student)
    assert torch.equal(run.at(run.steps_done)(clouds.test.inputs()), run.student.eval()(clouds.test.inputs()))


def test_training_in_the_loop_mends_what_rounding_breaks(teacher, clouds):
    """Two bits a weight: a student rounded afterwards against one that learned rounded."""
    full = kd.Distillation(teacher, small(), clouds, **NUMBERS).train(progress=False)
    after = fake_quantized(copy.deepcopy(full.student), bits=2, activation_bits=4).train()
    with torch.no_grad():
        after(clouds.train.inputs())  # its ranges
    errors = kd.distill.evaluate.evaluate(after, clouds.test, step=0, split="test").errors
    start = copy.deepcopy(full.student)
    run = quantized(teacher, start, clouds, bits=2, activation_bits=4, **NUMBERS).train(progress=False)
    assert run.evaluate("test").errors < errors


def test_the_twin_is_quantized_too(teacher, clouds):
    run = quantized(teacher, small(), clouds, bits=3, **NUMBERS).train(progress=False)
    twin = run.twin().train(progress=False)
    assert quantized_layers(twin.student) == ("linear1", "logits")
    assert twin.student.linear1.input_seen


def test_a_saved_run_asks_for_a_student_quantized_in_the_same_way(teacher, clouds, tmp_path):
    run = quantized(teacher, small(), clouds, bits=4, **NUMBERS).train(progress=False, epochs=2)
    run.save(tmp_path)
    with pytest.raises(ValueError, match="student is a model of your own"):
        kd.Distillation.load(tmp_path, data=clouds)
    loaded = kd.Distillation.load(tmp_path, data=clouds, student=fake_quantized(small(), bits=4))
    for each in (run, loaded):
        each.train(progress=False)
    assert same_weights(run.student, loaded.student)


def test_integer_arithmetic_gives_what_the_student_answers(teacher, clouds, tmp_path):
    """The written file, multiplied and added in whole numbers, layer by layer."""
    run = quantized(teacher, small(), clouds, **NUMBERS).train(progress=False)
    student = run.student.eval()
    save_file(integer_weights(student), tmp_path / "student.safetensors")
    read = load_file(tmp_path / "student.safetensors")

    def layer(name: str, x: torch.Tensor) -> torch.Tensor:
        q_w, s_w = read[f"{name}.weight"], read[f"{name}.weight_scale"]
        s_x, z = read[f"{name}.input_scale"], read[f"{name}.input_zero"]
        assert q_w.dtype == torch.int8
        q_x = (x / s_x).round().long().add(z).clamp(0, 255)
        return (q_x - z) @ q_w.long().T * (s_x * s_w) + read[f"{name}.bias"]

    x = clouds.test.inputs()
    by_integers = layer("logits", F.relu(layer("linear1", x)))
    torch.testing.assert_close(by_integers, student(x), atol=1e-4, rtol=1e-4)


def test_written_integers_are_the_weights_it_computes_with():
    model = fake_quantized(kd.models.convnet(4), bits=5, activation_bits=None)
    q = integer_weights(model)
    seen: dict[str, torch.Tensor] = {}
    model.conv2.register_forward_pre_hook(lambda m, i: seen.update(w=m.weight.detach()))
    model.eval()(torch.zeros(1, 1, 28, 28))
    assert torch.equal(q["conv2.weight"] * q["conv2.weight_scale"].view(-1, 1, 1, 1), seen["w"])
    assert q["conv2.weight"].abs().max() == 15
    assert "conv2.input_scale" not in q


def test_bytes_are_counted():
    model = fake_quantized(nn.Sequential(nn.Linear(10, 3)), bits=3)
    # 30 weights of 3 bits in 12 bytes; 3 biases and 3 scales of 4 bytes
    assert bytes_of(model) == (33 * 4, 12 + 12 + 12)


def test_all_zero_channels_and_inputs_do_no_harm():
    model = linear([[0.0, 0.0]]).train()
    x = torch.zeros(3, 2, requires_grad=True)
    y = model(x)
    y.sum().backward()
    assert y.tolist() == [[0.0]] * 3 and bool(model[0].weight.grad.isfinite().all())
    assert integer_weights(model)["0.weight"].tolist() == [[0, 0]]
    assert input_scale(model[0])[1].item() == 0


def test_some_layers_alone_can_be_chosen():
    assert quantized_layers(fake_quantized(small(), layers=["linear1"])) == ("linear1",)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bits": 1}, "bits must be a whole number from 2 to 8, got 1"),
        ({"bits": 4.0}, "bits must be a whole number from 2 to 8, got 4.0"),
        ({"activation_bits": 9}, "activation_bits must be a whole number from 2 to 8, got 9"),
        ({"ranges": "learned"}, "ranges must be"),
        ({"layers": ["relu1"]}, "only linear and convolutional layers can be quantized, got 'relu1'"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        fake_quantized(small(), **wrong)


def test_nothing_to_quantize_or_quantized_already_is_refused():
    with pytest.raises(ValueError, match="no linear or convolutional layer"):
        fake_quantized(nn.Sequential(nn.Flatten()))
    with pytest.raises(ValueError, match="'linear1' is already quantized"):
        fake_quantized(fake_quantized(small()))
    with pytest.raises(ValueError, match="no layer of the model is quantized"):
        integer_weights(small())
