"""hope-beta: how the rank of random diagonal systems grows with their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Real
from .._claims import Claim
from .._figure import Data, Figure
from ._systems import mode_values, random_modes, ranks

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["BETA"]

_SEED = 1234
_SIZES = np.array([16, 32, 64, 128, 256])
_COUNTS = (2000, 800, 400, 200, 128)
_LAWS = {"disk": None, "half": 0.5}
_LABELS = {"disk": "uniform in the disk", "half": r"$P(|a|>1-\rho)=\rho^{1/2}$"}


def _compute(quick: bool) -> Data:
    rng = np.random.default_rng(_SEED)
    data: Data = {"n": _SIZES}
    for name, alpha in _LAWS.items():
        counts = [max(count // (8 if quick else 1) // (1 if name == "disk" else 2), 5) for count in _COUNTS]
        found = [_ranks(rng, count, int(n), alpha) for count, n in zip(counts, _SIZES, strict=True)]
        data[f"mean_{name}"] = np.array([r.mean() for r in found])
        data[f"half_{name}"] = np.array([1.96 * r.std(ddof=1) / np.sqrt(r.size) for r in found])
        # Bootstrap: the systems of every size are drawn again, with replacement.
        slopes = [_beta(np.array([rng.choice(r, r.size).mean() for r in found])) for _ in range(1000)]
        data[f"beta_{name}"] = np.array([_beta(data[f"mean_{name}"]), *np.quantile(slopes, [0.025, 0.975])])
    return data


def _ranks(rng: np.random.Generator, count: int, n: int, alpha: float | None) -> Real:
    at_once = max(1, (1 << 19) // n**2)
    blocks = [min(at_once, count - start) for start in range(0, count, at_once)]
    return np.concatenate([ranks(mode_values(*random_modes(rng, block, n, alpha))) for block in blocks])


def _beta(means: Real) -> float:
    return float(np.polyfit(np.log(_SIZES), np.log(means), 1)[0])


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[ax]] = plot.canvas(1, 1, width=5.4, height=3.6)
        n = data["n"]
        labels = {
            name: rf"{label}: $\beta={data[f'beta_{name}'][0]:.2f}$ "
            rf"[{data[f'beta_{name}'][1]:.2f}, {data[f'beta_{name}'][2]:.2f}]"
            for name, label in _LABELS.items()
        }
        means = {labels[name]: (data[f"mean_{name}"], data[f"half_{name}"]) for name in _LAWS}
        fits = {}
        for name in _LAWS:
            centre = np.exp(np.log(data[f"mean_{name}"]).mean())
            fits[labels[name]] = centre * (n / np.exp(np.log(n).mean())) ** data[f"beta_{name}"][0]
        plot.intervals(ax, n, means, fits)
        ax.set_yscale("log", base=2)
        ax.set_yticks([4, 8, 16, 32], ["4", "8", "16", "32"])
        ax.set_ylim(4, 40)
        ax.minorticks_off()
        ax.set_ylabel("mean .01-rank")
        ax.set_title("Rank of random diagonal systems, fits $n^\\beta$ and 95 % intervals")
        ax.legend(loc="upper left")
    return figure


def _claims(data: Data) -> list[Claim]:
    mean = dict(zip(data["n"].tolist(), data["mean_disk"], strict=True))
    expected = {16: (7.2, 0.5), 64: (14.5, 1.5), 256: (24.0, 4.0)}
    return [
        *(
            Claim.near(
                f"hope-beta/{n}",
                f"Mean .01-rank of random diagonal systems with {n} states, poles uniform in the disk.",
                "H1",
                expected=value,
                measured=mean[n],
                tolerance=tolerance,
            )
            for n, (value, tolerance) in expected.items()
        ),
        Claim.near(
            "hope-beta/beta",
            "Fitted growth exponent; the theorem bounds it by about 1/2.",
            "H1",
            expected=0.42,
            measured=data["beta_disk"][0],
            tolerance=0.06,
        ),
        Claim.at_most(
            "hope-beta/upper",
            "The upper end of its 95 % bootstrap interval, below the exponent 1/(1 + alpha) of the theorem.",
            "H1",
            bound=0.5,
            measured=data["beta_disk"][2],
        ),
        Claim.near(
            "hope-beta/half",
            "More poles near the circle, alpha = 1/2: the theorem allows 2/3, what is seen levels off.",
            "H1",
            expected=0.22,
            measured=_beta(data["mean_half"]),
            tolerance=0.15,
        ),
        Claim.near(
            "hope-beta/half-mean",
            "The mean rank for alpha = 1/2, 256 states: one pole next to the circle makes all other values small.",
            "H1",
            expected=11,
            measured=data["mean_half"][-1],
            tolerance=4,
        ),
    ]


BETA = Figure(
    id="hope-beta",
    title="The rank of random diagonal systems grows like a power of their size below 1/2",
    source="yu2025hope, appendix (check of theorem 1)",
    caption=(
        "Mean number of Hankel singular values above 1 % of the largest, b and c independent complex normal. Bars: "
        "95 % intervals of the mean; dashed: fitted power laws, their 95 % bootstrap intervals in the legend. The "
        "proved exponents 1/(1 + alpha), 1/2 and 2/3, are upper bounds; "
        "where many poles are near the circle (squares) no power is seen: the ranks level off."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
    seed=_SEED,
)
