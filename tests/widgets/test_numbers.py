"""The numbers that the browser prints, against float64 torch."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from kdviz import losses
from kdviz.widgets import SoftTargets, bundle

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


def parts_by_hand(teacher, student, label, temperature):
    """Target part, 1 − p(y) and NCKD from two softmaxes: over {y, not y} and over the classes but y."""
    t, s = (torch.tensor(np.float32(z), dtype=torch.float64) / temperature for z in (teacher, student))
    rest = torch.arange(len(t)) != label
    two_t, two_s = (log_softmax(torch.stack([z[label], z[rest].logsumexp(0)]), 0) for z in (t, s))
    others_t, others_s = log_softmax(t[rest], 0), log_softmax(s[rest], 0)
    target = kl_div(two_s, two_t, reduction="sum", log_target=True)
    others = kl_div(others_s, others_t, reduction="sum", log_target=True)
    return [float(target), float(two_t[1].exp()), float(others)]


PARTS = """async ([text, cases]) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const { probeNumbers } = await import(address);
  return cases.map(([t, s, label, temperature]) => {
    const numbers = probeNumbers(Float32Array.from(t), Float32Array.from(s), label, temperature, 0.5);
    return { ...numbers.parts, kl: numbers.kl };
  });
}"""


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 100.0])
def test_the_divergence_falls_into_a_target_and_a_non_target_part(page, temperature):
    cases = [
        [t.astype(np.float32).tolist(), s.astype(np.float32).tolist(), label, temperature]
        for teacher, student in rows()
        for t, s in zip(teacher, student, strict=True)
        for label in (0, teacher.shape[1] - 1)
    ]
    told = page().evaluate(PARTS, [bundle.script(bundle.SHARED / "softmax.js"), cases])
    assert len(told) == 84
    for case, parts in zip(cases, told, strict=True):
        assert all(np.isfinite(list(parts.values())))
        got = [parts["target"], parts["rest"], parts["others"]]
        assert got == pytest.approx(parts_by_hand(*case), rel=1e-9, abs=1e-11)
        assert parts["nonTarget"] == pytest.approx(parts["rest"] * parts["others"], rel=1e-12, abs=1e-12)
        assert parts["target"] + parts["nonTarget"] == pytest.approx(parts["kl"], rel=1e-12, abs=1e-12)


def test_a_certain_teacher_leaves_no_non_target_part_and_no_number_that_is_none(page):
    sure = [[1e4, 0.0, -1e4], [0.0, 1e4, 1e4], 0, 0.5]
    alone = [[3.0], [-2.0], 0, 1.0]
    told = page().evaluate(PARTS, [bundle.script(bundle.SHARED / "softmax.js"), [sure, alone]])
    assert told[0]["nonTarget"] == told[0]["rest"] == 0
    assert told[0]["target"] == pytest.approx(2e4, rel=1e-4)
    assert np.isfinite(told[0]["others"])
    assert told[1] == {"target": 0, "rest": 0, "others": 0, "nonTarget": 0, "kl": 0}


@pytest.mark.parametrize("loss", ["soft_targets", "without_t2", "reverse_kl"])
def test_the_loss_printed_is_the_one_that_is_trained(mount, loss):
    rng = np.random.default_rng(5)
    teacher, student = 3 * rng.standard_normal((2, 1, 4)).astype(np.float32)
    page = mount(
        SoftTargets(
            classes=list("abcd"),
            teacher_logits=teacher,
            student_logits=student,
            labels=[2],
            temperature=3.0,
            alpha=0.7,
            loss=loss,
        )
    )
    t, s = (torch.tensor(z, dtype=torch.float64) for z in (teacher, student))
    soft = {
        "soft_targets": lambda: losses.soft_targets(s, t, 3.0),
        "without_t2": lambda: losses.soft_targets(s, t, 3.0, times_t_squared=False),
        "reverse_kl": lambda: losses.reverse_kl(s, t, 3.0),
    }[loss]()
    wanted = 0.7 * soft + 0.3 * losses.hard_labels(s, torch.tensor([2]))
    assert page.evaluate(READ)["loss"] == pytest.approx(float(wanted), rel=1e-6)
    formula = page.get_by_role("math")
    assert formula.get_by_text("T²").is_visible() == (loss != "without_t2")
    assert ("student and teacher" in formula.get_attribute("aria-label")) == (loss == "reverse_kl")


def test_printed_probabilities_follow_the_formats_of_a_small_and_a_certain_class(mount):
    logits = np.log(np.array([[0.5, 0.4969, 0.0031, 3e-7]]))
    opened = mount(SoftTargets(classes=list("abcd"), teacher_logits=logits, temperature=1.0))
    assert opened.locator(".kd-p-teacher").all_inner_texts() == ["0.50", "0.50", "0.003", "< 0.001"]
    sure = mount(SoftTargets(classes=list("ab"), teacher_logits=np.array([[20.0, 0.0]]), temperature=1.0))
    assert sure.locator(".kd-p-teacher").all_inner_texts() == ["> 0.99", "< 0.001"]


def test_outputs_that_are_not_finite_are_said_and_not_drawn(mount):
    student = np.array([[np.nan, 1.0]])
    opened = mount(SoftTargets(classes=list("ab"), teacher_logits=np.ones((1, 2)), student_logits=student, labels=[0]))
    assert "the student’s outputs are not finite numbers" in opened.locator(".kd-sentence").inner_text()
    assert opened.evaluate(READ)["loss"] is None
