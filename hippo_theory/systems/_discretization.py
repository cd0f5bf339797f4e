"""From continuous to discrete time, x_k = Abar x_{k-1} + Bbar u_k: every method for every form of the matrix.

With Z = dt A there are two formulas, and C and D are not touched:

- generalised bilinear: Abar = (I - alpha Z)^{-1} (I + (1 - alpha) Z), Bbar = (I - alpha Z)^{-1} dt B;
- exponential: Abar = e^Z, and Bbar = int_0^dt e^{tA} dt B for a held input ("zoh"), B for impulses ("dirac").
"""

from __future__ import annotations

import warnings
from math import frexp
from typing import NamedTuple

import numpy as np

from .._arrays import Array, finite_real, known_name, positive_real
from .._exponential import expm1_over
from ..errors import AccuracyError, AccuracyWarning, ParameterError

__all__ = ["DISCRETIZATIONS", "Rule", "rule", "sampled_dense", "sampled_low_rank", "sampled_modes"]

DISCRETIZATIONS = ("zoh", "bilinear", "forward-euler", "backward-euler", "generalized-bilinear", "dirac")
_GENERAL = "generalized-bilinear"
_ALPHA = {"forward-euler": 0.0, "bilinear": 0.5, "backward-euler": 1.0}
_SINGULAR_AT = {"bilinear": "2/dt", "backward-euler": "1/dt"}
_EPS = float(np.finfo(np.float64).eps)
_HALF_THE_DIGITS = 1e-8


class Rule(NamedTuple):
    """A validated choice; ``alpha`` is None for the methods that are made of e^{dt A}."""

    who: str
    dt: float
    method: str
    alpha: float | None

    def __str__(self) -> str:
        given = f", alpha = {self.alpha}" if self.method == _GENERAL else ""
        return f"{self.who}: {self.method} with dt = {self.dt}{given}"


def rule(who: str, dt: float, method: str, alpha: float | None) -> Rule:
    """The choice, or an error that says what the method needs."""
    dt = positive_real(dt, "dt", who)
    known_name(method, DISCRETIZATIONS, "discretization")
    if method != _GENERAL:
        if alpha is not None:
            raise ParameterError(f"{who}: {method!r} has no alpha, got {alpha!r}; it belongs to {_GENERAL!r}.")
        return Rule(who, dt, method, _ALPHA.get(method))
    if alpha is None:
        raise ParameterError(f"{who}: {_GENERAL!r} needs alpha in [0, 1]; its members by name are {_ALPHA}.")
    alpha = finite_real(alpha, "alpha", who)
    if not 0 <= alpha <= 1:
        raise ParameterError(f"{who}: alpha must lie in [0, 1], got {alpha}.")
    return Rule(who, dt, method, alpha)


def sampled_modes(lam: Array, B: Array, rule: Rule) -> tuple[Array, Array]:
    """Abar and Bbar of diag(lam), mode by mode."""
    z = _per_step(lam.astype(np.complex128), rule)
    row = z.reshape(-1, *[1] * (B.ndim - 1))
    with np.errstate(all="ignore"):
        if rule.alpha is None:
            a, b = np.exp(z), B if rule.method == "dirac" else rule.dt * B * expm1_over(row)
            _require_finite(rule, a, b)
            # An eps of z is one of the phase: absolute for a mode that decays, relative for one that grows.
            _require_digits(rule, float((np.abs(z) * np.minimum(1, np.abs(a))).max()))
        else:
            _require_map(rule, float(_cancellation(z, rule.alpha).max()))
            a, b = (1 + (1 - rule.alpha) * z) / (1 - rule.alpha * z), rule.dt * B / (1 - rule.alpha * row)
            _require_finite(rule, a, b)
    # A mode off the real axis stays off it when Im lam underflows: a stored half must not lose its mirror image.
    a.imag[(lam.imag != 0) & (a.imag == 0)] = np.finfo(np.float64).smallest_subnormal
    return a, b


def sampled_low_rank(
    lam: Array, P: Array, Q: Array, B: Array, rule: Rule, alpha: float
) -> tuple[Array, Array, Array, Array]:
    """lam, P, Q, B of the generalised bilinear map of diag(lam) - P Q^*, P and Q (N, r), which keeps the form."""
    dt, z = rule.dt, _per_step(lam, rule)
    with np.errstate(all="ignore"):
        d, lost = 1 / (1 - alpha * z), _cancellation(z, alpha)
        left, right, eye = d[:, None] * P, d.conj()[:, None] * Q, np.eye(P.shape[1])
        port = eye + alpha * dt * (Q.conj().T @ left)
        try:
            inverse = np.linalg.inv(port)
        except np.linalg.LinAlgError:
            inverse = np.full_like(port, np.inf)
        # Where lam comes close to 1/(alpha dt) and A does not, lambar and the low rank cancel: hence the square.
        spread = eye + alpha * dt * (np.abs(Q).T @ (lost[:, None] * np.abs(left)))
        condition = (np.abs(inverse) @ spread).sum(axis=1).max()
        _require_map(rule, float(max((lost**2).max(), condition)), " or of its diagonal part")
        b = dt * (d * B - alpha * dt * (left @ (inverse @ (right.conj().T @ B))))
        sampled = (1 + (1 - alpha) * z) * d, dt * (left @ inverse), right, b
    _require_finite(rule, *sampled)
    return sampled


def sampled_dense(A: Array, B: Array, rule: Rule) -> tuple[Array, Array]:
    """Abar and Bbar; a triangular A gives a triangular Abar, whose diagonal is as exact as that of A."""
    from scipy.linalg import solve_triangular

    N, Z = len(A), _per_step(A, rule)
    lower, upper = np.array_equal(Z, np.tril(Z)), np.array_equal(Z, np.triu(Z))
    if rule.alpha is None:
        norm = float(np.abs(Z).sum(axis=0).max())
        _require_digits(rule, norm)
        return _exponential(Z, B, norm, lower, rule)
    alpha, eye = rule.alpha, np.eye(N)
    size = 1 + alpha * np.abs(Z).sum(axis=1)
    with np.errstate(all="ignore"):
        # The last columns make the condition |(I - alpha Z)^{-1}| (I + alpha |Z|), which no scaling of rows changes.
        right = np.column_stack([eye + (1 - alpha) * Z, rule.dt * B, np.diag(size)])
        rows = np.ldexp(1.0, -np.frexp(size)[1])[:, None]
        left, right = rows * (eye - alpha * Z), rows * right
        try:
            if lower or upper:
                X = solve_triangular(left, right, lower=lower, check_finite=False)
            else:
                X = np.linalg.solve(left, right)
        except np.linalg.LinAlgError:
            X = np.full_like(right, np.inf)
        _require_map(rule, float(np.abs(X[:, -N:]).sum(axis=1).max()))
    _require_finite(rule, X)
    return X[:, :N], X[:, N:-N].reshape(B.shape)


def _exponential(Z: Array, B: Array, norm: float, lower: bool, rule: Rule) -> tuple[Array, Array]:
    from scipy.linalg import expm

    N = len(Z)
    with np.errstate(all="ignore"):
        if rule.method == "dirac":
            a, b = expm(Z), B
        else:
            # No input must decide how often expm squares: a power of two takes its scale out.
            u = rule.dt * B.reshape(N, -1)
            scale = 2.0 ** np.clip(np.frexp(np.abs(u).sum(axis=0))[1] - max(frexp(norm)[1], 0), -1000, 1000)
            # Before the states or after them: whichever leaves a triangular A triangular.
            H = u.shape[1]
            state, held = (slice(H, None), slice(H)) if lower else (slice(N), slice(N, None))
            M = np.zeros((N + H, N + H), dtype=np.result_type(Z, u))
            M[state, state], M[state, held] = Z, u / scale
            E = expm(M)
            a, b = E[state, state], (E[state, held] * scale).reshape(B.shape)
    _require_finite(rule, a, b)
    return a, b


def _per_step(A: Array, rule: Rule) -> Array:
    """dt A, or an error where that leaves the float range."""
    with np.errstate(over="ignore"):
        Z = np.asarray(rule.dt * A)
        if not np.isfinite(np.abs(Z).sum()):
            raise AccuracyError(f"{rule}: dt A exceeds the float range; rescale time.")
    return Z


def _cancellation(z: Array, alpha: float) -> Array:
    """How often its own relative error 1 - alpha z has that of z; 1 at z = 0, infinite at 1/alpha."""
    return np.asarray((1 + alpha * np.abs(z)) / np.abs(1 - alpha * z))


def _require_map(rule: Rule, condition: float, part: str = "") -> None:
    at = _SINGULAR_AT.get(rule.method, "1/(alpha dt)")
    if not _EPS * condition < 1:
        raise ParameterError(
            f"{rule} does not exist: {at} is, to working precision, an eigenvalue of A{part}; change dt."
        )
    _warn_of(rule, _EPS * condition, f"{at} is close to an eigenvalue of A{part}")


def _require_digits(rule: Rule, phase: float) -> None:
    if not _EPS * phase < 1:
        raise AccuracyError(f"{rule} has no digit left: |dt A| is {phase:.1e}; take a smaller step or rescale time.")
    _warn_of(rule, _EPS * phase, f"|dt A| is {phase:.1e}")


def _warn_of(rule: Rule, lost: float, why: str) -> None:
    if lost > _HALF_THE_DIGITS:
        warnings.warn(
            f"{rule}: about {lost:.0e} of the sampled matrices is uncertain, as {why}.", AccuracyWarning, stacklevel=5
        )


def _require_finite(rule: Rule, *sampled: Array) -> None:
    if not all(np.isfinite(x).all() for x in sampled):
        raise AccuracyError(f"{rule} exceeds the float range: A is unstable at this step; take a smaller one.")
