"""HiPPO-LegS: exponentially warped Legendre polynomials, measure e^{-t}."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._arrays import Array, Complex, Real, frozen
from ._arithmetic import Arithmetic
from ._base import PoleChain, SizedOperator
from .bases import ExponentialBasis

__all__ = ["LegS"]


@dataclass(frozen=True, repr=False)
class LegS(SizedOperator, PoleChain):
    r"""HiPPO-LegS in its time-invariant form, x' = A x + B u.

    With r_n = sqrt(2n+1) and indices from 0,

        A[n, k] = -r_n r_k (n > k),  -(n+1) (n = k),  0 (n < k);    B[n] = r_n.

    Its kernels are K_n(t) = L_n(e^{-t}) e^{-t}, L_n(x) = r_n P_n(2x-1): an orthonormal basis for
    the measure e^{-t} (mean memory 1, ``shift`` 1/2). The original scaled HiPPO is A/t, B/t.

    Parameters
    ----------
    N : int
        State size, at least 1.

    Attributes
    ----------
    A, B : ndarray, float64, shapes (N, N) and (N,)
        Entries rounded once from their exact values.
    shift : float
        1/2: A + A^T = -I - B B^T.

    Raises
    ------
    ParameterError
        N < 1 or not an integer.

    Notes
    -----
    Eigenvalues are exactly -1, ..., -N; the eigenvectors are as badly conditioned as binomial
    matrices can be (10^47.5 at N = 64), so A must never be diagonalised numerically.
    ||G(iw)|| = N / sqrt(w^2 + N^2).

    References
    ----------
    gu2020hippo (operator), gu2023httyh (time-invariant basis); theory F1, L2, L7.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op = ht.LegS(64)
    >>> np.linalg.norm(op.transfer(64j)).round(12) == round(1 / np.sqrt(2), 12)
    np.True_
    """

    shift = 0.5

    @cached_property
    def a(self) -> Complex:
        return frozen((np.arange(self.N) + 0.5).astype(np.complex128))

    def _state_entries(self, R: Arithmetic) -> Array:
        n = np.arange(self.N)
        row, column = n[:, None], n[None, :]
        square = R.number(2 * n + 1)
        below = -R.root(square[:, None], square[None, :])
        return np.where(row > column, below, np.where(row == column, -R.number(n + 1), R.number(0)))

    def _input_entries(self, R: Arithmetic) -> Array:
        return np.asarray(R.root(R.number(2 * np.arange(self.N) + 1), R.number(1)))

    def _basis(self, t: Real) -> Real:
        return ExponentialBasis(self.N).values(t)

    def _kernel(self, t: Real) -> Real:
        return self._basis(t) * np.exp(-t)

    def gramian(self) -> Real:
        """Jacobi matrix of the shifted Legendre polynomials: diagonal 1/2, neighbours n / (2 sqrt(4n^2-1)).

        Its eigenvalues are the Gauss-Legendre nodes on [0, 1] (theory L7).
        """
        return ExponentialBasis(self.N).jacobi_matrix()
