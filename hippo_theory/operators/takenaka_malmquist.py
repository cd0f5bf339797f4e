"""Takenaka-Malmquist operators: orthonormal exponentials for any chosen poles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real, finite_real, frozen, vector
from .._double import scaled
from ..errors import AccuracyError, ParameterError
from ._arithmetic import Arithmetic
from ._base import PoleChain

__all__ = ["TakenakaMalmquist"]


@dataclass(frozen=True, init=False, repr=False)
class TakenakaMalmquist(PoleChain):
    r"""The one-port family with poles -(a_k + shift): rational orthogonal functions times e^{-shift t}.

    Real a_k > 0:  A[n, k] = -sqrt(2 a_n) sqrt(2 a_k) (n > k),  -(a_n + shift) (n = k);  B[n] = sqrt(2 a_n).
    A pair alpha +- i beta takes two rows: block [[-2 alpha, -w], [w, 0]] - shift I with w = |a| and
    input (2 sqrt(alpha), 0). Each section k is driven by u minus the outputs B_j^T x_j of the
    sections before it: A_kj = -B_k B_j^T.

    Parameters
    ----------
    a : array_like, shape (N,)
        Section parameters, Re a_k > 0. Complex ones come as adjacent, exactly conjugate pairs.
    shift : float, default 0.0
        Tilt of the measure, >= 0: A + A^T = -2 shift I - B B^T.

    Attributes
    ----------
    A, B : ndarray, float64, shapes (N, N) and (N,)
        Entries rounded once from their exact values for the given floats.

    Raises
    ------
    ParameterError
        Re a_k <= 0, NaN, an unpaired complex parameter, or shift < 0.

    Notes
    -----
    LegS is a_k = k + 1/2 with shift 1/2; LagT is a_k = 1/2 with shift 0; a repeated pair gives the
    Kautz functions. phi(s) = prod_k (s + shift - conj a_k)/(s + shift + a_k).

    References
    ----------
    Takenaka (1925), Malmquist (1925); theory section 1 and L2.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> tm = ht.TakenakaMalmquist(np.arange(8) + 0.5, shift=0.5)
    >>> bool((tm.A == ht.LegS(8).A).all())
    True
    >>> ht.TakenakaMalmquist([1 + 2j, 1 - 2j]).A.round(3).tolist()
    [[-2.0, -2.236], [2.236, 0.0]]
    """

    parameters: tuple[complex, ...]
    shift: float

    def __init__(self, a: ArrayLike, shift: float = 0.0) -> None:
        who = "TakenakaMalmquist"
        values = vector(a, "a", who).astype(np.complex128)
        if (values.real <= 0).any():
            k = int(np.argmin(values.real))
            raise ParameterError(
                f"{who}: every a_k needs Re a_k > 0 (the poles are -(a_k + shift)); a[{k}] = {values[k]}."
            )
        shift = finite_real(shift, "shift", who)
        if shift < 0:
            raise ParameterError(f"{who}: shift must be >= 0, got {shift}.")
        _check_pairs(values, who)
        _check_range(values, shift, who)
        object.__setattr__(self, "parameters", tuple(complex(v) for v in values))
        object.__setattr__(self, "shift", shift)

    @property
    def N(self) -> int:  # type: ignore[override]
        return len(self.parameters)

    @cached_property
    def a(self) -> Complex:
        return frozen(np.array(self.parameters, dtype=np.complex128))

    @property
    def _far(self) -> float:  # type: ignore[override]
        return 1e140 if np.abs(self.a).max() + self.shift < 1e60 else np.finfo(np.float64).max

    def _unit(self) -> tuple[TakenakaMalmquist, int]:
        """Near the ends of the float range: the same chain in units of 4^half, its largest parameter about one."""
        half = int(np.frexp(np.abs(self.a).max())[1]) // 2
        if abs(half) < 450 or self.a.real.min() < 1e-290 * np.abs(self.a).max():
            return self, 0
        a = scaled(self.a, -2 * half)
        if not np.array_equal(a.imag == 0, self.a.imag == 0):
            return self, 0  # a pair would become two real sections, which have other states
        return TakenakaMalmquist(a, np.ldexp(self.shift, -2 * half)), half

    def _transfer(self, s: Complex) -> Complex:
        unit, half = self._unit()
        return scaled(PoleChain._transfer(unit, scaled(s, -2 * half)), -half)

    def _allpass(self, s: Complex) -> Complex:
        unit, half = self._unit()
        return PoleChain._allpass(unit, scaled(s, -2 * half))

    def basis(self, t: ArrayLike) -> Real:
        """p_n(t) = e^{shift t} Phi_n(t), the Phi_n orthonormal in L^2(0, infinity): kernels of the unshifted chain.

        The Muntz-Legendre functions of x = e^{-t} for real a_k and shift 1/2; LegS for a_k = k + 1/2.

        Parameters
        ----------
        t : array_like, real
            Lags t >= 0.

        Returns
        -------
        ndarray, shape (N,) + t.shape, float64
            With an error of about eps (1 + |A| t) e^{shift t} |B|, |A| the largest column sum. Cost
            as ``kernel``.

        Raises
        ------
        AccuracyError
            That bound exceeds 1e-6 |B|: lags beyond 12 to 20 times 1 / shift. LegS and ``ht.ExponentialBasis``
            have closed forms without such a bound.
        """
        return super().basis(t)

    def _basis(self, t: Real) -> Real:
        unshifted = TakenakaMalmquist(self.a, 0.0)
        norm = float(np.abs(unshifted.A).sum(axis=0).max())
        with np.errstate(over="ignore"):
            growth = np.exp(self.shift * t)
            lost = np.finfo(np.float64).eps * (1 + norm * t) * growth
        if self.shift and (lost > 1e-6).any():
            raise AccuracyError(
                f"{self!r}.basis: at the lag {float(t.max()):g} the growth e^(shift t) leaves too few digits; take "
                f"smaller lags, or the kernel, which decays."
            )
        return unshifted._kernel(t) * growth

    def __repr__(self) -> str:
        shown = ", ".join(f"{v.real:g}" if v.imag == 0 else f"{v:g}" for v in self.parameters[:4])
        more = f", ... {self.N} in all" if self.N > 4 else ""
        return f"TakenakaMalmquist([{shown}{more}], shift={self.shift:g})"

    def identity(self) -> dict[str, Any]:
        return {**super().identity(), "a": [[v.real, v.imag] for v in self.parameters], "shift": self.shift}

    @cached_property
    def _paired(self) -> Array:
        """Where the pairs begin."""
        return np.flatnonzero(self.a.imag != 0)[::2]

    def _half_squares(self, R: Arithmetic) -> Array:
        """Half of B_k^2, the given float or twice it: no rounding, and no overflow, before the root."""
        factor = np.ones(self.N)
        factor[self._paired], factor[self._paired + 1] = 2.0, 0.0
        return np.asarray(R.number(self.a.real) * R.number(factor))

    def _state_entries(self, R: Arithmetic) -> Array:
        N, first, square = self.N, self._paired, self._half_squares(R)
        alpha, beta, shift = R.number(self.a.real), R.number(np.abs(self.a.imag)), R.number(self.shift)
        row, column = np.indices((N, N))
        below = R.number(0) - R.root(square[:, None], square[None, :], power=1)
        A = np.where(row > column, below, R.number(0))
        diagonal = np.arange(N)
        A[diagonal, diagonal] = R.number(0) - (square + shift)
        w = R.hypot(alpha[first], beta[first])
        A[first + 1, first], A[first, first + 1] = w, R.number(0) - w
        return np.asarray(A)

    def _input_entries(self, R: Arithmetic) -> Array:
        return np.asarray(R.root(self._half_squares(R), R.number(2)))


def _check_range(values: Complex, shift: float, who: str) -> None:
    """The largest entry of A is a diagonal one, a |a_k|, or the coupling of the two strongest sections."""
    sections = values[values.imag >= 0]
    factor = np.where(sections.imag == 0, 1.0, 2.0)
    strength = np.sort(np.sqrt(factor) * np.sqrt(sections.real))
    with np.errstate(over="ignore"):
        coupling = 2 * strength[-1] * strength[-2] if sections.size > 1 else 0.0
        largest = np.array([coupling, (factor * sections.real + shift).max(), np.abs(sections).max()])
    if not np.isfinite(largest).all():
        raise ParameterError(f"{who}: the entries of A exceed the float range; rescale time so that |a_k| < 1e307.")


def _check_pairs(values: Complex, who: str) -> None:
    k = 0
    while k < values.size:
        if values[k].imag == 0:
            k += 1
        elif k + 1 < values.size and values[k + 1] == np.conj(values[k]):
            k += 2
        else:
            raise ParameterError(
                f"{who}: complex parameters come as adjacent conjugate pairs; a[{k}] = {values[k]} is not followed "
                f"by its conjugate."
            )
