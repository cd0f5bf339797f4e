"""One look for every picture: colours that colour-blind readers can tell apart, readable sizes, text kept as text."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from .._optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PALETTE", "canvas", "house_style", "render"]

# Okabe and Ito's palette without its yellow, which is too faint for lines on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_LOOK: dict[str, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10.0,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.2,
    "agg.path.chunksize": 20000,
    "pdf.fonttype": 42,
}
_LOCK = threading.RLock()


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib settings of the package while the block runs.

    Matplotlib keeps its settings per process, so the block holds a lock: two threads that draw with
    this package take turns.

    Returns
    -------
    context manager

    Examples
    --------
    >>> from hippo_theory.plot import house_style
    >>> import matplotlib
    >>> with house_style():
    ...     inside = matplotlib.rcParams["pdf.fonttype"]
    >>> inside
    42
    """
    matplotlib = require("matplotlib")
    with _LOCK, matplotlib.rc_context(_LOOK):
        yield


def canvas(rows: int, columns: int, *, width: float, height: float, **layout: Any) -> tuple[Figure, list[list[Axes]]]:
    """A new figure with a grid of axes, sizes in inches; call it inside ``house_style``.

    Parameters
    ----------
    rows, columns : int
    width, height : float
    **layout
        Passed to matplotlib's ``subplots``: ``sharex``, ``sharey``, ``width_ratios``.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : list of lists of Axes

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style
    >>> with house_style():
    ...     figure, axes = canvas(2, 3, width=7.0, height=4.0)
    >>> len(axes), len(axes[0])
    (2, 3)
    """
    figure = _figure_class()(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **layout).tolist()


@cache
def _figure_class() -> Any:
    """Matplotlib's Figure, with a picture of its own for notebooks: only pyplot would give it one."""

    class NotebookFigure(require("matplotlib.figure").Figure):  # type: ignore[misc]
        def _repr_png_(self) -> tuple[bytes, dict[str, float]]:
            return render(self, "png"), {"width": 100 * self.get_figwidth()}

    return NotebookFigure


def render(figure: Figure, format: str) -> bytes:
    """The figure as a file in memory, the same bytes each time: no dates, no version of the writer.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    format : {"png", "pdf"}
        200 dots per inch for png.

    Returns
    -------
    bytes

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, render
    >>> with house_style():
    ...     figure, _ = canvas(1, 1, width=1.0, height=1.0)
    >>> render(figure, "png")[1:4]
    b'PNG'
    """
    undated: dict[str, Any] = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format=format, dpi=200, metadata=undated[format])
    return buffer.getvalue()
