"""Small tools for ball arithmetic: floats enter exactly, bounds leave rounded upwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require

__all__ = ["conjugate", "diagonal", "distance", "embed", "frobenius", "lower", "matrix", "ulp_distance", "upper"]

# A real ball is its own conjugate, and flint gives it no method of that name.
conjugate = np.frompyfunc(lambda z: z.conjugate() if hasattr(z, "conjugate") else z, 1, 1)


def upper(x: Any) -> float:
    """A float that is certainly not below the real ball ``x``; NaN balls give infinity."""
    bound = x.upper()
    value = float(bound)
    if math.isnan(value):
        return math.inf
    return value if bound <= value else math.nextafter(value, math.inf)


def lower(x: Any) -> float:
    """A float that is certainly not above the real ball ``x``; NaN balls give minus infinity."""
    return -upper(-x)


def embed(values: Array) -> Array:
    """Floats as exact balls: an object array of ``arb`` (real input) or ``acb`` (complex input)."""
    flint = require("flint")
    if np.iscomplexobj(values):
        made = [flint.acb(float(z.real), float(z.imag)) for z in values.ravel()]
    else:
        made = [flint.arb(float(x)) for x in values.ravel()]
    return _object_array(made, values.shape)


def _object_array(items: list[Any], shape: tuple[int, ...]) -> Array:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def matrix(balls: Array) -> Any:
    """An object array (n, m) of balls as ``acb_mat``."""
    return require("flint").acb_mat(balls.tolist())


def diagonal(values: Array) -> Any:
    """The diagonal matrix of an object array (n,) of balls, as ``acb_mat``."""
    M = require("flint").acb_mat(values.size, values.size)
    for i, value in enumerate(values):
        M[i, i] = value
    return M


def frobenius(M: Any) -> Any:
    """Frobenius norm of an ``acb_mat`` as a real ball: an upper bound of the spectral norm."""
    flint = require("flint")
    total = flint.arb(0)
    for entry in M.entries():
        total += entry.real * entry.real + entry.imag * entry.imag
    # Rounding can push the enclosure of a sum of squares below zero; its root is not NaN.
    return total.nonnegative_part().sqrt()


def distance(stored: Array, exact: Array) -> float:
    """Upper bound of ||stored - exact|| / ||exact||, Frobenius norms."""
    flint = require("flint")
    square, size = flint.arb(0), flint.arb(0)
    for x, y in zip(embed(stored).ravel(), exact.ravel(), strict=True):
        square += _square(x - y)
        size += _square(y)
    if square == 0:
        return 0.0
    return upper((square / size).nonnegative_part().sqrt())


def ulp_distance(stored: Array, exact: Array) -> float:
    """Largest |stored - exact| in units in the last place of the stored dtype, an upper bound.

    The unit is that of the exact value, of its modulus for complex numbers; below the smallest normal
    number it does not shrink. An exact zero that is not stored as zero counts as infinitely far.
    """
    scalar, tiny = np.finfo(stored.dtype).dtype.type, np.finfo(stored.dtype).tiny
    worst = 0.0
    for value, x, y in zip(stored.ravel(), embed(stored).ravel(), exact.ravel(), strict=True):
        gap = abs(x - y)
        if gap == 0:
            continue
        size = abs(y)
        if not size > 0:
            return math.inf
        near = scalar(float(size.mid()))
        unit = float(np.spacing(near))
        if near > tiny and math.frexp(float(near))[0] == 0.5 and not size >= float(near):
            unit /= 2
        if not math.isfinite(unit) or not np.isfinite(value):
            return math.inf
        worst = max(worst, upper(gap / unit))
    return worst


def _square(z: Any) -> Any:
    return z.real * z.real + z.imag * z.imag
