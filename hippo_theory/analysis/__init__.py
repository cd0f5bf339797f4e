"""What is true of an operator or a system: what it remembers, for how long, and how well."""

from .approximation import ApproximationStudy, approximation_study
from .conditioning import EigenvectorCondition, eigenvector_condition
from .modes import Aliasing, ModeMemory, aliasing, memory
from .online import Memory, remember
from .scales import Timescale, matched_step, timescale
from .tasks import ReadOut, WhiteNoise, delay_task, reconstruction_task

__all__ = [
    "Aliasing",
    "ApproximationStudy",
    "EigenvectorCondition",
    "Memory",
    "ModeMemory",
    "ReadOut",
    "Timescale",
    "WhiteNoise",
    "aliasing",
    "approximation_study",
    "delay_task",
    "eigenvector_condition",
    "matched_step",
    "memory",
    "reconstruction_task",
    "remember",
    "timescale",
]
