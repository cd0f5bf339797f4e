"""Figures of "Robustifying State-space Models ... via Approximate Diagonalization" (yu2024ptd)."""

from .pseudospectra import PSEUDOSPECTRA
from .spikes import SPIKES

__all__ = ["FIGURES"]

FIGURES = (SPIKES, PSEUDOSPECTRA)
