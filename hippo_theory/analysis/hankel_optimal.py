"""Optimal Hankel-norm approximation: as near as Hankel operators allow, with the proof attached (Glover 1984)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Real
from ..errors import AccuracyError, AccuracyWarning, ParameterError
from ..systems import StateSpace
from ._balanced_states import BalancedStates, Reduction, axis_grid, balanced_states, kept
from ._enclosing_disc import disc_of_curve
from ._half_plane import HalfPlane
from ._lyapunov import EPS

__all__ = ["HankelApproximation", "hankel_norm_approximation"]

_WHO = "hankel_norm_approximation"


@dataclass(frozen=True, eq=False, repr=False)
class HankelApproximation(Reduction):
    """A ``Reduction`` with its certificate; made by ``ht.hankel_norm_approximation``.

    Attributes
    ----------
    mirror : StateSpace or None
        H, stable, with F(s) = H(-s), or F(z) = H(1/z): G - G_r - F is ``lower`` times a unitary matrix at every
        frequency, some rows or columns of one where inputs and outputs differ in number. None where F is a constant
        that the D of the system already holds.
    residual : float
        How far G - G_r - F was found from that, relative: the largest deviation of its gains from ``lower``.
    """

    mirror: StateSpace | None
    residual: float


def hankel_norm_approximation(
    system: Any, order: int | None = None, *, error: float | None = None
) -> HankelApproximation:
    r"""The G_r of k = order states with the least ||G - G_r|| in the Hankel norm: it is sigma_k, indices from 0.

    In balanced coordinates, without the state (or states) of the value sigma = sigma_k, whose ports B_2 = -C_2^* U
    define a unitary U, and with Gamma = Sigma^2 - sigma^2 of the others,

        A' = Gamma^{-1} (sigma^2 A^* + Sigma A Sigma - sigma C^* U B^*),  B' = Gamma^{-1} (Sigma B + sigma C^* U),
        C' = C Sigma + sigma U B^*,                                       D' = D - sigma U

    has k stable poles, G_r, and unstable ones, F, and G - G_r - F is sigma times a unitary matrix at every frequency.
    No system of k states does better (Adamyan, Arov and Krein), and in the H-infinity norm, by the best constant D,

        sigma_k <= sup ||G - G_r|| <= sigma_k + sigma_{k+1} + ... + sigma_{N-1},

    half of what balanced truncation promises. For several inputs or outputs D is that of D', and all but the first of
    the values count twice.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable, continuous or discrete, real or complex. Without C the state is read out.
    order : int, optional
        States to keep, at most as many as there are values above the rounding of the first.
    error : float, optional
        In place of ``order``: the fewest states whose upper bound is at most this.

    Returns
    -------
    HankelApproximation
        ``.system``, ``.order``, ``.values``, ``.lower``, ``.upper``, ``.mirror``, ``.residual``. For one input and one
        output D is the centre of the smallest disc around the curve (G - G_r)(iw), by a grid that is refined where the
        curve comes near its rim.

    Raises
    ------
    ParameterError
        Both or none of order and error; an order beyond the numerical rank; a constant transfer function; a value at
        ``order`` that equals the one before: fewer states are then as good.
    AccuracyError
        Poles so near the axis that the stable ones cannot be told from the others.
    UnstableSystemError, ParameterTypeError
        As in ``ht.hankel_singular_values``.

    Warns
    -----
    AccuracyWarning
        The residual exceeds 1e-6, as for values that nearly agree, or near the rounding of the first.

    Notes
    -----
    Discrete systems go through s = (z - 1)/(z + 1), which leaves Hankel values and suprema alone. Cost O(N^3), and
    about 20 N evaluations of G for the disc.

    References
    ----------
    glover1984; adamyan1971; theory section 5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LegS(16)
    >>> full = ht.StateSpace(op.A, op.B, C=np.random.default_rng(16).standard_normal(16))
    >>> found = ht.hankel_norm_approximation(full, 12)
    >>> print(found)
    12 of 16 states by Hankel norm approximation, H-infinity error between 0.00994 and 0.0103
    >>> bool(found.lower * (1 - 1e-9) <= ht.hinf_norm(full, found.system).value <= found.upper)
    True
    """
    states = balanced_states(system, _WHO)
    sums: Real = np.append(np.cumsum(states.values[::-1])[::-1], 0.0)
    scalar = states.D.size == 1
    bounds = sums if scalar else 2 * sums - np.append(states.values, 0.0)
    order = kept(order, error, bounds, states.rank, _WHO)
    values, unit = states.values, states.unit
    full = HalfPlane(*states.truncated(states.rank), states.D / unit)
    if order == states.rank:
        return _result(states, full, None, order, float(bounds[order]), 0.0)
    if states.given.discrete:
        full = full.to_half_plane()
    equal = _equal_values(states, order)
    stable, other = _parts(_extended(_square(full), states.S[: states.rank], order, equal), order)
    real = not np.iscomplexobj(stable.A)
    t = axis_grid(np.concatenate([np.linalg.eigvals(full.A), np.linalg.eigvals(stable.A)]), real)
    residual = _residual(_square(full), stable, other, t, float(values[order]) / unit)
    p, H = states.D.shape
    stable, other = (HalfPlane(x.A, x.B[:, :H], x.C[:p], x.D[:p, :H]) for x in (stable, other))
    if scalar and len(other.A):
        # Of a real system one half of the axis is the mirror image of the other.
        shift = disc_of_curve(lambda t: (full.transfer(1j * t) - stable.transfer(1j * t))[:, 0, 0], t, real)
        stable = HalfPlane(stable.A, stable.B, stable.C, stable.D + shift)
        other = HalfPlane(other.A, other.B, other.C, other.D - shift)
    mirror = HalfPlane(-other.A, -other.B, other.C, other.D) if len(other.A) else None
    if states.given.discrete:
        stable, mirror = stable.to_disc(), mirror and mirror.to_disc()
    return _result(states, stable, mirror, order, float(bounds[order]), residual)


def _result(
    states: BalancedStates, stable: HalfPlane, mirror: HalfPlane | None, order: int, upper: float, residual: float
) -> HankelApproximation:
    def as_given(x: HalfPlane) -> StateSpace:
        return states.system(x.A, x.B, x.C, states.unit * x.D)

    lower, other = states.least_error(order), None if mirror is None else as_given(mirror)
    method = "Hankel norm approximation"
    return HankelApproximation(as_given(stable), order, states.values, lower, upper, method, other, residual)


def _equal_values(states: BalancedStates, order: int) -> int:
    """How many values agree with the one at ``order`` to rounding."""
    S = states.S[: states.rank]
    same = np.flatnonzero(np.abs(S - S[order]) <= len(S) * EPS * S[0])
    if same[0] < order:
        raise ParameterError(
            f"{_WHO}: the values {same[0]} to {same[-1]} agree to rounding ({states.values[order]:.6g}): {order} "
            f"states do no better than {same[0]}, and {same[-1] + 1} do; choose another order."
        )
    return len(same)


def _square(system: HalfPlane) -> HalfPlane:
    """With as many inputs as outputs: the missing ones do nothing."""
    p, H = system.D.shape
    n = max(p, H)
    B = np.pad(system.B, ((0, 0), (0, n - H)))
    C = np.pad(system.C, ((0, n - p), (0, 0)))
    return HalfPlane(system.A, B, C, np.pad(system.D, ((0, n - p), (0, n - H))))


def _extended(system: HalfPlane, S: Real, order: int, equal: int) -> HalfPlane:
    """A', B', C', D' of Glover's theorem; the states in units of abs(Gamma)^{1/2}, so that small gaps do no harm."""
    A, B, C = system.A, system.B, system.C
    cut = slice(order, order + equal)
    sigma, rest = float(S[cut].mean()), np.r_[:order, order + equal : len(S)]
    L, _, Rh = np.linalg.svd(B[cut].conj().T @ C[:, cut].conj().T)
    U = -(L @ Rh).conj().T
    A, B, C, S = A[np.ix_(rest, rest)], B[rest], C[:, rest], S[rest]
    gap = (S - sigma) * (S + sigma)
    left, root = np.sign(gap) / np.sqrt(np.abs(gap)), np.sqrt(np.abs(gap))
    seen = sigma * C.conj().T @ U
    moved = sigma**2 * A.conj().T + S[:, None] * A * S - seen @ B.conj().T
    driven = S[:, None] * B + seen
    return HalfPlane(
        left[:, None] * moved / root,
        left[:, None] * driven,
        (C * S + sigma * U @ B.conj().T) / root,
        system.D - sigma * U,
    )


def _parts(system: HalfPlane, order: int) -> tuple[HalfPlane, HalfPlane]:
    """The sum of a stable part, with D, and an unstable one."""
    from scipy.linalg import schur, solve_sylvester

    real = not np.iscomplexobj(system.A)
    T, Z, found = schur(system.A, output="real" if real else "complex", sort="lhp")
    if found != order:
        raise AccuracyError(
            f"{_WHO}: {found} poles were found to be stable, and {order} are: some lie on the imaginary axis to "
            "rounding; choose another order."
        )
    B, C = Z.conj().T @ system.B, system.C @ Z
    first, last = slice(order), slice(order, None)
    X = solve_sylvester(T[first, first], -T[last, last], -T[first, last]) if order < len(T) else T[first, last]
    stable = HalfPlane(T[first, first], B[first] - X @ B[last], C[:, first], system.D)
    return stable, HalfPlane(T[last, last], B[last], C[:, last] + C[:, first] @ X, np.zeros_like(system.D))


def _residual(full: HalfPlane, stable: HalfPlane, other: HalfPlane, t: Real, sigma: float) -> float:
    s = 1j * t[:: max(1, t.size // 64)]
    E = full.transfer(s) - stable.transfer(s) - other.transfer(s)
    residual = float(np.abs(np.linalg.svd(E, compute_uv=False) / sigma - 1).max())
    if residual > 1e-6:
        warnings.warn(
            f"{_WHO}: the error deviates by {residual:.0e} from the least one, relative: the values around it are "
            "close, or near rounding.",
            AccuracyWarning,
            stacklevel=3,
        )
    return residual
