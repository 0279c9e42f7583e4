from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.taps import check_taps, probe, tapped

from ..elsewhere import asked_elsewhere
from .conftest import small
from .small_models import trained


def hooks_of(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


class Twice(nn.Module):
    """A block that runs twice, and one that gives a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Linear(4, 4)
        self.memory = nn.GRU(4, 6, batch_first=True)
        self.unused = nn.Linear(4, 4)

    def forward(self, x):
        return self.memory(self.block(self.block(x)).unsqueeze(1))[0][:, 0]


def test_layers_are_listed_by_dotted_name_with_the_shapes_that_they_give():
    listed = kd.distill.taps(kd.models.vit(32, 2, 4), torch.zeros(3, 1, 28, 28))
    assert listed["patches"] == (3, 32, 7, 7) and listed["block2.expand"] == (3, 50, 128)
    assert listed["block1.attention:scores"] == (3, 4, 50, 50) and listed["logits"] == (3, 10)
    assert "" not in listed


def test_a_layer_that_runs_twice_or_not_at_all_is_no_tap_and_a_tuple_gives_its_first_tensor():
    model = Twice()
    assert kd.distill.taps(model, torch.zeros(2, 4)) == {"memory": (2, 1, 6)}
    found = probe(model, torch.zeros(2, 4))
    with pytest.raises(ValueError, match="student's layer 'block' runs 2 times for one example"):
        check_taps(found, ["block"], "student")
    with pytest.raises(ValueError, match=r"layer of the teacher .* got 'unused'; there are"):
        check_taps(found, ["unused"], "teacher")
    with pytest.raises(ValueError, match="got 'memori'; there are memory"):
        check_taps(found, ["memori"], "teacher")


def test_looking_leaves_the_model_as_it_was():
    model = kd.models.convnet(4).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    kd.distill.taps(model, torch.rand(5, 1, 28, 28))
    assert model.training and hooks_of(model) == 0
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_hooks_are_gone_after_an_error_too():
    model = kd.models.mlp((8,), inputs=4, classes=3)
    with pytest.raises(RuntimeError), tapped(model, ["relu1"]):
        model(torch.zeros(2, 5))
    assert hooks_of(model) == 0
    with pytest.raises(RuntimeError):
        kd.distill.taps(model, torch.zeros(2, 5))
    assert hooks_of(model) == 0


def test_what_a_later_layer_writes_into_is_noticed_and_copied():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 3))
    x = torch.randn(5, 4)
    found = probe(model, x)
    assert found["0"].overwritten and not found["2"].overwritten
    with tapped(model, ["0"], ["0"]) as seen:
        model(x)
    torch.testing.assert_close(seen["0"], model[0](x))
    with tapped(model, ["0"]) as seen:
        model(x)
    assert not torch.equal(seen["0"], model[0](x))  # else the copy above would prove nothing


@pytest.mark.parametrize(("batch_first", "own_sizes"), [(True, False), (False, False), (True, True)])
def test_scores_are_those_that_the_module_makes_its_attention_of(batch_first, own_sizes):
    torch.manual_seed(0)
    more = {"kdim": 6, "vdim": 6} if own_sizes else {}
    attention = nn.MultiheadAttention(8, 2, batch_first=batch_first, bias=not own_sizes, **more).eval()
    query, key = torch.randn(3, 5, 8), torch.randn(3, 7, 6 if own_sizes else 8)
    given = (query, key, key) if batch_first else (query.transpose(0, 1), key.transpose(0, 1), key.transpose(0, 1))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = attention

        def forward(self, *parts):
            return self.attention(*parts, need_weights=True, average_attn_weights=False)[1]

    model = Model()
    with tapped(model, ["attention:scores"]) as seen:
        weights = model(*given)
    assert seen["attention:scores"].shape == (3, 2, 5, 7)
    torch.testing.assert_close(seen["attention:scores"].softmax(-1), weights, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("around", [
    lambda m: torch.compile(m, backend="eager"),
    nn.DataParallel,
    lambda m: kd.wrap(m, inputs=lambda x: x),
    lambda m: kd.wrap(Tupled(m), output=0),
], ids=["compiled", "data parallel", "wrapped", "part of a tuple"])  # fmt: skip
def test_layers_inside_a_wrapper_are_tapped_by_their_own_names(make, teacher, clouds, around):
    inside = "module." if "Tupled" in repr(around(small())) else ""
    student = around(small())
    found = kd.distill.taps(student, clouds.train.inputs(slice(0, 2)))
    assert f"{inside}relu1" in found
    objective = kd.SoftTargets(4) + 1.0 * kd.Hint(f"{inside}relu1", "relu1")
    plain = trained(make(objective=kd.SoftTargets(4) + 1.0 * kd.Hint("relu1", "relu1")))
    run = trained(make(student, objective=objective))
    assert run.history.rows.tolist() == plain.history.rows.tolist()
    layers = kd.measure.similarity.correspondence(teacher, student, clouds.test.inputs(slice(0, 50)))
    assert f"{inside}relu1" in layers.student_layers


class Tupled(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x), x


def test_scores_of_attention_written_by_others_are_known_by_their_parts():
    class SelfAttention(torch.nn.Module):
        num_attention_heads = 2

        def __init__(self):
            super().__init__()
            self.query, self.key = torch.nn.Linear(6, 6), torch.nn.Linear(6, 6)

        def forward(self, hidden_states):
            return hidden_states

    model, x = torch.nn.Sequential(SelfAttention()), torch.randn(2, 5, 6)
    assert kd.distill.taps(model, x)["0:scores"] == (2, 2, 5, 5)
    with tapped(model, ["0:scores"]) as seen:
        model(x)
    q, k = model[0].query(x), model[0].key(x)
    for head in (0, 1):
        part = slice(3 * head, 3 * head + 3)
        wanted = q[..., part] @ k[..., part].transpose(1, 2) / 3**0.5
        torch.testing.assert_close(seen["0:scores"][:, head], wanted)


def test_what_another_thread_asks_meanwhile_is_not_taken_for_what_a_layer_gave():
    model, x, other = kd.models.mlp((8,), inputs=4, classes=3), torch.ones(5, 4), torch.zeros(2, 4)
    alone = probe(model, x)
    with asked_elsewhere(model, other):
        assert probe(model, x) == alone
        with tapped(model, ["relu1"]) as seen:
            model(x)
    assert len(seen["relu1"]) == 5
