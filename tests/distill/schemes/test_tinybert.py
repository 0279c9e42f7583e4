"""TinyBERT: the values of its four parts, its stages, and what goes on from one to the next."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import General, layer_losses, tinybert, train_each

from ..conftest import same_weights
from .encoders import encoder, lines


class Counts(torch.nn.Module):
    """A model without blocks: a class by how often each token occurs."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.EmbeddingBag(30, 3)

    def forward(self, input_ids):
        return self.table(input_ids)


def stages(general=True, student=None, **more):
    teacher = encoder(4, seed=7, classes=3).eval()
    before = General(encoder(4, seed=8).eval(), encoder(2, width=8), lines(masked=True)) if general else None
    student = encoder(2, width=8, classes=3) if student is None else student
    training = {"batch_size": 16, "epochs": 1, "allow_weaker_teacher": True, "learning_rate": 0.01}
    return tinybert(teacher, student, lines(masked=False), before, **{**training, **more})


def test_the_layers_losses_have_the_values_of_loops_and_padding_does_not_count():
    teacher, student = encoder(4, seed=7, classes=3).eval(), encoder(2, classes=3)  # equal widths: no map between
    run = next(tinybert(teacher, student, lines(masked=False), batch_size=16, allow_weaker_teacher=True))
    batch, student = run._batches[0], run.at(0).train()
    ours, theirs = ("embed", "block1", "block2"), ("embed", "block2", "block4")
    scores = [[f"{name}.attention:scores" for name in names[1:]] for names in (ours, theirs)]
    with kd.distill.tapped(student, [*ours, *scores[0]]) as s, kd.distill.tapped(teacher, [*theirs, *scores[1]]) as t:
        student(**batch.inputs), teacher(**batch.inputs)
    mask = batch.inputs["attention_mask"].bool()
    assert not bool(mask.all())
    squares = [(s[a] - t[b]).square().mean(-1)[mask].mean() for a, b in zip(ours, theirs, strict=True)]
    attention = []
    for a, b in zip(*scores, strict=True):
        rows = []
        for i, length in enumerate(mask.sum(1).tolist()):
            rows += [(s[a] - t[b])[i, :, j, :length].square().mean() for j in range(length)]
        attention.append(torch.stack(rows).mean())
    run.step()
    wanted = {"embeddings": squares[0], "hidden_states": squares[1] + squares[2], "attention_matrices": sum(attention)}
    for name, value in wanted.items():
        assert float(run.history.column(name)[0]) == pytest.approx(value.item(), rel=1e-5), name


def test_the_answers_are_learned_by_soft_cross_entropy():
    *_, last = train_each(stages(), progress=False)
    batch = last._batches[0]
    s, t = last.at(0).train()(**batch.inputs), last.teacher.module(**batch.inputs)
    wanted = -(t.softmax(1) * s.log_softmax(1)).sum(1).mean()
    assert float(last.history.column("soft")[0]) == pytest.approx(wanted.item(), rel=1e-5)


def test_each_run_goes_on_where_the_one_before_ended():
    general, layers, answers = train_each(stages(), progress=False)
    assert [str(run.name) for run in (general, layers, answers)] == ["General: layers", "Task: layers", "Task: answers"]
    theirs = general.student.state_dict()
    begun = layers.at(0).state_dict()
    shared = [name for name in begun if name in theirs]
    assert len(shared) > 20 and all(torch.equal(begun[name], theirs[name]) for name in shared)
    assert same_weights(answers.at(0), layers.student) and answers.student is not layers.student
    kept = encoder(2, width=8, classes=3).state_dict()
    assert torch.equal(begun["logits.weight"], kept["logits.weight"])
    assert torch.equal(layers.student.logits.weight, kept["logits.weight"]), "no answer was learned yet"


def test_narrower_students_have_maps_and_other_heads_no_attention():
    general = next(stages())
    assert set(general.auxiliary) == {"embeddings", "hidden_states"}
    x = {"input_ids": torch.ones(1, 8, dtype=torch.int64)}
    assert "attention_matrices" not in layer_losses(encoder(2, heads=4), encoder(4), x).names
    with pytest.raises(ValueError, match="must have an embedding and blocks that output tokens"):
        layer_losses(Counts(), encoder(4), torch.ones(1, 8, dtype=torch.int64))


def test_epochs_of_each_part_and_a_run_that_was_not_trained():
    runs = train_each(stages(general_epochs=3, layer_epochs=2), progress=False)
    assert [run.steps_done for run in runs] == [6, 4, 2]
    assert len(train_each(stages(general=False), progress=False)) == 2
    untrained = stages()
    next(untrained)
    with pytest.raises(ValueError, match="was not trained and the next run learns from it"):
        next(untrained)
