"""hippo_theory: the mathematics of state-space-model matrices, executable, exact, and verified.

Names load on first use, so that importing the package costs numpy and nothing else.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "errors": (
        "AccuracyError",
        "AccuracyWarning",
        "CertificateError",
        "ExportError",
        "HippoTheoryError",
        "MissingExtraError",
        "NotClosedError",
        "ParameterError",
        "ParameterTypeError",
        "ShapeError",
        "UnknownNameError",
        "UnstableSystemError",
    ),
    "operators": (
        "CONVENTIONS",
        "ExponentialBasis",
        "FouT",
        "LagT",
        "LegS",
        "LegT",
        "Projection",
        "TakenakaMalmquist",
        "convention",
        "gallery",
        "operator",
        "project",
        "warped_basis",
    ),
    "operators.warps": ("warp",),
    "operators.derivation": ("Fourier", "Functions", "Hermite", "Jacobi", "Laguerre", "derive"),
    "systems": ("Diagonal", "DiagonalPlusLowRank", "StateSpace"),
    "analysis": (
        "WhiteNoise",
        "aliasing",
        "approximation_study",
        "balanced_residualization",
        "balanced_truncation",
        "delay_task",
        "distance_to_instability",
        "eigenvalue_conditions",
        "eigenvector_condition",
        "henrici_departure",
        "kreiss_constant",
        "markov_parameters",
        "Gramian",
        "HankelValues",
        "controllability_gramian",
        "observability_gramian",
        "eps_rank",
        "from_aaa",
        "h2_norm",
        "h2_reduction",
        "hankel_norm",
        "hankel_norm_approximation",
        "hankel_singular_values",
        "hinf_norm",
        "l1_norm",
        "matched_step",
        "memory",
        "modal_truncation",
        "numerical_abscissa",
        "numerical_range",
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
    ),
    "lossless": ("collisions", "diagonal_error"),
    "initializations": ("Hope", "Initialization", "dfout", "dss", "hope", "lru", "mamba", "ptd", "s4", "s4d", "s5"),
    "rigor": ("Certificate", "certify", "enclose", "enclose_hankel_singular_values", "enclose_hinf_norm"),
    "exchange": ("as_system", "export", "load", "to_control", "to_pymor", "to_scipy", "verify"),
    "papers": ("figure",),
    "_info": ("info",),
}
_ROOM_OF = {name: room for room, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_ROOM_OF)]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'hippo_theory' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_ROOM_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
