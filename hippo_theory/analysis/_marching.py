"""Level curves on a grid that exists only where it is needed: division of crossed cells, marching, exact cuts.

Corners of cells are integers (i, j) of one fine grid, without end unless limits are given. Cells start large, in steps
of a power of two; those that the level crosses, or that hold a seed, are divided, and a curve that leaves a cell
through a side is followed into the next one at every size. Cuts are roots on sides of the smallest cells, whose ends
lie on either side of the level: no step can leave them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Complex, Real
from ..errors import AccuracyError

__all__ = ["Curves", "Mesh", "roots_between", "traced"]

Height = Callable[[Complex], Real]

_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
_ACROSS = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])
_SPAN = 1 << 30
# What a smooth curve at this resolution never needs: beyond it the level is noise.
_MOST = 1 << 20
_ROUNDS = 100


class Mesh(NamedTuple):
    """The point (i, j) is origin + i dx + j dy i; corners beyond ``limits`` = (nx, ny) do not exist."""

    origin: complex
    dx: float
    dy: float
    limits: tuple[int, int] | None = None

    def points(self, corners: Array) -> Complex:
        """Corners (P, 2) in the plane."""
        z = np.empty(len(corners), dtype=np.complex128)
        # Around the middle of a box with limits, so that mirror images agree to the last bit.
        half = self.limits[1] / 2 if self.limits else 0.0
        z.real = self.origin.real + corners[:, 0] * self.dx
        z.imag = self.origin.imag + (corners[:, 1] - half) * self.dy
        return z

    def cell_of(self, z: Complex) -> Array:
        """The smallest cells around points, shape (P, 2)."""
        half = self.limits[1] / 2 if self.limits else 0.0
        place = np.stack([(z.real - self.origin.real) / self.dx, (z.imag - self.origin.imag) / self.dy + half], axis=1)
        return np.floor(place).astype(np.int64)

    def has(self, cells: Array, step: int) -> Array:
        """Which cells exist."""
        if self.limits is None:
            return np.ones(len(cells), dtype=bool)
        return np.asarray(((cells >= 0) & (cells + step <= np.array(self.limits))).all(axis=1))


class Curves(NamedTuple):
    """Curves with the set below the level on their left, closed ones ending where they start; |height| left on each."""

    curves: list[Complex]
    mesh: Mesh
    errors: list[float]


class _Corners:
    """Heights at the corners that have been asked for."""

    def __init__(self, mesh: Mesh, height: Height) -> None:
        self.mesh, self.height = mesh, height
        self.codes: Array = np.empty(0, dtype=np.int64)
        self.values: Real = np.empty(0)

    def __call__(self, corners: Array) -> Real:
        codes = (corners[:, 0] + _SPAN) * (2 * _SPAN) + corners[:, 1] + _SPAN
        new, first = np.unique(codes, return_index=True)
        fresh = ~np.isin(new, self.codes, assume_unique=True)
        if fresh.any():
            found = self.height(self.mesh.points(corners[first[fresh]]))
            every = np.concatenate([self.codes, new[fresh]])
            order = np.argsort(every)
            self.codes, self.values = every[order], np.concatenate([self.values, found])[order]
        return np.asarray(self.values[np.searchsorted(self.codes, codes)])

    def cells(self, cells: Array, step: int) -> Real:
        """Heights at the four corners, counterclockwise, shape (P, 4)."""
        corners = cells[:, None, :] + step * _CORNERS
        return self(corners.reshape(-1, 2)).reshape(-1, 4)


def traced(height: Height, mesh: Mesh, cells: Array, step: int, seeds: Complex, tol: float) -> Curves:
    """The curves height = 0 that cross the cells (P, 2) of size ``step``, a power of two, or start near the seeds."""
    corners = _Corners(mesh, height)
    seeded = mesh.cell_of(seeds)
    while True:
        cells = _followed(corners, np.concatenate([cells, step * (seeded // step)]), step)
        if step == 1:
            break
        step //= 2
        cells = (cells[:, None, :] + step * _CORNERS).reshape(-1, 2)
    return _marched(corners, cells, tol)


def _followed(corners: _Corners, cells: Array, step: int) -> Array:
    """The cells that are crossed, and those into which their curves run."""
    kept, done = np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.int64)
    while cells.size:
        cells = np.unique(cells[corners.mesh.has(cells, step)], axis=0)
        inside = corners.cells(cells, step) <= 0
        crossed = inside.any(axis=1) & ~inside.all(axis=1)
        cells, inside = cells[crossed], inside[crossed]
        kept = np.concatenate([kept, cells])
        if len(kept) > _MOST:
            raise AccuracyError(
                "pseudospectral_contour: the level crosses a million cells; what it follows is noise or needs a "
                "coarser resolution. Pass the operator where there is one, digits=, or a smaller resolution."
            )
        done = np.sort(kept[:, 0] * (2 * _SPAN) + kept[:, 1])
        leaves = inside != np.roll(inside, -1, axis=1)
        ahead = (cells[:, None, :] + step * _ACROSS)[leaves]
        cells = ahead[~np.isin(ahead[:, 0] * (2 * _SPAN) + ahead[:, 1], done)]
    return kept


def _marched(corners: _Corners, cells: Array, tol: float) -> Curves:
    """Segments of the smallest cells, from side to side, and the chains that they make."""
    mesh, values = corners.mesh, corners.cells(cells, 1)
    inside = values <= 0
    exits = inside & ~np.roll(inside, -1, axis=1)
    row, start = np.nonzero(exits)
    saddle = exits.sum(axis=1) == 2
    ends = ~inside & np.roll(inside, -1, axis=1)
    end = np.argmax(ends[row], axis=1)
    if saddle.any():
        which = np.flatnonzero(saddle)
        joined = np.zeros(len(cells), dtype=bool)
        middle = mesh.points(cells[which]) + (mesh.dx + 1j * mesh.dy) / 2
        joined[which] = corners.height(middle) <= 0
        end = np.where(saddle[row], (start + np.where(joined[row], 1, 3)) % 4, end)
    first, last = (_sides(cells[row], k) for k in (start, end))
    sides, back = np.unique(np.concatenate([first, last]), axis=0, return_inverse=True)
    back = back.reshape(-1)
    a, b = sides[:, :2], sides[:, :2] + np.stack([1 - sides[:, 2], sides[:, 2]], axis=1)
    cuts, left = roots_between(corners.height, mesh.points(a), mesh.points(b), corners(a), corners(b), tol)
    chains = _chains(back[: len(first)], back[len(first) :])
    return Curves([cuts[chain] for chain in chains], mesh, [float(left[chain].max()) for chain in chains])


def _sides(cells: Array, k: Array) -> Array:
    """Side k of each cell, counterclockwise from below: its lower left end, and 0 if it is level, 1 if upright."""
    shift: Array = np.array([[0, 0, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]])[k]
    return np.asarray(np.column_stack([cells, np.zeros(len(cells), dtype=np.int64)]) + shift)


def _chains(first: Array, last: Array) -> list[list[int]]:
    """Segments joined end to end; what comes from nowhere first, what returns to its start after that."""
    follow = dict(zip(first.tolist(), last.tolist(), strict=True))
    chains = []
    for start in [*sorted(set(follow) - set(follow.values())), *sorted(follow)]:
        if start not in follow:
            continue
        chain = [start]
        while chain[-1] in follow:
            chain.append(follow.pop(chain[-1]))
        chains.append(chain)
    return chains


def roots_between(height: Height, a: Complex, b: Complex, fa: Real, fb: Real, tol: float) -> tuple[Complex, Real]:
    """Points on segments where the height vanishes, between ends of which one is <= 0 and the other > 0.

    The secant rule of Illinois on heights that are cut off at +-8, with bisection every fourth step: |height| <= tol,
    or neighbouring floats. Also what is left of |height|.
    """
    flip = fa > 0
    low, high = np.where(flip, b, a), np.where(flip, a, b)  # the same from either side
    f, g = (np.clip(v, -8.0, 8.0) for v in (np.where(flip, fb, fa), np.where(flip, fa, fb)))
    root, residual = np.where(-f < g, low, high), np.minimum(-f, g)
    s, t, side = np.zeros(low.size), np.ones(low.size), np.zeros(low.size)
    index = np.flatnonzero(residual > tol)
    for turn in range(_ROUNDS):
        if not index.size:
            break
        left, right, old = s[index], t[index], side[index]
        share = 0.5 if turn % 4 == 3 else np.clip(f[index] / (f[index] - g[index]), 1e-6, 1 - 1e-6)
        middle = left + share * (right - left)
        z = low[index] + middle * (high - low)[index]
        new = np.clip(height(z), -8.0, 8.0)
        below = new <= 0
        # An end that stays put twice counts half, or it would stay for good.
        f[index] = np.where(below, new, np.where(old > 0, f[index] / 2, f[index]))
        g[index] = np.where(below, np.where(old < 0, g[index] / 2, g[index]), new)
        s[index], t[index] = np.where(below, middle, left), np.where(below, right, middle)
        side[index] = np.where(below, -1.0, 1.0)
        better = np.abs(new) < residual[index]
        root[index], residual[index] = np.where(better, z, root[index]), np.where(better, np.abs(new), residual[index])
        wide = (t[index] - s[index]) * np.abs((high - low)[index]) > 2.0**-52 * np.abs(z)
        index = index[(residual[index] > tol) & wide]
    return root, residual
