"""The figure of transient growth: what the powers of LegS do, sampled by four methods and in continuous time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import plot
from ..analysis import eigenvector_condition, transient_growth
from ..operators import LegS
from ._claims import Claim
from ._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["FIGURES"]

_N, _DT = 64, 0.01
_CONTRACTIONS = ("backward-euler", "bilinear", "zoh")
_METHODS = ("forward-euler", *_CONTRACTIONS)


def _compute(quick: bool) -> Data:
    op = LegS(_N)
    k = np.unique(np.concatenate([np.arange(1, 201), np.geomspace(200, 2000, 100).astype(np.int64)]))
    t = np.linspace(0, 40, 161)
    sampled = {method: op.system.discretize(_DT, method) for method in _METHODS}
    euler = sampled["forward-euler"]
    return {
        "k": k,
        **{f"norm_{method}": transient_growth(system, at=k).norm for method, system in sampled.items()},
        "radius": np.array(np.abs(euler.poles).max()),
        "largest_entry": np.array(np.abs(np.linalg.matrix_power(euler.A, 12)).max()),
        "t": t,
        "flow": transient_growth(op, at=t).norm,
        "log10_kappa": np.array(eigenvector_condition(op).log10),
    }


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.6, height=3.5)
        k, euler = data["k"], data["norm_forward-euler"]
        curves = {method.replace("-e", " E"): (k, data[f"norm_{method}"]) for method in _METHODS}
        top = int(np.argmax(euler))
        promised = {r"$\rho(\bar A)^k$, forward Euler": (k, data["radius"] ** k)}
        plot.growth(left, curves, bounds=promised, peak=(k[top], euler[top]))
        left.set_xscale("log")
        left.set_xlabel("step $k$")
        left.set_title(rf"(a) $\|\bar A^k\|$, LegS, $N={_N}$, $dt={_DT}$")
        left.legend(loc="lower left")
        t = data["t"]
        bounds = {
            r"$e^{-t/2}$": (t, np.exp(-t / 2)),
            r"$Ne^{-t}$": (t, _N * np.exp(-t)),
            r"$\kappa(V)\,e^{-t}$": (t, 10 ** data["log10_kappa"] * np.exp(-t)),
        }
        plot.growth(right, {r"$\|e^{tA}\|$": (t, data["flow"])}, bounds=bounds)
        right.set_xlabel("time $t$")
        right.set_title(rf"(b) $\|e^{{tA}}\|$ and its bounds, LegS, $N={_N}$")
        right.legend(loc="upper right", bbox_to_anchor=(1, 0.62))
    return figure


def _claims(data: Data) -> list[Claim]:
    k, t, euler, flow = data["k"], data["t"], data["norm_forward-euler"], data["flow"]
    return [
        Claim.near(
            "growth/radius",
            "Spectral radius of forward Euler: by its eigenvalues it decays.",
            "L8",
            expected=0.99,
            measured=float(data["radius"]),
            tolerance=1e-6,
        ),
        Claim.near(
            "growth/euler-peak",
            "The largest norm of a power of forward Euler, in units of 1e7.",
            "L8",
            expected=9.9095,
            measured=euler.max() / 1e7,
            tolerance=1e-4,
        ),
        Claim.near(
            "growth/euler-step",
            "The step at which it is attained.",
            "L8",
            expected=12,
            measured=k[int(np.argmax(euler))],
            tolerance=0.5,
        ),
        Claim.near(
            "growth/euler-entry",
            "The largest entry of that power, in units of 1e7: a lower bound of the norm, nearly four times smaller.",
            "L8",
            expected=2.6395,
            measured=float(data["largest_entry"]) / 1e7,
            tolerance=1e-4,
        ),
        *[
            Claim.at_most(
                f"growth/{method}",
                f"The norms of all powers of {method}, k >= 1.",
                "L8",
                bound=1.0,
                measured=data[f"norm_{method}"].max(),
            )
            for method in _CONTRACTIONS
        ],
        Claim.rounding(
            "growth/flow",
            "e^{t/2} times the norm of e^{tA} never exceeds 1.",
            "L8",
            bound=1e-11,
            measured=(flow * np.exp(t / 2)).max() - 1,
        ),
        Claim.near(
            "growth/late",
            "e^t times that norm at t = 40: N, the norm of the slowest mode's projector.",
            "L8, L9",
            expected=_N,
            measured=flow[-1] * np.exp(t[-1]),
            tolerance=1e-4,
        ),
        Claim.near(
            "growth/kappa",
            "log10 of kappa(V), which the bound by eigenvectors has in the place of N.",
            "L9",
            expected=47.505,
            measured=float(data["log10_kappa"]),
            tolerance=1e-3,
        ),
    ]


GROWTH = Figure(
    id="growth",
    title="Transient growth: forward Euler, and nothing else",
    source="theory",
    caption=(
        "(a) Powers of LegS sampled with one step. Forward Euler has the spectral radius .99 and grows to 1e8 before "
        "it decays; backward Euler, the bilinear map and zoh are contractions (their curves lie on each other). (b) In "
        "continuous time LegS never grows: the norm follows e^{-t/2} until t = 2 log N, and N e^{-t} from there. The "
        "condition number of the eigenvectors promises no more than 10^47 e^{-t}."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)

FIGURES = (GROWTH,)
