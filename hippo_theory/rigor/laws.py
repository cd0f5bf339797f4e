"""Recipes that are not tied to an operator: their laws in balls; of what is drawn, what the recipe fixes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from ..errors import CertificateError
from ..operators import LegS
from .balls import embed, frobenius, matrix, upper
from .certificate import Check
from .entries import bounded, entry_checks, rounding_limit
from .normal_part import enclose_normal_part
from .stability import stability_check

__all__ = ["law_checks"]


def law_checks(tensors: dict[str, Array], claim: dict[str, Any], dtype: np.dtype[Any]) -> list[Check]:
    """The checks of every recipe but S4 and S4D-LegS."""
    recipe = claim["recipe"]
    if recipe == "lru":
        checks = _ring_checks(tensors, claim, dtype)
    elif recipe == "s5":
        checks = _block_checks(tensors, claim, dtype)
    elif recipe == "s4d" and claim["kind"] == "random":
        checks = _drawn_frequency_checks(tensors, dtype)
    else:
        lam, B = _law(claim)
        # The spectrum of DSS claims to be that of S4D-LegS, correctly rounded.
        limit = rounding_limit(dtype, 0.5 if recipe == "dss" else 4.0)
        checks = [
            check
            for name, exact in (("lam", lam), ("B", B))
            for check in entry_checks(name, tensors[name], exact, limit)
        ]
    return [*checks, stability_check(tensors, claim)]


def _law(claim: dict[str, Any]) -> tuple[Array, Array]:
    """Exact lam and B of a recipe that leaves nothing to chance."""
    flint, N, recipe = require("flint"), claim["N"], claim["recipe"]
    if recipe == "mamba" or (recipe == "s4d" and claim["kind"] == "real"):
        lam = [flint.acb(-(n + 1)) for n in range(N)]
    elif recipe == "dss":
        lam = list(enclose_normal_part(LegS(N), flint.ctx.prec).lam)
    elif recipe == "dfout":
        return _roots_of_unity(N, claim["xi"])
    elif recipe == "s4d":
        lam = _frequency_law(claim)
    else:
        raise CertificateError(f"No exact reference is known for the recipe {recipe!r}.")
    return _array(lam), _array([flint.arb(1)] * len(lam))


def _frequency_law(claim: dict[str, Any]) -> list[Any]:
    """The closed laws of the S4D family, theory section 4."""
    flint, N = require("flint"), claim["N"]
    pi, half, alpha = flint.arb.pi(), flint.arb(0.5), flint.arb(float(claim.get("alpha", 1.0)))
    laws = {
        "lin": lambda n: pi * n,
        "inv": lambda n: N / pi * (flint.arb(N) / (2 * n + 1) - 1),
        "inv2": lambda n: N / pi * (flint.arb(N) / (n + 1) - 1),
        "quad": lambda n: flint.arb(1 + 2 * n) ** 2 / pi,
        "foud": lambda n: 2 * pi * n,
    }
    if claim["kind"] not in laws:
        raise CertificateError(f"No law is known for the S4D kind {claim['kind']!r}.")
    return [flint.acb(-half, alpha * laws[claim["kind"]](n)) for n in range(N // 2)]


def _roots_of_unity(N: int, xi: float) -> tuple[Array, Array]:
    flint = require("flint")
    size, lam = (-flint.arb(float(xi)) / 2).exp(), []
    for n in range(N // 2 + 1):
        angle = flint.fmpq(2 * n, N)
        lam.append(size * flint.acb(flint.arb.cos_pi_fmpq(angle), flint.arb.sin_pi_fmpq(angle)))
    real = [n == 0 or 2 * n == N for n in range(N // 2 + 1)]
    return _array(lam), _array([flint.arb(0.5) if r else flint.arb(1) for r in real])


def _ring_checks(tensors: dict[str, Array], claim: dict[str, Any], dtype: np.dtype[Any]) -> list[Check]:
    """LRU: the modes are drawn, the ring and the normalisation are not."""
    flint, eps = require("flint"), float(np.finfo(dtype).eps)
    r_min, r_max = flint.arb(float(claim["r_min"])), flint.arb(float(claim["r_max"]))
    beyond = defect = flint.arb(0)
    for z, b in zip(embed(tensors["lam"]), embed(tensors["B"]), strict=True):
        size = abs(flint.acb(z))
        beyond = beyond.max(size - r_max).max(r_min - size)
        defect = defect.max(abs(size * size + b * b - 1))
    ring = f"no |lam| lies further than this outside [{claim['r_min']}, {claim['r_max']}]"
    return [
        bounded("ring of lam", ring, upper(beyond), 4 * eps),
        bounded("normalisation of B", "B^2 + |lam|^2 = 1 up to this", upper(defect), 8 * eps),
    ]


def _drawn_frequency_checks(tensors: dict[str, Array], dtype: np.dtype[Any]) -> list[Check]:
    flint = require("flint")
    lam, ones = tensors["lam"], _array([flint.arb(1)] * tensors["B"].size)
    worst = float(np.abs(lam.real + 0.5).max()) if np.all(lam.imag > 0) else float("inf")
    text = "every Re lam is this close to -1/2, every frequency (drawn) positive"
    return [
        bounded("decay rates", text, worst, 0.0),
        *entry_checks("B", tensors["B"], ones, rounding_limit(dtype, 0.0)),
    ]


def _block_checks(tensors: dict[str, Array], claim: dict[str, Any], dtype: np.dtype[Any]) -> list[Check]:
    """S5: every block is the normal part of LegS(N/blocks); B is given or drawn, any vector will do."""
    flint, N, J = require("flint"), claim["N"], claim["blocks"]
    size = N // J
    if size * J != N or size % 2:
        raise CertificateError(f"The claim says {J} blocks of pairs, which N = {N} does not hold.")
    part = enclose_normal_part(LegS(size), flint.ctx.prec)
    V = np.full((N, N // 2), flint.acb(0), dtype=object)
    for j in range(J):
        V[j * size : (j + 1) * size, j * size // 2 : (j + 1) * size // 2] = part.V
    checks = entry_checks("lam", tensors["lam"], np.tile(part.lam, J), rounding_limit(dtype, 0.5))
    checks += entry_checks("V", tensors["V"], V, rounding_limit(dtype, 8.0, parts=2))
    half = matrix(embed(tensors["V"]))
    unitarity = frobenius(half.conjugate().transpose() * half - flint.acb_mat(N // 2, N // 2, 1))
    limit = 4 * N * float(np.finfo(dtype).eps)
    return [*checks, bounded("unitarity of V", "||V^* V - I||, Frobenius norm", upper(unitarity), limit)]


def _array(balls: list[Any]) -> Array:
    array = np.empty(len(balls), dtype=object)
    array[:] = balls
    return array
