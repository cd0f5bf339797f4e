"""Three arithmetics for one formula: float64 (correctly rounded), exact (sympy), balls (flint).

An entry of every family is *one* primitive of this room - a signed number, ``root(x, y)``,
``hypot(x, y)``, ``pi(m)`` or one sum - so that one rounding is all that float64 ever does to it.
Arrays are float64 arrays in the first arithmetic and object arrays in the other two.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Real
from .._double import pi_in_two_floats, two_product
from .._optional import require

__all__ = ["FLOAT64", "Arithmetic", "Balls", "Exact", "Float64"]


class Arithmetic(Protocol):
    """What an entry formula may use, besides + and -."""

    def number(self, x: ArrayLike) -> Array:
        """Integers or floats, embedded without rounding."""

    def root(self, x: Array, y: Array, power: int = 0) -> Array:
        """2^power sqrt(x y) for x, y >= 0, broadcast."""

    def hypot(self, x: Array, y: Array) -> Array:
        """sqrt(x^2 + y^2), broadcast."""

    def pi(self, m: Array) -> Array:
        """m pi for integers m."""


class Float64:
    """Correctly rounded float64: every primitive returns the float nearest to its exact value.

    Square roots are refined once in double-double arithmetic. Where the error bound of that
    refinement still straddles two floats (Ziv's test), the entry is decided by exact integers.
    """

    def number(self, x: ArrayLike) -> Real:
        return np.asarray(x, dtype=np.float64)

    def root(self, x: Array, y: Array, power: int = 0) -> Real:
        x, y = np.broadcast_arrays(x, y)
        (mx, ex), (my, ey) = _even_frexp(x), _even_frexp(y)
        product, error = two_product(mx, my)
        exponent = (ex + ey) // 2 + power
        return _rounded_root(product, error, exponent, lambda i: Fraction(x[i]) * Fraction(y[i]) * 4**power)

    def hypot(self, x: Array, y: Array) -> Real:
        x, y = np.broadcast_arrays(x, y)
        exponent = np.frexp(np.maximum(np.abs(x), np.abs(y)))[1]
        (p, pe), (q, qe) = (two_product(v, v) for v in (np.ldexp(x, -exponent), np.ldexp(y, -exponent)))
        total = p + q
        lost = (np.maximum(p, q) - total) + np.minimum(p, q)
        return _rounded_root(total, lost + (pe + qe), exponent, lambda i: Fraction(x[i]) ** 2 + Fraction(y[i]) ** 2)

    def pi(self, m: Array) -> Real:
        # For |m| < 2^20 no m pi comes within 100 bits of a rounding boundary.
        return pi_in_two_floats(m)[0]


class Exact:
    """Exact symbolic numbers: object arrays of sympy expressions."""

    def __init__(self) -> None:
        self._sympy = require("sympy")

    def number(self, x: ArrayLike) -> Array:
        return _elementwise(lambda v: self._sympy.Rational(*_ratio(v)), np.asarray(x))

    def root(self, x: Array, y: Array, power: int = 0) -> Array:
        return _elementwise(lambda u, v: 2**power * self._sympy.sqrt(u * v), x, y)

    def hypot(self, x: Array, y: Array) -> Array:
        return _elementwise(lambda u, v: self._sympy.sqrt(u**2 + v**2), x, y)

    def pi(self, m: Array) -> Array:
        return np.asarray(self.number(m) * self._sympy.pi)


class Balls:
    """Rigorous balls: object arrays of flint ``arb``, at the working precision of the caller."""

    def __init__(self) -> None:
        self._arb: Any = require("flint").arb

    def number(self, x: ArrayLike) -> Array:
        return _elementwise(lambda v: self._arb(_scalar(v)), np.asarray(x))

    def root(self, x: Array, y: Array, power: int = 0) -> Array:
        return _elementwise(lambda u, v: 2**power * (u * v).sqrt(), x, y)

    def hypot(self, x: Array, y: Array) -> Array:
        return _elementwise(lambda u, v: (u * u + v * v).sqrt(), x, y)

    def pi(self, m: Array) -> Array:
        return np.asarray(self.number(m) * self._arb.pi())


FLOAT64 = Float64()


def _elementwise(function: Callable[..., Any], *arrays: Array) -> Array:
    return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=object)


def _scalar(value: Any) -> int | float:
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _ratio(value: Any) -> tuple[int, int]:
    return _scalar(value).as_integer_ratio()


def _even_frexp(x: Array) -> tuple[Array, Array]:
    """x = m 2^e with e even and m in [1/2, 2): square roots then split exactly, without overflow."""
    mantissa, exponent = np.frexp(x)
    odd = exponent % 2
    return np.ldexp(mantissa, odd), exponent - odd


def _rounded_root(p: Array, error: Array, exponent: Array, exact: Callable[[Any], Fraction]) -> Real:
    """sqrt(p + error) 2^exponent, rounded once; ``exact(index)`` is the radicand including the scale."""
    r = np.sqrt(p)
    square, square_error = two_product(r, r)
    correction = np.divide((p - square) + (error - square_error), 2 * r, out=np.zeros_like(r), where=r > 0)
    bound = r * 2.0**-98
    with np.errstate(over="ignore"):
        result = np.ldexp(r + correction, exponent)
    undecided = (r + (correction + bound) != r + (correction - bound)) | ((r > 0) & (result < 2.3e-308))
    for index in zip(*np.nonzero(undecided), strict=True):
        result[index] = _root_of_fraction(exact(index))
    return np.asarray(result)


def _root_of_fraction(square: Fraction) -> float:
    """The float nearest to sqrt(square), decided in integers.

    70 bits of the root and a sticky bit (is anything left over?) determine the rounding, ties
    included; the division of two Python integers rounds correctly, subnormals too.
    """
    bits = max(0, 140 - square.numerator.bit_length() + square.denominator.bit_length()) // 2
    scaled, left = divmod(square.numerator << (2 * bits), square.denominator)
    root = isqrt(scaled)
    sticky = 0 if left == 0 and root * root == scaled else 1
    return (2 * root + sticky) / (1 << (bits + 1))
