"""Fewer states for nearly the same input and output: balanced truncation and balanced residualisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, Real
from ._balanced_states import BalancedStates, Reduction, balanced_states, kept

__all__ = ["Reduction", "balanced_residualization", "balanced_truncation"]


def balanced_truncation(system: Any, order: int | None = None, *, error: float | None = None) -> Reduction:
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
    Reduction
        ``.system``, ``.order``, ``.values``, ``.lower``, ``.upper``. ``ht.hinf_norm(system, found.system)`` measures
        the error. In continuous time both Gramians of ``.system`` are diag(values[:order]).

    Raises
    ------
    ParameterError
        Both or none of order and error; an order beyond the numerical rank; a cut between equal values that leaves a
        pole on the boundary; a constant transfer function.
    UnstableSystemError, AccuracyError, ParameterTypeError
        As in ``ht.hankel_singular_values``.

    Notes
    -----
    Square-root method: no Gramian is formed and none is inverted. Cost O(N^3). In discrete time the bounds hold too,
    though the Gramians of the reduced system are no longer diagonal. It is exact at infinite frequency;
    ``ht.balanced_residualization`` is exact for a constant input.

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
    12 of 16 states by balanced truncation, H-infinity error between 0.00994 and 0.0206
    >>> bool(reduced.lower <= ht.hinf_norm(full, reduced.system).value <= reduced.upper)
    True
    """
    who = "balanced_truncation"
    states, order, bounds = _chosen(system, order, error, who)
    A, B, C = states.truncated(order)
    return _bounded(states, A, B, C, states.D, order, bounds, who)


def balanced_residualization(system: Any, order: int | None = None, *, error: float | None = None) -> Reduction:
    r"""The states of ``ht.balanced_truncation``, the others not left out but at rest: exact at s = 0, or z = 1.

    In balanced coordinates x_2' = 0 instead of x_2 = 0 (singular perturbation approximation). With p = 0, or p = 1 in
    discrete time, F = (A - pI)^{-1} and M = W^* F T,

        A_r = p + M^{-1},  B_r = M^{-1} W^* F B,  C_r = C F T M^{-1},  D_r = D - C F B + C F T M^{-1} W^* F B.

    It is the truncation seen through s -> 1/s, which changes neither Gramians nor suprema, so the same bounds hold.

    Parameters, errors and cost are those of ``ht.balanced_truncation``.

    Returns
    -------
    Reduction
        As from ``ht.balanced_truncation``; ``.system.D`` differs from that of the system. Without C the k states are
        read by an (N, k) matrix C with a D of shape (N,).

    Notes
    -----
    Better at low frequencies, worse at high ones: G(p) is met within rounding, about eps ||(A - pI)^{-1}||, and the
    error at infinity is D - D_r.

    References
    ----------
    liu1989; theory section 5.

    Examples
    --------
    A held input ends where it does for the full system:

    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LegS(16)
    >>> full = ht.StateSpace(op.A, op.B, C=np.random.default_rng(16).standard_normal(16))
    >>> reduced = ht.balanced_residualization(full, 12)
    >>> float(abs(full.transfer(0.0) - reduced.system.transfer(0.0))) < 1e-12
    True
    >>> float(ht.hinf_norm(full, reduced.system)) <= reduced.upper
    True
    """
    who = "balanced_residualization"
    states, order, bounds = _chosen(system, order, error, who)
    given, unit = states.given, states.unit
    T, W = states.coordinates(order)
    p = 1.0 if given.discrete else 0.0
    right = _shifted_solve(given.A, p, np.hstack([T, given.B]))
    reach, driven = right[:, :order], right[:, order:]
    M, B = W.conj().T @ reach, W.conj().T @ driven
    C = np.linalg.solve(M.T, (given.C @ reach).T).T
    A = p * np.eye(order) + np.linalg.inv(M)
    D = states.D + unit * (C @ B - given.C @ driven)
    return _bounded(states, A, np.linalg.solve(M, B), C, D, order, bounds, who)


def _chosen(system: Any, order: int | None, error: float | None, who: str) -> tuple[BalancedStates, int, Real]:
    states = balanced_states(system, who)
    bounds: Real = 2 * np.append(np.cumsum(states.values[::-1])[::-1], 0.0)
    return states, kept(order, error, bounds, states.rank, who), bounds


def _bounded(
    states: BalancedStates, A: Array, B: Array, C: Array, D: Array, order: int, bounds: Real, who: str
) -> Reduction:
    states.require_stable(A, order, who)
    method, upper = who.replace("_", " "), float(bounds[order])
    return Reduction(states.system(A, B, C, D), order, states.values, states.least_error(order), upper, method)


def _shifted_solve(A: Array, p: float, right: Array) -> Array:
    """(A - pI)^{-1} right."""
    if A.ndim == 1:
        return np.asarray(right / (A - p)[:, None])
    from scipy.linalg import solve, solve_triangular

    shifted = A - p * np.eye(len(A))
    lower, upper = not np.triu(A, 1).any(), not np.tril(A, -1).any()
    if lower or upper:
        return np.asarray(solve_triangular(shifted, right, lower=lower))
    return np.asarray(solve(shifted, right))
