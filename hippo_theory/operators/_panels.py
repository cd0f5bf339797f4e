"""Panels on which given functions are polynomials to rounding, with their weighted samples on each.

``resolved`` halves panels until every function is a polynomial of degree below the number of nodes on
each of them, to ``rtol``. Samples are float64 arrays or, in many digits, object arrays of flint ``arb``
without radius; decisions are taken in float64 either way. Called by ``projection`` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .._arrays import Array, Real, frozen
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError

__all__ = [
    "GaussRule",
    "Sampler",
    "Samples",
    "evaluated",
    "float64_rule",
    "gauss_rule",
    "half_line",
    "inner",
    "resolved",
    "rounded",
    "squared_norms",
]

_WHO = "project"
_MOST_PANELS = 4096
_UNSEEN = 1e-30  # peaks of so little, relative to the largest, may belong to functions that no node has met
_SEARCHED = 256
_NARROWEST = 2.0**-46  # width over position; below, the nodes of a panel coincide in float64


_FLOATS: Any = np.frompyfunc(float, 1, 1)
_RADII: Any = np.frompyfunc(lambda v: v.rad(), 1, 1)
_MIDPOINTS: Any = np.frompyfunc(lambda v: v.mid(), 1, 1)


def rounded(values: Array) -> Real:
    """The nearest float64 array."""
    return np.asarray(values if values.dtype != object else _FLOATS(values), dtype=np.float64)


def inner(a: Array, b: Array) -> Array:
    """a @ b.T for 2-D arrays; object arrays of arb go through flint, six times faster than numpy's loop."""
    if a.dtype != object:
        return np.asarray(a @ b.T)
    matrix = require("flint").arb_mat
    product = matrix(a.tolist()) * matrix(b.T.tolist())
    return np.asarray(_MIDPOINTS(np.array(product.entries(), dtype=object).reshape(a.shape[0], b.shape[0])))


@dataclass(frozen=True)
class GaussRule:
    """Q Gauss-Legendre nodes on [-1, 1], their weights (Q,), and rows that act on samples there.

    ``slope`` (Q, Q) gives the derivative at the nodes, ``ends`` (2, Q) the values at -1 and 1, ``tail``
    (4, Q) the four highest Legendre coefficients.
    """

    nodes: Array
    weights: Array
    slope: Array
    ends: Array
    tail: Array


def gauss_rule(Q: int) -> GaussRule:
    """The rule at flint's working precision, less the digits that Q^2 has."""
    root = require("flint").arb.legendre_p_root
    nodes, weights = _MIDPOINTS(np.array([root(Q, k, weight=True) for k in reversed(range(Q))], dtype=object)).T
    P = [nodes * 0 + 1, nodes]
    for k in range(1, Q - 1):
        # Balls would widen 2.4 times a step, and flint drops digits below the radius.
        P.append(_MIDPOINTS(((2 * k + 1) * nodes * P[k] - k * P[k - 1]) / (k + 1)))
    coefficients = np.stack(P) * weights * (np.arange(Q)[:, None] + 0.5)
    parity = 1 - 2 * (np.arange(Q) % 2)
    ends = np.stack([(parity[:, None] * coefficients).sum(axis=0), coefficients.sum(axis=0)])
    # Barycentric differentiation; the diagonal makes every row sum vanish, so constants have slope 0.
    barycentric = parity * np.sqrt((1 - nodes) * (1 + nodes) * weights)
    slope = barycentric[None, :] / barycentric[:, None] / (nodes[:, None] - nodes[None, :] + np.eye(Q, dtype=int))
    np.fill_diagonal(slope, 0)
    np.fill_diagonal(slope, -slope.sum(axis=1))
    return GaussRule(*(_MIDPOINTS(row) for row in (nodes, weights, slope, ends, coefficients[-4:])))


@cache
def float64_rule(Q: int) -> GaussRule:
    """The rule in float64, each number rounded once: numpy's weights and slopes lose three digits at Q = 40."""
    with working_precision(192):
        rule = gauss_rule(Q)
    return GaussRule(*(frozen(rounded(getattr(rule, field.name))) for field in fields(GaussRule)))


class Samples(NamedTuple):
    """What is known of N functions on P panels; every array has the panels on its first axis.

    ``f`` (P, N, Q) are the values, ``measure`` (P, 1, Q) is sqrt(omega dx), and ``log_omega`` (P, Q). The
    rest is float64 and serves decisions: the tails of the Legendre series, peaks, squared norms, values
    at the ends, and the same of the logarithm of the weight.
    """

    left: Real
    right: Real
    x: Array
    f: Array
    measure: Array
    log_omega: Array
    tail: Real
    peak: Real
    mass: Real
    ends: Real
    log_tail: Real
    log_ends: Real

    def where(self, chosen: Array) -> Samples:
        """The chosen panels: a mask or an order."""
        return Samples(*(values[chosen] for values in self))


@dataclass(frozen=True)
class Sampler:
    """Evaluates functions, weight and images on panels.

    The image of phi is what the derivative of int u phi omega leaves under the integral, over omega:
    (phi omega)'/omega in a lag variable, -(x phi omega)'/omega for x = e^{-lag}.
    """

    basis: Callable[[Array], Array]
    derivative: Callable[[Array], Array] | None
    weight: Callable[[Array], Array] | None
    exponential: bool
    rule: GaussRule

    def __call__(self, left: Real, right: Real) -> Samples:
        rule = self.rule
        half = ((right - left) / 2)[:, None]
        x = left[:, None] + half * (1 + rule.nodes)
        x = x if x.dtype != object else _MIDPOINTS(x)
        f = self._functions(self.basis, "basis", x)
        omega, log_omega = self._weight(x)
        measure = np.sqrt(half * rule.weights * omega)[:, None]
        return Samples(
            left,
            right,
            x,
            f,
            measure,
            log_omega,
            np.abs(rounded(_applied(rule.tail, f))).max(axis=-1),
            np.abs(rounded(f)).max(axis=-1),
            squared_norms(measure * f),
            rounded(_applied(rule.ends, f)),
            np.abs(rounded(inner(log_omega, rule.tail))).max(axis=-1),
            rounded(inner(log_omega, rule.ends)),
        )

    def images(self, s: Samples) -> tuple[Array, Real]:
        """The images times ``measure`` (P, N, Q); squared norms (P, N) of what ``derivative`` and slopes differ by."""
        half = ((s.right - s.left) / 2)[:, None]
        own_slope = _applied(self.rule.slope, s.f) / half[:, None]
        slope = own_slope if self.derivative is None else self._functions(self.derivative, "derivative", s.x)
        if slope.shape != s.f.shape:
            raise ShapeError(
                f"{_WHO}: derivative must return {s.f.shape[1]} rows, one for each function, got {slope.shape[1]}."
            )
        image = slope
        if self.weight is not None:
            image = image + (inner(s.log_omega, self.rule.slope) / half)[:, None] * s.f
        flow = s.x[:, None] if self.exponential else 1.0
        image = -(flow * image + s.f) if self.exponential else image
        return s.measure * image, squared_norms(s.measure * flow * (slope - own_slope))

    def _functions(self, function: Callable[[Array], Array], name: str, x: Array) -> Array:
        values = evaluated(function, name, x.ravel())
        return np.moveaxis(values.reshape(values.shape[0], *x.shape), 0, 1)

    def _weight(self, x: Array) -> tuple[Array, Array]:
        if self.weight is None:
            return x * 0 + 1, x * 0
        omega = evaluated(self.weight, "weight", x.ravel(), rows=False).reshape(x.shape)
        # The logarithm is smooth where the weight varies over many orders of magnitude. Zeros carry no mass.
        return omega, np.log(np.where(omega > 0, omega, omega * 0 + 1e-300))


def _applied(matrix: Array, f: Array) -> Array:
    return inner(f.reshape(-1, f.shape[-1]), matrix).reshape(*f.shape[:-1], matrix.shape[0])


def squared_norms(rows: Array) -> Real:
    """Sums of squares along the last axis, in float64."""
    return np.asarray((rounded(rows) ** 2).sum(axis=-1))


def evaluated(function: Callable[[Array], Array], name: str, x: Array, rows: bool = True) -> Array:
    """``function(x)`` as a finite real array (N, Q), or (Q,) and not negative for a weight."""
    with np.errstate(all="ignore"):
        values = np.asarray(function(x)) if x.dtype != object else _narrow(function, name, x)
    if values.dtype.kind not in ("iuf" if x.dtype != object else "iufO"):
        raise ParameterTypeError(f"{_WHO}: {name} must return real numbers, got dtype {values.dtype}.")
    if values.ndim != (2 if rows else 1) or values.shape[-1] != x.size or values.size == 0:
        needed = f"(N, {x.size}), one row a function," if rows else f"({x.size},)"
        raise ShapeError(f"{_WHO}: {name} must return shape {needed} for x of shape {x.shape}, got {values.shape}.")
    numbers = rounded(values)
    bad = ~np.isfinite(numbers) if rows else ~(np.isfinite(numbers) & (numbers >= 0))
    if bad.any():
        where = tuple(np.argwhere(bad)[0])
        which = f"function {where[0]}" if rows else "the weight"
        raise ParameterError(
            f"{_WHO}: {name} must return finite {'' if rows else 'non-negative '}values; {which} is "
            f"{numbers[where]} at x = {float(x[where[-1]])}."
        )
    return _MIDPOINTS(values) if x.dtype == object else numbers


def _narrow(function: Callable[[Array], Array], name: str, x: Array) -> Array:
    """Values whose balls are narrow at the working precision: recurrences widen them, more bits narrow them."""
    bits = require("flint").ctx.prec
    for factor in (2, 4, 8):
        with working_precision(factor * bits):
            # Adding a zero of x's kind turns stray Python numbers into the numbers of x.
            values = np.asarray(np.asarray(function(x)) + 0 * x)
        radius = rounded(_RADII(values))
        if (radius <= 2.0 ** (16 - bits) * np.abs(rounded(values)).max(axis=-1, keepdims=True, initial=0.0)).all():
            return values
    raise AccuracyError(
        f"{_WHO}: the balls that {name} returns are wider than 2^-{bits - 16} even with {8 * bits} bits of precision; "
        "it loses too many digits."
    )


def half_line(sample: Sampler, rtol: float) -> Real:
    """Edges 0, 1, 2, 4, ... up to where every function carries no mass any more."""
    edges, total = [0.0, 1.0], sample(np.array([0.0]), np.array([1.0])).mass
    while len(edges) < 120:
        edges.append(2 * edges[-1])
        mass = sample(np.array(edges[-2:-1]), np.array(edges[-1:])).mass
        if (total > 0).all() and (mass <= rtol / 100 * total).all():
            return np.array(edges)
        total = total + mass
    n = int(np.argmax(mass / total)) if (total > 0).all() else int(np.argmin(total))
    raise ParameterError(
        f"{_WHO}: on the half line every function must be square integrable and not zero; function {n} is not. "
        "Choose a decaying basis or a finite window."
    )


def resolved(sample: Sampler, edges: Real, rtol: float) -> Samples:
    """Samples on panels where functions and weight are resolved, in order of position.

    A panel is halved until the highest Legendre coefficients of every function are below ``rtol`` of its
    peak. Towards a singular end this never happens: there, panels are halved until the rest carries no
    mass, and the rest is left out, so that closed spans stay closed.
    """
    kept: list[Samples] = []
    pending = sample(edges[:-1], edges[1:])
    length = edges[-1] - edges[0]
    most = _MOST_PANELS if pending.f.dtype != object else _MOST_PANELS // 8
    while True:
        everything = [*kept, pending]
        peak = np.max([s.peak.max(axis=0, initial=0.0) for s in everything], axis=0)
        mass = np.sum([s.mass.sum(axis=0) for s in everything], axis=0)
        share = np.sqrt((pending.mass / np.where(mass > 0, mass, 1.0)).max(axis=1))
        smooth = (pending.tail <= rtol * peak).all(axis=1)
        # A weight is resolved as far as it matters: near its zeros its logarithm is noise without mass.
        smooth &= pending.log_tail * share <= rtol
        width, middle = pending.right - pending.left, (pending.left + pending.right) / 2
        # A narrow function may hide between the nodes.
        hiding = (peak <= _UNSEEN * peak.max()).any() & (width > length / _SEARCHED)
        smooth &= ~hiding
        empty = ~smooth & ~hiding & (pending.mass <= rtol / 100 * mass).all(axis=1)
        if empty.any():
            images, _ = sample.images(pending.where(empty))
            empty[empty] = (squared_norms(images) <= rtol / 100 * mass / length**2).all(axis=1)
        halved = ~smooth & ~empty
        stuck = halved & (width <= _NARROWEST * np.abs(middle))
        if stuck.any() or sum(s.left.size for s in everything) > most:
            panel = int(np.argmin(np.where(stuck if stuck.any() else halved, width, np.inf)))
            raise _unresolved(pending, panel, peak, None if stuck.any() else most)
        kept.append(pending.where(smooth))
        if not halved.any():
            break
        left, middle, right = pending.left[halved], middle[halved], pending.right[halved]
        pending = sample(np.concatenate([left, middle]), np.concatenate([middle, right]))
    joined = Samples(*(np.concatenate(values) for values in zip(*kept, strict=True)))
    joined = joined.where(np.argsort(joined.left))
    _check_continuity(joined, max(1e-6, 100 * rtol))
    return joined


def _unresolved(s: Samples, panel: int, peak: Real, most: int | None) -> ParameterError:
    n = int(np.argmax(s.tail[panel] / np.where(peak > 0, peak, 1.0)))
    where = f"near x = {s.left[panel]:.12g}"
    if most is None:
        return ParameterError(
            f"{_WHO}: function {n} (or the weight) has no square integrable derivative {where}: it jumps there or has "
            "a singular slope, and its projection does not exist. Use functions without jumps."
        )
    return ParameterError(
        f"{_WHO}: function {n} (or the weight) is not resolved by {most} panels {where}: it is singular there, "
        "oscillates too fast, or carries noise. Raise rtol above the noise."
    )


def _check_continuity(s: Samples, tolerance: float) -> None:
    """A jump at an edge of two panels leaves both of them smooth: compare the values from both sides."""
    touching = s.right[:-1] == s.left[1:]
    peak, mass = s.peak.max(axis=0), s.mass.sum(axis=0)
    jump = np.abs(s.ends[1:, :, 0] - s.ends[:-1, :, 1]) / np.where(peak > 0, peak, 1.0)
    share = np.sqrt((s.mass / np.where(mass > 0, mass, 1.0)).max(axis=1))
    log_jump = np.abs(s.log_ends[1:, 0] - s.log_ends[:-1, 1]) * np.maximum(share[1:], share[:-1])
    worst = np.where(touching, np.maximum(jump.max(axis=1), log_jump), 0.0)
    if worst.size and worst.max() > tolerance:
        j = int(np.argmax(worst))
        what = "the weight" if log_jump[j] >= jump[j].max() else f"function {int(np.argmax(jump[j]))}"
        raise ParameterError(
            f"{_WHO}: {what} jumps at x = {s.right[j]:.12g}: its derivative is not a function and its projection does "
            "not exist. Use functions without jumps inside the interval (for wavelets: not Haar)."
        )
