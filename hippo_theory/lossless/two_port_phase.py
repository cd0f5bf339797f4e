r"""The two phases of LegT on the imaginary axis, and the eigenvalues of its normal part that they determine.

Bessel polynomials carry everything: y_{-1} = y_0 = 1, y_{n+1}(x) = (2n+1) x y_n(x) + y_{n-1}(x). With
q(s) = y_N(2/s) + y_{N-1}(2/s) and m(s) = y_N(2/s) - y_{N-1}(2/s),

    Phi(s) = I_2 - [b d]^T (sI - A)^{-1} [b d] = 1/q(s) [[2, (-1)^N m(s)], [(-1)^{N+1} m(-s), 2]].

Proof. Put x_n = r_n g_n. Rows n+1 and n-1 of (sI - A) x = d differ by s (g_{n+1} - g_{n-1}) = 2(2n+1) g_n, and
rows 0, 1 by the same with g_{-1} = g_0: g_n = g_0 y_n(2/s). The rows themselves say s g_0 = 1 - d^T x,
s g_{N-1} = 1 + (-1)^N b^T x and, with g_N from the recurrence, s (g_N + g_{N-1}) = 2: the second column. The flip
P = diag((-1)^n) has P A P = A^T and P b = d, hence Phi_11 = Phi_22 and det Phi = (-1)^N det(-sI - A)/det(sI - A) =
q(-s)/q(s): the first column.

On s = iw, z = w/2, the reciprocal pair p_n = y_n(i/z) = conj y_n(2/s) obeys Re(p_N conj p_{N-1}) = 1 (the
Wronskian of spherical Bessel functions: H_n(z) = (-i)^{n+1} e^{iz} p_n/z). Hence |q|^2 = 4 + |m|^2, Phi is
unitary, and its eigenvalues are exp(i(phi +- delta)) with

    phi = arg(p_N + p_{N-1}) = sum_{n<N} arg(p_n/p_{n-1}) + arg(1 + p_N/p_{N-1}),    cos delta = 2/|p_N + p_{N-1}|.

Every argument in the sum lies in (0, pi/2), since Re(p_n/p_{n-1}) = 1/|p_{n-1}|^2. Both phases fall strictly, from
(N +- 1) pi/2 at w = 0 to 0 (N = 1: the lower one is 0): from q' = (N/z)(p_{N-1} - p_N),

    d(phi +- delta)/dz = -(2N/z) (sqrt(P R - 1) +- (P - R)/sqrt(P + R - 2)) / |q|^2,   P = |p_N|^2, R = |p_{N-1}|^2,

and (P R - 1)(P + R - 2) - (P - R)^2 = (P - 1)(R - 1)(P + R + 2) > 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real, positive_integer
from .._double import Double, add, divide, multiply, negative, two_sum
from ..errors import ParameterError
from .phase import root_indices

__all__ = ["bessel_chains", "bessel_ends", "port_matrix", "port_phases", "two_port_frequencies"]

_MAX_STEPS = 30
_FLOOR = 1e-290


def port_phases(N: int, w: Real) -> tuple[Real, Real]:
    """Eigenphases phi +- delta of the port matrix Phi(iw) of LegT(N), and their slopes in w.

    Phi is unitary there, with eigenvalues e^{i(phi + delta)} and e^{i(phi - delta)}; both phases fall
    strictly, from (N + 1) pi/2 and (N - 1) pi/2 at w = 0 to 0.

    Parameters
    ----------
    N : int
    w : ndarray, shape (M,)
        Frequencies, w > 0.

    Returns
    -------
    phases, slopes : ndarrays, shape (2, M)
        The upper phase, then the lower one: relative errors of about 2 sqrt(N) eps, at the smallest and the
        largest w alike. Cost O(N M), memory O(M).

    Examples
    --------
    >>> import numpy as np
    >>> from hippo_theory.lossless import port_phases
    >>> (port_phases(64, np.array([1e-9, 1e9]))[0] / np.pi).round(6).tolist()
    [[32.5, 1e-06], [31.5, 1e-06]]
    """
    z, phi = w / 2, np.zeros_like(w)
    for n, (t, y) in enumerate(_ratios(N, z)):
        phi += np.arctan2(y, t if n < N else 1 + t)
    far, near, root = np.hypot(1 + t, y), np.hypot(1 - t, y), np.sqrt(t)
    delta = np.arctan2(near, 2 * root)
    # The two terms of the slope as products of cosines and sines: nothing overflows where p_N does.
    common, split = y / far, root * ((y / near) * (y / far) - ((1 - t) / near) * ((1 + t) / far))
    return np.array([phi + delta, phi - delta]), -(N / z / far) * np.array([common + split, common - split])


def _ratios(N: int, z: Real) -> Iterator[tuple[Real, Real]]:
    """p_n/p_{n-1} = t + iy for n = 0..N by their own recurrence: no overflow, and t = 1/|p_{n-1}|^2 never cancels."""
    t, y = np.ones_like(z), np.zeros_like(z)
    yield t, y
    for n in range(N):
        with np.errstate(over="ignore", under="ignore"):
            shrink = 1 / (t * t + y * y)
            t, y = t * shrink, (2 * n + 1) / z - y * shrink
        yield t, y


def port_matrix(N: int, w: ArrayLike) -> Complex:
    """Phi(iw) = I_2 - [b d]^T (iw I - A)^{-1} [b d] of LegT(N) in closed form, b = B, d = |B| (theory L11).

    It takes the place of the all-pass function of a one-port family: unitary on the axis, and iw is an
    eigenvalue of the normal part exactly where det(I + Phi) = 0. -Phi[1, 0] is the Pade approximant of e^{-s}.

    Parameters
    ----------
    N : int
    w : array_like, real
        Frequencies of either sign; 0 and infinity are legal.

    Returns
    -------
    ndarray, shape (2, 2) + w.shape, complex128
        Absolute error below N eps (measured to N = 1024). Cost O(N) a point.

    Raises
    ------
    ParameterError
        N is no size, or w is not real or not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from hippo_theory.lossless import port_matrix
    >>> Phi = port_matrix(40, 3.0)
    >>> bool(np.abs(Phi.conj().T @ Phi - np.eye(2)).max() < 1e-14)
    True
    >>> bool(abs(-Phi[1, 0] - np.exp(-3j)) < 1e-14)
    True
    """
    N = positive_integer(N, "N", "port_matrix")
    points = np.asarray(w)
    if points.dtype.kind not in "iuf" or np.isnan(points).any():
        raise ParameterError(f"port_matrix: the frequencies w must be real numbers, got {w!r}.")
    # Below the floor Phi is constant to the last bit, and the first ratio stays a float.
    flat = points.astype(np.float64).ravel()
    turn, sign = np.ones(flat.shape, dtype=np.complex128), (-1.0) ** N
    for n, (t, y) in enumerate(_ratios(N, np.maximum(np.abs(flat) / 2, _FLOOR))):
        x = t if n < N else 1 + t
        turn *= (x + 1j * y) / np.hypot(x, y)  # e^{i phi} as a product: a sum of angles as large as N pi/2 is coarser
    reflection = ((t - 1) + 1j * y) / (x + 1j * y)  # m/q
    same = 2 * np.sqrt(t) / np.hypot(x, y) * turn
    Phi = np.array([[same, sign * reflection.conj()], [-sign * reflection * turn * turn, same]])
    return np.asarray(np.where(flat < 0, Phi.conj(), Phi).reshape((2, 2, *points.shape)))


def two_port_frequencies(N: int, indices: ArrayLike | None = None) -> Double:
    """Imaginary parts w >= 0 of the eigenvalues of the normal part of LegT(N), the largest first.

    The j-th from the top is the unique root of phi + (-1)^j delta = (2 floor(j/2) + 1) pi; for odd N the last is 0.

    Parameters
    ----------
    N : int
    indices : array_like of int, optional
        Which of the ceil(N/2) roots, counted from the top; all by default.

    Returns
    -------
    high, low : ndarrays, shape (M,)
        w = high + low to 72 bits and more; ``high`` is w rounded to nearest, for the smallest and the
        largest alike. Cost O(N) a root and step, about five steps, one of them in double-double
        arithmetic; memory O(N + M).

    Raises
    ------
    ParameterError
        N is no size; indices outside 0..ceil(N/2) - 1.

    Notes
    -----
    Newton's method in log w on the phases, from a table of them, and one step on the real polynomial
    Re(p_N + p_{N-1}) + 2 = 4 det(iw - A_N)/(iw)^N, whose derivative in z is (N/z) Re(p_{N-1} - p_N).
    Limits, with x = w/(2N), M = 2 floor(j/2) + 1 and m = N - 1 - 2j: for x < 1, the Fourier frequencies
    stretched, N x + arcsin(x)/2 = pi m/2 + o(1), hence w = pi m 2N/(2N + 1) to leading order; for x > 1,
    N (sqrt(x^2 - 1) - x + arcsin(1/x)) + (-1)^j arcsin(x - sqrt(x^2 - 1)) = pi M + o(1), hence at the top
    w = N(N + (-1)^j)/(pi M) + pi M/3 + (-1)^j pi M/(2N) + O(N^-2).

    References
    ----------
    theory L11; DLMF 10.20 (Bessel functions of large order).

    Examples
    --------
    >>> from hippo_theory.lossless import two_port_frequencies
    >>> two_port_frequencies(64)[0][:3].round(7).tolist()
    [1325.2407536, 1284.4478259, 444.6388342]
    """
    N = positive_integer(N, "N", "two_port_frequencies")
    j = root_indices(N, indices, "two_port_frequencies")
    high, low = np.zeros(j.shape), np.zeros(j.shape)
    if (positive := j < N // 2).any():
        z = _polished(N, _roots(N, j[positive]))
        high[positive], low[positive] = 2 * z[0], 2 * z[1]
    return high, low


def _roots(N: int, j: Array) -> Real:
    """Newton in log z from a table of both phases; good to about sqrt(N) eps of the phase."""
    table = np.geomspace(0.5, N * N, 64 + 32 * N.bit_length())
    phases, logs = port_phases(N, 2 * table)[0], np.log(table)
    lower, target = j % 2, np.pi * (2 * (j // 2) + 1)
    u = np.where(lower, *(np.interp(-target, -phases[row], logs) for row in (1, 0)))
    column = np.arange(j.size)
    for _ in range(_MAX_STEPS):
        value, slope = (both[lower, column] for both in port_phases(N, 2 * np.exp(u)))
        step = (value - target) / (2 * slope * np.exp(u))
        # No further than the table is coarse: the phases are convex nearly everywhere, not proved to be.
        u = u - np.clip(step, logs[0] - logs[1], logs[1] - logs[0])
        # Quadratic convergence: the next step would be of the order of the rounding.
        if (np.abs(step) < 1e-8).all():
            break
    return np.exp(u)


def _polished(N: int, z: Real) -> Double:
    """One Newton step on Re q + 2 in double-double, where the phases know only sqrt(N) eps; q = p_N + p_{N-1}."""
    last = deque(bessel_chains((z, np.zeros_like(z)), 2 * np.arange(N)[:, None] + 1), maxlen=1)
    previous, current, exponent = last.pop()
    before, after = bessel_ends(N, previous, current)
    two = np.ldexp(2.0, -exponent[0, 0]), np.zeros_like(z)
    left = add(add(before[0], after[0]), two)[0]
    (x, u), (y, v) = ((real[0], imag[0]) for real, imag in (before, after))
    # The step of (Re q + 2)/|q| = cos phi + cos delta: |q| alone is as steep as z^{-N}.
    growth = ((x - y) * (x + y) + (u - v) * (u + v)) / ((x + y) ** 2 + (u + v) ** 2)
    return two_sum(z, -left * z / (N * (x - y - left * growth)))


def bessel_chains(z: Double, odd: Array) -> Iterator[tuple[Double, Double, Array]]:
    """t_0, t_1, ... of t_{n+1} = (c_n/z) t_n - t_{n-1}, t_{-1} = -i, t_0 = 1, for K rows of odd c_n, c (steps, K).

    For c_n = 2n + 1, p_n = i^n conj(t_n). Real and imaginary part are real chains of their own, in double-double.

    Yields
    ------
    previous, current : Double, shape (K, 2, M)
        t_{n-1} and t_n, divided by 2^exponent; axis 1 is (real, imaginary).
    exponent : ndarray of int, shape (K, 1, M)
    """
    K, M = odd.shape[1], z[0].size
    one = np.ones_like(z[0])
    reciprocal = divide((one, np.zeros_like(one)), z)
    previous, current = (np.zeros((K, 2, M)), np.zeros((K, 2, M))), (np.zeros((K, 2, M)), np.zeros((K, 2, M)))
    previous[0][:, 1], current[0][:, 0] = -1.0, 1.0
    exponent = np.zeros((K, 1, M), dtype=np.int64)
    yield previous, current, exponent
    for n, c in enumerate(odd[:, :, None, None].astype(np.float64)):
        factor = multiply(reciprocal, (c, np.zeros_like(c)))
        previous, current = current, add(multiply(factor, current), negative(previous))
        if n % 8 == 7:  # a step grows by less than 2N + 1, eight of them by far less than the float range
            size = np.frexp(np.abs(current[0]).max(axis=1, keepdims=True))[1]
            previous, current = ((np.ldexp(x[0], -size), np.ldexp(x[1], -size)) for x in (previous, current))
            exponent = exponent + size
        yield previous, current, exponent


def bessel_ends(N: int, previous: Double, current: Double) -> tuple[tuple[Double, Double], tuple[Double, Double]]:
    """Real and imaginary parts of p_{N-1} and p_N (M,), from t_{N-1} and t_N of the first row: p_n = i^n conj(t_n)."""
    ends = []
    for n, t in ((N - 1, previous), (N, current)):
        parts = [(t[0][0, i], t[1][0, i]) for i in (0, 1)]
        real, imag = parts[0], negative(parts[1])
        for _ in range(n % 4):
            real, imag = negative(imag), real
        ends.append((real, imag))
    return ends[0], ends[1]
