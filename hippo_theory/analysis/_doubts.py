"""What is told of a largest value between two bounds, with one wording."""

from __future__ import annotations

import warnings
from typing import Protocol

from ..errors import AccuracyWarning

__all__ = ["Largest", "tell_doubts"]


class Largest(Protocol):
    """A value that was seen, a bound of it, and how much of it is rounding."""

    @property
    def value(self) -> float: ...
    @property
    def upper(self) -> float: ...
    @property
    def error(self) -> float: ...


def tell_doubts(found: Largest, who: str, name: str, scales: str, stacklevel: int) -> None:
    """Warn where less than half of the digits are certain, or where the bounds lie 1 % apart."""
    if found.error > 1e-8 * found.value:
        warnings.warn(
            f"{who}: about {found.error / found.value:.0e} of {name} {found.value:.4g} is uncertain: relative changes "
            "eps of the matrix move it that far.",
            AccuracyWarning,
            stacklevel=stacklevel + 1,
        )
    if found.upper > 1.01 * found.value:
        warnings.warn(
            f"{who}: {name} lies between {found.value:.4g}, which was seen, and {found.upper:.4g}; the {scales} lie "
            "too far apart for a closer search.",
            AccuracyWarning,
            stacklevel=stacklevel + 1,
        )
