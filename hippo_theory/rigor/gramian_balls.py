r"""Gramians in balls: sums by doubling with a bound of the tail; closed forms for diagonal systems and real chains.

Both Gramians belong to a discrete system, P = sum_k A^k B B^* A^{*k} and Q = sum_k A^{*k} C^* C A^k; that of
x' = A x + B u is turned into one with the same Gramians by s = alpha (z - 1)/(z + 1), alpha > 0:

    A <- (alpha + A)(alpha - A)^{-1},   B B^* <- 2 alpha (alpha - A)^{-1} B B^* (alpha - A)^{-*},   C^* C likewise.

(Multiply P - A P A^* = B B^* for the new matrices by alpha - A on the left and its adjoint on the right.) With P_n the
sum of the first n terms, P_2n = P_n + A^n P_n A^{n*}; once a = ||A^n|| < 1, the system is proved stable, and

    P = sum_m A^{nm} P_n A^{nm*},   ||P - P_n|| <= ||P_n|| a^2 / (1 - a^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex
from .._optional import require
from .balls import conjugate, frobenius
from .refined_svd import adjoint

__all__ = ["Gramians", "best_alpha", "chain_gramians", "diagonal_gramians", "summed_gramians"]

_DOUBLINGS = 200


@dataclass(frozen=True)
class Gramians:
    """P and Q as ball matrices; the true ones are within ``slack`` (of P, of Q) of a member, spectral norm."""

    P: Any
    Q: Any
    slack: tuple[Any, Any]


def diagonal_gramians(lam: list[Any], B: Any, C: Any, discrete: bool) -> Gramians:
    """Of diagonal systems: b_i b_j^* / -(lam_i + conj lam_j), or b_i b_j^* / (1 - lam_i conj lam_j)."""
    flint = require("flint")
    P, Q, N = B * adjoint(B), adjoint(C) * C, len(lam)
    mirror = conjugate(np.array(lam, dtype=object))
    for i in range(N):
        for j in range(N):
            weight = 1 / (1 - lam[i] * mirror[j] if discrete else -(lam[i] + mirror[j]))
            P[i, j], Q[j, i] = P[i, j] * weight, Q[j, i] * weight
    return Gramians(P, Q, (flint.arb(0), flint.arb(0)))


def chain_gramians(a: list[Any], shift: Any, C: Any) -> Gramians:
    """Of the chain with real parameters: A_nk = -B_n B_k for n > k, A_nn = -(a_n + shift), B_n = sqrt(2 a_n).

    Row n of A P + P A^T + B B^T = 0 gives P_nk from those before it: with S_nk = sum_{j<n} B_j P_jk,
    (a_n + a_k + 2 shift) P_nk = B_n B_k - B_n S_nk - B_k S_kn. The same from the last row on gives Q. O(N^2)
    operations, which lose some bits a row.
    """
    flint = require("flint")
    N, B = len(a), [(2 * x).sqrt() for x in a]
    P = _chain(a, shift, B, flint.arb_mat([[x] for x in B]))
    backwards = flint.arb_mat([row[::-1] for row in C.tolist()]).transpose()
    Q = _chain(a[::-1], shift, B[::-1], backwards)
    return Gramians(P, flint.arb_mat(N, N, Q.entries()[::-1]), (flint.arb(0), flint.arb(0)))


def _chain(a: list[Any], shift: Any, B: list[Any], source: Any) -> Any:
    flint = require("flint")
    N, W = len(a), (source * source.transpose()).tolist()
    P = [[flint.arb(0)] * N for _ in range(N)]
    # At the time of row n, S[k] = sum_{j<n} B_j P_jk for k < n; S[n] grows with the row.
    S = [flint.arb(0)] * N
    for n in range(N):
        rate = a[n] + 2 * shift
        for k in range(n + 1):
            value = (W[n][k] - B[n] * S[k] - B[k] * S[n]) / (rate + a[k])
            P[n][k] = P[k][n] = value
            if k < n:
                S[k] += B[n] * value
            S[n] += B[k] * value
    return flint.arb_mat(P)


def summed_gramians(A: Any, B: Any, C: Any, alpha: float | None, bits: int) -> Gramians | None:
    """Of any system, discrete for ``alpha`` None, to about ``bits`` bits; None where more of them are needed.

    ArithmeticError where A has an eigenvalue on or beyond the limit, or one that 2^200 steps do not bring to rest;
    ZeroDivisionError where alpha - A is not told from a singular matrix. Cost 5 products of matrices a doubling.
    """
    flint = require("flint")
    N = A.nrows()
    if alpha is None:
        P, Q = B * adjoint(B), adjoint(C) * C
    else:
        one = type(A)(N, N, 1) * flint.arb(alpha)
        inverse = (one - A).inv()
        A, B, C = (one + A) * inverse, inverse * B, C * inverse
        P, Q = B * adjoint(B) * flint.arb(2 * alpha), adjoint(C) * C * flint.arb(2 * alpha)
    small = flint.arb(2) ** (-bits // 2)
    for _ in range(_DOUBLINGS):
        a = frobenius(A)
        if a < small:
            tail = a * a / (1 - a * a)
            return Gramians(P, Q, (frobenius(P) * tail, frobenius(Q) * tail))
        if abs(A.trace()) >= N:
            break
        if not a.is_finite() or a.rad() > 1:
            return None
        step = adjoint(A)
        P, Q, A = P + A * P * step, Q + step * Q * A, A * A
    raise ArithmeticError("not stable")


def best_alpha(poles: Complex) -> float:
    """The power of two that maps these poles deepest into the unit disc: a matter of speed alone."""
    moduli = np.abs(poles)
    moduli = moduli[np.isfinite(moduli) & (moduli > 0)]
    if not moduli.size:
        return 1.0
    low, high = (int(np.frexp(m)[1]) for m in (moduli.min(), moduli.max()))
    candidates: Array = np.ldexp(1.0, np.arange(low - 1, high + 1))
    with np.errstate(all="ignore"):
        scaled = poles[None, :] / candidates[:, None]
        # 1 - |(1 + z)/(1 - z)|^2 without cancellation.
        margin = (-4 * scaled.real / np.abs(1 - scaled) ** 2).min(axis=1)
    return float(candidates[int(np.argmax(np.nan_to_num(margin, nan=-np.inf)))])
