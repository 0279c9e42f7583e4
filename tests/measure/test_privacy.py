"""Membership inference: the curve and its area against scikit-learn, intervals against simulation, planted memories."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn

from kdviz import data, models
from kdviz.measure import privacy
from kdviz.models import inference


def scores(rng, m=300, n=400, shift=0.5, ties=False):
    pos, neg = rng.normal(shift, 1, m), rng.normal(0, 1, n)
    return (pos.round(1), neg.round(1)) if ties else (pos, neg)


@pytest.mark.parametrize("ties", [False, True])
def test_the_curve_and_its_area_are_scikit_learns(ties):
    pos, neg = scores(np.random.default_rng(0), ties=ties)
    found = privacy.membership(pos, neg)
    y = np.r_[np.ones(len(pos)), np.zeros(len(neg))]
    fpr, tpr, _ = roc_curve(y, np.r_[pos, neg], drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive_rate, fpr, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.true_positive_rate, tpr, rtol=0, atol=1e-12)
    assert abs(found.auc - roc_auc_score(y, np.r_[pos, neg])) < 1e-12
    assert found.tpr == tpr[fpr <= 0.01].max()


@pytest.mark.parametrize(("shift", "m"), [(0.0, 400), (1.0, 150), (3.0, 150)])
def test_intervals_cover_what_they_claim(shift, m):
    """Normal scores: the area is Φ(shift / √2), the true positives at 1 % Φ(shift − z₉₉)."""
    rng, runs, n = np.random.default_rng(2), 400, 400
    auc, tpr = norm.cdf(shift / math.sqrt(2)), norm.sf(norm.ppf(0.99) - shift)
    held = np.zeros(3)
    for _ in range(runs):
        pos, neg = scores(rng, m, n, shift)
        found = privacy.membership(pos, neg)
        other = pos + rng.normal(0, 0.5, m), neg + rng.normal(0, 0.5, n)  # noisier: its area is smaller
        truth = auc - norm.cdf(shift / math.sqrt(2 * 1.25))
        difference = privacy.auc_difference((pos, neg), other)
        held += (
            found.auc_low <= auc <= found.auc_high,
            found.tpr_low <= tpr <= found.tpr_high,
            difference.low <= truth <= difference.high,
        )
    assert (held / runs >= 0.925).all() and held[1] / runs >= 0.97, held / runs


def memory():
    """A model of 40 features that has learned 200 examples by heart, whose labels say nothing of new ones."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(1400, 40, generator=generator), torch.randint(3, (1400,), generator=generator)
    model = nn.Sequential(nn.Linear(40, 300), nn.ReLU(), nn.Linear(300, 3))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        for layer in model[::2]:
            layer.reset_parameters()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[:200]), y[:200]).backward()
        optimizer.step()
    return model.eval(), data.Examples(x, y)


def found_in(model, examples):
    own = privacy.loss_score(inference.logits(model, examples), examples.y)
    return privacy.membership(own[:200], own[200:])


def test_a_model_that_memorised_is_found_and_one_that_did_not_is_not():
    model, examples = memory()
    found = found_in(model, examples)
    assert found.leaks and found.auc_low > 0.9
    assert found.sentence("twin").startswith("An attack on the twin tells members from others: AUC 0.9")
    fresh = nn.Sequential(nn.Linear(40, 300), nn.ReLU(), nn.Linear(300, 3)).eval()
    for layer in fresh[::2]:
        nn.init.normal_(layer.weight, 0, 0.1, generator=torch.Generator().manual_seed(3))
        nn.init.zeros_(layer.bias)
    clean = found_in(fresh, examples)
    assert not clean.leaks and clean.auc_low < 0.5 < clean.auc_high
    assert clean.sentence("teacher").startswith("No leak of the teacher found: AUC 0.")
    # the two beside each other, on the same examples
    own = [privacy.loss_score(inference.logits(one, examples), examples.y) for one in (model, fresh)]
    difference = privacy.auc_difference(*((s[:200], s[200:]) for s in own))
    assert difference.verdict == "more" and "leaks more than the twin" in difference.sentence()
    back = privacy.auc_difference(*((s[:200], s[200:]) for s in reversed(own)))
    assert back.verdict == "less" and back.value == -difference.value


def test_the_memorising_teacher_leaks_its_thousand_images_and_the_good_one_does_not():
    """The shipped teachers; the good one has seen these images too, among 54,000 others."""
    digits = data.mnist()
    seen, new = digits.with_labels(1000).train, digits.test.take(slice(0, 1000))
    found = {}
    for name in ("mnist-mlp-overfit", "mnist-mlp-1200"):
        model = models.pretrained(name)
        found[name] = privacy.membership(
            *(privacy.loss_score(inference.logits(model, part), part.y) for part in (seen, new))
        )
    heart, good = found["mnist-mlp-overfit"], found["mnist-mlp-1200"]
    assert heart.leaks and heart.auc_low > good.auc_high


def test_difficulty_calibration_finds_what_the_loss_hides():
    """Hard and easy examples, and a loss lowered a little for members: by less than these differ."""
    rng = np.random.default_rng(4)
    difficulty = rng.exponential(2, 2000)
    own = -difficulty + np.r_[np.full(1000, 0.3), np.zeros(1000)] + rng.normal(0, 0.1, 2000)
    references = [-difficulty + rng.normal(0, 0.1, 2000) for _ in range(4)]
    plain = privacy.membership(own[:1000], own[1000:])
    s = privacy.calibrated_score(own, references)
    calibrated = privacy.membership(s[:1000], s[1000:])
    assert plain.auc < 0.65 < 0.95 < calibrated.auc and calibrated.tpr_low > 10 * plain.at > calibrated.at


def test_what_does_not_fit_is_said_in_a_sentence():
    z, y = torch.zeros(3, 2), torch.tensor([0, 1, -1])
    for call, says in (
        (lambda: privacy.loss_score(z, y), "y must be the class of each example, from 0 to 1"),
        (lambda: privacy.loss_score(z, y[:2]), r"shapes \(N, C\) and \(N,\), got \(3, 2\) and \(2,\)"),
        (lambda: privacy.loss_score(z * math.nan, y.abs()), "logits must be numbers, got nan"),
        (lambda: privacy.membership(np.zeros(1), np.zeros(3)), r"members must be scores of shape \(n,\), n ≥ 2"),
        (lambda: privacy.membership(np.zeros(3), np.zeros(3), at=1), "at must lie between 0 and 1"),
        (lambda: privacy.calibrated_score(np.zeros(3), []), r"references must be one or more scores .* got none"),
        (
            lambda: privacy.auc_difference((np.zeros(3), np.zeros(3)), (np.zeros(2), np.zeros(3))),
            "both scores must be of the same examples, got 3 positives and 3 negatives and 2 positives",
        ),
    ):
        with pytest.raises(ValueError, match=says):
            call()
