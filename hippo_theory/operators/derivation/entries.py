"""Entries for general n and k: guessed from small N, then proved for every N by telescoping.

Write R_n for the polynomials standardised to R_n(end) = 1. The flow has matrix entries with
F R_n = m_n R_n + sum_{k<n} M_k R_k, M_k free of n (only k with n - k odd, where the flow is odd). Such
a formula holds for all n if it does for the first p and if

    F R_{n+p} - F R_n  =  (the difference of both right-hand sides: p + 1 terms),

p = 1, or 2 where parity matters. The coefficients of R_n are hypergeometric: divided by the coefficient
c(n+p, j), the identity is one between rational functions of n and j, which sympy decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp

from ...errors import NotClosedError, ParameterError
from .families import Fourier, Functions, X
from .polynomials import Jacobi, Laguerre

if TYPE_CHECKING:
    from .state_equation import Derivation

__all__ = ["EntryFormula", "entry_formula"]

_n, _k, _j = sp.symbols("n k j", integer=True, nonnegative=True)
_FITTED = 7


@dataclass(frozen=True)
class EntryFormula:
    """A_nk and B_n as expressions in the symbols n and k.

    Attributes
    ----------
    A, B : sympy expressions
        A is piecewise in n and k.
    n, k : sympy symbols
    proof : str
        "telescoping" (by a rational identity in n and j) or "differentiation" (of explicit functions): both
        are proofs for all n.
    latex : str
        The entries in LaTeX.
    identity : str
        What was proved, in LaTeX; R_n are the functions standardised to one at the end of the interval, F is
        the flow.
    """

    A: Any
    B: Any
    n: Any
    k: Any
    proof: str
    latex: str
    identity: str

    def matrix(self, N: int) -> tuple[Any, Any]:
        """The formula at n, k < N: A (N x N) and B (N x 1)."""
        A = sp.Matrix(N, N, lambda i, j: self.A.subs({self.n: i, self.k: j}))
        return A, sp.Matrix([self.B.subs(self.n, i) for i in range(N)])

    def lines(self) -> tuple[str, ...]:
        """The formula and what proves it, as LaTeX."""
        return (
            self.latex,
            rf"\text{{for all }}n,\text{{ by {self.proof}: }}{self.identity}",
        )

    def _repr_latex_(self) -> str:
        return r"$\displaystyle \begin{aligned}&" + r"\\ &".join(self.lines()) + r"\end{aligned}$"


def entry_formula(derivation: Derivation) -> EntryFormula:
    """See ``Derivation.entries``."""
    family = derivation.family
    if isinstance(family, Functions):
        raise ParameterError(
            "derive: a basis of your own has no functions beyond its own; exact(N) gives the matrices."
        )
    small = derivation.closure(_FITTED)
    if not small.closed:
        raise NotClosedError(
            f"derive: {family!r} with weight {derivation.weight} is not closed, there is no exact matrix; "
            "closure(N).residual is what is left over."
        )
    if derivation.orthonormal and isinstance(family, Fourier):
        return _fourier()
    if not (derivation.orthonormal and isinstance(family, Jacobi | Laguerre)):
        raise ParameterError(
            f"derive: no formula for general n and k is known for {family!r} with weight {derivation.weight}; exact(N) "
            "gives the matrices."
        )
    if {_n, _k, _j} & family.weight.free_symbols | {_n, _k, _j} & family.factor.free_symbols:
        raise ParameterError(f"derive: n, k and j count functions in {family!r}; name its parameters otherwise.")
    return _telescoped(derivation, family, small.M)


def _telescoped(derivation: Derivation, family: Jacobi | Laguerre, M: Any) -> EntryFormula:
    N, square = _FITTED, family.square
    R = sp.Matrix(N, N, lambda n, k: sp.simplify(M[n, k] * sp.sqrt(square(n) / square(k))))
    diagonal = sp.factor(sp.interpolate([(n, R[n, n]) for n in range(3)], _n))
    below = {odd: sp.factor(sp.interpolate([(k, R[k + 2 - odd, k]) for k in range(3)], _k)) for odd in (0, 1)}
    period = 1 if sp.expand(below[0] - below[1]) == 0 else 2
    left = _flow_difference(derivation, family, period)
    terms = {period: diagonal.subs(_n, _n + period), 0: -diagonal}
    for i in range(period):
        terms[i] = terms.get(i, 0) + below[(period - i) % 2].subs(_k, _n + i)
    right = sum(c * _ratio(family, i, period) for i, c in terms.items())
    fits = all(
        sp.expand(R[n, k] - (diagonal.subs(_n, n) if n == k else below[(n - k) % 2].subs(_k, k))) == 0
        for n in range(N)
        for k in range(n + 1)
    )
    if not fits or sp.simplify(left - right) != 0:
        raise ParameterError(f"derive: no formula for general n and k was found for {family!r}; use exact(N).")
    words = "".join(_signed(sp.factor(c), i) for i, c in sorted(terms.items(), reverse=True) if sp.expand(c) != 0)
    identity = rf"F R_{{n+{period}}}-F R_n={words.lstrip('+')}"
    return _formula(derivation, family, diagonal, below, identity)


def _signed(coefficient: Any, i: int) -> str:
    text = sp.latex(coefficient)
    text = f"({text})" if coefficient.is_Add else text
    return ("" if text.startswith("-") else "+") + text + r"\,R_{n" + (f"+{i}" if i else "") + "}"


def _ratio(family: Jacobi | Laguerre, i: int, period: int) -> Any:
    """c(n+i, j)/c(n+period, j): free of poles for 0 <= j <= n + period."""
    return sp.prod([1 / family.up(_n + q, _j) for q in range(i, period)])


def _flow_difference(derivation: Derivation, family: Jacobi | Laguerre, period: int) -> Any:
    """The coefficient of x^j in F R_{n+p} - F R_n, over c(n+p, j)."""
    slope = sp.diff(derivation.weight, X) / derivation.weight + family.factor_slope
    total: Any = sp.S.Zero
    for i, sign in ((period, 1), (0, -1)):
        if derivation.exponential:
            image = -(_j + 1 + sp.simplify(X * slope))
        else:
            image = (_j + 1) * family.across(_n + i, _j) + sp.simplify(slope)
        total += sign * image * _ratio(family, i, period)
    return total


def _formula(
    derivation: Derivation, family: Jacobi | Laguerre, diagonal: Any, below: dict[int, Any], identity: str
) -> EntryFormula:
    n, k = _n, _k
    root = {m: sp.sqrt(sp.factor(1 / family.square(m))) for m in (n, k)}
    # The two sides of A + A^T: what flows inside (below), and what leaves at the end of a window (everywhere).
    leaves = sp.S.One if derivation.warp is None else sp.S.Zero
    inside = {odd: sp.cancel(below[odd] * family.square(k)) - leaves for odd in (0, 1)}
    outer = root[n] * root[k]
    middle = diagonal - leaves * root[n] ** 2
    if inside[0] == inside[1]:
        A = sp.Piecewise((inside[0] * outer, n > k), (middle, sp.Eq(n, k)), (-leaves * outer, True))
    else:
        odd = sp.And(n > k, sp.Eq(sp.Mod(n - k, 2), 1))
        A = sp.Piecewise((inside[1] * outer, odd), (-leaves * outer, True))
    at_zero = sp.S.One
    if isinstance(family, Jacobi) and not derivation.exponential:
        at_zero = (-1) ** n * sp.rf(family.beta + 1, n) / sp.rf(family.alpha + 1, n)
    B = at_zero * root[n]
    latex = rf"A_{{nk}}={sp.latex(A)},\qquad B_n={sp.latex(B)}"
    return EntryFormula(A, B, n, k, "telescoping", latex, identity)


def _fourier() -> EntryFormula:
    """Rows 1, 3, 5, ... are the cosines of frequency (n+1)/2, rows 2, 4, ... the sines of n/2."""
    n, k = _n, _k
    m = sp.Symbol("m", positive=True, integer=True)
    cosine, sine = (f(2 * sp.pi * m * X) for f in (sp.cos, sp.sin))
    if sp.diff(cosine, X) + 2 * sp.pi * m * sine != 0 or sp.diff(sine, X) - 2 * sp.pi * m * cosine != 0:
        raise ParameterError("derive: sympy does not differentiate cosines as expected.")
    odd = {i: sp.Eq(sp.Mod(i, 2), 1) for i in (n, k)}
    b = {i: sp.Piecewise((1, sp.Eq(i, 0)), (sp.sqrt(2), odd[i]), (0, True)) for i in (n, k)}
    turn = sp.Piecewise(
        (sp.pi * n, sp.And(odd[k], sp.Eq(n, k + 1))), (-sp.pi * k, sp.And(odd[n], sp.Eq(k, n + 1))), (0, True)
    )
    latex = (
        r"A=D-2bb^\top,\quad B=2b,\quad b=(1,\sqrt{2},0,\sqrt{2},0,\ldots),\quad "
        r"D_{2m-1,2m}=-2\pi m,\quad D_{2m,2m-1}=2\pi m"
    )
    identity = r"(\cos 2\pi m x)'=-2\pi m\sin 2\pi m x,\quad (\sin 2\pi m x)'=2\pi m\cos 2\pi m x"
    return EntryFormula(turn - 2 * b[n] * b[k], 2 * b[n], n, k, "differentiation", latex, identity)
