"""The largest singular value of a transfer function on the boundary of stability, by level sets.

gamma is a singular value of G(iw) if and only if iw is an eigenvalue of the Hamiltonian matrix

    diag(A, -A^*) - diag(B, -C^*) K^{-1} diag(C, B^*),   K = [[D, -gamma I], [-gamma I, D^*]]

(Boyd, Balakrishnan and Kabamba; Bruinsma and Steinbuch). Here *every* eigenvalue proposes a frequency, its imaginary
part, and G itself is asked there and half-way between neighbours: an eigenvalue that rounding has pushed off the axis
is still a frequency near a peak, and one too many costs one evaluation. The unit circle is mapped to the axis from the
point that lies best.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Real
from ..errors import ParameterError
from ._transfer_parts import EPS, Part, boundary

__all__ = ["Peak", "Response", "frobenius", "highest"]

_BLOCK, _CLIMBERS, _GRID = 1 << 20, 6, 17
_ABOVE = 1e-11  # how far above the best value so far the level lies, relative
_NEAR_D = 0.999


class Peak(NamedTuple):
    """A point of the boundary, the singular value there, and a bound of its rounding."""

    t: float
    value: float
    error: float


class Climb(NamedTuple):
    """Where a climb ended, the value there, and how far from it the last grid looked; below 0 for no climb."""

    t: float
    value: float
    reach: float


@dataclass(frozen=True, eq=False)
class Response:
    """G, or the difference of two, on the boundary i t or e^{i t}."""

    parts: list[Part]

    @cached_property
    def dt(self) -> float | None:
        dt: float | None = self.parts[0].dt
        return dt

    @cached_property
    def real(self) -> bool:
        return all(part.real for part in self.parts)

    @cached_property
    def poles(self) -> Array:
        return np.concatenate([part.poles for part in self.parts])

    @cached_property
    def matrices(self) -> tuple[Array, Array, Array, Array]:
        """A realisation of the difference, in parallel."""
        A, B, C, D = self.parts[0].matrices()
        if len(self.parts) == 1:
            return A, B, C, np.asarray(D)
        other = self.parts[1].matrices()
        n, m = len(A), len(other[0])
        whole = np.zeros((n + m, n + m), dtype=np.result_type(A, other[0]))
        whole[:n, :n], whole[n:, n:] = A, other[0]
        return whole, np.vstack([B, other[1]]), np.hstack([C, -other[2]]), np.asarray(D - other[3])

    def sigma(self, t: Real) -> Real:
        """The largest singular value at points t (S,)."""
        found, first = np.empty(t.size), self.parts[0]
        step = max(16, _BLOCK // (max(part.N for part in self.parts) * max(first.H, 1)))
        for start in range(0, t.size, step):
            z = boundary(t[start : start + step], self.dt)
            with np.errstate(all="ignore"):
                G = first.values(z)
                for other in self.parts[1:]:
                    G = G - other.values(z)
            found[start : start + step] = _largest(G)
        if not np.isfinite(found).all():
            raise ParameterError(
                "hinf_norm: the transfer function leaves the range of floats; rescale time, the inputs or the outputs."
            )
        return found

    def at(self, t: float) -> Peak:
        """The value at one point with all the digits there are, and what may be wrong with it."""
        if np.isinf(t):
            size = float(np.linalg.norm(self.matrices[3], 2))
            return Peak(t, size, EPS * size)
        z = complex(boundary(np.array(t), self.dt))
        G, wrong = self.parts[0].at(z)
        for other in self.parts[1:]:
            H, more = other.at(z)
            G, wrong = G - H, wrong + more
        value = float(np.linalg.norm(G, 2))
        return Peak(t, value, frobenius(wrong) + 4 * EPS * value)

    def scale(self, t: Real) -> Real:
        """The distance of the nearest pole: over a fraction of it G changes little."""
        z, far = boundary(t, self.dt), np.full(t.size, np.inf)
        step = max(1, _BLOCK // len(self.poles))
        for start in range(0, t.size, step):
            part = slice(start, start + step)
            far[part] = np.abs(z[part] - self.poles[:, None]).min(axis=0)
        return far

    def cuts(self, level: float) -> Real:
        """Where ``level`` may be a singular value: every t that an eigenvalue of the Hamiltonian proposes."""
        A, B, C, D = self.matrices
        if not (B.any() and C.any()):
            return np.zeros(0)
        b, c, low = float(np.linalg.norm(B)), float(np.linalg.norm(C)), _NEAR_D * level
        B, C, D, level = B / b, C / c, D / b / c, level / b / c
        if self.dt is not None:
            return self._circle_cuts(A, B, C, D, level, low)
        if np.linalg.norm(D, 2) > _NEAR_D * level:
            # G at infinity is near the level, which K does not forgive; G(1/s) has another value there.
            X, Y = np.linalg.solve(A, B), np.linalg.solve(A.T, C.T).T
            there = D - C @ X
            if np.linalg.norm(there, 2) <= _NEAR_D * level:
                v = _imaginary_parts(np.linalg.inv(A), X, -Y, there, level)
                with np.errstate(divide="ignore"):
                    return np.asarray(np.nan_to_num(-1 / v, posinf=0.0, neginf=0.0))
        return _imaginary_parts(A, B, C, D, level)

    def _circle_cuts(self, A: Array, B: Array, C: Array, D: Array, level: float, low: float) -> Real:
        """z = z0 (1 + s)/(1 - s): the point -z0 goes to infinity, so it should be far from the poles and low."""
        theta: Real = np.array([0.0, np.pi]) if self.real else np.arange(-7.0, 9.0) * (np.pi / 8)
        away, N = self.scale(theta), len(A)
        best = int(np.argmax(np.where(self.sigma(theta) <= low, away, away * 1e-3)))
        z0 = -np.exp(1j * theta[best])
        if self.real:
            z0 = z0.real
        shifted = A + z0 * np.eye(N)
        X, Y = np.linalg.solve(shifted, B), np.linalg.solve(shifted.T, C.T).T
        A = np.linalg.solve(shifted, A - z0 * np.eye(N))
        t = np.angle(z0) + 2 * np.arctan(_imaginary_parts(A, X, 2 * z0 * Y, D - C @ X, level))
        return np.asarray((t + np.pi) % (2 * np.pi) - np.pi)


def _imaginary_parts(A: Array, B: Array, C: Array, D: Array, level: float) -> Real:
    """Of all eigenvalues of the Hamiltonian matrix of a level."""
    (N, H), p = B.shape, len(C)
    K = np.zeros((p + H, p + H), dtype=np.result_type(A, B, C, D))
    K[:p, :H], K[p:, H:] = D, D.conj().T
    K[range(p), range(H, H + p)] = K[range(p, p + H), range(H)] = -level
    right = np.zeros((p + H, 2 * N), dtype=K.dtype)
    right[:p, :N], right[p:, N:] = C, B.conj().T
    left = np.zeros((2 * N, p + H), dtype=K.dtype)
    left[:N, :H], left[N:, H:] = B, -C.conj().T
    M = -left @ np.linalg.solve(K, right) if D.any() else _without_feedthrough(B, C, level).astype(K.dtype)
    M[:N, :N] += A
    M[N:, N:] -= A.conj().T
    return np.asarray(np.linalg.eigvals(M).imag)


def _without_feedthrough(B: Array, C: Array, level: float) -> Array:
    N = len(B)
    M = np.zeros((2 * N, 2 * N), dtype=np.result_type(B, C))
    # One factor 1/level in each corner would do; the square root in both keeps them alike.
    M[:N, N:], M[N:, :N] = B @ B.conj().T / level, -(C.conj().T @ C) / level
    return M


def frobenius(M: Array) -> float:
    """No square leaves the range of floats."""
    size = float(np.abs(M).max())
    return size * float(np.linalg.norm(M / size)) if size else 0.0


def _largest(G: Array) -> Real:
    """The largest singular value of matrices (p, H, S), shape (S,); of squares none leaves the range of floats."""
    p, H = G.shape[:2]
    size = np.abs(G).max(axis=(0, 1))
    if p * H == 1 or not np.isfinite(size).all():
        return np.asarray(size)
    G = G / np.maximum(size, np.finfo(np.float64).tiny)
    if min(p, H) == 1:
        return np.asarray(size * np.linalg.norm(G.reshape(p * H, -1), axis=0))
    M = np.moveaxis(G, 2, 0)
    if max(p, H) > 2 * min(p, H):
        # The largest one loses nothing in a square.
        small = M @ M.conj().swapaxes(1, 2) if p < H else M.conj().swapaxes(1, 2) @ M
        return np.asarray(size * np.sqrt(np.linalg.eigvalsh(small)[:, -1]))
    return np.asarray(size * np.linalg.svd(M, compute_uv=False)[:, 0])


def highest(response: Response) -> Peak:
    """The supremum: climbs from the frequencies of the poles, certified or improved by level sets."""
    angle = response.poles.imag if response.dt is None else np.angle(response.poles)
    climb = _improved(response, _folded(response, np.append(angle, 0.0)), 0.0)
    best = response.at(climb.t)
    if response.dt is None:
        end = response.at(np.inf)
        best = end if end.value > best.value else best
    for _ in range(30):
        if best.value == 0:
            return best._replace(t=0.0)
        level = best.value * (1 + _ABOVE) + best.error
        t = _between(response, response.cuts(level))
        # What the last grid of a climb has seen would only be climbed again.
        climb = _improved(response, t[np.abs(t - climb.t) > climb.reach], best.value)
        if climb.value > best.value + best.error / 8:
            found = response.at(climb.t)
            best = found if found.value > best.value else best
        if climb.value <= level:
            break
    return _plainest(response, _polished(response, best))


def _folded(response: Response, t: Real) -> Real:
    return np.unique(np.abs(t) if response.real else t)


def _between(response: Response, cuts: Real) -> Real:
    """The cuts, the points half-way between them, and one beyond the last."""
    t = _folded(response, np.append(cuts, 0.0))
    middle = (t[1:] + t[:-1]) / 2
    if response.dt is None:
        ends = [2 * t[-1]] if response.real else [2 * t[0], 2 * t[-1]]
    else:
        ends = [(t[-1] + np.pi) / 2, np.pi] if response.real else [(t[0] + t[-1]) / 2 + np.pi]
    return np.concatenate([t, middle, ends])


def _improved(response: Response, t: Real, best: float) -> Climb:
    """The highest point of climbs from the highest of the points t; nothing where all are below the best so far."""
    values = response.sigma(t)
    starts = np.argsort(values, kind="stable")[::-1][:_CLIMBERS]
    starts = starts[values[starts] >= best * (1 - 1e-6)]
    return _climbed(response, t[starts], values[starts]) if starts.size else Climb(0.0, 0.0, -1.0)


def _climbed(response: Response, t: Real, values: Real) -> Climb:
    """The highest point near the points t: nested grids round each, then parabolas."""
    h, offsets = response.scale(t) / 2, np.linspace(-1, 1, _GRID)
    finest = 2e-9 * h
    for turn in range(40):
        grid = t[:, None] + h[:, None] * offsets
        sigma = response.sigma(grid.ravel()).reshape(grid.shape)
        rows, k = np.arange(len(t)), sigma.argmax(axis=1)
        t, values, reach = grid[rows, k], sigma[rows, k], h
        inside = (k > 0) & (k < _GRID - 1)
        near = np.clip(k, 1, _GRID - 2)
        left, middle, right = (sigma[rows, near + d] for d in (-1, 0, 1))
        bend = left - 2 * middle + right
        with np.errstate(all="ignore"):
            vertex = np.where(bend < 0, (left - right) / (2 * bend), 0.0)
        if turn > 1:
            # Inside one cell of the third grid the peak is a parabola to all digits that matter.
            t = np.where(inside, t + np.clip(vertex, -1, 1) * h * (2 / (_GRID - 1)), t)
        # What the parabola misses of a peak 1e-7 high over the grid is beyond the last digit.
        done = (turn > 2) & inside & (values - sigma.min(axis=1) <= 1e-7 * values)
        h = np.where(inside, h / (8 if turn < 2 else 64), h)
        # The slowest are dropped: only the highest peak is wanted.
        keep = values >= values.max() * (1 - 1e-3 if turn > 1 else 0)
        t, h, finest, reach, done = (x[keep] for x in (t, h, finest, reach, done))
        if (done | (h <= finest)).all():
            break
    values = response.sigma(t)
    top = int(np.argmax(values))
    return Climb(float(t[top]), float(values[top]), float(reach[top]))


def _polished(response: Response, best: Peak) -> Peak:
    """Where rounding blurs a narrow peak, parabolas through 1/G^2 at points evaluated with care; and its own width.

    Between two floats next to each other a peak narrower than them is known to the square of their distance only; on
    the circle the rounding of e^{it} moves a point by as much again.
    """
    if np.isinf(best.t):
        return best
    width = float(response.scale(np.array([best.t]))[0])
    blur = EPS * (len(response.poles) + float(np.abs(response.poles).max())) / width
    for share in (0.03, 1e-3) if blur > 1e-9 else ():
        h = max(share * width, 4 * np.spacing(abs(best.t)))
        around = [response.at(best.t - h), best, response.at(best.t + h)]
        left, middle, right = ((best.value / peak.value) ** 2 if peak.value else np.inf for peak in around)
        bend = left - 2 * middle + right
        step = h * (left - right) / (2 * bend) if bend > 0 else 0.0
        best = max([response.at(best.t + float(np.clip(step, -h, h))), *around], key=lambda peak: peak.value)
    apart = float(np.spacing(abs(best.t))) + (0.0 if response.dt is None else EPS)
    lost = min(1.0, (apart / width) ** 2 / 4)
    return best._replace(error=best.error + lost * best.value)


def _plainest(response: Response, best: Peak) -> Peak:
    """Of frequencies that rounding cannot tell from the best the plainest: 0, or pi, or the positive of a pair."""
    t = best.t if response.dt is None else (best.t + np.pi) % (2 * np.pi) - np.pi
    best = best._replace(t=abs(t) if response.real else t)
    tries = [0.0] if response.dt is None else [0.0, np.pi]
    near = [u for u in tries if abs(abs(best.t) - u) <= 1e-4 * float(response.scale(np.array([u]))[0])]
    for u in near + ([-best.t] if best.t < 0 else []):
        other = response.at(u)
        if other.value >= best.value * (1 - (8 + len(response.poles)) * EPS) - (0 if u in tries else 2 * best.error):
            return other._replace(value=max(other.value, best.value))
    return best
