"""``certify``: prove, in ball arithmetic, how far stored numbers are from what they claim to be.

Everything is derived from the claim and the stored tensors alone, never from the object that made
them: the same function judges an object in memory and a file from anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array, positive_integer
from .._info import versions
from .._optional import require
from .._precision import working_precision
from ..errors import CertificateError, HippoTheoryError, ParameterTypeError
from ..operators import LegT, Operator, TakenakaMalmquist, operator
from .balls import conjugate, diagonal, embed, frobenius, matrix, upper
from .certificate import Certificate, Check, fingerprint
from .entries import bounded, entry_checks, rounding_limit
from .laws import law_checks
from .normal_part import ExactNormalPart, enclose_normal_part
from .perturbed import PerturbedForm, perturbed_checks
from .stability import stability_check
from .storage import from_storage, to_storage
from .two_ports import enclose_two_ports

__all__ = ["certify", "certify_stored", "check_form", "claimed_operator", "stored_tensors"]


def certify(obj: Any, *, dtype: str = "float64", bits: int = 128) -> Certificate:
    """Certificate of an operator, an initialisation or a system, as it would be stored.

    Parameters
    ----------
    obj : Operator, Initialization, StateSpace, Diagonal or DiagonalPlusLowRank
        Anything with ``claim()`` and ``tensors()``.
    dtype : {"float64", "float32"}
        Precision of the stored numbers; the certificate judges the rounded ones.
    bits : int, default 128
        Working precision of the ball arithmetic.

    Returns
    -------
    Certificate
        ``passed`` if every check holds. Checks, by what is claimed: entrywise distance to the exact
        object in ulp, relative distance, unitarity of V, the residual of A in the operator's
        coordinates, stability. Of ``ptd`` also kappa(V) from both sides, ||E||, and the "transfer error"
        sup ||G_stored - G|| of the stored numbers, at most 1 % above the supremum; limits grow with the
        condition of the modes, and dense ones stop at half of the digits of the dtype. Values are
        rigorous bounds, not estimates. A bare system claims nothing but its form: only its stability is examined.

    Raises
    ------
    ParameterTypeError
        An object that makes no claim.

    Notes
    -----
    Second road: eigenvalues are enclosed by signs of the monotone phase, for LegT by those of a determinant, found
    without the code that made them. Cost O(N^3) ball operations: 0.2 s at N = 64, 3 s at N = 256. For ``ptd`` with one
    port .5 s and 6 s; for others .5 s at N = 64, 14 s at 128, beyond which the transfer error stays open, as it does
    with another input than the operator's, which the certificate does not judge.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> certificate = ht.certify(ht.s4d("legs", 16))
    >>> certificate.passed, certificate["unitarity of V"].value < 1e-14
    (True, True)
    """
    stored = stored_tensors(obj, dtype)
    return certify_stored(stored, obj.claim(), getattr(obj, "conventions", {}), dtype, bits)


def stored_tensors(obj: Any, dtype: str) -> dict[str, Array]:
    """The tensors of an object as a file holds them; what makes no claim is refused."""
    if isinstance(obj, type) or not (hasattr(obj, "claim") and hasattr(obj, "tensors")):
        raise ParameterTypeError(
            f"An operator, an initialisation or a system is needed, got {type(obj).__name__}; "
            "wrap arrays in StateSpace, Diagonal or DiagonalPlusLowRank."
        )
    return to_storage(obj.tensors(), dtype)


def certify_stored(
    stored: dict[str, Array], claim: dict[str, Any], conventions: dict[str, str], dtype: str, bits: int = 128
) -> Certificate:
    """The certificate of stored tensors against a claim; what ``certify`` and ``verify`` share."""
    try:
        tensors = from_storage(stored)
        check_form(tensors, claim)
        with working_precision(bits):
            checks = _checks(tensors, claim, np.dtype(dtype))
    except HippoTheoryError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise CertificateError(
            f"The claim does not describe the tensors {sorted(stored)}: {type(error).__name__} {error}."
        ) from error
    prints = {name: fingerprint(array) for name, array in stored.items()}
    return Certificate(claim, dict(conventions), dtype, prints, tuple(checks), versions(), bits)


_BARE = {"StateSpace": ("A", "B"), "Diagonal": ("lam", "B"), "DiagonalPlusLowRank": ("lam", "P", "B")}


def check_form(tensors: dict[str, Array], claim: dict[str, Any]) -> None:
    """Names, sizes and finiteness, before anything is derived from a claim that may be a lie."""
    kind, needed, optional = claim["type"], set[str](), set[str]()
    if kind == "Operator":
        needed = {"A", "B"}
    elif kind == "Initialization":
        needed = {"lam", "B"} | ({"V"} if "family" in claim else set()) | ({"P"} if claim["recipe"] == "s4" else set())
        optional = {"C"}
        if claim["recipe"] == "ptd":
            needed = PerturbedForm.of(claim).tensors(claim)
    elif kind in _BARE:
        needed, optional = set(_BARE[kind]), {"C", "Q"} if kind == "DiagonalPlusLowRank" else {"C"}
    else:
        raise CertificateError(f"No object of type {kind!r} is known.")
    if kind != "Operator" and claim["D"] is None:
        needed.add("D")  # an array, and no part of the claim
    if not needed <= tensors.keys() <= needed | optional:
        raise CertificateError(f"{kind} consists of {sorted(needed)}, the tensors are {sorted(tensors)}.")
    for name, array in tensors.items():
        if array.size == 0 or not np.isfinite(array).all():
            raise CertificateError(f"Tensor {name} is empty or holds NaN or infinity.")
    if kind in _BARE:
        return
    N = positive_integer(claim["N"], "N", "the claim")
    modes = N if kind == "Operator" else _stored_modes(claim, N, tensors["lam"])
    shapes: dict[str, tuple[int, ...]] = {"A": (N, N), "V": (N, modes)}
    if claim.get("family") == "LegT":
        shapes["P"] = (N, 2)
    if claim.get("recipe") in ("s5", "ptd"):
        shapes |= _ports(tensors, modes)
    if claim.get("recipe") == "ptd":
        shapes |= PerturbedForm.of(claim).shapes()
    for name, array in tensors.items():
        expected = shapes.get(name, (modes,))
        if array.shape != expected:
            raise CertificateError(f"The claim N = {N} needs {name} of shape {expected}, it has {array.shape}.")


def _ports(tensors: dict[str, Array], modes: int) -> dict[str, tuple[int, ...]]:
    """Shapes of B, C and D where there may be several inputs, the columns of B, and outputs, the rows of C."""
    driven, read = tensors["B"].shape[1:2], tensors["C"].shape[:-1][:1] if "C" in tensors else ()
    return {"B": (modes, *driven), "C": (*read, modes), "D": (*read, *driven)}


def _stored_modes(claim: dict[str, Any], N: int, lam: Array) -> int:
    """Number of modes that a recipe stores; whether halves are stored follows from the recipe, or ptd says it."""
    recipe = claim["recipe"]
    if recipe == "ptd":
        return PerturbedForm.of(claim).modes(lam)
    halves = not (recipe in ("s4", "mamba") or (recipe == "s4d" and claim["kind"] == "real"))
    if claim["conjugate_pairs"] is not halves:
        raise CertificateError(f"{recipe} has conjugate_pairs = {halves}, not {claim['conjugate_pairs']}.")
    if recipe == "dfout":
        return N // 2 + 1
    return (N + 1) // 2 if halves else N


def claimed_operator(claim: dict[str, Any]) -> Operator:
    """The exact operator that a claim speaks of."""
    if claim["family"] != "TakenakaMalmquist":
        return operator(claim["family"], claim["N"])
    made = TakenakaMalmquist([complex(*pair) for pair in claim["a"]], claim["shift"])
    if claim["N"] != made.N:
        raise CertificateError(f"The claim says N = {claim['N']} and lists {made.N} parameters.")
    return made


def _checks(tensors: dict[str, Array], claim: dict[str, Any], dtype: np.dtype[Any]) -> list[Check]:
    if claim["type"] == "Operator":
        return _operator_checks(tensors, claim, dtype)
    if claim["type"] == "Initialization":
        recipe = claim["recipe"], claim.get("kind")
        if recipe[0] == "s4" or recipe == ("s4d", "legs"):
            return _normal_part_checks(tensors, claim, dtype)
        if recipe[0] == "ptd":
            block = claim | {"N": claim["N"] // claim.get("blocks", 1)}
            return perturbed_checks(tensors, claim, claimed_operator(block) if "family" in claim else None, dtype)
        return law_checks(tensors, claim, dtype)
    return [stability_check(tensors, claim)]


def _operator_checks(tensors: dict[str, Array], claim: dict[str, Any], dtype: np.dtype[Any]) -> list[Check]:
    op = claimed_operator(claim)
    exact = _operator_balls(op)
    limit = rounding_limit(dtype, 0.0 if dtype == np.float64 else 0.5)
    checks = [c for name in ("A", "B") for c in entry_checks(name, tensors[name], exact[name], limit)]
    checks.append(_lossless_check(op, exact))
    checks.append(stability_check(tensors, claim))
    return checks


def _operator_balls(op: Operator) -> dict[str, Array]:
    A, B = op.balls(require("flint").ctx.prec)
    exact_A = np.empty((op.N, op.N), dtype=object)
    exact_A.ravel()[:] = A.entries()
    exact_B = np.empty(op.N, dtype=object)
    exact_B[:] = B.entries()
    return {"A": exact_A, "B": exact_B}


def _lossless_check(op: Operator, exact: dict[str, Array]) -> Check:
    """The identity that makes the family what it is, enclosed for the exact entries."""
    A, B = exact["A"], exact["B"]
    defect = A + A.T + np.outer(B, B)
    defect[np.arange(op.N), np.arange(op.N)] += 2 * require("flint").arb(op.shift)
    ports = "B B^T"
    if op.family == "LegT":
        # The second port reads the far end of the window: d = |B|.
        defect = defect + np.outer(abs(B), abs(B))
        ports = "B B^T + d d^T"
    scale = sum((b * b for b in B), require("flint").arb(0))
    value = upper(frobenius(matrix(defect)) / scale)
    limit = op.N * 2.0 ** (8 - require("flint").ctx.prec)
    return bounded("losslessness", f"||A + A^T + 2 shift I + {ports}|| / ||B||^2 of the exact entries", value, limit)


def _normal_part_checks(tensors: dict[str, Array], claim: dict[str, Any], dtype: np.dtype[Any]) -> list[Check]:
    """S4 and S4D-LegS: the modes against enclosures, then the identities in the operator's coordinates."""
    op = claimed_operator(claim)
    flint = require("flint")
    bits = flint.ctx.prec
    part = enclose_two_ports(op, bits) if isinstance(op, LegT) else enclose_normal_part(op, bits)
    exact, low_rank = _exact_modes(part, claim)
    checks: list[Check] = []
    # The phase of V enters a clipped B, and leaves again; it enters the far port in P.
    turned = {"V"} | ({"B"} if "b_clip" in claim else set()) | ({"P"} if part.far is not None else set())
    for name, reference in exact.items():
        computed = 0.5 if name == "lam" else 8.0 if name in turned else 4.0
        limit = rounding_limit(dtype, computed, parts=2 if np.iscomplexobj(tensors[name]) else 1)
        checks += entry_checks(name, tensors[name], reference, limit)
    eps = float(np.finfo(dtype).eps)
    V, lam = matrix(_mirrored(embed(tensors["V"]), claim)), _mirrored(embed(tensors["lam"]), claim)
    unitarity = frobenius(V.conjugate().transpose() * V - flint.acb_mat(op.N, op.N, 1))
    checks.append(bounded("unitarity of V", "||V^* V - I||, Frobenius norm", upper(unitarity), 4 * op.N * eps))
    A_and_B = _operator_balls(op)
    exact_A, B = matrix(A_and_B["A"]), matrix(A_and_B["B"][:, None])
    middle = diagonal(lam)
    if low_rank:
        P = matrix(embed(tensors["P"]).reshape(op.N, -1))
        middle = middle - P * P.conjugate().transpose()
    else:
        exact_A = exact_A + B * B.transpose() * flint.acb(0.5)
    residual = upper(frobenius(V * middle * V.conjugate().transpose() - exact_A) / frobenius(exact_A))
    form = "V (diag(lam) - P P^*) V^* - A" if low_rank else "V diag(lam) V^* - (A + B B^T/2)"
    checks.append(bounded("residual of A", f"||{form}|| / ||.||, Frobenius norms", residual, 4 * op.N * eps))
    checks.append(stability_check(tensors, claim))
    return checks


def _exact_modes(part: ExactNormalPart, claim: dict[str, Any]) -> tuple[dict[str, Array], bool]:
    flint = require("flint")
    B = part.weights if "b_clip" not in claim else _clipped(part, flint.arb(float(claim["b_clip"])))
    if claim["recipe"] == "s4":
        lam, V, _ = part.full()
        return {"lam": lam, "P": part.P, "B": np.concatenate([B, conjugate(B[: part.N // 2])]), "V": V}, True
    scale = np.full(part.weights.size, flint.arb(float(claim["b_scale"])), dtype=object)
    if part.N % 2:
        scale[-1] = scale[-1] / 2
    return {"lam": part.lam, "B": B * scale, "V": part.V}, False


def _clipped(part: ExactNormalPart, limit: Any) -> Array:
    """V^*B (M,) with its imaginary part clipped in the phase where row 0 of V is real, in our phase again."""
    flint = require("flint")
    B = np.empty(part.weights.size, dtype=object)
    for j, (first, weight) in enumerate(zip(part.V[0], part.weights, strict=True)):
        turn = first / abs(first)
        b = weight * turn
        B[j] = flint.acb(b.real, b.imag.min(limit).max(-limit)) * turn.conjugate()
    return B


def _mirrored(stored: Array, claim: dict[str, Any]) -> Array:
    """All N modes from stored halves (a no-op for a full spectrum); modes along the last axis."""
    if not claim["conjugate_pairs"]:
        return stored
    paired = stored[..., : claim["N"] // 2]
    return np.concatenate([stored, conjugate(paired)], axis=-1)
