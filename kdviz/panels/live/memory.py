"""Memory of a page that was closed: handed back at once, not when the interpreter comes to it.

Two things kept it. Runs, models and widgets refer to one another in circles, and the collector that finds circles
counts objects, not bytes: hundreds of megabytes of tensors waited for it. And what the threads of a page had freed
stayed with the C library, which keeps a store of its own for each thread.
"""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Free what nobody refers to any more, and return free pages to the system where the C library can."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others return pages by themselves
        if trim is not None:
            trim(0)
