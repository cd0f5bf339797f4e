"""Atomic writing: a path keeps what it had, or holds the whole new file, whatever interrupts."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import ExportError, ParameterError, ParameterTypeError

__all__ = ["as_path", "write"]


def as_path(path: Any, who: str) -> Path:
    """``path`` as a Path; what no file can be called is refused."""
    try:
        made = Path(path)
    except TypeError:
        raise ParameterTypeError(f"{who}: a path is needed, got {path!r} of type {type(path).__name__}.") from None
    try:
        os.fsencode(made)
    except ValueError:
        raise ParameterError(f"{who}: no file can have the path {str(made)!r}.") from None
    if "\0" in str(made):
        raise ParameterError(f"{who}: the path {str(made)!r} contains a null character.")
    return made


def write(path: Path, content: bytes, check: Callable[[Path], None] = lambda path: None) -> Path:
    """Write to a temporary file beside ``path``, ``check`` it there, then move it into place.

    Raises
    ------
    ExportError
        The folder cannot be written to; whatever ``check`` raises passes through. Nothing stays behind.
    """
    # Through a symbolic link to its target; with the permissions that the user's umask gives a new file.
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise ExportError(f"{path} could not be written: the folder {target.parent} does not exist; make it first.")
    temporary = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check(temporary)
        temporary.replace(target)
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise ExportError(f"{path} could not be written ({error}); nothing was changed there.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path
