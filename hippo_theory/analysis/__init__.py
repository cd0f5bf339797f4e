"""What is true of an operator or a system: what it remembers, for how long, and how well."""

from .approximation import ApproximationStudy, approximation_study
from .conditioning import EigenvalueConditions, EigenvectorCondition, eigenvalue_conditions, eigenvector_condition
from .contours import PseudospectralContour, pseudospectral_contour
from .departure import HenriciDeparture, henrici_departure
from .distances import PseudospectralDistance, pseudospectral_distance
from .field_of_values import NumericalAbscissa, NumericalRange, numerical_abscissa, numerical_range
from .gramians import Gramian, controllability_gramian, observability_gramian
from .growth import ContinuousGrowth, DiscreteGrowth, transient_growth
from .h2_optimal import H2Reduction, h2_reduction
from .hankel import HankelValues, eps_rank, hankel_singular_values
from .hankel_optimal import HankelApproximation, hankel_norm_approximation
from .kreiss import KreissConstant, kreiss_constant
from .levels import (
    PseudospectralAbscissa,
    PseudospectralRadius,
    pseudospectral_abscissa,
    pseudospectral_radius,
)
from .margins import InstabilityDistance, distance_to_instability
from .markov import markov_parameters, realize
from .modal import modal_truncation
from .modes import Aliasing, ModeMemory, aliasing, memory
from .norms import HInfinityNorm, SystemNorm, h2_norm, hankel_norm, hinf_norm, l1_norm
from .online import Memory, remember
from .portrait import SpectralPortrait, spectral_portrait
from .rational import from_aaa, rational_fit
from .reduction import Reduction, balanced_residualization, balanced_truncation
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
    "Gramian",
    "H2Reduction",
    "HInfinityNorm",
    "HankelApproximation",
    "HankelValues",
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
    "Reduction",
    "SpectralPortrait",
    "SystemNorm",
    "Timescale",
    "WhiteNoise",
    "aliasing",
    "approximation_study",
    "balanced_residualization",
    "balanced_truncation",
    "controllability_gramian",
    "delay_task",
    "distance_to_instability",
    "eigenvalue_conditions",
    "eigenvector_condition",
    "eps_rank",
    "from_aaa",
    "h2_norm",
    "h2_reduction",
    "hankel_norm",
    "hankel_norm_approximation",
    "hankel_singular_values",
    "henrici_departure",
    "hinf_norm",
    "kreiss_constant",
    "l1_norm",
    "markov_parameters",
    "matched_step",
    "memory",
    "modal_truncation",
    "numerical_abscissa",
    "numerical_range",
    "observability_gramian",
    "pseudospectral_abscissa",
    "pseudospectral_contour",
    "pseudospectral_distance",
    "pseudospectral_radius",
    "pseudospectrum",
    "rational_fit",
    "realize",
    "reconstruction_task",
    "remember",
    "spectral_portrait",
    "timescale",
    "transient_growth",
]
