r"""From HiPPO to its diagonal system without leaving the lossless structure: the all-pass homotopy (theory P5).

A_rho = A + rho/(1 + rho) B B^T and B_rho = B/(1 + rho), 0 < rho <= 1, have (sI - A_rho)^{-1} B_rho = G/(1 + rho phi):
at rho = 0 this is the operator, at rho = 1 the diagonal system of its normal part. With x = -(s + shift) and the
inner function b(x) = 1/phi (``inner_functions``) the eigenvalues of A_rho are the N points of the right half plane
where b(x) = -rho.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Complex, Immutable, Real, frozen, unit_interval
from .._double import scaled
from ..errors import AccuracyError
from ..operators import OnePort
from .inner_functions import BlaschkeProduct, FourierInner, bisected, inner_function, require_one_port, summed
from .normal_part import diagonalize_normal_part

__all__ = ["HomotopyModes", "homotopy_modes", "roots"]

_SWEEPS, _POLISH = 400, 3
_LOST = 1e-9  # of an eigenvalue that float64 cannot tell from a pole of the operator


@dataclass(frozen=True, eq=False)
class HomotopyModes(Immutable):
    r"""A_rho = V diag(lam) V^{-1}: upper halves of conjugate pairs, largest frequency first, then the real modes.

    Attributes
    ----------
    N : int
    rho : float
    lam : ndarray, complex, shape (M,)
        The eigenvalues, Re lam <= -shift.
    V : ndarray, complex, shape (N, M)
        Unit eigenvectors G(lam)/||G(lam)||: B^T V = (1 + 1/rho)/||G|| > 0.
    weights : ndarray, complex, shape (M,)
        V^{-1} B_rho = -||G||/(log phi)'(lam): how strongly each mode is driven. Large where eigenvalues nearly collide.
    """

    N: int
    rho: float
    lam: Complex
    V: Complex
    weights: Complex

    def full(self) -> tuple[Complex, Complex, Complex]:
        """lam (N,), V (N, N), V^{-1} B_rho (N,): stored halves, then the mirror images of the complex ones."""
        paired = self.N - self.lam.size
        return (
            np.concatenate([self.lam, self.lam[:paired].conj()]),
            np.concatenate([self.V, self.V[:, :paired].conj()], axis=1),
            np.concatenate([self.weights, self.weights[:paired].conj()]),
        )


def homotopy_modes(operator: OnePort, rho: float) -> HomotopyModes:
    r"""Eigenvalues, unit eigenvectors and input weights of (A_rho, B_rho), without an eigensolver.

    Parameters
    ----------
    operator : OnePort
        LegS, LagT, FouT or any TakenakaMalmquist.
    rho : float
        0 < rho <= 1; 1 is ``diagonalize_normal_part``.

    Returns
    -------
    HomotopyModes
        Eigenvalues to 1e-14 relative, away from collisions (LegS, LagT, FouT to N = 1024); near one, double roots lose
        half of the digits, as ``V`` and ``weights`` show. Cost O(N^2) a sweep, 4 to 10 sweeps, more near collisions.

    Raises
    ------
    ParameterError
        rho outside (0, 1].
    ParameterTypeError
        Not an operator with one port.
    AccuracyError
        An eigenvalue that float64 cannot tell from a pole of A: rho is too small, take the operator itself (``s4``).

    Notes
    -----
    All complex roots of b = -rho at once by Ehrlich and Aberth's iteration, from the frequencies at rho = 1; the real
    ones lie between real critical points of b, one for each change of sign, and are bisected.

    References
    ----------
    theory P5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from hippo_theory.lossless import homotopy_modes
    >>> op, rho, s = ht.LegS(64), 0.01, 3j
    >>> lam, V, weights = homotopy_modes(op, rho).full()
    >>> bool(np.allclose(V @ (weights / (s - lam)), op.transfer(s) / (1 + rho * op.allpass(s)), rtol=1e-12))
    True
    """
    who = "homotopy_modes"
    require_one_port(operator, who)
    rho = unit_interval(rho, who)
    if rho == 1:
        part = diagonalize_normal_part(operator)
        real = part.lam.imag == 0
        return HomotopyModes(operator.N, 1.0, part.lam, part.V, frozen(part.weights / 2 + 0j * real))
    inner, half = inner_function(operator)
    with np.errstate(all="ignore"):
        x = roots(inner, operator.N, rho)
        slope = inner.derivative(x)
    lam = scaled(-x, 2 * half) - operator.shift
    G = operator.transfer(lam)
    norm = np.linalg.norm(G, axis=0)
    weights = np.sqrt((1 - rho) * (1 + rho) / (2 * x.real)) / slope
    if not (np.isfinite(norm).all() and np.isfinite(weights).all() and (x.real > 0).all()):
        raise AccuracyError(
            f"{who}: at rho = {rho:g} an eigenvalue of {operator!r} cannot be told from a pole of A in float64; take a "
            "larger rho, or the operator itself (ht.s4)."
        )
    real = x.imag == 0
    V = G / norm
    # B^T V > 0; the phase of G loses digits where it turns fast.
    drive = operator.B @ V
    V = V * (drive.conj() / np.abs(drive))
    V, weights = np.where(real, V.real, V), np.where(real, weights.real, weights)
    return HomotopyModes(operator.N, rho, frozen(lam), frozen(V), frozen(scaled(weights, half)))


def roots(inner: BlaschkeProduct | FourierInner, N: int, rho: float) -> Complex:
    """Where b = -rho, Im x <= 0: the complex ones by falling frequency, then the real ones."""
    real = _real_roots(inner, rho)
    x = _simultaneous(inner, inner.start(rho)[: (N - real.size) // 2], real, rho)
    found = np.concatenate([x[np.argsort(x.imag)], real[::-1].astype(np.complex128)])
    for _ in range(_POLISH):
        step = inner.step(found, rho)
        found = found + np.where(found.imag == 0, step.real, step)
    if 2 * x.size + real.size != N or not (np.abs(step) <= _LOST * np.abs(found)).all():
        raise AccuracyError(
            f"At rho = {rho:g} the eigenvalues cannot be told apart in float64: two of them collide, or are poles of "
            "the operator to the last digit. Take another rho; lossless.collisions lists the collisions."
        )
    return found


def _real_roots(inner: BlaschkeProduct | FourierInner, rho: float) -> Real:
    points = inner.between(rho)
    above = inner.value(points.astype(np.complex128)).real > -rho
    pieces = np.flatnonzero(above[1:] != above[:-1])
    rising = above[pieces + 1]
    return bisected(
        lambda x: (inner.value(x.astype(np.complex128)).real > -rho) == rising, points[pieces], points[pieces + 1]
    )


def _simultaneous(inner: BlaschkeProduct | FourierInner, x: Complex, real: Real, rho: float) -> Complex:
    """Ehrlich and Aberth's iteration for roots of b + rho in conjugate pairs, the real roots known."""
    active, before = np.arange(x.size), np.full(x.size, np.inf)
    for _ in range(_SWEEPS):
        if not active.size:
            break
        z = x[active]
        others = np.concatenate([x, x.conj(), real])
        away = summed(z, others, lambda z, others: np.divide(1, z - others, where=z != others, out=0 * z * others))
        plain = inner.newton(z, rho)
        step = plain / (1 - plain * away)
        x[active] = z - step
        # Roots in the lower half plane, as the first guesses are: a step across the axis is a step on the mirror image.
        x.imag = -np.abs(x.imag)
        size, last = np.abs(step) / np.abs(z), before[active]
        before[active] = size
        active = active[(size > 1e-14) & ((size > 1e-8) | (size < last / 2))]
    return x
