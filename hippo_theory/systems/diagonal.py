"""Diagonal: the form of S4D, independent modes, in full or as halves of conjugate pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from .._arrays import Array, Complex, vector
from ..errors import ParameterTypeError
from ._base import System
from ._discretization import sampled_modes
from .dense import StateSpace

__all__ = ["Diagonal"]


@dataclass(frozen=True, eq=False, repr=False)
class Diagonal(System):
    """Diagonal system x_j' = lam_j x_j + B_j u, full or as the upper halves of conjugate pairs.

    Parameters
    ----------
    lam, B : array_like, shape (M,)
    C : array_like, shape (M,) or (p, M), optional
        None reads out the (stored) modal state.
    D : scalar, default 0
    conjugate_pairs : bool, default False
        True: every stored mode has a mirror image, outputs are 2 Re(C x). A real mode of an odd N is
        stored once with half its B, so that the same rule gives it weight one (N counts it once).
    dt : float, optional

    Raises
    ------
    ShapeError, ParameterError

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> pair = ht.Diagonal([-0.5 + 3j], [1.0], C=[1.0], conjugate_pairs=True)
    >>> bool(np.allclose(pair.kernel([0.7]), 2 * np.exp(-0.35) * np.cos(2.1)))
    True
    """

    lam: Array
    B: Array
    C: Array | None = None
    D: complex = 0.0
    conjugate_pairs: bool = False
    dt: float | None = None

    def __post_init__(self) -> None:
        lam = vector(self.lam, "lam", "Diagonal")
        self._validated(lam=lam, B=vector(self.B, "B", "Diagonal", lam.size))
        if not isinstance(self.conjugate_pairs, bool | np.bool_):
            raise ParameterTypeError(f"Diagonal: conjugate_pairs must be True or False, got {self.conjugate_pairs!r}.")
        object.__setattr__(self, "conjugate_pairs", bool(self.conjugate_pairs))

    @property
    def N(self) -> int:
        """State size: all modes, mirror images included."""
        return self.poles.size

    @property
    def poles(self) -> Array:
        """All eigenvalues (N,): the stored ones, then the mirror images of those off the real axis."""
        return self.full().lam.astype(np.complex128)

    def full(self) -> Self:
        """The same system with every mode written out: stored modes first, then the mirror images."""
        if not self.conjugate_pairs:
            return self
        real = self.lam.imag == 0

        def mirrored(x: Array) -> Array:
            return np.concatenate([x, x[..., ~real].conj()], axis=-1)

        # 2 Re(C B) of a real mode is one real residue: turn a complex B there into its modulus.
        turned = real & (self.B.imag != 0)
        turn = np.where(turned, np.exp(1j * np.angle(self.B)), 1)
        B = np.where(real, 2 * np.where(turned, np.abs(self.B), self.B), self.B)
        C = self.C if self.C is None else mirrored(np.where(real, (self.C * turn).real, self.C))
        return replace(self, lam=mirrored(self.lam), B=mirrored(B), C=C, conjugate_pairs=False)

    def to_dense(self) -> StateSpace:
        system = self.full()
        return StateSpace(np.diag(system.lam), system.B, system.C, system.D, system.dt)

    def discretize(self, dt: float, method: str = "zoh", *, alpha: float | None = None) -> Self:
        """The sampled modes; methods, conventions and errors are those of ``StateSpace.discretize``.

        With z = dt lam: lambar = e^z and Bbar = dt B (e^z - 1)/z ("zoh") or B ("dirac"), else
        lambar = (1 + (1 - alpha) z)/(1 - alpha z), Bbar = dt B/(1 - alpha z).

        Returns
        -------
        Diagonal
            Complex modes, in the same order; stored halves stay halves.

        Notes
        -----
        Accuracy: zoh goes through expm1, so that a small z loses no digits. lambar has an error of a few eps, times
        1 + abs(z) for the exponentials (relative for e^z); Bbar a relative one, times (1 + alpha abs(z)) /
        abs(1 - alpha z) near the singular point. Cost O(M).

        Examples
        --------
        >>> import hippo_theory as ht
        >>> ht.Diagonal([-1.0], [1.0]).discretize(1e-9).B[0].real  # e^z - 1 would be 9.9999997e-10
        np.float64(9.999999995e-10)
        """
        rule = self._rule(dt, method, alpha)
        lam, B = sampled_modes(self.lam, self.B, rule)
        return replace(self, lam=lam, B=B, dt=rule.dt)

    def _output_transfer(self, s: Complex) -> Array:
        if self.C is None or not self.conjugate_pairs:
            return super()._output_transfer(s)
        mirror = self.C.conj() @ (self.B.conj()[:, None] / (s[None, :] - self.lam.conj()[:, None]))
        return super()._output_transfer(s) + mirror

    def _output_kernel(self, X: Array) -> Array:
        if self.C is None or not self.conjugate_pairs:
            return super()._output_kernel(X)
        return 2 * (self.C @ X).real

    def _state_transfer(self, s: Complex) -> Array:
        return np.asarray(self.B[:, None] / (s[None, :] - self.lam[:, None]))

    def _state_kernel(self, t: Array) -> Array:
        return np.asarray(np.exp(self.lam[:, None] * t) * self.B[:, None])

    def _state_powers(self, length: int) -> Array:
        # l = i M + j: about 2 sqrt(L) powers by repeated products, all others by one product each.
        M = int(np.ceil(np.sqrt(length)))
        ones = np.ones((self.lam.size, 1))
        near = np.cumprod(np.hstack([ones, np.repeat(self.lam[:, None], M, axis=1)]), axis=1)
        far = np.cumprod(np.hstack([ones, np.repeat(near[:, M:], M - 1, axis=1)]), axis=1)
        powers = (far[:, :, None] * near[:, None, :M]).reshape(self.lam.size, -1)
        return np.asarray(powers[:, :length] * self.B[:, None])
