"""ptd-tube: the transfer function of HiPPO, the tube that all-pass perturbations stay in, and S4D outside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ...initializations import ptd
from ...lossless import homotopy_error, resolved_axis, spike
from ...operators import LegS
from ...rigor import certify
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["TUBE"]

_SIZES, _RHO = (16, 64, 256, 1024), 0.1
_LARGEST = {0.1: 0.053843, 0.01: 0.005036}


def _bound(rho: float) -> float:
    return rho / (2 * (1 - rho))


def _compute(quick: bool) -> Data:
    data: Data = {}
    for N in _SIZES:
        w, amplification = resolved_axis(N, start=0.1, stop=3.0 * N * N)
        R = np.hypot(w, N)
        data[f"w_{N}"], data[f"diagonal_{N}"] = w, N * w / (R * R) * amplification
        axis = np.geomspace(0.1, 3.0 * N * N, 2000)
        op, modulus = LegS(N), axis / np.hypot(axis, N)
        data[f"axis_{N}"] = axis
        data[f"error_{N}"] = N / np.hypot(axis, N) * _RHO * modulus / np.abs(1 + _RHO * op.allpass(1j * axis))
    data["sup"] = np.array([[homotopy_error(LegS(N), rho).value for N in _SIZES] for rho in _LARGEST])
    sizes = range(1, 129, 8 if quick else 1)
    data["largest"] = np.array([max(homotopy_error(LegS(N), rho).value for N in sizes) for rho in _LARGEST])
    proved = [certify(ptd(LegS(N), rho=_RHO))["transfer error"].value for N in _SIZES[: 2 if quick else 3]]
    data["proved"] = np.array(proved, dtype=np.float64)
    data["spike"] = np.array([spike(N, 0, lambda w, N=N: N * w / (w * w + N * N)).height for N in _SIZES])  # type: ignore[misc]
    return data


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.2, height=3.5)
        for ax, kind, title in (
            (left, "error", rf"(a) $\|G_\rho-G\|$, $\rho={_RHO}$: inside at every $N$"),
            (right, "diagonal", r"(b) $\|G_1-G\|$, S4D: spikes grow like $2N/\pi$"),
        ):
            x = "axis" if kind == "error" else "w"
            curves = {f"$N={N}$": (data[f"{x}_{N}"], data[f"{kind}_{N}"]) for N in reversed(_SIZES)}
            plot.magnitudes(ax, curves, level=_bound(_RHO), name=r"$\rho/(2(1-\rho))$")
            ax.set_ylim(1e-4, 2e3)
            ax.set_title(title)
            ax.set_ylabel("distance of transfer functions")
        left.legend(loc="upper right")
    return figure


def _claims(data: Data) -> list[Claim]:
    claims = []
    for i, (rho, largest) in enumerate(_LARGEST.items()):
        claims += [
            Claim.at_most(
                f"ptd-tube/inside-{rho}",
                f"sup over w of ||G_rho - G|| over rho/(2 (1 - rho)), rho = {rho}, N = 16 to 1024: the largest.",
                "P5",
                bound=1.0,
                measured=float(data["sup"][i].max()) / _bound(rho),
            ),
            Claim.near(
                f"ptd-tube/largest-{rho}",
                f"The largest such error over N <= 128, rho = {rho}.",
                "P5",
                expected=largest,
                measured=float(data["largest"][i]),
                tolerance=0.005 * largest,
            ),
        ]
    claims.append(
        Claim.at_most(
            "ptd-tube/proved",
            f"Proved bound of it for stored float64 modes over rho/(2 (1 - rho)), rho = {_RHO}: the largest.",
            "P5",
            bound=1.0,
            measured=float(data["proved"].max()) / _bound(_RHO),
        )
    )
    claims.append(
        Claim.near(
            "ptd-tube/outside",
            "S4D leaves the tube: its largest error at N = 1024 over 2 N/pi.",
            "L6",
            expected=1.0,
            measured=float(data["spike"][-1] * np.pi / (2 * 1024)),
            tolerance=0.01,
        )
    )
    return claims


TUBE = Figure(
    id="ptd-tube",
    title="An error tube that no size of HiPPO leaves",
    source="after yu2024ptd; theory P5",
    caption=(
        "Distance of the state transfer vectors from those of LegS on the imaginary axis. (a) The all-pass "
        "perturbation rho = .1 stays below rho/(2 (1 - rho)), dashed, for every N; its largest error is near w = N. "
        "(b) The diagonal system, rho = 1, same scale: each spike is resolved; the highest grow like 2N/pi."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
