"""Poles in arithmetic progression, a_k = c + k (LegS: c = 1/2): the phase in O(1) a point, the spectrum in O(N).

Theta(y) = 2 sum_k arctan(y/(c + k)) is a midpoint sum. Its first sections are taken one by one, the rest
is an integral plus end corrections (Euler-Maclaurin): with z = x + iy, x from K + c - 1/2 to N + c - 1/2,

    sum arctan(y/(c + k)) = [x arctan(y/x) + (y/2) log(x^2 + y^2)] + sum_j w_j [Im z^{1-2j}],

w_j = B_2j(1/2)/(2j (2j-1)). Both parts of the integral are positive: nothing cancels.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from .._arrays import Complex, Real
from .._double import (
    Double,
    add,
    arctan2,
    complex_multiply,
    divide,
    double,
    log1p,
    multiply,
    negative,
    pi_in_two_floats,
    two_product,
    two_sum,
)

__all__ = ["progression", "progression_frequencies", "progression_phase"]

_HEAD = 16  # sections summed: the first weight left out then contributes less than 1e-24
_WEIGHTS = [
    Fraction(numerator, denominator)
    for numerator, denominator in (
        (-1, 24),
        (7, 2880),
        (-31, 40320),
        (127, 215040),
        (-511, 608256),
        (1414477, 738017280),
        (-8191, 1277952),
        (118518239, 4010803200),
        (-5749691557, 32006209536),
        (91546277357, 65745715200),
    )
]
_FIRST = double(_WEIGHTS[0])
_BLOCK = 1 << 13  # points worked on at a time: temporary arrays stay in the cache
_MAX_STEPS = 30


def progression(a: Complex) -> float | None:
    """c where a_k = c + k exactly, for 0.1 <= c <= N; None for other parameters."""
    c, k = float(a[0].real), np.arange(a.size)
    exact = not a.imag.any() and np.array_equal(a.real, c + k) and not two_sum(np.asarray(c), k)[1].any()
    return c if exact and 0.1 <= c <= a.size else None


def progression_phase(c: float, N: int, y: Real) -> tuple[Real, Real, Real]:
    """Theta, N pi - Theta and dTheta/dy at y > 0, as ``phase`` gives them, in O(1) a point.

    Relative errors of a few eps, at the smallest and the largest y alike.
    """
    x = np.arange(min(_HEAD, N)) + c
    theta = np.arctan2(y[:, None], x).sum(axis=1)
    complement = np.arctan2(x, y[:, None]).sum(axis=1)
    slope = (x / (x * x + (y * y)[:, None])).sum(axis=1)
    if N > _HEAD:
        low, high = _HEAD + c - 0.5, N + c - 0.5
        start, stop = 1 / (low + 1j * y), 1 / (high + 1j * y)
        half_log = np.log1p((high - low) * (high + low) / (low * low + y * y)) / 2
        ends = half_log * y
        slope = slope + half_log
        powers = start, stop
        for j, weight in enumerate(_WEIGHTS):
            difference = float(weight) * (powers[1] - powers[0]).imag
            theta, complement = theta + difference, complement - difference
            slope -= float(weight) * (2 * j + 1) * (powers[1] * stop - powers[0] * start).real
            powers = powers[0] * start**2, powers[1] * stop**2
        theta = theta + (high * np.arctan2(y, high) - low * np.arctan2(y, low)) + ends
        complement = complement + (high * np.arctan2(high, y) - low * np.arctan2(low, y)) - ends
    return 2 * theta, 2 * complement, 2 * slope


def progression_frequencies(c: float, N: int, m: Real) -> Double:
    """The roots y of Theta(y) = pi m for 0 < m < N, to 72 bits and more. Cost O(1) a root."""
    high, low = np.empty_like(m), np.empty_like(m)
    for start in range(0, m.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        y = _roots(c, N, m[part])
        slope = progression_phase(c, N, y)[2]
        high[part], low[part] = two_sum(y, -_excess(c, N, y, m[part]) / slope)
    return high, low


def _roots(c: float, N: int, m: Real) -> Real:
    """Newton in log y on whichever of Theta and its complement is smaller, from a table of the phase."""
    smallest, largest = np.pi * m.min() / (2 / c + 2 * np.log1p(N / c)), (N + c) * np.tan(np.pi * m.max() / (2 * N))
    table = np.geomspace(smallest / 2, 2 * largest, 64 + 32 * N.bit_length())
    theta, complement, _ = progression_phase(c, N, table)
    y = np.exp(np.interp(np.log(m / (N - m)), np.log(theta / complement), np.log(table)))
    lower = m <= N / 2
    for _ in range(_MAX_STEPS):
        theta, complement, slope = progression_phase(c, N, y)
        size = np.where(lower, theta, complement)
        step = np.log(np.pi * np.where(lower, m, N - m) / size) * size / (y * slope)
        y = y * np.exp(np.where(lower, step, -step))
        # Quadratic convergence: the next step would be of the order of the rounding.
        if (np.abs(step) < 1e-9).all():
            break
    return np.asarray(y)


def _excess(c: float, N: int, y: Real, m: Real) -> Real:
    """Theta(y) - pi m at floats y, so close to a root that hardly anything is left: summed in double-double."""
    zero = np.zeros_like(y)
    point = y, zero
    angle = _head_angle(c, min(_HEAD, N), point)
    if N > _HEAD:
        low, high = (zero + (_HEAD + c - 0.5), zero), (zero + (N + c - 0.5), zero)
        square = two_product(y, y)
        near, far = (add(square, two_product(x[0], x[0])) for x in (low, high))
        span = multiply(add(high, negative(low)), add(high, low))
        logarithm = multiply(point, log1p(divide(span, near)))
        first = multiply(add(divide(point, near), negative(divide(point, far))), (zero + _FIRST[0], zero + _FIRST[1]))
        turned = add(multiply(high, arctan2(point, high)), negative(multiply(low, arctan2(point, low))))
        angle = add(add(angle, turned), add(first, (logarithm[0] / 2, logarithm[1] / 2)))
        start, stop = 1 / (low[0] + 1j * y), 1 / (high[0] + 1j * y)
        rest, powers = zero, (start**3, stop**3)
        for weight in _WEIGHTS[1:]:
            rest = rest + float(weight) * (powers[1] - powers[0]).imag
            powers = powers[0] * start**2, powers[1] * stop**2
        angle = add(angle, (rest, zero))
    left = add((2 * angle[0], 2 * angle[1]), negative(pi_in_two_floats(m)))
    return np.asarray(left[0])


def _head_angle(c: float, K: int, y: Double) -> Double:
    """sum_{k<K} arctan(y/(c + k)): the argument of a product, whole quarter turns taken out of it first."""
    zero = np.zeros_like(y[0])
    high, low, turns = np.stack([zero + 1.0, zero]), np.zeros((2, zero.size)), zero
    for k in range(K):
        high, low = complex_multiply((high, low), (np.stack([zero + (c + k), y[0]]), np.stack([zero, y[1]])))
        # A section turns by less than pi/2: turn back by pi/2 whenever the real part changes its sign.
        behind = high[0] <= 0
        turns = turns + behind
        high, low = (np.where(behind, np.stack([part[1], -part[0]]), part) for part in (high, low))
    quarter = pi_in_two_floats(turns)
    return add(arctan2((high[1], low[1]), (high[0], low[0])), (quarter[0] / 2, quarter[1] / 2))
