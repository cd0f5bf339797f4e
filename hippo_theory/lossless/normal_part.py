"""Closed-form diagonalisation of the normal part A_N = A + B B^T / 2 of a one-port family (theory L3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array, Complex, Real, frozen
from .._double import Double, scaled
from ..errors import AccuracyError, ParameterError, ParameterTypeError
from ..operators import FouT, OnePort, Operator, PoleChain
from .phase import group_products, group_starts, normal_frequencies

__all__ = ["NormalPart", "diagonalize_normal_part"]

_COLUMNS = 512  # of V worked on at a time


@dataclass(frozen=True, eq=False)
class NormalPart:
    r"""A_N = V diag(lam) V^*, upper halves of conjugate pairs, largest frequency first.

    A_N = A + B B^T/2 with one port, A + (B B^T + d d^T)/2 with two; either way A = V (diag(lam) - P P^*) V^*.

    Attributes
    ----------
    lam : ndarray, shape (ceil(N/2),)
        -shift + i y, y >= 0 falling; for odd N the last one is real.
    V : ndarray, shape (N, ceil(N/2))
        Unit eigenvectors, G(lam)/||G(lam)|| with one port, in the phase that makes V^* B real and positive.
    weights : ndarray, shape (ceil(N/2),)
        V^* B > 0; with one port 2/||G(lam)||.
    far_weights : ndarray, complex, shape (ceil(N/2),), or None
        V^* d where there is a second port.
    """

    N: int
    lam: Complex
    V: Complex
    weights: Real
    far_weights: Complex | None = None

    @property
    def P(self) -> Array:
        """The low-rank factor on the full spectrum, V^* B/sqrt2 (N, 1) or V^* [B d]/sqrt2 (N, 2)."""
        far = () if self.far_weights is None else (self.far_weights,)
        half = np.column_stack([self.weights, *far]) / np.sqrt(2.0)
        return np.concatenate([half, half[: self.N // 2].conj()])

    def full(self) -> tuple[Complex, Complex, Real]:
        """lam (N,), V (N, N) and V^* B (N,): stored halves, then the mirror images of the complex ones."""
        paired = self.N // 2
        lam = np.concatenate([self.lam, self.lam[:paired].conj()])
        V = np.concatenate([self.V, self.V[:, :paired].conj()], axis=1)
        return lam, V, np.concatenate([self.weights, self.weights[:paired]])


def diagonalize_normal_part(operator: Operator) -> NormalPart:
    """Eigenvalues, unitary eigenvectors and input weights of A_N without an eigensolver.

    The eigenvalues are the roots of phi = -1, found on the phase; the eigenvectors are the transfer
    vectors there, products of unimodular factors; B^T G(lam) = 1 - phi = 2 fixes a canonical phase.

    Parameters
    ----------
    operator : OnePort
        LegS, LagT, FouT or any TakenakaMalmquist.

    Returns
    -------
    NormalPart
        Eigenvalues correctly rounded, weights and entries of V to a few ulp at every N. Cost O(N^2).

    Raises
    ------
    ParameterError
        The operator has two ports (LegT): ``diagonalize_two_ports`` makes the correction of rank two.
    AccuracyError
        Parameters so far apart, or resonances so sharp and close, that float64 cannot tell them apart.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from hippo_theory.lossless import diagonalize_normal_part
    >>> diagonalize_normal_part(ht.LegS(64)).lam[0].imag.round(7)
    np.float64(1303.273843)
    """
    if not isinstance(operator, Operator):
        raise ParameterTypeError(f"An operator is needed, such as LegS(64); got {operator!r}.")
    if not isinstance(operator, OnePort):
        raise ParameterError(
            f"{operator!r} has two ports, A + A^T = -B B^T - d d^T: one rank-one correction does not make it "
            f"normal. Use ``diagonalize_two_ports``, or a one-port family (LegS, LagT, FouT, TakenakaMalmquist)."
        )
    if isinstance(operator, FouT):
        return _fourier(operator)
    if not isinstance(operator, PoleChain):
        raise ParameterError(f"{operator!r} is not a pole chain: no closed form of its spectrum is known here.")
    y = normal_frequencies(operator.a)
    # In units of a power of four, a and y are of order one and no square leaves the float range.
    half = int(np.frexp(np.abs(operator.a).max())[1]) // 2
    unit = scaled(operator.a, -2 * half)
    with np.errstate(all="ignore"):
        # An imaginary part may vanish in these units; its section remains one for a pair.
        paired = operator.a.imag != 0
        V, weights = _eigenvectors(unit, paired, (np.ldexp(y[0], -2 * half), np.ldexp(y[1], -2 * half)))
    if not (np.isfinite(V).all() and np.isfinite(weights).all() and (weights > 0).all()):
        raise AccuracyError(f"{operator!r}: the parameters lie too far apart for its eigenvectors in float64.")
    lam = -operator.shift + 1j * y[0]
    return NormalPart(operator.N, frozen(lam), frozen(V), frozen(np.ldexp(weights, half)))


def _fourier(operator: FouT) -> NormalPart:
    """A_N is the rotation itself: lam = 2 pi i m, eigenvectors (cos m - i sin m)/sqrt2."""
    N, M = operator.N, (operator.N - 1) // 2
    y = np.r_[operator.A[2::2, 1::2].diagonal()[::-1], 0.0]
    V = np.zeros((N, M + 1), dtype=np.complex128)
    m = np.arange(M, 0, -1)
    V[2 * m - 1, M - m], V[2 * m, M - m], V[0, M] = np.sqrt(0.5), -1j * np.sqrt(0.5), 1.0
    return NormalPart(N, frozen(1j * y), frozen(V), frozen(np.full(M + 1, 2.0)))


def _eigenvectors(a: Complex, paired: Array, y: Double) -> tuple[Array, Real]:
    """Unit G(-shift + iy) and 2/||G||: in p = iy the shift drops out and every factor has modulus one.

    V depends on y through phases of up to N pi: y enters as (high, low), and the running products
    of a_k + iy are double-double, so that every entry is rounded a handful of times only.
    """
    V, weights = np.empty((a.size, y[0].size), dtype=np.complex128), np.empty(y[0].size)
    for start in range(0, y[0].size, _COLUMNS):
        part = slice(start, start + _COLUMNS)
        V[:, part], weights[part] = _columns(a, paired, (y[0][part], y[1][part]))
    return V, weights


def _columns(a: Complex, paired: Array, y: Double) -> tuple[Complex, Real]:
    alpha, N = a.real[:, None], a.size
    section = np.empty((N, y[0].size), dtype=np.complex128)
    section.real, section.imag = alpha, (y[0] + a.imag[:, None]) + y[1]
    density = 2 * alpha / (section.real**2 + section.imag**2)
    norm = np.sqrt(np.ascontiguousarray(density.T).sum(axis=1))  # numpy sums pairwise along the last axis only
    z = _running_products(a, y)
    z *= z / (np.where(np.arange(N) % 2, -norm[:, None], norm[:, None]).T * (z.real**2 + z.imag**2))
    V = np.sqrt(2 * alpha) / section * z.conj()
    first = np.flatnonzero(paired)[::2]
    drive = 2 * np.sqrt(alpha[first]) / section[first] * z[first].conj() / section[first + 1]
    V[first], V[first + 1] = drive * (1j * y[0]), drive * np.abs(a[first, None])
    return V, 2 / norm


def _running_products(a: Complex, y: Double) -> Complex:
    """prod_{k<n} (a_k + iy), n = 0..N-1, up to positive factors and rounded once: shape (N, M)."""
    *within, last = group_products(a, y)
    high, low = (starts[0, :-1] + 1j * starts[1, :-1] for starts in group_starts(last))
    z = np.empty((*high.shape[:1], len(within), *high.shape[1:]), dtype=np.complex128)
    for j, (real, imag) in enumerate(within):
        inner, rest = real[0] + 1j * real[1], imag[0] + 1j * imag[1]
        z[:, j] = high * inner + (high * rest + low * inner)
    return z.reshape(-1, y[0].size)[: a.size]
