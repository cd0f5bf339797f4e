"""Warps a(t): x' = a'(t)(A x + B u) is the time-invariant system in the warped time a(t) (theory F2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Real, finite, known_name, times
from .._optional import require
from ..errors import ParameterError, ParameterTypeError

__all__ = ["WARPS", "Warp", "warp"]


@dataclass(frozen=True)
class Warp:
    """An increasing differentiable time map a(t), t > 0.

    Attributes
    ----------
    name : str
    formula : str
        a(t) as sympy reads it.
    since : float
        Where the past begins: a memory at time t covers s in [since, t].

    Notes
    -----
    ``ht.warp`` makes one. The four named warps evaluate a(t) - a(s) without cancellation. The measure
    a'(s) e^{a(s)-a(t)} has the mass 1 over the whole past; where a(0) is finite ("logarithmic", "quadratic")
    a part of it lies before t = 0, and counts as silence.
    """

    name: str
    formula: str
    since: float
    _lag: Callable[[Real, Real], Array] = field(repr=False, compare=False)
    _rate: Callable[[Real], Array] = field(repr=False, compare=False)

    def __reduce__(self) -> Any:
        return _again, (self.name,)

    def expression(self, t: Any) -> Any:
        """a(t) as a sympy expression in the given symbol."""
        return require("sympy").sympify(self.formula, locals={"t": t})

    def lag(self, t: ArrayLike, s: ArrayLike) -> Real:
        """a(t) - a(s) >= 0 for s <= t, broadcast; infinite where a(s) = -infinity.

        Raises
        ------
        ParameterError
            s > t (the future), or s before the past of this warp begins.

        Notes
        -----
        Beyond the float range, where the past is forgotten to the last digit, the lag is infinite too.
        """
        who = f"warp {self.name!r}"
        now, past = np.broadcast_arrays(times(t, who), finite(s, "s", who))
        if (past > now).any() or (past < self.since).any():
            raise ParameterError(
                f"{who}: s must lie in [{self.since:g}, t], the past that the state remembers; got s from "
                f"{past.min()} to {past.max()} for t from {now.min()} to {now.max()}."
            )
        # At t = s = 0 a warp that starts at -infinity gives nan: no time has passed.
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return np.where(past == now, 0.0, np.asarray(self._lag(now, past), dtype=np.float64))

    def rate(self, t: ArrayLike) -> Real:
        """a'(t); infinite where the warp starts at -infinity."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return np.asarray(self._rate(times(t, f"warp {self.name!r}")), dtype=np.float64)


WARPS: dict[str, Warp] = {
    w.name: w
    for w in (
        Warp("exponential", "t", -np.inf, lambda t, s: t - s, np.ones_like),
        Warp("scaled", "log(t)", 0.0, lambda t, s: np.log1p((t - s) / s), lambda t: 1 / t),
        Warp("logarithmic", "log(1 + t)", 0.0, lambda t, s: np.log1p((t - s) / (1 + s)), lambda t: 1 / (1 + t)),
        Warp("quadratic", "t**2/2", 0.0, lambda t, s: 0.5 * (t - s) * (t + s), lambda t: t),
    )
}


def warp(a: Any) -> Warp:
    """The warp of a name or of a formula a(t).

    Parameters
    ----------
    a : str, sympy expression or Warp
        "exponential" (a = t: time-invariant), "scaled" (log t: the original HiPPO, A/t), "logarithmic"
        (log(1+t)), "quadratic" (t^2/2), or a sympy expression in one symbol, increasing for t > 0.

    Returns
    -------
    Warp

    Raises
    ------
    UnknownNameError
        A string that is none of the names.
    ParameterError
        a(t) is not increasing, is not real, or has no numbers. Where sympy cannot decide the sign of
        a'(t), it is evaluated at 61 points from 1e-3 to 1e3; a(t) always is.
    ParameterTypeError
        No name and no expression in exactly one symbol.

    References
    ----------
    gu2023httyh; theory F2.

    Examples
    --------
    >>> import sympy, hippo_theory as ht
    >>> t = sympy.Symbol("t")
    >>> ht.warp(t + sympy.sin(t) / 2).lag(3.0, 3.0)
    array(0.)
    >>> ht.warp("scaled").rate(4.0)
    array(0.25)
    >>> ht.warp(sympy.cos(t))
    Traceback (most recent call last):
    ...
    hippo_theory.errors.ParameterError: warp cos(t): not increasing, a'(t) = -0.001 at t = 0.001; ...
    """
    if isinstance(a, Warp):
        return a
    if a == "translated":
        raise ParameterError(
            "warp: a translated window is no map of time; ht.derive and ht.project take it, LegT, FouT and LagT have "
            'it: leave them at warp="exponential", the time-invariant system.'
        )
    if isinstance(a, str):
        return WARPS[known_name(a, WARPS, "warp")]
    sympy = require("sympy")
    if not isinstance(a, sympy.Expr) or len(a.free_symbols) != 1:
        raise ParameterTypeError(
            f"warp: a name ({', '.join(WARPS)}) or a sympy expression in one symbol is needed, got {a!r}."
        )
    t = sympy.Symbol("t", positive=True)
    expression = a.subs(a.free_symbols.pop(), t)
    slope = sympy.simplify(sympy.diff(expression, t))
    value, rate = (_numeric(f, t, a) for f in (expression, slope))
    _check_increasing(value, rate, bool(slope.is_positive), a)
    return Warp(str(expression), str(expression), 0.0, lambda t, s: value(t) - value(s), rate)


def _again(name: str) -> Warp:
    return WARPS[name] if name in WARPS else warp(require("sympy").sympify(name))


def _numeric(expression: Any, t: Any, a: Any) -> Callable[[Array], Array]:
    try:
        function = require("sympy").lambdify(t, expression, ["scipy", "numpy"])
        with np.errstate(all="ignore"):
            function(np.ones(1))
    except Exception as error:
        # sympy prints what it cannot translate as text, and every library fails on it in its own way
        raise ParameterError(
            f"warp {a}: {expression} has no numbers that numpy and scipy could compute ({type(error).__name__}); write "
            "a(t) in elementary or special functions of t, without jumps."
        ) from None

    def evaluated(points: Array) -> Array:
        values = np.asarray(function(points))
        if np.iscomplexobj(values) or values.dtype.kind not in "iuf" or np.isnan(values).any():
            raise ParameterError(f"warp {a}: a(t) must be real for t > 0.")
        return np.broadcast_to(values.astype(np.float64), points.shape)

    return evaluated


def _check_increasing(value: Callable[[Array], Array], rate: Callable[[Array], Array], proved: bool, a: Any) -> None:
    """Both a' and a: a positive slope does not keep tan(t) from jumping back at its poles."""
    points = np.geomspace(1e-3, 1e3, 61)
    with np.errstate(all="ignore"):
        slopes, values = rate(points), value(points)
        falls = np.flatnonzero(np.diff(values) < 0)
    wrong = np.flatnonzero(~(slopes > 0))
    if wrong.size and not proved:
        worst = wrong[0]
        raise ParameterError(
            f"warp {a}: not increasing, a'(t) = {slopes[worst]:.3g} at t = {points[worst]:.3g}; time may only run "
            "forwards."
        )
    if falls.size:
        start, stop = points[falls[0]], points[falls[0] + 1]
        raise ParameterError(
            f"warp {a}: not increasing, a(t) falls between t = {start:.3g} and {stop:.3g}; time may only run forwards."
        )
