"""Every method of the catalogue on real models, and the layers that correspond."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill import terms
from kdviz.distill.methods import METHODS, fitting, method
from kdviz.distill.pairing import LayerPairs, layer_pairs
from kdviz.measure.gradients import term_gradients

from .conftest import same_weights


@pytest.fixture(scope="module")
def digits() -> kd.data.Splits:
    data = kd.data.mnist().with_labels(60)
    return replace(data, validation=data.validation.take(slice(0, 60)), test=data.test.take(slice(0, 60)))


PAIRS = {
    "convnets": (lambda: kd.models.convnet(3), lambda: kd.models.convnet(5, seed=1)),
    "perceptrons": (lambda: kd.models.mlp((16,)), lambda: kd.models.mlp((24, 24), seed=1)),
    "transformers": (lambda: kd.models.vit(16, 2, 2), lambda: kd.models.vit(24, 4, 2, seed=1)),
}
FITTING = {
    "convnets": set(METHODS) - {"attention_matrices", "hidden_states", "embeddings"},
    "perceptrons": set(METHODS)
    - {"attention_matrices", "hidden_states", "embeddings", "attention_transfer", "neuron_selectivity"}
    - {"gram", "solution_flow"},
    "transformers": set(METHODS) - {"attention_transfer", "solution_flow"},
}


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_is_offered_the_methods_that_it_has_the_layers_for(pair, digits):
    student, teacher = (make() for make in PAIRS[pair])
    offered = {m.name for m in fitting(layer_pairs(student, teacher, digits.train.inputs(slice(0, 2))))}
    assert offered == FITTING[pair]


@pytest.mark.parametrize("pair", PAIRS)
def test_every_method_takes_steps_and_its_recipe_is_the_same_again(pair, digits):
    make_student, make_teacher = PAIRS[pair]
    teacher = kd.distill.Teacher(make_teacher().eval())
    found = layer_pairs(make_student(), teacher.module, digits.train.inputs(slice(0, 2)))
    for m in fitting(found):
        student = make_student()
        run = kd.Distillation(teacher, student, digits, m.objective(found), batch_size=20, epochs=1)
        run.train(progress=False, evaluate=False)
        assert run.steps_done == 3 and np.isfinite(run.history.rows).all(), m.name
        assert not same_weights(student, make_student()), m.name
        assert kd.Recipe.from_json(run.recipe.to_json()).objective == m.objective(found), m.name
        assert same_weights(run.branch(1).train(progress=False, evaluate=False).student, student), m.name


@pytest.mark.parametrize("name", [m.name for m in METHODS.values() if m.family not in ("labels", "adversarial")])
def test_a_student_that_is_the_teacher_has_nothing_to_learn_from_it(name, digits):
    """Contrastive pushes examples apart even so, and the variational term has a spread to tell: no divergences."""
    make = PAIRS["transformers" if METHODS[name].family == "transformer" else "convnets"][0]
    student, teacher = make(), make().eval()
    found = layer_pairs(student, teacher, digits.train.inputs(slice(0, 2)))
    objective = 1.0 * method(name).term(found)
    run = kd.Distillation(teacher, student, digits, objective, batch_size=20, epochs=1)
    for module in student.modules():  # as the teacher answers: by running statistics
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
            module.register_forward_pre_hook(stay_in_eval)
    gradients = term_gradients(run)
    if name == "contrastive":
        assert gradients.norms[0] > 0
        return
    assert gradients.norms[0] < 1e-3, gradients
    assert abs(gradients.values[0]) < 1e-5 or name == "variational", gradients


def stay_in_eval(module: torch.nn.Module, _) -> None:
    module.eval()


def test_the_catalogue_tells_all_that_a_reader_needs():
    for name, m in METHODS.items():
        assert m.name == name and m.title and m.says.endswith(".") and m.formula and m.weight > 0
        assert hasattr(kd.losses, name), name
    with pytest.raises(ValueError, match="method must be one of hard_labels"):
        method("hints")
    with pytest.raises(ValueError, match="compares feature maps and these two models have none that correspond"):
        method("gram").term(LayerPairs())


def test_every_term_can_be_written_down_and_read_again():
    examples = {
        "DemographicParity": kd.DemographicParity("sex"),
        "EqualizedOdds": kd.EqualizedOdds("sex"),
        "SolutionFlow": kd.SolutionFlow(("a", "b")),
        "SelfDistillation": kd.SelfDistillation(("a",), "b"),
    }
    for name, kind in terms.TERMS.items():
        needed = {f.name: "layer" for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
        term = examples.get(name) or kind(**needed)
        objective = 2.0 * term + kd.HardLabels() if name != "HardLabels" else 2.0 * term
        assert kd.Objective.from_dict(objective.to_dict()) == objective, name
        assert getattr(kd, name) is kind and name in kd.__all__


def test_layers_correspond_from_the_end_and_blocks_evenly():
    x = torch.zeros(2, 1, 28, 28)
    deep = layer_pairs(kd.models.convnet(3), kd.models.resnet(4, blocks=(1, 1, 1, 1)), x)
    assert deep.maps == (("relu2", "stage2_1"), ("relu4", "stage3_1"), ("relu5", "stage4_1"))
    wide = layer_pairs(kd.models.resnet(4, blocks=(1, 1, 1, 1)), kd.models.convnet(3), x)
    assert wide.maps == (("stage2_1", "relu2"), ("stage3_1", "relu4"), ("stage4_1", "relu5"))
    rows = layer_pairs(kd.models.vit(16, 3, 2), kd.models.vit(16, 6, 4), x)
    assert rows.tokens == (("block1", "block2"), ("block2", "block4"), ("block3", "block6"))
    assert rows.attention == () and rows.embeddings == ("tokens", "tokens")  # heads differ
    assert layer_pairs(kd.models.mlp(()), kd.models.mlp((4,)), x).features is None


def test_gradients_of_terms_add_up_to_the_step_that_follows_and_leave_no_trace(digits):
    student, teacher = kd.models.convnet(3, dropout=0.3), kd.models.convnet(5, seed=1).eval()
    objective = kd.hinton() + 3.0 * kd.Hint("relu4") + 0.5 * kd.Adversarial()
    run = kd.Distillation(teacher, student, digits, objective, batch_size=20)
    untouched = kd.Distillation(teacher, kd.models.convnet(3, dropout=0.3), digits, objective, batch_size=20)
    run.step(), untouched.step()
    found = term_gradients(run)
    assert found.step == 1 and found.names == ("soft", "hard", "hint", "adversarial")
    step, other = run.step(), untouched.step()
    assert same_weights(run.student, untouched.student) and same_weights(run.auxiliary, untouched.auxiliary)
    assert torch.equal(step.loss, other.loss)
    values = [step.terms[name].item() for name in found.names]
    assert found.values == pytest.approx(values) and found.weights == (0.9, pytest.approx(0.1), 3.0, 0.5)
    length = sum(p.grad.double().square().sum() for p in student.parameters()).sqrt().item()
    pairs = [(i, j) for i in range(4) for j in range(4)]
    together = sum(found.norms[i] * found.norms[j] * found.cosines[i][j] for i, j in pairs) ** 0.5
    assert together == pytest.approx(length, rel=1e-4)
