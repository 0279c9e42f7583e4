"""Fidelity: against scipy, torch and scikit-learn, and by counting."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix

from kdviz.measure import fidelity as module
from kdviz.measure.fidelity import CELLS, fidelity

seeds = st.integers(0, 2**31)


def drawn(seed, n=60, c=5, ties=False):
    """Return teacher logits, student logits that resemble them, and labels that both get right now and then."""
    random = np.random.default_rng(seed)
    t = 2 * random.standard_normal((n, c))
    s = t + 1.5 * random.standard_normal((n, c))
    y = np.where(random.random(n) < 0.5, t.argmax(1), random.integers(c, size=n))
    return (t.round(), s.round(), y) if ties else (t, s, y)


@given(seeds, st.sampled_from([0.5, 1.0, 4.0]))
def test_the_divergence_is_that_of_scipy_and_of_torch(seed, T):
    t, s, _ = drawn(seed)
    f = fidelity(t, s, temperature=T)
    p, q = scipy.special.softmax(t / T, axis=1), scipy.special.softmax(s / T, axis=1)
    np.testing.assert_allclose(f.kl_each, scipy.stats.entropy(p, q, axis=1), rtol=1e-9, atol=1e-12)
    log_p, log_q = (torch.log_softmax(torch.tensor(z) / T, dim=1) for z in (t, s))
    theirs = torch.nn.functional.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    assert f.kl == pytest.approx(theirs.item(), rel=1e-9)


@given(seeds, st.booleans())
def test_the_rank_agreement_is_spearmans_of_each_example(seed, ties):
    t, s, _ = drawn(seed, n=12, c=7, ties=ties)
    f = fidelity(t, s)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.stats.ConstantInputWarning)
        theirs = [scipy.stats.spearmanr(a, b).statistic for a, b in zip(t, s, strict=True)]
    np.testing.assert_allclose(f.rank_each, theirs, atol=1e-12)
    assert f.rank_agreement == pytest.approx(np.nanmean(theirs), abs=1e-12)


def test_a_thousand_classes_are_ranked_in_blocks(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 20_000)  # blocks of 20, 20 and 10 examples
    t, s, y = drawn(1, n=50, c=1000)
    f = fidelity(torch.tensor(t).float(), torch.tensor(s).float(), torch.tensor(y))
    pairs = zip(t.astype(np.float32), s.astype(np.float32), strict=True)
    np.testing.assert_allclose(f.rank_each, [scipy.stats.spearmanr(a, b).statistic for a, b in pairs], atol=1e-12)
    assert len(f.classes) == 1000 and sum(c.n for c in f.classes) == 50
    assert len(f.frame()) == 12 + 5 * 1000


def test_ranks_are_those_of_the_logits_at_any_temperature():
    t, s, _ = drawn(2)
    assert fidelity(t, s, temperature=7.0).rank_each.tolist() == fidelity(t, s).rank_each.tolist()
    assert fidelity(t, 3 * t + 1).rank_agreement == pytest.approx(1, abs=1e-12)
    assert fidelity(t, -t).rank_agreement == pytest.approx(-1, abs=1e-12)


def test_an_example_without_a_ranking_is_left_out_of_the_mean():
    t, s = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), np.array([[3.0, 2.0, 1.0], [5.0, 5.0, 5.0]])
    f = fidelity(t, s)
    assert f.rank_each[0] == pytest.approx(-1) and math.isnan(f.rank_each[1])
    assert f.rank_agreement == pytest.approx(-1)
    assert math.isnan(fidelity(t, np.zeros((2, 3))).rank_agreement)


@given(seeds)
def test_cells_accuracies_and_agreement_are_counted(seed):
    t, s, y = drawn(seed, ties=True)
    y[::7] = -1
    f, known = fidelity(t, s, y), y >= 0
    a, b = t.argmax(1), s.argmax(1)  # the first of equals
    assert (f.n, f.n_labelled) == (60, known.sum())
    assert f.teacher_accuracy == pytest.approx(accuracy_score(y[known], a[known]), rel=1e-12)
    assert f.student_accuracy == pytest.approx(accuracy_score(y[known], b[known]), rel=1e-12)
    both = confusion_matrix((a == y)[known], (b == y)[known], labels=[True, False])
    counts = [f.both_right, f.errors_new, f.errors_corrected, f.errors_inherited]
    assert counts == both.flatten().tolist()
    assert f.same_error == sum(i == j != k for i, j, k in zip(a, b, y, strict=True) if k >= 0)
    assert f.agreed == (a == b).sum() and f.agreement == f.agreed / 60
    assert f.agreed >= f.both_right + f.same_error
    assert [len(f.cell(name)) for name in CELLS] == counts
    assert sorted(np.concatenate([f.cell(name) for name in CELLS])) == np.flatnonzero(known).tolist()


def test_a_cell_holds_the_examples_that_its_name_says():
    right, wrong, other = [9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]
    t, s = [right, right, wrong, wrong, wrong, right], [right, wrong, right, wrong, other, other]
    f = fidelity(t, s, [0, 0, 0, 0, 0, -1])
    cells = {name: f.cell(name).tolist() for name in CELLS}
    assert cells == {"both_right": [0], "errors_new": [1], "errors_corrected": [2], "errors_inherited": [3, 4]}
    assert (f.same_error, f.agreed, f.cells.tolist()) == (1, 2, [0, 1, 2, 3, 3, -1])


def test_classes_are_those_of_the_true_labels():
    t, s, y = drawn(3, n=200)
    y[y == 4] = -1  # a class without examples
    f = fidelity(t, s, y, temperature=2.0)
    for c in f.classes[:4]:
        alone = fidelity(t[y == c.index], s[y == c.index], y[y == c.index], temperature=2.0)
        assert c.n == alone.n == (y == c.index).sum()
        ours = (c.teacher_accuracy, c.student_accuracy, c.agreement, c.kl)
        assert ours == pytest.approx(
            (alone.teacher_accuracy, alone.student_accuracy, alone.agreement, alone.kl), rel=1e-12
        )
    empty = f.classes[4]
    assert (empty.index, empty.n) == (4, 0)
    assert all(math.isnan(v) for v in (empty.teacher_accuracy, empty.student_accuracy, empty.agreement, empty.kl))


def test_the_frame_is_tidy_and_holds_the_same_numbers():
    t, s, y = drawn(4)
    f = fidelity(t, s, y)
    table = f.frame()
    assert table.columns.tolist() == ["measure", "model", "class", "value"]
    assert (str(table["class"].dtype), str(table["value"].dtype)) == ("Int64", "float64")
    assert not table.duplicated(["measure", "model", "class"]).any()
    whole = table[table["class"].isna()].set_index(["measure", "model"])["value"]
    assert whole["kl", "both"] == f.kl and whole["accuracy", "student"] == f.student_accuracy
    assert whole["errors_new", "both"] == f.errors_new and whole["same_error", "both"] == f.same_error
    by_class = table[(table.measure == "accuracy") & (table.model == "teacher") & table["class"].notna()]
    assert by_class["class"].tolist() == list(range(5))
    assert by_class["value"].tolist() == [c.teacher_accuracy for c in f.classes]
    n = table[(table.measure == "n") & table["class"].notna()]["value"]
    assert n.sum() == 60


def test_without_labels_there_is_agreement_but_no_accuracy():
    t, s, _ = drawn(5)
    for f in (fidelity(t, s), fidelity(t, s, np.full(60, -1))):
        absent = (f.teacher_accuracy, f.student_accuracy, f.both_right, f.errors_new, f.errors_inherited, f.same_error)
        assert absent == (None,) * 6 and f.classes == () and f.n_labelled == 0
        assert f.agreed == (t.argmax(1) == s.argmax(1)).sum()
        assert f.frame()["measure"].tolist() == ["n", "n_labelled", "agreement", "kl", "rank_agreement"]
        assert f.sentence().endswith("of 60 examples. Without labels, nobody can say who is right.")
        with pytest.raises(ValueError, match="no example has a label"):
            f.cell("errors_new")


def test_the_sentence_holds_the_counts():
    right, wrong, other = [9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]
    t = [right] * 931 + [right] * 31 + [wrong] * 12 + [wrong] * 26
    s = [right] * 931 + [wrong] * 31 + [right] * 12 + [wrong] * 12 + [other] * 14
    assert fidelity(t, s, [0] * 1000).sentence() == (
        "The student agrees with the teacher on 943 of 1,000 examples. It makes 31 new errors, shares 26 with the "
        "teacher and fixes 12."
    )
    assert fidelity(t, s, [0] * 962 + [-1] * 38).sentence() == (
        "The student agrees with the teacher on 943 of 1,000 examples. On the 962 with a label it makes 31 new errors, "
        "shares 0 with the teacher and fixes 0."
    )


def test_a_model_agrees_with_itself():
    t, _, y = drawn(6)
    f = fidelity(t, t, y)
    assert (f.agreement, f.errors_new, f.errors_corrected, f.same_error) == (1, 0, 0, f.errors_inherited)
    assert f.kl == 0 and f.rank_agreement == pytest.approx(1, abs=1e-12)


def test_five_examples_of_one_class_are_enough():
    f = fidelity(np.eye(3)[[0, 0, 1, 2, 0]], np.eye(3)[[0, 1, 1, 2, 2]], [0] * 5)
    assert (f.both_right, f.errors_new, f.errors_corrected, f.errors_inherited, f.same_error) == (1, 2, 0, 2, 2)
    assert [c.n for c in f.classes] == [5, 0, 0]


def test_logits_far_apart_give_a_finite_divergence():
    f = fidelity([[0.0, 1e4, -1e4]], [[1e4, 0.0, -1e4]])
    assert f.kl == pytest.approx(1e4)
    with pytest.raises(ValueError, match=r"logits of up to 1e\+38 at temperature 1e-300 are beyond float64"):
        fidelity(torch.tensor([[0.0, 1e38]]), torch.zeros(1, 2), temperature=1e-300)


def test_tensors_with_a_gradient_are_taken_and_results_cannot_be_changed():
    t, s, y = (torch.tensor(each) for each in drawn(7))
    f = fidelity(t.requires_grad_(), s.bfloat16(), y)
    assert f.kl > 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        f.kl = 0.0
    with pytest.raises(ValueError, match="read-only"):
        f.kl_each[0] = 0.0


TWO = [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(("t", "s", "y", "says"), [
    (np.zeros((0, 2)), np.zeros((0, 2)), None, r"teacher logits must have shape \(examples, classes\) with at least 1"),
    (np.zeros((2, 1)), np.zeros((2, 1)), None, r"at least 1 example and 2 classes, got \(2, 1\)"),
    ([0.0, 1.0], TWO, None, r"teacher logits must have shape .* got \(2,\)"),
    (TWO, [[0.0, 1.0]], None, r"must have the same shape .* got \(2, 2\) and \(1, 2\)"),
    (TWO, [[0.0, 1.0], [math.nan, 0.0]], None, "student logits must be finite, got nan or inf in 1 of 2 .* example 1;"),
    ([[0.0, math.inf], [1.0, 0.0]], TWO, None, "teacher logits must be finite, got nan or inf in 1 of 2"),
    (TWO, TWO, [0], r"y must hold one label for each of 2 examples, got shape \(1,\)"),
    (TWO, TWO, [0, 2], r"labels must be in \[-1, 1\] for 2 classes \(-1: unknown\), got 0 to 2"),
    (TWO, TWO, [-2, 1], r"labels must be in .* got -2 to 1"),
    (TWO, TWO, [0.0, 1.0], "y must hold whole numbers, one class index per example, got float32"),
])  # fmt: skip
def test_what_cannot_be_compared_is_said_in_a_sentence(t, s, y, says):
    with pytest.raises(ValueError, match=says):
        fidelity(t, s, y)


def test_a_wrong_temperature_or_cell_is_said_in_a_sentence():
    with pytest.raises(ValueError, match="temperature must be a finite number > 0, got 0"):
        fidelity(TWO, TWO, temperature=0)
    with pytest.raises(ValueError, match=r"cell must be one of both_right, errors_new, .* got 'new'"):
        fidelity(TWO, TWO, [0, 1]).cell("new")


def test_measuring_loads_no_pandas_sklearn_or_scipy_stats():
    use = (
        "import sys, kdviz.measure.fidelity as f, kdviz.measure.calibration as c; z = [[0., 1.], [1., 0.]]; "
        "f.fidelity(z, z, [1, 1]); c.calibration(z, [1, 1]); c.fit_temperature(z, [1, 1])"
    )
    code = f"{use}; sys.exit(bool({{'pandas', 'scipy.stats', 'sklearn', 'plotly'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
