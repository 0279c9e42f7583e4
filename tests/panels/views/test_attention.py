"""Attention on a page: the numbers are those of `kdviz.measure`, and it is offered where a model looks at places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure import attention as measured
from kdviz.measure.attention.matrices import tokens_before
from kdviz.measure.similarity import correspondence
from kdviz.panels import Lab
from kdviz.panels.live.worker import LatestOnly
from kdviz.panels.views.attention import AttentionController
from kdviz.widgets import Scene

WAIT_S = 60
COUNT = 40


@pytest.fixture(scope="module")
def digits():
    return kd.data.mnist()


@pytest.fixture(scope="module")
def examples(digits):
    return digits.validation.take(slice(0, COUNT))


@pytest.fixture
def controller(digits, examples, started):
    """``controller(teacher, student, **choices)``: the controller of two models, with example 3 selected."""

    def make(teacher: nn.Module, student: nn.Module | None, **choices) -> AttentionController:
        scene = Scene(
            classes=list(digits.classes),
            teacher_logits=np.zeros((COUNT, 10), np.float32),
            images=examples.x[:, 0].numpy(),
            image_shape=[28, 28],
            sample=30,
            selected=3,
            view="attention",
        )
        models = (teacher, student, None, 7, "Student")
        made = started(lambda *threads: AttentionController(scene, lambda: models, lambda: examples, *threads))
        made.widget.update(**choices)
        made.refresh()
        assert idle(made)
        return made

    def idle(made: AttentionController) -> bool:
        return all(thread.wait_until_idle(WAIT_S) for thread in (made._newest, made._across))

    make.idle = idle
    return make


def teacher_net() -> nn.Module:
    return kd.models.pretrained("mnist-convnet")


def layers(widget, who: str) -> dict[str, np.ndarray]:
    """The maps as the browser cuts them."""
    numbers = np.frombuffer(getattr(widget, f"{who}_maps"), "<f4")
    found, start = {}, 0
    for one in getattr(widget, f"{who}_layers"):
        size = one["height"] * one["width"]
        found[one["name"]] = numbers[start : start + size].reshape(one["height"], one["width"])
        start += size
    assert start == len(numbers)
    return found


@pytest.mark.parametrize("form", ["sum", "max"])
def test_maps_and_numbers_of_two_convnets_are_those_measured(controller, examples, form):
    teacher, student = teacher_net(), kd.models.convnet(8)
    w = controller(teacher, student, form=form).widget
    assert (w.note, w.kinds, w.made_for["selected"], w.made_for["step"]) == ("", ["activation"], 3, 7)
    others = [i for i in range(30) if i != 3][:24]
    X = examples.inputs(torch.tensor([3, *others]))
    t, s = (measured.activation_maps(model, X, form=form) for model in (teacher, student))
    for who, maps in (("teacher", t), ("student", s)):
        drawn = layers(w, who)
        assert list(drawn) == list(maps) == [f"relu{i}" for i in range(1, 6)]
        for name, one in drawn.items():
            np.testing.assert_allclose(one, maps[name][0] / maps[name][0].max(), rtol=1e-5)
    assert w.numbers["others"] == 24
    for i, a in enumerate(t.values()):
        for j, b in enumerate(s.values()):
            pair = measured.distance(a[:1], b[:1])
            assert w.numbers["cosine"][i][j] == pytest.approx(pair.cosine[0], abs=1e-9)
            assert w.numbers["squared"][i][j] == pytest.approx(pair.squared[0], abs=1e-9)
            chance = np.median(measured.distance(a[1:], b[:1].repeat(24, 1, 1)).cosine)
            assert w.numbers["chance"][i][j] == pytest.approx(chance, abs=1e-9)


def test_over_many_examples_the_tables_are_those_measured(controller, examples):
    teacher, student = teacher_net(), kd.models.convnet(8)
    made = controller(teacher, student)
    told = []
    made.widget.observe(lambda change: told.append(change.new), "progress")
    made.across()
    assert controller.idle(made)
    found, X = made.widget.across, examples.inputs(slice(0, 30))
    alike = correspondence(teacher, student, X, average=True)
    maps = measured.attention(teacher, student, X)
    assert found["n"] == 30 and found["kind"] == "activation"
    np.testing.assert_allclose(found["cka"]["matrix"], alike.matrix)
    assert found["cka"]["best"] == alike.best() and found["cka"]["rows"] == list(alike.teacher_layers)
    np.testing.assert_allclose(found["cosine"]["median"], maps.median())
    np.testing.assert_allclose(found["cosine"]["chance"], maps.by_chance)
    assert found["sentences"] == [alike.sentence(), maps.sentence()]
    shares = [share for share in told if share is not None]
    assert shares == sorted(shares) and shares[-1] > 0.5 and told[-1] is None


def test_work_over_many_examples_ends_when_it_is_stopped(controller):
    made = controller(teacher_net(), kd.models.convnet(4))
    made.go_on = lambda share: False
    made.across()
    assert controller.idle(made)
    assert made.widget.across == {} and made.widget.progress is None and made.widget.note == ""


def test_heads_and_rollout_of_two_transformers(controller, examples):
    teacher, student = kd.models.vit(32, 3, 4), kd.models.vit(16, 2, 2, seed=1)
    made = controller(teacher, student, teacher_head=2, student_head=5)
    w, X = made.widget, examples.inputs(torch.tensor([3]))
    assert w.kinds == ["heads", "rollout", "activation"] and w.made_of["kind"] == "heads"
    assert [one["heads"] for one in w.teacher_layers] == [4, 4, 4]
    A, B = (measured.attention_matrices(model, X) for model in (teacher, student))
    for name, one in layers(w, "teacher").items():
        wanted = measured.patch_map(A[name][:, 2])[0]
        np.testing.assert_allclose(one, wanted / wanted.max(), rtol=1e-5)
    t = measured.patch_map(A["block1.attention"][:, 2])
    s = measured.patch_map(B["block2.attention"].mean(1))  # the student has no head 5
    assert w.numbers["cosine"][0][1] == pytest.approx(measured.distance(t, s).cosine[0], abs=1e-6)
    w.kind = "rollout"
    assert controller.idle(made)
    assert w.made_of["kind"] == "rollout" and {one["heads"] for one in w.teacher_layers} == {0}
    rolled = measured.patch_map(measured.rollout(A))[0]
    np.testing.assert_allclose(layers(w, "teacher")["block3.attention"], rolled / rolled.max(), rtol=1e-5)


def test_patches_are_found_behind_one_token_two_or_none():
    assert [tokens_before(length) for length in (50, 51, 49, 17, 16, 40)] == [1, 2, 0, 1, 0, 1]


def test_where_one_model_has_maps_they_are_shown_and_why_the_other_has_none(controller):
    made = controller(teacher_net(), kd.models.mlp((16,)))
    w = made.widget
    assert w.note == "" and len(w.teacher_layers) == 5 and w.student_layers == [] and w.numbers == {}
    assert w.reasons == {"student": "The student has no convolutions, so its layers keep no places of the image."}
    made.across()
    assert controller.idle(made)
    assert w.across["cosine"] is None and w.across["cka"]["columns"] == ["relu1", "logits"]
    assert len(w.across["sentences"]) == 1


def test_a_convnet_and_a_transformer_share_activation_maps_first(controller):
    made = controller(teacher_net(), kd.models.vit(16, 2, 2))
    assert made.widget.kinds == ["activation", "heads", "rollout"]
    assert [one["name"] for one in made.widget.student_layers] == ["patches"]
    made.widget.kind = "heads"
    assert controller.idle(made)
    assert made.widget.reasons == {"teacher": "The teacher has no attention heads."}
    assert made.widget.teacher_layers == [] and len(made.widget.student_layers) == 2


class Pointwise(nn.Module):
    """A convolution whose maps have one place."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = nn.Conv2d(1, 10, 28)

    def forward(self, x):
        return self.whole(x).flatten(1)


def test_convolutions_without_places_are_told_in_a_sentence(controller):
    w = controller(teacher_net(), Pointwise()).widget
    assert (
        w.note == ""
        and w.student_layers == []
        and w.reasons["student"]
        == (
            "The student has none: it must have layers that return maps (examples, channels, height, width) larger "
            "than 1 × 1, and the ends of its steps (whole) do not."
        )
    )


def test_two_perceptrons_are_answered_by_a_sentence_and_not_offered(controller):
    made = controller(kd.models.mlp((8,)), kd.models.mlp((4,)))
    assert not made.offered
    assert made.widget.note == (
        "A perceptron has no feature maps in space and no attention: choose a convolutional or transformer pair."
    )
    assert controller(kd.models.mlp((8,)), kd.models.convnet(4)).offered
    assert controller(kd.models.vit(16, 1, 2), None).offered


def test_a_page_whose_models_cannot_be_had_offers_nothing(digits, examples):
    def fail():
        raise RuntimeError("no models")

    made = AttentionController(Scene(), fail, lambda: examples, LatestOnly("a"), LatestOnly("b"))
    assert made.offered is False
    made.close()


def test_a_lab_of_convnets_offers_the_view_and_follows_selection_and_step(digits):
    small = {split: getattr(digits, split).take(slice(0, 300)) for split in ("validation", "test")}
    few = replace(digits.with_labels(60), **small)
    panel = Lab(kd.Distillation(teacher_net(), kd.models.convnet(8), few, epochs=1, batch_size=30), view="attention")
    try:
        w, scene = panel.controllers["attention"].widget, panel.scene
        assert "attention" in panel.views.offered and scene.view == "attention"
        assert panel.wait("idle") and w.made_for["selected"] == scene.selected and len(w.student_layers) == 5
        untrained = w.student_maps
        scene.selected = 5
        assert panel.wait("idle")
        assert w.made_for == {"shown_run": scene.shown_run, "selected": 5, "step": 0} and w.student_maps != untrained
        untrained = w.student_maps
        panel.command("train")
        assert panel.wait("finished")
        assert w.made_for["step"] == panel.run.total_steps == 2 and w.student_maps != untrained
        x = panel._watched.examples.inputs(torch.tensor([5]))
        last = measured.activation_maps(panel.run.student, x)["relu5"][0]
        np.testing.assert_allclose(layers(w, "student")["relu5"], last / last.max(), rtol=1e-4)
        scene.step = 0
        assert panel.wait("finished")
        assert w.made_for["step"] == 0
        np.testing.assert_allclose(
            np.frombuffer(w.student_maps, "<f4"), np.frombuffer(untrained, "<f4"), rtol=1e-4, atol=1e-6
        )
    finally:
        panel.close()


def test_the_labs_own_pairs_are_perceptrons_and_have_no_such_view():
    panel = Lab(labels=300, units=16, view="attention")
    try:
        assert "attention" not in panel.views.offered and panel.scene.view == "one"
    finally:
        panel.close()
