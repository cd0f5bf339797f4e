"""Pictures of pseudospectra: level curves of log10 sigma_min(zI - A) around the eigenvalues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._optional import require
from .style import PALETTE, canvas, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["growing_set", "level_curves", "outlines"]


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


def outlines(ax: Axes, curves: Any, eigenvalues: Any) -> None:
    """A set between closed curves, lightly filled, and eigenvalues as dots, on axes of equal scale.

    Parameters
    ----------
    ax : Axes
    curves : sequence of ndarray, complex
        Those that end where they start are filled, holes left out, the others drawn as lines.
    eigenvalues : ndarray, complex

    Returns
    -------
    None

    Examples
    --------
    >>> import numpy as np
    >>> from hippo_theory.plot import canvas, house_style, outlines
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=2.0, height=2.0)
    ...     outlines(ax, [np.array([1, 1j, -1, -1j, 1])], np.array([0j]))
    >>> len(ax.patches), ax.get_aspect()
    (1, 1.0)
    """
    path = require("matplotlib.path").Path
    closed = [path(list(zip(c.real, c.imag, strict=True))) for c in curves if c[0] == c[-1]]
    if closed:
        patch = require("matplotlib.patches").PathPatch
        ax.add_patch(patch(path.make_compound_path(*closed), facecolor=PALETTE[5], edgecolor="none", alpha=0.35))
    for curve in curves:
        ax.plot(curve.real, curve.imag, color=PALETTE[0], linewidth=1.2)
    ax.plot(eigenvalues.real, eigenvalues.imag, "o", color="black", markersize=2.2, zorder=4)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel(r"$\mathrm{Re}\,z$")
    ax.set_ylabel(r"$\mathrm{Im}\,z$")


def growing_set(x: Any, y: Any, log10_sigma: Any, levels: Any, eigenvalues: tuple[Any, Any]) -> Any:
    """An animation of the set log10 sigma < level, one frame for each level, small enough for a notebook.

    Parameters
    ----------
    x, y : ndarray, shapes (X,) and (Y,)
        Real and imaginary parts of the grid.
    log10_sigma : ndarray, shape (Y, X)
        Finite.
    levels : sequence of float
    eigenvalues : (real, imag)

    Returns
    -------
    matplotlib.animation.FuncAnimation

    Examples
    --------
    >>> from hippo_theory.plot import growing_set
    >>> film = growing_set([0, 1], [0, 1], [[-2.0, -1.0], [-1.0, 0.0]], [-1.5, -0.5], ([0.0], [0.0]))
    >>> film.to_jshtml(default_mode="once").count("data:image/png")
    2
    """
    with house_style():
        figure, [[ax]] = canvas(1, 1, width=3.6, height=2.8)
    figure.set_dpi(72)

    def draw(frame: int) -> list[Any]:
        """The set at level number ``frame`` on cleared axes, which are returned as the list of what has changed."""
        with house_style():
            ax.clear()
            level = float(levels[frame])
            bounds = [min(level, float(min(map(min, log10_sigma)))) - 1, level]
            ax.contourf(x, y, log10_sigma, levels=bounds, colors=[PALETTE[5]], alpha=0.6)
            ax.plot(*eigenvalues, "o", color="black", markersize=2.2)
            ax.set_xlim(min(x), max(x))
            ax.set_ylim(min(y), max(y))
            ax.set_title(rf"$\sigma_\min(zI - A) < 10^{{{level:.3g}}}$")
            ax.set_xlabel(r"$\mathrm{Re}\,z$")
            ax.set_ylabel(r"$\mathrm{Im}\,z$")
        return [ax]

    # A film that nobody watches is no mistake: matplotlib would warn of it.
    film = require("matplotlib.animation").FuncAnimation(figure, draw, frames=len(levels), interval=250, repeat=False)
    film._draw_was_started = True
    return film
