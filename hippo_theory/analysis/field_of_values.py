"""The numerical range of a matrix, x^* A x over unit vectors x, and how far to the right it reaches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, finite
from ..errors import ParameterError, ShapeError
from ..operators import LegT, OnePort

__all__ = ["NumericalAbscissa", "numerical_abscissa", "square_matrix"]


@dataclass(frozen=True, eq=False, repr=False)
class NumericalAbscissa(Immutable):
    """The right end of the numerical range; made by ``ht.numerical_abscissa``.

    Attributes
    ----------
    value : float
        The largest Re x^* A x: ||e^{tA}|| <= e^{value t}, with equality to first order at t = 0.
    vector : ndarray, shape (N,)
        A unit vector x at which it is attained: the state that grows fastest at first.
    """

    value: float
    vector: Array

    def __repr__(self) -> str:
        return f"numerical abscissa {self.value:.6g} of {self.vector.size} states"


def numerical_abscissa(A: Any) -> NumericalAbscissa:
    r"""The largest eigenvalue of (A + A^*)/2: the rate at which ||e^{tA}|| starts, and its bound.

    For a family with one port, (A + A^T)/2 = -shift I - B B^T/2: the value is -shift exactly, at any x
    orthogonal to B (theory L8); a single state has no such x, and the value A_00. For LegT,
    (A + A^T)/2 = -(B B^T + d d^T)/2 with d = abs(B): 0 from three states on, -1 below.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation in continuous time
        Of a system its state matrix counts, in the coordinates in which it is stored; of stored halves of
        conjugate pairs all modes.

    Returns
    -------
    NumericalAbscissa
        ``.value``, ``.vector``. Exact for operators; otherwise LAPACK's, with an absolute error of
        about N eps ||A + A^*||.

    Raises
    ------
    ParameterError
        A system in discrete time: its norm says whether it is a contraction, ``ht.transient_growth`` how
        far its powers grow. NaN or infinite entries.
    ShapeError
        Not a square matrix.

    Notes
    -----
    It is at least the spectral abscissa, with equality for normal matrices. Cost O(N^3), for operators O(N).

    References
    ----------
    theory L8; trefethen2005, chapter 17.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.numerical_abscissa(ht.LegS(64)).value
    -0.5
    >>> ht.numerical_abscissa([[-1.0, 10.0], [0.0, -1.0]]).value  # stable, and growing at first
    4.0
    """
    if isinstance(A, OnePort | LegT):
        return _of_operator(A)
    matrix, dt = square_matrix(A, "numerical_abscissa")
    if dt is not None:
        raise ParameterError(
            f"numerical_abscissa: {A!r} is in discrete time (dt = {dt:g}); ask for the growth of its powers, "
            "ht.transient_growth, or for the abscissa of the continuous system it was sampled from."
        )
    values, vectors = np.linalg.eigh(matrix / 2 + matrix.conj().T / 2)
    return NumericalAbscissa(float(values[-1]), vectors[:, -1].copy())


def _of_operator(operator: OnePort | LegT) -> NumericalAbscissa:
    """The theorem: a unit vector that no port sees, where there is one."""
    N, B = operator.N, operator.B
    x: Real = np.zeros(N)
    if isinstance(operator, LegT):
        # Even and odd indices span the two ports: the blind vector lives on 0 and 2.
        x[0], x[2 if N > 2 else 0] = (-B[2], B[0]) if N > 2 else (1.0, 1.0)
        return NumericalAbscissa(0.0 if N > 2 else -1.0, x / math.hypot(*x))
    if N == 1:
        return NumericalAbscissa(float(operator.A[0, 0]), np.ones(1))
    size = math.hypot(B[0], B[1])
    x[0], x[1] = -B[1] / size, B[0] / size
    return NumericalAbscissa(-float(operator.shift) + 0.0, x)


def square_matrix(value: Any, who: str) -> tuple[Array, float | None]:
    """The state matrix of what was given, and the step it carries where it is discrete."""
    value = getattr(value, "system", value)
    if hasattr(value, "to_dense"):
        value = value.to_dense()
    matrix = finite(getattr(value, "A", value), "A", who)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ShapeError(f"{who}: A must be a square matrix, got shape {matrix.shape}.")
    return matrix, getattr(value, "dt", None)
