"""What figures leave on disk: a folder, pictures, data."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from .. import plot
from .._files import write
from ..errors import ExportError
from ._figure import Data, FigureResult

__all__ = ["data_bytes", "folder", "save"]


def folder(path: str | Path) -> Path:
    """The folder, made if need be.

    Raises
    ------
    ExportError
        It cannot be made, or something that is not a folder is in the way.
    """
    place = Path(path)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {place} cannot be made ({error}); choose another one.") from error
    return place


def data_bytes(data: Data) -> bytes:
    """The arrays of a figure as an uncompressed .npz file in memory."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **data)
    return buffer.getvalue()


def save(result: FigureResult, out: str | Path) -> list[Path]:
    """Draw a figure into ``out``/ID.png and ``out``/ID.pdf.

    Parameters
    ----------
    result : FigureResult
        From ``figure(id)``.
    out : path
        Folder; made if need be.

    Returns
    -------
    list of Path
        The files. Equal data and an equal matplotlib give equal bytes.

    Raises
    ------
    ExportError
        The folder cannot be made or written to.

    Examples
    --------
    >>> import tempfile, hippo_theory as ht
    >>> from hippo_theory.papers import save
    >>> with tempfile.TemporaryDirectory() as out:
    ...     [path.name for path in save(ht.figure("s4d-3", quick=True), out)]
    ['s4d-3.png', 's4d-3.pdf']
    """
    place, picture = folder(out), result.plot()
    return [write(place / f"{result.figure.id}.{kind}", plot.render(picture, kind)) for kind in ("png", "pdf")]
