"""Pictures of impulse responses: basis kernels, discrete delays, deviations on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["impulse_weights", "kernel_deviation", "kernels"]


def kernels(ax: Axes, t: Any, K: Any, *, linewidth: float = 1.2, at: tuple[Any, Any] | None = None) -> None:
    """The kernels K_n(t), one colour each, labelled n = 0, 1, ...

    Parameters
    ----------
    ax : Axes
    t : ndarray, shape (T,)
    K : ndarray, shape (N, T)
    linewidth : float, default 1.2
    at : (times, values), optional
        Single points (P,), (N, P), drawn as open circles in the colour of their kernel,
        the later ones smaller so that equal values stay visible.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, kernels
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     kernels(ax, [0, 1], [[1, 0.4], [1.7, 0.1]])
    >>> ax.get_legend_handles_labels()[1]
    ['$n=0$', '$n=1$']
    """
    ax.axhline(0, color="0.8", linewidth=0.7, zorder=0)
    for n, values in enumerate(K):
        ax.plot(t, values, color=PALETTE[n % len(PALETTE)], linewidth=linewidth, label=f"$n={n}$", zorder=3 - 0.1 * n)
    if at is not None:
        for n, values in enumerate(at[1]):
            ax.plot(
                at[0],
                values,
                "o",
                color=PALETTE[n % len(PALETTE)],
                markersize=7 - 1.3 * n,
                markerfacecolor="none",
                clip_on=False,
                zorder=4,
            )
    ax.set_xlabel("$t$")
    ax.margins(x=0.01)


def impulse_weights(ax: Axes, t: Any, weights: Mapping[str, Any], *, zoom: tuple[float, float]) -> None:
    """Discrete impulse responses, one labelled curve each, and an inset that shows their samples.

    Parameters
    ----------
    ax : Axes
    t : ndarray, shape (T,)
    weights : mapping of label to ndarray, shape (T,)
        What each step contributes, not divided by the step.
    zoom : (start, stop)
        Times that the inset covers.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, impulse_weights
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     impulse_weights(ax, [0, 1, 2], {"delay": [0, 1, 0]}, zoom=(0.5, 1.5))
    >>> ax.get_xlabel()
    '$t$'
    """
    inset = ax.inset_axes((0.56, 0.55, 0.42, 0.38))
    for colour, marker, (label, values) in zip(PALETTE, "os^", weights.items(), strict=False):
        ax.plot(t, values, color=colour, label=label, linewidth=0.9)
        inset.plot(t, values, marker, color=colour, linestyle="-", linewidth=0.7, markersize=3, markerfacecolor="white")
    inset.set_xlim(*zoom)
    inset.tick_params(labelsize=8)
    ax.set_xlabel("$t$")
    ax.set_ylabel("weight of a step")
    ax.margins(x=0.01)


def kernel_deviation(ax: Axes, t: Any, deviation: Any, *, front: float, floor: float) -> None:
    """|deviation| of each kernel on a logarithmic axis, with the predicted front as a vertical line.

    Parameters
    ----------
    ax : Axes
    t : ndarray, shape (T,)
    deviation : ndarray, shape (N, T)
    front : float
        Time of the first echo.
    floor : float
        Lower end of the axis.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, kernel_deviation
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     kernel_deviation(ax, [0, 1, 2], [[1e-15, 1e-15, 0.1]], front=1.5, floor=1e-17)
    >>> ax.get_yscale()
    'log'
    """
    for n, values in enumerate(deviation):
        ax.plot(
            t, [max(abs(v), floor) for v in values], color=PALETTE[n % len(PALETTE)], linewidth=0.7, label=f"$n={n}$"
        )
    ax.axvline(front, color="black", linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set_yscale("log")
    ax.set_ylim(floor, 1.0)
    ax.set_xlabel("$t$")
    ax.margins(x=0.01)
