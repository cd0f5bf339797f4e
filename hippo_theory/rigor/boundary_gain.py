"""||G||^2 on the boundary of stability as a quotient of polynomials: values, climbs to peaks, proofs of bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from .balls import conjugate, embed
from .exact_transfer import ExactTransfer, coefficients, polynomial
from .positivity import Refuted, positive_on_half_line

__all__ = ["BoundaryGain"]

_POWERS_OF_I = (1, 1j, -1, -1j)
_SMALLEST = -1 << 14  # exponent of what counts as a gain when gains are compared
_FLAT = 1e-13
_STEPS = 60
_PIECES = 1000


@dataclass(frozen=True)
class _Side:
    """G^* G = M/d as polynomials of x >= 0, where w = x, w = -x or w^2 = x."""

    d: Any
    M: Array


class BoundaryGain:
    """G^* G = M/d on s = iw, of G = N/chi or of the difference of two; w is a real ball, None stands for infinity.

    If G has more inputs than outputs its transpose takes its place, whose norm is the same. A real G needs w >= 0
    alone, and with one input or output M and d are polynomials of w^2.
    """

    def __init__(self, parts: list[ExactTransfer], fractions: list[tuple[Any, Array]]) -> None:
        chi, N = fractions[0]
        if len(parts) == 2:
            other, subtracted = fractions[1]
            N = np.frompyfunc(lambda p, q: p * other - q * chi, 2, 1)(N, subtracted)
            chi = chi * other
        self.N = N if N.shape[0] >= N.shape[1] else N.T
        n, h = sum(part.degree for part in parts), self.N.shape[1]
        self.real = all(part.real for part in parts)
        self.in_squares = self.real and h == 1
        self.degree = n if self.in_squares else 2 * n
        whole = _Side(self._modulus(chi, n), self._products(n, h))
        self.sides = [whole] if self.real else [whole, _Side(_reflected(whole.d), _each(_reflected, whole.M))]
        self.poles = np.concatenate([_as_continuous(part) for part in parts])
        sizes = np.abs(self.poles[self.poles != 0])
        self.scale = 2.0 ** round(float(np.log2(sizes).mean())) if sizes.size else 1.0

    def _products(self, n: int, h: int) -> Array:
        """N^* N on the axis."""
        M: Array = np.empty((h, h), dtype=object)
        on_axis = _each(lambda p: polynomial(_turned(p, n)), self.N) if h > 1 else self.N
        for a in range(h):
            M[a, a] = sum((self._modulus(p, n) for p in self.N[:, a]), polynomial([]))
            for b in range(a):
                pairs = zip(on_axis[:, a], on_axis[:, b], strict=True)
                M[a, b] = sum((_mirrored(p) * q for p, q in pairs), polynomial([]))
                M[b, a] = _mirrored(M[a, b])
        return M

    def _modulus(self, p: Any, n: int) -> Any:
        """|p(iw)|^2, a polynomial of w^2 or of w."""
        turned = _turned(p, n)
        real, imaginary = polynomial([x.real for x in turned]), polynomial([x.imag for x in turned])
        square = real * real + imaginary * imaginary
        return polynomial(square.coeffs()[::2]) if self.in_squares else square

    def is_zero(self) -> bool:
        """Whether all numerators are exactly zero: where floats alone enter, enough bits hold every product."""
        return all(x == 0 for p in self.N.ravel() for x in p.coeffs())

    def square(self, w: Any) -> Any:
        """A ball whose lower end is certainly not above ||G(iw)||^2; with one input or output it holds that."""
        side = self.sides[0 if self.real or w is None or w >= 0 else 1]
        if w is None:
            return _largest(_each(self._leading, side.M)) / self._leading(side.d)
        x = w * w if self.in_squares else abs(w)
        return _largest(_each(lambda p: p(x), side.M)) / side.d(x)

    def _leading(self, p: Any) -> Any:
        return coefficients(p, self.degree)[-1]

    def stays_below(self, gamma: Any) -> Any:
        """True: sup ||G|| < gamma, proved. False: open. Else a w where ||G(iw)|| is not below gamma."""
        scale = require("flint").arb(self.scale)
        for sign, side in zip((1, -1), self.sides, strict=False):
            F = _each(lambda p: -p, side.M)
            for a in range(len(F)):
                F[a, a] += gamma * gamma * side.d
            cut = scale * scale if self.in_squares else scale
            verdict = positive_on_half_line(F, self.degree, cut, _PIECES + 20 * self.degree)
            if isinstance(verdict, Refuted):
                return sign * (verdict.x.sqrt() if self.in_squares else verdict.x).mid()
            if not verdict:
                return False
        return True

    def first_peak(self) -> tuple[Any, Any]:
        """The best of 0, infinity and the frequencies of the poles, or the peak above it, and its square."""
        arb = require("flint").arb
        frequencies = np.abs(self.poles.imag) if self.real else self.poles.imag
        candidates = [None, *(arb(w) for w in {0.0, self.scale, *frequencies.tolist()})]
        squares = [self.square(w) for w in candidates]
        best = max(range(len(squares)), key=lambda k: squares[k].lower() if squares[k].is_finite() else arb(-1))
        if candidates[best] is None:
            return None, squares[best]
        w, square = self.climb(candidates[best])
        if w < 0:
            # A complex form of a real system has two peaks of one height: the positive one is told.
            mirrored, same = self.climb(-w)
            if same.mid() > square.mid() * (1 - _FLAT):
                return mirrored, same
        return w, square

    def climb(self, w: Any) -> tuple[Any, Any]:
        """A point at least as high as w, a peak as a rule, and its square: searches as wide as a pole is far."""
        from scipy.optimize import minimize_scalar

        flint, square = require("flint"), self.square(w)
        poles = [flint.acb(p.imag, -p.real) for p in self.poles]
        for _ in range(_STEPS):
            step = min((abs(w - pole).mid() for pole in poles), default=flint.arb(self.scale))
            unit = max(square.mid(), flint.arb(2) ** _SMALLEST)

            def loss(t: float, w: Any = w, step: Any = step, unit: Any = unit) -> float:
                return -float((self.square(w + step * t) / unit).mid())

            found = minimize_scalar(loss, bounds=(-1.0, 1.0), method="bounded", options={"xatol": 1e-8})
            moved = (w + step * float(found.x)).mid()
            higher = self.square(moved)
            if not higher.mid() > square.mid() * (1 + _FLAT):
                break
            w, square = abs(moved) if self.real else moved, higher
        return w, square

    def frequency(self, w: Any, dt: float | None) -> float:
        """Of G(i frequency) or G(e^{i frequency dt}), where s = iw."""
        if w is None:
            return math.inf if dt is None else math.pi / dt
        return float(w) if dt is None else 2 * float(w.atan()) / dt


def _each(f: Callable[[Any], Any], M: Array) -> Array:
    return np.asarray(np.frompyfunc(f, 1, 1)(M), dtype=object)


def _turned(p: Any, n: int) -> list[Any]:
    """The coefficients of p(iw), complex."""
    acb = require("flint").acb
    return [acb(x) * _POWERS_OF_I[j % 4] for j, x in enumerate(coefficients(p, n))]


def _mirrored(p: Any) -> Any:
    return polynomial(conjugate(np.array(p.coeffs(), dtype=object)))


def _reflected(p: Any) -> Any:
    """p(-x)."""
    return polynomial([-x if j % 2 else x for j, x in enumerate(p.coeffs())])


def _as_continuous(part: ExactTransfer) -> Array:
    poles = part.poles[np.isfinite(part.poles)]
    return poles if part.dt is None else (poles - 1) / (poles + 1)


def _largest(M: Array) -> Any:
    """The entry of a 1 x 1 matrix; else v^* M v / v^* v, not above the largest eigenvalue, of its v in floats."""
    if len(M) == 1:
        return M[0, 0].real
    acb, size = require("flint").acb, max(abs(x).mid() for x in M.ravel())
    if not size > 0:
        return M[0, 0].real
    floats = np.array([[complex(acb(x / size).mid()) for x in row] for row in M])
    v = embed(np.linalg.eigh(floats)[1][:, -1].astype(np.complex128))
    return (conjugate(v) @ M @ v).real / (conjugate(v) @ v).real
