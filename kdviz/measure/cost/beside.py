"""What models cost to keep and to run, beside one another."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ...data import Examples, Splits
from ...data.inputs import Inputs, rows
from ...distill.schemes.quantized import quantized_layers
from ...models import inference
from ...models.counts import macs_of
from ...models.foreign import Foreign
from ...models.inference import Progress, bare
from ...models.onnx_session import OnnxSession
from ...models.wrap import as_module
from ...words import mark, number, t
from . import graph, memory, sizes
from .accuracy import Kept
from .timing import Latency, Ratio, Turns, in_turns

if TYPE_CHECKING:
    import pandas as pd

BATCHES = (1, 64)
LEVEL = 6  # of gzip, its own default
IMITATED = mark(
    "{Who}: rounded to {bits} bits in float32 arithmetic here; its time is that of the imitation, not of integers."
)
UNKNOWN = mark("{Who}: neither a torch module nor an ONNX session; its parameters and multiply-adds are unknown.")
WITHOUT_ONNX = mark("{Who}: counting in an ONNX session needs the package onnx (pip install 'kdviz[export]').")
WITHOUT_FILE = mark("{Who}: an ONNX session without its file; create it from a path or from bytes to count in it.")
NOT_COUNTED = mark("{Who}: its graph has {operators}, whose multiply-adds are not counted.")
OTHER_THREADS = mark("Threads differ: {each}.")
KEEPS = {  # by what is known
    "all": mark(
        "The student keeps {kept} of the teacher's accuracy, with {weights} of its weights and {time} of its time "
        "({interval})."
    ),
    "time": mark("The student has {weights} of the teacher's weights and takes {time} of its time ({interval})."),
    "kept": mark("The student keeps {kept} of the teacher's accuracy, with {weights} of its weights."),
    "weights": mark("The student has {weights} of the teacher's weights."),
}


@dataclass(frozen=True)
class Cost:
    """What one model costs.

    Attributes
    ----------
    parameters : int or None
        Numbers that were learned, frozen or not; None where they are unknown.
    macs : int or None
        Multiply-accumulates for one example.
    bytes, gzipped : int or None
        Of the file that holds the model, see :func:`kdviz.measure.cost.file_of`; and of that file by gzip.
    memory : dict of int to int
        Weights, and input and intermediate results at the busiest moment, in bytes, by examples of the batch.
    latency : dict of int to Latency
        By examples of the batch; empty if nothing was timed.
    notes : tuple of str
        Why a number is missing, and what a time is not.
    """

    parameters: int | None
    macs: int | None
    bytes: int | None
    gzipped: int | None
    memory: dict[int, int]
    latency: dict[int, Latency] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Costs(Mapping[str, Cost]):
    """What several models cost, timed in turns: a dict of :class:`Cost` by their names.

    Attributes
    ----------
    each : dict of str to Cost
    turns : dict of int to Turns
        By examples of the batch.
    """

    each: dict[str, Cost]
    turns: dict[int, Turns] = field(repr=False)

    def __getitem__(self, who: str) -> Cost:
        return self.each[who]

    def __iter__(self) -> Iterator[str]:
        return iter(self.each)

    def __len__(self) -> int:
        return len(self.each)

    def ratio(self, who: str = "student", to: str = "teacher", batch: int = 1) -> Ratio:
        """Return the time of ``who`` divided by that of ``to``, with its spread over turns."""
        if batch not in self.turns:
            raise ValueError(f"expected a batch of {', '.join(map(str, self.turns)) or 'none'}, got {batch}")
        return self.turns[batch].ratio(who, to)

    def sentence(self, kept: Kept | float | None = None) -> str:
        """Return what the student costs beside the teacher.

        Parameters
        ----------
        kept : Kept or float, optional
            The student's accuracy divided by the teacher's, on the same examples; :func:`kept` has its interval.

        Returns
        -------
        str
            Empty where neither weights nor times can be compared.
        """
        told: dict[str, str] = {}
        whole, small = self["teacher"].parameters, self["student"].parameters
        if not whole or not small:
            return ""
        told["weights"] = share(small / whole)
        if isinstance(kept, Kept) and math.isfinite(kept.value):
            told["kept"] = kept.written()
        elif isinstance(kept, float | int) and math.isfinite(kept):
            told["kept"] = number(kept, ".1%")
        if self.turns:
            batch = min(self.turns)
            found = self.ratio(batch=batch)
            told |= {"time": share(found.value), "interval": self._measured(found, batch)}
        key = ("all" if "kept" in told else "time") if "time" in told else "kept" if "kept" in told else "weights"
        return t(KEEPS[key], **told)

    def _measured(self, found: Ratio, batch: int) -> str:
        """Return how a ratio was measured, in the words of a bracket."""
        low, high = (share(end) for end in (found.low, found.high))
        ends = {"low": low, "high": high, "level": number(100 * found.confidence, "g")}
        if batch == 1:
            return t("one example at a time, in turns; {level}\u202f% CI {low} to {high}", **ends)
        return t("{n} examples at a time, in turns; {level}\u202f% CI {low} to {high}", n=batch, **ends)

    def notes(self) -> list[str]:
        """Return what has to be known of these numbers, in sentences."""
        lines = [note for one in self.each.values() for note in one.notes]
        for turns in list(self.turns.values())[:1]:
            threads = {who: one.threads for who, one in turns.latency.items()}
            if len(set(threads.values())) > 1:
                named = [f"{titled(who)} {n or t('as onnxruntime chooses')}" for who, n in threads.items()]
                lines.append(t(OTHER_THREADS, each=", ".join(named)))
        return lines

    def table(self) -> pd.DataFrame:
        """Return one row per number and one column per model, written for a reader."""
        import pandas as pd

        def row(name: str, write: Callable[[str], str]) -> dict[str, str]:
            return {"number": name, **{who: write(who) for who in self.each}}

        lines = [
            row("parameters", lambda who: _counted(self[who].parameters)),
            row("multiply-adds", lambda who: _counted(self[who].macs)),
            row("file", lambda who: _file_in_words(self[who])),
        ]
        for n in dict.fromkeys(n for one in self.each.values() for n in one.memory):
            lines.append(row(f"peak memory, {n} at a time", lambda who, n=n: size_of(self[who].memory.get(n))))  # type: ignore[misc]
        for n, turns in self.turns.items():
            found = turns.latency
            lines.append(row(f"median time, {n} at a time", lambda who, found=found: time_of(found[who].median)))  # type: ignore[misc]
            lines.append(row(f"95th percentile, {n} at a time", lambda who, found=found: time_of(found[who].p95)))  # type: ignore[misc]
            if "teacher" in self.each:
                lines.append(row(f"time / teacher's, {n} at a time", lambda who, n=n: self._beside(who, n)))  # type: ignore[misc]
        return pd.DataFrame(lines)

    def _beside(self, who: str, batch: int) -> str:
        if who == "teacher":
            return "1"
        r = self.ratio(who, "teacher", batch)
        return f"{number(r.value, '.3g')} ({number(r.low, '.3g')} to {number(r.high, '.3g')})"

    def frame(self) -> pd.DataFrame:
        """Return one row per number: model, measure, batch, value, and low and high of ratios; times in seconds."""
        import pandas as pd

        rows_: list[dict[str, Any]] = []
        for who, one in self.each.items():
            for name in ("parameters", "macs", "bytes", "gzipped"):
                rows_.append({"model": who, "measure": name, "value": getattr(one, name)})
            rows_ += [{"model": who, "measure": "peak memory", "batch": n, "value": v} for n, v in one.memory.items()]
            for n, found in one.latency.items():
                for name in ("median", "p95"):
                    value = getattr(found, name)
                    rows_.append({"model": who, "measure": f"{name} latency", "batch": n, "value": value})
                rows_.append({"model": who, "measure": "threads", "batch": n, "value": found.threads})
        for n in self.turns if "teacher" in self.each else ():
            for who in self.each:
                if who != "teacher":
                    r = self.ratio(who, "teacher", n)
                    ends = {"value": r.value, "low": r.low, "high": r.high}
                    rows_.append({"model": who, "measure": "time / teacher's", "batch": n, **ends})
        return pd.DataFrame(rows_, columns=["model", "measure", "batch", "value", "low", "high"])


def _counted(n: int | None) -> str:
    return "unknown" if n is None else number(n)


def _file_in_words(one: Cost) -> str:
    return f"{size_of(one.bytes)} ({size_of(one.gzipped)})"


def size_of(n: int | None) -> str:
    """Return bytes as a reader has them, in three digits.

    >>> size_of(512), size_of(98_816), size_of(9_583_760), size_of(None)
    ('512 B', '98.8 kB', '9.58 MB', 'unknown')
    """
    if n is None:
        return "unknown"
    unit = next((i for i in range(3) if n < 999.5 * 1000**i), 3)
    return f"{number(n / 1000**unit, '.3g')} {('B', 'kB', 'MB', 'GB')[unit]}"


def time_of(seconds: float) -> str:
    """Return seconds as a reader has them, in three digits.

    >>> time_of(25.7e-6), time_of(0.0012), time_of(1.5)
    ('25.7 µs', '1.2 ms', '1.5 s')
    """
    unit = next((i for i in (2, 1) if seconds * 1000**i < 999.5), 0) if seconds < 0.9995 else 0
    return f"{number(seconds * 1000**unit, '.3g')} {('s', 'ms', 'µs')[unit]}"


def titled(who: str) -> str:
    """Return a role as the title of a row, in the reader's language; another name as it is."""
    return t({"teacher": "Teacher", "student": "Student", "twin": "Twin"}.get(who, who))


def share(part: float) -> str:
    """Return a share as a fraction, or in percent from two thirds on.

    >>> [share(part).replace("\u202f", " ") for part in (1 / 24, 0.41, 0.83, 1.4, 12.3)]
    ['1/24', '1/2.4', '83 %', '140 %', '1,230 %']
    """
    if not math.isfinite(part) or part <= 0:
        return "–"
    if part >= 0.67:
        return number(part, ",.0%")
    return f"1/{number(1 / part, ',.0f' if 1 / part >= 9.95 else '.1f')}"


def cost(model: Any, inputs: Splits | Examples | Inputs, **options: Any) -> Cost:
    """Return what one model costs; arguments as for :func:`costs`.

    Examples
    --------
    >>> found = cost(nn.Linear(100, 10), torch.zeros(1, 100), batches=(1,), seconds=0.05)
    >>> found.parameters, found.macs, found.memory[1]
    (1010, 1000, 4480)
    """
    return costs({"model": model}, inputs, **options)["model"]


def costs(
    models: Mapping[str, Any],
    inputs: Splits | Examples | Inputs,
    *,
    batches: tuple[int, ...] = BATCHES,
    seconds: float = 2.0,
    threads: int | None = None,
    counted: bool = True,
    progress: Progress | None = None,
) -> Costs:
    """Measure size, computation, memory and time of models that see the same inputs.

    Parameters
    ----------
    models : dict of str to model
        Such as ``{"teacher": ..., "student": ...}``: torch modules, quantized ones, ONNX sessions, and all else that
        :func:`kdviz.wrap` accepts. They are left as they were.
    inputs : Splits, Examples, or what the models take
        Of a `Splits` the first test examples; repeated where a batch needs more.
    batches : tuple of int
        How many examples a call has: for memory and times.
    seconds : float
        That the times of one batch size may take, all models together; 0 measures no times.
    threads : int, optional
        Of torch, for the times; by default as many as it uses now.
    counted : bool
        Whether multiply-accumulates, bytes and memory are counted too, which takes longer for large models.
    progress : callable, optional
        Called with (done, total) turns over all batch sizes; return False to stop with ``Cancelled``.

    Returns
    -------
    Costs

    Raises
    ------
    TypeError, ValueError
        In one sentence, if a model cannot be used or cannot process the inputs.

    Examples
    --------
    >>> models = {"teacher": nn.Linear(100, 10), "student": nn.Linear(100, 10, bias=False)}
    >>> found = costs(models, torch.zeros(1, 100), seconds=0)
    >>> found["student"].parameters, found.sentence(kept=0.992).replace("\u202f", " ")
    (1000, "The student keeps 99.2 % of the teacher's accuracy, with 99 % of its weights.")
    """
    sizes_asked = tuple(batches)
    if not sizes_asked or min(sizes_asked) < 1:
        raise ValueError(f"batches must be whole numbers from 1 on, such as (1, 64), got {batches!r}")
    x = _inputs(inputs, max(sizes_asked))
    given = {who: as_module(model, who) for who, model in models.items()}
    still = {who: _still(model, x, sizes_asked if counted else (), who) for who, model in given.items()}
    measured = {}
    if seconds:
        for i, batch in enumerate(sizes_asked):
            tell = _part(progress, i, len(sizes_asked))
            measured[batch] = in_turns(given, x, batch=batch, seconds=seconds, threads=threads, progress=tell)
    each = {}
    for who, (numbers, notes) in still.items():
        times = {batch: turns.latency[who] for batch, turns in measured.items()}
        each[who] = Cost(**numbers, latency=times, notes=notes)
    return Costs(each, measured)


def countable(model: nn.Module) -> bool:
    """Whether a model's numbers can be counted: a torch module or an ONNX session, not a function or a service."""
    return bool(sizes.parameters(model)) or isinstance(bare(model), OnnxSession)


def _part(progress: Progress | None, i: int, parts: int) -> Progress | None:
    if progress is None:
        return None
    call = progress
    return lambda done, total: call(i * total + done, parts * total)


def _inputs(given: Splits | Examples | Inputs, most: int) -> Inputs:
    if isinstance(given, Splits):
        given = given.test
    if isinstance(given, Examples):
        return given.inputs(slice(0, most))
    return given


def _still(model: nn.Module, x: Inputs, batches: tuple[int, ...], who: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return all that does not depend on a clock, and the notes on it; without batches only the parameters."""
    inner = bare(model)
    if isinstance(inner, OnnxSession):
        return _of_session(inner, x, batches, who)
    content = sizes.file_of(model) if batches else None
    counted: dict[str, Any] = {"parameters": sizes.parameters(model), "macs": None, "memory": {}}
    numbers: dict[str, Any] = {**_file(content), **counted}
    if isinstance(inner, Foreign):
        return numbers, (t(UNKNOWN, Who=titled(who)),)
    try:
        numbers["macs"] = macs_of(model, _batch(x, 1)) if batches else None
        numbers["memory"] = {n: memory.peak_bytes(model, _batch(x, n)) for n in batches}
    except Exception as error:
        raise inference.cannot_answer(error, who, model, x) from error
    imitated = quantized_layers(model)
    if not imitated:
        return numbers, ()
    bits = min(int(model.get_submodule(name).quantized_bits) for name in imitated)  # type: ignore[arg-type]
    return numbers, (t(IMITATED, Who=titled(who), bits=bits),)


def _of_session(
    model: OnnxSession, x: Inputs, batches: tuple[int, ...], who: str
) -> tuple[dict[str, Any], tuple[str, ...]]:
    numbers: dict[str, Any] = {"bytes": None, "gzipped": None, "parameters": None, "macs": None, "memory": {}}
    try:
        numbers |= _file(graph.file_of(model.session))
        for n in batches or (1,):
            given = model.rows_at_once(n)
            found = graph.read(model.session, model.fed(_batch(x, given)))
            numbers["memory"][n] = found.peak_bytes
            numbers["parameters"] = found.parameters
            numbers["macs"] = None if found.macs is None else found.macs // given
    except ModuleNotFoundError:
        return numbers, (t(WITHOUT_ONNX, Who=titled(who)),)
    if numbers["bytes"] is None:
        return numbers, (t(WITHOUT_FILE, Who=titled(who)),)
    notes = () if not found.not_counted else (t(NOT_COUNTED, Who=titled(who), operators=", ".join(found.not_counted)),)
    return numbers, notes


def _batch(x: Inputs, n: int) -> Any:
    return rows(x, torch.arange(n) % inference.count(x))


def _file(content: bytes | None) -> dict[str, int | None]:
    if content is None:
        return {"bytes": None, "gzipped": None}
    return {"bytes": len(content), "gzipped": len(gzip.compress(content, LEVEL, mtime=0))}
