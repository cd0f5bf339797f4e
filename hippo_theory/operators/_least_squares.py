"""Least squares S ~ M R for weighted samples R of functions and S of their images: float64 or many digits.

Called by ``projection`` alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Real
from .._optional import require
from ..errors import AccuracyError, AccuracyWarning, ParameterError
from ._panels import inner, rounded

__all__ = ["GUARD_DIGITS", "Fit", "least_squares", "normal_equations"]

# Differentiation on a panel of Q nodes loses about log10(Q^2) digits, the normal equations as much again.
GUARD_DIGITS = 15


class Fit(NamedTuple):
    M: Array  # S ~ M R
    rest: Array  # S - M R
    dual: Callable[[Array], Array]  # values of phi -> values of the dual functions at the same point
    gram: Array
    modes: Real
    condition: float


def least_squares(R: Real, S: Real, rcond: float | None) -> Fit:
    """S ~ M R through R^T = Q T and the singular values of T: the Gram matrix would square the condition."""
    N = R.shape[0]
    Q, T = np.linalg.qr(R.T)
    norms = np.sqrt((T * T).sum(axis=0))
    scale = np.where(norms > 0, norms, 1.0) if rcond is None else np.ones(N)
    U, sigma, Vt = np.linalg.svd(T / scale, full_matrices=False)
    rank = int((sigma > (8 * N * np.finfo(np.float64).eps if rcond is None else rcond) * sigma[0]).sum())
    if rank == 0:
        raise ParameterError("project: all functions vanish, where the weight does not.")
    if rcond is None and rank < N:
        raise ParameterError(
            f"project: the {N} functions are linearly dependent in float64 (rank {rank}); choose a better conditioned "
            "basis of the same span, more digits=, or declare a redundant frame with rcond= (1e-10, say)."
        )
    condition = float(sigma[0] / sigma[rank - 1])
    if rcond is None:
        _warn_of_lost_digits(5, 13 - np.log10(condition), condition)
    W = Q @ U[:, :rank]
    Z = Vt[:rank] / sigma[:rank, None] / scale
    C = S @ W
    modes = np.eye(N) if rcond is None else Vt[:rank].T.copy()
    return Fit(C @ Z, S - C @ W.T, lambda phi: np.asarray(Z.T @ (Z @ phi)), T.T @ T, modes, condition)


def normal_equations(R: Array, S: Array, digits: int) -> Fit:
    """S ~ M R through the Gram matrix: in many digits the squared condition costs nothing."""
    flint = require("flint")
    gram = inner(R, R)
    one, G = np.eye(R.shape[0], dtype=int), flint.arb_mat(gram.tolist())

    def solved(b: Array) -> Array:
        try:
            x = G.solve(flint.arb_mat(b.tolist()))
        except ZeroDivisionError:
            raise AccuracyError(
                f"project: the Gram matrix of the {R.shape[0]} functions is singular at this precision; raise digits, "
                "or drop dependent functions."
            ) from None
        return np.array([v.mid() for v in x.entries()], dtype=object).reshape(b.shape)

    M = solved(inner(R, S)).T
    scale = np.sqrt(np.diag(rounded(gram)))
    sizes = [
        np.linalg.norm(rounded(g), 2) for g in (gram / scale / scale[:, None], solved(one) * scale * scale[:, None])
    ]
    condition = float(np.sqrt(sizes[0] * sizes[1]))
    _warn_of_lost_digits(digits, digits + GUARD_DIGITS - 4 - 2 * np.log10(condition), condition)
    return Fit(M, S - inner(M, R.T), lambda phi: solved(phi[:, None])[:, 0], gram, np.eye(R.shape[0]), condition)


def _warn_of_lost_digits(wanted: float, kept: float, condition: float) -> None:
    if kept < wanted:
        warnings.warn(
            f"project: the functions have condition {condition:.0e}, A has about {kept:.0f} correct digits; an "
            "orthogonal basis of the same span has all.",
            AccuracyWarning,
            stacklevel=5,
        )
