"""Pictures of singular values that fall over many decades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["singular_values"]


def singular_values(ax: Axes, values: Mapping[str, Any], noise: float | None = None) -> None:
    """Relative singular values against 1 + j on a logarithmic axis; zeros are left out.

    Parameters
    ----------
    ax : Axes
    values : mapping of label to ndarray, shape (N,)
        Falling, relative to the first; no legend entry for the label "".
    noise : float, optional
        The level below which they mean nothing, drawn as a grey floor.

    Returns
    -------
    None

    Examples
    --------
    >>> from hippo_theory.plot import canvas, house_style, singular_values
    >>> with house_style():
    ...     figure, [[ax]] = canvas(1, 1, width=3.0, height=2.0)
    ...     singular_values(ax, {"LegS": [1.0, 1e-3, 1e-17]}, 1e-16)
    >>> ax.get_yscale()
    'log'
    """
    for i, (label, sigma) in enumerate(values.items()):
        kept = [(1 + j, value) for j, value in enumerate(sigma) if value > 0]
        ax.plot(
            *zip(*kept, strict=True),
            color=PALETTE[i % len(PALETTE)],
            label=label or None,
            marker="o",
            markersize=2.6,
            linewidth=0.8,
        )
    ax.set_yscale("log")
    if noise:
        low = ax.get_ylim()[0]
        ax.axhspan(min(low, noise), noise, color="0.85", zorder=0.2, label="rounding")
        ax.set_ylim(min(low, noise), None)
    ax.set_xlabel("$1 + j$")
    ax.set_ylabel(r"$\sigma_j/\sigma_0$")
