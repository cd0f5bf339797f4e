r"""What the diagonal system (A_N, B/2) loses: its exact distance from the lossless system (A, B) (theory L3, L6).

G - G_diag = G q,  q = phi/(1 + phi) = 1/2 prod_k (s + shift - conj a_k)/(s - lambda_k),

with lambda_k the eigenvalues of A_N: 1 + phi has the numerator 2 det(sI - A_N). The product never cancels, not
even on the spikes where 1 + phi does. As a series q = phi - phi^2 + phi^3 - ...: an all-pass function delays what
it is given, so the error is a train of echoes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, Real, finite, frequencies, positive_real
from .._double import scaled
from ..errors import ParameterTypeError, ShapeError
from ..operators import Operator, PoleChain
from .phase import normal_frequencies

__all__ = ["DiagonalError", "Peak", "diagonal_error"]

_BLOCK, _POINTS = 1 << 21, 1 << 12  # entries of G held at a time, 32 MiB; points where only moduli are
_FACTORS = 16  # of the product that are multiplied between two looks at its exponent
_CANDIDATES, _ZOOMS = 3, 14  # spikes that may be the highest, and grids on each
_NODES, _PANEL = 24, 2.0  # of a Gauss rule, and its length in the variable that unfolds a resonance
_FAR = 40.0  # e^-40 of the integral lies beyond


@dataclass(frozen=True)
class Peak:
    """A supremum over the imaginary axis, and the frequency w >= 0 where it is attained."""

    value: float
    frequency: float


@dataclass(frozen=True, eq=False)
class DiagonalError(Immutable):
    """E(s) = G(s) - G_diag(s) of an operator and its diagonal system (A_N, B/2); made by ``diagonal_error``.

    Attributes
    ----------
    operator : PoleChain
    """

    operator: PoleChain

    @cached_property
    def _frequencies(self) -> tuple[Real, Real]:
        """Im lambda_k in two floats (N,), both signs."""
        high, low = normal_frequencies(self.operator.a)
        pairs = self.operator.N // 2
        return np.concatenate([high, -high[:pairs]]), np.concatenate([low, -low[:pairs]])

    def transfer(self, s: ArrayLike) -> Complex:
        """E(s) = G phi/(1 + phi), shape (N,) + s.shape, in the coordinates of the operator.

        Entrywise relative error about N eps, on the spikes too; ``inf`` at eigenvalues of A_N. Cost O(N) a point.
        """
        points = frequencies(s, "diagonal_error.transfer")
        flat = points.ravel()
        values = self.operator.transfer(flat) * self._factor(flat)
        return values.reshape((self.operator.N, *points.shape))

    def _factor(self, s: Complex) -> Complex:
        """q = phi/(1 + phi) at points (S,); 1/2 at infinity."""
        (high, low), a, shift = self._frequencies, self.operator.a, self.operator.shift
        far = ~np.isfinite(s)
        point = np.where(far, 0.0, s)
        p, q, exponent = point.real + shift, np.full(s.shape, 0.5, dtype=np.complex128), np.zeros(s.shape, dtype=int)
        with np.errstate(all="ignore"):
            for start in range(0, a.size, _FACTORS):
                part = slice(start, start + _FACTORS)
                above = (p - a.real[part, None]) + 1j * (point.imag + a.imag[part, None])
                below = p + 1j * ((point.imag - high[part, None]) - low[part, None])
                q *= np.multiply.reduce(above / below, axis=0)
                # The factors are of order one at the end only: on the way they leave the float range.
                step = np.frexp(np.abs(q))[1]
                q, exponent = scaled(q, -step), exponent + step
            q = scaled(q, exponent)
        q = np.where(np.isfinite(q), q, complex(np.inf, 0.0))
        return np.where(far, 0.5, q)

    def peak(self, C: ArrayLike | None = None) -> Peak:
        """sup over real w of ||C E(iw)||; C (N,) or (P, N) in the operator's coordinates, None for the whole state.

        For LegS and C = None it is N w/(R (R - w)) (1 + pi^2/(8 N^4) + ...) at the top resonance w, R^2 = w^2 + N^2,
        and grows like 2N/pi: the diagonal system never converges in this norm. With C = e_0 it tends to 2/pi.

        Returns
        -------
        Peak
            ``value`` to about N eps, ``frequency`` to 1e-8 half-widths of the spike. Infinite with shift 0, where
            the spikes are poles on the axis. Cost O(N^2).

        Examples
        --------
        >>> import hippo_theory as ht
        >>> peak = ht.diagonal_error(ht.LegS(64)).peak()
        >>> round(peak.value, 4), round(peak.frequency, 2)
        (40.7028, 1303.27)
        """
        y = self._frequencies[0][: (self.operator.N + 1) // 2]
        shift, read = self.operator.shift, self._read_out(C)
        if shift == 0:
            return Peak(math.inf, float(y[0]))
        ladder = np.unique(np.concatenate([y, (y[1:] + y[:-1]) / 2, [0.0], y[0] + shift * np.array([1, 4, 16])]))
        best = np.clip(np.argsort(self._gain(ladder, read))[-_CANDIDATES:], 1, ladder.size - 2)
        centre, reach = ladder[best], np.maximum(ladder[best + 1] - ladder[best], ladder[best] - ladder[best - 1])
        offset = np.zeros(best.size)
        for _ in range(_ZOOMS):
            # Nested grids, each a twelfth as wide: the maximum of a spike is that of a Lorentzian.
            grid = offset[:, None] + reach[:, None] * np.linspace(-1, 1, 25)
            gain = self._gain(np.abs(centre[:, None] + grid).ravel(), read).reshape(grid.shape)
            place = np.argmax(gain, axis=1)
            offset, reach = grid[np.arange(best.size), place], reach / 12
        k = int(np.argmax(gain.max(axis=1)))
        return Peak(float(gain[k].max()), float(abs(centre[k] + offset[k])))

    def l2_norm(self, C: ArrayLike | None = None, *, rate: float | None = None) -> float:
        r"""L2(0, inf) norm of the output error C (x - x_diag): the impulse response, or the response to e^{-rate t}.

        By Parseval, (1/2 pi) int |C E(iw)|^2 |u(iw)|^2 dw, u = 1 or 1/(iw + rate). For LegS and C = e_0 the impulse
        response keeps an error that tends to 1/2, while that of e^{-t} falls like 1/(2N): convergence in the weak
        sense only.

        Parameters
        ----------
        C : array_like, shape (N,) or (P, N), optional
            Read-out in the operator's coordinates, None for the whole state; norms of several outputs add in squares.
        rate : float, optional
            Of the input e^{-rate t}; None for the unit impulse.

        Returns
        -------
        float
            Relative accuracy about 1e-12 (each resonance is unfolded by w = y + shift sinh x and has its own
            Gauss rules). Infinite with shift 0. Cost O(N^2), some 60 points a resonance.

        Examples
        --------
        >>> import numpy as np, hippo_theory as ht
        >>> error, C = ht.diagonal_error(ht.LegS(256)), np.eye(256)[0]
        >>> round(error.l2_norm(C), 4), round(2 * 256 * error.l2_norm(C, rate=1.0), 4)
        (0.5, 1.0)
        """
        rate = None if rate is None else positive_real(rate, "rate", "diagonal_error.l2_norm")
        read = self._read_out(C)
        if self.operator.shift == 0:
            return math.inf
        w, weight = (np.concatenate(part) for part in zip(*self._axis_rule(rate), strict=True))
        density = self._gain(w, read) ** 2
        if rate is not None:
            density /= w * w + rate * rate
        return math.sqrt(float(weight @ density) / math.pi)

    def _axis_rule(self, rate: float | None) -> Iterator[tuple[Real, Real]]:
        """Nodes and weights on 0 <= w < inf, one cell around each resonance."""
        y = self._frequencies[0][: (self.operator.N + 1) // 2][::-1]
        centres, widths = y.copy(), np.full(y.size, self.operator.shift)
        if rate is not None:
            centres, widths = np.append(centres, 0.0), np.append(widths, rate)
            order = np.lexsort((widths, centres))
            centres, widths = centres[order], widths[order]
            kept = np.append(True, np.diff(centres) > 0)
            centres, widths = centres[kept], widths[kept]
        edges = np.concatenate([[0.0], (centres[1:] + centres[:-1]) / 2, [math.inf]])
        x, weight = np.polynomial.legendre.leggauss(_NODES)
        for centre, width, left, right in zip(centres, widths, edges, edges[1:], strict=False):
            start = math.asinh((left - centre) / width)
            stop = math.asinh((right - centre) / width) if right < math.inf else _FAR + math.log1p(centre / width)
            panels = max(1, math.ceil((stop - start) / _PANEL))
            bounds = np.linspace(start, stop, panels + 1)
            half = np.diff(bounds)[:, None] / 2
            u = (bounds[:-1, None] + half * (1 + x)).ravel()
            yield centre + width * np.sinh(u), (half * weight).ravel() * width * np.cosh(u)

    def _gain(self, w: Real, read: Array | None) -> Real:
        """The norm of C E(iw), shape w.shape."""
        gain = np.empty(w.shape)
        step = _POINTS if read is None else max(1, _BLOCK // self.operator.N)
        for start in range(0, w.size, step):
            part = slice(start, start + step)
            size, norm = self._moduli(w[part])
            if read is not None:
                norm = np.linalg.norm(read @ self.operator.transfer(1j * w[part]), axis=0)
            gain[part] = norm * size
        return gain

    def _moduli(self, w: Real) -> tuple[Real, Real]:
        """|q| and ||G|| at s = iw, in real arithmetic: 2 shift ||G||^2 = 1 - |phi|^2 without the cancellation."""
        (high, low), a, shift = self._frequencies, self.operator.a, self.operator.shift
        square, exponent, logarithm = np.full(w.shape, 0.25), np.zeros(w.shape, dtype=int), np.zeros(w.shape)
        for start in range(0, a.size, _FACTORS):
            part = slice(start, start + _FACTORS)
            alpha, v = a.real[part, None], w + a.imag[part, None]
            pole = (shift + alpha) ** 2 + v * v
            distance = (w - high[part, None]) - low[part, None]
            square *= np.multiply.reduce(((shift - alpha) ** 2 + v * v) / (shift**2 + distance * distance), axis=0)
            with np.errstate(divide="ignore"):  # a zero of phi on the axis
                logarithm += np.log1p(-4 * shift * alpha / pole).sum(axis=0)
            square, step = np.frexp(square)
            exponent += step
        return np.sqrt(np.ldexp(square, exponent)), np.sqrt(-np.expm1(logarithm) / (2 * shift))

    def _read_out(self, C: ArrayLike | None) -> Array | None:
        if C is None:
            return None
        read = np.atleast_2d(finite(C, "C", "diagonal_error"))
        if read.ndim != 2 or read.shape[1] != self.operator.N or read.size == 0 or np.iscomplexobj(read):
            raise ShapeError(
                f"diagonal_error: C reads out real states and needs the shape ({self.operator.N},) or "
                f"(P, {self.operator.N}), got {read.dtype} {np.shape(C)}."
            )
        return read

    def delay(self, w: ArrayLike, dt: float | None = None) -> Real:
        r"""When the first echo of frequency w arrives: the group delay -d arg phi(iw)/dw.

        sum_k p_k/(p_k^2 + v_k^2) - z_k/(z_k^2 + v_k^2), p_k, z_k = shift +- Re a_k, v_k = w + Im a_k; under the
        bilinear map with step dt multiplied by 1 + (w dt/2)^2. The j-th echo, G phi^j, comes j times as late.

        Parameters
        ----------
        w : array_like, real
        dt : float, optional
            Step of the bilinear map; None in continuous time.

        Returns
        -------
        ndarray, shape w.shape
        """
        w = finite(w, "w", "diagonal_error.delay")
        a, shift = self.operator.a, self.operator.shift
        total = np.zeros(w.shape)
        for alpha, beta in zip(a.real, a.imag, strict=True):
            v = (w + beta) ** 2
            total += (shift + alpha) / ((shift + alpha) ** 2 + v)
            if alpha != shift:  # a zero on the axis delays nothing
                total -= (shift - alpha) / ((shift - alpha) ** 2 + v)
        return total if dt is None else total * (1 + (w * positive_real(dt, "dt", "diagonal_error.delay") / 2) ** 2)

    def first_echo(self, dt: float) -> float:
        """The earliest arrival of an echo under the bilinear map, min over w of ``delay(w, dt)``.

        Until then the sampled systems agree, to all digits once N dt is some units: for small N dt the time is
        (N dt/2)^2, that is N^2 dt/4 steps, and for large N dt it grows like 2 log(N dt). In continuous time
        (dt -> 0) there is no such time: high frequencies are not delayed at all.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> round(ht.diagonal_error(ht.LegS(2048)).first_echo(0.002), 3)
        3.294
        """
        from scipy.optimize import minimize_scalar

        dt = positive_real(dt, "dt", "diagonal_error.first_echo")
        scale = max(1 / dt, float(np.abs(self.operator.a).max()))
        grid = np.log(np.geomspace(1e-4 * min(1 / dt, float(np.abs(self.operator.a).min())), 100 * scale, 2000))
        k = int(np.clip(np.argmin(self.delay(np.exp(grid), dt)), 1, grid.size - 2))
        found = minimize_scalar(
            lambda x: float(self.delay(np.exp(x), dt)), bounds=(grid[k - 1], grid[k + 1]), method="bounded"
        )
        return float(found.fun)


def diagonal_error(operator: Operator) -> DiagonalError:
    r"""What the diagonal system (A_N, B/2) of an operator loses: E(s) = G - G_diag = G phi/(1 + phi), exactly.

    (A_N, B/2) is what ``s4d("legs", N)`` stores for LegS. The error is known in closed form: convergence of the
    diagonal model can be judged without a solve, a simulation or a grid that misses a spike.

    Parameters
    ----------
    operator : LegS, LagT or TakenakaMalmquist

    Returns
    -------
    DiagonalError
        ``transfer(s)``, ``peak(C)``, ``l2_norm(C, rate=)``, ``delay(w, dt)``, ``first_echo(dt)``.

    Raises
    ------
    ParameterTypeError
        Not a chain of poles. FouT and its normal part have E = phi G_diag with poles on the axis; LegT has two ports.

    Notes
    -----
    LegS, three kinds of convergence: the peak grows like 2N/pi (none as a system); at a fixed w, and for a
    given smooth input, the error is O(1/N) (weak convergence); sampled by the bilinear map the kernels agree to
    rounding until ``first_echo(dt)``, because the spikes lie beyond the frequencies that the step resolves, and
    the error E(2/dt (z-1)/(z+1)) is moved to z near -1.

    References
    ----------
    theory L3, L6; gu2022s4d Theorem 3; yu2024ptd Theorems 1, 2.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op, s = ht.LegS(64), 3j
    >>> diagonal = ht.s4d("legs", 64).transfer(s)
    >>> bool(np.allclose(op.transfer(s) - diagonal, ht.diagonal_error(op).transfer(s), rtol=1e-9))
    True
    """
    if not isinstance(operator, PoleChain):
        raise ParameterTypeError(
            f"diagonal_error: a chain of poles is needed (LegS, LagT, TakenakaMalmquist), got {operator!r}."
        )
    return DiagonalError(operator)
