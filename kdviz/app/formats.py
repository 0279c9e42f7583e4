"""What jsonschema checks of addresses, left out of the server: no page needs it, and it costs a second a start."""

from __future__ import annotations

import importlib
import sys

GRAMMARS = "rfc3987_syntax"  # makes the parsers of 38 grammars when it is imported


def without_grammars() -> None:
    """Import jsonschema without its checks of addresses, ``iri`` and ``iri-reference``, unless it was imported before.

    Whoever imports the grammars later has them.
    """
    if GRAMMARS in sys.modules or "jsonschema" in sys.modules:
        return
    sys.modules[GRAMMARS] = None  # type: ignore[assignment]  # Python's word for "not to be found"
    try:
        importlib.import_module("jsonschema")
    finally:
        del sys.modules[GRAMMARS]
