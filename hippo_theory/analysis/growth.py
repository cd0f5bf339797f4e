"""Transient growth: how large ||e^{tA}|| or ||Abar^k|| becomes before it decays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Immutable, Real, Scalar, times
from .._double import scaled
from ..errors import ParameterError, ShapeError, UnstableSystemError
from ..operators import LegT, OnePort, Operator
from ..systems import Diagonal
from ._contractions import eigenvector_bound, norm_at_most_one, spectral_norm
from ._doubts import tell_doubts
from ._powers import check_horizon, largest, proved, until_halved
from ._semigroup import Powers
from .field_of_values import numerical_abscissa, square_matrix

__all__ = ["ContinuousGrowth", "DiscreteGrowth", "transient_growth"]

_EPS = float(np.finfo(np.float64).eps)
_WHO = "transient_growth"


@dataclass(frozen=True, eq=False, repr=False)
class _Growth(Immutable, Scalar):
    """What both kinds of time share.

    Attributes
    ----------
    value : float
        The largest norm; exactly 1 where no growth beyond ``error`` was found.
    upper : float
        A bound for all times, in exact arithmetic: ``value <= sup <= upper``.
    error : float
        How much ``value`` moves, to first order, when the matrix moves by eps of its norm, and the rounding of
        what was computed; N eps at least. Of a contraction up to rounding, at least what was seen beyond 1.
    norm : ndarray
        The curve.
    """

    value: float
    upper: float
    error: float
    norm: Real

    @property
    def contraction(self) -> bool:
        """Whether the norm never exceeds 1, up to ``error``."""
        return self.value <= 1.0

    def _drawn(self, ax: Any, x: Real, top: float, name: str, bounds: dict[str, tuple[Real, Real]]) -> Any:
        from .. import plot

        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=5.0, height=3.2) if ax is None else (ax.figure, [[ax]])
            plot.growth(ax, {name: (x, self.norm)}, bounds=bounds, peak=None if self.contraction else (top, self.value))
            ax.set_title(str(self))
            ax.legend()
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class ContinuousGrowth(_Growth):
    """The largest ||e^{tA}||, t >= 0; made by ``ht.transient_growth``.

    Attributes
    ----------
    value, upper, error : float
        The largest norm (1 exactly where there is no growth), a bound of all norms in exact arithmetic, and
        what is uncertain of ``value``: its move, to first order, when A moves by eps of its norm, and rounding.
    time : float
        Where ``value`` is attained.
    abscissa : float
        The numerical abscissa: ||e^{tA}|| <= e^{abscissa t}.
    t, norm : ndarray, shape (T,)
        The curve.
    """

    time: float
    abscissa: float
    t: Real

    def plot(self, ax: Any = None) -> Any:
        """Draw the curve and e^{abscissa t} on ``ax``, or on a figure of their own, which is returned."""
        # The bound of a matrix that grows would leave the picture at once: it is drawn to twice the top.
        seen = self.t[self.abscissa * self.t <= math.log(2 * self.value)]
        bound = {r"$e^{\omega t}$": (seen, np.exp(self.abscissa * seen))}
        figure = self._drawn(ax, self.t, self.time, r"$\|e^{tA}\|$", bound)
        (ax or figure.axes[0]).set_xlabel("$t$")
        return figure

    def __repr__(self) -> str:
        if self.contraction:
            return "contraction, ||e^(tA)|| <= 1"
        return f"||e^(tA)|| grows to {self.value:.6g} at t = {self.time:.4g}"


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteGrowth(_Growth):
    """The largest ||Abar^k||, k >= 0; made by ``ht.transient_growth``.

    Attributes
    ----------
    value, upper, error : float
        As in ``ContinuousGrowth``.
    step : int
        Where ``value`` is attained.
    dt : float
        The step of the system.
    k, norm : ndarray, shape (K,)
        The curve.
    """

    step: int
    dt: float
    k: Array

    def plot(self, ax: Any = None) -> Any:
        """Draw the curve on ``ax``, or on a figure of its own, which is returned."""
        figure = self._drawn(ax, self.k, self.step, r"$\|\bar A^k\|$", {})
        (ax or figure.axes[0]).set_xlabel("step $k$")
        return figure

    def __repr__(self) -> str:
        if self.contraction:
            return "contraction, ||Abar^k|| <= 1"
        return f"||Abar^k|| grows to {self.value:.6g} at k = {self.step}"


def transient_growth(A: Any, at: ArrayLike | None = None) -> ContinuousGrowth | DiscreteGrowth:
    r"""The largest ||e^{tA}|| over t >= 0, of a discrete system the largest ||Abar^k||, and where it is attained.

    A + A^* <= 0 makes e^{tA} a contraction: the largest norm is 1, at t = 0. So are all lossless operators,
    with ||e^{tA}|| <= e^{-shift t} (theory L8), and what the implicit methods sample from them. With
    R = (I - alpha dt A)^{-1},

        I - Abar^* Abar = R^* (-dt (A + A^*) + (2 alpha - 1) dt^2 A^* A) R,

    which for the bilinear map (alpha = 1/2) is -dt R^* (A + A^*) R >= 0, for backward Euler (alpha = 1) more than
    that, and zoh is e^{dt A}. Forward Euler (alpha = 0) has no such sign: it is a contraction if
    dt <= 2 shift/||A||^2, and with shift 0 and two states or more at no step, whatever its spectral radius.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation
        A matrix or an operator is taken in continuous time; give Abar as a system with its ``dt``. Of a
        system the state matrix counts, in the coordinates in which it is stored.
    at : array_like, optional
        Times, or steps, of the curve (sorted). By default those that the search came by, until the norm has
        halved; on a logarithmic axis they are evenly spread.

    Returns
    -------
    ContinuousGrowth or DiscreteGrowth
        ``.value``, ``.upper``, ``.contraction``, ``.error``, ``.norm``, ``.plot()``; with ``.time``, ``.t``,
        ``.abscissa`` or with ``.step``, ``.k``. In exact arithmetic value <= sup <= upper, and they mostly agree
        to 1e-6.

    Raises
    ------
    UnstableSystemError
        The norm grows without end: a pole beyond the boundary of stability.
    AccuracyError
        Poles on that boundary, as far as float64 can tell, where neither A + A^* <= 0 nor ||Abar|| <= 1 decides:
        whether the powers stay bounded is not a question that rounded entries can answer. Growth that outlives
        rounding: with F the flow and T where ||F|| has halved, 2 sqrt(N) eps ||A|| int_0^T ||F(s)|| ||F(T - s)|| ds
        beyond 1/4. That is a growth of 1e6 to 1e8 of most matrices; triangular ones, of which the entries
        are computed without cancellation, may grow further. Times ``at`` at which rounding leaves nothing.
    ParameterError, ShapeError
        NaN, not a square matrix, negative times, steps that are no integers, times beyond the float range.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits of ``value`` are certain, or ``upper`` is over 1 % larger than ``value``.

    Notes
    -----
    Once ||F(T)|| <= 1/2 no later norm exceeds the largest before T: ||F(qT + r)|| <= ||F(T)||^q ||F(r)||. Before
    it, every step counts up to 512; else intervals are bisected while the bounds ||F(a)|| e^{omega h} (omega the
    numerical abscissa) and max(||F(a)||, ||F(a+h)||) + h^2/8 sup ||F''|| leave room for more than was seen. Where
    eigenvectors prove stability, ``upper`` is at most kappa(V). Norms are cut off at e^{omega t}, or ||Abar||^k.
    Operators, diagonal matrices, and those with ||Abar|| <= 1 in exact arithmetic, are answered by theorem. Cost
    O(N^3) a sample, 100 to 1000 of them: .1 s for N = 64, a few seconds for N = 256.

    References
    ----------
    theory L8; trefethen2005, chapters 14 to 17.

    Examples
    --------
    A stable recursion, and what its powers do before they decay:

    >>> import hippo_theory as ht
    >>> legs = ht.LegS(64)
    >>> for method in ("forward-euler", "backward-euler", "bilinear", "zoh"):
    ...     print(f"{method}: {ht.transient_growth(legs.system.discretize(0.01, method))}")
    forward-euler: ||Abar^k|| grows to 9.90955e+07 at k = 12
    backward-euler: contraction, ||Abar^k|| <= 1
    bilinear: contraction, ||Abar^k|| <= 1
    zoh: contraction, ||Abar^k|| <= 1
    >>> ht.transient_growth(legs, at=[0.0, 1.0]).norm.round(4)
    array([1.    , 0.6065])
    """
    system = getattr(A, "system", A) if not isinstance(A, Operator) else A
    if isinstance(system, Diagonal):
        return _of_diagonal(system, at)
    matrix, dt = square_matrix(system, _WHO)
    if np.array_equal(matrix, np.diag(np.diagonal(matrix))):
        return _of_diagonal(Diagonal(np.diagonal(matrix), np.ones(len(matrix)), dt=dt), at)
    _refuse_growing_diagonal(matrix, dt)
    if dt is not None:
        return _discrete(matrix, dt, at)
    return _continuous(matrix, system if isinstance(system, OnePort | LegT) else None, at)


def _continuous(A: Array, operator: OnePort | LegT | None, at: ArrayLike | None) -> ContinuousGrowth:
    unit = _unit(A)
    Z = unit * A
    if operator is None:
        rate = numerical_abscissa(Z).value
        slack, cap = len(A) * _EPS * float(np.linalg.norm(Z + Z.conj().T)), eigenvector_bound(Z, False)
    else:
        rate, slack, cap = unit * numerical_abscissa(operator).value, 0.0, 1.0
    powers = Powers(Z, False, rate, slack, cap)
    t = _points(at)
    with np.errstate(over="ignore"):
        # Later than 2^1000, only what has decayed is known.
        extra = [] if t is None else [powers.sample(float(tau)) for tau in np.minimum(t / unit, 2.0**1000)]
    if rate + slack <= 0:
        found = proved(until_halved(powers) if t is None else extra)
    else:
        found = largest(powers, lambda tau: f"t = {unit * tau:.3g}", extra, rate <= _tolerance(Z))
    tell_doubts(found, _WHO, "the largest norm", "time scales", stacklevel=3)
    if t is not None:
        check_horizon(powers, extra[-1].tau, f"t = {t[-1]:.3g}")
    curve = (unit * found.tau, found.norm) if t is None else (t, np.array([s.norm for s in extra]))
    peak = unit * found.peak
    return ContinuousGrowth(found.value, found.upper, found.error, curve[1], peak, rate / unit, curve[0])


def _discrete(A: Array, dt: float, at: ArrayLike | None) -> DiscreteGrowth:
    norm = spectral_norm(A)
    rate = math.log(norm) if norm else 0.0
    contraction = norm_at_most_one(A, norm)
    powers = Powers(A, True, min(rate, 0.0) if contraction else rate, cap=eigenvector_bound(A, True))
    k = _steps(at)
    extra = [] if k is None else [powers.sample(float(step)) for step in k]
    if contraction:
        found = proved(until_halved(powers) if k is None else extra)
    else:
        found = largest(powers, lambda tau: f"step {tau:.0f}", extra, norm <= 1 + _tolerance(A))
    tell_doubts(found, _WHO, "the largest norm", "time scales", stacklevel=3)
    if k is not None:
        check_horizon(powers, float(k[-1]), f"step {k[-1]}")
    curve = (found.tau.astype(np.int64), found.norm) if k is None else (k, np.array([s.norm for s in extra]))
    return DiscreteGrowth(found.value, found.upper, found.error, curve[1], int(found.peak), dt, curve[0])


def _tolerance(A: Array) -> float:
    """What the rounding of a matrix, and of how it was sampled, leaves of its being a contraction."""
    return 4 * len(A) * _EPS * float(np.linalg.norm(A))


def _of_diagonal(system: Diagonal, at: ArrayLike | None) -> ContinuousGrowth | DiscreteGrowth:
    """A normal matrix: the norm of a power is the power of the spectral radius."""
    if system.dt is None:
        rate = float(system.lam.real.max())
    else:
        radius = float(np.abs(system.lam).max())
        # A root of unity is rounded to either side of the circle.
        radius = 1.0 if abs(radius - 1) <= 2 * _EPS else radius
        rate = math.log(radius) if radius else -math.inf
    if rate > 0:
        raise UnstableSystemError(f"{_WHO}: the norm grows without end, like e^({rate:.3g} t), for {system!r}.")
    halved = min(math.log(2) / -rate, 2.0**53) if rate else 1.0
    if system.dt is None:
        t = _points(at)
        t = np.linspace(0, halved, 33) if t is None else t
        return ContinuousGrowth(1.0, 1.0, 0.0, np.exp(rate * t), 0.0, rate, t)
    k = _steps(at)
    k = np.unique(np.linspace(0, max(1, math.ceil(halved)), 33).astype(np.int64)) if k is None else k
    return DiscreteGrowth(1.0, 1.0, 0.0, radius ** k.astype(np.float64), 0, system.dt, k)


def _unit(A: Array) -> float:
    """A power of two, so that products with it are exact, that brings the norm of A between 1/2 and 1."""
    top = float(np.abs(A).max()) or 1.0
    exponent = math.frexp(top)[1]
    exponent += math.frexp(spectral_norm(scaled(A, -exponent)))[1]
    if exponent < -960:
        raise ParameterError(
            f"{_WHO}: a matrix with entries up to {top:.3g} may take times beyond the float range; measure time in "
            "another unit."
        )
    return 2.0**-exponent


def _refuse_growing_diagonal(A: Array, dt: float | None) -> None:
    """A triangular matrix shows its poles."""
    if np.array_equal(A, np.tril(A)) or np.array_equal(A, np.triu(A)):
        poles = np.diagonal(A)
        worst = float(poles.real.max() if dt is None else np.abs(poles).max() - 1)
        if worst > (0 if dt is None else 2 * _EPS):
            where = "right of the imaginary axis" if dt is None else "outside the unit circle"
            raise UnstableSystemError(
                f"{_WHO}: the norm grows without end, a pole lies {worst:.3g} {where}; only stable systems have a "
                "largest norm."
            )


def _points(at: ArrayLike | None) -> Real | None:
    if at is None:
        return None
    t = times(at, _WHO)
    if t.ndim > 1 or t.size == 0:
        raise ShapeError(f"{_WHO}: at must be a time or a non-empty 1-D array of times, got shape {t.shape}.")
    return np.sort(np.atleast_1d(t))


def _steps(at: ArrayLike | None) -> Array | None:
    k = _points(at)
    if k is None:
        return None
    if not (k == np.rint(k)).all() or k[-1] >= 2.0**53:
        raise ParameterError(f"{_WHO}: the system is discrete, at must be whole numbers of steps below 2^53.")
    return k.astype(np.int64)
