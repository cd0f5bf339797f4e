"""Linear systems x' = A x + B u, y = C x + D u: dense, diagonal plus low rank, diagonal; one protocol.

All three are frozen dataclasses. ``B`` is a vector (one input) or, but for DiagonalPlusLowRank, a matrix
(H inputs, one a column); ``C`` is None (the state is read out), a vector (one output) or a matrix (p outputs, one
a row). ``dt`` is None for continuous time; ``discretize`` returns a system with ``dt`` set, whose ``transfer``
takes z and whose ``kernel`` takes a number of steps.
"""

from ._base import LinearSystem
from ._discretization import DISCRETIZATIONS
from .dense import StateSpace
from .diagonal import Diagonal
from .low_rank import DiagonalPlusLowRank

__all__ = ["DISCRETIZATIONS", "Diagonal", "DiagonalPlusLowRank", "LinearSystem", "StateSpace"]
