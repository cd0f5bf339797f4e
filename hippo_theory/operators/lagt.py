"""HiPPO-LagT: Laguerre functions on the half line, measure 1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._arrays import Array, Complex, Real, frozen
from ._arithmetic import Arithmetic
from ._base import PoleChain, SizedOperator
from ._recurrences import laguerre_functions

__all__ = ["LagT"]


@dataclass(frozen=True, repr=False)
class LagT(SizedOperator, PoleChain):
    r"""HiPPO-LagT, the Laguerre cascade x' = A x + B u.

        A[n, k] = -1 (n > k),  -1/2 (n = k),  0 (n < k);    B[n] = 1.

    Its kernels are the Laguerre functions K_n(t) = e^{-t/2} Lag_n(t), orthonormal in
    L^2(0, infinity) for the measure 1: the weight does *not* decay (``shift`` 0).

    Parameters
    ----------
    N : int
        State size, at least 1.

    Attributes
    ----------
    A, B : ndarray, float64, shapes (N, N) and (N,)
        Exact in float64.
    shift : float
        0: A + A^T = -B B^T.

    Raises
    ------
    ParameterError
        N < 1 or not an integer.

    Notes
    -----
    One eigenvalue, -1/2, with a single Jordan block: A is defective for N > 1.
    phi(s) = ((s - 1/2)/(s + 1/2))^N.

    References
    ----------
    gu2020hippo; theory F1, L2.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.LagT(3).A.tolist()
    [[-0.5, 0.0, 0.0], [-1.0, -0.5, 0.0], [-1.0, -1.0, -0.5]]
    """

    shift = 0.0

    @cached_property
    def a(self) -> Complex:
        return frozen(np.full(self.N, 0.5 + 0j))

    def _state_entries(self, R: Arithmetic) -> Array:
        row, column = np.indices((self.N, self.N))
        return np.where(row > column, R.number(-1), np.where(row == column, R.number(-0.5), R.number(0)))

    def _input_entries(self, R: Arithmetic) -> Array:
        return np.asarray(R.number(np.ones(self.N, dtype=int)))

    def _basis(self, t: Real) -> Real:
        return laguerre_functions(self.N, t)

    def _kernel(self, t: Real) -> Real:
        return self._basis(t)
