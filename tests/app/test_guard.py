"""What the server answers to strange addresses, links out of its folder, files that are no notebooks, and strangers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

from kdviz.app import guard

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SECRET = "the-secret-beside-the-folder"
links = pytest.mark.skipif(sys.platform == "win32", reason="Windows makes no links without a privilege")


def write(path: Path, text: str, **metadata: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [new_markdown_cell(text), new_code_cell("1 + 1")]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL, **metadata}), path)
    return path


def notebook(**fields: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [], **fields})


# File name, what is in it, and the word on it.
NO_NOTEBOOKS: list[tuple[str, str | bytes, str]] = [
    ("metadata-is-a-list.ipynb", notebook(metadata=[]), "its metadata must be an object, got list"),
    ("cells-is-a-number.ipynb", notebook(cells=5), "its cells must be a list, got int"),
    ("cells-is-null.ipynb", notebook(cells=None), "its cells must be a list, got null"),
    ("a-cell-is-text.ipynb", notebook(cells=["x"]), "its cell 1 must be an object, got str"),
    ("no-such-cell.ipynb", notebook(cells=[{"cell_type": "video"}]), "its cell 1 must have the cell_type"),
    ("no-type.ipynb", notebook(cells=[{"cell_type": []}]), "its cell 1 must have the cell_type"),
    ("no-source.ipynb", notebook(cells=[{"cell_type": "code", "source": 3}]), "the source of its cell 1 must be text"),
    ("not-json.ipynb", "# heading", "it is not JSON"),
    ("empty.ipynb", "", "it is not JSON"),
    ("not-utf8.ipynb", b"\xff\xfe\x00", "it is not UTF-8 text"),
    ("deep.ipynb", "[" * 100_000, "it is not JSON"),
    ("a-list.ipynb", "[]", "it holds no JSON object"),
    ("format-99.ipynb", notebook(nbformat=99), "its nbformat must be a number from 1 to 4, got 99"),
    ("format-text.ipynb", notebook(nbformat="four"), "its nbformat must be a number from 1 to 4, got &#39;four&#39;"),
]
ODD_BUT_FINE: list[tuple[str, str]] = [
    ("kdviz-is-a-list.ipynb", notebook(metadata={"kdviz": []})),
    ("title-is-a-number.ipynb", notebook(metadata={"kdviz": {"title": 5, "lang": {}}, "title": []})),
    ("tags.ipynb", notebook(cells=[{"cell_type": "markdown", "source": ["# A", "\n"], "metadata": {"tags": 5}}])),
    ("kernelspec.ipynb", notebook(metadata={"kernelspec": [], "language_info": 5, "widgets": 3, "voila": []})),
    ("half-a-pair.ipynb", notebook(cells=[{"cell_type": "markdown", "source": "# Half \ud800 a pair"}])),
    ("ids.ipynb", notebook(cells=[{"cell_type": "code", "source": "1", "id": '"><b>', "metadata": None}])),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("guard")
    root = top / "served"
    write(root / "page.ipynb", "# A page\n\nIt runs.")
    write(root / ".hidden/page.ipynb", "# Hidden")
    (root / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')
    (root / "notes.txt").write_text(SECRET)
    evil = {"lang": '"><script>window.pwned = 1</script>', "title": "<script>window.pwned = 1</script>"}
    write(root / "evil.ipynb", "# Words\n\n<script>window.pwned = 1</script>\n\n![](../../x.png)", kdviz=evil)
    write(root / "german.ipynb", "# Seite", kdviz={"lang": "de-CH"})
    for name, content in [*((name, content) for name, content, _ in NO_NOTEBOOKS), *ODD_BUT_FINE]:
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (root / "a-folder.ipynb").mkdir()
    with (root / "large.ipynb").open("wb") as large:
        large.truncate(200_000_000)  # a hole: nothing is written
    outside = write(top / "outside/page.ipynb", f"# {SECRET}").parent
    (outside / "picture.png").write_text(SECRET)
    if sys.platform != "win32":
        os.mkfifo(root / "pipe.ipynb")
        (root / "out").symlink_to(outside)
        (root / "link.ipynb").symlink_to(outside / "page.ipynb")
        (root / "link.png").symlink_to(outside / "picture.png")
        (root / "up").symlink_to("..")
        (root / "round").symlink_to("round")
        (root / "lost.ipynb").symlink_to("nowhere")
        (root / "bare.png").symlink_to(".hidden/page.ipynb")
        (root / "again.ipynb").symlink_to("page.ipynb")
        (root / os.fsdecode(b"latin\xe9.ipynb")).write_text(notebook())
        (root / "new\nline.ipynb").write_text(notebook())
    return root


@pytest.fixture
def server(serve: Callable[..., Any], folder: Path) -> Any:
    return serve(folder, "--no-preheat")


def ask(server: Any, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """One request with the address as it stands; status, headers in lower case, text."""
    address = urlsplit(server.base)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        told: dict[str, str] = {}
        for name, value in answer.getheaders():
            told[name.lower()] = f"{told[name.lower()]}\n{value}" if name.lower() in told else value
        return answer.status, told, answer.read().decode()
    finally:
        connection.close()


@links
@pytest.mark.parametrize(
    "path",
    [
        "/voila/render/link.ipynb",
        "/voila/render/out/page.ipynb",
        "/voila/render/up/outside/page.ipynb",
        "/voila/render/up/served/page.ipynb",
        "/voila/render/round/page.ipynb",
        "/voila/render/lost.ipynb",
        "/voila/render/pipe.ipynb",
        "/voila/render/a-folder.ipynb",
        "/voila/render/.hidden/page.ipynb",
        "/voila/files/link.png",
        "/voila/files/out/picture.png",
        "/voila/files/up/outside/picture.png",
        "/voila/files/bare.png",
        "/voila/render/link.png",
    ],
)
def test_nothing_outside_the_folder_is_shown_or_run(server: Any, path: str) -> None:
    status, _, text = ask(server, path)
    if path.endswith("up/served/page.ipynb"):
        assert status == 200, "it leads out and in again: the file lies in the folder"
        return
    assert status == 404
    assert "There is no such" in text
    assert SECRET not in text


@links
def test_a_link_inside_the_folder_is_followed(server: Any) -> None:
    assert ask(server, "/voila/render/again.ipynb")[0] == 200


STRANGE = [
    ("/%00", 400),
    ("/voila/render/%00", 400),
    ("/voila/files/a%00.png", 400),
    ("/voila/templates/..", 404),
    ("/voila/templates/x", 404),
    ("/voila/templates/x/y", 404),
    ("/voila/templates/kdviz/static/../../conf.json", 404),
    ("/voila/templates/%2e%2e/static/x", 404),
    ("/voila/static/%2e%2e%2f%2e%2e%2fetc/passwd", 404),
    ("/voila/static/..%5c..%5cx", 404),
    ("/voila/files/%c0%ae%c0%ae/x.png", 400),
    ("/voila/render/%ff.ipynb", 400),
    ("/voila/render/a%0d%0aX-Evil:1.ipynb", 400),
    ("/voila/render//page.ipynb", 404),
    ("/voila/render/" + "a" * 300 + ".ipynb", 404),
    ("/voila/render/" + "a/" * 3000 + "b.ipynb", 404),
    ("/voila/render/" + "a" * 20_000, 414),
    ("/voila/render/%2F%2Fevil.example/x.png", 404),
    ("/voila/render/page.ipynb/x", 404),
    ("/voila/render/notes.txt", 404),
    ("/voila/files/page.ipynb", 403),
    ("/voila/labextensions/%2e%2e/x", 404),
    ("/voila/api/shutdown/nobody", 405),
    ("/api/kernels/a-b-c-d-e", 404),
    ("/api/kernels", 404),
    ("/api/contents", 404),
    ("/api/sessions", 404),
    ("/api/terminals", 404),
    ("/login", 404),
    ("/nothing", 404),
]


def test_strange_addresses_are_refused_and_leave_no_traceback(server: Any) -> None:
    since = len(server.lines)
    answers = {path[:60]: ask(server, path)[0] for path, _ in STRANGE}
    assert answers == {path[:60]: status for path, status in STRANGE}
    assert ask(server, "/")[0] == 200
    said = "\n".join(server.lines[since:])
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["page", "nothing"])
def test_an_error_names_no_place_on_disk(server: Any, folder: Path, name: str) -> None:
    for path in (f"/voila/render/{name}.png", f"/voila/files/{name}.png", "/api/kernels/a-b-c-d-e", "/voila/static/x"):
        text = ask(server, path)[2]
        assert str(folder) not in text
        assert "site-packages" not in text


PLACES = [
    "/",
    "/voila/render/page.ipynb",
    "/voila/render/nothing.ipynb",
    "/voila/static/voila.js",
    "/voila/templates/kdviz/static/page.css",
    "/voila/files/picture.svg",
    "/voila/labextensions/nothing",
    "/api/kernels/a-b-c-d-e",
    "/nothing",
    "/%00",
    "/voila/tree/",
]


def test_every_answer_says_what_a_browser_may_do_with_it(server: Any) -> None:
    for path in PLACES:
        headers = ask(server, path)[1]
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        policy = dict(part.partition(" ")[::2] for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'", path
        assert "unsafe" not in policy.get("script-src", ""), path
        assert policy["frame-ancestors"] in {"'self'", "'none'"}, path
        assert "server" not in headers, path


def test_a_picture_with_a_script_in_it_is_shown_in_a_sandbox(server: Any) -> None:
    status, headers, _ = ask(server, "/voila/files/picture.svg")
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert headers["content-security-policy"].endswith("; sandbox")


@pytest.mark.parametrize(
    ("host", "named"), [("127.0.0.1:88", True), ("[::1]:88", True), ("a; script-src *", False), ("a b", False)]
)
def test_a_host_cannot_write_the_policy(host: str, named: bool) -> None:
    policy = guard.page_policy(host)
    assert (f"ws://{host}" in policy) is named
    assert policy.count("script-src") == 1


def test_a_notebook_that_is_none_is_listed_with_a_word_and_harms_no_other(server: Any) -> None:
    status, _, text = ask(server, "/")
    assert status == 200
    for name, _, word in NO_NOTEBOOKS:
        head = rf"<li[^>]*>\s*<div class=\"kd-entry\">\s*<a href=\"/voila/render/{name}\">"
        item = re.search(rf"{head}.*?</li>", text, re.DOTALL)
        assert item, name
        assert f"Cannot be shown: {word}" in item[0]
    for word in ("it is a folder", "it has 200 MB, and 34 MB is the maximum"):
        assert text.count(word) == 1
    for name, _ in ODD_BUT_FINE:
        assert re.search(rf"<a href=\"/voila/render/{name}\">[^<]+</a>\s*</div>", text), name
    assert ">A page</a>" in text
    assert SECRET not in text
    if sys.platform != "win32":
        assert text.count("its name has characters that cannot stand in an address: rename it") == 2
        assert "it is no file" in text, "a pipe is not waited for"


@pytest.mark.parametrize("name", ["metadata-is-a-list", "cells-is-a-number", "not-json", "not-utf8", "deep", "large"])
def test_opening_what_is_no_notebook_gives_one_sentence(server: Any, name: str) -> None:
    since = len(server.lines)
    status, _, text = ask(server, f"/voila/render/{name}.ipynb")
    assert status == 422
    assert f"{name}.ipynb cannot be shown: it" in text
    assert "Traceback" not in "\n".join(server.lines[since:])


@pytest.mark.parametrize("name", [name for name, _ in ODD_BUT_FINE])
def test_odd_metadata_is_passed_over(server: Any, name: str) -> None:
    status, _, text = ask(server, f"/voila/render/{name}")
    assert status == 200
    assert text.rstrip().endswith("</html>"), "the page came to its end"


def test_a_kernel_that_is_not_installed_is_named_as_the_cause(server: Any, folder: Path) -> None:
    other = {"kernelspec": {"name": "nope", "language": "nope", "display_name": "Nope"}}
    (folder / "other.ipynb").write_text(notebook(metadata=other))
    status, _, text = ask(server, "/voila/render/other.ipynb")
    assert (status, "needs a kernel that is not installed" in text) == (422, True)
    (folder / "other.ipynb").unlink()


def test_what_a_notebook_says_of_itself_is_no_markup(server: Any, page: Callable[..., Any], watch: Any) -> None:
    text = ask(server, "/voila/render/evil.ipynb")[2]
    assert '<html lang="en">' in text
    assert "<title>&lt;script&gt;window.pwned = 1&lt;/script&gt; · kdviz</title>" in text
    assert '<html lang="de-CH">' in ask(server, "/voila/render/german.ipynb")[2]
    assert "<script>window.pwned" not in ask(server, "/")[2]
    opened = page(f"{server.base}voila/render/evil.ipynb")
    opened.wait_for_selector("[data-kd-ready]")
    assert opened.evaluate("window.pwned === undefined"), "a script in a text is not run"
    assert any("Content Security Policy" in error for error in watch.errors)
    watch.errors.clear()
    watch.failed.clear()


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_foreign_page_ends_no_kernel(server: Any, method: str) -> None:
    text = ask(server, "/voila/render/page.ipynb")[2]
    found = re.search(r'"kernelId": "([^"]+)"', text)
    assert found
    path = f"/api/kernels/{found[1]}" if method == "DELETE" else f"/voila/api/shutdown/{found[1]}"
    assert ask(server, path, method, Content_Length="0")[0] == 403
    assert ask(server, path, method, Content_Length="0", Origin="http://evil.example")[0] in {403, 404}
    assert ask(server, f"/api/kernels/{found[1]}")[0] == 200


def test_a_body_that_is_too_large_is_not_read(server: Any) -> None:
    address = urlsplit(server.base)
    with socket.create_connection((str(address.hostname), address.port), timeout=60) as line:
        line.sendall(b"POST /voila/api/shutdown/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n")
        assert line.recv(100).split(b" ")[1] in {b"400", b"413"}
    assert ask(server, "/")[0] == 200


@pytest.mark.parametrize("path", ["/", "/voila/files/picture.svg", "/voila/render/page.ipynb"])
def test_a_foreign_name_for_this_machine_is_refused(server: Any, path: str) -> None:
    assert ask(server, path, Host="rebound.example")[0] == 403


def test_idle_connections_shut_nobody_out(serve: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.py"
    few.write_text("import sys\nfrom kdviz.app import cli, guard\nguard.MOST_CONNECTIONS = 8\nsys.exit(cli.main())\n")
    server = serve(folder, "--no-preheat", program=(sys.executable, str(few)))
    address = urlsplit(server.base)
    with contextlib.ExitStack() as idle:
        for _ in range(12):
            idle.enter_context(socket.create_connection((str(address.hostname), address.port)))
        assert ask(server, "/")[0] == 200


@pytest.fixture
def guarded(serve: Callable[..., Any], folder: Path) -> Any:
    return serve(folder, "--no-preheat", "--anyone")


def token(server: Any) -> str:
    return urlsplit(server.url).query.removeprefix("token=")


def test_everyones_address_has_a_token_of_its_own(guarded: Any) -> None:
    assert re.fullmatch(r"[\w-]{43}", token(guarded))
    path = "/voila/render/page.ipynb"
    for refused in ("/", path, f"{path}?token=", f"{path}?token=wrong", "/voila/files/picture.svg", "/voila/tree/"):
        status, _, text = ask(guarded, refused)
        assert status in {403, 404} or (status == 301 and refused == "/voila/tree/"), refused
        assert "<svg" not in text
    for asked in ("/api/kernels/a-b-c-d-e", "/api/kernels/a-b-c-d-e/channels"):
        assert ask(guarded, asked)[0] == 403
        assert ask(guarded, asked, Upgrade="websocket", Connection="Upgrade")[0] == 403
    assert ask(guarded, "/voila/api/shutdown/x", "POST", Content_Length="0")[0] == 403
    text = ask(guarded, "/")[2]
    assert "This server asks for a token" in text
    assert token(guarded) not in text


def test_a_token_opens_and_a_cookie_keeps_it(guarded: Any) -> None:
    status, headers, _ = ask(guarded, f"/?token={token(guarded)}")
    assert status == 200
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Lax" in headers["set-cookie"]
    assert ask(guarded, "/", Authorization=f"token {token(guarded)}")[0] == 200


def test_a_visitor_with_a_token_gets_a_living_page_and_no_token_in_its_address(
    guarded: Any, page: Callable[..., Any], watch: Any
) -> None:
    opened = page(f"{guarded.base}voila/render/page.ipynb?T=20&token={token(guarded)}")
    opened.wait_for_selector("[data-kd-ready]")
    assert opened.url == f"{guarded.base}voila/render/page.ipynb?T=20"
    opened.get_by_role("link", name="All pages").click()
    expect(opened.get_by_role("link", name="A page").first).to_be_visible()
    stranger = page(guarded.base)
    expect(stranger.get_by_role("heading")).to_have_text("This server asks for a token")
    stranger.get_by_label("Token").fill(token(guarded))
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.get_by_role("link", name="A page").first).to_be_visible()
    assert stranger.url == guarded.base
    watch.failed.clear()
    watch.errors.clear()


def test_an_empty_token_lets_everyone_in_with_a_warning(serve: Callable[..., Any], folder: Path) -> None:
    server = serve(folder, "--no-preheat", "--anyone", "--token", "")
    assert "token" not in server.url
    assert len(server.told("warning: with an empty --token anyone who reaches this address can run code here")) == 1
    assert ask(server, "/")[0] == 200


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes no links without a privilege")
def test_a_notebook_served_alone_may_be_a_link(tmp_path: Path) -> None:
    from kdviz.app.serve import served

    true = write(tmp_path / "there/true.ipynb", "# True")
    (tmp_path / "name.ipynb").symlink_to(true)
    what = served(str(tmp_path / "name.ipynb"))
    assert (what.root, what.first, what.title) == (true.parent, "true.ipynb", "True")


def test_quoted_names_are_found(server: Any, folder: Path) -> None:
    name = "soft targets & 100 % µ #1?.ipynb"
    write(folder / name, "# Odd name")
    assert f'href="/voila/render/{quote(name)}"'.replace("&", "&amp;") in ask(server, "/")[2].replace("%26", "%26")
    assert ask(server, f"/voila/render/{quote(name)}")[0] == 200
    (folder / name).unlink()
