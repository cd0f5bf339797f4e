"""The second road to the normal part of a one-port family: its spectrum and eigenvectors in balls.

``two_ports`` is the road for LegT.

Shares nothing with ``lossless``: candidates come from plain bisection, and each enclosure of a root
of Theta(y) = pi m is *proved* by the signs of the strictly increasing Theta at its two ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from ..errors import AccuracyError
from ..operators import FouT, Operator, PoleChain
from .balls import conjugate

__all__ = ["ExactNormalPart", "enclose_normal_part"]


@dataclass(frozen=True)
class ExactNormalPart:
    """Enclosures, upper halves by falling frequency: object arrays of flint balls.

    ``lam`` (M,) acb, ``V`` (N, M) acb with V^* B > 0, ``weights`` = V^* B (M,) arb; M = ceil(N/2). LegT has a
    second port, d = abs(B), and ``far`` = V^* d (M,) acb.
    """

    N: int
    lam: Array
    V: Array
    weights: Array
    far: Array | None = None

    def full(self) -> tuple[Array, Array, Array]:
        """All N modes: the stored halves, then mirror images (the real mode of an odd N once)."""
        M = self.N // 2
        lam = np.concatenate([self.lam, conjugate(self.lam[:M])])
        V = np.concatenate([self.V, conjugate(self.V[:, :M])], axis=1)
        return lam, V, np.concatenate([self.weights, self.weights[:M]])

    @property
    def P(self) -> Array:
        """A = V (diag(lam) - P P^*) V^* on the full spectrum: V^* B/sqrt2 (N,), or V^* [B d]/sqrt2 (N, 2)."""
        half = self.weights if self.far is None else np.column_stack([self.weights, self.far])
        return np.asarray(np.concatenate([half, conjugate(half[: self.N // 2])]) * require("flint").arb(0.5).sqrt())


def enclose_normal_part(operator: Operator, bits: int) -> ExactNormalPart:
    """Enclose eigenvalues, eigenvectors and V^*B of A + B B^T/2; call inside ``working_precision(bits)``."""
    if isinstance(operator, FouT):
        return _fourier(operator)
    if not isinstance(operator, PoleChain):
        raise AccuracyError(f"No second road to the spectrum of the normal part of {operator!r} is known.")
    flint = require("flint")
    N, M = operator.N, (operator.N + 1) // 2
    a = [flint.acb(float(v.real), float(v.imag)) for v in operator.a]
    shift = flint.arb(operator.shift)
    lam, weights = np.empty(M, dtype=object), np.empty(M, dtype=object)
    V = np.empty((N, M), dtype=object)
    for j, candidate in enumerate(_candidates(operator.a)):
        y = _enclosed_root(a, N - 1 - 2 * j, float(candidate), bits) if N - 1 - 2 * j else flint.arb(0)
        lam[j] = flint.acb(-shift, y)
        V[:, j], weights[j] = _eigenvector(a, y)
    return ExactNormalPart(N, lam, V, weights)


def _fourier(operator: FouT) -> ExactNormalPart:
    flint = require("flint")
    N, M = operator.N, (operator.N - 1) // 2
    half = flint.arb(0.5).sqrt()
    lam = np.array([flint.acb(0, 2 * m * flint.arb.pi()) for m in range(M, -1, -1)], dtype=object)
    V = np.full((N, M + 1), flint.acb(0), dtype=object)
    for m in range(1, M + 1):
        V[2 * m - 1, M - m], V[2 * m, M - m] = flint.acb(half), flint.acb(0, -half)
    V[0, M] = flint.acb(1)
    return ExactNormalPart(N, lam, V, np.array([flint.arb(2)] * (M + 1), dtype=object))


def _candidates(a: Array) -> Array:
    """Float roots of Theta(y) = pi m by 120 halvings of log y, largest first."""
    N = a.size
    m = np.arange(N - 1, -1, -2, dtype=np.float64)
    reach = 2 * N * np.abs(a).max()
    low, high = np.full(m.size, np.log(np.abs(a).min()) - 60), np.full(m.size, np.log(reach) + 1)
    for _ in range(120):
        middle = (low + high) / 2
        theta = 2 * np.arctan2(np.exp(middle)[:, None] + a.imag, a.real).sum(axis=1)
        below = theta < np.pi * m
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.exp((low + high) / 2))


def _enclosed_root(a: list[Any], m: int, y: float, bits: int) -> Any:
    flint = require("flint")
    target = m * flint.arb.pi()
    for sharp in (False, True):
        root = _bisected(a, target, y, bits) if sharp else flint.arb(y)
        for _ in range(max(3, bits // 20)):
            step = (_theta(a, root) - target) / _slope(a, root)
            root = (root - step).mid()
        for slack in (bits - 24, bits - 40, bits // 2):
            width = root * flint.arb(2) ** (-slack)
            low, high = (root - width).mid(), (root + width).mid()
            if _theta(a, low) < target and _theta(a, high) > target:
                return low.union(high)
    raise AccuracyError(
        f"The root of Theta(y) = {m} pi near y = {y:.17g} could not be enclosed at {bits} bits; raise bits=."
    )


def _bisected(a: list[Any], target: Any, y: float, bits: int) -> Any:
    """Halvings in balls, for a resonance so sharp that Newton's method leaves it from the nearest float."""
    flint = require("flint")
    low, high = flint.arb(y) * (1 - flint.arb(2) ** -20), flint.arb(y) * (1 + flint.arb(2) ** -20)
    for _ in range(bits):
        middle = ((low + high) / 2).mid()
        if _theta(a, middle) < target:
            low = middle
        else:
            high = middle
    return ((low + high) / 2).mid()


def _theta(a: list[Any], y: Any) -> Any:
    flint = require("flint")
    return 2 * sum((((y + z.imag) / z.real).atan() for z in a), flint.arb(0))


def _slope(a: list[Any], y: Any) -> Any:
    flint = require("flint")
    return 2 * sum((z.real / (z.real * z.real + (y + z.imag) * (y + z.imag)) for z in a), flint.arb(0))


def _eigenvector(a: list[Any], y: Any) -> tuple[list[Any], Any]:
    """G at s + shift = iy, normalised, and 2/||G||.

    The running all-pass product is taken as the exponential of summed angles: a product of complex
    balls would wrap, and lose half a bit at every factor.
    """
    flint = require("flint")
    p = flint.acb(0, y)
    norm = sum((2 * z.real / (z.real * z.real + (y + z.imag) * (y + z.imag)) for z in a), flint.arb(0)).sqrt()
    v, angle, sign, k = [], flint.arb(0), 1, 0
    while k < len(a):
        z, pair = a[k], 1 if a[k].imag == 0 else 2
        phi = sign * flint.acb(angle.cos(), -angle.sin()) / norm
        if pair == 1:
            v.append((2 * z.real).sqrt() / (p + z) * phi)
        else:
            size = (z.real * z.real + z.imag * z.imag).sqrt()
            drive = 2 * z.real.sqrt() / ((p + z) * (p + z.conjugate())) * phi
            v += [drive * p, drive * size]
        angle += _theta(a[k : k + pair], y)
        sign, k = -sign if pair == 1 else sign, k + pair
    return v, 2 / norm
