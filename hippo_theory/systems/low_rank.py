"""DiagonalPlusLowRank: the form of S4, a diagonal matrix plus one of rank one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._arrays import Array, Complex, vector
from ._base import System
from ._discretization import sampled_low_rank
from .dense import StateSpace

__all__ = ["DiagonalPlusLowRank"]


@dataclass(frozen=True, eq=False, repr=False)
class DiagonalPlusLowRank(System):
    """S4's form A = diag(lam) - P Q^*, rank one, full spectrum stored.

    Parameters
    ----------
    lam, P, B : array_like, shape (N,)
    C : array_like, shape (N,) or (p, N), optional
        None reads out the modal state.
    D : scalar, default 0
    Q : array_like, shape (N,), optional
        None means Q = P: then A + A^* <= 2 Re lam.
    dt : float, optional

    Raises
    ------
    ShapeError, ParameterError

    Notes
    -----
    ``transfer`` costs O(N) a point (Woodbury). The term of the mode nearest to s is cleared first, so
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
    D: complex = 0.0
    Q: Array | None = None
    dt: float | None = None

    def __post_init__(self) -> None:
        who = "DiagonalPlusLowRank"
        lam = vector(self.lam, "lam", who)
        rest = {name: vector(getattr(self, name), name, who, lam.size) for name in ("P", "B")}
        if self.Q is not None:
            rest["Q"] = vector(self.Q, "Q", who, lam.size)
        self._validated(lam=lam, **rest)

    @property
    def poles(self) -> Array:
        """Eigenvalues of diag(lam) - P Q^* (N,) by a dense eigensolver: a non-normal problem, beware."""
        return self.to_dense().poles

    def to_dense(self) -> StateSpace:
        Q = self.P if self.Q is None else self.Q
        return StateSpace(np.diag(self.lam) - np.outer(self.P, Q.conj()), self.B, self.C, self.D, self.dt)

    def discretize(
        self, dt: float, method: str = "zoh", *, alpha: float | None = None
    ) -> DiagonalPlusLowRank | StateSpace:
        """The sampled system; methods, conventions and errors are those of ``StateSpace.discretize``.

        With d = 1/(1 - alpha dt lam) and g = 1 + alpha dt Q^* d P, the generalised bilinear methods give

            lambar = (1 + (1 - alpha) dt lam) d,  Pbar = (dt/g) d P,  Qbar = conj(d) Q,
            Bbar = dt (d B - (alpha dt/g) (Q^* d B) d P).

        Returns
        -------
        DiagonalPlusLowRank or StateSpace
            "zoh" and "dirac" do not keep the form: they cost O(N^3) and return a dense system. All others cost O(N).

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
        Q = self.P if self.Q is None else self.Q
        lam, P, Q, B = sampled_low_rank(self.lam, self.P, Q, self.B, rule, rule.alpha)
        return replace(self, lam=lam, P=P, Q=Q, B=B, dt=rule.dt)

    def _state_transfer(self, s: Complex) -> Array:
        Q = (self.P if self.Q is None else self.Q).conj()
        gaps = s[None, :] - self.lam[:, None]
        m, column = np.argmin(np.abs(gaps), axis=0), np.arange(s.size)
        q = gaps[m, column]
        gaps[m, column] = np.inf
        R = 1 / gaps
        port = 1 + (Q * self.P) @ R
        drive = (Q * self.B) @ R
        pivot = q * port + Q[m] * self.P[m]
        X = R * (self.B[:, None] - self.P[:, None] * ((q * drive + Q[m] * self.B[m]) / pivot))
        X[m, column] = (self.B[m] * port - self.P[m] * drive) / pivot
        return np.asarray(X)

    def _state_kernel(self, t: Array) -> Array:
        return self.to_dense()._state_kernel(t)

    def _state_powers(self, length: int) -> Array:
        return self.to_dense()._state_powers(length)
