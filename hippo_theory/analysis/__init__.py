"""What is true of an operator or a system: what it remembers, for how long, and how well."""

from .approximation import ApproximationStudy, approximation_study
from .memory import Memory, remember
from .tasks import ReadOut, WhiteNoise, delay_task, reconstruction_task
from .timescale import Timescale, matched_step, timescale

__all__ = [
    "ApproximationStudy",
    "Memory",
    "ReadOut",
    "Timescale",
    "WhiteNoise",
    "approximation_study",
    "delay_task",
    "matched_step",
    "reconstruction_task",
    "remember",
    "timescale",
]
