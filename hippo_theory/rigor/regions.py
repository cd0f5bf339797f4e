"""Regions and contours free of pseudospectrum, with proof: segments covered by discs, eigenvalues counted.

1/sigma_min(zI - A) = ||(zI - A)^{-1}|| is subharmonic off the spectrum: over a region without eigenvalues it is
largest on the boundary. A box is therefore free of the eps-pseudospectrum if its four sides are and no eigenvalue is
inside, and a contour that is free keeps its number of eigenvalues when A moves by at most eps: none can cross. Sides
are halved until a disc around every piece is proved to be free. Outside of the disc of radius ||A|| + eps, and to the
right of the numerical abscissa + eps, sigma_min > eps without a computation: an unbounded box is cut off there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from .._arrays import Complex, Immutable, Real
from .._optional import require
from ..errors import AccuracyError, ParameterError

__all__ = ["EigenvalueCount", "FreeRegion", "Resolvent", "check_simple", "count_inside", "free_box"]

_DEPTH = 60
# Eigenvalues in a box that are tried as counterexamples before its sides.
_TRIED = 3
# A smaller share of a piece than this is not worth two ends: it is halved.
_WORTH = 0.3
_ROOM = 1 + 1e-12


class Resolvent(Protocol):
    """What the two roads, chains and any matrix, have in common."""

    norm: float
    abscissa: float

    def enclose(self, z: complex) -> tuple[Any, Any]: ...
    def free_radii(self, centre: Complex, radius: Real, eps: float) -> Real: ...
    def count(self, inside: Callable[[Any], bool | None], eps: float) -> int | None: ...
    def candidates(self) -> Complex: ...


@dataclass(frozen=True, eq=False, repr=False)
class FreeRegion(Immutable):
    """Whether a box is free of the eps-pseudospectrum, proved either way; made by ``ht.enclose(A, box=, eps=)``.

    Attributes
    ----------
    passed : bool
        True: sigma_min(zI - A) > eps at every z of the closed box. False: not so, see ``counterexample``.
    counterexample : complex or None
        A point of the box at which sigma_min <= eps is proved. Where floats are too coarse for that, the float nearest
        to an eigenvalue that is proved to lie in the box.
    box : tuple of float
        (re_min, re_max, im_min, im_max), bounds may be infinite.
    eps : float
    cells : int
        Pieces of the boundary that were examined.
    """

    passed: bool
    counterexample: complex | None
    box: tuple[float, float, float, float]
    eps: float
    cells: int

    def __repr__(self) -> str:
        what = f"[{self.box[0]:g}, {self.box[1]:g}] x [{self.box[2]:g}, {self.box[3]:g}]i"
        if self.passed:
            return f"sigma_min(zI - A) > {self.eps:g} on {what}: proved"
        return f"sigma_min(zI - A) > {self.eps:g} on {what}: false at z = {self.counterexample:.6g}"


@dataclass(frozen=True, eq=False, repr=False)
class EigenvalueCount(Immutable):
    """How many eigenvalues all matrices within eps of A have inside of a contour; made by ``ht.enclose``.

    Attributes
    ----------
    passed : bool
        True: sigma_min(zI - A) > eps on the whole contour is proved, so that A + E has the same ``count`` of
        eigenvalues inside for every ||E|| <= eps. False: some A + E has an eigenvalue on the contour.
    count : int or None
        Eigenvalues inside, with multiplicities; None where ``passed`` is False.
    counterexample : complex or None
        A point within rounding of the contour at which sigma_min <= eps is proved.
    contour : ndarray, complex
        The vertices.
    eps : float
    cells : int
        Pieces of the contour that were examined.
    """

    passed: bool
    count: int | None
    counterexample: complex | None
    contour: Complex
    eps: float
    cells: int

    def __repr__(self) -> str:
        what = f"a contour of {self.contour.size} edges"
        if self.passed:
            return f"{self.count} eigenvalues of A + E in {what} for every ||E|| <= {self.eps:g}: proved"
        return f"{what} meets the pseudospectrum of eps = {self.eps:g} at z = {self.counterexample:.6g}"


def free_box(resolvent: Resolvent, box: tuple[float, float, float, float], eps: float, max_cells: int) -> FreeRegion:
    """Decide whether a box is free of the eps-pseudospectrum."""
    reach = (resolvent.norm + eps) * _ROOM
    re_min, re_max = max(box[0], -reach), min(box[1], reach)
    im_min, im_max = max(box[2], -reach), min(box[3], reach)
    if re_min > re_max or im_min > im_max or (re_min - resolvent.abscissa) * (1 - 1e-15) > eps:
        return FreeRegion(True, None, box, eps, 0)
    found = resolvent.candidates()
    within = (re_min <= found.real) & (found.real <= re_max) & (im_min <= found.imag) & (found.imag <= im_max)
    for z in found[within][:_TRIED]:
        if resolvent.enclose(complex(z))[1] <= eps:
            return FreeRegion(False, complex(z), box, eps, 0)
    corners = np.array([re_min + 1j * im_min, re_max + 1j * im_min, re_max + 1j * im_max, re_min + 1j * im_max])
    flat = re_min == re_max or im_min == im_max
    edges = [(corners[0], corners[2])] if flat else list(zip(corners, np.roll(corners, -1), strict=True))
    bad, cells = _meets(resolvent, edges, eps, max_cells)
    if bad is not None:
        return FreeRegion(False, bad, box, eps, cells)
    if not flat and _counted(resolvent, corners, eps):
        nearest = found[within][0] if within.any() else found[np.argmin(np.abs(found - corners.mean()))]
        return FreeRegion(False, complex(nearest), box, eps, cells)
    return FreeRegion(True, None, box, eps, cells)


def count_inside(resolvent: Resolvent, contour: Complex, eps: float, max_cells: int) -> EigenvalueCount:
    """Decide whether a polygon is free of the eps-pseudospectrum, and count the eigenvalues inside."""
    edges = list(zip(contour, np.roll(contour, -1), strict=True))
    bad, cells = _meets(resolvent, edges, eps, max_cells)
    if bad is not None:
        return EigenvalueCount(False, None, bad, contour, eps, cells)
    return EigenvalueCount(True, _counted(resolvent, contour, eps), None, contour, eps, cells)


def _counted(resolvent: Resolvent, contour: Complex, eps: float) -> int:
    count = resolvent.count(lambda point: _is_inside(contour, point), eps)
    if count is None:
        raise AccuracyError(
            f"enclose: no eigenvalue of {resolvent!r} lies on the contour, but they could not be counted inside; "
            "move the contour away from them."
        )
    return count


def _is_inside(contour: Complex, point: Any) -> bool | None:
    """Whether the winding number about a ball is not zero; None where an edge may meet the ball."""
    flint = require("flint")
    turns = flint.arb(0)
    corners = [flint.acb(z.real, z.imag) - point for z in contour]
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        # A ratio on the negative axis, from an edge through the point, has an angle of +- pi.
        turns += (b * a.conjugate()).arg()
    number = (turns / (2 * flint.arb.pi())).unique_fmpz()
    return None if number is None else bool(number != 0)


def _meets(resolvent: Resolvent, edges: list[Any], eps: float, max_cells: int) -> tuple[complex | None, int]:
    """A point near the edges where sigma_min <= eps, or None where all of them are proved free; and the work done."""
    start = np.array([a for a, _ in edges], dtype=np.complex128)
    step = np.array([b for _, b in edges], dtype=np.complex128) - start
    length = np.maximum(np.abs(step) * _ROOM, 1e-300)
    # Centres are rounded: so much wider is every disc, and so much less of an edge it covers.
    blur = 1e-15 * (np.abs(start) + length)
    edge, low, high, done = np.arange(len(edges)), np.zeros(len(edges)), np.ones(len(edges)), 0
    for _ in range(_DEPTH):
        middle = (low + high) / 2
        centre = start[edge] + step[edge] * middle
        radius = (high - low) / 2 * length[edge] + blur[edge]
        done += edge.size
        free = _outside(resolvent, centre, radius, eps)
        asked = free == 0
        free[asked] = resolvent.free_radii(centre[asked], radius[asked], eps)
        if (free < 0).any():
            return complex(centre[np.argmax(free < 0)]), done
        left = free < radius
        if not left.any():
            return None, done
        edge = edge[left]
        covered = np.maximum((free[left] - blur[edge]) / length[edge] * (1 - 1e-9), 0.0)
        covered[free[left] <= _WORTH * radius[left]] = 0.0
        low, high = (
            np.concatenate([low[left], middle[left] + covered]),
            np.concatenate([middle[left] - covered, high[left]]),
        )
        edge = np.tile(edge, 2)
        if done + edge.size > max_cells:
            break
    where = complex(centre[np.argmax(left)])
    raise AccuracyError(
        f"enclose: undecided after {done} pieces near z = {where:.6g}: sigma_min is near eps = {eps:g} there, or far "
        "below the distance of the nearest eigenvalue; raise max_cells= or move eps."
    )


def _outside(resolvent: Resolvent, centre: Complex, radius: Real, eps: float) -> Real:
    """The radii of the discs where the norm or the numerical abscissa is enough, 0 elsewhere."""
    with np.errstate(over="ignore", invalid="ignore"):
        room = 1e-15 * (np.abs(centre) + radius)
        beyond = np.abs(centre) - radius - room - resolvent.norm > eps * _ROOM
        right = centre.real - radius - room - resolvent.abscissa > eps * _ROOM
    return np.where(beyond | right, radius, 0.0)


def check_simple(contour: Complex, who: str) -> None:
    """Refuse a polygon that touches itself; decided in rationals where bounding boxes meet."""
    after = np.roll(contour, -1)
    x0, x1 = np.minimum(contour.real, after.real), np.maximum(contour.real, after.real)
    y0, y1 = np.minimum(contour.imag, after.imag), np.maximum(contour.imag, after.imag)
    n = contour.size
    for i in range(n):
        j = np.arange(i + 1, n)
        near = (x0[j] <= x1[i]) & (x0[i] <= x1[j]) & (y0[j] <= y1[i]) & (y0[i] <= y1[j])
        for k in j[near]:
            if _touch(contour, i, int(k)):
                raise ParameterError(
                    f"{who}: the contour touches itself, edges {i} and {int(k)} meet; give a simple polygon."
                )


def _touch(contour: Complex, i: int, k: int) -> bool:
    """Whether two edges meet, beyond the vertex that neighbours share."""
    n = contour.size
    a, b, c, d = (_exact(contour[m % n]) for m in (i, i + 1, k, k + 1))
    if k == i + 1 or (i == 0 and k == n - 1):
        # Neighbours meet again only where one turns back along the other.
        tip, p, q = (b, a, d) if k == i + 1 else (a, b, c)
        u, v = (p[0] - tip[0], p[1] - tip[1]), (q[0] - tip[0], q[1] - tip[1])
        return u[0] * v[1] == u[1] * v[0] and u[0] * v[0] + u[1] * v[1] >= 0
    signs = _turn(a, b, c) * _turn(a, b, d), _turn(c, d, a) * _turn(c, d, b)
    # Both <= 0: they meet, or all four lie on a line, and then the bounding boxes have met already.
    return signs[0] <= 0 and signs[1] <= 0


def _exact(z: complex) -> tuple[Fraction, Fraction]:
    return Fraction(float(z.real)), Fraction(float(z.imag))


def _turn(a: Any, b: Any, c: Any) -> int:
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return int(area > 0) - int(area < 0)
