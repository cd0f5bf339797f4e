r"""sigma_min(zI - A) of a pole chain in balls, from its all-pass function: the theorem, its proof, and signs.

Theorem. Let A + A^* = -2 shift I - B B^* be a chain with sections a_k = alpha_k + i beta_k, alpha_k > 0, and
z = -shift + p + iy. Write phi(z) = prod (z + shift - conj a_k)/(z + shift + a_k), and for h > 0

    F(h) = arg(p + ih) + sum_k g_k,   g_k = arg(alpha_k^2 + (y + beta_k)^2 - h^2 + 2i alpha_k h) in (0, pi).

(1) sigma > abs(p), h = sqrt(sigma^2 - p^2):      sigma_min > sigma, = sigma, < sigma  as  F(h) < pi, = pi, > pi.
(2) 0 < sigma < P = -p, d = sqrt(P^2 - sigma^2):  sigma_min > sigma, = sigma, < sigma  as
    sigma < q, = q, > q  with  q = (P + d) abs(phi(-shift + d + iy)).
(3) p >= 0:  sigma_min > p.

Proof. Let M = zI - A and c = 2p, so that M^* = c + B B^* - M. For m_1 + m_2 = c, m_1 m_2 = sigma^2,

    sigma^2 - M^* M = X - B B^* M,   X = (M - m_1)(M - m_2).

By the determinant lemma D(sigma^2) := det(sigma^2 - M^* M) = det X (1 - B^* M X^{-1} B). Partial fractions, and
B^* (M - m)^{-1} B = 1 - phi(z - m), leave, with chi(x) = det(xI - A) and psi = phi chi,

    D(sigma^2) = [m_1 psi(z - m_1) chi(z - m_2) - m_2 psi(z - m_2) chi(z - m_1)] / (m_1 - m_2),

an identity of polynomials, monic of degree N in sigma^2: its roots, with their multiplicities, are the squares of the
N singular values of M. At x = -shift + u + iw, chi = prod(u + a + iw) and psi = prod(u - conj(a) + iw).

Case (1): m = p +- ih, z - m = -shift + i(y -+ h), where psi = (-1)^N conj chi. With m_1 = p + ih, chi_1 at y - h and
chi_2 at y + h, D = (-1)^N Im(m_1 conj(chi_1) chi_2)/h. The argument of this product is F, since
(alpha - i(w - h))(alpha + i(w + h)) = alpha^2 + w^2 - h^2 + 2i alpha h:

    D(p^2 + h^2) = (-1)^N C sin F(h),   C > 0.

Each g_k = arctan((w_k + h)/alpha_k) - arctan((w_k - h)/alpha_k), w_k = y + beta_k, climbs from 0 to pi. If p >= 0,
F climbs strictly, from 0 (p > 0) or pi/2 (p = 0) to N pi + pi/2: it takes each value pi, ..., N pi once, these h give
N roots of D, hence all, and the first belongs to sigma_min. This is (1), and (3): that h is positive.

If p < 0, F runs from pi to N pi + pi/2, and need not climb all the way. It takes each of 2 pi, ..., N pi: N - 1 roots,
with sigma > P. Only one root is left: each of these values is taken once, and pi at most once, all simply. As F ends
above pi, it takes pi at h_1 > 0 if it is below pi anywhere, and then it is below before h_1 and above after it; the
other roots lie beyond h_1, as 2 pi is taken once. If F is nowhere below pi, the last root has sigma <= P. Either way
this is (1).

Case (2): m = -(P +- d), z - m = -shift +- d + iy, and chi(-shift - d + iy) = (-1)^N conj psi(-shift + d + iy), so that

    D(sigma^2) = (-1)^N [(P + d) abs(psi)^2 - (P - d) abs(chi)^2] / (2d),   psi and chi at -shift + d + iy.

There chi is not 0, and P - d = sigma^2/(P + d): the bracket has the sign of q - sigma. At most one root lies below P^2,
by case (1): (-1)^N D(sigma^2), the product of all sigma_k^2 - sigma^2, has the sign of sigma_min - sigma. QED

The sums hold for whole balls of p and y as well: one sign can speak for a neighbourhood of z.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from .._arrays import Complex, Real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError
from ..operators import PoleChain
from .balls import upper

__all__ = ["ChainResolvent"]

_BITS, _MOST_BITS = 128, 1 << 15
# Of log sigma: twice this is the relative width of an enclosure.
_TOLERANCE = 2e-13
_STEPS = 200


class ChainResolvent:
    """Signs and enclosures of sigma_min(zI - A) for the exact matrix of a pole chain; O(N) operations each."""

    def __init__(self, operator: PoleChain) -> None:
        arb = require("flint").arb
        self.operator, self.shift = operator, float(operator.shift)
        self.alpha = [arb(float(a.real)) for a in operator.a]
        self.beta = [arb(float(a.imag)) for a in operator.a]
        with working_precision(_BITS):
            # A is its diagonal blocks and the part of -B B^T below them, ||B||^2 = 2 sum alpha.
            blocks = max(
                (2 * a + (a * a + b * b).sqrt() for a, b in zip(self.alpha, self.beta, strict=True)), key=upper
            )
            self.norm = upper(blocks + 2 * sum(self.alpha, arb(0)) + arb(self.shift))
        self.abscissa = 0.0 - self.shift

    def __repr__(self) -> str:
        return repr(self.operator)

    def poles(self) -> list[Any]:
        """The eigenvalues as balls, at the working precision."""
        flint = require("flint")
        return [flint.acb(-(a + self.shift), -b) for a, b in zip(self.alpha, self.beta, strict=True)]

    def candidates(self) -> Complex:
        """The eigenvalues, rounded."""
        return np.asarray(-(self.operator.a + self.shift))

    def count(self, inside: Callable[[Any], bool | None], eps: float) -> int | None:
        """How many eigenvalues are inside; None where that cannot be decided."""
        for bits in (_BITS, 2 * _BITS, 16 * _BITS):
            with working_precision(bits):
                verdicts = [inside(pole) for pole in self.poles()]
            if None not in verdicts:
                return sum(bool(v) for v in verdicts)
        return None

    def free_radii(self, centre: Complex, radius: Real, eps: float) -> Real:
        """For each centre a radius, up to the one asked for, within which sigma_min > eps; -1 if it is <= eps there."""
        return np.array([self._free_radius(complex(c), float(r), eps) for c, r in zip(centre, radius, strict=True)])

    def _free_radius(self, c: complex, r: float, eps: float) -> float:
        arb = require("flint").arb
        with working_precision(_BITS):
            if self._side(arb(c.real, r) + self.shift, arb(c.imag, r), arb(eps)) > 0:
                return r
        at_centre = self._side_at(c, eps, 0.0)
        if at_centre < 0:
            return -1.0
        # sigma_min is Lipschitz with the constant 1: the way where a disc meets the line p = -eps.
        return r if at_centre > 0 and self._side_at(c, eps, r) > 0 else 0.0

    def _side_at(self, c: complex, eps: float, r: float) -> int:
        """1 where sigma_min at c exceeds eps + r, -1 where it is below, 0 where 4 _BITS cannot tell."""
        arb = require("flint").arb
        for bits in (_BITS, 4 * _BITS):
            with working_precision(bits):
                if side := self._side(arb(c.real) + self.shift, arb(c.imag), arb(eps) + r):
                    return side
        return 0

    def _side(self, p: Any, y: Any, sigma: Any) -> int:
        excess = self._excess(p, y, sigma)[0]
        return 1 if excess > 0 else -1 if excess < 0 else 0

    def _excess(self, p: Any, y: Any, sigma: Any) -> tuple[Any, Any]:
        """A number of the sign of sigma_min - sigma, and a positive one by which it is smooth in sigma^2 if p < 0."""
        arb = require("flint").arb
        if p >= sigma:
            return arb(1), arb(1)
        if abs(p) < sigma:
            h = ((sigma - p) * (sigma + p)).nonnegative_part().sqrt()
            return self._lag(p, y, h), h
        if sigma < -p:
            return self._depth(-p, y, sigma)
        return arb.nan(), arb(1)

    def _lag(self, p: Any, y: Any, h: Any) -> Any:
        """pi - F(h)."""
        atan2 = require("flint").arb.atan2
        lag, twice, square = atan2(h, -p), 2 * h, h * h
        for alpha, beta in zip(self.alpha, self.beta, strict=True):
            w = y + beta
            lag -= atan2(twice * alpha, alpha * alpha + (w * w - square))
        return lag

    def _depth(self, P: Any, y: Any, sigma: Any) -> tuple[Any, Any]:
        """2 log(q/sigma), and 2d."""
        d = ((P - sigma) * (P + sigma)).nonnegative_part().sqrt()
        mu = sigma * sigma / (P + d)
        ratio = (P + d) / mu
        for alpha, beta in zip(self.alpha, self.beta, strict=True):
            w, near, far = y + beta, (P - alpha) - mu, d + alpha
            w *= w
            ratio *= (near * near + w) / (far * far + w)
        return ratio.log(), 2 * d

    def is_pole(self, z: complex) -> bool:
        """Whether z is an eigenvalue: a question about sums of floats, answered in rationals."""
        same = self.operator.a[self.operator.a.imag == -z.imag]
        return any(Fraction(z.real) + Fraction(self.shift) + Fraction(float(a.real)) == 0 for a in same)

    def enclose(self, z: complex) -> tuple[Any, Any]:
        """Balls that are certainly at most, and at least, sigma_min(zI - A)."""
        arb, bits = require("flint").arb, _BITS
        if self.is_pole(z):
            return arb(0), arb(0)
        while bits <= _MOST_BITS:
            with working_precision(bits):
                if found := self._bracket(arb(z.real) + self.shift, arb(z.imag)):
                    return found
            bits *= 2
        raise AccuracyError(
            f"enclose: sigma_min(zI - A) of {self!r} at z = {z:.6g} could not be enclosed with {_MOST_BITS} bits."
        )

    def _bracket(self, p: Any, y: Any) -> tuple[Any, Any] | None:
        """Two numbers with sigma_min proved to lie between them; None where the precision does not suffice.

        The unknown is x = log h for p >= 0, where sigma^2 = p^2 + h^2, else x = log sigma.
        """
        arb = require("flint").arb
        right, size = bool(p >= 0), abs(p)

        def excess(x: float) -> float:
            v = arb(x).exp()
            value, scale = (self._lag(p, y, v), arb(1)) if right else self._excess(p, y, v)
            if not (value > 0 or value < 0):
                return math.nan
            # The sign is what is proved: a float must not lose it.
            near = float((value if right else value * size / scale).mid())
            return math.copysign(min(max(abs(near), 1e-300), 1e300), 1.0 if value > 0 else -1.0)

        bounds = self._first_bounds(p, y, right)
        found = _closed(excess, *bounds) if bounds else None
        if found is None:
            return None
        low, high = (arb(x).exp() for x in found)
        return ((p * p + low * low).sqrt(), (p * p + high * high).sqrt()) if right else (low, high)

    def _first_bounds(self, p: Any, y: Any, right: bool) -> tuple[float, float] | None:
        """Of the unknown: a guess from below, and the logarithm of the distance of the nearest eigenvalue."""
        arb = require("flint").arb
        squares = [(a * a + 2 * a * p if right else (p + a) * (p + a)) + (y + b) * (y + b) for a, b in self._sections()]
        high = min(squares, key=upper)
        if right:
            slope = sum((2 * a / (a * a + (y + b) * (y + b)) for a, b in self._sections()), arb(0))
            low = (arb.pi() / 2 / slope).log()
        else:
            far = [(p - a) * (p - a) + (y + b) * (y + b) for a, b in self._sections()]
            square = math.prod((s / f for s, f in zip(squares, far, strict=True)), start=arb(1))
            low = (-2 * p).log() + square.log() / 2
        if not (low.is_finite() and high > 0):
            return None
        return float(low.mid()), float((high.log() / 2).mid()) + 1e-9

    def _sections(self) -> Any:
        return zip(self.alpha, self.beta, strict=True)


def _closed(f: Callable[[float], float], low: float, high: float) -> tuple[float, float] | None:
    """Points with f > 0 and f < 0 as close as the tolerance: Chandrupatla's method, whose every step is a proof.

    ``low`` is a guess, and may have to be lowered. f = NaN says that a sign is not known.
    """
    low, step = min(low, high - 0.1), 0.1
    b, fb = high, f(high)
    while not (fa := f(low)) > 0:
        if math.isnan(fa) or step > 1e6:
            return None
        b, fb, low, step = low, fa, low - step, 4 * step
    if not fb < 0:
        return None
    a, c, fc, t = low, b, fb, 0.5
    for _ in range(_STEPS):
        tolerance = max(_TOLERANCE, 2 * math.ulp(a), 2 * math.ulp(b))
        edge = tolerance / abs(b - a)
        if edge > 0.5:
            return (a, b) if fa > 0 else (b, a)
        x = a + min(max(t, edge), 1 - edge) * (b - a)
        fx = f(x)
        if math.isnan(fx):
            # On the root itself no precision finds a sign.
            x += 0.3 * edge * (b - a)
            if math.isnan(fx := f(x)):
                return None
        if (fx > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = x, fx
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        inner = phi * phi < xi and (1 - phi) ** 2 < 1 - xi
        t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb) if inner else 0.5
    return None
