"""The phase of an all-pass function on its line, and the eigenvalues that it determines (theory L4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real
from .._double import Double, add, multiply, two_sum

__all__ = ["normal_frequencies", "phase", "section_products"]

_BLOCK = 1 << 21  # terms evaluated at a time: 16 MiB of float64
_MAX_STEPS = 200


def phase(a: Complex, y: Real) -> tuple[Real, Real, Real]:
    """Theta, N pi - Theta and dTheta/dy at real y > 0, each to full relative accuracy.

    On s = -shift + iy a pole chain has phi = (-1)^N exp(-i Theta(y)), with the strictly increasing
    Theta(y) = 2 sum_k arctan((y + Im a_k)/Re a_k). Both ends are summed separately, since Theta is
    rounding noise next to N pi at the top of the spectrum and the complement is at the bottom.

    Parameters
    ----------
    a : ndarray, shape (N,)
        Section parameters; conjugate pairs both present, so that Theta(0) = 0.
    y : ndarray, shape (M,)

    Returns
    -------
    theta, complement, slope : ndarrays, shape (M,)
        Cost O(N M).
    """
    theta, complement, slope = np.empty_like(y), np.empty_like(y), np.empty_like(y)
    alpha, beta = a.real, a.imag
    rows = max(1, _BLOCK // a.size)
    for start in range(0, y.size, rows):
        part = slice(start, start + rows)
        x = y[part, None] + beta
        theta[part] = 2 * np.arctan2(x, alpha).sum(axis=1)
        complement[part] = 2 * np.arctan2(alpha, x).sum(axis=1)
        slope[part] = 2 * (alpha / (alpha * alpha + x * x)).sum(axis=1)
    return theta, complement, slope


def normal_frequencies(a: Complex, indices: ArrayLike | None = None) -> tuple[Real, Real]:
    """Imaginary parts y >= 0 of the eigenvalues of the normal part, the largest first.

    Each is the unique root of Theta(y) = pi m, m = N-1, N-3, ... >= 0; for odd N the last is 0.

    Parameters
    ----------
    a : ndarray, shape (N,)
        Section parameters of a pole chain.
    indices : array_like of int, optional
        Which of the ceil(N/2) roots, counted from the top; all by default.

    Returns
    -------
    high, low : ndarrays, shape (M,)
        y = high + low to about 100 bits; ``high`` is y rounded to nearest, for the smallest and the
        largest alike. Cost O(N M) per Newton step, about ten steps; memory O(N + M).

    Notes
    -----
    Newton's method on whichever of Theta and N pi - Theta is smaller, in the variable log y where
    both are nearly linear at their end, kept inside a bracket that shrinks at every step. One last
    step takes its residual from the product prod_k (a_k + iy), whose argument is Theta/2, in
    double-double arithmetic: no arctangent limits it.
    """
    N = a.size
    j = np.arange((N + 1) // 2) if indices is None else np.asarray(indices)
    m = (N - 1 - 2 * j).astype(np.float64)
    high, low = np.zeros(m.shape), np.zeros(m.shape)
    if (positive := m > 0).any():
        high[positive], low[positive] = _polished(a, _roots(a, m[positive]), m[positive])
    return high, low


def _roots(a: Complex, m: Real) -> Real:
    N = a.size
    # Some arctangent lies below the mean pi m / 2N and some above: that brackets the root.
    mean = np.tan(np.pi * m / (2 * N))
    ends = a.real * mean[:, None] - np.abs(a.imag), a.real * mean[:, None] + np.abs(a.imag)
    low = np.maximum(ends[0].min(axis=1), 1e-12 * ends[1].max(axis=1))
    high = ends[1].max(axis=1) * (1 + 1e-12)
    y = np.sqrt(low * high)
    lower_half = m <= N / 2
    active = np.arange(m.size)
    for _ in range(_MAX_STEPS):
        theta, complement, slope = phase(a, y[active])
        residual = np.where(lower_half[active], theta - np.pi * m[active], np.pi * (N - m[active]) - complement)
        above = residual > 0
        high[active[above]] = np.minimum(high[active[above]], y[active[above]])
        low[active[~above]] = np.maximum(low[active[~above]], y[active[~above]])
        x = y[active]
        size = np.where(lower_half[active], theta, -complement)
        newton = x * np.exp(np.clip(_log_step(residual, size, x * slope), -40.0, 40.0))
        inside = (newton > low[active]) & (newton < high[active])
        following = np.where(inside, newton, np.sqrt(low[active] * high[active]))
        done = np.abs(newton - x) <= 2e-15 * x
        y[active] = np.where(done, np.where(inside, newton, x), following)
        active = active[~done]
        if active.size == 0:
            break
    return np.asarray(y)


def _log_step(residual: Array, size: Array, log_slope: Array) -> Real:
    """Newton step in log y for log|size| = log|target|: exact where the phase is a power of y."""
    target = size - residual
    return np.asarray(np.log(target / size) * size / log_slope)


def _polished(a: Complex, y: Real, m: Real) -> Double:
    """One Newton step with a residual to 106 bits: tan of arg prod_k (a_k + iy) - pi m / 2."""
    *_, (real, imag) = section_products(a, (y, np.zeros_like(y)))
    turn = (1j ** (-m % 4)).round()
    rotated = (real[0] + 1j * imag[0]) * turn
    residual = np.arctan(rotated.imag / rotated.real)
    return two_sum(y, -2 * residual / phase(a, y)[2])


def section_products(a: Complex, y: Double) -> Iterator[tuple[Double, Double]]:
    """z_n = prod_{k<n} (a_k + iy) for n = 0..N, real and imaginary parts in double-double.

    Scaled by powers of two on the way: only the direction of z_n is meant.
    """
    zero = np.zeros_like(y[0])
    real, imag = (zero + 1.0, zero), (zero, zero)
    yield real, imag
    for alpha, beta in zip(a.real, a.imag, strict=True):
        s, e = two_sum(y[0], np.asarray(beta))
        x, fixed = (s, e + y[1]), (zero + alpha, zero)
        minus = multiply(imag, x)
        real, imag = (
            add(multiply(real, fixed), (-minus[0], -minus[1])),
            add(multiply(real, x), multiply(imag, fixed)),
        )
        down = -np.frexp(np.maximum(np.abs(real[0]), np.abs(imag[0])))[1]
        real, imag = ((np.ldexp(h, down), np.ldexp(low, down)) for h, low in (real, imag))
        yield real, imag
