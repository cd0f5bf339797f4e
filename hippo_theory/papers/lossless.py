"""Figures of the lossless theory itself: the spectrum of LegS, its Gramian, and how far from normal HiPPO is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from .. import plot
from .._arrays import Array, Real
from ..analysis import eigenvector_condition
from ..errors import AccuracyWarning
from ..lossless import normal_frequencies, phase
from ..operators import FouT, LegS, LegT
from ._claims import Claim
from ._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["FIGURES"]

_EPS = float(np.finfo(np.float64).eps)

# ----------------------------------------------------------------------------------------------- the spectrum

_TOPS = (80.9660809, 1303.2738430, 20860.2331114)
_SHOWN, _LAPACK, _SIZES = 12, (64, 256, 1024), (64, 1024, 100_000)


def _legs(N: int) -> Array:
    return LegS(N).a


def _lapack_errors(N: int) -> tuple[Real, Real]:
    """Positive frequencies, and the relative error of LAPACK's Hermitian eigenvalues for each."""
    op = LegS(N)
    exact = normal_frequencies(op.a)[0]
    skew = op.A + np.outer(op.B, op.B) / 2
    found = np.linalg.eigvalsh(-0.5j * (skew - skew.T))[::-1][: exact.size]
    kept = exact > 0
    return exact[kept], np.abs(found - exact)[kept] / exact[kept]


def _spectrum_compute(quick: bool) -> Data:
    y = np.geomspace(0.1, 200, 600)
    sizes = _SIZES[:2] if quick else _SIZES
    data: Data = {
        "y": y,
        "theta": phase(_legs(_SHOWN), y)[0] / np.pi,
        "roots": normal_frequencies(_legs(_SHOWN))[0],
        "top": np.array([normal_frequencies(_legs(N), [0])[0][0] for N in (16, 64, 256)]),
    }
    for N in sizes:
        data[f"spectrum_{N}"] = normal_frequencies(_legs(N))[0]
    for N in _LAPACK[:2] if quick else _LAPACK:
        data[f"frequency_{N}"], data[f"lapack_{N}"] = _lapack_errors(N)
    N = sizes[-1]
    m = 2 * np.arange(3) + 1
    law = N**2 / (np.pi * m) - m * np.pi / 6
    data["law_gap"] = data[f"spectrum_{N}"][:3] - law
    return data


def _spectrum_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, middle, right]] = plot.canvas(1, 3, width=11.0, height=3.4)
        m = _SHOWN - 1 - 2 * np.arange(data["roots"].size)
        plot.phase_roots(left, data["y"], data["theta"], data["roots"], m)
        left.set_title(f"(a) LegS, $N={_SHOWN}$: roots of the phase")
        sizes = [int(name.partition("_")[2]) for name in data if name.startswith("spectrum_")]
        plot.imaginary_parts(middle, {f"$N={N}$": data[f"spectrum_{N}"] for N in sizes}, marked=False)
        middle.set_title("(b) imaginary parts, each the nearest float")
        middle.legend(loc="upper right")
        curves = {f"$N={N}$": (data[f"frequency_{N}"], data[f"lapack_{N}"]) for N in _LAPACK if f"lapack_{N}" in data}
        plot.errors(right, curves, marked=False, levels={"half an ulp: (b)": _EPS / 2})
        right.set_title("(c) relative errors of LAPACK (eigvalsh)")
        right.set_xlabel(r"frequency $\mathrm{Im}\,\lambda$")
        right.set_ylabel("relative error")
        right.legend(loc="upper right")
    return figure


def _spectrum_claims(data: Data) -> list[Claim]:
    claims = [
        Claim.near(
            f"legs-spectrum/top-{N}",
            f"Largest frequency of the normal part of LegS, N = {N}.",
            "L5",
            expected=expected,
            measured=found,
            tolerance=1e-7,
        )
        for N, expected, found in zip(
            (16, 64, 256), (80.9660809, 1303.2738430, 20860.2331114), data["top"], strict=True
        )
    ]
    largest = max(int(name.partition("_")[2]) for name in data if name.startswith("lapack_"))
    return [
        *claims,
        Claim.at_most(
            "legs-spectrum/law",
            "Distance of the three largest frequencies from N^2/((2m+1) pi) - (2m+1) pi/6 at the largest N shown.",
            "gu2022s4d (conjecture); L5, D4",
            bound=1e-4,
            measured=np.abs(data["law_gap"]).max(),
        ),
        Claim.at_most(
            "legs-spectrum/lapack",
            "LAPACK's worst relative error at its largest N: at most the condition number times eps is promised.",
            "L4",
            bound=_EPS * float(data[f"frequency_{largest}"].max() / data[f"frequency_{largest}"].min()),
            measured=data[f"lapack_{largest}"].max(),
        ),
    ]


SPECTRUM = Figure(
    id="legs-spectrum",
    title="The spectrum of LegS from its phase",
    source="new; gu2022s4d (spectrum)",
    caption=(
        "(a) On Re s = -1/2 the all-pass function of LegS has the increasing phase Theta; the eigenvalues of the "
        "normal part are where it passes pi m, m = N-1, N-3, ... (b) All of them, each rounded once, at a cost that "
        "does not depend on N. (c) What a Hermitian eigensolver makes of the same matrix: errors relative to the "
        "largest eigenvalue, so that the small ones lose their digits."
    ),
    compute=_spectrum_compute,
    draw=_spectrum_draw,
    claims=_spectrum_claims,
)

# ----------------------------------------------------------------------------------------------- the Gramian

_NODE_SIZES = (2, 4, 8, 16, 32)


def _gramian_by_integration(N: int) -> Real:
    """int K K^T dt with x = e^{-t}: a Gauss rule for int_0^1 x L_n L_m dx."""
    x, w = np.polynomial.legendre.leggauss(N + 1)
    x, w = (1 + x) / 2, w / 2
    L = LegT(N).basis(x)
    return np.asarray((L * (w * x)) @ L.T)


def _gramian_compute(quick: bool) -> Data:
    data: Data = {f"eigenvalues_{N}": np.linalg.eigvalsh(LegS(N).gramian()) for N in _NODE_SIZES}
    data |= {f"nodes_{N}": (1 + np.polynomial.legendre.leggauss(N)[0]) / 2 for N in _NODE_SIZES}
    N = 64
    op = LegS(N)
    P = op.gramian()
    data["node_error"] = np.array([np.abs(data[f"eigenvalues_{N}"] - data[f"nodes_{N}"]).max() for N in _NODE_SIZES])
    data["integral_error"] = np.array(np.abs(_gramian_by_integration(N) - P).max())
    data["lyapunov_residual"] = np.array(
        np.abs(op.A @ P + P @ op.A.T + np.outer(op.B, op.B)).max() / np.abs(op.A).max()
    )
    return data


def _gramian_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[ax]] = plot.canvas(1, 1, width=6.4, height=2.9)
        pairs = {N: (data[f"nodes_{N}"], data[f"eigenvalues_{N}"]) for N in _NODE_SIZES}
        plot.nodes(ax, pairs)
        ax.set_title("LegS: Gauss-Legendre nodes and eigenvalues of the Gramian")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return figure


def _gramian_claims(data: Data) -> list[Claim]:
    return [
        Claim.rounding(
            "gramian-nodes/nodes",
            "The eigenvalues of the controllability Gramian of LegS are the Gauss-Legendre nodes on [0, 1] to N = 32.",
            "L7",
            bound=1e-13,
            measured=data["node_error"].max(),
        ),
        Claim.rounding(
            "gramian-nodes/integral",
            "The Gramian, N = 64: the closed form against the integral of K K^T.",
            "L7",
            bound=1e-12,
            measured=float(data["integral_error"]),
        ),
        Claim.rounding(
            "gramian-nodes/lyapunov",
            "It solves A P + P A^T + B B^T = 0, N = 64 (relative to the largest entry of A).",
            "L7",
            bound=1e-14,
            measured=float(data["lyapunov_residual"]),
        ),
    ]


GRAMIAN = Figure(
    id="gramian-nodes",
    title="The Gramian of LegS is a Jacobi matrix",
    source="theory",
    caption=(
        "The controllability Gramian of LegS is the Jacobi matrix of the shifted Legendre polynomials, multiplication "
        "by x = e^{-t}: its eigenvalues (circles) are the nodes of Gauss-Legendre quadrature (ticks). They crowd "
        "quadratically at 0: some combinations of states are hardly controllable."
    ),
    compute=_gramian_compute,
    draw=_gramian_draw,
    claims=_gramian_claims,
)

# ----------------------------------------------------------------------------------------------- non-normality

_TABLE = {4: 1.935, 8: 4.887, 16: 10.920, 32: 23.086, 64: 47.505, 128: 96.424, 256: 194.338}
_CONSTANTS, _LEGT = {64: 0.09151, 256: 0.09097}, {64: 35.44, 256: 145.81}


def _kappa_compute(quick: bool) -> Data:
    sizes = [N for N in _TABLE if (64 if quick else 256) >= N]
    exact = {
        "legs": [eigenvector_condition(LegS(N)).log10 for N in sizes],
        "legt": [eigenvector_condition(LegT(N)).log10 for N in sizes],
        "fout": [eigenvector_condition(FouT(N + 1)).log10 for N in sizes],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)  # to be shown is that it is lost
        lapack = [eigenvector_condition(LegS(N).A).log10 for N in sizes]
    N = np.array(sizes)
    constants = 10 ** (np.array(exact["legs"]) - N * np.log10(3 + 2 * np.sqrt(2)) + np.log10(N) / 4)
    return {
        "N": N,
        **{name: np.array(values) for name, values in exact.items()},
        "lapack": np.array(lapack),
        "constants": constants,
    }


def _kappa_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[ax]] = plot.canvas(1, 1, width=6.4, height=3.4)
        curves = {"LegS": data["legs"], "LegT": data["legt"], "FouT": data["fout"], "LegS by LAPACK": data["lapack"]}
        plot.errors(ax, {name: (data["N"], values) for name, values in curves.items()}, base=2)
        ax.set_title("condition number of the eigenvectors of $A$")
        ax.set_xlabel("$N$ (FouT: $N+1$)")
        ax.set_ylabel(r"$\log_{10}\,\kappa(V)$")
        ax.legend(loc="upper left")
    return figure


def _kappa_claims(data: Data) -> list[Claim]:
    last = int(data["N"][-1])
    table = [
        Claim.near(
            f"kappa-growth/legs-{N}",
            f"log10 of the condition number of the unit eigenvectors of LegS, N = {N}.",
            "L9",
            expected=_TABLE[int(N)],
            measured=found,
            tolerance=1e-3,
        )
        for N, found in zip(data["N"], data["legs"], strict=True)
    ]
    return [
        *table,
        Claim.near(
            "kappa-growth/constant",
            "kappa over N^-1/4 (3 + 2 sqrt 2)^N at the largest N (that it converges is a conjecture).",
            "L9",
            expected=_CONSTANTS[last],
            measured=data["constants"][-1],
            tolerance=1e-5,
        ),
        Claim.near(
            "kappa-growth/legt",
            "log10 of kappa for LegT at the largest N.",
            "L9",
            expected=_LEGT[last],
            measured=data["legt"][-1],
            tolerance=1e-2,
        ),
        Claim.near(
            "kappa-growth/fout",
            "kappa of FouT over N at the largest N: linear growth.",
            "L9",
            expected=0.6,
            measured=10 ** data["fout"][-1] / (last + 1),
            tolerance=0.1,
        ),
        Claim.at_most(
            "kappa-growth/lapack",
            "log10 of what LAPACK's eigenvectors of LegS give at the largest N, over the truth.",
            "L9",
            bound=0.6,
            measured=data["lapack"][-1] / data["legs"][-1],
        ),
    ]


KAPPA = Figure(
    id="kappa-growth",
    title="How far from normal",
    source="theory",
    caption=(
        "Condition number of the eigenvectors of A, unit columns. LegS grows like (3 + 2 sqrt 2)^N, LegT almost as "
        "fast, FouT like N/2. Floating-point eigenvectors of LegS are noise from N = 20 on; the exact values come "
        "from the Cauchy structure of their Gram matrix."
    ),
    compute=_kappa_compute,
    draw=_kappa_draw,
    claims=_kappa_claims,
)

FIGURES = (SPECTRUM, GRAMIAN, KAPPA)
