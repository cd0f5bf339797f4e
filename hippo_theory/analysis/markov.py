"""Markov parameters: from a system to the entries of its Hankel matrix, and from them back to a balanced system."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite_real, positive_integer, vector
from ..errors import ParameterError, ParameterTypeError
from ..systems import Diagonal, StateSpace
from ._lyapunov import balanced
from ._stability import require_stable, triangular_form

__all__ = ["hankel_matrix", "markov_parameters", "realize"]

_EPS = float(np.finfo(np.float64).eps)


def markov_parameters(system: Any, n: int) -> Array:
    r"""h_j = C A^j B, j = 0..n-1, of a discrete system, or of the bilinear image of a continuous one.

    The image is G((z - 1)/(z + 1)) = h_0/z + h_1/z^2 + ... plus a constant: with R = (I - A)^{-1} its matrices are
    R (I + A), sqrt(2) R B and sqrt(2) C R. It has the Gramians and the Hankel singular values of the system.

    Parameters
    ----------
    system : operator, system or initialisation
        Stable. Continuous where it has no ``dt``.
    n : int
        How many.

    Returns
    -------
    ndarray, shape (n,), (p, n) or (H, n), (p, H, n)
        The last axis counts j; several outputs p and inputs H put theirs in front, and C = None the states (N, n).
        Within about N eps max ||A^j|| ||B|| ||C||, A being the discrete one, and I - A of the continuous one not
        ill-conditioned. D is no part of them.

    Raises
    ------
    UnstableSystemError
        A pole on or beyond the boundary of stability: the parameters do not decay, no Hankel operator has them.
    ParameterError, ParameterTypeError
        n < 1; something that is not a system.

    Notes
    -----
    Cost O(N^3 + N^2 n), O(N n) for a ``Diagonal``. ``ht.hope(h=markov_parameters(system, n), dt=1)`` is the layer
    with this impulse response; ``realize`` is the way back.

    References
    ----------
    theory H5; yu2025hope.

    Examples
    --------
    G(s) = 1/(s + 1) is (1 + 1/z)/2: one parameter, then zeros.

    >>> import hippo_theory as ht
    >>> ht.markov_parameters(ht.StateSpace([[-1.0]], [1.0], C=[1.0]), 3)
    array([0.5, 0. , 0. ])
    """
    who = "markov_parameters"
    given, n = system, positive_integer(n, "n", who)
    system = getattr(given, "system", given)
    if not hasattr(system, "to_dense"):
        raise ParameterTypeError(f"{who}: an operator or a system is needed, such as ht.StateSpace, got {given!r}.")
    if not isinstance(system, Diagonal):
        system = balanced(system.to_dense(), who)
    poles = system.lam if isinstance(system, Diagonal) else np.diagonal(triangular_form(system.A)[0])
    require_stable(poles, system.dt is not None, who)
    with np.errstate(over="ignore", invalid="ignore"):
        h = np.asarray((_image(system) if system.dt is None else system).kernel(n))
    if not np.isfinite(h).all():
        raise ParameterError(f"{who}: the parameters leave the range of floats; rescale the input or the output.")
    return h


def _image(system: StateSpace | Diagonal) -> StateSpace | Diagonal:
    """The bilinear image; only C is more than what ``discretize`` makes of it."""
    if isinstance(system, Diagonal):
        C = (np.eye(system.lam.size) if system.C is None else system.C) / (1 - system.lam)
    else:
        read = np.eye(system.N) if system.C is None else system.C
        C = np.linalg.solve((np.eye(system.N) - system.A).T, read.T).T
    return replace(system, C=C, D=0.0).discretize(2.0, "bilinear")


def hankel_matrix(h: Array) -> Array:
    """H_ij = h_{i+j}, zero for i + j >= n, of the shape (n, n) and the dtype of h."""
    n = len(h)
    return np.append(h, np.zeros(n - 1, h.dtype))[np.add.outer(np.arange(n), np.arange(n))]


def realize(
    h: ArrayLike, order: int | None = None, eps: float | None = None, *, continuous: bool = False
) -> StateSpace:
    r"""A balanced system with the Markov parameters h_0, ..., h_{n-1}, 0, 0, ... (Ho and Kalman), or near it.

    From the singular value decomposition U S V^* of the Hankel matrix H_ij = h_{i+j} (zero for i + j >= n), and the
    shift Z: A = S^{1/2} V^* Z V S^{-1/2} = S^{-1/2} U^* Z^T U S^{1/2}, B = S^{1/2} V^* e_0, C = e_0^T U S^{1/2}.

    Parameters
    ----------
    h : array_like, shape (n,)
        Real or complex. What comes after it is taken to be zero: give enough of a response that goes on.
    order : int, optional
        Number of states r, at most n; default all singular values above n eps of the largest.
    eps : float, optional
        Instead of ``order``: keep the singular values above eps times the largest one.
    continuous : bool, default False
        The continuous system whose bilinear image, s = (z - 1)/(z + 1), it is; then D is G at z = -1.

    Returns
    -------
    StateSpace
        Discrete with ``dt`` = 1 and D = 0, or continuous. By default both Gramians are S, and h comes back, within
        about n eps sigma_1; of fewer states r it is the balanced truncation, which is stable where
        sigma_r > sigma_{r+1} and satisfies ||G - G_r||_inf <= 2 sum_{j>r} sigma_j.

    Raises
    ------
    ShapeError, ParameterError
        h not a vector, NaN, zero; order outside 1..n; eps outside [0, 1); order and eps both given.

    Notes
    -----
    Of the two formulas for A each entry takes the one that divides by the larger singular value, so that small ones
    amplify nothing. Cost O(n^3): .1 s for n = 256.

    References
    ----------
    B. L. Ho, R. E. Kalman, Effective construction of linear state-variable models from input/output functions, 1966;
    theory H5.

    Examples
    --------
    A system of two states from its impulse response:

    >>> import numpy as np, hippo_theory as ht
    >>> pair = ht.StateSpace([[0.5, 0.1], [0.0, -0.4]], [1.0, 1.0], C=[1.0, 2.0], dt=1.0)
    >>> found = ht.realize(ht.markov_parameters(pair, 64), order=2)
    >>> np.sort(found.poles.real).round(12).tolist()
    [-0.4, 0.5]
    """
    who = "realize"
    h = vector(h, "h", who)
    if not h.any():
        raise ParameterError(f"{who}: h is zero, there is nothing to realise; give a nonzero impulse response.")
    U, sigma, Vh = np.linalg.svd(hankel_matrix(h))
    r = _order(sigma, order, eps, who)
    U, sigma, V = U[:, :r], sigma[:r], Vh[:r].conj().T
    ratio = np.sqrt(np.minimum.outer(sigma, sigma) / np.maximum.outer(sigma, np.maximum(sigma, 1e-300)))
    # (Z v)_i = v_{i-1}; U^* Z^T U moves the other way.
    by_columns, by_rows = V[1:].conj().T @ V[:-1], U[:-1].conj().T @ U[1:]
    A = ratio * np.where(np.tri(r, dtype=bool), by_columns, by_rows)
    B, C = np.sqrt(sigma) * V[0].conj(), U[0] * np.sqrt(sigma)
    if not continuous:
        return StateSpace(A, B, C, dt=1.0)
    forward = A + np.eye(r)
    S = np.linalg.solve(forward, np.column_stack([A - np.eye(r), B]))
    readout = np.linalg.solve(forward.T, C)
    return StateSpace(S[:, :r], np.sqrt(2) * S[:, r], np.sqrt(2) * readout, -readout @ B)


def _order(sigma: Array, order: int | None, eps: float | None, who: str) -> int:
    if order is not None and eps is not None:
        raise ParameterError(f"{who}: give order= or eps=, not both.")
    if eps is not None:
        eps = finite_real(eps, "eps", who)
        if not 0 <= eps < 1:
            raise ParameterError(f"{who}: eps, relative to the largest singular value, must be in [0, 1); got {eps}.")
        return int((sigma > eps * sigma[0]).sum())
    if order is None:
        return int((sigma > sigma.size * _EPS * sigma[0]).sum())
    r = positive_integer(order, "order", who)
    if r > sigma.size:
        raise ParameterError(f"{who}: of {sigma.size} parameters order must be at most {sigma.size}, got {r}.")
    return r
