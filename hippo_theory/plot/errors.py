"""Pictures of errors: against a size, a step or a frequency, on logarithmic axes, with reference slopes and levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["errors", "profiles"]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def errors(
    ax: Axes,
    curves: Mapping[str, tuple[Any, Any]],
    *,
    marked: bool = True,
    base: int = 10,
    slopes: Sequence[float] = (),
    levels: Mapping[str, float] | None = None,
) -> None:
    """Error curves on logarithmic axes, one colour and marker each; non-positive values are left out.

    Parameters
    ----------
    ax : Axes
    curves : mapping of label to (x, error)
    marked : bool, default True
        Draw a marker at every point.
    base : int, default 10
        Of the logarithmic horizontal axis: 2 for sizes, whose ticks are then plain numbers.
    slopes : sequence of float
        For the first curves, in order: a dashed line x^{-slope} through their last point. Its end carries the
        label of the curve and the slope, and no legend is needed.
    levels : mapping of name to error, optional
        Dashed horizontal lines.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, errors, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     errors(ax, {"kink": ([8, 16], [0.1, 0.035])}, slopes=[1.5])
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'log')
    """
    for i, (label, (x, values)) in enumerate(curves.items()):
        kept = [(a, b) for a, b in zip(x, values, strict=True) if b > 0]
        colour = PALETTE[i % len(PALETTE)]
        ax.plot(
            *zip(*kept, strict=True),
            color=colour,
            label=label,
            marker=_MARKERS[i % len(_MARKERS)] if marked else None,
            markersize=3.6,
            markerfacecolor="white",
            markeredgewidth=0.9,
            linewidth=1.1,
            zorder=3 - 0.1 * i,
        )
        if i < len(slopes):
            end, height = kept[-1]
            ends = [kept[0][0], end]
            ax.plot(
                ends,
                [height * (a / end) ** -slopes[i] for a in ends],
                color=colour,
                linewidth=0.8,
                linestyle=(0, (4, 2)),
                zorder=1,
            )
            name = f"{label}: $-{slopes[i]:g}$"
            ax.annotate(name, (end, height), (5, -3), textcoords="offset points", color=colour, fontsize=9)
    for name, level in (levels or {}).items():
        ax.axhline(level, color="black", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0.5)
        ax.annotate(name, (0, level), (3, 2), xycoords=ax.get_yaxis_transform(), textcoords="offset points", fontsize=9)
    ax.set_xscale("log", base=base)
    ax.set_yscale("log")
    if slopes:
        left, right = ax.get_xlim()
        ax.set_xlim(left, right * (right / left) ** 0.25)
    if base == 2:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def profiles(ax: Axes, x: Any, curves: Mapping[str, Any]) -> None:
    """Errors, on a logarithmic axis, against a position on a linear one.

    Parameters
    ----------
    ax : Axes
    x : ndarray, shape (X,)
    curves : mapping of label to ndarray, shape (X,)

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, profiles
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     profiles(ax, [0, 1], {"LegT": [0.1, 0.2]})
    >>> ax.get_xscale(), ax.get_yscale()
    ('linear', 'log')
    """
    for i, (label, values) in enumerate(curves.items()):
        ax.plot(x, values, color=PALETTE[i % len(PALETTE)], label=label, linewidth=0.9)
    ax.set_yscale("log")
    ax.margins(x=0.01)
