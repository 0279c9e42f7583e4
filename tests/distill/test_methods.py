"""Every method of the catalogue on real models, and the layers that correspond."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
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
    "several teachers": (
        lambda: kd.models.mlp((16,)),
        lambda: kd.schemes.ensemble([kd.models.convnet(3), kd.models.mlp((24,), seed=1)]),
    ),
    "distillation token": (lambda: kd.models.vit(16, 1, 2, distilled=True), lambda: kd.models.convnet(3, seed=1)),
}


TOKENS = {"attention_matrices", "hidden_states", "embeddings", "cosine_patient"}
OWN_TOKEN = {"distillation_token", "distillation_token_soft"}
SEVERAL = {"multi_teacher", "multi_teacher_confidence", "multi_teacher_learned"}
USUAL = set(METHODS) - OWN_TOKEN - SEVERAL
FITTING = {
    "convnets": USUAL - TOKENS,
    "perceptrons": USUAL
    - TOKENS
    - {"attention_transfer", "neuron_selectivity", "gram", "solution_flow", "channel_attention"},
    "transformers": USUAL - {"attention_transfer", "solution_flow"},
    "several teachers": SEVERAL | {m.name for m in METHODS.values() if m.compares in ("labels", "logits")},
    "distillation token": OWN_TOKEN
    | {m.name for m in METHODS.values() if m.name in USUAL - TOKENS - {"solution_flow"} and m.compares != "features"},
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


@pytest.mark.parametrize(
    "name", [n for n in METHODS if n in USUAL and METHODS[n].family not in ("labels", "adversarial")]
)
def test_a_student_that_is_the_teacher_has_nothing_to_learn_from_it(name, digits):
    """Contrastive pushes examples apart even so, the variational term has a spread to tell, and cross-entropy holds
    the teacher's own entropy: no divergences."""
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
    assert abs(gradients.values[0]) < 1e-5 or name in ("variational", "soft_cross_entropy"), gradients


def stay_in_eval(module: torch.nn.Module, _) -> None:
    module.eval()


def test_the_catalogue_tells_all_that_a_reader_needs():
    for name, m in METHODS.items():
        assert m.name == name and m.title and m.says.endswith(".") and m.formula and m.weight > 0
        assert any(name == loss or name.startswith(f"{loss}_") for loss in dir(kd.losses)), name
        assert not m.variant_of or m.variant_of in METHODS, name
    with pytest.raises(ValueError, match="method must be one of 38, such as hint"):
        method("hints")
    with pytest.raises(ValueError, match="compares feature maps and these two models have none that correspond"):
        method("gram").term(LayerPairs())
    with pytest.raises(ValueError, match="Several teachers, equal needs several teachers, and here is one"):
        method("multi_teacher").term(LayerPairs())


ACRONYMS = {
    **{
        "KD": "soft_targets",
        "dkd": "decoupled",
        "AT": "attention_transfer",
        "CRD": "contrastive",
        "FSP": "solution_flow",
    },
    **{"NST": "neuron_selectivity", "SP": "similarity_preserving", "DIST": "correlation", "PKD": "cosine_patient"},
    **{"PKT": "probabilistic_transfer", "VID": "variational", "RKD-A": "relational_angle", "FitNets": "hint"},
    **{"CA-MKD": "multi_teacher_confidence", "MiniLLM": "reverse_kl", "GAN-KD": "adversarial"},
}


@pytest.mark.parametrize(("short", "name"), ACRONYMS.items())
def test_a_method_is_found_by_its_acronym(short, name):
    assert method(short).name == name


def test_an_acronym_of_two_methods_is_answered_with_both():
    with pytest.raises(ValueError, match="must be one of relational_distance, relational_angle, got 'RKD'"):
        method("RKD")


def test_several_teachers_learn_as_the_scheme_has_it(digits):
    """The catalogue's objective is that of kd.schemes.multi_teacher, bit for bit."""
    teachers = [kd.models.convnet(3).eval(), kd.models.mlp((24,), seed=1).eval()]
    together, student = kd.schemes.ensemble(teachers), kd.models.mlp((16,))
    found = layer_pairs(student, together, digits.train.inputs(slice(0, 2)))
    for name, weighting in (("multi_teacher", "uniform"), ("multi_teacher_confidence", "confidence")):
        ours, theirs = kd.models.mlp((16,)), kd.models.mlp((16,))
        run = kd.Distillation(together, ours, digits, method(name).objective(found), batch_size=20, epochs=1)
        other = kd.schemes.multi_teacher(teachers, theirs, digits, weighting=weighting, batch_size=20, epochs=1)
        for one in (run, other):
            one.train(progress=False, evaluate=False)
        assert same_weights(ours, theirs), name
