"""The kernel's websocket under hostile, slow and silent clients: they lose their own socket, the others nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat
import psutil
import pytest
import websocket
from jupyter_server.services.kernels.connection.base import serialize_binary_message, serialize_msg_to_ws_v1
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kdviz.app import frames, sockets

MB = 1024**2
# A kernel that says so much when it is told to. Each piece goes to every socket of the kernel.
CELL = """
from IPython import get_ipython
def heard(comm, opened):
    def flood(message):
        for number in range(message["content"]["data"]["pieces"]):
            comm.send({"number": number}, buffers=[bytes(2**20)])
        comm.send({"number": "last"})
    comm.on_msg(flood)
get_ipython().kernel.comm_manager.register_target("flood", heard)
"""


class Client:
    """A websocket to a kernel, as a script would open it."""

    def __init__(self, base: str, kernel: str, *, session: str | None = None, protocols: list[str] | None = None):
        self.session = session or uuid.uuid4().hex
        self.line = websocket.create_connection(
            base.replace("http", "ws", 1) + f"api/kernels/{kernel}/channels?session_id={self.session}",
            subprotocols=[frames.PROTOCOL] if protocols is None else protocols,
            timeout=120,
            sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)],
        )

    def send(self, kind: str, content: dict[str, object]) -> str:
        ident = uuid.uuid4().hex
        header = {"msg_id": ident, "msg_type": kind, "session": self.session, "username": "", "version": "5.3"}
        parts = [json.dumps(part).encode() for part in (header, {}, {"version": "1.0.0"}, content)]
        self.line.send_binary(serialize_msg_to_ws_v1(parts, "shell"))
        return ident

    def messages(self) -> Iterator[frames.Message]:
        """What comes, until the socket is closed."""
        while True:
            kind, data = self.line.recv_data()
            if kind == websocket.ABNF.OPCODE_CLOSE:
                return
            yield frames.read(data)

    def answer(self) -> None:
        """Ask the kernel what it is, and wait for its word."""
        ident = self.send("kernel_info_request", {})
        for message in self.messages():
            if message.kind == "kernel_info_reply" and json.loads(message.parts[1])["msg_id"] == ident:
                return
        pytest.fail("the socket was closed before the kernel answered")

    def closed(self) -> tuple[int, str]:
        """Wait for the close frame; its code and reason."""
        while True:
            kind, data = self.line.recv_data()
            if kind == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(data[:2], "big"), data[2:].decode()

    def flood(self, pieces: int) -> None:
        """Have the kernel send so many megabytes to all who listen."""
        comm = uuid.uuid4().hex
        self.send("comm_open", {"comm_id": comm, "target_name": "flood", "data": {}})
        self.send("comm_msg", {"comm_id": comm, "data": {"pieces": pieces}})

    def last(self) -> int:
        """Read until the flood is over; how many pieces came."""
        pieces = 0
        for message in self.messages():
            if message.kind == "comm_msg":
                number = json.loads(message.parts[3])["data"]["number"]
                if number == "last":
                    return pieces
                pieces += 1
        pytest.fail("the socket was closed before the flood was over")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sockets")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_markdown_cell("# A page"), new_code_cell(CELL)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), root / "page.ipynb")
    return root


@pytest.fixture
def server(serve: Callable[..., Any], folder: Path) -> Any:
    return serve(folder, "--no-preheat")


@pytest.fixture
def base(server: Any) -> str:
    return server.base


@pytest.fixture(scope="module")
def kernel(serve: Callable[..., Any], folder: Path) -> str:
    return opened(serve(folder, "--no-preheat").base)


def opened(base: str, query: str = "") -> str:
    """Open a page, and return its kernel."""
    with urlopen(f"{base}voila/render/page.ipynb?{query}", timeout=120) as answer:
        found = re.search(r'"kernelId": "([^"]+)"', answer.read().decode())
    assert found
    return found[1]


@pytest.fixture
def connect(base: str) -> Iterator[Callable[..., Client]]:
    """``connect(kernel, **options)`` opens a socket; the test's sockets are closed at its end."""
    clients: list[Client] = []

    def connect(kernel: str, **options: Any) -> Client:
        clients.append(Client(base, kernel, **options))
        return clients[-1]

    yield connect
    for client in clients:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            client.line.close()
        client.line.shutdown()


def idle(base: str, kernel: str) -> None:
    """Wait until a kernel has done what it was asked."""
    state = "unknown"
    while state != "idle":
        with urlopen(f"{base}api/kernels/{kernel}", timeout=60) as answer:
            state = json.load(answer)["execution_state"]


def memory(server: Any) -> int:
    return int(psutil.Process(server.pid).memory_info().rss)


@pytest.mark.parametrize("protocols", [[], ["v2.kernel.websocket.jupyter.org"], ["chat", "mqtt"]])
def test_a_protocol_that_no_page_speaks_is_refused_in_a_sentence(
    server: Any, base: str, kernel: str, protocols: list[str], connect: Callable[..., Client]
) -> None:
    since = len(server.lines)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(kernel, protocols=protocols)
    assert refused.value.status_code == 400
    assert "speaks v1.kernel.websocket.jupyter.org and nothing else" in refused.value.resp_body.decode()
    server.told("refused", since)
    connect(kernel).answer()
    assert len(server.lines) == since + 1


def test_asking_for_widget_states_costs_no_more_than_the_states(
    server: Any, base: str, kernel: str, connect: Callable[..., Client]
) -> None:
    before = memory(server)
    client = connect(kernel)
    comm = uuid.uuid4().hex
    client.send("comm_open", {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}})
    client.send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
    client.answer()
    with urlopen(base, timeout=60) as answer:
        assert answer.status == 200
    assert memory(server) - before < 20 * MB


LEGACY = serialize_binary_message({"header": {"msg_type": "x"}, "parent_header": {}, "content": {}, "buffers": [b"x"]})


@pytest.mark.parametrize(
    ("junk", "code"),
    [
        (b"", 1007),
        (b"\xff" * 64, 1007),
        (LEGACY, 1007),
        (bytes(serialize_msg_to_ws_v1([b"{}", b"{}", b"{}", b"{}"], "shell")), 1007),
        ("{}", 1003),
    ],
    ids=["empty", "a huge count", "legacy", "no header", "text"],
)
def test_a_malformed_frame_closes_its_socket_and_no_other(
    server: Any, base: str, kernel: str, junk: bytes | str, code: int, connect: Callable[..., Client]
) -> None:
    before, good, bad = memory(server), connect(kernel), connect(kernel)
    good.answer()
    if isinstance(junk, str):
        bad.line.send(junk)
    else:
        bad.line.send_binary(junk)
    assert bad.closed()[0] == code
    good.answer()
    assert memory(server) - before < 20 * MB


def test_a_message_of_eleven_megabytes_is_too_big(
    server: Any, base: str, kernel: str, connect: Callable[..., Client]
) -> None:
    good, bad = connect(kernel), connect(kernel)
    with contextlib.suppress(OSError):  # the server need not read to the end what it refuses
        bad.line.send_binary(bytes(11 * MB))
    with contextlib.suppress(OSError, websocket.WebSocketException):
        assert bad.closed()[0] == 1009
    good.answer()


@pytest.mark.parametrize(("session", "status"), [("a%20b", 400), ("ö", 400), ("x" * 300, 400)])
def test_a_strange_session_is_refused(
    base: str, kernel: str, session: str, status: int, connect: Callable[..., Client]
) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(kernel, session=session)
    assert refused.value.status_code == status


def test_a_kernel_that_is_not_there_is_a_404_without_a_traceback(
    server: Any, base: str, connect: Callable[..., Client]
) -> None:
    since = len(server.lines)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(str(uuid.uuid4()))
    assert refused.value.status_code == 404
    assert len(server.told("there is no such kernel", since)) == 1
    assert "Traceback" not in "\n".join(server.lines[since:])


def test_a_kernel_takes_so_many_sockets(base: str, kernel: str, connect: Callable[..., Client]) -> None:
    lines = [connect(kernel) for _ in range(2)]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        lines.extend(connect(kernel) for _ in range(sockets.MOST_SOCKETS_OF_KERNEL))
    assert refused.value.status_code == 429


def test_a_socket_needs_the_token_where_one_is_asked_for(serve: Callable[..., Any], folder: Path) -> None:
    server = serve(folder, "--no-preheat", "--token", "a-token-of-a-test")
    query = urlsplit(server.url).query
    kernel = opened(server.base, query)
    for wrong in ("", "&token=another-token-here"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Client(server.base, kernel, session=f"a{wrong}")
        assert refused.value.status_code == 403
    client = Client(server.base, kernel, session=f"a&{query}")
    client.answer()
    client.line.shutdown()


def test_a_silent_reader_is_let_go_and_the_others_get_everything(
    server: Any, base: str, connect: Callable[..., Client]
) -> None:
    kernel = opened(base)
    before, since = memory(server), len(server.lines)
    silent, reader = connect(kernel), connect(kernel)
    silent.answer()
    reader.answer()
    told: list[str] = []
    for _ in range(150):  # one by one, so that nothing but the silent one's share can pile up
        reader.flood(pieces=1)
        assert reader.last() == 1
        told = [line for line in server.lines[since:] if "does not read and was closed" in line]
        if told:
            break
    assert len(told) == 1
    assert memory(server) - before < 100 * MB
    with pytest.raises((OSError, websocket.WebSocketException)):
        silent.closed()
    # It missed messages for good, and is told so instead of being shown half of them.
    assert connect(kernel, session=silent.session).closed()[0] == sockets.BEHIND
    reader.answer()


def test_what_is_kept_for_a_page_that_is_away_is_bounded(
    server: Any, base: str, connect: Callable[..., Client]
) -> None:
    kernel = opened(base)
    before, since = memory(server), len(server.lines)
    client = connect(kernel)
    client.answer()
    client.flood(pieces=150)
    client.line.close()
    assert len(server.told("they are dropped", since)) == 1
    idle(base, kernel)
    assert memory(server) - before < 100 * MB
    assert connect(kernel, session=client.session).closed()[0] == sockets.BEHIND
    connect(kernel).answer()


def test_a_page_that_was_away_for_a_moment_gets_what_it_missed(
    server: Any, base: str, connect: Callable[..., Client]
) -> None:
    kernel = opened(base)
    client = connect(kernel)
    client.answer()
    client.flood(pieces=3)
    client.line.close()
    assert connect(kernel, session=client.session).last() == 3


def test_more_than_a_kernel_takes_is_read_more_slowly_and_arrives(
    base: str, kernel: str, connect: Callable[..., Client]
) -> None:
    client = connect(kernel)
    client.answer()
    for _ in range(5):
        client.send("comm_msg", {"comm_id": "nobody", "data": {"text": "x" * (8 * MB)}})
    client.answer()


def test_an_allowance_is_used_up_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(sockets.time, "monotonic", lambda: clock[0])
    allowance = sockets.Allowance(rate=2.0, most=10.0)
    assert allowance.take(10.0) == 0.0
    assert allowance.take(4.0) == 2.0
    clock[0] += 3.0
    assert allowance.take(2.0) == 0.0
    clock[0] += 1000.0
    assert allowance.take(11.0) == 0.5, "no more is saved up than there can be"


def test_a_kernel_that_is_behind_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> list[str]:
        seen: list[str] = []
        unanswered = sockets.Unanswered()
        unanswered.add("a", sockets.MOST_UNANSWERED)
        await unanswered.room()
        unanswered.add("b", 1)
        waiting = asyncio.ensure_future(unanswered.room())
        waiting.add_done_callback(lambda _: seen.append("room"))
        for step in ("unknown", "a"):
            await asyncio.sleep(0)
            seen.append(step)
            unanswered.done(step)
        await waiting
        unanswered.add("c", sockets.MOST_UNANSWERED)
        monkeypatch.setattr(sockets, "PATIENCE_S", 0.01)
        await unanswered.room()
        return [*seen, str(unanswered.total)]

    assert asyncio.run(scenario()) == ["unknown", "a", "room", "0"]
