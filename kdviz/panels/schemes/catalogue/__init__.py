"""The schemes of the page, a file each: whatever lies here is in the list."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ..scheme import FAMILIES, Scheme


@cache
def schemes() -> dict[str, Scheme]:
    """Return all schemes by name: by family, and within one by name."""
    found = [importlib.import_module(f"{__name__}.{module.name}").SCHEME for module in pkgutil.iter_modules(__path__)]
    return {scheme.name: scheme for scheme in sorted(found, key=lambda s: (FAMILIES.index(s.family), s.name))}
