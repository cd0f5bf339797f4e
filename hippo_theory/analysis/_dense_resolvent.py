"""sigma_min(zI - A) of any matrix in float64: a Schur form, inverse Lanczos, singular values where that is slow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._arrays import Array, Complex, Real
from .._double import two_sum
from .._optional import require
from ._inverse_lanczos import smallest_singular_values

__all__ = ["Triangular", "chain_in", "triangular_form"]

_EPS = float(np.finfo(np.float64).eps)
_LOG10_2 = math.log10(2.0)
# Below this fraction of the largest entry others may be lost, and with them what lies below the floor.
_GRADED = 1e-150


@dataclass(frozen=True, eq=False)
class Triangular:
    """An upper triangular T (N, N), entries at most one, that is unitarily similar to A/2^unit.

    ``as_given``: A itself is triangular, and sigma_min is computed to the accuracy that its entries determine.
    """

    T: Array
    unit: int
    norm: float
    as_given: bool

    @property
    def eigenvalues(self) -> Complex:
        half = self.unit // 2
        return np.asarray(np.diagonal(self.T) * 2.0**half * 2.0 ** (self.unit - half), dtype=np.complex128)

    @property
    def floor(self) -> float:
        """Absolute error of sigma_min, about 4 eps sqrt(N) norm(A): Schur form and substitution, measured."""
        return 4 * _EPS * math.sqrt(len(self.T)) * self.norm

    def __call__(self, z: Complex) -> Real:
        """log10 of sigma_min(zI - A) at finite points z (P,)."""
        N, log10 = len(self.T), np.empty(z.size)
        scaled = np.empty_like(z)
        with np.errstate(over="ignore", divide="ignore"):
            scaled.real, scaled.imag = np.ldexp(z.real, -self.unit), np.ldexp(z.imag, -self.unit)
            far = ~(np.hypot(scaled.real / 4, scaled.imag / 4) < 2.0**60 * N * (self.norm > 0))
            log10[far] = np.log10(np.hypot(z.real[far] / 2, z.imag[far] / 2)) + _LOG10_2
        near = np.flatnonzero(~far)
        if near.size:
            log10[near] = self._near(scaled[near]) + self.unit * _LOG10_2
        return log10

    def _near(self, z: Complex) -> Real:
        if not np.triu(self.T, 1).any():
            with np.errstate(divide="ignore"):
                return np.asarray(np.log10(np.abs(z[:, None] - np.diagonal(self.T)).min(axis=1)))
        tolerance = 0.0 if self.as_given else self.floor / 8 / math.ldexp(1.0, self.unit)
        log10, settled = smallest_singular_values(self.T, z, tolerance, 60 + len(self.T))
        slow = np.flatnonzero(~settled)
        # A few megabytes of matrices at a time.
        pieces = np.array_split(slow, 1 + slow.size * len(self.T) ** 2 // (1 << 20))
        for piece in pieces:
            matrices = z[piece, None, None] * np.eye(len(self.T)) - self.T
            with np.errstate(divide="ignore"):
                log10[piece] = np.log10(np.linalg.svd(matrices, compute_uv=False)[:, -1])
        return log10

    def lowest_reliable(self, z: Complex, log10: Real) -> float:
        """log10 of the floor; -inf where rounding of the entries does not move what lies below it.

        Of a triangular A, by trial: up to 16 or so of the values below, three random roundings.
        """
        floor = math.log10(self.floor) if self.floor else -math.inf
        below = np.flatnonzero(np.isfinite(z) & np.isfinite(log10) & (log10 < floor))
        smallest = np.abs(self.T[self.T != 0]).min(initial=1.0)
        with np.errstate(over="ignore"):
            nearest = np.ldexp(np.abs(z[np.isfinite(z) & (z != 0)]), -self.unit).min(initial=1.0)
        if not self.as_given or min(smallest, nearest) < _GRADED:
            return floor
        sample = below[np.argsort(log10[below], kind="stable")][:: max(1, below.size // 16)]
        rng = np.random.default_rng(0)
        for _ in range(3):
            noise = 1 + _EPS * np.triu(rng.uniform(-1, 1, self.T.shape), 1)
            moved = Triangular(self.T * noise, self.unit, self.norm, True)(z[sample])
            if not (np.abs(moved - log10[sample]) < 1e-9).all():
                return floor
        return -math.inf


def triangular_form(A: Array) -> Triangular:
    """A itself where it is triangular, else its complex Schur form."""
    top = max(float(np.abs(A.real).max()), float(np.abs(A.imag).max()))
    unit = math.frexp(top)[1]
    T = A * math.ldexp(1.0, -(unit // 2)) * math.ldexp(1.0, unit // 2 - unit)  # the power alone may overflow
    as_given = True
    if not np.triu(T, 1).any():
        T = np.ascontiguousarray(T[::-1, ::-1])  # the same singular values
    elif np.tril(T, -1).any():
        T, as_given = np.ascontiguousarray(require("scipy.linalg").schur(T, output="complex")[0]), False
    return Triangular(T, unit, float(np.linalg.norm(T, 2)) * math.ldexp(1.0, unit), as_given)


def chain_in(A: Array) -> tuple[Complex, float] | None:
    """Sections a (N,) and shift of the pole chain that A is to the last bits of its entries, or None.

    Three rows or more, triangular, A_nk = -b_n b_k off the diagonal and -(b_n^2/2 + shift) on it.
    """
    if np.iscomplexobj(A) or len(A) < 3 or (np.triu(A, 1).any() and np.tril(A, -1).any()):
        return None
    lower = A if np.tril(A, -1).any() else A.T
    with np.errstate(all="ignore"):
        first = np.sqrt(lower[2, 0] / -lower[2, 1] * lower[1, 0])
        b = np.concatenate([[first], -lower[1:, 0] / first])
        product, diagonal = np.tril(np.outer(b, b), -1), -np.diagonal(lower)
        if not (np.abs(np.tril(lower, -1) + product) <= 16 * _EPS * np.abs(product)).all() or not b.all():
            return None
        half, size = b * b / 2, diagonal + b * b
        j = int(np.argmin(size))
        # The shift to 40 bits where that will do: one that was meant, such as 1/2, is met, and so are the poles.
        step = np.ldexp(1.0, np.frexp(size[j])[1] - 40)
        for shift in (np.round((diagonal - half)[j] / step) * step, (diagonal - half)[j]):
            if (np.abs(diagonal - half - shift) <= 16 * _EPS * size).all():
                a, rest = two_sum(diagonal, np.asarray(-shift))
                # The poles have to be the diagonal exactly: next to one nothing less will do.
                if not rest.any() and (np.abs(a - half) <= 16 * _EPS * half).all():
                    return a.astype(np.complex128), float(shift)
    return None
