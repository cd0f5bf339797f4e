"""How far a stable matrix is from an unstable one, and the perturbation that gets there."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Scalar
from ..errors import AccuracyWarning, UnstableSystemError
from ..systems import Diagonal
from ._level_sets import EPS, Circle, Landscape, Line, Point, lowest
from .field_of_values import moderate_matrix

__all__ = ["InstabilityDistance", "boundary_point", "distance_to_instability", "nearest_mode"]


@dataclass(frozen=True, eq=False, repr=False)
class InstabilityDistance(Immutable, Scalar):
    """The norm of the smallest perturbation that makes a matrix unstable; made by ``ht.distance_to_instability``.

    Attributes
    ----------
    value : float
        min ||E|| such that A + E has an eigenvalue on the imaginary axis, or on the unit circle if discrete.
    frequency : float
        Where that eigenvalue is: i frequency, or e^{i frequency dt}; >= 0 for a real matrix.
    z : complex
        That eigenvalue.
    E : ndarray, complex, shape (N, N)
        The perturbation, of rank one.
    error : float
        How much ``value`` moves, to first order, when A moves by N eps of its norm.
    """

    value: float
    frequency: float
    z: complex
    E: Array
    error: float

    def __repr__(self) -> str:
        return f"distance to instability {self.value:.8g} at frequency {self.frequency:.6g}"


def distance_to_instability(A: Any) -> InstabilityDistance:
    r"""The complex stability radius: min over w of sigma_min(iwI - A), if discrete min of sigma_min(e^{iw dt} I - A).

    It is 1/sup ||(iwI - A)^{-1}||, the reciprocal of an H-infinity norm. A descent to a minimum in w is certified or
    improved by a level set: a Hamiltonian matrix (a symplectic pencil) has eigenvalues on the axis (the circle) if
    and only if sigma_min goes below a level, and then midpoints between them are better; quadratic convergence.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation
        A matrix or an operator is taken in continuous time; give Abar as a system with its ``dt``. Of a
        system the state matrix counts, in the coordinates in which it is stored.

    Returns
    -------
    InstabilityDistance
        ``.value``, ``.frequency``, ``.z``, ``.E``, ``.error``. The absolute error is that of a singular value, about
        N eps ||A||, as ``.error`` says. A ``Diagonal`` system is normal: min abs(Re lam) or min(1 - abs(lam)).

    Raises
    ------
    UnstableSystemError
        A pole beyond the boundary of stability: no perturbation is needed, the distance to it means nothing.
    ParameterError, ShapeError
        NaN, not a square matrix.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits are certain; so for a matrix that is unstable up to rounding.

    Notes
    -----
    value <= abs(Re lam) for every pole, with equality for normal matrices; for the lossless operators
    value >= shift (theory L8), and for LegT it tends to pi/2 at every frequency: the resolvent of a window tends to
    Volterra's operator, integration on [0, 1], whose norm is 2/pi. Cost O(N^3), two to five eigenvalue problems of
    size 2N: 1 ms for N = 10, .1 s for N = 100.

    References
    ----------
    theory L8; byers1988; boyd1990.

    Examples
    --------
    Eigenvalues -1 and a distance of .0524:

    >>> import hippo_theory as ht
    >>> found = ht.distance_to_instability([[-1.0, 19.0], [0.0, -1.0]])
    >>> round(found.value, 6), found.frequency
    (0.052487, 0.0)
    >>> bool(ht.distance_to_instability(ht.LegS(64)).value >= 0.5)
    True
    """
    who = "distance_to_instability"
    system = getattr(A, "system", A)
    if isinstance(system, Diagonal):
        return _of_diagonal(system, who)
    matrix, dt = moderate_matrix(system, who)
    land, t, point = boundary_point(matrix, dt, who)
    error = land.uncertainty(point)
    if error > 1e-8 * point.sigma:
        warnings.warn(
            f"{who}: {point.sigma:.2e} is uncertain by {error:.0e}, the rounding of the matrix.",
            AccuracyWarning,
            stacklevel=2,
        )
    E = point.sigma * point.u[:, None] * point.v.conj()
    return InstabilityDistance(point.sigma, t / (dt or 1.0) + 0.0, point.z, E, error)


def boundary_point(matrix: Array, dt: float | None, who: str) -> tuple[Landscape, float, Point]:
    """The lowest point of sigma_min on the boundary of stability, for a matrix that is not known to be unstable."""
    land = Landscape(matrix)
    beyond = float(land.poles.real.max() if dt is None else np.abs(land.poles).max() - 1)
    path = Line(0.0, 1j, land.real) if dt is None else Circle(1.0, land.real)
    t, point = lowest(land, path)
    # Computed eigenvalues belong to a matrix within N eps ||A||: beyond the boundary they count if that is far.
    if beyond > 0 and point.sigma > 4 * land.rounding(point.z):
        where = "right of the imaginary axis" if dt is None else "outside the unit circle"
        raise UnstableSystemError(
            f"{who}: a pole lies {beyond:.3g} {where}: the system is unstable as it is; only stable ones have a margin."
        )
    return land, abs(t) if land.real else t, point


def nearest_mode(system: Diagonal, who: str) -> tuple[complex, int, float]:
    """The pole of a normal matrix that is nearest to the boundary of stability, its index, and how near it is."""
    lam = np.asarray(system.poles, dtype=np.complex128)
    margin = -lam.real if system.dt is None else 1 - np.abs(lam)
    near = int(np.lexsort((-lam.imag, margin))[0])
    # A root of unity is rounded to either side of the circle.
    if margin[near] < (0 if system.dt is None else -2 * EPS):
        raise UnstableSystemError(
            f"{who}: {system!r} is unstable as it is, by {-margin[near]:.3g}; only stable systems have a margin."
        )
    return complex(lam[near]), near, max(float(margin[near]), 0.0)


def _of_diagonal(system: Diagonal, who: str) -> InstabilityDistance:
    """A normal matrix: its pole nearest to the boundary moves there."""
    lam, near, value = nearest_mode(system, who)
    direction = 1.0 if system.dt is None else (lam / abs(lam) if lam else 1.0)
    z = 1j * lam.imag if system.dt is None else complex(direction)
    E = np.zeros((system.N, system.N), dtype=np.complex128)
    E[near, near] = value * direction
    frequency = lam.imag if system.dt is None else float(np.angle(z)) / system.dt
    return InstabilityDistance(value, frequency, z, E, EPS * abs(lam))
