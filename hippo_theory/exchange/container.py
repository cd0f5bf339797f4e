"""The safetensors container: atomic writing with a read-back, and reading with a diagnosis of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .._arrays import Array
from .._files import write
from .._optional import require
from ..errors import CertificateError, ExportError

__all__ = ["METADATA_KEY", "read_container", "write_container"]

METADATA_KEY = "hippo_theory"
_HEADER_LIMIT = 100_000_000


def write_container(
    path: Path, tensors: dict[str, Array], text: str, check: Callable[[Path], None] = lambda path: None
) -> None:
    """Write tensors and certificate text to a temporary file beside ``path``, check it, move it into place.

    ``path`` either keeps what it had or holds the whole new file, whatever interrupts the writing. The
    temporary file is compared with what was given, then handed to ``check``, which may raise.

    Raises
    ------
    ExportError
        The folder cannot be written to, or what was read back is not what was written.
    """
    # safetensors takes the caller's memory order on trust: hand it C-contiguous copies.
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    data: bytes = require("safetensors.numpy").save(contiguous, metadata={METADATA_KEY: text})

    def checked(temporary: Path) -> None:
        _compare(temporary, contiguous, text)
        check(temporary)

    write(path, data, checked)


def _compare(path: Path, tensors: dict[str, Array], text: str) -> None:
    written, metadata = read_container(path)
    same = metadata == text and written.keys() == tensors.keys()
    if not same or any(written[k].tobytes() != tensors[k].tobytes() for k in tensors):
        raise ExportError(f"{path}: what was read back differs from what was written; the export was discarded.")


def read_container(path: Path) -> tuple[dict[str, Array], str]:
    """Tensors and certificate text of a file; every failure says what is wrong with the file.

    Raises
    ------
    CertificateError
        Not a safetensors file, truncated, longer than its header says, damaged, or without a certificate.
    """
    try:
        if path.exists() and not path.is_file():
            raise CertificateError(f"{path} is not a file.")
        data = path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error}.") from error
    metadata = _checked_header(path, data)
    if not isinstance(metadata, dict) or METADATA_KEY not in metadata:
        raise CertificateError(f"{path} is a safetensors file without a hippo_theory certificate.")
    if len(metadata) > 1:
        raise CertificateError(f"{path}: the header has entries besides the certificate: {sorted(metadata)}.")
    try:
        tensors: dict[str, Array] = require("safetensors.numpy").load(data)
    except Exception as error:  # the Rust side raises its own type, and KeyError for dtypes numpy lacks
        raise CertificateError(f"{path} is damaged: {error}.") from error
    return tensors, metadata[METADATA_KEY]


def _checked_header(path: Path, data: bytes) -> object:
    """The ``__metadata__`` entry, after comparing the lengths that the header declares with the file."""
    foreign = "not a safetensors file"
    # The first bytes of a header length can look like those of a pickle: the brace behind it decides.
    if data[8:9] != b"{" and data[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise CertificateError(f"{path} is {foreign} but a pickle or zip archive, which is never opened here.")
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or (size <= _HEADER_LIMIT and len(data) < 8 + size):
        raise CertificateError(f"{path} is truncated: {len(data)} bytes end inside the header.")
    if size > _HEADER_LIMIT:
        raise CertificateError(f"{path} is {foreign}: its header would be {size} bytes long.")
    try:
        header = json.loads(data[8 : 8 + size])
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        declared = 8 + size + max(ends, default=0)
    except (ValueError, AttributeError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise CertificateError(f"{path} is {foreign}, or its header is damaged ({error}).") from None
    if len(data) != declared:
        state = "truncated" if len(data) < declared else "longer than its header says"
        raise CertificateError(f"{path} is {state}: {len(data)} bytes of {declared}.")
    return header.get("__metadata__")
