"""Pictures of transient growth: norms of powers over time, their tops, and what bounds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["growth"]


def growth(
    ax: Axes,
    curves: Mapping[str, tuple[Any, Any]],
    *,
    bounds: Mapping[str, tuple[Any, Any]] | None = None,
    peak: tuple[float, float] | None = None,
) -> None:
    """Norms on a logarithmic axis, one colour each; dotted bounds, a marked top, and the level 1.

    Parameters
    ----------
    ax : Axes
    curves, bounds : mapping of label to (time or step, norm)
        All curves but the first are dashed, in turn: where they coincide, their colours alternate. Bounds are
        dotted, in the colours after those of the curves.
    peak : (time or step, norm), optional
        The top to mark, with its coordinates.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, growth, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     growth(ax, {"Euler": ([0, 1, 2], [1.0, 8.0, 2.0])}, peak=(1, 8.0))
    >>> ax.get_yscale(), len(ax.texts)
    ('log', 1)
    """
    others = max(len(curves) - 1, 1)
    for i, (label, (x, norm)) in enumerate(curves.items()):
        dash = "-" if i == 0 else (5.0 * (i - 1), (5.0, 5.0 * (others - 1)))
        colour = PALETTE[i % len(PALETTE)]
        ax.plot(x, norm, color=colour, linewidth=1.6, linestyle=dash, zorder=3)
        ax.plot([], [], color=colour, linewidth=1.6, label=label)  # a legend has no room for such dashes
    for i, (label, (x, norm)) in enumerate((bounds or {}).items(), len(curves)):
        ax.plot(x, norm, color=PALETTE[i % len(PALETTE)], label=label, linestyle=(0, (1, 1.5)), zorder=4)
    ax.axhline(1, color="0.75", linewidth=0.7, zorder=0)
    if peak is not None:
        ax.plot(*peak, "o", markersize=4, color="black", zorder=5)
        told = f"{peak[1]:.3g} at {peak[0]:.4g}"
        ax.annotate(told, peak, (6, 2), textcoords="offset points", fontsize=9)
    ax.set_yscale("log")
    ax.set_ylabel("norm")
