"""A figure is compute + draw + claims: the object that a paper's module registers, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._arrays import Array, frozen
from ._claims import Claim, ledger

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["Data", "Figure", "FigureResult"]

Data = dict[str, Array]


@dataclass(frozen=True)
class Figure:
    """The recipe of one figure.

    Attributes
    ----------
    id : str
        Stable name, "ptd-1".
    title, source, caption : str
        What it shows, which figure of which paper it regenerates, and how to read it.
    compute : callable
        ``compute(quick) -> dict of arrays``: all the numerics. ``quick`` chooses smaller sizes.
    draw : callable
        ``draw(data) -> matplotlib Figure``: no numerics.
    claims : callable
        ``claims(data) -> list of Claim``: what the data must support.
    seed : int, optional
        Of the random numbers in ``compute``; None: there are none.
    """

    id: str
    title: str
    source: str
    caption: str
    compute: Callable[[bool], Data]
    draw: Callable[[Data], MatplotlibFigure]
    claims: Callable[[Data], list[Claim]]
    seed: int | None = None

    def run(self, quick: bool = False) -> FigureResult:
        """Compute the data and judge the claims.

        Returns
        -------
        FigureResult
        """
        data = {name: frozen(values) for name, values in self.compute(quick).items()}
        return FigureResult(self, data, tuple(self.claims(data)), quick)


@dataclass(frozen=True, eq=False, repr=False)
class FigureResult:
    """The data of one figure and the verdicts on its claims.

    Attributes
    ----------
    figure : Figure
    data : dict of ndarray
        Read-only.
    claims : tuple of Claim
    quick : bool
    """

    figure: Figure
    data: Data
    claims: tuple[Claim, ...]
    quick: bool

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return all(claim.passed for claim in self.claims)

    def plot(self) -> MatplotlibFigure:
        """Draw the data; computes nothing.

        Returns
        -------
        matplotlib.figure.Figure
            Not registered with pyplot: save it with ``savefig`` or let a notebook show it.
        """
        return self.figure.draw(self.data)

    def __repr__(self) -> str:
        size = " (quick)" if self.quick else ""
        return f"{self.figure.id}{size}: {self.figure.title} [{self.figure.source}]\n{ledger(self.claims)}"
