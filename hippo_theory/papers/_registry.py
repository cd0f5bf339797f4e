"""All figures by id, and the one door to them."""

from __future__ import annotations

from .._arrays import known_name
from ._figure import Figure, FigureResult
from .growth import FIGURES as GROWTH
from .hope import FIGURES as HOPE
from .httyh import FIGURES as HTTYH
from .lossless import FIGURES as LOSSLESS
from .ptd import FIGURES as PTD
from .s4d import FIGURES as S4D

__all__ = ["FIGURES", "figure"]

FIGURES: dict[str, Figure] = {f.id: f for f in (*HTTYH, *S4D, *LOSSLESS, *GROWTH, *PTD, *HOPE)}


def figure(id: str, quick: bool = False) -> FigureResult:
    """Compute one figure of the papers and judge its claims.

    Parameters
    ----------
    id : str
        One of ``hippo_theory.papers.FIGURES``, such as "httyh-1", "lmu-pade", "s4d-2" or "ptd-1".
    quick : bool, default False
        Smaller sizes where the full ones take more than a second.

    Returns
    -------
    FigureResult
        ``.data`` (arrays), ``.claims``, ``.passed``, ``.plot()`` (a matplotlib Figure).

    Raises
    ------
    UnknownNameError
        No such figure; the nearest id is suggested.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.figure("s4d-3", quick=True).passed
    True
    """
    return FIGURES[known_name(id, FIGURES, "figure")].run(bool(quick))
