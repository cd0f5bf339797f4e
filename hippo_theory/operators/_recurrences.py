"""Three-term recurrences in difference form: orthogonal polynomials without cancellation or overflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._arrays import Real

__all__ = ["laguerre_functions", "legendre_signed"]

_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10


def legendre_signed(N: int, gap: Real, negative: NDArray[np.bool_]) -> Real:
    """P_n(x) for n < N at x = +-(1 - gap), shape (N, X); the sign is minus where ``negative``.

    Reinsch's difference form P_{n+1} - P_n = (n (P_n - P_{n-1}) - (2n+1) gap P_n)/(n+1) keeps the
    relative accuracy of ``gap`` near x = 1; the parity of P_n brings x < 0 there.
    """
    P = np.empty((N, gap.size))
    value, step = np.ones_like(gap), np.zeros_like(gap)
    sign = np.where(negative, -1.0, 1.0)
    parity = np.ones_like(gap)
    for n in range(N):
        P[n] = parity * value
        step = (n * step - (2 * n + 1) * gap * value) / (n + 1)
        value, parity = value + step, parity * sign
    return P


def laguerre_functions(N: int, t: Real) -> Real:
    """e^{-t/2} Lag_n(t) for n < N, shape (N, T), for every t >= 0.

    The value is carried as (mantissa, exponent): e^{-t/2} alone underflows from t = 1490 on, and
    Lag_n alone overflows, while their product may be of order one.
    """
    K = np.empty((N, t.size))
    t = np.minimum(t, 1e12 + 8.0 * N)  # zero in float64 from 4N + 1500 on, and exponents stay integers
    exponent = -np.rint(t / (2 * np.log(2.0)))
    value = np.exp((-t / 2 - exponent * _LN2_HIGH) - exponent * _LN2_LOW)
    exponent = exponent.astype(np.int64)
    step = np.zeros_like(t)
    for n in range(N):
        K[n] = np.ldexp(value, exponent)
        step = (n * step - t * value) / (n + 1)
        value = value + step
        large = np.abs(value) > 2.0**400
        if large.any():
            down = np.where(large, -400, 0)
            value, step, exponent = np.ldexp(value, down), np.ldexp(step, down), exponent - down
    return K
