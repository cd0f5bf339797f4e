"""Proofs of stability for stored tensors: from the diagonal, from dissipation, or from enclosed eigenvalues."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from .balls import embed, matrix, upper
from .certificate import Check

__all__ = ["stability_check"]

_EIGENVALUE_LIMIT = 64  # acb_mat.eig costs 1 s there and 10 s at 128


def stability_check(tensors: dict[str, Array], claim: dict[str, Any]) -> Check:
    """A lower bound of the stability margin: -max Re (continuous) or 1 - max |.| (discrete time).

    Diagonal: the stored eigenvalues themselves. Diagonal minus P P^*: the Hermitian part is at most
    max Re lam; if that is 0, distinct lam and no zero in P still exclude the imaginary axis.
    Triangular: the diagonal. Other dense matrices up to N = 64: rigorous eigenvalue enclosures.
    """
    dt = claim.get("dt")
    if "A" in tensors:
        return _dense(tensors["A"], dt)
    lam = tensors["lam"]
    worst = lam[int(np.argmax(np.abs(lam) if dt is not None else lam.real))]
    margin = 1.0 - upper(abs(embed(np.array([worst]))[0])) if dt is not None else float(-worst.real)
    if "P" not in tensors:
        return _verdict(margin, f"poles are stored; the nearest to instability is {complex(worst):.6g}")
    if dt is not None or "Q" in tensors:
        return Check("stability", "not decided: the low-rank part is not a dissipation", 0.0, None, True)
    if margin == 0 and np.unique(lam).size == lam.size and np.all(tensors["P"] != 0):
        text = "A + A^* = 2 Re lam - 2 P P^* <= 0, lam distinct and P without zeros: no pole on the axis"
        return Check("stability", text, 0.0, 0.0, True)
    return _verdict(margin, "A + A^* <= 2 max Re lam, since -P P^* only dissipates")


def _dense(A: Array, dt: float | None) -> Check:
    if np.array_equal(A, np.tril(A)) or np.array_equal(A, np.triu(A)):
        diagonal = embed(np.diagonal(A).copy())
        how = "A is triangular: its diagonal"
    elif A.shape[0] <= _EIGENVALUE_LIMIT:
        try:
            diagonal = np.array(matrix(embed(A)).eig(), dtype=object)
        except (ValueError, ZeroDivisionError):
            return Check("stability", "not decided: the eigenvalues could not be isolated", 0.0, None, True)
        how = "enclosed eigenvalues of the stored A"
    else:
        text = f"not decided: A is neither triangular nor at most {_EIGENVALUE_LIMIT} wide"
        return Check("stability", text, 0.0, None, True)
    acb = require("flint").acb
    if dt is not None:
        worst = max(upper(abs(acb(z))) for z in diagonal)
        return _verdict(1.0 - worst, f"{how} has modulus at most {worst:.6g}")
    worst = max(upper(acb(z).real) for z in diagonal)
    return _verdict(-worst, f"{how} has real part at most {worst:.6g}")


def _verdict(margin: float, how: str) -> Check:
    if not math.isfinite(margin):
        return Check("stability", f"not decided: {how}", 0.0, None, True)
    return Check("stability", f"margin to instability; {how}", margin, 0.0, margin > 0)
