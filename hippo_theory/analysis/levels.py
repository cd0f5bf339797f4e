"""How far pseudospectra reach: to the right, and from the origin."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Immutable, Scalar
from ..errors import AccuracyWarning, ParameterError
from ..systems import Diagonal
from ._level_sets import EPS, Circle, Landscape, Line, Point, wells
from .field_of_values import moderate_level, moderate_matrix

__all__ = ["PseudospectralAbscissa", "PseudospectralRadius", "pseudospectral_abscissa", "pseudospectral_radius"]

Sweep = Callable[[float], Line | Circle]
Ray = Callable[[float], Line]


@dataclass(frozen=True, eq=False, repr=False)
class _Reach(Immutable, Scalar):
    value: float
    z: complex
    eps: float
    error: float

    _name = "pseudospectral reach"

    def __repr__(self) -> str:
        return f"{self._name} {self.value:.8g} at z = {self.z:.6g}, eps = {self.eps:g}"


class PseudospectralAbscissa(_Reach):
    """The largest real part in a pseudospectrum; made by ``ht.pseudospectral_abscissa``.

    Attributes
    ----------
    value : float
        The largest Re z with sigma_min(zI - A) <= eps.
    z : complex
        Where it is attained; of a real matrix Im z >= 0.
    eps : float
    error : float
        How much ``value`` moves, to first order, when A moves by N eps of its norm.
    """

    _name = "pseudospectral abscissa"


class PseudospectralRadius(_Reach):
    """The largest modulus in a pseudospectrum; made by ``ht.pseudospectral_radius``.

    Attributes
    ----------
    value : float
        The largest abs(z) with sigma_min(zI - A) <= eps.
    z : complex
        Where it is attained; of a real matrix Im z >= 0.
    eps : float
    error : float
        How much ``value`` moves, to first order, when A moves by N eps of its norm.
    """

    _name = "pseudospectral radius"


def pseudospectral_abscissa(A: Any, eps: float) -> PseudospectralAbscissa:
    r"""The largest real part of an eigenvalue of any A + E, ||E|| <= eps: max Re z over sigma_min(zI - A) <= eps.

    The criss-cross algorithm: on the vertical line through the rightmost point so far, every interval inside the
    pseudospectrum is found (the imaginary eigenvalues of a Hamiltonian matrix are its ends), and from each
    midpoint one walks to the right, up to the last crossing. Quadratic convergence to the global maximum.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation in continuous time
        Of a system its state matrix counts, in the coordinates in which it is stored.
    eps : float
        The size of perturbations, absolute, > 0.

    Returns
    -------
    PseudospectralAbscissa
        ``.value``, ``.z``, ``.eps``, ``.error``. Backward stable: exact for a matrix N eps_machine ||A|| away,
        which is what ``.error`` says. A ``Diagonal`` system is normal: max Re lam + eps, exactly.

    Raises
    ------
    ParameterError
        eps outside of 1e-300 .. 1e140 or NaN, NaN in A, or a system in discrete time (ask for
        ``ht.pseudospectral_radius``).
    ShapeError
        Not a square matrix.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits are certain: eps is too small to be resolved by singular values.

    Notes
    -----
    alpha + eps <= value <= omega + eps, with the spectral and the numerical abscissa. Cost O(N^3), four to ten
    eigenvalue problems of size 2N: 3 ms for N = 10, .3 s for N = 100.

    References
    ----------
    burke2003; byers1988; trefethen2005, chapter 42.

    Examples
    --------
    An eigenvalue -1, doubly: perturbations of size .3 make it unstable.

    >>> import hippo_theory as ht
    >>> found = ht.pseudospectral_abscissa([[-1.0, 4.0], [0.0, -1.0]], 0.3)
    >>> round(found.value, 6), round(-1 + (0.3 * 4.3) ** 0.5, 6)
    (0.135782, 0.135782)
    """
    who = "pseudospectral_abscissa"
    eps = moderate_level(eps, who)
    system = getattr(A, "system", A)
    if getattr(system, "dt", None) is not None:
        raise ParameterError(
            f"{who}: {A!r} is in discrete time (dt = {system.dt:g}), where the distance from the origin counts; "
            "ask for ht.pseudospectral_radius."
        )
    if isinstance(system, Diagonal):
        lam = complex(max(system.poles, key=lambda pole: (pole.real, pole.imag)))
        return PseudospectralAbscissa(lam.real + eps, lam + eps, eps, EPS * (abs(lam) + eps))
    land = Landscape(moderate_matrix(A, who)[0])
    pole = complex(land.poles[np.argmax(land.poles.real)])
    point = _outermost(
        land, eps, pole.real, abs(pole.imag) if land.real else pole.imag, _vertical(land), lambda y: Line(1j * y, 1.0)
    )
    error = land.uncertainty(point) / abs(point.gradient.real or EPS)
    _warn(who, error, point, eps)
    return PseudospectralAbscissa(point.z.real, point.z, eps, error)


def pseudospectral_radius(A: Any, eps: float) -> PseudospectralRadius:
    r"""The largest modulus of an eigenvalue of any A + E, ||E|| <= eps: max abs(z) over sigma_min(zI - A) <= eps.

    The criss-cross algorithm in polar coordinates: on the circle through the outermost point so far every arc inside
    the pseudospectrum is found (the unimodular eigenvalues of a symplectic pencil are its ends), and from each
    midpoint one walks outwards. Where every point of the circle has the singular value eps (a Jordan block) the pencil
    is singular and its eigenvalues are noise: no arc is inside, as its midpoint says, and the search is over.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation, discrete or not
    eps : float
        The size of perturbations, absolute, > 0.

    Returns
    -------
    PseudospectralRadius
        ``.value``, ``.z``, ``.eps``, ``.error``, with the accuracy of ``ht.pseudospectral_abscissa``.

    Raises
    ------
    ParameterError, ShapeError
        eps outside of 1e-300 .. 1e140 or NaN, NaN in A, not a square matrix.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits are certain.

    Notes
    -----
    rho + eps <= value <= w + eps, with the spectral and the numerical radius. Cost O(N^3): 4 ms for N = 10,
    .5 s for N = 100.

    References
    ----------
    mengi2005; trefethen2005, chapter 42.

    Examples
    --------
    The powers of this matrix decay, those of a matrix .01 away do not:

    >>> import hippo_theory as ht
    >>> found = ht.pseudospectral_radius([[0.5, 100.0], [0.0, 0.5]], 0.01)
    >>> round(found.value, 6), round(0.5 + (0.01 * 100.01) ** 0.5, 6)
    (1.50005, 1.50005)
    """
    who = "pseudospectral_radius"
    eps = moderate_level(eps, who)
    system = getattr(A, "system", A)
    if isinstance(system, Diagonal):
        lam = complex(max(system.poles, key=lambda pole: (abs(pole), pole.imag)))
        outwards = lam / abs(lam) if lam else 1.0
        return PseudospectralRadius(abs(lam) + eps, lam + eps * outwards, eps, EPS * (abs(lam) + eps))
    land = Landscape(moderate_matrix(A, who)[0])
    pole = complex(land.poles[np.argmax(np.abs(land.poles))])
    angle = math.atan2(abs(pole.imag) if land.real else pole.imag, pole.real)
    point = _outermost(land, eps, abs(pole), angle, lambda r: Circle(r, land.real), _spoke)
    slope = (point.gradient.conjugate() * point.z).real / abs(point.z)
    error = land.uncertainty(point) / abs(slope or EPS)
    _warn(who, error, point, eps)
    return PseudospectralRadius(abs(point.z), point.z, eps, error)


def _vertical(land: Landscape) -> Sweep:
    return lambda x: Line(x, 1j, land.real)


def _spoke(angle: float) -> Line:
    # The exact directions keep what is real real.
    exact = {0.0: 1.0 + 0j, math.pi: -1.0 + 0j}
    return Line(0.0, exact.get(angle, complex(math.cos(angle), math.sin(angle))))


def _outermost(land: Landscape, eps: float, height: float, side: float, sweep: Sweep, ray: Ray) -> Point:
    """The highest point of a pseudospectrum, from one below it: sweeps across, rays upwards, in turn."""
    height = _last_crossing(land, eps, height, ray(side))
    for _ in range(60):
        slack = 1e-13 * eps + land.rounding(height) / (8 * land.N)
        found = wells(land, sweep(height), eps, slack)
        tops = [(_last_crossing(land, eps, height, ray(well.middle)), well.middle) for well in found]
        top, there = max(tops, default=(height, side))
        if top <= height:
            break
        gain, height, side = top - height, top, there
        if gain <= 2 * EPS * (abs(height) + eps):
            break
    return land.at(complex(ray(side).points(np.array(height))))


def _last_crossing(land: Landscape, eps: float, low: float, ray: Line) -> float:
    """The largest t >= low on a ray where sigma_min = eps; low itself where nothing beyond is inside."""
    t = ray.cuts(land, eps)
    # Beyond ||A|| + eps nothing is inside; low is inside, if only by a rounding.
    t = np.unique(np.concatenate([[low], t[t > low], [max(low, land.norm + abs(ray.a)) + 2 * eps]]))
    middle = (t[:-1] + t[1:]) / 2
    inside = np.flatnonzero(land.sigma(ray.points(middle)) <= eps)
    if inside.size:
        last = int(inside[-1])
        return _root(land, eps, ray, float(middle[last]), float(t[last + 1]), float(t[min(last + 2, len(t) - 1)]))
    return low


def _root(land: Landscape, eps: float, ray: Line, inside: float, guess: float, outside: float) -> float:
    """sigma_min = eps between a point inside and one outside: Newton's method, kept in its bracket."""
    t = guess
    for _ in range(80):
        point = land.at(complex(ray.points(np.array(t))))
        excess = point.sigma - eps
        inside, outside = (t, outside) if excess <= 0 else (inside, t)
        slope = (point.gradient.conjugate() * ray.d).real
        step = -excess / slope if slope > 0 else math.inf
        if not inside < t + step < outside:
            step = (inside + outside) / 2 - t
        if abs(step) <= EPS * max(abs(t), eps):
            break
        t += step
    return t


def _warn(who: str, error: float, point: Point, eps: float) -> None:
    scale = max(abs(point.z), eps)
    if error > 1e-8 * scale:
        warnings.warn(
            f"{who}: about {error / scale:.0e} of the answer {point.z:.4g} is uncertain: for this matrix eps = "
            f"{eps:.1e} is near the rounding of singular values.",
            AccuracyWarning,
            stacklevel=3,
        )
