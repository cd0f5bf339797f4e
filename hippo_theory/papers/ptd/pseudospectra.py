"""ptd-pseudo: pseudospectra of LegS, of what is nearly LegS and diagonalisable, and of what sampling makes of it."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Array, Complex, Real
from ...analysis import kreiss_constant, pseudospectrum
from ...errors import AccuracyWarning
from ...lossless import normal_frequencies
from ...operators import LegS
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["PSEUDOSPECTRA"]

_N, _RHO, _DT = 64, 0.1, 0.01
_PLANE = (-_N - 10.0, 10.0, -float(_N), float(_N))
_NEAR = (-6.0, 5.0, -8.0, 8.0)  # the slow modes
_DISC = (-0.75, 1.25, -1.0, 1.0)
_SAMPLED = ("forward-euler", "bilinear", "zoh")
_DEEP = (-16.3, -30.5 + 0.5j, -41.0 + 3j, -45.5, -60 + 20j)  # where high precision is asked for a second opinion
_LEVELS = {
    "legs": np.arange(-40, 1, 5),
    "normal": np.array([-1.0, -0.5, -0.2, 0.0, 0.2, 0.4, 0.6]),
    "rho": np.array([-1.0, -0.5, -0.2, 0.0, 0.2, 0.4, 0.6]),
    "forward-euler": np.array([-40, -30, -20, -15, -10, -8, -6, -4, -2]),
    "bilinear": np.array([-12, -10, -8, -6, -4, -3, -2, -1]),
    "zoh": np.array([-12, -10, -8, -6, -4, -3, -2, -1]),
}


def _grid(box: tuple[float, float, float, float], points: int) -> Complex:
    x, y = np.linspace(*box[:2], points), np.linspace(*box[2:], points)
    return np.asarray(x + 1j * ((y - y[::-1]) / 2)[:, None])


def _of_matrix(A: Array, z: Complex) -> Real:
    """A dense matrix, whose smallest values are rounding: levels are drawn above that floor only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        found = pseudospectrum(A, z)
    return np.maximum(found.log10_sigma, found.floor_log10)


def _compute(quick: bool) -> Data:
    points = 60 if quick else 120
    op, plane, near, disc = LegS(_N), *(_grid(box, points) for box in (_PLANE, _NEAR, _DISC))
    port = np.outer(op.B, op.B)
    normal = op.A + port / 2
    theta = (1 - _RHO) / (1 + _RHO)
    matrices = {"rho": normal - theta / 2 * port}
    matrices |= {method: op.system.discretize(_DT, method).A for method in _SAMPLED[1:]}
    data: Data = {"plane": plane, "near": near, "disc": disc, "legs": pseudospectrum(op, plane).log10_sigma}
    frequencies = np.abs(normal_frequencies(op.a)[0])
    data["normal"] = np.log10(_distance(near, frequencies))
    data["rho"] = _of_matrix(matrices["rho"], near)
    # I + dt A is A, shrunk and moved: its pseudospectra have no floor either.
    data["forward-euler"] = pseudospectrum(op, (disc - 1) / _DT).log10_sigma + np.log10(_DT)
    for method in _SAMPLED[1:]:
        data[method] = _of_matrix(matrices[method], disc)
    for name, A in matrices.items():
        lam = np.linalg.eigvals(A) if name == "rho" else np.diagonal(A).astype(np.complex128)
        data[f"eigenvalues_{name}"] = np.stack([lam.real, lam.imag])
    data["second_road"] = pseudospectrum(op, np.array(_DEEP), digits=13).log10_sigma
    data["first_road"] = pseudospectrum(op, np.array(_DEEP)).log10_sigma
    data["normal_dense"] = _of_matrix(normal, near[::7, ::7])
    data["legs_dense"] = _of_matrix(op.A, plane[::7])
    data["euler_peak"] = np.array(_euler_peak(op))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        data["euler_kreiss"] = np.array(kreiss_constant(op.system.discretize(_DT, "forward-euler")).value)
    return data


def _euler_peak(op: LegS) -> float:
    """The largest (|z| - 1)/sigma_min along the negative axis, where it is attained, to ten digits."""
    low, high = 1.0, 2.0
    for _ in range(6):
        r = np.linspace(low, high, 42)[1:-1]
        log10_sigma = pseudospectrum(op, (-r - 1) / _DT + 0j).log10_sigma + np.log10(_DT)
        ratio = np.log10(r - 1) - log10_sigma
        best = int(ratio.argmax())
        low, high = r[max(best - 2, 0)], r[min(best + 2, r.size - 1)]
    return float(10.0 ** ratio.max())


def _distance(z: Complex, frequencies: Real) -> Real:
    """To the nearest eigenvalue -1/2 +- i y: sigma_min of a normal matrix."""
    gap = np.abs(np.abs(z.imag)[..., None] - frequencies).min(axis=-1)
    return np.asarray(np.hypot(z.real + 0.5, gap))


def _eigenvalues(name: str, data: Data) -> tuple[Real, Real]:
    n = np.arange(_N)
    if name == "legs":
        return np.asarray(-(n + 1.0)), np.zeros(_N)
    if name == "normal":
        y = normal_frequencies(LegS(_N).a)[0]
        return np.full(2 * y.size, -0.5), np.concatenate([y, -y])
    if name == "forward-euler":
        return np.asarray(1 - _DT * (n + 1)), np.zeros(_N)
    real, imag = data[f"eigenvalues_{name}"]
    return real, imag


_TITLES = {
    "legs": f"(a) LegS, $N={_N}$",
    "normal": "(b) its normal part (S4D)",
    "rho": rf"(c) $A_\rho$, $\rho={_RHO}$",
    "forward-euler": rf"(d) forward Euler, $\Delta={_DT}$",
    "bilinear": "(e) bilinear",
    "zoh": "(f) zero-order hold",
}


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, axes = plot.canvas(2, 3, width=11.4, height=6.6)
        circle = np.exp(1j * np.linspace(0, 2 * np.pi, 400))
        for ax, (name, title) in zip((ax for row in axes for ax in row), _TITLES.items(), strict=True):
            sampled = name in _SAMPLED
            z = data["disc" if sampled else "plane" if name == "legs" else "near"]
            values = np.maximum(data[name], -300)
            plot.level_curves(ax, z.real[0], z.imag[:, 0], values, _LEVELS[name], _eigenvalues(name, data))
            if sampled:
                ax.plot(circle.real, circle.imag, "k--", linewidth=0.7, zorder=3)
            else:
                ax.axvline(-0.5, color="black", linewidth=0.7, linestyle="--", zorder=0.5)
            ax.set_title(title)
    return figure


def _claims(data: Data) -> list[Claim]:
    plane, disc = data["plane"], data["disc"]
    right = plane[::7].real > -0.5
    bound = np.log10(plane[::7].real[right] + 0.5)
    outside = np.abs(disc) > 1
    margin = np.log10(np.abs(disc[outside]) - 1)
    kreiss = {method: float((margin - data[method][outside]).max()) for method in _SAMPLED}
    return [
        Claim.rounding(
            "ptd-pseudo/deep",
            "LegS: log10 of sigma_min from the all-pass equation and from solves in ball arithmetic, down to 1e-46.",
            "L10",
            bound=1e-12,
            measured=np.abs(data["first_road"] - data["second_road"]).max(),
        ),
        Claim.near(
            "ptd-pseudo/depth",
            "LegS, N = 64: log10 sigma_min at -45.5, midway between two eigenvalues.",
            "L10",
            expected=-46.74036157,
            measured=data["first_road"][_DEEP.index(-45.5)],
            tolerance=1e-6,
        ),
        Claim.at_most(
            "ptd-pseudo/right",
            "Right of Re z = -1/2 LegS, as a dense matrix, has sigma_min >= Re z + 1/2: largest log10 of the ratio.",
            "L8",
            bound=1e-9,
            measured=(bound - data["legs_dense"][right]).max(),
        ),
        Claim.rounding(
            "ptd-pseudo/normal",
            "The normal part, as a dense matrix: sigma_min is the distance to the nearest root of the phase.",
            "L3, L4",
            bound=1e-9,
            measured=np.abs(data["normal_dense"] - data["normal"][::7, ::7]).max(),
        ),
        Claim.at_most(
            "ptd-pseudo/rho",
            "A_rho is as harmless as its kappa of about 1/rho: log10 of the distance to its spectrum over sigma_min.",
            "P5",
            bound=1.0,
            measured=_excess(data),
        ),
        Claim.near(
            "ptd-pseudo/euler",
            "Forward Euler: the largest (|z| - 1)/sigma_min on the negative axis, by the all-pass equation.",
            "L8, L10",
            expected=1.01445740e7,
            measured=float(data["euler_peak"]),
            tolerance=1.0,
        ),
        Claim.rounding(
            "ptd-pseudo/kreiss",
            "Forward Euler: the Kreiss constant of the dense matrix against that peak, relative.",
            "L8, L10",
            bound=1e-4,
            measured=abs(float(data["euler_kreiss"] / data["euler_peak"]) - 1),
        ),
        Claim.at_most(
            "ptd-pseudo/euler-grid",
            "Forward Euler: log10 of (|z| - 1)/sigma_min over that peak, largest on the grid of the figure.",
            "L8",
            bound=1e-12,
            measured=kreiss["forward-euler"] - math.log10(data["euler_peak"]),
        ),
        *(
            Claim.at_most(
                f"ptd-pseudo/{method}",
                f"{method}: (|z| - 1)/sigma_min never exceeds 1 outside the disc; largest log10.",
                "L8",
                bound=1e-12,
                measured=kreiss[method],
            )
            for method in _SAMPLED[1:]
        ),
    ]


def _excess(data: Data) -> float:
    """log10 of distance/sigma_min for A_rho, away from the eigenvalues."""
    real, imag = data["eigenvalues_rho"]
    distance = np.abs(data["near"][..., None] - (real + 1j * imag)).min(axis=-1)
    far = distance > 0.1
    return float((np.log10(distance) - data["rho"])[far].max())


PSEUDOSPECTRA = Figure(
    id="ptd-pseudo",
    title="Pseudospectra of LegS, of its diagonalisable relatives, and of what sampling makes of it",
    source="new; yu2024ptd (pseudospectra)",
    caption=(
        "Level curves of the smallest singular value of zI - A. (a) LegS: an entry perturbed by 1e-20 can move "
        "eigenvalues by dozens of units, though never far beyond Re z = -1/2 (dashed). (b) Its normal part, slow "
        "modes: distances to the eigenvalues. (c) The lossless homotopy with rho = 0.1, nearly as harmless and much "
        "closer to LegS. (d) Forward Euler: all eigenvalues in the unit disc (dashed), the curves far outside: powers "
        "grow to 1e8. (e), (f) The bilinear map and zero-order hold keep every curve where a contraction has to."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
