"""Modes of a perturbed matrix, A + E = V diag(lam) V^{-1}: upper halves of conjugate pairs with a real form, or all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._arrays import Array, Complex
from ..errors import AccuracyError, UnstableSystemError
from ..systems import Diagonal

__all__ = ["Modes", "diagonalized"]


@dataclass(frozen=True)
class Modes:
    """Unit eigenvectors and the input V^{-1} B of one block; ``pairs``: upper halves, then real modes.

    A complex mode of a pair and its mirror image are driven by a weight and its conjugate; ``weights`` are those.
    """

    lam: Complex
    V: Complex
    weights: Complex
    pairs: bool

    @cached_property
    def condition(self) -> float:
        """||V|| ||V^{-1}|| of all columns."""
        sigma = np.linalg.svd(_all_columns(self.lam, self.V, self.pairs), compute_uv=False)
        return float(sigma[0] / sigma[-1]) if sigma[-1] else math.inf

    @property
    def halves(self) -> Array:
        """What a stored weight counts for, as 2 Re is taken of all outputs: 1/2 for a real mode."""
        return np.where(self.lam.imag == 0, 0.5, 1.0) if self.pairs else np.ones(self.lam.size)

    @property
    def system(self) -> Diagonal:
        """The state in the coordinates of the operator."""
        return Diagonal(self.lam, self.halves * self.weights, C=self.V, conjugate_pairs=self.pairs)

    def stored(self, B: Array) -> Complex:
        """What a layer stores of an input B (n,) or (n, H)."""
        return np.asarray((_coordinates(self.lam, self.V, self.pairs, B).T * self.halves).T)


def diagonalized(A: Array, B: Array, who: str, line: float | None = None) -> Modes:
    """By LAPACK; unit columns in the phase that makes B^T v >= 0. ``line`` is the real part of all, where known."""
    lam, V = np.linalg.eig(A)
    if line is not None:
        lam = line + 1j * lam.imag
    worst = int(np.argmax(lam.real))
    if line is None and lam[worst].real >= 0:
        raise UnstableSystemError(
            f"{who}: A + E has the eigenvalue {lam[worst]:.6g}; only a stable layer can be made of it. Take a smaller "
            'perturbation or another draw; method="allpass" keeps every stable dissipative A stable.'
        )
    pairs = not np.iscomplexobj(A)
    if pairs:
        kept = lam.imag >= 0
        lam, V = lam[kept].astype(np.complex128), V[:, kept]
        order = np.lexsort((-lam.real, -lam.imag))
    else:
        order = np.argsort(-lam.imag, kind="stable")
    lam, V = lam[order], V[:, order]
    drive = B @ V
    V = V * np.where(drive == 0, 1.0, drive.conj() / np.where(drive == 0, 1.0, np.abs(drive)))
    weights = _coordinates(lam, V, pairs, B)
    if not np.isfinite(weights).all():
        raise AccuracyError(f"{who}: A + E is defective to rounding; perturb it otherwise.")
    return Modes(lam, V, weights, pairs)


def _all_columns(lam: Complex, V: Complex, pairs: bool) -> Array:
    """All columns, of pairs turned by a unitary matrix: sqrt2 Re v and -sqrt2 Im v in place of v and conj v."""
    if not pairs:
        return V
    paired, root = lam.imag != 0, math.sqrt(2.0)
    return np.hstack([root * V[:, paired].real, -root * V[:, paired].imag, V[:, ~paired].real])


def _coordinates(lam: Complex, V: Complex, pairs: bool, B: Array) -> Complex:
    """V^{-1} B, of a pair the coordinate with respect to v."""
    turned: Array = np.linalg.solve(_all_columns(lam, V, pairs), B)
    if not pairs:
        return turned.astype(np.complex128, copy=False)
    paired = lam.imag != 0
    first, second, rest = np.split(turned, [paired.sum(), 2 * paired.sum()])
    weights = np.empty((lam.size, *B.shape[1:]), dtype=np.complex128)
    weights[paired], weights[~paired] = (first + 1j * second) / math.sqrt(2.0), rest
    return weights
