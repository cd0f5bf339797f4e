r"""``enclose_hankel_singular_values``: proved bounds of every Hankel singular value, the tiny ones included.

Theorem. Let P, Q >= 0 be the Gramians, sigma_k = sqrt(lambda_k(PQ)), and L, M any matrices with
||P - L L^*|| <= p, ||Q - M M^*|| <= q. Then

    abs(sigma_k - sigma_k(M^* L)) <= sqrt(q) ||P||^{1/2} + ||M|| sqrt(p).

Proof. Polar decompositions M = (M M^*)^{1/2} U, L = (L L^*)^{1/2} V show that M^* L has the singular values of
(M M^*)^{1/2} (L L^*)^{1/2}; and lambda_k(PQ) = sigma_k(Q^{1/2} P^{1/2})^2. By Weyl the difference is at most

    ||Q^{1/2} P^{1/2} - (M M^*)^{1/2} (L L^*)^{1/2}||
        <= ||Q^{1/2} - (M M^*)^{1/2}|| ||P^{1/2}|| + ||(M M^*)^{1/2}|| ||P^{1/2} - (L L^*)^{1/2}||,

and ||X^{1/2} - Y^{1/2}|| <= ||X - Y||^{1/2} for X, Y >= 0, the square root being operator monotone. QED

So the factors need no trust, and no Gramian need be definite: P and Q are enclosed in balls (``gramian_balls``), L and
M are rounded Cholesky factors of P and Q plus a tiny multiple of I, p and q are residuals in balls, and
``refined_svd`` bounds the singular values of M^* L. The root of a residual costs half of its digits: the bits are
twice those asked for, and are doubled until the bounds are as narrow as they should be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Immutable, Real, positive_real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError, ParameterError, UnstableSystemError
from .balls import conjugate, frobenius, lower, upper
from .exact_systems import ExactSystem, exact_system
from .refined_svd import adjoint, singular_value_bounds

__all__ = ["HankelValueBounds", "enclose_hankel_singular_values"]

_WHO = "enclose_hankel_singular_values"
_MOST_BITS = 1 << 13
_GUARD = 64
_ENOUGH_TO_INVERT = 1 << 10
_FINEST = 1e-100
_middle = np.frompyfunc(lambda x: x.mid(), 1, 1)


@dataclass(frozen=True, eq=False, repr=False)
class HankelValueBounds(Immutable):
    """Proved bounds lower <= sigma_k <= upper; made by ``ht.enclose_hankel_singular_values(system)``.

    Attributes
    ----------
    lower, upper : ndarray, float64, shape (N,)
        Descending, rounded outwards.
    """

    lower: Real
    upper: Real

    def __repr__(self) -> str:
        return f"{self.lower.size} Hankel singular values: {self.lower[0]:.17g} <= sigma_1 <= {self.upper[0]:.17g}"


def enclose_hankel_singular_values(
    system: Any, C: ArrayLike | None = None, *, tolerance: float = 1e-19
) -> HankelValueBounds:
    r"""Proved bounds of all Hankel singular values sigma_k = sqrt(lambda_k(PQ)) of C (sI - A)^{-1} B.

    P and Q are the Gramians: A P + P A^* + B B^* = 0 and A^* Q + Q A + C^* C = 0, in discrete time P - A P A^* = B B^*
    and Q - A^* Q A = C^* C. All floats are taken at their word, every rounding is accounted for: a theorem.

    Parameters
    ----------
    system : Operator, StateSpace, Diagonal or DiagonalPlusLowRank
        Of an operator the exact entries are meant, of a system its floats. D plays no part.
    C : array_like, shape (N,) or (p, N), optional
        The read-out, where ``system`` has none. None reads out the state.
    tolerance : float, default 1e-19
        The width of the bounds before they are rounded to floats, in units of sigma_1; from 1e-100 to 1e-3.

    Returns
    -------
    HankelValueBounds
        ``.lower`` and ``.upper``, shape (N,), descending: ``upper - lower`` is at most ``tolerance`` sigma_1 and the
        roundings of both. Smaller values have 0 for a lower bound. All are 0 for a system that is zero.

    Raises
    ------
    UnstableSystemError
        A pole on or beyond the limit of stability; the message names it.
    AccuracyError
        Stability, or bounds as narrow as asked for, not reached with 8192 bits.
    ParameterError
        NaN or infinite entries; ``tolerance`` out of range; stored conjugate pairs without a C.
    ShapeError, ParameterTypeError
        A C that does not fit; two of them; something else than a system.

    Notes
    -----
    Theorem and proof are in ``rigor.hankel_values``. Chains with real parameters (LegS, LagT) take .01 s for N = 16,
    .2 s for N = 64, 1 s for N = 128 and 5 s for N = 256: their Gramians, and those of diagonal systems, have closed
    forms. Others are sums, found by doubling, whether A is defective or not: .5 s for N = 64. Complex matrices take
    three times as long.

    References
    ----------
    B. C. Moore, Principal component analysis in linear systems, IEEE Trans. Automatic Control 26 (1981); theory
    section 5, H7.

    Examples
    --------
    Every value of an all-pass function is 1:

    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LagT(8)
    >>> found = ht.enclose_hankel_singular_values(op, op.B)
    >>> bool((found.lower <= 1).all() and (found.upper >= 1).all() and np.ptp([found.lower, found.upper]) < 1e-15)
    True

    A tail that floats do not reach:

    >>> real = ht.Diagonal(-np.arange(1.0, 21), np.ones(20), np.ones(20))
    >>> found = ht.enclose_hankel_singular_values(real, tolerance=1e-45)
    >>> float(found.lower[-1]), float(found.upper[-1])
    (1.4004031805923307e-29, 1.400403180592331e-29)
    """
    tolerance = positive_real(tolerance, "tolerance", _WHO)
    if not _FINEST <= tolerance <= 1e-3:
        raise ParameterError(f"{_WHO}: tolerance must lie between {_FINEST:g} and 0.001, got {tolerance:g}.")
    problem = exact_system(system, C, _WHO)
    digits = math.ceil(-math.log2(tolerance))
    bits, tries = 2 * digits + _GUARD + 32, 0
    while bits <= _MOST_BITS:
        bounds = _attempt(problem, bits, digits, tolerance)
        if bounds is not None:
            return HankelValueBounds(*bounds)
        tries += 1
        if tries == 2 and problem.is_zero():
            return HankelValueBounds(np.zeros(problem.N), np.zeros(problem.N))
        bits *= 2
    raise AccuracyError(
        f"{_WHO}: {problem.name}: {_MOST_BITS} bits did not suffice for stability, or for bounds within "
        f"{tolerance:g} sigma_1; rescale the states, or raise tolerance=.{problem.nearest()}"
    )


def _attempt(problem: ExactSystem, bits: int, digits: int, tolerance: float) -> tuple[Real, Real] | None:
    """The bounds, or None where so many bits do not suffice."""
    arb = require("flint").arb
    with working_precision(bits):
        try:
            found = problem.gramians(bits)
        except ArithmeticError as failure:
            # alpha - A not told from a singular matrix: a pole at alpha > 0, unless more bits know better.
            if isinstance(failure, ZeroDivisionError) and bits <= _ENOUGH_TO_INVERT:
                return None
            raise UnstableSystemError(
                f"{_WHO}: {problem.name} has a pole on or beyond the limit of stability, as far as {bits} bits can "
                f"tell.{problem.nearest()}"
            ) from None
        if found is None:
            return None
        L, M = _factor(found.P, bits), _factor(found.Q, bits)
        p = (frobenius(found.P - L * adjoint(L)) + found.slack[0]).upper()
        q = (frobenius(found.Q - M * adjoint(M)) + found.slack[1]).upper()
        error = q.sqrt() * (frobenius(found.P) + found.slack[0]).upper().sqrt() + frobenius(M) * p.sqrt()
        R = adjoint(M) * L
        size = frobenius(R)
        if size == 0 and error == 0:
            return np.zeros(problem.N), np.zeros(problem.N)
        if not error * (8 * problem.N) < tolerance * size:
            return None
        man, exponent = size.mid().man_exp()
        unit = arb(2) ** (int(exponent) + int(man).bit_length())
        R = R / unit
    with working_precision(digits + _GUARD):
        try:
            low, high = singular_value_bounds(R, tolerance / 2)
        except np.linalg.LinAlgError:
            return None
        error = (error / unit).upper()
        low, high = [x - error for x in low], [x + error for x in high]
        if not all(y - x <= tolerance * low[0] for x, y in zip(low, high, strict=True)):
            return None
        lows = np.array([max(lower(x * unit), 0.0) for x in low])
        highs = np.array([upper(x * unit) for x in high])
    return np.maximum.accumulate(lows[::-1])[::-1], np.minimum.accumulate(highs)


def _factor(P: Any, bits: int) -> Any:
    """Lower triangular L with L L^* = P, nearly: Cholesky on midpoints, of P plus what rounding may take."""
    flint, N = require("flint"), P.nrows()
    A = np.array(P.mid().tolist(), dtype=object).reshape(N, N)
    top = max(abs(A[k, k]) for k in range(N)) * N * flint.arb(2) ** (12 - bits)
    L = np.full((N, N), flint.arb(0), dtype=object)
    for j in range(N):
        pivot = (A[j, j].real + top).mid()
        if not pivot > 0:
            continue
        L[j:, j] = _middle(A[j:, j] / pivot.sqrt())
        L[j, j] = pivot.sqrt().mid()
        mirror = conjugate(L[:, j])
        for i in range(j + 1, N):
            A[i, j + 1 : i + 1] -= L[i, j] * mirror[j + 1 : i + 1]
    return type(P)(L.tolist())
