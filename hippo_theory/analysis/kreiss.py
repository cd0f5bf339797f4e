"""The Kreiss constant: how strongly resolvents grow towards the boundary of stability."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Immutable
from ..errors import AccuracyError, AccuracyWarning
from ..operators import LegT, OnePort
from ..systems import Diagonal
from ._level_sets import EPS, Circle, Landscape, Line, Point, lowest
from .field_of_values import moderate_matrix, numerical_abscissa, numerical_radius
from .margins import boundary_point, nearest_mode

__all__ = ["KreissConstant", "kreiss_constant"]

_WHO = "kreiss_constant"
# Samples within the first factor of the best are starts of descents; the search ends when the bound is within the
# second one.
_NEAR, _BOUND, _SAMPLES = 1.03, 1.01, 400


@dataclass(frozen=True, eq=False, repr=False)
class KreissConstant(Immutable):
    """The supremum of Re z ||(zI - A)^{-1}||, or (abs(z) - 1) ||(zI - A)^{-1}||; made by ``ht.kreiss_constant``.

    Attributes
    ----------
    value : float
        At least 1, which the supremum is at infinity.
    z : complex
        Where it is attained; ``inf`` where the constant is 1.
    upper : float
        A bound in exact arithmetic, about 1 % larger at most: value <= K <= upper.
    error : float
        How much ``value`` moves, to first order, when A moves by N eps of its norm.
    """

    value: float
    z: complex
    upper: float
    error: float

    def __repr__(self) -> str:
        where = "infinity" if math.isinf(self.z.real) else f"z = {self.z:.6g}"
        return f"Kreiss constant {self.value:.8g}, attained at {where}"


def kreiss_constant(A: Any) -> KreissConstant:
    r"""sup over Re z > 0 of Re z ||(zI - A)^{-1}||, if discrete sup over abs(z) > 1 of (abs(z) - 1) ||(zI - A)^{-1}||.

    The powers ||e^{tA}|| or ||Abar^k|| reach at least K and at most e N K (the Kreiss matrix theorem with the constant
    of Spijker). With the height x = Re z or abs(z) - 1 and d(x) = min sigma_min(zI - A) at that height, found
    globally by level sets, 1/K = min d(x)/x; and both d(x) and q(x) = x - d(x) rise. On any interval

        d(x)/x = d/(d + q) >= d(x_1)/(d(x_1) + q(x_2)),   x_1 <= x <= x_2,

    where q(inf) = omega, the numerical abscissa, or the numerical radius less 1. Intervals are divided where this bound
    is lowest until it certifies the best value up to 1 %, and Newton's method in z is started from every sample near
    the best. Where omega <= 0 the constant is 1, its limit at infinity, exactly.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation
        A matrix or an operator is taken in continuous time; give Abar as a system with its ``dt``. Of a
        system the state matrix counts, in the coordinates in which it is stored.

    Returns
    -------
    KreissConstant
        ``.value``, ``.z``, ``.upper``, ``.error``. The relative error is that of a small singular value, N eps
        (||A|| + abs(z))/sigma_min. Exactly 1 for the lossless operators (theory L8), ``Diagonal`` and contractions.

    Raises
    ------
    UnstableSystemError
        A pole beyond the boundary of stability: the supremum is infinite.
    AccuracyError
        Poles on that boundary as far as float64 can tell, and no contraction: whether the constant is finite is not a
        question that rounded entries can answer.
    ParameterError, ShapeError
        NaN, not a square matrix.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits of ``value`` are certain.

    Notes
    -----
    Mitchell's algorithms certify by two-dimensional level sets or by interpolation along rays; the bound above
    takes the place of both, since K is a supremum over one height of what level sets find globally. A second maximum
    higher than ``value`` would have to hide in the last 1 %, between samples that close. Cost O(N^3), 20 to 100
    eigenvalue problems of size 2N, or pencils: .1 s for N = 10, 3 s for N = 100, 7 s in discrete time.

    References
    ----------
    theory L8; mitchell2020; trefethen2005, chapters 14 and 18; spijker1991.

    Examples
    --------
    A lower bound of what the norm grows to:

    >>> import hippo_theory as ht
    >>> A = [[-1.0, 100.0], [0.0, -2.0]]
    >>> K, top = ht.kreiss_constant(A), ht.transient_growth(A)
    >>> print(f"{K.value:.4f} at z = {K.z.real:.4f}, {top.value:.4f}")
    17.1723 at z = 1.4166, 25.0063
    >>> print(ht.kreiss_constant(ht.LegS(64)))
    Kreiss constant 1, attained at infinity
    """
    if isinstance(A, OnePort | LegT):
        return _one()
    system = getattr(A, "system", A)
    if isinstance(system, Diagonal):
        nearest_mode(system, _WHO)
        return _one()
    matrix, dt = moderate_matrix(system, _WHO)
    land, t, lowest_point = boundary_point(matrix, dt, _WHO)
    slack = len(matrix) * EPS * float(np.linalg.norm(matrix))
    omega = numerical_abscissa(matrix).value if dt is None else numerical_radius(matrix) - 1
    if omega <= slack:
        return _one()
    if lowest_point.sigma <= 4 * land.rounding(lowest_point.z):
        raise AccuracyError(
            f"{_WHO}: a matrix {lowest_point.sigma:.1e} away has a pole on the boundary of stability, which is "
            "the rounding of the entries: the constant may be infinite."
        )
    best, upper = _Search(land, dt is not None, omega, t, lowest_point).run()
    if best is None:
        return KreissConstant(1.0, complex(math.inf), max(upper, 1.0), len(matrix) * EPS)
    value = (best.z.real if dt is None else abs(best.z) - 1) / best.sigma
    found = KreissConstant(value, best.z, max(upper, value), value * (EPS + land.rounding(best.z) / best.sigma))
    _warn(found)
    return found


def _warn(found: KreissConstant) -> None:
    if found.error > 1e-8 * found.value:
        warnings.warn(
            f"{_WHO}: about {found.error / found.value:.0e} of {found.value:.4g} is uncertain: relative changes eps of "
            "the matrix move it that far.",
            AccuracyWarning,
            stacklevel=3,
        )
    if found.upper > 1.02 * found.value:
        warnings.warn(
            f"{_WHO}: the constant lies between {found.value:.4g}, which was seen, and {found.upper:.4g}; the scales "
            "lie too far apart for a closer search.",
            AccuracyWarning,
            stacklevel=3,
        )


def _one() -> KreissConstant:
    return KreissConstant(1.0, complex(math.inf), 1.0, 0.0)


class _Search:
    """d(x) where the bound is lowest, descents from what is near the best."""

    def __init__(self, land: Landscape, discrete: bool, omega: float, t: float, boundary: Point) -> None:
        self.land = land
        self.discrete = discrete
        self.omega = omega
        # Heights, rising, the smallest sigma_min there, and where along the line or circle.
        self.x, self.d, self.t = np.zeros(1), np.array([boundary.sigma]), np.array([t])
        self.best: Point | None = None
        self.ratio = 1.0

    def height(self, z: complex) -> float:
        return abs(z) - 1 if self.discrete else z.real

    def run(self) -> tuple[Point | None, float]:
        """The best point, and an upper bound of the constant."""
        low, high = float(self.d[0]), 4 * (self.land.norm + self.discrete) ** 2 / self.omega
        octaves = math.log2(max(high / low, 1.0))
        for x in np.geomspace(low, max(high, low), min(3 + int(octaves / 2), 24)):
            self.sample(float(x))
        bound, x = self.weakest()
        while self.ratio > _BOUND * bound and self.x.size < _SAMPLES:
            self.sample(x)
            bound, x = self.weakest()
        if self.best is not None and self.land.real and abs(self.best.z.imag) < 1e-6 * abs(self.best.z):
            # Newton's method stops beside an axis that it cannot tell from where it is.
            there = self.land.at(complex(self.best.z.real))
            if there.sigma <= self.height(there.z) * self.ratio * (1 + 4 * EPS):
                self.best = there
        return self.best, 1 / bound

    def weakest(self) -> tuple[float, float]:
        """The interval with the lowest bound of d(x)/x: the bound, and where to divide it."""
        q = np.append(np.maximum(self.x - self.d, 0.0)[1:], self.omega)
        bounds = self.d / (self.d + q)
        worst = int(np.argmin(bounds))
        low, high = float(self.x[worst]), float(self.x[worst + 1]) if worst + 1 < self.x.size else math.inf
        # Each end alone proves that d(x)/x exceeds the level up to here.
        level = 1.0005 * self.ratio / _BOUND
        left, right = float(self.d[worst]) / level, float(q[worst]) / (1 - level)
        if not low < left < right < high:
            x = math.sqrt(low * high)
        elif math.isinf(high):
            x = right
        else:
            # Both together prove more: up to where q, interpolated, has the largest value that the left end allows.
            below = max(low - float(self.d[worst]), 0.0)
            allowed = float(self.d[worst]) * (1 - level) / level
            part = (allowed - below) / (float(q[worst]) - below)
            x = min(max(left, low + 0.97 * part * (high - low)), math.sqrt(left * high))
        return float(bounds[worst]), x if low < x < high else low + min(high - low, low + left) / 2

    def sample(self, x: float) -> None:
        path = Circle(1 + x, self.land.real) if self.discrete else Line(x, 1j, self.land.real)
        t, point = lowest(self.land, path, self.t[[np.argmin(np.abs(self.x - x))]])
        i = int(np.searchsorted(self.x, x))
        self.x, self.d, self.t = np.insert(self.x, i, x), np.insert(self.d, i, point.sigma), np.insert(self.t, i, t)
        if point.sigma / x <= _NEAR * self.ratio:
            point = self.descended(point)
            if (ratio := point.sigma / self.height(point.z)) < self.ratio:
                self.best, self.ratio = point, ratio

    def descended(self, here: Point) -> Point:
        """Newton's method for log sigma_min - log height, damped, as long as it descends."""
        value = math.log(here.sigma / self.height(here.z))
        for _ in range(60):
            step = self.newton(here)
            for _ in range(30):
                z = here.z + step
                if self.land.real:
                    # The mirror image above the axis, or the axis itself where only rounding leaves it.
                    z = complex(z.real, abs(z.imag) if abs(z.imag) > 1e-13 * abs(z) else 0.0)
                if self.height(z) > 0:
                    there = self.land.at(z)
                    if there.sigma > 0 and (lower := math.log(there.sigma / self.height(z))) < value:
                        break
                step /= 4
            else:
                return here
            gain, value, here = value - lower, lower, there
            if gain <= 2 * EPS:
                return here
        return here

    def newton(self, here: Point) -> complex:
        """The step to the minimum of a quadratic model, bent upwards where it is not convex."""
        z, x = here.z, self.height(here.z)
        outwards = z / abs(z) if self.discrete else 1.0 + 0j
        g = here.gradient / here.sigma
        slope = np.array([g.real - outwards.real / x, g.imag - outwards.imag / x])
        s, o = np.array([g.real, g.imag]), np.array([outwards.real, outwards.imag])
        curve = here.hessian / here.sigma - np.outer(s, s) + np.outer(o, o) / x**2
        if self.discrete:
            curve -= (np.eye(2) - np.outer(o, o)) / (abs(z) * x)
        values, vectors = np.linalg.eigh(curve)
        floor = 1e-8 * float(np.abs(values).max()) + 1e-300
        step = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), floor))
        length = float(np.hypot(*step))
        return complex(*(step * min(1.0, 0.7 * x / length) if length else step))
