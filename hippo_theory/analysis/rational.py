"""Rational approximation (AAA): from samples on the boundary of stability to independent modes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real, positive_integer, positive_real, vector
from ..errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError, UnstableSystemError
from ..operators import TakenakaMalmquist
from ..systems import Diagonal, StateSpace
from ._balanced_states import Reduction, axis_grid, balanced_states, measured_bound
from ._half_plane import HalfPlane
from ._lyapunov import EPS
from ._stability import outside
from ._transfer_parts import Part, part_of

__all__ = ["from_aaa", "rational_fit"]

_IMPROPER, _ROUNDING = 1e-10, 1e-13


def from_aaa(rational: Any, dt: float | None = None, *, drop_unstable: bool = False) -> Diagonal:
    r"""The system G(s) = D + sum_j c_j/(s - a_j) of a rational function from ``scipy.interpolate.AAA``.

    a_j and c_j are its poles and residues, B = 1, and D is its value at infinity: with weights w_j and values f_j at
    the support points, sum_j w_j f_j / sum_j w_j.

    Parameters
    ----------
    rational : scipy.interpolate.AAA
        A fit to scalar samples of a transfer function.
    dt : float, optional
        Step of a discrete system, whose samples lie on the unit circle.
    drop_unstable : bool, default False
        Leave out the poles that are not stable, instead of refusing them. What is left no longer fits, unless their
        residues are tiny; ``ht.rational_fit`` fits anew.

    Returns
    -------
    Diagonal
        Complex modes, as many as the fit has poles.

    Raises
    ------
    UnstableSystemError
        A pole on or beyond the boundary of stability, and ``drop_unstable`` False.
    AccuracyError
        A fit that is infinite at infinity to rounding: no system with a D has it.
    ParameterError, ParameterTypeError
        A constant; no such fit.

    References
    ----------
    nakatsukasa2018.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from scipy.interpolate import AAA
    >>> s = 1j * np.linspace(-20, 20, 201)
    >>> fit = AAA(s, ht.StateSpace([[-1.0, 0.0], [1.0, -3.0]], [1.0, 0.0], C=[0.0, 2.0]).transfer(s))
    >>> np.sort(ht.from_aaa(fit).lam.real).round(9).tolist()
    [-3.0, -1.0]
    """
    who = "from_aaa"
    if not all(hasattr(rational, name) for name in ("poles", "residues", "weights", "support_values")):
        raise ParameterTypeError(f"{who}: a scipy.interpolate.AAA is needed, got {type(rational).__name__}.")
    weights, f = np.asarray(rational.weights), np.asarray(rational.support_values)
    if f.ndim != 1:
        raise ParameterTypeError(f"{who}: the fit has values of shape {f.shape[1:]}; fit scalar samples.")
    total, size = complex(weights.sum()), float(np.abs(weights).sum())
    if abs(total) <= _IMPROPER * size:
        raise AccuracyError(
            f"{who}: the fit grows without bound at infinity, and no system does; give samples at higher frequencies."
        )
    lam, residues = np.asarray(rational.poles()), np.asarray(rational.residues())
    stable = _stable(lam, dt is not None, drop_unstable, who)
    D = complex((weights * f).sum()) / total
    return Diagonal(lam[stable], np.ones(int(stable.sum())), residues[stable], D, dt=dt)


def rational_fit(
    system: Any,
    order: int | None = None,
    *,
    tol: float | None = None,
    frequencies: ArrayLike | None = None,
    drop_unstable: bool = False,
) -> Reduction:
    r"""A system of few states from samples G(i w): poles by AAA, then C and D by least squares.

    AAA takes support points one at a time, where the fit is worst, so that the error is about even over the samples:
    near the best in the H-infinity norm, though not promised to be. With its poles, of a real kernel in conjugate
    pairs, C and D minimise the sum of squares over all samples, in an orthonormal basis (Takenaka and Malmquist).

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable, one input and one output.
    order : int, optional
        Poles at most; fewer where rounding is reached.
    tol : float, optional
        In place of ``order``: AAA stops where it is this near to all samples, relative to the largest.
    frequencies : array_like, optional
        Where G is sampled, in radians per unit of time; by default seven points about each pole, and a geometric
        grid up to 1000 times the largest pole. Of a real kernel negative frequencies are added.
    drop_unstable : bool, default False
        Leave out poles that are not stable before C and D are fitted, instead of refusing them.

    Returns
    -------
    Reduction
        ``.upper`` is abs(D - D_r) plus twice the sum of the Hankel values of the difference: a bound, where samples
        alone say nothing in between.

    Raises
    ------
    UnstableSystemError
        The system, or a pole of the fit, is not stable.
    ShapeError
        Several inputs or outputs; no C.
    ParameterError, ParameterTypeError
        Both or none of order and tol; a constant transfer function; NaN.

    Notes
    -----
    Cost: an SVD of S k^2 operations for each of k support points, S the number of samples, plus O(N^3) for the bounds;
    seconds for 64 states. Made for functions that are only known by samples: where the matrices are known, as here,
    ``ht.hankel_norm_approximation`` comes nearer with as many states, and promises it.

    References
    ----------
    nakatsukasa2018.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LegS(16)
    >>> full = ht.StateSpace(op.A, op.B, C=1 / np.arange(1, 17) ** 2)
    >>> found = ht.rational_fit(full, order=6)
    >>> bool(found.lower < ht.hinf_norm(full, found.system).value < 5 * found.lower)
    True
    """
    from scipy.interpolate import AAA

    who = "rational_fit"
    if (order is None) == (tol is None):
        raise ParameterError(f"{who}: give either order or tol, got order = {order} and tol = {tol}.")
    terms = 256 if order is None else positive_integer(order, "order", who) + 1
    part, states = part_of(system, who), balanced_states(system, who)
    if part.C is None or part.p * part.H != 1:
        raise ShapeError(
            f"{who}: one input and one output are needed, got {part.H} and {part.p}; fit the entries of the transfer "
            "function one by one, or use ht.balanced_truncation."
        )
    t = _points(part, frequencies)
    z: Complex = np.asarray(1j * t if part.dt is None else (1 + 1j * t) / (1 - 1j * t))
    values = part.values(z)[0, 0]
    with warnings.catch_warnings():
        # That an order was reached is what was asked for.
        warnings.simplefilter("ignore", RuntimeWarning)
        fit = AAA(1j * t, values, rtol=None if tol is None else positive_real(tol, "tol", who), max_terms=terms)
    poles, residues = fit.poles(), np.abs(fit.residues())
    # A pole beside a zero (Froissart's doublet) is rounding, wherever it lies.
    usual = float(np.median(np.abs(poles))) if poles.size else 0.0
    poles = poles[residues > _ROUNDING * float(np.abs(values).max()) * usual]
    poles = _mirrored(poles) if part.real else poles
    poles = poles[_stable(poles, False, drop_unstable, who)]
    found = _fitted(poles, t, values, part)
    k = found.N
    return Reduction(found, k, states.values, states.least_error(k), measured_bound(system, found, who), "AAA")


def _stable(poles: Array, discrete: bool, drop: bool, who: str) -> Array:
    """Which poles are, if there are any."""
    if not poles.size:
        raise ParameterError(f"{who}: the fit is constant: it has no pole, and a system has at least one state.")
    which = np.abs(poles) < 1 if discrete else poles.real < 0
    if not which.all() and not (drop and which.any()):
        worst, beyond = outside(poles, discrete)
        raise UnstableSystemError(
            f"{who}: the fit has the pole {complex(poles[worst]):.6g}, {beyond:.3g} beyond the boundary of stability; "
            "use another order or tolerance, more samples, or drop_unstable=True."
        )
    return which


def _points(part: Part, frequencies: ArrayLike | None) -> Real:
    """Where s = i t is sampled; of a discrete system s = (z - 1)/(z + 1), which maps the circle to the axis."""
    if frequencies is None:
        poles = part.poles if part.dt is None else (part.poles - 1) / (part.poles + 1)
        t = axis_grid(poles, part.real)
    else:
        t = vector(frequencies, "frequencies", "rational_fit").real
        t = t if part.dt is None else np.tan(part.dt * t / 2)
    return np.unique(np.append(t, -t)) if part.real else t


def _mirrored(poles: Complex) -> Complex:
    """Upper halves of pairs, and real poles: of a real function the fit is symmetric to its accuracy only.

    Two poles make a pair where they are nearer to each other's mirror image than to the axis.
    """
    upper, lower, found = list(poles[poles.imag > 0]), list(poles[poles.imag < 0]), list(poles[poles.imag == 0])
    while upper and lower:
        images = np.conj(lower)
        excess = np.abs(np.subtract.outer(upper, images)) - np.add.outer(np.imag(upper), np.imag(images))
        i, j = (int(n) for n in np.unravel_index(int(np.argmin(excess)), excess.shape))
        if excess[i, j] >= 0:
            break
        found.append((upper.pop(i) + np.conj(lower.pop(j))) / 2)
    return np.array(found + [a.real + 0j for a in upper + lower])


def _fitted(poles: Complex, t: Real, values: Complex, part: Part) -> StateSpace:
    """C and D by least squares, in a basis of these poles that is orthonormal on the axis.

    Residues would be far larger than G where poles come close, and cancel.
    """
    A, B = _chain(poles, part.real)
    columns = np.vstack([StateSpace(A, B).transfer(1j * t), np.ones(t.size)]).T
    if part.real:
        found = _least_squares(np.vstack([columns.real, columns.imag]), np.append(values.real, values.imag))
    else:
        found = _least_squares(columns, values)
    fit = HalfPlane(A, B[:, None], found[None, :-1], np.array([[found[-1]]]))
    if part.dt is not None:
        fit = fit.to_disc()
    return StateSpace(fit.A, fit.B[:, 0], fit.C[0], fit.D[0, 0], part.dt)


def _chain(poles: Complex, real: bool) -> tuple[Array, Array]:
    """Takenaka and Malmquist's, slow sections first."""
    a = -poles[np.argsort(np.abs(poles))]
    if real:
        op = TakenakaMalmquist([b for a_k in a for b in ([a_k] if a_k.imag == 0 else [a_k, a_k.conjugate()])])
        return op.A, op.B
    B = np.sqrt(2 * a.real)
    return -np.tril(np.outer(B, B), -1) - np.diag(a), B


def _least_squares(columns: Array, values: Array) -> Array:
    norms = np.linalg.norm(columns, axis=0)
    found: Array = np.linalg.lstsq(columns / norms, values, rcond=EPS)[0]
    return np.asarray(found / norms)
