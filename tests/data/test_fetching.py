"""Fashion-MNIST is fetched once, and only if it is what it should be."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import kdviz.data
from kdviz.data import fetching, images
from kdviz.data.files import DamagedFileError

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked of a publisher on this machine, who has the files of this repository, packed anew."""

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, *_: Any) -> None:
            asked.append(self.path.removeprefix("/"))

    asked: list[str] = []
    folder = DATASETS / "fashion-mnist"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        monkeypatch.setattr(fetching, "SOURCE", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(
            fetching, "MD5", {file: hashlib.md5((folder / file).read_bytes()).hexdigest() for file in fetching.MD5}
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield asked
        server.shutdown()


def test_fashion_mnist_is_fetched_once_into_the_cache(nowhere: Path, publisher: list[str]) -> None:
    fetched = images.fashion_mnist.__wrapped__()
    again = images.fashion_mnist.__wrapped__()
    assert publisher == list(images.FASHION_FILES) == list(fetching.MD5)
    assert fetched.test.fingerprint() == again.test.fingerprint()
    assert kdviz.data.available() == ("fashion-mnist",)
    assert {path.name for path in (nowhere / "fashion-mnist").iterdir()} == set(images.FASHION_FILES)


@pytest.mark.usefixtures("publisher")
def test_what_is_not_fashion_mnist_is_not_kept(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetching.MD5, "t10k-labels-idx1-ubyte.gz", "0" * 32)
    with pytest.raises(DamagedFileError, match=r"t10k-labels-idx1-ubyte\.gz is not Fashion-MNIST as published") as e:
        images.fashion_mnist.__wrapped__()
    assert "\n" not in str(e.value)
    assert "t10k-labels-idx1-ubyte.gz" not in {path.name for path in nowhere.rglob("*")}


@pytest.mark.usefixtures("nowhere", "publisher")
def test_offline_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        monkeypatch.setattr(fetching, "SOURCE", f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        with pytest.raises(
            FileNotFoundError, match=r"Fashion-MNIST is not .* was not reached, or put .* KDVIZ_DATASETS"
        ) as e:
            images.fashion_mnist.__wrapped__()
    assert "\n" not in str(e.value)
