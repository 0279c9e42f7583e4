"""Additions, made on request: a sum alone, or with the steps that lead to it."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from kdviz.data.memory import Examples, Splits
from kdviz.data.text import answers
from kdviz.data.vocabulary import Vocabulary

SYMBOLS = "+0123456789:;="
USUAL = {"digits": 3, "train": 8_000, "validation": 500, "test": 1_000, "seed": 0}


def additions(
    steps: bool = False,
    *,
    digits: int = USUAL["digits"],
    train: int = USUAL["train"],
    validation: int = USUAL["validation"],
    test: int = USUAL["test"],
    seed: int = USUAL["seed"],
) -> Splits:
    """Make additions of two numbers: "127+385=" is the prompt, "512" the answer.

    Parameters
    ----------
    steps : bool
        Let the answer begin with the columns from the right, each with the carry written down:
        "7+5=12;2+8+1=11;1+3+1=5:512".
    digits : int
        Of both numbers, from 1 to 6.
    train, validation, test : int
        How many; no pair of numbers is in two parts.
    seed : int
        Which draw. With and without steps it gives the same pairs.

    Returns
    -------
    Splits
        Ids int64 (N, L), padded on the right; labels are -1 on the prompt and on padding. ``groups["prompt"]`` is the
        number of tokens up to the "=", ``groups["carries"]``
        how many carries are written where the steps are. ``.vocabulary`` is the same with
        and without steps.

    Raises
    ------
    ValueError
        If a number is out of range, or there are fewer pairs than asked for.

    Examples
    --------
    >>> data = additions(steps=True)
    >>> data.vocabulary.decode(data.train.x[0])
    '160+809=0+9=9;6+0+0=6;1+8+0=9:969'
    """
    given = {"digits": digits, "train": train, "validation": validation, "test": test, "seed": seed}
    for what, value in given.items():
        least = 0 if what == "seed" else 1
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{what} must be a whole number of at least {least}, got {value!r}")
    if digits > 6:
        raise ValueError(f"digits must be from 1 to 6, got {digits}")
    return _additions(bool(steps), **given)


@lru_cache(maxsize=8)
def _additions(steps: bool, digits: int, train: int, validation: int, test: int, seed: int) -> Splits:
    vocabulary = Vocabulary(SYMBOLS)
    pairs = _pairs(digits, train + validation + test, seed)
    learn, choose, report = (
        _examples(vocabulary, some, steps, digits) for some in np.split(pairs, [train, train + validation])
    )
    given = {"digits": digits, "train": train, "validation": validation, "test": test, "seed": seed}
    other = "".join(f"-{what}-{value}" for what, value in given.items() if value != USUAL[what])
    return Splits(
        f"additions{'-steps' if steps else ''}{other}",
        "Additions with steps" if steps else "Additions",
        vocabulary.symbols,
        learn,
        choose,
        report,
        vocabulary=vocabulary,
    )


def _pairs(digits: int, count: int, seed: int) -> np.ndarray:
    """Draw pairs of numbers without repetition, shape (N, 2)."""
    least = 10 ** (digits - 1) if digits > 1 else 0
    numbers = 10**digits - least
    if count > numbers**2:
        raise ValueError(f"there are {numbers**2:,} pairs of numbers with {digits} digits, got a request for {count:,}")
    random = np.random.RandomState(seed)  # its stream is frozen for good
    if numbers**2 <= 10**6:
        drawn = random.permutation(numbers**2)[:count]
    else:
        drawn = np.zeros(0, dtype=np.int64)
        while len(drawn) < count:
            more = np.concatenate([drawn, random.randint(0, numbers**2, size=count, dtype=np.int64)])
            drawn = more[np.sort(np.unique(more, return_index=True)[1])][:count]
    return least + np.stack(np.divmod(drawn, numbers), axis=1)


def _examples(vocabulary: Vocabulary, pairs: np.ndarray, steps: bool, digits: int) -> Examples:
    numbers = [(int(a), int(b)) for a, b in pairs]
    prompts, texts = [f"{a}+{b}=" for a, b in numbers], [written(a, b, steps=steps) for a, b in numbers]
    most = 10**digits - 1
    length = len(f"{most}+{most}=") + len(written(most, most, steps=steps)) + 1
    carried = np.array([len(re.findall(r"\+\d\+1=", written(a, b, steps=True))) for a, b in numbers])
    return answers(vocabulary, prompts, texts, length, {"carries": carried})


def written(a: int, b: int, *, steps: bool) -> str:
    """Return the answer to an addition, with its steps or without.

    >>> written(47, 85, steps=False), written(47, 85, steps=True)
    ('132', '7+5=12;4+8+1=13:132')
    """
    if not steps:
        return str(a + b)
    columns, carry = [], 0
    for place, (upper, lower) in enumerate(zip(reversed(str(a)), reversed(str(b)), strict=True)):
        total = int(upper) + int(lower) + carry
        columns.append(f"{upper}+{lower}{f'+{carry}' if place else ''}={total}")
        carry = total // 10
    return f"{';'.join(columns)}:{a + b}"
