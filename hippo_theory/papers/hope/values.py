"""hope-3, hope-5: Hankel singular values of random systems, and of HOPE layers as they start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Complex, Real
from ...analysis import hankel_singular_values
from ...initializations import hope
from ...operators import LegS
from ...systems import Diagonal, StateSpace
from .._claims import Claim
from .._figure import Data, Figure
from ._systems import complex_normal, fractions, layers, legs_values, mode_values, random_modes, relative

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["INITIAL", "RANDOM"]

_N, _LEVEL, _SEED = 64, 0.01, 2405
_KINDS = {"hankel": "(a) random Hankel (HOPE)", "modes": "(b) random $(A,B,C)$", "legs": "(c) LegS, random $C$"}
_SIZES = np.array([16, 32, 64, 128, 256, 512])
_DTS = (1.0, 0.3, 0.1, 0.01)


def _compute_random(quick: bool) -> Data:
    count = 128 if quick else 512
    rng = np.random.default_rng(_SEED)
    hankel, modes, C = layers(rng, count, _N), random_modes(rng, count, _N), rng.standard_normal((count, _N))
    values = {"hankel": hankel, "modes": mode_values(*modes), "legs": legs_values(C)}
    data: Data = {"edges": np.logspace(-8, 0, 49)}
    op, few = LegS(_N), range(4)
    again = [
        *(Diagonal(a, b, C=c, dt=1.0) for a, b, c in zip(*(x[: len(few)] for x in modes), strict=True)),
        *(StateSpace(op.A, op.B, C=C[i]) for i in few),
    ]
    data["second_road"] = relative(np.array([hankel_singular_values(system).values for system in again]))
    data["first_road"] = relative(np.concatenate([values[name][: len(few)] for name in ("modes", "legs")]))
    for name, found in values.items():
        shares = np.maximum(relative(found), 1e-8)  # what is smaller still is counted at the edge
        data[f"counts_{name}"] = np.histogram(np.minimum(shares, 1.0), data["edges"])[0] / shares.size
        data[f"fraction_{name}"] = np.array(fractions(found))
    return data


def _draw_random(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [axes] = plot.canvas(1, 3, width=9.6, height=2.9, sharey=True)
        for ax, (name, title) in zip(axes, _KINDS.items(), strict=True):
            share = data[f"fraction_{name}"][0]
            plot.histogram(ax, data["edges"], data[f"counts_{name}"], level=_LEVEL, share=float(share))
            ax.set_title(title)
    return figure


def _claims_random(data: Data) -> list[Claim]:
    about = {
        "hankel": ("independent Markov parameters in a triangular Hankel matrix", "H3", 0.875, 0.01),
        "modes": ("poles uniform in the disk, b and c complex normal", "H1", 0.217, 0.015),
        "legs": ("LegS with a normal C", "H7", 0.787, 0.01),
    }
    above = data["edges"][:-1] >= 0.999 * _LEVEL
    return [
        *(
            Claim.near(
                f"hope-3/{name}",
                f"Share of relative Hankel singular values above .01, n = 64: {told}.",
                fact,
                expected=expected,
                measured=data[f"fraction_{name}"][0],
                tolerance=tolerance,
            )
            for name, (told, fact, expected, tolerance) in about.items()
        ),
        *(
            Claim.rounding(
                f"hope-3/{name}-bars",
                "The bars above .01 add up to that share.",
                "consistency",
                bound=1e-12,
                measured=abs(data[f"counts_{name}"][above].sum() - data[f"fraction_{name}"][0]),
            )
            for name in about
        ),
        Claim.rounding(
            "hope-3/roads",
            "Eight systems of (b) and (c) again, without squares (ht.hankel_singular_values), relative to sigma_1.",
            "H7",
            bound=1e-6,  # square roots of eigenvalues on the first road
            measured=np.abs(data["first_road"] - data["second_road"]),
        ),
    ]


RANDOM = Figure(
    id="hope-3",
    title="Relative Hankel singular values of 512 random systems, n = 64",
    source="yu2025hope Figure 3, top row",
    caption=(
        "Histograms of sigma_j/sigma_1 before any training. (a) Independent complex Markov parameters. (b) Poles "
        "uniform in the unit disk, b and c independent complex normal: most of the state does nothing. (c) LegS, whose "
        "rank is nearly full with a random C. What is below 1e-8 is counted in the first bar. The paper calls them "
        "init 1, 2, 3; the definitions of the first two are our reading of its file names."
    ),
    compute=_compute_random,
    draw=_draw_random,
    claims=_claims_random,
    seed=_SEED,
)


def _gap(g: Complex, other: Complex) -> float:
    return float(np.abs(g - other).max())


def _compute_initial(quick: bool) -> Data:
    rng = np.random.default_rng(_SEED + 1)
    budget = 1 << (18 if quick else 22)
    data: Data = {"n": _SIZES}
    for kind in ("complex", "real"):
        counts = np.clip(budget // _SIZES**2, 6, 2000).tolist()
        found = [
            fractions(layers(rng, m, n, real=kind == "real")) for m, n in zip(counts, _SIZES.tolist(), strict=True)
        ]
        data[f"share_{kind}"] = np.array(found).T
        values = relative(layers(rng, 128 if quick else 512, _N, real=kind == "real"))
        data[f"values_{kind}"] = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    h = complex_normal(rng, _N)
    data["exact"] = hope(_N, 1.0, h=h).hankel_singular_values
    data["sampled"] = np.array([_gramian_values(h, dt) for dt in _DTS])
    z = np.exp(1j * np.linspace(0, 2 * np.pi, 4096, endpoint=False))
    sizes, moved, allowed = np.logspace(-8, 0, 9), [], []
    for size in sizes:
        e = size * complex_normal(rng, _N)
        moved.append(_gap(hope(_N, 0.1, h=h + e).transfer(z), hope(_N, 0.1, h=h).transfer(z)))
        allowed.append(math.sqrt(_N) * float(np.linalg.norm(e)))
    equal = hope(_N, 0.1, h=np.ones(_N))
    data |= {"moved": np.array(moved), "allowed": np.array(allowed)}
    data["tight"] = np.array(abs(equal.transfer(1.0)) / _N)
    return data


def _gramian_values(h: Complex, dt: float) -> Real:
    """From the sampled system: its input Gramian is the identity, so the values are those of its outputs' history."""
    system = hope(h.size, dt, h=h).system
    C, power = np.asarray(system.C), system.A
    Q = np.outer(C.conj(), C)
    while np.linalg.norm(power) > 1e-18:
        Q = Q + power.T @ Q @ power
        power = power @ power
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(Q), 0))[::-1])


def _draw_initial(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.0, height=3.3)
        plot.falling_values(left, {f"{kind} $h$": data[f"values_{kind}"] for kind in ("complex", "real")}, level=_LEVEL)
        left.set_title(f"(a) HOPE at the start, $n={_N}$: median and quartiles")
        left.set_ylim(1e-4, 1.5)
        left.legend(loc="lower left")
        plot.intervals(right, data["n"], {f"{kind} $h$": tuple(data[f"share_{kind}"]) for kind in ("complex", "real")})
        right.axhline(0.87, color="black", linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
        right.set_ylim(0.8, 0.94)
        right.set_ylabel("share above .01")
        right.set_title("(b) of all values, with 95 % intervals")
        right.legend(loc="upper right")
    return figure


def _claims_initial(data: Data) -> list[Claim]:
    large = data["n"] >= 32
    return [
        *(
            Claim.near(
                f"hope-5/{kind}",
                f"Triangular Hankel matrices of {kind} normal h: mean share of values above .01, n = 32 to 512.",
                "H3",
                expected=0.875,
                measured=data[f"share_{kind}"][0][large].mean(),
                tolerance=0.012,
            )
            for kind in ("complex", "real")
        ),
        Claim.near(
            "hope-5/decline",
            "The share falls slowly: from n = 32 to n = 512 it loses this much, complex h.",
            "H3",
            expected=0.025,
            measured=data["share_complex"][0][1] - data["share_complex"][0][-1],
            tolerance=0.015,
        ),
        *(
            Claim.near(id, told, "H3", expected=0.30, measured=data[f"values_{kind}"][1][31], tolerance=0.03)
            for kind, id, told in (
                ("complex", "hope-5/median", "The median of the 32nd of 64 values, in units of the first."),
                ("real", "hope-5/median-real", "The same for real h."),
            )
        ),
        Claim.rounding(
            "hope-5/step",
            "Gramians of the sampled system, dt = 1, .3, .1, .01: the values are those of the Hankel matrix.",
            "H5, H6",
            bound=1e-7,  # square roots of eigenvalues
            measured=np.abs(data["sampled"] - data["exact"]) / data["exact"][0],
        ),
        Claim.at_most(
            "hope-5/stability",
            "Change of the transfer function over its bound sqrt(n) ||h - h~||: largest, for changes of 1e-8 to 1.",
            "H4",
            bound=1.0,
            measured=data["moved"] / data["allowed"],
        ),
        Claim.near(
            "hope-5/tight",
            "The same ratio where all h_j change alike, at z = 1: the bound is attained.",
            "H4",
            expected=1.0,
            measured=data["tight"],
            tolerance=1e-9,
        ),
    ]


INITIAL = Figure(
    id="hope-5",
    title="Hankel singular values of HOPE layers as they start",
    source="yu2025hope Figure 5, right (before training)",
    caption=(
        "(a) Nearly all of the state counts from the beginning: a random triangular Hankel matrix has few small "
        "values; the last one or two are far smaller than the rest. (b) The share above 1 % of the first, against n."
    ),
    compute=_compute_initial,
    draw=_draw_initial,
    claims=_claims_initial,
    seed=_SEED + 1,
)
