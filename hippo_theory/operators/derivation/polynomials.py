"""Classical orthogonal polynomials with exact coefficients: Jacobi on [0, 1], Laguerre, Hermite."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, ClassVar

import sympy as sp

from ...errors import ParameterError, ParameterTypeError
from .families import Family, Reduced, X

__all__ = ["Hermite", "Jacobi", "Laguerre", "Polynomials"]


class Polynomials(Family):
    """phi_n = pi_n rho / sqrt(h_n): polynomials with exact coefficients, times a common factor rho.

    rho is 1, or sqrt(w) after ``weighted()``, and then the functions are orthonormal in the weight 1.
    """

    in_functions: bool
    log_slope: Any  # w'/w

    @abstractmethod
    def _power(self, p: Any) -> Any:
        """w^p, on the interval: sympy would write sqrt((1 - x)^2) as Abs(x - 1)."""

    @abstractmethod
    def polynomial(self, n: int) -> sp.Poly:
        """pi_n, standardised to 1 at ``end`` where the family has one."""

    @abstractmethod
    def square(self, n: Any) -> Any:
        """h_n = int pi_n^2 w dx, also for a symbol n."""

    def __repr__(self) -> str:
        parameters = (f"{f.name}={getattr(self, f.name)}" for f in fields(self) if f.name != "in_functions")  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(parameters)})" + ".weighted()" * self.in_functions

    def weighted(self) -> Any:
        """The functions phi_n sqrt(w), orthonormal in the weight 1: Laguerre functions, Hermite functions."""
        return replace(self, in_functions=True)  # type: ignore[type-var]

    @property
    def weight(self) -> Any:
        return sp.S.One if self.in_functions else self._power(sp.S.One)

    @property
    def factor_slope(self) -> Any:
        """rho'/rho."""
        return self.log_slope / 2 if self.in_functions else sp.S.Zero

    @property
    def factor(self) -> Any:
        """rho."""
        return self._power(sp.S.Half) if self.in_functions else sp.S.One

    def functions(self, N: int) -> list[Any]:
        return [self.polynomial(n).as_expr() / sp.sqrt(self.square(n)) * self.factor for n in range(N)]

    def reduce(self, N: int, slope: Any, euler: bool) -> Reduced:
        """Polynomial division: the whole part by falling degree in the pi_k, the proper fraction as residual."""
        slope = sp.together(slope + self.factor_slope * (X if euler else 1))
        pi = [self.polynomial(n) for n in range(N)]
        raised = [p.diff(X) * sp.Poly(X, X) if euler else p.diff(X) for p in pi]
        rational = slope.is_rational_function(X)
        top, bottom = (sp.Poly(part, X) for part in sp.fraction(slope)) if rational else (sp.Poly(0, X), sp.Poly(1, X))
        M, residuals = sp.zeros(N, N), []
        for n in range(N):
            whole, rest = sp.div(pi[n] * top, bottom)
            left = raised[n] + whole
            outside = rest.as_expr() / bottom.as_expr() if rational else slope * pi[n].as_expr()
            while left.degree() >= N:
                k = left.degree()
                high = self.polynomial(k)
                outside += left.LC() / high.LC() * high.as_expr()
                left -= left.LC() / high.LC() * high
            while not left.is_zero:
                k = left.degree()
                M[n, k] = sp.cancel(left.LC() / pi[k].LC()) * sp.sqrt(sp.gammasimp(self.square(k) / self.square(n)))
                left -= left.LC() / pi[k].LC() * pi[k]
            residuals.append(sp.factor(outside * self.factor) / sp.sqrt(self.square(n)))
        return M, residuals

    def gram(self, N: int, weight: Any) -> Any:
        """The identity in the family's own weight, else from the 2N - 1 moments of the given one."""
        if sp.simplify(weight - self.weight) == 0:
            return sp.eye(N)
        weight = weight * self.factor**2
        pi = [self.polynomial(n) for n in range(N)]
        moments = [self.moment(X**j, weight) for j in range(2 * N - 1)]

        def entry(n: int, m: int) -> Any:
            total = sum(c * moments[j] for (j,), c in (pi[n] * pi[m]).terms())
            return sp.simplify(total / sp.sqrt(self.square(n) * self.square(m)))

        return sp.Matrix(N, N, entry)


def _parameter(value: Any, name: str, who: str) -> Any:
    number = sp.sympify(value) if isinstance(value, int | sp.Expr) else None
    if number is None or number.is_real is False or number.has(sp.Float):
        raise ParameterTypeError(
            f"{who}: {name} must be an int or an exact sympy number or symbol, got {value!r}; sympy.Rational makes one."
        )
    if not (number + 1).is_positive:
        hint = f'; declare sympy.Symbol("{name}", positive=True)' if number.free_symbols else ""
        raise ParameterError(f"{who}: {name} > -1 is needed, else the weight cannot be integrated; got {value}{hint}.")
    return number


@dataclass(frozen=True, repr=False)
class Jacobi(Polynomials):
    r"""Jacobi polynomials on [0, 1] for the weight (1 - x)^alpha x^beta, alpha, beta > -1.

    Standardised to pi_n(1) = 1:

        pi_n(x) = (-1)^n (beta+1)_n/(alpha+1)_n 2F1(-n, n + alpha + beta + 1; beta + 1; x).

    Parameters
    ----------
    alpha, beta : int, sympy number or symbol, default 0
        Exact: floats are refused. Legendre is (0, 0), Chebyshev of the first and second kind
        (-1/2, -1/2) and (1/2, 1/2), Gegenbauer C^(lam) has alpha = beta = lam - 1/2.
    in_functions : bool, default False
        Set by ``weighted()``: the functions carry sqrt(w) and the weight is 1.

    Attributes
    ----------
    interval, weight : sympy

    Raises
    ------
    ParameterError
        alpha or beta <= -1, or a float.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.Jacobi(0, 1).polynomial(1).as_expr()
    3*x - 2
    """

    alpha: Any = 0
    beta: Any = 0
    in_functions: bool = False

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            object.__setattr__(self, name, _parameter(getattr(self, name), name, "Jacobi"))

    @property
    def interval(self) -> tuple[Any, Any]:
        return sp.S.Zero, sp.S.One

    def _power(self, p: Any) -> Any:
        return (1 - X) ** (p * self.alpha) * X ** (p * self.beta)

    @property
    def log_slope(self) -> Any:
        return self.beta / X - self.alpha / (1 - X)

    end: ClassVar[Any] = sp.S.One

    def square(self, n: Any) -> Any:
        a, b = self.alpha, self.beta
        if n == 0:
            return sp.gamma(a + 1) * sp.gamma(b + 1) / sp.gamma(a + b + 2)
        ends = sp.gamma(n + 1) * sp.gamma(a + 1) ** 2 * sp.gamma(n + b + 1)
        return sp.gammasimp(ends / ((2 * n + a + b + 1) * sp.gamma(n + a + b + 1) * sp.gamma(n + a + 1)))

    def up(self, n: Any, j: Any) -> Any:
        """c(n+1, j)/c(n, j), c(n, j) the coefficient of x^j in pi_n."""
        a, b = self.alpha, self.beta
        return -(n + 1 + b) / (n + 1 + a) * (n + 1) / (n + 1 - j) * (n + a + b + 1 + j) / (n + a + b + 1)

    def across(self, n: Any, j: Any) -> Any:
        """c(n, j+1)/c(n, j)."""
        a, b = self.alpha, self.beta
        return (j - n) * (n + a + b + 1 + j) / ((b + 1 + j) * (j + 1))

    @cache  # noqa: B019 - a few families, a few dozen polynomials each
    def polynomial(self, n: int) -> sp.Poly:
        first = sp.S.NegativeOne**n * sp.rf(self.beta + 1, n) / sp.rf(self.alpha + 1, n)
        return _polynomial(first, [self.across(n, j) for j in range(n)])


@dataclass(frozen=True, repr=False)
class Laguerre(Polynomials):
    r"""Laguerre polynomials on [0, infinity) for the weight x^alpha e^{-x}, standardised to pi_n(0) = 1.

    pi_n(x) = 1F1(-n; alpha + 1; x). ``Laguerre().weighted()`` are the Laguerre functions of LagT.

    Parameters
    ----------
    alpha : int, sympy number or symbol, default 0
        > -1 and exact.
    in_functions : bool, default False
        Set by ``weighted()``.

    Attributes
    ----------
    interval, weight : sympy

    Raises
    ------
    ParameterError
        alpha <= -1, or a float.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.Laguerre().polynomial(2).as_expr()
    x**2/2 - 2*x + 1
    """

    alpha: Any = 0
    in_functions: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", _parameter(self.alpha, "alpha", "Laguerre"))

    @property
    def interval(self) -> tuple[Any, Any]:
        return sp.S.Zero, sp.oo

    def _power(self, p: Any) -> Any:
        return X ** (p * self.alpha) * sp.exp(-p * X)

    @property
    def log_slope(self) -> Any:
        return self.alpha / X - 1

    end: ClassVar[Any] = sp.S.Zero

    def square(self, n: Any) -> Any:
        a = self.alpha
        return sp.gammasimp(sp.gamma(n + 1) * sp.gamma(a + 1) ** 2 / sp.gamma(n + a + 1))

    def up(self, n: Any, j: Any) -> Any:
        """c(n+1, j)/c(n, j), c(n, j) the coefficient of x^j in pi_n."""
        return (n + 1) / (n + 1 - j)

    def across(self, n: Any, j: Any) -> Any:
        """c(n, j+1)/c(n, j)."""
        return (j - n) / ((self.alpha + 1 + j) * (j + 1))

    @cache  # noqa: B019
    def polynomial(self, n: int) -> sp.Poly:
        return _polynomial(sp.S.One, [self.across(n, j) for j in range(n)])


@dataclass(frozen=True, repr=False)
class Hermite(Polynomials):
    r"""Hermite polynomials H_n on the whole line for the weight e^{-x^2}.

    Half of the line is the future, and no warp closes the span: ``ht.derive`` returns the residual.

    Parameters
    ----------
    in_functions : bool, default False
        Set by ``weighted()``: Hermite functions.

    Attributes
    ----------
    interval, weight : sympy

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.Hermite().polynomial(2).as_expr()
    4*x**2 - 2
    """

    in_functions: bool = False

    @property
    def interval(self) -> tuple[Any, Any]:
        return -sp.oo, sp.oo

    def _power(self, p: Any) -> Any:
        return sp.exp(-p * X**2)

    @property
    def log_slope(self) -> Any:
        return -2 * X

    def square(self, n: Any) -> Any:
        return sp.sqrt(sp.pi) * 2**n * sp.factorial(n)

    def polynomial(self, n: int) -> sp.Poly:
        return sp.Poly(sp.hermite(n, X), X)


def _polynomial(first: Any, ratios: list[Any]) -> sp.Poly:
    coefficients = [first]
    for ratio in ratios:
        coefficients.append(sp.cancel(coefficients[-1] * ratio))
    return sp.Poly(coefficients[::-1], X)
