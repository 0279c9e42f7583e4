"""A transformer whose second token listens to the teacher."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

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


def token_run(term, alpha=0.5, **more):
    data = kd.data.mnist().with_labels(40)
    data = replace(data, validation=data.validation.take(slice(0, 40)), test=data.test.take(slice(0, 40)))
    teacher, student = kd.models.mlp((16,), seed=1).eval(), kd.models.vit(8, 1, 2, patch=7, distilled=True)
    return kd.Distillation(teacher, student, data, alpha * term + (1 - alpha) * kd.HardLabels(), batch_size=20, **more)


def published(outputs, dist, teacher, labels, form, alpha, tau):
    """`DistillationLoss.forward` of facebookresearch/deit, losses.py, line by line, with cross-entropy as base."""
    base_loss = F.cross_entropy(outputs, labels)
    if form == "soft":
        distillation_loss = (
            F.kl_div(
                F.log_softmax(dist / tau, dim=1), F.log_softmax(teacher / tau, dim=1), reduction="sum", log_target=True
            )
            * (tau * tau)
            / dist.numel()
        )
        distillation_loss = distillation_loss * dist.shape[1]  # that code's mean is over classes too
    else:
        distillation_loss = F.cross_entropy(dist, teacher.argmax(dim=1))
    return base_loss * (1 - alpha) + distillation_loss * alpha


@pytest.mark.parametrize(("form", "alpha", "tau"), [("hard", 0.5, 3.0), ("soft", 0.1, 3.0), ("soft", 0.9, 1.0)])
def test_the_objective_is_the_published_one_of_both_tokens(form, alpha, tau):
    run = token_run(kd.TokenSoftTargets(tau, form), alpha)
    batch = run._batches[0]
    student = run.student.train()
    with kd.distill.tapped(student, ["logits.teacher_head"]) as seen:
        by_labels = student(batch.inputs)
    wanted = published(
        by_labels, seen["logits.teacher_head"], run.teacher.module(batch.inputs), batch.labels, form, alpha, tau
    )
    weights = dict(student.named_parameters())
    gradients = dict(zip(weights, torch.autograd.grad(wanted, weights.values()), strict=True))
    step = run.step()
    torch.testing.assert_close(step.loss, wanted.detach())
    for name, weight in weights.items():
        torch.testing.assert_close(weight.grad, gradients[name], atol=1e-6, rtol=1e-4)


def test_alpha_and_t_of_a_distillation_token_are_live_and_are_saved():
    run = token_run(kd.TokenSoftTargets(3.0), epochs=2)
    run.step()
    run.edit(alpha=0.8, temperature=6)
    run.step()
    assert (run.objective.alpha, run.objective.temperature) == (0.8, 6.0)
    assert kd.Recipe.from_json(run.recipe.to_json()).objective == 0.5 * kd.TokenSoftTargets(3.0) + 0.5 * kd.HardLabels()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_both_heads_of_the_twin_learn_the_labels(smoothing):
    run = token_run(kd.TokenSoftTargets(3.0))
    twin = run.twin(smoothing)
    batch = twin._batches[0]
    student = twin.student.train()
    with kd.distill.tapped(student, ["logits.teacher_head"]) as seen:
        by_labels = student(batch.inputs)
    heads = (by_labels, seen["logits.teacher_head"])
    wanted = sum(F.cross_entropy(head, batch.labels, label_smoothing=smoothing) for head in heads) / 2
    torch.testing.assert_close(twin.step().loss, wanted.detach())
    assert twin.teacher is None


def test_the_twin_s_labels_can_be_saved_and_weigh_classes():
    objective = 0.5 * kd.HardLabels([1, 2]) + 0.5 * kd.TokenLabels(smoothing=0.1, weight=[1, 2])
    assert kd.Objective.from_dict(objective.to_dict()) == objective
    with pytest.raises(ValueError, match='form must be "hard" or "soft", got \'tepid\''):
        kd.TokenSoftTargets(form="tepid")


def test_a_student_without_a_second_head_is_told_so():
    data = kd.data.mnist().with_labels(40)
    with pytest.raises(ValueError, match=r"got 'logits\.teacher_head'"):
        kd.Distillation(kd.models.mlp((16,)).eval(), kd.models.mlp((8,)), data, kd.TokenSoftTargets() + kd.HardLabels())


@pytest.mark.parametrize(("alpha", "alone"), [(1.0, "teacher_head"), (0.0, "label_head")])
def test_a_head_that_was_taught_nothing_has_no_say(alpha, alone):
    run = token_run(kd.TokenSoftTargets(3.0), alpha, epochs=2)
    x = run.data.test.inputs()

    def answers(student):
        with kd.distill.tapped(student.eval(), ["logits.label_head", "logits.teacher_head"]) as seen, torch.no_grad():
            said = student(x).exp()
        return said, {name.removeprefix("logits."): logits.softmax(1) for name, logits in seen.items()}

    run.step()
    said, by_head = answers(run.student)
    torch.testing.assert_close(said, by_head[alone])
    run.edit(alpha=0.5)
    run.step()
    said, by_head = answers(run.student)
    torch.testing.assert_close(said, sum(by_head.values()) / 2)
    said, by_head = answers(run.at(1))
    torch.testing.assert_close(said, by_head[alone])


def test_weights_kept_without_knowing_which_head_was_taught_are_those_of_both():
    kept, student = kd.models.vit(8, 1, 2, distilled=True).state_dict(), kd.models.vit(8, 1, 2, distilled=True)
    del kept["logits.taught"]
    student.load_state_dict(kept)
    assert student.logits.taught.all()


def scores_by_hand(model, ids, block: int) -> list:
    """Q·Kᵀ/√d of one block of a decoder, [row][head][query][key], from its weights alone."""
    with kd.distill.tapped(model, [f"block{block}.norm1"]) as seen:
        model(ids)
    x, of = seen[f"block{block}.norm1"].detach().double(), getattr(model, f"block{block}").attention
    width, heads = x.shape[-1], of.num_heads
    d = width // heads
    q, k = (
        x @ of.in_proj_weight[part].detach().double().T + of.in_proj_bias[part].detach().double()
        for part in (slice(0, width), slice(width, 2 * width))
    )
    parts = [slice(h * d, (h + 1) * d) for h in range(heads)]
    return [
        [[[float(a[part] @ b[part]) / d**0.5 for b in k[row]] for a in q[row]] for part in parts]
        for row in range(len(ids))
    ]


def decoder_run(heads: int = 2):
    """A decoder of two blocks teaches one of one; rows of 6 tokens, the last two of every other one padding."""
    draw = torch.Generator().manual_seed(3)
    ids = torch.randint(1, 7, (8, 6), generator=draw)
    ids[::2, 4:] = 0
    y = torch.cat([ids[:, 1:], torch.full((8, 1), 2)], 1)
    y[:, 0], y[::2, 4:] = -1, -1  # the first token is a prompt
    part = kd.data.Examples(ids, y)
    data = kd.data.Splits("rows", "Rows", tuple("pbe1234"), part, part, part)
    teacher = kd.models.decoder(7, 6, 8, 2, 2, seed=1).eval()
    student = kd.models.decoder(7, 6, 8, 1, heads, seed=2)
    objective = kd.HardLabels() + 1.0 * kd.AttentionMatrices("block1.attention", "block2.attention")
    return kd.Distillation(teacher, student, data, objective, batch_size=8, allow_weaker_teacher=True)


def test_decoders_are_compared_at_what_they_see_not_at_later_tokens_or_padding():
    run = decoder_run()
    batch = run._batches[0]
    ours = scores_by_hand(run.student, batch.inputs, 1)
    theirs = scores_by_hand(run.teacher.module, batch.inputs, 2)
    by_query = []
    for s, t, row in zip(ours, theirs, batch.inputs.tolist(), strict=True):
        length = row.index(0) if 0 in row else len(row)
        for query in range(length):
            squares = [(s[h][query][k] - t[h][query][k]) ** 2 for h in range(2) for k in range(query + 1)]
            by_query.append(sum(squares) / len(squares))
    assert len(by_query) == 4 * 6 + 4 * 4
    run.step()
    assert float(run.history.column("attention_matrices")[0]) == pytest.approx(sum(by_query) / len(by_query), rel=1e-5)


def test_another_number_of_heads_is_told_before_the_first_step():
    with pytest.raises(ValueError, match=r"\(batch, heads, queries, keys\): where heads differ in number, compare"):
        decoder_run(heads=4)
