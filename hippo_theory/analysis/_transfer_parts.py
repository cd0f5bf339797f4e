"""Transfer functions as norms need them: on the boundary of stability, each form by its own best road.

A ``Part`` is one system seen as a map of matrices (outputs, inputs). Diagonal modes and closed forms are evaluated as
they are, never through a dense matrix; a dense one is reduced once, and where the value matters its solve is refined
with residuals in exact arithmetic, so that only the rounding of the answer is left.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Real
from ..errors import ParameterError, ParameterTypeError, ShapeError
from ..operators import LagT, LegS, Operator
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from ._lyapunov import balanced
from ._residuals import exact_residual, off_circle
from ._stability import require_certain, require_stable, triangular_form

__all__ = ["EPS", "Part", "boundary", "norm_parts", "part_of"]

EPS = float(np.finfo(np.float64).eps)
_LARGEST = 1e140  # of poles and D, and of B times C
_REFINED = 1 << 22  # entries of (sI - A) X up to which residuals are computed exactly


class Part(ABC):
    """One system: outputs p, inputs H, step, whether its kernel is real."""

    def __init__(self, system: Any, real: bool) -> None:
        # What others are asked with: an operator knows more than its system.
        self.source: Any = system
        self.system, self.dt, self.real = system, system.dt, real
        self.B: Array = system.B.reshape(len(system.B), -1)
        self.H = self.B.shape[1]
        self.C: Array | None = None if system.C is None else np.atleast_2d(system.C)
        self.p = len(self.B) if self.C is None else len(self.C)
        D = np.asarray(system.D)
        self.D: Array = np.broadcast_to(D, (self.p, self.H)) if D.ndim == 0 else D.reshape(self.p, self.H)

    @cached_property
    def poles(self) -> Complex:
        """Eigenvalues of A, all of them, as LAPACK sees them: where to look first, and whether A is stable."""
        return np.diagonal(triangular_form(self.system.to_dense().A)[0]).astype(np.complex128)

    @property
    def N(self) -> int:
        return len(self.poles)

    diagonal = False

    def states(self, t: Real) -> Array | None:
        """e^{tA} B in closed form, shape (N, H, T), where there is one and the state is read out."""
        return None

    def values(self, z: Complex) -> Complex:
        """G at points of the boundary (S,), shape (p, H, S)."""
        return np.asarray(self.system.transfer(z)).reshape(self.p, self.H, z.size)

    def at(self, z: complex) -> tuple[Complex, Real]:
        """G at one point as well as it can be had, and a bound of the error of each entry, both (p, H)."""
        x, wrong = self._state(z)
        if self.C is None:
            return x, wrong + EPS * np.abs(x)
        C, N = np.abs(self.C), self.N
        return self.C @ x + self.D, C @ (wrong + (N + 4) * EPS * np.abs(x)) + EPS * np.abs(self.D)

    @abstractmethod
    def _state(self, z: complex) -> tuple[Complex, Real]:
        """(zI - A)^{-1} B and a bound of its error, both (N, H)."""

    def matrices(self) -> tuple[Array, Array, Array, Array]:
        """A, B, C, D of a realisation, real where the kernel is."""
        system = self.system.to_dense()
        found = system.A, self.B, np.eye(system.N) if self.C is None else self.C, self.D
        A, B, C, D = (M.real for M in found) if self.real else found
        return A, B, C, D


class _Modes(Part):
    """Diagonal: O(N) a point, exact up to rounding; on the unit circle for z of modulus one to twice the digits."""

    diagonal = True

    def __init__(self, system: Diagonal) -> None:
        self.stored = system
        halves = system.conjugate_pairs and system.C is not None
        super().__init__(system.full() if halves else _as_stored(system), halves and _is_real(system.D))
        if not halves:
            self.real = all(_is_real(M) for M in (system.lam, system.B, system.C, system.D))

    @cached_property
    def poles(self) -> Complex:
        return np.asarray(self.system.lam, dtype=np.complex128)

    def values(self, z: Complex) -> Complex:
        X = self.B[:, :, None] / self._gaps(z)[:, None, :]
        return np.asarray(X if self.C is None else np.tensordot(self.C, X, 1) + self.D[:, :, None])

    def _gaps(self, z: Complex) -> Complex:
        gaps = z - self.poles[:, None]
        return gaps if self.dt is None else np.asarray(gaps + z * off_circle(z))

    def _state(self, z: complex) -> tuple[Complex, Real]:
        x = self.B / self._gaps(np.array([z]))
        return x, 8 * EPS * np.abs(x)

    def matrices(self) -> tuple[Array, Array, Array, Array]:
        """A, B, C, D as for every part; of stored pairs with outputs in real coordinates."""
        if not (self.real and self.stored.conjugate_pairs):
            return super().matrices()
        real = self.stored.to_real()
        return real.A, real.B.reshape(real.N, -1), np.atleast_2d(np.asarray(real.C)), self.D.real


def _is_real(M: Any) -> bool:
    return M is None or not np.any(np.imag(M))


def _as_stored(system: Diagonal) -> Diagonal:
    return replace(system, conjugate_pairs=False) if system.conjugate_pairs else system


class _Closed(Part):
    """An operator: its own transfer function in closed form, the state read out."""

    def __init__(self, operator: Operator) -> None:
        super().__init__(operator.system, True)
        self.source = self.operator = operator

    @cached_property
    def poles(self) -> Complex:
        # Takenaka-Malmquist knows them, and the others have a triangle or are well-conditioned.
        a = getattr(self.operator, "a", None)
        return super().poles if a is None else -(np.asarray(a, dtype=np.complex128) + self.operator.shift)

    def values(self, z: Complex) -> Complex:
        return self.operator.transfer(z)[:, None, :]

    def states(self, t: Real) -> Array | None:
        # Families without a closed form would only repeat what the dense road does.
        return self.operator.kernel(t)[:, None, :] if isinstance(self.operator, LegS | LagT) else None

    def _state(self, z: complex) -> tuple[Complex, Real]:
        x = self.operator.transfer(np.array([z]))
        return x, np.full(x.shape, 2 * self.operator.N * EPS * float(np.abs(x).max()))


class _Refined(Part):
    """A solve whose result is refined until the residual, computed exactly, has nothing to add."""

    def _state(self, z: complex) -> tuple[Complex, Real]:
        point = np.array([z])
        x, turn = self._solve(point, self.B[:, :, None])[..., 0], 0j
        if self.N * x.size > _REFINED:
            first = self._solve(point, self._plain_residual(z, x)[:, :, None])[..., 0]
            return x, 2 * np.abs(first) + EPS * np.abs(x)
        if self.dt is not None:
            turn = complex((point * off_circle(point))[0])
        for _ in range(4):
            step = self._solve(point, self._residual(z, turn, x)[:, :, None])[..., 0]
            x, size = x + step, float(np.abs(x).max())
            # The next step would be smaller by as much again.
            ratio = float(np.abs(step).max()) / size if size else 0.0
            if ratio <= 1e-9 or ratio > 1e-2:
                break
        return x, (8 * ratio if ratio <= 1e-2 else 2.0) * np.abs(step).max(axis=0) + EPS * np.abs(x)

    @abstractmethod
    def _solve(self, z: Complex, b: Complex) -> Complex:
        """(zI - A)^{-1} b for points (S,) and b (N, H, S) or (N, H, 1)."""

    @abstractmethod
    def _residual(self, z: complex, turn: complex, x: Complex) -> Complex:
        """B - ((z + turn) I - A) x, rounded once."""

    def _plain_residual(self, z: complex, x: Complex) -> Complex:
        return np.asarray(self.B - z * x + self.system.to_dense().A @ x)

    def values(self, z: Complex) -> Complex:
        X = self._solve(z, self.B[:, :, None])
        return np.asarray(X if self.C is None else np.tensordot(self.C, X, 1) + self.D[:, :, None])


class _Dense(_Refined):
    """A dense system: one Schur form, and back substitution for all points together; none for a triangle."""

    def __init__(self, system: StateSpace) -> None:
        super().__init__(system, all(_is_real(M) for M in (system.A, system.B, system.C, system.D)))

    @cached_property
    def _schur(self) -> tuple[Array, Array | None]:
        return triangular_form(self.system.A)

    @cached_property
    def poles(self) -> Complex:
        return np.diagonal(self._schur[0]).astype(np.complex128)

    @cached_property
    def _ports(self) -> tuple[Array, Array | None]:
        """Z^* B and C Z: to read out few outputs, the basis need not be left."""
        Z = self._schur[1]
        if Z is None:
            return self.B, self.C
        return Z.conj().T @ self.B, Z if self.C is None else self.C @ Z

    def values(self, z: Complex) -> Complex:
        B, C = self._ports
        X = self._substituted(z, B[:, :, None])
        return X if C is None else np.asarray(np.tensordot(C, X, 1) + self.D[:, :, None])

    def _solve(self, z: Complex, b: Complex) -> Complex:
        Z = self._schur[1]
        if Z is None:
            return self._substituted(z, b)
        return np.asarray(np.tensordot(Z, self._substituted(z, np.tensordot(Z.conj().T, b, 1)), 1))

    def _substituted(self, z: Complex, b: Complex) -> Complex:
        """(zI - T)^{-1} b from the last row up."""
        T = self._schur[0]
        N, H, S = len(T), b.shape[1], max(z.size, b.shape[2])
        X = np.empty((N, H, S), dtype=np.complex128)
        X[:] = b
        flat, gaps = X.reshape(N, -1), z - np.diagonal(T)[:, None]
        if self.dt is not None:
            gaps = gaps + z * off_circle(z)
        for i in range(N - 1, -1, -1):
            if i < N - 1:
                flat[i] += T[i, i + 1 :] @ flat[i + 1 :]
            X[i] /= gaps[i]
        return X

    def _residual(self, z: complex, turn: complex, x: Complex) -> Complex:
        return exact_residual(self.system.A, z, turn, x, self.B)


class _LowRank(_Refined):
    """S4's form: Woodbury, O(N r^2) a point, and residuals of the sparse system that it eliminates."""

    def __init__(self, system: DiagonalPlusLowRank) -> None:
        super().__init__(system, False)

    @cached_property
    def N(self) -> int:
        return len(self.B)

    def _solve(self, z: Complex, b: Complex) -> Complex:
        if b.shape[2] != 1:
            raise ShapeError("one right-hand side for all points")
        return np.asarray(replace(self.system, B=b[:, 0, 0], C=None, D=0.0).transfer(z)[:, None, :])

    def _residual(self, z: complex, turn: complex, x: Complex) -> Complex:
        P, Q = self.system._factors()
        r, y = P.shape[1], Q.T @ x
        A = np.block([[np.diag(self.system.lam), -P], [Q.T, np.zeros((r, r))]])
        # The last rows say y = Q^* x, that is z y = z y: their own diagonal is 1 and not z.
        whole = np.vstack([x, y])
        right = np.vstack([self.B, (z + turn) * y - y])
        out = exact_residual(A, z, turn, whole, right)
        return np.asarray(out[:-r] - P @ out[-r:])


def boundary(t: Real, dt: float | None) -> Complex:
    """i t, or e^{i t}."""
    return np.asarray(1j * t if dt is None else np.exp(1j * t), dtype=np.complex128)


def part_of(value: Any, who: str) -> Part:
    """The part of what a user gave."""
    if isinstance(value, Operator):
        part: Part = _Closed(value)
    else:
        system = getattr(value, "system", value)
        if isinstance(system, Diagonal):
            part = _Modes(system)
        elif isinstance(system, StateSpace):
            part = _Dense(balanced(system, who))
        elif isinstance(system, DiagonalPlusLowRank):
            part = _LowRank(system)
        else:
            raise ParameterTypeError(
                f"{who}: a system, an operator or an initialisation is needed, got {type(value).__name__}; wrap "
                "matrices in ht.StateSpace(A, B, C, D)."
            )
    root = _LARGEST**0.5
    for M, largest in ((part.poles, _LARGEST), (part.B, root), (part.C, root), (part.D, _LARGEST)):
        size = 0.0 if M is None else float(np.abs(M).max())
        if size and not 1 / largest < size < largest:
            raise ParameterError(
                f"{who}: {value!r} has entries or poles as large as {size:.3g}; products of them leave the range of "
                "floats. Rescale time or the input."
            )
    require_stable(part.poles, part.dt is not None, who)
    if not (part.diagonal or isinstance(part, _Closed)):
        require_certain(part.system.to_dense().A, part.dt is not None, who)
    return part


def norm_parts(system: Any, other: Any, who: str) -> list[Part]:
    """One part, or two that fit each other: the second is to be subtracted."""
    first = part_of(system, who)
    if other is None:
        return [first]
    second = part_of(other, who)
    if first.dt != second.dt:
        raise ParameterError(
            f"{who}: the systems have the steps dt = {first.dt} and {second.dt}; discretize both alike to compare them."
        )
    if (first.p, first.H) != (second.p, second.H):
        raise ShapeError(
            f"{who}: the systems map {first.H} input(s) to {first.p} output(s) and {second.H} to {second.p}; only maps "
            "between the same spaces have a difference. C=None reads out the state: give C."
        )
    return [first, second]
