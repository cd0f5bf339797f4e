"""Pictures of transfer functions: magnitudes on logarithmic axes, and one resonance from close by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["last_spike", "magnitudes"]


def magnitudes(ax: Axes, curves: Mapping[str, tuple[Any, Any]], *, level: float, name: str) -> None:
    """|G(iw)| against w, both logarithmic, one labelled curve each, and a dashed level with its name.

    Parameters
    ----------
    ax : Axes
    curves : mapping of label to (w, magnitude)
    level : float
        Where the last spikes end.
    name : str
        What to write at the level.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, magnitudes
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     magnitudes(ax, {"n = 1": ([1.0, 10.0], [0.7, 0.1])}, level=0.6, name="0.6")
    >>> ax.get_xscale()
    'log'
    """
    for i, (label, (w, magnitude)) in enumerate(curves.items()):
        ax.plot(w, magnitude, color=PALETTE[i % len(PALETTE)], label=label, linewidth=0.7, zorder=4 - i)
    ax.axhline(level, color="black", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0.5)
    ax.annotate(name, (1, level), (-2, 3), xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="right")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(r"frequency $\omega$")


def last_spike(ax: Axes, curves: Mapping[str, tuple[Any, Any]], *, level: float) -> None:
    """A resonance against the distance to its peak.

    All curves but the first are dashed, in turn: where they coincide, their colours alternate.

    Parameters
    ----------
    ax : Axes
    curves : mapping of label to (w - w_peak, magnitude)
    level : float

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, last_spike
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     last_spike(ax, {"n = 1": ([-1.0, 0.0, 1.0], [0.2, 0.6, 0.2])}, level=0.6)
    >>> len(ax.lines)
    2
    """
    others = max(len(curves) - 1, 1)
    for i, (label, (distance, magnitude)) in enumerate(curves.items()):
        dash = "-" if i == 0 else (4.0 * (i - 1), (4.0, 4.0 * (others - 1)))
        ax.plot(
            distance,
            magnitude,
            color=PALETTE[i % len(PALETTE)],
            label=label,
            linestyle=dash,
            linewidth=1.5,
            zorder=1 + i,
        )
    ax.axhline(level, color="black", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0.5)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(r"$\omega-\omega_{\mathrm{peak}}$")
