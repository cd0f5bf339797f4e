"""Orthonormal polynomials of e^{-t}: what LegS remembers, under any warp and for any Jacobi weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Complex, Immutable, Real, finite_real, frequencies, positive_integer, times
from .._optional import require
from .._precision import MAX_BITS, working_precision
from ..errors import AccuracyError, ParameterError
from . import warps
from ._recurrences import exponential_gap, jacobi, jacobi_rates

__all__ = ["ExponentialBasis", "warped_basis"]


@dataclass(frozen=True)
class ExponentialBasis(Immutable):
    r"""p_n(t) = P_n(e^{-t}), n < N: sums of e^{-kt}, k <= n, orthonormal on the half line.

    P_n are the orthonormal Jacobi polynomials on [0, 1] for the weight (1-x)^alpha x^beta, so that

        int_0^inf p_n p_m omega dt = delta_nm,   omega(t) = (1 - e^{-t})^alpha e^{-(beta+1) t},

    and P_n(1) > 0. The default is Legendre: p_n(t) = L_n(e^{-t}), omega = e^{-t}, the basis of LegS.

    Parameters
    ----------
    N : int
        Number of functions, at least 1.
    alpha, beta : float, default 0.0
        Exponents > -1 at x = 1 (now) and at x = 0 (the far past).

    Attributes
    ----------
    N, alpha, beta
        As given.

    Raises
    ------
    ParameterError
        N < 1, or an exponent that is not above -1.

    Notes
    -----
    For alpha = 0 the state space of the p_n is closed: with c = (beta + 1)/2, e^{-2ct} p_n(t) are the kernels
    of ``TakenakaMalmquist(k + c, shift=c)``, and p' = (A + 2cI) p with its A. For other poles see
    ``TakenakaMalmquist.basis``.

    References
    ----------
    gu2023httyh (Legendre); DLMF 18; theory F1, F2, L7.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> basis = ht.ExponentialBasis(3)
    >>> basis.exact()
    [1, sqrt(3)*(2*x - 1), sqrt(5)*(6*x**2 - 6*x + 1)]
    >>> bool((basis.values([0.0, 2.0]) == ht.LegS(3).basis([0.0, 2.0])).all())
    True
    """

    N: int
    alpha: float = 0.0
    beta: float = 0.0

    def __post_init__(self) -> None:
        who = type(self).__name__
        object.__setattr__(self, "N", positive_integer(self.N, "N", who))
        for name in ("alpha", "beta"):
            value = finite_real(getattr(self, name), name, who)
            if value <= -1:
                raise ParameterError(f"{who}: {name} must be > -1 for the weight to have a mass, got {value}.")
            object.__setattr__(self, name, value)

    def values(self, t: ArrayLike) -> Real:
        """p_n(t), shape (N,) + t.shape, for real t >= 0.

        Raises
        ------
        AccuracyError
            A p_n exceeds the float range at t = 0 or infinity: exponents beyond some 70 at N = 4096.

        Notes
        -----
        The recurrence in n runs in double-double from the nearer end, with 1 - e^{-t} or e^{-t} in two
        floats: an error of 3 eps/2 times the smooth amplitude of p_n at t, whatever N (Legendre measured
        up to 4096), and otherwise about (1 + alpha + beta) eps more from the Gamma functions in P_0. Cost
        O(N) a point: 0.3 s for N = 4096 and 1000 points.
        """
        t = times(t, f"{self!r}.values")
        return self._values(t.ravel()).reshape((self.N, *t.shape))

    def _values(self, t: Real) -> Real:
        return jacobi(self.N, *exponential_gap(t), Fraction(self.alpha), Fraction(self.beta))

    def derivative(self, t: ArrayLike) -> Real:
        """dp_n/dt, shape (N,) + t.shape, for real t >= 0: within 3 eps of its own amplitude, at the cost of ``values``.

        Derivatives of Jacobi polynomials are those of alpha + 1 and beta + 1:
        p_n' = -e^{-t} sqrt(n (n + alpha + beta + 1)) P_{n-1}^{(alpha+1, beta+1)}(e^{-t}), no differences taken.
        """
        t = times(t, f"{self!r}.derivative")
        slopes = np.zeros((self.N, t.size))
        if self.N > 1:
            n = np.arange(1, self.N, dtype=np.float64)[:, None]
            raised = ExponentialBasis(self.N - 1, self.alpha + 1, self.beta + 1)._values(t.ravel())
            slopes[1:] = -np.exp(-t.ravel()) * (np.sqrt(n * (n + (self.alpha + self.beta) + 1)) * raised)
        return slopes.reshape((self.N, *t.shape))

    def laplace(self, s: ArrayLike) -> Complex:
        """int_0^inf e^{-st} p_n(t) dt for Re s > 0, and its continuation: the closed product for alpha = 0.

            sqrt(2n + beta + 1) prod_{k<n} (s - beta - 1 - k) / prod_{k<=n} (s + k)

        Parameters
        ----------
        s : array_like, complex
            Points; infinity is legal (0).

        Returns
        -------
        ndarray, shape (N,) + s.shape, complex128
            ``inf`` at the poles 0, -1, ..., -n. The error is below 4 n eps of the largest component, 1e-2 abs(s)
            away from the poles. Cost O(N) a point. With the default weight it is G(s - 1) of LegS.

        Raises
        ------
        ParameterError
            alpha is not 0: the transform is no product then, and the state space not closed.
        """
        if self.alpha != 0:
            raise ParameterError(f"{self!r}.laplace: a closed form exists for alpha = 0 alone, got {self.alpha}.")
        points = frequencies(s, f"{self!r}.laplace")
        flat = points.ravel()
        transform = np.empty((self.N, flat.size), dtype=np.complex128)
        with np.errstate(all="ignore"):
            product = np.ones_like(flat)
            for n in range(self.N):
                transform[n] = np.sqrt(2 * n + self.beta + 1) * product / (flat + n)
                product = product * ((flat - (n + self.beta + 1)) / (flat + n))
        transform = np.where(np.isfinite(transform), transform, complex(np.inf, 0.0))
        transform[:, np.isinf(flat)] = 0.0
        return transform.reshape((self.N, *points.shape))

    def jacobi_matrix(self) -> Real:
        """The matrix J (N, N) of x = e^{-t}: J_nm = int e^{-t} p_n p_m omega dt, tridiagonal.

        x P_n = J_{n,n+1} P_{n+1} + J_nn P_n + J_{n,n-1} P_{n-1}, entries within an ulp. Its eigenvalues are
        the Gauss-Jacobi nodes on [0, 1]; with the default weight it is the controllability Gramian of LegS
        (theory L7).
        """
        rates = [jacobi_rates(n, Fraction(self.alpha), Fraction(self.beta)) for n in range(self.N)]
        middle = [float(1 - up - down) for up, down in rates]
        side = [math.sqrt(up * down) for (up, _), (_, down) in pairwise(rates)]
        return np.diag(middle) + np.diag(side, 1) + np.diag(side, -1)

    def exact(self) -> list[Any]:
        """P_0, ..., P_{N-1} as sympy expressions in the symbol x = e^{-t}, free of rounding.

        alpha and beta are the given floats, exactly. Cost O(N^2) rational operations.
        """
        sympy = require("sympy")
        x = sympy.Symbol("x")
        alpha, beta = (sympy.Rational(*v.as_integer_ratio()) for v in (self.alpha, self.beta))
        # From the end x = 0, where R_n is the hypergeometric polynomial F(-n, n + alpha + beta + 1; beta + 1; x).
        square = sympy.gamma(alpha + beta + 2) / (sympy.gamma(alpha + 1) * sympy.gamma(beta + 1))
        polynomials = []
        for n in range(self.N):
            coefficients = [sympy.Integer(1)]
            for k in range(n):
                growth = (k - n) * (n + k + alpha + beta + 1) / ((beta + 1 + k) * (k + 1))
                coefficients.append(coefficients[-1] * growth)
            content, primitive = sympy.Poly(coefficients[::-1], x).primitive()
            primitive *= sympy.sign(primitive.LC())
            polynomials.append(sympy.sqrt(square * content**2) * primitive.as_expr())
            square = square * jacobi_rates(n, beta, alpha)[0] / jacobi_rates(n + 1, beta, alpha)[1]
        return polynomials

    def balls(self, t: float | Fraction, bits: int = 128) -> list[Any]:
        """p_0(t), ..., p_{N-1}(t) as flint ``arb`` balls, for one exact t >= 0: a float or a Fraction.

        Radii are at most 2^(1-bits) max(1, |p_n(t)|). Balls lose about two bits a step of the recurrence,
        so that the work is done with up to 4 N + 2 bits of them: 0.3 s a point for N = 4096.

        Raises
        ------
        AccuracyError
            More than 2^20 bits would be needed.
        """
        flint, who = require("flint"), f"{self!r}.balls"
        lag = t if isinstance(t, Fraction) else Fraction(finite_real(t, "t", who))
        if lag < 0:
            raise ParameterError(f"{who}: t must be >= 0, got {t}.")
        working = positive_integer(bits, "bits", who) + 64
        while working <= MAX_BITS:
            with working_precision(working):
                values = self._climb_in_balls(flint.arb(flint.fmpq(lag.numerator, lag.denominator)))
                tolerance = flint.arb(2) ** -bits
                enough = all(p.rad() <= tolerance * max(1, abs(p.mid())) for p in values)
            if enough:
                with working_precision(bits):
                    return [p * 1 for p in values]  # rounded to the bits that were asked for
            working *= 2
        raise AccuracyError(f"{who}: {bits} bits at t = {float(lag):g} need more than {MAX_BITS} working bits.")

    def _climb_in_balls(self, t: Any) -> list[Any]:
        arb = require("flint").arb
        alpha, beta = arb(self.alpha), arb(self.beta)
        square = (alpha + beta + 2).gamma() / ((alpha + 1).gamma() * (beta + 1).gamma())
        at_zero = bool(t > arb(2).log())
        gap, sign = ((-t).exp(), -1) if at_zero else (-(-t).expm1(), 1)
        ends = (beta, alpha) if at_zero else (alpha, beta)
        values, R, step = [], arb(1), arb(0)
        for n in range(self.N):
            values.append(sign**n * square.sqrt() * R)
            (up, down), (_, ahead) = jacobi_rates(n, *ends), jacobi_rates(n + 1, *ends)
            step = (down * step - gap * R) / up
            R, square = R + step, square * up / ahead
        return values


def warped_basis(
    N: int, t: ArrayLike, warp: Any = "exponential", s: ArrayLike = 0.0, alpha: float = 0.0, beta: float = 0.0
) -> Real:
    """p_n(t, s) = P_n(e^{a(s) - a(t)}), the basis on the past s <= t that the warped system remembers at time t.

    P_n, n < N, are the orthonormal Jacobi polynomials on [0, 1] for (1-x)^alpha x^beta: Legendre by default,
    and then x' = a'(t) (A x + B u) with the LegS pair holds x_n(t) = int u(s) p_n(t, s) omega ds for
    omega = a'(s) e^{a(s) - a(t)} (theory F2). The defaults alone are ``LegS(N).basis(t)``.

    Parameters
    ----------
    N : int
    t, s : array_like, real
        Now and the past, broadcast against each other, s <= t.
    warp : str, sympy expression or Warp
        The time map a, as in ``ht.warp``.
    alpha, beta : float, default 0.0
        Exponents > -1 at s = t and at the far end of the past.

    Returns
    -------
    ndarray, shape (N,) + broadcast shape of t and s, float64
        ``ExponentialBasis(N, alpha, beta).values`` at the lag a(t) - a(s), with its accuracy for the rounded
        lag; a lag wrong by an eps moves p_n by up to 0.4 n eps of its amplitude.

    Raises
    ------
    ParameterError
        s in the future or before the past begins, exponents that are not above -1.
    UnknownNameError
        No warp of that name.

    References
    ----------
    gu2023httyh; theory F2.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> s = np.linspace(0.0, 4.0, 5)  # the original HiPPO at t = 4: Legendre polynomials of s/t
    >>> ht.warped_basis(2, 4.0, "scaled", s)[1].round(4).tolist()
    [-1.7321, -0.866, 0.0, 0.866, 1.7321]
    """
    basis = ExponentialBasis(N, alpha, beta)
    lag = warps.warp(warp).lag(t, s)
    return basis._values(lag.ravel()).reshape((basis.N, *lag.shape))
