"""DiagonalPlusLowRank: the form of S4, a diagonal matrix plus one of low rank."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._arrays import Array, Complex, finite, vector
from ..errors import ShapeError
from ._base import System
from ._discretization import sampled_low_rank
from .dense import StateSpace

__all__ = ["DiagonalPlusLowRank"]


@dataclass(frozen=True, eq=False, repr=False)
class DiagonalPlusLowRank(System):
    """S4's form A = diag(lam) - P Q^*, full spectrum stored; rank one for one port, two for LegT. One input.

    Parameters
    ----------
    lam, B : array_like, shape (N,)
    P : array_like, shape (N,) or (N, r)
        A vector is one column.
    C : array_like, shape (N,) or (p, N), optional
        None reads out the modal state.
    D : scalar or array_like, shape (p,), default 0
        A scalar is added to every output.
    Q : array_like, shape of P, optional
        None means Q = P: then A + A^* <= 2 Re lam.
    dt : float, optional

    Raises
    ------
    ShapeError, ParameterError

    Notes
    -----
    ``transfer`` costs O(N r^2) a point (Woodbury). The mode nearest to s is kept out of the elimination, so
    that s on an eigenvalue of the diagonal part, where the system itself is regular, loses nothing.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> system = ht.s4(ht.LegS(8)).system
    >>> bool(np.allclose(system.transfer(2j), ht.LegS(8).transfer(2j), rtol=0, atol=1e-14))
    True
    """

    lam: Array
    P: Array
    B: Array
    C: Array | None = None
    D: complex | Array = 0.0
    Q: Array | None = None
    dt: float | None = None

    def __post_init__(self) -> None:
        who = "DiagonalPlusLowRank"
        lam = vector(self.lam, "lam", who)
        rest = {"P": _factor(self.P, "P", lam.size), "B": vector(self.B, "B", who, lam.size)}
        if self.Q is not None:
            rest["Q"] = _factor(self.Q, "Q", lam.size)
            if rest["Q"].shape != rest["P"].shape:
                raise ShapeError(f"{who}: Q must have the shape {rest['P'].shape} of P, got {rest['Q'].shape}.")
        self._validated(lam=lam, **rest)

    def _factors(self) -> tuple[Array, Array]:
        """P and conj(Q) as matrices (N, r)."""
        P, Q = self.P, (self.P if self.Q is None else self.Q).conj()
        return P.reshape(self.N, -1), Q.reshape(self.N, -1)

    @property
    def poles(self) -> Array:
        """Eigenvalues of diag(lam) - P Q^* (N,) by a dense eigensolver: a non-normal problem, beware."""
        return self.to_dense().poles

    def to_dense(self) -> StateSpace:
        P, Q = self._factors()
        return StateSpace(np.diag(self.lam) - P @ Q.T, self.B, self.C, self.D, self.dt)

    def discretize(
        self, dt: float, method: str = "zoh", *, alpha: float | None = None
    ) -> DiagonalPlusLowRank | StateSpace:
        """The sampled system; methods, conventions and errors are those of ``StateSpace.discretize``.

        With d = diag(1/(1 - alpha dt lam)) and g = I + alpha dt Q^* d P, the generalised bilinear methods give

            lambar = (1 + (1 - alpha) dt lam) d,  Pbar = dt d P g^{-1},  Qbar = conj(d) Q,
            Bbar = dt (d B - alpha dt d P g^{-1} Q^* d B).

        Returns
        -------
        DiagonalPlusLowRank or StateSpace
            "zoh" and "dirac" do not keep the form: they cost O(N^3) and return a dense system. All others
            cost O(N r^2).

        Notes
        -----
        Where 1/(alpha dt) is an eigenvalue of the diagonal part the sampled system has no such form, even if A is
        regular there: ``ParameterError``, and ``to_dense().discretize`` is the way out.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> ht.s4(ht.LegS(8)).system.discretize(0.01, "backward-euler")
        DiagonalPlusLowRank(N=8, 8 output(s), D=0, dt=0.01)
        """
        rule = self._rule(dt, method, alpha)
        if rule.alpha is None:
            return self.to_dense().discretize(dt, method)
        P, Q = self._factors()
        lam, P, Q, B = sampled_low_rank(self.lam, P, Q.conj(), self.B, rule, rule.alpha)
        shape = self.P.shape
        return replace(self, lam=lam, P=P.reshape(shape), Q=Q.reshape(shape), B=B, dt=rule.dt)

    def _state_transfer(self, s: Complex) -> Array:
        P, Q = self._factors()
        gaps = s[None, :] - self.lam[:, None]
        m, column = np.argmin(np.abs(gaps), axis=0), np.arange(s.size)
        q = gaps[m, column]
        gaps[m, column] = np.inf
        R, r = 1 / gaps, P.shape[1]
        # x_j = R_j (B_j - P_j y) for j != m, y = Q^* x: r + 1 equations for y and x_m.
        system = np.empty((s.size, r + 1, r + 1), dtype=np.complex128)
        known = np.empty((s.size, r + 1), dtype=np.complex128)
        for a in range(r):
            known[:, a] = (Q[:, a] * self.B) @ R
            for b in range(r):
                system[:, a, b] = (Q[:, a] * P[:, b]) @ R + (a == b)
        system[:, :r, r], system[:, r, :r], system[:, r, r], known[:, r] = -Q[m], P[m], q, self.B[m]
        found = _solved(system, known)
        X = R * (self.B[:, None] - P @ found[:, :r].T)
        X[m, column] = found[:, r]
        return np.asarray(X)

    def _state_kernel(self, t: Array) -> Array:
        return self.to_dense()._state_kernel(t)

    def _state_powers(self, length: int) -> Array:
        return self.to_dense()._state_powers(length)


def _factor(values: Array, name: str, N: int) -> Array:
    matrix = finite(values, name, "DiagonalPlusLowRank")
    if matrix.ndim not in (1, 2) or matrix.shape[0] != N or matrix.size == 0:
        raise ShapeError(f"DiagonalPlusLowRank: {name} must have shape ({N},) or ({N}, r), got {matrix.shape}.")
    return matrix


def _solved(systems: Array, known: Array) -> Array:
    """Solutions of many small systems (S, n, n), (S, n); infinite where one is singular, at a pole."""
    try:
        return np.asarray(np.linalg.solve(systems, known[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        if len(systems) == 1:
            return np.full_like(known, np.inf)
        return np.concatenate([_solved(M[None], b[None]) for M, b in zip(systems, known, strict=True)])
