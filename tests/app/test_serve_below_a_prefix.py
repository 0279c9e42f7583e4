"""Pages behind a proxy that puts something before each address, as JupyterHub does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, expect

PREFIX = "/user/ada/kdviz/"
WIDGET = """
import ipywidgets
button = ipywidgets.Button(description="1")
button.on_click(lambda _: setattr(button, "description", button.description + "1"))
button
"""


def test_every_address_of_a_page_stands_below_the_prefix(
    tmp_path: Path, serve: Callable[..., object], page: Callable[..., Page], watch: object
) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_markdown_cell("# A widget"), new_code_cell(WIDGET)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "widget.ipynb")
    server = serve(tmp_path, "--no-preheat", "--base-url", PREFIX.strip("/"))
    assert urlsplit(server.url).path == PREFIX  # type: ignore[attr-defined]
    opened = page(server.url)  # type: ignore[attr-defined]
    opened.get_by_role("link", name="A widget").click()
    opened.get_by_role("button", name="1", exact=True).click()
    expect(opened.get_by_role("button", name="11", exact=True)).to_be_visible()
    opened.get_by_role("link", name="All pages").click()
    expect(opened.get_by_role("link", name="A widget")).to_be_visible()
    asked = [urlsplit(url) for url in watch.requests]  # type: ignore[attr-defined]
    assert asked and all(one.path.startswith(PREFIX) for one in asked if one.scheme == "http")
    refused = opened.request.get(f"{server.url}no/such/page")  # type: ignore[attr-defined]
    assert refused.status == 404 and f'href="{PREFIX}"' in refused.text()
