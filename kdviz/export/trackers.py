"""Experiment trackers that take more than a function: TensorBoard's folders."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

MISSING = "a TensorBoard folder needs tensorboard: pip install tensorboard"


class tensorboard:  # noqa: N801 (used as a function)
    """A folder for TensorBoard, as the ``log`` of a run.

    Parameters
    ----------
    folder : path
        Of one run; runs beside one another in a folder are drawn together.

    Raises
    ------
    ImportError
        If ``tensorboard`` is missing.

    Notes
    -----
    W&B, MLflow and trackio need nothing of kdviz: ``run.train(log=wandb.log)``, ``log=mlflow.log_metrics``,
    ``log=trackio.log``, after the tracker's own ``init`` with ``config=run.recipe.to_dict()``.

    Examples
    --------
    >>> with tensorboard("runs/first") as log:  # doctest: +SKIP
    ...     run.train(log=log)
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError(f"{MISSING} ({error})") from error
        self._writer: Any = SummaryWriter(str(folder))

    def __call__(self, values: dict[str, float], step: int) -> None:
        """Write values at a step."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the folder's file."""
        self._writer.close()

    def __enter__(self) -> tensorboard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
