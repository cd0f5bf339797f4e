r"""sigma_min(zI - A) of any matrix with proof: in floats where they suffice, through the inverse in balls where not.

The smallest singular value of M = zI - A may be far below the rounding of floats, but 1/sigma_min is the *largest* of
X = M^{-1}. X is enclosed in balls, with as many bits as it takes, scaled, and rounded to floats: its norm is then
known as well as floats can say.

Discs. With Y = r X(c), abs(z - c) <= r and ||Y^K|| < 1, (I + t Y)^{-1} is the sum of (-t Y)^k (0 <= k < K) times
(I - (-t Y)^K)^{-1}, abs(t) <= 1. Hence sigma_min > eps on the whole disc if

    ||Y|| + ... + ||Y^K|| < (1 - ||Y^K||) r/eps.

K = 1 is the Lipschitz bound, r < sigma_min(c) - eps; a larger K reaches to about the distance of the nearest
eigenvalue, even where sigma_min is smaller than that by many orders of magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError
from ..operators import LegT, OnePort, Operator
from .balls import diagonal, distance, embed, frobenius, matrix, upper
from .float_svd import UNIT, extreme_singular_values

__all__ = ["DenseResolvent"]

_BITS, _MOST_BITS = 128, 1 << 14
# Relative width with which an enclosure from floats alone is accepted.
_SHARP = 1e-10
_MOST_POWERS = 64
# An inverse and its powers cost about as much as the singular values of so many parts.
_HALVINGS = 64
_BATCH = 1 << 20


class DenseResolvent:
    """Enclosures of sigma_min(zI - A), A an operator's exact matrix or an array taken at its word."""

    def __init__(self, A: Operator | Array) -> None:
        self.given = A
        self.floats = np.asarray(A.A if isinstance(A, Operator) else A)
        self.N = len(self.floats)
        self._balls: dict[int, Any] = {}
        with working_precision(_BITS):
            exact = self._exact(_BITS)
            self.norm = upper(frobenius(exact))
            # Zero for an array, and for an operator whose entries are floats.
            relative = distance(self.floats, np.array(exact.tolist(), dtype=object))
        # Units in which the norm is about one.
        self._unit = math.frexp(self.norm)[1] if self.norm else 0
        self._scaled = _scaled(self.floats, -self._unit)
        self.rounding = 2 * relative
        self.abscissa = self._abscissa()
        self._lapack = _lapack_eigenvalues(self.floats)

    def __repr__(self) -> str:
        return repr(self.given) if isinstance(self.given, Operator) else f"a matrix of size {self.N}"

    def _exact(self, bits: int) -> Any:
        """A as ``acb_mat``; an array is exact at any precision."""
        bits = bits if isinstance(self.given, Operator) else 0
        if bits not in self._balls:
            balls = self.given.balls(bits)[0] if isinstance(self.given, Operator) else None
            self._balls[bits] = require("flint").acb_mat(balls) if bits else matrix(embed(self.floats))
        return self._balls[bits]

    def _abscissa(self) -> float:
        """A number that the largest eigenvalue of (A + A^*)/2 does not exceed."""
        if isinstance(self.given, OnePort | LegT):
            return 0.0 - self.given.shift  # theory L8
        # In units of the norm the Hermitian part lies between -1 and 1.
        H = (self._scaled + self._scaled.conj().T) / 2 + np.eye(self.N)
        top = extreme_singular_values(H[None], np.array([self.rounding + 4 * self.N * UNIT]))[3]
        return float(np.nextafter(np.ldexp(np.nextafter(top[0] - 1, math.inf), self._unit), math.inf))

    def candidates(self) -> Complex:
        """LAPACK's eigenvalues: where to look, without any proof."""
        return self._lapack

    # ------------------------------------------------------------------------------------------------ one point

    def enclose(self, z: complex) -> tuple[Any, Any]:
        """Balls that are certainly at most, and at least, sigma_min(zI - A)."""
        flint = require("flint")
        low, high = (float(bound[0]) for bound in self._in_floats(np.array([z])))
        if high - low <= _SHARP * low and high < math.inf:
            return flint.arb(low), flint.arb(high)
        bits = _BITS
        while bits <= _MOST_BITS:
            with working_precision(bits):
                if found := self._through_inverse(z, bits):
                    return found
            if bits == _BITS and self.rounding == 0 and _is_singular(self.floats, z):
                return flint.arb(0), flint.arb(0)
            bits *= 2
        raise AccuracyError(
            f"enclose: at z = {z:.17g} zI - A of {self!r} was not told from a singular matrix with {_MOST_BITS} bits."
        )

    def _in_floats(self, z: Complex) -> tuple[Real, Real]:
        """Bounds of sigma_min at points z (P,) from LAPACK's singular values."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            points = _scaled(z, -self._unit)
            near = np.abs(points) < 2.0**30
            low, high = np.zeros(z.size), np.full(z.size, np.inf)
            index, step = np.flatnonzero(near), max(1, _BATCH // self.N**2)
            diagonal_of = np.arange(self.N)
            for part in (index[k : k + step] for k in range(0, index.size, step)):
                M = np.repeat(-self._scaled.astype(np.complex128)[None], part.size, axis=0)
                M[:, diagonal_of, diagonal_of] += points[part, None]
                slack = self.rounding + 4 * UNIT * (1 + np.abs(points[part]))
                low[part], high[part] = extreme_singular_values(M, slack)[:2]
            low = np.minimum(np.ldexp(low, self._unit), np.finfo(np.float64).max)
            return np.maximum(np.nextafter(low, -np.inf), 0), np.nextafter(np.ldexp(high, self._unit), np.inf)

    def _inverse(self, z: complex, bits: int) -> Any:
        """(zI - A)^{-1} in balls; None where these bits do not suffice."""
        try:
            X = (diagonal(np.array([require("flint").acb(z.real, z.imag)] * self.N)) - self._exact(bits)).inv()
        except ZeroDivisionError:
            return None
        return X if frobenius(X).is_finite() else None

    def _through_inverse(self, z: complex, bits: int) -> tuple[Any, Any] | None:
        X = self._inverse(z, bits)
        if X is None:
            return None
        two = require("flint").arb(2)
        exponent = _exponent(frobenius(X))
        X = X * two ** (-exponent)
        floats = np.array([complex(entry.mid()) for entry in X.entries()]).reshape(self.N, self.N)
        error = upper(frobenius(X - matrix(embed(floats))))
        if error > _SHARP / 100:
            return None
        low, high = (float(bound[0]) for bound in extreme_singular_values(floats[None], np.array([error]))[2:])
        if not low > 0 or not math.isfinite(high):
            return None
        scale = two ** (-exponent)
        return scale / high, scale / low

    # ---------------------------------------------------------------------------------------------------- discs

    def free_radii(self, centre: Complex, radius: Real, eps: float) -> Real:
        """For each centre a radius, up to the one asked for, within which sigma_min > eps; -1 if it is <= eps there."""
        low, high = self._in_floats(centre)
        found = np.where(high <= eps, -1.0, np.clip((low - eps) * (1 - 8 * UNIT), 0.0, radius))
        # Where halving will do, it is cheaper than an inverse; near an eigenvalue an inverse tells nothing of a disc.
        far = radius < np.abs(centre[:, None] - self._lapack).min(axis=1)
        for k in np.flatnonzero((found >= 0) & far & (found * _HALVINGS < radius)):
            found[k] = self._free_radius(complex(centre[k]), float(radius[k]), eps)
        return np.asarray(found)

    def _free_radius(self, c: complex, r: float, eps: float) -> float:
        bits = _BITS
        while bits <= _MOST_BITS:
            with working_precision(bits):
                X = self._inverse(c, bits)
                # Rounding grows from power to power as much as the condition number allows.
                needed = _BITS + (_exponent(frobenius(X) * self.norm) if X is not None else bits)
                free = _disc(X, r, eps) if X is not None and bits >= needed else None
            if free:
                return free
            if free == 0 and not upper(frobenius(X)) < 1 / eps and self.enclose(c)[1] <= eps:
                return -1.0
            if free == 0:
                break
            bits *= 2
        return 0.0

    # ---------------------------------------------------------------------------------------------- eigenvalues

    def count(self, inside: Callable[[Any], bool | None], eps: float) -> int | None:
        """How many eigenvalues lie inside of a curve on which sigma_min > eps; None where that cannot be decided.

        A matrix less than eps away has as many: one that LAPACK's Schur form belongs to, if eps exceeds its residual;
        otherwise eigenvalues are enclosed, and of a neighbour where those of A itself coincide.
        """
        flint = require("flint")
        if (schur := self._schur(eps)) is not None:
            with working_precision(_BITS):
                verdicts = [inside(flint.acb(t.real, t.imag)) for t in schur]
            if None not in verdicts:
                return sum(bool(v) for v in verdicts)
        # Entries without a pattern, of a norm of eps/2 at most.
        E = matrix(embed(np.sin(1.0 + np.arange(self.N**2)).reshape(self.N, self.N) * (eps / (2 * self.N))))
        bits = 2 * _BITS
        while bits <= _MOST_BITS // 4:
            for shift in (0, 1):
                with working_precision(bits):
                    try:
                        verdicts = [inside(value) for value in (self._exact(bits) + E * shift).eig(multiple=True)]
                    except ValueError:
                        continue
                if None not in verdicts:
                    return sum(bool(v) for v in verdicts)
            bits *= 2
        return None

    def _schur(self, eps: float) -> Complex | None:
        """The eigenvalues of a matrix at most eps away from A."""
        from scipy.linalg import LinAlgError, schur

        try:
            T, Q = schur(self.floats, output="complex")
        except (LinAlgError, ValueError):
            return None
        if not (np.isfinite(T).all() and np.isfinite(Q).all()):
            return None
        T = np.triu(T)
        with working_precision(_BITS):
            q, t = matrix(embed(Q)), matrix(embed(T))
            defect = frobenius(q.conjugate().transpose() * q - diagonal(embed(np.ones(self.N))))
            if not defect < 0.5:
                return None
            # ||A - Q T Q^{-1}|| <= ||A Q - Q T|| ||Q^{-1}||
            residual = frobenius(self._exact(_BITS) * q - q * t) / (1 - defect).sqrt()
            return np.asarray(np.diagonal(T)) if residual < eps else None


def _disc(X: Any, r: float, eps: float) -> float | None:
    """A radius up to r of a disc on which the sum proves sigma_min > eps, or 0; None if more bits may help."""
    arb = require("flint").arb
    power, norms = X, []
    for k in range(1, _MOST_POWERS + 1):
        norm = frobenius(power)
        if norm.rel_accuracy_bits() < 10:
            return None
        norms.append(norm)
        if norm * arb(r) ** k < 0.25:
            break
        power = power * X
    for free in (r * 2 ** (-part / 4) for part in range(8)):
        total, radius, scale = arb(0), arb(free), arb(1)
        for norm in norms:
            scale *= radius
            total += norm * scale
            if norm * scale < 0.25:
                if total < (1 - norm * scale) * radius / eps:
                    return free
                break
    return 0.0


def _exponent(x: Any) -> int:
    """The binary exponent of a positive ball, nearly."""
    mantissa, exponent = x.mid().man_exp()
    return int(mantissa).bit_length() + int(exponent)


def _scaled(x: Array, exponent: int) -> Array:
    if np.iscomplexobj(x):
        return np.asarray(np.ldexp(x.real, exponent) + 1j * np.ldexp(x.imag, exponent))
    return np.asarray(np.ldexp(x, exponent))


def _lapack_eigenvalues(A: Array) -> Complex:
    try:
        return np.linalg.eigvals(A).astype(np.complex128)
    except np.linalg.LinAlgError:
        return np.diagonal(A).astype(np.complex128)


def _is_singular(A: Array, z: complex) -> bool:
    """Whether zI - A is singular, for floats at their word: the rank of an integer matrix."""
    real = np.array([[Fraction(x) for x in row] for row in (-A.real).tolist()], dtype=object)
    imag = np.array([[Fraction(x) for x in row] for row in (-A.imag).tolist()], dtype=object)
    for k in range(len(A)):
        real[k, k] += Fraction(z.real)
        imag[k, k] += Fraction(z.imag)
    if any(x != 0 for x in imag.ravel()):
        real = np.block([[real, -imag], [imag, real]])
    common = max(x.denominator for x in real.ravel())
    integers = [[int(x * common) for x in row] for row in real]
    return bool(require("flint").fmpz_mat(integers).rank() < len(integers))
