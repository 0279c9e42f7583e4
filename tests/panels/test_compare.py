"""The page of two models: shipped ones, one's own, a report's; what does not fit is said."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.saliency import saliency
from kdviz.panels import Compare


@pytest.fixture
def compare():
    made = []

    def make(*models, **given):
        made.append(Compare(*models, **given))
        return made[-1]

    yield make
    for panel in made:
        panel.close()
    assert not [t.name for t in threading.enumerate() if t.name in ("kdviz-subjects", "kdviz-across")]


@pytest.fixture(scope="module")
def blobs():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (80,), generator=generator)
    return torch.randn(80, 4, generator=generator) + 2 * torch.eye(4)[y], y


def test_what_the_student_costs_is_measured_and_said_where_it_fails(compare, blobs, monkeypatch):
    panel = compare(*models(), blobs)
    assert panel.wait() and panel.pair.cost.startswith("The student keeps ")
    asked = compare(lambda x: x[:, :3], next(models()), blobs)  # a service may take money for each call
    assert asked.wait() and asked.pair.cost == ""

    def fails(*_, **__):
        raise RuntimeError("no clock")

    monkeypatch.setattr("kdviz.measure.cost.beside.in_turns", fails)
    panel = compare(*models(), blobs)
    assert panel.wait() and panel.pair.cost == "What the student costs could not be measured: no clock."


def models(classes=3, inputs=4):
    return (kd.models.mlp((6,), inputs=inputs, classes=classes, seed=seed) for seed in (1, 2))


def test_two_shipped_models_are_there_out_of_the_box_and_can_be_changed(compare):
    panel = compare("mnist-mlp-1200", "mnist-mlp-overfit")
    assert panel.pair.sizes["teacher"]["parameters"] == 2_395_210 and not panel.pair.fixed
    assert {m["name"] for m in panel.pair.models} == set(kd.models.names())
    shown = torch.tensor(np.frombuffer(panel.scene.teacher_logits, "<f4").reshape(-1, 10))
    assert panel.scene.sample == 1000 and panel.scene.counted == len(shown) == 2000
    assert panel.pair.note == "MNIST: 2,000 of 10,000 examples."
    before = panel.scene.exact_logits
    panel.pair.update(teacher="mnist-mlp-overfit", student="mnist-mlp-1200")
    assert panel.wait()
    assert panel.pair.progress is None and panel.scene.exact_logits != before
    assert panel.pair.sizes["student"]["parameters"] == 2_395_210
    assert panel.scene.teacher_name == kd.models.card("mnist-mlp-overfit").title
    assert not panel.pair.same
    panel.pair.update(teacher="adult-mlp", student="adult-mlp")
    assert panel.wait() and panel.pair.same
    panel.pair.student = "adult-mlp-student"
    assert panel.wait() and not panel.pair.same
    assert panel.pair.sizes["student"]["parameters"] == 754
    assert panel.pair.note == "Adult: 2,000 of 16,281 examples."
    assert len(panel.scene.classes) == 2 and "bias" in panel.views.offered and "attention" not in panel.views.offered
    again = Compare.from_state(panel.state)
    assert again.pair.teacher == "adult-mlp"
    again.close()


def test_every_shipped_model_has_another_beside_it():
    groups = [kd.models.card(name).data for name in kd.models.names()]
    assert min(groups.count(group) for group in groups) > 1


def test_the_example_that_is_selected_is_in_the_list_that_the_page_opens_with(compare):
    panel = compare("mnist-mlp-1200", "mnist-mlp-overfit")
    logits = torch.tensor(np.frombuffer(panel.scene.teacher_logits, "<f4").reshape(-1, 10))
    doubt = logits.softmax(1).topk(2).values[:, 1].argsort(descending=True)[:24].tolist()
    assert panel.scene.selected in doubt
    exact = np.frombuffer(panel.scene.exact_logits, "<f4").reshape(-1, 10)[panel.scene.selected]
    label = panel.scene.labels[panel.scene.selected]
    assert {int(logits[panel.scene.selected].argmax()), int(exact.argmax()), label} != {label}, (
        "there is something to see"
    )


def test_the_numbers_of_the_page_are_those_of_the_models(compare, blobs):
    teacher, student = models()
    panel = compare(teacher, student, blobs, view="fidelity")
    X, y = blobs
    assert panel.pair.fixed and panel.scene.sample == 80
    order = torch.randperm(80, generator=torch.Generator().manual_seed(0))
    shown = np.frombuffer(panel.scene.teacher_logits, "<f4").reshape(80, 3)
    assert np.allclose(shown, teacher(X[order]).detach(), atol=1e-6)
    theirs = np.frombuffer(panel.scene.exact_logits, "<f4").reshape(80, 3)
    assert np.allclose(theirs, student(X[order]).detach(), atol=1e-6)
    assert panel.scene.labels == y[order].tolist()
    with pytest.raises(ValueError, match="these are models of your own"):
        _ = panel.state


def test_a_report_has_its_page_without_asking_the_models_again(compare, blobs):
    teacher, student = models()
    report = kd.compare(teacher, student, blobs)
    asked = []
    for model in (teacher, student):
        model.register_forward_hook(lambda *_: asked.append(threading.current_thread()))
    panel = Compare.of(report, view="calibration")
    try:
        assert panel.scene.view == "calibration" and panel.scene.temperature == report.temperature
        at_once = [thread for thread in asked if thread is threading.main_thread()]
        assert len(at_once) == 2, "one example each, to count the multiply-adds"
    finally:
        panel.close()


def test_the_twin_of_a_shipped_student_comes_by_its_card_and_stands_beside_it(compare):
    panel = compare("mnist-vit", "mnist-vit-student", view="one")
    assert [row["id"] for row in panel.scene.runs] == ["student", "twin"] and panel.scene.shown_run == "student"
    assert panel.wait()
    twin = kd.models.pretrained("mnist-vit-twin").state_dict()
    for shown, other in (("student", "twin"), ("twin", "student")):
        panel.scene.shown_run = shown
        found = panel.controllers["robustness"].others()
        assert list(found) == [other] and panel.controllers["domain"].named(other)["role"] == other
        weights = found[other][0].state_dict()
        assert all(torch.equal(weights[name], twin[name]) for name in twin) is (other == "twin")
    panel.pair.update(student="mnist-mlp-1200")  # that no other shipped model is the twin of
    assert panel.wait() and panel.scene.runs == [] and panel.scene.shown_run == "student"
    assert panel.settings == {**panel.settings, "teacher": "mnist-vit", "student": "mnist-mlp-1200"}


def test_a_twin_is_shown_in_the_students_place(compare, blobs):
    teacher, student = models()
    twin = kd.models.mlp((6,), inputs=4, classes=3, seed=7)
    report = kd.compare(teacher, student, blobs, twin=twin)
    panel = Compare.of(report, view="saliency")
    try:
        order = torch.randperm(80, generator=torch.Generator().manual_seed(0))
        assert [row["role"] for row in panel.scene.runs] == ["student", "twin"]
        for who, model in (("twin", twin), ("student", student)):
            panel.scene.shown_run = who
            assert panel.wait()
            shown = np.frombuffer(panel.scene.exact_logits, "<f4").reshape(80, 3)
            assert panel.scene.exact["run"] == who
            assert np.allclose(shown, model(blobs[0][order]).detach(), atol=1e-6)
            widget = panel.controllers["saliency"].widget
            assert widget.made_for["shown_run"] == who
            x = blobs[0][order][panel.scene.selected][None]
            wanted = saliency(model, x, teacher(x).argmax(1), widget.method)[0]
            largest = np.abs(np.frombuffer(widget.student_map, "<f4"))
            assert np.sort(largest) == pytest.approx(np.sort(wanted.abs() / wanted.abs().max()), abs=1e-5)
    finally:
        panel.close()


def test_a_thousand_classes_and_no_labels(compare):
    wide = [nn.Linear(5, 1000), nn.Linear(5, 1000)]
    panel = compare(*wide, torch.randn(3000, 5, generator=torch.Generator().manual_seed(0)))
    assert panel.scene.example_count == 1000 and len(panel.scene.classes) == 1000
    assert set(panel.scene.labels) == {-1}


def test_models_on_one_example(compare, blobs):
    panel = compare(*models(), (blobs[0][:1], blobs[1][:1]), classes=["a", "b", "c"])
    assert panel.scene.example_count == 1 and panel.scene.classes == ["a", "b", "c"]


class Pair(nn.Module):
    def forward(self, x):
        return x[:, :3], x


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda b: Compare(*models(), None), ValueError, "say which data to compare on, as data="),
        (lambda b: Compare(*models(4), b[0], classes=["a"]), ValueError, "answer with 4 classes and 1 are named"),
        (
            lambda b: Compare(next(models()), next(models(5)), b),
            ValueError,
            "the teacher answers with 3 classes and the student with 5",
        ),
        (lambda b: Compare(Pair(), next(models()), b), TypeError, r"pass kd\.wrap\(model, output=0\)"),
        (lambda b: Compare("no-such", next(models()), b), ValueError, "a model must be one of"),
        (lambda b: Compare(*models(), b, view="odd"), ValueError, "view must be one of"),
        (lambda b: Compare(*models(), (b[0][:0], b[1][:0])), ValueError, "data must hold at least 1 example"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(blobs, make, error, said):
    with pytest.raises(error, match=said):
        make(blobs)


def test_a_choice_that_fails_is_told_and_the_page_stays(compare, monkeypatch):
    panel = compare("mnist-mlp-1200", "mnist-mlp-overfit")
    before = panel.scene.exact_logits

    def refuse(name):
        raise ValueError(f"{name} is damaged")

    monkeypatch.setattr(kd.models, "pretrained", refuse)
    panel.pair.student = "mnist-mlp-1200"
    assert panel.wait()
    assert panel.pair.note == "Mnist-mlp-1200 is damaged." and panel.pair.progress is None
    assert panel.scene.exact_logits == before


@pytest.mark.parametrize("path", ["os:abort", "kdviz.app.teach:teach", "../../etc/passwd", "mnist-vit.safetensors"])
def test_a_page_chooses_among_shipped_models_and_reaches_no_import(compare, path):
    panel = compare("mnist-mlp-1200", "mnist-mlp-overfit")
    named = [*panel.pair.models, {"name": path, "title": path, "group": "mnist"}]
    for who in ("teacher", "student"):
        panel.pair.set_state({"models": named, "fixed": False, who: path})
        panel._open_chosen(**{"teacher": "mnist-mlp-1200", "student": "mnist-mlp-overfit", who: path})
        assert panel.wait() and panel.pair.note.endswith(f"got '{path}'.")
        with pytest.raises(ValueError, match=rf'^state\.{who} must be one of adult-mlp, .*, got "{path}"'):
            Compare.from_state({**panel.state, who: path})
    assert (panel.pair.teacher, panel.pair.student) == ("mnist-mlp-1200", "mnist-mlp-overfit")
    assert len(panel.pair.models) == len(kd.models.names())


@pytest.mark.parametrize("door", [kd.panels.Methods, lambda t, s, d: kd.panels.Lab(
    kd.Distillation(t, s, d, allow_weaker_teacher=True))], ids=["Methods", "Lab"])  # fmt: skip
def test_models_of_text_are_told_where_their_numbers_are(door):
    sums = kd.data.additions(digits=1, train=40, validation=20, test=20)
    teacher, student = (kd.models.gru(sums.vocabulary, 8, seed=seed) for seed in (1, 0))
    with pytest.raises(ValueError, match=r"each token.* kd\.measure\.sequences\("):
        door(teacher.eval(), student, sums)
