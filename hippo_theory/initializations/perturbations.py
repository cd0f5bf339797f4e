r"""Dense perturbations E that make A + E = V diag(lam) V^{-1} well conditioned: drawn, or searched for.

The gradient of kappa(V), unit columns, by W = V^{-1}, the largest and the smallest singular triple of V and
G = kappa (u_1 w_1^*/sigma_1 - u_n w_n^*/sigma_n): d kappa = Re tr(G^* dV) with

    dV = V (F o (W dA V)) less its part along the columns,   F_ij = 1/(lam_j - lam_i), F_ii = 0.

With respect to a real A it is Re(W^* Y V^*), Y = conj(F) o (V^* G'), G' being G without its parts along the columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Immutable, Real, finite, known_name, positive_integer, positive_real
from ..errors import AccuracyError, ParameterError, ShapeError
from ._base import needed_generator

__all__ = [
    "OBJECTIVES",
    "STRUCTURES",
    "OptimizedPerturbation",
    "ginibre_perturbation",
    "kappa_and_gradient",
    "optimized_perturbation",
]

OBJECTIVES = {"squared": 800.0, "plain": 75.0}  # with the default of gamma ||A||
STRUCTURES = ("dense", "symmetric", "feedback")
_FIELDS = ("real", "complex")
_START = 0.003  # of ||A||: the published start, .1 U[0, 1), has 1e-2 to 1e-3 of LegS(8) to LegS(64)
# The price of E falls to gamma in six halvings. At once, from that start, the search ends in kinks for N >= 128.
_HALVINGS, _UNDERWAY = 6, 300
_STATIONARY = 1e-3  # of gamma, the size of the gradient of the price


def ginibre_perturbation(A: ArrayLike, size: float, rng: Any, *, field: str = "real") -> Array:
    """Independent normal entries, scaled to ||E|| = size ||A|| in the spectral norm.

    Parameters
    ----------
    A : array_like, shape (N, N)
    size : float
        Positive.
    rng : Generator or seed
    field : {"real", "complex"}, default "real"

    Returns
    -------
    ndarray, shape (N, N)

    Raises
    ------
    ParameterError
        size <= 0; no rng; NaN in A.
    ShapeError, UnknownNameError
        A is not square; another field.

    Notes
    -----
    Some E of this size has kappa(V) <= 4 N^{3/2} (1 + 1/size); most draws for LegS are unstable.

    References
    ----------
    banks2021; theory P3.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from hippo_theory.initializations.perturbations import ginibre_perturbation
    >>> A = ht.LegS(8).A
    >>> round(float(np.linalg.norm(ginibre_perturbation(A, 0.1, 0), 2) / np.linalg.norm(A, 2)), 12)
    0.1
    """
    who = "ginibre_perturbation"
    A = _square(A, who)
    size, field = positive_real(size, "size", who), known_name(field, _FIELDS, "field")
    draw = needed_generator(rng, who, "entries of E")
    G: Array = draw.standard_normal(A.shape)
    if field == "complex":
        G = G + 1j * draw.standard_normal(A.shape)
    return np.asarray(G * (size * np.linalg.norm(A, 2) / np.linalg.norm(G, 2)))


@dataclass(frozen=True, eq=False, repr=False)
class OptimizedPerturbation(Immutable):
    """What ``optimized_perturbation`` found.

    Attributes
    ----------
    E : ndarray, shape (N, N)
    kappa : float
        ||V|| ||V^{-1}|| of A + E, unit columns.
    gamma : float
    value : float
        Of the objective.
    history : ndarray
        The objective after each iteration with the final gamma, falling.
    converged : bool
        Whether the gradient is below 1e-3 gamma, the price of E having one of norm gamma. Never so in a kink: at E = 0,
        and where minima of "plain" lie.
    """

    E: Real
    kappa: float
    gamma: float
    value: float
    history: Real
    converged: bool

    def __repr__(self) -> str:
        state = "converged" if self.converged else "not converged"
        return f"kappa = {self.kappa:.4g}, objective {self.value:.6g} after {len(self.history)} iterations, {state}"


def optimized_perturbation(
    A: ArrayLike,
    *,
    gamma: float | None = None,
    objective: str = "squared",
    structure: str = "dense",
    B: ArrayLike | None = None,
    rng: Any,
    iterations: int = 1000,
) -> OptimizedPerturbation:
    r"""A real E that lowers kappa(V)^2 + gamma ||E||_F ("squared") or kappa(V) + gamma ||E|| ("plain").

    Parameters
    ----------
    A : array_like, real, shape (N, N)
    gamma : float, optional
        The price of E; default 800/||A|| for "squared" and 75/||A|| for "plain".
    objective : {"squared", "plain"}, default "squared"
        The first is what the code of yu2024ptd minimises, the second what its text says.
    structure : {"dense", "symmetric", "feedback"}, default "dense"
        What E may be; "feedback" is E = B f^T, with which (A + E, B) is (A, B) under the state feedback u + f^T x and
        has the transfer function G/(1 - f^T G).
    B : array_like, real, shape (N,), optional
        For "feedback", the input.
    rng : Generator or seed
        Draws the start, U[0, 1) entry by entry, scaled to .003 ||A|| in the Frobenius norm.
    iterations : int, default 1000
        Of L-BFGS with the final gamma, at most.

    Returns
    -------
    OptimizedPerturbation
        ``.E .kappa .gamma .value .history .converged``. A local minimum at best; E = 0 where that is better, as for
        LegS(2).

    Raises
    ------
    ParameterError
        gamma <= 0; no rng; NaN in A; a complex A, or A = 0; B = 0, missing for "feedback", or given for another one.
    ShapeError, UnknownNameError
        A is not square, B does not fit; another objective or structure.
    AccuracyError
        A + E is defective at the start.

    Notes
    -----
    One eigenvalue problem and one singular value decomposition an evaluation. The price of E falls to gamma in
    halvings, from 64 gamma: each search starts where the last one ended.

    "squared" has smooth minima: for LegS kappa and ||E||/||A|| hardly depend on N, nor on the draw, and converge:

        gamma ||A||     6400    3200    1600     800     400     200     100      50
        kappa           9.95    8.08    6.58    5.37    4.40    3.61    2.97    2.45
        ||E||/||A||    .0247   .0321   .0416   .0542   .0707   .0925   .1211   .1589    (N = 64, 128)

    E is not symmetric, its second singular value is a ninth of the first, and A + E was stable wherever a search for
    LegS converged. "plain" prices one singular value of E only, the others grow up to it: kinks, a search ten times as
    long, and an A + E that is unstable as a rule from N = 16 on. "feedback" is larger at equal kappa (6.37 at
    ||E||/||A|| = .088 for gamma ||A|| = 800, N = 32), but leaves a third of the error of the transfer function. Nothing
    enforces stability; ``ht.ptd`` refuses what is unstable. Seconds on one core: .05 (N = 16), .1 (32), 1.2 (64), 12
    (128), 110 (256), for "plain" 15 (64).

    References
    ----------
    yu2024ptd; theory P4.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from hippo_theory.initializations.perturbations import optimized_perturbation
    >>> found = optimized_perturbation(ht.LegS(16).A, rng=1)
    >>> round(found.kappa, 3), found.converged
    (5.364, True)
    """
    who = "optimized_perturbation"
    A = _square(A, who)
    objective = known_name(objective, OBJECTIVES, "objective")
    norm = float(np.linalg.norm(A, 2))
    if np.iscomplexobj(A) or norm == 0:
        raise ParameterError(f"{who}: A must be real and not zero, since E is real and its price is set by ||A||.")
    gamma = OBJECTIVES[objective] / norm if gamma is None else positive_real(gamma, "gamma", who)
    iterations = positive_integer(iterations, "iterations", who)
    priced = _Price(A, objective, _projection(A, structure, B, who))
    E = needed_generator(rng, who, "entries of the start of the search").random(A.shape)
    E = priced.projection(E * (_START * norm / np.linalg.norm(E)))
    for k in range(_HALVINGS, 0, -1):
        E = _descent(priced, E, 2.0**k * gamma, _UNDERWAY)[0]
    E, history = _descent(priced, E, gamma, iterations)
    nothing = np.zeros_like(A)
    E = min(nothing, E, key=lambda E: priced.at(E, gamma)[0])
    value, slope = priced.at(E, gamma)
    if not math.isfinite(value):
        raise AccuracyError(f"{who}: A + E is defective at the start of the search; take another rng.")
    converged = bool(E.any() and np.linalg.norm(slope) <= _STATIONARY * gamma)
    return OptimizedPerturbation(E, kappa_and_gradient(A + E)[0], gamma, value, history, converged)


def _projection(A: Real, structure: str, B: ArrayLike | None, who: str) -> Callable[[Real], Real]:
    """The orthogonal projection of matrices onto those of a structure."""
    structure = known_name(structure, STRUCTURES, "structure")
    if (B is not None) != (structure == "feedback"):
        raise ParameterError(f'{who}: B= goes with structure="feedback" and with no other, here {structure!r}.')
    if structure == "dense":
        return lambda E: E
    if B is None:
        return lambda E: (E + E.T) / 2
    column = finite(B, "B", who)
    if column.shape != (len(A),):
        raise ShapeError(f"{who}: B must have shape ({len(A)},), got {column.shape}.")
    size = float(np.linalg.norm(column))
    if np.iscomplexobj(column) or size == 0:
        raise ParameterError(f"{who}: B must be real and not zero.")
    unit = column / size
    return lambda E: np.outer(unit, unit @ E)


@dataclass(frozen=True)
class _Price:
    """The objective as a function of E and gamma, among matrices of a structure."""

    A: Real
    objective: str
    projection: Callable[[Real], Real]

    def at(self, E: Real, gamma: float) -> tuple[float, Real]:
        """Its value and its gradient."""
        kappa, slope = kappa_and_gradient(self.A + E)
        if kappa == math.inf:
            return kappa, slope
        if self.objective == "squared":
            size = float(np.linalg.norm(E))
            return kappa * kappa + gamma * size, self.projection(2 * kappa * slope + gamma * E / (size or 1.0))
        U, sigma, Wh = np.linalg.svd(E)
        return kappa + gamma * float(sigma[0]), self.projection(slope + gamma * np.outer(U[:, 0], Wh[0]))


def _descent(priced: _Price, start: Real, gamma: float, iterations: int) -> tuple[Real, Real]:
    """Where L-BFGS ends, and the objective after each of its iterations; steps are sums of gradients."""
    from scipy.optimize import minimize

    history: list[float] = []

    def evaluated(flat: Real) -> tuple[float, Real]:
        value, slope = priced.at(flat.reshape(start.shape), gamma)
        return value, slope.ravel()

    def record(intermediate_result: Any) -> None:
        history.append(float(intermediate_result.fun))

    found = minimize(
        evaluated,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        callback=record,
        # Gradients have the unit 1/||A||: no absolute tolerance of theirs means anything.
        options={"maxiter": iterations, "maxfun": 2 * iterations, "maxcor": 20, "ftol": 1e-12, "gtol": 0.0},
    )
    return priced.projection(found.x.reshape(start.shape)), np.array(history)


def kappa_and_gradient(A: Real) -> tuple[float, Real]:
    """kappa(V) of a real matrix (N, N), unit columns, and its gradient (N, N).

    Where the largest or the smallest singular value of V is multiple, kappa has a kink, and what is returned belongs to
    one pair of singular vectors: one of the slopes that meet. Infinite, with a zero gradient, for a matrix that is
    defective to rounding. Cost O(N^3).
    """
    lam, V = np.linalg.eig(A)
    U, sigma, Wh = np.linalg.svd(V)
    if not sigma[-1] > 0 or np.unique(lam).size < lam.size:
        return math.inf, np.zeros_like(A)
    kappa = float(sigma[0] / sigma[-1])
    G = kappa * (np.outer(U[:, 0], Wh[0]) / sigma[0] - np.outer(U[:, -1], Wh[-1]) / sigma[-1])
    G = G - V * np.einsum("ij,ij->j", V.conj(), G).real
    gaps = lam[None, :] - lam[:, None]
    np.fill_diagonal(gaps, np.inf)
    Y = (V.conj().T @ G) / gaps.conj()
    # W^* Y V^* with W = V^{-1} = Wh^* diag(1/sigma) U^*.
    return kappa, np.asarray(((U / sigma) @ (Wh @ Y)) @ V.conj().T).real


def _square(A: ArrayLike, who: str) -> Array:
    matrix = finite(A, "A", who)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ShapeError(f"{who}: A must be a square matrix, got shape {matrix.shape}.")
    return matrix
