"""What bounds all powers at once: ||A|| <= 1, proved in exact arithmetic, and the condition number of eigenvectors."""

from __future__ import annotations

import math

import numpy as np

from .._arrays import Array

__all__ = ["eigenvector_bound", "frobenius", "norm_at_most_one", "spectral_norm"]

_EPS = float(np.finfo(np.float64).eps)


def spectral_norm(F: Array) -> float:
    """The largest singular value; of a matrix that is not finite, infinity."""
    top = float(np.abs(F).max())
    if not 0 < top < math.inf:
        return top if top == 0 else math.inf
    if len(F) <= 128:
        return float(np.linalg.norm(F, 2))
    # Only the largest is asked for, and from the Gram matrix it is as accurate and several times cheaper.
    F = F / top
    return top * math.sqrt(float(np.linalg.eigvalsh(F.conj().T @ F)[-1]))


def frobenius(F: Array) -> float:
    """The root of the sum of squares, which may themselves overflow; of a matrix that is not finite, infinity."""
    top = float(np.abs(F).max())
    return top * float(np.linalg.norm(F / top)) if 0 < top < math.inf else 0.0 if top == 0 else math.inf


def norm_at_most_one(A: Array, norm: float) -> bool:
    """Whether ||A|| <= 1 for certain; where the computed ``norm`` leaves it open, by A^* A or A A^* in integers.

    Gershgorin's discs then decide: exactly orthogonal matrices, and those with one entry in each row or column.
    """
    if abs(norm - 1) > 4 * len(A) * _EPS:
        return norm < 1
    return _gram_at_most_one(A) or _gram_at_most_one(A.conj().T)


def _gram_at_most_one(A: Array) -> bool:
    """Whether no row of A^* A has a sum of moduli beyond 1."""
    if np.abs(A.conj().T @ A).sum(axis=1).max() > 1 + 4 * len(A) * _EPS:
        return False
    parts = np.stack([A.real, A.imag])
    mantissa, exponent = np.frexp(parts)
    lowest = int(exponent[parts != 0].min())
    shift = np.where(parts != 0, exponent - lowest, 0).astype(object)
    re, im = (mantissa * 2.0**53).astype(np.int64).astype(object) << shift
    one = 1 << 2 * (53 - lowest)

    def row(i: int) -> int:
        real, imag = re[:, i] @ re + im[:, i] @ im, re[:, i] @ im - im[:, i] @ re
        return int(np.abs(real).sum() + np.abs(imag).sum())

    return all(row(i) <= one for i in range(len(A)))


def eigenvector_bound(A: Array, discrete: bool) -> float:
    """kappa(V) >= ||e^{tA}||, or ||A^k||, where the eigenvectors prove stability, and infinity where they do not.

    V^{-1} A V = diag(lam) + E for any V, and e^{t(diag(lam) + E)} is a contraction if max Re lam + ||E|| <= 0, a power
    if max abs(lam) + ||E|| <= 1: the rounding of lam and V is part of E.
    """
    lam, V = np.linalg.eig(A)
    try:
        W = np.linalg.inv(V)
    except np.linalg.LinAlgError:
        return math.inf
    size, kappa, rounding = spectral_norm(A), spectral_norm(V) * spectral_norm(W), len(A) * _EPS
    if not kappa * rounding < 0.5:
        return math.inf
    # ||V^{-1}|| <= ||W||/(1 - ||I - V W||).
    defect = spectral_norm(np.eye(len(A)) - V @ W) + rounding * kappa
    if not defect < 0.5:
        return math.inf
    kappa *= (1 + 4 * rounding) / (1 - defect)
    E = spectral_norm(A @ V - V * lam) / spectral_norm(V) + 2 * rounding * size
    edge = float(np.abs(lam).max()) - 1 if discrete else float(lam.real.max())
    return kappa if edge + kappa * E <= 0 else math.inf
