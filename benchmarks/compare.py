"""What a comparison costs: ``python benchmarks/compare.py``.

In one run, on the shipped MNIST teacher and a student of 32 units:

* each measure beside the plain call of the library that defines it: captum an image at a time, scipy's rank correlation
  an example at a time, torchmetrics' calibration errors, scikit-learn's losses, fairlearn's group metrics;
* a full report on the 10,000 test images, from the models to the HTML file, and the memory it takes above them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import psutil
import torch
from torch import nn

import kdviz as kd
from kdviz.measure.bias import bias
from kdviz.measure.calibration import calibration
from kdviz.measure.fidelity import fidelity
from kdviz.measure.groups import bands, stroke_thickness
from kdviz.measure.saliency import saliency
from kdviz.models import inference

MAPPED = 50  # images explained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    warnings.filterwarnings("ignore", category=UserWarning)
    data = kd.data.mnist()
    teacher = kd.models.pretrained("mnist-mlp-1200")
    run = kd.Distillation(teacher, kd.models.mlp((32,)), data.with_labels(1000), seed=0, epochs=20)
    run.train(progress=False)
    y = data.test.y
    t = inference.logits(teacher, data.test, who="teacher")
    s = inference.logits(run.student, data.test, who="student")
    print(f"{torch.get_num_threads()} torch thread(s)\n")
    print(f"{'seconds, median of ' + str(turns):<52}{'kdviz':>9}{'rival':>9}{'rival / kdviz':>15}")
    X, target = data.test.inputs(slice(0, MAPPED)), t[:MAPPED].argmax(1)
    for method in ("gradient", "integrated_gradients", "occlusion"):
        beside(
            f"{method}, {MAPPED} images; captum one at a time",
            lambda method=method: saliency(teacher, X, target, method),
            lambda method=method: captum(teacher, X, target, method),
            turns,
        )
    beside("rank agreement, 10,000; scipy one at a time", lambda: fidelity(t, s, y), lambda: scipy_ranks(t, s), turns)
    beside(
        "ECE, MCE, NLL, Brier; torchmetrics, scikit-learn",
        lambda: calibration(s, y, resamples=0),
        lambda: plain(s, y),
        turns,
    )
    said = {"teacher": t.argmax(1), "student": s.argmax(1)}
    thick = bands(stroke_thickness(data.test.x))
    beside(
        "accuracy by stroke, 1,000 resamples; fairlearn, none",
        lambda: bias(said, y, {"stroke": thick}, positive=None, by_fairlearn=False),
        lambda: by_group(said, y, thick),
        turns,
    )
    print()
    report_whole(teacher, run.student, run.twin().train(progress=False).student, data)


def beside(what: str, ours: Callable[[], object], theirs: Callable[[], object], turns: int) -> None:
    """Time both in turn and print the medians and their ratio."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for call, into in zip((ours, theirs), seconds, strict=True):
            start = time.perf_counter()
            call()
            into.append(time.perf_counter() - start)
    a, b = (statistics.median(some) for some in seconds)
    print(f"{what:<52}{a:>9.3f}{b:>9.3f}{b / a:>15.1f}", flush=True)


def captum(model: nn.Module, X: torch.Tensor, target: torch.Tensor, method: str) -> list[torch.Tensor]:
    """Explain an image at a time, as captum's tutorials do."""
    from captum import attr

    if method == "occlusion":
        ask, options = attr.Occlusion(model), {"sliding_window_shapes": (1, 4, 4), "strides": (1, 2, 2)}
    elif method == "gradient":
        ask, options = attr.Saliency(model), {"abs": False}
    else:
        ask, options = attr.IntegratedGradients(model), {"n_steps": 32}
    return [
        ask.attribute(x[None].requires_grad_(), target=k, **options) for x, k in zip(X, target.tolist(), strict=True)
    ]


def scipy_ranks(t: torch.Tensor, s: torch.Tensor) -> list[float]:
    """Rank the classes an example at a time."""
    from scipy.stats import spearmanr

    return [spearmanr(a, b).statistic for a, b in zip(t.numpy(), s.numpy(), strict=True)]


def plain(logits: torch.Tensor, y: torch.Tensor) -> list[float]:
    """Ask the libraries for the same numbers."""
    from sklearn.metrics import brier_score_loss, log_loss
    from torchmetrics.functional.classification import multiclass_calibration_error

    p = logits.double().softmax(1)
    errors = [multiclass_calibration_error(p, y, p.shape[1], 15, norm).item() for norm in ("l1", "max")]
    return [*errors, log_loss(y.numpy(), p.numpy()), brier_score_loss(y.numpy(), p.numpy())]


def by_group(said: dict[str, torch.Tensor], y: torch.Tensor, groups: object) -> list[float]:
    """Ask fairlearn for the accuracy of each group."""
    from fairlearn.metrics import MetricFrame
    from sklearn.metrics import accuracy_score

    frames = [
        MetricFrame(metrics=accuracy_score, y_true=y.numpy(), y_pred=choice.numpy(), sensitive_features=groups)
        for choice in said.values()
    ]
    return [frame.difference() for frame in frames]


def report_whole(teacher: nn.Module, student: nn.Module, twin: nn.Module, data: kd.data.Splits) -> None:
    """Time a full report and print the most memory it took above what stood before."""
    process, top, done = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            top[0] = max(top[0], process.memory_info().rss)

    before = process.memory_info().rss
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        thickness = stroke_thickness(data.test.x)
        report = kd.compare(teacher, student, data, twin=twin, groups={"stroke thickness": thickness})
        compared = time.perf_counter() - start
        report.saliency("input_x_gradient", count=200)
        report.attention(count=200)
        path = report.to_html(Path(folder, "report.html"))
        report.frame()
        whole, size = time.perf_counter() - start, path.stat().st_size
    done.set()
    watcher.join()
    print(f"kd.compare, three models on 10,000 test and 5,000 validation images, by stroke thickness: {compared:.1f} s")
    print("with maps of 200 images and their checks, layers that correspond, the table and the HTML file ", end="")
    print(f"({size / 2**20:.1f} MB): {whole:.1f} s")
    print(f"most memory above what stood before: {(top[0] - before) / 2**20:.0f} MB")


if __name__ == "__main__":
    main()
