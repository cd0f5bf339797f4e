"""s4d-limits: in which sense the diagonal model approaches LegS, and in which it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ...initializations import s4d
from ...lossless import diagonal_error, resolved_axis, spike
from ...operators import FouT, LagT, LegS, OnePort, TakenakaMalmquist
from ...systems import StateSpace
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["LIMITS"]

_EPS = float(np.finfo(np.float64).eps)
_CURVES = (16, 64, 256)
_PEAK_SIZES = (16, 64, 256, 1024, 4096)
_SIZES = (4, 8, 16, 32, 64, 128, 256)
_DT, _WINDOW = 0.002, 0.8
_SAMPLED = (16, 32, 64, 128, 256, 512, 1024, 2048)
_CHECKED = 64


def _identity_residual(operator: OnePort) -> float:
    """L1 at pairs of points to the right of the axis, relative to the larger side."""
    rng = np.random.default_rng(0)
    s, z = rng.uniform(0.1, 5, (2, 50)) + 1j * rng.normal(0, 20, (2, 50))
    left = (s.conj() + z + 2 * operator.shift) * np.sum(operator.transfer(s).conj() * operator.transfer(z), axis=0)
    right = 1 - operator.allpass(s).conj() * operator.allpass(z)
    return float((np.abs(left - right) / np.maximum(np.abs(left), np.abs(right))).max())


def _highest_spike(N: int) -> float:
    """The supremum again, from the phase on the axis: ||G|| |phi| = N w/R^2 times 1/|1 + phi|."""
    return spike(N, 0, lambda w: N * w / (w * w + N * N)).height


def _sampled_deviation(N: int, method: str) -> float:
    """The largest deviation of the first sampled kernel before t = _WINDOW; LegS needs its first row only."""
    steps = int(_WINDOW / _DT)
    diagonal = s4d("legs", N)
    shown = replace(diagonal.system, C=diagonal.tensors()["V"][:1])
    exact = StateSpace(LegS(1).A, LegS(1).B).discretize(_DT, method).kernel(steps)
    return float(np.abs(shown.discretize(_DT, method).kernel(steps) - exact).max() / _DT)


def _compute(quick: bool) -> Data:
    data: Data = {}
    for N in _CURVES:
        w, amplification = resolved_axis(N, start=0.1, stop=10.0 * N * N)
        data[f"w_{N}"], data[f"gain_{N}"] = w, N * w / (w * w + N * N) * amplification
    peaks = _PEAK_SIZES[:-1] if quick else _PEAK_SIZES
    found = [(diagonal_error(LegS(N)), np.eye(N)[0]) for N in peaks]
    data["peak"] = np.array([error.peak().value for error, _ in found])
    data["spike"] = np.array([_highest_spike(N) for N in peaks])
    data["first_peak"] = np.array([error.peak(C).value for error, C in found])
    sizes = _SIZES[:-1] if quick else _SIZES
    small = [(diagonal_error(LegS(N)), np.eye(N)[0]) for N in sizes]
    data["impulse"] = np.array([error.l2_norm(C) for error, C in small])
    data["smooth"] = np.array([error.l2_norm(C, rate=1.0) for error, C in small])
    for method in ("bilinear", "zoh"):
        data[method] = np.array([_sampled_deviation(N, method) for N in _SAMPLED])
    return data | _checks()


def _checks() -> Data:
    """L1 to L3, each by two roads."""
    op = LegS(_CHECKED)
    w = np.geomspace(0.1, 10.0 * _CHECKED**2, 200)
    R = np.hypot(w, _CHECKED)
    difference = op.transfer(1j * w) - s4d("legs", _CHECKED).transfer(1j * w)
    error = diagonal_error(op).transfer(1j * w)
    families = (op, LagT(_CHECKED), FouT(_CHECKED + 1), TakenakaMalmquist([1 + 3j, 1 - 3j, 0.2, 5.0], 0.1))
    return {
        "identity": np.array([_identity_residual(family) for family in families]),
        "moduli": np.array(
            [
                np.abs(np.abs(op.allpass(1j * w)) * R / w - 1).max(),
                np.abs(np.linalg.norm(op.transfer(1j * w), axis=0) * R / _CHECKED - 1).max(),
            ]
        ),
        "closed_form": np.array(np.abs(difference - error).max() / np.abs(error).max()),
        "interpolation": np.array(
            [np.abs((op.transfer(k) - s4d("legs", _CHECKED).transfer(k)) / op.transfer(k)[0]).max() for k in range(4)]
        ),
    }


def _draw(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[gains, norms, sampled]] = plot.canvas(1, 3, width=11.4, height=3.5)
        for i, N in reversed(list(enumerate(_CURVES))):
            gains.loglog(data[f"w_{N}"], data[f"gain_{N}"], color=plot.PALETTE[i], linewidth=0.7, label=f"$N={N}$")
        w = np.geomspace(0.1, 3, 2)
        gains.plot(w, w / _CURVES[0], "k--", linewidth=0.7)
        gains.annotate(r"$\omega/N$", (0.3, 0.3 / _CURVES[0]), (-2, 5), textcoords="offset points", ha="right")
        gains.set_title(r"(a) $\|G-G_{\mathrm{Diag}}\|$ on the axis")
        gains.set_xlabel(r"frequency $\omega$")
        gains.set_ylabel("norm of the error")
        gains.legend(loc="upper left")
        sizes = _SIZES[: data["impulse"].size]
        curves = {
            "supremum over $\\omega$": (_PEAK_SIZES[: data["peak"].size], data["peak"]),
            "the same, $C=e_0$": (_PEAK_SIZES[: data["peak"].size], data["first_peak"]),
            "impulse in $L^2$, $C=e_0$": (sizes, data["impulse"]),
            "$e^{-t}$ in $L^2$, $C=e_0$": (sizes, data["smooth"]),
        }
        plot.errors(norms, curves, base=2)
        norms.set_title("(b) strong, weak, and not at all")
        norms.set_xlabel("$N$")
        norms.set_ylabel("size of the error")
        norms.set_ylim(top=3e4)
        norms.legend(loc="upper left")
        methods = {method: (_SAMPLED, data[method]) for method in ("zoh", "bilinear")}
        plot.errors(sampled, methods, base=2)
        sampled.set_title(rf"(c) sampled kernels, $t<{_WINDOW:g}$, $\Delta={_DT:g}$")
        sampled.set_xlabel("$N$")
        sampled.set_ylabel("largest deviation of $K_0$")
        sampled.legend(loc="lower left")
    return figure


def _claims(data: Data) -> list[Claim]:
    return [*_identity_claims(data), *_peak_claims(data), *_norm_claims(data), *_sampled_claims(data)]


def _identity_claims(data: Data) -> list[Claim]:
    return [
        Claim.rounding(
            "s4d-limits/identity",
            "(conj s + z + 2 shift) G(s)^* G(z) = 1 - conj phi(s) phi(z): LegS, LagT, FouT, one more chain of poles.",
            "L1",
            bound=1e-12,
            measured=data["identity"].max(),
        ),
        Claim.rounding(
            "s4d-limits/moduli",
            "LegS, N = 64, s = iw: the modulus of phi is w/R and the norm of G is N/R, R^2 = w^2 + N^2.",
            "L2",
            bound=1e-13,
            measured=data["moduli"].max(),
        ),
        Claim.rounding(
            "s4d-limits/closed-form",
            "G - G_Diag of the two stored systems is G phi/(1 + phi), N = 64, relative to its maximum.",
            "L3, L6",
            bound=1e-10,
            measured=float(data["closed_form"]),
        ),
        Claim.rounding(
            "s4d-limits/interpolation",
            "phi vanishes at s = 0, ..., N - 1: there the diagonal system and LegS agree (s = 0, 1, 2, 3, relative).",
            "L2, L6",
            bound=1e-11,
            measured=data["interpolation"].max(),
        ),
    ]


def _peak_claims(data: Data) -> list[Claim]:
    claims = [
        Claim.rounding(
            "s4d-limits/peak-two-roads",
            "The supremum from the product over the eigenvalues and from the phase on the axis, N = 16 to 4096.",
            "L3, L6",
            bound=1e-10,
            measured=np.abs(data["peak"] / data["spike"] - 1).max(),
        )
    ]
    for i, N in enumerate(_PEAK_SIZES[: data["peak"].size]):
        claims += [
            Claim.near(
                f"s4d-limits/peak-{N}",
                f"sup over w of ||G - G_Diag|| over 2N/pi, N = {N}: 1 - 5 pi^2/(12 N^2), up to 15/N^4.",
                "L6",
                expected=1 - 5 * np.pi**2 / (12 * N * N),
                measured=data["peak"][i] / (2 * N / np.pi),
                tolerance=max(15 / N**4, 1e-12),
            ),
            Claim.near(
                f"s4d-limits/first-peak-{N}",
                f"The same with C = e_0 over 2/pi, N = {N}: 1 + pi^2/(12 N^2), up to 10/N^4.",
                "yu2024ptd Theorem 2; L6",
                expected=1 + np.pi**2 / (12 * N * N),
                measured=data["first_peak"][i] / (2 / np.pi),
                tolerance=max(10 / N**4, 1e-12),
            ),
        ]
    return claims


def _norm_claims(data: Data) -> list[Claim]:
    N = np.array(_SIZES[: data["impulse"].size], dtype=np.float64)
    return [
        Claim.near(
            "s4d-limits/impulse",
            f"Impulse response, C = e_0: L2 norm of the error at N = {N[-1]:g}; it tends to 1/2.",
            "L6",
            expected=0.5,
            measured=data["impulse"][-1],
            tolerance=1 / N[-1] ** 2,
        ),
        Claim.near(
            "s4d-limits/smooth",
            f"Input e^-t, C = e_0: 2N times the L2 norm of the error at N = {N[-1]:g}; it tends to 1.",
            "gu2022s4d Theorem 3; yu2024ptd Theorem 1; L6, P6",
            expected=1.0,
            measured=2 * N[-1] * data["smooth"][-1],
            tolerance=1 / N[-1] ** 2,
        ),
        Claim.near(
            "s4d-limits/smooth-order",
            "Slope of that norm against N between the two largest sizes: order one.",
            "gu2022s4d Theorem 3; L6",
            expected=-1.0,
            measured=np.log2(data["smooth"][-1] / data["smooth"][-2]),
            tolerance=1e-4,
        ),
    ]


def _sampled_claims(data: Data) -> list[Claim]:
    return [
        Claim.rounding(
            "s4d-limits/bilinear",
            "Bilinear, dt = 0.002, N = 1024: the first kernels agree to rounding for t < 0.8, before the first echo.",
            "gu2022s4d (weak convergence); L6",
            bound=10 * _EPS / _DT,
            measured=data["bilinear"][_SAMPLED.index(1024)],
        ),
        Claim.near(
            "s4d-limits/zoh",
            "Zero-order hold folds the spikes back: its deviation at N = 2048, dt = 0.002.",
            "measured before",
            expected=0.0129,
            measured=data["zoh"][-1],
            tolerance=1e-3,
        ),
        Claim.near(
            "s4d-limits/zoh-order",
            "Slope of the deviation under zero-order hold, N = 256 to 2048: about one order.",
            "measured before",
            expected=-1.0,
            measured=np.log2(data["zoh"][-1] / data["zoh"][_SAMPLED.index(256)]) / 3,
            tolerance=0.35,
        ),
    ]


LIMITS = Figure(
    id="s4d-limits",
    title="In which sense the diagonal model converges",
    source="new; gu2022s4d Theorem 3, yu2024ptd Theorems 1 and 2",
    caption=(
        "The error of (A_N, B/2) against LegS, exactly G phi/(1 + phi). (a) At a fixed frequency it falls like w/N; "
        "the last spike grows and moves to N^2/pi. (b) So it grows like 2N/pi over all frequencies, stays at 2/pi and "
        "1/2 for one output, and falls like 1/(2N) for the smooth input e^-t. (c) Sampled by the bilinear map, the "
        "spikes lie beyond the frequencies of the step: once the first echo is later than the window, nothing is left "
        "but rounding. Zero-order hold aliases them."
    ),
    compute=_compute,
    draw=_draw,
    claims=_claims,
)
