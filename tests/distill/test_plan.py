"""The plan of a run: what models of all kinds take and answer, found out before the first step."""

from __future__ import annotations

from collections import namedtuple

import pytest
import torch
from torch import nn

import kdviz as kd

from .conftest import same_weights, small
from .small_models import Reads, texts, trained

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


def test_text_is_distilled_by_name_and_its_run_is_repeated_from_the_recipe(tmp_path):
    data = kd.data.additions().with_labels(48)
    teacher = kd.models.decoder(data.vocabulary, context=13, width=8, blocks=1, heads=2).eval()
    student = kd.models.gru(data.vocabulary, width=6)
    given = {"objective": kd.hinton(), "epochs": 2, "batch_size": 16, "allow_weaker_teacher": True}
    run = kd.Distillation(teacher, student, data, **given)
    run.train(progress=False)
    found = run.evaluate("test")
    assert found.examples == int((data.test.y >= 0).sum())  # tokens of the answers, not of prompts or padding
    again = kd.Recipe.from_json(run.recipe.to_json())
    assert again.student == student.architecture and again.student["fingerprint"] == data.vocabulary.fingerprint
    repeated = kd.Distillation.from_recipe(again, teacher=teacher, allow_weaker_teacher=True)
    repeated.train(progress=False)
    assert repeated.evaluate("test").nll == found.nll
    run.save(tmp_path / "run")
    opened = kd.Distillation.load(tmp_path / "run", teacher=teacher)
    assert torch.equal(opened.student(data.test.x), run.student(data.test.x))


def test_different_vocabularies_are_refused_before_anything_is_read():
    data, letters = kd.data.additions(digits=1, train=48, validation=20, test=20), kd.data.Vocabulary("abcdefghijklmn")
    own, other = kd.models.gru(data.vocabulary, width=4), kd.models.gru(letters, width=4).eval()
    assert len(letters) == len(data.vocabulary)
    theirs, ours = letters.fingerprint, data.vocabulary.fingerprint
    with pytest.raises(ValueError, match=rf"the teacher and the student have different .* \({theirs} and {ours}\), so"):
        kd.Distillation(other, own, data)
    with pytest.raises(ValueError, match=rf"the student was built for another vocabulary \({theirs}\) than"):
        kd.Distillation(None, kd.models.gru(letters, width=4), data, kd.HardLabels())
    with pytest.raises(ValueError, match="the teacher and the student have different vocabularies"):
        kd.compare(other, own, data)


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (
            {"vocabulary": 17, "context": 12},
            "a row must be at most 12 tokens long, the context of this model, got 13: cut",
        ),
        (
            {"vocabulary": 9, "context": 13},
            "token ids must be from 0 to 8, the vocabulary of this model, got [0-9]+ to [0-9]+: enc",
        ),
    ],
)
def test_text_that_a_model_cannot_read_is_said_in_a_sentence(student, says):
    model = kd.models.decoder(**student, width=4, blocks=1, heads=1)
    with pytest.raises(ValueError, match=rf"^the student cannot process its input: {says}"):
        kd.Distillation(None, model, kd.data.additions().with_labels(40), kd.HardLabels())
