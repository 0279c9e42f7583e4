"""Sequence-level distillation: the student learns text that the teacher wrote, as if it were the true one.

No probabilities cross over, only text: what a service sells. Each prompt of the transfer set gets an answer of the
teacher's, the most likely one that a search finds, or one drawn; the student learns it token by token, as labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...data import Examples, Splits, splits
from ...losses.labels import UNLABELLED
from ...models.sequences import check_vocabularies
from ...models.wrap import as_module
from ..distillation import Distillation
from ..objective import Objective
from ..own_text import Writer, check_padding, writer, written
from ..randomness import mix
from ..teacher import ROWS_AT_ONCE, Cancelled, Teacher
from ..terms import HardLabels, Term

Progress = Callable[[int, int], bool]


def sequence_level(
    teacher: nn.Module | Teacher | Writer,
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    greedy: bool = True,
    beams: int = 1,
    temperature: float = 1.0,
    draws: int = 1,
    prompt: int = 1,
    end: int | None = None,
    progress: Progress | None = None,
    **training: Any,
) -> Distillation:
    """Return a run that learns text which the teacher wrote in the place of the transfer set's.

    Parameters
    ----------
    teacher : nn.Module, Teacher or callable
        A callable maps prompts (n, p) and a number of tokens to ids (n, p + tokens), as a remote service does.
    student : nn.Module
    data : Splits, (X, y), Dataset or DataLoader
        Token ids (N, L) with labels (N, L), the ids shifted by one, -1 at prompts and padding. Running text, whose
        labels begin at once, gives its first ``prompt`` tokens.
    objective : Objective or Term, optional
        Default :class:`kdviz.HardLabels`. One that asks the teacher for probabilities is token-level distillation on
        the teacher's own text.
    greedy, beams, temperature
        The teacher's most likely next token, a beam search of so many beams, or, with ``greedy=False``, draws at a
        temperature > 0.
    draws : int
        Texts drawn for each prompt; an epoch is that many times longer.
    prompt : int
        The least length of a prompt.
    end : int, optional
        The token that ends an answer; without one it is as long as the given one.
    progress : callable, optional
        Called with (done, total) batches of texts, after each and before each token; return False to stop.
    **training
        Arguments of :class:`kdviz.Distillation`. Its seed fixes the draws as well.

    Returns
    -------
    Distillation
        Its teacher, where it is a module, only serves to measure agreement.

    Raises
    ------
    ValueError
        If the data are no text, or a setting is out of range.
    Cancelled
        If ``progress`` returned False.

    Notes
    -----
    L = −Σ_t log q(ŷ_t | ŷ_<t, x), ŷ the teacher's text. Kim & Rush take a beam of 5: the distribution over whole
    sequences is replaced by its mode, as far as the beam finds it. With draws it is the cross-entropy with the
    teacher's distribution over sequences, whose gradient is that of KL(p ‖ q) over sequences. Their Seq-Inter, the text
    of the beam that is nearest to the true one, is not here.

    The text makes a new data set: to load a saved run pass ``data=as_written(teacher, data, ...)`` with the same
    arguments.

    References
    ----------
    Kim, Rush (2016), Sequence-Level Knowledge Distillation, EMNLP, arXiv:1606.07947.
    """
    module = teacher if isinstance(teacher, nn.Module | Teacher) else None
    if isinstance(module, nn.Module):
        module = Teacher(module)  # raises in training mode, before anything is written
    written_by = as_written(
        teacher,
        data,
        greedy=greedy,
        beams=beams,
        temperature=temperature,
        draws=draws,
        prompt=prompt,
        end=end,
        seed=training.get("seed", 0),
        progress=progress,
    )
    objective = HardLabels() if objective is None else objective
    return Distillation(module, student, written_by, objective, **training)


def as_written(
    teacher: nn.Module | Teacher | Writer,
    data: Any,
    *,
    greedy: bool = True,
    beams: int = 1,
    temperature: float = 1.0,
    draws: int = 1,
    prompt: int = 1,
    end: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Splits:
    """Return data whose training text is the teacher's; validation and test are unchanged.

    Parameters
    ----------
    teacher, data, greedy, beams, temperature, draws, prompt, end, progress
        As for :func:`sequence_level`.
    seed : int
        Fixes the draws.

    Returns
    -------
    Splits
        Named after the data, with the suffix ``-as-written``. Texts that are no longer than the prompt are left out.

    Raises
    ------
    ValueError, Cancelled
        As for :func:`sequence_level`.
    """
    if draws < 1 or (draws > 1 and (greedy or beams > 1)):
        raise ValueError(f"draws must be at least 1, and more than 1 needs greedy=False without beams, got {draws}")
    if beams < 1:
        raise ValueError(f"beams must be at least 1, got {beams}")
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be a finite number > 0, got {temperature}")
    data = splits(data)
    module = teacher.module if isinstance(teacher, Teacher) else teacher
    if isinstance(module, nn.Module):
        check_vocabularies({"teacher": module}, data.vocabulary)
    train = data.train
    if train.y.ndim != 2:
        raise ValueError(
            f"sequence-level distillation needs labels token by token, shape (examples, tokens), and {data.title} has "
            "one label an example; for classes use kd.schemes.black_box"
        )
    check_padding(train)
    total = draws * -(-len(train) // ROWS_AT_ONCE)
    ids, labels, done = [], [], 0

    def stop() -> bool:
        if progress is not None and progress(done, total) is False:
            raise Cancelled(f"stopped after {done:,} of {total:,} batches of text")
        return False

    for draw in range(draws):
        for i, start in enumerate(range(0, len(train), ROWS_AT_ONCE)):
            chosen = slice(start, start + ROWS_AT_ONCE)
            write = _writer(
                teacher, mix(seed, 8, draw, i), greedy=greedy, beams=beams, temperature=temperature, end=end, stop=stop
            )
            text = written(write, train.inputs(chosen), train.y[chosen], prompt=prompt, end=end)
            ids.append(text.inputs)
            labels.append(text.y)
            done += 1
            stop()
    index = torch.arange(len(train)).repeat(draws)
    one = train.take(index) if draws > 1 else train
    made = Examples(_joined(ids), torch.cat(labels), one.groups)
    answered = (made.y != UNLABELLED).any(1)
    if not bool(answered.any()):
        raise ValueError(f"no text of {data.title} is longer than a prompt of {prompt} tokens; pass a smaller prompt=")
    if not bool(answered.all()):
        made = made.take(answered.nonzero().flatten())
    return replace(data, name=f"{data.name}-as-written", train=made, draw=None)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], Tensor):
        return torch.cat(parts)
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _writer(teacher: Any, seed: int, **how: Any) -> Writer:
    """Return who writes, with a check of what a service returns."""
    if isinstance(teacher, Teacher):
        teacher = teacher.module
    if not callable(teacher):
        teacher = as_module(teacher, "teacher")
    if isinstance(teacher, nn.Module):
        return writer(teacher, seed % 2**31, **how)

    def checked(ids: Tensor, tokens: int) -> Tensor:
        given = torch.as_tensor(teacher(ids, tokens))
        if given.shape != (len(ids), ids.shape[1] + tokens) or given.dtype != torch.int64:
            kind = str(given.dtype).removeprefix("torch.")
            raise ValueError(
                f"a teacher that is a callable must return ids, int64 of shape ({len(ids)}, {ids.shape[1] + tokens}), "
                f"the prompts first, got {kind} of shape {tuple(given.shape)}"
            )
        return given

    return checked
