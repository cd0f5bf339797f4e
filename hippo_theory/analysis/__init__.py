"""What is true of an operator or a system: what it remembers, for how long, and how well."""

from .approximation import ApproximationStudy, approximation_study
from .conditioning import EigenvalueConditions, EigenvectorCondition, eigenvalue_conditions, eigenvector_condition
from .contours import PseudospectralContour, pseudospectral_contour
from .departure import HenriciDeparture, henrici_departure
from .distances import PseudospectralDistance, pseudospectral_distance
from .field_of_values import NumericalAbscissa, NumericalRange, numerical_abscissa, numerical_range
from .growth import ContinuousGrowth, DiscreteGrowth, transient_growth
from .kreiss import KreissConstant, kreiss_constant
from .levels import (
    PseudospectralAbscissa,
    PseudospectralRadius,
    pseudospectral_abscissa,
    pseudospectral_radius,
)
from .margins import InstabilityDistance, distance_to_instability
from .modes import Aliasing, ModeMemory, aliasing, memory
from .online import Memory, remember
from .portrait import SpectralPortrait, spectral_portrait
from .resolvent import Pseudospectrum, pseudospectrum
from .scales import Timescale, matched_step, timescale
from .tasks import ReadOut, WhiteNoise, delay_task, reconstruction_task

__all__ = [
    "Aliasing",
    "ApproximationStudy",
    "ContinuousGrowth",
    "DiscreteGrowth",
    "EigenvalueConditions",
    "EigenvectorCondition",
    "HenriciDeparture",
    "InstabilityDistance",
    "KreissConstant",
    "Memory",
    "ModeMemory",
    "NumericalAbscissa",
    "NumericalRange",
    "PseudospectralAbscissa",
    "PseudospectralContour",
    "PseudospectralDistance",
    "PseudospectralRadius",
    "Pseudospectrum",
    "ReadOut",
    "SpectralPortrait",
    "Timescale",
    "WhiteNoise",
    "aliasing",
    "approximation_study",
    "delay_task",
    "distance_to_instability",
    "eigenvalue_conditions",
    "eigenvector_condition",
    "henrici_departure",
    "kreiss_constant",
    "matched_step",
    "memory",
    "numerical_abscissa",
    "numerical_range",
    "pseudospectral_abscissa",
    "pseudospectral_contour",
    "pseudospectral_distance",
    "pseudospectral_radius",
    "pseudospectrum",
    "reconstruction_task",
    "remember",
    "spectral_portrait",
    "timescale",
    "transient_growth",
]
