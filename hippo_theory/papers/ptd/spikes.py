"""ptd-1: the spikes of the diagonal system on the imaginary axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Real
from ...lossless import amplification_near, resolved_axis, spike
from ...operators import LegS
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["SPIKES"]

_SIZES = (10, 100, 1000, 10000)
_SUP_NORM = {16: 10.0246, 64: 40.7028, 1024: 651.896}
_LAW = 2 / np.pi
_EPS = np.finfo(np.float64).eps


def _first_mode(w: Real) -> Real:
    """|G_0(iw)| of LegS: C = e_0 reads out the running mean, a low pass."""
    return np.asarray(1 / np.hypot(1.0, w))


def _sup_norm(N: int) -> float:
    """sup_w ||G - G_diag||: ||G|| |phi|/|1 + phi| with ||G|| = N/R, |phi| = w/R."""
    return spike(N, 0, lambda w: N * w / (w * w + N * N)).height


def _compute(quick: bool) -> Data:
    del quick  # the whole figure takes about a second
    distance = np.linspace(-4, 4, 401)
    data: Data = {"distance": distance, "sup_norm": np.array([_sup_norm(N) for N in _SUP_NORM])}
    for N in _SIZES:
        w, amplification = resolved_axis(N, start=1.0, stop=10.0 * N * N)
        data[f"w_{N}"], data[f"magnitude_{N}"] = w, _first_mode(w) * amplification
        last, second = (spike(N, order, _first_mode) for order in (0, 1))
        data[f"frequency_{N}"] = np.array([last.frequency, second.frequency])
        data[f"height_{N}"] = np.array([last.height, second.height])
        zoom = last.frequency + distance
        data[f"zoom_{N}"] = _first_mode(zoom) * amplification_near(N, last.root, zoom - last.root)
        phi = LegS(N).allpass(1j * data[f"frequency_{N}"])
        data[f"product_height_{N}"] = _first_mode(data[f"frequency_{N}"]) / np.abs(1 + phi)
    return data


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[left, right]] = plot.canvas(1, 2, width=9.0, height=3.4, width_ratios=[1.9, 1])
        plot.magnitudes(
            left, {f"$n={N}$": (data[f"w_{N}"], data[f"magnitude_{N}"]) for N in _SIZES}, level=_LAW, name=r"$2/\pi$"
        )
        left.set_title(r"(a) $|G_{\mathrm{Diag}}(i\omega)|$, $C=e_0$: every spike resolved")
        left.set_ylabel("magnitude")
        left.legend(loc="lower left")
        curves = {f"$n={N}$": (data["distance"], data[f"zoom_{N}"]) for N in _SIZES}
        plot.last_spike(right, curves, level=_LAW)
        right.set_title(r"(b) the last spike; dashed: $2/\pi$")
        right.set_ylabel("magnitude")
    return figure


def _claims(data: Data) -> list[Claim]:
    claims = []
    for N in (1000, 10000):
        for order, word, m, law, shift in ((0, "last", 1, "pi", "pi/6"), (1, "second last", 3, "(3 pi)", "pi/2")):
            claims += [
                Claim.near(
                    f"ptd-1/height-{order}-{N}",
                    f"Height of the {word} spike at n = {N}, C = e_0: 2/{law}.",
                    "yu2024ptd Theorem 2; L6, P6",
                    expected=_LAW / m,
                    measured=data[f"height_{N}"][order],
                    tolerance=20 / N**2,
                ),
                Claim.near(
                    f"ptd-1/place-{order}-{N}",
                    f"Frequency of the {word} spike at n = {N}, minus n^2/{law}: it tends to -{shift}.",
                    "L5, P6",
                    expected=-m * np.pi / 6,
                    measured=data[f"frequency_{N}"][order] - N * N / (m * np.pi),
                    tolerance=20 / N**2,
                ),
            ]
    claims += [_resolution_claim(data), _second_road_claim(data)]
    for (N, expected), measured in zip(_SUP_NORM.items(), data["sup_norm"], strict=True):
        claims.append(
            Claim.near(
                f"ptd-1/sup-norm-{N}",
                f"sup over w of ||G - G_Diag|| at n = {N}, all outputs: it grows like 2n/pi.",
                "L6",
                expected=expected,
                measured=measured,
                tolerance=5e-4 if N > 64 else 5e-5,
            )
        )
    return claims


def _resolution_claim(data: Data) -> Claim:
    missing = [1 - data[f"magnitude_{N}"][data[f"w_{N}"] > N].max() / data[f"height_{N}"][0] for N in _SIZES]
    return Claim.at_most(
        "ptd-1/resolution",
        "The drawn curves reach the height of the last spike, found as a maximum: largest relative loss.",
        "yu2024ptd Figure 1",
        bound=1e-3,
        measured=np.abs(missing).max(),
    )


def _second_road_claim(data: Data) -> Claim:
    # N factors of phi, each a few eps, against |1 + phi|, which is n w/(R (R + w)) small at the last spike.
    losses = []
    for N in _SIZES:
        gap = _first_mode(data[f"frequency_{N}"]) / data[f"height_{N}"]
        error = np.abs(data[f"product_height_{N}"] / data[f"height_{N}"] - 1)
        losses.append((error * gap / (N * _EPS)).max())
    return Claim.rounding(
        "ptd-1/second-road",
        "Spike heights from the phase in closed form and from the n factors of phi, in units of n eps/abs(1 + phi).",
        "L2, L3",
        bound=1.0,
        measured=max(losses),
    )


SPIKES = Figure(
    id="ptd-1",
    title="The diagonal system has a spike that never fades",
    source="yu2024ptd, Figure 1",
    caption=(
        "Magnitude of the transfer function of (A_N, B/2) on the imaginary axis, C = e_0. The points follow the "
        "resonances (n/2 of them for each n), so that every spike has its true height; where they merge into a "
        "band they are closer than the ink. The last one sits near n^2/pi - pi/6 with the half-power half-width "
        "1/2, and its height tends to 2/pi, dashed (b: colours as in a, alternating where curves coincide), while "
        "LegS itself has 1/w there."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
