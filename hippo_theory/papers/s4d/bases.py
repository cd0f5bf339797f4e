"""s4d-1, s4d-lowrank, s4d-fout: the kernels of diagonal models, and what the low rank was good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Array, Real
from ...initializations import s4d
from ...operators import FouT, LegS
from ...systems import StateSpace
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["FOURIER", "LINEAR", "LOW_RANK"]

_EPS = float(np.finfo(np.float64).eps)

# ------------------------------------------------------------------------------------------------ s4d-1

_SEED, _DT, _LENGTH = 1, 0.01, 400


def _two_lines(lam: Array, CB: Array) -> Real:
    """The kernel of a diagonal layer as users write it: a Vandermonde product of the sampled modes."""
    sampled = CB * (np.exp(_DT * lam) - 1) / lam
    return np.asarray(2 * (sampled @ np.exp(_DT * lam[:, None] * np.arange(_LENGTH))).real)


def _linear_compute(quick: bool) -> Data:
    t = np.linspace(0, 2, 801)
    init = s4d("lin", 64, rng=_SEED)
    lam, K = init.lam, init.discretize(_DT).kernel(_LENGTH)
    return {
        "t": t,
        "basis": np.exp(lam[1:5, None] * t).real,
        "envelope": np.exp(-t / 2),
        "steps": _DT * np.arange(_LENGTH),
        "kernel": K / _DT,
        "two_lines": _two_lines(lam, np.asarray(init.C) * init.B) / _DT,
    }


def _linear_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.6, height=3.0)
        plot.kernels(left, data["t"], data["basis"])
        for sign in (1, -1):
            left.plot(data["t"], sign * data["envelope"], color="black", linewidth=0.8, linestyle=(0, (4, 2)))
        left.set_title(r"(a) S4D-Lin: $\mathrm{Re}\,e^{\lambda t}$, modes 1 to 4")
        left.set_ylabel(r"$\cos(\pi m t)\,e^{-t/2}$")
        plot.kernels(right, data["steps"], data["kernel"][None], linewidth=0.9)
        right.set_title("(b) one kernel, $N=64$, random $C$, zero-order hold")
        right.set_ylabel("$K(t)$")
    return figure


def _linear_claims(data: Data) -> list[Claim]:
    return [
        Claim.rounding(
            "s4d-1/two-lines",
            "The kernel is two lines of numpy, a Vandermonde product (difference relative to its largest value).",
            "gu2022s4d",
            bound=1e-12,
            measured=np.abs(data["kernel"] - data["two_lines"]).max() / np.abs(data["kernel"]).max(),
        ),
        Claim.rounding(
            "s4d-1/period",
            "K(t + 2) = K(t)/e: all frequencies are multiples of pi (relative to the largest value).",
            "gu2022s4d",
            bound=1e-12,
            measured=np.abs(np.e * data["kernel"][200:] - data["kernel"][:-200]).max() / np.abs(data["kernel"]).max(),
        ),
        Claim.at_most(
            "s4d-1/envelope",
            "No mode leaves its envelope e^-t/2 (largest quotient, less one).",
            "gu2022s4d",
            bound=4 * _EPS,
            measured=(np.abs(data["basis"]) / data["envelope"]).max() - 1,
        ),
    ]


LINEAR = Figure(
    id="s4d-1",
    title="The basis of S4D-Lin",
    source="gu2022s4d, Figure 1",
    caption=(
        "(a) Four modes of S4D-Lin and their common envelope (dashed). (b) What they add up to with a random C: a "
        "kernel that begins again every two units of time, e times weaker, since the frequencies are multiples of pi."
    ),
    compute=_linear_compute,
    draw=_linear_draw,
    claims=_linear_claims,
    seed=_SEED,
)

# ------------------------------------------------------------------------------------------------ s4d-lowrank

_SIZE, _STDS, _STEP, _STEPS = 256, (0.3, 0.4, 0.5), 0.002, 4000


def _first_kernels(A: Real, B: Real) -> Real:
    return np.asarray(StateSpace(A, B).discretize(_STEP, "bilinear").kernel(_STEPS)[:4] / _STEP)


def _low_rank_compute(quick: bool) -> Data:
    op = LegS(_SIZE)
    normal = op.A + np.outer(op.B, op.B) / 2
    P = np.random.default_rng(_SEED).standard_normal(_SIZE)
    added = [op.A + std**2 * np.outer(P, P) for std in _STDS]
    data: Data = {
        "t": _STEP * (np.arange(_STEPS) + 0.5),
        "legs": _first_kernels(op.A, op.B),
        "dropped": _first_kernels(normal, op.B / 2),
        **{f"random_{std}": _first_kernels(A, op.B) for std, A in zip(_STDS, added, strict=True)},
        "abscissa": np.array([np.linalg.eigvals(A).real.max() for A in (normal, *added)]),
    }
    data["distance"] = np.array(np.linalg.norm((data["legs"] - data["dropped"])[0]) / np.linalg.norm(data["legs"][0]))
    return data


def _low_rank_draw(data: Data) -> MatplotlibFigure:
    titles = {
        "legs": "(a) LegS",
        "dropped": r"(b) its own, $P=B/\sqrt{2}$",
        **{f"random_{std}": f"({letter}) random, std {std}" for letter, std in zip("cde", _STDS, strict=True)},
    }
    with plot.house_style():
        figure, [row] = plot.canvas(1, 5, width=13.0, height=2.7)
        for ax, (name, title) in zip(row, titles.items(), strict=True):
            plot.kernels(ax, data["t"], data[name], linewidth=0.9)
            ax.set_title(title)
            ax.set_ylabel(f"$K_n(t)$, $N={_SIZE}$")
        row[0].legend(ncols=2)
    return figure


def _low_rank_claims(data: Data) -> list[Claim]:
    own, *_, largest = data["abscissa"]
    return [
        Claim.at_most(
            "s4d-lowrank/own-distance",
            "With its own low rank removed, the first kernel of LegS moves by (relative L2 distance, bilinear)",
            "gu2022s4d; D5",
            bound=0.3,
            measured=float(data["distance"]),
        ),
        Claim.near(
            "s4d-lowrank/own-stable",
            "and every eigenvalue has the real part -1/2.",
            "L3",
            expected=-0.5,
            measured=own,
            tolerance=1e-9,
        ),
        Claim.at_most(
            "s4d-lowrank/random-unstable",
            "A random vector of std .5 in its place, though shorter, makes the matrix unstable: minus its abscissa.",
            "gu2022s4d; D5",
            bound=0.0,
            measured=-largest,
        ),
    ]


LOW_RANK = Figure(
    id="s4d-lowrank",
    title="Only its own low rank can be removed",
    source="gu2022s4d, appendix",
    caption=(
        "First four kernels of A + P P^T. (a) LegS itself. (b) With P = B/sqrt 2, and B/2 as input, this is the normal "
        "part: the same kernels with a noise that fades as N grows (s4d-2), although P is long. (c-e) A random P with "
        "less than a hundredth of its squared length: from std .4 on the matrix is unstable."
    ),
    compute=_low_rank_compute,
    draw=_low_rank_draw,
    claims=_low_rank_claims,
    seed=_SEED,
)

# ------------------------------------------------------------------------------------------------ s4d-fout


def _fourier_compute(quick: bool) -> Data:
    op = FouT(257 if quick else 1025)
    steps = 1250
    rotation = op.A + np.outer(op.B, op.B) / 2
    return {
        "N": np.array(op.N),
        "t": 0.002 * (np.arange(steps) + 0.5),
        "fout": StateSpace(op.A, op.B).discretize(0.002).kernel(steps)[:4] / 0.002,
        "dropped": StateSpace(rotation, op.B / 2).discretize(0.002).kernel(steps)[:4] / 0.002,
    }


def _fourier_draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.6, height=2.9, sharey=True)
        for ax, name, title in ((left, "fout", "(a) FouT"), (right, "dropped", "(b) low rank dropped, $B/2$")):
            plot.kernels(ax, data["t"], data[name], linewidth=0.9)
            ax.set_title(f"{title}, $N={int(data['N'])}$")
            ax.set_ylabel("$K_n(t)$")
        left.legend(ncols=2, loc="upper right")
    return figure


def _fourier_claims(data: Data) -> list[Claim]:
    first, second = data["t"] < 1, data["t"] > 1.5
    inside = np.abs(data["fout"] - data["dropped"])[:, first][:, 125:375].max()
    return [
        Claim.at_most(
            "s4d-fout/inside",
            "Inside the window (1/4 to 3/4) both have the Fourier basis: largest difference of four kernels.",
            "gu2022s4d; D5",
            bound=0.05,
            measured=inside,
        ),
        Claim.at_most(
            "s4d-fout/forgets",
            "FouT forgets: largest value of the first four kernels for 1.5 < t < 1.95.",
            "gu2023httyh; F3",
            bound=0.05,
            measured=np.abs(data["fout"][:, second & (data["t"] < 1.95)]).max(),
        ),
        Claim.near(
            "s4d-fout/never-forgets",
            "Without its low rank it never does: the constant kernel is still 1 at the end.",
            "gu2022s4d; D5",
            expected=1.0,
            measured=data["dropped"][0, -1],
            tolerance=1e-9,
        ),
    ]


FOURIER = Figure(
    id="s4d-fout",
    title="FouT without its low rank",
    source="gu2022s4d, appendix",
    caption=(
        "(a) First four kernels of FouT: the Fourier basis cut off after one window. (b) The rotations alone, driven "
        "by B/2: the same basis, never cut off, since the low rank is what makes the window end."
    ),
    compute=_fourier_compute,
    draw=_fourier_draw,
    claims=_fourier_claims,
)
