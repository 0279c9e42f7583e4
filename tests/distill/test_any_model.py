"""Models that people bring: other inputs, dtypes and answers, state that is easily lost, parts that are frozen."""

from __future__ import annotations

import random
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.state import capture, copied, restore
from kdviz.models.looking import same_bits

from .conftest import same_weights, small


def trained(run: kd.Distillation) -> kd.Distillation:
    return run.train(progress=False)


# What stands beside weights ------------------------------------------------------------------------------------------


class Running(nn.Module):
    """Keeps a running mean in a buffer that state_dict() leaves out."""

    def __init__(self):
        super().__init__()
        self.inner = small()
        self.register_buffer("mean", torch.zeros(4), persistent=False)

    def forward(self, x):
        if self.training:
            self.mean.lerp_(x.detach().mean(0) + 1, 0.1)
        return self.inner(x - self.mean)


class WithExtra(nn.Module):
    """Keeps numbers by get_extra_state."""

    def __init__(self):
        super().__init__()
        self.inner, self.scale = small(), {"scale": 1.0}

    def get_extra_state(self):
        return self.scale

    def set_extra_state(self, state):
        self.scale = state

    def forward(self, x):
        if self.training:
            self.scale = {"scale": self.scale["scale"] * 0.99}
        return self.inner(x) * self.scale["scale"]


class Graph(nn.Module):
    """Mixes features by a sparse matrix."""

    def __init__(self):
        super().__init__()
        self.inner = small()
        self.register_buffer("adjacency", (torch.eye(4) + 0.5).to_sparse())

    def forward(self, x):
        return self.inner(torch.sparse.mm(self.adjacency, x.T).T)


class PythonNoise(nn.Module):
    """Draws from Python's and numpy's generators while it trains."""

    def __init__(self):
        super().__init__()
        self.inner = small()

    def forward(self, x):
        if self.training:
            x = x * random.choice([0.5, 1.5]) + float(np.random.rand())
        return self.inner(x)


def weight_normed() -> nn.Module:
    net = small()
    with pytest.warns(FutureWarning):
        net.linear1 = nn.utils.weight_norm(net.linear1)
    return net


def parametrised() -> nn.Module:
    net = small()
    nn.utils.parametrizations.spectral_norm(net.linear1)
    return net


def scripted() -> nn.Module:
    with pytest.warns(DeprecationWarning, match="jit"):
        return torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3)))


KEPT = {
    "a buffer that is not persistent": Running,
    "extra state": WithExtra,
    "a sparse buffer": Graph,
    "Python's generators": PythonNoise,
    "weight_norm": weight_normed,
    "parametrisation": parametrised,
    "batch normalisation": lambda: nn.Sequential(nn.BatchNorm1d(4), small()),
    "dropout": lambda: nn.Sequential(nn.Dropout(0.3), small()),
    "compiled": lambda: torch.compile(small(), backend="eager"),
    "data parallel": lambda: nn.DataParallel(small()),
    "TorchScript": scripted,
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_student_goes_back_to_any_step_bit_for_bit(make, name):
    student = KEPT[name]()
    began = capture(copied(student))
    run = trained(make(student, snapshot_every=3))
    first = capture(run.at(0))
    assert all(same_bits(first.tensors[k], began.tensors[k]) for k in began.tensors) and first.extra == began.extra
    again = run.branch(10).train(progress=False)
    assert again.history.rows.tolist() == run.history.rows.tolist()
    assert capture(again.student).extra == capture(run.student).extra
    now, then = capture(again.student).tensors, capture(run.student).tensors
    assert now.keys() == then.keys() and all(same_bits(now[k], then[k]) for k in now)
    twin = trained(run.twin())
    assert twin.student is not run.student and twin.steps_done == run.steps_done


def test_a_student_that_hides_its_state_trains_and_what_is_lost_is_said_before_the_first_step(make):
    class Hides(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.turn = small(), 1.0

        def forward(self, x):
            self.turn = -self.turn
            return self.inner(self.turn * x)

    with pytest.warns(UserWarning, match="past cannot be replayed, as its output differs .* no twin, no branch"):
        run = make(Hides())
    assert trained(run).steps_done == run.total_steps
    assert run.evaluate("test").examples > 0
    for back in (run.twin, run.branch, lambda: run.at(3)):
        with pytest.raises(ValueError, match=r"this run cannot have .*: its output differs"):
            back()


def test_a_student_that_cannot_be_copied_trains_too(make):
    class Alone(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def __deepcopy__(self, memo):
            raise TypeError("there is one of me")

        def forward(self, x):
            return self.inner(x)

    with pytest.warns(UserWarning, match="cannot be copied .TypeError: there is one of me"):
        run = make(Alone())
    assert trained(run).history.evaluated("validation")


def test_capture_and_restore_are_each_others_inverse():
    model = Running()
    model(torch.randn(8, 4))
    state = capture(model)
    model(torch.randn(8, 4))
    assert not same_bits(model.mean, state.tensors["mean"])
    restore(model, *state)
    assert same_bits(model.mean, state.tensors["mean"])


# Modes ---------------------------------------------------------------------------------------------------------------


def test_what_was_frozen_in_a_student_in_training_mode_stays_frozen(make):
    student = nn.Sequential(nn.BatchNorm1d(4), small(), nn.Identity()).train()
    student[0].eval().requires_grad_(False)
    before = capture(student[0])
    run = trained(make(student))
    run.evaluate("test")
    run.step()
    assert not run.student[0].training and run.student[1].training
    assert all(same_bits(before.tensors[k], v) for k, v in capture(run.student[0]).tensors.items())
    other = run.branch(5)
    assert not other.student[0].training and other.student[1].training
    assert not run.twin().student[0].training


def test_a_student_in_eval_mode_as_a_whole_learns_as_a_whole(make):
    student = nn.Sequential(nn.BatchNorm1d(4), small()).eval()
    run = trained(make(student))
    assert run.student[0].training and float(run.student[0].num_batches_tracked) == run.steps_done


# Dtypes and answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_teachers_and_students_of_any_dtype(make, teacher, clouds, dtype):
    import copy

    of_dtype = copy.deepcopy(teacher).to(dtype)
    run = trained(make(teacher=of_dtype, learning_rate=1e-2))
    assert run.teacher_logits().dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert run.evaluate("test").accuracy > 0.5
    if dtype != torch.float16:  # Adam's epsilon is 0 in half precision
        student = trained(make(small().to(dtype), learning_rate=1e-2)).student
        assert {p.dtype for p in student.parameters()} == {dtype}
    assert kd.compare(of_dtype, run.student, clouds).fidelity.n == len(clouds.test)


Answer = namedtuple("Answer", ["features", "logits"])
ANSWERS = {
    "dict": lambda z: {"logits": z, "hidden": z},
    "named tuple": lambda z: Answer(z, z),
    "tuple of one": lambda z: (z,),
    "dict of one": lambda z: {"out": z},
    "with nothing else": lambda z: (z, None),
}


class Answers(nn.Module):
    def __init__(self, how, inner=None):
        super().__init__()
        self.inner, self.how = inner or small(), ANSWERS[how]

    def forward(self, x):
        return self.how(self.inner(x))


@pytest.mark.parametrize("how", ANSWERS)
def test_logits_are_found_where_nothing_is_in_doubt(make, teacher, clouds, how):
    plain = trained(make())
    run = trained(make(Answers(how), teacher=Answers(how, teacher).eval()))
    assert run.history.rows.tolist() == plain.history.rows.tolist()
    report = kd.compare(Answers(how, teacher).eval(), run.student, clouds)
    assert report.fidelity.n == len(clouds.test)


def test_one_logit_is_two_classes():
    X = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
    y = (X[:, 0] > 0).long()
    net = nn.Linear(4, 1)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[8.0, 0, 0, 0]])), net.bias.zero_()
    run = kd.Distillation(net.eval(), nn.Linear(4, 1), (X, y), epochs=40, learning_rate=0.1)
    assert run.teacher_logits()[:, 0].abs().max() == 0
    assert trained(run).evaluate("test").accuracy > 0.9


@pytest.mark.parametrize("who", ["teacher", "student"])
def test_whatever_a_model_raises_is_a_sentence_with_its_cause(make, who):
    class Strict(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def forward(self, x):
            assert x.shape[1] == 224, "Input height doesn't match model (224)."
            return self.inner(x)

    arguments = {"teacher": Strict().eval()} if who == "teacher" else {"student": Strict()}
    with pytest.raises(ValueError, match=rf"the {who} cannot process float32 inputs of shape \(4,\)") as caught:
        make(**arguments)
    assert isinstance(caught.value.__cause__, AssertionError)
    fixed = kd.wrap(Strict().eval() if who == "teacher" else Strict(), inputs=lambda x: x.repeat(1, 56)[:, :224])
    with pytest.raises(ValueError, match="mat1 and mat2"):  # the advice is followed; what is wrong next is said next
        make(**{who: fixed})


def test_a_step_that_fails_later_says_who_and_what(make):
    class Tires(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.fails = small(), False

        def forward(self, x):
            if self.fails:
                raise KeyError("out of luck")
            return self.inner(x)

    run = make(Tires())
    run.step()
    run.student.fails = True
    with pytest.raises(ValueError, match=r"the student cannot process .*KeyError: 'out of luck'"):
        run.step()
    run.student.fails = False
    assert run.step().number == 2


# Inputs of several parts, tokens --------------------------------------------------------------------------------------


class Reads(nn.Module):
    """Reads tokens by name; one answer an example, or one a token."""

    def __init__(self, width=8, classes=3, each=False):
        super().__init__()
        self.embedding, self.head, self.each = nn.Embedding(20, width), nn.Linear(width, classes), each

    def forward(self, input_ids, attention_mask):
        assert input_ids.dtype == torch.int64
        seen = self.embedding(input_ids)
        if self.each:
            return {"logits": self.head(seen)}
        weights = attention_mask[..., None].to(seen.dtype)
        return {"logits": self.head((seen * weights).sum(1) / weights.sum(1))}


def texts(n=240, each=False):
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 20, (n, 6), generator=generator)
    mask = torch.ones_like(ids)
    mask[::2, 4:] = 0
    y = ids % 3 if each else ids[:, 0] % 3
    if each:
        y = torch.where(mask.bool(), y, -100)
    return {"input_ids": ids, "attention_mask": mask}, y


def test_named_inputs_go_in_by_name_and_whole_numbers_stay_so():
    data = texts()
    taught = trained(kd.Distillation(None, Reads(32), data, kd.HardLabels(), epochs=60, learning_rate=0.05))
    run = trained(kd.Distillation(taught.student.eval(), Reads(), data, epochs=3))
    assert run.branch(2).train(progress=False).history.rows.tolist() == run.history.rows.tolist()
    report = kd.compare(taught.student, run.student, data)
    assert report.fidelity.n == 240
    report.saliency("input_x_gradient", count=5)
    assert report.maps.values["student"].shape == (5, 6)
    hidden = report.maps.values["teacher"][report.maps.index % 2 == 0]
    assert (hidden[:, 4:] == 0).all(), "what the mask hides has no part in the answer"
    report.saliency("occlusion", count=5, baseline=0)
    assert report.maps.values["student"].shape == (5, 6)


def test_answers_token_by_token_are_learned_where_the_mask_lets_them_count():
    data = texts(each=True)
    taught = trained(kd.Distillation(None, Reads(32, each=True), data, kd.HardLabels(), epochs=40, learning_rate=0.05))
    splits = kd.data.splits(data)
    found = taught.evaluate("test")
    mask = splits.test.inputs()["attention_mask"].bool()
    assert found.examples == int(mask.sum()) and found.accuracy == 1.0
    run = kd.Distillation(taught.student.eval(), Reads(each=True), data, batch_size=32)
    batch = run._batches[0]
    ours, theirs = run.student(**batch.inputs)["logits"], taught.student(**batch.inputs)["logits"]
    counts = batch.inputs["attention_mask"].bool()
    expected = 0.9 * kd.losses.soft_targets(ours[counts], theirs[counts], 4.0)
    expected = expected + 0.1 * nn.functional.cross_entropy(ours[counts], batch.labels[counts])
    assert float(run.step().loss) == pytest.approx(expected.item(), rel=1e-5)


def test_token_labels_and_one_answer_an_example_do_not_go_together():
    with pytest.raises(ValueError, match="one label per token and the models one prediction per example"):
        kd.Distillation(None, Reads(), texts(each=True), kd.HardLabels())


def test_teacher_and_student_may_see_the_same_example_in_two_ways(make, teacher, clouds):
    cut = nn.Linear(2, 3)
    run = trained(make(kd.wrap(cut, inputs=lambda x: x[:, :2])))
    assert run.evaluate("test").examples == len(clouds.test)
    assert kd.compare(teacher, run.student, clouds).fidelity.n == len(clouds.test)


def test_inputs_that_a_model_does_not_take_are_named():
    class IdsAlone(nn.Module):
        def __init__(self):
            super().__init__()
            self.reads = Reads()

        def forward(self, input_ids):
            return self.reads(input_ids, torch.ones_like(input_ids))

    with pytest.warns(UserWarning, match="the student does not accept attention_mask, so it runs without"):
        kd.Distillation(None, IdsAlone(), texts(), kd.HardLabels())


# Optimizers, data drawn anew, layers ----------------------------------------------------------------------------------


def groups(parameters):
    first, *rest = list(parameters)
    return torch.optim.SGD([{"params": [first], "lr": 1e-5}, {"params": rest, "lr": 1e-1}])


def test_groups_keep_their_learning_rates_in_proportion(make):
    run = make(optimizer=groups)
    run.step()
    assert [g["lr"] for g in run._optimizer.param_groups] == [pytest.approx(1e-5), pytest.approx(1e-1)]
    assert run.learning_rate == pytest.approx(0.1)
    run.edit(learning_rate=0.01)
    run.step()
    assert [g["lr"] for g in run._optimizer.param_groups] == [pytest.approx(1e-6), pytest.approx(1e-2)]
    halved = make(optimizer=groups, learning_rate=0.05)
    halved.step()
    assert [g["lr"] for g in halved._optimizer.param_groups] == [pytest.approx(5e-6), pytest.approx(5e-2)]
    assert run.branch(1).history.rows.tolist() == run.history.rows[:1].tolist()


def test_an_optimizer_made_by_a_function_keeps_its_own_rate(make):
    assert make(optimizer=lambda p: torch.optim.SGD(p, lr=0.25)).learning_rate == 0.25
    assert make(optimizer="sgd").learning_rate == 1e-3


def test_data_that_draw_anew_are_read_anew_and_the_teacher_is_asked_live():
    class Noisy(torch.utils.data.Dataset):
        def __len__(self):
            return 100

        def __getitem__(self, i):
            return torch.full((4,), float(i)) + torch.randn(4), i % 2

    with pytest.warns(UserWarning, match="anew"):
        data = kd.data.splits(Noisy())
    nets = [kd.models.mlp((4,), inputs=4, classes=2, seed=seed) for seed in (0, 1)]
    run = kd.Distillation(nets[0].eval(), nets[1], data, epochs=2, batch_size=80, allow_weaker_teacher=True)
    first, second = (run._batches[k].inputs.sort(0).values for k in (0, 1))
    assert not torch.equal(first, second)
    assert not run._training_step.cached
    trained(run)
    assert run.branch(1).train(progress=False).history.rows.tolist() == run.history.rows.tolist()


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


def test_an_exported_teacher_is_asked_as_it_is(make, teacher, clouds):
    few = clouds.train.inputs(slice(0, 4))
    program = torch.export.export(teacher, (few,), dynamic_shapes=({0: torch.export.Dim("b")},))
    plain = trained(make())
    for exported in (program, program.module()):
        assert trained(make(teacher=exported)).history.rows.tolist() == plain.history.rows.tolist()
    dropping = nn.Sequential(nn.Dropout(0.5), teacher)
    dropping[0].train()
    program = torch.export.export(dropping.train(), (few,), dynamic_shapes=({0: torch.export.Dim("b")},))
    teacher.eval()
    with pytest.raises(ValueError, match=r"exported in training mode.*export model\.eval\(\)"):
        make(teacher=program)


def test_lazy_layers_get_their_shapes_from_the_data(make):
    run = trained(make(nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3))))
    assert same_weights(run.at(run.steps_done), run.student)


def test_the_batch_size_of_a_loader_is_used_unless_another_is_given(teacher):
    X, y = torch.randn(90, 4), torch.arange(90) % 3
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=9)
    arguments = {"allow_weaker_teacher": True}
    assert kd.Distillation(teacher, small(), loader, **arguments).settings.batch_size == 9
    assert kd.Distillation(teacher, small(), loader, batch_size=16, **arguments).settings.batch_size == 16
    assert kd.Distillation(teacher, small(), (X, y), **arguments).settings.batch_size == 128
