"""What a comparison with known laws yields: a named number, and when two spectra are the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array

__all__ = ["ABSOLUTE", "FEWEST", "RELATIVE", "Finding", "same"]

# Float32 files of public code are off by up to 7e-5, and clamp frequencies at 1e-4.
RELATIVE, ABSOLUTE = 2e-4, 2e-4
# Below three modes almost every law fits almost every spectrum.
FEWEST = 3


@dataclass(frozen=True)
class Finding:
    """One named fact about an initialisation: a number, and in words what it measures."""

    name: str
    value: float
    statement: str

    def __str__(self) -> str:
        return f"{self.name}: {self.statement}"


def same(values: Array, reference: Array | float, absolute: float = ABSOLUTE) -> bool:
    """Whether every value is within the accuracy of a float32 file of its reference."""
    return bool(np.all(np.abs(values - reference) <= absolute + RELATIVE * np.abs(reference)))
