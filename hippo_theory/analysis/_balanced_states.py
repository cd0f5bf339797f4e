"""States in which both Gramians are diag(Hankel values): where every reduction by Hankel values starts.

``Reduction`` is the result they all return, ``balanced_states`` finds the coordinates by the square-root method, and
``kept`` is the one place where an order is checked, or chosen for an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, positive_integer, positive_real
from ..errors import ParameterError
from ..systems import Diagonal, StateSpace
from ._bounded_real import Response
from ._lyapunov import EPS, Realization, in_range, realization, times_power
from ._stability import outside
from ._transfer_parts import norm_parts

__all__ = ["BalancedStates", "Reduction", "axis_grid", "balanced_states", "kept", "map_of", "measured_bound"]


@dataclass(frozen=True, eq=False, repr=False)
class Reduction(Immutable):
    """A reduced system and what is known of its error; made by ``ht.balanced_truncation`` and its relatives.

    Attributes
    ----------
    system : StateSpace or Diagonal
        The reduced system, stable. Real where the given A, B and C are.
    order : int
        Its states.
    values : ndarray, shape (N,)
        What ranks the N states of the given system: its Hankel singular values, or the peak gains of its modes.
    lower, upper : float
        lower <= sup ||G - G_r|| <= upper on the boundary of stability: no system of that order is nearer than
        ``lower``, the Hankel value at ``order`` (Adamyan, Arov and Krein).
    method : str
    """

    system: StateSpace | Diagonal
    order: int
    values: Real
    lower: float
    upper: float
    method: str

    def __repr__(self) -> str:
        return (
            f"{self.order} of {len(self.values)} states by {self.method}, "
            f"H-infinity error between {self.lower:.3g} and {self.upper:.3g}"
        )


@dataclass(frozen=True, eq=False)
class BalancedStates:
    """Factors P = X X^* and Q = Y Y^* of ``given``, and Y^* X = U diag(S) Vh.

    ``values`` (N,) are the Hankel values of ``source``, ``rank`` of them above rounding; ``D`` is (p, H).
    """

    source: Any
    given: Realization
    X: Array
    Y: Array
    U: Array
    S: Real
    Vh: Array
    values: Real
    rank: int
    D: Array

    @property
    def unit(self) -> float:
        """What the transfer function of ``given`` is to be multiplied by."""
        time, drive, read = self.given.units
        return float(in_range(times_power(np.array(1.0), drive + read - time), False, self.given.who))

    def least_error(self, k: int) -> float:
        """No system of k states is nearer, in the Hankel norm or the H-infinity norm."""
        return float(self.values[k]) if k < len(self.values) else 0.0

    def coordinates(self, k: int) -> tuple[Array, Array]:
        """T and W (N, k), W^* T = I: the k states of the largest values, and how to read them."""
        root = np.sqrt(self.S[:k])
        return self.X @ self.Vh[:k].conj().T / root, self.Y @ self.U[:, :k] / root

    def truncated(self, k: int) -> tuple[Array, Array, Array]:
        """W^* A T, W^* B and C T, in the units of ``given``."""
        T, W = self.coordinates(k)
        A = self.given.A
        moved = A[:, None] * T if A.ndim == 1 else A @ T
        return W.conj().T @ moved, W.conj().T @ self.given.B, self.given.C @ T

    def system(self, A: Array, B: Array, C: Array, D: Array) -> StateSpace:
        """A, B (k, H), C (p, k) in the units of ``given`` and D (p, H) in its own, as a system like ``source``."""
        time, drive, read = self.given.units
        ports = drive + read
        B, C = (times_power(2.0 ** (ports % 2 / 2) * x, ports // 2) for x in (B, C))
        return map_of(self.source, times_power(A, time), B, C, D)

    def require_stable(self, A: Array, order: int, who: str) -> None:
        """Two equal values on either side of the cut may leave a pole on the boundary."""
        lam = np.linalg.eigvals(A)
        if outside(lam, self.given.discrete)[1] < -len(A) * EPS * float(np.abs(lam).max()):
            return
        raise ParameterError(
            f"{who}: the cut falls between equal values ({self.values[order - 1]:.6g}, {self.least_error(order):.6g}), "
            f"and the system of order {order} is not stable; keep more states, or fewer."
        )


def balanced_states(system: Any, who: str) -> BalancedStates:
    """Of an operator, a system or an initialisation, stable and not zero."""
    source = getattr(system, "system", system)
    if isinstance(source, Diagonal) and source.C is None:
        # What is read out is the stored state.
        source = replace(source, conjugate_pairs=False)
    given = realization(source, who)
    form, N = given.triangular(), len(given.A)
    X, Y = (_real_if(form.Z @ factor, given) for factor in (form.controllability(), form.observability()))
    U, S, Vh = np.linalg.svd(Y.conj().T @ X)
    values = in_range(times_power(S[:N], given.units[1] + given.units[2] - given.units[0]), not S.any(), who)
    rank = int((values > N * EPS * values[0]).sum())
    if not rank:
        raise ParameterError(f"{who}: the transfer function of {source!r} is constant: it has no state to keep.")
    ports = len(given.C), given.B.shape[1]
    D = np.asarray(source.D)
    D = np.broadcast_to(D, ports) if D.ndim == 0 else D.reshape(ports)
    return BalancedStates(source, given, X, Y, U, S, Vh, values, rank, D)


def kept(order: int | None, error: float | None, bounds: Real, rank: int, who: str) -> int:
    """The order asked for, at most ``rank``; or the least k with bounds[k] <= error. ``bounds`` (N + 1,) falls."""
    if (order is None) == (error is None):
        raise ParameterError(f"{who}: give either order or error, got order = {order} and error = {error}.")
    if order is None:
        return min(max(int((bounds > positive_real(error, "error", who)).sum()), 1), rank)
    order = positive_integer(order, "order", who)
    if order > rank:
        raise ParameterError(f"{who}: order {order} exceeds {rank}, the number of values above rounding; keep fewer.")
    return order


def axis_grid(poles: Array, real: bool) -> Real:
    """Points of the axis, of the upper half of it for a real function, where one with these poles moves."""
    size, angles = np.abs(poles), np.linspace(-1.3, 1.3, 7)
    near = poles.imag[:, None] + np.abs(poles.real)[:, None] * np.tan(angles)
    # Where eigenvectors cancel it moves far beyond them too.
    wide = np.geomspace(0.1 * size.min(), 1e3 * size.max(), 2 * size.size + 32)
    t = np.unique(np.concatenate([near, [0.0], wide, -wide], axis=None))
    return t[t >= 0] if real else t


def measured_bound(system: Any, reduced: Any, who: str) -> float:
    """||D - D_r|| + 2 (sum of the Hankel values of G - G_r), which no gain of the difference exceeds."""
    A, B, C, D = Response(norm_parts(system, reduced, who)).matrices
    given = realization(StateSpace(A, B, C, D, reduced.dt), who)
    form = given.triangular()
    values = np.linalg.svd(form.observability().conj().T @ form.controllability(), compute_uv=False)
    time, drive, read = given.units
    total = times_power(np.asarray(values.sum()), drive + read - time)
    return float(np.linalg.norm(D, 2) + 2 * in_range(total, not values.any(), who))


def map_of(source: Any, A: Array, B: Array, C: Array, D: Array) -> StateSpace:
    """A system with the axes of inputs and outputs, and the step, that ``source`` has; B (k, H), C (p, k), D (p, H)."""
    B, D = (B, D) if source.B.ndim == 2 else (B[:, 0], D[:, 0])
    C, D = (C, D) if source.C is None or source.C.ndim == 2 else (C[0], D[0])
    return StateSpace(A, B, C, D, source.dt)


def _real_if(factor: Array, given: Realization) -> Array:
    """Of a real system a real factor, of twice as many columns: X X^* is Re X Re X^T + Im X Im X^T there."""
    if any(np.iscomplexobj(x) for x in (given.A, given.B, given.C)) or not np.iscomplexobj(factor):
        return factor
    return np.hstack([factor.real, factor.imag])
