"""Known slips and switches of public code, recognised from eigenvalues and input alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .._arrays import Array, Real
from ..analysis import aliasing
from ..errors import ParameterTypeError
from ..lossless import NormalPart, diagonalize_normal_part, normal_frequencies
from ..operators import LagT, LegS
from ..systems import Diagonal, DiagonalPlusLowRank
from .clipping import clip_imaginary, row_zero_real
from .s4d import LAWS

__all__ = ["Finding", "deviations"]

# Float32 files of public code are off by up to 7e-5, and clamp frequencies at 1e-4.
_RELATIVE, _ABSOLUTE = 2e-4, 2e-4
# Below three modes almost every law fits almost every spectrum.
_FEWEST = 3


@dataclass(frozen=True)
class Finding:
    """One named fact about an initialisation: a number, and in words what it measures."""

    name: str
    value: float
    statement: str

    def __str__(self) -> str:
        return f"{self.name}: {self.statement}"


def deviations(
    system: Diagonal | DiagonalPlusLowRank, dt: Sequence[float] = (), N: int | None = None
) -> tuple[Finding, ...]:
    """What a system does otherwise than the recipe it resembles, from ``lam`` and ``B`` alone.

    Parameters
    ----------
    system : Diagonal or DiagonalPlusLowRank
        Any, also one that was read from a file of other code. In discrete time only its stability is examined.
    dt : sequence of float
        Steps to look for aliased modes at.
    N : int, optional
        The state size that is claimed for it.

    Returns
    -------
    tuple of Finding
        Names as they are known: "missing factor 1/2 on B", "B clipped at 2", "1-based LegS", "S4D-Inv without
        1/pi", '"Lin" meaning -n', ... ; ``value`` is what it costs, ``statement`` says in what.

    Notes
    -----
    A spectrum matches a law within 2e-4, the accuracy of float32 files. Slips of a law need three modes to
    be told apart. Of a diagonal plus low rank, lam is not the spectrum: only its frequencies and B are examined.
    """
    if not isinstance(system, Diagonal | DiagonalPlusLowRank):
        raise ParameterTypeError(f"deviations: a Diagonal or a DiagonalPlusLowRank is needed, got {system!r}.")
    if system.dt is not None:
        return tuple(_discrete_stability(system.lam))
    found = list(_dead_modes(system, N))
    if system.lam.imag.any() or getattr(system, "conjugate_pairs", False):
        found += _paired_spectrum(system)
    elif system.lam.size >= _FEWEST:
        found += _real_spectrum(system.lam)
    if isinstance(system, Diagonal):
        found = [*_stability(system.lam), *_doubles(system.lam), *found]
        found += [finding for step in dt for finding in _aliased(system, step)]
    return tuple(found)


def _aliased(system: Diagonal, dt: float) -> Iterator[Finding]:
    folded = aliasing(system, dt)
    if folded.count:
        text = f"{100 * folded.fraction:.3g} % turn by half a circle or more in a step"
        limit = f"none below dt = {folded.largest_step:.3g}"
        yield Finding("aliased modes", folded.fraction, f"dt = {dt:g}: {text}; {limit}")


def _stability(lam: Array) -> Iterator[Finding]:
    worst = float(lam.real.max())
    if worst > 0:
        n = np.arange(lam.size) + 1.0
        positive = lam.size >= _FEWEST and _same(np.sort(lam.real), n) and not lam.imag.any()
        name = "positive-sign LegS" if positive else "poles in the right half-plane"
        yield Finding(
            name, worst, f"{int((lam.real > 0).sum())} of {lam.size} modes grow, the fastest like e^({worst:.4g} t)"
        )


def _discrete_stability(lam: Array) -> Iterator[Finding]:
    worst = float(np.abs(lam).max())
    if worst > 1 + 4 * float(np.finfo(np.float64).eps):
        yield Finding("poles outside the unit circle", worst, f"the fastest mode grows by {worst:.4g} a step")


def _doubles(lam: Array) -> Iterator[Finding]:
    distinct = np.unique(lam).size
    if distinct < lam.size:
        yield Finding(
            "repeated eigenvalues",
            1 - distinct / lam.size,
            f"{lam.size} modes have {distinct} different eigenvalues: with one input the others are copies",
        )


def _dead_modes(system: Diagonal | DiagonalPlusLowRank, N: int | None) -> Iterator[Finding]:
    dead = int((system.B == 0).sum())
    if dead:
        fourier = bool(np.any((system.B == 0) & (system.lam == 0)))
        yield Finding(
            "dead FouT state" if fourier else "dead mode",
            dead / system.B.size,
            f"{dead} of {system.B.size} modes have B = 0: no input reaches them",
        )
    if N is not None and getattr(system, "conjugate_pairs", False) and system.N < N:
        real = int(np.flatnonzero(system.lam.imag == 0)[0])
        yield Finding(
            f"dead mode {real}",
            1 - system.N / N,
            f"mode {real} is real, its own mirror image: of the {N} states that are counted {system.N} differ",
        )


def _real_spectrum(lam: Array) -> Iterator[Finding]:
    n = np.arange(lam.size)
    known = {
        "1-based LegS": (n + 2, "the rates are 2..N+1, those of indices 1..N, not 1..N: the slowest mode is gone"),
        '"Lin" meaning -n': (n, "real modes -n have no frequency; mode 0 integrates and never forgets"),
        "diagonal -(2i+1)/2": (n + 0.5, "the rates are n + 1/2; the poles of LegS are n + 1"),
    }
    for name, (rates, statement) in known.items():
        if _same(np.sort(-lam.real), rates):
            yield Finding(name, float(np.abs(rates - (n + 1)).max()), statement)


def _paired_spectrum(system: Diagonal | DiagonalPlusLowRank) -> Iterator[Finding]:
    upper = slice(None) if getattr(system, "conjugate_pairs", False) else system.lam.imag >= 0
    lam, B, low_rank = system.lam[upper], system.B[upper], isinstance(system, DiagonalPlusLowRank)
    order = np.argsort(-np.abs(lam.imag))
    y = np.abs(lam.imag[order])
    N = 2 * y.size - int((y == 0).sum())
    parts = [diagonalize_normal_part(family(N)) for family in ((LegS, LagT) if low_rank else (LegS,))]
    part = next((part for part in parts if part.lam.size == y.size and _same(y, part.lam.imag)), None)
    deviates, known = ([], True) if part or y.size < _FEWEST or low_rank else _frequencies(y, N)
    yield from deviates
    yield from _real_parts(lam.real, known, low_rank)
    if part:
        yield from _input(B[order], part, low_rank)


def _frequencies(y: Real, N: int) -> tuple[list[Finding], bool]:
    """What the frequencies y (falling) are instead of a law, and whether a law was recognised at all."""
    size, n = 2 * y.size, np.arange(y.size)
    laws = {kind: np.sort(law(size, n))[::-1] for kind, law in LAWS.items()}
    if any(_same(y, law) for law in laws.values()):
        return [], True
    if _same(y, normal_frequencies((np.arange(N) + 1.5).astype(np.complex128))[0][: y.size]):
        top = float(y[0] / diagonalize_normal_part(LegS(N)).lam.imag[0])
        text = f"the frequencies are those of indices 1..N; the top one is {top:.4g} times that of LegS"
        return [Finding("1-based LegS", top, text)], True
    for kind in ("inv", "inv2"):
        for other in (size // 2, 2 * size):
            if _same(y, np.sort(np.abs(LAWS[kind](other, n)))[::-1]):
                top = float(y[0] / laws[kind][0])
                text = (
                    f"S4D-{kind.capitalize()} of N = {other} for {size} states: top frequency {top:.3g} times too high"
                )
                return [Finding("N versus N/2", top, text)], True
    for kind, law in laws.items():
        alpha = float(y[0] / law[0])
        if alpha > 0 and _same(y, alpha * law, absolute=_ABSOLUTE * min(alpha, 1.0)):
            return [_scaled(kind, alpha, size)], True
    return [], False


def _scaled(kind: str, alpha: float, size: int) -> Finding:
    if kind == "inv" and abs(alpha / math.pi - 1) < _RELATIVE:
        return Finding("S4D-Inv without 1/pi", alpha, f"all frequencies are {alpha:.4g} times those of S4D-Inv")
    if abs(alpha * size - 1) < _RELATIVE * size * alpha:
        text = f"the frequencies of S4D-{kind.capitalize()} are divided by the state size {size}"
        return Finding("imaginary part divided by the state size", alpha, text)
    text = f"the frequencies are {alpha:.4g} times those of S4D-{kind.capitalize()}"
    return Finding("frequencies scaled by alpha", alpha, text)


def _real_parts(rates: Real, known: bool, low_rank: bool) -> Iterator[Finding]:
    rate = -float(np.median(rates))
    floor = bool(np.all(np.abs(rates + 1e-4) < 1e-7))
    if floor:
        text = "the floor that some codes put under decay rates; FouT, LegT and LagT have Re = 0"
        yield Finding("FouT/LegT/LagT Re = -1e-4", -1e-4, text)
    elif not low_rank and rate > 0 and (known or np.ptp(rates) == 0) and np.any(np.abs(rates + 0.5) > _RELATIVE / 2):
        text = f"Re = {-rate:.4g} (median), the half-life is {0.5 / rate:.3g} times that of -1/2"
        yield Finding("Re is not -1/2", -rate, text)


def _input(B: Array, part: NormalPart, low_rank: bool) -> Iterator[Finding]:
    """B of a spectrum that is that of LegS, against V^*B; modes by falling frequency."""
    w = np.where(part.lam.imag == 0, 1.0 if low_rank else 0.5, 1.0) * part.weights
    right, ratio = 1.0 if low_rank else 0.5, np.abs(B) / w
    if np.all(B == 1):
        return  # a choice (DSS), not a slip
    scale = float(ratio[-1])
    if not _same(ratio, scale):
        clip = _clip_level(np.abs(B) / scale, w, part)
        if clip is None:
            return
        lost = _relative_loss(part, clip)
        text = f"Im(V^*B) is cut off where row 0 of V is real: ||B - V^*B|| / ||V^*B|| = {lost:.3g}"
        yield Finding(f"B clipped at {clip:.4g}", lost, text)
    if abs(scale / right - 1) <= _RELATIVE:
        return
    cost = abs(scale / right - 1)
    if not low_rank and abs(scale - 1) <= _RELATIVE:
        text = "B = V^*B doubles every kernel: those of HiPPO are the limit with V^*B/2"
        yield Finding("missing factor 1/2 on B", cost, text)
    else:
        yield Finding(
            "B scaled", cost, f"every kernel is {scale / right:.4g} times that of V^*B" + ("" if low_rank else "/2")
        )


def _clip_level(size: Real, w: Real, part: NormalPart) -> float | None:
    """The level at which abs(B) is that of a clipped V^*B, or None: the fastest mode is clipped first."""
    b = w * row_zero_real(part.V)
    square = float(size[0] ** 2 - b[0].real ** 2)
    if square <= 0:
        return None
    level = math.sqrt(square)
    return level if _same(np.abs(clip_imaginary(b, level)), size) else None


def _relative_loss(part: NormalPart, level: float) -> float:
    b = part.weights * row_zero_real(part.V)
    pair = np.where(part.lam.imag == 0, 1.0, 2.0)
    lost = np.sum(pair * np.abs(clip_imaginary(b, level) - b) ** 2)
    return float(np.sqrt(lost / np.sum(pair * part.weights**2)))


def _same(values: Array, reference: Array | float, absolute: float = _ABSOLUTE) -> bool:
    return bool(np.all(np.abs(values - reference) <= absolute + _RELATIVE * np.abs(reference)))
