"""hope-6: what is left of a unit impulse, HOPE and S4D, and the window of a HOPE layer against its step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Real
from ...initializations import hope, s4d
from .._claims import Claim
from .._figure import Data, Figure
from ._systems import complex_normal

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["MEMORY"]

_SEED = 77
_N, _DT, _STEPS = 64, 0.1, 1000
_SIZES, _KEPT = (16, 64, 256), 1e-5
_QUARTILES = (0.25, 0.5, 0.75)


def _responses(rng: np.random.Generator, count: int) -> dict[str, Real]:
    """|y| of unit energy (count, steps) after a unit impulse."""
    taps = np.array([hope(_N, _DT, h=np.eye(_N)[j]).kernel(_STEPS) for j in range(_N)])
    system = s4d("lin", _N).discretize(_DT)
    modes = (system.B[:, None] * system.lam[:, None] ** np.arange(_STEPS)).T
    found = {
        "hope": complex_normal(rng, count, _N).real @ taps,
        "s4d": 2 * (complex_normal(rng, count, _N // 2) @ modes.T).real,
    }
    return {name: np.abs(y) / np.linalg.norm(y, axis=1, keepdims=True) for name, y in found.items()}


def _section(n: int, dt: float) -> Real:
    """1 - energy of the impulse response of the last section up to lag l, l = 0, 1, ...; total energy is one."""
    last = np.zeros(n)
    last[-1] = 1.0
    k = hope(n, dt, h=last).kernel(int((n + 5 * n ** (1 / 3) + 12) / dt) + 2)
    # From the end, so that small tails keep their digits; what the kernel leaves out is below rounding.
    return np.append(np.cumsum((k * k)[::-1])[::-1][1:], 0.0)


def _delay(n: int, dt: float) -> float:
    """Group delay at frequency 0 of the last section, by a difference over 1e-5 of its width."""
    last = np.zeros(n)
    last[-1] = 1.0
    step = 1e-5 * dt
    return float(-np.angle(hope(n, dt, h=last).transfer(np.exp(1j * step / n))) / (step / n))


def _compute(quick: bool) -> Data:
    rng = np.random.default_rng(_SEED)
    data: Data = {"t": _DT * np.arange(_STEPS)}
    for name, y in _responses(rng, 128 if quick else 512).items():
        data[f"response_{name}"] = np.maximum(np.quantile(y, _QUARTILES, axis=0), 1e-30)
    dts = np.logspace(-2, 0, 9 if quick else 17)
    data["dt"] = dts
    tails = {n: [_section(n, dt) for dt in dts] for n in _SIZES}
    data["steps"] = np.array([[1 + np.argmax(tail <= _KEPT) for tail in tails[n]] for n in _SIZES])
    data["beyond"] = np.array([[tail[int(n / dt)] for tail, dt in zip(tails[n], dts, strict=True)] for n in _SIZES])
    data["delay"] = np.array([[_delay(n, dt) for dt in dts] for n in _SIZES])
    data["window"] = np.array([[hope(n, dt, h=np.ones(n)).window for dt in dts] for n in _SIZES])
    data["s4d_steps"] = np.array([np.log(1 / _KEPT) / dt for dt in dts])
    layer, u = hope(_N, _DT, rng=rng), rng.standard_normal(300)
    idle = hope(_N, _DT, h=layer.h.real)
    data["with_imaginary"] = np.concatenate([layer.apply(u), layer.apply(u, circular=True)])
    data["without"] = np.concatenate([idle.apply(u), idle.apply(u, circular=True)])
    return data


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.6, height=3.6)
        responses = {"HOPE": data["response_hope"], "S4D-Lin": data["response_s4d"]}
        plot.bands(left, data["t"], responses, window=float(_N))
        left.set_ylim(1e-12, 1.0)
        left.set_xlabel(r"$t$ = $\Delta\,\times$ lag in steps")
        left.set_ylabel("$|y(t)|$, unit energy")
        left.set_title(f"(a) after a unit impulse, $n={_N}$, $\\Delta={_DT}$: median, quartiles")
        left.legend(loc="upper right")
        for n, steps, window, colour in zip(_SIZES, data["steps"], data["window"], plot.PALETTE, strict=False):
            right.loglog(data["dt"], steps, "o", color=colour, markersize=3.5, label=f"HOPE, $n={n}$")
            right.loglog(data["dt"], window, color=colour, linewidth=0.9)
        right.loglog(data["dt"], data["s4d_steps"], color="black", linestyle=(0, (4, 2)), label="S4D, any $n$")
        right.set_xlabel(r"step $\Delta$")
        right.set_ylabel("steps")
        right.set_title(r"(b) memory of .99999 of the energy (dots), $n/\Delta$ (lines)")
        right.legend(loc="upper right")
    return figure


def _claims(data: Data) -> list[Claim]:
    t, n = data["t"], np.array(_SIZES)[:, None]
    level = {
        name: [float(np.log10(np.median(data[f"response_{name}"][1][(t > a) & (t < b)]))) for a, b in spans]
        for name, spans in (("hope", ((5, 20), (45, 60), (84, 96))), ("s4d", ((5, 20), (45, 60))))
    }
    excess = (data["steps"] - data["window"]) * data["dt"] / n ** (1 / 3)
    return [
        Claim.at_most(
            "hope-6/flat",
            "HOPE: decades that the median response loses from t in [5, 20] to t in [45, 60], inside the window 64.",
            "H6",
            bound=0.6,
            measured=abs(level["hope"][0] - level["hope"][1]),
        ),
        Claim.near(
            "hope-6/s4d",
            "S4D-Lin: the same; e^{-t/2} loses 8.7 decades in 40.",
            "D3",
            expected=8.69,
            measured=level["s4d"][0] - level["s4d"][1],
            tolerance=0.4,
        ),
        Claim.at_most(
            "hope-6/after",
            "HOPE: log10 of the median response at t in [84, 96], after the window, over that inside.",
            "H6",
            bound=-5.0,
            measured=level["hope"][2] - level["hope"][1],
        ),
        Claim.rounding(
            "hope-6/delay",
            "Group delay at frequency 0, n = 16, 64, 256 and dt = .01 to 1, over n/dt, less 1.",
            "H6",
            bound=1e-7,
            measured=np.abs(data["delay"] / data["window"] - 1),
        ),
        Claim.at_most(
            "hope-6/excess",
            "Steps for .99999 of the energy of the last section, beyond n/dt, in units of n^{1/3}/dt: the largest.",
            "H6",
            bound=2.0,
            measured=excess,
        ),
        Claim.at_most(
            "hope-6/beyond",
            "The energy of that section at lags over n/dt: up to a few per cent, at n = 16 and dt near 1.",
            "H6",
            bound=0.04,
            measured=data["beyond"],
        ),
        Claim.near(
            "hope-6/longer",
            "Steps that HOPE with n = 64 remembers, in units of those of S4D: from dt = .01 to 1.",
            "H6, D3",
            expected=(data["window"][1] / data["s4d_steps"]).mean() * 1.07,
            measured=(data["steps"][1] / data["s4d_steps"]).mean(),
            tolerance=0.3,
        ),
        Claim.rounding(
            "hope-6/idle",
            "Im h has no effect on the output of a real input, causal or circular: largest difference.",
            "H6",
            bound=1e-12,
            measured=np.abs(data["with_imaginary"] - data["without"]),
        ),
    ]


MEMORY = Figure(
    id="hope-6",
    title="What is left of a unit impulse: HOPE and S4D, and the window n/dt",
    source="yu2025hope Figure 6, right (before training); window: new",
    caption=(
        "(a) Modulus of the response of 512 untrained systems, scaled to unit energy: S4D forgets exponentially, HOPE "
        "keeps an impulse for n/dt steps (dashed). (b) Lags that hold .99999 of the energy of the last all-pass "
        "section: n/dt and about n^{1/3}/dt more, exponentially little later; S4D with Re = -1/2 has the same few "
        "half-lives whatever its size."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
    seed=_SEED,
)
