"""The smallest disc that holds a curve: where a constant is nearest to all of its values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from .._arrays import Array, Complex, Real

__all__ = ["disc_of_curve", "enclosing_disc"]

_ROUNDS, _FINER, _PEAKS, _CLOSE = 8, 7, 32, 1e-10


def disc_of_curve(curve: Callable[[Real], Complex], t: Real, mirrored: bool) -> complex | float:
    """Centre of the smallest disc around ``curve``: the grid ``t`` is refined where it comes near the rim.

    With its mirror image, if ``mirrored``: then the centre is real.
    """

    def disc(values: Complex) -> tuple[complex, float]:
        centre, radius = enclosing_disc(np.append(values, values.conj()) if mirrored else values)
        return (centre.real if mirrored else centre), radius

    values = curve(t)
    centre, radius = disc(values)
    for _ in range(_ROUNDS):
        far = np.abs(values - centre)
        inner = far[1:-1]
        peaks = 1 + np.flatnonzero((inner >= far[:-2]) & (inner >= far[2:]) & (inner > 0.9 * radius))
        peaks = peaks[np.argsort(far[peaks])[-_PEAKS:]]
        steps = np.linspace(0, 1, _FINER)[1:-1]
        before, after = t[peaks, None] - t[peaks - 1, None], t[peaks + 1, None] - t[peaks, None]
        more = np.unique(np.concatenate([t[peaks, None] - before * steps, t[peaks, None] + after * steps], axis=None))
        t, values = np.append(t, more), np.append(values, curve(more))
        t, order = np.unique(t, return_index=True)
        values = values[order]
        centre, radius = disc(values)
    return centre


def enclosing_disc(points: Complex) -> tuple[complex, float]:
    """Centre and radius of the smallest disc that holds ``points``.

    From the farthest point outside to the smallest disc of that point and the at most three before: the radius grows
    with every step, so that no three points return.
    """
    support = [complex(points[0])]
    centre, radius = support[0], 0.0
    while True:
        far = np.abs(points - centre)
        worst = int(np.argmax(far))
        if far[worst] <= radius * (1 + _CLOSE):
            return centre, float(far[worst])
        found = _smallest([*support, complex(points[worst])])
        if found[1] <= radius:
            return centre, float(far[worst])
        centre, radius, support = found


def _smallest(points: list[complex]) -> tuple[complex, float, list[complex]]:
    """The smallest disc of at most four points, and the two or three on its rim."""
    best: tuple[complex, float, list[complex]] | None = None
    for size in (2, 3):
        for chosen in combinations(points, size):
            if (centre := _through(np.array(chosen))) is None:
                continue
            radius = max(abs(z - centre) for z in chosen)
            holds = all(abs(z - centre) <= radius * (1 + _CLOSE / 16) for z in points)
            if holds and (best is None or radius < best[1]):
                best = centre, radius, list(chosen)
    return best or (points[-1], 0.0, points[-1:])


def _through(z: Array) -> complex | None:
    """The centre of the circle through three points, or with two for a diameter; None of a line."""
    if len(z) == 2:
        return complex(z.mean())
    a, b = z[1] - z[0], z[2] - z[0]
    area = 2 * (a.conjugate() * b).imag
    if area == 0:
        return None
    return complex(z[0] + 1j * (a * abs(b) ** 2 - b * abs(a) ** 2) / area)
