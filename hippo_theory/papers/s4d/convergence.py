"""s4d-2 and s4d-3: how the diagonal model approaches LegS, and the spectra of its relatives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ... import plot
from ..._arrays import Real
from ...initializations import s4d
from ...lossless import diagonal_error, normal_frequencies
from ...operators import LegS
from ...systems import StateSpace
from .._claims import Claim
from .._figure import Data, Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["FIGURES"]

_DT, _SHOWN = 0.002, 4
_WINDOW, _ECHO_WINDOW = 1250, 2000  # steps: t < 2.5 and t < 4
_METHODS = ("bilinear", "zoh")
_ECHO_SIZE = 2048
_L2_SIZES = (4, 16, 256)
_EPS = np.finfo(np.float64).eps


def _legs_kernels(method: str, steps: int) -> Real:
    """First four kernels of sampled LegS, at every N: A is lower triangular, so they need only its first four rows."""
    leading = LegS(_SHOWN)
    return np.asarray(StateSpace(leading.A, leading.B).discretize(_DT, method).kernel(steps) / _DT)


def _diagonal_kernels(N: int, method: str, steps: int) -> Real:
    """First four kernels of the sampled diagonal system (A_N, B/2)."""
    recipe = s4d("legs", N)
    shown = replace(recipe.system, C=recipe.tensors()["V"][:_SHOWN])
    return np.asarray(shown.discretize(_DT, method).kernel(steps) / _DT)


def _start(N: int) -> Real:
    """K_0(0), ..., K_3(0) of (A_N, B/2)."""
    return np.asarray(s4d("legs", N).kernel(0.0)[:_SHOWN])


def _compute_kernels(quick: bool) -> Data:
    t = _DT * np.arange(_WINDOW)
    sizes = (64, 256) if quick else (256, 1024)
    data: Data = {"N": np.array(sizes), "t": t, "t_echo": _DT * np.arange(_ECHO_WINDOW)}
    for method in _METHODS:
        data[f"legs_{method}"] = _legs_kernels(method, _WINDOW)
        for N in sizes:
            data[f"diagonal_{N}_{method}"] = _diagonal_kernels(N, method, _WINDOW)
    exact = _legs_kernels("bilinear", _ECHO_WINDOW)
    data["echo_deviation"] = _diagonal_kernels(_ECHO_SIZE, "bilinear", _ECHO_WINDOW) - exact
    data["echo_time"] = np.array(diagonal_error(LegS(_ECHO_SIZE)).first_echo(_DT))
    data["start"] = np.array([_start(N) for N in sizes])
    data["l2_error"] = np.array([diagonal_error(LegS(N)).l2_norm(np.eye(N)[0]) for N in _L2_SIZES])
    return data


def _draw_kernels(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, axes = plot.canvas(2, 3, width=9.6, height=5.2)
        (legs, *above), (echo, *below) = axes
        plot.kernels(legs, data["t"], data["legs_bilinear"])
        legs.set_title("(a) LegS, bilinear")
        legs.legend(ncols=2)
        for row, method, letters in ((above, "bilinear", "bc"), (below, "zoh", "ef")):
            for ax, N, letter in zip(row, data["N"], letters, strict=True):
                plot.kernels(ax, data["t"], data[f"diagonal_{N}_{method}"], linewidth=0.7)
                ax.set_title(f"({letter}) $(A_N, B/2)$, $N={N}$, {method}")
        for ax in (legs, *above, *below):
            ax.set_ylabel("$K_n(t)$")
            ax.set_ylim(-1.9, 2.9)
        plot.kernel_deviation(echo, data["t_echo"], data["echo_deviation"], front=float(data["echo_time"]), floor=1e-17)
        echo.set_title(f"(d) deviation from LegS, $N={_ECHO_SIZE}$, bilinear")
        echo.set_ylabel("|deviation of $K_n(t)$|")
    return figure


def _kernel_claims(data: Data) -> list[Claim]:
    return [*_echo_claims(data), *_strong_claims(data)]


def _echo_claims(data: Data) -> list[Claim]:
    t, deviation = data["t_echo"], data["echo_deviation"]
    first = np.abs(deviation[0])
    # At a caustic the Airy envelope stands at Ai(0)/max Ai = .3550/.5357 of its first maximum.
    front = t[np.argmax(first > 0.3550 / 0.5357 * first.max())]
    rms = np.sqrt(np.mean(deviation**2, axis=1))
    return [
        Claim.rounding(
            "s4d-2/before-echo",
            "N = 2048, bilinear: for t < 3 the diagonal kernels are the LegS kernels, to the last digits.",
            "gu2022s4d (weak convergence); L6",
            bound=10 * _EPS / _DT,
            measured=np.abs(deviation[:, t < 3]).max(),
        ),
        Claim.at_most(
            "s4d-2/before-echo-rms",
            "N = 2048, bilinear: rms deviation for t < 3.2, just before the echo; largest of four kernels.",
            "L6",
            bound=2e-7,
            measured=np.sqrt(np.mean(deviation[:, t < 3.2] ** 2, axis=1)).max(),
        ),
        Claim.near(
            "s4d-2/echo-rms",
            "N = 2048, bilinear: rms deviation of K_0 for t < 4, times 1000.",
            "L6",
            expected=6.0,
            measured=1e3 * rms[0],
            tolerance=0.5,
        ),
        Claim.near(
            "s4d-2/echo-time",
            "The echo arrives at the smallest group delay, min over w of -d arg phi/dw (1 + (w dt/2)^2).",
            "L6",
            expected=float(data["echo_time"]),
            measured=front,
            tolerance=0.01,
        ),
    ]


def _strong_claims(data: Data) -> list[Claim]:
    claims = [
        Claim.rounding(
            "s4d-2/start",
            "K_n(0) = B_n/2 for (A_N, B/2): half of what LegS has, whatever N.",
            "L6",
            bound=1e-12,
            measured=np.abs(data["start"] - np.sqrt(2 * np.arange(_SHOWN) + 1) / 2).max(),
        )
    ]
    for N, error, expected in zip(_L2_SIZES, data["l2_error"], (0.4677, 0.4980, 0.5), strict=True):
        claims.append(
            Claim.near(
                f"s4d-2/l2-error-{N}",
                f"L2 distance of K_0 from e^-t at N = {N}: it tends to 1/2, not to 0.",
                "L6",
                expected=expected,
                measured=error,
                tolerance=1e-4,
            )
        )
    return claims


_LAWS = {"legs": "S4D-LegS", "inv": "S4D-Inv", "inv2": "S4D-Inv2", "lin": "S4D-Lin", "quad": "S4D-Quad"}
_TOP = {16: 80.9660809, 64: 1303.2738430, 256: 20860.2331114}  # theory L5
_SPECTRA = (64, 1024)


def _compute_spectra(quick: bool) -> Data:
    data: Data = {"top": np.array([normal_frequencies(LegS(N).a, [0])[0][0] for N in _TOP])}
    for N in _SPECTRA:
        data |= {f"{kind}_{N}": np.sort(s4d(kind, N).lam.imag)[::-1].copy() for kind in _LAWS}
        data[f"position_{N}"] = np.arange(1, N // 2 + 1) / (N // 2)
        data[f"inv_error_{N}"] = data[f"inv_{N}"] / data[f"legs_{N}"] - 1
    return data


def _draw_spectra(data: Data) -> MatplotlibFigure:
    with plot.house_style():
        figure, [[*spectra, right]] = plot.canvas(1, 3, width=9.6, height=3.1)
        for ax, N, letter in zip(spectra, _SPECTRA, "ab", strict=True):
            plot.imaginary_parts(ax, {label: data[f"{kind}_{N}"] for kind, label in _LAWS.items()}, marked=N < 100)
            ax.set_title(f"({letter}) $N={N}$")
        spectra[0].legend()
        errors = {f"$N={N}$": (data[f"position_{N}"], data[f"inv_error_{N}"]) for N in reversed(_SPECTRA)}
        plot.relative_errors(right, errors, level=0.18)
        right.set_title("(c) S4D-Inv against S4D-LegS")
        right.legend()
    return figure


def _spectrum_claims(data: Data) -> list[Claim]:
    claims = [
        Claim.near(
            f"s4d-3/top-{N}",
            f"Largest frequency of S4D-LegS at N = {N}, from the phase equation.",
            "L5",
            expected=expected,
            measured=top,
            tolerance=1e-7,
        )
        for (N, expected), top in zip(_TOP.items(), data["top"], strict=True)
    ]
    for N in _SPECTRA:
        top = data[f"legs_{N}"][0]
        claims += [
            Claim.near(
                f"s4d-3/conjecture-{N}",
                f"y_0 - N^2/pi at N = {N} is -pi/6, the constant of the eigenvalue conjecture, up to 1/N^2.",
                "gu2022s4d (conjecture); L5, D4",
                expected=-np.pi / 6,
                measured=top - N * N / np.pi,
                tolerance=1 / N**2,
            ),
            Claim.near(
                f"s4d-3/inv-top-{N}",
                f"S4D-Inv misses the largest frequency at N = {N} by N/pi - pi/6, up to 1/N^2.",
                "D2",
                expected=N / np.pi - np.pi / 6,
                measured=top - data[f"inv_{N}"][0],
                tolerance=1 / N**2,
            ),
            Claim.near(
                f"s4d-3/inv-median-{N}",
                f"Median relative error of S4D-Inv over the modes at N = {N}.",
                "D2",
                expected=0.18,
                measured=np.median(np.abs(data[f"inv_error_{N}"])),
                tolerance=5e-3,
            ),
        ]
    return claims


FIGURES = (
    Figure(
        id="s4d-2",
        title="The LegS basis and its diagonal approximation",
        source="gu2022s4d, Figure 2",
        caption=(
            "First four kernels of LegS and of (A_N, B/2), dt = 0.002. In continuous time the diagonal system starts "
            "at half the value and carries noise that does not fade with N in L2. Sampling tames it: the bilinear map "
            "turns the error into echoes that start later for larger N: at N = 2048 the kernels agree to rounding "
            "until t = 3.1, just before the first one arrives (d; dashed: predicted arrival). Zero-order hold (e, f) "
            "tames the noise less."
        ),
        compute=_compute_kernels,
        draw=_draw_kernels,
        claims=_kernel_claims,
    ),
    Figure(
        id="s4d-3",
        title="Imaginary parts of the S4D initialisations",
        source="gu2022s4d, spectra figure",
        caption=(
            "Imaginary parts of the stored halves, from high to low. S4D-Inv has the 1/n law of S4D-LegS at the top; "
            "it misses about half of the modes by more than 18 % (dashed in c), at N = 1024 the lowest by up to 79 %. "
            "The zero mode of S4D-Lin does not appear on a logarithmic axis."
        ),
        compute=_compute_spectra,
        draw=_draw_spectra,
        claims=_spectrum_claims,
    ),
)
