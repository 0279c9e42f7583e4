"""Damage done to files, the same each time: what a disk, a careless hand or another program makes of them.

Each kind of file has a test that damages it a hundred ways, and a thousand with the environment variable KDVIZ_FULL:
``KDVIZ_FULL=1 python -m pytest -s -k damage``.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

COUNT = 1000 if os.environ.get("KDVIZ_FULL") else 100

ODD = [
    *(True, False, None, -1, 0, 1.5, -0.0, 1e308, 10**12, 10**400, float("nan"), float("inf")),
    *("", "nothing", "\ud800", "a\nb", "\x00", "../../elsewhere", [], {}, [[]], [True], {"": {}}, "9" * 300),
]


def of_bytes(whole: bytes, count: int = COUNT, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Give what was done and what came of it: bits flipped, bytes lost, added, set to zero; a file cut off or empty."""
    chance = random.Random(seed)
    for i in range(count):
        at = chance.randrange(max(1, len(whole)))
        span = chance.choice((1, 2, 8, 64))
        match i % 8:
            case 0 | 1 | 2:
                bit = 1 << chance.randrange(8)
                yield f"bit {bit} of byte {at}", whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]
            case 3:
                yield f"{span} bytes from {at} lost", whole[:at] + whole[at + span :]
            case 4:
                more = chance.randbytes(span)
                yield f"{span} bytes at {at} added", whole[:at] + more + whole[at:]
            case 5:
                yield (
                    f"{span} bytes from {at} set to zero",
                    whole[:at] + bytes(len(whole[at : at + span])) + whole[at + span :],
                )
            case 6:
                yield f"cut off at {at}", whole[: at if i % 16 == 6 else 0]
            case 7:
                yield f"{span} bytes from {at} again", whole[: at + span] + whole[at:]


def of_json(whole: str, count: int = COUNT, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Give damaged JSON: half of it as bytes, half of it still JSON with a value that is odd, gone or elsewhere."""
    chance = random.Random(seed)
    yield "a byte that is no UTF-8", whole.encode().replace(b'"', b'"\xff', 1)
    yield "deep brackets", b"[" * 100_000
    yield "brackets that close", b"[" * 200 + b"]" * 200
    yield from of_bytes(whole.encode(), count // 2 - 3, seed)
    for _ in range(count - count // 2):
        told = json.loads(whole)
        places = list(_places(told))
        parent, key = chance.choice(places)
        what = chance.randrange(4)
        if what == 0 and isinstance(parent, dict):
            del parent[key]
            done = f"{key} gone"
        elif what == 1 and isinstance(parent, dict):
            parent[f"{key}x"] = parent.pop(key)
            done = f"{key} misspelt"
        elif what == 2:
            other, name = chance.choice(places)
            parent[key] = copy.deepcopy(other[name])
            done = f"{key} is what {name} was"
        else:
            parent[key] = chance.choice(ODD)
            done = f"{key} is {str(parent[key])[:40]!r}"
        yield done, json.dumps(told).encode()


def _places(told: Any) -> Iterator[tuple[Any, Any]]:
    """Give each value's mapping or list, and its key in there."""
    for key, value in list(told.items() if isinstance(told, dict) else enumerate(told)):
        yield told, key
        if isinstance(value, dict | list):
            yield from _places(value)


def is_a_sentence(error: BaseException) -> bool:
    """Whether an error is of the two kinds that damage may have, and says it in one line."""
    said = str(error)
    return type(error) in (ValueError, FileNotFoundError) and "\n" not in said and len(said) > 20


def refused(read: Callable[[], Any], done: str) -> tuple[bool, Any]:
    """Return whether ``read`` refuses what was damaged, in one sentence, and what it returns where it does not."""
    try:
        return False, read()
    except Exception as error:
        if not is_a_sentence(error):
            raise AssertionError(f"{done}: {error!r} is no sentence") from error
        return True, str(error)
