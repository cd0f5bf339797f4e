"""HiPPO-FouT: the truncated Fourier basis on a window of length one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real
from .._double import pi_in_two_floats, two_product
from .._optional import require
from ..errors import ParameterError
from ._arithmetic import Arithmetic
from ._base import CANCELLATION, OnePort, SizedOperator

__all__ = ["FouT"]


@dataclass(frozen=True, repr=False)
class FouT(SizedOperator, OnePort):
    r"""HiPPO-FouT for the window [0, 1], basis (1, sqrt2 cos 2 pi t, sqrt2 sin 2 pi t, ...).

        A = D - 2 b b^T,   B = 2 b,   b = (1, sqrt2, 0, sqrt2, 0, ...),

    where D rotates the pair (cos m, sin m): its block is [[0, -2 pi m], [2 pi m, 0]].

    Parameters
    ----------
    N : int
        State size, odd: N = 2M + 1 for M frequencies and the constant.

    Attributes
    ----------
    A, B : ndarray, float64, shapes (N, N) and (N,)
        Entries rounded once from their exact values (2 pi m included).
    shift : float
        0: A + A^T = -B B^T.

    Raises
    ------
    ParameterError
        N even (a sine of frequency 0 would be a dead state), N < 1, or not an integer.

    Notes
    -----
    phi(s) = (1 - 2g)/(1 + 2g), g(s) = 1/s + sum_{m <= M} 2s/(s^2 + 4 pi^2 m^2), tends to -e^{-s}: a delay by
    one window. Kernels reach the Fourier basis only as N grows; K_n(0) = 2 p_n(0) at every N, and
    ghosts remain at t = 1, 2. The halved form and the form with a dead state that other codes use
    are ``ht.convention("halved-fout", N)`` and ``ht.convention("fourier2", N)``.

    References
    ----------
    gu2023httyh (FouT); theory F3, L2.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> phi = ht.FouT(1001).allpass(1j * np.linspace(-50, 50, 7))
    >>> bool(np.all(np.abs(np.abs(phi) - 1) < 1e-13))
    True
    """

    shift = 0.0
    window = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.N % 2 == 0:
            raise ParameterError(
                f"FouT: N must be odd (the constant and M cosine-sine pairs), got {self.N}; "
                f"use N={self.N - 1} or N={self.N + 1}."
            )

    def delay(self, s: ArrayLike) -> Complex:
        """-phi(s), the all-pass approximation of e^{-s} (C = B^T, D = -1), shape s.shape (theory F3).

        A delay by one window, with |delay(iw)| = 1 at every N: all of its error is phase, about 0.1 w^3/N at
        low frequencies and at most 5.4/N for |w| < 15.
        """
        return np.negative(self.allpass(s))

    @property
    def _squares(self) -> Array:
        """B_n^2: 4 for the constant, 8 for cosines, 0 for sines."""
        n = np.arange(self.N)
        return np.where(n == 0, 4, np.where(n % 2 == 1, 8, 0))

    def _state_entries(self, R: Arithmetic) -> Array:
        M, square = (self.N - 1) // 2, self._squares
        # B B^T / 2 = 2 b b^T entry by entry: each is one root.
        A = R.number(0) - R.root(R.number(square)[:, None], R.number(square / 4)[None, :])
        cosine = np.arange(1, 2 * M, 2)
        rotation = R.pi(2 * np.arange(1, M + 1))
        A[cosine + 1, cosine], A[cosine, cosine + 1] = rotation, -rotation
        return np.asarray(A)

    def _input_entries(self, R: Arithmetic) -> Array:
        return np.asarray(R.root(R.number(self._squares), R.number(1)))

    def _basis(self, t: Real) -> Real:
        # m t less whole turns, exactly: the phase 2 pi m t of a high frequency keeps its digits.
        turns, error = two_product(np.arange(1.0, (self.N + 1) // 2)[:, None], t)
        phase = 2 * np.pi * ((turns - np.rint(turns)) + error)
        p = np.ones((self.N, t.size))
        p[1::2], p[2::2] = np.sqrt(2.0) * np.cos(phase), np.sqrt(2.0) * np.sin(phase)
        return p

    def _port(self, s: Complex) -> tuple[Complex, Complex, Complex, Array]:
        """q 2g, q, and q/s, q/(s^2 + 4 pi^2 m^2) for m = 1..M, with q the factor that is nearly zero.

        Last, the points where 1 + 2g cancels: left of the axis, where phi grows like e^{-Re s}.

        g has poles at s = 0 and s = 2 pi i m, where G and phi are regular: multiplying through by the
        nearest factor q removes the singularity before it is rounded. The frequencies 2 pi m are
        carried in two floats, so that the distance to a resonance keeps its digits.
        """
        high, low = pi_in_two_floats(2 * np.arange(1, (self.N - 1) // 2 + 1)[:, None])
        resonances = ((s - 1j * high) - 1j * low) * ((s + 1j * high) + 1j * low)
        factors = np.concatenate([s[None, :], resonances])
        residues = np.concatenate([np.ones_like(s)[None, :], np.broadcast_to(2 * s, resonances.shape)])
        nearest = np.argmin(np.abs(factors) / np.maximum(np.abs(residues), 1e-300), axis=0), np.arange(s.size)
        q = factors[nearest]
        ratios = q / np.where(factors == 0, 1.0, factors)
        ratios[nearest] = 1.0
        port = 2 * (residues * ratios).sum(axis=0)
        cancelled = np.flatnonzero(~(np.abs(q) + np.abs(port) <= CANCELLATION * np.abs(q + port)))
        return port, q, ratios, cancelled

    def _allpass(self, s: Complex) -> Complex:
        port, q, _, cancelled = self._port(s)
        phi = (q - port) / (q + port)
        for j in cancelled:
            phi[j] = self._beyond_float64(complex(s[j]), lambda z: [2 / (1 + 2 * self._sum_in_balls(z)[0]) - 1])[0]
        return phi

    def _sum_in_balls(self, s: Any) -> tuple[Any, list[Any]]:
        """g(s), and the pairs (s, 2 pi m)/(s^2 + 4 pi^2 m^2) it is made of."""
        pi = require("flint").arb.pi()
        pairs = []
        for m in range(1, (self.N - 1) // 2 + 1):
            omega = 2 * m * pi
            d = s * s + omega * omega
            pairs += [s / d, omega / d]
        return 1 / s + 2 * sum(pairs[::2], s * 0), pairs

    def _transfer_in_balls(self, s: Any) -> list[Any]:
        g, pairs = self._sum_in_balls(s)
        root = require("flint").arb(2).sqrt()
        return [2 * x / (1 + 2 * g) for x in [1 / s, *(root * z for z in pairs)]]

    def _transfer(self, s: Complex) -> Complex:
        port, q, ratios, cancelled = self._port(s)
        h = 2.0 / (q + port) * ratios
        G = np.empty((self.N, s.size), dtype=np.complex128)
        G[0] = h[0]
        G[1::2] = np.sqrt(2.0) * h[1:] * s
        G[2::2] = np.sqrt(2.0) * h[1:] * pi_in_two_floats(2 * np.arange(1, len(h)))[0][:, None]
        for j in cancelled:
            G[:, j] = self._beyond_float64(complex(s[j]), self._transfer_in_balls)
        return G
