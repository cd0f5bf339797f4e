"""ptd-law: what the all-pass perturbation costs, kappa(V) about 1/rho, where that holds and where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Real
from ...lossless import HomotopyModes, collisions, diagonalize_normal_part, homotopy_modes
from ...operators import FouT, LagT, LegS, OnePort, TakenakaMalmquist
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["LAW"]

_SEED = 0
_FAMILIES: dict[str, OnePort] = {
    "LegS, N = 16": LegS(16),
    "LegS, N = 256": LegS(256),
    "LagT, N = 64": LagT(64),
    "FouT, N = 65": FouT(65),
}
_TESTED, _SMALLEST = (0.9, 0.1, 0.01), 1e-6
_SHOWN, _CLEAR = 3, 2.0  # collisions that are resolved; the factor from the next one that counts as clear of it
_MOST_REAL, _MOST_PAIRS = 4, 2  # poles of a random chain
_HALF, _GENTLE = 0.5, 0.9  # where prices of chains are compared; a slope well below one
_LAGT = (1, 2, 7, 64)
_NEXT_TO_ONE = 1e-5  # 1 - rho of a difference quotient
_COUNTEREXAMPLE = TakenakaMalmquist([0.14093771, 0.18513993, 7.07417188]), 0.84662


def _compute(quick: bool) -> Data:
    rho = _around_collisions(np.geomspace(_SMALLEST, 1.0, 24 if quick else 60, endpoint=False))
    sloped = (*_FAMILIES.values(), _COUNTEREXAMPLE[0])
    rng, large = np.random.default_rng(_SEED), 128 if quick else 1024
    return {
        "rho": rho,
        "product": np.array([[_condition(op, r) * r for r in rho] for op in _FAMILIES.values()]),
        "clear": np.array([_clear(op, rho) for op in _FAMILIES.values()]),
        "tested": np.array([_tested(op, r) for op in _FAMILIES.values() for r in _TESTED]).T,
        "large_n": np.array(float(large)),
        "large": np.array([_condition(op, r) * r for op in (LegS(large), LagT(large)) for r in _TESTED]),
        "lagt": np.array([[_condition(LagT(n), r) for r in _TESTED] for n in _LAGT]),
        "lagt_exact": np.array([[r ** (1 / n - 1) for r in _TESTED] for n in _LAGT]),
        "slope": np.array([_slope(op) for op in sloped]),
        "quotient": np.array([(_condition(op, 1 - _NEXT_TO_ONE) - 1) / _NEXT_TO_ONE for op in sloped]),
        "chains": np.array([_price(_random_chain(rng)) for _ in range(60 if quick else 300)]).T,
        "counterexample": np.array(_condition(*_COUNTEREXAMPLE) * _COUNTEREXAMPLE[1]),
    }


def _condition(op: OnePort, rho: float) -> float:
    return float(np.linalg.cond(homotopy_modes(op, rho).full()[1]))


def _around_collisions(rho: Real) -> Real:
    """More points where LegS has its largest collisions, never at one of them."""
    near = [1 + sign * 10.0**-k for sign in (-1, 1) for k in (1, 2, 3)]
    found = np.concatenate([collisions(op).rho[:_SHOWN] for op in _FAMILIES.values() if isinstance(op, LegS)])
    return np.sort(np.concatenate([rho, np.outer(found[found > 2 * _SMALLEST], near).ravel()]))


def _clear(op: OnePort, rho: Real) -> Real:
    """Whether no collision lies within a factor of two, 1 or 0."""
    if isinstance(op, FouT):  # it has none
        return np.ones_like(rho)
    gaps = np.abs(np.log10(rho)[:, None] - collisions(op).log10)
    return np.asarray(gaps.min(axis=1, initial=np.inf) > np.log10(_CLEAR), dtype=np.float64)


def _kernels(modes: HomotopyModes, shift: float) -> tuple[Real, Real, Real]:
    """|<v_j, v_k>|; the same of unit kernels sqrt(2 Re x) e^{-x t}, x = -(lam + shift); and their separations."""
    lam, V, _ = modes.full()
    x = -(lam + shift)
    away, mirrored = x[:, None] - x, x[:, None] + x.conj()
    np.fill_diagonal(away, mirrored.diagonal())
    separations = np.exp(np.log(np.abs(away / mirrored)).sum(axis=1))
    return np.abs(V.conj().T @ V), np.abs(2 * np.sqrt(np.outer(x.real, x.real)) / mirrored), separations


def _tested(op: OnePort, rho: float) -> tuple[float, float, float, float]:
    """How far the Gram matrices are apart; kappa, and its bounds from below and above by separations."""
    modes = homotopy_modes(op, rho)
    measured, exact, separations = _kernels(modes, op.shift)
    V = modes.full()[1]
    least = float(separations.min())
    return (
        float(np.abs(measured - exact).max()),
        float(np.linalg.cond(V)),
        1 / least,
        float(np.linalg.norm(V, 2)) ** 2 / least,
    )


def _slope(op: OnePort) -> float:
    """-d kappa/d rho at rho = 1: the norm of sqrt(m_j m_k)/(y_j - y_k)."""
    lam, _, weights = diagonalize_normal_part(op).full()
    gaps = lam.imag[:, None] - lam.imag
    np.fill_diagonal(gaps, np.inf)
    return float(np.linalg.norm(np.outer(weights, weights) / (2 * gaps), 2))


def _random_chain(rng: np.random.Generator) -> TakenakaMalmquist:
    """Real poles and conjugate pairs, moduli over four decades."""
    pairs, real = rng.integers(0, _MOST_PAIRS + 1), rng.integers(2, _MOST_REAL + 1)
    z = 10 ** rng.uniform(-2, 2, pairs) * np.exp(1j * rng.uniform(-1, 1, pairs) * np.pi / 2)
    return TakenakaMalmquist([*np.column_stack([z, z.conj()]).ravel(), *10 ** rng.uniform(-2, 2, real)])


def _price(op: TakenakaMalmquist) -> tuple[float, float]:
    """The slope at rho = 1, and kappa rho half way."""
    return _slope(op), _condition(op, _HALF) * _HALF


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.4, height=3.8)
        rho, one = data["rho"], np.array([1.0, 1.0])
        lines = {name: (rho, row, "") for name, row in zip(_FAMILIES, data["product"], strict=True)}
        plot.tradeoff(left, lines, {r"$\kappa\rho=1$": (np.array([_SMALLEST, 1]), one)})
        left.set_ylim(1e-4, 30)
        left.set_xlabel(r"$\rho$")
        left.set_ylabel(r"$\kappa(V)\,\rho$")
        left.set_title("(a) families")
        left.legend(loc="lower right")
        slope, price = data["chains"]
        fails = (slope > 1) | (price > 1)
        plot.tradeoff(
            right,
            {
                "law may hold": (slope[~fails], price[~fails], "points"),
                "law fails": (slope[fails], price[fails], "points"),
            },
            {
                r"$\kappa\rho=1$": (np.array([slope.min(), slope.max()]), one),
                r"$\kappa=\rho^{-s}$": (found := np.geomspace(slope.min(), 4, 50), _HALF ** (1 - found)),
            },
        )
        right.set_xlabel(r"$s=-d\kappa/d\rho$ at $\rho=1$")
        right.set_ylabel(rf"$\kappa(V)\,\rho$ at $\rho={_HALF}$")
        right.set_title("(b) random chains of poles")
        right.legend(loc="upper left")
    return figure


def _claims(data: Data) -> list[Claim]:
    gram, kappa, below, above = data["tested"]
    slope, price = data["chains"]
    clear = data["clear"] > 0
    return [
        Claim.rounding(
            "ptd-law/kernels",
            "Gram matrix of the eigenvectors against that of normalised exponentials, families, rho = .9, .1, .01.",
            "P5; crofoot1994",
            bound=1e-12,
            measured=float(gram.max()),
        ),
        Claim.at_most(
            "ptd-law/bounds",
            "kappa lies between 1/delta and ||Gram||/delta, delta the smallest separation: largest quotient, for both.",
            "P5",
            bound=1 + 1e-9,
            measured=float(max((below / kappa).max(), (kappa / above).max())),
        ),
        Claim.rounding(
            "ptd-law/lagt",
            "LagT: kappa = rho^{1/N - 1} exactly, relative, N = 1, 2, 7, 64.",
            "P5",
            bound=1e-9,
            measured=float(np.abs(data["lagt"] / data["lagt_exact"] - 1).max()),
        ),
        Claim.rounding(
            "ptd-law/slope",
            "-d kappa/d rho at rho = 1, a norm in closed form, against a quotient of differences.",
            "P5",
            bound=1e-4,
            measured=float(np.abs(data["slope"] - data["quotient"]).max()),
        ),
        Claim.at_most(
            "ptd-law/families",
            "The largest kappa rho of four families, rho from 1e-6 to 1, clear of collisions by a factor of two.",
            "P5",
            bound=1.0,
            measured=float(data["product"][clear].max()),
        ),
        Claim.at_most(
            "ptd-law/large",
            f"The largest kappa rho of LegS and LagT with {data['large_n']:.0f} states, rho = .9, .1, .01.",
            "P5",
            bound=1.0,
            measured=float(data["large"].max()),
        ),
        Claim.near(
            "ptd-law/steep",
            "No law for all: share of random chains, poles over four decades, with a slope above one at rho = 1.",
            "P5",
            expected=0.5,
            measured=float((slope > 1).mean()),
            tolerance=0.1,
        ),
        Claim.near(
            "ptd-law/half-way",
            "Share of them with kappa rho > 1 at rho = 1/2.",
            "P5",
            expected=0.39,
            measured=float((price > 1).mean()),
            tolerance=0.08,
        ),
        Claim.at_most(
            "ptd-law/gentle",
            "The largest kappa rho at rho = 1/2 of those with a slope of at most .9: none exceeds one.",
            "P5",
            bound=1.0,
            measured=float(price[slope <= _GENTLE].max()),
        ),
        Claim.near(
            "ptd-law/counterexample",
            "kappa rho of three real poles at rho = .84662.",
            "P5",
            expected=1.0527,
            measured=float(data["counterexample"]),
            tolerance=0.002,
        ),
    ]


LAW = Figure(
    id="ptd-law",
    title="The price of the all-pass perturbation",
    source="new; theory P5",
    caption=(
        "kappa(V) rho of the all-pass homotopy. (a) Four families: close to one, with peaks at collisions of "
        "eigenvalues (LegS alone has them) and falling where the operator itself is well conditioned (FouT). For LagT "
        "it is rho^{1/N} exactly. (b) Random chains of poles, at rho = 1/2, against the slope at rho = 1, a "
        "norm in closed form: where that is above one, kappa rho exceeds one next to rho = 1; where it is below one, "
        "kappa is close to rho^{-s}."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
    seed=_SEED,
)
