"""Figures of "On the Parameterization and Initialization of Diagonal State Space Models" (gu2022s4d)."""

from .bases import FOURIER, LINEAR, LOW_RANK
from .convergence import FIGURES as CONVERGENCE
from .limits import LIMITS
from .stepping import ALIASING, MEMORY

__all__ = ["FIGURES"]

FIGURES = (LINEAR, *CONVERGENCE, LIMITS, LOW_RANK, FOURIER, ALIASING, MEMORY)
