"""Spectra of pairs against the laws of S4D and the normal parts of the families: which slip explains what differs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .._arrays import Array, Real
from ..lossless import NormalPart, diagonalize_normal_part, diagonalize_two_ports, normal_frequencies
from ..operators import LagT, LegS, LegT, PoleChain, TakenakaMalmquist
from ..systems import Diagonal, DiagonalPlusLowRank
from .clipping import clip_imaginary, row_zero_real
from .findings import ABSOLUTE, FEWEST, RELATIVE, Finding, same
from .s4d import LAWS

__all__ = ["paired_spectrum"]


def paired_spectrum(system: Diagonal | DiagonalPlusLowRank) -> Iterator[Finding]:
    """What the frequencies, the decay rates and the input of pairs are, instead of those of a law."""
    upper = system.lam.imag >= 0
    if getattr(system, "conjugate_pairs", False) or not upper.any():
        upper = np.ones_like(upper)
    lam, B, low_rank = system.lam[upper], system.B[upper], isinstance(system, DiagonalPlusLowRank)
    order = np.argsort(-np.abs(lam.imag))
    y = np.abs(lam.imag[order])
    N = 2 * y.size - int((y == 0).sum())
    slips, part = _normal_part(y, N, low_rank)
    yield from slips
    rate = 0.5 if part else None
    if part is None and y.size >= FEWEST and not low_rank:
        deviates, rate = _frequencies(y, lam.real, N)
        yield from deviates
    yield from _real_parts(lam.real, rate, low_rank)
    if part and B.ndim == 1:
        yield from _input(B[order], part, low_rank)


def _normal_part(y: Real, N: int, low_rank: bool) -> tuple[list[Finding], NormalPart | None]:
    """The normal part of a family that has the frequencies y (falling), and by which slip it differs."""
    families = (LegS, LagT, LegT) if low_rank else (LegS,)
    for family in families:
        part = _matching(family(N), y)
        if part:
            return [], part
    if y.size < FEWEST:
        return [], None
    shifted = _matching(TakenakaMalmquist(np.arange(N) + 1.5, 0.5), y)
    if shifted:
        top = float(y[0] / normal_frequencies(LegS(N).a)[0][0])
        text = f"the frequencies are those of indices 1..N; the top one is {top:.4g} times that of LegS"
        return [Finding("1-based LegS", top, text)], shifted
    for family in families if y[-1] > 0 else ():
        part = _matching(family(N + 1), y, lost=1)
        if part:
            text = f"the modes are those of {family.__name__}({N + 1}) without the real one, which no pair holds"
            return [Finding("odd N losing a state", 1 / (N + 1), text)], part
    return [], None


def _matching(operator: LegT | PoleChain, y: Real, lost: int = 0) -> NormalPart | None:
    """The normal part of ``operator``, less its last modes, if its frequencies are y."""
    kept = (operator.N + 1) // 2 - lost
    if kept != y.size:
        return None
    if isinstance(operator, LegT):
        part = diagonalize_two_ports(operator)
        if not same(y, part.lam.imag[:kept]):
            return None
    else:
        if not same(y, normal_frequencies(operator.a)[0][:kept]):
            return None
        part = diagonalize_normal_part(operator)
    return replace(part, lam=part.lam[:kept], V=part.V[:, :kept], weights=part.weights[:kept]) if lost else part


def _frequencies(y: Real, rates: Real, N: int) -> tuple[list[Finding], float | None]:
    """What the frequencies y (falling) are instead of a law, and the decay rate of the law, if one was found."""
    size, n = 2 * y.size, np.arange(y.size)
    laws = {kind: np.sort(law(size, n))[::-1] for kind, law in LAWS.items()}
    if any(same(y, law) for law in laws.values()):
        return [], 0.5
    for kind in ("inv", "inv2"):
        for other in (size // 2, 2 * size):
            if same(y, np.sort(np.abs(LAWS[kind](other, n)))[::-1]):
                top = float(y[0] / laws[kind][0])
                text = (
                    f"S4D-{kind.capitalize()} of N = {other} for {size} states: top frequency {top:.3g} times too high"
                )
                return [Finding("N versus N/2", top, text)], 0.5
    exact = normal_frequencies(LegS(N).a)[0]
    if exact.size == y.size:
        laws = {"legs": exact, **laws}
    for kind, law in laws.items():
        alpha = float(y[0] / law[0])
        if alpha > 0 and same(y, alpha * law, absolute=ABSOLUTE * min(alpha, 1.0)):
            if abs(alpha - 1) > RELATIVE and same(rates, -alpha / 2, absolute=ABSOLUTE * min(alpha, 1.0)):
                text = f"lam is {alpha:.4g} times that of {_name(kind)}"
                return [Finding("time scaled by a factor", alpha, text)], alpha / 2
            return [_scaled(kind, alpha, size)], 0.5
    return [], None


def _name(kind: str) -> str:
    return "S4D-LegS" if kind == "legs" else f"S4D-{kind.capitalize()}"


def _scaled(kind: str, alpha: float, size: int) -> Finding:
    if kind == "inv" and abs(alpha / math.pi - 1) < RELATIVE:
        return Finding("S4D-Inv without 1/pi", alpha, f"all frequencies are {alpha:.4g} times those of S4D-Inv")
    if abs(alpha * size - 1) < RELATIVE * size * alpha:
        text = f"the frequencies of {_name(kind)} are divided by the state size {size}"
        return Finding("imaginary part divided by the state size", alpha, text)
    text = f"the frequencies are {alpha:.4g} times those of {_name(kind)}"
    return Finding("frequencies scaled by alpha", alpha, text)


def _real_parts(rates: Real, known: float | None, low_rank: bool) -> Iterator[Finding]:
    rate, right = -float(np.median(rates)), known or 0.5
    floor = bool(np.all(np.abs(rates + 1e-4) < 1e-7))
    if floor:
        text = "the floor that some codes put under decay rates; FouT, LegT and LagT have Re = 0"
        yield Finding("FouT/LegT/LagT Re = -1e-4", -1e-4, text)
    elif low_rank and known and same(rates, 0.5):
        yield Finding("positive-sign LegS", 0.5, "Re lam is 1/2 and not -1/2: the sign of A is turned")
    elif not low_rank and rate > 0 and (known or np.ptp(rates) == 0) and not same(rates, -right, RELATIVE * right):
        text = f"Re = {-rate:.4g} (median), the half-life is {0.5 / rate:.3g} times that of -1/2"
        yield Finding("Re is not -1/2", -rate, text)


def _input(B: Array, part: NormalPart, low_rank: bool) -> Iterator[Finding]:
    """B of a spectrum that is that of LegS, against V^*B; modes by falling frequency."""
    w = np.where(part.lam.imag == 0, 1.0 if low_rank else 0.5, 1.0) * part.weights
    right, ratio = 1.0 if low_rank else 0.5, np.abs(B) / w
    if np.all(B == 1):
        return  # a choice (DSS), not a slip
    scale = float(ratio.max())
    if not same(ratio, scale):
        clip = _clip_level(np.abs(B) / scale, w, part)
        if clip is None:
            return
        lost = _relative_loss(part, clip)
        text = f"Im(V^*B) is cut off where row 0 of V is real: ||B - V^*B|| / ||V^*B|| = {lost:.3g}"
        yield Finding(f"B clipped at {clip:.4g}", lost, text)
    if abs(scale / right - 1) <= RELATIVE:
        return
    cost = abs(scale / right - 1)
    if not low_rank and abs(scale - 1) <= RELATIVE:
        text = "B = V^*B doubles every kernel: those of HiPPO are the limit with V^*B/2"
        yield Finding("missing factor 1/2 on B", cost, text)
    else:
        yield Finding(
            "B scaled", cost, f"every kernel is {scale / right:.4g} times that of V^*B" + ("" if low_rank else "/2")
        )


def _clip_level(size: Real, w: Real, part: NormalPart) -> float | None:
    """The level at which abs(B) is that of a clipped V^*B, or None: what is largest is clipped first."""
    b = w * row_zero_real(part.V)
    first = int(np.argmax(np.abs(b.imag)))
    square = float(size[first] ** 2 - b[first].real ** 2)
    if square <= 0:
        return None
    level = math.sqrt(square)
    return level if same(np.abs(clip_imaginary(b, level)), size) else None


def _relative_loss(part: NormalPart, level: float) -> float:
    b = part.weights * row_zero_real(part.V)
    pair = np.where(part.lam.imag == 0, 1.0, 2.0)
    lost = np.sum(pair * np.abs(clip_imaginary(b, level) - b) ** 2)
    return float(np.sqrt(lost / np.sum(pair * part.weights**2)))
