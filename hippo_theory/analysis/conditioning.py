"""How well a matrix can be diagonalised: condition numbers of eigenvectors and eigenvalues, beyond any float."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Immutable, Real, Scalar
from .._double import scaled
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyWarning
from ..operators import FouT, LegT, PoleChain
from .field_of_values import check_range, square_matrix

__all__ = [
    "EigenvalueConditions",
    "EigenvectorCondition",
    "eigenvalue_conditions",
    "eigenvector_condition",
    "fourier_poles",
]


@dataclass(frozen=True)
class EigenvectorCondition(Scalar):
    """kappa(V) = ||V|| ||V^{-1}|| for eigenvectors of unit length.

    Attributes
    ----------
    value : float
        Infinite where it exceeds the float range, and for a defective matrix.
    log10 : float
        Finite also where ``value`` is not, except for a defective matrix.
    """

    value: float
    log10: float


@dataclass(frozen=True, eq=False, repr=False)
class EigenvalueConditions(Immutable):
    """How far each eigenvalue moves per unit of perturbation; made by ``ht.eigenvalue_conditions``.

    Attributes
    ----------
    poles : ndarray, complex, shape (N,)
        The eigenvalues.
    value, log10 : ndarray, shape (N,)
        ||x|| ||y||/abs(y^* x) for the right and left eigenvectors, >= 1; ``value`` is infinite beyond the float
        range, both are for a defective eigenvalue.
    """

    poles: Complex
    log10: Real

    @property
    def value(self) -> Real:
        with np.errstate(over="ignore"):
            return np.asarray(10.0**self.log10)

    def __repr__(self) -> str:
        return f"condition numbers of {self.poles.size} eigenvalues, up to 10^{self.log10.max():.4g}"


def eigenvector_condition(A: Any) -> EigenvectorCondition:
    r"""The 2-norm condition number of the eigenvector matrix with unit columns.

    For a lossless operator with distinct poles lambda_i the Gram matrix of the unit eigenvectors is a Cauchy
    matrix in disguise,

        v_i^* v_j = 2 sqrt(rho_i rho_j)/(rho_ij),   rho_ij = -(conj(lambda_i) + lambda_j + 2 shift),

    rho_i = rho_ii/2, up to phases: L1 with 1/phi = 0 at the poles. Its inverse is a product formula, and
    kappa^2 = lambda_max(Gram) lambda_max(Gram^{-1}): two largest eigenvalues, which float64 has no trouble with
    even where kappa is 10^194. For LegS it is the theorem that V^T V is an inverse Hilbert matrix.
    LegT has two ports but a symmetry, A^T = S A S with S = diag((-1)^n): V^{-1} has the rows
    v_i^T S/(v_i^T S v_i), and these small denominators come from the recurrence of G in balls.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation, discrete or not
        Of a system its state matrix counts, in the coordinates in which it is stored.

    Returns
    -------
    EigenvectorCondition
        Relative accuracy about N eps for LegS, LegT and every pole chain, 1e-11 for FouT (measured to
        N = 256). LagT and chains with repeated poles are defective: infinite. Other matrices by
        LAPACK's eigenvectors, with an ``AccuracyWarning`` beyond 1e8.

    Raises
    ------
    ShapeError, ParameterError
        Neither an operator nor a finite square matrix.

    Notes
    -----
    Cost O(N^3); LegT isolates the roots of an integer polynomial, 1 s at N = 128 and 12 s at 256. LegS
    grows like c N^{-1/4} (3 + 2 sqrt2)^N, c = .0910 at N = 256 (measured, no theorem).

    References
    ----------
    theory L1, L9; trefethen2005 (condition numbers of eigenvectors).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.eigenvector_condition(ht.LegS(64)).log10, 2)
    47.51
    >>> ht.eigenvector_condition(ht.LagT(3)).value
    inf
    """
    if isinstance(A, PoleChain):
        check_range(A.a, "eigenvector_condition")
        return _of_poles(-A.a)
    if isinstance(A, FouT):
        return _of_poles(fourier_poles(A))
    if isinstance(A, LegT):
        return _of_legt(A)
    matrix = square_matrix(A, "eigenvector_condition")[0]
    value = float(np.linalg.cond(np.linalg.eig(matrix)[1]))
    if value > 1e8:
        warnings.warn(
            f"eigenvector_condition: {value:.1e} is beyond what float64 eigenvectors can tell apart from infinity.",
            AccuracyWarning,
            stacklevel=2,
        )
    return EigenvectorCondition(value, math.log10(value))


def eigenvalue_conditions(A: Any) -> EigenvalueConditions:
    r"""Condition numbers 1/abs(y^* x) of the single eigenvalues, x and y unit right and left eigenvectors.

    A perturbation E moves a simple eigenvalue by y^* E x/(y^* x) to first order. For a lossless operator with
    distinct poles the inverse of the Cauchy Gram matrix (see ``ht.eigenvector_condition``) has the diagonal

        kappa_i^2,   kappa_i = prod over k != i of abs(conj(lambda_k) + lambda_i + 2 shift)/abs(lambda_k - lambda_i),

    which is the residue of phi at lambda_i over 2 Re a_i. For LegT the cosines v^T S v come from balls.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation, discrete or not
        Of a system its state matrix counts, in the coordinates in which it is stored.

    Returns
    -------
    EigenvalueConditions
        ``.poles``, ``.log10``, ``.value``. Relative accuracy about N eps for LegS, LegT and every pole chain;
        other matrices by LAPACK's eigenvectors, with an ``AccuracyWarning`` beyond 1e8.

    Raises
    ------
    ShapeError, ParameterError
        Neither an operator nor a finite square matrix.

    Notes
    -----
    The largest is at most kappa(V), whose square is at most N times the sum of the kappa_i^2. Cost O(N^2) for pole
    chains, otherwise O(N^3) and what ``ht.eigenvector_condition`` needs for LegT.

    References
    ----------
    theory L9; wilkinson1965, chapter 2; trefethen2005, chapter 52.

    Examples
    --------
    For LegS the poles are -1, ..., -N, the worst of them inside, at about -N/sqrt2:

    >>> import hippo_theory as ht
    >>> found = ht.eigenvalue_conditions(ht.LegS(64))
    >>> print(found.poles[found.log10.argmax()].real, found.log10.max().round(2))
    -46.0 46.24
    """
    if isinstance(A, PoleChain):
        check_range(A.a, "eigenvalue_conditions")
        return EigenvalueConditions(-A.a - A.shift, _pole_conditions(-A.a))
    if isinstance(A, FouT):
        lam = fourier_poles(A)
        return EigenvalueConditions(lam, _pole_conditions(lam))
    if isinstance(A, LegT):
        eigenvectors = _legt_eigenvectors(A)
        found = [
            (pole, -float(cosine) / math.log(10))
            for s, (_, cosine, real) in eigenvectors
            for pole in ([complex(s)] if real else [complex(s), complex(s).conjugate()])
        ]
        return EigenvalueConditions(np.array([p for p, _ in found]), np.array([c for _, c in found]))
    from scipy.linalg import eig

    matrix = square_matrix(A, "eigenvalue_conditions")[0]
    # In units of its largest entry: beyond 1e138 and below 1e-138 scipy's eig returns wrongly scaled eigenvalues.
    unit = 2.0 ** max(int(np.frexp(np.abs(matrix).max())[1]), -1000)
    lam, left, right = eig(matrix * (1 / unit), left=True, right=True)
    with np.errstate(divide="ignore"):
        log10 = np.maximum(-np.log10(np.abs(np.einsum("ij,ij->j", left.conj(), right))), 0.0)
    if log10.max() > 8:
        warnings.warn(
            f"eigenvalue_conditions: 10^{log10.max():.1f} is beyond what float64 eigenvectors can tell "
            "apart from infinity.",
            AccuracyWarning,
            stacklevel=2,
        )
    return EigenvalueConditions(lam.astype(np.complex128) * unit, log10)


def _pole_conditions(lam: Complex) -> Real:
    """log10 of kappa_i for poles with the shift taken out."""
    reach, gaps = np.abs(lam[:, None].conj() + lam), np.abs(lam[:, None] - lam)
    np.fill_diagonal(reach, 1.0)
    np.fill_diagonal(gaps, 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum((np.log10(reach) - np.log10(gaps)).sum(axis=0), 0.0))


def _of_poles(lam: Complex) -> EigenvectorCondition:
    """kappa for poles of a lossless system with the shift taken out, Re lam < 0."""
    # Sums of subnormal parts would be rounded, and so would their moduli.
    lam = scaled(lam, max(-int(np.frexp(np.abs(lam).max())[1]), 0))
    rho = -(lam[:, None].conj() + lam)
    size = np.sqrt(np.diagonal(rho).real)
    # Moduli and angles apart: numpy's quotients of complex numbers overflow where the divisor is subnormal.
    gram = size[:, None] / np.abs(rho) * size * np.exp(-1j * np.angle(rho))
    np.fill_diagonal(rho, 1.0)
    gaps = lam[:, None] - lam
    np.fill_diagonal(gaps, 1.0)
    if (gaps == 0).any():
        return EigenvectorCondition(math.inf, math.inf)
    # Gram^{-1}_ij = b_i conj(b_j) Gram_ji, b_i = prod_{k != i} rho_ki / (lam_k - lam_i).
    logarithms = (np.log(np.abs(rho)) - np.log(np.abs(gaps))).sum(axis=0)
    phases = np.exp(1j * (np.angle(rho) - np.angle(gaps)).sum(axis=0))
    top = float(logarithms.max())
    # What is e^-80 of the largest does not count, and its products would be slow subnormal numbers.
    b = np.where(logarithms > top - 80, np.exp(logarithms - top), 0.0) * phases
    inverse = b[:, None] * b.conj() * gram.T
    return _condition((2 * top + _log_norm(gram) + _log_norm(inverse)) / 2)


def _of_legt(operator: LegT) -> EigenvectorCondition:
    """kappa from the poles and the recurrence of G there, in balls."""
    N = operator.N
    eigenvectors = [found for _, found in _legt_eigenvectors(operator)]
    columns, cosines = [], []
    for column, cosine, real in eigenvectors:
        columns += [column] if real else [column, column.conj()]
        cosines += [float(cosine)] * (1 if real else 2)
    V = np.array(columns).T * np.sqrt(2 * np.arange(N) + 1.0)[:, None]
    lowest = min(cosines)
    rows = V / np.exp(np.array(cosines) - lowest)
    return _condition((_log_norm(V.conj().T @ V) + _log_norm(rows.conj().T @ rows)) / 2 - lowest)


def _legt_eigenvectors(operator: LegT) -> list[tuple[Any, tuple[Complex, Any, bool]]]:
    """Poles with Im s >= 0 and what ``_legt_eigenvector`` says of them, with enough bits for the cosines."""
    bits = 128 + 3 * operator.N
    while True:
        with working_precision(bits):
            found = [(s, _legt_eigenvector(operator.N, s)) for s in operator.pole_balls() if not s.imag < 0]
            if all(cosine.rad() < 1e-14 for _, (_, cosine, _) in found):
                return found
        bits *= 2


def _legt_eigenvector(N: int, s: Any) -> tuple[Complex, Any, bool]:
    """v/||v|| without the factors r_n, log |v^T S v|/||v||^2 as a ball, and whether the pole s is real."""
    arb = require("flint").arb
    ahead, w = s * 0 + 1, [s * 0 + 1]
    for n in range(N - 1, 0, -1):
        ahead, w = w[-1], [*w, ahead + 2 * (2 * n + 1) * w[-1] / s]
    squares = [(2 * n + 1) * x * x for n, x in enumerate(reversed(w))]
    length = sum((abs(x) for x in squares), arb(0))
    twisted = abs(sum((x if n % 2 == 0 else -x for n, x in enumerate(squares)), s * 0))
    size = length.sqrt()
    column = np.array([complex((-1) ** n * x / size) for n, x in enumerate(reversed(w))])
    return column, (twisted / length).log(), s.imag == 0


def _condition(logarithm: float) -> EigenvectorCondition:
    log10 = max(logarithm, 0.0) / math.log(10)
    return EigenvectorCondition(10.0**log10 if log10 < 308 else math.inf, log10)


def _log_norm(hermitian: Array) -> float:
    return math.log(float(np.linalg.eigvalsh((hermitian + hermitian.conj().T) / 2)[-1]))


def fourier_poles(operator: FouT) -> Complex:
    """Roots of 1 + 2g = 0: LAPACK's eigenvalues, polished by Newton's method on 1/s + sum 2s/(s^2 + 4 pi^2 m^2)."""
    s = np.linalg.eigvals(operator.A).astype(np.complex128)
    square = (2 * np.pi * np.arange(1, (operator.N + 1) // 2)[:, None]) ** 2
    for _ in range(4):
        g = 1 / s + (2 * s / (s * s + square)).sum(axis=0)
        slope = -1 / (s * s) + (2 * (square - s * s) / (s * s + square) ** 2).sum(axis=0)
        s = s - (1 + 2 * g) / (2 * slope)
    return s
