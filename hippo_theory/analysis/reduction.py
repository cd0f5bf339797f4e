"""Fewer states for nearly the same input and output: balanced truncation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, positive_integer, positive_real
from ..errors import ParameterError
from ..systems import StateSpace
from ._lyapunov import EPS, Realization, realization

__all__ = ["BalancedTruncation", "balanced_truncation"]

_WHO = "balanced_truncation"


@dataclass(frozen=True, eq=False, repr=False)
class BalancedTruncation(Immutable):
    """A reduced system and what is known of its error; made by ``ht.balanced_truncation``.

    Attributes
    ----------
    system : StateSpace
        The reduced system; in continuous time both of its Gramians are diag(values[:order]). Real where the given A, B
        and C are.
    order : int
    values : ndarray, shape (N,)
        Hankel singular values of the given system.
    lower, upper : float
        values[order] <= ||G - G_r|| <= 2 (sum of the other values): no system of that order is nearer than ``lower``.
    """

    system: StateSpace
    order: int
    values: Real
    lower: float
    upper: float

    def __repr__(self) -> str:
        return (
            f"{self.order} of {len(self.values)} states, H-infinity error between {self.lower:.3g} and {self.upper:.3g}"
        )


def balanced_truncation(system: Any, order: int | None = None, *, error: float | None = None) -> BalancedTruncation:
    r"""The states with the largest Hankel singular values, in coordinates where P = Q = diag(sigma).

    With factors P = X X^*, Q = Y Y^* and Y^* X = U S V^*, the reduced system is (W^* A T, W^* B, C T, D) with
    T = X V_k S_k^{-1/2} and W = Y U_k S_k^{-1/2}, k = order. It is stable, and

        sigma_k <= sup ||G - G_r|| <= 2 (sigma_k + ... + sigma_{N-1})      (indices from 0)

    on the boundary of stability, in continuous and in discrete time.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable. Without C the state is read out.
    order : int, optional
        States to keep, at most as many as there are values above the rounding of the first.
    error : float, optional
        In place of ``order``: the fewest states whose upper bound is at most this.

    Returns
    -------
    BalancedTruncation
        ``.system``, ``.order``, ``.values``, ``.lower``, ``.upper``. ``ht.hinf_norm(system, found.system)`` measures
        the error.

    Raises
    ------
    ParameterError
        Both or none of order and error; an order beyond the numerical rank.
    UnstableSystemError, AccuracyError, ParameterTypeError
        As in ``ht.hankel_singular_values``.

    Notes
    -----
    Square-root method: no Gramian is formed and none is inverted. Cost O(N^3). In discrete time the bounds hold too,
    though the Gramians of the reduced system are no longer diagonal.

    References
    ----------
    moore1981; enns1984; glover1984; theory section 5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LegS(16)
    >>> full = ht.StateSpace(op.A, op.B, C=np.random.default_rng(16).standard_normal(16))
    >>> reduced = ht.balanced_truncation(full, 12)
    >>> print(reduced)
    12 of 16 states, H-infinity error between 0.00994 and 0.0206
    >>> bool(reduced.lower <= ht.hinf_norm(full, reduced.system).value <= reduced.upper)
    True
    """
    if (order is None) == (error is None):
        raise ParameterError(f"{_WHO}: give either order or error, got order = {order} and error = {error}.")
    given = realization(system, _WHO)
    form, N = given.triangular(), len(given.A)
    X, Y = (_real_if(form.Z @ factor, given) for factor in (form.controllability(), form.observability()))
    U, S, Vh = np.linalg.svd(Y.conj().T @ X)
    time, drive, read = given.units
    values = 2.0 ** (drive + read - time) * S[:N]
    tails = 2 * np.append(np.cumsum(values[::-1])[::-1], 0.0)
    rank = int((values > N * EPS * values[0]).sum())
    if order is None:
        order = min(max(int((tails > positive_real(error, "error", _WHO)).sum()), 1), rank)
    order = positive_integer(order, "order", _WHO)
    if order > rank:
        raise ParameterError(f"{_WHO}: order {order} exceeds {rank}, the number of values above rounding; keep fewer.")
    root = np.sqrt(S[:order])
    T, W = X @ Vh[:order].conj().T / root, Y @ U[:, :order] / root
    A = given.A[:, None] * T if given.A.ndim == 1 else given.A @ T
    port = 2.0 ** ((drive + read) / 2)
    source = getattr(system, "system", system)
    B, C = port * (W.conj().T @ given.B), port * (given.C @ T)
    reduced = StateSpace(
        2.0**time * (W.conj().T @ A),
        B if source.B.ndim == 2 else B[:, 0],
        C if source.C is None or source.C.ndim == 2 else C[0],
        source.D,
        source.dt,
    )
    return BalancedTruncation(reduced, order, values, float(np.append(values, 0.0)[order]), float(tails[order]))


def _real_if(factor: Array, given: Realization) -> Array:
    """Of a real system a real factor, of twice as many columns: X X^* is Re X Re X^T + Im X Im X^T there."""
    if any(np.iscomplexobj(x) for x in (given.A, given.B, given.C)) or not np.iscomplexobj(factor):
        return factor
    return np.hstack([factor.real, factor.imag])
