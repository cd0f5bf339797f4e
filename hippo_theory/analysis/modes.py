"""What a step does to modes: which of them alias, and for how many steps each of them remembers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Immutable, Real, positive_real, vector
from ..errors import ParameterError, ParameterTypeError
from ..operators import Operator

__all__ = ["Aliasing", "ModeMemory", "aliasing", "memory"]


@dataclass(frozen=True, eq=False, repr=False)
class Aliasing(Immutable):
    """Which modes turn by half a circle or more in one step; made by ``ht.aliasing``.

    Attributes
    ----------
    dt : float
    frequencies : ndarray, shape (M,)
        abs(Im lam), in the order of the modes.
    """

    dt: float
    frequencies: Real

    @property
    def aliased(self) -> Array:
        """Whether dt abs(Im lam) >= pi, shape (M,)."""
        return self.dt * self.frequencies >= math.pi

    @property
    def count(self) -> int:
        """Number of aliased modes."""
        return int(self.aliased.sum())

    @property
    def fraction(self) -> float:
        """Aliased modes among all modes."""
        return self.count / self.frequencies.size

    @property
    def largest_step(self) -> float:
        """The step at which the fastest mode begins to alias; infinite where nothing turns."""
        fastest = float(self.frequencies.max())
        return math.pi / fastest if fastest else math.inf

    def __str__(self) -> str:
        return (
            f"dt = {self.dt:g}: {self.count} of {self.frequencies.size} modes alias ({100 * self.fraction:.3g} %); "
            f"none below dt = {self.largest_step:.4g}"
        )

    __repr__ = __str__


@dataclass(frozen=True, eq=False, repr=False)
class ModeMemory(Immutable):
    """For how many steps each mode keeps half of what it holds; made by ``ht.memory``.

    Attributes
    ----------
    dt : float or None
        None for a system in discrete time, which has its step in itself.
    half_lives : ndarray, shape (M,)
        In steps, in the order of the modes; infinite for a mode that does not decay.
    """

    dt: float | None
    half_lives: Real

    @property
    def shortest(self) -> float:
        return float(self.half_lives.min())

    @property
    def median(self) -> float:
        """The middle one; of an even number, the mean of the two in the middle."""
        return float(np.median(self.half_lives))

    @property
    def longest(self) -> float:
        return float(self.half_lives.max())

    def __str__(self) -> str:
        when = "discrete time" if self.dt is None else f"dt = {self.dt:g}"
        shortest, longest = f"{self.shortest:.4g}", f"{self.longest:.4g}"
        ends = "" if shortest == longest else f", from {shortest} to {longest}"
        return f"{when}: half-life {self.median:.4g} steps (median){ends}"

    __repr__ = __str__


def aliasing(system: Any, dt: float) -> Aliasing:
    """The modes that a step dt cannot tell from slower ones: dt abs(Im lam) >= pi (theory D1).

    Sampled every dt, e^{t lam} turns by dt Im lam a step; beyond half a circle it is the samples of a
    slower mode. The bilinear map never aliases: it bends the frequency axis instead, to 2 arctan(dt Im lam/2).

    Parameters
    ----------
    system : array_like, or anything with ``lam`` or ``poles``
        Eigenvalues in continuous time, or a system, an initialisation or an operator. A stored pair counts as
        one mode. Of a diagonal plus low rank the poles count, not its diagonal.
    dt : float

    Returns
    -------
    Aliasing
        ``fraction``, ``count``, ``aliased`` (M,), ``largest_step``.

    Raises
    ------
    ParameterError
        dt <= 0; a system in discrete time, where every mode is what its samples are.
    ShapeError
        Not a list of eigenvalues.

    References
    ----------
    theory D1; solozabal2025dfout (the condition).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> print(ht.aliasing(ht.s4d("lin", 64), 0.1))
    dt = 0.1: 22 of 32 modes alias (68.8 %); none below dt = 0.03226
    >>> [round(ht.aliasing(ht.s4d("inv", 64), dt).fraction, 2) for dt in (0.01, 0.1)]
    [0.06, 0.41]
    """
    lam, own_step = _eigenvalues(system, "aliasing")
    if own_step is not None:
        raise ParameterError(
            f"aliasing: {system!r} is in discrete time (dt = {own_step:g}), where nothing is left to alias; "
            "ask the continuous system it was sampled from."
        )
    return Aliasing(positive_real(dt, "dt", "aliasing"), np.abs(lam.imag))


def memory(system: Any, dt: float | None = None) -> ModeMemory:
    """Half-lives of the modes in steps: ln 2/(dt abs(Re lam)), in discrete time ln 2/(-ln abs(lam)) (theory D3).

    Parameters
    ----------
    system : array_like, or anything with ``lam`` or ``poles``
        As for ``aliasing``; here a system in discrete time is welcome too.
    dt : float, optional
        Needed in continuous time, refused in discrete time.

    Returns
    -------
    ModeMemory
        ``half_lives`` (M,), ``shortest``, ``median``, ``longest``.

    Raises
    ------
    ParameterError
        dt <= 0, missing, or given to a system in discrete time.
    ShapeError
        Not a list of eigenvalues.

    References
    ----------
    theory D3.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> print(ht.memory(ht.mamba(16), 0.01))
    dt = 0.01: half-life 8.183 steps (median), from 4.332 to 69.31
    >>> print(ht.memory(ht.s4d("lin", 16).discretize(0.01)))
    discrete time: half-life 138.6 steps (median)
    """
    lam, own_step = _eigenvalues(system, "memory")
    if own_step is not None:
        if dt is not None:
            raise ParameterError(f"memory: {system!r} is in discrete time, its step is fixed; leave dt out.")
        with np.errstate(divide="ignore"):
            rate = -np.log(np.abs(lam))
        # A root of unity is rounded to either side of the circle.
        rate[np.abs(rate) <= 2 * np.finfo(np.float64).eps] = 0.0
    else:
        if dt is None:
            raise ParameterError("memory: a half-life in steps needs the step; give dt.")
        dt = positive_real(dt, "dt", "memory")
        rate = -dt * lam.real
    with np.errstate(divide="ignore", over="ignore"):
        return ModeMemory(dt, np.where(rate > 0, math.log(2) / np.abs(rate), math.inf))


def _eigenvalues(system: Any, who: str) -> tuple[Array, float | None]:
    """The modes of what was given, and the step it carries where it is discrete."""
    if isinstance(system, Operator):
        system = system.system
    if isinstance(system, str | bytes) or system is None:
        raise ParameterTypeError(f"{who}: eigenvalues, a system or an initialisation is needed, got {system!r}.")
    low_rank = getattr(system, "P", None) is not None
    found = None if low_rank else getattr(system, "lam", None)
    if found is None:
        found = getattr(system, "poles", system)
    return vector(found, "lam", who), getattr(system, "dt", None)
