"""``kdviz serve`` behind a Jupyter server: what jupyter-server-proxy starts at ``/kdviz/`` and the launcher shows."""

from __future__ import annotations

import os
import sys
from typing import Any

from kdviz.app import places

HERE = "127.0.0.1:{port}"
COLLECT = "KDVIZ_COLLECT"  # environment: the folder in which a hub collects what is answered on pages
SECONDS = 120  # to the first answer, on a busy machine


def settings() -> dict[str, Any]:
    """What jupyter-server-proxy asks for, by the entry point ``jupyter_serverproxy_servers``.

    Whoever is let in by the Jupyter server, or by a JupyterHub before it, reaches the pages; nobody else does.

    Returns
    -------
    dict
        The command, with its places to fill in, and the entry of the launcher.
    """
    serve = [sys.executable, "-m", "kdviz", "serve", "--no-browser", "--port", "{port}"]
    # The proxy fills in what stands between braces, also in a folder's name.
    folder = os.environ.get(COLLECT, "").replace("{", "{{").replace("}", "}}")
    if folder:
        serve += ["--answers", folder]
    return {
        "command": [*serve, "--base-url", "{base_url}kdviz/"],
        "absolute_url": True,
        # The proxy has looked at who asks, and from which page; kdviz serve answers to this machine's own name alone.
        "request_headers_override": {"Host": HERE, "Origin": f"http://{HERE}"},
        "timeout": SECONDS,
        "new_browser_tab": True,
        "launcher_entry": {"title": "kdviz", "icon_path": str(places.STATIC / "icon.svg"), "category": "Notebook"},
    }
