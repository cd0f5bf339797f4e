r"""The second road to the all-pass homotopy of one port, A_rho = A + rho/(1 + rho) B B^T, B_rho = B/(1 + rho): balls.

In the orthonormal eigenvectors of the normal part (``normal_part``), with eigenvalues i y_j - shift and weights w_j,
A_rho is diagonal plus rank one. With x = -(s + shift) and m_j = w_j^2/2 its eigenvalues are the roots of

    h(x) = sum_j m_j/(x + i y_j) = H = (1 + rho)/(1 - rho),   h = (phi - 1)/(phi + 1),

N of them, since (h - H) prod_j (x + i y_j) is a polynomial of degree N. Its eigenvectors are v = U (w_j/(x + i y_j))_j
sqrt(Re x/(2 H)), where theory L1 gives the norm, and V^{-1} B_rho = -2 sqrt((1 - rho^2)/(2 Re x))/((1 - rho)^2 h'(x)).
Nothing is shared with ``lossless``, whose equation is the product phi = -1/rho.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Real
from .._optional import require
from ..errors import AccuracyError
from .normal_part import ExactNormalPart

__all__ = ["ExactHomotopy", "enclose_homotopy"]

_NEWTON = 24


@dataclass(frozen=True)
class ExactHomotopy:
    """Enclosures in the order of the starts: object arrays of flint balls.

    ``lam`` (M,) acb, ``V`` (N, M) acb, unit columns, ``weights`` (M,) acb, the parts of V^{-1} B_rho. The imaginary
    parts of a real mode are exact zeros. ``conditions``, in floats, the largest of all modes: what a relative error of
    b = 1/phi costs in lam, relative to both of its parts, in V and in the weights; and what a relative error of x costs
    in b, for small rho about |x| over the distance to a pole of the operator.
    """

    lam: Array
    V: Array
    weights: Array
    conditions: tuple[float, float, float, float]


def enclose_homotopy(part: ExactNormalPart, shift: float, rho: float, starts: Complex, bits: int) -> ExactHomotopy:
    """Enclose all modes of 0 < rho <= 1 near ``starts``: upper halves of pairs, then real ones.

    Call inside ``working_precision(bits)``. At rho = 1 these are the modes of ``part``, and the starts are not used.

    Raises
    ------
    AccuracyError
        The starts do not lead to N different eigenvalues.
    """
    if rho == 1:
        return ExactHomotopy(part.lam, part.V, part.weights / 2, (0.0, 0.0, 0.0, 0.0))
    flint = require("flint")
    full, U, w = part.full()
    poles, r = np.array([flint.acb(0, z.imag) for z in full], dtype=object), flint.arb(rho)
    secular = _Secular(poles, w * w / 2, (1 + r) / (1 - r))
    x = [secular.root(-complex(z) - shift, bits) for z in starts]
    _require_all(x, part.N)
    # A real root is the only one in a box that is its own mirror image.
    real = [z.imag == 0 for z in starts.tolist()]
    x = [flint.acb(z.real) if flat else z for z, flat in zip(x, real, strict=True)]
    size = [(z.real / (2 * secular.H)).sqrt() for z in x]
    rows = zip(poles, w, strict=True)
    K = flint.acb_mat([[wj * norm / (z + pole) for z, norm in zip(x, size, strict=True)] for pole, wj in rows])
    V = np.array((flint.acb_mat(U.tolist()) * K).tolist(), dtype=object)
    weights = [-2 * ((1 - r * r) / (2 * z.real)).sqrt() / ((1 - r) ** 2 * secular.at(z)[1]) for z in x]
    for k in np.flatnonzero(real):
        V[:, k], weights[k] = [flint.acb(v.real) for v in V[:, k]], flint.acb(weights[k].real)
    lam = np.array([-z - flint.arb(shift) for z in x], dtype=object)
    conditions = _conditions(secular, np.array([complex(z) for z in x]), shift, rho)
    return ExactHomotopy(lam, V, np.array(weights, dtype=object), conditions)


@dataclass(frozen=True)
class _Secular:
    """h(x) = sum_j m_j/(x + pole_j) = H."""

    poles: Array
    m: Array
    H: Any

    def at(self, x: Any) -> tuple[Any, Any]:
        """h and h'."""
        h, slope = x * 0, x * 0
        for m, pole in zip(self.m, self.poles, strict=True):
            part = 1 / (x + pole)
            once = m * part
            h, slope = h + once, slope - once * part
        return h, slope

    def root(self, start: complex, bits: int) -> Any:
        """A ball with exactly one root, by Newton's method for 1/h - 1/H, nearly linear next to a pole."""
        flint = require("flint")
        # To first order next to the pole: what was rounded onto it, or beyond the axis, as float32 does for rho near 1.
        nearest = min(range(len(self.poles)), key=lambda j: abs(start + complex(self.poles[j])))
        x = flint.acb(max(start.real, float(self.m[nearest] / self.H) / 2), start.imag)
        for _ in range(_NEWTON):
            h, slope = self.at(x)
            step = h * (1 - h / self.H) / slope
            x = (x + step).mid()
            if abs(step) < abs(x) * flint.arb(2) ** -(bits - 8):
                break
        for slack in (bits - 24, bits - 40, bits // 2):
            width = (abs(x) * flint.arb(2) ** -slack).upper()
            box = x + flint.acb(flint.arb(0, width), flint.arb(0, width))
            h, slope = self.at(box)
            # Newton's operator with the slope of the whole box: what it maps into itself holds one root.
            found = x + (1 / self.H - 1 / self.at(x)[0]) / (-slope / (h * h))
            if box.contains_interior(found):
                return found
        raise AccuracyError(
            f"No eigenvalue of the homotopy could be enclosed near -(lam + shift) = {start:.6g} at {bits} bits: two of "
            "them nearly collide, or it is not there; raise bits= to see."
        )


def _require_all(x: list[Any], N: int) -> None:
    """N roots are told apart: the complex ones stand for two."""
    flat = [z for z in x if z.imag.contains(0)]
    if 2 * len(x) - len(flat) == N and not any(
        z.overlaps(other) for k, z in enumerate(x) for other in (*x[:k], *(u.conjugate() for u in x[:k]))
    ):
        return
    raise AccuracyError(f"The stored eigenvalues lead to {len(x)} roots, which are not all {N} of the homotopy.")


def _conditions(secular: _Secular, x: Complex, shift: float, rho: float) -> tuple[float, float, float, float]:
    """By what the modulus of b is known to full relative accuracy also near the axis, where it is close to 1."""
    m, poles = (np.array([f(z) for z in values]) for f, values in ((float, secular.m), (complex, secular.poles)))
    unit = np.ldexp(1.0, int(np.frexp(np.abs(x).max())[1]))  # of time: cubes stay in the range of floats
    x, m, poles, shift = x / unit, m / unit, poles / unit, shift / unit
    r = 1 / (x[:, None] + poles)
    first, second = -(m * r**2).sum(axis=1), 2 * (m * r**3).sum(axis=1)
    across: Real = 2 * rho / ((1 - rho) ** 2 * np.abs(first))
    along = across * min(1.0, -math.log(rho))
    parts = np.maximum(along / (x.real + shift), across / np.where(x.imag == 0, np.inf, np.abs(x.imag)))
    # The change of a unit vector w_j/(x + i y_j) apart from its length.
    k, change = np.sqrt(m) * r, np.sqrt(m) * r**2
    square = (np.abs(k) ** 2).sum(axis=1, keepdims=True)
    change = change - (k.conj() * change).sum(axis=1, keepdims=True) / square * k
    turned = np.linalg.norm(change, axis=1) / np.sqrt(square[:, 0])
    bent = across * np.abs(second / first - (1 - rho) * first) + along / (2 * x.real)
    found = parts, across * turned, bent, np.abs(x) / across
    along_lam, in_V, in_B, of_x = (float(values.max()) for values in found)
    return along_lam, in_V, in_B, of_x
