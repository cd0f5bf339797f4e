r"""The inner function b of an operator with one port: b(x) = 1/phi at s = -(x + shift), a Blaschke product.

b(x) = prod_k (x - a_k)/(x + conj a_k) has |b| < 1 in the right half plane and |b| = 1 on the axis. Where it takes a
value, and where it takes it twice, tells eigenvalues and collisions of the all-pass homotopy (theory P5).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .._arrays import Array, Complex, Real
from .._double import pi_in_two_floats, scaled
from ..analysis.conditioning import fourier_poles
from ..errors import ParameterError, ParameterTypeError
from ..operators import FouT, OnePort, PoleChain
from .phase import normal_frequencies

__all__ = [
    "BlaschkeProduct",
    "FourierInner",
    "bisected",
    "critical_points",
    "inner_function",
    "require_one_port",
    "summed",
]

_BLOCK = 1 << 19  # entries of a matrix of differences held at a time
_HALVINGS, _POLISH = 200, 3


class BlaschkeProduct:
    """b = prod (x - a_k)/(x + conj a_k) of a chain of poles."""

    def __init__(self, a: Complex) -> None:
        self.a = a

    def start(self, rho: float) -> Complex:
        """Where complex roots may lie, by falling frequency: one step from rho = 1."""
        y = normal_frequencies(self.a)[0][: self.a.size // 2]
        reach = -math.log(rho) / self.slope(np.asarray(-1j * y)).real
        return np.asarray(np.minimum(reach, 10 * np.maximum(y, np.abs(self.a).min())) - 1j * y)

    def between(self, rho: float) -> Real:
        """Points on the axis between which b is monotone, a lower and an upper bound of the real roots at the ends."""
        real = [x.real for x in critical_points(self.a) if x.imag == 0]
        ends = (1 - rho) / (8 * np.abs(1 / self.a).sum()), 2 * np.abs(self.a).max()
        return np.array([ends[0], *sorted(real), ends[1]])

    def value(self, x: Complex) -> Complex:
        """b at points (S,)."""
        b = np.ones_like(x)
        for a in self.a:
            b = b * ((x - a) / (x + a.conjugate()))
        return b

    def slope(self, x: Complex) -> Complex:
        """b'/b."""
        return summed(x, self.a, lambda z, a: 2 * a.real / ((z - a) * (z + a.conj())))

    def derivative(self, x: Complex) -> Complex:
        """b', to all digits also where x is next to an a_k: what b and b'/b lack there is the same."""
        return self.value(x) * self.slope(x)

    def newton(self, x: Complex, rho: float) -> Complex:
        """p/p' for the numerator p of b + rho."""
        b = self.value(x)
        left = b + rho
        return left / (b * self.slope(x) + left * summed(x, self.a, lambda z, a: 1 / (z + a.conj())))

    def log_size(self, x: Complex) -> Real:
        """log |b|, to full relative accuracy near the axis and next to an a_k."""

        def term(z: Complex, a: Complex) -> Complex:
            lost = 4 * a.real * z.real / np.abs(z + a.conj()) ** 2
            far = 2 * np.log(np.abs((z - a) / (z + a.conj())))
            return np.asarray(np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), far))

        return summed(x, self.a, term).real / 2

    def step(self, x: Complex, rho: float) -> Complex:
        """Newton's step towards b = -rho in log b, the modulus of b to full relative accuracy near the axis."""
        return -(self.log_size(x) - math.log(rho) + 1j * np.angle(-self.value(x))) / self.slope(x)


class FourierInner:
    """b = (1 - h)/(1 + h), h = 2/x + sum 4x/(x^2 + (2 pi m)^2), of FouT: every term of h has a positive weight."""

    def __init__(self, operator: FouT) -> None:
        self.a = -fourier_poles(operator)
        self.c = pi_in_two_floats(2 * np.arange(1, (operator.N + 1) // 2))

    def start(self, rho: float) -> Complex:
        return np.asarray(-math.log(rho) - 1j * self.c[0][::-1])

    def between(self, rho: float) -> Real:
        # h falls on the whole axis: as coth(x/2) less a rising tail below 2 pi (M + 1), term by term beyond 2 pi M.
        return np.array([(1 - rho) / 4, 4.0 * self.c[0].size + 4])

    def _h(self, x: Complex) -> tuple[Complex, Complex, Complex]:
        """h, h' and x times the logarithmic derivative of x prod (x^2 + c^2)."""
        (high, low), z = self.c, x[:, None]
        r = 1 / (((z - 1j * high) - 1j * low) * ((z + 1j * high) + 1j * low))
        once, twice = r.sum(axis=1), (r * r).sum(axis=1)
        return 2 / x + 4 * x * once, -2 / x**2 + 4 * once - 8 * x * x * twice, 1 + 2 * x * x * once

    def value(self, x: Complex) -> Complex:
        h = self._h(x)[0]
        return (1 - h) / (1 + h)

    def derivative(self, x: Complex) -> Complex:
        h, slope, _ = self._h(x)
        return -2 * slope / (1 + h) ** 2

    def newton(self, x: Complex, rho: float) -> Complex:
        h, slope, log_slope = self._h(x)
        left = h - (1 + rho) / (1 - rho)
        return left / (slope + left * log_slope / x)

    def step(self, x: Complex, rho: float) -> Complex:
        h, slope, _ = self._h(x)
        return h * (1 - (1 - rho) / (1 + rho) * h) / slope


def inner_function(operator: OnePort) -> tuple[BlaschkeProduct | FourierInner, int]:
    """b in units of 4^half, where no square leaves the range of floats, and half; a_k are its ``a``."""
    if isinstance(operator, FouT):
        return FourierInner(operator), 0
    if not isinstance(operator, PoleChain):
        raise ParameterError(f"{operator!r} is not a chain of poles: no closed form of its all-pass function is known.")
    half = int(np.frexp(np.abs(operator.a).max())[1]) // 2
    return BlaschkeProduct(scaled(operator.a, -2 * half)), half


def require_one_port(operator: OnePort, who: str) -> None:
    if not isinstance(operator, OnePort):
        raise ParameterTypeError(
            f"{who}: an operator with one port is needed (LegS, LagT, FouT, TakenakaMalmquist), got {operator!r}."
        )


def critical_points(a: Complex) -> Complex:
    """The zeros of b'/b = sum 2 a_k/(x^2 - a_k^2) in the right half plane, apart from those of b."""
    if not a.imag.any():
        poles = np.unique(a.real)
        chain = BlaschkeProduct(a)
        return bisected(lambda x: chain.slope(x.astype(np.complex128)).real < 0, poles[:-1], poles[1:]).astype(
            np.complex128
        )
    return _complex_critical_points(a)


def _complex_critical_points(a: Complex) -> Complex:
    """u = x^2 makes zeros of w^T (u I - D)^{-1} e, real matrices: eigenvalues of D projected, then Newton's method."""
    N, first = a.size, np.flatnonzero(a.imag)[::2]
    D, e, w = np.diag((a * a).real), np.ones(N), a.real.copy()
    D[first, first + 1], D[first + 1, first] = -(a[first] ** 2).imag, (a[first] ** 2).imag
    e[first + 1], w[first], w[first + 1] = 0.0, 2 * a[first].real, -2 * a[first].imag
    Z = np.linalg.qr(w[:, None], mode="complete")[0][:, 1:]
    u = np.linalg.eigvals(Z.T @ (D @ Z - np.outer(e, w @ D @ Z) / (w @ e))).astype(np.complex128)
    for _ in range(_POLISH):
        f = summed(u, a, lambda z, a: a / (z - a * a))
        step = f / summed(u, a, lambda z, a: a / (z - a * a) ** 2)
        u = u + np.where(
            np.isfinite(step) & (np.abs(step) < 1e-3 * np.abs(u)), np.where(u.imag == 0, step.real, step), 0
        )
    return np.sqrt(u)


def bisected(beyond: Callable[[Real], Array], low: Real, high: Real) -> Real:
    """Where ``beyond`` becomes true between positive bounds, to the last digit: halvings of the logarithm."""
    for _ in range(_HALVINGS):
        middle = np.sqrt(low) * np.sqrt(high)
        if ((middle <= low) | (middle >= high)).all():
            break
        far = beyond(middle)
        low, high = np.where(far, low, middle), np.where(far, middle, high)
    return low


def summed(x: Complex, a: Array, term: Callable[[Complex, Array], Complex]) -> Complex:
    """sum_k term(x, a_k) at points (S,), a block of rows at a time."""
    out, rows = np.empty(x.size, dtype=np.complex128), max(1, _BLOCK // max(a.size, 1))
    for first in range(0, x.size, rows):
        part = slice(first, first + rows)
        out[part] = term(x[part, None], a).sum(axis=1)
    return out
