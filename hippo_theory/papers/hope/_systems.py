"""Many random systems at once, and their Hankel singular values to the accuracy that a rank at 1 % needs."""

from __future__ import annotations

import math

import numpy as np

from ..._arrays import Array, Complex, Real
from ...initializations import hope
from ...operators import LegS

__all__ = ["fractions", "layers", "legs_values", "mode_values", "random_modes", "ranks", "relative"]

Generator = np.random.Generator


def complex_normal(rng: Generator, *shape: int) -> Complex:
    """E|x|^2 = 1."""
    re, im = rng.standard_normal((2, *shape))
    return np.asarray((re + 1j * im) / math.sqrt(2))


def random_modes(rng: Generator, count: int, n: int, alpha: float | None = None) -> tuple[Complex, Complex, Complex]:
    """Discrete poles, inputs, outputs (count, n): uniform in the disk, or with P(|a| > 1 - rho) = rho^alpha."""
    u, angle = rng.random((count, n)), 2 * np.pi * rng.random((count, n))
    radius = np.sqrt(u) if alpha is None else 1 - u ** (1 / alpha)
    return radius * np.exp(1j * angle), complex_normal(rng, count, n), complex_normal(rng, count, n)


def mode_values(a: Complex, b: Complex, c: Complex, *, continuous: bool = False) -> Real:
    """Hankel singular values (count, n) of diagonal systems, from Gramians: sqrt(eig(P Q)), P = X X^* by eigh.

    The largest to rounding, one of size sigma to about eps ||P|| ||Q||/sigma.
    """
    left, right = a[..., :, None], a[..., None, :].conj()
    kernel = -1 / (left + right) if continuous else 1 / (1 - left * right)
    P = b[..., :, None] * b[..., None, :].conj() * kernel
    Q = c[..., :, None].conj() * c[..., None, :] * kernel.conj()
    w, X = np.linalg.eigh(P)
    X = X * np.sqrt(np.maximum(w, 0))[..., None, :]
    squares = np.linalg.eigvalsh(np.swapaxes(X.conj(), -1, -2) @ Q @ X)[..., ::-1]
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def layers(rng: Generator, count: int, n: int, *, real: bool = False) -> Real:
    """Hankel singular values (count, n) of HOPE layers with independent normal h."""
    values = np.empty((count, n))
    for row in values:
        h = rng.standard_normal(n) if real else complex_normal(rng, n)
        row[:] = hope(n, 1.0, h=h).hankel_singular_values
    return values


def legs_values(C: Real) -> Real:
    """Hankel singular values (count, n) of (A, B, C_i) for LegS: the exact Gramian of (A, B), squared Smith steps."""
    op = LegS(C.shape[1])
    eye = np.eye(op.N)
    R = np.linalg.inv(eye - op.A)
    power, c = R @ (eye + op.A), math.sqrt(2) * C @ R
    Q = c[:, :, None] * c[:, None, :]
    # The image of A is a contraction: its powers lose nothing.
    while np.linalg.norm(power) > 1e-18:
        Q = Q + power.T @ Q @ power
        power = power @ power
    L = np.linalg.cholesky(op.gramian())
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(L.T @ Q @ L), 0))[:, ::-1])


def relative(values: Real) -> Real:
    """sigma_j/sigma_1."""
    return np.asarray(values / values[..., :1])


def ranks(values: Array, eps: float = 0.01) -> Array:
    """How many values exceed eps times the largest."""
    return np.asarray((values > eps * values[..., :1]).sum(axis=-1))


def fractions(values: Array, eps: float = 0.01) -> tuple[float, float]:
    """Mean share of values above eps times the largest, and half the width of its 95 % interval."""
    shares = ranks(values, eps) / values.shape[-1]
    return float(shares.mean()), float(1.96 * shares.std(ddof=1) / math.sqrt(len(shares)))
