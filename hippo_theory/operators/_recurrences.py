"""Three-term recurrences in difference form and double-double: orthogonal polynomials to the last digits.

A family with R_n = 1 at one end of its interval obeys, with g the distance to that end ("gap"),

    A_n (R_{n+1} - R_n) = C_n (R_n - R_{n-1}) - g R_n

(Reinsch's form): near the end the differences keep the relative accuracy of the gap. In float64 the
phase of R_n still drifts by about n eps; values, differences and gaps in two floats stop that.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import gamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._arrays import Array, Real
from .._double import Double, add, double, exp, expm1, multiply, negative
from ..errors import AccuracyError

__all__ = ["exponential_gap", "jacobi", "jacobi_rates", "laguerre_functions"]


def jacobi_rates(n: int, alpha: Any, beta: Any) -> tuple[Any, Any]:
    """A_n and C_n of the Jacobi polynomials for (1-x)^alpha x^beta with R_n(1) = 1 and g = 1 - x.

    In the arithmetic of alpha and beta: fractions, balls or symbols. P_n = sqrt(w_n) R_n is
    orthonormal on [0, 1] for w_{n+1} = w_n A_n / C_{n+1}.
    """
    if n == 0:
        return (alpha + 1) / (alpha + beta + 2), 0 * alpha  # the factor alpha + beta + 1 may vanish
    m = 2 * n + alpha + beta
    return (n + alpha + beta + 1) * (n + alpha + 1) / ((m + 1) * (m + 2)), n * (n + beta) / (m * (m + 1))


def exponential_gap(t: Real) -> tuple[Double, NDArray[np.bool_]]:
    """The distance of x = e^{-t} to the nearer end of [0, 1] in two floats, and where that end is 0.

    ``t`` may be infinite: then the gap is 0.
    """
    at_zero = t > np.log(2.0)
    (high, low), k = exp(-np.minimum(t, 1000.0))  # e^-1000 is zero, and its exponent an integer still
    near = negative(expm1(-np.where(at_zero, 0.0, t)))
    return (np.where(at_zero, np.ldexp(high, k), near[0]), np.where(at_zero, np.ldexp(low, k), near[1])), at_zero


def jacobi(
    N: int, gap: Double, at_zero: NDArray[np.bool_], alpha: Fraction = Fraction(0), beta: Fraction = Fraction(0)
) -> Real:
    """Orthonormal Jacobi polynomials P_n(x), n < N, on [0, 1] for the weight (1-x)^alpha x^beta, shape (N, X).

    x = gap where ``at_zero``, else x = 1 - gap; the gaps are at most 1/2. The swap of alpha and beta
    and the sign (-1)^n bring the one end to the other.
    """
    ratio, inverse, scale = _jacobi_steps(N, alpha, beta)
    one = np.ones_like(gap[0]), np.zeros_like(gap[0])
    return _climb(ratio, inverse, scale, gap, at_zero.astype(np.intp), one, np.zeros(gap[0].size, dtype=np.int64))


def laguerre_functions(N: int, t: Real) -> Real:
    """e^{-t/2} Lag_n(t) for n < N, shape (N, T), for every t >= 0.

    The value is carried as (mantissa, exponent): e^{-t/2} alone underflows from t = 1490 on, and
    Lag_n alone overflows, while their product may be of order one.
    """
    t = np.minimum(t, 8.0 * N + 3000)  # zero in float64 from there on: the decay has e^-750 behind it
    ratio, inverse = _laguerre_steps(N)
    start, exponent = exp(-t / 2)
    end = np.zeros(t.size, dtype=np.intp)
    return _climb(ratio, inverse, np.ones((N, 1)), (t, np.zeros_like(t)), end, start, exponent)


def _climb(
    ratio: Double, inverse: Double, scale: Real, gap: Double, end: Array, value: Double, exponent: Array
) -> Real:
    """scale_n R_n 2^exponent from R_0 = value, with ratio = C/A and inverse = 1/A: tables (N, 1) or (N, ends)."""
    side = end if ratio[0].shape[1] > 1 else slice(None)
    K = np.empty((len(scale), gap[0].size))
    step = np.zeros_like(gap[0]), np.zeros_like(gap[0])
    for n in range(len(scale)):
        K[n] = scale[n, end] * np.ldexp(value[0], exponent)
        pull = multiply(multiply((inverse[0][n, side], inverse[1][n, side]), gap), value)
        step = add(multiply((ratio[0][n, side], ratio[1][n, side]), step), negative(pull))
        value = add(value, step)
        large = np.abs(value[0]) > 2.0**400
        if large.any():
            down = np.where(large, 2.0**-400, 1.0)
            value, step = (value[0] * down, value[1] * down), (step[0] * down, step[1] * down)
            exponent = exponent + np.where(large, 400, 0)
    return K


@lru_cache(maxsize=32)
def _jacobi_steps(N: int, alpha: Fraction, beta: Fraction) -> tuple[Double, Double, Real]:
    """C_n/A_n and 1/A_n from the ends x = 1 and x = 0 (N, 2), or (N, 1) where they agree; P_n at both ends (N, 2)."""
    ends = [[jacobi_rates(n, *pair) for n in range(N)] for pair in dict.fromkeys([(alpha, beta), (beta, alpha)])]
    try:
        growth = [_products([a / c for (a, _), (_, c) in pairwise(rates)]) for rates in (ends[0], ends[-1])]
        first = gamma(alpha + beta + 2) / (gamma(alpha + 1) * gamma(beta + 1))
        scale = np.sqrt(first) * np.sqrt(np.stack(growth, axis=1))
    except OverflowError:
        scale = np.full((N, 2), np.inf)
    if not np.isfinite(scale).all():
        raise AccuracyError(
            f"the Jacobi polynomials of degree {N - 1} for alpha={float(alpha):g}, beta={float(beta):g} exceed the "
            "float range at an end of the interval; take smaller exponents or a smaller N."
        )
    scale[1::2, 1] *= -1
    ratio = _columns([[c / a for a, c in rates] for rates in ends])
    return ratio, _columns([[1 / a for a, _ in rates] for rates in ends]), scale


@lru_cache(maxsize=32)
def _laguerre_steps(N: int) -> tuple[Double, Double]:
    """C_n/A_n and 1/A_n of the Laguerre polynomials, A_n = n + 1, C_n = n, g = t, each (N, 1)."""
    return _columns([[Fraction(n, n + 1) for n in range(N)]]), _columns([[Fraction(1, n + 1) for n in range(N)]])


def _columns(columns: Sequence[Sequence[Fraction]]) -> Double:
    pairs = np.array([[double(v) for v in column] for column in columns])
    return pairs[:, :, 0].T.copy(), pairs[:, :, 1].T.copy()


def _products(factors: Sequence[Fraction]) -> Real:
    """1, f_0, f_0 f_1, ...: all prefixes at once, in log2 N double-double products; rounded at the end."""
    high, low = (part[:, 0] for part in _columns([[Fraction(1), *factors]]))
    shift = 1
    with np.errstate(over="ignore", invalid="ignore"):
        while shift < high.size:
            ahead = multiply((high[shift:], low[shift:]), (high[:-shift], low[:-shift]))
            high, low = np.append(high[:shift], ahead[0]), np.append(low[:shift], ahead[1])
            shift *= 2
    return high
