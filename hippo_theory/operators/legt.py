"""HiPPO-LegT: Legendre polynomials on a window of length one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real
from .._double import scaled
from .._optional import require
from ._arithmetic import Arithmetic
from ._base import CANCELLATION, SizedOperator
from ._recurrences import jacobi

__all__ = ["LegT"]


@dataclass(frozen=True, repr=False)
class LegT(SizedOperator):
    r"""HiPPO-LegT for the window [0, 1], x' = A x + B u.

    With r_n = sqrt(2n+1): A = D - d d^T, d_n = r_n, B_n = (-1)^n r_n, D[n, k] = 2 r_n r_k for n > k
    and n - k odd; hence A[n, k] = r_n r_k (n > k, n - k odd) and -r_n r_k elsewhere.

    Parameters
    ----------
    N : int
        State size, at least 1.

    Attributes
    ----------
    A, B : ndarray, float64, shapes (N, N) and (N,)
        Entries rounded once from their exact values.
    shift : float
        0: A + A^T = -B B^T - d d^T, two ports, hence no scalar all-pass function.

    Raises
    ------
    ParameterError
        N < 1 or not an integer.

    Notes
    -----
    d^T (sI - A)^{-1} B is exactly the [N-1/N] Pade approximant of e^{-s}. The transfer vector is a
    ratio of modified spherical Bessel type: with w_N = w_{N-1} = 1 and
    w_{n-1} = w_{n+1} + 2(2n+1) w_n / s, G_n = (-1)^n r_n w_n / (w_0 + s (w_0 + w_1)/2).
    The halved window-2 form of state-spaces/s4 and the LMU form are ``ht.convention("halved-legt", N)``
    and ``ht.convention("lmu", N)``. Left of the imaginary axis, where that denominator cancels,
    points are evaluated in balls of sufficient precision instead: about 10 ms each at N = 256.

    References
    ----------
    gu2020hippo, voelker2019lmu, gu2023httyh; theory F3, L11. The recurrence follows from writing
    the state as a polynomial X on [0, 1] with s X + X' orthogonal to all that vanishes at 0.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op, s = ht.LegT(12), np.array([3j])
    >>> d = np.abs(op.B)
    >>> float(abs(d @ op.transfer(s) - np.exp(-s))[0]) < 1e-12
    True
    """

    shift = 0.0
    window = 1.0

    def _basis(self, t: Real) -> Real:
        gap = np.minimum(t, 1 - t)  # exact in float64, as 1 - t is for t >= 1/2
        return jacobi(self.N, (gap, np.zeros_like(t)), t <= 0.5)

    def pole_balls(self) -> list[Any]:
        """The poles as flint ``acb`` balls at the caller's precision: roots of the Pade denominator of e^{-s}.

        Isolated from integer coefficients, since A itself does not determine them in float64 beyond
        N = 30. Cost 1 s at N = 128, 12 s at 256.
        """
        N, flint = self.N, require("flint")
        factorial = flint.fmpz.fac_ui
        # (2N-1-j)! N! / (j! (N-j)! (N-1)!): integers, proportional to the coefficients.
        denominator = flint.fmpz_poly(
            [
                factorial(2 * N - 1 - j) * factorial(N) // (factorial(j) * factorial(N - j) * factorial(N - 1))
                for j in range(N + 1)
            ]
        )
        return [root for root, _ in denominator.complex_roots()]

    def delay(self, s: ArrayLike) -> Complex:
        """d^T G(s), exactly the [N-1/N] Pade approximant of e^{-s}, shape s.shape (theory F3).

        A delay by one window: spectrally accurate where |s| is below N, all-pass nowhere. Rounding stays
        near 3e-15 on the imaginary axis (measured to N = 256).
        """
        return np.asarray(np.tensordot(np.abs(self.B), self.transfer(s), axes=1))

    def _state_entries(self, R: Arithmetic) -> Array:
        n = np.arange(self.N)
        row, column = n[:, None], n[None, :]
        square = R.number(2 * n + 1)
        size = R.root(square[:, None], square[None, :])
        return np.where((row > column) & ((row - column) % 2 == 1), size, -size)

    def _input_entries(self, R: Arithmetic) -> Array:
        n = np.arange(self.N)
        root = R.root(R.number(2 * n + 1), R.number(1))
        return np.where(n % 2 == 0, root, -root)

    def _transfer(self, s: Complex) -> Complex:
        # u_n = s^{N-1-n} w_n has no division by s; u_n and s^n are carried as (mantissa, exponent).
        N = self.N
        u = np.empty((N, s.size), dtype=np.complex128)
        exponents = np.zeros((N, s.size), dtype=np.int64)
        ahead, current, exponent = np.ones_like(s), np.ones_like(s), np.zeros(s.size, dtype=np.int64)
        u[N - 1] = current
        for n in range(N - 1, 0, -1):
            ahead, current = s * current, s * ahead + 2 * (2 * n + 1) * current
            size = _binary_size(np.maximum(np.abs(current), np.abs(ahead)))
            ahead, current, exponent = scaled(ahead, -size), scaled(current, -size), exponent + size
            u[n - 1], exponents[n - 1] = current, exponent
        denominator = current + 0.5 * s * (current + ahead)
        power, power_exponent = np.ones_like(s), np.zeros(s.size, dtype=np.int64)
        G = np.empty_like(u)
        for n in range(N):
            G[n] = scaled(u[n] / denominator * power, exponents[n] + power_exponent - exponent)
            power = power * s
            size = _binary_size(np.abs(power))
            power, power_exponent = scaled(power, -size), power_exponent + size
        sign = 1.0 - 2.0 * (np.arange(N) % 2)
        G = G * (sign * np.sqrt(2 * np.arange(N) + 1.0))[:, None]
        terms = np.abs(current) + 0.5 * np.abs(s) * (np.abs(current) + np.abs(ahead))
        # Left of the axis the terms of the denominator are far larger than their sum.
        for j in np.flatnonzero(~(terms <= CANCELLATION * np.abs(denominator))):
            G[:, j] = self._beyond_float64(complex(s[j]), self._transfer_in_balls)
        return np.asarray(G)

    def _transfer_in_balls(self, s: Any) -> list[Any]:
        arb = require("flint").arb
        ahead, u = s * 0 + 1, [s * 0 + 1]
        for n in range(self.N - 1, 0, -1):
            ahead, current = s * u[-1], s * ahead + 2 * (2 * n + 1) * u[-1]
            u.append(current)
        denominator = u[-1] + s * (u[-1] + ahead) / 2
        return [(-1) ** n * s**n * w / denominator * arb(2 * n + 1).sqrt() for n, w in enumerate(reversed(u))]


def _binary_size(modulus: Real) -> Array:
    return np.frexp(np.where(modulus > 0, modulus, 1.0))[1]
