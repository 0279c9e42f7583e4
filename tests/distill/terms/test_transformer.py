"""A transformer whose second token listens to the teacher."""

from dataclasses import replace

import torch

import kdviz as kd


def test_the_head_for_the_teacher_learns_from_it_and_the_other_from_labels_alone():
    data = kd.data.mnist().with_labels(60)
    data = replace(data, validation=data.validation.take(slice(0, 60)), test=data.test.take(slice(0, 60)))
    teacher, student = kd.models.mlp((16,), seed=1).eval(), kd.models.vit(16, 1, 2, distilled=True)
    objective = kd.HardLabels() + 1.0 * kd.DistillationToken("logits.teacher_head", form="soft")
    run = kd.Distillation(teacher, student, data, objective, batch_size=20, epochs=1)
    batch = run._batches[0]
    given = student.train()(batch.inputs)
    expected = torch.autograd.grad(kd.losses.hard_labels(given, batch.labels), student.logits.label_head.weight)[0]
    run.step()
    torch.testing.assert_close(student.logits.label_head.weight.grad, expected)
    assert student.logits.teacher_head.weight.grad.abs().sum() > 0
    run.train(progress=False)
    assert kd.Recipe.from_json(run.recipe.to_json()).student == student.architecture


def test_in_eval_mode_both_heads_are_asked():
    model = kd.models.vit(16, 1, 2, distilled=True).eval()
    with kd.distill.tapped(model, ["logits.label_head", "logits.teacher_head"]) as seen:
        answer = model(torch.rand(4, 1, 28, 28))
    mean = (seen["logits.label_head"].softmax(1) + seen["logits.teacher_head"].softmax(1)) / 2
    torch.testing.assert_close(answer.exp(), mean)
