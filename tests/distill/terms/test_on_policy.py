"""Terms on the student's own text: values, gradients, repeatability."""

from __future__ import annotations

import copy
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill.own_text import written
from kdviz.distill.schemes import as_written
from kdviz.distill.terms.on_policy import Mixed, minillm

from ..conftest import same_weights
from ..small_text import END, SYMBOLS, Causal, by_name, taught, text


@pytest.fixture(scope="module")
def teacher():
    return taught(epochs=15)


def fixed(term, ids):
    """The term, with what the student writes set to be ids."""

    class Fixed(type(term)):
        def writer(self, outputs, seed, hyper):
            return lambda given, tokens: torch.cat(
                (given, ids[: len(given), given.shape[1] : given.shape[1] + tokens]), 1
            )

    return Fixed(**{f.name: getattr(term, f.name) for f in fields(term)})


def first_batch(term, teacher, data, **more):
    run = kd.Distillation(teacher, Causal(), data, term, batch_size=len(data.train), seed=1, **more)
    return run, run._batches[0]


DIVERGENCE = {
    "forward": lambda p, q: sum(a * np.log(a / b) for a, b in zip(p, q, strict=True)),
    "reverse": lambda p, q: sum(b * np.log(b / a) for a, b in zip(p, q, strict=True)),
}


def jensen_shannon(p, q, beta=0.3):
    m = [beta * a + (1 - beta) * b for a, b in zip(p, q, strict=True)]
    return beta * DIVERGENCE["forward"](p, m) + (1 - beta) * DIVERGENCE["forward"](q, m)


@pytest.mark.parametrize("divergence", ["forward", "reverse", "jensen_shannon"])
@pytest.mark.parametrize("own", [0.0, 1.0])
def test_the_loss_is_that_of_a_plain_loop(teacher, divergence, own):
    data, T = text(30), 2.0
    ids = torch.randint(0, SYMBOLS, (10, 9), generator=torch.Generator().manual_seed(2))
    term = fixed(kd.OnPolicy(T, own, 0.3, divergence=divergence), ids)
    run, batch = first_batch(term, teacher, data)
    x, y = batch.inputs, batch.labels
    if own:
        x, y = written(term.writer(None, 0, {}), x, y)
    distance = DIVERGENCE.get(divergence, jensen_shannon)
    total, tokens = 0.0, 0
    student = copy.deepcopy(run.student).eval()
    for row, labels in zip(x, y, strict=True):
        for t in range(len(row)):
            if labels[t] >= 0:
                p, q = ((m(row[None, : t + 1])[0, -1].double() / T).softmax(0).tolist() for m in (teacher, student))
                total, tokens = total + T * T * distance(p, q), tokens + 1
    assert float(run.step().loss) == pytest.approx(total / tokens, rel=1e-4)


def test_the_share_of_steps_on_own_text_is_lambda_and_live(teacher):
    data = text(60)
    seen = []

    class Counting(kd.OnPolicy):
        def own_text(self, *given):
            seen.append(True)
            return super().own_text(*given)

    run = kd.Distillation(teacher, Causal(), data, 1.0 * Counting(own=0.25), batch_size=2, epochs=12)
    seen.clear()
    run.train(progress=False, evaluate=False)
    assert run.steps_done == 120 and 15 <= len(seen) <= 45  # 30 expected, sd 4.7
    seen.clear()
    run.edit(own=0.0)
    run.train(1, progress=False, evaluate=False)
    assert not seen
    run.edit(own=1.0)
    run.train(1, progress=False, evaluate=False)
    assert len(seen) == 10 and run.history.edits[-2].name == "own"


@pytest.mark.parametrize(
    "term",
    [kd.OnPolicy(own=0.5, end=END), kd.OnPolicy(own=1.0, every=3, divergence="reverse"), kd.MiniLLM(end=END, every=2)],
    ids=["gkd", "reverse, every third", "minillm"],
)
def test_a_run_repeats_itself_bit_for_bit_from_any_step_and_from_a_file(teacher, term, tmp_path):
    data, weights = text(), {k: v.clone() for k, v in teacher.state_dict().items()}
    objective = 0.9 * term + 0.1 * kd.HardLabels()

    def begun():
        return kd.Distillation(teacher, Causal(dropout=0.2), data, objective, batch_size=7, epochs=4, seed=3)

    run = begun().train(progress=False, evaluate=False)
    again = begun().train(progress=False, evaluate=False)
    assert np.array_equal(run.history.rows, again.history.rows) and same_weights(run.student, again.student)
    for step in (1, 4):  # within a round of own text that is used again
        branch = run.branch(step).train(progress=False, evaluate=False)
        assert np.array_equal(branch.history.rows, run.history.rows) and same_weights(branch.student, run.student)
    half = begun()
    for _ in range(5):
        half.step()
    half.save(tmp_path / "run")
    loaded = kd.Distillation.load(tmp_path / "run", teacher=teacher, student=Causal(dropout=0.2), data=data)
    assert loaded.objective == objective
    assert same_weights(loaded.train(progress=False, evaluate=False).student, run.student)
    assert all(torch.equal(v, weights[k]) for k, v in teacher.state_dict().items())
    assert all(p.grad is None for p in teacher.parameters())
    other = kd.Distillation(teacher, Causal(dropout=0.2), data, objective, batch_size=7, epochs=4, seed=4)
    assert not np.array_equal(other.train(progress=False, evaluate=False).history.rows, run.history.rows)


def plain_minillm(s, t, y, counts, mixed, long):
    """The paper's gradient, token by token: a loss whose gradient it is, with everything else held fixed."""
    total, n = 0.0, int(counts.sum())
    for i in range(len(s)):
        answer = [j for j in range(s.shape[1]) if counts[i, j]]
        q, p = s[i].softmax(-1), t[i].softmax(-1)
        for k, j in enumerate(answer):
            qy, py = q[j, y[i, j]].item(), p[j, y[i, j]].item()
            w = qy / (mixed * py + (1 - mixed) * qy)
            kl = (q[j] * (q[j].log() - p[j].log())).sum()
            after = answer[k + 1 :]
            reward = sum((p[m, y[i, m]] / q[m, y[i, m]]).log().item() for m in after) / max(1, len(after))
            total = total + w * (kl - long * reward * q[j, y[i, j]].log()) / n
    return total


def written_text():
    """Logits of both, the tokens that were written, and which of them are of the answers."""
    g = torch.Generator().manual_seed(0)
    s, t = (torch.randn(3, 5, 4, generator=g, dtype=torch.float64) for _ in range(2))
    y = torch.randint(0, 4, (3, 5), generator=g)
    return s, t, y, torch.tensor([[0, 1, 1, 1, 1], [0, 0, 1, 1, 0], [1, 0, 0, 0, 0]]).bool()


def authors_minillm(s, t, y, counts):
    """The losses of the authors' code where the student alone wrote, without clipping, scaling and whitening, and what
    its long term would be of a token's own reward alone."""
    log_q, log_p = s.log_softmax(-1), t.log_softmax(-1)
    ours, theirs = (z.gather(-1, y[..., None])[..., 0] for z in (log_q, log_p))
    reward = ((theirs - ours) * counts).detach()
    left = counts.flip(1).cumsum(1).flip(1).clamp(min=1)
    advantage = torch.stack([reward[:, i:].sum(1) for i in range(s.shape[1])], 1) / left
    kl = (log_q.exp() * (log_q - log_p)).sum(-1)
    return [(each * counts).sum() / counts.sum() for each in (kl, -advantage * ours, -reward * ours)], left[..., None]


def test_the_authors_minillm_has_the_same_single_step_and_counts_a_tokens_own_reward_in_the_long_term():
    s, t, y, counts = written_text()

    def gradient(loss):
        x = s.clone().requires_grad_()
        return torch.autograd.grad(loss(x), x)[0]

    single, long, own = (gradient(lambda x, i=i: authors_minillm(x, t, y, counts)[0][i]) for i in range(3))
    ours = gradient(lambda x: minillm(x, t, y, counts, 0.0, 0.0))
    torch.testing.assert_close(ours, single, rtol=1e-9, atol=1e-12)
    further = gradient(lambda x: minillm(x, t, y, counts, 0.0, 1.0)) - ours
    left = authors_minillm(s, t, y, counts)[1]  # tokens from each on
    torch.testing.assert_close((own + (left - 1) * further) / left, long, rtol=1e-9, atol=1e-12)


def test_minillm_has_both_parts_of_the_papers_gradient():
    s, t, y, counts = written_text()
    for mixed, long in ((0.2, 1.0), (0.0, 0.5), (0.9, 0.0)):
        ours, theirs = s.clone().requires_grad_(), s.clone().requires_grad_()
        value = minillm(ours, t, y, counts, mixed, long)
        value.backward()
        plain_minillm(theirs, t, y, counts, mixed, long).backward()
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-12)
        assert value.item() == pytest.approx(float(plain_minillm(s, t, y, counts, mixed, 0.0)), rel=1e-9)
        for padding in (torch.nan, torch.inf):  # what does not count is nowhere in it
            other = s.masked_fill(~counts[..., None], padding).requires_grad_()
            again = minillm(other, t.masked_fill(~counts[..., None], padding), y, counts, mixed, long)
            again.backward()
            assert again.item() == value.item() and torch.equal(other.grad, ours.grad)
    halves = [minillm(s.to(kind), t.to(kind), y, counts, 0.2, 1.0) for kind in (torch.bfloat16, torch.float32)]
    assert halves[0].dtype == torch.float32 and halves[0].item() == pytest.approx(halves[1].item(), rel=0.05)
    empty = minillm(s.requires_grad_(), t, y, counts & ~counts, 0.2, 1.0)
    empty.backward()
    assert empty.item() == 0 and bool((s.grad == 0).all())


def test_student_and_teacher_write_together(teacher):
    student, x = Causal().eval(), text().train.x
    p, q = teacher(x).softmax(-1), student(x).softmax(-1)
    both = Mixed(student, kd.distill.Teacher(teacher), 0.2)(x)
    torch.testing.assert_close(both.exp(), 0.2 * p + 0.8 * q)


def speechless(teacher, known, *, steps=False):
    """A teacher that answers the texts it knows, and of others has no numbers."""

    class Speechless(Causal):
        def forward(self, ids):
            strange = [tuple(row) not in known for row in ids.tolist()]
            return super().forward(ids).masked_fill(torch.tensor(strange)[:, None, None], torch.nan)

    tutor = Speechless(24).eval()
    tutor.load_state_dict(teacher.state_dict())
    if steps:
        tutor.steps = lambda ids, cache=None: (tutor(ids)[:, -1], (ids,))
    return tutor


@pytest.mark.parametrize(
    ("term", "steps"),
    [(kd.OnPolicy(own=1.0), False), (kd.MiniLLM(), False), (kd.MiniLLM(), True)],
    ids=["gkd", "minillm", "minillm with a cache"],
)
def test_a_teacher_without_numbers_for_own_text_is_named_and_not_the_learning_rate(teacher, term, steps):
    data, student = text(), Causal()
    if steps:
        student.steps = lambda ids, cache=None: (student(ids)[:, -1], (ids,))
    tutor = speechless(teacher, {tuple(row) for row in data.train.x.tolist()}, steps=steps)
    with pytest.raises(ValueError, match=r"the teacher has logits that are not finite for \d+ of \d+ tokens of text"):
        kd.Distillation(tutor, student, data, 1.0 * term, epochs=1).train(progress=False, evaluate=False)


@pytest.mark.parametrize("term", [kd.OnPolicy(own=0.0), kd.SoftTargets()], ids=["asked each step", "asked once"])
def test_a_teacher_without_numbers_for_given_text_is_named_too(teacher, term):
    data = text()
    tutor = speechless(teacher, {tuple(row) for row in data.train.x[:-1].tolist()})
    run = kd.Distillation(tutor, Causal(), data, 1.0 * term, batch_size=5, epochs=2)
    said = (
        r"nan at step \d, as the teacher has logits that are not finite for \d of 3\d answers; the student is back at"
    )
    with pytest.raises(kd.distill.NonFiniteLossError, match=said) as raised:
        run.train(progress=False, evaluate=False)
    assert "learning rate" not in str(raised.value)


def test_a_run_goes_back_even_where_the_teacher_cannot_be_asked_why(teacher, monkeypatch):
    data = text()
    tutor = speechless(teacher, {tuple(row) for row in data.train.x[:-1].tolist()})
    run = kd.Distillation(tutor, Causal(), data, kd.OnPolicy(own=0.0), batch_size=5, epochs=2)

    def gone(batch):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(run._training_step, "without_answer", gone)
    with pytest.raises(kd.distill.NonFiniteLossError, match="last good snapshot; try a learning rate below"):
        run.train(progress=False, evaluate=False)
    assert all(bool(weight.isfinite().all()) for weight in run.student.parameters())


class Named(Causal):
    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids)


def test_padding_on_the_left_is_refused_where_text_is_written(teacher):
    tutor, left = Named(24).eval(), by_name(text())
    tutor.load_state_dict(teacher.state_dict())
    left.train.x["attention_mask"][3:5, :2] = 0
    for begin in (lambda: kd.Distillation(tutor, Named(), left, kd.OnPolicy()), lambda: as_written(tutor, left)):
        with pytest.raises(ValueError, match=r"with it in 2 of 20 texts; pad the texts on the right"):
            begin()


def test_inputs_by_name_give_what_plain_ids_do(teacher):
    runs = []
    for kind, data in ((Causal, text()), (Named, by_name(text()))):
        tutor = kind(24)
        tutor.load_state_dict(teacher.state_dict())
        term = fixed(kd.OnPolicy(own=1.0), torch.ones(20, 9, dtype=torch.int64))
        runs.append(kd.Distillation(tutor.eval(), kind(), data, 1.0 * term, epochs=3, batch_size=5))
        runs[-1].train(progress=False, evaluate=False)
    assert np.array_equal(runs[0].history.rows, runs[1].history.rows)


def test_what_cannot_be_is_said_in_a_sentence(teacher):
    for given, match in (
        ({"own": 1.5}, r"own must lie in \[0, 1\]"),
        ({"beta": 1}, r"beta must lie in \(0, 1\)"),
        ({"divergence": "js"}, "divergence must be one of forward, reverse, jensen_shannon, got 'js'"),
        ({"sampling": 0}, "sampling must be a finite number > 0"),
        ({"every": 0}, "every"),
        ({"end": -1}, "end must be a token, a whole number of at least 0, or None, got -1"),
        ({"end": 2.5}, "end must be a token, .* got 2.5"),
    ):
        with pytest.raises(ValueError, match=match):
            kd.OnPolicy(**given)
    with pytest.raises(ValueError, match=r"what was drawn at temperature 1, got sampling=0\.5"):
        kd.MiniLLM(sampling=0.5)
    with pytest.raises(ValueError, match=r"mixed must lie in \[0, 1\) .* got 1; for text of the teacher's take"):
        kd.MiniLLM(mixed=1)
    with pytest.raises(ValueError, match=r"rules out classes .* OnPolicy cannot handle that"):
        kd.Distillation(Forbids(taught(epochs=1)).eval(), Causal(), text(), 1.0 * kd.OnPolicy(divergence="reverse"))
    tables = torch.randn(40, 4), torch.arange(40) % 3
    big, small = (kd.models.mlp((4,), inputs=4, classes=3, seed=seed) for seed in (0, 1))
    with pytest.raises(ValueError, match=r"writing text needs token ids, .* got float32 of shape"):
        kd.Distillation(big.eval(), small, tables, 1.0 * kd.OnPolicy())
    with pytest.raises(ValueError, match=r"rules out classes .* MiniLLM cannot handle that"):
        kd.Distillation(Forbids(teacher).eval(), Causal(), text(), 1.0 * kd.MiniLLM())


class Forbids(torch.nn.Module):
    """A teacher that never says a symbol."""

    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, ids):
        return self.inside(ids).masked_fill(torch.arange(SYMBOLS) == 5, -torch.inf)


def test_a_teacher_that_forbids_symbols_teaches_by_jensen_shannon(teacher):
    run = kd.Distillation(Forbids(teacher).eval(), Causal(), text(), 1.0 * kd.OnPolicy(own=0.5), epochs=6)
    assert np.isfinite(run.train(progress=False).history.rows).all()


@pytest.mark.parametrize("term", [kd.OnPolicy(own=1.0), kd.MiniLLM()], ids=["gkd", "minillm"])
def test_a_student_that_falls_apart_while_it_writes_is_taken_back_as_any_other(teacher, term):
    run = kd.Distillation(teacher, Causal(), text(), term, batch_size=4, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(kd.distill.NonFiniteLossError, match="the student is back at step 0"):
        run.train(progress=False, evaluate=False)
    assert all(bool(p.isfinite().all()) for p in run.student.parameters())


def test_masked_text_and_an_end_that_is_no_symbol_are_refused(teacher):
    for data, term, sentence in (
        (replace(text(), everywhere=True), kd.OnPolicy(), "whose labels are the next tokens"),
        (text(), kd.MiniLLM(end=SYMBOLS), "end must be one of the 7 symbols of Text, 0 to 6, got 7"),
    ):
        with pytest.raises(ValueError, match=sentence):
            kd.Distillation(teacher, Causal(), data, term)
