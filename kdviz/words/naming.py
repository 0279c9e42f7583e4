"""The names that something may have, in an error's sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from . import t

MOST = 24  # names that a sentence can hold
NEAREST = 5


def listed(names: Iterable[object], given: object = "") -> str:
    """Return names as a list; of more than a sentence can hold those nearest to what was given.

    >>> listed(["mlp", "convnet"], "cnn")
    'mlp, convnet'
    >>> listed([f"layer{n}" for n in range(100)], "layer73b").startswith("100, such as layer73, layer7")
    True
    """
    texts = [str(name) for name in names]
    if len(texts) <= MOST:
        return ", ".join(texts)
    near = get_close_matches(str(given).lower(), texts, NEAREST, cutoff=0.4) or texts[:NEAREST]
    return t("{n}, such as {names}", n=len(texts), names=", ".join(near))
