"""Jupyter's messages as they travel over a websocket, in the one protocol that the pages speak.

A frame of ``v1.kernel.websocket.jupyter.org`` is: how many offsets (8 bytes, little endian), the offsets (8 bytes
each), then channel, header, parent header, metadata, content and any binary buffers. What a browser sends is checked
before anything is read by those numbers: a count taken at its word once made the server build a list of 10¹⁷ entries.

Source: https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

PROTOCOL = "v1.kernel.websocket.jupyter.org"
CHANNELS = frozenset({"shell", "control", "stdin"})
WORD = 8  # bytes of a number
FEWEST = 6  # where channel, header, parent header, metadata and content begin, and where the last of them ends
MOST_BUFFERS = 4096
LONGEST_HEADER = 64 * 1024


class MalformedError(ValueError):
    """A frame that is no message of the protocol."""


@dataclass(frozen=True)
class Message:
    """What the server needs to know of a message.

    Attributes
    ----------
    channel : str
        ``"shell"``, ``"control"``, ``"stdin"`` or ``"iopub"``.
    kind : str
        Its ``msg_type``.
    ident : str
        Its ``msg_id``.
    parts : tuple of bytes
        Header, parent header, metadata, content, as they came.
    """

    channel: str
    kind: str
    ident: str
    parts: tuple[bytes, ...]


def read(frame: bytes, most_buffers: int | None = None) -> Message:
    """Read a frame, its numbers checked first.

    Parameters
    ----------
    frame : bytes
        One binary websocket message.
    most_buffers : int or None
        Binary buffers it may have; None for as many as fit into it.

    Returns
    -------
    Message

    Raises
    ------
    MalformedError
        With one sentence, when it is no message of the protocol.

    Examples
    --------
    >>> read(b"\\x00" * 7)
    Traceback (most recent call last):
    kdviz.app.frames.MalformedError: a frame of 7 bytes is shorter than its own head
    """
    ends = _offsets(frame, most_buffers)
    channel, *parts = (frame[begin:end] for begin, end in pairwise(ends[:FEWEST]))
    if len(parts[0]) > LONGEST_HEADER:
        raise MalformedError(f"a header of {len(parts[0])} bytes is longer than {LONGEST_HEADER}")
    header = _mapping(parts[0], "header")
    kind, ident = header.get("msg_type"), header.get("msg_id")
    if not isinstance(kind, str) or not isinstance(ident, str):
        raise MalformedError("a header needs msg_type and msg_id, both text")
    return Message(channel.decode("utf-8", "replace"), kind, ident, tuple(parts))


def read_from_browser(frame: bytes) -> Message:
    """Read a frame that came from a browser: a channel that can be sent on, and JSON objects throughout.

    Parameters
    ----------
    frame : bytes
        One binary websocket message.

    Returns
    -------
    Message

    Raises
    ------
    MalformedError
        With one sentence, when it is no message that a page could have sent.
    """
    message = read(frame, MOST_BUFFERS)
    if message.channel not in CHANNELS:
        raise MalformedError(f"no page sends on the channel {message.channel[:40]!r}")
    for part, name in zip(message.parts[1:], ("parent header", "metadata", "content"), strict=True):
        _mapping(part, name)
    return message


def answered(message: Message) -> str | None:
    """The ``msg_id`` that a kernel says it is done with, or None when this message says nothing of the kind."""
    if message.kind != "status":
        return None
    try:
        if _mapping(message.parts[3], "content").get("execution_state") != "idle":
            return None
        done = _mapping(message.parts[1], "parent header").get("msg_id")
    except MalformedError:
        return None
    return done if isinstance(done, str) else None


def _offsets(frame: bytes, most_buffers: int | None) -> list[int]:
    if len(frame) < WORD * (FEWEST + 1):
        raise MalformedError(f"a frame of {len(frame)} bytes is shorter than its own head")
    count = int.from_bytes(frame[:WORD], "little")
    most = len(frame) // WORD - 1 if most_buffers is None else FEWEST + most_buffers
    if not FEWEST <= count <= most or WORD * (count + 1) > len(frame):
        raise MalformedError(f"a frame of {len(frame)} bytes cannot have {count} offsets")
    numbers = [int.from_bytes(frame[WORD * i : WORD * (i + 1)], "little") for i in range(1, count + 1)]
    if numbers != sorted(numbers) or numbers[0] < WORD * (count + 1) or numbers[-1] > len(frame):
        raise MalformedError("the offsets of a frame must grow and stay inside it")
    return numbers


def _mapping(part: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(part)
    except (ValueError, RecursionError):
        raise MalformedError(f"the {name} of a message must be JSON") from None
    if not isinstance(value, dict):
        raise MalformedError(f"the {name} of a message must be a JSON object, got {type(value).__name__}")
    return value
