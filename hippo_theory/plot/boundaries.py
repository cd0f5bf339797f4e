"""Pictures of sets in the complex plane: a closed boundary and the eigenvalues inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["boundary"]


def boundary(ax: Axes, points: Any, poles: Any) -> None:
    """A closed curve through points, lightly filled, and eigenvalues as dots, on axes of equal scale.

    Parameters
    ----------
    ax : Axes
    points, poles : ndarray, complex, shapes (M,) and (N,)

    Returns
    -------
    None

    Examples
    --------
    >>> import numpy as np
    >>> from hippo_theory.plot import boundary, canvas, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=2.0, height=2.0)
    ...     boundary(ax, np.array([1, 1j, -1, -1j]), np.array([0j]))
    >>> ax.get_aspect()
    1.0
    """
    ax.fill(points.real, points.imag, facecolor=PALETTE[0], edgecolor="none", alpha=0.12, zorder=1)
    closed = [*points, points[0]]
    ax.plot([z.real for z in closed], [z.imag for z in closed], color=PALETTE[0], linewidth=1.3, zorder=2)
    ax.plot(poles.real, poles.imag, "o", color="black", markersize=2.5, zorder=3)
    for line in (ax.axhline, ax.axvline):
        line(0, color="0.85", linewidth=0.7, zorder=0)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel("real part")
    ax.set_ylabel("imaginary part")
