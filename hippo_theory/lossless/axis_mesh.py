"""Points on the imaginary axis that resolve a rational function: panels as short as its nearest pole is close.

A Gauss rule on a panel of half-length h, the nearest pole at the distance d from its middle, errs by rho^{-2n},
rho >= d/h + sqrt((d/h)^2 - 1). The panels of a cell are offsets from its eigenvalue, which is known in two floats:
a resonance may be narrower than an ulp of its frequency.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Real, Scalar
from .._double import Double, two_sum

__all__ = ["SEARCH", "Mesh", "Peak", "axis_mesh", "highest"]

SEARCH = 4, 0.6  # nodes and h/d of a search: no maximum is more than a fifth higher than the point nearest to it

_OCTAVES = 56  # behind the last pole; the rest of an integral that falls like 1/w is 2^-56
_BLOCK = 1 << 20
_NEAR, _CANDIDATES, _ZOOMS = 0.8, 64, 9  # what may become the highest point, how many such, and grids on each


@dataclass(frozen=True)
class Peak(Scalar):
    """A supremum over the imaginary axis, and the frequency w >= 0 where it is attained."""

    value: float
    frequency: float

    def scaled(self, half: int) -> Peak:
        """From units of 4^half: ||G|| has the unit of time to the power 1/2."""
        return Peak(math.ldexp(self.value, -half), math.ldexp(self.frequency, 2 * half))


class Mesh(NamedTuple):
    """Points w = high + low >= 0 in rising order, their weights, and the half-length of the panel of each."""

    w: Double
    weight: Real
    reach: Real


def axis_mesh(y: Double, width: float, features: tuple[Real, Real], nodes: int, ratio: float) -> Mesh:
    """Gauss rules of ``nodes`` points on panels with h <= ratio d, from 0 to far beyond the last pole.

    Parameters
    ----------
    y : (high, low), arrays of shape (M,), M >= 1
        Frequencies >= 0 of eigenvalues, falling; all at the distance ``width`` from the axis.
    width : float
    features : (centres, widths), arrays
        Other poles at centre >= 0 and width > 0 from the axis.
    nodes : int
    ratio : float
    """
    high, low = y[0][::-1], y[1][::-1]
    gaps = np.diff(high) + np.diff(low)
    scale = float(max(high[-1], width, features[0].max(initial=0.0), features[1].max(initial=0.0)))
    left = np.concatenate([[-high[0]], -gaps / 2])
    right = np.concatenate([gaps / 2, [scale * 2.0**_OCTAVES]])
    cell, a, b = np.arange(high.size), left, right
    done: list[tuple[Array, Real, Real]] = []
    while cell.size:
        middle, h = (a + b) / 2, (b - a) / 2
        long = h > ratio * _distance(high[cell], middle, width, features)
        done.append((cell[~long], a[~long], b[~long]))
        cell, a, middle, b = cell[long], a[long], middle[long], b[long]
        cell, a, b = np.concatenate([cell, cell]), np.concatenate([a, middle]), np.concatenate([middle, b])
    cell, a, b = (np.concatenate(part) for part in zip(*done, strict=True))
    order = np.lexsort((a, cell))
    cell, middle, h = cell[order], ((a + b) / 2)[order], ((b - a) / 2)[order]
    x, weight = np.polynomial.legendre.leggauss(nodes)
    offset = (middle[:, None] + h[:, None] * x).ravel()
    at = np.repeat(cell, nodes)
    w, rest = two_sum(high[at], offset)
    return Mesh((w, rest + low[at]), (h[:, None] * weight).ravel(), np.repeat(h, nodes))


def highest(gain: Callable[[Double], Real], mesh: Mesh) -> Peak:
    """The largest value of ``gain``, of points in two floats, near a ``mesh`` of the rule ``SEARCH``."""
    values = gain(mesh.w)
    around = np.concatenate([[0.0], values, [0.0]])
    local = (values >= around[:-2]) & (values >= around[2:]) & (values >= _NEAR * values.max())
    best = np.flatnonzero(local)
    best = best[np.argsort(values[best])[-_CANDIDATES:]]
    (high, low), reach = (part[best, None] for part in mesh.w), mesh.reach[best, None]
    offset = np.zeros_like(reach)
    for _ in range(_ZOOMS):
        # Nested grids, each a twelfth as wide.
        grid = offset + reach * np.linspace(-1, 1, 25)
        w, rest = two_sum(high, grid)
        values = gain((w.ravel(), (rest + low).ravel())).reshape(grid.shape)
        offset, reach = np.take_along_axis(grid, values.argmax(axis=1)[:, None], axis=1), reach / 12
    k = int(values.max(axis=1).argmax())
    return Peak(float(values[k].max()), abs(float(high[k, 0] + offset[k, 0])))


def _distance(y: Real, offset: Real, width: float, features: tuple[Real, Real]) -> Real:
    """To the nearest pole, from y + offset: the eigenvalue of the cell, or a feature."""
    nearest = np.hypot(offset, width)
    rows = max(1, _BLOCK // max(features[0].size, 1))
    for start in range(0, y.size, rows):
        part = slice(start, start + rows)
        away = (y[part] + offset[part])[:, None] - features[0]
        nearest[part] = np.minimum(nearest[part], np.hypot(away, features[1]).min(axis=1, initial=np.inf))
    return nearest
