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
from typing import NamedTuple

import numpy as np

from .._arrays import Array, Real
from ..errors import AccuracyError, UnstableSystemError

__all__ = ["Found", "Powers", "largest", "proved", "spectral_norm", "until_halved"]

_EPS = float(np.finfo(np.float64).eps)
_WALK = 512
_PER_OCTAVE, _OCTAVES = 8, 60
_EVALUATIONS, _TOLERANCES = 800, (0.1, 1e-2, 1e-4, 1e-6)
_HUGE = 1e120


class Sample(NamedTuple):
    """||F(tau)|| and a bound of ||D^2 F(tau)||."""

    tau: float
    norm: float
    bend: float


@dataclass(frozen=True)
class Found:
    """The samples in order, the largest of them, a bound for all tau >= 0, and the rounding of the largest."""

    tau: Real
    norm: Real
    peak: float
    value: float
    upper: float
    error: float


class Powers:
    """F(tau) from the powers F(2^j), and the rate at which ||F|| can grow.

    Parameters
    ----------
    Z : ndarray, shape (N, N)
        In continuous time of norm about one.
    discrete : bool
    rate : float
        ||F(h)|| <= e^{rate h}.
    """

    def __init__(self, Z: Array, discrete: bool, rate: float) -> None:
        self.Z, self.discrete, self.rate = Z, discrete, max(rate, 0.0)
        slope = Z - np.eye(len(Z)) if discrete else Z
        self.size = spectral_norm(Z)
        self._second = slope @ slope
        self._steps: dict[int, Array] = {}

    def sample(self, tau: float, F: Array | None = None) -> Sample:
        F = self(tau) if F is None else F
        return Sample(tau, spectral_norm(F), float(np.linalg.norm(self._second @ F)))

    def __call__(self, tau: float) -> Array:
        """F(tau): one product for each binary digit of tau."""
        if not self.discrete and not (tau * 2.0**20).is_integer():
            from scipy.linalg import expm

            return np.asarray(expm(tau * self.Z))
        numerator, denominator = float(tau).as_integer_ratio()
        lowest = 1 - denominator.bit_length()
        F = np.eye(len(self.Z), dtype=self.Z.dtype)
        for bit in range(numerator.bit_length()):
            if numerator >> bit & 1:
                F = self.step(lowest + bit) @ F
        return F

    def step(self, j: int) -> Array:
        """F(2^j)."""
        if j not in self._steps:
            if j > 0:
                self._steps[j] = self.step(j - 1) @ self.step(j - 1)
            elif self.discrete:
                self._steps[j] = self.Z
            else:
                from scipy.linalg import expm

                self._steps[j] = np.asarray(expm(2.0**j * self.Z))
        return self._steps[j]

    def walk(self) -> list[Sample]:
        """Every whole step until the norm has halved, to 512: products with Z alone keep more digits than squares."""
        F = np.eye(len(self.Z), dtype=self.Z.dtype)
        samples = [self.sample(0.0, F)]
        for k in range(1, _WALK + 1):
            F = self.Z @ F
            samples.append(self.sample(float(k), F))
            if k & (k - 1) == 0:
                self._steps[k.bit_length() - 1] = F
            if samples[-1].norm <= 0.5 or not samples[-1].norm < _HUGE:
                break
        return samples


def largest(powers: Powers, name: Callable[[float], str], extra: list[Sample]) -> Found:
    """The largest ||F(tau)||, tau >= 0; ``name`` says in words where a tau is, ``extra`` samples are looked at too.

    ``UnstableSystemError`` where the norm grows without end, ``AccuracyError`` where rounding leaves that open.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        samples = powers.walk() if powers.discrete else [powers.sample(0.0)]
        known = len(samples)
        samples = _decayed(powers, samples, name)
    value, upper = max(s.norm for s in [*samples, *extra]), math.inf
    looked: dict[float, Sample] = {}
    for tolerance in _TOLERANCES:
        search = _Search(powers, samples[:known], value, tolerance, looked)
        for i in range(known - 1, len(samples) - 1, _PER_OCTAVE):
            search.octave(samples[i : i + _PER_OCTAVE + 1])
        value, upper = search.value, min(upper, search.growth[-1])
    samples = _merged(samples, list(looked.values()), extra)
    if not powers.discrete:
        samples = _merged(samples, [_summit(powers, samples)])
    return _found(powers, samples, upper)


def until_halved(powers: Powers, octaves: int = 24) -> list[Sample]:
    """Samples of a contraction, to be looked at: until the norm has halved, or after so many octaves."""
    samples = [powers.sample(0.0)]
    while samples[-1].norm > 0.5 and octaves:
        samples = samples + _octave(powers, samples[-1].tau)
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
        samples = samples + _octave(powers, samples[-1].tau)
    raise _undecided(name(samples[-1].tau))


def _octave(powers: Powers, low: float) -> list[Sample]:
    """Eight samples behind low, to the next power of two."""
    high = 2 * low or 1.0
    return [powers.sample(low + i * (high - low) / _PER_OCTAVE) for i in range(1, _PER_OCTAVE + 1)]


def _merged(*parts: list[Sample]) -> list[Sample]:
    return sorted({s.tau: s for part in parts for s in part}.values())


def spectral_norm(F: Array) -> float:
    """The largest singular value; of a matrix that is not finite, infinity."""
    top = float(np.abs(F).max())
    if not 0 < top < math.inf:
        return top if top == 0 else math.inf
    if len(F) <= 128:
        return float(np.linalg.norm(F, 2))
    # Only the largest is asked for, and from the Gram matrix it is as accurate and several times cheaper.
    F = F / top
    return top * math.sqrt(float(np.linalg.eigvalsh(F.conj().T @ F)[-1]))


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
        h, ends = b.tau - a.tau, max(a.norm, b.norm)
        if self.powers.discrete and h == 1:
            return ends
        growth = math.exp(min(self.powers.rate * h, 700.0))
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
    noise = _rounding(powers, samples, last.tau)
    if last.norm <= 0.5 and noise < 0.25:
        return True
    if last.norm < _HUGE and noise <= last.norm / 2:
        return False
    if np.isfinite(last.norm) and _radius(powers(last.tau), noise) > 1:
        raise UnstableSystemError(
            f"transient_growth: the norm grows without end, it is {last.norm:.3g} at {name(last.tau)} and the spectral "
            "radius there beyond 1; only stable systems have a largest norm."
        )
    raise _undecided(name(last.tau))


def _radius(F: Array, noise: float) -> float:
    """The spectral radius of F, less what an error of this norm may do to it to first order."""
    from scipy.linalg import eig

    # In units of its norm: from scipy's eig the eigenvalues of entries beyond 1e138 come back scaled, 1e177 as 1e138.
    size = spectral_norm(F) or 1.0
    lam, left, right = eig(F / size, left=True, right=True)
    i = int(np.argmax(np.abs(lam)))
    cosine = max(float(np.abs(np.vdot(left[:, i], right[:, i]))), 1e-300)
    return size * (float(np.abs(lam[i])) - (noise / size + _EPS * len(F)) / cosine)


def _undecided(where: str) -> AccuracyError:
    return AccuracyError(
        f"transient_growth: up to {where} the norm neither halves nor can be told from what rounding makes of it: "
        "the poles are on the boundary of stability, or as close to it as a relative change eps of the matrix is. "
        "Where A + A^* <= 0, in exact arithmetic, the answer is 1; give such a system as an operator, as ht.Diagonal, "
        "or with entries that are exactly skew."
    )


def _rounding(powers: Powers, samples: list[Sample], tau: float) -> float:
    """The first-order change of F(tau) when Z changes by eps ||Z||: eps ||Z|| int_0^tau ||F(s)|| ||F(tau - s)|| ds."""
    last = tau - 1 if powers.discrete else tau
    if last < 0:
        return 0.0
    s = np.array([x.tau for x in samples])
    # Between samples an exponential: of pure growth or decay the integral is then exact.
    logarithm = np.log(np.maximum([x.norm for x in samples], 1e-300))
    within = s <= last
    product = np.exp(logarithm[within] + np.interp(last - s[within], s, logarithm))
    integral = float(np.trapezoid(product, s[within]))
    return _EPS * powers.size * (integral + float(product[0]) if powers.discrete else integral)


def _found(powers: Powers, samples: list[Sample], upper: float) -> Found:
    top = max(samples, key=lambda s: s.norm)
    error = _EPS * len(powers.Z) * top.norm + _rounding(powers, samples, top.tau)
    if top.norm <= 1 + error:
        top = samples[0]._replace(norm=1.0)
    tau, norm = np.array([s.tau for s in samples]), np.array([s.norm for s in samples])
    return Found(tau, norm, top.tau, top.norm, max(upper, top.norm), error)
