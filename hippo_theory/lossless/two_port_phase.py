r"""The two phases of LegT on the imaginary axis, and the eigenvalues of its normal part that they determine.

Bessel polynomials carry everything: y_{-1} = y_0 = 1, y_{n+1}(x) = (2n+1) x y_n(x) + y_{n-1}(x). With
q(s) = y_N(2/s) + y_{N-1}(2/s) and m(s) = y_N(2/s) - y_{N-1}(2/s),

    Phi(s) = I_2 - [b d]^T (sI - A)^{-1} [b d] = 1/q(s) [[2, (-1)^N m(s)], [(-1)^{N+1} m(-s), 2]].

Proof. A row of (sI - A) x = d minus the row two above it is the recurrence of x_n = r_n y_n(2/s) 2/(s q); the
first rows and the last ones give the constant and d^T x, b^T x. The flip P = diag((-1)^n) has P A P = A^T and
P b = d, which is the other diagonal entry; b^T d = det of unitary rows is the last one.

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

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Real
from .._double import Double, add, divide, multiply, negative, two_sum
from .phase import root_indices

__all__ = ["bessel_chains", "bessel_ends", "port_matrix", "port_phases", "two_port_frequencies"]

_MAX_STEPS = 30


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
        The upper phase, then the lower one: relative errors of about sqrt(N) eps, at the smallest and the
        largest w alike. Cost O(N M), memory O(M).

    Examples
    --------
    >>> import numpy as np
    >>> from hippo_theory.lossless import port_phases
    >>> (port_phases(64, np.array([1e-9, 1e9]))[0] / np.pi).round(6).tolist()
    [[32.5, 1e-06], [31.5, 1e-06]]
    """
    z = w / 2
    phi, (t, y) = _last_ratio(N, z)
    far, near, root = np.hypot(1 + t, y), np.hypot(1 - t, y), np.sqrt(t)
    delta = np.arctan2(near, 2 * root)
    # The two terms of the slope as products of cosines and sines: nothing overflows where p_N does.
    common, split = y / far, root * ((y / near) * (y / far) - ((1 - t) / near) * ((1 + t) / far))
    return np.array([phi + delta, phi - delta]), -(N / z / far) * np.array([common + split, common - split])


def _last_ratio(N: int, z: Real) -> tuple[Real, tuple[Real, Real]]:
    """The phase phi and p_N/p_{N-1} = t + iy, by the recurrence of the ratios: no overflow, t > 0 to the last bit."""
    t, y, phi = np.ones_like(z), np.zeros_like(z), np.zeros_like(z)
    with np.errstate(over="ignore", under="ignore"):
        for n in range(N):
            phi += np.arctan2(y, t)
            shrink = 1 / (t * t + y * y)
            t, y = t * shrink, (2 * n + 1) / z - y * shrink
    return phi + np.arctan2(y, 1 + t), (t, y)


def port_matrix(N: int, w: ArrayLike) -> Complex:
    """Phi(iw) = I_2 - [b d]^T (iw I - A)^{-1} [b d] of LegT(N) in closed form, b = B, d = |B| (theory L11).

    Takes the place that the all-pass function has in a one-port family: unitary on the axis, and A's normal part has the
    eigenvalue iw exactly where det(I + Phi) = 0. -Phi[1, 0] is the Pade approximant of e^{-s}.

    Parameters
    ----------
    N : int
    w : array_like, real
        Frequencies, w != 0.

    Returns
    -------
    ndarray, shape (2, 2) + w.shape, complex128
        Absolute error about sqrt(N) eps. Cost O(N) a point.

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
    w = np.asarray(w, dtype=np.float64)
    phi, (t, y) = _last_ratio(N, np.abs(w) / 2)
    far = np.hypot(1 + t, y)
    turn, sign = np.exp(1j * phi), (-1.0) ** N
    # 2/|q| and m/|q| in terms of the ratio; conj(q)/|q| = e^{-i phi}.
    diagonal = 2 * np.sqrt(t) / far * turn
    modulus = np.hypot(1 - t, y) / far
    direction = np.exp(1j * (phi - np.arctan2(y, 1 + t) + np.arctan2(y, t - 1)))
    corner = sign * modulus * direction.conj() * turn
    other = -sign * modulus * direction * turn
    other = other * np.exp(0j)
    Phi = np.array([[diagonal, corner], [other, diagonal]])
    return np.asarray(np.where(w > 0, Phi, Phi.conj()))
