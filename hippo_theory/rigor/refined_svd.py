r"""All singular values of a matrix of balls: LAPACK's decomposition, refined beyond floats, then judged.

Theorem. Let R, U, V be any square matrices, G = U^* R V, d_k the moduli of its diagonal in descending order, f the
Frobenius norm of the rest, u = ||U^* U - I|| and v = ||V^* V - I||, both below 1. Then

    (d_k - f) / sqrt((1 + u)(1 + v))  <=  sigma_k(R)  <=  (d_k + f) / sqrt((1 - u)(1 - v)).

Proof. The singular values of U lie in [sqrt(1 - u), sqrt(1 + u)], those of V likewise, so that sigma_k(G) is
sigma_k(R) times a factor within the product of both; and by Weyl abs(sigma_k(G) - d_k) <= f. QED

Where U and V come from needs no trust. G = diag(d) + E is made more diagonal by U <- U (I + X), V <- V (I + Y) with
skew X and Y: between values that are told apart,

    X_ij = -(d_j E_ij + d_i conj E_ji) / (d_i^2 - d_j^2),    Y_ij = -(d_i E_ij + d_j conj E_ji) / (d_i^2 - d_j^2)

remove E up to its square over the gap; a cluster c I + F with a small F keeps the Hermitian part of F, whose
eigenvectors LAPACK finds, and X = -Y = (F - F^*)/(4c) removes the rest; a cluster that reaches down to zero has an
SVD of its own. X and Y are floats: only G, the product and the orthogonalisation need more bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from .balls import frobenius, upper

__all__ = ["adjoint", "singular_value_bounds"]

_STEPS = 24
_ROUNDS = 8
# What is joined to a cluster: gaps up to _NEAR times E, or below what two floats resolve; what counts as tight.
_NEAR, _RESOLVED, _TIGHT = 1e3, 1e-28, 1e-5


def adjoint(M: Any) -> Any:
    """The conjugate transpose of an ``arb_mat`` or ``acb_mat``."""
    return M.conjugate().transpose() if hasattr(M, "conjugate") else M.transpose()


def singular_value_bounds(R: Any, relative: float) -> tuple[list[Any], list[Any]]:
    """Balls below, and balls above, sigma_1 >= ... >= sigma_N of an ``arb_mat`` or ``acb_mat``.

    They are meant to lie within ``relative`` sigma_1 of each other, and are true in any case. R is nonzero, with
    entries whose squares are floats; the working precision should exceed ``relative`` by some 60 bits.
    """
    arb, middle = require("flint").arb, R.mid()
    left, S, right = np.linalg.svd(_floats(middle))
    U, V = _orthogonal(_matrix(left, R), relative), _orthogonal(_matrix(right.conj().T, R), relative)
    goal, before = relative / 8 * float(S[0]), np.inf
    for _ in range(_STEPS):
        G = adjoint(U) * middle * V
        g = _floats(G)
        rest = float(np.linalg.norm(g - np.diag(np.diagonal(g))))
        if rest <= goal or not rest < before:
            break
        before = rest
        (X, W), (Y, Z) = _corrections(G, g)
        U = _orthogonal((U * _matrix(X, R)).mid() * _matrix(W, R), relative)
        V = _orthogonal((V * _matrix(Y, R)).mid() * _matrix(Z, R), relative)
    G = adjoint(U) * R * V
    N = G.nrows()
    one = type(R)(N, N, 1)
    u, v = (frobenius(adjoint(T) * T - one) for T in (U, V))
    d = [abs(G[k, k]) for k in range(N)]
    for k in range(N):
        G[k, k] = 0
    f = frobenius(G)
    if not (u < 1 and v < 1):
        return [arb(0)] * N, [arb.pos_inf()] * N
    narrow, wide = 1 / ((1 + u) * (1 + v)).sqrt(), 1 / ((1 - u) * (1 - v)).sqrt()
    low = sorted(((x - f).lower().max(arb(0)) * narrow for x in d), key=lambda x: x.lower(), reverse=True)
    high = sorted(((x + f).upper() * wide for x in d), key=lambda x: x.upper(), reverse=True)
    return low, high


def _corrections(G: Any, g: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """I + X and the block rotation W for U, I + Y and Z for V, in floats, from G and its rounding g."""
    exact = [abs(G[k, k]) for k in range(len(g))]
    d = np.array([float(x) for x in exact])
    # Differences of close values need the digits that floats have no room for.
    more = np.array([float(x - y) for x, y in zip(exact, d.tolist(), strict=True)])
    E = g - np.diag(np.diagonal(g))
    clusters = _clusters(d, more, float(np.abs(E).max()))
    label = np.empty(d.size, dtype=int)
    for number, members in enumerate(clusters):
        label[members] = number
    apart = label[:, None] != label
    row, column = d[:, None], d[None, :]
    difference = np.where(apart, ((row - column) + (more[:, None] - more)) * (row + column), 1.0)
    X = np.where(apart, -(column * E + row * E.conj().T) / difference, 0.0)
    Y = np.where(apart, -(row * E + column * E.conj().T) / difference, 0.0)
    W, Z = np.eye(d.size, dtype=g.dtype), np.eye(d.size, dtype=g.dtype)
    for members in clusters:
        if members.size == 1:
            continue
        block = np.ix_(members, members)
        center = float(d[members].max())
        F = E[block].copy()
        for i, k in enumerate(members):
            F[i, i] = _number(G[k, k] - center)
        if np.linalg.norm(F) > _TIGHT * center:
            W[block], _, right = np.linalg.svd(g[block])
            Z[block] = right.conj().T
            continue
        X[block] = (F - F.conj().T) / (4 * center)
        Y[block] = -X[block]
        W[block] = Z[block] = np.linalg.eigh((F + F.conj().T) / 2)[1]
    identity = np.eye(d.size)
    return (identity + X, W), (identity + Y, Z)


def _clusters(d: Array, more: Array, rest: float) -> list[Array]:
    """Indices of the values d + more that E, or their own rounding, does not let tell apart."""
    order = np.lexsort((-more, -d))
    gaps = -(np.diff(d[order]) + np.diff(more[order]))
    apart = gaps > np.maximum(_NEAR * rest, _RESOLVED * d[order][:-1])
    return np.split(order, np.flatnonzero(apart) + 1)


def _orthogonal(U: Any, relative: float) -> Any:
    """The orthogonal factor of a nearly orthogonal U, by Newton's iteration: errors are squared."""
    U, one = U.mid(), type(U)(U.nrows(), U.nrows(), 1)
    for _ in range(_ROUNDS):
        defect = adjoint(U) * U - one
        if upper(frobenius(defect)) <= relative / 64:
            break
        U = (U - U * defect / 2).mid()
    return U


def _number(x: Any) -> Any:
    return complex(x) if isinstance(x, require("flint").acb) else float(x)


def _floats(M: Any) -> Array:
    return np.array([_number(x) for x in M.entries()]).reshape(M.nrows(), M.ncols())


def _matrix(M: Array, like: Any) -> Any:
    return type(like)(M.shape[0], M.shape[1], M.ravel().tolist())
