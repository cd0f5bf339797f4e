"""H2-optimal reduction: the least mean square error for white noise, by descent among stable systems alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex, generator, positive_integer
from ..errors import AccuracyError, AccuracyWarning
from ..systems import StateSpace
from ._balanced_states import BalancedStates, Reduction, balanced_states, kept, measured_bound
from ._input_normal import Distance
from ._stability import outside
from .norms import h2_norm

__all__ = ["H2Reduction", "h2_reduction"]

_WHO = "h2_reduction"
_CONVERGED = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class H2Reduction(Reduction):
    """A ``Reduction`` with its error in the H2 norm; made by ``ht.h2_reduction``.

    Attributes
    ----------
    h2_error : float
        ||G - G_r|| in the H2 norm.
    residual : float
        How far the first-order conditions are from holding, relative: the interpolation of G by G_r, and of G' by G_r',
        at the mirror images of the poles of G_r.
    """

    h2_error: float
    residual: float

    def __repr__(self) -> str:
        return f"{super().__repr__()}, H2 error {self.h2_error:.3g}"


def h2_reduction(system: Any, order: int, *, starts: int = 3, rng: Any = 0) -> H2Reduction:
    r"""A system of k = order states at a local minimum of ||G - G_r|| in the H2 norm, stable by construction.

    At a minimum, with lam_i, b_i (a row) and c_i (a column) the poles and residues c_i b_i of G_r, s_i = -conj(lam_i),

        G(s_i) b_i^* = G_r(s_i) b_i^*,  c_i^* G(s_i) = c_i^* G_r(s_i),  c_i^* G'(s_i) b_i^* = c_i^* G_r'(s_i) b_i^*

    (Meier and Luenberger). Candidates are A_r = S - B_r B_r^*/2 with S = -S^*, where the controllability Gramian is I
    and the best C_r a projection: a smooth function of S and B_r without constraints. Descent starts at the balanced
    truncation, and at the same number of other balanced states.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable, continuous or discrete. Without C the state is read out.
    order : int
        States to keep, at most as many as there are Hankel values above the rounding of the first.
    starts : int, default 3
        Descents; the best end is returned. There may be several minima, and no number of starts proves the least.
    rng : Generator or seed, default 0
        Draws all starts after the first.

    Returns
    -------
    H2Reduction
        ``.system`` (D as given), ``.order``, ``.values``, ``.lower``, ``.upper``, ``.h2_error``, ``.residual``. No
        bound is known before: ``.upper`` is twice the sum of the Hankel values of G - G_r.

    Raises
    ------
    ParameterError
        An order beyond the numerical rank; a constant transfer function; starts < 1.
    AccuracyError
        The descent ends at a system with poles on the boundary of stability, to rounding.
    UnstableSystemError, ParameterTypeError
        As in ``ht.hankel_singular_values``.

    Warns
    -----
    AccuracyWarning
        The residual exceeds 1e-4.

    Notes
    -----
    Iterative interpolation (IRKA) has the same fixed points, need not converge to one, and may leave stable systems.
    Discrete systems become continuous ones by the isometry sqrt(2)/(1 - s) G((1 + s)/(1 - s)), which keeps the number
    of states. Cost O(N^3) and some 100 steps of O(N^2 k): about 2 s for N = 256, k = 30 and one start.

    References
    ----------
    meier1967; wilson1970; gugercin2008.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LegS(16)
    >>> full = ht.StateSpace(op.A, op.B, C=np.random.default_rng(16).standard_normal(16))
    >>> found, other = ht.h2_reduction(full, 4), ht.balanced_truncation(full, 4)
    >>> bool(found.h2_error < ht.h2_norm(full, other.system).value), found.residual < 1e-9
    (True, True)
    >>> abs(ht.h2_norm(full, found.system).value - found.h2_error) < 1e-9
    True
    """
    states = balanced_states(system, _WHO)
    order = kept(order, None, np.zeros(0), states.rank, _WHO)
    starts, random = positive_integer(starts, "starts", _WHO), generator(rng, _WHO)
    inner = balanced_states(_continuous(states), _WHO) if states.given.discrete else states
    order = min(order, inner.rank)
    problem, gain = _problem(inner, order)
    chosen = [np.arange(order)]
    chosen += [np.sort(random.choice(inner.rank, order, replace=False)) for _ in range(starts - 1)]
    ends = [problem.minimum(_start(problem, inner, some)) for some in chosen]
    A, B = problem.reduced(ends[int(np.argmin([problem(x)[0] for x in ends]))])
    C = problem.output(A, B)[0]
    if outside(np.linalg.eigvals(A), False)[1] >= 0:
        raise AccuracyError(
            f"{_WHO}: the best system of order {order} that was found has a pole on the boundary of stability to "
            "rounding; choose another order, or more starts."
        )
    residual = _residual(problem, A, B, C)
    if residual > _CONVERGED:
        warnings.warn(
            f"{_WHO}: the conditions of a minimum hold to {residual:.0e} only, relative; try another order.",
            AccuracyWarning,
            stacklevel=2,
        )
    C = gain * C
    if states.given.discrete:
        A, B, C = _discrete(inner.system(A, B, C, np.zeros_like(states.D)))
    found, source = states.system(A, B, C, states.D), states.source
    upper = measured_bound(source, found, _WHO)
    lower, error = states.least_error(order), h2_norm(source, found).value
    return H2Reduction(found, order, states.values, lower, upper, "H2 optimisation", error, residual)


def _problem(states: BalancedStates, order: int) -> tuple[Distance, float]:
    """With ||G|| = 1 for a unit, and that unit."""
    given = states.given
    form = given.triangular()
    T = np.diag(form.T) if form.T.ndim == 1 else form.T
    gain = float(np.linalg.norm(form.C @ form.controllability()))
    real = not any(np.iscomplexobj(x) for x in (given.A, given.B, given.C))
    T, B, C = (np.asarray(x, dtype=np.complex128) for x in (T, form.B, form.C / gain))
    return Distance(T, B, C, order, real), gain


def _start(problem: Distance, states: BalancedStates, chosen: Array) -> Array:
    """These of the balanced states, at the scale where their controllability Gramian is the identity."""
    A, B, _ = states.truncated(int(chosen.max()) + 1)
    root = np.sqrt(states.S[chosen])
    return problem.parameters(A[np.ix_(chosen, chosen)] * root / root[:, None], B[chosen] / root[:, None])


def _continuous(states: BalancedStates) -> StateSpace:
    """sqrt(2)/(1 - s) G((1 + s)/(1 - s)) of a discrete system, without D: the H2 norm is the same."""
    given, N = states.given, len(states.given.A)
    A = np.diag(given.A) if given.A.ndim == 1 else given.A
    step = np.linalg.solve(A + np.eye(N), np.hstack([A - np.eye(N), np.sqrt(2) * given.B]))
    return StateSpace(step[:, :N], step[:, N:], given.C)


def _discrete(system: StateSpace) -> tuple[Array, Array, Array]:
    """A, B, C of the way back."""
    k = system.N
    step = np.linalg.solve(np.eye(k) - system.A, np.hstack([np.eye(k) + system.A, np.sqrt(2) * system.B]))
    return step[:, :k], step[:, k:], np.asarray(system.C)


def _residual(problem: Distance, A: Array, B: Array, C: Array) -> float:
    """The largest relative misfit of the three conditions over the poles."""
    lam, V = np.linalg.eig(A)
    rows, columns = np.linalg.solve(V, B.astype(np.complex128)), C @ V
    worst = 0.0
    for a, b, c in zip(lam, rows, columns.T, strict=True):
        (G, slope), (H, incline) = (_jet(x, -np.conj(a)) for x in ((problem.T, problem.B, problem.C), (A, B, C)))
        b, c = b.conj(), c.conj()
        for full, small in ((G @ b, H @ b), (c @ G, c @ H), (c @ slope @ b, c @ incline @ b)):
            worst = max(worst, float(np.linalg.norm(full - small)) / max(float(np.linalg.norm(full)), 1e-300))
    return worst


def _jet(system: tuple[Array, Array, Array], s: complex) -> tuple[Complex, Complex]:
    """G(s) and G'(s)."""
    A, B, C = system
    shifted = s * np.eye(len(A)) - A
    X = np.linalg.solve(shifted, B)
    return C @ X, -C @ np.linalg.solve(shifted, X)
