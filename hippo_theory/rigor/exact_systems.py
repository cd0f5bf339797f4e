"""Operators and systems as exact data: Gramians to any number of bits, from floats taken at their word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, finite
from .._optional import require
from .._precision import working_precision
from ..errors import ParameterError, ParameterTypeError, ShapeError, UnstableSystemError
from ..operators import Operator, PoleChain
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from .balls import conjugate, embed
from .gramian_balls import Gramians, best_alpha, chain_gramians, diagonal_gramians, summed_gramians

__all__ = ["ExactSystem", "as_matrix", "exact_matrix", "exact_system", "lapack_poles", "operator_poles"]


@dataclass(frozen=True)
class ExactSystem:
    """Exact data: Gramians to about so many bits, whether the transfer function is zero, poles (approximately)."""

    name: str
    N: int
    gramians: Callable[[int], Gramians | None]
    is_zero: Callable[[], bool]
    poles: Complex
    discrete: bool

    def nearest(self) -> str:
        """A sentence that names the pole nearest to instability, without proof."""
        if not self.poles.size:
            return ""
        size = np.abs(self.poles) if self.discrete else self.poles.real
        return f" The pole nearest to instability, by LAPACK, is {self.poles[int(np.argmax(size))]:.6g}."


def exact_system(system: Any, C: ArrayLike | None, who: str) -> ExactSystem:
    """The data of an operator or a system with a read-out ``C``, or a typed error in the name of ``who``."""
    if isinstance(system, Operator):
        return _of_operator(system, _readout(C, system.N, who))
    if not isinstance(system, StateSpace | Diagonal | DiagonalPlusLowRank):
        raise ParameterTypeError(
            f"{who}: an operator or a system is needed, got {type(system).__name__}; wrap arrays in ht.StateSpace, "
            "and of an initialisation give .system."
        )
    if C is not None and system.C is not None:
        raise ParameterTypeError(f"{who}: {system!r} has a C already; give it alone.")
    if isinstance(system, Diagonal):
        return _of_diagonal(system, C, who)
    given = system.C if C is None else C
    return _of_dense(system, _readout(given, system.N, who), who)


def _readout(C: Any, N: int, who: str) -> Array:
    if C is None:
        return np.eye(N)
    rows = finite(C, "C", who)
    if rows.ndim not in (1, 2) or rows.shape[-1] != N or rows.size == 0:
        raise ShapeError(f"{who}: C must have shape ({N},) or (p, {N}), got {rows.shape}.")
    return rows.reshape(-1, N)


def _of_operator(operator: Operator, C: Array) -> ExactSystem:
    arb, N, poles = require("flint").arb, operator.N, operator_poles(operator)
    if isinstance(operator, PoleChain) and not operator.a.imag.any() and not C.imag.any():

        def closed(bits: int) -> Gramians:
            with working_precision(bits + 3 * N):
                a = [arb(float(x.real)) for x in operator.a]
                return chain_gramians(a, arb(float(operator.shift)), as_matrix(embed(C.real)))

        return ExactSystem(repr(operator), N, closed, lambda: not C.any(), poles, False)
    alpha = best_alpha(poles)

    def summed(bits: int) -> Gramians | None:
        A, B = operator.balls(bits)
        return _summed(A, B, as_matrix(embed(C)), alpha, bits)

    return ExactSystem(repr(operator), N, summed, lambda: not C.any(), poles, False)


def _of_dense(system: StateSpace | DiagonalPlusLowRank, C: Array, who: str) -> ExactSystem:
    name, N, discrete = repr(system), system.N, system.dt is not None
    B = embed(system.B).reshape(N, -1)
    floats = system.to_dense().A
    if isinstance(system, StateSpace) and (np.array_equal(floats, np.tril(floats)) or not np.tril(floats, -1).any()):
        poles = np.diagonal(floats).astype(np.complex128)
        _require_stable(poles, name, discrete, who)
    else:
        poles = lapack_poles(floats)
    alpha = None if discrete else best_alpha(poles)

    def summed(bits: int) -> Gramians | None:
        return _summed(as_matrix(exact_matrix(system)), as_matrix(B), as_matrix(embed(C)), alpha, bits)

    return ExactSystem(name, N, summed, lambda: _vanishes(exact_matrix(system), B, embed(C)), poles, discrete)


def _of_diagonal(system: Diagonal, C: ArrayLike | None, who: str) -> ExactSystem:
    flint, name, discrete = require("flint"), repr(system), system.dt is not None
    given = system.C if C is None else C
    if given is None and system.conjugate_pairs:
        raise ParameterError(f"{who}: {name} stores conjugate pairs; give C=, whose output is 2 Re(C x).")
    stored = system.lam.size
    lam, B, rows = embed(system.lam), embed(system.B).reshape(stored, -1), embed(_readout(given, stored, who))
    _require_stable(system.lam, name, discrete, who)

    def modes() -> tuple[Array, Array, Array]:
        """Poles (N,), B (N, H) and C (p, N) of all modes in balls: ``Diagonal.full`` without a rounding.

        Of stored pairs 2 Re(C_j B_j/(s - lam_j)) is one state with that residue for a real mode, and otherwise two,
        the stored one and its mirror image. Products of B and C are made at the working precision.
        """
        if not system.conjugate_pairs:
            return lam, B, rows
        b, c = B.copy(), rows.copy()
        for k in np.flatnonzero(system.lam.imag == 0):
            # One state, of which 2 Re(C B) is what is seen: B is real where there are several inputs.
            if system.B.ndim == 1:
                b[k, 0], c[:, k] = flint.arb(1), c[:, k] * B[k, 0]
            c[:, k] = [2 * x.real for x in c[:, k]]
        off = np.flatnonzero(system.lam.imag != 0)
        return (
            np.concatenate([lam, conjugate(lam[off])]),
            np.concatenate([b, conjugate(b[off])]),
            np.concatenate([c, conjugate(c[:, off])], axis=1),
        )

    def closed(bits: int) -> Gramians:
        poles, b, c = modes()
        b, c = _alike(as_matrix(b), as_matrix(c))
        if not np.iscomplexobj(system.lam):
            return diagonal_gramians(list(poles), b, c, discrete)
        return diagonal_gramians(list(poles), flint.acb_mat(b), flint.acb_mat(c), discrete)

    def vanishes() -> bool:
        poles, b, c = modes()
        A = np.full((poles.size, poles.size), flint.arb(0), dtype=object)
        A[np.arange(poles.size), np.arange(poles.size)] = poles
        return _vanishes(A, b, c)

    return ExactSystem(name, system.N, closed, vanishes, system.lam.astype(np.complex128), discrete)


def exact_matrix(system: StateSpace | DiagonalPlusLowRank) -> Array:
    """A (N, N) in balls: the floats of a dense one; diag(lam) - P Q^* at the working precision."""
    if isinstance(system, StateSpace):
        return embed(system.A)
    N = system.N
    P = system.P.reshape(N, -1)
    Q = P if system.Q is None else system.Q.reshape(N, -1)
    A = -(embed(P) @ conjugate(embed(Q)).T)
    A[np.arange(N), np.arange(N)] += embed(system.lam)
    return np.asarray(A)


def as_matrix(balls: Array) -> Any:
    """An object array of balls as ``arb_mat``, or as ``acb_mat`` where one of them is complex."""
    flint = require("flint")
    made = flint.acb_mat if any(isinstance(x, flint.acb) for x in balls.ravel()) else flint.arb_mat
    return made(balls.tolist())


def _alike(*matrices: Any) -> list[Any]:
    flint = require("flint")
    if any(isinstance(M, flint.acb_mat) for M in matrices):
        return [flint.acb_mat(M) for M in matrices]
    return list(matrices)


def _summed(A: Any, B: Any, C: Any, alpha: float | None, bits: int) -> Gramians | None:
    A, B, C = _alike(A, B, C)
    return summed_gramians(A, B, C, alpha, bits)


def _vanishes(A: Array, B: Array, C: Array) -> bool:
    """Whether C A^k B = 0 for k < N, in rational numbers: then, and only then, the system is zero."""
    fmpq_mat = require("flint").fmpq_mat

    def real(M: Array, columns: bool) -> Any:
        parts = [np.frompyfunc(lambda z, part=part: getattr(z, part).fmpq(), 1, 1)(M) for part in ("real", "imag")]
        left = np.concatenate(parts)
        right = np.concatenate([-parts[1], parts[0]])
        return fmpq_mat((left if columns else np.concatenate([left, right], axis=1)).tolist())

    try:
        state, read, X = real(A, False), real(C, False), real(B, True)
    except ValueError:
        return False
    for _ in range(len(A)):
        if any(x != 0 for x in (read * X).entries()):
            return False
        X = state * X
    return True


def lapack_poles(A: Array) -> Complex:
    """Eigenvalues without any proof: where to scale, and what to name. Empty where LAPACK does not converge."""
    try:
        return np.asarray(np.linalg.eigvals(A), dtype=np.complex128)
    except np.linalg.LinAlgError:
        return np.zeros(0, dtype=np.complex128)


def operator_poles(operator: Operator) -> Complex:
    """Those that a chain was made of, rounded once in the shift; of other families LAPACK's."""
    if isinstance(operator, PoleChain):
        return np.asarray(-operator.a - operator.shift, dtype=np.complex128)
    return lapack_poles(operator.A)


def _require_stable(poles: Array, name: str, discrete: bool, who: str) -> None:
    for pole in poles.astype(np.complex128):
        beyond = Fraction(pole.real) ** 2 + Fraction(pole.imag) ** 2 >= 1 if discrete else pole.real >= 0
        if beyond:
            where = "in the open unit disc" if discrete else "in the open left half plane"
            raise UnstableSystemError(f"{who}: {name} has the pole {pole:.6g}; all must lie {where}.")
