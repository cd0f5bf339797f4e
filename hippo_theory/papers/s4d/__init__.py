"""Figures of "On the Parameterization and Initialization of Diagonal State Space Models" (gu2022s4d)."""

from .bases import FOURIER, LINEAR, LOW_RANK
from .convergence import FIGURES as CONVERGENCE
from .stepping import ALIASING, MEMORY

__all__ = ["FIGURES"]

FIGURES = (LINEAR, *CONVERGENCE, LOW_RANK, FOURIER, ALIASING, MEMORY)
