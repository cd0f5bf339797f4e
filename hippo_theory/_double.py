"""Error-free transformations and double-double numbers: float64 pairs (high, low) of 106 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, Complex, Real

__all__ = ["Double", "add", "multiply", "pi_in_two_floats", "scaled", "two_product", "two_sum"]

Double = tuple[Array, Array]


def two_sum(x: Array, y: Array) -> Double:
    """x + y = s + e exactly (Knuth)."""
    s = x + y
    t = s - x
    return s, (x - (s - t)) + (y - t)


def two_product(x: Array, y: Array) -> Double:
    """x y = p + e exactly (Dekker's splitting into 26-bit halves; no fused multiply-add needed)."""
    p = x * y
    big_x, big_y = x * 134217729.0, y * 134217729.0
    xh, yh = big_x - (big_x - x), big_y - (big_y - y)
    xl, yl = x - xh, y - yh
    return p, ((xh * yh - p) + xh * yl + xl * yh) + xl * yl


def add(x: Double, y: Double) -> Double:
    """x + y with an error of a few 2^-106 (|x| + |y|)."""
    s, e = two_sum(x[0], y[0])
    return _renormalised(s, e + (x[1] + y[1]))


def multiply(x: Double, y: Double) -> Double:
    """x y with a relative error of a few 2^-104."""
    p, e = two_product(x[0], y[0])
    return _renormalised(p, e + (x[0] * y[1] + x[1] * y[0]))


def scaled(z: Complex, exponent: int | Array) -> Complex:
    """z 2^exponent exactly: numpy's ldexp for complex numbers."""
    return np.asarray(np.ldexp(z.real, exponent) + 1j * np.ldexp(z.imag, exponent))


def _renormalised(high: Array, low: Array) -> Double:
    s = high + low
    return s, low - (s - high)


def pi_in_two_floats(m: ArrayLike) -> tuple[Real, Real]:
    """m pi = high + low for integers m, to about 106 bits; ``high`` is the nearest float."""
    m = np.asarray(m, dtype=np.float64)
    product, error = two_product(m, np.asarray(np.pi))
    return _renormalised(product, error + m * 1.2246467991473532e-16)
