"""lmu-pade: the delay by one window that LegT and FouT carry, one a Pade approximant, the other all-pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._optional import require
from ...operators import FouT, LegT, convention
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["PADE"]

_LEGT, _FOUT, _EXACT = (4, 8, 16, 32, 64), (17, 65, 257, 1025), 10


def _is_pade(N: int) -> bool:
    """1^T (sI - A)^{-1} B of the LMU, in rational arithmetic, against the [N-1/N] Pade approximant of e^{-s}.

    The transfer function is det(sI - A + B 1^T)/det(sI - A) - 1; the approximant has the closed form
    sum_j (2N-1-j)! (N-1)! (-s)^j/(j! (N-1-j)!) over sum_j (2N-1-j)! N! s^j/(j! (N-j)!).
    """
    flint, lmu = require("flint"), convention("lmu", N)
    A = flint.fmpq_mat([[int(a) for a in row] for row in lmu.A])
    driven = flint.fmpq_mat([[int(a - b) for a in row] for row, b in zip(lmu.A, lmu.B, strict=True)])
    bottom = A.charpoly()
    top = driven.charpoly() - bottom
    factorial = flint.fmpz.fac_ui

    def coefficients(degree: int, sign: int) -> list[int]:
        return [
            sign**j * factorial(2 * N - 1 - j) * factorial(degree) / (factorial(j) * factorial(degree - j))
            for j in range(degree + 1)
        ]

    numerator, denominator = (flint.fmpq_poly(coefficients(N - k, s)) for k, s in ((1, -1), (0, 1)))
    return bool(top * denominator == bottom * numerator)


def _compute(quick: bool) -> Data:
    w = np.geomspace(0.3, 1000, 400 if quick else 1600)
    near = w[w < 60]
    legt = np.array([LegT(N).delay(1j * w) for N in _LEGT])
    fout = np.array([FouT(N).delay(1j * near) for N in _FOUT])
    low = np.linspace(0.01, 15, 1501)
    ten = np.array([10j])
    return {
        "w": w,
        "near": near,
        "legt_error": np.abs(legt - np.exp(-1j * w)),
        "fout_error": np.abs(fout - np.exp(-1j * near)),
        "legt_gain": np.abs(legt),
        "fout_gain": np.abs(FouT(_FOUT[0]).delay(1j * w)),
        "is_pade": np.array([float(_is_pade(N)) for N in range(1, _EXACT + 1)]),
        "legt_at_10": np.array([abs(LegT(N).delay(ten) - np.exp(-ten))[0] for N in (8, 16)]),
        "fout_law": np.array([N * np.abs(FouT(N).delay(1j * low) - np.exp(-1j * low)).max() for N in _FOUT[2:]]),
        "fout_1001": np.array([np.abs(np.abs(FouT(1001).delay(1j * w)) - 1).max()]),
    }


def _draw(data: Data) -> MatplotlibFigure:
    w = data["w"]
    with plot.house_style():
        figure, [[left, middle, right]] = plot.canvas(1, 3, width=11.0, height=3.4)
        floor = 2e-17
        plot.errors(
            left, {f"$N={N}$": (w, e + floor) for N, e in zip(_LEGT, data["legt_error"], strict=True)}, marked=False
        )
        left.set_title(r"LegT: $|d^\top\! G(i\omega)-e^{-i\omega}|$, Padé")
        plot.errors(
            middle,
            {f"$N={N}$": (data["near"], e) for N, e in zip(_FOUT, data["fout_error"], strict=True)},
            marked=False,
        )
        middle.set_title(r"FouT: $|-\varphi(i\omega)-e^{-i\omega}|$, all-pass")
        for ax in (left, middle):
            ax.set_ylim(floor, 5)
            ax.set_ylabel("error of the delay")
            ax.legend(loc="lower right")
        gains = {f"LegT, $N={N}$": (w, g) for N, g in zip(_LEGT[1::2], data["legt_gain"][1::2], strict=True)}
        gains["FouT, any $N$"] = (w, data["fout_gain"])
        plot.errors(right, gains, marked=False)
        right.set_ylim(0.05, 2)
        right.set_title("gain of the delay")
        right.set_ylabel("modulus")
        right.legend(loc="lower left")
        for ax in (left, middle, right):
            ax.set_xlabel(r"frequency $\omega$")
    return figure


def _claims(data: Data) -> list[Claim]:
    at_8, at_16 = data["legt_at_10"]
    exact = [
        Claim.same(
            "lmu-pade/exact",
            f"The delay of the LMU (LegT) is the [N-1/N] Pade approximant of e^-s for N = 1, ..., {_EXACT}, in "
            "rational arithmetic.",
            "voelker2019lmu; F3",
            expected="identical",
            measured="identical" if (data["is_pade"] == 1).all() else "different",
        ),
        Claim.near(
            "lmu-pade/legt-8",
            "Error of LegT, N = 8, at w = 10.",
            "F3",
            expected=0.0135,
            measured=at_8,
            tolerance=1e-4,
        ),
        Claim.at_most(
            "lmu-pade/legt-16",
            "Error of LegT, N = 16, at w = 10: twice the states, ten more digits.",
            "F3",
            bound=1e-12,
            measured=at_16,
        ),
    ]
    law = [
        Claim.near(
            f"lmu-pade/fout-{N}",
            f"N times the error of FouT, N = {N}, at its largest for w < 15.",
            "F3",
            expected=5.3,
            measured=value,
            tolerance=0.1,
        )
        for N, value in zip(_FOUT[2:], data["fout_law"], strict=True)
    ]
    return [
        *exact,
        *law,
        Claim.rounding(
            "lmu-pade/fout-allpass",
            "FouT with N = 1001 delays without any loss: all-pass for w up to 1000.",
            "F3",
            bound=1e-13,
            measured=data["fout_1001"][0],
        ),
    ]


PADE = Figure(
    id="lmu-pade",
    title="A delay by one window",
    source="voelker2019lmu; gu2023httyh (delay)",
    caption=(
        "The window [0, 1] as a delay: C = d for LegT, and C = B, D = -1 for FouT, against e^-iw. LegT is the Padé "
        "approximant: exact to rounding up to a frequency that grows with N (w = 9, 31, 82 for N = 16, 32, 64), soon "
        "after that useless, and a low-pass (right). FouT loses nothing at any frequency, but its phase is wrong by "
        "O(1/N): the error grows like w^3 at first and stays below 5.4/N up to w = 15; it vanishes at the multiples "
        "of 2 pi, where the basis is exact."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
