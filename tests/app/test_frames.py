"""Frames of the kernel's websocket: what Jupyter writes is read, and anything else is one sentence."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import serialize_binary_message, serialize_msg_to_ws_v1

from kdviz.app import frames

HEADER = {"msg_id": "a1", "msg_type": "comm_msg", "session": "s", "username": "", "date": "", "version": "5.3"}


def frame(channel: str = "shell", *extra: bytes, **parts: object) -> bytes:
    names = ("header", "parent_header", "metadata", "content")
    told = {"header": HEADER, "parent_header": {}, "metadata": {}, "content": {"data": {}}, **parts}
    encoded = [told[name] if isinstance(told[name], bytes) else json.dumps(told[name]).encode() for name in names]
    return bytes(serialize_msg_to_ws_v1([*encoded, *extra], channel))


@pytest.mark.parametrize("buffers", [(), (b"\x00\x01",), (b"", b"abc" * 100)])
def test_what_jupyter_writes_is_read(buffers: tuple[bytes, ...]) -> None:
    read = frames.read_from_browser(frame("shell", *buffers))
    assert (read.channel, read.kind, read.ident) == ("shell", "comm_msg", "a1")
    assert json.loads(read.parts[3]) == {"data": {}}


def test_only_an_idle_status_answers_a_message() -> None:
    status = {**HEADER, "msg_type": "status"}
    parent = {"msg_id": "b2"}
    idle = frames.read(frame("iopub", header=status, parent_header=parent, content={"execution_state": "idle"}))
    busy = frames.read(frame("iopub", header=status, parent_header=parent, content={"execution_state": "busy"}))
    other = frames.read(frame("iopub", parent_header=parent, content={"execution_state": "idle"}))
    assert [frames.answered(read) for read in (idle, busy, other)] == ["b2", None, None]


# Jupyter's older binary protocol: its first eight bytes, read as a count, are some 10**17.
LEGACY = bytes(
    serialize_binary_message({"header": HEADER, "parent_header": {}, "content": {}, "buffers": [b"x" * 100]})
)
HOSTILE = {
    "empty": b"",
    "short": b"\x06" + bytes(6),
    "legacy": LEGACY,
    "count of 2**64 - 1": b"\xff" * 8 + bytes(200),
    "count beyond the frame": (40).to_bytes(8, "little") + bytes(100),
    "too many buffers": (5000).to_bytes(8, "little") + bytes(8 * 5001),
    "no offsets": bytes(64),
    "offsets that shrink": (6).to_bytes(8, "little")
    + b"".join(n.to_bytes(8, "little") for n in (56, 60, 58, 62, 64, 66))
    + bytes(20),
    "an end outside": frame()[: 8 * 6] + (10**9).to_bytes(8, "little") + frame()[8 * 7 :],
    "a channel nobody sends on": frame("iopub"),
    "no such channel": frame("ö" * 50),
    "a header that is no JSON": frame(header=b"{"),
    "a header that is a list": frame(header=[]),
    "a header without a type": frame(header={"msg_id": "a"}),
    "a type that is a number": frame(header={**HEADER, "msg_type": 5}),
    "a header of 100 kB": frame(header={**HEADER, "username": "u" * 100_000}),
    "a header that is no UTF-8": frame(header=b"\xff\xfe"),
    "content that is no JSON": frame(content=b"\x00"),
    "content that is a number": frame(content=3),
    "content of deep brackets": frame(content=b"[" * 200_000),
    "metadata that is null": frame(metadata=None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_else_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(frames.MalformedError, match=r"^.{10,120}$"):
        frames.read_from_browser(HOSTILE[name])


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(junk: bytes) -> None:
    with pytest.raises(frames.MalformedError):
        frames.read_from_browser(junk)


def test_a_thousand_damaged_frames_are_read_or_refused() -> None:
    chance = random.Random(0)
    whole = frame("shell", b"buffer" * 10)
    for _ in range(1000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read = frames.read_from_browser(bytes(damaged[: chance.randint(0, len(damaged))]))
        except frames.MalformedError:
            continue
        assert read.channel in frames.CHANNELS
