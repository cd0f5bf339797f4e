"""Known slips and switches of public code, recognised from eigenvalues and input alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .._arrays import Array, positive_integer, positive_real
from ..analysis import aliasing
from ..errors import ParameterTypeError
from ..lossless import normal_frequencies
from ..operators import LegS
from ..systems import Diagonal, DiagonalPlusLowRank
from .findings import ABSOLUTE, FEWEST, Finding, same
from .paired_spectra import paired_spectrum

__all__ = ["checked_steps", "deviations"]


def deviations(
    system: Diagonal | DiagonalPlusLowRank, dt: float | Sequence[float] = (), N: int | None = None
) -> tuple[Finding, ...]:
    """What a system does otherwise than the recipe it resembles, from ``lam`` and ``B`` alone.

    Parameters
    ----------
    system : Diagonal or DiagonalPlusLowRank
        Any, also one that was read from a file of other code. In discrete time only its stability is examined.
    dt : float or sequence of float
        Steps to look for aliased modes at.
    N : int, optional
        The state size that is claimed for it.

    Returns
    -------
    tuple of Finding
        Names as they are known: "missing factor 1/2 on B", "B clipped at 2", "1-based LegS", "S4D-Inv without
        1/pi", '"Lin" meaning -n', ... ; ``value`` is what it costs, ``statement`` says in what.

    Raises
    ------
    ParameterError
        Another object, an initialisation for one (give its ``system``); dt <= 0; N no size.

    Notes
    -----
    A spectrum matches a law within 2e-4, the accuracy of float32 files. Slips of a law need three modes to
    be told apart. Of a diagonal plus low rank, lam is not the spectrum: only its frequencies and B are examined.
    The B of several inputs is not compared with a law: it is drawn.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from hippo_theory.initializations import deviations
    >>> print(deviations(ht.Diagonal(-np.arange(8.0), np.ones(8)))[0])
    "Lin" meaning -n: real modes -n have no frequency; mode 0 integrates and never forgets
    """
    if not isinstance(system, Diagonal | DiagonalPlusLowRank):
        raise ParameterTypeError(f"deviations: a Diagonal or a DiagonalPlusLowRank is needed, got {system!r}.")
    steps, N = checked_steps(dt, "deviations"), N if N is None else positive_integer(N, "N", "deviations")
    if system.dt is not None:
        return tuple(_discrete_stability(system.lam))
    found = list(_dead_modes(system, N))
    if system.lam.imag.any() or getattr(system, "conjugate_pairs", False):
        found += paired_spectrum(system)
    elif system.lam.size >= FEWEST:
        found += _real_spectrum(system.lam)
    if isinstance(system, Diagonal):
        found = [*_stability(system), *_doubles(system), *found]
        found += [finding for step in steps for finding in _aliased(system, step)]
    return tuple(found)


def checked_steps(dt: float | Sequence[float], who: str) -> tuple[float, ...]:
    """One step or several, all of them positive."""
    return tuple(positive_real(step, "dt", who) for step in np.atleast_1d(np.asarray(dt, dtype=object)))


def _aliased(system: Diagonal, dt: float) -> Iterator[Finding]:
    folded = aliasing(system, dt)
    if folded.count:
        text = f"{100 * folded.fraction:.3g} % turn by half a circle or more in a step"
        limit = f"none below dt = {folded.largest_step:.3g}"
        yield Finding("aliased modes", folded.fraction, f"dt = {dt:g}: {text}; {limit}")


def _stability(system: Diagonal) -> Iterator[Finding]:
    lam = system.lam
    worst = float(lam.real.max())
    if worst <= 0:
        return
    text = f"{int((lam.real > 0).sum())} of {lam.size} modes grow, the fastest like e^({worst:.4g} t)"
    name = "poles in the right half-plane"
    if lam.size >= FEWEST and _is_positive_legs(system):
        name = "positive-sign LegS"
    elif system.N >= FEWEST and _is_off_by_one(system.poles):
        name, text = "off-by-one normal part of LegS", f"a correction of rank one with indices 1..N: {text}"
    yield Finding(name, worst, text)


def _is_positive_legs(system: Diagonal) -> bool:
    """The poles 1..N in place of -1..-N, or the normal part turned to Re = 1/2."""
    lam = system.lam
    if not lam.imag.any():
        return same(np.sort(lam.real), np.arange(lam.size) + 1.0)
    y = np.sort(np.abs(system.poles.imag))[::-1]
    exact = normal_frequencies(LegS(y.size).a)[0]
    return same(lam.real, 0.5) and same(y[: 2 * (y.size // 2) : 2], exact[: y.size // 2])


def _is_off_by_one(poles: Array) -> bool:
    """The spectrum of A + p p^T/2 with p_n = sqrt(2n+3) in place of sqrt(2n+1), which is not normal."""
    p = np.sqrt(2 * np.arange(poles.size) + 3.0)
    exact = np.linalg.eigvals(LegS(poles.size).A + np.outer(p, p) / 2)
    found, exact = (z[np.lexsort((z.real, z.imag))] for z in (poles, exact))
    # Float32 moves the small ones by an eps of the largest.
    return same(found, exact, absolute=ABSOLUTE + 1e-7 * float(np.abs(exact).max()))


def _discrete_stability(lam: Array) -> Iterator[Finding]:
    worst = float(np.abs(lam).max())
    if worst > 1 + 4 * float(np.finfo(np.float64).eps):
        yield Finding("poles outside the unit circle", worst, f"the fastest mode grows by {worst:.4g} a step")


def _doubles(system: Diagonal) -> Iterator[Finding]:
    lam, (distinct, group) = system.lam, np.unique(system.lam, return_inverse=True)
    if distinct.size < lam.size:
        B = system.B.reshape(lam.size, -1)
        # The rows of B at one eigenvalue tell its copies apart as far as they are independent.
        sizes = [int((group == g).sum()) for g in range(distinct.size)]
        reached = sum(
            1 if size == 1 else max(1, int(np.linalg.matrix_rank(B[group == g]))) for g, size in enumerate(sizes)
        )
        if reached < lam.size:
            driven = "one input" if B.shape[1] == 1 else f"these {B.shape[1]} inputs"
            told = f"{distinct.size} different eigenvalues"
            if reached > distinct.size:
                told = f"{told} and reach {reached} states"
            yield Finding(
                "repeated eigenvalues",
                1 - reached / lam.size,
                f"{lam.size} modes have {told}: with {driven} the others are copies",
            )
    if system.conjugate_pairs:
        twice = int(np.isin(lam.conj(), lam[lam.imag != 0]).sum())
        if twice:
            text = f"{twice} of {lam.size} stored halves have their mirror images stored as well: they count twice"
            yield Finding("N versus N/2", twice / lam.size, text)


def _dead_modes(system: Diagonal | DiagonalPlusLowRank, N: int | None) -> Iterator[Finding]:
    unreached = ~system.B.reshape(len(system.B), -1).any(axis=1)
    if unreached.any():
        dead, modes = int(unreached.sum()), unreached.size
        fourier = bool(np.any(unreached & (np.abs(system.lam) <= ABSOLUTE)))
        yield Finding(
            "dead FouT state" if fourier else "dead mode",
            dead / modes,
            f"{dead} of {modes} modes have B = 0: no input reaches them",
        )
    constant = int((np.abs(system.lam) <= ABSOLUTE).sum())
    if isinstance(system, DiagonalPlusLowRank) and constant > 1 and not unreached.any():
        text = f"{constant} modes of frequency 0 share one input: a combination of them is never reached"
        yield Finding("dead FouT state", 1 - 1 / constant, text)
    real = np.flatnonzero(system.lam.imag == 0)
    if N is not None and getattr(system, "conjugate_pairs", False) and system.N < N and real.size:
        yield Finding(
            f"dead mode {real[0]}",
            1 - system.N / N,
            f"mode {real[0]} is real, its own mirror image: of the {N} states that are counted {system.N} differ",
        )


def _real_spectrum(lam: Array) -> Iterator[Finding]:
    n = np.arange(lam.size)
    known = {
        "1-based LegS": (n + 2, "the rates are 2..N+1, those of indices 1..N, not 1..N: the slowest mode is gone"),
        '"Lin" meaning -n': (n, "real modes -n have no frequency; mode 0 integrates and never forgets"),
        "diagonal -(2i+1)/2": (n + 0.5, "the rates are n + 1/2; the poles of LegS are n + 1"),
    }
    for name, (rates, statement) in known.items():
        if same(np.sort(-lam.real), rates):
            yield Finding(name, float(np.abs(rates - (n + 1)).max()), statement)
