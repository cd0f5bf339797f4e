"""What a family is, and two kinds of it: Fourier, and functions of your own.

A family is a sequence of functions phi_n on an interval and the weight in which they are orthonormal.
``reduce`` writes expressions in its span and keeps what lies outside: the closure test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import mpmath
import sympy as sp

from ..._arrays import positive_integer
from ...errors import ParameterError, ParameterTypeError, ShapeError

__all__ = ["Family", "Fourier", "Functions", "Reduced", "X", "in_the_variable", "is_exact"]

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
        return positive_integer(N, "N", repr(self))

    def periodic(self, N: int) -> bool:
        """Whether every function takes equal values at both ends: then a jump there is reconstructed by its mean."""
        return False

    def moment(self, expression: Any, weight: Any) -> Any:
        """int expression weight dx over the interval, by sympy."""
        try:
            value = sp.integrate(sp.expand(expression * weight), (X, *self.interval))
        except (TypeError, NotImplementedError):  # what sympy raises on integrands such as e^{-1/x}
            value = sp.nan
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
        In one symbol, exact; smooth on the interval.
    interval : (0, 1) or (0, sympy.oo), default (0, 1)
        Stretch other windows to [0, 1]: a step is counted in windows.

    Attributes
    ----------
    interval, weight : sympy
        The weight is 1; orthonormality is not assumed.

    Raises
    ------
    ParameterError, ParameterTypeError, ShapeError
        Linearly dependent, complex or piecewise functions; floats; more than one symbol; another
        interval; functions of which it cannot be decided whether they are independent.

    Notes
    -----
    Closed means proved, by algebra. Not closed means that the terms left over are independent functions:
    trigonometric and hyperbolic ones are compared as exponentials, rational ones as partial fractions, and
    terms that still agree numerically are an error.

    Examples
    --------
    >>> import sympy, hippo_theory as ht
    >>> x = sympy.Symbol("x")
    >>> ht.derive([sympy.exp(-x), x * sympy.exp(-x)], warp="translated").closure(2).closed
    True
    """

    orthonormal = False

    def __init__(self, expressions: Sequence[Any], interval: tuple[Any, Any] = (0, 1)) -> None:
        given = list(expressions)
        if not all(is_exact(e) for e in given):
            raise ParameterTypeError(f"derive: the basis must be exact sympy expressions, without floats, got {given}.")
        symbols = set().union(*(sp.sympify(e).free_symbols for e in given))
        if not given or len(symbols) > 1:
            raise ShapeError(f"derive: a basis needs one or more expressions in one symbol, got {expressions!r}.")
        if not isinstance(interval, tuple | list) or tuple(interval) not in ((0, 1), (0, sp.oo)):
            raise ParameterError(
                f"derive: a basis lives on (0, 1) or (0, sympy.oo), got the interval {interval!r}; substitute to bring "
                "it there."
            )
        self._interval = (sp.S.Zero, sp.S.One if interval[1] == 1 else sp.oo)
        self._functions = [in_the_variable(sp.sympify(e), self._interval) for e in given]
        if any(e.has(sp.Piecewise, sp.Heaviside, sp.sign, sp.floor, sp.Abs) for e in self._functions):
            raise ParameterError(
                "derive: functions with jumps or kinks have no derivative in a span of functions; "
                "ht.project works with piecewise smooth ones."
            )
        samples = _samples(self._functions, len(given))
        if not all(abs(mpmath.im(value)) < mpmath.mpf(10) ** -20 for value in samples):
            raise ParameterError(f"derive: the functions {given} must be real on {self._interval}.")
        atoms, matrix = _coordinates([_canonical(f) for f in self._functions])
        if atoms:
            _check_independent(atoms)
        if matrix.rank(simplify=True) < len(given):
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
        # One function alone, a constant, is a window like Legendre's.
        return len(self._functions) > 1 and all(sp.simplify(f.subs(X, 1) - f.subs(X, 0)) == 0 for f in self._functions)

    def reduce(self, N: int, slope: Any, euler: bool) -> Reduced:
        """Term by term as the functions are written, and once more in canonical terms where something is left."""
        phi = self.functions(N)
        images = _flow(phi, slope, euler)
        M, residuals = _reduce(phi, images)
        if not any(residuals):
            return M, residuals
        canonical = [_canonical(f) for f in (*phi, *images)]
        _check_independent(_coordinates(canonical)[0])
        exact, rest = _reduce(canonical[:N], canonical[N:])
        for n in range(N):
            if rest[n] == 0:
                M[n, :], residuals[n] = exact[n, :], sp.S.Zero
        return M, residuals


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
        """Term by term: different harmonics are different functions."""
        phi = self.functions(N)
        return _reduce(phi, _flow(phi, slope, euler))

    def gram(self, N: int, weight: Any) -> Any:
        """The identity in the weight 1, integrals in any other."""
        return sp.eye(N) if weight == 1 else super().gram(N, weight)


def _terms(expression: Any) -> dict[Any, Any]:
    """Terms of an expanded sum, {function of x: constant factor}."""
    found: dict[Any, Any] = {}
    for term in sp.Add.make_args(sp.expand(expression)):
        # 1/(2x - 2) is 1/(x - 1) with a constant in front.
        constant, function = sp.factor_terms(term).as_independent(X, as_Add=False)
        if constant != 0:
            found[function] = found.get(function, 0) + constant
    return found


def _coordinates(expressions: Sequence[Any]) -> tuple[list[Any], Any]:
    """The different functions in the expanded sums, and the coefficients of each expression (rows)."""
    rows = [_terms(e) for e in expressions]
    atoms = list(dict.fromkeys(a for row in rows for a in row))
    return atoms, sp.Matrix(len(rows), len(atoms), lambda i, j: rows[i].get(atoms[j], 0))


def _flow(functions: list[Any], slope: Any, euler: bool) -> list[Any]:
    return [(X if euler else 1) * sp.diff(f, X) + slope * f for f in functions]


def _reduce(functions: list[Any], images: list[Any]) -> Reduced:
    """Split by the terms of expanded sums; what differs from zero is simplified before it is called a residual."""
    N = len(functions)
    atoms, matrix = _coordinates([*functions, *images])
    span, image = matrix[:N, :], matrix[N:, :]
    pivots = span.rref()[1]
    square = span[:, list(pivots)]
    M = (image[:, list(pivots)] * square.inv()).applyfunc(sp.simplify)
    # Constants such as tan 1 and e^i cancel only when they are written alike.
    outside = (image - M * span).applyfunc(lambda c: sp.simplify(c.rewrite(sp.exp)))
    residuals = [sp.simplify(sum(outside[n, j] * atoms[j] for j in range(len(atoms)))) for n in range(N)]
    return M, residuals


def is_exact(value: Any) -> bool:
    """An int or a sympy expression without floats."""
    if isinstance(value, sp.Expr):
        return not value.has(sp.Float, sp.nan, sp.zoo, sp.oo, -sp.oo)
    return isinstance(value, int) and not isinstance(value, bool)


def in_the_variable(expression: Any, interval: tuple[Any, Any]) -> Any:
    """The expression in ``X``; where the interval is positive, sqrt(x^2) is x."""
    on_the_way = sp.Dummy(positive=True) if interval[0] == 0 else X
    return expression.subs(dict.fromkeys(expression.free_symbols, on_the_way)).subs(on_the_way, X)


def _canonical(expression: Any) -> Any:
    """A sum in which products of sines, shifted arguments, log 2x and improper fractions are taken apart."""
    positive = sp.Dummy("x", positive=True)
    e = expression.subs(X, positive)
    e = e.rewrite([sp.sin, sp.cos, sp.sinh, sp.cosh], sp.exp)
    e = sp.apart(e, positive) if e.is_rational_function(positive) else sp.expand(e)
    return e.subs(positive, X)


def _samples(functions: Sequence[Any], count: int) -> Any:
    """Values at ``count`` points of (0, 1), (count x functions), in mpmath's working precision."""
    try:
        compiled = sp.lambdify(X, list(functions), "mpmath")
        rows = [compiled(mpmath.mpf(2 * i + 1) / (2 * count + 1)) for i in range(count)]
        values = mpmath.matrix(rows)
        if all(mpmath.isfinite(v) for v in values):
            return values
    except (ArithmeticError, ValueError, TypeError, NameError, NotImplementedError):
        pass
    raise ParameterError(f"derive: {list(functions)} cannot be evaluated at points of (0, 1); give explicit functions.")


def _check_independent(atoms: list[Any]) -> None:
    """Terms that are different expressions and the same function would be counted twice."""
    # Collocation of independent smooth functions loses two or three digits a function; equal ones lose all.
    with mpmath.workdps(30 + 10 * len(atoms)):
        values = _samples(atoms, len(atoms))
        R = mpmath.qr(values)[1]
        sizes = [abs(R[k, k]) / mpmath.norm(values[:, k]) for k in range(len(atoms)) if any(values[:, k])]
        dependent = len(sizes) < len(atoms) or min(sizes) < mpmath.mpf(10) ** -(15 + 5 * len(atoms))
    if dependent:
        raise ParameterError(
            f"derive: the terms {atoms} agree numerically in a linear combination that sympy does not see; rewrite the "
            "functions so that equal terms look equal."
        )
