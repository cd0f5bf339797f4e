"""Online memory: the state of an operator while samples come in, and the past that it still knows.

A sampled input is held: u(s) = u_k for k dt <= s < (k+1) dt. Everything below is about that step function, so
that "exact" means exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, repeat
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Immutable, Real, finite, known_name, positive_real, vector
from ..errors import ParameterError, ParameterTypeError, ShapeError
from ..operators import LegS, Operator
from ..operators.warps import Warp
from ..operators.warps import warp as as_warp
from ._checks import checked_operator

__all__ = ["Memory", "remember"]

Step = Callable[[Real, float], Real]
METHODS = ("exact", "zoh", "bilinear")
# A lag at which e^{-t} is zero and every kernel has decayed, and which matrix exponentials still take.
_OLDEST = 1e12


@dataclass(frozen=True, eq=False, repr=False)
class Memory(Immutable):
    """States of an operator at chosen moments of an input; made by ``ht.remember``.

    Attributes
    ----------
    operator : Operator
    warp : Warp
    time : ndarray, shape (T,)
        The moments, in the units of dt.
    states : ndarray, shape (N, T)
    """

    operator: Operator
    warp: Warp
    time: Real
    states: Real

    def reconstruct(self, s: ArrayLike, at: int = -1) -> Real:
        """The past sum_n x_n(t) p_n(t, s) at times s <= t, seen from the moment number ``at``.

        Parameters
        ----------
        s : array_like
            Times, not lags; for a family with a window t - window <= s <= t. The sample number k was held from k dt
            to (k+1) dt: its value belongs to (k + 1/2) dt.
        at : int, default -1
            Which column of ``states``.

        Returns
        -------
        ndarray, shape s.shape

        Raises
        ------
        ParameterError
            s in the future, before a window, or before t = 0 where the warp is not defined there.

        Notes
        -----
        For LegS the best approximation in the measure e^{a(s)-a(t)} a'(s) over the whole past, in which
        nothing was heard before t = 0; for LagT the sum of Laguerre functions; for LegT and FouT at
        finite N only nearly the best one (theory F3).
        """
        s = finite(s, "s", "reconstruct")
        if not -self.time.size <= at < self.time.size:
            raise ParameterError(f"reconstruct: at = {at} is not one of the {self.time.size} moments that were kept.")
        t = self.time[at]
        lag = self.warp.lag(t, s)
        if (lag > self.operator.window).any():
            raise ParameterError(
                f"reconstruct: the window of {self.operator!r} at t = {t:g} holds the times from "
                f"{t - self.operator.window:g} on; s = {float(np.min(s)):g} lies before it."
            )
        # What is infinitely old is read off at the end of the basis.
        basis = self.operator.basis(np.minimum(lag, _OLDEST))
        return np.asarray(np.tensordot(self.states[:, at], basis, axes=1))

    def plot(self, ax: Any = None) -> Any:
        """Draw the states over evenly spaced moments on ``ax``, or on a figure of their own, which is returned."""
        from .. import plot

        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=5.0, height=3.2) if ax is None else (ax.figure, [[ax]])
            plot.states(ax, self.time, self.states, limit=float(np.abs(self.states).max()) or 1.0)
            ax.set_title(f"{self.operator!r}, {self.warp.name}")
        return figure

    def __repr__(self) -> str:
        return f"Memory({self.operator!r}, {self.warp.name}, {self.time.size} moments to t = {self.time[-1]:g})"


def remember(
    operator: Operator,
    u: ArrayLike,
    dt: float,
    warp: Any = "exponential",
    method: str = "exact",
    at: ArrayLike | None = None,
) -> Memory:
    r"""Run x' = a'(t)(A x + B u) over a sampled input, started from nothing at t = 0.

    Parameters
    ----------
    operator : Operator
    u : array_like, shape (L,)
        Real samples; sample k is held on [k dt, (k+1) dt).
    dt : float
        Step, in units of the operator's time (LegT, FouT: the window is 1/dt samples long).
    warp : str, sympy expression or Warp, default "exponential"
        What ``ht.warp`` takes. "exponential" is the time-invariant system; "scaled" the original HiPPO,
        x' = (A x + B u)/t, which does not depend on dt.
    method : {"exact", "zoh", "bilinear"}
        "exact": x_{k+1} = e^{hA}(x_k - g u_k) + g u_k with g = -A^{-1} B and the step h = a(t_{k+1}) - a(t_k) in
        warped time (log((k+1)/k) for "scaled"). "zoh" freezes a' at the start of the step,
        h = dt a'(t_k). "bilinear": the trapezoidal rule. The first two agree where a' is constant.
    at : array_like of int, optional
        After how many samples to keep the state, increasing, 1..L; default: after every one.

    Returns
    -------
    Memory
        ``.states`` (N, T) and ``.reconstruct(s)``.

    Raises
    ------
    ParameterError, ShapeError, UnknownNameError
        NaN, an empty input, dt <= 0, moments out of range or order, unknown method or warp.

    Notes
    -----
    Rounding: about N eps max \|u\| a step, whatever the size of the state. Cost O(N^2) a step. Where the step
    varies, e^{hA} of LegS is applied as what it means: rescaling the past by e^{-h}, a Gauss quadrature with
    N nodes, exact for polynomials; other families compute a matrix exponential for every step, O(N^3).
    Memory O(N T).

    References
    ----------
    gu2020hippo (the scaled measure), gu2023httyh; theory F2, F5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> memory = ht.remember(ht.LegS(16), np.linspace(0, 1, 1000), 1.0, warp="scaled")
    >>> np.abs(memory.reconstruct([250.5, 500.5, 750.5]) - [0.25, 0.5, 0.75]).max() < 1e-3
    np.True_
    """
    operator = checked_operator(operator, "remember")
    samples = vector(u, "u", "remember")
    if np.iscomplexobj(samples):
        raise ParameterTypeError("remember: u must be real, got complex samples.")
    dt, a = positive_real(dt, "dt", "remember"), as_warp(warp)
    method = known_name(method, METHODS, "method")
    kept = np.arange(1, samples.size + 1) if at is None else _moments(at, samples.size)
    states = np.empty((operator.N, kept.size))
    column = 0
    for k, x in enumerate(_run(operator, samples, dt, a, method), start=1):
        if k == kept[column]:
            states[:, column] = x
            column += 1
            if column == kept.size:
                break
    return Memory(operator, a, np.asarray(kept * dt, dtype=np.float64), states)


def _moments(at: ArrayLike, length: int) -> Array:
    try:
        kept = np.atleast_1d(np.asarray(at))
    except ValueError:
        kept = np.empty(0)
    if kept.ndim != 1 or kept.size == 0 or kept.dtype.kind not in "iu":
        raise ShapeError(f"remember: at must be a 1-D array of integers, got {at!r}.")
    kept = kept.astype(np.int64)  # differences of unsigned integers are never negative
    if kept[0] < 1 or kept[-1] > length or (np.diff(kept) <= 0).any():
        raise ParameterError(f"remember: at must increase within 1..{length} (the number of samples), got {at!r}.")
    return kept


def _run(operator: Operator, u: Real, dt: float, a: Warp, method: str) -> Iterator[Real]:
    t, x = dt * np.arange(u.size + 1), np.zeros(operator.N)
    if a.lag(t[1], t[0]) == np.inf:
        # The past began infinitely long ago in warped time: after one sample it is a constant.
        x = operator.transfer(0.0).real * u[0]
        yield x
        t, u = t[1:], u[1:]
    if u.size == 0:
        return
    with np.errstate(over="ignore"):
        lags, rates = a.lag(t[1:], t[:-1]), dt * a.rate(t)
    used = {"exact": lags, "zoh": rates[:-1], "bilinear": rates}[method]
    if not np.isfinite(used).all():
        raise ParameterError(
            f"remember: with dt = {dt:g} and the warp {a.name!r} the {method} rule needs infinite steps; take a "
            'smaller dt where time is too long, method="exact" where a\'(0) is infinite.'
        )
    # The rates alone do not tell: those of t + sin(2 pi t)/10 agree at all whole numbers.
    if np.ptp(rates) == 0 and np.abs(lags - rates[0]).max() <= 4 * np.finfo(np.float64).eps * lags.sum():
        steps = _constant(operator, float(rates[0]), "bilinear" if method == "bilinear" else "zoh")
    else:
        steps = _trapezoidal(operator, used) if method == "bilinear" else _exponential(operator, used)
    for step, sample in zip(steps, u, strict=False):
        x = step(x, sample)
        yield x


def _constant(operator: Operator, h: float, method: str) -> Iterator[Step]:
    sampled = operator.system.discretize(h, method)
    return repeat(lambda x, sample: sampled.A @ x + sampled.B * sample)


def _trapezoidal(operator: Operator, rates: Real) -> Iterator[Step]:
    from scipy.linalg import solve, solve_triangular

    A, B, eye = operator.A, operator.B, np.eye(operator.N)
    triangular = np.array_equal(A, np.tril(A))
    for before, after in pairwise(rates / 2):
        left, right = eye - after * A, eye + before * A

        def step(x: Real, sample: float, left: Real = left, right: Real = right, h: float = before + after) -> Real:
            known = right @ x + h * sample * B
            return np.asarray(solve_triangular(left, known, lower=True) if triangular else solve(left, known))

        yield step


def _exponential(operator: Operator, h: Real) -> Iterator[Step]:
    """x -> e^{hA}(x - g u) + g u, since g u, g = -A^{-1} B = G(0), is where a constant input leads."""
    rest = operator.transfer(0.0).real
    flows = _rescaling(operator, h) if isinstance(operator, LegS) else _matrix_exponentials(operator.A, h)
    for flow in flows:
        yield partial(_held_step, flow, rest)


def _held_step(flow: Callable[[Real], Real], rest: Real, x: Real, sample: float) -> Real:
    return flow(x - rest * sample) + rest * sample


def _matrix_exponentials(A: Real, h: Real) -> Iterator[Callable[[Real], Real]]:
    from scipy.linalg import expm

    for step in h:
        yield expm(step * A).dot


def _rescaling(operator: LegS, h: Real) -> Iterator[Callable[[Real], Real]]:
    """e^{hA}: the polynomial sum_k x_k L_k on [0, 1], squeezed into [0, e^{-h}] and expanded again."""
    from scipy.special import roots_legendre

    N = operator.N
    lags = -np.log((1 + roots_legendre(N)[0]) / 2)
    values = operator.basis(lags).T
    # Christoffel's weights: a sum of squares keeps the digits that library tables of weights have lost.
    weights = 1 / (values**2).sum(axis=1)
    width = max(1, 2**20 // N**2)
    for start in range(0, h.size, width):
        block = h[start : start + width]
        squeezed = operator.basis(block[:, None] + lags) * (weights * np.exp(-block)[:, None])
        for j in range(block.size):
            yield partial(_product, squeezed[:, j], values)


def _product(P: Real, Q: Real, x: Real) -> Real:
    return np.asarray(P @ (Q @ x))
