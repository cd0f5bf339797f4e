"""Error-free transformations and double-double numbers: float64 pairs (high, low) of 106 bits."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, Complex, Real

__all__ = [
    "Double",
    "add",
    "arctan2",
    "complex_multiply",
    "divide",
    "double",
    "exp",
    "expm1",
    "log1p",
    "multiply",
    "negative",
    "pi_in_two_floats",
    "scaled",
    "two_product",
    "two_sum",
]

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


def double(x: Fraction) -> tuple[float, float]:
    """A rational number in two floats, each rounded once."""
    high = float(x)
    return high, float(x - Fraction(high))


def negative(x: Double) -> Double:
    """-x exactly."""
    return -x[0], -x[1]


def add(x: Double, y: Double) -> Double:
    """x + y with an error of a few 2^-106 (|x| + |y|)."""
    s, e = two_sum(x[0], y[0])
    return _renormalised(s, e + (x[1] + y[1]))


def multiply(x: Double, y: Double) -> Double:
    """x y with a relative error of a few 2^-104."""
    p, e = two_product(x[0], y[0])
    return _renormalised(p, e + (x[0] * y[1] + x[1] * y[0]))


def complex_multiply(x: Double, y: Double) -> Double:
    """The product of complex numbers whose real and imaginary parts are stacked, shapes (2, ...).

    One pass over the four products: for short arrays the calls cost more than the arithmetic.
    """
    left, right = [0, 1, 0, 1], [0, 1, 1, 0]
    high, low = multiply((x[0][left], x[1][left]), (y[0][right], y[1][right]))
    high[1], low[1] = -high[1], -low[1]
    return add((high[0::2], low[0::2]), (high[1::2], low[1::2]))


def divide(x: Double, y: Double) -> Double:
    """x / y with a relative error of a few 2^-104."""
    quotient = x[0] / y[0]
    left = add(x, negative(multiply(y, (quotient, np.zeros_like(quotient)))))
    return _renormalised(quotient, left[0] / y[0])


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


_LN2 = np.array(0.6931471805599453), np.array(2.3190468138462996e-17)
# |r| <= log(2)/2: the first term left out of (e^r - 1)/r is below 2^-105.
_TAYLOR = [double(Fraction(1, factorial(j + 1))) for j in reversed(range(23))]


def exp(x: Array) -> tuple[Double, Array]:
    """e^x = m 2^k for floats x: m in two floats, between 0.7 and 1.5, with a relative error of about |x| 2^-104."""
    tail, k = _expm1_reduced(x)
    return add((np.ones_like(x), np.zeros_like(x)), tail), k


def expm1(x: Array) -> Double:
    """e^x - 1 in two floats for floats -700 < x < 700: the relative error of a few 2^-102 stays for tiny x."""
    (high, low), k = _expm1_reduced(x)
    power = np.ldexp(np.ones_like(x), k)
    return add((power * high, power * low), two_sum(power, np.asarray(-1.0)))


def _expm1_reduced(x: Array) -> tuple[Double, Array]:
    """e^r - 1 and k for x = r + k log 2, |r| <= log(2)/2."""
    k = np.rint(x / _LN2[0])
    zero = np.zeros_like(x)
    r = add((x, zero), negative(multiply((k, zero), _LN2)))
    value = (zero, zero)
    for high, low in _TAYLOR:
        value = add(multiply(value, r), (np.asarray(high), np.asarray(low)))
    return multiply(value, r), k.astype(np.int64)


def log1p(x: Double) -> Double:
    """log(1 + x) for x > -1: the float's logarithm and one Newton step on ``expm1``, relative error a few 2^-102."""
    value = np.log1p(x[0])
    power = expm1(value)
    left = add(x, negative(power))
    return two_sum(value, left[0] / (1 + power[0]))


def arctan2(y: Double, x: Double) -> Double:
    """The angle of x + iy for x > 0: the float's angle, and the angle that is left after turning back by it."""
    angle = np.arctan2(y[0], x[0])
    sine, cosine = _sine_and_cosine(angle)
    left = add(multiply(y, cosine), negative(multiply(x, sine)))
    return two_sum(angle, left[0] / (x[0] * cosine[0] + y[0] * sine[0]))


_HALVINGS = 3
# |r| <= pi/16 after the halvings: the first terms left out are below 2^-105.
_SINE = [double(Fraction((-1) ** j, factorial(2 * j + 1))) for j in reversed(range(9))]
_COSINE = [double(Fraction((-1) ** (j + 1), factorial(2 * j + 2))) for j in reversed(range(9))]


def _sine_and_cosine(t: Array) -> tuple[Double, Double]:
    """Of floats |t| <= pi/2: Taylor series at t/8, doubled three times with 1 - cos instead of cos."""
    zero, r = np.zeros_like(t), np.ldexp(t, -_HALVINGS)
    square = two_product(r, r)
    series = []
    for table in (_SINE, _COSINE):
        value = (zero, zero)
        for high, low in table:
            value = add(multiply(value, square), (np.asarray(high), np.asarray(low)))
        series.append(value)
    sine, less = multiply(series[0], (r, zero)), multiply(series[1], square)
    for _ in range(_HALVINGS):
        squared = multiply(sine, sine)
        sine = add(sine, multiply(sine, less))
        sine, less = (2 * sine[0], 2 * sine[1]), (-2 * squared[0], -2 * squared[1])
    return sine, add((zero + 1.0, zero), less)
