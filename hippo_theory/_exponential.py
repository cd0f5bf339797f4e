"""e^{tA} B at many times at once, the sampled powers Abar^l B, and (e^z - 1)/z: what kernels are made of."""

from __future__ import annotations

import numpy as np

from ._arrays import Array, Real
from .errors import AccuracyError

__all__ = ["expm1_over", "exponential_action", "power_action"]

_TAYLOR_TERMS = 19  # 1/19! = 8e-18: with |hA| <= 1 the truncation is below the rounding


def exponential_action(A: Array, B: Array, t: Real) -> Array:
    """e^{t_j A} B for every time, shape B.shape + (T,): B a vector, or one a column.

    t_j = q_j h + r_j with h = 2^-k, |hA|_1 <= 1: the remainder r_j by a Taylor polynomial (one set
    of vectors A^i B serves all times), the integer q_j by its bits and the squares of e^{hA}.
    ``AccuracyError`` where |A| t exceeds 2^62.
    """
    from scipy.linalg import expm

    if t.size == 0 or t.max() == 0:
        return np.repeat(B[..., None], t.size, axis=-1)
    norm = max(float(np.abs(A).sum(axis=0).max()), 1e-290)
    h = 2.0 ** -np.ceil(np.log2(norm))
    if t.max() / h >= 2.0**62:
        raise AccuracyError(
            f"e^(tA) is not computed for |A| t = {norm * t.max():.3g}: no digit would be left of it; rescale time."
        )
    q = np.floor(t / h).astype(np.int64)
    vectors = [B]
    for i in range(1, _TAYLOR_TERMS):
        vectors.append((h / i) * (A @ vectors[-1]))
    X = np.stack(vectors, axis=-1) @ np.vander(t / h - q, _TAYLOR_TERMS, increasing=True).T
    step = expm(h * A)
    with np.errstate(over="ignore", invalid="ignore"):
        for bit in range(int(q.max()).bit_length()):
            if bit:
                step = step @ step
            odd = (q >> bit) & 1 == 1
            X[..., odd] = np.tensordot(step, X[..., odd], 1)
    if not np.isfinite(X).all():
        raise AccuracyError("e^(tA) B exceeds the float range: A is unstable; take smaller times.")
    return np.asarray(X)


def power_action(A: Array, B: Array, length: int) -> Array:
    """A^l B for l = 0..length-1, shape B.shape + (length,): a doubled block, then block steps."""
    X = np.empty((*B.shape, length), dtype=np.result_type(A, B))
    X[..., 0] = B
    width, power = 1, A
    while width < min(length, 64):
        ahead = min(width, length - width)
        X[..., width : width + ahead] = np.tensordot(power, X[..., :ahead], 1)
        power = power @ power
        width *= 2
    for start in range(width, length, width):
        stop = min(start + width, length)
        X[..., start:stop] = np.tensordot(power, X[..., start - width : stop - width], 1)
    return X


def expm1_over(z: Array) -> Array:
    """(e^z - 1)/z with the value 1 at z = 0, to full relative accuracy for small |z|."""
    tiny = np.abs(z) < 1e-300  # 1 to the last digit, while a quotient of subnormals overflows on the way
    safe = np.where(tiny, 1.0, z)
    return np.where(tiny, 1.0, np.expm1(safe) / safe)
