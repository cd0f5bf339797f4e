"""Where the matrices come from: orthogonal families, their flow in time, and what it does to the coefficients."""

from .entries import EntryFormula
from .families import Family, Fourier, Functions
from .polynomials import Hermite, Jacobi, Laguerre
from .state_equation import Closure, Derivation, derive

__all__ = [
    "Closure",
    "Derivation",
    "EntryFormula",
    "Family",
    "Fourier",
    "Functions",
    "Hermite",
    "Jacobi",
    "Laguerre",
    "derive",
]
