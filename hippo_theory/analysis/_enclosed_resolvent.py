"""sigma_min(zI - A) in balls, for any matrix and at any depth: powers of R R^*, R = (zI - A)^{-1}.

With t_m = tr((R R^*)^m) the largest eigenvalue 1/sigma_min^2 satisfies t_{2m}/t_m <= sigma_min^{-2m} <= t_{2m}^{1/2}.
Squaring the matrix doubles m until both sides agree. Shares nothing with the float64 roads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError
from ..operators import Operator

__all__ = ["exact_balls", "log10_enclosed"]

# Beyond the range of floats several times over.
_MOST_BITS = 1 << 13


def log10_enclosed(balls: Callable[[int], Any], z: Complex, digits: int) -> Real:
    """log10 of sigma_min(zI - A) at finite points z (P,), A = ``balls(bits)``, with a relative error of 10^-digits."""
    return np.array([_at(balls, complex(point), digits) for point in z.ravel()])


def exact_balls(A: Operator | Array, bits: int) -> Any:
    """The matrix of an operator in balls, or an array as it stands."""
    if isinstance(A, Operator):
        return A.balls(bits)[0]
    flint = require("flint")
    if np.iscomplexobj(A):
        return flint.acb_mat([[flint.acb(x.real, x.imag) for x in row] for row in A.tolist()])
    return flint.arb_mat(A.tolist())


def _at(balls: Callable[[int], Any], z: complex, digits: int) -> float:
    bits, inverse = 128 + 8 * digits, None
    while bits <= _MOST_BITS:
        A = balls(bits)
        with working_precision(bits):
            inverse = _inverse(A, z)
            value = None if inverse is None else _log10(inverse, digits)
        if value is not None:
            return value
        bits *= 2
    if inverse is None:
        return -math.inf  # an eigenvalue, as far as all these bits can tell
    raise AccuracyError(
        f"pseudospectrum: {digits} digits at z = {z} need more than {_MOST_BITS} bits; ask for fewer digits."
    )


def _inverse(A: Any, z: complex) -> Any:
    """(zI - A)^{-1} where the working precision suffices; zero where a triangular matrix is exactly singular."""
    flint, N = require("flint"), A.nrows()
    point, zero = flint.acb(z.real, z.imag), flint.acb(0)
    rows = [[(point if i == j else zero) - A[i, j] for j in range(N)] for i in range(N)]
    if _singular(rows):
        return 0
    try:
        return flint.acb_mat(rows).inv()
    except ZeroDivisionError:
        return None


def _log10(R: Any, digits: int) -> float | None:
    """-log10 of the norm of R, where the balls are small enough for that many digits."""
    if R == 0:
        return -math.inf
    arb = require("flint").arb
    power, m = R * R.transpose().conjugate(), 1
    allowed, trace = arb(10) ** -digits, power.trace().real
    while m < 2**60:
        power = power * power
        doubled = power.trace().real
        if not (trace > 0 and doubled > 0):
            return None
        low, high = (doubled / trace).log() / m, doubled.log() / (2 * m)
        if (high - low).abs_upper() < allowed:
            return float(-((low + high) / 4 / arb(10).log()).mid())
        if low.rad() + high.rad() > allowed:
            return None
        trace, m = doubled, 2 * m
    return None


def _singular(rows: list[list[Any]]) -> bool:
    """Whether a triangular matrix has an exact zero on its diagonal: an eigenvalue that needs no further bits."""
    N = len(rows)
    upper = all(rows[i][j] == 0 for i in range(N) for j in range(i))
    lower = all(rows[i][j] == 0 for i in range(N) for j in range(i + 1, N))
    return (upper or lower) and any(rows[i][i] == 0 for i in range(N))
