"""The result of every recipe: a system, what it stands for, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, generator, positive_integer, vector
from ..errors import ParameterError
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace

if TYPE_CHECKING:
    from .reporting import Report

__all__ = ["Initialization", "needed_generator", "output_vector", "paired_size"]


@dataclass(frozen=True, eq=False, repr=False)
class Initialization(Immutable):
    """What a layer starts from: modal matrices, and the recipe they are an instance of.

    Attributes
    ----------
    recipe : dict
        What is claimed, in full: recipe, kind, family and its parameters, N. A certificate is
        checked against this and nothing else. A recipe in discrete time has a key "dt", its step.
    system : Diagonal or DiagonalPlusLowRank
        The system that the recipe produces; the attributes below are shorthands into it. In discrete time
        its ``lam`` are the factors of one step, ``transfer`` takes z and ``kernel`` a number of steps.
    N : int
        Real state size (also where only halves of conjugate pairs are stored).
    V : ndarray, shape (N, M), or None
        Modal to operator coordinates, x = V z (2 Re(V z) for stored pairs); None where the recipe is
        not tied to an operator.
    B : ndarray, shape (M,) or (M, H)
        Modal input: a vector, or a column for each input (S5).
    C : ndarray, shape (M,) or (p, M), or None
        Modal output: a vector, or a row for each output (S5); None reads out the state, in operator coordinates
        where V is known.
    source : str
        Reference keys.
    conventions : dict
        In words: what N counts, the scale of B, the sign of Im lam.
    """

    recipe: dict[str, Any]
    system: Diagonal | DiagonalPlusLowRank
    N: int
    V: Array | None
    source: str
    conventions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        system, C = self.system, self.system.C
        if self.recipe["N"] != self.N:
            raise ParameterError(f"{self!r}: N = {self.N} is not the N = {self.recipe['N']} of its recipe.")
        if system.dt != self.recipe.get("dt") or getattr(system, "Q", None) is not None:
            time = "discrete" if "dt" in self.recipe else "continuous"
            raise ParameterError(f"{self!r}: its system must be in {time} time, with Q = P; sample it afterwards.")
        if self.V is not None and C is None:
            raise ParameterError(f"{self!r}: the state is read out in operator coordinates; its system needs C = V.")

    @property
    def lam(self) -> Array:
        """Eigenvalues of the diagonal part, shape (M,); complex, but for the real modes of "real"."""
        return self.system.lam

    @property
    def B(self) -> Array:
        """Modal input (M,) or (M, H), the half weight of a real stored mode included."""
        return self.system.B

    @property
    def P(self) -> Array | None:
        """Modal low-rank vector (M,) of a DPLR recipe, else None."""
        return getattr(self.system, "P", None)

    @property
    def C(self) -> Array | None:
        C, V = self.system.C, self.V
        return None if C is None or (V is not None and np.array_equal(C, V)) else C

    @property
    def D(self) -> complex | Array:
        return self.system.D

    @property
    def dt(self) -> float | None:
        """None in continuous time; the step of a recipe that is discrete by itself."""
        return self.system.dt

    @property
    def conjugate_pairs(self) -> bool:
        """Whether halves are stored; a real mode of an odd N is then stored once with half its weight."""
        return getattr(self.system, "conjugate_pairs", False)

    @property
    def poles(self) -> Array:
        return self.system.poles

    def transfer(self, s: ArrayLike) -> Complex:
        """Transfer function of the system: s.shape with C; (N,) + s.shape without; (M,) + s.shape without V too.

        Several outputs or inputs put their axes in front, as in ``Diagonal.transfer``.
        """
        return self.system.transfer(s)

    def kernel(self, t: Any) -> Array:
        """Impulse response at times t >= 0: real for stored halves, else complex with rounding-size imaginary parts."""
        return self.system.kernel(t)

    def to_dense(self) -> StateSpace:
        """The dense modal system."""
        return self.system.to_dense()

    def discretize(self, dt: float, method: str = "zoh", *, alpha: float | None = None) -> Any:
        """The sampled system; see the system's own ``discretize``."""
        return self.system.discretize(dt, method, alpha=alpha)

    def report(self, dt: float | Sequence[float] = (1e-3, 1e-1)) -> Report:
        """What a user should know before training: stability, memory, aliasing, output scale, deviations.

        Parameters
        ----------
        dt : float or sequence, default (1e-3, 1e-1)
            Steps to report on: the ends of the usual log-uniform draw. Not used by recipes in discrete time.

        Returns
        -------
        Report
            Prints as a table, in notebooks too; every number is an attribute.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> report = ht.s4d("legs", 64, b_scale=1.0).report()
        >>> [finding.name for finding in report.deviations]
        ['missing factor 1/2 on B', 'aliased modes']
        """
        from .reporting import report

        return report(self, dt)

    def tensors(self) -> dict[str, Array]:
        """lam, B and what else defines the system: what an export writes."""
        found = {"lam": self.lam, "P": self.P, "B": self.B, "V": self.V, "C": self.C, "D": self.D}
        return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}

    def claim(self) -> dict[str, Any]:
        return {
            "type": "Initialization",
            **self.recipe,
            "conjugate_pairs": self.conjugate_pairs,
            "D": self.system.claim()["D"],
            "source": self.source,
        }

    def __repr__(self) -> str:
        told: list[str] = [k for k in ("kind", "family", "N") if k in self.recipe]
        told += sorted(self.recipe.keys() - {"recipe", "a", *told})
        shown = ", ".join(f"{k}={self.recipe[k]!r}" for k in told)
        return f"<{self.recipe['recipe']}({shown}): {self.lam.size} modes stored>"


def output_vector(C: ArrayLike | None, rng: Any, V: Array | None, lam: Array, who: str) -> Array | None:
    """The modal output vector: given in operator coordinates and mapped to C V, drawn, or None.

    Without an operator (V is None) C is modal, one entry a mode. A drawn C is standard normal: real in
    operator coordinates; otherwise complex with E|C|^2 = 1, and real for a real mode.
    """
    if C is not None and rng is not None:
        raise ParameterError(f"{who}: give C= or rng=, not both.")
    if rng is not None:
        source = generator(rng, who)
        if V is not None:
            C = source.standard_normal(len(V))
        else:
            re, im = source.standard_normal((2, lam.size))
            C = np.where(lam.imag == 0, re, (re + 1j * im) / np.sqrt(2)) if lam.imag.any() else re
    if C is None:
        return None
    return vector(C, "C", who, lam.size) if V is None else vector(C, "C", who, len(V)) @ V


def needed_generator(rng: Any, who: str, drawn: str) -> np.random.Generator:
    """The generator of a recipe that cannot do without one."""
    if rng is None:
        raise ParameterError(f"{who}: {drawn} are drawn; give rng=, a seed or a numpy Generator.")
    return generator(rng, who)


def paired_size(N: Any, who: str) -> int:
    """An even state size, for recipes that are made of pairs."""
    size = positive_integer(N, "N", who)
    if size % 2:
        near = f"{size - 1} or {size + 1}" if size > 1 else "2"
        raise ParameterError(
            f"{who}: N counts real states and the modes come in pairs, so N must be even; got {size}, use {near}."
        )
    return size
