"""StateSpace: a dense system."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, finite, finite_real, positive_real
from .._double import scaled
from .._exponential import exponential_action, power_action
from ..errors import AccuracyError, AccuracyWarning, ShapeError
from ._base import System, inputs
from ._discretization import sampled_dense

__all__ = ["StateSpace"]


@dataclass(frozen=True, eq=False, repr=False)
class StateSpace(System):
    """Dense system x' = A x + B u, y = C x + D u.

    Parameters
    ----------
    A : array_like, shape (N, N)
    B : array_like, shape (N,) or (N, H)
        A vector is one input; of a matrix every column is one, and results have an axis for them.
    C : array_like, shape (N,) or (p, N), optional
        None reads out the state.
    D : scalar or array_like, default 0
        A scalar is added to every output of one input; an array has the shape (p,), (H,) or (p, H) of the outputs
        and inputs.
    dt : float, optional
        Step of a discrete system; None for continuous time.

    Raises
    ------
    ShapeError, ParameterError
        Shapes that do not fit; NaN or infinite entries; dt <= 0.

    Notes
    -----
    ``transfer`` reduces A to Schur form once and back-substitutes all points together, O(N^3 + N^2 S),
    backward stable. ``kernel`` uses scaling and binary powering of e^{hA}.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> op = ht.LegS(4)
    >>> ht.StateSpace(op.A, op.B, C=op.B).transfer(0.0).round(12)
    np.complex128(1+0j)
    >>> ht.StateSpace(op.A, op.A, C=op.B).kernel([0.5, 1.0]).shape  # four inputs, one output
    (4, 2)
    """

    A: Array
    B: Array
    C: Array | None = None
    D: complex | Array = 0.0
    dt: float | None = None

    def __post_init__(self) -> None:
        A = finite(self.A, "A", "StateSpace")
        if A.ndim != 2 or A.shape[0] != A.shape[1] or A.size == 0:
            raise ShapeError(f"StateSpace: A must be a square matrix, got shape {A.shape}.")
        self._validated(A=A, B=inputs(self.B, "StateSpace", A.shape[0]))

    @property
    def poles(self) -> Array:
        """Eigenvalues of A (N,); of a triangular A the diagonal, exactly.

        Otherwise LAPACK's, with an ``AccuracyWarning`` where their condition costs more than half of the digits.
        """
        from scipy.linalg import eig

        if np.array_equal(self.A, np.tril(self.A)) or np.array_equal(self.A, np.triu(self.A)):
            return np.diagonal(self.A).astype(np.complex128)
        # In units of its largest entry: beyond 1e138 scipy's eig returns wrongly scaled eigenvalues.
        exponent = int(np.frexp(np.abs(self.A).max())[1])
        unit = scaled(self.A, -exponent) if np.iscomplexobj(self.A) else np.ldexp(self.A, -exponent)
        lam, left, right = eig(unit, left=True, right=True)
        cosine = np.abs((left.conj() * right).sum(axis=0))
        relative = np.linalg.norm(unit) / max(np.abs(lam).max(), 1e-300)
        lost = np.finfo(np.float64).eps * relative / max(cosine.min(), 1e-300)
        if lost > 1e-8:
            warnings.warn(
                f"{self!r}.poles: the eigenvalues are ill-conditioned, about {min(lost, 1.0):.0e} of the largest is "
                "uncertain; an operator knows its poles better than a dense matrix.",
                AccuracyWarning,
                stacklevel=2,
            )
        return scaled(lam, exponent)

    def to_dense(self) -> StateSpace:
        return self

    def rescaled(self, c: float) -> StateSpace:
        """(cA, cB): the kernel c K(ct), the transfer function at s/c; c times faster (theory F5)."""
        self._require_continuous("rescaled")
        c = positive_real(c, "c", "StateSpace.rescaled")
        return replace(self, A=c * self.A, B=c * self.B)

    def tilted(self, c: float) -> StateSpace:
        """(A - cI, B): the kernel K(t) e^{-ct}, the transfer function at s + c (theory F5)."""
        self._require_continuous("tilted")
        c = finite_real(c, "c", "StateSpace.tilted")
        return replace(self, A=self.A - c * np.eye(self.N), B=self.B)

    def transformed(self, T: ArrayLike) -> StateSpace:
        """(T A T^{-1}, T B, C T^{-1}): other coordinates, the same span of kernels, the same output.

        A unitary T keeps the Gram matrix of the kernels and losslessness too (theory F5). ``AccuracyError``
        for a T that is singular to working precision.
        """
        T = finite(T, "T", "StateSpace.transformed")
        if T.shape != self.A.shape:
            raise ShapeError(f"StateSpace.transformed: T must have shape {self.A.shape}, got {T.shape}.")
        if not np.linalg.cond(T) < 1 / np.finfo(np.float64).eps:
            raise AccuracyError("StateSpace.transformed: T is singular to working precision; no digit would be left.")
        C = self.C if self.C is None else np.linalg.solve(T.T, np.transpose(self.C)).T
        return replace(self, A=np.linalg.solve(T.T, (T @ self.A).T).T, B=T @ self.B, C=C)

    def discretize(self, dt: float, method: str = "zoh", *, alpha: float | None = None) -> StateSpace:
        r"""The sampled system x_k = Abar x_{k-1} + Bbar u_k, y_k = C x_k + D u_k.

        ====================== ================================================== ================================
        method                 Abar                                               Bbar
        ====================== ================================================== ================================
        "zoh"                  e^{dt A}                                           int_0^dt e^{tA} dt B
        "generalized-bilinear" (I - alpha dt A)^{-1} (I + (1 - alpha) dt A)       (I - alpha dt A)^{-1} dt B
        "forward-euler"        I + dt A                                           dt B
        "bilinear" (Tustin)    (I - dt A/2)^{-1} (I + dt A/2)                     (I - dt A/2)^{-1} dt B
        "backward-euler"       (I - dt A)^{-1}                                    (I - dt A)^{-1} dt B
        "dirac"                e^{dt A}                                           B
        ====================== ================================================== ================================

        The second row contains the next three: alpha = 0, 1/2, 1. zoh is exact for inputs that are constant over a
        step, dirac for impulses u_k delta(t - k dt), whose state is read just after the impulse; bilinear has order
        two, the other members order one. A + A^* <= 0 makes all of them contractions but those with alpha < 1/2.

        Parameters
        ----------
        dt : float
            The step, > 0.
        method : str, default "zoh"
        alpha : float, optional
            In [0, 1], for "generalized-bilinear" alone.

        Returns
        -------
        StateSpace
            With ``dt`` set and C and D as they were: ``kernel(L)`` is C Abar^l Bbar, l < L, and ``transfer(z)``
            is sum_l C Abar^l Bbar z^{-l-1} + D. (scipy.signal.cont2discrete has the same Abar and Bbar, but gives
            the generalised bilinear method another C and D, so that its transfer function is that of the system.)

        Raises
        ------
        ParameterError
            dt <= 0; an unknown method; alpha missing, out of range or out of place; a system that is sampled already;
            1/(alpha dt) an eigenvalue of A to working precision.
        AccuracyError
            e^{dt A} with eps abs(dt A) >= 1, or entries beyond the float range.

        Warns
        -----
        AccuracyWarning
            Less than half of the digits are certain.

        Notes
        -----
        Accuracy: a small multiple of eps abs(dt A), times max abs(Abar) or max abs(Bbar), for the exponential
        methods; of eps max_i sum_k (abs((I - alpha dt A)^{-1}) (I + alpha dt abs(A)))_ik for the others. A triangular A
        stays triangular and ``poles`` exact. Cost O(N^3).

        The impulses of "dirac" are those of event-based codes [1]_, where B has no step in it. Mamba's code [2]_ has
        the same pair with dt B in the place of B.

        References
        ----------
        .. [1] M. Schoene et al., Scalable event-by-event processing of neuromorphic sensory signals with deep
           state-space models (Event-SSM), arXiv 2404.18508.
        .. [2] gu2024mamba. The bilinear methods: gu2020hippo; the contractions: von Neumann's inequality.

        Examples
        --------
        One step of one second: exact for a held input, and three ways to get near it.

        >>> import hippo_theory as ht
        >>> system = ht.StateSpace([[-1.0]], [1.0])
        >>> for method in ("zoh", "forward-euler", "bilinear", "backward-euler"):
        ...     print(method, system.discretize(1.0, method).A[0, 0].round(3))
        zoh 0.368
        forward-euler 0.0
        bilinear 0.333
        backward-euler 0.5
        """
        rule = self._rule(dt, method, alpha)
        A, B = sampled_dense(self.A, self.B, rule)
        return replace(self, A=A, B=B, dt=rule.dt)

    def _state_transfer(self, s: Complex) -> Array:
        from scipy.linalg import schur

        T, Z = schur(self.A.astype(np.complex128), output="complex")
        b = (Z.conj().T @ self.B)[..., None]
        X = np.empty((*self.B.shape, s.size), dtype=np.complex128)
        for i in range(self.N - 1, -1, -1):
            X[i] = (b[i] + np.tensordot(T[i, i + 1 :], X[i + 1 :], 1)) / (s - T[i, i])
        return np.asarray(np.tensordot(Z, X, 1))

    def _state_kernel(self, t: Array) -> Array:
        return exponential_action(self.A, self.B, t)

    def _state_powers(self, length: int) -> Array:
        return power_action(self.A, self.B, length)
