"""Answers token by token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data import Examples, Splits
from kdviz.distill.terms import Outputs
from kdviz.distill.tokens import EVERYWHERE, places_in

from .conftest import same_weights
from .small_models import Reads, texts, trained
from .small_text import SYMBOLS, Causal, by_name, taught, text


def test_answers_token_by_token_are_learned_where_the_mask_lets_them_count():
    data = texts(each=True)
    taught = trained(kd.Distillation(None, Reads(32, each=True), data, kd.HardLabels(), epochs=40, learning_rate=0.05))
    splits = kd.data.splits(data)
    found = taught.evaluate("test")
    mask = splits.test.inputs()["attention_mask"].bool()
    assert found.examples == int(mask.sum()) and found.accuracy == 1.0
    run = kd.Distillation(taught.student.eval(), Reads(each=True), data, batch_size=32)
    batch = run._batches[0]
    ours, theirs = run.student(**batch.inputs)["logits"], taught.student(**batch.inputs)["logits"]
    counts = batch.inputs["attention_mask"].bool()
    expected = 0.9 * kd.losses.soft_targets(ours[counts], theirs[counts], 4.0)
    expected = expected + 0.1 * nn.functional.cross_entropy(ours[counts], batch.labels[counts])
    assert float(run.step().loss) == pytest.approx(expected.item(), rel=1e-5)


def test_token_labels_and_one_answer_an_example_do_not_go_together():
    with pytest.raises(ValueError, match="one label per token and the models one prediction per example"):
        kd.Distillation(None, Reads(), texts(each=True), kd.HardLabels())


# What counts in running text and answers


ON_LOGITS = [
    kd.SoftTargets(2.0),
    kd.SoftTargetsWithoutT2(2.0),
    kd.ReverseKL(2.0),
    kd.JensenShannon(2.0, 0.3),
    kd.Decoupled(2.0),
    kd.StandardizedSoftTargets(),
    kd.Correlation(),
    kd.FocusedSoftTargets(),
    kd.SoftCrossEntropy(),
    kd.LogitMSE(),
    kd.LogitHuber(),
    kd.FirstChoice(),
    kd.HardLabels(),
    kd.LabelSmoothing(0.1),
]
by_name_of = {"ids": lambda term: type(term).__name__}


@pytest.mark.parametrize("term", ON_LOGITS, **by_name_of)
def test_each_term_sees_the_tokens_that_have_a_label_as_plain_rows(term):
    data, teacher = text(), Causal(24, seed=3).eval()
    run = kd.Distillation(teacher, Causal(), data, 1.0 * term, batch_size=len(data.train))
    batch = run._batches[0]
    places = [(i, t) for i in range(20) for t in range(8) if batch.labels[i, t] >= 0]
    s, t = ([model(batch.inputs)[place] for place in places] for model in (run.student, teacher))
    y = torch.stack([batch.labels[place] for place in places])
    rows = Outputs(torch.stack(s), torch.stack(t), y, len(y))
    expected = term.value(rows, {k: float(v) for k, v in term.hyperparameters().items()})
    assert float(run.step().loss) == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("term", ON_LOGITS, **by_name_of)
def test_nothing_to_predict_is_a_loss_of_0_without_gradient_and_padding_is_never_looked_at(term):
    class Loud(Causal):
        """NaN and −∞ wherever nothing counts: after a 0, which is padding here."""

        def forward(self, ids):
            z = super().forward(ids)
            ruled_out = z.masked_fill(torch.arange(SYMBOLS) > 1, -torch.inf)
            return torch.where(padding(ids)[..., None], ruled_out, z)

    def padding(ids):
        return (ids == 0).to(torch.int64).cumsum(1) > 0

    ids = torch.tensor([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0], [1, 0, 0, 0, 0]] * 3)
    y = torch.where(padding(ids), -1, (ids + 1) % SYMBOLS)
    teacher, student = Loud(24, seed=3).eval(), Causal()
    data = Splits("padded", "Padded", tuple(map(str, range(SYMBOLS))), *(Examples(ids, y),) * 3)
    run = kd.Distillation(teacher, student, data, term + 0.5 * kd.SoftTargets(3.0), batch_size=9, epochs=3)
    run.train(progress=False)
    assert np.isfinite(run.history.rows).all()
    masked = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    masked["attention_mask"][3:] = 0  # a batch in which nothing counts

    class Named(Causal):
        def forward(self, input_ids, attention_mask):
            return super().forward(input_ids)

    data = replace(data, **dict.fromkeys(("train", "validation", "test"), Examples(masked, y)))
    run = kd.Distillation(Named(24, seed=3).eval(), Named(), data, 1.0 * term, batch_size=3, allow_weaker_teacher=True)
    quiet = run._batches[0]._replace(inputs={**run._batches[0].inputs, "attention_mask": torch.zeros(3, 5)})
    total, _ = run._training_step.gradient(quiet, [(1.0, {k: float(v) for k, v in term.hyperparameters().items()})])
    assert total.item() == 0 and all(p.grad is None or not p.grad.any() for p in run.student.parameters())


def test_sequences_of_one_token_and_half_precision_are_learned():
    ids = torch.arange(60)[:, None] % 5
    parts = [Examples(ids[i::3], (ids[i::3] + 1) % 5) for i in range(3)]
    data = Splits("single", "Single", tuple(map(str, range(SYMBOLS))), *parts)
    run = kd.Distillation(None, Causal(), data, kd.HardLabels(), epochs=60, learning_rate=0.05).train(progress=False)
    assert run.evaluate("test").accuracy == 1
    for dtype in (torch.bfloat16, torch.float16):

        class Half(Causal):
            def forward(self, ids):
                return super().forward(ids).to(dtype)  # noqa: B023

        whole, half = (
            kd.Distillation(Causal(24, seed=3).eval(), kind(), text(), 0.5 * term + 0.5 * kd.HardLabels())
            for kind in (Causal, Half)
            for term in (kd.JensenShannon(2.0),)
        )
        assert float(half.step().loss) == pytest.approx(float(whole.step().loss), rel=2e-2)
        assert half.evaluate("test").nll == pytest.approx(whole.evaluate("test").nll, rel=2e-2)


def test_without_a_single_label_all_of_a_sequence_counts():
    y = torch.tensor([[-1, 5, 7, -1], [-1, -1, -1, -1]])
    assert places_in(None, y).tolist() == [1, 2, 4, 5, 6, 7]
    mask = torch.tensor([[1, 1, 0, 0], [1, 0, 0, 0]])
    assert places_in(mask, y).tolist() == [1, 4]
    assert places_in(None, y[:1, 1:3]) == EVERYWHERE and places_in(None, None) == EVERYWHERE
    data = kd.schemes.without_labels(text(answers=False))
    run = kd.Distillation(Causal(24, seed=3).eval(), Causal(), data, 1.0 * kd.SoftTargets(1.0), batch_size=20)
    x = run._batches[0].inputs
    s, t = run.student(x).flatten(0, 1), run.teacher(x).flatten(0, 1)
    assert float(run.step().loss) == pytest.approx(kd.losses.soft_targets(s, t, 1.0).item(), rel=1e-5)


def test_history_snapshots_branches_and_evaluation_hold_for_text(tmp_path):
    data, teacher = text(240), taught(epochs=15)

    def begun():
        return kd.Distillation(
            teacher, Causal(dropout=0.1), data, 0.8 * kd.JensenShannon(2.0, 0.3) + 0.2 * kd.HardLabels(), batch_size=16,
            epochs=6, learning_rate=1e-2, snapshot_every=7,
        )  # fmt: skip

    run = begun().train(progress=False)
    assert same_weights(run.branch(9).train(progress=False).student, run.student)
    early = run.at(10)
    found = run.evaluate("test")
    student = run.student.eval()
    right = same = counted = 0
    for x, labels in zip(data.test.x, data.test.y, strict=True):
        for place in (labels >= 0).nonzero().flatten().tolist():
            z, u = (model(x[None, : place + 1])[0, -1].argmax() for model in (student, teacher))
            right, same, counted = right + int(z == labels[place]), same + int(z == u), counted + 1
    assert (found.examples, found.errors) == (counted, counted - right)
    assert found.agreement == same / counted
    half = begun()
    for _ in range(10):
        half.step()
    assert same_weights(half.student, early)
    half.save(tmp_path / "run")
    loaded = kd.Distillation.load(tmp_path / "run", teacher=teacher, student=Causal(dropout=0.1), data=data)
    assert same_weights(loaded.train(progress=False).student, run.student)


def test_answers_that_are_too_many_to_keep_are_asked_for_piece_by_piece(monkeypatch):
    data, teacher = text(240), Causal(24, seed=3).eval()
    runs = []
    for room in (2**30, 1000):
        for module in ("step", "distillation"):
            monkeypatch.setattr(f"kdviz.distill.{module}.LOGIT_BYTES", room)
        run = kd.Distillation(teacher, Causal(), data, 1.0 * kd.SoftTargets(1.0), epochs=2, batch_size=10)
        runs.append(run.train(progress=False))
    assert runs[1].asks_each_step and not runs[0].asks_each_step and not runs[1].teacher._cache
    assert runs[0].evaluate("test") == runs[1].evaluate("test")
    assert same_weights(runs[0].student, runs[1].student)


def test_other_vocabularies_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="the teacher has 9 classes and the student 7"):
        kd.Distillation(Causal(24, symbols=9).eval(), Causal(), text(), 1.0 * kd.SoftTargets())


class ByName(Causal):
    """A model of text that is given a mask, and has no numbers where it leaves a token out."""

    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids).masked_fill(attention_mask[..., None] == 0, torch.nan)


@pytest.mark.parametrize("left_out", ["ends", "rows", "training", "validation"])
def test_a_mask_may_leave_out_rows_and_ends_but_not_everything(left_out):
    data, teacher = by_name(text()), ByName(16, seed=3).eval()
    for part in (data.train, data.validation):
        part.x["attention_mask"][:, 6:] = 0
    data.train.x["attention_mask"][:8] = 0 if left_out != "ends" else 1
    refused = getattr(data, {"training": "train"}.get(left_out, left_out), None)
    if refused is not None:
        refused.x["attention_mask"][:] = 0
    objective = 0.5 * kd.JensenShannon(2.0) + 0.5 * kd.HardLabels()
    if left_out == "training":
        with pytest.raises(ValueError, match=r"no token of the training part of Text counts, as its attention_mask"):
            kd.Distillation(teacher, ByName(), data, objective)
        return
    run = kd.Distillation(teacher, ByName(), data, objective, batch_size=4, epochs=1)
    if left_out == "validation":
        with pytest.raises(ValueError, match=r"no labelled token of the validation split counts"):
            run.train(progress=False)
        return
    run.train(progress=False)
    assert bool(torch.tensor(run.history.rows[:, 0]).isfinite().all())
    assert all(bool(p.isfinite().all()) for p in run.student.parameters())
