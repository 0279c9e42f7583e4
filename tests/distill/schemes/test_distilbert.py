"""DistilBERT: the values of its three losses, what is inherited, and what is left out."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.distill.schemes import distilbert

from ..conftest import same_weights
from .encoders import encoder, lines


def run_of(**more):
    teacher = encoder(4, seed=7).eval()
    return distilbert(
        teacher, encoder(2), lines(masked=True), **{"batch_size": 16, "allow_weaker_teacher": True, **more}
    )


def by_hand(student, teacher, x, y, temperature=2.0):
    """The three parts, token by token."""
    with kd.distill.tapped(student, ["block2"]) as ours, kd.distill.tapped(teacher, ["block4"]) as theirs:
        s, t = student(**x), teacher(**x)
    soft, words, cosine = [], [], []
    for i, row in enumerate(x["attention_mask"].tolist()):
        for j, counts in enumerate(row):
            if not counts:
                continue
            p, q = (t[i, j] / temperature).softmax(0), (s[i, j] / temperature).log_softmax(0)
            soft.append(temperature**2 * (p * (p.log() - q)).sum())
            cosine.append(1 - F.cosine_similarity(ours["block2"][i, j], theirs["block4"][i, j], 0))
            if y[i, j] >= 0:
                words.append(-s[i, j].log_softmax(0)[y[i, j]])
    return [torch.stack(part).mean().item() for part in (soft, words, cosine)]


def distiller(s, t, hs, ht, mask, labels, temperature=2.0):
    """``Distiller.step`` of transformers/research_projects/distillation, line by line."""
    select = mask.bool().unsqueeze(-1).expand_as(s)
    s_slct, t_slct = (torch.masked_select(z, select).view(-1, s.size(-1)) for z in (s, t))
    loss_ce = torch.nn.KLDivLoss(reduction="batchmean")(
        F.log_softmax(s_slct / temperature, dim=-1), F.softmax(t_slct / temperature, dim=-1)
    ) * (temperature**2)
    loss_mlm = torch.nn.CrossEntropyLoss(ignore_index=-100)(s.view(-1, s.size(-1)), labels.view(-1))
    dim = hs.size(-1)
    select = mask.bool().unsqueeze(-1).expand_as(hs)
    s_h, t_h = (torch.masked_select(h, select).view(-1, dim) for h in (hs, ht))
    loss_cos = torch.nn.CosineEmbeddingLoss(reduction="mean")(s_h, t_h, s_h.new_ones(s_h.size(0)))
    return 5.0 * loss_ce + 2.0 * loss_mlm + 1.0 * loss_cos


def test_each_part_has_the_value_of_a_loop_over_tokens_and_the_sum_that_of_the_authors_code():
    run = run_of()
    batch, student, teacher = run._batches[0], run.at(0).train(), run.teacher.module
    wanted = by_hand(student, teacher, batch.inputs, batch.labels)
    run.step()
    for name, value in zip(("soft", "hard", "cosine"), wanted, strict=True):
        assert float(run.history.column(name)[0]) == pytest.approx(value, rel=1e-5), name
    with kd.distill.tapped(student, ["block2"]) as ours, kd.distill.tapped(teacher, ["block4"]) as theirs:
        s, t = student(**batch.inputs), teacher(**batch.inputs)
    labels = batch.labels.masked_fill(batch.labels < 0, -100)
    published = distiller(s, t, ours["block2"], theirs["block4"], batch.inputs["attention_mask"], labels)
    assert float(run.history.column("loss")[0]) == pytest.approx(published.item(), rel=1e-5)


def test_the_student_begins_with_every_other_block_or_as_it_was():
    run, own = run_of(), run_of(inherited=False)
    theirs, fresh = run.teacher.module.state_dict(), encoder(2)
    assert torch.equal(run.student.block2.expand.weight, theirs["block3.expand.weight"])
    assert torch.equal(run.student.embed.word.weight, theirs["embed.word.weight"])
    assert same_weights(own.student, fresh)
    named = run_of(layers={"block1": "block4", "block2": "block1"})
    assert torch.equal(named.student.block1.expand.weight, theirs["block4.expand.weight"])


def test_a_weight_of_nothing_leaves_its_part_out():
    assert run_of(soft=0).objective.names == ("hard", "cosine")
    assert run_of(labels=0, cosine=0).objective.names == ("soft",)
    with pytest.raises(ValueError, match="at least one of soft, labels and cosine must be above 0"):
        run_of(soft=0, labels=0, cosine=0)


def test_a_student_of_another_width_cannot_inherit_and_can_learn():
    teacher = encoder(4, seed=7).eval()
    with pytest.raises(ValueError, match="must have its teacher's width"):
        distilbert(teacher, encoder(2, width=8), lines(masked=True))
    run = distilbert(
        teacher, encoder(2, width=8), lines(masked=True), inherited=False, epochs=1, allow_weaker_teacher=True
    )
    assert run.train(progress=False).steps_done == 1  # the cosine through a linear map


def test_it_is_among_the_published_methods_with_the_authors_weights():
    teacher, more = encoder(4, seed=7).eval(), {"batch_size": 16, "epochs": 1, "allow_weaker_teacher": True}
    run = kd.schemes.published("distilbert", teacher, encoder(2), lines(masked=True), **more)
    assert run.objective == run_of().objective and same_weights(run.student, run_of().student)
    without = kd.schemes.published("distilbert", teacher, encoder(2), lines(masked=True), soft=0, **more)
    assert without.objective.names == ("hard", "cosine")


def test_without_blocks_the_cosine_is_refused():
    class Bag(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(30, 30)

        def forward(self, input_ids):
            return self.table(input_ids)

    with pytest.raises(ValueError, match=r"name layers in an objective of your own, .*, or pass cosine=0"):
        distilbert(encoder(4).eval(), Bag(), lines(masked=True), inherited=False)


def test_a_run_can_be_saved_and_continued(tmp_path):
    run = run_of(epochs=2)
    run.train(1, progress=False).save(tmp_path / "run")
    again = kd.Distillation.load(
        tmp_path / "run", teacher=encoder(4, seed=7).eval(), student=encoder(2), data=lines(masked=True)
    )
    assert again.train(progress=False).history.rows.tolist() == run.train(progress=False).history.rows.tolist()
