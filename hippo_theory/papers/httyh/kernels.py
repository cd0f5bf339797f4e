"""httyh-1: the kernels that a state-space model convolves with, and a delay by one window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Array, Real
from ...operators import FouT, LegS, Operator
from ...systems import StateSpace
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["KERNELS"]

_DT, _STEPS, _SHOWN = 0.002, 1250, 4
_EPS = np.finfo(np.float64).eps


def _zoh_kernel(operator: Operator) -> Real:
    """State kernel (N, steps) of the zero-order-hold system, by the dense matrix exponential."""
    return StateSpace(operator.A, operator.B).discretize(_DT, "zoh").kernel(_STEPS)


def _legs_mean(edges: Real) -> Real:
    """Mean of L_n(e^{-t}) e^{-t} over each step: x = e^{-t} turns it into an integral of P_n, a difference of P_n."""
    from scipy.special import eval_legendre

    y = 2 * np.exp(-edges) - 1
    means = []
    for n in range(_SHOWN):
        below = eval_legendre(n - 1, y) if n else np.ones_like(y)
        primitive = (eval_legendre(n + 1, y) - below) / (2 * np.sqrt(2 * n + 1.0))
        means.append((primitive[:-1] - primitive[1:]) / _DT)
    return np.array(means)


def _fourier_mean(edges: Real) -> Real:
    """Mean of 1, sqrt2 cos 2 pi t, sqrt2 sin 2 pi t, sqrt2 cos 4 pi t over each step."""
    x = 2 * np.pi * edges
    primitives = [edges, np.sin(x) / (np.sqrt(2) * np.pi), -np.cos(x) / (np.sqrt(2) * np.pi)]
    primitives.append(np.sin(2 * x) / (2 * np.sqrt(2) * np.pi))
    return np.diff(np.array(primitives), axis=1) / _DT


def _spike(operator: FouT, kernel: Array) -> Real:
    """Impulse response of C = B, D = -1, step by step: the instant of the impulse carries D."""
    weights = np.asarray(operator.B @ kernel)
    weights[0] -= 1
    return weights


def _compute(quick: bool) -> Data:
    legs, fout, coarse = LegS(256 if quick else 1024), FouT(257 if quick else 1025), FouT(513)
    edges = np.asarray(_DT * np.arange(_STEPS + 1), dtype=np.float64)
    fout_kernel, coarse_kernel = _zoh_kernel(fout), _zoh_kernel(coarse)
    w = np.linspace(0.01, 15, 1501)
    phi = fout.allpass(1j * w)
    return {
        "N": np.array([legs.N, fout.N, coarse.N]),
        "t": (edges[:-1] + edges[1:]) / 2,
        "legs_zoh": _zoh_kernel(legs)[:_SHOWN] / _DT,
        "legs_mean": _legs_mean(edges),
        "fout_zoh": fout_kernel[:_SHOWN] / _DT,
        "fout_basis": _fourier_mean(edges[edges <= 1]),
        "fout_at_0_1_2": fout.kernel([0.0, 1.0, 2.0])[:_SHOWN],
        "spike": _spike(fout, fout_kernel),
        "spike_513": _spike(coarse, coarse_kernel),
        "allpass_defect": np.abs(np.abs(phi) - 1),
        "delay_error": np.abs(phi + np.exp(-1j * w)),
    }


def _draw(data: Data) -> MatplotlibFigure:
    N_legs, N_fout, N_coarse = data["N"]
    with plot.house_style():
        figure, [[left, middle, right]] = plot.canvas(1, 3, width=9.6, height=2.9)
        plot.kernels(left, data["t"], data["legs_zoh"])
        left.set_title(rf"(a) LegS, $N={N_legs}$: $L_n(e^{{-t}})\,e^{{-t}}$")
        left.set_ylabel("$K_n(t)$")
        left.legend(ncols=2)
        plot.kernels(middle, data["t"], data["fout_zoh"], at=(np.arange(3), data["fout_at_0_1_2"]))
        middle.set_title(f"(b) FouT, $N={N_fout}$: Fourier basis on $[0,1]$")
        middle.set_ylabel("$K_n(t)$")
        middle.legend(ncols=2)
        weights = {f"$N={N_fout}$": data["spike"], f"$N={N_coarse}$": data["spike_513"]}
        plot.impulse_weights(right, data["t"], weights, zoom=(0.984, 1.016))
        right.set_title(r"(c) FouT, $C=B^\top$, $D=-1$: $\delta(t-1)$")
        right.legend(loc="upper left")
    return figure


def _claims(data: Data) -> list[Claim]:
    N_legs, N_fout, _ = (int(N) for N in data["N"])
    return [*_legs_claims(data, N_legs), *_ghost_claims(data), *_delay_claims(data, N_fout)]


def _legs_claims(data: Data, N: int) -> list[Claim]:
    # A sample of the kernel is an integral over one step: dividing by dt magnifies its rounding, and the
    # matrix exponential adds eps |dt A|, |A| = 2 N^2/pi.
    bound = 10 * _EPS * (1 / _DT + _DT * 2 * N * N / np.pi)
    return [
        Claim.rounding(
            "httyh-1/legs-kernels",
            "The sampled LegS kernels are the step means of L_n(e^-t) e^-t: matrix exponential against closed form.",
            "gu2023httyh; F1",
            bound=bound,
            measured=np.abs(data["legs_zoh"] - data["legs_mean"]).max(),
        )
    ]


def _ghost_claims(data: Data) -> list[Claim]:
    start, one, two = data["fout_at_0_1_2"].T
    basis = data["fout_basis"]
    inside = np.abs(data["fout_zoh"][:, : basis.shape[1]] - basis)[:, 125:375].max()
    claims = [
        Claim.at_most(
            "httyh-1/fout-basis",
            "On [1/4, 3/4] the first four FouT kernels are the Fourier basis up to 3/N.",
            "gu2023httyh; F3",
            bound=3 / float(data["N"][1]),
            measured=inside,
        ),
        Claim.rounding(
            "httyh-1/fout-start",
            "At t = 0 every FouT kernel is twice its basis function: K_n(0) = 2 p_n(0).",
            "F3",
            bound=10 * _EPS,
            measured=np.abs(start - 2 * np.array([1, np.sqrt(2), 0, np.sqrt(2)])).max(),
        ),
    ]
    ghosts = {1: ("the end of the window", one, 0.290, 0.41), 2: ("one window after its end", two, 0.078, 0.11)}
    for t, (where, values, constant, cosine) in ghosts.items():
        for n, kind, expected, tolerance in ((0, "constant", constant, 1e-3), (1, "cosine", cosine, 5e-3)):
            claims.append(
                Claim.near(
                    f"httyh-1/ghost-{kind}-{t}",
                    f"Ghost: the {kind} FouT kernel at t = {t}, {where}.",
                    "F3",
                    expected=expected,
                    measured=values[n],
                    tolerance=tolerance,
                )
            )
    return claims


def _delay_claims(data: Data, N: int) -> list[Claim]:
    tallest = int(np.argmax(np.abs(data["spike"])))
    return [
        Claim.near(
            "httyh-1/spike-position",
            "With C = B, D = -1 the impulse comes out after one window, to within one step.",
            "gu2023httyh; F3",
            expected=1.0,
            measured=data["t"][tallest],
            tolerance=_DT,
        ),
        Claim.near(
            "httyh-1/spike-peak",
            "At N = 513, highest frequency 256 (the Nyquist frequency of the step is 250), one step carries .77 of it.",
            "gu2023httyh",
            expected=0.77,
            measured=np.abs(data["spike_513"]).max(),
            tolerance=5e-3,
        ),
        Claim.rounding(
            "httyh-1/allpass",
            "At this finite N the delay is all-pass, abs(phi(iw)) = 1, for 0 < w < 15.",
            "F3, L2",
            bound=N * _EPS,
            measured=data["allpass_defect"].max(),
        ),
        Claim.near(
            "httyh-1/delay-error",
            "N times the distance of -phi(iw) from e^-iw, at its largest for w < 15.",
            "F3",
            expected=5.3,
            measured=N * data["delay_error"].max(),
            tolerance=0.1,
        ),
    ]


KERNELS = Figure(
    id="httyh-1",
    title="HiPPO kernels and a delay by one window",
    source="gu2023httyh, Figure 1",
    caption=(
        "First four kernels of LegS and of FouT, and the FouT system that delays its input by one window, "
        "sampled by zero-order hold with dt = 0.002 (kernels are divided by dt, the weights in (c) are not). "
        "Open circles are the exact kernels at t = 0, 1, 2: starts at twice the basis, and ghosts one and two "
        "windows later, both so narrow that the mean over a step hides most of them."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
