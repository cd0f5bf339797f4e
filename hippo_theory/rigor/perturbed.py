"""Perturb-then-diagonalize: what was perturbed, how far the stored modes are from it, and what they cost a user."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, positive_real
from .._optional import require
from ..errors import AccuracyError, CertificateError, UnstableSystemError
from ..operators import OnePort, Operator
from ..systems import Diagonal, StateSpace
from .balls import conjugate, diagonal, embed, frobenius, matrix, upper
from .certificate import Check
from .entries import bounded, entry_checks, rounding_limit
from .float_svd import UNIT, extreme_singular_values
from .hinf_norm import enclose_hinf_norm
from .homotopy import ExactHomotopy, enclose_homotopy
from .homotopy_error import homotopy_error_bound
from .normal_part import ExactNormalPart, enclose_normal_part
from .stability import stability_check

__all__ = ["PerturbedForm", "perturbed_checks"]

_ERROR = "sup ||G_stored(iw) - G(iw)||, the state read out in the operator's coordinates"
_REL = 0.01  # of a transfer error, above the supremum
_MOST_STATES = 128  # of a dense one: half a second for 64, up to 14 s for 128, and growing like N^5


@dataclass(frozen=True)
class PerturbedForm:
    """What a claim of this recipe fixes before anything is derived from it."""

    method: str
    blocks: int
    n: int
    pairs: bool
    driven: bool  # by the input of the operator, not by another one

    @classmethod
    def of(cls, claim: dict[str, Any]) -> PerturbedForm:
        N, J = claim["N"], claim.get("blocks", 1)
        if claim["method"] not in ("allpass", "random", "optimized") or not (type(J) is int and 1 <= J <= N):
            raise CertificateError(f"No recipe ptd is known with method {claim['method']!r} and {J!r} blocks.")
        if N % J:
            raise CertificateError(f"The claim says {J} blocks, which N = {N} does not hold.")
        if claim.get("B", "given") != "given":
            raise CertificateError(f"The claim says B = {claim['B']!r}, of ptd it is given or the operator's own.")
        return cls(claim["method"], J, N // J, bool(claim["conjugate_pairs"]), "B" not in claim)

    def tensors(self, claim: dict[str, Any]) -> set[str]:
        """The tensors that are needed: E where the operator and rho do not tell it, A and B where no family does."""
        derived = self.method == "allpass" and claim.get("family", "LegT") != "LegT"
        told = set[str]() if "family" in claim else {"A", "input"}
        return {"lam", "B", "V"} | (set() if derived else {"E"}) | told

    def modes(self, lam: Array) -> int:
        """How many modes stand for N: real ones of stored pairs once."""
        n = self.n * self.blocks
        return (n + int((lam.imag == 0).sum())) // 2 if self.pairs else n

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"A": (self.n, self.n), "E": (self.n, self.n), "input": (self.n,)}

    def block(self, tensors: dict[str, Array]) -> dict[str, Array]:
        """One block, of which all others must be copies."""
        M, J = tensors["lam"].size // self.blocks, self.blocks
        one = {"lam": tensors["lam"][:M], "V": tensors["V"][: self.n, :M]}
        copies = {"lam": np.tile(one["lam"], J), "V": np.kron(np.eye(J, dtype=one["V"].dtype), one["V"])}
        if self.driven:
            one["B"] = tensors["B"][:M]
            copies["B"] = np.tile(one["B"], J)
        if not all(np.array_equal(tensors[name], copy) for name, copy in copies.items()):
            raise CertificateError(f"The {J} blocks are not copies of one.")
        real = (one["lam"].imag == 0) & self.pairs
        if any(one[name][..., real].imag.any() for name in one):
            raise CertificateError("A real mode of stored pairs has a complex column of V, or entry of B.")
        return one


def perturbed_checks(
    tensors: dict[str, Array], claim: dict[str, Any], source: Operator | None, dtype: np.dtype[Any]
) -> list[Check]:
    """The checks of ``ptd``; ``source`` is the operator of a claimed family, one block of it."""
    form = PerturbedForm.of(claim)
    one = form.block(tensors)
    rho = _rho(claim) if form.method == "allpass" else None
    modes = _FullModes(one, form.pairs)
    exact_A, exact_B = _source(tensors, source)
    checks: list[Check] = []
    near = 0.0
    if rho is not None and isinstance(source, OnePort):
        part = enclose_normal_part(source, require("flint").ctx.prec)
        exact = enclose_homotopy(part, source.shift, rho, one["lam"].astype(np.complex128), require("flint").ctx.prec)
        near = exact.conditions[-1]
        checks += _mode_checks(one, exact, form, source.N, dtype)
        E = exact_B * exact_B.transpose() * (_ball(rho) / (1 + _ball(rho)))
        size = upper(_ball(rho) / (1 + _ball(rho)) * _squares(exact_B))
    else:
        E = matrix(embed(tensors["E"]))
        size = float(extreme_singular_values(tensors["E"].astype(np.complex128)[None], np.zeros(1))[3][0])
        checks.append(_unit_columns(modes, dtype))
        if rho is not None:
            checks.append(_dissipation_check(exact_A, E, rho, source, dtype))
    least, kappa, smallest = modes.conditions()
    eps = float(np.finfo(dtype).eps)
    limit = 4 * (form.n * eps + near * UNIT) * kappa
    if not (rho is not None and isinstance(source, OnePort)):
        # Nothing else says what V is, and any vectors solve an equation to within an infinite kappa.
        limit = min(limit, math.sqrt(eps))
    residual = (exact_A + E) * modes.V - modes.V * diagonal(modes.lam)
    value = upper(frobenius(residual) / (frobenius(exact_A) * _ball(smallest)))
    text = "||V diag(lam) V^-1 - (A + E)|| / ||A||, Frobenius norms"
    checks.append(bounded("residual of A", text, value, limit))
    if form.driven:
        B = exact_B if rho is None else exact_B / (1 + _ball(rho))
        value = upper(frobenius(modes.V * modes.B - B) / frobenius(B))
        told = "B" if rho is None else "B/(1 + rho)"
        checks.append(bounded("residual of B", f"||V (V^-1 B) - {told}|| / ||.||, all modes", value, limit))
    checks += [
        _informing("eigenvector condition", "||V|| ||V^-1|| of all columns is at most this", kappa),
        _informing("eigenvector condition from below", "||V|| ||V^-1|| of all columns is at least this", least),
        _informing("perturbation", "||E||, spectral norm, is at most this", size),
    ]
    if form.driven and rho is not None and isinstance(source, OnePort):
        checks += _homotopy_error_checks(one, exact, part, source.shift, rho)
    elif form.driven and all(check.passed for check in checks):
        checks.append(_dense_error_check(one, form, tensors, source))
        if rho is None and isinstance(source, OnePort) and size < source.shift:
            checks.append(_small_perturbation_check(size, source.shift))
    return [*checks, stability_check({"lam": tensors["lam"]}, claim)]


def _rho(claim: dict[str, Any]) -> float:
    rho = positive_real(claim["rho"], "rho", "the claim")
    if rho > 1:
        raise CertificateError(f"The claim says rho = {rho:g}, beyond 1.")
    return rho


def _ball(x: float) -> Any:
    return require("flint").arb(x)


def _squares(column: Any) -> Any:
    return sum((z.real * z.real for z in column.entries()), _ball(0))


def _source(tensors: dict[str, Array], source: Operator | None) -> tuple[Any, Any]:
    """A and B, exact, as ``acb_mat``."""
    flint = require("flint")
    if source is None:
        return matrix(embed(tensors["A"])), matrix(embed(tensors["input"])[:, None])
    return tuple(map(flint.acb_mat, source.balls(flint.ctx.prec)))


class _FullModes:
    """All n modes of a block from stored halves: ``lam`` (n,), ``V`` (n, n), ``B`` (n, 1), the stored floats."""

    def __init__(self, one: dict[str, Array], pairs: bool) -> None:
        paired = (one["lam"].imag != 0) if pairs else np.zeros(one["lam"].size, dtype=bool)
        V = one["V"].astype(np.complex128)
        self.floats = np.concatenate([V, V[:, paired].conj()], axis=1)
        self.V = matrix(embed(self.floats))
        lam = embed(one["lam"].astype(np.complex128))
        self.lam = np.concatenate([lam, conjugate(lam[paired])])
        if "B" in one:
            B = embed(one["B"]) * np.where(paired | (not pairs), 1, 2)
            self.B = matrix(np.concatenate([B, conjugate(B[paired])])[:, None])

    def conditions(self) -> tuple[float, float, float]:
        """Bounds of kappa(V) from below and above, and of the smallest singular value from below."""
        with np.errstate(all="ignore"):
            found = extreme_singular_values(self.floats[None], np.zeros(1))
            low, high, largest_low, largest_high = (float(bound[0]) for bound in found)
        above = math.nextafter(largest_high / low, math.inf) if low > 0 else math.inf
        return math.nextafter(largest_low / high, 0.0), above, low


def _mode_checks(
    one: dict[str, Array], exact: ExactHomotopy, form: PerturbedForm, N: int, dtype: np.dtype[Any]
) -> list[Check]:
    """b = 1/phi is a product of N factors: its rounding, N eps, moves a mode by as much as the mode is conditioned.

    V and B are values at a rounded lam: what that adds is ``near``, large next to a pole of the operator.
    """
    along, turned, bent, near = exact.conditions

    def limit(condition: float) -> float:
        return rounding_limit(dtype, 4 * (N * (1 + condition) + near), parts=2)

    checks = entry_checks("lam", one["lam"], exact.lam, limit(along))
    if form.driven:
        half = np.where((one["lam"].imag == 0) & form.pairs, 0.5, 1.0)
        checks += entry_checks("B", one["B"], exact.weights * embed(half), limit(bent))
    worst = max(upper(gap) for gap in _column_gaps(one, exact))
    text = "every column of V, of length one, is this close to the exact one"
    return [*checks, bounded("columns of V", text, worst, limit(turned) * float(np.finfo(dtype).eps))]


def _column_gaps(one: dict[str, Array], exact: ExactHomotopy) -> list[Any]:
    V = embed(one["V"].astype(np.complex128)) - exact.V
    return [frobenius(matrix(V[:, k, None])) for k in range(V.shape[1])]


def _unit_columns(modes: _FullModes, dtype: np.dtype[Any]) -> Check:
    V = embed(modes.floats)
    worst = max(upper(abs(frobenius(matrix(V[:, k, None])) - 1)) for k in range(V.shape[1]))
    limit = 16 * float(np.finfo(dtype).eps)
    return bounded("columns of V", "every column of V has length one, up to this", worst, limit)


def _dissipation_check(A: Any, E: Any, rho: float, source: Operator | None, dtype: np.dtype[Any]) -> Check:
    """Of a matrix that names no family the shift is known by E alone: any multiple of I will do."""
    flint, n = require("flint"), A.nrows()
    rest = E + (A + A.transpose()) * (_ball(rho) / (1 + _ball(rho)))
    shift = -(1 + _ball(rho)) / (2 * _ball(rho)) * rest.trace().real / n if source is None else _ball(source.shift)
    rest += flint.acb_mat(n, n, 1) * (2 * _ball(rho) / (1 + _ball(rho)) * shift)
    eps = float(np.finfo(dtype).eps)
    value = upper(frobenius(rest) / frobenius(A))
    text = "||E + rho/(1 + rho) (A + A^T + 2 shift I)|| / ||A||, Frobenius norms"
    return bounded("perturbation of the claim", text, value, 4 * n * eps)


def _informing(name: str, text: str, value: float) -> Check:
    return Check(name, text, value if math.isfinite(value) else None, None, True)


def _homotopy_error_checks(
    one: dict[str, Array], exact: ExactHomotopy, part: ExactNormalPart, shift: float, rho: float
) -> list[Check]:
    """The error of the exact homotopy and, mode by mode, what rounding adds to it."""
    value = upper(_ball(homotopy_error_bound(part, shift, rho, _REL)) + _rounding(one, exact))
    checks = [_informing("transfer error", _ERROR, value)]
    if shift > 0 and rho < 1:
        bound = upper(_ball(rho) / (2 * (2 * _ball(shift)).sqrt() * (1 - _ball(rho))))
        checks.append(_informing("transfer error by theory", "rho/(2 sqrt(2 shift) (1 - rho)), at every N", bound))
    return checks


def _rounding(one: dict[str, Array], exact: ExactHomotopy) -> Any:
    """sum ||v b/(s - lam) - exact|| on the axis, two terms for every stored mode."""
    flint = require("flint")
    if not (one["lam"].real < 0).all():
        return flint.arb("inf")
    weights, total = exact.weights * embed(np.where(one["lam"].imag == 0, 0.5, 1.0)), flint.arb(0)
    stored = zip(embed(one["lam"]), embed(one["B"]), strict=True)
    for (lam, b), true, weight, gap in zip(stored, exact.lam, weights, _column_gaps(one, exact), strict=True):
        drive = abs(b - weight) * (1 + gap) + abs(weight) * gap
        total += (drive + abs(weight) * abs(lam - true) / abs(true.real)) / abs(lam.real)
    return 2 * total


def _dense_error_check(
    one: dict[str, Array], form: PerturbedForm, tensors: dict[str, Array], source: Operator | None
) -> Check:
    wide = {name: np.asarray(x.astype(np.result_type(x.dtype, np.float64))) for name, x in (tensors | one).items()}
    stored = Diagonal(wide["lam"], wide["B"], C=wide["V"], conjugate_pairs=form.pairs)
    given = source if source is not None else StateSpace(wide["A"], wide["input"])
    value = math.inf
    if form.n <= _MOST_STATES:
        # Open for a source that is unstable, and for poles that cannot be told from the axis.
        with suppress(AccuracyError, UnstableSystemError):
            value = enclose_hinf_norm(given, stored, rel=_REL).upper
    return _informing("transfer error", _ERROR, value)


def _small_perturbation_check(size: float, shift: float) -> Check:
    """Theory P2: the numerical range of A + E stays left of ||E|| - shift, and ||G|| <= 1/sqrt(2 shift)."""
    bound = upper(_ball(size) / ((_ball(shift) - _ball(size)) * (2 * _ball(shift)).sqrt()))
    return _informing("transfer error by theory", "||E||/((shift - ||E||) sqrt(2 shift)), for every E", bound)
