"""The numbers that the browser prints, against float64 torch."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from kdviz.widgets import SoftTargets

READ = """() => Object.fromEntries([...document.querySelectorAll("data[data-number]")]
  .map((node) => [node.dataset.number, node.value === "" ? null : Number(node.value)]))"""


def expected(teacher, student, label, temperature, alpha):
    t, s = (torch.tensor(np.float32(z), dtype=torch.float64) for z in (teacher, student))
    log_t, log_s = log_softmax(t / temperature, 0), log_softmax(s / temperature, 0)
    target = label if label >= 0 else int(t.argmax())
    rest = torch.arange(len(t)) != target
    kl = kl_div(log_s, log_t, reduction="sum", log_target=True)
    numbers = {
        "teacherEntropy": torch.distributions.Categorical(logits=log_t).entropy() / np.log(2),
        "studentEntropy": torch.distributions.Categorical(logits=log_s).entropy() / np.log(2),
        "teacherRest": log_t[rest].exp().sum(),
        "studentRest": log_s[rest].exp().sum(),
        "kl": kl,
        "scaledKl": temperature**2 * kl,
    }
    if label >= 0:
        ce = cross_entropy(s[None], torch.tensor([label]))
        numbers |= {"ce": ce, "loss": alpha * temperature**2 * kl + (1 - alpha) * ce}
    return {name: float(value) for name, value in numbers.items()}


def rows():
    """Random logits of several sizes, then the extremes: certain, equal, huge, two classes."""
    rng = np.random.default_rng(7)
    for size in (0.1, 1, 5, 30):
        yield size * rng.standard_normal((6, 10)), size * rng.standard_normal((6, 10))
    yield 300 * np.eye(6, 10), -300 * np.eye(6, 10)
    yield np.zeros((6, 10)), 1e4 * rng.standard_normal((6, 10))
    yield 40 * rng.standard_normal((6, 2)), rng.standard_normal((6, 2))


@pytest.mark.parametrize(("temperature", "alpha"), [(0.5, 0.0), (1.0, 0.5), (4.0, 0.9), (100.0, 1.0)])
def test_printed_numbers_are_those_of_float64_torch(mount, remount, temperature, alpha):
    opened = None
    for teacher, student in rows():
        classes = [str(c) for c in range(teacher.shape[1])]
        labels = [0, 1, 0, 1, 1, -1]
        widget = SoftTargets(
            classes=classes,
            teacher_logits=teacher,
            student_logits=student,
            labels=labels,
            temperature=temperature,
            alpha=alpha,
        )
        if opened is None:
            opened = mount(widget)
        else:
            remount(opened, widget)
        for probe, label in enumerate(labels):
            opened.evaluate(
                "async (i) => { model.set('selected', i); await new Promise(requestAnimationFrame); }", probe
            )
            opened.evaluate("() => new Promise(requestAnimationFrame)")
            shown = opened.evaluate(READ)
            wanted = expected(teacher[probe], student[probe], label, temperature, alpha)
            assert {k: shown[k] for k in wanted} == pytest.approx(wanted, rel=1e-6, abs=1e-6)
            assert all(shown[name] is None for name in shown.keys() - wanted.keys())


def test_printed_probabilities_follow_the_formats_of_a_small_and_a_certain_class(mount):
    logits = np.log(np.array([[0.5, 0.4969, 0.0031, 3e-7]]))
    opened = mount(SoftTargets(classes=list("abcd"), teacher_logits=logits, temperature=1.0))
    assert opened.locator(".kd-p-teacher").all_inner_texts() == ["0.5000", "0.4969", "0.0031", "3×10⁻⁷"]
    sure = mount(SoftTargets(classes=list("ab"), teacher_logits=np.array([[20.0, 0.0]]), temperature=1.0))
    assert sure.locator(".kd-p-teacher").all_inner_texts() == [">0.9999", "2×10⁻⁹"]


def test_outputs_that_are_not_finite_are_said_and_not_drawn(mount):
    student = np.array([[np.nan, 1.0]])
    opened = mount(SoftTargets(classes=list("ab"), teacher_logits=np.ones((1, 2)), student_logits=student, labels=[0]))
    assert "the student’s outputs are not finite numbers" in opened.locator(".kd-sentence").inner_text()
    assert opened.evaluate(READ)["loss"] is None
