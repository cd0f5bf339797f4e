"""hope-4: what becomes of Hankel singular values when frequencies move by .1 % and 1 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Complex, Real
from ...analysis import realize
from ...initializations import s4d
from .._claims import Claim
from .._figure import Data, Figure
from ._systems import complex_normal, mode_values, ranks

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["PERTURBED"]

_N, _SEED, _SIZES = 64, 2024, (0.001, 0.01)
_NAMES = {"hankel": "random Hankel", "legs": "LegS"}


def _hankel_modes(rng: np.random.Generator) -> tuple[Complex, Complex]:
    """Poles and residues of a random Hankel matrix twice as large, truncated to n states, in continuous time.

    All n poles of the exact realisation coincide; the balanced truncation of a longer one has simple poles, near the
    imaginary axis.
    """
    system = realize(complex_normal(rng, 2 * _N), order=_N, continuous=True)
    a, V = np.linalg.eig(system.A)
    order = np.argsort(a.imag)
    residues = np.linalg.solve(V, system.B) * (system.C @ V)
    return a[order], residues[order]


def _legs_modes(rng: np.random.Generator) -> tuple[Complex, Complex]:
    """Poles and residues of the normal part of LegS with B/2 and a normal C (S4D-LegS)."""
    full = s4d("legs", _N, rng=rng).system.full()  # type: ignore[union-attr]
    order = np.argsort(full.lam.imag)
    return full.lam[order], (full.B * full.C)[order]


def _values(a: Complex, residues: Complex) -> Real:
    root = np.sqrt(residues.astype(np.complex128))
    return mode_values(a, root, root, continuous=True)


def _difference(a: Complex, r: Complex, a2: Complex, r2: Complex) -> float:
    """max |G - G~| on the imaginary axis, on a grid that resolves every pole: not above the norm."""
    near = np.concatenate([[0.0], np.sinh(np.linspace(-6, 6, 61))])
    w = 1j * np.concatenate([(z.imag[:, None] - z.real[:, None] * near).ravel() for z in (a, a2)])[:, None]
    return float(np.abs((r / (w - a)).sum(axis=1) - (r2 / (w - a2)).sum(axis=1)).max())


def _bound_trials(rng: np.random.Generator, count: int) -> tuple[Real, Real]:
    """Systems with poles moved by up to min |Re a|/2 and residues by up to D_B: difference and bound of theory H2."""
    found = []
    for k in range(count):
        n = int(rng.integers(1, 33))
        a = -np.exp(rng.uniform(-3, 3, n)) + 1j * rng.standard_normal(n) * 10
        r = complex_normal(rng, n) * 10.0 ** (6 * k / count - 3)
        D_A = np.abs(a.real).min() / 2 * 10.0 ** -rng.uniform(0, 1)
        turn = np.exp(2j * np.pi * rng.random((2, n)))
        D_B = 0.1 * np.abs(r).min()
        a2, r2 = a + D_A * turn[0], r + D_B * turn[1]
        bound = 4 * n * D_A * (np.abs(r) / a.real**2).max() + n * D_B / np.abs(a.real).min()
        found.append((_difference(a, r, a2, r2), bound))
    difference, bound = np.array(found).T
    return difference, bound


def _compute(quick: bool) -> Data:
    rng = np.random.default_rng(_SEED)
    data: Data = {}
    count = 16 if quick else 64
    for name, draw in {"hankel": _hankel_modes, "legs": _legs_modes}.items():
        change, rank, weight = np.empty((2, count)), np.empty((3, count)), np.empty(count)
        for k in range(count):
            a, r = draw(rng)
            values = [before := _values(a, r)]
            for i, size in enumerate(_SIZES):
                moved = a + 1j * size * a.imag * _same_for_pairs(rng, a)
                values.append(_values(moved, r))
                change[i, k] = np.abs(values[-1] - before).max() / before[0]
            rank[:, k], weight[k] = ranks(np.array(values)), (np.abs(r) / a.real**2).max() / before[0]
            if k == 0:  # the system that is drawn
                data[f"poles_{name}"], data[f"moved_{name}"], data[f"residues_{name}"] = a, moved, np.abs(r)
                data[f"values_{name}"] = np.array(values) / before[0]
        data |= {f"change_{name}": change, f"rank_{name}": rank, f"weight_{name}": weight}
    data["difference"], data["bound"] = _bound_trials(rng, 60 if quick else 200)
    one = np.ones(1, dtype=np.complex128)
    data["too_far"] = np.array([_difference(-one, one, -0.1 * one, one), 4 * 0.9])
    return data


def _same_for_pairs(rng: np.random.Generator, a: Complex) -> Real:
    """Standard normal factors, equal for a pole and its mirror image where the spectrum (sorted by Im) has them."""
    factors = rng.standard_normal(a.size)
    paired = np.abs(a - a[::-1].conj()) < 1e-9 * np.abs(a)
    return np.asarray(np.where(paired & (a.imag < 0), factors[::-1], factors))


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, rows = plot.canvas(2, 2, width=9.0, height=6.2)
        for (left, right), (name, title), letters in zip(rows, _NAMES.items(), ("ab", "cd"), strict=True):
            plot.weighted_poles(left, data[f"poles_{name}"], data[f"moved_{name}"], data[f"residues_{name}"])
            left.set_title(f"({letters[0]}) {title}: poles, moved by 1 % (crosses)")
            left.legend(title="$|b_jc_j|$", loc="upper left", handletextpad=0.1)
            labels = ("before", "after .1 %", "after 1 %")
            plot.falling_values(right, dict(zip(labels, data[f"values_{name}"], strict=True)), level=0.01)
            right.set_title(f"({letters[1]}) {title}: Hankel singular values")
            right.legend(loc="lower left")
        rows[0][1].set_ylim(bottom=8e-3)
    return figure


def _claims(data: Data) -> list[Claim]:
    hankel, legs = (np.median(data[f"change_{name}"], axis=1) for name in _NAMES)
    largest = "Random Hankel, frequencies moved by 1 %: log10 of the largest change of a value over sigma_1, median."
    weight = {name: np.median(data[f"weight_{name}"]) for name in _NAMES}
    return [
        *(
            Claim.near(f"hope-4/{name}", told, "H2", expected=log10, measured=np.log10(change[1]), tolerance=0.4)
            for name, told, log10, change in (
                ("hankel", largest, -0.8, hankel),
                ("legs", "LegS, the same.", -2.93, legs),
            )
        ),
        Claim.near(
            "hope-4/linear",
            "Random Hankel: ten times the perturbation, log10 of the ratio of changes.",
            "H2",
            expected=1.0,
            measured=np.log10(hankel[1] / hankel[0]),
            tolerance=0.4,
        ),
        Claim.near(
            "hope-4/weights",
            "Why: the largest |b_j c_j|/|Re a_j|^2 in units of sigma_1, log10 of its median over that of LegS.",
            "H2",
            expected=1.82,
            measured=np.log10(weight["hankel"] / weight["legs"]),
            tolerance=0.1,
        ),
        Claim.near(
            "hope-4/rank",
            "Random Hankel: mean number of values above .01 of 64, before and after.",
            "H3",
            expected=64,
            measured=data["rank_hankel"].mean(),
            tolerance=0.5,
        ),
        Claim.near(
            "hope-4/rank-legs",
            "LegS: the same.",
            "H7",
            expected=48.7,
            measured=data["rank_legs"].mean(),
            tolerance=2,
        ),
        Claim.at_most(
            "hope-4/bound",
            "||G - G~|| over its bound, largest over random systems with D_A <= min |Re a_j|/2.",
            "H2",
            bound=1.0,
            measured=data["difference"] / data["bound"],
        ),
        Claim.near(
            "hope-4/too-far",
            "Beyond that the bound is false: n = 1, a = -1, D_A = .9, the same ratio.",
            "H2",
            expected=2.5,
            measured=data["too_far"][0] / data["too_far"][1],
            tolerance=1e-9,
        ),
    ]


PERTURBED = Figure(
    id="hope-4",
    title="Hankel singular values when frequencies move: a random Hankel matrix and LegS",
    source="yu2025hope Figure 4",
    caption=(
        "Poles a_j of diagonal systems with 64 states and their Hankel singular values, over sigma_1 before; Im a_j is "
        "multiplied by 1 + e N(0, 1), e = .001 and .01. A high rank with random values takes poles near the imaginary "
        "axis and large weights b_j c_j, and is fragile; S4D-LegS has all poles at Re = -1/2 and hardly notices. "
        "The random Hankel matrix has 128 parameters and is truncated to 64 states (the exact realisation of 64 "
        "parameters has one pole, 64-fold); the paper does not say how its systems were made."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
    seed=_SEED,
)
