"""Level sets of sigma_min(zI - A) on lines and circles, and lowest points there: what margins and radii are made of.

On the line z = a + t d, abs(d) = 1, sigma is a singular value of zI - A if and only if it is an eigenvalue of

    [[M, sigma I], [-sigma I, -M^*]],   M = i conj(d) (A - aI),

for which i t is an eigenvalue; on the circle z = r e^{it} of a pencil with the eigenvalue e^{it} (Byers, 1988). Here
these eigenvalues only propose where to cut a path. Whether a piece lies below a level is asked of its midpoint, by
singular values: an eigenvalue too many costs one of them, so that the tolerance for "on the axis" is generous.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from .._arrays import Array, Complex, Real

__all__ = ["EPS", "Circle", "Landscape", "Line", "Path", "Point", "Well", "lowest", "wells"]

EPS = float(np.finfo(np.float64).eps)
# Up to this size every eigenvalue may propose a cut; beyond it only those this close to the axis, in norms.
_EVERY, _NEAR = 24, 1e-4


class Point(NamedTuple):
    """sigma_min at z, its unit vectors, its gradient d/dx + i d/dy and its Hessian (2, 2) in (x, y)."""

    z: complex
    sigma: float
    u: Array
    v: Array
    gradient: complex
    hessian: Real


class Well(NamedTuple):
    """A piece of a path below a level: its ends, and sigma at its midpoint."""

    left: float
    right: float
    middle: float
    sigma: float


class Landscape:
    """sigma_min(zI - A) as a function of z, with derivatives."""

    def __init__(self, A: Array) -> None:
        self.A = A
        self.N = len(A)
        self.real = not np.iscomplexobj(A)
        self.norm = float(np.linalg.norm(A, 2))

    @cached_property
    def poles(self) -> Complex:
        """Eigenvalues of A, as LAPACK sees them."""
        return np.linalg.eigvals(self.A).astype(np.complex128)

    def rounding(self, z: complex) -> float:
        """How far sigma_min at z moves when A moves by eps of its norm, N times."""
        return self.N * EPS * (self.norm + abs(z))

    def uncertainty(self, point: Point) -> float:
        """Of sigma_min at a point: LAPACK's SVD neglects couplings below some 50 eps of the singular value, too."""
        return self.rounding(point.z) + 64 * EPS * point.sigma

    def sigma(self, z: Array) -> Real:
        """sigma_min at points z, shape (S,)."""
        found = np.empty(len(z))
        # A few megabytes at a time, whatever the number of points.
        step = max(1, 2**18 // self.N**2)
        for start in range(0, len(z), step):
            part = slice(start, start + step)
            shifted = np.asarray(z[part], dtype=np.complex128)[:, None, None] * np.eye(self.N) - self.A
            found[part] = np.linalg.svd(shifted, compute_uv=False)[:, -1]
        return found

    def at(self, z: complex) -> Point:
        """sigma_min and its derivatives, from the coupling of its vectors with all others."""
        U, S, Vh = np.linalg.svd(z * np.eye(self.N) - self.A)
        u, v, sigma = U[:, -1], Vh[-1].conj(), float(S[-1])
        p, q = U.conj().T @ v, Vh @ u
        plus, minus = (p + q) / 2, (p - q) / 2
        apart = S - sigma
        with np.errstate(divide="ignore", over="ignore"):
            # An equal neighbour makes a kink, which no second derivative describes: it is left out.
            above = np.where(apart > 8 * self.rounding(z) / self.N, -1 / apart, 0.0)
            below = np.where(S + sigma > 1e-300, 1 / (S + sigma), 0.0)
        xx = 2 * float(above @ np.abs(plus) ** 2 + below @ np.abs(minus) ** 2)
        yy = 2 * float(above @ np.abs(minus) ** 2 + below @ np.abs(plus) ** 2)
        cross = (plus.conj() * 1j * minus).real
        xy = 2 * float(above @ cross + below @ (minus.conj() * 1j * plus).real)
        return Point(z, sigma, u, v, complex(np.vdot(v, u)), np.array([[xx, xy], [xy, yy]]))


class Path(Protocol):
    """A line or a circle, run through by a real t."""

    def points(self, t: Array) -> Complex: ...
    def velocity(self, t: float) -> tuple[complex, complex]: ...
    def cuts(self, land: Landscape, level: float) -> Real: ...
    def nearest(self, z: Complex) -> Real: ...


@dataclass(frozen=True)
class Line:
    """z = a + t d, abs(d) = 1; where ``half`` only t >= 0 matters, by symmetry."""

    a: complex
    d: complex
    half: bool = False

    def points(self, t: Array) -> Complex:
        return np.asarray(self.a + t * self.d, dtype=np.complex128)

    def velocity(self, t: float) -> tuple[complex, complex]:
        return self.d, 0.0

    def nearest(self, z: Complex) -> Real:
        t = (np.conj(self.d) * (z - self.a)).real
        return np.asarray(np.abs(t) if self.half else t)

    def cuts(self, land: Landscape, level: float) -> Real:
        """Where on the line ``level`` may be a singular value of zI - A: t, rising, shape (K,), K <= 2N."""
        N, A = land.N, land.A
        if self.d == 1j and land.real and self.a.imag == 0:
            M = A - self.a.real * np.eye(N)
        else:
            M = 1j * np.conj(self.d) * (A - self.a * np.eye(N))
        H = np.zeros((2 * N, 2 * N), dtype=M.dtype)
        H[:N, :N], H[N:, N:] = M, -M.conj().T
        H[range(N), range(N, 2 * N)], H[range(N, 2 * N), range(N)] = level, -level
        found = np.linalg.eigvals(H)
        near = np.abs(found.real) <= _NEAR * (land.norm + abs(self.a) + level)
        return np.unique(found.imag if N <= _EVERY else found.imag[near])


@dataclass(frozen=True)
class Circle:
    """z = r e^{it}; where ``half`` only 0 <= t <= pi matters, by symmetry."""

    r: float
    half: bool = False

    def points(self, t: Array) -> Complex:
        return np.asarray(self.r * np.exp(1j * t), dtype=np.complex128)

    def velocity(self, t: float) -> tuple[complex, complex]:
        z = complex(self.r * np.exp(1j * t))
        return 1j * z, -z

    def nearest(self, z: Complex) -> Real:
        t = np.angle(z)
        return np.abs(t) if self.half else t

    def cuts(self, land: Landscape, level: float) -> Real:
        """Angles where ``level`` may be a singular value: once round, rising, shape (K,), the first one twice."""
        from scipy.linalg import eigvals

        N, A = land.N, land.A
        P, Q = np.zeros((2, 2 * N, 2 * N), dtype=A.dtype)
        # r e^{it} v = A v + sigma u,  r u = e^{it} (A^* u + sigma v).
        P[:N, :N], P[range(N), range(N, 2 * N)], P[range(N, 2 * N), range(N, 2 * N)] = A, level, self.r
        Q[range(N), range(N)], Q[range(N, 2 * N), range(N)], Q[N:, N:] = self.r, level, A.conj().T
        a, b = eigvals(P, Q, homogeneous_eigvals=True)
        near = np.abs(np.abs(a) - np.abs(b)) <= 100 * _NEAR * (np.abs(a) + np.abs(b))
        keep = np.isfinite(a) & np.isfinite(b) & (near if N > _EVERY else True)
        t = np.unique(np.angle(a[keep]) - np.angle(b[keep]))
        # Cuts at the ends of the axis cost nothing, and there is at least one piece to look at.
        t = np.unique(np.concatenate([(t + np.pi) % (2 * np.pi) - np.pi, [] if t.size else [-np.pi / 2, np.pi / 2]]))
        return np.append(t, t[0] + 2 * np.pi)


def wells(land: Landscape, path: Line | Circle, level: float, slack: float) -> list[Well]:
    """The pieces between two cuts whose midpoint lies below the level by more than ``slack``."""
    t = path.cuts(land, level)
    left, right = t[:-1], t[1:]
    middle = (left + right) / 2
    if path.half:
        # A pair of mirror images has one representative; the piece over the axis itself is its own image.
        small = 1e-12 * (1 + np.abs(left) + np.abs(right))
        top = np.pi if isinstance(path, Circle) else np.inf
        kept = (middle >= -small) & (middle <= top + small)
        left, right, middle = left[kept], right[kept], np.clip(middle[kept], 0.0, top)
    sigma = land.sigma(path.points(middle))
    return [Well(*map(float, w)) for w in zip(left, right, middle, sigma, strict=True) if w[3] < level - slack]


def lowest(land: Landscape, path: Line | Circle, hints: Array | None = None) -> tuple[float, Point]:
    """Where sigma_min is smallest on a path, by descents that level sets certify: t and the point.

    The level set just below the best value, 1e-10 of it, is empty at the end: by singular values at the midpoints of
    all pieces that the eigenvalues propose. Each round gains quadratically (Boyd and Balakrishnan, 1990).
    """
    poles = land.poles[np.argsort(np.abs(land.poles - path.points(path.nearest(land.poles))))[:8]]
    starts = np.concatenate([path.nearest(poles), [0.0] if hints is None else hints])
    best = _descended(land, path, float(starts[np.argmin(land.sigma(path.points(starts)))]))
    for _ in range(60):
        sigma = best[1].sigma
        slack = land.rounding(best[1].z) / 8
        found = wells(land, path, sigma * (1 - 1e-10), slack)
        if not found or sigma <= slack:
            return best
        best = _descended(land, path, min(found, key=lambda well: well.sigma).middle)
    return best


def _descended(land: Landscape, path: Path, t: float) -> tuple[float, Point]:
    """Newton's method along the path, as long as it descends."""
    here = land.at(complex(path.points(np.array(t))))
    for _ in range(12):
        v, a = path.velocity(t)
        w = np.array([v.real, v.imag])
        slope = (here.gradient.conjugate() * v).real
        bend = float(w @ here.hessian @ w) + (here.gradient.conjugate() * a).real
        if not bend > 0:
            return t, here
        step = -slope / bend
        there = land.at(complex(path.points(np.array(t + step))))
        if not there.sigma < here.sigma:
            return t, here
        t, here = t + step, there
    return t, here
