r"""Transfer functions as quotients of polynomials in balls, G(s) = N(s)/chi(s), from exact data.

chi(s) = det(sI - A), and the numerators follow from it and the Markov parameters h_k = C A^k B without a solve:

    N(s) = D chi(s) + the polynomial part of chi(s) sum_{k<n} h_k s^{-k-1},   n = deg chi.

In discrete time z = (1 + s)/(1 - s) takes both to a function of s, with the circle as the imaginary axis and z = -1
as s = infinity: norms and stability stay. Only products and sums are needed, so that more bits always help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex
from .._optional import require
from ..errors import ParameterTypeError
from ..operators import Operator
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from .balls import embed
from .exact_systems import as_matrix, exact_matrix, lapack_poles, operator_poles

__all__ = ["ExactTransfer", "coefficients", "exact_transfer", "polynomial"]

_real_part = np.frompyfunc(lambda z: z.real, 1, 1)


@dataclass(frozen=True)
class ExactTransfer:
    """What is asked of one system; ``fraction()`` gives chi and the (p, H) numerators at the working precision."""

    name: str
    degree: int
    shape: tuple[int, int]
    dt: float | None
    real: bool
    poles: Complex  # as LAPACK sees them, where no form stores them: where to look, and what to name
    stored: Array | None  # the exact poles as balls, where they can be read off
    fraction: Callable[[], tuple[Any, Array]]

    def worst(self) -> str:
        """The pole nearest to instability, without proof."""
        if not self.poles.size:
            return "unknown"
        size = self.poles.real if self.dt is None else np.abs(self.poles)
        return f"{self.poles[int(np.argmax(size))]:.6g}"


def polynomial(coefficients: Any) -> Any:
    """Balls in ascending order as an ``arb_poly``, or as an ``acb_poly`` where one of them is complex."""
    flint, balls = require("flint"), list(coefficients)
    made = flint.acb_poly if any(isinstance(x, flint.acb) for x in balls) else flint.arb_poly
    return made(balls)


def coefficients(p: Any, degree: int) -> list[Any]:
    """Those of 1, s, ..., s^degree: a form of this degree has a root at infinity for every zero at the end."""
    found: list[Any] = p.coeffs()
    return found + [require("flint").arb(0)] * (degree + 1 - len(found))


def exact_transfer(value: Any, who: str) -> ExactTransfer:
    """The exact data of an operator, a system or an initialisation, or a typed error in the name of ``who``."""
    if isinstance(value, Operator):
        return _of_operator(value)
    system = getattr(value, "system", value)
    if isinstance(system, Diagonal):
        return _of_diagonal(system, repr(value))
    if isinstance(system, StateSpace | DiagonalPlusLowRank):
        return _of_dense(system, repr(value))
    raise ParameterTypeError(
        f"{who}: a system, an operator or an initialisation is needed, got {type(value).__name__}; wrap matrices in "
        "ht.StateSpace(A, B, C, D)."
    )


def _of_operator(operator: Operator) -> ExactTransfer:
    flint, N = require("flint"), operator.N

    def fraction() -> tuple[Any, Array]:
        A, B = operator.balls(flint.ctx.prec)
        return _from_matrices(A, B, None, np.zeros((N, 1)))

    return ExactTransfer(repr(operator), N, (N, 1), None, True, operator_poles(operator), None, fraction)


def _of_dense(system: StateSpace | DiagonalPlusLowRank, name: str) -> ExactTransfer:
    N, floats = system.N, system.to_dense().A
    B, C, D = _ports(system, N)

    def fraction() -> tuple[Any, Array]:
        read = None if C is None else as_matrix(embed(C))
        A = as_matrix(exact_matrix(system))
        return _bilinear(*_from_matrices(A, as_matrix(embed(B)), read, D), N, system.dt)

    triangular = isinstance(system, StateSpace) and not (np.tril(floats, -1).any() and np.triu(floats, 1).any())
    poles = (np.diagonal(floats) if triangular else lapack_poles(floats)).astype(np.complex128)
    real = not any(np.any(np.imag(M)) for M in (*system.tensors().values(), D))
    return ExactTransfer(name, N, D.shape, system.dt, real, poles, embed(poles) if triangular else None, fraction)


def _of_diagonal(system: Diagonal, name: str) -> ExactTransfer:
    pairs = system.conjugate_pairs and system.C is not None
    lam, (B, C, D) = system.lam, _ports(system, system.lam.size)
    off = lam[lam.imag != 0] if pairs else lam[:0]
    poles = np.concatenate([lam, off.conj()])

    def fraction() -> tuple[Any, Array]:
        """chi(s) = prod (s - lam_j) over all n poles, and the numerators by h_k = sum_j C_j lam_j^k B_j, k < n.

        For stored pairs h_k = 2 Re of the sum over the stored modes; a real mode has half of its B there.
        """
        flint = require("flint")
        modes, n = embed(poles if pairs else lam), poles.size
        chi = np.array([flint.arb(1)], dtype=object)
        for pole in modes:
            chi = np.append(flint.arb(0), chi) - pole * np.append(chi, flint.arb(0))
        powers = np.array([[flint.arb(1)] * n] * lam.size, dtype=object)
        for k in range(1, n):
            powers[:, k] = powers[:, k - 1] * modes[: lam.size]
        markov = np.empty((*D.shape, n), dtype=object)
        for j in range(D.shape[1]):
            states = embed(B[:, j])[:, None] * powers
            markov[:, j] = states if C is None else _product(embed(C), states)
        if pairs:
            # What is complex of chi cancels: the true coefficients are real.
            chi, markov = _real_part(chi), 2 * _real_part(markov)
        return _bilinear(*_over(polynomial(chi), markov, D), n, system.dt)

    entries = (D,) if pairs else (lam, B, D) if C is None else (lam, B, C, D)
    real = not any(np.any(np.imag(M)) for M in entries)
    poles = poles.astype(np.complex128)
    return ExactTransfer(name, poles.size, D.shape, system.dt, real, poles, embed(poles), fraction)


def _ports(system: Any, states: int) -> tuple[Array, Array | None, Array]:
    """B (N, H), C (p, N) or None, and D as a matrix (p, H)."""
    B = system.B.reshape(states, -1)
    C = None if system.C is None else np.atleast_2d(system.C)
    D, shape = np.asarray(system.D), (states if C is None else len(C), B.shape[1])
    return B, C, np.broadcast_to(D, shape) if D.ndim == 0 else D.reshape(shape)


def _from_matrices(A: Any, B: Any, C: Any, D: Array) -> tuple[Any, Array]:
    flint, N = require("flint"), A.nrows()
    if isinstance(A, flint.acb_mat) or isinstance(B, flint.acb_mat):
        A, B = flint.acb_mat(A), flint.acb_mat(B)
    markov, X = np.empty((*D.shape, N), dtype=object), B
    for k in range(N):
        seen = X if C is None else C * X
        markov[:, :, k] = np.array(seen.tolist(), dtype=object).reshape(D.shape)
        X = A * X
    return _over(A.charpoly(), markov, D)


def _over(chi: Any, markov: Array, D: Array) -> tuple[Any, Array]:
    """The numerators over chi, of Markov parameters (p, H, n)."""
    n, direct = markov.shape[2], embed(D)
    numerators = np.empty(D.shape, dtype=object)
    for at in np.ndindex(*D.shape):
        whole = coefficients(chi * polynomial(markov[at][::-1]), 2 * n - 1)
        numerators[at] = polynomial(whole[n:]) + chi * polynomial([direct[at]])
    return chi, numerators


def _bilinear(chi: Any, numerators: Array, n: int, dt: float | None) -> tuple[Any, Array]:
    """Both as functions of s, z = (1 + s)/(1 - s) = -1 + 2/(1 - s), multiplied by (1 - s)^n; as they are if dt=None."""
    if dt is None:
        return chi, numerators

    def moved(p: Any) -> Any:
        return polynomial(coefficients(p(polynomial(_balls(-1, 2))), n)[::-1])(polynomial(_balls(1, -1)))

    return moved(chi), np.frompyfunc(moved, 1, 1)(numerators)


def _balls(*numbers: int) -> list[Any]:
    return [require("flint").arb(x) for x in numbers]


def _product(C: Array, X: Array) -> Array:
    flint = require("flint")
    left, right = as_matrix(C), as_matrix(X)
    if isinstance(left, flint.acb_mat) or isinstance(right, flint.acb_mat):
        left, right = flint.acb_mat(left), flint.acb_mat(right)
    return np.array((left * right).tolist(), dtype=object).reshape(len(C), -1)
