"""The warm process: it does not fork while it has threads."""

from __future__ import annotations

import socket
import sys
import threading

import pytest

from kdviz.app import warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")


def test_no_kernel_is_forked_beside_a_thread() -> None:
    """What the other thread has locked would stay locked in the kernel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked, line = socket.socketpair()
    over = threading.Event()
    beside = threading.Thread(target=over.wait)
    beside.start()
    try:
        with ours, theirs, asked:
            with line:
                socket.send_fds(ours, [b"fork"], [line.fileno()])
            ours.shutdown(socket.SHUT_WR)
            assert warm.forked(theirs, server=0) is None, "the server has gone, and no kernel came of it"
            assert ours.recv(32) == warm.CROWDED
            assert asked.recv(32) == b"", "the line is closed: the server need not wait"
    finally:
        over.set()
        beside.join()
