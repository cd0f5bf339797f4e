"""Realisations of what comes without one: polynomials, zeros and poles, descriptor systems; each held to its source."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .._arrays import Array, Complex, finite, finite_real
from .._optional import require
from ..errors import AccuracyError, AccuracyWarning, ParameterError
from ..systems import StateSpace

__all__ = ["from_descriptor", "from_polynomials", "from_zeros_and_poles", "without_axes"]

_EPS = float(np.finfo(np.float64).eps)
_HALF_THE_DIGITS = 1e-8
_NO_DIGIT = 0.1
_Matrices = tuple[Array, Array, Array, Array]


def without_axes(A: Array, B: Array, C: Array, D: Array | None, dt: float | None, who: str) -> StateSpace:
    """The system of four matrices, entry by entry; a single input or a single output has no axis here."""
    if not np.size(A):
        raise ParameterError(f"{who}: a constant gain has no state, and a system here has at least one.")
    B, C = (B[:, 0] if B.shape[1] == 1 else B), (C[0] if len(C) == 1 else C)
    return StateSpace(A, B, C, 0.0 if D is None else np.reshape(D, C.shape[:-1] + B.shape[1:]), dt)


def from_polynomials(num: Array, den: Array, dt: float | None, who: str) -> StateSpace:
    """num(s)/den(s), highest power first, ``num`` (m,) or (p, m): the companion form, its states scaled."""
    num, den = np.atleast_2d(finite(num, "num", who)), finite(den, "den", who)
    section = _companion(num, den, who)
    system = without_axes(*_in_series([section], np.linalg.eigvals(section[0]), dt), dt, who)

    def exact(s: Complex) -> Complex:
        mp = require("mpmath")
        # Horner loses |num|(|s|)/|num(s)|: at most 28 bits for every pole that `_held_to` comes near.
        with mp.workprec(64 + 28 * den.size):
            below = [mp.polyval(den.tolist(), z) for z in s]
            rows = [[complex(mp.polyval(row, z) / b) for z, b in zip(s, below, strict=True)] for row in num.tolist()]
        return np.array(rows)

    return _held_to(exact, system, "coefficients of high degree hold few digits: zeros and poles, or matrices, do", who)


def from_zeros_and_poles(zeros: Array, poles: Array, gain: float, dt: float | None, who: str) -> StateSpace:
    """gain prod(s - z)/prod(s - p): a series of sections with at most two poles, whose coefficients cancel nothing."""
    zeros, poles = np.atleast_1d(finite(zeros, "zeros", who)), np.atleast_1d(finite(poles, "poles", who))
    gain = finite_real(gain, "gain", who)
    _require_proper(zeros.size, poles.size, who)
    above, below = _real_factors(zeros, "zeros", who), _real_factors(poles, "poles", who)
    sections = [_companion(num[None], den, who) for num, den in zip(_beside(above, below), below, strict=True)]
    A, B, C, D = _in_series(sections, poles, dt)
    system = without_axes(A, B, gain * C, gain * D, dt, who)

    def exact(s: Complex) -> Complex:
        mp = require("mpmath")
        # Not for the digits: a product of many factors may leave the range of floats on its way.
        return np.array([[complex(gain * mp.fprod(z - zeros) / mp.fprod(z - poles)) for z in s.tolist()]])

    return _held_to(exact, system, "poles lie too far apart, or too close to the boundary", who)


def from_descriptor(A: Array, B: Array, C: Array, D: Array | None, E: Array, dt: float | None, who: str) -> StateSpace:
    """E x' = A x + B u, y = C x + D u, solved for x'."""
    E = finite(E, "E", who)
    # Rows are equations: their scale says nothing of how singular E is.
    size = np.abs(E).max(axis=1, keepdims=True)
    rows = 1 / _power_of_two(size)
    if not (size.all() and np.linalg.cond(rows * E) < 1 / _EPS):
        raise AccuracyError(
            f"{who}: E is singular to working precision: some of its equations have no derivative, and no A and B say "
            "the same. Eliminate the algebraic equations first, or reduce the model."
        )
    X = np.linalg.solve(rows * E, rows * np.hstack([A, B]))
    system = without_axes(X[:, : len(A)], X[:, len(A) :], C, D, dt, who)

    def exact(s: Complex) -> Complex:
        pencils = s[:, None, None] * (rows * E) - rows * A
        states = np.linalg.solve(pencils, np.broadcast_to(rows * B, (s.size, *B.shape)))
        G: Array = C @ states + (0.0 if D is None else D)
        return np.moveaxis(G, 0, -1)

    return _held_to(exact, system, f"E has the condition {np.linalg.cond(rows * E):.0e}", who)


def _real_factors(roots: Array, name: str, who: str) -> list[Array]:
    """prod(s - r) in real factors of degree two, the largest roots first, and one of degree one if there must be."""
    upper, lower, real = roots[roots.imag > 0], roots[roots.imag < 0].conj(), roots[roots.imag == 0].real
    factors = []
    for r in upper:
        gaps = np.abs(lower - r)
        if not gaps.size or gaps.min() > 100 * _EPS * abs(r):
            break
        lower = np.delete(lower, np.argmin(gaps))
        factors.append(np.array([1.0, -2 * r.real, abs(r) ** 2]))
    if len(factors) < upper.size or lower.size:
        raise ParameterError(
            f"{who}: {name} must be real or come in conjugate pairs, got {roots}; give a complex system by its "
            "matrices, ht.StateSpace(A, B, C, D)."
        )
    real = real[np.argsort(-np.abs(real), kind="stable")]
    factors += [np.poly(two) for two in np.split(real, range(2, real.size, 2)) if two.size]
    return sorted(factors, key=lambda f: (-f.size, -abs(f[-1])))


def _beside(above: list[Array], below: list[Array]) -> list[Array]:
    """A numerator for every denominator, near it in size; those of degree two choose first, then all find room."""
    free, found = list(range(len(below))), [np.ones(1) for _ in below]
    for num in above:
        size = _mean_size(num)
        fitting = [k for k in free if below[k].size >= num.size]
        nearest = min(fitting, key=lambda k: abs(_mean_size(below[k]) - size) / ((_mean_size(below[k]) + size) or 1.0))
        free.remove(nearest)
        found[nearest] = num
    return found


def _mean_size(factor: Array) -> float:
    """The geometric mean of the roots' moduli."""
    return float(abs(factor[-1]) ** (1 / (factor.size - 1)))


def _companion(num: Array, den: Array, who: str) -> _Matrices:
    """x_0' = -d x + u, x_j' = x_{j-1}, y = (n - n_0 d) x + n_0 u, with den = (1, d) and num = (n_0, n)."""
    num, den = num[:, _first((num != 0).any(axis=0)) :], den[_first(den != 0) :]
    if not den.size:
        raise ParameterError(f"{who}: the denominator is zero.")
    n = den.size - 1
    _require_proper(num.shape[1] - 1, n, who)
    with np.errstate(all="ignore"):
        full = np.hstack([np.zeros((len(num), n + 1 - num.shape[1])), num]) / den[0]
        d, D = den[1:] / den[0], full[:, :1]
        C = full[:, 1:] - D * d
    if not (np.isfinite(d).all() and np.isfinite(C).all()):
        raise ParameterError(f"{who}: coefficients leave the range of floats against den[0] = {den[0]}; rescale time.")
    return np.vstack([0.0 - d, np.eye(n - 1, n)]) if n else np.zeros((0, 0)), np.eye(n, 1), C, D


def _first(which: Array) -> int:
    """The first True, or the length."""
    return int(np.argmax(which)) if which.any() else which.size


def _require_proper(zeros: int, poles: int, who: str) -> None:
    if zeros > poles:
        raise ParameterError(
            f"{who}: {zeros} zeros and {poles} poles make an improper transfer function, which differentiates its "
            "input; no system has it. Divide out the polynomial part, or add fast poles."
        )


def _in_series(sections: Iterable[_Matrices], poles: Array, dt: float | None) -> _Matrices:
    """Companion forms, each driven by the one before, with states and signals of size one on the boundary.

    Units are powers of two and cost no digit. Without them states far apart in size meet in A, where an eps of the
    large ones is more than all of the small ones.
    """
    size = np.abs(poles)
    scale = float(size.max(initial=0.0)) or 1.0
    # A little off the boundary, which may carry a pole.
    on_circle = 1.001 * np.exp(1j * np.angle(np.append(poles, 1.0)))
    s = on_circle if dt is not None else (0.001 + 1j) * np.append(np.where(size > 0, size, 0.001 * scale), scale)
    A, B, C, D = np.zeros((0, 0)), np.zeros((0, 1)), np.zeros((1, 0)), np.ones((1, 1))
    arriving, gain = np.ones((1, s.size), dtype=np.complex128), 1.0
    for a, b, c, d in sections:
        with np.errstate(all="ignore"):  # what leaves the range of floats keeps the unit one
            states = arriving * s ** np.arange(len(a) - 1, -1, -1)[:, None] / np.polyval(np.append(1.0, -a[:1]), s)
            leaving = c @ states + d * arriving
        units = _power_of_two(np.abs(states).max(axis=1))
        a, b, c = a * units / units[:, None], b / units[:, None], c * units
        A = np.block([[A, np.zeros((len(A), len(a)))], [b @ C, a]])
        B, C, D = np.vstack([B, b @ D]), np.hstack([d @ C, c]), d @ D
        unit = float(_power_of_two(np.abs(leaving).max()))
        arriving, C, D, gain = leaving / unit, C / unit, D / unit, gain * unit
    return A, B, gain * C, gain * D


def _power_of_two(size: Any) -> Any:
    return np.ldexp(1.0, np.frexp(size)[1])


def _held_to(exact: Callable[[Complex], Complex], system: StateSpace, why: str, who: str) -> StateSpace:
    """The system, once its transfer function has been compared with its source: on the boundary, once a pole."""
    poles = np.linalg.eigvals(system.A).astype(np.complex128)
    size = np.abs(poles)
    if system.dt is None:
        points, beyond = np.concatenate([1j * size, -1j * size, [0.0]]), 2 * size.max() or 1.0
    else:
        points, beyond = np.concatenate([np.exp(1j * np.angle(poles)), [1.0, -1.0]]), 2 * max(size.max(), 1.0)
    gaps = np.abs(points[:, None] - poles)
    # On a pole nothing can be compared; beyond all poles there is always a point.
    points = np.append(np.unique(points[(gaps > 1e-8 * np.maximum(np.abs(points)[:, None], size)).all(axis=1)]), beyond)
    with np.errstate(all="ignore"):
        expected = exact(points)
        found = system.transfer(points).reshape(expected.shape)
        off = float(np.abs(found - expected).max() / np.abs(expected).max()) if expected.any() else 0.0
    # NaN, of an overflow, is not small either.
    if not off < _NO_DIGIT:
        raise AccuracyError(f"{who}: no digit of the transfer function would be left ({why}).")
    if off > _HALF_THE_DIGITS:
        warnings.warn(
            f"{who}: the transfer function of {system!r} is off by {off:.0e} of its largest value on the boundary of "
            f"stability: {why}.",
            AccuracyWarning,
            stacklevel=6,
        )
    return system
