"""How sigma_min(zI - A) is computed for what was given: by the all-pass function, by a Schur form, in balls."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .._arrays import Array, Complex, Real, positive_integer
from ..errors import ParameterError, ParameterTypeError
from ..operators import FouT, Operator, PoleChain
from ._allpass_resolvent import log10_smallest_singular_values
from ._dense_resolvent import chain_in, triangular_form
from ._enclosed_resolvent import exact_balls, log10_enclosed
from .conditioning import fourier_poles
from .field_of_values import check_range, square_matrix

__all__ = ["Road", "road_to"]

_EPS = float(np.finfo(np.float64).eps)
# Decades between the largest section of a chain and the least damped one: both have to be floats in one unit.
_DECADES = 540


class Road(NamedTuple):
    """How a matrix is treated: log10 sigma_min at points (P,), and what goes with it."""

    evaluate: Callable[[Complex], Real]
    eigenvalues: Complex
    floor: Callable[[Complex, Real], float]
    real: bool
    block: int

    def at(self, z: Complex, executor: Any = None, who: str = "pseudospectrum") -> Real:
        """log10 sigma_min at points (P,): each distinct one once, wherever the blocks are computed."""
        z, back = _distinct(z, self.real)
        blocks = [z[i : i + self.block] for i in range(0, z.size, self.block)]
        if executor is None or len(blocks) < 2:
            parts = [self.evaluate(block) for block in blocks]
        elif hasattr(executor, "map"):
            parts = list(executor.map(self.evaluate, blocks))
        else:
            raise ParameterTypeError(
                f"{who}: executor must have a map, as those of concurrent.futures have; got {executor!r}."
            )
        return np.concatenate([np.empty(0), *parts])[back]


def road_to(A: Any, digits: int | None, who: str) -> Road:
    """The road that is right for A: the equation of a chain, triangular matrices, or balls."""
    if digits is not None:
        return _enclosed_road(A, digits, who)
    if isinstance(A, PoleChain):
        return _chain_road(A.a, A.shift, -math.inf, who)
    if isinstance(A, FouT):
        # Orthogonally similar to a chain with the same all-pass function; its poles are known to a few eps.
        poles = fourier_poles(A)
        return _chain_road(-poles, 0.0, math.log10(4 * _EPS * math.sqrt(A.N) * float(np.linalg.norm(A.A, 2))), who)
    matrix = square_matrix(A, who)[0]
    chain = chain_in(matrix)
    if chain is not None:
        return _chain_road(*chain, -math.inf, who)
    form = triangular_form(matrix)
    block = max(64, (1 << 17) // len(matrix))
    return Road(form, form.eigenvalues, form.lowest_reliable, np.isrealobj(matrix), block)


def _chain_road(a: Complex, shift: float, floor: float, who: str) -> Road:
    check_range(np.append(a, shift), who)
    largest, least = float(np.abs(a).max()), float(a.real.min())
    if math.log10(largest) - math.log10(least) > _DECADES:
        raise ParameterError(
            f"{who}: a chain with sections of size {largest:.3g} and damping {least:.3g}; float64 can treat chains "
            f"over {_DECADES} decades at most, ask for digits=."
        )
    evaluate = partial(log10_smallest_singular_values, a, shift)
    return Road(evaluate, -(a + shift), lambda z, log10: floor, True, 1 << 12)


def _enclosed_road(A: Any, digits: int, who: str) -> Road:
    digits = positive_integer(digits, "digits", who)
    if digits > 15:
        raise ParameterError(f"{who}: a float64 logarithm shows at most 15 digits, got digits={digits}; take 15.")
    matrix = A.A if isinstance(A, Operator) else square_matrix(A, who)[0]
    balls = A if isinstance(A, Operator) else matrix
    eigenvalues = -(A.a + A.shift) if isinstance(A, PoleChain) else np.linalg.eigvals(matrix).astype(np.complex128)
    evaluate = partial(log10_enclosed, partial(exact_balls, balls), digits=digits)
    return Road(evaluate, eigenvalues, lambda z, log10: -math.inf, np.isrealobj(matrix), 8)


def _distinct(z: Complex, mirrored: bool) -> tuple[Complex, Array]:
    """The points that have to be computed, and where the given ones (P,) are among them."""
    if mirrored:
        z = z.real + 1j * np.abs(z.imag)
    unique, back = np.unique(z, return_inverse=True)
    return unique, back.reshape(-1)
