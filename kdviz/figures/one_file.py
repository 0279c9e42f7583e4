"""What a page in one file needs: data that cannot end a script, a policy that fetches nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re


def script_json(value: object) -> str:
    """Return JSON that no ``</script>`` or ``<!--`` in it can end.

    >>> script_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    escaped = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&\u2028\u2029]", lambda found: escaped[found[0]], text)


def policy(*scripts: str, modules: bool = False) -> str:
    """Return a content policy under which only these scripts run (and, if asked, modules from blobs), and nothing is
    fetched."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join([*(f"'sha256-{digest}'" for digest in digests), *(["blob:"] if modules else [])])
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
