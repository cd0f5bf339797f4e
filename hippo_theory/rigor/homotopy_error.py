r"""A proved bound of sup_w ||G_rho(iw) - G(iw)|| for the exact all-pass homotopy, by branch and bound in balls.

With p = iw + shift and h = (1 - phi)/(1 + phi) = sum_j m_j/(p - i y_j), in the terms of ``homotopy``,

    ||G_rho||^2 = 2 sum_j m_j/|p - i y_j|^2 / |1 + rho + (1 - rho) h|^2,   G_rho - G = -rho phi G_rho.

Numerator and denominator are multiplied by |p - i y_n|^2 of the nearest n, so that nothing is infinite on the axis. As
Re h >= 0, beyond the largest y_j the error is at most rho/(1 + rho) (2 sum_j m_j/|p - i y_j|^2)^{1/2}, which falls.
"""

from __future__ import annotations

import heapq
import math
from itertools import pairwise
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from .._precision import working_precision
from .balls import lower, upper
from .normal_part import ExactNormalPart

__all__ = ["homotopy_error_bound"]

_BITS, _MOST_CELLS = 64, 1 << 15


def homotopy_error_bound(part: ExactNormalPart, shift: float, rho: float, rel: float = 0.01) -> float:
    """An upper bound, at most ``rel`` above the supremum unless that takes more than 32768 intervals.

    Infinite at rho = 1 without a shift, where the poles lie on the axis.
    """
    if rho == 1 and shift == 0:
        return math.inf
    with working_precision(_BITS):
        error = _SquaredError(part, shift, rho)
        poles = np.unique([abs(float(y)) for y in error.y])
        end = 2 * float(poles[-1]) + 1
        best = max(lower(error.at(float(w))) for w in (*poles, end))
        while not error.beyond(end) <= best:
            end *= 2
        edges = [0.0, *((poles[1:] + poles[:-1]) / 2).tolist(), end]
        # The widest bound first; heapq finds the least.
        cells = [(-upper(error.on(low, high)), low, high) for low, high in pairwise(edges)]
        heapq.heapify(cells)
        goal = (1 + rel) ** 2
        for _ in range(_MOST_CELLS):
            if -cells[0][0] <= best * goal:
                break
            _, low, high = heapq.heappop(cells)
            middle = (low + high) / 2
            best = max(best, lower(error.at(middle)))
            for half in ((low, middle), (middle, high)):
                heapq.heappush(cells, (-upper(error.on(*half)), *half))
        return upper(require("flint").arb(max(best, -cells[0][0])).sqrt())


class _SquaredError:
    def __init__(self, part: ExactNormalPart, shift: float, rho: float) -> None:
        arb = require("flint").arb
        lam, _, w = part.full()
        self.y: Array = np.array([arb(z.imag) for z in lam], dtype=object)
        self.m: Array = w * w / 2
        self.floats = np.array([float(y) for y in self.y])
        self.shift, self.rho = arb(shift), arb(rho)

    def at(self, w: float) -> Any:
        """The square of the error at iw."""
        return self.on(w, w)

    def on(self, low: float, high: float) -> Any:
        """A ball that holds the square of the error at all iw, low <= w <= high."""
        flint = require("flint")
        w, n = flint.arb(low).union(flint.arb(high)), int(np.abs(self.floats - (low + high) / 2).argmin())
        real, imag, squares = flint.arb(0), flint.arb(0), flint.arb(0)
        for j, (m, y) in enumerate(zip(self.m, self.y, strict=True)):
            if j != n:
                distance = w - y
                once = m / (self.shift * self.shift + _square(distance))
                real, imag, squares = real + once, imag - once * distance, squares + once
        q, rest, m, rho = flint.acb(self.shift, w - self.y[n]), flint.acb(self.shift * real, imag), self.m[n], self.rho
        moved = m + q * rest
        size = 2 * (m + squares * _modulus(q)) / _modulus((1 + rho) * q + (1 - rho) * moved)
        if self.shift > 0:
            size = size * (_modulus(q - moved) / _modulus(q + moved)).min(flint.arb(1))
        return rho * rho * size

    def beyond(self, end: float) -> float:
        """A bound of the square of the error for all w >= end, beyond all y_j."""
        terms = (m / (_square(self.shift) + _square(end - y)) for m, y in zip(self.m, self.y, strict=True))
        total = sum(terms, require("flint").arb(0))
        return upper(2 * total * _square(self.rho / (1 + self.rho)))


def _square(x: Any) -> Any:
    """x x >= 0, also where the ball x contains 0."""
    return (x * x).nonnegative_part() if not x.contains(0) else require("flint").arb(0).union(x.abs_upper() ** 2)


def _modulus(z: Any) -> Any:
    return _square(z.real) + _square(z.imag)
