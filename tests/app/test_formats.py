"""The server is imported without the grammars of addresses, and all else of jsonschema is as ever."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from kdviz.app import cli
try:
    cli.main(["serve", "no/such.ipynb"])
except SystemExit:
    pass
import jsonschema, kdviz.app.server
assert "lark" not in sys.modules and "rfc3987_syntax" not in sys.modules
checks = jsonschema.FormatChecker()
assert checks.conforms("a@b", "email") and not checks.conforms("ab", "email") and not checks.conforms("a b", "date")
import rfc3987_syntax
assert rfc3987_syntax.is_valid_syntax("iri", "http://a/b")
"""


def test_the_server_does_without_the_grammars_and_whoever_wants_them_has_them() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
