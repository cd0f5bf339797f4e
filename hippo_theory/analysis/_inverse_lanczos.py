"""sigma_min(zI - T) of a triangular matrix at many points: inverse Lanczos, a block of points at once.

R = (zI - T)^{-1} is bidiagonalised by Golub and Kahan's recurrence; its norm is 1/sigma_min. T is shared and only
the diagonal differs from point to point: what lies off the diagonal blocks is one matrix product for all of
them. A point leaves when its Ritz value has settled, and makes room for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import numpy as np

from .._arrays import Array, Complex, Real

__all__ = ["smallest_singular_values"]

_EPS = float(np.finfo(np.float64).eps)
_LOG10_2 = math.log10(2.0)
# Rows of a block: those inside it cost vector operations, those outside a matrix product.
_ROWS = 16
# Half of the float range is kept free, so that a sum of squares never overflows.
_LIMIT = 2.0**400


class _Triangle(NamedTuple):
    """The rows above the diagonal of T, those below the diagonal of T^*, and 1/(z - t_n) at the points, (N, P)."""

    T: Array
    adjoint: Array
    inverse: Complex

    def keep(self, index: Array) -> Self:
        return self._replace(inverse=np.take(self.inverse, index, axis=1))

    def solve(self, X: Complex) -> Array:
        """X becomes (zI - T)^{-1} X/2^e; e (P,) is returned."""
        return _substitute(self.T, self.inverse, X, upward=True)

    def solve_adjoint(self, X: Complex) -> Array:
        """X becomes (zI - T)^{-*} X/2^e; e (P,) is returned."""
        return _substitute(self.adjoint, self.inverse.conj(), X, upward=False)


def smallest_singular_values(T: Array, z: Complex, tolerance: float, steps: int) -> tuple[Real, Array]:
    """log10 of sigma_min(zI - T) for upper triangular T (N, N), entries of order one, at z (P,).

    ``tolerance`` is the absolute error of sigma_min that may be left; below it the relative error is a few
    eps sqrt(N). Also returned: where ``steps`` steps were enough. At an eigenvalue the value is -inf.
    """
    gap = z - np.diagonal(T)[:, None]
    log10, settled = np.full(z.size, -np.inf), (gap == 0).any(axis=0)
    with np.errstate(all="ignore"):
        inverse = 1 / gap
        index = np.flatnonzero(np.isfinite(inverse).all(axis=0))  # not where a gap is subnormal
        if not index.size:
            return log10, settled
        strict = np.triu(T, 1)
        triangle = _Triangle(strict, np.ascontiguousarray(strict.conj().T), np.take(inverse, index, axis=1))
        for kept, value in _lanczos(triangle, tolerance, steps):
            log10[index[kept]], settled[index[kept]] = value, True
    return log10, settled


def _lanczos(triangle: _Triangle, tolerance: float, steps: int) -> Iterator[tuple[Array, Real]]:
    """Yields (points, log10 sigma_min) as they settle."""
    N, P = triangle.inverse.shape
    rng = np.random.default_rng(0)
    start = np.array(rng.standard_normal(N) + 1j * rng.standard_normal(N))
    v = np.repeat(start[:, None], P, axis=1)
    _normalise(v)
    u = v.copy()
    unit = triangle.solve(u)
    alpha = _normalise(u)
    # The tridiagonal matrix U^* R R^* U in units of 4^unit: diagonal, and what stands beside it.
    diagonal, beside = np.empty((steps, P)), np.empty((steps, P))
    point, check = np.arange(P), 2
    for k in range(1, steps + 1):
        v = _next(triangle.solve_adjoint, u, v, alpha, unit)
        beta = _normalise(v)
        diagonal[k - 1] = alpha * alpha + beta * beta
        u = _next(triangle.solve, v, u, beta, unit)
        alpha = _normalise(u)
        beside[k - 1] = alpha * beta
        # An invariant space, to the accuracy of its eigenvalues; copies of them would follow.
        closed = beside[k - 1] <= 4 * _EPS * diagonal[:k].max(axis=0)
        if k < min(check, steps) and not closed.any():
            continue
        check = k + 1 + k // 3
        theta, error = _largest_ritz_value(diagonal[:k], beside[:k])
        done = closed | (error <= np.maximum(4 * _EPS, tolerance * np.sqrt(theta) * np.exp2(unit)) / 4)
        if done.any():
            yield point[done], -np.log10(theta[done]) / 2 - unit[done] * _LOG10_2
            index = np.flatnonzero(~done)
            if not index.size:
                return
            triangle = triangle.keep(index)
            point, alpha, unit = point[index], alpha[index], unit[index]
            u, v = np.take(u, index, axis=1), np.take(v, index, axis=1)
            diagonal, beside = np.take(diagonal, index, axis=1), np.take(beside, index, axis=1)


def _largest_ritz_value(diagonal: Real, beside: Real) -> tuple[Real, Real]:
    """The largest eigenvalue of the tridiagonal matrices (k, P), and an estimate of its relative error.

    It is the residual, the last entry of ``beside`` times the last component of the eigenvector. Its square over the
    gap would be sharper, were the gap known: of two eigenvalues that agree to 1e-8 the first steps see one.
    """
    k, P = diagonal.shape
    matrices, row = np.zeros((P, k, k)), np.arange(k)
    matrices[:, row, row], matrices[:, row[1:], row[:-1]] = diagonal.T, beside[:-1].T
    values, vectors = np.linalg.eigh(matrices)
    theta = values[:, -1]
    residual = beside[-1][:, None] * np.abs(vectors[:, -1]) / theta[:, None]
    # Long after it has settled an eigenvalue is found again: a copy counts as little as it did before.
    copies = values >= (1 - 1e-10) * theta[:, None]
    return theta, np.where(copies, residual, np.inf).min(axis=1)


def _next(solve: Callable[[Complex], Array], x: Complex, previous: Complex, scale: Real, unit: Array) -> Complex:
    """solve(x)/2^unit - scale * previous; overwrites ``previous``."""
    product = x.copy()
    excess = solve(product) - unit
    if excess.any():
        _times(product, np.exp2(excess))
    _times(previous, -scale)
    product += previous
    return product


def _normalise(X: Complex) -> Real:
    """Columns of X to unit length; their lengths (P,)."""
    parts = X.view(np.float64)
    size: Real = np.sqrt(np.einsum("ij,ij->j", parts, parts).reshape(-1, 2).sum(axis=1))
    _times(X, 1 / np.where(size > 0, size, 1))
    return size


def _times(X: Complex, factor: Real) -> None:
    """Columns of X times real factors (P,), in half of the operations of a complex product."""
    parts = X.view(np.float64)
    parts *= np.repeat(factor, 2)


def _substitute(T: Array, inverse: Complex, X: Complex, upward: bool) -> Array:
    """X <- (D - T)^{-1} X/2^e for strictly triangular T and D = 1/``inverse``, columns of X rescaled on the way."""
    N, P = X.shape
    exponent = np.zeros(P, dtype=np.int64)
    # A real T meets real and imaginary parts alike.
    parts = X if np.iscomplexobj(T) else X.view(np.float64)
    starts = range(0, N, _ROWS)
    for low in reversed(starts) if upward else starts:
        high = min(low + _ROWS, N)
        known = slice(high, N) if upward else slice(0, low)
        if known.stop > known.start:
            parts[low:high] += T[low:high, known] @ parts[known]
        for i in reversed(range(low, high)) if upward else range(low, high):
            known = slice(i + 1, high) if upward else slice(low, i)
            if known.stop > known.start:
                parts[i] += T[i, known] @ parts[known]
            row = X[i]
            row *= inverse[i]
            if not np.vdot(row, row).real < _LIMIT:
                exponent += _rescale(X, row)
    return exponent


def _rescale(X: Complex, row: Complex) -> Array:
    """Brings the columns of X to where ``row`` is of order one, by powers of two."""
    exponent = np.frexp(np.maximum(np.abs(row.real), np.abs(row.imag)))[1].astype(np.int64)
    exponent[exponent < 150] = 0
    large = np.flatnonzero(exponent)
    X[:, large] *= np.ldexp(1.0, -exponent[large])
    return exponent
