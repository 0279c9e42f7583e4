"""What a step of the engine costs: ``python benchmarks/engine.py``.

In one run, for each student, milliseconds a step of

* kdviz: ``Distillation.step`` as anyone would call it, teacher outputs cached, history and snapshots kept;
* the bare loop: plain PyTorch on preloaded tensors with cached teacher logits and the same fused Adam;
* the tutorial loop: a DataLoader over a TensorDataset, the teacher asked at each step, ``loss.item()`` for the log.

They are measured in many short turns, in a new order each round, so that a busy machine slows all alike; ratios are of
the medians of turns.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import kdviz as kd

BATCH, T, ALPHA, RATE = 128, 4.0, 0.9, 1e-3
STUDENTS: dict[str, Callable[[], nn.Module]] = {
    "32-unit MLP": lambda: kd.models.mlp((32,)),
    "800-unit MLP": lambda: kd.models.mlp((800,)),
    "convnet, width 8": lambda: kd.models.convnet(8),
}


def distillation_loss(s: Tensor, t: Tensor, y: Tensor) -> Tensor:
    soft = F.kl_div(F.log_softmax(s / T, 1), F.log_softmax(t / T, 1), reduction="batchmean", log_target=True)
    return ALPHA * T**2 * soft + (1 - ALPHA) * F.cross_entropy(s, y)


def kdviz_loop(teacher: nn.Module, student: nn.Module, data: kd.data.Splits) -> Callable[[int], None]:
    run = kd.Distillation(
        teacher, student, data, kd.hinton(ALPHA, T), learning_rate=RATE, batch_size=BATCH, epochs=10_000
    )
    run.prepare()

    def steps(count: int) -> None:
        for _ in range(count):
            run.step()

    return steps


def bare_loop(teacher: nn.Module, student: nn.Module, data: kd.data.Splits) -> Callable[[int], None]:
    x, y = data.train.inputs(), data.train.y
    with torch.no_grad():
        t = torch.cat([teacher(x[i : i + 500]) for i in range(0, len(x), 500)])
    optimizer = torch.optim.Adam(student.parameters(), lr=RATE, fused=True)
    student.train()

    def steps(count: int) -> None:
        while count:
            order = torch.randperm(len(x))
            for index in order.split(BATCH)[:count]:
                loss = distillation_loss(student(x[index]), t[index], y[index])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                count -= 1

    return steps


def tutorial_loop(teacher: nn.Module, student: nn.Module, data: kd.data.Splits) -> Callable[[int], None]:
    loader = DataLoader(TensorDataset(data.train.inputs(), data.train.y), batch_size=BATCH, shuffle=True)
    optimizer = torch.optim.Adam(student.parameters(), lr=RATE)
    student.train()

    def steps(count: int) -> None:
        running = 0.0
        while count:
            for x, y in loader:
                optimizer.zero_grad()
                with torch.no_grad():
                    t = teacher(x)
                loss = distillation_loss(student(x), t, y)
                loss.backward()
                optimizer.step()
                running += loss.item()
                count -= 1
                if not count:
                    break

    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=90)
    parser.add_argument("--seconds", type=float, default=0.07, help="aimed at for one turn of one loop")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--teacher", default="mnist-mlp-1200")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = kd.data.mnist().with_labels(4000)
    teacher = kd.models.pretrained(arguments.teacher)
    print(
        f"{arguments.threads} thread(s), batch {BATCH}, teacher {arguments.teacher}, 4,000 examples; ms a step, medians"
    )
    print(f"{'student':<18}{'kdviz':>9}{'bare':>9}{'tutorial':>10}{'kdviz/bare':>12}{'tutorial/kdviz':>16}")
    for name, make in STUDENTS.items():
        loops = [loop(teacher, make(), data) for loop in (kdviz_loop, bare_loop, tutorial_loop)]
        ms = measure(loops, arguments.turns, arguments.seconds)
        ours, bare, tutorial = (statistics.median(m) for m in ms)
        print(
            f"{name:<18}{ours:>9.3f}{bare:>9.3f}{tutorial:>10.3f}{ours / bare:>12.3f}{tutorial / ours:>16.2f}",
            flush=True,
        )


def measure(loops: list[Callable[[int], None]], turns: int, seconds: float) -> list[list[float]]:
    """Return milliseconds a step of each loop, one figure a turn."""
    counts = []
    for loop in loops:
        loop(40)  # warm up
        start = time.perf_counter()
        loop(40)
        counts.append(max(2, round(seconds / ((time.perf_counter() - start) / 40))))
    ms: list[list[float]] = [[] for _ in loops]
    order = random.Random(0)
    for _ in range(turns):
        for loop, count, figures in order.sample(list(zip(loops, counts, ms, strict=True)), len(loops)):
            start = time.perf_counter()
            loop(count)
            figures.append((time.perf_counter() - start) / count * 1e3)
    return ms


if __name__ == "__main__":
    main()
