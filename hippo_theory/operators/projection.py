"""Operators by quadrature from any functions that a user gives: the second road to every closed form.

Nothing here knows a family: functions are sampled on adaptive Gauss-Legendre panels, their images are
projected on their span by least squares, and the distance from the span is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, finite_real, frozen, positive_integer, positive_real
from .._optional import require
from .._precision import working_precision
from ..errors import ParameterError, ParameterTypeError
from ..systems import StateSpace
from . import warps
from ._least_squares import GUARD_DIGITS, least_squares, normal_equations
from ._panels import Sampler, evaluated, float64_rule, gauss_rule, half_line, resolved, rounded, squared_norms

__all__ = ["Projection", "project"]

_FLOAT64_NODES = 40
_FLOAT64_RTOL = 1e-13
_MOST_DIGITS = 1000


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Immutable):
    """The system x' = A x + B u on the span of N given functions, and how far the span is from closed.

    Attributes
    ----------
    A, B : ndarray, float64, shapes (N, N) and (N,)
    residual : ndarray, shape (N,)
        Distance of the image D phi_n from the span, in L2(omega), over the larger of ||D phi_n|| and
        ||phi_n|| / window. Zero up to rounding: the memory of phi_n is exact.
    closed_below : float
        The residual below which a span counts as closed: 4e-11, or 10^(-2 digits/3).
    rank : int
        Dimension of the span: N for a basis, N_eff for a frame.
    condition : float
        sigma_max / sigma_min of the weighted samples (of those kept): the square root of the
        condition number of the Gram matrix, with functions scaled to norm one unless they are a frame.
    gram : ndarray, shape (N, N)
        int phi_i phi_j omega dx.
    modes : ndarray, shape (N, rank)
        Orthonormal columns that span the states which can occur; the identity for a basis.
    periodic : bool
        Whether the jump rule was used: the reconstruction at the old end is the mean of both ends.
    warp : str
    window : float
        Length of the interval; infinite for the half line.
    panels : ndarray, shape (P, 2)
        The panels that the integrals were taken on.
    precise : tuple of ndarray or None
        With ``digits``: A and B as object arrays of flint ``arb``. Their radius is zero: many digits,
        not enclosures.

    Notes
    -----
    ``ht.project`` makes one.
    """

    A: Real
    B: Real
    residual: Real
    closed_below: float
    rank: int
    condition: float
    gram: Real
    modes: Real
    periodic: bool
    warp: str
    window: float
    panels: Real
    precise: tuple[Array, Array] | None = None

    @property
    def N(self) -> int:
        """Number of functions."""
        return self.B.size

    @property
    def closed(self) -> bool:
        """Whether the span is mapped into itself: every residual below ``closed_below``."""
        return bool(self.residual.max() <= self.closed_below)

    @property
    def system(self) -> StateSpace:
        """The system in the coordinates x_n = int u phi_n omega; in warped time for the other warps.

        For a frame, N - rank eigenvalues of A are zero; ``reduced`` has only those that matter.
        """
        return StateSpace(self.A, self.B)

    def coefficients(self, x: Array) -> Real:
        """The c_n for which sum_n c_n phi_n(X) is the best approximation of the past: gram^+ x, shape of x.

        x (N,) or (N, T) are states of ``system``, which is run like any other:
        ``system.discretize(dt)``. For orthonormal functions c = x.
        """
        return np.asarray(np.linalg.pinv(self.gram, rcond=1e-14, hermitian=True) @ np.asarray(x, dtype=np.float64))

    @property
    def reduced(self) -> StateSpace:
        """The system of size ``rank`` in the coordinates modes^T x; its outputs are the N coefficients x."""
        U = self.modes
        return StateSpace(U.T @ self.A @ U, U.T @ self.B, U)

    def __repr__(self) -> str:
        kind = "closed" if self.closed else "not closed"
        rank = "" if self.rank == self.N else f"rank {self.rank}, "
        where = self.warp + ("" if self.window == 1 else f" over {self.window:g}") + (", periodic" * self.periodic)
        return (
            f"Projection(N={self.N}, {rank}{where}, {kind}: residual {self.residual.max():.1e}, "
            f"condition {self.condition:.1e})"
        )


def project(
    basis: Callable[[Array], Any],
    *,
    derivative: Callable[[Array], Any] | None = None,
    weight: Callable[[Array], Any] | None = None,
    warp: Any = "exponential",
    window: float = 1.0,
    periodic: bool | None = None,
    rcond: float | None = None,
    digits: int | None = None,
    rtol: float | None = None,
) -> Projection:
    r"""The operator of any functions phi_n: A, B of x' = A x + B u for the states x_n = int u phi_n omega.

    For a warp, X = e^{a(s)-a(t)} in (0, 1] and 1 is now; x_n(t) = int_0^1 u(s) phi_n(X) omega(X) dX gives

        x' = a'(t) (A x + B u),   A = -M,   sum_k M_nk phi_k ~ x phi_n' + (1 + x omega'/omega) phi_n,
        B_n = phi_n(1) omega(1).

    For "translated", x = t - s in [0, window] and 0 is now; x_n(t) = int u(t - x) phi_n(x) omega(x) dx gives

        A = D - e d^T,   sum_k D_nk phi_k ~ (phi_n omega)'/omega,   B_n = phi_n(0) omega(0),

    with e_n = phi_n(window) omega(window) and d_k the dual function at the old end, which replaces
    u(t - window) by its reconstruction. Where every phi_n omega has equal values at both ends, the
    reconstruction is the mean of both sides of the jump (Fourier): A = D - 2 e d^T, B = 2 e. On the
    half line there is no end term. ~ is the projection in L2(omega), an equality for a closed span.

    Parameters
    ----------
    basis : callable
        x (Q,) -> phi (N, Q), real: one row a function.
    derivative : callable, optional
        x (Q,) -> phi' (N, Q); by default the panels differentiate. Refused if it is not the derivative.
    weight : callable, optional
        x (Q,) -> omega (Q,), >= 0; 1 by default. May be singular or zero at an end, and must be finite at
        the ends that B and e ask for.
    warp : str, sympy expression or Warp, default "exponential"
        "translated", or whatever ``ht.warp`` accepts: all of them have the same A and B.
    window : float, default 1.0
        "translated" only: length of the window, or infinity for the half line.
    periodic : bool, optional
        Whether to use the jump rule; by default where end values agree to 1e-9 and are not all zero. A
        constant alone is ambiguous: FouT(1) by default, LegT(1) with ``periodic=False``.
    rcond : float, optional
        Declares a redundant frame: singular values of the weighted samples below rcond times the largest
        are dropped and duals come from the pseudo-inverse. A stays (N, N), in frame coefficients;
        ``.reduced`` is the system of size rank (N_eff) that is worth running.
    digits : int, optional
        Compute with about this many digits; x is then an object array of flint ``arb``. Polynomial
        code and numpy functions (np.exp, np.sqrt, np.cos) accept both kinds of x, but constants must be
        made of x: ``np.sqrt(3 + 0 * x)``, not ``np.sqrt(3)``.
    rtol : float, optional
        To how many digits functions are resolved; 1e-13, or 10^-digits. Raise it above the noise
        of functions that are themselves approximate.

    Returns
    -------
    Projection

    Raises
    ------
    ParameterError
        A function or the weight jumps inside the interval (Haar), has no square integrable image, is
        not finite where it is needed, or the functions are linearly dependent and ``rcond`` is not given.
    ShapeError, ParameterTypeError
        The callables return other shapes or kinds of numbers.
    AccuracyError
        With ``digits``: the Gram matrix is singular to that precision, or a callable loses so many digits that
        8 times the bits do not make up for it.

    Warns
    -----
    AccuracyWarning
        The functions are a basis of condition above 1e8, and A has less than 5 correct digits; with
        ``digits``: fewer than asked for.

    Notes
    -----
    With weight 1 and G the Gram matrix, A G + G A^T = -G - B B^T for every warp, closed or not; on a
    window -B B^T - e e^T, and -B B^T with the jump rule or on the half line: no basis grows. A
    weight that vanishes at the new end gives B = 0: that memory hears nothing.

    Panels of 40 Gauss nodes (2 ``digits``) are halved until the Legendre series of all functions
    end on them; kinks are found to 1e-13, singular ends by grading (best at x = 0: at another end c,
    floats keep only the digits of c). Least squares by QR and SVD: the error of A is about
    1e-13 condition max |A|, ten times that at N = 128. Cost O(N^2 K) for K nodes in all, milliseconds; with
    ``digits`` = 50 and N = 32 under a second, and ten where a weight asks for 100 graded panels.

    References
    ----------
    babaei2025safari (frames and duals); theory F4.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from numpy.polynomial.legendre import legvander
    >>> n = np.arange(16)
    >>> legendre = lambda x: (np.sqrt(2 * n + 1) * legvander(2 * x - 1, 15)).T
    >>> bool(np.allclose(ht.project(legendre).A, ht.LegS(16).A, rtol=0, atol=1e-11))
    True
    >>> bool(np.allclose(ht.project(legendre, warp="translated").A, ht.LegT(16).A, rtol=0, atol=1e-11))
    True
    >>> ht.project(lambda x: np.exp(-((8 * x - np.arange(9)[:, None]) ** 2)))
    Projection(N=9, exponential, not closed: residual 2.2e-01, condition 7.5e+00)
    """
    for name, given in (("basis", basis), ("derivative", derivative), ("weight", weight)):
        if not callable(given) and (given is not None or name == "basis"):
            raise ParameterTypeError(f"project: {name} must be a function of x, got {given!r}.")
    translated = isinstance(warp, str) and warp == "translated"
    name = "translated" if translated else warps.warp(warp).name
    length = np.inf if window == np.inf else positive_real(window, "window", "project")
    if not translated and length != 1:
        raise ParameterError(f"project: window = {window} has a meaning for warp='translated' only; {name} has none.")
    if periodic not in (None, True, False):
        raise ParameterTypeError(f"project: periodic must be True, False or None, got {periodic!r}.")
    if periodic and not (translated and np.isfinite(length)):
        raise ParameterError("project: periodic=True needs warp='translated' and a finite window: it has two ends.")
    cutoff = None if rcond is None else _between(rcond, "rcond")
    if digits is None:
        tolerance = _FLOAT64_RTOL if rtol is None else _between(rtol, "rtol")
        return _projection(basis, derivative, weight, name, length, periodic, cutoff, tolerance, None)
    digits = positive_integer(digits, "digits", "project")
    if not 15 <= digits <= _MOST_DIGITS or cutoff is not None:
        raise ParameterError(
            f"project: digits must lie between 15 and {_MOST_DIGITS} and excludes rcond (frames are float64 only); "
            f"got digits={digits}, rcond={rcond}."
        )
    tolerance = 10.0 ** -min(digits, 300) if rtol is None else _between(rtol, "rtol")
    with working_precision(int(3.33 * (digits + GUARD_DIGITS))):
        return _projection(basis, derivative, weight, name, length, periodic, None, tolerance, digits)


def _between(value: Any, name: str) -> float:
    number = finite_real(value, name, "project")
    if not 0 < number < 1:
        raise ParameterError(f"project: {name} must lie between 0 and 1, got {number}.")
    return number


def _projection(
    basis: Callable[[Array], Array],
    derivative: Callable[[Array], Array] | None,
    weight: Callable[[Array], Array] | None,
    warp: str,
    window: float,
    periodic: bool | None,
    rcond: float | None,
    rtol: float,
    digits: int | None,
) -> Projection:
    many, translated = digits is not None, warp == "translated"
    ends = [1.0] if not translated else [0.0, window] if np.isfinite(window) else [0.0]
    at = np.array(ends) if not many else np.array([require("flint").arb(x) for x in ends], dtype=object)
    phi = evaluated(basis, "basis", at)
    port = phi if weight is None else phi * evaluated(weight, "weight", at, rows=False)
    rule = float64_rule(_FLOAT64_NODES) if digits is None else gauss_rule(max(_FLOAT64_NODES, 2 * digits))
    sample = Sampler(basis, derivative, weight, not translated, rule)
    samples = resolved(sample, half_line(sample, rtol) if window == np.inf else np.array([0.0, window]), rtol)
    images, mismatch = sample.images(samples)
    R, S = (np.moveaxis(v, 0, 1).reshape(v.shape[1], -1) for v in (samples.measure * samples.f, images))
    size = np.sqrt(np.maximum(squared_norms(S), squared_norms(R) / (window**2 if np.isfinite(window) else 1.0)))
    size = np.where(size > 0, size, 1.0)
    _check_derivative(np.sqrt(mismatch.sum(axis=0)) / size)
    fit = least_squares(R, S, rcond) if digits is None else normal_equations(R, S, digits)
    A, B, jump = fit.M, port[:, 0], False
    if len(ends) == 2:
        gap, scale = np.abs(rounded(port[:, 0] - port[:, 1])).max(), np.abs(rounded(port)).max()
        jump = bool(scale > 0 and gap <= 1e-9 * scale) if periodic is None else bool(periodic)
        old = np.outer(port[:, 1], fit.dual(phi[:, 1]))
        A, B = (A - 2 * old, B + port[:, 1]) if jump else (A - old, B)
    return Projection(
        A=rounded(A),
        B=rounded(B),
        residual=np.sqrt(squared_norms(fit.rest)) / size,
        closed_below=float(np.finfo(np.float64).eps ** (2 / 3)) if digits is None else 10.0 ** (-2 * digits / 3),
        rank=fit.modes.shape[1],
        condition=fit.condition,
        gram=rounded(fit.gram),
        modes=fit.modes,
        periodic=jump,
        warp=warp,
        window=window,
        panels=np.stack([samples.left, samples.right], axis=1),
        precise=(frozen(A), frozen(B)) if many else None,
    )


def _check_derivative(wrong: Real) -> None:
    """A chain rule forgotten is the commonest mistake: compare with the slope of the functions themselves."""
    if wrong.max() > 1e-4:
        raise ParameterError(
            f"project: derivative is not the derivative of basis (function {int(np.argmax(wrong))} differs by "
            f"{wrong.max():.1e} of its size); mind the chain rule, or leave it out."
        )
