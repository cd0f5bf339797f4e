"""Panels on which given functions are polynomials to rounding, with their weighted samples on each.

``resolved`` halves panels until every function is a polynomial of degree below the number of nodes on
each of them, to ``rtol``. Samples are float64 arrays or, in many digits, object arrays of flint ``arb``
without radius; decisions are taken in float64 either way. ``projection`` is the only caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._arrays import Array, Real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError, ParameterError, ParameterTypeError, ShapeError

__all__ = ["GaussRule", "Sampler", "Samples", "evaluated", "gauss_rule", "half_line", "inner", "resolved", "rounded"]

_WHO = "project"
_MOST_PANELS = 4096
_NARROWEST = 2.0**-46  # width over position; below, the nodes of a panel coincide in float64


def rounded(values: Array) -> Real:
    """The nearest float64 array."""
    return np.asarray(values, dtype=np.float64) if values.dtype != object else _FLOATS(values).astype(np.float64)


def inner(a: Array, b: Array) -> Array:
    """a @ b.T for 2-D arrays; object arrays of arb go through flint, six times faster than numpy's loop."""
    if a.dtype != object:
        return np.asarray(a @ b.T)
    matrix = require("flint").arb_mat
    product = matrix(a.tolist()) * matrix(b.T.tolist())
    return _MIDPOINTS(np.array(product.entries(), dtype=object).reshape(a.shape[0], b.shape[0]))


_FLOATS = np.frompyfunc(float, 1, 1)
_RADII = np.frompyfunc(lambda v: v.rad(), 1, 1)
_MIDPOINTS: Any = np.frompyfunc(lambda v: v.mid(), 1, 1)


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


def gauss_rule(Q: int, many_digits: bool) -> GaussRule:
    """The rule in float64, or at flint's working precision."""
    if many_digits:
        root = require("flint").arb.legendre_p_root
        pairs = np.array([root(Q, k, weight=True) for k in reversed(range(Q))], dtype=object)
        nodes, weights = _MIDPOINTS(pairs).T
    else:
        nodes, weights = np.polynomial.legendre.leggauss(Q)
    P = [nodes * 0 + 1, nodes]
    for k in range(1, Q - 1):
        following = ((2 * k + 1) * nodes * P[k] - k * P[k - 1]) / (k + 1)
        # Balls would widen 2.4 times a step, and flint drops digits below the radius.
        P.append(_MIDPOINTS(following) if many_digits else following)
    coefficients = np.stack(P) * weights * (np.arange(Q)[:, None] + 0.5)
    parity = 1 - 2 * (np.arange(Q) % 2)
    ends = np.stack([(parity[:, None] * coefficients).sum(axis=0), coefficients.sum(axis=0)])
    # Barycentric differentiation; the diagonal makes every row sum vanish, so constants have slope 0.
    barycentric = parity * np.sqrt((1 - nodes) * (1 + nodes) * weights)
    slope = barycentric[None, :] / barycentric[:, None] / (nodes[:, None] - nodes[None, :] + np.eye(Q, dtype=int))
    np.fill_diagonal(slope, 0)
    np.fill_diagonal(slope, -slope.sum(axis=1))
    return GaussRule(nodes, weights, slope, ends, coefficients[-4:])


class Samples(NamedTuple):
    """What is known of N functions on P panels; every array has the panels on its first axis.

    ``rows`` are the functions and ``images`` their images, both times sqrt(omega dx), (P, N, Q): sums of
    their products are integrals with the weight. The rest is float64 and serves decisions: the tails
    of the Legendre series, peaks, squared norms, values at the ends, and the logarithm of the weight.
    """

    left: Real
    right: Real
    rows: Array
    images: Array
    tail: Real
    peak: Real
    mass: Real
    image_mass: Real
    mismatch: Real
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
    (phi omega)'/omega in a lag variable, -(x phi omega)'/omega (times x) for x = e^{-lag}.
    """

    basis: Callable[[Array], Array]
    derivative: Callable[[Array], Array] | None
    weight: Callable[[Array], Array] | None
    exponential: bool
    rule: GaussRule

    def __call__(self, left: Real, right: Real) -> Samples:
        rule, width = self.rule, right - left
        half = (width / 2)[:, None]
        x = left[:, None] + half * (1 + rule.nodes)
        x = x if x.dtype != object else _MIDPOINTS(x)
        f = self._functions(self.basis, "basis", x)
        own_slope = self._applied(rule.slope, f) / half[:, None]
        slope = own_slope if self.derivative is None else self._functions(self.derivative, "derivative", x)
        if slope.shape != f.shape:
            raise ShapeError(
                f"{_WHO}: derivative must return one row for each of the {f.shape[1]} functions, got {slope.shape[1]}."
            )
        omega, log_omega, log_slope = self._weight(x, half)
        measure = np.sqrt(half * rule.weights * omega)[:, None]
        flow = x[:, None] if self.exponential else x[:, None] * 0 + 1
        image = flow * (slope + log_slope[:, None] * f)
        image = -(image + f) if self.exponential else image
        rows, images = measure * f, measure * image
        return Samples(
            left,
            right,
            rows,
            images,
            np.abs(rounded(self._applied(rule.tail, f))).max(axis=-1),
            np.abs(rounded(f)).max(axis=-1),
            _mass(rows),
            _mass(images),
            _mass(measure * flow * (slope - own_slope)),
            rounded(self._applied(rule.ends, f)),
            np.abs(rounded(inner(log_omega, rule.tail))).max(axis=-1),
            rounded(inner(log_omega, rule.ends)),
        )

    def _functions(self, function: Callable[[Array], Array], name: str, x: Array) -> Array:
        values = evaluated(function, name, x.ravel())
        return np.moveaxis(values.reshape(values.shape[0], *x.shape), 0, 1)

    def _weight(self, x: Array, half: Real) -> tuple[Array, Array, Array]:
        if self.weight is None:
            return x * 0 + 1, x * 0, x * 0
        omega = evaluated(self.weight, "weight", x.ravel(), rows=False).reshape(x.shape)
        # The logarithm is smooth where the weight varies over many orders of magnitude. Zeros carry no mass.
        log_omega = np.log(np.where(omega > 0, omega, omega * 0 + 1e-300))
        return omega, log_omega, inner(log_omega, self.rule.slope) / half

    def _applied(self, matrix: Array, f: Array) -> Array:
        return inner(f.reshape(-1, f.shape[-1]), matrix).reshape(*f.shape[:-1], matrix.shape[0])


def evaluated(function: Callable[[Array], Array], name: str, x: Array, rows: bool = True) -> Array:
    """``function(x)`` as a finite real array (N, Q), or (Q,) and not negative for a weight; object arrays stay exact."""
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
        radius = _FLOATS(_RADII(values)).astype(np.float64)
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
    while True:
        everything = [*kept, pending]
        peak = np.max([s.peak.max(axis=0, initial=0.0) for s in everything], axis=0)
        mass, image_mass = (sum(getattr(s, name).sum(axis=0) for s in everything) for name in ("mass", "image_mass"))
        floor = np.finfo(np.float64).tiny
        share = np.sqrt((pending.mass / np.maximum(mass, floor)).max(axis=1))
        smooth = (pending.tail <= rtol * np.maximum(peak, 1e-16 * peak.max())).all(axis=1)
        # A weight is resolved as far as it matters: near its zeros its logarithm is noise without mass.
        smooth &= pending.log_tail * share <= rtol
        negligible = pending.mass <= rtol / 100 * mass
        negligible &= pending.image_mass <= rtol / 100 * (image_mass + mass / length**2)
        middle = (pending.left + pending.right) / 2
        open_ = ~smooth & ~negligible.all(axis=1)
        stuck = open_ & (pending.right - pending.left <= _NARROWEST * np.abs(middle))
        if stuck.any() or sum(s.left.size for s in everything) > _MOST_PANELS:
            raise _unresolved(pending, int(np.argmax(stuck if stuck.any() else open_)), peak, bool(stuck.any()))
        kept.append(pending.where(smooth))
        if not open_.any():
            break
        pending = sample(
            np.concatenate([pending.left[open_], middle[open_]]), np.concatenate([middle[open_], pending.right[open_]])
        )
    joined = Samples(*(np.concatenate(values) for values in zip(*kept, strict=True)))
    joined = joined.where(np.argsort(joined.left))
    _check_continuity(joined, max(1e-6, 100 * rtol))
    return joined


def _mass(rows: Array) -> Real:
    return np.asarray((rounded(rows) ** 2).sum(axis=-1))


def _unresolved(s: Samples, panel: int, peak: Real, stuck: bool) -> ParameterError:
    n = int(np.argmax(s.tail[panel] / np.maximum(peak, np.finfo(np.float64).tiny)))
    where = f"near x = {s.left[panel]:.12g}"
    if stuck:
        return ParameterError(
            f"{_WHO}: function {n} (or the weight) has no square integrable derivative {where}: it jumps there or has a "
            "singular slope, and its projection does not exist. Use functions without jumps."
        )
    return ParameterError(
        f"{_WHO}: function {n} (or the weight) is not resolved by {_MOST_PANELS} panels {where}; it oscillates "
        "too fast or carries noise. Raise rtol above the noise."
    )


def _check_continuity(s: Samples, tolerance: float) -> None:
    """A jump at an edge of two panels leaves both of them smooth: compare the values from both sides."""
    touching = s.right[:-1] == s.left[1:]
    peak = s.peak.max(axis=0)
    jump = np.abs(s.ends[1:, :, 0] - s.ends[:-1, :, 1]) / np.where(peak > 0, peak, 1.0)
    share = np.sqrt((s.mass / np.maximum(s.mass.sum(axis=0), np.finfo(np.float64).tiny)).max(axis=1))
    log_jump = np.abs(s.log_ends[1:, 0] - s.log_ends[:-1, 1]) * np.maximum(share[1:], share[:-1])
    worst = np.where(touching, np.maximum(jump.max(axis=1), log_jump), 0.0)
    if worst.size and worst.max() > tolerance:
        j = int(np.argmax(worst))
        what = "the weight" if log_jump[j] >= jump[j].max() else f"function {int(np.argmax(jump[j]))}"
        raise ParameterError(
            f"{_WHO}: {what} jumps at x = {s.right[j]:.12g}: its derivative is not a function and its projection does "
            "not exist. Use functions without jumps inside the interval (for wavelets: not Haar)."
        )
