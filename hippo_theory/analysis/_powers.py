"""The search behind ``transient_growth``: the largest ||F(tau)|| of a semigroup, with bounds between the samples.

F(tau) = e^{tau Z} in continuous time, Z^tau in whole steps. Samples are taken at eighths of octaves until the norm
has halved, which proves that no later one counts; then every interval whose bound exceeds the largest sample is
bisected. For tau in [a, a + h], and G(h) a bound of ||F|| on [0, h], there are two bounds of ||F(tau)||,

    ||F(a)|| G(h),   and   max(||F(a)||, ||F(a + h)||) + h^2/8 ||D^2 F(a)|| G(h),

the second since linear interpolation errs by at most h^2/8 times the largest second derivative (D^2 = Z^2), or the
largest second difference (D^2 = (Z - I)^2).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .._arrays import Array, Real
from ..errors import AccuracyError, UnstableSystemError
from ._contractions import spectral_norm
from ._semigroup import HUGE, PER_OCTAVE, Powers, Sample

__all__ = ["Found", "check_horizon", "largest", "proved", "until_halved"]

_EPS = float(np.finfo(np.float64).eps)
_OCTAVES = 60
_EVALUATIONS, _TOLERANCES = 800, (0.1, 1e-2, 1e-4, 1e-6)


@dataclass(frozen=True)
class Found:
    """The samples in order, the largest of them, a bound for all tau >= 0, and the rounding of the largest."""

    tau: Real
    norm: Real
    peak: float
    value: float
    upper: float
    error: float


def largest(powers: Powers, name: Callable[[float], str], extra: list[Sample], contraction: bool) -> Found:
    """The largest ||F(tau)||, tau >= 0; ``name`` says in words where a tau is, ``extra`` samples are looked at too.

    ``contraction`` says that F is one up to the rounding of Z: what was seen beyond 1 is then the error of 1.
    ``UnstableSystemError`` where the norm grows without end, ``AccuracyError`` where rounding leaves that open.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        samples = powers.walk() if powers.discrete else [powers.sample(0.0)]
        known = len(samples)
        samples = _decayed(powers, samples, name)
    value, upper = max(s.norm for s in [*samples, *extra]), powers.cap
    looked: dict[float, Sample] = {}
    for tolerance in _TOLERANCES:
        search = _Search(powers, samples[:known], value, tolerance, looked)
        for i in range(known - 1, len(samples) - 1, PER_OCTAVE):
            search.octave(samples[i : i + PER_OCTAVE + 1])
        value, upper = search.value, min(upper, search.growth[-1])
    samples = _merged(samples, list(looked.values()), extra)
    if not powers.discrete:
        samples = _merged(samples, [_summit(powers, samples)])
    return _found(powers, samples, upper, contraction)


def until_halved(powers: Powers, octaves: int = 24) -> list[Sample]:
    """Samples of a contraction, to be looked at: until the norm has halved, or after so many octaves."""
    samples = powers.walk() if powers.discrete else [powers.sample(0.0)]
    while samples[-1].norm > 0.5 and octaves:
        samples = samples + powers.octave(samples[-1].tau)
        octaves -= 1
    return samples


def proved(samples: list[Sample]) -> Found:
    """The answer for what is known to be a contraction; the samples are there to be drawn."""
    return Found(np.array([s.tau for s in samples]), np.array([s.norm for s in samples]), 0.0, 1.0, 1.0, 0.0)


def _decayed(powers: Powers, samples: list[Sample], name: Callable[[float], str]) -> list[Sample]:
    """Samples added to those given, octave by octave, until the norm has halved for certain."""
    for _ in range(_OCTAVES):
        if _is_over(powers, samples, name):
            return samples
        samples = samples + powers.octave(samples[-1].tau)
    raise _undecided(powers, name(samples[-1].tau))


def _merged(*parts: list[Sample]) -> list[Sample]:
    return sorted({s.tau: s for part in parts for s in part}.values())


class _Search:
    """Bisection of intervals until their bounds hardly exceed the largest sample, or the budget is spent."""

    def __init__(
        self, powers: Powers, known: list[Sample], value: float, tolerance: float, looked: dict[float, Sample]
    ) -> None:
        self.powers, self.value, self.tolerance, self.looked = powers, value, tolerance, looked
        # ||F|| <= growth[i] on [0, reach[i]], both increasing.
        self.reach = [s.tau for s in known]
        self.growth = [float(g) for g in np.maximum.accumulate([s.norm for s in known])]

    def octave(self, samples: list[Sample]) -> None:
        bounds = [self.bound(a, b) for a, b in pairwise(samples)]
        self.reach.append(samples[-1].tau)
        self.growth.append(max(self.growth[-1], *bounds))

    def bound(self, a: Sample, b: Sample) -> float:
        """A bound of the norm between neighbouring samples; where it is too high, after bisection at new ones."""
        h, ends = b.tau - a.tau, max(a.norm, b.norm)
        if self.powers.discrete and h == 1:
            return ends
        growth = self.powers.bound(h)
        i = bisect_left(self.reach, h)
        if i < len(self.reach):
            growth = min(growth, self.growth[i])
        bound = max(ends, min(a.norm * growth, ends + h * h / 8 * a.bend * growth))
        if bound <= self.value * (1 + self.tolerance) or len(self.looked) >= _EVALUATIONS:
            return bound
        tau = a.tau + (h // 2 if self.powers.discrete else h / 2)
        middle = self.looked[tau] = self.looked.get(tau) or self.powers.sample(tau)
        self.value = max(self.value, middle.norm)
        return max(self.bound(a, middle), self.bound(middle, b))


def _summit(powers: Powers, samples: list[Sample]) -> Sample:
    """The top between the neighbours of the largest sample, by Brent's method."""
    from scipy.optimize import minimize_scalar

    i = max(range(len(samples)), key=lambda i: samples[i].norm)
    low, high = samples[max(i - 1, 0)].tau, samples[min(i + 1, len(samples) - 1)].tau

    def negative(tau: float) -> float:
        return -powers.sample(float(tau)).norm

    top = minimize_scalar(negative, bounds=(low, high), method="bounded", options={"xatol": 1e-9 * high})
    return powers.sample(float(top.x))


def _is_over(powers: Powers, samples: list[Sample], name: Callable[[float], str]) -> bool:
    """Whether the last norm proves decay; an error where it proves growth, or where rounding has taken over."""
    last = samples[-1]
    noise = _rounding(powers, samples, last)[1]
    if last.norm <= 0.5 and noise < 0.25:
        return True
    if last.norm < HUGE and noise <= last.norm / 2:
        return False
    if 1 < last.norm < math.inf and _radius(powers.latest, noise) > 1:
        raise UnstableSystemError(
            f"transient_growth: the norm grows without end, it is {last.norm:.3g} at {name(last.tau)} and the spectral "
            "radius there beyond 1; only stable systems have a largest norm."
        )
    raise _undecided(powers, name(last.tau))


def _radius(F: Array, noise: float) -> float:
    """The spectral radius of F, less what an error of this norm may do to it."""
    from scipy.linalg import eig

    # In units of its norm: from scipy's eig the eigenvalues of entries beyond 1e138 come back scaled, 1e177 as 1e138.
    size, N = spectral_norm(F), len(F)
    lam, left, right = eig(F / size, left=True, right=True)
    i = int(np.argmax(np.abs(lam)))
    cosine = max(float(np.abs(np.vdot(left[:, i], right[:, i]))), 1e-300)
    # An m-fold eigenvalue that an error has spread moved m times further than the condition of its parts tells.
    return size * (float(np.abs(lam[i])) - N * (noise / size + N * _EPS) / cosine)


def _undecided(powers: Powers, where: str) -> AccuracyError:
    if powers.discrete:
        known = "||Abar|| <= 1, in exact arithmetic, the answer is 1; give such a system as ht.Diagonal"
        exact = "such that Abar^* Abar is diagonal"
    else:
        known = "A + A^* <= 0, in exact arithmetic, the answer is 1; give such a system as an operator, as ht.Diagonal"
        exact = "that are exactly skew"
    return AccuracyError(
        f"transient_growth: up to {where} the norm neither halves nor can be told from what rounding makes of it: "
        "the poles are on the boundary of stability, or as close to it as the rounding of the matrix is, or the norm "
        f"grows so far that this rounding outlives it. Where {known}, or with entries {exact}."
    )


def check_horizon(powers: Powers, tau: float, where: str) -> None:
    """``AccuracyError`` where tau is so late that a matrix which does not decay is lost in its own rounding."""
    horizon = 0.25 / (powers.ulp * powers.size) if powers.size else math.inf
    if tau > horizon and powers.sample(2.0 ** math.floor(math.log2(horizon))).norm > 0.5:
        raise AccuracyError(
            f"transient_growth: up to {where} the system turns so often, and decays so little, that rounding leaves "
            "nothing of its norm; ask for earlier times, or give the system as ht.Diagonal."
        )


def _rounding(powers: Powers, samples: list[Sample], at: Sample) -> tuple[float, float]:
    """The first-order change of F(tau) when Z changes by eps ||Z||, and what the computed F(tau) may be off by.

    The former is eps ||Z|| int_0^tau ||F(s)|| ||F(tau - s)|| ds. The latter has ulp in the place of eps, and how far
    F(2^j) is from the square of F(2^{j-1}) at the ends of the octave; or it is the ``noise`` of the sample, which for
    triangular matrices is often far less.
    """
    if at.tau < powers.discrete or at.tau == 0:
        return 0.0, 0.0
    last = at.tau - powers.discrete
    s, logarithm = np.array([x.tau for x in samples]), np.log(np.maximum([x.norm for x in samples], 1e-300))
    grid = np.append(s[s < last], last)
    # Between samples an exponential: of pure growth or decay the integral is then exact.
    product = np.exp(np.interp(grid, s, logarithm) + np.interp(last - grid, s, logarithm))
    moved = powers.size * float(np.trapezoid(product, grid) + powers.discrete * product[0])
    return _EPS * moved, min(powers.ulp * moved + powers.drift(at.tau), at.noise)


def _found(powers: Powers, samples: list[Sample], upper: float, contraction: bool) -> Found:
    top = max(samples, key=lambda s: s.norm)
    error = _EPS * len(powers.Z) * top.norm + sum(_rounding(powers, samples, top))
    if contraction:
        error = max(error, top.norm - 1)
    if top.norm <= 1 + error:
        top = samples[0]._replace(norm=1.0)
    tau, norm = np.array([s.tau for s in samples]), np.array([s.norm for s in samples])
    return Found(tau, norm, top.tau, top.norm, max(upper, top.norm), error)
