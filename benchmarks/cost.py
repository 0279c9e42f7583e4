"""What the figures of cost are worth: ``python benchmarks/cost.py``.

In one run, on the shipped MNIST teacher and a student of 64 units, each way in turns with the others:

* our latency beside a plain loop with ``time.perf_counter``, and, for an ONNX session, beside onnxruntime's own profile
  of the same calls: as ratios, with their intervals over turns;
* torch beside onnxruntime beside torch's own int8: the times of one answer and of 64;
* what *Does it pay?* takes to make, and the sums behind it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

import kdviz as kd
from kdviz.measure.cost import costs, in_turns, median_interval
from kdviz.models import mlp
from kdviz.panels import Pays

CALLS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=21)
    turns = parser.parse_args().turns
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    torch.set_num_threads(1)
    teacher, student = kd.models.pretrained("mnist-mlp-1200"), mlp((64,), seed=0).eval()
    x = kd.data.mnist().test.inputs(slice(0, 64))
    print("our median beside a plain loop's, one thread, ratio (95 % CI over turns):")
    for name, model in (("teacher", teacher), ("student", student)):
        for batch in (1, 64):
            ratios = [ours(model, x, batch) / plain(lambda m=model, b=batch: m(x[:b])) for _ in range(turns)]
            print(f"  {name}, {batch:>2} at once: {written(ratios)}")
    try:
        session = exported(student)
    except ModuleNotFoundError as missing:
        print(f"onnxruntime is left out: {missing}")
        session = None
    if session is not None:
        own, fed = session(), {"x": x[:1].flatten(1).numpy()}
        ratios = [ours(own, x, 1) / plain(lambda: own.run(["logits"], fed)) for _ in range(turns)]
        print(f"our median beside a plain loop over a session, 1 at once: {written(ratios)}")
        ratios = [ours(session(), x, 1) / by_its_profile(session, x[:1].flatten(1)) for _ in range(turns)]
        print(f"our median beside onnxruntime's own profile, which takes time too, 1 at once: {written(ratios)}")
    models: dict[str, Any] = {"teacher": teacher, "student": student, "int8": int8(student)}
    models |= {} if session is None else {"onnx": session()}
    found = costs(models, x, seconds=3)
    print(f"\n{found.table().to_string(index=False)}\n")
    page = [seconds(lambda: Pays().close()) for _ in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        panel = Pays()
        file = panel.to_html(Path(folder) / "pays.html")
        print(
            f"Does it pay?: made in {1000 * statistics.median(page):.0f} ms; one file of {file.stat().st_size:,} bytes"
        )
        panel.close()


def written(ratios: list[float]) -> str:
    low, high = median_interval(ratios)
    return f"{statistics.median(ratios):.3f} ({low:.3f} to {high:.3f})"


def ours(model: Any, x: Any, batch: int) -> float:
    return in_turns({"it": model}, x, batch=batch, seconds=0.3).latency["it"].median


@torch.no_grad()
def plain(call: Callable[[], object]) -> float:
    """Return the median of a loop as everybody writes it."""
    each = []
    for _ in range(CALLS):
        each.append(seconds(call))
    return statistics.median(each)


def seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def exported(model: nn.Module) -> Callable[..., Any]:
    """Return what makes a session of the same network, with its profile if that is wanted."""
    import onnx
    import onnxruntime

    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    (w1, b1, w2, b2), node = weights, onnx.helper.make_node
    nodes = [
        node("Gemm", ["x", w1, b1], ["h"], transB=1),
        node("Relu", ["h"], ["r"]),
        node("Gemm", ["r", w2, b2], ["logits"], transB=1),
    ]
    floats = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "student",
        [onnx.helper.make_tensor_value_info("x", floats, ("N", 784))],
        [onnx.helper.make_tensor_value_info("logits", floats, ("N", 10))],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    content = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)

    def session(profile: str = "") -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        if profile:
            options.enable_profiling, options.profile_file_prefix = True, profile
        return onnxruntime.InferenceSession(content.SerializeToString(), options, providers=["CPUExecutionProvider"])

    return session


def by_its_profile(session: Callable[..., Any], x: Any) -> float:
    """Return the median of a call as onnxruntime's profiler has it."""
    with tempfile.TemporaryDirectory() as folder:
        own = session(str(Path(folder) / "profile"))
        fed = {"x": x.numpy()}
        for _ in range(CALLS):
            own.run(["logits"], fed)
        events = json.loads(Path(own.end_profiling()).read_text())
    return statistics.median(e["dur"] for e in events if e.get("name") == "model_run") / 1e6


def int8(model: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


if __name__ == "__main__":
    main()
