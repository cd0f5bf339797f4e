"""Pictures of what Hankel singular values mean: histograms, falling values, mean ranks, poles, responses."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bands", "falling_values", "histogram", "intervals", "weighted_poles"]


def histogram(ax: Axes, edges: Any, counts: Any, *, level: float, share: float) -> None:
    """Relative Hankel singular values on a logarithmic axis, coloured above a level, with the share that is there.

    Parameters
    ----------
    ax : Axes
    edges : ndarray, shape (K+1,)
        One of them is the level.
    counts : ndarray, shape (K,)
        Shares of all values.
    level, share : float

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, histogram, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     histogram(ax, [0.001, 0.01, 1.0], [0.25, 0.75], level=0.01, share=0.75)
    >>> ax.texts[0].get_text()
    '75.0 % above 0.01'
    """
    colours = [PALETTE[0] if left >= 0.999 * level else "0.7" for left in edges[:-1]]
    widths = [b - a for a, b in pairwise(edges)]
    ax.bar(edges[:-1], counts, width=widths, align="edge", color=colours, edgecolor="white", linewidth=0.3)
    ax.axvline(level, color="black", linewidth=0.8, linestyle=(0, (4, 2)))
    ax.annotate(f"{100 * share:.1f} % above {level:g}", (0.05, 0.97), xycoords="axes fraction", va="top")
    ax.set_xscale("log")
    ax.set_xlim(edges[0], edges[-1])
    ax.set_xlabel(r"$\sigma_j/\sigma_1$")
    ax.set_ylabel("share of all values")


def falling_values(ax: Axes, values: Mapping[str, Any], *, level: float) -> None:
    """Relative Hankel singular values against their index, one line each, and a level.

    Parameters
    ----------
    ax : Axes
    values : mapping of label to ndarray, shape (n,) or (3, n)
        Three rows: a median between quartiles, drawn as a band.
    level : float

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, falling_values, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     falling_values(ax, {"before": [1.0, 0.1]}, level=0.01)
    >>> ax.get_yscale()
    'log'
    """
    for i, (label, given) in enumerate(values.items()):
        colour = PALETTE[i % len(PALETTE)]
        dash, width = ("-", "--", ":")[i % 3], (2.0, 1.2, 1.6)[i % 3]
        low, curve, high = given if getattr(given, "ndim", 1) == 2 else (None, given, None)
        index = range(1, len(curve) + 1)
        if low is not None and high is not None:
            ax.fill_between(index, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(index, curve, color=colour, linestyle=dash, linewidth=width, label=label, zorder=3 + 0.1 * i)
    ax.axhline(level, color="black", linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    ax.set_yscale("log")
    ax.set_xlabel("$j$")
    ax.set_ylabel(r"$\sigma_j/\sigma_1$")


def intervals(ax: Axes, n: Any, means: Mapping[str, tuple[Any, Any]], fits: Mapping[str, Any] | None = None) -> None:
    """Means against a size on a logarithmic axis, with error bars; fitted curves dashed in the same colour.

    Parameters
    ----------
    ax : Axes
    n : ndarray, shape (K,)
    means : mapping of label to (mean, half width of its interval)
    fits : mapping of label to ndarray, shape (K,), optional

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, intervals
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     intervals(ax, [16, 64], {"disk": ([7.5, 14.0], [0.1, 0.5])}, {"disk": [7.4, 14.1]})
    >>> ax.get_xlabel()
    '$n$'
    """
    for i, (label, (mean, half)) in enumerate(means.items()):
        colour = PALETTE[i % len(PALETTE)]
        ax.errorbar(
            n, mean, half, fmt="os^D"[i % 4], markersize=4, color=colour, capsize=3, elinewidth=1.0, label=label
        )
        if fits is not None and label in fits:
            ax.plot(n, fits[label], color=colour, linestyle=(0, (4, 2)), linewidth=0.9)
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(n), [f"{size:g}" for size in n])
    ax.minorticks_off()
    ax.set_xlabel("$n$")


def weighted_poles(ax: Axes, before: Any, after: Any, weights: Any) -> None:
    """Poles over the logarithm of their damping, coloured by their weights; crosses where a perturbation put them.

    Parameters
    ----------
    ax : Axes
    before, after : ndarray, complex, shape (n,)
    weights : ndarray, shape (n,)
        abs(b_j c_j); four classes of decades, in the legend.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, weighted_poles
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     weighted_poles(ax, [-1 + 2j], [-1 + 2.1j], [5.0])
    >>> ax.get_xscale(), ax.get_yscale()
    ('log', 'symlog')
    """
    classes = ((0.0, 1.0, "< 1"), (1.0, 10.0, "1 to 10"), (10.0, 100.0, "10 to 100"), (100.0, float("inf"), "> 100"))
    colours = (PALETTE[5], PALETTE[0], PALETTE[4], PALETTE[1])
    poles = list(zip(before, weights, strict=True))
    for (low, high, label), colour in zip(classes, colours, strict=True):
        here = [z for z, w in poles if low <= w < high]
        ax.plot([-z.real for z in here], [z.imag for z in here], "o", color=colour, markersize=4.5, label=label)
    ax.plot([-z.real for z in after], [z.imag for z in after], "x", color="black", markersize=2.5, markeredgewidth=0.6)
    ax.set_xscale("log")
    ax.set_yscale("symlog", linthresh=0.1)
    limit, damping = 4 * max(abs(z.imag) for z in before), [-z.real for z in before]
    ax.set_xlim(3 * max(damping), 0.3 * min(damping))
    ax.set_ylim(-limit, limit)
    ax.set_xlabel(r"$-\mathrm{Re}\,a_j$")
    ax.set_ylabel(r"$\mathrm{Im}\,a_j$")


def bands(ax: Axes, t: Any, quartiles: Mapping[str, Any], *, window: float) -> None:
    """Medians between quartiles on a logarithmic axis, one colour each, and where a window ends.

    Parameters
    ----------
    ax : Axes
    t : ndarray, shape (T,)
    quartiles : mapping of label to ndarray, shape (3, T)
    window : float

    Returns
    -------
    None

    Examples
    --------
    >>> import numpy as np
    >>> from hippo_theory.plot import bands, canvas, house_style
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     bands(ax, [0, 1], {"HOPE": np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]])}, window=1.0)
    >>> ax.get_yscale()
    'log'
    """
    for i, (label, (low, middle, high)) in enumerate(quartiles.items()):
        colour = PALETTE[i % len(PALETTE)]
        ax.fill_between(t, low, high, color=colour, alpha=0.3, linewidth=0)
        ax.plot(t, middle, color=colour, linewidth=0.9, label=label)
    ax.axvline(window, color="black", linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set_yscale("log")
