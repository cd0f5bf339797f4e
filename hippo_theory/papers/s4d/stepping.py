"""s4d-aliasing and memory-table: what a step makes of the modes of an initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Array
from ...analysis import aliasing, memory
from ...initializations import Initialization, dfout, dss, lru, mamba, s4d
from ...operators import LegS
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["ALIASING", "MEMORY"]

_N, _SEED = 64, 0
_SHOWN = (1e-3, 2.5e-2, 1e-1)
_KINDS = ("lin", "inv", "legs")
_TABLE = (("lin", 0.1, 0.69), ("inv", 0.01, 0.06), ("inv", 0.1, 0.41))
_NAMES = {"lin": "S4D-Lin", "inv": "S4D-Inv", "legs": "S4D-LegS", "dfout": "DFouT"}


def _discrete(kind: str, dt: float) -> Array:
    """Sampled poles; those of DFouT are discrete, with a decay as strong as that of the others."""
    if kind == "dfout":
        return dfout(_N, dt).poles
    return np.exp(dt * s4d(kind, _N).poles)


def _aliasing_compute(quick: bool) -> Data:
    steps = np.geomspace(1e-4, 1, 81)
    data: Data = {
        "steps": steps,
        "fractions": np.array([[aliasing(s4d(kind, _N).lam, dt).fraction for dt in steps] for kind in _KINDS]),
        "table": np.array(
            [aliasing(s4d(k, _N).lam, dt).fraction for k, dt in (("lin", 0.1), ("inv", 0.01), ("inv", 0.1))]
        ),
    }
    for kind in (*_KINDS, "dfout"):
        for i, dt in enumerate(_SHOWN):
            poles = _discrete(kind, dt)
            data[f"{kind}_{i}"] = np.stack([poles.real, poles.imag])
    return data


def _aliasing_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, axes = plot.canvas(3, 5, width=13.0, height=8.0, width_ratios=(1, 1, 1, 1, 1.3))
        for i, dt in enumerate(_SHOWN):
            for ax, (kind, name) in zip(axes[i], _NAMES.items(), strict=False):
                plot.unit_disc(ax, *data[f"{kind}_{i}"])
                ax.set_title(f"{name}, " + (rf"$\xi={dt:g}$" if kind == "dfout" else rf"$\Delta={dt:g}$"))
        for ax, values, kind in zip((row[4] for row in axes), data["fractions"], _KINDS, strict=True):
            ax.plot(data["steps"], 100 * values, color=plot.PALETTE[1])
            ax.set_xscale("log")
            ax.set_title(f"{_NAMES[kind]}, $N={_N}$")
            ax.set_xlabel(r"step $\Delta$")
            ax.set_ylabel("aliased modes (%)")
            ax.set_ylim(-3, 103)
    return figure


def _aliasing_claims(data: Data) -> list[Claim]:
    return [
        Claim.near(
            f"s4d-aliasing/{kind}-{dt:g}",
            f"{_NAMES[kind]}, N = 64, dt = {dt:g}: fraction of modes that alias.",
            "solozabal2025dfout; D1",
            expected=expected,
            measured=found,
            tolerance=0.005,
        )
        for (kind, dt, expected), found in zip(_TABLE, data["table"], strict=True)
    ] + [
        Claim.at_most(
            "s4d-aliasing/inside",
            "All sampled poles lie inside the unit circle: largest modulus, less one.",
            "solozabal2025dfout",
            bound=0.0,
            measured=max(np.hypot(*data[f"{kind}_{i}"]).max() for kind in _NAMES for i in range(len(_SHOWN))) - 1,
        )
    ]


ALIASING = Figure(
    id="s4d-aliasing",
    title="Aliasing of diagonal initialisations",
    source="solozabal2025dfout, poles against the step",
    caption=(
        "Sampled poles e^(dt lambda) in the unit disc for three steps (rows). Where the imaginary parts reach pi/dt "
        "the modes wind around the circle and alias: two thirds of S4D-Lin at dt = 0.1. DFouT starts from the roots of "
        "unity instead, and fills the circle once. Right: fraction of aliased modes against the step."
    ),
    compute=_aliasing_compute,
    draw=_aliasing_draw,
    claims=_aliasing_claims,
)

# ------------------------------------------------------------------------------------------------ memory table

_STEPS = (1e-3, 1e-1)


def _steps(made: Initialization | LegS) -> tuple[float | None, ...]:
    """A model in discrete time has no step to choose."""
    return (None,) if isinstance(made, Initialization) and made.system.dt else _STEPS


def _zoo() -> dict[str, Initialization | LegS]:
    return {
        "S4-LegS": LegS(_N),
        "S4D-LegS": s4d("legs", _N),
        "S4D-Lin": s4d("lin", _N),
        "S4D-Real": s4d("real", _N),
        "Mamba": mamba(16),
        "DSS": dss(_N),
        "LRU (0, 1)": lru(_N, rng=_SEED),
        "LRU (.9, .999)": lru(_N, 0.9, 0.999, rng=_SEED),
        "DFouT .001": dfout(_N, 0.001),
    }


def _memory_compute(quick: bool) -> Data:
    ranges = []
    for made in _zoo().values():
        for dt in _steps(made):
            found = memory(made, dt)
            ranges.append([found.shortest, found.median, found.longest])
    return {"ranges": np.array(ranges)}


def _rows() -> list[str]:
    names = []
    for name, made in _zoo().items():
        names += [name if dt is None else rf"{name}, $\Delta={dt:g}$" for dt in _steps(made)]
    return names


def _memory_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[ax]] = plot.canvas(1, 1, width=7.2, height=4.6)
        plot.ranges(ax, dict(zip(_rows(), data["ranges"], strict=True)))
        ax.set_title("half-lives of the modes, shortest, median, longest")
        ax.set_xlabel("steps")
        ax.set_ylabel("initialisation")
    return figure


def _memory_claims(data: Data) -> list[Claim]:
    rows = dict(zip(_rows(), data["ranges"], strict=True))
    half = np.log(2)
    return [
        Claim.near(
            "memory-table/half",
            "Every mode with Re lambda = -1/2 has a half-life of 2 ln 2/dt steps: S4D-LegS at dt = .1.",
            "D3",
            expected=2 * half / 0.1,
            measured=rows[r"S4D-LegS, $\Delta=0.1$"][1],
            tolerance=1e-3,
        ),
        Claim.near(
            "memory-table/real",
            "The fastest mode of S4D-Real at dt = .1: ln 2/(64 dt) steps.",
            "D3",
            expected=half / 6.4,
            measured=rows[r"S4D-Real, $\Delta=0.1$"][0],
            tolerance=1e-3,
        ),
        Claim.near(
            "memory-table/dfout",
            "DFouT with xi = .001: 2 ln 2/xi steps, whatever the frequency.",
            "solozabal2025dfout; D3",
            expected=2 * half / 0.001,
            measured=rows["DFouT .001"][2],
            tolerance=0.1,
        ),
    ]


MEMORY = Figure(
    id="memory-table",
    title="How long an initialisation remembers",
    source="theory",
    caption=(
        "Half-life of each mode, ln 2/(dt |Re lambda|) steps, or ln 2/(-ln |lambda|) where the model is discrete: "
        "shortest, median and longest over the modes. S4-LegS has real poles -1 to -64 and with them a range that a "
        "diagonal model with Re lambda = -1/2 does not have; the LRU's ring decides everything for it."
    ),
    compute=_memory_compute,
    draw=_memory_draw,
    claims=_memory_claims,
    seed=_SEED,
)
