"""One module per paper: its figures and its claims, registered; ``reproduce`` makes them all."""

from ._claims import Claim, ledger
from ._figure import Figure, FigureResult
from ._files import save
from ._registry import FIGURES, figure
from .reproduce import Reproduction, reproduce

__all__ = [
    "FIGURES",
    "Claim",
    "Figure",
    "FigureResult",
    "Reproduction",
    "figure",
    "ledger",
    "reproduce",
    "save",
]
