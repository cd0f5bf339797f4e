r"""Dense perturbations E that make A + E = V diag(lam) V^{-1} well conditioned: drawn, or searched for.

The gradient of kappa(V), unit columns, with W = V^{-1} and the largest and smallest singular triples of V, and
G = kappa (u_1 w_1^*/sigma_1 - u_n w_n^*/sigma_n):

    d kappa = Re tr(G^* dV),   dV = V (F o (W dA V)) less its part along the columns,   F_ij = 1/(lam_j - lam_i),

with F_ii = 0, so that the gradient with respect to a real A is Re(W^* Y V^*), Y = conj(F) o (V^* G'), where G' is G
without the parts of its columns along those of V.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, frozen, known_name, positive_real
from ..errors import AccuracyError
from ._base import needed_generator

__all__ = [
    "OBJECTIVES",
    "OptimizedPerturbation",
    "ginibre_perturbation",
    "kappa_and_gradient",
    "optimized_perturbation",
]

OBJECTIVES = ("squared", "plain")
_FIELDS = ("real", "complex")
_START = 0.1  # the published code starts from .1 U[0, 1)


def ginibre_perturbation(A: Real, size: float, rng: Any, field: str = "real") -> Array:
    """Independent normal entries, scaled to ||E|| = size ||A|| in the spectral norm.

    Parameters
    ----------
    A : ndarray, shape (N, N)
    size : float
        Positive.
    rng : Generator or seed
    field : {"real", "complex"}, default "real"

    Returns
    -------
    ndarray, shape (N, N)

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
    value : float
        Of the objective, the lowest met.
    history : ndarray
        The objective after each iteration.
    """

    E: Real
    kappa: float
    value: float
    history: Real

    def __repr__(self) -> str:
        return f"kappa = {self.kappa:.4g}, objective {self.value:.6g} after {len(self.history)} iterations"


def optimized_perturbation(
    A: Real, *, gamma: float | None = None, objective: str = "squared", rng: Any, iterations: int = 1000
) -> OptimizedPerturbation:
    r"""A real E that lowers kappa(V)^2 + gamma ||E||_F ("squared") or kappa(V) + gamma ||E|| ("plain").

    Parameters
    ----------
    A : ndarray, real, shape (N, N)
    gamma : float, optional
        What perturbation costs; default 800/||A|| for "squared" and 75/||A|| for "plain".
    objective : {"squared", "plain"}, default "squared"
        The first is what the code of yu2024ptd minimises, the second what its text says.
    rng : Generator or seed
        Draws the start, .1 U[0, 1) entry by entry.
    iterations : int, default 1000
        Of L-BFGS, at most.

    Returns
    -------
    OptimizedPerturbation
        ``.E .kappa .value .history``. A local minimum at best, and the objective has kinks where singular values of V
        meet: the lowest value met is returned.

    Raises
    ------
    ParameterError
        gamma <= 0; no rng.
    UnknownNameError
        Unknown objective.

    Notes
    -----
    One eigenvalue problem and one singular value decomposition an evaluation: .7 s for LegS, N = 64, where the default
    reaches kappa = 5.4 at ||E|| = .054 ||A||, as at N = 8, 16 and 32. Nothing keeps A + E stable: with a smaller gamma
    (200/||A||) it was not at N = 64, and ``ht.ptd`` refuses it.

    References
    ----------
    yu2024ptd; theory P4.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from hippo_theory.initializations.perturbations import optimized_perturbation
    >>> op = ht.LegS(4)
    >>> bool(optimized_perturbation(op.A, rng=0).kappa < 10 < ht.eigenvector_condition(op).value)
    True
    """
    from scipy.optimize import minimize

    who, N = "optimized_perturbation", len(A)
    objective = known_name(objective, OBJECTIVES, "objective")
    default = (800.0 if objective == "squared" else 75.0) / float(np.linalg.norm(A, 2))
    gamma = default if gamma is None else positive_real(gamma, "gamma", who)
    start = _START * needed_generator(rng, who, "the start of the search").random((N, N))
    best: tuple[float, Array] = (math.inf, start)
    history: list[float] = []

    def evaluated(flat: Real) -> tuple[float, Real]:
        nonlocal best
        E = flat.reshape(N, N)
        kappa, slope = kappa_and_gradient(A + E)
        if objective == "squared":
            size = float(np.linalg.norm(E))
            value, slope = kappa * kappa + gamma * size, 2 * kappa * slope + gamma * E / (size or 1.0)
        else:
            U, sigma, Wh = np.linalg.svd(E)
            value, slope = kappa + gamma * float(sigma[0]), slope + gamma * np.outer(U[:, 0], Wh[0])
        if value < best[0]:
            best = value, E.copy()
        return value, slope.ravel()

    minimize(
        evaluated,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        callback=lambda _: history.append(best[0]),
        options={"maxiter": iterations, "maxfun": 2 * iterations, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-10},
    )
    value, E = best
    if not math.isfinite(value):
        raise AccuracyError(f"{who}: A + E is defective at the start of the search; take another rng.")
    return OptimizedPerturbation(frozen(E), kappa_and_gradient(A + E)[0], value, frozen(np.array(history)))


def kappa_and_gradient(A: Real) -> tuple[float, Real]:
    """kappa(V) of a real matrix, unit columns, and its gradient; where singular values coincide, one of several.

    Infinite, with a zero gradient, for a matrix that is defective to rounding.
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
