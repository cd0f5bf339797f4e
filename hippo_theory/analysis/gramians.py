"""Gramians: what an input can reach of the state, and what an output sees of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable
from ..operators import LegS, OnePort
from ._lyapunov import EPS, Realization, Triangular, in_range, realization, uncertainty

__all__ = ["Gramian", "controllability_gramian", "observability_gramian"]


@dataclass(frozen=True, eq=False, repr=False)
class Gramian(Immutable):
    """A Gramian and its factor; made by ``ht.controllability_gramian`` and ``ht.observability_gramian``.

    Attributes
    ----------
    value : ndarray, shape (N, N)
        Hermitian, positive semidefinite; ``np.asarray`` of the object is this array.
    factor : ndarray, shape (N, N)
        ``value = factor factor^*``; its small singular values have digits that those of ``value`` have lost.
    error : float
        An estimate of the error of ``value`` in norm.
    """

    value: Array
    factor: Array
    error: float

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.value, dtype=dtype) if copy else np.asarray(self.value, dtype=dtype)

    def __repr__(self) -> str:
        return f"Gramian of {len(self.value)} states, norm {np.linalg.norm(self.value, 2):.6g}, error {self.error:.0e}"


def controllability_gramian(system: Any) -> Gramian:
    r"""P = int_0^inf e^{tA} B B^* e^{tA^*} dt, the solution of A P + P A^* + B B^* = 0; sum_k Abar^k B B^* Abar^{*k} if
    discrete.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable. Several inputs add up. Of stored conjugate pairs all modes count, the stored ones first.

    Returns
    -------
    Gramian
        ``.value``, ``.factor``, ``.error``. Closed forms where they exist, to the last digit: the Jacobi matrix of LegS
        (theory L7), and the identity of operators with one port and shift 0. Otherwise from a triangular form,
        backward stable; for ``Diagonal`` systems, whose Gramians are Cauchy matrices, entry by entry. There ``.error``
        is estimated from the answer for a perturbed system.

    Raises
    ------
    UnstableSystemError
        A pole on or beyond the boundary of stability.
    AccuracyError
        A pole so close to it that not four digits would be certain.
    ParameterError, ParameterTypeError
        Scales too far apart for floats; no system.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits are certain.

    Notes
    -----
    A factor is found directly, column by column, so that no small singular value drowns in the rounding of a large
    one. Cost O(N^3): 40 ms for a triangular matrix with N = 256, .3 s for a full one.

    References
    ----------
    theory L7; hammarling1982.

    Examples
    --------
    The eigenvalues for LegS are the Gauss-Legendre nodes on [0, 1]:

    >>> import numpy as np, hippo_theory as ht
    >>> P = ht.controllability_gramian(ht.LegS(3))
    >>> np.linalg.eigvalsh(P.value).round(6), ((np.polynomial.legendre.leggauss(3)[0] + 1) / 2).round(6)
    (array([0.112702, 0.5     , 0.887298]), array([0.112702, 0.5     , 0.887298]))
    """
    if isinstance(system, LegS) or (isinstance(system, OnePort) and system.shift == 0):
        P = system.gramian()
        return Gramian(P, np.linalg.cholesky(P), EPS)
    given = realization(system, "controllability_gramian", with_output=False)
    return _gramian(given, Realization.reached, given.B)


def observability_gramian(system: Any) -> Gramian:
    r"""Q = int_0^inf e^{tA^*} C^* C e^{tA} dt, the solution of A^* Q + Q A + C^* C = 0; sums of powers if discrete.

    Parameters, errors, accuracy and cost are those of ``controllability_gramian``.

    Returns
    -------
    Gramian
        ``.value``, ``.factor``, ``.error``. Without C the state is read out, C = I.

    Examples
    --------
    The energy that a state leaves behind in the output:

    >>> import hippo_theory as ht
    >>> Q = ht.observability_gramian(ht.StateSpace([[-1.0, 0.0], [0.0, -3.0]], [1.0, 1.0], C=[2.0, 6.0]))
    >>> Q.value
    array([[2., 3.],
           [3., 6.]])
    """
    given = realization(system, "observability_gramian")
    return _gramian(given, Realization.seen, given.C)


def _gramian(given: Realization, factor: Callable[[Realization, Triangular], Array], port: Array) -> Gramian:
    X = factor(given, given.triangular())
    with np.errstate(over="ignore", invalid="ignore"):
        value = X @ X.conj().T
        value = in_range((value + value.conj().T) / 2, not port.any(), given.who)

    def moved(other: Realization) -> float:
        Y = factor(other, other.triangular())
        return float(np.linalg.norm(value - Y @ Y.conj().T, 2))

    size = float(np.linalg.norm(value, 2))
    return Gramian(value, X, uncertainty(moved, given, size, size))
