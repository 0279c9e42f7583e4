"""What each loss costs beside the student's own step: ``python benchmarks/losses.py``.

One torch thread, batch 128, float32. For each loss, forward and backward:

* ms: the median of repeats, of processor time, which does not count waiting on a busy machine, and its share of a step
  of the student (a convnet of width 16 on 28×28 images: forward, cross-entropy, backward, fused Adam), which is timed
  in turns with it;
* peak: the most memory held at once above what there was before, gradients of the inputs included, and its share of
  what a step of the student takes;
* largest: the largest single piece of it.

Memory is what torch's allocator hands out, as its profiler records it; the work space of BLAS is not in it.

Last, the forms that multiply pair by pair what here comes from Gram matrices, beside ours, once their values agree.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # before torch comes: its profiler tells of each start and stop

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

import kdviz as kd
from kdviz.losses import adversarial, feature, labels, relation, response, transformer

B, WIDTH, MAPS, VECTORS, HEADS, TOKENS = 128, 16, (64, 16, 16), 64, 4, (50, 64)
MB = 1e6


@dataclass(frozen=True)
class Case:
    """A loss, the students' tensors (or weights) that it has a gradient for, and what they are, in words."""

    family: str
    name: str
    of: str
    loss: Callable[..., Tensor]
    students: tuple[Tensor, ...]

    def run(self) -> None:
        torch.autograd.grad(self.loss(*self.students), self.students)


def response_cases(classes: int) -> Iterator[Case]:
    s, t, y = learning(B, classes), torch.randn(B, classes), torch.randint(0, classes, (B,))
    of = f"{classes} classes"
    for loss in (response.soft_targets, response.reverse_kl, response.jensen_shannon, response.logit_mse,
                 response.logit_huber, response.standardized_soft_targets, response.correlation):  # fmt: skip
        yield Case("response", loss.__name__, of, partial(loss, t=t), (s,))
    yield Case("response", "decoupled", of, partial(response.decoupled, t=t, y=y), (s,))
    for loss in (labels.hard_labels, labels.label_smoothing, labels.virtual_teacher):
        yield Case("labels", loss.__name__, of, partial(loss, y=y), (s,))


def feature_cases() -> Iterator[Case]:
    s, t = learning(B, *MAPS), torch.randn(B, *MAPS)
    of = "×".join(map(str, MAPS))
    for loss in (feature.hint, feature.attention_transfer, feature.gram, feature.neuron_selectivity, feature.cosine):
        yield Case("feature", loss.__name__, of, partial(loss, F_t=t) if loss is not feature.cosine
                   else partial(loss, h_t=t), (s,))  # fmt: skip
    log_scale = torch.zeros(MAPS[0], requires_grad=True)
    yield Case("feature", "variational", of, lambda s, a: feature.variational(s, t, a), (s, log_scale))
    yield Case("feature", "contrastive", str(VECTORS), partial(feature.contrastive, e_t=torch.randn(B, VECTORS)),
               (learning(B, VECTORS),))  # fmt: skip


def relation_cases() -> Iterator[Case]:
    for shape in ((VECTORS,), MAPS):
        s, t, of = learning(B, *shape), torch.randn(B, *shape), "×".join(map(str, shape))
        for loss in (relation.relational_distance, relation.relational_angle, relation.similarity_preserving,
                     relation.probabilistic_transfer):  # fmt: skip
            yield Case("relation", loss.__name__, of, lambda s, loss=loss, t=t: loss(s, t), (s,))
    t1, t2 = torch.randn(2, B, *MAPS)
    yield Case("relation", "solution_flow", f"{of}, twice", lambda a, b: relation.solution_flow(a, b, t1, t2),
               (learning(B, *MAPS), learning(B, *MAPS)))  # fmt: skip


def adversarial_cases(classes: int = 10) -> Iterator[Case]:
    judge = nn.Sequential(nn.Linear(classes, 64), nn.ReLU(), nn.Linear(64, 1))
    weights = tuple(judge.parameters())
    s, t, of = learning(B, classes), torch.randn(B, classes), f"{classes}→64→1"
    yield Case("adversarial", "discriminator_loss", of,
               lambda *_: adversarial.discriminator_loss(judge(t), judge(s.detach())), weights)  # fmt: skip
    yield Case("adversarial", "generator_loss", of, lambda s: adversarial.generator_loss(judge(s)), (s,))
    yield Case("adversarial", "gradient_penalty", of,
               lambda *_: adversarial.gradient_penalty(judge, t), (weights[0], weights[2]))  # fmt: skip


def transformer_cases(vocabulary: int = 100) -> Iterator[Case]:
    L, D = TOKENS
    A_s, A_t = learning(B, HEADS, L, L), torch.randn(B, HEADS, L, L)
    yield Case("transformer", "attention_matrices", f"{HEADS} heads, {L}×{L}",
               lambda s: transformer.attention_matrices(s, A_t), (A_s,))  # fmt: skip
    h_s, h_t, y = learning(B, L, D), torch.randn(B, L, D), torch.randint(-1, vocabulary, (B, L))
    for loss in (transformer.hidden_states, transformer.embeddings, feature.cosine):
        yield Case("transformer", loss.__name__, f"{L}×{D}", lambda s, loss=loss: loss(s, h_t), (h_s,))
    s, t = learning(B, L, vocabulary), torch.randn(B, L, vocabulary)
    of = f"{L}×{vocabulary}"
    yield Case("transformer", "soft_cross_entropy", of, lambda s: transformer.soft_cross_entropy(s, t), (s,))
    yield Case("transformer", "masked_language_model", of, lambda s: transformer.masked_language_model(s, y), (s,))
    yield Case("transformer", "distillation_token", "10 classes",
               lambda s: transformer.distillation_token(s, t[:, 0, :10]), (learning(B, 10),))  # fmt: skip


def learning(*shape: int) -> Tensor:
    return torch.randn(*shape, requires_grad=True)


def students_step(classes: int) -> Callable[[], None]:
    """Return a step of the student on its own."""
    student = kd.models.convnet(WIDTH, classes=classes).train()
    optimizer = torch.optim.Adam(student.parameters(), lr=1e-3, fused=True)
    x, y = torch.randn(B, 1, 28, 28), torch.randint(0, classes, (B,))

    def step() -> None:
        F.cross_entropy(student(x), y).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def selectivity_by_pairs(F_s: Tensor, F_t: Tensor) -> Tensor:
    f_s, f_t = F.normalize(F_s.flatten(2), dim=2), F.normalize(F_t.flatten(2), dim=2)

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a[:, :, None] * b[:, None]).sum(-1).square().mean()  # (B, C, C, HW)

    return kernel(f_s, f_s) + kernel(f_t, f_t) - 2 * kernel(f_s, f_t)


def flow_by_pairs(F1_s: Tensor, F2_s: Tensor, F1_t: Tensor, F2_t: Tensor) -> Tensor:
    def matrix(F1: Tensor, F2: Tensor) -> Tensor:
        return (F1.flatten(2)[:, :, None] * F2.flatten(2)[:, None]).mean(-1)  # (B, C1, C2, HW)

    return (matrix(F1_s, F2_s) - matrix(F1_t, F2_t)).square().mean()


def angle_by_pairs(e_s: Tensor, e_t: Tensor) -> Tensor:
    def cosines(e: Tensor) -> Tensor:
        n = F.normalize(e[None] - e[:, None], dim=2)
        return (n[:, :, None] * n[:, None]).sum(-1)  # (B, B, B, D)

    return F.smooth_l1_loss(cosines(e_s), cosines(e_t))


def angle_by_differences(e_s: Tensor, e_t: Tensor) -> Tensor:
    def cosines(e: Tensor) -> Tensor:
        n = F.normalize(e[None] - e[:, None], dim=2)  # (B, B, D)
        return n @ n.transpose(1, 2)

    return F.smooth_l1_loss(cosines(e_s), cosines(e_t))


def by_pairs() -> Iterator[tuple[Case, Case]]:
    """Yield ours and the other form, on the same numbers."""
    s, t, of = learning(B, *MAPS), torch.randn(B, *MAPS), "×".join(map(str, MAPS))
    e_s, e_t = learning(B, VECTORS), torch.randn(B, VECTORS)
    t2 = torch.randn(B, *MAPS)
    for name, ours, theirs, students, shape in (
        ("neuron_selectivity", lambda s: feature.neuron_selectivity(s, t), lambda s: selectivity_by_pairs(s, t),
         (s,), of),
        ("solution_flow", lambda a, b: relation.solution_flow(a, b, t, t2), lambda a, b: flow_by_pairs(a, b, t, t2),
         (s, learning(B, *MAPS)), f"{of}, twice"),
        ("relational_angle", lambda s: relation.relational_angle(s, e_t), lambda s: angle_by_pairs(s, e_t),
         (e_s,), str(VECTORS)),
        ("… by differences", lambda s: relation.relational_angle(s, e_t), lambda s: angle_by_differences(s, e_t),
         (e_s,), str(VECTORS)),
    ):  # fmt: skip
        torch.testing.assert_close(theirs(*students), ours(*students), rtol=1e-3, atol=1e-7)
        yield Case("pairs", name, shape, ours, students), Case("pairs", name, shape, theirs, students)


def milliseconds(loops: list[Callable[[], None]], repeats: int) -> list[float]:
    """Return the median of each, timed in turns."""
    figures: list[list[float]] = [[] for _ in loops]
    for turn in range(repeats + 1):
        for loop, of_loop in zip(loops, figures, strict=True):
            start = time.process_time()
            loop()
            if turn:  # the first one warms up
                of_loop.append((time.process_time() - start) * 1e3)
    return [statistics.median(of_loop) for of_loop in figures]


def memory(loop: Callable[[], None]) -> tuple[float, float]:
    """Return the most bytes held at once above what there was before, and the largest piece."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        loop()
    events = profiler.profiler.kineto_results.events()  # the public tables have sums for each operator only
    held = peak = largest = 0
    for _, size in sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]"):
        held += size
        peak, largest = max(peak, held), max(largest, size)
    return peak, largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="three repeats, ten classes only")
    arguments = parser.parse_args()
    repeats = 3 if arguments.quick else arguments.repeats
    torch.set_num_threads(1)
    torch.manual_seed(0)
    steps = {classes: students_step(classes) for classes in ((10,) if arguments.quick else (10, 100))}
    peaks = {}
    for classes, step in steps.items():
        (ms,) = milliseconds([step], repeats)
        peaks[classes], _ = memory(step)
        print(f"the student's step, batch {B}, {classes} classes: {ms:.1f} ms, {peaks[classes] / MB:.1f} MB")
    print(f"\n{'':<12} {'loss':<26}{'of':<18}{'ms':>9}{'of step':>9}{'peak MB':>9}{'of step':>9}{'largest MB':>12}")
    cases = [*(case for classes in steps for case in response_cases(classes)), *feature_cases(), *relation_cases(),
             *adversarial_cases(), *transformer_cases()]  # fmt: skip
    for case in cases:
        classes = 100 if case.of.startswith("100 ") else 10
        ms, of_step = milliseconds([case.run, steps[classes]], repeats)
        peak, largest = memory(case.run)
        print(
            f"{case.family:<12} {case.name:<26}{case.of:<18}{ms:>9.3f}{ms / of_step:>8.1%} {peak / MB:>8.2f}"
            f"{peak / peaks[classes]:>8.1%} {largest / MB:>11.2f}",
            flush=True,
        )
    print(f"\n{'pair by pair':<20}{'of':<18}{'ms':>9}{'ours':>9}{'ratio':>8}", end="")
    print(f"{'peak MB':>10}{'ours':>9}{'largest MB':>12}{'ours':>9}")
    for ours, theirs in by_pairs():
        ms, our_ms = milliseconds([theirs.run, ours.run], min(repeats, 2))
        (peak, largest), (our_peak, our_largest) = memory(theirs.run), memory(ours.run)
        print(
            f"{ours.name:<20}{ours.of:<18}{ms:>9.1f}{our_ms:>9.1f}{ms / our_ms:>8.1f}{peak / MB:>10.1f}"
            f"{our_peak / MB:>9.1f}{largest / MB:>12.1f}{our_largest / MB:>9.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
