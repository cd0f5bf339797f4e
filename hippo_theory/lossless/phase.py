"""The phase of an all-pass function on its line, and the eigenvalues that it determines (theory L4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real
from .._double import Double, add, complex_multiply, scaled, two_sum
from ..errors import AccuracyError, ParameterError
from .progression import progression, progression_frequencies

__all__ = ["group_products", "group_starts", "normal_frequencies", "phase", "root_indices"]

_BLOCK = 1 << 21  # terms evaluated at a time: 16 MiB of float64
_WIDTH = 1 << 12  # products advanced at once: more roots, fewer groups
_MAX_STEPS = 300
_MAX_POLISH = 60
_INDISTINCT = (
    "The frequencies of the normal part cannot be told apart in float64: the parameters a_k lie too far apart, "
    "or their resonances are too sharp and too close together."
)


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
    real, pair = a[a.imag == 0].real, a[a.imag > 0]
    alpha, beta = pair.real, pair.imag
    theta, complement, slope = np.empty_like(y), np.empty_like(y), np.empty_like(y)
    rows = max(1, _BLOCK // a.size)
    for start in range(0, y.size, rows):
        part = slice(start, start + rows)
        x = y[part, None]
        # The two arctangents of a pair as one: near 0 and near infinity they would cancel.
        rise, level = 2 * alpha * x, alpha * alpha + (beta - x) * (beta + x)
        theta[part] = 2 * (np.arctan2(x, real).sum(axis=1) + np.arctan2(rise, level).sum(axis=1))
        complement[part] = 2 * (np.arctan2(real, x).sum(axis=1) + np.arctan2(rise, -level).sum(axis=1))
        near, far = alpha * alpha + (x - beta) ** 2, alpha * alpha + (x + beta) ** 2
        slope[part] = 2 * ((real / (real * real + x * x)).sum(axis=1) + (alpha / near + alpha / far).sum(axis=1))
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
        y = high + low to 72 bits and more; ``high`` is y rounded to nearest, for the smallest and the
        largest alike. Cost O(1) a root where the a_k are a progression (LegS), else O(N) a root and
        Newton step, about ten steps; memory O(N + M).

    Raises
    ------
    ParameterError
        Indices outside 0..ceil(N/2) - 1.
    AccuracyError
        Parameters so far apart that the phase is flat to the last digit where a root is.

    Notes
    -----
    Newton's method on whichever of Theta and N pi - Theta is smaller, in the variable log y where
    both are nearly linear at their end, kept inside a bracket that shrinks at every step. The last
    steps work on the product prod_k (a_k + iy), whose argument is Theta/2, in double-double
    arithmetic: no arctangent limits them.
    """
    N = a.size
    j = root_indices(N, indices, "normal_frequencies")
    m = (N - 1 - 2 * j).astype(np.float64)
    high, low = np.zeros(m.shape), np.zeros(m.shape)
    if (positive := m > 0).any():
        high[positive], low[positive] = _positive_roots(a, m[positive])
    order = np.argsort(j, kind="stable")
    gaps = np.diff(high[order]) + np.diff(low[order])
    if not (np.isfinite(high).all() and (high[m > 0] > 0).all() and (gaps[np.diff(j[order]) > 0] < 0).all()):
        raise AccuracyError(_INDISTINCT)
    return high, low


def root_indices(N: int, indices: ArrayLike | None, who: str) -> Array:
    """Which of the ceil(N/2) stored roots are asked for, as an array; all by default."""
    j = np.arange((N + 1) // 2) if indices is None else np.atleast_1d(np.asarray(indices))
    if j.dtype.kind not in "iu" or ((j < 0) | (j >= (N + 1) // 2)).any():
        raise ParameterError(f"{who}: indices must lie in 0..{(N + 1) // 2 - 1}, got {indices!r}.")
    return j


def _positive_roots(a: Complex, m: Real) -> Double:
    if (c := progression(a)) is not None:
        return progression_frequencies(c, a.size, m)
    # In units of a power of two near the largest |a_k|, no square overflows.
    exponent = int(np.frexp(np.abs(a).max())[1])
    unit = scaled(a, -exponent)
    with np.errstate(all="ignore"):  # what goes wrong for parameters too far apart is caught by the caller
        high, low = _polished(unit, _roots(unit, m), m)
    return np.ldexp(high, exponent), np.ldexp(low, exponent)


def _roots(a: Complex, m: Real) -> Real:
    N = a.size
    # Some arctangent lies below the mean pi m / 2N and some above, and Theta' <= sum_k 2/Re a_k:
    # that brackets the root, up to the rounding of the bracket itself.
    mean, reach = np.tan(np.pi * m / (2 * N)), np.abs(a.imag).max()
    high = (a.real.max() * mean + reach) * (1 + 1e-12)
    low = np.maximum(a.real.min() * mean - reach, np.pi * m / (2 / a.real).sum()) * (1 - 1e-12)
    y, lower_half = np.sqrt(low * high), m <= N / 2
    before = np.full(m.size, np.inf)
    active = np.arange(m.size)
    for _ in range(_MAX_STEPS):
        theta, complement, slope = phase(a, y[active])
        residual = np.where(lower_half[active], theta - np.pi * m[active], np.pi * (N - m[active]) - complement)
        above, x = residual > 0, y[active]
        high[active[above]], low[active[~above]] = x[above], x[~above]
        size = np.where(lower_half[active], theta, -complement)
        newton = x * np.exp(np.clip(_log_step(residual, size, x * slope), -40.0, 40.0))
        # A sharp resonance makes a step of Theta that Newton can jump across for ever: bisect unless it gains.
        useful = (newton > low[active]) & (newton < high[active]) & (np.abs(residual) <= before[active] / 2)
        middle = np.sqrt(low[active] * high[active])
        done = (np.abs(newton - x) <= 2e-15 * x) | (high[active] - low[active] <= 4e-16 * x)
        y[active] = np.where(done, x, np.where(useful, newton, middle))
        before[active] = np.abs(residual)
        active = active[~done]
        if active.size == 0:
            break
    return np.asarray(y)


def _log_step(residual: Array, size: Array, log_slope: Array) -> Real:
    """Newton step in log y for log|size| = log|target|: exact where the phase is a power of y."""
    target = size - residual
    return np.asarray(np.log(target / size) * size / log_slope)


def _polished(a: Complex, y: Real, m: Real) -> Double:
    """Newton steps to 106 bits on i^{-m} z(y), z = prod_k (a_k + iy), whose argument Theta/2 - pi m/2 must vanish.

    Near the root the step is taken on the argument; further away on the imaginary part, which is
    linear beside a sharp resonance, even one that is narrower than an ulp of y.
    """
    high, low, forward = y.copy(), np.zeros_like(y), np.ones(y.shape, dtype=bool)
    active = np.arange(y.size)
    for _ in range(_MAX_POLISH):
        point = high[active], low[active]
        *_, last = group_products(a, point)
        real, imag = group_starts(last)[0][:, -1]
        rotated = (real + 1j * imag) * (1j ** (-m[active] % 4)).round()
        inverses, width = _inverse_sum(a, point)
        # A real but negative value is the root of a neighbouring m.
        forward[active] = rotated.real > 0
        slope, tangent = inverses.real, rotated.imag / rotated.real
        step = np.where(np.abs(tangent) < 0.25, -np.arctan(tangent) / slope, -rotated.imag / (rotated * inverses).real)
        # What the rounding of Theta can have cost ``_roots``, and no further: there are other roots.
        reach = 2.0**-46 * (point[0] + a.size / slope)
        step = np.clip(step, -reach, reach)
        high[active], low[active] = add(point, (step, np.zeros_like(step)))
        # What a quadratically convergent step leaves behind: one step is enough unless a resonance is sharp.
        active = active[step * step > 1e-31 * width * point[0]]
        if active.size == 0 and forward.all():
            return high, low
        if active.size == 0:
            break
    raise AccuracyError(_INDISTINCT)


def _inverse_sum(a: Complex, y: Double) -> tuple[Complex, Real]:
    """sum_k 1/(a_k + iy), the logarithmic derivative of the product over i, and min_k |a_k + iy|."""
    total, width = np.zeros(y[0].size, dtype=np.complex128), np.full(y[0].size, np.inf)
    for alpha, beta in zip(a.real, a.imag, strict=True):
        section = alpha + 1j * ((y[0] + beta) + y[1])
        total += 1 / section
        width = np.minimum(width, np.abs(section))
    return total, width


def group_products(a: Complex, y: Double) -> Iterator[Double]:
    """Products of the first j sections a_k + iy inside G groups of L consecutive ones, j = 0..L, in double-double.

    Real and imaginary parts are stacked, (2, G, M). Scaled by powers of two on the way: only the direction of a
    product is meant. All groups advance at once, since for few roots the calls would cost more than the arithmetic.
    """
    M = y[0].size
    groups = min(max(_WIDTH // M, 1), (a.size + 3) // 4)
    length = -(-a.size // groups)
    inside = np.arange(groups * length) < a.size
    padded = np.ones(inside.size, dtype=np.complex128)
    padded[inside] = a
    sections, inside = padded.reshape(groups, length), inside.reshape(groups, length)
    high, low = np.zeros((2, groups, M)), np.zeros((2, groups, M))
    high[0] = 1.0
    yield high, low
    section = np.zeros_like(high), np.zeros_like(high)
    for j in range(length):
        s, e = two_sum(y[0], sections.imag[:, j, None])
        section[0][0], section[0][1] = sections.real[:, j, None], s * inside[:, j, None]
        section[1][1] = (e + y[1]) * inside[:, j, None]
        high, low = _scaled_product((high, low), section)
        yield high, low


def group_starts(last: Double) -> Double:
    """The product of all sections before each group, and of all of them: (2, G + 1, M), from the last of a group."""
    groups = last[0].shape[1]
    high, low = np.zeros((2, groups + 1, last[0].shape[2])), np.zeros((2, groups + 1, last[0].shape[2]))
    high[0, 0] = 1.0
    for g in range(groups):
        here = (high[:, g], low[:, g]), (last[0][:, g], last[1][:, g])
        high[:, g + 1], low[:, g + 1] = _scaled_product(*here)
    return high, low


def _scaled_product(x: Double, y: Double) -> Double:
    high, low = complex_multiply(x, y)
    down = -np.frexp(np.abs(high).max(axis=0))[1]
    return np.ldexp(high, down), np.ldexp(low, down)
