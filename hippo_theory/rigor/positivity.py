r"""Polynomials in balls, with proof: whether one is stable, whether a Hermitian one is definite.

**Stability.** Write chi(iw) / (i^n lead chi) = P(w) + i Q(w), P monic. By Hermite and Biehler the zeros of chi lie in
Re s < 0 if and only if -Q/P = sum_k r_k/(w - x_k) with n distinct real x_k and all r_k > 0; and that is so if and only
if in the chain P_0 = P, P_1 = -Q, P_{k+1} = q_k P_k - P_{k-1} every degree falls by one and every leading coefficient
is positive, since P_{k+1}/P_k is again such a sum (Routh's table, for complex coefficients as well).

**Definiteness.** Let F(x) = sum_j F_j x^j be a Hermitian matrix of degree m, and w = (a + b x)/(1 + x), which takes
[0, inf] to [a, b]. If all coefficients of (1 + x)^m F(w) are positive definite, then so is F on the closed interval:
each value is a sum of them with weights >= 0 (Bernstein). Of b = inf it is w = a + x, and F there its leading
coefficient. For scalars the test succeeds if no zero of F lies in the disc with the diameter [a, b] (Descartes'
rule): a positive F is proved so by halving, with intervals twice as long as the zeros are far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from .balls import conjugate
from .exact_transfer import coefficients, polynomial

__all__ = ["Refuted", "is_hurwitz", "positive_on_half_line"]

_POWERS_OF_I = (1, 1j, -1, -1j)
_WIDE = 4


@dataclass(frozen=True)
class Refuted:
    """F is certainly not positive definite at x."""

    x: Any


def is_hurwitz(chi: Any, degree: int) -> bool | None:
    """Whether all zeros of chi, of this degree, have Re s < 0; None where the working precision cannot tell."""
    acb = require("flint").acb
    c = [acb(x) for x in coefficients(chi, degree)]
    if not abs(c[degree]) > 0:
        return False if c[degree] == 0 else None
    turned = [x / c[degree] * _POWERS_OF_I[(j - degree) % 4] for j, x in enumerate(c)]
    above, below = [x.real for x in turned[:degree]] + [acb(1).real], [-x.imag for x in turned[:degree]]
    while below:
        lead = below[-1]
        if not lead > 0:
            return False if lead <= 0 else None
        slope = above[-1] / lead
        # The top two coefficients of (slope w + level) below - above vanish.
        level = ((above[-2] - slope * below[-2]) if len(below) > 1 else above[-2]) / lead
        rest = polynomial([level, slope]) * polynomial(below) - polynomial(above)
        above, below = below, coefficients(rest, len(below))[: len(below) - 1]
    return True


def positive_on_half_line(F: Array, degree: int, scale: Any, budget: int) -> Refuted | bool:
    """True: F > 0 on [0, inf], infinity included. ``Refuted``: it is not. False: open, more bits may tell.

    F is an array (h, h) of polynomials, of which the lower triangle is read; ``scale`` > 0 is where to cut first,
    ``budget`` the number of intervals that may be looked at.
    """
    zero = require("flint").arb(0)
    pieces, points = [(scale, None), (zero, scale)], [zero, scale]
    for _ in range(budget):
        for x in points:
            side = _sign(np.frompyfunc(lambda p, x=x: p(x), 1, 1)(F))
            if side <= 0:
                return Refuted(x) if side < 0 else False
        if not pieces:
            return True
        points = []
        a, b = pieces.pop()
        if not _definite_coefficients(F, degree, a, b):
            x = _between(a, b)
            points, pieces = [x], [*pieces, (x, b), (a, x)]
    return False


def _between(a: Any, b: Any) -> Any:
    if b is None:
        return a * _WIDE
    if a == 0:
        return b / _WIDE
    return (a * b).sqrt().mid() if b > _WIDE * a else ((a + b) / 2).mid()


def _definite_coefficients(F: Array, degree: int, a: Any, b: Any) -> bool:
    h = len(F)
    moved = {(i, j): _moved(F[i, j], degree, a, b) for i in range(h) for j in range(i + 1)}
    if h == 1:
        return all(x > 0 for x in moved[0, 0])
    piece = np.empty((h, h), dtype=object)
    for k in range(degree + 1):
        for at, row in moved.items():
            piece[at] = row[k]
        if _sign(piece) <= 0:
            return False
    return True


def _moved(p: Any, degree: int, a: Any, b: Any) -> list[Any]:
    """The coefficients of (1 + x)^degree p((a + b x)/(1 + x)), from the last to the first; of p(a + x) for b=None."""
    one = require("flint").arb(1)
    if b is None:
        return coefficients(p(polynomial([a, one])), degree)
    on_unit = coefficients(p(polynomial([a, b - a])), degree)
    # With y = x/(1 + x) in [0, 1]: sum t_j x^j (1 + x)^{m-j} = x^m sum t_j (1 + 1/x)^{m-j}.
    return coefficients(polynomial(on_unit[::-1])(polynomial([one, one])), degree)


def _sign(H: Array) -> int:
    """1 if the Hermitian matrix of balls is positive definite, -1 if it certainly is not, 0 if that is open."""
    L = H.copy()
    for k in range(len(L)):
        pivot = L[k, k].real
        if not pivot > 0:
            return -1 if pivot < 0 else 0
        for i in range(k + 1, len(L)):
            factor = L[i, k] / pivot
            for j in range(k + 1, i + 1):
                L[i, j] = L[i, j] - factor * conjugate(L[j, k])
    return 1
