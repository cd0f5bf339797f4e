"""Integrals and sums of the modulus of a kernel: polynomials on panels, cut where they change sign, and proven tails.

On a panel a real kernel is a Chebyshev polynomial p. Its integral of abs(p) is exact where p cannot vanish; elsewhere
the panel is halved, without new values of the kernel, until p has no zero or p' has none, and then there is at most
one zero to find. What lies beyond the last panel is bounded by the poles of a diagonal form, by the numerical abscissa,
or by a Lyapunov inequality whose residual is checked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Real
from .._exponential import exponential_action, power_action
from ..errors import AccuracyError
from ._transfer_parts import EPS, Part

__all__ = ["Moduli", "absolute_integral", "absolute_sum"]

_DEGREE, _BLOCK, _MOST = 16, 1 << 20, 1 << 23
_HALVINGS = 26  # what is left then is 1e-8 of a panel wide


class Moduli(NamedTuple):
    """Integrals, or sums, of abs(k) of each entry of a kernel, and a bound of what may be wrong: both (p, H)."""

    value: Real
    error: Real


class _Kernel:
    """k(t) of a part in continuous time, its noise, and its tails."""

    def __init__(self, part: Part) -> None:
        self.part, self.A, self.B, self.C, _ = part, *part.matrices()
        self.modes = part.diagonal
        self.norm = float(np.abs(self.A).sum(axis=0).max())
        self.decay = float(-part.poles.real.max())
        self.closed = self.modes or part.states(np.zeros(1)) is not None
        self.growth = 1.0 if self.closed else self._growth()

    def _growth(self) -> float:
        """The largest ||e^{sA}|| at powers of two: what becomes of a rounding error on its way."""
        from scipy.linalg import expm

        s = 2.0 ** -np.ceil(np.log2(max(self.norm, 1e-290)))
        step, largest = expm(s * self.A), 1.0
        while s * self.decay < 1 and np.isfinite(step).all():
            largest, step, s = max(largest, float(np.linalg.norm(step, 2))), step @ step, 2 * s
        return largest

    def __call__(self, mid: Real, half: Real, nodes: Real) -> tuple[Array, Real]:
        """k at mid + half nodes, shape (p H, panels, nodes), and the largest sum of its terms on each panel."""
        part, dtype = self.part, np.float64 if self.part.real else np.complex128
        k, size = np.empty((part.p * part.H, mid.size, nodes.size), dtype=dtype), np.empty((part.p * part.H, mid.size))
        step = max(4, _BLOCK // (part.N * part.H * nodes.size))
        for h in np.unique(half):
            where = np.flatnonzero(half == h)
            for start in range(0, where.size, step):
                some = where[start : start + step]
                evaluated = self._modal if part.diagonal else self._states
                values, terms = evaluated(mid[some], h * nodes)
                k[:, some] = (values.real if part.real else values).reshape(-1, some.size, nodes.size)
                size[:, some] = terms.reshape(-1, some.size, nodes.size).max(axis=2)
        return k, size

    def _states(self, mid: Real, offsets: Real) -> tuple[Array, Real]:
        t = np.maximum(mid[:, None] + offsets, 0.0).ravel()
        state = self.part.states(t)
        if state is not None:
            return state, np.abs(state)
        state = exponential_action(self.A, self.B, t)
        return np.tensordot(self.C, state, 1), np.tensordot(np.abs(self.C), np.abs(state), 1)

    def _modal(self, mid: Real, offsets: Real) -> tuple[Array, Real]:
        """Sums of exponentials: the left end of a panel contributes one factor, a node the other, at most one."""
        part, first = self.part, float(offsets.min())
        here = np.exp(part.poles * (mid[:, None] + first))
        there = np.exp(part.poles[:, None] * (offsets - first))
        if part.C is None:
            states = np.asarray(part.B[:, :, None, None] * here.T[:, None, :, None] * there[:, None, None, :])
            return states, np.abs(states)
        residues = np.asarray(part.C[:, None, :] * part.B.T[None]).reshape(-1, 1, part.N)
        return np.asarray((residues * here) @ there), np.asarray((np.abs(residues * here)) @ np.abs(there))

    def noise(self, t: Real) -> Real:
        """Rounding of k at t, relative to the sum of its terms."""
        speed = np.abs(self.part.poles).max() if self.closed else self.norm
        return np.asarray(EPS * (self.part.N + 4 + speed * t) * self.growth)

    def tail(self, T: float) -> Real:
        """A bound of the integral of abs(k) from T on, (p, H)."""
        if self.modes:
            rate = -self.part.poles.real
            left = np.abs(self.part.B) * (np.exp(-rate * T) / rate)[:, None]
            return left if self.part.C is None else np.asarray(np.abs(self.part.C) @ left)
        state = self.part.states(np.array([T]))
        x = exponential_action(self.A, self.B, np.array([T])) if state is None else state
        return _state_tail(self.A, self.C, x[..., 0], None, self.decay)


def _state_tail(A: Array, C: Array, x: Array, radius: float | None, decay: float) -> Real:
    """A bound of the absolute sum or integral of C times what the states x, (N, H), become: (p, H)."""
    rows, N = np.linalg.norm(C, axis=1)[:, None], len(A)
    size = np.linalg.norm(x, axis=0)
    if not size.any():
        return np.zeros((len(C), x.shape[1]))
    if radius is None:
        room = -float(np.linalg.eigvalsh((A + A.conj().T) / 2)[-1]) - N * EPS * float(np.linalg.norm(A))
    else:
        room = 1 - float(np.linalg.norm(A, 2)) - N * EPS
    bound = rows * size / room if room > 0 else np.full((len(C), x.shape[1]), np.inf)
    if room > decay / 4:
        return np.asarray(bound)
    return np.asarray(np.minimum(bound, _lyapunov_tail(A, C, x, radius, decay)[None, :]))


def _lyapunov_tail(A: Array, C: Array, x: Array, radius: float | None, decay: float) -> Real:
    """By Cauchy and Schwarz: int abs(C e^{tA} x) <= (x^* Q x/(2 b))^{1/2}, A_b^* Q + Q A_b <= -C^* C, A_b = A + b I.

    Of a matrix far from normal Q is huge unless b is small. The inequality counts only if the residual proves it.
    """
    from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov

    N, size = len(A), float(np.linalg.norm(C, 2)) ** 2
    slack, best = 1e-2 * size, np.full(x.shape[1], np.inf)
    W = C.conj().T @ C + slack * np.eye(N)
    for share in (1 / 2, 1 / 8, 1 / 32):
        try:
            if radius is None:
                M, rest = A + share * decay * np.eye(N), 2 * share * decay
                Q = solve_continuous_lyapunov(M.conj().T, -W)
                wrong = M.conj().T @ Q + Q @ M + W
            else:
                shrink = max(radius, 0.01) ** share
                M, rest = A / shrink, 1 - shrink**2
                Q = solve_discrete_lyapunov(M.conj().T, W)
                wrong = M.conj().T @ Q @ M - Q + W
        except np.linalg.LinAlgError:
            continue
        rounding = (
            4 * N * EPS * float(np.linalg.norm(Q)) * (1 + float(np.linalg.norm(M))) ** (1 if radius is None else 2)
        )
        if float(np.linalg.norm(wrong)) + rounding <= slack:
            energy = np.maximum((x.conj() * (Q @ x)).sum(axis=0).real, 0.0) + rounding * (np.abs(x) ** 2).sum(axis=0)
            best = np.minimum(best, np.sqrt(energy / rest))
    return np.asarray(best)


def absolute_integral(part: Part, tol: float, who: str) -> Moduli:
    """The integral of abs(k(t)) over t > 0, every entry."""
    kernel = _Kernel(part)
    T = (np.log(1 / tol) + 3) / kernel.decay
    # Halves of halves: panels of the same width share the exponentials of their nodes.
    levels = int(np.clip(np.log2(T * float(np.abs(part.poles).max())), 0, 60))
    first = np.append(0.0, T * 2.0 ** np.arange(-levels, 1))
    value, error = np.zeros((2, part.p * part.H))
    left, work = 0.0, 0
    while True:
        edges = np.linspace(left, T, 5) if left else first
        more, wrong, spent = _panels(kernel, edges, tol, value, who, work)
        value, error, work = value + more, error + wrong, work + spent
        tail = kernel.tail(T).ravel()
        if tail.max() <= tol * value.max() / 4 or not np.isfinite(tail).all() or 64 * 40 / kernel.decay < T:
            break
        left, T = T, 1.25 * T
    if not np.isfinite(tail).all():
        raise AccuracyError(
            f"{who}: no bound of the kernel beyond t = {T:.3g} can be proven in float64, the state matrix is too far "
            "from normal; bring the system to balanced or modal coordinates."
        )
    shape = part.p, part.H
    return Moduli(value.reshape(shape), (error + tail).reshape(shape))


def _panels(kernel: _Kernel, edges: Real, tol: float, before: Real, who: str, work: int) -> tuple[Real, Real, int]:
    """Integrals over panels that are halved until their polynomials are resolved, and their errors."""
    a, b, span = edges[:-1], edges[1:], edges[-1] - edges[0]
    value, error = np.zeros((2, before.size))
    nodes, transform = _chebyshev()
    spent, most = 0, min(_MOST // before.size, 32 * _MOST // (kernel.part.N * before.size))
    while a.size:
        spent += a.size * nodes.size
        if work + spent > most:
            raise AccuracyError(
                f"{who}: the kernel oscillates too often before it has decayed: {most} points do not resolve it on "
                f"[0, {edges[-1]:.3g}]. Ask for a larger tol, or discretize it."
            )
        mid, half = (a + b) / 2, (b - a) / 2
        k, size = kernel(mid, half, nodes)
        k = k if kernel.part.real else _moduli_or_real(k)
        top = np.abs(k).max(axis=2)
        c = k @ transform
        rest = np.abs(c[..., -3:]).max(axis=2) * 2 * half
        rough = value + before + (top * 2 * half).sum(axis=1)
        noise = kernel.noise(b) * 2 * half * size
        # Each panel has a share of the tolerance; a rest as small as the rounding is no reason to halve.
        share = tol / 4 * rough.max() * (0.5 * 2 * half / span + 0.5 / (a.size + 16))
        fine = ((rest <= share) | (rest <= 8 * noise)).all(axis=0)
        if fine.any():
            areas, left = _absolute_areas(c[:, fine].reshape(-1, nodes.size))
            areas = areas.reshape(before.size, -1) * half[fine]
            value = value + areas.sum(axis=1)
            error = error + ((rest + noise)[:, fine] + left.reshape(before.size, -1) * half[fine]).sum(axis=1)
        a, b = a[~fine], b[~fine]
        mid = (a + b) / 2
        a, b = np.concatenate([a, mid]), np.concatenate([mid, b])
    return value, error, spent


def _moduli_or_real(k: Array) -> Real:
    """The real part of a kernel that is real up to rounding, else its modulus, smooth but where it vanishes."""
    noise = np.abs(k.imag).max()
    return np.asarray(k.real if noise <= 1e-11 * np.abs(k).max() else np.abs(k))


@lru_cache(maxsize=1)
def _chebyshev() -> tuple[Real, Real]:
    """Chebyshev points of the second kind, and the matrix from values (.., n) to coefficients (.., n)."""
    n = _DEGREE
    theta = np.pi * np.arange(n + 1) / n
    weight = np.ones(n + 1)
    weight[[0, n]] = 0.5
    M = 2 / n * weight[:, None] * np.cos(np.outer(theta, np.arange(n + 1))) * weight
    return np.cos(theta), M


@lru_cache(maxsize=1)
def _halves() -> tuple[Real, Real]:
    """Matrices from the coefficients of p(x) to those of p((x - 1)/2) and p((x + 1)/2)."""
    nodes, transform = _chebyshev()
    V = np.polynomial.chebyshev.chebvander
    n = _DEGREE
    left, right = (V((nodes + d) / 2, n).T @ transform for d in (-1, 1))
    return left, right


def _absolute_areas(c: Real) -> tuple[Real, Real]:
    """Integrals of abs(p) over [-1, 1] for coefficients (K, n), and a bound of what is left out."""
    area, left = np.zeros((2, len(c)))
    index, scale = np.arange(len(c)), 1.0
    for _ in range(_HALVINGS):
        rest = np.abs(c[:, 1:]).sum(axis=1)
        definite = np.abs(c[:, 0]) >= rest
        np.add.at(area, index[definite], scale * np.abs(_primitive_difference(c[definite])))
        c, index = c[~definite], index[~definite]
        d = _derivative(c)
        monotone = np.abs(d[:, 0]) >= np.abs(d[:, 1:]).sum(axis=1)
        np.add.at(area, index[monotone], scale * _monotone_area(c[monotone]))
        c, index = c[~monotone], index[~monotone]
        if not len(c):
            return area, left
        c, index, scale = np.vstack([c @ half for half in _halves()]), np.tile(index, 2), scale / 2
    np.add.at(left, index, 2 * scale * np.abs(c).sum(axis=1))
    return area, left


def _derivative(c: Real) -> Real:
    return np.asarray(np.polynomial.chebyshev.chebder(c, axis=1)) if len(c) else c[:, 1:]


def _primitive_difference(c: Real) -> Real:
    """The integral of p over [-1, 1]: 2/(1 - k^2) for even k."""
    even = np.arange(0, c.shape[1], 2)
    return np.asarray(c[:, even] @ (2 / (1 - even.astype(float) ** 2)))


def _monotone_area(c: Real) -> Real:
    """The integral of abs(p) of monotone polynomials, cut at the zero where there is one."""
    if not len(c):
        return np.zeros(0)
    signs = (-1.0) ** np.arange(c.shape[1])
    low, high = c @ signs, c.sum(axis=1)
    x = _zero_between(c, low, high)
    P: Real = np.asarray(np.polynomial.chebyshev.chebint(c, axis=1, lbnd=-1))
    at = _values_at(P, x)
    return np.asarray(np.abs(at) + np.abs(P.sum(axis=1) - at))


def _zero_between(c: Real, low: Real, high: Real) -> Real:
    """The zero of each monotone polynomial by Newton in a bracket; an end where there is none."""
    a, b, d = np.full(len(c), -1.0), np.ones(len(c)), _derivative(c)
    rising, crosses = high >= low, low * high < 0
    secant = (low + high) / np.where(low == high, 1.0, low - high)
    x: Real = np.asarray(np.where(crosses, secant, -1.0), dtype=np.float64)
    for _ in range(12):
        p = _values_at(c, x)
        up = (p > 0) == rising
        a, b = np.where(up, a, x), np.where(up, x, b)
        with np.errstate(all="ignore"):
            step = x - p / _values_at(d, x)
        # At the zero itself a step may miss the bracket by a rounding.
        near = (step >= a - 1e-9) & (step <= b + 1e-9)
        x = np.asarray(np.where(crosses, np.where(near, np.clip(step, a, b), (a + b) / 2), -1.0), dtype=np.float64)
    return np.asarray(x)


def _values_at(c: Real, x: Real) -> Real:
    return np.asarray(np.polynomial.chebyshev.chebval(x, c.T, tensor=False))


def absolute_sum(part: Part, tol: float, who: str) -> Moduli:
    """The sum of abs(C A^l B) over l >= 0, every entry."""
    A, x, C, _ = part.matrices()
    modes = part.diagonal
    N, radius = part.N, float(np.abs(part.poles).max())
    length = int(np.clip(_BLOCK // (part.N * part.H), 64, 4096))
    value, error = np.zeros((2, part.p, part.H))
    if modes:
        x, C = part.B.astype(np.complex128), np.eye(N) if part.C is None else part.C
        table = part.poles[:, None] ** np.arange(length)
        ahead = part.poles**length
    else:
        ahead = np.linalg.matrix_power(A, length)
    steps = 0
    while True:
        block = x[:, :, None] * table[:, None, :] if modes else power_action(A, x, length)
        k = np.abs(np.tensordot(C, block, 1))
        age = steps + np.arange(length)
        value, error = value + k.sum(axis=2), error + EPS * (k @ (N + 4.0 + age))
        x = x * ahead[:, None] if modes else ahead @ x
        steps += length
        if modes:
            tail = np.abs(C) @ (np.abs(x) / (1 - np.abs(part.poles))[:, None])
        else:
            tail = _state_tail(A, C, x, radius, 1 - radius)
        if np.isfinite(tail).all() and tail.max() <= tol * value.max() / 4:
            return Moduli(value, error + tail)
        if steps > 8 * _MOST // N or not np.isfinite(tail).all():
            raise AccuracyError(
                f"{who}: after {steps} steps the rest of the sum is still {tail.max():.2g} beside {value.max():.6g}: "
                f"the slowest pole has modulus {radius:.12g}. Ask for a larger tol."
            )
