"""Pictures of what a perturbation buys: condition numbers against its size, errors against condition numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["tradeoff"]


def tradeoff(ax: Axes, families: Mapping[str, tuple[Any, Any, str]], guides: Mapping[str, tuple[Any, Any]]) -> None:
    """y against x, both logarithmic: one colour a family, drawn as a line or as points, and dashed guides.

    Parameters
    ----------
    ax : Axes
    families : mapping of label to (x, y, form)
        ``form`` is "" for a line, "points" for filled points, "refused" for crosses.
    guides : mapping of label to (x, y)

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, tradeoff
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     tradeoff(ax, {"ours": ([0.1, 1.0], [10.0, 1.0], "")}, {"1/x": ([0.1, 1.0], [10.0, 1.0])})
    >>> ax.get_yscale()
    'log'
    """
    for i, (label, (x, y, form)) in enumerate(families.items()):
        colour = PALETTE[i % len(PALETTE)]
        line = {"linestyle": "-", "linewidth": 1.4} if form == "" else {"linestyle": "none", "markersize": 4.0}
        marker = {"": None, "points": "o", "refused": "x"}[form]
        ax.plot(x, y, color=colour, marker=marker, label=label, zorder=4 - i, **line)  # type: ignore[arg-type]
    for (label, (x, y)), dashes in zip(guides.items(), ((4, 2), (1, 1.5)), strict=False):
        ax.plot(x, y, color="black", linewidth=0.8, linestyle=(0, dashes), label=label, zorder=0.5)
    ax.set_xscale("log")
    ax.set_yscale("log")
