"""How far apart two pseudospectra are, as sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._arrays import Array, Complex, Immutable, Real, Scalar, positive_real
from ._marching import roots_between
from ._roads import road_to
from .contours import Height, pseudospectral_contour

__all__ = ["PseudospectralDistance", "pseudospectral_distance"]

_WHO = "pseudospectral_distance"
_ROUNDS, _MOST = 40, 1 << 12


@dataclass(frozen=True, eq=False, repr=False)
class PseudospectralDistance(Immutable, Scalar):
    """The Hausdorff distance of two pseudospectra; made by ``ht.pseudospectral_distance``.

    Attributes
    ----------
    value : float
        The larger of ``forward`` and ``backward``.
    z, nearest : complex
        A point of one set that is so far from the other, and a point of the other that is nearest to it.
    forward, backward : float
        How far the set of A reaches out of that of B, and that of B out of that of A.
    error : float
        Estimate of the absolute error of ``value``.
    eps : float
    """

    value: float
    z: complex
    nearest: complex
    forward: float
    backward: float
    error: float
    eps: float

    def __repr__(self) -> str:
        return f"Hausdorff distance {self.value:.8g} at z = {self.z:.6g}, eps = {self.eps:g}, error {self.error:.0e}"


def pseudospectral_distance(
    A: Any, B: Any, eps: float, resolution: int = 256, tol: float = 1e-6, *, digits: int | None = None
) -> PseudospectralDistance:
    r"""The largest distance of a point in one eps-pseudospectrum, of A or of B, from the other one.

    A farthest point lies on the boundary of its set, or inside where the other set lies around it: there at a corner
    of the other's Voronoi diagram. Boundaries are those of ``ht.pseudospectral_contour``. An arc of one can be no
    further from the other than its ends are from any single piece of that; arcs for which this bound exceeds the best
    point so far are halved, and so are the pieces that are nearest to them.

    Parameters
    ----------
    A, B : array_like, shape (N, N), Operator, or a system or initialisation
        As for ``ht.pseudospectrum``; the sizes may differ.
    eps : float
        The level of both, absolute, > 0.
    resolution : int, default 256
        Of the first contours.
    tol : float, default 1e-6
        Relative to the value, or to an eighth of the size of the sets if that is more: where halving ends.
    digits : int, optional
        As for ``ht.pseudospectrum``.

    Returns
    -------
    PseudospectralDistance
        ``.value``, ``.z``, ``.nearest``, ``.forward``, ``.backward``, ``.error``. What ``resolution`` does not see,
        holes narrower than a cell of the first look, is not in ``.error``.

    Raises
    ------
    ParameterError, ShapeError, AccuracyError
        As for ``ht.pseudospectral_contour``.

    Notes
    -----
    The eps-pseudospectrum of A lies in that of B for eps + ||A - B||; the distance itself may exceed ||A - B|| by any
    factor. It does not change under unitary similarities, and a shift of A by cI moves the set by c. Some ten thousand
    evaluations for each matrix.

    References
    ----------
    trefethen2005, theorem 2.4.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> found = ht.pseudospectral_distance([[0.0]], [[0.0, 0.0], [0.0, 3.0]], 0.5)
    >>> bool(abs(found.value - 3) < 1e-5), found.forward  # from 3.5 to 0.5
    (True, 0.0)
    """
    eps, tol = positive_real(eps, "eps", _WHO), positive_real(tol, "tol", _WHO)
    one, other = (_boundary(M, eps, resolution, digits) for M in (A, B))
    ahead, back = _one_sided(one, other, tol), _one_sided(other, one, tol)
    far = max(ahead, back, key=lambda found: found.value)
    error = max(ahead.upper, back.upper) - far.value
    return PseudospectralDistance(far.value, far.z, far.nearest, ahead.value, back.value, max(error, far.doubt), eps)


class _Pieces(NamedTuple):
    """Chords from p to q with the set on the left, and how far the curve may be from each."""

    p: Complex
    q: Complex
    sag: Real

    def keep(self, index: Array) -> _Pieces:
        return _Pieces(self.p[index], self.q[index], self.sag[index])

    def joined(self, more: _Pieces) -> _Pieces:
        return _Pieces(*(np.concatenate(pair) for pair in zip(self, more, strict=True)))


class _Boundary(NamedTuple):
    height: Height
    pieces: _Pieces


class _Far(NamedTuple):
    """A farthest point, the bound that no point exceeds, and the uncertainty of the distance at the point."""

    value: float
    z: complex
    nearest: complex
    upper: float
    doubt: float


def _boundary(A: Any, eps: float, resolution: int, digits: int | None) -> _Boundary:
    contour = pseudospectral_contour(A, eps, None, resolution, digits=digits)
    height = Height(road_to(A, digits, _WHO), eps)
    none = np.empty(0, dtype=np.complex128)
    p, q = (np.concatenate([none, *(c[part] for c in contour.curves)]) for part in (slice(-1), slice(1, None)))
    pieces = _halved(height, _Pieces(p, q, np.abs(q - p)))
    specks = contour.specks
    return _Boundary(height, pieces.joined(_Pieces(specks, specks, np.zeros(specks.size))))


def _halved(height: Height, pieces: _Pieces) -> _Pieces:
    """Each arc in two, at the point of the curve across the middle of its chord."""
    middle, across = (pieces.p + pieces.q) / 2, 1j * (pieces.q - pieces.p) / 2
    inner, outer = middle + across, middle - across
    found = height(np.concatenate([inner, outer]))
    f, g = found[: middle.size], found[middle.size :]
    sound = (f <= 0) & (g > 0)
    point, sag = middle.copy(), pieces.sag.copy()
    point[sound] = roots_between(height, inner[sound], outer[sound], f[sound], g[sound], 1e-12)[0]
    sag[sound] = np.abs(point - middle)[sound] / 2  # a quarter, if the curvature is even
    return _Pieces(pieces.p, point, sag).joined(_Pieces(point, pieces.q, sag))


def _one_sided(one: _Boundary, other: _Boundary, tol: float) -> _Far:
    """The largest distance from the other set in the first: arcs that may hold it are halved, the others dropped."""
    arcs, target = one.pieces, other.pieces
    best = _inner(one, other)
    final = best.value
    size = max(float(np.ptp(part)) for part in (target.p.real, target.p.imag)) / 8
    for _ in range(_ROUNDS):
        ends, middle = np.concatenate([arcs.p, arcs.q]), (arcs.p + arcs.q) / 2
        outwards = -1j * np.exp(1j * np.angle(arcs.q - arcs.p))
        # Beyond the bulge of the arc; a difference of heights this small is no distance.
        inside = other.height(np.concatenate([ends, middle + 2 * arcs.sag * outwards])) <= 1e-9
        distance = np.where(inside[: ends.size], 0.0, _nearest(ends, target)[0])
        inside = inside.reshape(3, -1)
        top = int(np.argmax(distance))
        if distance[top] > best.value:
            best = best._replace(z=complex(ends[top]), doubt=0.0, value=1.0)
        if best.value:
            best = _measured(best, target)
        k: Array = _nearest(middle, target)[1]
        from_one = np.maximum(*(np.abs(z - _feet(z, target.p[k], target.q[k])) for z in (arcs.p, arcs.q)))
        lipschitz = (distance[: arcs.p.size] + distance[arcs.p.size :] + np.abs(arcs.q - arcs.p)) / 2 + arcs.sag
        bound = np.where(inside.all(axis=0), 0.0, np.minimum(from_one + target.sag[k] + arcs.sag, lipschitz))
        wide = bound > best.value + tol * max(best.value, size)
        final = float(bound.max(initial=best.value))
        if not wide.any() or wide.sum() > _MOST:
            break
        # The pieces that limit the bound are halved with the arcs.
        near = np.unique(k[wide])
        coarse = near[target.sag[near] > tol * max(best.value, size) / 8]
        arcs = _halved(one.height, arcs.keep(np.flatnonzero(wide)))
        target = target.keep(np.setdiff1d(np.arange(target.p.size), coarse)).joined(
            _halved(other.height, target.keep(coarse))
        )
    return best._replace(upper=max(final, best.value))


def _measured(best: _Far, target: _Pieces) -> _Far:
    """The distance of the best point from pieces that have become finer."""
    feet = _feet(best.z, target.p, target.q)
    k = int(np.argmin(np.abs(feet - best.z)))
    foot = complex(feet[k])
    return best._replace(value=abs(foot - best.z), nearest=foot, doubt=max(best.doubt, float(target.sag[k])))


def _inner(one: _Boundary, other: _Boundary) -> _Far:
    """The farthest corner of the Voronoi diagram of the other boundary that lies in the first set only."""
    from scipy.spatial import QhullError, Voronoi

    nothing = _Far(0.0, complex(one.pieces.p[0]), complex(one.pieces.p[0]), 0.0, 0.0)
    points = np.unique(other.pieces.p)
    try:
        corners = Voronoi(np.column_stack([points.real, points.imag])).vertices @ np.array([1, 1j])
    except QhullError:
        return nothing
    own = one.pieces.p
    near = (np.abs(corners.real - own.real.mean()) <= np.ptp(own.real)) & (
        np.abs(corners.imag - own.imag.mean()) <= np.ptp(own.imag)
    )
    corners = np.unique(corners[near])
    corners = corners[one.height(corners) <= 0]
    corners = corners[other.height(corners) > 0]
    if not corners.size:
        return nothing
    distance, nearest = _nearest(corners, other.pieces)
    top = int(np.argmax(distance))
    p, q = other.pieces.p[nearest[top]], other.pieces.q[nearest[top]]
    doubt = float(abs(q - p) ** 2 / distance[top])
    return _Far(float(distance[top]), complex(corners[top]), complex(_feet(corners[top], p, q)), 0.0, doubt)


def _feet(z: Any, p: Any, q: Any) -> Any:
    """The nearest points to z on chords."""
    d = q - p
    square = np.abs(d) ** 2
    share = ((z - p) * np.conj(d)).real / np.where(square > 0, square, 1.0)
    return p + np.clip(share, 0.0, 1.0) * d


def _nearest(z: Complex, pieces: _Pieces) -> tuple[Real, Array]:
    """Distances of points (P,) from the chords, and which chord is nearest: of those with the nearest middles."""
    from scipy.spatial import cKDTree

    distance, which = np.full(z.size, np.inf), np.zeros(z.size, dtype=np.int64)
    middle = (pieces.p + pieces.q) / 2
    # Among chords of about one length a near chord has a near middle.
    sizes = np.frexp(np.abs(pieces.q - pieces.p))[1]
    for size in np.unique(sizes):
        group = np.flatnonzero(sizes == size)
        tree = cKDTree(np.column_stack([middle[group].real, middle[group].imag]))
        near = tree.query(np.column_stack([z.real, z.imag]), k=min(4, group.size))[1].reshape(z.size, -1)
        index = group[near]
        found = np.abs(z[:, None] - _feet(z[:, None], pieces.p[index], pieces.q[index]))
        best = np.argmin(found, axis=1)
        row = np.arange(z.size)
        closer = found[row, best] < distance
        distance[closer], which[closer] = found[row, best][closer], index[row, best][closer]
    return distance, which
