"""Components that a grid is too coarse to see: each holds an eigenvalue, around which it is looked for."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .._arrays import Array, Complex, Real
from ._marching import Curves, Mesh, traced

__all__ = ["FLOATS", "completed", "enclosures", "signed_area"]

Height = Callable[[Complex], Real]

# A component narrower than this times abs(z), a few thousand floats, is a speck.
FLOATS = 2.0**-40
_CELLS, _STEP = 32, 8


def completed(
    height: Height, found: Curves, seeds: Complex, left: float, tol: float
) -> tuple[list[Complex], list[float], Complex]:
    """The curves and their errors, islands included, and the eigenvalues whose components floats cannot draw.

    ``left`` is the left side of a box that may cut the set, or -inf.
    """
    specks: list[complex] = []
    curves, errors = list(found.curves), list(found.errors)
    # What has few points is drawn again at its own scale, around the eigenvalue that it holds.
    rough = {n for n, c in enumerate(curves) if c.size < _CELLS and signed_area(c) > 0 and c[0] == c[-1]}
    rough = {n for n in rough if enclosures(seeds, [curves[n]]).any()}
    errors = [error for n, error in enumerate(errors) if n not in rough]
    curves = [curve for n, curve in enumerate(curves) if n not in rough]
    # A box may cut the set on the left: the ray ends inside.
    cut = height(np.asarray(left + 1j * seeds.imag)) <= 0 if math.isfinite(left) else np.zeros(seeds.size, dtype=bool)
    for k in np.flatnonzero((enclosures(seeds, curves) + cut) % 2 == 0):
        seed, spacing = seeds[k : k + 1], max(found.mesh.dx, found.mesh.dy)
        for _ in range(4):
            if ((enclosures(seed, curves) + cut[k]) % 2).any():
                break
            radius = _reach(height, complex(seed[0]), spacing)
            if radius < FLOATS * abs(seed[0]):
                specks.append(complex(seed[0]))
                break
            spacing = min(spacing / 4, 2 * radius / _CELLS)
            i = np.arange(-_CELLS, _CELLS, _STEP)
            cells = np.stack(np.meshgrid(i, i), axis=-1).reshape(-1, 2)
            island = traced(height, Mesh(complex(seed[0]), spacing, spacing), cells, _STEP, seed, tol)
            kept = [n for n, curve in enumerate(curves) if not _same(curve, island.curves, spacing)]
            curves = [*(curves[n] for n in kept), *island.curves]
            errors = [*(errors[n] for n in kept), *island.errors]
    drawn = [n for n, c in enumerate(curves) if c[0] != c[-1] or np.abs(c - c[0]).max() > FLOATS * abs(c[0])]
    # A corner of the grid on an eigenvalue gives a curve around a speck.
    lost = [c[0] for n, c in enumerate(curves) if n not in set(drawn) and seeds.size]
    specks += [complex(seeds[np.abs(seeds - z).argmin()]) for z in lost]
    apart = np.unique(np.array(specks, dtype=np.complex128))
    return [curves[n] for n in drawn], [errors[n] for n in drawn], apart


def signed_area(curve: Complex) -> float:
    """Positive where a closed curve runs counterclockwise."""
    w = curve - curve[0]
    return float((w[:-1].conj() * w[1:]).imag.sum() / 2)


def enclosures(z: Complex, curves: list[Complex]) -> Array:
    """How many times a ray to the left meets curves, from points (P,)."""
    count = np.zeros(z.size, dtype=np.int64)
    a, b = (np.concatenate([np.empty(0), *(c[part] for c in curves)]) for part in (slice(-1), slice(1, None)))
    for k, point in enumerate(z):
        crossing = (a.imag > point.imag) != (b.imag > point.imag)
        p, q = a[crossing], b[crossing]
        count[k] = (p.real + (point.imag - p.imag) / (q.imag - p.imag) * (q.real - p.real) < point.real).sum()
    return count


def _reach(height: Height, seed: complex, spacing: float) -> float:
    """How far the set goes around an eigenvalue, in eight directions, as a power of two of the spacing."""
    t = spacing * 2.0 ** np.arange(-80, 4)
    rays = np.exp(0.25j * np.pi * np.arange(8))
    outside = height((seed + rays[:, None] * t).reshape(-1)).reshape(8, -1) > 0
    outside[:, -1] = True
    return float(t[np.argmax(outside, axis=1)].max())


def _same(curve: Complex, others: list[Complex], spacing: float) -> bool:
    """Whether all points of a curve lie on finer ones."""
    if not others:
        return False
    points = np.concatenate(others)
    return all(np.abs(points - z).min() <= 1.5 * spacing for z in curve)
