"""Pictures of spectra: imaginary parts against the index, errors against the index."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["imaginary_parts", "nodes", "phase_roots", "ranges", "relative_errors", "unit_disc"]

_MARKERS = ("o", "s", "^", "D", "v")


def imaginary_parts(ax: Axes, spectra: Mapping[str, Any], *, marked: bool) -> None:
    """Im lambda, sorted from high to low, against 1 + n on logarithmic axes; a zero is left out.

    Parameters
    ----------
    ax : Axes
    spectra : mapping of label to ndarray, shape (M,)
        Falling.
    marked : bool
        Draw a marker at every mode (few modes) or lines alone (many).

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, imaginary_parts
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     imaginary_parts(ax, {"lin": [6.28, 3.14]}, marked=True)
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    for i, (label, values) in enumerate(spectra.items()):
        kept = [(1 + n, v) for n, v in enumerate(values) if v > 0]
        ax.plot(
            *zip(*kept, strict=True),
            color=PALETTE[i % len(PALETTE)],
            label=label,
            marker=_MARKERS[i] if marked else None,
            markersize=3.2,
            markerfacecolor="white",
            markeredgewidth=0.8,
            linewidth=0.8 if marked else 1.3,
            zorder=3 - 0.1 * i,
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("$n+1$, modes from high to low")
    ax.set_ylabel(r"$\mathrm{Im}\,\lambda_n$")


def relative_errors(ax: Axes, errors: Mapping[str, tuple[Any, Any]], *, level: float) -> None:
    """Signed relative errors in per cent against the fraction of the spectrum, with one reference level.

    Parameters
    ----------
    ax : Axes
    errors : mapping of label to (position, error)
        Both ndarrays of shape (M,); position in [0, 1].
    level : float
        A horizontal line at plus and minus this error.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, relative_errors
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     relative_errors(ax, {"N = 4": ([0.25, 0.75], [-0.1, 0.2])}, level=0.18)
    >>> ax.get_ylabel()
    'relative error (%)'
    """
    ax.axhline(0, color="0.8", linewidth=0.7, zorder=0)
    for sign in (-1, 1):
        height, word = 100 * sign * level, f"{'+' if sign > 0 else '-'}{100 * level:g} %"
        ax.axhline(height, color="black", linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
        ax.annotate(word, (0, height), (2, 2), xycoords=ax.get_yaxis_transform(), textcoords="offset points")
    for i, (label, (position, error)) in enumerate(errors.items()):
        ax.plot(position, [100 * e for e in error], color=PALETTE[(5, 0)[i % 2]], label=label)
    ax.set_xlabel("position in the spectrum, $2(n+1)/N$")
    ax.set_ylabel("relative error (%)")


def phase_roots(ax: Axes, y: Any, theta: Any, roots: Any, levels: Any) -> None:
    """A phase in units of pi against the frequency, and where it passes the given levels.

    Parameters
    ----------
    ax : Axes
    y, theta : ndarray, shape (Y,)
    roots, levels : ndarray, shape (M,)
        A root at 0 is left out: the axis is logarithmic.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, phase_roots
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     phase_roots(ax, [0.1, 1.0, 10.0], [0.1, 0.5, 0.9], [1.0], [0.5])
    >>> ax.get_xlabel()
    'frequency $y$'
    """
    ax.plot(y, theta, color=PALETTE[0])
    for root, level in zip(roots, levels, strict=True):
        if root > 0:
            ax.plot([y[0], root], [level, level], color="0.75", linewidth=0.7, zorder=0)
            ax.plot([root, root], [min(theta), level], color=PALETTE[1], linewidth=0.7, zorder=1)
            ax.plot(root, level, "o", color=PALETTE[1], markersize=4)
    ax.set_xscale("log")
    ax.set_xlim(y[0], y[-1])
    ax.set_ylim(bottom=0)
    ax.set_xlabel("frequency $y$")
    ax.set_ylabel(r"$\Theta(y)/\pi$")


def nodes(ax: Axes, pairs: Mapping[int, tuple[Any, Any]]) -> None:
    """Two sets of numbers in [0, 1] for each size, one row a size: ticks and circles that should coincide.

    Parameters
    ----------
    ax : Axes
    pairs : mapping of N to (nodes, eigenvalues)

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, nodes
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     nodes(ax, {2: ([0.21, 0.79], [0.21, 0.79])})
    >>> ax.get_legend_handles_labels()[1]
    ['Gauss-Legendre node', 'eigenvalue']
    """
    for row, (ticks, circles) in enumerate(pairs.values()):
        first = row == 0
        ax.plot(
            ticks,
            [row] * len(ticks),
            "|",
            color="black",
            markersize=14,
            markeredgewidth=0.8,
            label="Gauss-Legendre node" if first else None,
        )
        ax.plot(
            circles,
            [row] * len(circles),
            "o",
            color=PALETTE[1],
            markersize=5,
            markerfacecolor="none",
            label="eigenvalue" if first else None,
        )
    ax.set_yticks(range(len(pairs)), [f"$N={N}$" for N in pairs])
    ax.set_ylim(-0.6, len(pairs) - 0.4)
    ax.set_xlabel("$x$")
    ax.set_ylabel("state size")


def unit_disc(ax: Axes, real: Any, imag: Any) -> None:
    """Poles of a sampled system in the unit disc.

    Parameters
    ----------
    ax : Axes
    real, imag : ndarray, shape (N,)

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, unit_disc
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=2.0, height=2.0)
    ...     unit_disc(ax, [0.9, 0.8], [0.1, -0.1])
    >>> ax.get_aspect()
    1.0
    """
    turns = [6.283185307179586 * i / 200 for i in range(201)]
    ax.plot([math.cos(a) for a in turns], [math.sin(a) for a in turns], color="0.7", linewidth=0.8, zorder=0)
    ax.plot(real, imag, "o", color=PALETTE[0], markersize=3, markerfacecolor="none", markeredgewidth=0.8)
    ax.set_aspect("equal")
    ax.set_xlim(-1.1, 1.1)
    ax.set_ylim(-1.1, 1.1)
    ax.set_xlabel("real part")
    ax.set_ylabel("imaginary part")


def ranges(ax: Axes, rows: Mapping[str, Any]) -> None:
    """Shortest, middle and longest of something, one row each, on a logarithmic axis; the first row on top.

    Parameters
    ----------
    ax : Axes
    rows : mapping of label to (low, middle, high)

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, ranges
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     ranges(ax, {"LRU": (1.0, 2.0, 30.0)})
    >>> ax.get_xscale()
    'log'
    """
    for row, (low, middle, high) in enumerate(rows.values()):
        ax.plot([low, high], [row, row], color=PALETTE[0], linewidth=1.6)
        ax.plot([low, high], [row, row], "|", color=PALETTE[0], markersize=9)
        ax.plot(middle, row, "o", color=PALETTE[1], markersize=5)
        ax.annotate(f"{middle:.4g}", (middle, row), (0, 5), textcoords="offset points", ha="center", fontsize=8)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.4, -0.7)
    ax.set_xscale("log")
