"""From an orthogonal family, a weight and a warp to x' = a'(t)(A x + B u), with a proof that nothing is left out.

The state is x_n(t) = int u(s) phi_n(X) w(X) dX, where X tells how old s is:

- families on [0, 1]: X = e^{a(s)-a(t)}, 1 is the newest (theory F2; a = t is time-invariant, a = log t
  the original HiPPO); or, "translated", the lag X = t - s in a window of length one, 0 is the newest;
- families on [0, infinity): the lag X = a(t) - a(s) itself.

Differentiation moves the weighted functions along a flow. If their span is closed under it, A is what
the flow does to the coefficients, plus what leaves at the end of a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from ..._arrays import known_name
from ...errors import NotClosedError, ParameterError, ParameterTypeError
from ..warps import Warp
from ..warps import warp as as_warp
from .entries import EntryFormula, entry_formula
from .families import Family, Fourier, Functions, X, in_the_variable, is_exact
from .polynomials import Hermite, Jacobi, Laguerre

__all__ = ["Closure", "Derivation", "derive"]


@dataclass(frozen=True)
class Closure:
    """What the flow does to the span: flow phi_n = sum_k M_nk phi_k + r_n, exactly.

    Attributes
    ----------
    M : sympy Matrix (N x N)
        The part inside the span.
    residual : tuple of sympy expressions
        r_n(x), the part outside, unique modulo the span. For the families polynomials are divided out, so
        that a proper fraction or functions of higher degree remain.
    closed : bool
        Whether every r_n is zero.
    """

    M: Any = field(repr=False)
    residual: tuple[Any, ...]

    @property
    def closed(self) -> bool:
        return all(r == 0 for r in self.residual)


@dataclass(frozen=True, eq=False)
class Derivation:
    """The state equation of one family, weight and warp; made by ``ht.derive``.

    Attributes
    ----------
    family : Family
    weight : sympy expression
        The weight of the state integral, in the symbol x.
    warp : Warp or None
        None: a window of length one that is translated.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> A, B = ht.derive("legendre").exact(2)
    >>> A.tolist(), list(B)
    ([[-1, 0], [-sqrt(3), -2]], [1, sqrt(3)])
    """

    family: Family
    weight: Any
    warp: Warp | None

    @property
    def exponential(self) -> bool:
        """Whether X = e^{a(s)-a(t)}; otherwise X is the lag."""
        return self.warp is not None and self.family.interval == (0, 1)

    @property
    def _newest(self) -> Any:
        return sp.S.One if self.exponential else sp.S.Zero

    @cached_property
    def orthonormal(self) -> bool:
        """Whether the functions are orthonormal in ``weight``: then sum_n x_n phi_n is the best approximation."""
        return self.family.orthonormal and sp.simplify(self.weight - self.family.weight) == 0

    def closure(self, N: int) -> Closure:
        """Test whether the span of the first N functions is closed under the flow.

        The flow is -(x phi' + (1 + x w'/w) phi) for X = e^{a(s)-a(t)} and phi' + (w'/w) phi for a lag.

        Returns
        -------
        Closure
        """
        N = self.family.size(N)
        slope = sp.simplify(sp.diff(self.weight, X) / self.weight)
        if self.exponential:
            M, residual = self.family.reduce(N, sp.expand(1 + X * slope), True)
            return Closure(-M, tuple(-r for r in residual))
        M, residual = self.family.reduce(N, slope, False)
        return Closure(M, tuple(residual))

    def exact(self, N: int) -> tuple[Any, Any]:
        """A (N x N) and B (N x 1) as sympy matrices.

        Raises
        ------
        NotClosedError
            The span is not closed, no matrix is exact; the message has the first residual,
            ``closure(N)`` all of them.
        ParameterError
            N < 1, even for Fourier, or not the size of a basis of your own; functions that do not fade in
            the infinite past; the whole line.
        """
        closure, phi = self.closure(N), self.family.functions(N)
        if not closure.closed:
            n, r = next((n, r) for n, r in enumerate(closure.residual) if r != 0)
            raise NotClosedError(
                f"derive: the span of {self.family!r} with weight {self.weight}, N = {N}, is not closed under "
                f"{self._flow_in_words}: of function {n} the part {r} is left over. closure({N}).residual has all of "
                "them; ht.project gives the nearest matrix and its residual."
            )
        if self.family.interval[0] == -sp.oo:
            raise ParameterError(
                f"derive: {self.family!r} with weight {self.weight} is closed, but half of the line is the future: no "
                "state that u has driven so far holds these moments. Take a family on a half line."
            )
        self._check_past(phi)
        B = sp.Matrix([self._value(f, self._newest) for f in phi])
        if self.warp is not None:
            return closure.M, B
        end = sp.Matrix([self._value(f, sp.S.One) for f in phi])
        dual = self.gram(N).LUsolve(sp.Matrix([f.subs(X, 1) for f in phi])).applyfunc(_tidy)
        if self.family.periodic(N):
            return (closure.M - 2 * end * dual.T).applyfunc(_tidy), B + end
        return (closure.M - end * dual.T).applyfunc(_tidy), B

    def gram(self, N: int) -> Any:
        """int phi_n phi_m w dx (N x N): the identity for an orthonormal family.

        Otherwise the past is sum_n (gram^{-1} x)_n phi_n.
        """
        return self.family.gram(self.family.size(N), self.weight)

    def entries(self) -> EntryFormula:
        """A_nk and B_n for general n and k, with a proof for all n.

        Raises
        ------
        NotClosedError
            There is no exact matrix.
        ParameterError
            A basis of your own, or a weight that is not the family's.
        """
        return entry_formula(self)

    def steps(self) -> tuple[str, ...]:
        """The derivation line by line, as LaTeX formulas without dollar signs."""
        newest, w = self._newest, sp.latex(self.weight)
        lines = [
            rf"x_n(t)=\int u(s)\,\phi_n(X)\,w(X)\,|\mathrm{{d}}X|,\qquad {self._place},\qquad w(x)={w}",
            rf"\dot x_n={self._rate}\left(\phi_n({newest})\,w({newest})\,u(t)"
            + (r"-\phi_n(1)\,w(1)\,u(t-1)" if self.warp is None else "")
            + rf"+\int u\,({self._flow})\,w\,|\mathrm{{d}}X|\right)",
        ]
        if self.warp is None and self.family.periodic(3):
            lines.append(r"u(t-1)=2\sum_k x_k\,\phi_k(1)-u(t)\quad\text{(a Fourier sum at a jump is the mean)}")
        elif self.warp is None:
            lines.append(r"u(t-1)\approx\sum_k x_k\,\hat\phi_k(1)\quad\text{(the only approximation)}")
        try:
            return (*lines, *self.entries().lines())
        except (NotClosedError, ParameterError):
            return tuple(lines)

    @property
    def _place(self) -> str:
        a = "" if self.warp is None else rf"\quad a(t)={sp.latex(self.warp.expression(sp.Symbol('t')))}"
        if self.exponential:
            return r"X=e^{a(s)-a(t)}," + a
        return r"X=a(t)-a(s)," + a if a else r"X=t-s\in[0,1]"

    @property
    def _rate(self) -> str:
        """a'(t) in LaTeX, or nothing where it is 1."""
        t = sp.Symbol("t")
        slope = sp.S.One if self.warp is None else sp.diff(self.warp.expression(t), t)
        return "" if slope == 1 else sp.latex(sp.simplify(slope)) + r"\,"

    @property
    def _flow(self) -> str:
        if self.exponential:
            return r"-X\phi_n'-(1+X\frac{w'}{w})\phi_n"
        return r"\phi_n'+\frac{w'}{w}\phi_n"

    @property
    def _flow_in_words(self) -> str:
        return "x d/dx" if self.exponential else "d/dx"

    def _value(self, function: Any, point: Any) -> Any:
        value = sp.simplify((function * self.weight).subs(X, point))
        if not value.is_finite:
            raise ParameterError(f"derive: {function} times the weight {self.weight} is not finite at x = {point}.")
        return value

    def _check_past(self, phi: list[Any]) -> None:
        """What is infinitely old must have no weight, or the integral and its derivative do not exist."""
        if self.warp is None or self.orthonormal:
            return
        oldest = sp.S.Zero if self.exponential else sp.oo
        for f in phi:
            density = f * self.weight * (X if self.exponential else 1)
            try:
                faded = sp.limit(density, X, oldest, "+" if self.exponential else "-")
            except NotImplementedError:
                faded = "unknown to sympy"
            if faded != 0:
                raise ParameterError(
                    f"derive: {f} with weight {self.weight} does not fade in the infinite past (limit {faded}); give a "
                    "weight that decays."
                )

    def _repr_latex_(self) -> str:
        return r"$\displaystyle \begin{aligned}" + r"\\ ".join("&" + line for line in self.steps()) + r"\end{aligned}$"


def _tidy(entry: Any) -> Any:
    """Simplified where that is quick: on long sums of sines of constants sympy would try for minutes."""
    return sp.simplify(entry) if entry.count_ops() <= 60 else entry


def derive(family: Any = "legendre", weight: Any = None, warp: Any = "exponential") -> Derivation:
    r"""Derive x' = a'(t)(A x + B u) from an orthogonal family, a weight and a warp, symbolically.

    The state is x_n(t) = int u(s) phi_n(X) w(X) \|dX\|. For families on [0, 1] X = e^{a(s)-a(t)}
    (1 is the newest), or X = t - s in a translated window; for families on [0, infinity) X = a(t) - a(s).

    Parameters
    ----------
    family : str, Family or list of sympy expressions
        "legendre", "chebyshev1", "chebyshev2", "fourier" on [0, 1]; "laguerre", "laguerre-functions" on
        [0, infinity); "hermite"; ``ht.Jacobi(alpha, beta)`` (Gegenbauer: alpha = beta), ``ht.Laguerre(alpha)``
        and their ``.weighted()`` functions; or a basis of your own on [0, 1], ``ht.Functions`` for others.
    weight : sympy expression, optional
        w(x) > 0, in which the functions need not be orthonormal; default: the family's own. Chebyshev
        with weight 1 has the span and the spectrum of LegS.
    warp : str, sympy expression or Warp, default "exponential"
        "translated" for a window (or the lag itself on a half line), or what ``ht.warp`` takes:
        "exponential" (a = t), "scaled" (a = log t), any increasing a(t).

    Returns
    -------
    Derivation
        ``.exact(N)``, ``.closure(N)``, ``.entries()``, ``.gram(N)``, ``.steps()``; a notebook shows the steps.

    Raises
    ------
    UnknownNameError, ParameterError, ParameterTypeError
        Unknown family or warp; a weight that is not positive; a warp that is not increasing, or that does
        not fit the interval; dependent functions.

    Notes
    -----
    A span that is not closed under the flow has no exact matrix: ``exact`` raises ``NotClosedError``
    and ``closure`` has the residual. Cost: polynomial algebra, about 0.1 s at N = 8; for a basis of your
    own sympy's integrals, seconds. Long entries (sines of constants) are left as sympy finds them.

    References
    ----------
    gu2020hippo, gu2023httyh; babaei2025safari for the construction with general functions; theory F1, F2, F4.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.derive("legendre").exact(8)[0] == ht.LegS(8).exact()[0]
    True
    >>> ht.derive("legendre", warp="translated").exact(8)[0] == ht.LegT(8).exact()[0]
    True
    >>> ht.derive("chebyshev2").closure(2).residual
    (-sqrt(2)/(sqrt(pi)*(x - 1)), -2*sqrt(2)/(sqrt(pi)*(x - 1)))
    """
    chosen = _family(family)
    own = weight is None
    w = chosen.weight if own else _positive_weight(weight, chosen)
    translated = isinstance(warp, str) and warp == "translated"
    if translated:
        chosen_warp = None if chosen.interval == (0, 1) else as_warp("exponential")
    elif chosen.interval == (0, 1):
        chosen_warp = as_warp(warp)
    else:
        if isinstance(warp, str) and warp == "exponential":
            raise ParameterError(
                f"derive: {chosen!r} lives on {chosen.interval}, and e^(s-t) covers (0, 1] only; use "
                'warp="translated" (the lag t - s) or a warp a(t) (the lag a(t) - a(s)).'
            )
        chosen_warp = as_warp(warp)
    return Derivation(chosen, w, chosen_warp)


_NAMED: dict[str, Family] = {
    "legendre": Jacobi(),
    "chebyshev1": Jacobi(-sp.S.Half, -sp.S.Half),
    "chebyshev2": Jacobi(sp.S.Half, sp.S.Half),
    "laguerre": Laguerre(),
    "laguerre-functions": Laguerre().weighted(),
    "hermite": Hermite(),
    "fourier": Fourier(),
}


def _family(given: Any) -> Family:
    """The family of a name, a family itself, or a sequence of sympy expressions as a basis of one's own."""
    if isinstance(given, Family):
        return given
    if isinstance(given, str):
        return _NAMED[known_name(given.lower(), _NAMED, "family (ht.Jacobi(a, a) is Gegenbauer)")]
    if isinstance(given, Sequence):
        return Functions(given)
    raise ParameterTypeError(f"derive: a family, its name or a list of sympy expressions is needed, got {given!r}.")


def _positive_weight(weight: Any, chosen: Family) -> Any:
    if not is_exact(weight) or len(sp.sympify(weight).free_symbols) > 1:
        raise ParameterTypeError(
            f"derive: the weight must be an exact sympy expression in one symbol, without floats, got {weight!r}."
        )
    given = sp.sympify(weight)
    w = in_the_variable(given, chosen.interval)
    lower, upper = (float(sp.Max(sp.Min(e, 50), -50)) for e in chosen.interval)
    for i in range(1, 200):
        point = lower + (upper - lower) * i / 200
        value = sp.N(w.subs(X, point))
        if not value.is_real or value <= 0:
            raise ParameterError(
                f"derive: the weight {given} is not positive on {chosen.interval}: {value} at x = {point:g}; a weight "
                "is a measure of how much a moment counts."
            )
    return w
