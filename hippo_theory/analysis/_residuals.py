"""Residuals of a solve with zI - A in twice the digits, and how far a float is from the unit circle."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Complex, Real
from .._double import two_product, two_sum

__all__ = ["exact_residual", "off_circle"]


def exact_residual(A: Array, z: complex, turn: complex, x: Complex, b: Array) -> Complex:
    """b - (z + turn) x + A x for columns (N, H), from exact products, added up in two floats."""
    out = np.empty(x.shape, dtype=np.complex128)
    for h in range(x.shape[1]):
        u, v, small = x[:, h].real, x[:, h].imag, turn * x[:, h]
        pairs = [(A.real, u, v)] + ([(A.imag, -v, u)] if np.iscomplexobj(A) else [])
        shifts = [(np.array(-z.real), u, v), (np.array(-z.imag), -v, u)]
        for part, known, less in ((0, b[:, h].real, small.real), (1, b[:, h].imag, small.imag)):
            products = [two_product(M, (left, right)[part]) for M, left, right in pairs]
            products += [
                (p[:, None], e[:, None]) for p, e in (two_product(c, (left, right)[part]) for c, left, right in shifts)
            ]
            low = sum((e.sum(axis=1) for _, e in products), -less)
            total = _accurate_sum(np.hstack([known[:, None], *(p for p, _ in products)]), low)
            (out.real if part == 0 else out.imag)[:, h] = total
    return out


def _accurate_sum(terms: Real, low: Real) -> Real:
    """Sums over the rows, as if in twice the digits and rounded once, plus ``low``."""
    while terms.shape[1] > 1:
        if terms.shape[1] % 2:
            terms = np.hstack([terms, np.zeros((len(terms), 1))])
        terms, errors = two_sum(terms[:, ::2], terms[:, 1::2])
        low = low + errors.sum(axis=1)
    return np.asarray(terms[:, 0] + low)


def off_circle(z: Complex) -> Real:
    """d such that z (1 + d) has modulus one: how far a float misses the unit circle."""
    (a, da), (b, db) = two_product(z.real, z.real), two_product(z.imag, z.imag)
    return np.asarray(-(((a - 0.5) + (b - 0.5)) + (da + db)) / 2)
