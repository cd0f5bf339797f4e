"""The Kreiss constant: how strongly resolvents grow towards the boundary of stability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Immutable, Scalar
from ..errors import AccuracyError
from ..operators import LegT, OnePort
from ..systems import Diagonal
from ._doubts import tell_doubts
from ._level_sets import EPS, Circle, Landscape, Line, Point, lowest
from .field_of_values import moderate_matrix, numerical_abscissa, numerical_radius
from .margins import boundary_point, nearest_mode

__all__ = ["KreissConstant", "kreiss_constant"]

_WHO = "kreiss_constant"
# Samples within the first factor of the best are starts of descents; the search ends when the bound is within the
# second one.
_NEAR, _BOUND, _SAMPLES = 1.03, 1.001, 400


@dataclass(frozen=True, eq=False, repr=False)
class KreissConstant(Immutable, Scalar):
    """The supremum of Re z ||(zI - A)^{-1}||, or (abs(z) - 1) ||(zI - A)^{-1}||; made by ``ht.kreiss_constant``.

    Attributes
    ----------
    value : float
        At least 1, which the supremum is at infinity.
    z : complex
        Where it is attained; ``inf`` where the constant is 1.
    upper : float
        A bound in exact arithmetic, about .1 % larger at most: value <= K <= upper.
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
    globally by level sets, 1/K = min d(x)/x. By Hadamard's theorems of three lines and of three circles log d is a
    concave function of Re z, or of log abs(z): it lies above its chords. Both d(x) and q(x) = x - d(x) rise, so

        d(x)/x = d/(d + q) >= d(x_1)/(d(x_1) + q(x_2)),   x_1 <= x <= x_2,

    where q(inf) = omega, the numerical abscissa, or the numerical radius less 1. Intervals are divided where the better
    of these bounds is lowest until it certifies the best value up to .1 %, and Newton's method in z is started from
    every sample near the best. Where omega <= 0 the constant is 1, its limit at infinity, exactly.

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
    Mitchell's algorithms certify by two-dimensional level sets or by interpolation along rays; the bounds above
    take the place of both, since K is a supremum over one height of what level sets find globally. A second maximum
    higher than ``value`` would have to hide in the last .1 %. Cost O(N^3), 5 to 20 eigenvalue problems of size 2N, or
    pencils: 10 ms for N = 10, .3 s for N = 100, .6 s in discrete time; more where many scales have the same constant.

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
    found = KreissConstant(value, best.z, max(upper, value), value * (EPS + land.uncertainty(best) / best.sigma))
    tell_doubts(found, _WHO, "the constant", "scales", stacklevel=2)
    return found


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
        """The lowest of the bounds of d(x)/x on the intervals, and where to divide that interval."""
        x, d = self.x, self.d
        q = np.append(np.maximum(x - d, 0.0)[1:], self.omega)
        # Each end alone proves that d(x)/x exceeds the level up to d/level, and from q/(1 - level) on.
        level = self.ratio / _BOUND
        bounds, where = d / (d + q), np.sqrt(d / level * q / (1 - level))
        u = np.log1p(x) if self.discrete else x
        slopes = np.diff(np.log(d)) / np.diff(u)
        # The chord falls short of log(height) by most where it rises like that: by 1/x, or by (1 + x)/x in log(1 + x).
        touching = np.clip(1 / np.maximum(slopes - self.discrete, 1e-300), x[:-1], x[1:])
        rise = np.log1p(touching) if self.discrete else touching
        chords = d[:-1] * np.exp(slopes * (rise - u[:-1])) / touching
        better = np.flatnonzero(chords > bounds[:-1])
        bounds[better], where[better] = chords[better], touching[better]
        worst = int(np.argmin(bounds))
        return float(bounds[worst]), float(where[worst])

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
            step, gain = self.newton(here)
            # What a step must promise: less is lost in the rounding of sigma.
            least = EPS * (2 + (self.land.norm + abs(here.z)) / (8 * here.sigma))
            while gain > least:
                z = here.z + step
                if self.land.real:
                    # The mirror image above the axis, or the axis itself where only rounding leaves it.
                    z = complex(z.real, abs(z.imag) if abs(z.imag) > 1e-13 * abs(z) else 0.0)
                if self.height(z) > 0:
                    there = self.land.at(z)
                    if there.sigma > 0 and (lower := math.log(there.sigma / self.height(z))) < value:
                        break
                step, gain = step / 4, gain / 4
            else:
                return here
            value, here = lower, there
        return here

    def newton(self, here: Point) -> tuple[complex, float]:
        """The step to the minimum of a quadratic model, bent upwards where it is not convex; what it promises."""
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
        if length > 0.7 * x:
            step *= 0.7 * x / length
        return complex(*step), -float(slope @ step)
