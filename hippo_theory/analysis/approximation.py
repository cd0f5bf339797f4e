"""How well a state remembers: the error of the reconstructed past, the error of a kernel, and their orders in N."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, finite, known_name, positive_integer
from ..errors import ParameterError, ShapeError
from ..operators import Operator, operator

__all__ = ["ApproximationStudy", "approximation_study"]

_PANEL_NODES = 24
_ERRORS = ("error", "best", "kernel_error", "leakage")


@dataclass(frozen=True, eq=False, repr=False)
class ApproximationStudy(Immutable):
    """Errors of one family over a range of sizes; made by ``ht.approximation_study``.

    Attributes
    ----------
    family : str
    N : ndarray of int
    error : ndarray
        L2(omega) distance between f and sum_n x_n p_n, x_n = int K_n f: what the system itself reaches.
    best : ndarray
        The same with x_n = int p_n omega f: the best approximation in the span.
    kernel_error : ndarray
        L2 distance on the window between f and sum_n c_n K_n, c_n = int p_n omega f: f as a convolution kernel.
    leakage : ndarray
        L2 norm of that kernel beyond the window (0 without one).

    Notes
    -----
    For LegS, LagT and every Takenaka-Malmquist family K_n = p_n omega, and error = best.
    """

    family: str
    N: Array
    error: Real
    best: Real
    kernel_error: Real
    leakage: Real

    def order(self, what: str = "error") -> tuple[float, float]:
        """The exponent p in error ~ N^{-p}: least squares on logarithms, and its standard error."""
        values = np.asarray(getattr(self, known_name(what, _ERRORS, "error")))
        if (values <= 0).any() or np.unique(self.N).size < 3:
            raise ParameterError(
                f"order({what!r}): three or more different sizes with positive errors are needed, got N = {self.N} and "
                f"{values}."
            )
        x = np.log(self.N) - np.log(self.N).mean()
        y = np.log(values)
        slope = (x @ y) / (x @ x)
        left = y - y.mean() - slope * x
        return -float(slope), math.sqrt(left @ left / (x @ x) / (self.N.size - 2))

    def plot(self, ax: Any = None) -> Any:
        """Draw the four errors against N on ``ax``, or on a figure of their own, which is returned."""
        from .. import plot

        names = {"error": "as a past", "best": "best in the span", "kernel_error": "as a kernel", "leakage": "leakage"}
        curves = {label: (self.N, getattr(self, name)) for name, label in names.items() if getattr(self, name).any()}
        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=5.0, height=3.2) if ax is None else (ax.figure, [[ax]])
            plot.errors(ax, curves, base=2)
            ax.set_title(self.family)
            ax.set_xlabel("$N$")
            ax.set_ylabel("error in $L^2$")
            ax.legend()
        return figure

    def __repr__(self) -> str:
        rows = "".join(
            f"\n{N:6d}  {e:9.2e}  {b:9.2e}  {k:9.2e}  {m:9.2e}"
            for N, e, b, k, m in zip(self.N, self.error, self.best, self.kernel_error, self.leakage, strict=True)
        )
        return f"{self.family}\n     N      error       best     kernel    leakage{rows}"


def approximation_study(
    family: str, f: Callable[[Real], Any], sizes: Sequence[int], breaks: Sequence[float] = ()
) -> ApproximationStudy:
    r"""The error with which states of size N represent a function of the lag, for each N.

    A past u(t - tau) = f(tau) leads to the state x_n = int_0^inf K_n(tau) f(tau) d tau; the reconstruction is
    sum_n x_n p_n. Read the other way round, c_n = int p_n omega f are the coefficients with which
    sum_n c_n K_n imitates f as a convolution kernel.

    Parameters
    ----------
    family : {"LegS", "LegT", "FouT", "LagT"}
    f : callable
        f(tau) for lags tau >= 0 (array in, array out); seen up to lag 4 (LegT, FouT), 40 (LegS), 4N + 40
        (LagT, whose measure does not fade: f must).
    sizes : sequence of int
        Different ones; ``.order()`` needs three.
    breaks : sequence of float
        Lags at which f jumps or has a kink: panels of the quadrature end there.

    Returns
    -------
    ApproximationStudy
        ``.order()`` fits the exponent.

    Raises
    ------
    ParameterError, ShapeError
        Sizes that the family does not have; f that is not finite or not of the shape of its argument.

    Notes
    -----
    LegS approximates in x = e^-tau: where the k-th derivative jumps inside, the order is k + 1/2; a past that
    grows like tau = -log x has the order 1. For smooth pasts LegT converges spectrally although its
    kernels do not (order 1/2). FouT at finite N has the order 1/2 whatever the smoothness: its kernels start at
    2 p_n(0) and leave ghosts (theory F3). Composite Gauss-Legendre quadrature, good to about 1e-13. LagT has no measure
    that fades: a past that does not decay is not in its space, and the errors are then of the order of the past.

    References
    ----------
    gu2020hippo for upper bounds, gu2023httyh; theory F3, F6.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> kink = lambda tau: np.abs(np.exp(-tau) - 0.5)
    >>> study = ht.approximation_study("LegS", kink, [16, 32, 64, 128], breaks=[np.log(2)])
    >>> abs(study.order()[0] - 1.5) < 0.1
    True
    """
    who = "approximation_study"
    Ns = [positive_integer(N, "N", who) for N in np.atleast_1d(np.asarray(sizes, dtype=object))]
    if not Ns:
        raise ShapeError(f"{who}: sizes must not be empty.")
    jumps = finite(np.atleast_1d(breaks), "breaks", who)
    rows = [_errors(operator(family, N), f, jumps) for N in Ns]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return ApproximationStudy(operator(family, Ns[0]).family, np.array(Ns), *columns)


def _errors(op: Operator, f: Callable[[Real], Any], breaks: Real) -> tuple[float, float, float, float]:
    lags, weights = _nodes(op, breaks)
    values = finite(f(lags), "f(tau)", "approximation_study")
    if values.shape != lags.shape or np.iscomplexobj(values):
        raise ShapeError(
            f"approximation_study: f must return real values of the shape of its argument {lags.shape}, got "
            f"{values.dtype} of shape {values.shape}."
        )
    inside = lags <= op.window
    K, p, measure = op.kernel(lags), op.basis(lags[inside]), op.measure(lags[inside])
    state = K @ (weights * values)
    coefficients = p @ (weights * values)[inside] if op.window < math.inf else p @ (weights * values * measure)
    kernel = coefficients @ K

    def norm(difference: Real, where: Array, omega: Any = 1.0) -> float:
        return math.sqrt(float((weights[where] * omega * difference**2).sum()))

    return (
        norm(values[inside] - state @ p, inside, measure),
        norm(values[inside] - coefficients @ p, inside, measure),
        norm(values[inside] * measure - kernel[inside], inside),
        norm(kernel[~inside], ~inside),
    )


def _nodes(op: Operator, breaks: Real) -> tuple[Real, Real]:
    """Panels that resolve the kernels: 4 waves at most, graded like N^-2 towards the ends where they are fastest."""
    theta = np.linspace(0, np.pi, max(8, -(-op.N // 4)) + 1)
    if op.window < math.inf:
        # What a kernel keeps beyond its window is below rounding after four of them.
        edges = np.sort(np.concatenate([m + np.sin(theta / 2) ** 2 for m in range(4)]))
    else:
        # L_n(e^-tau) has n + 1/2 half waves in the angle of 2 e^-tau - 1 = cos theta.
        edges = -2 * np.log(np.cos(theta[:-1] / 2))
        last = 40.0 if op.shift else 4.0 * op.N + 40
        edges = np.concatenate([edges, np.arange(edges[-1], last, 0.5)[1:], [last]])
    edges = np.unique(np.concatenate([edges, breaks[(breaks > 0) & (breaks < edges[-1])]]))
    y, w = np.polynomial.legendre.leggauss(_PANEL_NODES)
    half = np.diff(edges)[:, None] / 2
    return ((edges[:-1, None] + half) + half * y).ravel(), (half * w).ravel()
