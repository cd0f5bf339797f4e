"""Pictures of pseudospectra: level curves of log10 sigma_min(zI - A) around the eigenvalues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["level_curves"]


def level_curves(
    ax: Axes, x: Any, y: Any, log10_sigma: Any, levels: Any, eigenvalues: tuple[Any, Any], *, equal: bool = False
) -> None:
    """Labelled curves of equal log10 sigma, dark where it is small, and the eigenvalues as dots.

    Parameters
    ----------
    ax : Axes
    x, y : ndarray, shapes (X,) and (Y,)
        Real and imaginary parts of the grid.
    log10_sigma : ndarray, shape (Y, X)
        Finite.
    levels : ndarray
        Increasing.
    eigenvalues : (real, imag)
        Those outside the grid are not seen.
    equal : bool, default False
        Equal scales on both axes.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, level_curves
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     level_curves(ax, [0, 1], [0, 1], [[-2.0, -1.0], [-1.0, 0.0]], [-1.5, -0.5], ([0.0], [0.0]))
    >>> ax.get_xlabel(), len(ax.lines)
    ('$\\\\mathrm{Re}\\\\,z$', 1)
    """
    low, high = min(levels), max(levels)
    # The upper end of the map is too pale for lines on white.
    curves = ax.contour(
        x,
        y,
        log10_sigma,
        levels=levels,
        cmap="viridis",
        vmin=low,
        vmax=high + 0.3 * (high - low) + 1e-9,
        linewidths=1.0,
        linestyles="solid",
    )
    ax.clabel(curves, fmt=lambda level: f"$10^{{{level:g}}}$", fontsize=8, inline_spacing=3)
    ax.plot(*eigenvalues, "o", color="black", markersize=2.2, zorder=4)
    ax.set_xlim(min(x), max(x))
    ax.set_ylim(min(y), max(y))
    if equal:
        ax.set_aspect("equal")
    ax.set_xlabel(r"$\mathrm{Re}\,z$")
    ax.set_ylabel(r"$\mathrm{Im}\,z$")
