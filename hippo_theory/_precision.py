"""flint's working precision is one number for the whole process: this is the only door to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ._arrays import positive_integer
from ._optional import require
from .errors import ParameterError

__all__ = ["MAX_BITS", "working_precision"]

MAX_BITS = 1 << 20
_LOCK = threading.RLock()


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Compute with ``bits`` bits inside, and with what was set before outside; one thread at a time."""
    bits = positive_integer(bits, "bits", "ball arithmetic")
    if not 16 <= bits <= MAX_BITS:
        raise ParameterError(f"ball arithmetic: bits must lie between 16 and {MAX_BITS}, got {bits}.")
    with _LOCK, require("flint").ctx.workprec(bits):
        yield
