r"""Factors of Gramians without the Gramians: triangular form, then one column at a time.

With A upper triangular, written as [[A_1, a], [0, alpha]], B as [B_1; b] and P = U U^* with U = [[U_1, u], [0, tau]],
the equation A P + P A^* = -B B^* says, with g = b^*/tau (of norm sqrt(-2 Re alpha)),

    tau = ||b|| / sqrt(-2 Re alpha),   (A_1 + conj(alpha) I) u = -(tau a + B_1 g),
    A_1 U_1 U_1^* + U_1 U_1^* A_1^* = -(B_1 - u g^*) (B_1 - u g^*)^*,

a smaller equation of the same kind with as many inputs. In discrete time, A P A^* - P = -B B^*, the same split gives

    tau = ||b|| / sqrt(1 - abs(alpha)^2),   (I - conj(alpha) A_1) u = conj(alpha) tau a + B_1 g,

and with w = A_1 u + tau a and the unit vector q = [g; conj(alpha)] the smaller one has [B_1, w] (I - q q^*) [B_1, w]^*
on its right: [B_1, w] times an orthonormal basis of the complement of q (hammarling1982). No square is formed, so
that sigma is found to eps sigma_1, and not to its root.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._arrays import Array, Real
from .._double import scaled
from ..errors import AccuracyError, AccuracyWarning, ParameterError, ParameterTypeError, UnstableSystemError
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from ._stability import is_triangular, require_stable, triangular_form

__all__ = ["EPS", "Realization", "Triangular", "balanced", "in_range", "realization", "times_power", "uncertainty"]

EPS = float(np.finfo(np.float64).eps)
_PROBES = 2.0**-26, 2.0**-39
_SWEEPS, _BALANCED = 100, 4.0


@dataclass(frozen=True, eq=False)
class Triangular:
    """A stable system in coordinates x = Z y where its matrix ``T`` is upper triangular, or a vector of modes (N,).

    ``B`` is (N, H), ``C`` (p, N), ``Z`` unitary.
    """

    T: Array
    B: Array
    C: Array
    Z: Array
    discrete: bool

    @property
    def poles(self) -> Array:
        return self.T if self.T.ndim == 1 else np.diagonal(self.T)

    def controllability(self) -> Array:
        """Upper triangular U, P = U U^*."""
        return _factor(self.T, self.B, self.discrete)

    def observability(self) -> Array:
        """Lower triangular L, Q = L L^*: the factor of the adjoint system, last state first."""
        adjoint = self.T.conj()[::-1] if self.T.ndim == 1 else self.T.conj().T[::-1, ::-1]
        return _factor(adjoint, self.C.conj().T[::-1], self.discrete)[::-1, ::-1]


@dataclass(frozen=True, eq=False)
class Realization:
    """A, B (N, H) and C (p, N) of a system, balanced by powers of two and in units near one.

    The state of the system is 2^scale times this one; in the coordinates of this one its A, B and C are 2^units times
    these. ``A`` is (N,) where it is diagonal.
    """

    A: Array
    B: Array
    C: Array
    discrete: bool
    scale: Real
    units: tuple[int, int, int]
    who: str

    @property
    def is_triangular(self) -> bool:
        return self.A.ndim == 1 or is_triangular(self.A)

    def triangular(self) -> Triangular:
        """By Schur's theorem; a triangular matrix stays what it is, down to the last bit."""
        B, C = self.B, self.C
        T, Z = (self.A, None) if self.A.ndim == 1 else triangular_form(self.A)
        if Z is None:
            form = Triangular(T, B, C, np.eye(len(T)), self.discrete)
        else:
            form = Triangular(T, Z.conj().T @ B, C @ Z, Z, self.discrete)
        require_stable(form.poles, self.discrete, self.who, self.units[0])
        return form

    def perturbed(self, size: float, seed: int) -> Realization:
        """Relative changes of that size: of every entry, of a full A in norm."""
        rng = np.random.default_rng(seed)
        A, B, C = (x * (1 + size * rng.standard_normal(x.shape)) for x in (self.A, self.B, self.C))
        if not self.is_triangular:
            # What rounding in the Schur form does.
            A = self.A + size / np.sqrt(len(A)) * np.linalg.norm(self.A) * rng.standard_normal(A.shape)
        return replace(self, A=A, B=B, C=C)

    def reached(self, form: Triangular) -> Array:
        """X, P = X X^*, in the coordinates of the system."""
        return times_power(form.Z @ form.controllability(), self.scale[:, None] + self.units[1] - self.units[0] // 2)

    def seen(self, form: Triangular) -> Array:
        """Y, Q = Y Y^*, in the coordinates of the system."""
        return times_power(form.Z @ form.observability(), self.units[2] - self.units[0] // 2 - self.scale[:, None])


def realization(system: Any, who: str, *, with_output: bool = True) -> Realization:
    """Of an operator, an initialisation or a system; the identity reads out the state where there is no C."""
    system = getattr(system, "system", system)
    if not isinstance(system, StateSpace | Diagonal | DiagonalPlusLowRank):
        raise ParameterTypeError(f"{who}: a system, an operator or an initialisation is needed, got {system!r}.")
    if isinstance(system, Diagonal):
        full: Any = system.full()
        A = full.lam.astype(np.complex128)
    else:
        full = system.to_dense()
        A = full.A
    B = full.B.reshape(len(A), -1)
    C = np.eye(len(A)) if full.C is None or not with_output else np.atleast_2d(full.C)
    discrete = system.dt is not None
    A, B, C, scale = _balanced(A, B, C, who)
    # A step has no unit of time; an even power of two has a root.
    units = (0 if discrete else _unit(A) // 2 * 2, _unit(B), _unit(C))
    A, B, C = (times_power(x, -unit) for x, unit in zip((A, B, C), units, strict=True))
    return Realization(A, B, C, discrete, scale, units, who)


def balanced(system: StateSpace, who: str) -> StateSpace:
    """The same map from inputs to outputs, to the last bit: each state in its own power of two."""
    if system.C is None:
        return system
    N = system.N
    A, B, C, _ = _balanced(system.A, system.B.reshape(N, -1), np.atleast_2d(system.C), who)
    return replace(system, A=A, B=B.reshape(system.B.shape), C=C.reshape(system.C.shape))


def uncertainty(moved: Callable[[Realization], float], given: Realization, size: float, scale: float) -> float:
    """Of a number of that size, from how far two random changes of the entries move it: 8 times what eps does.

    ``scale`` is what it would be if nothing cancelled. A move by a large part of it is no derivative, as with a pole
    that comes near the boundary; then smaller changes are tried. Told where less than half of the digits are certain.
    """
    for probe in _PROBES:
        try:
            change = max(moved(given.perturbed(probe, seed)) for seed in (0, 1))
        except UnstableSystemError:
            continue
        if change <= scale / 16:
            break
    else:
        raise AccuracyError(
            f"{given.who}: relative changes {probe:.0e} of the entries make the system unstable, or the result another "
            "one; not four digits would be certain. Give the system in triangular or modal coordinates."
        )
    error = 8 * EPS / probe * change + 8 * EPS * size
    if error > 1e-8 * size > 0:
        warnings.warn(
            f"{given.who}: about {error / size:.0e} of the result is uncertain: relative changes eps of the entries "
            "move it that far.",
            AccuracyWarning,
            stacklevel=3,
        )
    return error


def _balanced(A: Array, B: Array, C: Array, who: str) -> tuple[Array, Array, Array, Real]:
    """A, B (N, H) and C (p, N) for states in units of 2^scale, and scale."""
    scale = _scales(A, B, C)
    B, C = times_power(B, -scale[:, None]), times_power(C, scale)
    if A.ndim == 2:
        A = times_power(A, scale - scale[:, None])
    if not all(np.isfinite(x).all() for x in (A, B, C)):
        raise ParameterError(f"{who}: the scales of the states lie too far apart for float64; rescale them.")
    return A, B, C, scale


def _scales(A: Array, B: Array, C: Array) -> Real:
    """Exponents of powers of two that bring every state to about the scale at which it is driven and read.

    Osborne's iteration, in logarithms, with largest entries for norms; B and C are one more row and column.
    """
    N = len(A)
    with np.errstate(divide="ignore"):
        sizes = np.full((N + 1, N + 1), -np.inf)
        if A.ndim == 2:
            sizes[:N, :N] = np.log2(np.abs(A))
        rates = np.log2(np.abs(A)) if A.ndim == 1 else np.diagonal(sizes)[:N]
        driven, read = np.log2(np.abs(B).max(axis=1)), np.log2(np.abs(C).max(axis=0))
    # B_i C_i and A_ii know nothing of the scales of states: in a unit where driving and reading weigh like decay.
    with np.errstate(invalid="ignore"):
        unit = 2 * rates.max() - (driven + read).max()
    sizes[:N, N], sizes[N, :N] = driven, read + (unit if np.isfinite(unit) else 0.0)
    np.fill_diagonal(sizes, -np.inf)
    s = np.zeros(N + 1)
    for _ in range(_SWEEPS):
        row, column = (sizes + s).max(axis=1) - s, (sizes - s[:, None]).max(axis=0) + s
        with np.errstate(invalid="ignore"):
            gap = row - column
        # A state that nothing drives, or nothing reads, has no scale of its own.
        gap[~np.isfinite(gap)] = 0.0
        if np.abs(gap).max() <= _BALANCED:
            break
        s += gap / 4
    exponents = (s - s[N])[:N]
    # One factor for all states is left: B and C as large as each other keep both in the range of floats.
    apart = (driven - exponents).max() - (read + exponents).max() if np.isfinite(unit) else 0.0
    return np.asarray(np.round(exponents + apart / 2))


def _unit(x: Array) -> int:
    """The power of two above the largest entry."""
    return int(np.frexp(max(np.abs(x.real).max(), np.abs(x.imag).max()))[1])


def times_power(x: Array, exponent: Any) -> Array:
    """x 2^exponent, exactly; infinite where it is too large."""
    exponent = np.asarray(exponent, dtype=np.int64)
    with np.errstate(over="ignore"):
        return scaled(x, exponent) if np.iscomplexobj(x) else np.ldexp(x, exponent)


def in_range(found: Array, is_zero: bool, who: str) -> Array:
    """What was found, refused where floats cannot hold its largest entry in full precision."""
    if not np.isfinite(found).all() or not (is_zero or np.abs(found).max() >= np.finfo(np.float64).tiny):
        raise ParameterError(f"{who}: the result leaves the range of floats; rescale time, the inputs or the outputs.")
    return found


def _factor(T: Array, B: Array, discrete: bool) -> Array:
    """Upper triangular U with U U^* the solution for input B."""
    column = _discrete_column if discrete else _continuous_column
    N, dtype = len(T), np.result_type(T, B)
    T = T.astype(dtype)
    U, rest = np.zeros((N, N), dtype=dtype), np.array(B, dtype=dtype)
    work = T.copy(order="F")
    for k in range(N - 1, -1, -1):
        size = float(np.abs(rest[k]).max())
        norm = size * float(np.linalg.norm(rest[k] / size)) if size else 0.0
        rest = column(work, T, k, rest, norm, U) if norm else rest[:k]
    return U


def _continuous_column(work: Array, T: Array, k: int, B: Array, norm: float, U: Array) -> Array:
    alpha = T[k] if T.ndim == 1 else T[k, k]
    root = np.sqrt(-2 * alpha.real)
    U[k, k] = norm / root
    g, above = B[k].conj() / norm * root, B[:k]
    if T.ndim == 1:
        gap = T[:k] + np.conj(alpha)
        U[:k, k] = -(above @ g) / gap
        if B.shape[1] == 1:
            # A product instead of a difference keeps every entry to its last digits.
            return np.asarray(above * ((T[:k] - alpha) / gap)[:, None])
    elif k:
        _diagonal(work)[:k] = _diagonal(T)[:k] + np.conj(alpha)
        U[:k, k] = _solve(work[:, :k], -(U[k, k] * T[:k, k] + above @ g))
    return np.asarray(above - np.outer(U[:k, k], g.conj()))


def _discrete_column(work: Array, T: Array, k: int, B: Array, norm: float, U: Array) -> Array:
    alpha = T[k] if T.ndim == 1 else T[k, k]
    root = np.sqrt((1 - abs(alpha)) * (1 + abs(alpha)))
    U[k, k] = tau = norm / root
    g, above = B[k].conj() / norm * root, B[:k]
    if T.ndim == 1:
        gap = 1 - np.conj(alpha) * T[:k]
        U[:k, k] = (above @ g) / gap
        if B.shape[1] == 1:
            return np.asarray(above * ((T[:k] - alpha) / gap)[:, None])
        driven = T[:k] * U[:k, k]
    else:
        work = np.asfortranarray(-np.conj(alpha) * T[:, :k])
        _diagonal(work)[:] += 1
        U[:k, k] = _solve(work, np.conj(alpha) * tau * T[:k, k] + above @ g) if k else 0.0
        driven = T[:k, :k] @ U[:k, k] + tau * T[:k, k]
    q = np.append(g, np.conj(alpha))
    # Householder's reflection to the last axis: its other columns are a basis of the complement of q.
    turn = q[-1] / abs(q[-1]) if q[-1] else 1.0
    h = q.copy()
    h[-1] += turn
    both = np.column_stack([above, driven])
    return np.asarray((both - np.outer(both @ h, h.conj() / (1 + abs(q[-1]))))[:, :-1])


def _diagonal(A: Array) -> Array:
    view: Array = np.einsum("ii->i", A[: A.shape[1]])
    return view


def _solve(upper: Array, right: Array) -> Array:
    """With the leading square of an upper triangle in Fortran order, which LAPACK reads in place."""
    from scipy.linalg.lapack import dtrtrs, ztrtrs

    solved: Array = (ztrtrs if np.iscomplexobj(upper) else dtrtrs)(upper, right)[0]
    return solved
