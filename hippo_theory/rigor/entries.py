"""Checks on the entries of a tensor: how far stored numbers may be from exact ones, and how far they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array
from .balls import distance, ulp_distance
from .certificate import Check

__all__ = ["bounded", "entry_checks", "rounding_limit"]

_real_part = np.frompyfunc(lambda z: z.real, 1, 1)
_imaginary_part = np.frompyfunc(lambda z: z.imag, 1, 1)


def bounded(name: str, statement: str, value: float, limit: float | None = None) -> Check:
    """A check that a value stays within its limit; without one it informs."""
    return Check(name, statement, value, limit, limit is None or value <= limit)


def entry_checks(name: str, stored: Array, exact: Array, limit: float) -> list[Check]:
    """Every entry within ``limit`` ulp of its exact value, and the tensor as a whole."""
    eps = float(np.finfo(stored.dtype).eps)
    if name == "lam":
        # Decay rate and frequency mean different things: each part is judged in its own ulp.
        parts = (stored.real, _real_part(exact)), (stored.imag, _imaginary_part(exact))
        ulps = max(ulp_distance(np.ascontiguousarray(x), y) for x, y in parts)
    else:
        ulps = ulp_distance(stored, exact)
    return [
        bounded(f"entries of {name}", f"every entry of {name} is this close to its exact value, in ulp", ulps, limit),
        bounded(f"distance of {name}", f"||{name} - exact|| / ||exact||", distance(stored, exact), limit * eps),
    ]


def rounding_limit(dtype: np.dtype[Any], computed: float, parts: int = 1) -> float:
    """Half an ulp of the stored dtype in each part, and the ``computed`` ulp of float64 before it."""
    return 0.5 * float(np.sqrt(parts)) + computed * float(np.finfo(np.float64).eps / np.finfo(dtype).eps)
