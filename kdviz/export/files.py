"""A model as a file that others run without kdviz: ONNX, or a program of PyTorch's own; read again and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..data.inputs import tensors
from ..models.inference import logits_of
from .traced import TOLERANCE, Written, compared, followed, quiet, subject, untranslated

MISSING = 'an ONNX file needs onnx, onnxscript and onnxruntime: pip install "kdviz[export]"'


def onnx(model: Any, path: str | Path, inputs: Any = None, *, tolerance: float = TOLERANCE) -> Written:
    """Write a model as ONNX, and check its answers in onnxruntime.

    Parameters
    ----------
    model : nn.Module, Distillation or Teacher
        In eval mode for the time being; not changed. Of a run, its student.
    path : path
        Of the file, usually ``student.onnx``. Weights too large for one file lie beside it, in ``student.onnx.data``.
    inputs : Splits, Examples, Tensor of shape (B, ...), dict or tuple of tensors, optional
        Examples that the model is followed and checked on; at most 64 are used. Default: the run's test split.
    tolerance : float
        By which logits may differ, as a share of the largest one, or of 1 if that is more.

    Returns
    -------
    Written
        With the largest difference between the logits of the file and those of the model.

    Raises
    ------
    ImportError
        If ``onnx``, ``onnxscript`` or ``onnxruntime`` is missing.
    ValueError
        If a layer cannot be exported, which is named, or the file does not answer as the model does.

    Notes
    -----
    The number of examples of a batch is free. The file's output is called ``logits``: no softmax.

    Examples
    --------
    >>> import kdviz as kd
    >>> student = kd.models.mlp(hidden=(8,), inputs=4, classes=3)
    >>> written = onnx(student, "student.onnx", torch.randn(16, 4))  # doctest: +SKIP
    >>> written.largest_difference < 1e-5  # doctest: +SKIP
    True
    """
    of = subject(model, inputs)
    try:
        import onnxruntime
        import onnxscript  # noqa: F401 (PyTorch's exporter needs it)
    except ImportError as error:
        raise ImportError(f"{MISSING} ({error.name} is missing)") from error
    traced, path = followed(of), Path(path)
    try:
        with quiet():
            made = torch.onnx.export(
                traced, input_names=of.names, output_names=["logits"], dynamo=True, verbose=False, optimize=True
            )
    except torch.onnx.errors.OnnxExporterError as error:
        raise ValueError(untranslated(of, error)) from error
    assert made is not None
    made.save(path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = {one.name: part.cpu().numpy() for one, part in zip(session.get_inputs(), tensors(of.inputs), strict=True)}
    return compared(path, torch.from_numpy(session.run(["logits"], given)[0]), of.logits, tolerance)


def program(model: Any, path: str | Path, inputs: Any = None, *, tolerance: float = TOLERANCE) -> Written:
    """Write a model as a program of ``torch.export``, and check its answers.

    ``torch.export.load(path).module()`` runs it, without kdviz and without the model's own code.

    Parameters
    ----------
    model, inputs, tolerance
        As in :func:`onnx`.
    path : path
        Of the file, usually ``student.pt2``.

    Returns
    -------
    Written

    Raises
    ------
    ValueError
        If a layer cannot be exported, which is named, or the file does not answer as the model does.

    Examples
    --------
    >>> import tempfile, kdviz as kd
    >>> student = kd.models.mlp(hidden=(8,), inputs=4, classes=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     program(student, Path(folder) / "student.pt2", torch.randn(16, 4)).largest_difference
    0.0
    """
    of, path = subject(model, inputs), Path(path)
    traced = followed(of)
    with quiet():
        torch.export.save(traced, path)
        read = torch.export.load(path).module()
    with torch.no_grad():
        theirs = logits_of(read(*tensors(of.inputs)), "file", len(tensors(of.inputs)[0]))
    return compared(path, theirs, of.logits, tolerance)
