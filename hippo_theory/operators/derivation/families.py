"""What a family is, and two kinds of it: Fourier, and functions of your own.

A family is a sequence of functions phi_n on an interval and the weight in which they are orthonormal.
``reduce`` writes expressions in its span and keeps what lies outside: the closure test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sympy as sp

from ...errors import ParameterError, ParameterTypeError, ShapeError

__all__ = ["Family", "Fourier", "Functions", "Reduced", "X"]

X = sp.Symbol("x", real=True)
Reduced = tuple[Any, list[Any]]


class Family(ABC):
    """Functions phi_n(x), n = 0, 1, ..., on an interval, orthonormal in ``weight`` unless it says otherwise."""

    orthonormal: ClassVar[bool] = True

    @property
    @abstractmethod
    def interval(self) -> tuple[Any, Any]:
        """Ends of the interval, sympy numbers."""

    @property
    @abstractmethod
    def weight(self) -> Any:
        """The weight w(x), a sympy expression in ``X``."""

    @abstractmethod
    def functions(self, N: int) -> list[Any]:
        """phi_0, ..., phi_{N-1} as sympy expressions in ``X``."""

    @abstractmethod
    def reduce(self, N: int, slope: Any, euler: bool) -> Reduced:
        """Write phi_n' + slope phi_n, or x phi_n' + slope phi_n (``euler``), as sum_k M_nk phi_k + r_n.

        Returns M (N x N) and the N residuals r_n, exact; all zero if and only if the span is closed.
        """

    def size(self, N: Any) -> int:
        """N where the family has functions for it, else an error that says which N do."""
        if not isinstance(N, int) or isinstance(N, bool) or N < 1:
            raise ParameterError(f"{self!r}: N must be an integer >= 1, got {N!r}.")
        return N

    def periodic(self, N: int) -> bool:
        """Whether every function takes equal values at both ends: then a jump there is reconstructed by its mean."""
        return False

    def moment(self, expression: Any, weight: Any) -> Any:
        """int expression weight dx over the interval, by sympy."""
        value = sp.integrate(sp.expand(expression * weight), (X, *self.interval))
        if value.has(sp.Integral) or not value.is_finite:
            raise ParameterError(
                f"{self!r}: the integral of ({expression}) ({weight}) over {self.interval} diverges or is not known to "
                "sympy; ht.project does integrals numerically."
            )
        return sp.simplify(value)

    def gram(self, N: int, weight: Any) -> Any:
        """int phi_n phi_m weight dx (N x N), exact."""
        phi = self.functions(N)
        known = {(n, m): self.moment(phi[n] * phi[m], weight) for n in range(N) for m in range(n + 1)}
        return sp.Matrix(N, N, lambda n, m: known[max(n, m), min(n, m)])


class Functions(Family):
    """Any linearly independent functions of one symbol, a basis of your own.

    Parameters
    ----------
    expressions : sequence of sympy expressions
        In one symbol; smooth on the interval.
    interval : (lower, upper), default (0, 1)

    Attributes
    ----------
    interval, weight : sympy
        The weight is 1; orthonormality is not assumed.

    Raises
    ------
    ParameterError
        Linearly dependent, complex or piecewise functions; more than one symbol.

    Examples
    --------
    >>> import sympy, hippo_theory as ht
    >>> x = sympy.Symbol("x")
    >>> ht.derive([sympy.exp(-x), x * sympy.exp(-x)], warp="translated").closure(2).closed
    True
    """

    orthonormal = False

    def __init__(self, expressions: Sequence[Any], interval: tuple[Any, Any] = (0, 1)) -> None:
        try:
            given = [sp.sympify(e) for e in expressions]
        except (TypeError, sp.SympifyError) as error:
            raise ParameterTypeError(f"derive: the basis must be sympy expressions ({error}).") from None
        symbols = set().union(*(e.free_symbols for e in given)) if given else set()
        if not given or len(symbols) > 1:
            raise ShapeError(f"derive: a basis needs one or more expressions in one symbol, got {expressions!r}.")
        self._functions = [e.subs(dict.fromkeys(symbols, X)) for e in given]
        if any(e.has(sp.Piecewise, sp.Heaviside, sp.sign, sp.floor, sp.Abs) for e in self._functions):
            raise ParameterError(
                "derive: functions with jumps or kinks have no derivative in a span of functions; "
                "ht.project works with piecewise smooth ones."
            )
        self._interval = (sp.sympify(interval[0]), sp.sympify(interval[1]))
        self._atoms, matrix = _coordinates(self._functions)
        if matrix.rank() < len(given):
            raise ParameterError(
                f"derive: the functions {given} are linearly dependent; drop those that repeat others."
            )

    def __repr__(self) -> str:
        return f"Functions({self._functions}, interval={self._interval})"

    @property
    def interval(self) -> tuple[Any, Any]:
        return self._interval

    @property
    def weight(self) -> Any:
        return sp.S.One

    def size(self, N: Any) -> int:
        if len(self._functions) != N:
            raise ParameterError(f"{self!r}: this basis has N = {len(self._functions)} functions, got N = {N!r}.")
        return len(self._functions)

    def functions(self, N: int) -> list[Any]:
        return list(self._functions)

    def periodic(self, N: int) -> bool:
        ends = [e for e in self.interval if e.is_finite]
        return (
            N > 1
            and len(ends) == 2
            and all(sp.simplify(f.subs(X, ends[1]) - f.subs(X, ends[0])) == 0 for f in self._functions)
        )

    def reduce(self, N: int, slope: Any, euler: bool) -> Reduced:
        return _reduce(self.functions(N), slope, euler)


@dataclass(frozen=True)
class Fourier(Family):
    r"""1, sqrt2 cos 2 pi m x, sqrt2 sin 2 pi m x on [0, 1], weight 1; N is odd.

    Attributes
    ----------
    interval, weight : sympy

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.Fourier().functions(3)
    [1, sqrt(2)*cos(2*pi*x), sqrt(2)*sin(2*pi*x)]
    """

    @property
    def interval(self) -> tuple[Any, Any]:
        return sp.S.Zero, sp.S.One

    @property
    def weight(self) -> Any:
        return sp.S.One

    def size(self, N: Any) -> int:
        if super().size(N) % 2 == 0:
            raise ParameterError(f"Fourier: N must be odd, got {N}; use N={N - 1} or N={N + 1}.")
        return int(N)

    def functions(self, N: int) -> list[Any]:
        waves = [sp.S.One]
        for m in range(1, (N + 1) // 2):
            waves += [sp.sqrt(2) * sp.cos(2 * sp.pi * m * X), sp.sqrt(2) * sp.sin(2 * sp.pi * m * X)]
        return waves

    def periodic(self, N: int) -> bool:
        return True

    def reduce(self, N: int, slope: Any, euler: bool) -> Reduced:
        return _reduce(self.functions(N), slope, euler)

    def gram(self, N: int, weight: Any) -> Any:
        return sp.eye(N) if weight == 1 else super().gram(N, weight)


def _terms(expression: Any) -> dict[Any, Any]:
    """Terms of an expanded sum, {function of x: constant factor}."""
    found: dict[Any, Any] = {}
    for term in sp.Add.make_args(sp.expand(expression)):
        constant, function = term.as_independent(X, as_Add=False)
        found[function] = found.get(function, 0) + constant
    return found


def _coordinates(expressions: Sequence[Any]) -> tuple[list[Any], Any]:
    """The different functions in the expanded sums, and the coefficients of each expression (rows)."""
    rows = [_terms(e) for e in expressions]
    atoms = list(dict.fromkeys(a for row in rows for a in row))
    return atoms, sp.Matrix(len(rows), len(atoms), lambda i, j: rows[i].get(atoms[j], 0))


def _reduce(functions: list[Any], slope: Any, euler: bool) -> Reduced:
    """Split by the terms of expanded sums; what differs from zero is simplified before it is called a residual."""
    N = len(functions)
    images = [(X if euler else 1) * sp.diff(f, X) + slope * f for f in functions]
    atoms, matrix = _coordinates([*functions, *images])
    span, image = matrix[:N, :], matrix[N:, :]
    pivots = span.rref()[1]
    square = span[:, list(pivots)]
    M = (image[:, list(pivots)] * square.inv()).applyfunc(sp.simplify)
    outside = image - M * span
    residuals = [sp.simplify(sum(outside[n, j] * atoms[j] for j in range(len(atoms)))) for n in range(N)]
    return M, residuals
