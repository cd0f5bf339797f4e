"""Figures of "HOPE for a Robust Parameterization of Long-memory State Space Models" (yu2025hope)."""

from .growth import BETA
from .memory import MEMORY
from .perturbed import PERTURBED
from .values import INITIAL, RANDOM

__all__ = ["FIGURES"]

FIGURES = (RANDOM, PERTURBED, INITIAL, MEMORY, BETA)
