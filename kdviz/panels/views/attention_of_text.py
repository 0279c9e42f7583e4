"""Attention in a text: a matrix a head, of tokens by tokens, of both models."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples
from ...data.token_signs import signs_of
from ...measure.attending import attending
from ...measure.attention import text_matrices
from ...models.at_token import AT
from ...models.inference import token_ids
from ...words import mark, number, t
from ...words.reasons import told

MOST = 64  # tokens along a side of what is drawn
NUMBERS = 20_000_000  # of the matrices of other examples, of one model
OTHERS = 24
LACKING = {  # by the kind of map and the model
    ("activation", "teacher"): mark("The teacher has no convolutions, so its layers keep no places of the image."),
    ("activation", "student"): mark("The student has no convolutions, so its layers keep no places of the image."),
    ("heads", "teacher"): mark("The teacher has no attention heads."),
    ("heads", "student"): mark("The student has no attention heads."),
    ("rollout", "teacher"): mark("The teacher has no attention to roll out."),
    ("rollout", "student"): mark("The student has no attention to roll out."),
}
NO_MAPS = {
    "teacher": mark("The teacher has none: {why}."),
    "student": mark("The student has none: {why}."),
}

Found = tuple[list[dict[str, Any]], Tensor]  # layers and heads, each with its matrices (M, N, L, L)


def is_text(examples: Examples) -> bool:
    """Whether the examples are rows of tokens."""
    return token_ids(examples.x) is not None


def others(examples: Examples) -> int:
    """Return how many other examples say what chance gives: fewer of long texts."""
    ids = token_ids(examples.x)
    assert ids is not None, "it is asked about texts alone"
    return max(1, min(OTHERS, NUMBERS // (64 * ids.shape[1] ** 2)))


def why_none(who: str, error: Exception) -> str:
    """Return why a model has no maps; what to call instead is for programs."""
    return t(NO_MAPS[who], why=told(str(error).split("; ")[0].replace("the model", "it", 1)))


def drawn(teacher: nn.Module, student: nn.Module, X: Any, kind: str, vocabulary: Any) -> dict[str, Any]:
    """Return what the widget takes: each head's matrix in the first example, and how alike those of both models are.

    Raises
    ------
    ValueError
        If neither model has any.
    """
    found: dict[str, Found] = {}
    reasons: dict[str, str] = {}
    counts: Tensor | None = None
    for who, model in (("teacher", teacher), ("student", student)):
        if not attending(model):
            reasons[who] = t(LACKING[kind, who])
            continue
        try:
            matrices, counts = text_matrices(model, X, accumulated=kind == "rollout")
        except ValueError as error:
            reasons[who] = why_none(who, error)
            continue
        rows = [
            {"name": f"{name}#{head + 1}" if A.shape[1] > 1 else name, "layer": name, "head": head + 1, "heads": 0}
            | ({} if A.shape[1] > 1 else {"head": 0})
            for name, A in matrices.items()
            for head in range(A.shape[1])
        ]
        found[who] = rows, torch.cat([A.transpose(0, 1) for A in matrices.values()])
    if counts is None:
        raise ValueError(" ".join(reasons.values()))
    tokens = token_ids(X)
    assert tokens is not None, "it is asked about texts alone"
    ids, place = tokens[0], int(X[AT][0, 0]) if isinstance(X, dict) and AT in X else -1
    shown, total = _window(counts[0], place)
    if len(shown) < total:
        reasons["both"] = t(
            "The {n} tokens around the one asked about are shown, of {total}.", n=len(shown), total=number(total)
        )
    return {
        "reasons": reasons,
        "numbers": _numbers(found["teacher"][1], found["student"][1]) if len(found) == 2 else {},
        "tokens": signs_of(ids[shown].tolist(), vocabulary),
        "place": shown.tolist().index(place) if place in shown.tolist() else -1,
        **_side("teacher", found, shown),
        **_side("student", found, shown),
    }


def _window(counts: Tensor, place: int) -> tuple[Tensor, int]:
    """Return the tokens that are shown: all that count, or so many up to the place asked about."""
    there = counts.nonzero().flatten()
    if len(there) <= MOST:
        return there, len(there)
    at = int((there == place).nonzero()[0, 0]) if place >= 0 and bool((there == place).any()) else 0
    start = min(max(0, at - MOST * 3 // 4), len(there) - MOST)
    return there[start : start + MOST], len(there)


def _side(who: str, found: dict[str, Found], shown: Tensor) -> dict[str, Any]:
    if who not in found:
        return {f"{who}_layers": [], f"{who}_maps": b""}
    rows, matrices = found[who]
    one = matrices[:, 0][:, shown][:, :, shown].float()  # (M, n, n)
    most = one.amax((1, 2))
    side = {"height": len(shown), "width": len(shown)}
    layers = [{**row, **side, "most": float(top)} for row, top in zip(rows, most, strict=True)]
    return {f"{who}_layers": layers, f"{who}_maps": (one / most.clamp_min(1e-12)[:, None, None]).flatten().numpy()}


def _numbers(teacher: Tensor, student: Tensor) -> dict[str, Any]:
    """Return how far apart the first example's matrices are, and what the teacher's of others give by chance."""
    flat = [A.flatten(2).double() for A in (teacher, student)]  # (M, N, L·L)
    T, S = (A / A.norm(dim=2, keepdim=True).clamp_min(1e-300) for A in flat)
    cosine = T[:, 0] @ S[:, 0].T
    n = T.shape[1] - 1
    chance = torch.einsum("tnk,sk->tsn", T[:, 1:], S[:, 0]).median(2).values if n else None
    return {
        "cosine": _rows(cosine),
        "squared": _rows(2 - 2 * cosine),
        "chance": _rows(chance) if chance is not None else [[None] * len(S)] * len(T),
        "others": n,
    }


def _rows(values: Tensor) -> list[list[float | None]]:
    return [[None if np.isnan(one) else float(one) for one in row] for row in values.tolist()]
