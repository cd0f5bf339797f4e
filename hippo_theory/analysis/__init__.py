"""What is true of an operator or a system: what it remembers, for how long, and how well."""

from .approximation import ApproximationStudy, approximation_study
from .conditioning import EigenvectorCondition, eigenvector_condition
from .field_of_values import NumericalAbscissa, numerical_abscissa
from .growth import ContinuousGrowth, DiscreteGrowth, transient_growth
from .modes import Aliasing, ModeMemory, aliasing, memory
from .online import Memory, remember
from .scales import Timescale, matched_step, timescale
from .tasks import ReadOut, WhiteNoise, delay_task, reconstruction_task

__all__ = [
    "Aliasing",
    "ApproximationStudy",
    "ContinuousGrowth",
    "DiscreteGrowth",
    "EigenvectorCondition",
    "Memory",
    "ModeMemory",
    "NumericalAbscissa",
    "ReadOut",
    "Timescale",
    "WhiteNoise",
    "aliasing",
    "approximation_study",
    "delay_task",
    "eigenvector_condition",
    "matched_step",
    "memory",
    "numerical_abscissa",
    "reconstruction_task",
    "remember",
    "timescale",
    "transient_growth",
]
