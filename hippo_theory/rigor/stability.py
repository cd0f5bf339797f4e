"""Proofs of stability for stored tensors: from the diagonal, dissipation, eigenvalue enclosures, or Lyapunov."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from .balls import conjugate, embed, lower, matrix
from .certificate import Check

__all__ = ["stability_check"]

_EIGENVALUE_LIMIT = 64  # acb_mat.eig costs 1 s there and 10 s at 128
_UNIT = float(np.finfo(np.float64).eps) / 2


def stability_check(tensors: dict[str, Array], claim: dict[str, Any]) -> Check:
    """A lower bound of the stability margin: -max Re (continuous) or 1 - max |.| (discrete time).

    Diagonal: the stored eigenvalues themselves. Diagonal minus P P^*: the Hermitian part is at most
    max Re lam; if that is 0, distinct lam and no zero row in P still exclude the imaginary axis.
    Triangular: the diagonal. Other matrices: enclosures of their eigenvalues up to N = 64, else a
    Lyapunov function whose two inequalities are verified.
    """
    dt = claim.get("dt")
    if "A" in tensors:
        return _dense(embed(tensors["A"]), tensors["A"], 0.0, claim)
    lam = tensors["lam"]
    margin = _margin(embed(lam), dt)
    if "P" not in tensors:
        worst = lam[int(np.argmax(np.abs(lam) if dt is not None else lam.real))]
        return _verdict(margin, f"poles are stored; the nearest to instability is {complex(worst):.6g}")
    if dt is None and "Q" not in tensors:
        if margin > 0:
            return _verdict(margin, "A + A^* <= 2 max Re lam, since -P P^* only dissipates")
        if margin == 0 and np.unique(lam).size == lam.size and _columns(tensors["P"]).any(axis=1).all():
            zeros = "zeros" if tensors["P"].ndim == 1 else "zero rows"
            text = f"A + A^* = 2 Re lam - 2 P P^* <= 0, lam distinct and P without {zeros}: no pole on the axis"
            return Check("stability", text, 0.0, None, True)
    P, Q = _columns(tensors["P"]), _columns(tensors.get("Q", tensors["P"]))
    exact = -embed(P) @ conjugate(embed(Q)).T
    diagonal = np.arange(lam.size)
    exact[diagonal, diagonal] += embed(lam)
    P, Q = P.astype(np.complex128), Q.astype(np.complex128)
    floats = np.diag(lam.astype(np.complex128)) - P @ Q.conj().T
    rounding = 8 * P.shape[1] * _UNIT * float(np.linalg.norm(P) * np.linalg.norm(Q) + np.linalg.norm(lam))
    return _dense(exact, floats, rounding, claim)


def _columns(P: Array) -> Array:
    return P[:, None] if P.ndim == 1 else P


def _margin(eigenvalues: Array, dt: float | None) -> float:
    """Distance of the enclosed eigenvalues from the axis or the circle, rounded down."""
    acb = require("flint").acb
    if dt is None:
        return min(lower(-acb(z).real) for z in eigenvalues)
    return min(lower(1 - abs(acb(z))) for z in eigenvalues)


def _beyond(eigenvalue: Any, dt: float | None) -> bool:
    """Whether an enclosed eigenvalue is unstable for certain."""
    z = require("flint").acb(eigenvalue)
    return lower(z.real) > 0 if dt is None else lower(abs(z)) > 1


def _dense(exact: Array, floats: Array, rounding: float, claim: dict[str, Any]) -> Check:
    """``exact`` in balls; ``floats`` the same matrix up to ``rounding`` in Frobenius norm."""
    dt, N, unstable = claim.get("dt"), len(floats), False
    if rounding == 0 and (np.array_equal(floats, np.tril(floats)) or np.array_equal(floats, np.triu(floats))):
        return _verdict(_margin(np.diagonal(exact), dt), "A is triangular: its diagonal holds the poles")
    if N <= _EIGENVALUE_LIMIT:
        balls = matrix(exact)
        try:
            found = balls.eig()
        except (ValueError, ZeroDivisionError):
            found = balls.eig(multiple=True, nonstop=True)
        margin = _margin(np.array(found, dtype=object), dt)
        if margin > 0:
            return _verdict(margin, "the eigenvalues of the stored A are enclosed")
        unstable = any(_beyond(z, dt) for z in found)
    if (proved := _lyapunov_margin(floats, rounding, dt)) > 0:
        return _verdict(proved, "a quadratic Lyapunov function of the stored A is verified")
    if unstable:
        return _verdict(margin, "an enclosed eigenvalue of the stored A lies beyond the limit")
    # The exact operator is stable by its losslessness; of its float copy nothing more is known.
    known = claim["type"] == "Operator"
    text = "open for the stored A; the exact operator is stable" if known else "stability could not be proved"
    return Check("stability", text, None, None if known else 0.0, known)


def _lyapunov_margin(A: Array, rounding: float, dt: float | None) -> float:
    """A margin of every matrix within ``rounding`` of A, or 0 without proof: P > 0 and
    A^*P + PA <= -I/2 (P - A^*PA >= I/2 in discrete time).

    P may come from anywhere; the two inequalities are checked with error bounds for every operation.
    """
    from scipy.linalg import LinAlgError, solve_continuous_lyapunov, solve_discrete_lyapunov

    N, adjoint = len(A), A.conj().T
    A, adjoint = A.astype(np.result_type(A, np.float64)), adjoint.astype(np.result_type(A, np.float64))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if dt is None:
                P = solve_continuous_lyapunov(adjoint, -np.eye(N))
            else:
                P = solve_discrete_lyapunov(adjoint, np.eye(N))
    except (LinAlgError, ValueError):
        return 0.0
    P = (P + P.conj().T) / 2
    size, flow = np.abs(P), np.abs(A)
    if not (np.isfinite(size).all() and size.max() > 0):
        return 0.0
    norm = float(size.max() * np.sqrt(((size / size.max()) ** 2).sum()))
    if dt is None:
        decrease, terms = -(adjoint @ P + P @ A), flow.T @ size + size @ flow
    else:
        decrease, terms = P - adjoint @ P @ A, size + flow.T @ size @ flow
    error = 8 * (2 * N + 8) * _UNIT * float(terms.sum(axis=1).max())
    error += 4 * norm * rounding * (1 if dt is None else float(np.linalg.norm(A)) + rounding)
    if not (_positive_definite(P, 0.0) and _positive_definite(decrease, 0.5 + error)):
        return 0.0
    return 0.25 * (1 - 1e-9) / norm


def _positive_definite(M: Array, beyond: float) -> bool:
    """Whether the Hermitian part of M exceeds ``beyond`` I for certain: a float Cholesky that succeeds with room.

    A Cholesky factorisation in floating point that runs to the end proves M + E > 0 with
    ||E|| <= gamma_{N+1} trace M (Rump); the shift taken off first is larger, complex arithmetic included.
    """
    H = (M + M.conj().T) / 2
    room = beyond + 16 * (len(M) + 4) * _UNIT * float(np.abs(np.diagonal(H)).sum())
    shifted = H - room * np.eye(len(M))
    if not np.isfinite(shifted).all():
        return False
    try:
        factor = np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(factor).all())


def _verdict(margin: float, how: str) -> Check:
    if margin == -np.inf:
        return Check("stability", f"stability could not be proved: {how}", None, 0.0, False)
    return Check("stability", f"margin to instability; {how}", margin, 0.0, margin > 0)
