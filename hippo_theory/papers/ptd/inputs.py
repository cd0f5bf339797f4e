"""ptd-inputs: what three inputs do to HiPPO, to its diagonal system, and to the all-pass perturbation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Complex, Real
from ...initializations import ptd
from ...lossless import diagonal_error
from ...operators import LegS
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["INPUTS"]

_SIZES, _SHOWN, _RHO, _RHOS = (16, 64, 256), 64, 0.1, {"S4D": 1.0, "all-pass, rho = .1": 0.1}
_TIME = np.linspace(0.0, 8.0, 1601)


def _residues(N: int, rho: float) -> tuple[Complex, Complex]:
    """Poles and residues of the output 0, both halves of every pair."""
    made = ptd(LegS(N), rho=rho)
    system = made.block.full()
    C = np.concatenate([made.block.C[0], made.block.C[0].conj()])  # type: ignore[index]
    return system.lam, (C * system.B)[: system.lam.size]


def _response(poles: Complex, residues: Complex, s: complex, t: Real) -> Complex:
    """To the input e^{st} from rest: sum of r (e^{st} - e^{lam t})/(s - lam)."""
    return np.asarray((residues / (s - poles)) @ (np.exp(s * t)[None, :] - np.exp(np.outer(poles, t))))


def _compute(quick: bool) -> Data:
    del quick
    data: Data = {"t": _TIME}
    exact = LegS(_SHOWN)
    w = diagonal_error(exact).peak(np.eye(_SHOWN)[0]).frequency
    # State 0 of LegS is x' = -x + u, whatever N.
    truth = {"fourier": (np.exp(1j * w * _TIME) - np.exp(-_TIME)) / (1 + 1j * w), "exponential": _TIME * np.exp(-_TIME)}
    truth["impulse"] = np.exp(-_TIME)
    data["fourier_LegS"] = np.abs(truth["fourier"])
    for name, rho in _RHOS.items():
        poles, residues = _residues(_SHOWN, rho)
        data[f"fourier_{name}"] = np.abs(_response(poles, residues, 1j * w, _TIME))
        data[f"exponential_{name}"] = np.abs(_response(poles, residues, -1.0, _TIME) - truth["exponential"])
        data[f"impulse_{name}"] = np.abs(residues @ np.exp(np.outer(poles, _TIME)) - truth["impulse"])
    errors = [(diagonal_error(LegS(N)), np.eye(N)[0]) for N in _SIZES]
    data["smooth"] = np.array([2 * N * e.l2_norm(C, rate=1.0) for N, (e, C) in zip(_SIZES, errors, strict=True)])
    data["rough"] = np.array([e.l2_norm(C) for e, C in errors])
    return data


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [axes] = plot.canvas(1, 3, width=10.5, height=3.3)
        t = data["t"]
        colours = dict(zip(("LegS", *_RHOS), plot.PALETTE, strict=False))
        labels = {"LegS": "LegS", "S4D": "S4D", "all-pass, rho = .1": r"all-pass, $\rho=0.1$"}
        titles = {
            "fourier": "(a) Fourier mode at the last spike",
            "exponential": r"(b) input $e^{-t}$",
            "impulse": "(c) unit impulse",
        }
        for ax, (kind, title) in zip(axes, titles.items(), strict=True):
            for name in ("LegS", *_RHOS) if kind == "fourier" else _RHOS:
                ax.plot(t, data[f"{kind}_{name}"], color=colours[name], label=labels[name], linewidth=1.0)
            ax.set_yscale("log")
            ax.set_xlabel("time")
            ax.set_title(title)
            ax.set_ylabel(r"amplitude of $y_0$" if kind == "fourier" else r"$|y_0-y_{\mathrm{LegS}}|$")
        axes[0].set_ylim(1e-4, 5)
        axes[1].set_ylim(1e-8, 1)
        axes[2].set_ylim(1e-4, 5)
        axes[0].legend(loc="center right")
    return figure


def _claims(data: Data) -> list[Claim]:
    late = data["t"] > 6
    steady = {name: float(data[f"fourier_{name}"][late].max()) for name in ("LegS", *_RHOS)}
    return [
        Claim.near(
            "ptd-inputs/smooth",
            "Input e^{-t}: 2 N times the L2 error of S4D, C = e_0, N = 256.",
            "P6",
            expected=1.0,
            measured=float(data["smooth"][-1]),
            tolerance=0.01,
        ),
        Claim.near(
            "ptd-inputs/impulse",
            "Unit impulse: the L2 error of S4D does not fall, N = 256.",
            "P6",
            expected=0.5,
            measured=float(data["rough"][-1]),
            tolerance=0.005,
        ),
        Claim.near(
            "ptd-inputs/spike",
            f"Fourier mode at the last spike, N = {_SHOWN}: amplitude that S4D settles to.",
            "P6, L6",
            expected=2 / np.pi,
            measured=steady["S4D"],
            tolerance=0.03,
        ),
        Claim.at_most(
            "ptd-inputs/quiet",
            "The all-pass perturbation there: distance of its amplitude from that of LegS, over rho/(2 (1 - rho)).",
            "P5",
            bound=1.0,
            measured=abs(steady["all-pass, rho = .1"] - steady["LegS"]) / (_RHO / (2 * (1 - _RHO))),
        ),
    ]


INPUTS = Figure(
    id="ptd-inputs",
    title="What S4D hears and HiPPO does not",
    source="yu2024ptd, Appendix F",
    caption=(
        "LegS with 64 states, output 0, from rest; responses in closed form. (a) The input cos wt at the last spike: "
        "S4D rings up to 2/pi, HiPPO and its all-pass perturbation answer with 1/w. (b) For the smooth input e^{-t} "
        "the error of S4D falls like 1/(2N). (c) A unit impulse contains every spike, and S4D does not converge."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
