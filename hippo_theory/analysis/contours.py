"""Boundaries of pseudospectra: accurate level curves from few evaluations, no component missed."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Immutable, Real, finite_real, frozen, positive_integer, positive_real
from ..errors import AccuracyError, AccuracyWarning, ParameterError
from ._islands import FLOATS, completed, signed_area
from ._marching import Mesh, traced
from ._roads import Road, road_to
from .field_of_values import moderate_level

__all__ = ["PseudospectralContour", "pseudospectral_contour"]

_WHO = "pseudospectral_contour"
# Cells along the longer side of the first look.
_FIRST = 32
Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False, repr=False)
class PseudospectralContour(Immutable):
    """The boundary of an eps-pseudospectrum; made by ``ht.pseudospectral_contour``.

    Attributes
    ----------
    curves : tuple of ndarray, complex
        Each with the set on its left: outer boundaries counterclockwise, those of holes clockwise. A closed curve
        ends where it starts; others end at the sides of the box.
    eps : float
    log10_error : float
        The largest abs(log10 sigma_min - log10 eps) at the points of the curves.
    specks : ndarray, complex
        Eigenvalues whose components are too narrow to be drawn in float64.
    spacing : float
        The largest side of the cells that were marched through.
    evaluations : int
        Points at which sigma_min was computed.
    eigenvalues : ndarray, shape (N,)
    """

    curves: tuple[Complex, ...]
    eps: float
    log10_error: float
    specks: Complex
    spacing: float
    evaluations: int
    eigenvalues: Complex

    def __post_init__(self) -> None:
        super().__post_init__()
        for curve in self.curves:
            frozen(curve)

    @property
    def closed(self) -> bool:
        """Whether all curves are: no side of the box cuts the set."""
        return all(curve[0] == curve[-1] for curve in self.curves)

    @property
    def components(self) -> int | None:
        """How many connected pieces the set has; None where a box cuts it."""
        return sum(signed_area(curve) > 0 for curve in self.curves) + self.specks.size if self.closed else None

    @property
    def area(self) -> float | None:
        """The area between the curves, with an error O(spacing^2); None where a box cuts the set."""
        return sum((signed_area(curve) for curve in self.curves), 0.0) if self.closed else None

    def plot(self, ax: Any = None) -> Any:
        """Draw the set and the eigenvalues on ``ax``, or on a figure of their own, which is returned."""
        from .. import plot

        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=4.4, height=3.6) if ax is None else (ax.figure, [[ax]])
            plot.outlines(ax, self.curves, self.eigenvalues)
            ax.set_title(rf"$\sigma_\min(zI - A) < {self.eps:.3g}$")
        return figure

    def __repr__(self) -> str:
        pieces = "cut by the box" if self.components is None else f"{self.components} components"
        points = sum(curve.size for curve in self.curves)
        return f"eps = {self.eps:g}: {len(self.curves)} curves, {pieces}, {points} points"


def pseudospectral_contour(
    A: Any,
    eps: float,
    box: Box | None = None,
    resolution: int = 256,
    tol: float = 1e-10,
    *,
    digits: int | None = None,
    executor: Any = None,
) -> PseudospectralContour:
    r"""The curves sigma_min(zI - A) = eps, the boundary of the eps-pseudospectrum.

    A first look at 33 points along the longer side, then only the cells that the level crosses are divided, and those
    that hold an eigenvalue; a curve is followed into cells next door until it closes. Its points are roots on the
    sides of the smallest cells, between one end inside and one outside. Every component contains an eigenvalue:
    where one is not enclosed at the end, its surroundings are searched at their own scale, so that *no component is
    missed*. Holes narrower than a cell of the first look can be, with what lies in them, and gaps or necks narrower
    than the smallest cell.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation
        As for ``ht.pseudospectrum``.
    eps : float
        The level, absolute, > 0.
    box : tuple (re_min, re_max, im_min, im_max), optional
        Where to look: curves end at its sides (a component smaller than a cell is drawn whole). By default all of the
        set.
    resolution : int, default 256
        Cells along the longer side of the box. Distance from a curve to its polygon: about spacing^2/8 times the
        curvature.
    tol : float, default 1e-10
        abs(log10 sigma - log10 eps) at the points, down to neighbouring floats.
    digits, executor : optional
        As for ``ht.pseudospectrum``.

    Returns
    -------
    PseudospectralContour
        ``.curves``, ``.components``, ``.area``, ``.log10_error``, ``.evaluations``, ``.plot()``.

    Raises
    ------
    ParameterError, ShapeError
        eps outside of 1e-300 .. 1e140 or NaN, NaN in A, not a square matrix, an empty box, or one whose area is no
        float.
    AccuracyError
        eps is below the floor of float64 for this matrix: its level curves would be noise.

    Warns
    -----
    AccuracyWarning
        eps is so close to the floor that log10 sigma is uncertain by more than 1e-3.

    Notes
    -----
    Cost: a few thousand evaluations, most of them for the roots, against resolution^2 for a full grid. An eigenvalue
    is a seed only as far as it is known: one computed in float64 lies in the set where eps is above the floor.

    References
    ----------
    trefethen2005, theorem 2.4 (components), chapter 39.

    Examples
    --------
    A Jordan block has discs: of radius r where sigma_min = eps.

    >>> import numpy as np, hippo_theory as ht
    >>> found = ht.pseudospectral_contour(np.diag(np.ones(7), 1), 1e-3)
    >>> found.components, bool(np.ptp(abs(found.curves[0])) < 1e-10)
    (1, True)
    >>> print(ht.pseudospectral_contour(ht.LegS(6), 1e-3))
    eps = 0.001: 3 curves, 3 components, 585 points
    """
    eps, tol = moderate_level(eps, _WHO), positive_real(tol, "tol", _WHO)
    resolution = positive_integer(resolution, "resolution", _WHO)
    road = road_to(A, digits, _WHO)
    height = Height(road, eps, executor)
    sides = _whole(height, road, eps) if box is None else _sides(box)
    mesh, step = _mesh(sides, resolution, box is not None)
    cells = _first_look(mesh, sides, step)
    error = _certain(road, height, mesh.points(cells), eps)
    seeds = road.eigenvalues[_within(road.eigenvalues, sides)]
    found = traced(height, mesh, cells, step, seeds, tol)
    curves, errors, specks = completed(height, found, seeds, sides[0] if box else -math.inf, tol)
    return PseudospectralContour(
        tuple(curves),
        eps,
        max(errors, default=0.0) + error,
        specks,
        max(mesh.dx, mesh.dy),
        height.evaluations,
        road.eigenvalues,
    )


class Height:
    """log10 sigma_min - log10 eps, and at how many points it was asked for."""

    def __init__(self, road: Road, eps: float, executor: Any = None) -> None:
        self.road, self.level, self.executor, self.evaluations = road, math.log10(eps), executor, 0

    def __call__(self, z: Complex) -> Real:
        self.evaluations += z.size
        return self.road.at(z, self.executor, _WHO) - self.level


def _sides(box: Box) -> Box:
    if not (isinstance(box, tuple) and len(box) == 4):
        raise ParameterError(f"{_WHO}: a box is a tuple (re_min, re_max, im_min, im_max), got {box!r}.")
    left, right, low, high = (finite_real(v, "a side of the box", _WHO) for v in box)
    if not (left < right and low < high):
        raise ParameterError(f"{_WHO}: a box is (re_min, re_max, im_min, im_max), each pair increasing; got {box}.")
    if max(-left, right, -low, high) > 1e140 or min(right - left, high - low) < 1e-140:
        raise ParameterError(f"{_WHO}: the area of the box {box} leaves the float range; rescale A and eps.")
    return left, right, low, high


def _whole(height: Height, road: Road, eps: float) -> Box:
    """A box around the eigenvalues, each side moved out until no point of it is inside."""
    x, y = road.eigenvalues.real, road.eigenvalues.imag
    pad = max(eps, np.ptp(x) / 64, np.ptp(y) / 64, float(np.abs(road.eigenvalues).max()) * 64 * FLOATS)
    sides = np.array([x.min() - pad, x.max() + pad, y.min() - pad, y.max() + pad])
    share = np.linspace(0, 1, _FIRST + 1)
    while True:
        if road.real:
            sides[2:] = np.abs(sides[2:]).max() * np.array([-1, 1])
        across, up = (low + share * (high - low) for low, high in (sides[:2], sides[2:]))
        ring = np.concatenate([sides[0] + 1j * up, sides[1] + 1j * up, across + 1j * sides[2], across + 1j * sides[3]])
        reached = (height(ring) <= 0).reshape(4, -1).any(axis=1)
        if not reached.any():
            return _sides(tuple(sides.tolist()))
        size = max(sides[1] - sides[0], sides[3] - sides[2])
        sides += reached * np.array([-1, 1, -1, 1]) * size / 4


def _mesh(sides: Box, resolution: int, limited: bool) -> tuple[Mesh, int]:
    """The finest grid on the box, and the step of the first look."""
    left, right, low, high = sides
    step = 1 << max(0, int(math.log2(max(1.0, resolution / _FIRST))))
    h = max(right - left, high - low) / resolution * step
    nx, ny = (step * math.ceil(round(size / h, 6)) for size in (right - left, high - low))
    middle = complex(left, (low + high) / 2)
    return Mesh(middle, (right - left) / nx, (high - low) / ny, (nx, ny) if limited else None), step


def _first_look(mesh: Mesh, sides: Box, step: int) -> Array:
    """All large cells of the box."""
    nx, ny = round((sides[1] - sides[0]) / mesh.dx), round((sides[3] - sides[2]) / mesh.dy)
    start = 0 if mesh.limits else -(ny // step // 2) * step
    i, j = np.meshgrid(np.arange(0, nx, step), np.arange(start, start + ny, step))
    return np.column_stack([i.ravel(), j.ravel()])


def _within(z: Complex, sides: Box) -> Array:
    return np.asarray((sides[0] <= z.real) & (z.real <= sides[1]) & (sides[2] <= z.imag) & (z.imag <= sides[3]))


def _certain(road: Road, height: Height, z: Complex, eps: float) -> float:
    """What the floor of float64 makes of log10 sigma at the level."""
    floor = road.floor(z, height(z) + height.level) - height.level
    if floor > 0:
        raise AccuracyError(
            f"{_WHO}: eps = {eps:.1e} is below the floor 10^{floor + height.level:.1f} of float64 for this matrix, and "
            "its level curves would be noise. Pass the operator where there is one, digits=, or a larger eps."
        )
    error = 10**floor / math.log(10)
    if error > 1e-3:
        warnings.warn(
            f"{_WHO}: eps = {eps:.1e} is near the floor of float64 for this matrix: log10 sigma is uncertain by "
            f"{error:.0e}. Pass the operator where there is one, or digits=.",
            AccuracyWarning,
            stacklevel=3,
        )
    return error
