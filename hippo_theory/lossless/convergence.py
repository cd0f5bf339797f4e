r"""What the diagonal system (A_N, B/2) loses: its exact distance from the lossless system (A, B) (theory L3, L6).

G - G_diag = G q,  q = phi/(1 + phi) = 1/2 prod_k (s + shift - conj a_k)/(s - lambda_k),

with lambda_k the eigenvalues of A_N: 1 + phi has the numerator 2 det(sI - A_N). The product never cancels, not
even on the spikes where 1 + phi does. As a series q = phi - phi^2 + phi^3 - ...: an all-pass function delays what
it is given, so the error is a train of echoes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, Real, finite, frequencies, positive_real
from .._double import Double, scaled
from ..errors import ParameterError, ParameterTypeError, ShapeError
from ..operators import Operator, PoleChain, TakenakaMalmquist
from .axis_mesh import SEARCH, Mesh, Peak, axis_mesh, highest
from .phase import normal_frequencies

__all__ = ["DiagonalError", "diagonal_error"]

_BLOCK, _POINTS = 1 << 21, 1 << 12  # entries of G held at a time, 32 MiB; points where only moduli are
_FACTORS = 16  # of the product that are multiplied between two looks at its exponent
_RULE = 14, 0.5  # nodes and h/d of the panels of an integral: 3.7^-28
_ECHOES, _DIPS, _ZOOMS = 4000, 64, 9  # points of a search for the first echo, dips that count, grids on each


@dataclass(frozen=True, eq=False)
class DiagonalError(Immutable):
    """E(s) = G(s) - G_diag(s) of an operator and its diagonal system (A_N, B/2); made by ``diagonal_error``.

    Attributes
    ----------
    operator : PoleChain
    """

    operator: PoleChain

    @cached_property
    def _chain(self) -> tuple[PoleChain, int]:
        """The operator in units of 4^half, where no square leaves the range of floats."""
        op = self.operator
        half = int(np.frexp(np.abs(op.a).max() + op.shift)[1]) // 2
        if abs(half) < 100:
            return op, 0
        return TakenakaMalmquist(scaled(op.a, -2 * half), float(np.ldexp(op.shift, -2 * half))), half

    @cached_property
    def _upper(self) -> Double:
        """Im lambda_k >= 0, falling, in two floats."""
        high, low = normal_frequencies(self.operator.a)
        half = self._chain[1]
        return np.ldexp(high, -2 * half), np.ldexp(low, -2 * half)

    @cached_property
    def _frequencies(self) -> Double:
        """Im lambda_k in two floats (N,), both signs."""
        (high, low), pairs = self._upper, self.operator.N // 2
        return np.concatenate([high, -high[:pairs]]), np.concatenate([low, -low[:pairs]])

    def transfer(self, s: ArrayLike) -> Complex:
        """E(s) = G phi/(1 + phi), shape (N,) + s.shape, in the coordinates of the operator.

        Entrywise relative error about N eps, on the spikes too; ``inf`` at poles. Cost O(N) a point.
        """
        points = frequencies(s, "diagonal_error.transfer")
        flat = points.ravel()
        with np.errstate(all="ignore"):
            values = self.operator.transfer(flat) * self._factor(scaled(flat, -2 * self._chain[1]))
        values = np.where(np.isfinite(values), values, complex(np.inf, 0.0))
        return values.reshape((self.operator.N, *points.shape))

    def _factor(self, s: Complex) -> Complex:
        """q = phi/(1 + phi) at points (S,) in the units of ``_chain``; 1/2 at infinity."""
        (high, low), chain = self._frequencies, self._chain[0]
        a, shift = chain.a, chain.shift
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
        return np.where(far, 0.5, q)

    def peak(self, C: ArrayLike | None = None) -> Peak:
        """sup over real w of ||C E(iw)||; C (N,) or (P, N) in the operator's coordinates, None for the whole state.

        For LegS and C = None it is N w/(R (R - w)) (1 + pi^2/(8 N^4) + ...), R^2 = w^2 + N^2, at the largest w where
        phi(iw) < 0, and grows like 2N/pi: the diagonal system never converges in this norm. With C = e_0 it tends
        to 2/pi.

        Returns
        -------
        Peak
            ``value`` to about N eps, ``frequency`` to 1e-8 of the distance of the nearest pole. Infinite with shift 0,
            where the spikes are poles on the axis. Cost O(N^2), some 30 points a resonance.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> peak = ht.diagonal_error(ht.LegS(64)).peak()
        >>> round(peak.value, 4), round(peak.frequency, 2)
        (40.7028, 1303.27)
        """
        read, half = self._read_out(C), self._chain[1]
        if read is not None and not read.any():
            return Peak(0.0, 0.0)
        if self.operator.shift == 0:
            return Peak(math.inf, float(np.ldexp(self._upper[0][0], 2 * half)))
        mesh = self._mesh(None, *SEARCH)
        return highest(lambda w: self._gain(w, read), mesh).scaled(half)

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
            Relative accuracy about 1e-12: Gauss rules on panels as short as the nearest pole is close. Infinite with
            shift 0. Cost O(N^2), some 130 points a resonance.

        Examples
        --------
        >>> import numpy as np, hippo_theory as ht
        >>> error, C = ht.diagonal_error(ht.LegS(256)), np.eye(256)[0]
        >>> round(error.l2_norm(C), 4), round(2 * 256 * error.l2_norm(C, rate=1.0), 4)
        (0.5, 1.0)
        """
        who, half = "diagonal_error.l2_norm", self._chain[1]
        if rate is not None:
            rate = math.ldexp(positive_real(rate, "rate", who), -2 * half)
        read = self._read_out(C)
        if read is not None and not read.any():
            return 0.0
        if self.operator.shift == 0:
            return math.inf
        mesh = self._mesh(rate, *_RULE)
        gain = self._gain(mesh.w, read)
        if rate is not None:
            gain = gain / np.hypot(mesh.w[0], rate)
        size = float(gain.max())
        norm = size * math.sqrt(float(mesh.weight @ (gain / size) ** 2) / math.pi)
        return norm if rate is None else math.ldexp(norm, -2 * half)

    def _mesh(self, rate: float | None, nodes: int, ratio: float) -> Mesh:
        """Points that resolve the eigenvalues of A_N, the poles of A and the input."""
        chain = self._chain[0]
        centres, widths = np.abs(chain.a.imag), chain.a.real + chain.shift
        order = np.lexsort((widths, centres))
        centres, widths = centres[order], widths[order]
        narrowest = np.append(True, np.diff(centres) > 0)
        centres, widths = centres[narrowest], widths[narrowest]
        if rate is not None:
            centres, widths = np.append(centres, 0.0), np.append(widths, rate)
        return axis_mesh(self._upper, chain.shift, (centres, widths), nodes, ratio)

    def _gain(self, w: Double, read: Array | None) -> Real:
        """The norm of C E(iw) at w = high + low, in the units of ``_chain``."""
        chain, gain = self._chain[0], np.empty(w[0].shape)
        step = _POINTS if read is None else max(1, _BLOCK // chain.N)
        for start in range(0, gain.size, step):
            part = slice(start, start + step)
            size, norm = self._moduli((w[0][part], w[1][part]))
            if read is not None:
                norm = np.linalg.norm(read @ chain.transfer(1j * w[0][part]), axis=0)
            gain[part] = norm * size
        return gain

    def _moduli(self, w: Double) -> tuple[Real, Real]:
        """|q| and ||G|| at s = iw, in real arithmetic: 2 shift ||G||^2 = 1 - |phi|^2 without the cancellation."""
        (high, low), chain = self._frequencies, self._chain[0]
        a, shift = chain.a, chain.shift
        square, exponent = np.full(w[0].shape, 0.25), np.zeros(w[0].shape, dtype=np.int64)
        logarithm = np.zeros(w[0].shape)
        for start in range(0, a.size, _FACTORS):
            part = slice(start, start + _FACTORS)
            alpha, v = a.real[part, None], (w[0] + a.imag[part, None]) + w[1]
            pole = (shift + alpha) ** 2 + v * v
            distance = (w[0] - high[part, None]) + (w[1] - low[part, None])
            # Frequencies may lie so far apart that products of a few squares overflow.
            factors, powers = np.frexp(((shift - alpha) ** 2 + v * v) / (shift**2 + distance * distance))
            square, step = np.frexp(square * np.multiply.reduce(factors, axis=0))
            exponent += powers.sum(axis=0, dtype=np.int64) + step
            with np.errstate(divide="ignore"):  # a zero of phi on the axis
                logarithm += np.log1p(-4 * shift * alpha / pole).sum(axis=0)
        odd = exponent % 2
        size = np.ldexp(np.sqrt(np.ldexp(square, odd)), (exponent - odd) // 2)
        return size, np.sqrt(-np.expm1(logarithm) / (2 * shift))

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

        Until then the sampled systems agree, to all digits once N dt is some units. For LegS and N dt below about one
        it is (N dt/2)^2, that is N^2 dt/4 steps; beyond it grows like 2 log(N dt), and for dt >> 1 it ends at
        ``delay(0)``. In continuous time (dt -> 0) there is no such time: high frequencies are not delayed at all.

        Raises
        ------
        ParameterError
            dt <= 0; a chain with Re a_k < shift, whose phi is not a delay at all frequencies.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> round(ht.diagonal_error(ht.LegS(2048)).first_echo(0.002), 3)
        3.294
        """
        who, a, shift = "diagonal_error.first_echo", self.operator.a, self.operator.shift
        dt = positive_real(dt, "dt", who)
        if (a.real < shift).any():
            raise ParameterError(
                f"{who}: {self.operator!r} has Re a_k = {a.real.min():g} below its shift {shift:g}: phi advances some "
                "frequencies, and no echo is the first. Ask ``delay`` at the frequencies of interest."
            )
        # Sums of Lorentzians times a parabola: dips lie between the bells, or at the ends.
        bells = np.unique(np.concatenate([np.abs(a.imag), a.real + shift, [1 / dt]]))
        bells = bells[bells > 0]
        grid = np.unique(
            np.concatenate([np.geomspace(1e-3 * bells[0], 1e3 * bells[-1], _ECHOES), (bells[1:] + bells[:-1]) / 2])
        )
        values = self.delay(grid, dt)
        lowest = min(float(self.delay(0.0, dt)), float(a.real.sum() * dt * dt / 2))
        for k in np.argsort(values)[:_DIPS]:
            low, high = grid[max(k - 1, 0)], grid[min(k + 1, grid.size - 1)]
            for _ in range(_ZOOMS):
                inner = np.linspace(low, high, 25)
                fine = self.delay(inner, dt)
                best = int(fine.argmin())
                low, high = inner[max(best - 1, 0)], inner[min(best + 1, 24)]
            lowest = min(lowest, float(fine.min()))
        return lowest


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
