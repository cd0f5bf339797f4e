"""sigma_min(zI - A) of a pole chain from its all-pass function: one scalar equation a point, no matrix.

With M = zI - A, A + A^* = -2 shift I - B B^T and c = 2 Re z + 2 shift = 2p, (sigma, M) is singular where
1 = B^T (M^2 - c M + sigma^2)^{-1} M B, and partial fractions turn that into

    m_1 phi(z - m_1) = m_2 phi(z - m_2),    m_1 + m_2 = c,  m_1 m_2 = sigma^2,

for all N singular values. Two cases, by the mirror symmetry of phi in Re s = -shift, s = -shift + iy + ...:

* sigma >= abs(p): m = p +- ih, sigma^2 = p^2 + h^2, both points on that line, and with the phase Theta of phi
  (Theta(y+h) - Theta(y-h))/2 + arg(p + ih) = pi k. The left side reaches pi N + pi/2, for p >= 0 monotonically, and
  has one root for every k = 2..N and at most one for k = 1 (``rigor.chain_resolvent`` has the proof): k = 1 is
  sigma_min, where it is not of the second kind.
* sigma < abs(p), only for p = -P < 0, and then for one singular value: m = -(P +- d), sigma^2 = P^2 - d^2,
  log((P+d)/(P-d)) = -log abs(phi(d))^2. It exists where P Theta'(y) > 1.

Deep inside the second case d = P to the last digit, and sigma = 2P/abs(phi(z)): a product of N factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Complex, Real

__all__ = ["log10_smallest_singular_values"]

_EPS = float(np.finfo(np.float64).eps)
_LOG10_2 = math.log10(2.0)
# Elements of a table (sections, points) that stay in the cache together with its three or four companions.
_TABLE = 1 << 14
# Reciprocals of what is not smaller stay finite.
_TINY = 1e-290
# Octaves between the largest and the least damped section that fit below the unit.
_SPREAD = 800
_STEPS = 100


class _Points(NamedTuple):
    """Points s = -shift + p + iy: p in two floats, since near a pole p + a cancels."""

    p: Real
    rest: Real
    y: Real

    def keep(self, index: Array) -> _Points:
        return _Points(self.p[index], self.rest[index], self.y[index])


class _Chain(NamedTuple):
    """The sections a = alpha + i beta in units in which the largest is about one, unless the least damped is lost."""

    alpha: Real
    beta: Real

    def tables(self, y: Real) -> Iterator[tuple[Real, Real]]:
        """alpha (K, 1) and y + beta (K, P), in pieces; (1, P) where all sections are real."""
        K = min(512, max(1, _TABLE // max(y.size, 1)))
        paired = bool(self.beta.any())
        for k in range(0, self.alpha.size, K):
            part = slice(k, k + K)
            yield self.alpha[part, None], y + self.beta[part, None] if paired else y[None, :]


# Poles, zeros and the ends of the float range are met on purpose: their infinities find their places.
@np.errstate(all="ignore")
def log10_smallest_singular_values(a: Complex, shift: float, z: Complex) -> Real:
    """log10 of sigma_min(zI - A) for a chain with sections a (N,) and points z (P,), finite or infinite."""
    top = unit = int(np.frexp(np.abs(a.real).max() + np.abs(a.imag).max())[1])
    lowest = int(np.frexp(a.real.min())[1])
    if top - lowest > _SPREAD:
        unit = (top + lowest) // 2  # the least damped section would underflow
    chain = _Chain(np.ldexp(a.real, -unit), np.ldexp(a.imag, -unit))
    finite = np.isfinite(z)
    x, y = (np.where(finite, part, 0.0) for part in (z.real, z.imag))
    log10 = np.empty(z.size)
    # Far out zI - A is z + shift times a unitary matrix to the last digit.
    size = np.hypot(np.ldexp(x, -top - 4) + math.ldexp(shift, -top - 4), np.ldexp(y, -top - 4))
    far = ~(size < 2.0**60 * a.size)
    log10[far] = np.log10(np.hypot(x[far] / 16 + shift / 16, y[far] / 16)) + 4 * _LOG10_2
    near = np.flatnonzero(~far)
    p, rest = _sum(np.ldexp(x[near], -unit), math.ldexp(shift, -unit))
    p[np.abs(p) < _TINY] = 0
    log10[near] = _near(chain, _Points(p, rest, np.abs(np.ldexp(y[near], -unit)))) + unit * _LOG10_2
    log10[~finite] = np.inf
    return log10


def _sum(x: Real, shift: float) -> tuple[Real, Real]:
    """x + shift in two floats."""
    total = x + shift
    part = total - x
    return total, (x - (total - part)) + (shift - part)


def _near(chain: _Chain, at: _Points) -> Real:
    """The two cases; the unit is the chain's."""
    log10, left = np.empty(at.p.size), np.flatnonzero(at.p < 0)
    right = [np.flatnonzero(~(at.p < 0))]
    if left.size:
        log10[left], depth, deep = _deep(chain, at.keep(left))
        left, depth = left[~deep], depth[~deep]
        slope = _slope(chain, at.y[left])
        inside = -at.p[left] * slope > 1
        right.append(left[~inside])
        left = left[inside]
        log10[left] = _inside(chain, at.keep(left), slope[inside], depth[inside])
    outside = np.concatenate(right)
    if outside.size:
        log10[outside] = _outside(chain, at.keep(outside))
    return log10


def _deep(chain: _Chain, at: _Points) -> tuple[Real, Real, Array]:
    """log10 of 2P/abs(phi(z)), the log of abs(phi(z))^2, and where sigma_min is the former to the last digit."""
    significand, exponent = np.ones(at.p.size), np.zeros(at.p.size, dtype=np.int64)
    nearest, squares_fit = np.full(at.p.size, np.inf), _squares_fit(chain, at.y)
    for alpha, Y in chain.tables(at.y):
        gap = at.p + alpha
        gap += at.rest
        if squares_fit:
            gap *= gap
            gap += Y * Y
            np.minimum(nearest, gap.min(axis=0), out=nearest)
            part, power = np.frexp(gap / (gap + alpha * (-4 * at.p)))
        else:
            distance = np.hypot(gap, Y)
            np.minimum(nearest, distance.min(axis=0), out=nearest)
            part, power = np.frexp(distance)
            other, lower = np.frexp(np.hypot((at.p - alpha) + at.rest, Y))
            part, carry = np.frexp(part / other)
            part, power = part * part, 2 * (power - lower + carry)
        significand, carry = np.frexp(significand * np.multiply.reduce(part, axis=0))
        exponent += power.sum(axis=0, dtype=np.int64) + carry
    if squares_fit:
        nearest = np.sqrt(nearest)
    half = np.log10(significand) / 2
    depth = -np.log(significand) - exponent * math.log(2.0)
    # The root changes log abs(phi)^2 by at most 4 N mu over the distance of the nearest pole, mu = 2P/abs(phi)^2.
    deep = 64 * chain.alpha.size * -at.p * np.exp(-depth) <= _EPS * np.minimum(nearest, -at.p)
    return np.log10(-2 * at.p) + half + exponent * (_LOG10_2 / 2), depth, deep


def _squares_fit(chain: _Chain, y: Real) -> bool:
    """Whether no square of a distance, unless it is zero, leaves the range of floats."""
    smallest = [np.abs(part[part != 0]).min(initial=1.0) for part in (chain.alpha, chain.beta, y)]
    return bool(min(smallest) > 1e-60 and chain.alpha.max() < 1e60)


def _slope(chain: _Chain, y: Real) -> Real:
    """Theta'(y) = sum of 2 alpha/(alpha^2 + Y^2)."""
    total = np.zeros(y.size)
    for alpha, Y in chain.tables(y):
        total += (2 / (alpha + Y * (Y / alpha))).sum(axis=0)
    return total


def _inside(chain: _Chain, at: _Points, slope: Real, depth: Real) -> Real:
    """log10 sigma for sigma < P, by Newton's method in u = log(sigma^2/P^2), safeguarded by bisection.

    Divided by d/P the residual is smooth up to sigma = P, and nearly linear in u as sigma tends to 0.
    """
    P = -at.p
    mu = np.minimum(2 * np.exp(-depth), 0.5)
    guess = np.tanh(np.minimum(np.sqrt(3 * (P * slope - 1)), np.minimum(P * slope, 10)))
    u = np.where(mu < 0.25, np.log(np.maximum(mu, 1e-300) * (2 - mu)), np.log1p(-guess * guess))
    low, high = 4 * u - 100, np.zeros(u.size)
    index, found, close = np.arange(u.size), np.empty(u.size), _rounding(chain)
    for _ in range(_STEPS):
        square = np.exp(u)
        d = np.sqrt(-np.expm1(u))
        T, slope_T = _mirror_residual(chain, at, u, d)
        S = T / d
        low, high = np.where(T > 0, u, low), np.where(T > 0, high, u)
        new = _within(u - S * d / (slope_T + S * square / (2 * d)), low, high)
        done = (np.abs(new - u) <= close) | (d < 1e-8) | (high - low <= 4 * _EPS * np.abs(u))
        found[index[done]] = new[done]
        left = ~done
        if not left.any():
            break
        u, low, high, index, at = new[left], low[left], high[left], index[left], at.keep(left)
    else:
        found[index] = u
    return found * (0.5 / math.log(10)) + np.log10(P)


def _mirror_residual(chain: _Chain, at: _Points, u: Real, d: Real) -> tuple[Real, Real]:
    """2 artanh(d) + log abs(phi)^2 at Re s = -shift + P d, and its derivative by u = log(1 - d^2)."""
    P = -at.p
    square = np.exp(u)
    delta, mu = P * d, P * (square / (1 + d))  # P - delta without cancellation
    depth, slope = np.zeros(u.size), np.zeros(u.size)
    for alpha, Y in chain.tables(at.y):
        gap = ((at.p + alpha) + at.rest) + mu
        distance = gap * (gap / alpha) + Y * (Y / alpha)
        depth += np.log1p(4 * delta / distance).sum(axis=0)
        slope += (((delta + alpha) / (distance + 4 * delta) + gap / distance) / alpha).sum(axis=0)
    return 2 * np.log1p(d) - u - depth, (P * slope * square - 1) / d


def _outside(chain: _Chain, at: _Points) -> Real:
    """log10 sigma for sigma >= abs(p), by Newton's method in h (p < 0: in h^2), safeguarded by bisection."""
    # No singular value exceeds the distance of an eigenvalue.
    high = np.full(at.p.size, np.inf)
    for alpha, Y in chain.tables(at.y):
        np.minimum(high, np.hypot(np.sqrt(alpha) * np.sqrt(np.maximum(alpha + 2 * at.p, 0)), Y).min(axis=0), out=high)
    high *= 1 + 1e-6
    h = np.fmin(_start(at, _slope(chain, at.y)), high)
    close = _rounding(chain)
    low, index, found, step = np.zeros(h.size), np.arange(h.size), np.empty(h.size), np.full(h.size, np.inf)
    for _ in range(_STEPS):
        sigma = np.hypot(at.p, h)
        f, slope = _phase_residual(chain, at, h, sigma)
        low, high = np.where(f < 0, h, low), np.where(f < 0, high, h)
        # h = 0 is a root too where p < 0: divide by it, and take the step in h^2, where that is smooth.
        squared = h * np.sqrt(np.maximum(1 - 2 * f / (h * slope - f), 0))
        newton = np.where(at.p < 0, squared, h - f / slope)
        # Steps that do not shrink may return upon themselves: halve the interval instead.
        new = _within(np.where(np.abs(newton - h) <= step / 2, newton, np.nan), low, high)
        step = np.abs(new - h)
        done = ((new == newton) & (np.abs(new - h) <= close * sigma)) | (high - low <= 4 * _EPS * sigma)
        found[index[done]] = np.hypot(at.p, new)[done]
        left = ~done
        if not left.any():
            break
        h, low, high, step, index, at = new[left], low[left], high[left], step[left], index[left], at.keep(left)
    else:
        found[index] = np.hypot(at.p, h)
    return np.log10(found)


def _phase_residual(chain: _Chain, at: _Points, h: Real, sigma: Real) -> tuple[Real, Real]:
    """(Theta(y+h) - Theta(y-h))/2 + arg(p + ih) - pi, and its derivative by h."""
    f = np.where(at.p < 0, -np.arctan2(h, -at.p), -np.pi / 2 - np.arctan2(at.p, h))
    slope = at.p / sigma / sigma
    for alpha, Y in chain.tables(at.y):
        ahead, behind = Y + h, Y - h
        ratio = ahead / alpha
        f += np.arctan2(2 * h, alpha + behind * ratio).sum(axis=0)
        slope += (1 / (alpha + ahead * ratio) + 1 / (alpha + behind * (behind / alpha))).sum(axis=0)
    return f, slope


def _start(at: _Points, slope: Real) -> Real:
    """The root where Theta is replaced by its slope at y."""
    P = np.abs(at.p)
    # p < 0: arctan(t)/t = k, t = h/P.
    k = np.minimum(P * slope, 1.0)
    t = np.where(k > 0.5, np.sqrt(3 * (1 / k - 1)), np.pi / (2 * k) - 2 / np.pi)
    h = np.pi / (2 * slope)
    for _ in range(3):
        h -= (h * slope + np.arctan2(h, P) - np.pi) / (slope + 1 / (P + h * (h / P)))
    return np.where(at.p < 0, np.maximum(t, 1e-6) * P, h)


def _rounding(chain: _Chain) -> float:
    """Newton steps below this are noise."""
    return 64 * _EPS * (8 + math.sqrt(chain.alpha.size))


def _within(new: Real, low: Real, high: Real) -> Real:
    """``new`` between the bounds, their mean elsewhere; the lower one may be a root that does not count."""
    return np.where((low < new) & (new <= high), new, (low + high) / 2)
