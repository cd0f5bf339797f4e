"""F(tau) = e^{tau Z} in continuous time, Z^tau in whole steps: matrices, norms, and what rounding does to them."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._arrays import Array
from ._contractions import frobenius, spectral_norm

__all__ = ["HUGE", "PER_OCTAVE", "WALK", "Power", "Powers", "Sample"]

_EPS = float(np.finfo(np.float64).eps)
WALK, PER_OCTAVE, HUGE = 512, 8, 1e120


class Sample(NamedTuple):
    """||F(tau)||, a bound of ||D^2 F(tau)||, and the rounding of F(tau) as ``Power`` has it."""

    tau: float
    norm: float
    bend: float
    noise: float


class Power(NamedTuple):
    """F(tau), and what each of its entries may be off by, to first order."""

    F: Array
    off: Array


class Powers:
    """F(tau) from the powers F(2^j), and the rate at which ||F|| can grow.

    Parameters
    ----------
    Z : ndarray, shape (N, N)
        In continuous time of norm about one.
    discrete : bool
    rate, slack : float
        ||F(h)|| <= e^{rate h} as far as float64 can tell, <= e^{(rate + slack) h} for certain.
    cap : float
        A bound of ||F(h)|| for all h.

    Attributes
    ----------
    ulp : float
        The rounding of a product, relative to the norms of its factors: sqrt(N) eps, doubled.
    latest : ndarray
        The matrix that was sampled last.
    """

    def __init__(self, Z: Array, discrete: bool, rate: float, slack: float = 0.0, cap: float = math.inf) -> None:
        self.Z, self.discrete, self.rate, self.slack, self.cap = Z, discrete, rate, slack, cap
        slope = Z - np.eye(len(Z)) if discrete else Z
        self.size = spectral_norm(Z)
        self.ulp = 2 * math.sqrt(len(Z)) * _EPS
        self.latest = Z
        self._second = slope @ slope
        self._steps: dict[int, Power] = {}
        self._apart: dict[int, float] = {}

    def sample(self, tau: float, power: Power | None = None) -> Sample:
        F, off = self(tau) if power is None else power
        self.latest = F
        # Squarings make a matrix that does not decay grow by their rounding.
        grown = self.rate * tau
        bound = math.exp(grown + 2 * _EPS * abs(grown)) if grown < 700 else math.inf
        return Sample(tau, min(spectral_norm(F), bound), float(np.linalg.norm(self._second @ F)), frobenius(off))

    def bound(self, h: float) -> float:
        """A bound of ||F|| on [0, h]."""
        return min(math.exp(min(max(self.rate + self.slack, 0.0) * h, 700.0)), self.cap)

    def __call__(self, tau: float) -> Power:
        """F(tau): one product for each binary digit of tau, and an exponential where these are many."""
        power = self._one()
        if not (tau * 2.0**20).is_integer():
            tau, rest = math.floor(tau), tau - math.floor(tau)
            power = self._exponential(rest)
        numerator, denominator = float(tau).as_integer_ratio()
        lowest = 1 - denominator.bit_length()
        for bit in range(numerator.bit_length()):
            if numerator >> bit & 1:
                power = self._product(self.step(lowest + bit), power)
        return power

    def step(self, j: int) -> Power:
        """F(2^j)."""
        if j not in self._steps and j <= 0:
            self._steps[j] = self._first() if self.discrete else self._exponential(2.0**j)
        elif j not in self._steps:
            i = next((i for i in range(j - 1, 0, -1) if i in self._steps), 0)
            power = self.step(i)
            for k in range(i + 1, j + 1):
                power = self._steps[k] = self._product(power, power) if power.F.any() else power
        return self._steps[j]

    def walk(self) -> list[Sample]:
        """Every whole step until the norm has halved, to 512: products with Z alone keep more digits than squares."""
        power, first = self._one(), self._first()
        samples = [self.sample(0.0, power)]
        for k in range(1, WALK + 1):
            power = self._product(first, power)
            samples.append(self.sample(float(k), power))
            if k & (k - 1) == 0:
                self._steps[k.bit_length() - 1] = power
            if samples[-1].norm <= 0.5 or not samples[-1].norm < HUGE:
                break
        return samples

    def octave(self, low: float) -> list[Sample]:
        """Samples behind low, a power of two or 0, to the next power of two.

        Products with F(low/8), which has grown less than F(low), keep more digits than its square; how far the two are
        apart shows what rounding does to either.
        """
        high = 2 * low or 1.0
        h = (high - low) / PER_OCTAVE
        first, start = self.step(round(math.log2(h))), self.step(round(math.log2(low))) if low else self._one()
        samples, power, end = [], start, round(math.log2(high))
        for i in range(1, PER_OCTAVE + 1):
            power = self._product(first, power)
            samples.append(self.sample(low + i * h, power))
        self._steps[end] = power
        self._apart[end] = frobenius(power.F - start.F @ start.F) if low else 0.0
        return samples

    def drift(self, tau: float) -> float:
        """What rounding has made of the powers at the ends of the octave of tau, as far as they were sampled."""
        j = math.ceil(math.log2(tau))
        return max(self._apart.get(j - 1, 0.0), self._apart.get(j, 0.0))

    def _one(self) -> Power:
        return Power(np.eye(len(self.Z), dtype=self.Z.dtype), np.zeros(self.Z.shape))

    def _first(self) -> Power:
        return Power(self.Z, np.zeros(self.Z.shape))

    def _product(self, left: Power, right: Power) -> Power:
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.abs(right.F)
            off = np.abs(left.F) @ (right.off + self.ulp * size) + left.off @ size
            return Power(left.F @ right.F, off)

    def _exponential(self, tau: float) -> Power:
        from scipy.linalg import expm

        F = np.asarray(expm(tau * self.Z))
        off = self.ulp * max(1.0, tau * self.size) * np.linalg.norm(F) * (self._reach | (F != 0))
        return Power(F, off)

    @cached_property
    def _reach(self) -> Array:
        """Where e^Z has entries: zeros that the pattern of Z makes are exact."""
        reach: Array = (self.Z != 0) | np.eye(len(self.Z), dtype=bool)
        for _ in range(len(self.Z).bit_length()):
            reach = np.asarray(reach.astype(np.float64) @ reach > 0)
        return reach
