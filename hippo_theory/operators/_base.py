"""What every operator is: one entry formula in three arithmetics, and functions of s and t.

``Operator`` owns validation, caching and the exchange of arithmetics. ``OnePort`` adds the
all-pass function of the families with A + A^T = -2 shift I - B B^T, and ``PoleChain`` the closed
forms that LegS, LagT and every Takenaka-Malmquist family share. A family implements ``_state_entries``,
``_input_entries`` and whatever it knows in closed form.
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, Real, frequencies, frozen, positive_integer, times
from .._double import Double, two_sum
from .._exponential import exponential_action
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError, ParameterError
from ..systems import StateSpace
from ._arithmetic import FLOAT64, Arithmetic, Balls, Exact

__all__ = ["CANCELLATION", "OnePort", "Operator", "PoleChain", "SizedOperator"]

# A float64 sum this much smaller than its terms is evaluated in balls instead: five bits may be lost.
CANCELLATION = 32.0


class Operator(Immutable, ABC):
    """A HiPPO-type operator x' = A x + B u: real A (N, N) and B (N,), one family, one size.

    Subclasses are frozen dataclasses: equal arguments give equal, hashable operators, and the
    matrices are computed once, on first use, and are read-only.
    """

    N: int
    shift: float
    # How far back the measure reaches; the families with a finite window say so.
    window: float = math.inf
    # Beyond it s G = B to the last digit; squares of s are still finite there.
    _far: float = 1e140

    @property
    def family(self) -> str:
        """The name of the class: for LegS, LegT, LagT and FouT the one ``ht.operator`` knows."""
        return type(self).__name__

    @abstractmethod
    def _state_entries(self, R: Arithmetic) -> Array:
        """Entries of A (N, N) in the arithmetic ``R``; the only place they are written."""

    @abstractmethod
    def _input_entries(self, R: Arithmetic) -> Array:
        """Entries of B (N,) in the arithmetic ``R``; apart from A, since many an O(N) road needs B alone."""

    @cached_property
    def A(self) -> Real:
        """State matrix (N, N), float64; every entry is the float nearest to its exact value."""
        return frozen(np.ascontiguousarray(self._state_entries(FLOAT64)))

    @cached_property
    def B(self) -> Real:
        """Input vector (N,), float64; every entry is the float nearest to its exact value."""
        return frozen(np.ascontiguousarray(self._input_entries(FLOAT64)))

    def exact(self) -> tuple[Any, Any]:
        """A (N x N) and B (N x 1) as sympy matrices, free of rounding. Cost O(N^2) expressions."""
        sympy = require("sympy")
        R = Exact()
        return sympy.Matrix(self._state_entries(R).tolist()), sympy.Matrix(self._input_entries(R).tolist())

    def balls(self, bits: int = 128) -> tuple[Any, Any]:
        """A (N x N) and B (N x 1) as flint ``arb_mat`` that enclose the exact entries.

        ``bits`` is the working precision: the radii are at most a few units of the last of them.
        """
        flint = require("flint")
        with working_precision(bits):
            A, B = self._state_entries(R := Balls()), self._input_entries(R)
            return flint.arb_mat(A.tolist()), flint.arb_mat([[b] for b in B.tolist()])

    @property
    def system(self) -> StateSpace:
        """The dense system (A, B) that reads out the state: to sample, rescale, tilt or turn it."""
        return StateSpace(self.A, self.B)

    def tensors(self) -> dict[str, Array]:
        """The arrays that define the operator: what an export writes."""
        return {"A": self.A, "B": self.B}

    def claim(self) -> dict[str, Any]:
        """What a file of ``tensors()`` claims to be: family and parameters, enough to derive it again."""
        return {"type": "Operator", **self.identity()}

    def identity(self) -> dict[str, Any]:
        """Family and parameters as plain data."""
        return {"family": self.family, "N": self.N}

    def transfer(self, s: ArrayLike) -> Complex:
        """State transfer vector G(s) = (sI - A)^{-1} B in closed form.

        Parameters
        ----------
        s : array_like, complex
            Points; infinity is legal (G = 0).

        Returns
        -------
        ndarray, shape (N,) + s.shape, complex128
            The error is below 2 N eps max_n |G_n|, 1e-13 for N <= 256 and mostly far less, at points
            no nearer than 1e-2 |s| to a pole. At a pole, and where |G_n| exceeds the float range, the
            value is ``inf``. Cost O(N) a point.
        """
        return self._at_points(self._transfer, s, (self.N,), self._transfer_far_out, "transfer")

    def _transfer_far_out(self, s: Complex) -> Array:
        # The parts are divided by the larger of them first: |s| itself may exceed the float range.
        scale = np.maximum(np.abs(s.real), np.abs(s.imag))
        unit = np.where(np.isinf(scale), 1.0, s.real / scale + 1j * (s.imag / scale))
        return np.asarray(self.B[:, None] / scale / unit)

    @abstractmethod
    def _transfer(self, s: Complex) -> Complex:
        """G at finite points s (S,), shape (N, S); may be non-finite at poles."""

    def kernel(self, t: ArrayLike) -> Real:
        """Basis kernels K(t) = e^{tA} B, shape (N,) + t.shape, for real t >= 0.

        Families without a closed form (LegT, FouT, general Takenaka-Malmquist at finite N) use
        scaling and binary powering of e^{hA} for all points at once: O(N^3 log(|A| t) + N^2 T log)
        operations and an error of about eps (1 + |A| t) |B|, since A is dissipative (``AccuracyError``
        beyond |A| t = 2^62).
        """
        t = times(t, f"{self!r}.kernel")
        return self._kernel(t.ravel()).reshape((self.N, *t.shape))

    def _kernel(self, t: Real) -> Real:
        return exponential_action(self.A, self.B, t)

    def basis(self, t: ArrayLike) -> Real:
        """The functions p_n of the lag t, orthonormal for the measure: the state remembers <u, p_n>.

        Where the kernels have a closed form they are K_n = p_n omega (LegS, LagT, Takenaka-Malmquist);
        for LegT and FouT, K_n -> p_n on the window only as N grows.

        Parameters
        ----------
        t : array_like, real
            Lags (0 is now), 0 <= t <= ``window``.

        Returns
        -------
        ndarray, shape (N,) + t.shape, float64
            For LegS, LegT and LagT within 3 eps/2 of the smooth amplitude of p_n there, for FouT within
            4 eps: N plays no part. Takenaka-Malmquist says its own. Cost O(N) a point.

        Raises
        ------
        ParameterError
            A lag before now, beyond the window, or not a number.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> ht.LegS(3).basis(0.0).round(4).tolist()
        [1.0, 1.7321, 2.2361]
        """
        t = times(t, f"{self!r}.basis")
        if (t > self.window).any():
            raise ParameterError(
                f"{self!r}.basis: the lag t must lie in the window [0, {self.window:g}] of the measure, got "
                f"{float(t.max())}."
            )
        return self._basis(t.ravel()).reshape((self.N, *t.shape))

    @abstractmethod
    def _basis(self, t: Real) -> Real:
        """p_n at lags t (T,) inside the window, shape (N, T)."""

    def measure(self, t: ArrayLike) -> Real:
        """omega(t) = e^{-2 shift t} on the window and 0 beyond it, shape t.shape, for real t >= 0.

        Its mass is 1 where it is finite and the family has no parameter: LegS, LegT, FouT.
        """
        t = times(t, f"{self!r}.measure")
        return np.where(t <= self.window, np.exp(-2 * self.shift * t), 0.0)

    @property
    def mean_memory(self) -> float:
        """The mean lag, int t omega / int omega: LegS 1, LegT and FouT 1/2, infinite without decay."""
        if self.window < math.inf:
            return self.window / 2
        return 1 / (2 * self.shift) if self.shift else math.inf

    def gramian(self) -> Real:
        """Controllability Gramian P (N, N), the solution of A P + P A^T + B B^T = 0.

        In closed form for LegS (a Jacobi matrix) and for every family with shift 0 and one port
        (the identity). Otherwise scipy's Bartels-Stewart solution, backward stable in norm: small
        entries carry no relative accuracy, and ``AccuracyError`` where it is no Gramian at all.
        """
        from scipy.linalg import solve_continuous_lyapunov

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # scipy's, judged by the result instead
            P = solve_continuous_lyapunov(self.A, -np.outer(self.B, self.B))
        P = (P + P.T) / 2
        if not (np.isfinite(P).all() and (np.diagonal(P) > 0).all()):
            raise AccuracyError(
                f"{self!r}.gramian: the time scales of A lie too far apart for a solution in float64; "
                "bring the parameters closer together."
            )
        return np.asarray(P)

    def _at_points(
        self,
        function: Callable[[Complex], Complex],
        s: ArrayLike,
        lead: tuple[int, ...],
        far_out: Callable[[Complex], Array],
        who: str,
    ) -> Complex:
        points = frequencies(s, f"{self!r}.{who}")
        flat = points.ravel()
        far = np.maximum(np.abs(flat.real), np.abs(flat.imag)) > self._far
        with np.errstate(all="ignore"):
            values = function(np.where(far, 1.0, flat))
            values = np.where(np.isfinite(values), values, complex(np.inf, 0.0))
            # s G -> B and phi -> 1: out there the next term is smaller than the rounding.
            values[..., far] = far_out(flat[far])
        return np.asarray(values.reshape(lead + points.shape), dtype=np.complex128)

    def _beyond_float64(self, s: complex, formula: Callable[[Any], list[Any]]) -> list[complex]:
        """A closed form at one point, in balls whose precision is doubled until 60 bits are certain.

        For the points where the float64 formula cancels: left of the axis, far from the poles.
        """
        flint = require("flint")
        for bits in (128, 256, 512, 1024, 2048, 4096, 8192):
            with working_precision(bits):
                values = formula(flint.acb(s.real, s.imag))
                size = max(float(abs(z)) for z in values)
                if all(float(z.real.rad() + z.imag.rad()) <= 2.0**-60 * size for z in values):
                    return [complex(z) for z in values]
        return [complex(np.inf)] * len(values)  # a pole, as far as 8192 bits can tell

    def _repr_latex_(self) -> str | None:
        if self.N > 8:
            return None
        latex = require("sympy").latex
        A, B = self.exact()
        return rf"$\displaystyle A = {latex(A)},\quad B = {latex(B)}$"


class OnePort(Operator):
    """An operator with A + A^T = -2 shift I - B B^T: one port, hence one all-pass function."""

    def allpass(self, s: ArrayLike) -> Complex:
        """phi(s) = 1 - B^T G(s), the all-pass function that carries the family (theory L1, L2).

        |phi| = 1 on Re s = -shift; its zeros mirror its poles there. phi(infinity) = 1.

        Parameters
        ----------
        s : array_like, complex

        Returns
        -------
        ndarray, shape s.shape, complex128
            ``inf`` at the poles. Cost O(N) a point.
        """
        return self._at_points(self._allpass, s, (), np.ones_like, "allpass")

    @abstractmethod
    def _allpass(self, s: Complex) -> Complex:
        """phi at finite points s (S,), shape (S,)."""

    def gramian(self) -> Real:
        return np.eye(self.N) if self.shift == 0 else super().gramian()


class PoleChain(OnePort):
    """A one-port family built as a chain of all-pass sections with poles -(a_k + shift).

    phi(s) = prod_k (s + shift - conj a_k) / (s + shift + a_k); conjugate pairs are adjacent.
    """

    @property
    @abstractmethod
    def a(self) -> Complex:
        """The section parameters a_k (N,), Re a_k > 0."""

    def _factors(self, p: Double, y: Real, k: int) -> tuple[Complex, Complex]:
        """s + shift - conj a_k and s + shift + a_k, from Re s + shift = p in two floats and Im s = y.

        Both have the same imaginary part: on Re s = -shift they are equal in modulus to the last bit.
        """
        alpha, imaginary = self.a[k].real, 1j * (y + self.a[k].imag)
        return ((p[0] - alpha) + p[1]) + imaginary, ((p[0] + alpha) + p[1]) + imaginary

    def _allpass(self, s: Complex) -> Complex:
        phi, p = np.ones_like(s), two_sum(s.real, np.asarray(self.shift))
        for k in range(self.N):
            numerator, denominator = self._factors(p, s.imag, k)
            phi *= numerator / denominator
        return phi

    def _transfer(self, s: Complex) -> Complex:
        G = np.empty((self.N, s.size), dtype=np.complex128)
        p, y = two_sum(s.real, np.asarray(self.shift)), s.imag
        phi, k = np.ones_like(s), 0
        while k < self.N:
            if self.a[k].imag == 0:
                numerator, denominator = self._factors(p, y, k)
                G[k] = np.sqrt(2.0) * np.sqrt(self.a[k].real) / denominator * phi
                phi *= numerator / denominator
                k += 1
            else:
                (n0, d0), (n1, d1) = self._factors(p, y, k), self._factors(p, y, k + 1)
                drive = 2 * np.sqrt(self.a[k].real) / d0 * phi / d1
                G[k], G[k + 1] = drive * (p[0] + 1j * y), drive * np.abs(self.a[k])
                phi *= (n0 / d0) * (n1 / d1)
                k += 2
        return G


@dataclass(frozen=True, repr=False)
class SizedOperator(Operator):
    """A family that is determined by N alone."""

    N: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "N", positive_integer(self.N, "N", type(self).__name__))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.N})"
