"""What a layer starts from: one recipe per file, one kind of result."""

from ._base import Initialization
from .deviations import deviations
from .dfout import dfout
from .dss import dss
from .findings import Finding
from .hope import Hope, hope
from .lru import lru
from .mamba import mamba
from .perturbed_diagonalization import PerturbedDiagonalization
from .ptd import ptd
from .recipes import remake
from .reporting import Report
from .s4 import s4
from .s4d import S4D_KINDS, s4d
from .s5 import s5

__all__ = [
    "S4D_KINDS",
    "Finding",
    "Hope",
    "Initialization",
    "PerturbedDiagonalization",
    "Report",
    "deviations",
    "dfout",
    "dss",
    "hope",
    "lru",
    "mamba",
    "ptd",
    "remake",
    "s4",
    "s4d",
    "s5",
]
