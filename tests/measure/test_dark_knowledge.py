"""Dark knowledge in numbers: identities, autograd, extremes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from kdviz.losses import hard_labels, reverse_kl, soft_targets
from kdviz.measure import dark_knowledge as dark

LOSSES = {
    "soft_targets": soft_targets,
    "without_t2": lambda s, t, temperature, **how: soft_targets(s, t, temperature, times_t_squared=False, **how),
    "reverse_kl": reverse_kl,
}


def logits(seed, n=7, c=5, size=3.0):
    generator = torch.Generator().manual_seed(seed)
    return size * torch.randn(n, c, generator=generator, dtype=torch.float64)


def labels(n=7, c=5):
    return torch.arange(n) % c


def test_mean_soft_targets_are_the_means_of_each_true_class():
    z, y = logits(0), torch.tensor([0, 2, 0, -1, 2, 2, 4])
    means = dark.mean_soft_targets(z, y, 4.0, 5)
    for c in (0, 2, 4):
        torch.testing.assert_close(means[c], torch.stack([(row / 4).softmax(0) for row in z[y == c]]).mean(0))
    assert means[[1, 3]].isnan().all(), "no example of these classes"
    torch.testing.assert_close(means[[0, 2, 4]].sum(1), torch.ones(3, dtype=torch.float64))


def test_nearest_classes_leave_out_the_class_itself_and_classes_without_examples():
    means = torch.tensor([[0.8, 0.05, 0.15], [math.nan] * 3, [0.3, 0.6, 0.1]])
    assert dark.nearest_classes(means).tolist() == [[2, 1], [-1, -1], [1, 0]]


def test_of_equally_near_classes_the_lower_index_comes_first():
    assert dark.nearest_classes(torch.full((4, 4), 0.25)).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1]]


@given(st.integers(0, 10_000), st.floats(0.3, 100))
def test_entropy_is_between_none_and_that_of_equal_classes(seed, temperature):
    h = dark.entropy_bits(logits(seed, size=20.0), temperature)
    assert (h >= 0).all() and (h <= math.log2(5) + 1e-12).all()


def test_entropy_and_mass_against_torch_distributions():
    z, y = logits(1), labels()
    p = torch.distributions.Categorical(logits=z / 2.5)
    torch.testing.assert_close(dark.entropy_bits(z, 2.5), p.entropy() / math.log(2))
    torch.testing.assert_close(dark.non_target_mass(z, y, 2.5), 1 - p.probs[torch.arange(7), y])


def test_a_mass_far_below_rounding_beside_one_is_kept():
    z = torch.tensor([[60.0, 0.0, 0.0]])
    assert dark.non_target_mass(z, torch.tensor([0]), 1.0).item() == pytest.approx(2 * math.exp(-60), rel=1e-12)


@given(st.integers(0, 10_000), st.floats(0.3, 100), st.sampled_from([2, 3, 10]))
def test_the_parts_of_the_divergence_are_positive_and_sum_to_it(seed, temperature, c):
    s, t, y = logits(seed, c=c), logits(seed + 1, c=c), labels(c=c)
    target, non_target = dark.kl_parts(s, t, y, temperature)
    log_p, log_q = log_softmax(t / temperature, 1), log_softmax(s / temperature, 1)
    kl = kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
    assert (target >= 0).all() and (non_target >= 0).all()
    torch.testing.assert_close(target + non_target, kl, rtol=1e-9, atol=1e-12)


def test_the_parts_are_those_of_decoupled_distillation():
    s, t, y = logits(3), logits(4), labels()
    target, non_target = dark.kl_parts(s, t, y, 2.0)
    p, q = (t / 2).softmax(1), (s / 2).softmax(1)
    for i, c in enumerate(y.tolist()):
        binary_p, binary_q = torch.stack([p[i, c], 1 - p[i, c]]), torch.stack([q[i, c], 1 - q[i, c]])
        rest = torch.arange(5) != c
        hat_p, hat_q = p[i, rest] / (1 - p[i, c]), q[i, rest] / (1 - q[i, c])
        assert target[i].item() == pytest.approx((binary_p * (binary_p / binary_q).log()).sum().item())
        nckd = (hat_p * (hat_p / hat_q).log()).sum()
        assert non_target[i].item() == pytest.approx(((1 - p[i, c]) * nckd).item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_parts_stay_finite_for_huge_logits(dtype):
    s = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [0.0, 0.0, 0.0]], dtype=dtype)
    for t in (s, s.flip(0), -s):
        for y in (torch.tensor([0, 1, 2]), torch.tensor([1, 0, 0])):
            target, non_target = dark.kl_parts(s, t, y, 0.5)
            assert target.isfinite().all() and non_target.isfinite().all()
            assert all(norms.isfinite().all() for norms in dark.gradient_norms(s, t, y, 0.5, "reverse_kl"))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 100.0])
def test_gradient_norms_are_those_of_autograd(loss, temperature):
    s, t, y = logits(5).requires_grad_(), logits(6), labels()
    (soft_gradient,) = torch.autograd.grad(LOSSES[loss](s, t, temperature, reduction="none").sum(), s)
    (hard_gradient,) = torch.autograd.grad(hard_labels(s, y, reduction="none").sum(), s)
    soft, hard = dark.gradient_norms(s.detach(), t, y, temperature, loss)
    torch.testing.assert_close(soft, soft_gradient.norm(dim=1), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(hard, hard_gradient.norm(dim=1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_share_weighs_the_mean_lengths(loss):
    s, t, y = logits(7), logits(8), torch.tensor([0, 1, 2, 3, 4, -1, -1])
    soft, hard = dark.gradient_norms(s, t, y, 4.0, loss)
    g, h = soft[:5].mean(), hard[:5].mean()
    assert dark.gradient_share(s, t, y, 4.0, 0.9, loss) == pytest.approx((0.9 * g / (0.9 * g + 0.1 * h)).item())
    assert dark.gradient_share(s, t, y, 4.0, 0.0, loss) == 0
    assert dark.gradient_share(s, t, y, 4.0, 1.0, loss) == 1


def test_without_t_squared_the_share_falls_as_the_temperature_rises():
    s, t, y = logits(9, n=50), logits(10, n=50), labels(n=50)
    shares = [dark.gradient_share(s, t, y, temperature, 0.5, "without_t2") for temperature in (2, 8, 32)]
    assert shares[0] > shares[1] > shares[2]
    assert shares[2] < 0.05 < dark.gradient_share(s, t, y, 32, 0.5)


def test_both_ways_round_agree_near_the_teacher():
    t, y = logits(11), labels()
    s = t + 1e-4 * logits(12)
    forward, backward = dark.gradient_share(s, t, y, 4.0, 0.9), dark.gradient_share(s, t, y, 4.0, 0.9, "reverse_kl")
    assert forward == pytest.approx(backward, rel=1e-3)


def test_examples_without_a_label_have_no_numbers_of_their_label():
    s, t, y = logits(13, n=2), logits(14, n=2), torch.tensor([1, -1])
    for values in (dark.non_target_mass(s, y, 4.0), *dark.kl_parts(s, t, y, 4.0), dark.gradient_norms(s, t, y, 4.0)[1]):
        assert values.isnan().tolist() == [False, True]
    assert dark.gradient_norms(s, t, y, 4.0)[0].isfinite().all()
    assert math.isnan(dark.gradient_share(s, t, torch.tensor([-1, -1]), 4.0, 0.9))


def test_a_student_equal_to_the_teacher_and_to_the_labels_has_no_share():
    s, y = torch.tensor([[2e4, 0.0]]), torch.tensor([0])
    assert cross_entropy(s, y).item() == 0
    assert math.isnan(dark.gradient_share(s, s, y, 4.0, 0.9))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda z, y: dark.mean_soft_targets(z, y, 0.0, 5), "temperature must be a finite number > 0, got 0.0"),
        (
            lambda z, y: dark.mean_soft_targets(z, y, 1.0, 4),
            "expected logits with 4 columns, one for each",
        ),
        (lambda z, y: dark.non_target_mass(z, y[:3], 1.0), "one label for each of 7 examples"),
        (lambda z, y: dark.non_target_mass(z, y + 1, 1.0), r"labels must be in \[-1, 4\]"),
        (lambda z, y: dark.entropy_bits(z[0], 1.0), r"shape \(examples, classes\), got \(5,\)"),
        (lambda z, y: dark.kl_parts(z, z[:, :4], y, 1.0), "over the same classes"),
        (lambda z, y: dark.kl_parts(z[:, :1], z[:, :1], 0 * y, 1.0), "at least 2 classes, got 1"),
        (lambda z, y: dark.gradient_share(z, z, y, 1.0, 1.5), r"alpha must lie in \[0, 1\]"),
        (lambda z, y: dark.gradient_norms(z, z, y, 1.0, "kl"), "reverse_kl, first_choice, got 'kl'"),
        (lambda z, y: dark.nearest_classes(z), r"\(classes, classes\), got \(7, 5\)"),
        (lambda z, y: dark.nearest_classes(z[:5], count=5), "from 1 to 4 for 5 classes, got 5"),
    ],
)
def test_what_does_not_fit_is_answered_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(logits(0), labels())
