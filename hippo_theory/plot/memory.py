"""Pictures of online memory: an input and what is left of it, states over time, basis functions and measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["basis", "past", "states"]

_GREEN = PALETTE[2]


def past(ax: Axes, signal: tuple[Any, Any], remembered: tuple[Any, Any], measure: tuple[Any, Any]) -> None:
    """An input (black), the past that a state reconstructs (coloured), and the measure it was asked to fit.

    Parameters
    ----------
    ax : Axes
    signal, remembered : (times, values)
    measure : (times, weights)
        Drawn as an area at the bottom, a quarter of the height of the axes.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, past
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     past(ax, ([0, 1], [0, 1]), ([0, 1], [0.1, 0.9]), ([0, 1], [0.5, 1.0]))
    >>> ax.get_legend_handles_labels()[1]
    ['input', 'reconstruction', 'measure']
    """
    ax.plot(*signal, color="black", linewidth=0.6, label="input")
    ax.plot(*remembered, color=PALETTE[1], linewidth=1.0, label="reconstruction")
    low, high = min(signal[1]), max(signal[1])
    base, unit = low - 0.45 * (high - low), 0.3 * (high - low) / max(measure[1])
    ax.fill_between(
        measure[0],
        base,
        [base + unit * w for w in measure[1]],
        color=_GREEN,
        alpha=0.35,
        linewidth=0,
        label="measure",
    )
    ax.set_ylim(base, high + 0.08 * (high - low))
    ax.set_xlabel("$t$")
    ax.set_ylabel("$u(t)$")
    ax.margins(x=0.005)


def states(ax: Axes, t: Any, X: Any, *, limit: float) -> None:
    """States against time and index as colours, blue to red.

    Parameters
    ----------
    ax : Axes
    t : ndarray, shape (T,)
        Evenly spaced.
    X : ndarray, shape (N, T)
    limit : float
        Values from -limit to limit are told apart, larger ones are not.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, states
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     states(ax, [0, 1], [[0.0, 1.0], [2.0, -1.0]], limit=2.0)
    >>> ax.get_ylabel()
    'state $n$'
    """
    ax.imshow(
        X,
        aspect="auto",
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
        origin="lower",
        extent=(float(t[0]), float(t[-1]), -0.5, len(X) - 0.5),
    )
    ax.set_xlabel("$t$")
    ax.set_ylabel("state $n$")


def basis(ax: Axes, t: Any, p: Any, measure: Any, *, variable: str) -> None:
    """Basis functions, one colour each, over an area that is their measure.

    Parameters
    ----------
    ax : Axes
    t : ndarray, shape (T,)
    p : ndarray, shape (N, T)
    measure : ndarray, shape (T,)
    variable : str
        What the horizontal axis is.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import basis, canvas, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     basis(ax, [0, 1], [[1, 1], [1.7, -1.7]], [1, 0.3], variable="lag $t$")
    >>> ax.get_xlabel()
    'lag $t$'
    """
    ax.fill_between(t, 0, measure, color=_GREEN, alpha=0.25, linewidth=0, zorder=0)
    ax.axhline(0, color="0.8", linewidth=0.7, zorder=0)
    colours = (PALETTE[0], PALETTE[1], PALETTE[3], PALETTE[4])
    for n, values in enumerate(p):
        ax.plot(t, values, color=colours[n % 4], label=f"$n={n}$", zorder=3 - 0.1 * n)
    ax.set_xlabel(variable)
    ax.margins(x=0.01)
