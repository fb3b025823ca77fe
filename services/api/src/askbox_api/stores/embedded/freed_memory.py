"""Giving memory that was freed back to the operating system, where the C library can be asked to.

Knows glibc's `malloc_trim`; elsewhere it does nothing.
"""

import ctypes


def give_back() -> None:
    """Return freed memory to the system: threads that end leave tens of MB behind in glibc's arenas."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
