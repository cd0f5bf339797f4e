"""Figures of "Robustifying State-space Models ... via Approximate Diagonalization" (yu2024ptd)."""

from .bounds import BOUNDS
from .inputs import INPUTS
from .law import LAW
from .pseudospectra import PSEUDOSPECTRA
from .spikes import SPIKES
from .tradeoff import TRADEOFF
from .tube import TUBE

__all__ = ["FIGURES"]

FIGURES = (SPIKES, TRADEOFF, INPUTS, TUBE, LAW, BOUNDS, PSEUDOSPECTRA)
