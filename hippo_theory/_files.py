"""Atomic writing: a path keeps what it had, or holds the whole new file, whatever interrupts."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from .errors import ExportError

__all__ = ["write"]


def write(path: Path, content: bytes, check: Callable[[Path], None] = lambda path: None) -> Path:
    """Write to a temporary file beside ``path``, ``check`` it there, then move it into place.

    Raises
    ------
    ExportError
        The folder cannot be written to; whatever ``check`` raises passes through. Nothing stays behind.
    """
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise ExportError(f"{path} could not be written ({error}); nothing was changed there.") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    return path
