r"""Singular values of float matrices with proof: LAPACK's decomposition, judged with a bound for every rounding.

Let U, S, V be any matrices, S >= 0 diagonal, and E = U S V - M, u = ||U^* U - I||, v = ||V V^* - I||, all of them
below 1. Then the singular values of U lie in [sqrt(1 - u), sqrt(1 + u)], those of V likewise, and by Weyl's
inequalities

    s_k sqrt((1 - u)(1 - v)) - ||E||  <=  sigma_k(M)  <=  s_k sqrt((1 + u)(1 + v)) + ||E||.

Frobenius norms bound u, v and ||E||. They are computed in floats: an inner product of n complex terms, summed in any
order, is wrong by less than 4(n + 8) 2^-53 times the sum of the moduli, without overflow or underflow.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Real

__all__ = ["UNIT", "extreme_singular_values"]

UNIT = float(np.finfo(np.float64).eps) / 2
# What underflow, of squares too, may add to a norm of matrices of norm about one, and more.
_TINY = 1e-150
_ROOM = 1 + 1e-8


def extreme_singular_values(M: Array, slack: Real) -> tuple[Real, Real, Real, Real]:
    """Bounds of the smallest, then of the largest singular value of every matrix within ``slack`` (K,) of M (K, N, N).

    ``slack`` is measured in the spectral norm; the norm of M must lie between 1e-100 and 1e100, or be zero. Where
    LAPACK fails, or N is beyond all reason, the bounds are 0 and infinity.
    """
    K, N = M.shape[:2]
    try:
        U, S, V = np.linalg.svd(M)
    except np.linalg.LinAlgError:
        return np.zeros(K), np.full(K, np.inf), np.zeros(K), np.full(K, np.inf)
    gamma, identity = 4 * (N + 8) * UNIT, np.eye(N)
    square_u, square_v = (_norm(X) ** 2 * _ROOM for X in (U, V))
    u = (_norm(_adjoint(U) @ U - identity) + gamma * square_u) * _ROOM + _TINY
    v = (_norm(V @ _adjoint(V) - identity) + gamma * square_v) * _ROOM + _TINY
    # The moduli |U| S |V| have a norm of at most sum s_k ||u_k|| ||v_k||, columns and rows of norm <= sqrt(1 + u), ...
    moduli = S.sum(axis=-1) * np.sqrt((1 + u) * (1 + v))
    E = (_norm((U * S[:, None, :]) @ V - M) + gamma * moduli) * _ROOM + slack + _TINY
    narrow, wide = np.sqrt(np.maximum(1 - u, 0) * np.maximum(1 - v, 0)), np.sqrt((1 + u) * (1 + v))
    good = (u < 1) & (v < 1) & np.isfinite(E)
    low, high = (1 - 16 * UNIT) * narrow, (1 + 16 * UNIT) * wide
    bounds = []
    for s in (S[:, -1], S[:, 0]):
        bounds.append(np.where(good, np.maximum(low * s - E, 0), 0.0) * (1 - 4 * UNIT))
        bounds.append(np.where(good, (high * s + E) * (1 + 4 * UNIT), np.inf))
    return bounds[0], bounds[1], bounds[2], bounds[3]


def _adjoint(M: Array) -> Array:
    return np.asarray(M.conj().swapaxes(-1, -2))


def _norm(M: Array) -> Real:
    """Frobenius norms; the rounding is within ``_ROOM``."""
    return np.asarray(np.sqrt((M.real**2 + M.imag**2).sum(axis=(-2, -1))))
