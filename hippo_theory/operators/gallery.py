"""Classical test matrices, each with a fact that somebody published about it: arrays, to try every analysis on.

Reached as ``ht.gallery.grcar(32)``. No operator and no family: there is no input vector, and no basis behind them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Real, finite_real, generator, positive_integer, positive_real
from ..errors import ParameterError

__all__ = [
    "convection_diffusion",
    "demmel",
    "frank",
    "grcar",
    "jordan",
    "kahan",
    "random_triangular",
    "triangle",
    "wilkinson",
]


def grcar(N: int, k: int = 3) -> Real:
    """Toeplitz: -1 below the diagonal, 1 on it and on k diagonals above.

    Its eigenvalues are sensitive, those with large imaginary parts most; for N = 100 the pseudospectral abscissa and
    radius at eps = 1e-4 are 2.41276 and 2.85216 (guglielmi2011).

    Parameters
    ----------
    N : int
    k : int, default 3

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    grcar1989; guglielmi2011; trefethen2005, chapter 7.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> print(round(ht.pseudospectral_abscissa(ht.gallery.grcar(100), 1e-4).value, 5))
    2.41276
    """
    who = "gallery.grcar"
    N, k = positive_integer(N, "N", who), positive_integer(k, "k", who)
    return np.tri(N, k=k) - np.tri(N, k=-1) - np.eye(N, k=-1)


def jordan(N: int, lam: float = 0.0) -> Real:
    """The Jordan block: lam on the diagonal, 1 above it.

    Its pseudospectra are discs around lam, and so is its numerical range, of radius cos(pi/(N+1)): the largest that a
    nilpotent contraction can have (haagerup1992).

    Parameters
    ----------
    N : int
    lam : float, default 0

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    haagerup1992; trefethen2005, chapter 7.

    Examples
    --------
    >>> import math, hippo_theory as ht
    >>> round(ht.numerical_range(ht.gallery.jordan(5)).radius / math.cos(math.pi / 6), 12)
    1.0
    """
    N = positive_integer(N, "N", "gallery.jordan")
    return finite_real(lam, "lam", "gallery.jordan") * np.eye(N) + np.eye(N, k=1)


def kahan(N: int, s: float = 0.1 ** (1 / 31)) -> Real:
    """Upper triangular, row i is s^i (1, -c, ..., -c) from the diagonal on, c = sqrt(1 - s^2).

    QR with column pivoting leaves it as it is, and its last diagonal entry s^{N-1} does not show how singular it is:
    sigma_min is smaller by a factor of the order (1 + c)^{N-1} (kahan1966).

    Parameters
    ----------
    N : int
    s : float, 0 < s <= 1
        The default makes s^{N-1} = .1 for N = 32.

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    kahan1966; higham2002, chapter 8.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> A = ht.gallery.kahan(32)
    >>> print(f"{A[-1, -1]:.3f} {np.linalg.svd(A)[1][-1]:.1e}")
    0.100 1.0e-05
    """
    who = "gallery.kahan"
    N, s = positive_integer(N, "N", who), positive_real(s, "s", who)
    if s > 1:
        raise ParameterError(f"{who}: s is a sine, it must be at most 1, got {s}.")
    c = np.sqrt((1 - s) * (1 + s))
    rows = np.power(s, np.arange(float(N)))[:, None]
    return np.asarray(rows * (np.eye(N) - c * np.triu(np.ones((N, N)), 1)))


def frank(N: int) -> Real:
    """Upper Hessenberg: entry N - max(i, j) for j >= i - 1, indices from 0.

    The determinant is 1, the eigenvalues are positive and come in reciprocal pairs, the small ones ill-conditioned;
    for N = 6 the characteristic polynomial is x^6 - 21 x^5 + 120 x^4 - 215 x^3 + 120 x^2 - 21 x + 1 (higham2022).

    Parameters
    ----------
    N : int

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    frank1958; golub1976; higham2022.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> np.poly(ht.gallery.frank(6)).round(8)
    array([   1.,  -21.,  120., -215.,  120.,  -21.,    1.])
    """
    i = np.arange(positive_integer(N, "N", "gallery.frank"), dtype=np.float64)
    return np.where(i >= i[:, None] - 1, N - np.maximum(i, i[:, None]), 0.0)


def demmel(N: int, top: float = 1e4) -> Real:
    """Upper triangular Toeplitz, -1 on the diagonal and -b^j on the j-th one above, b^{N-1} = ``top``.

    Stable, all eigenvalues are -1. Of size 3 it refuted the conjecture that the nearest unstable matrix has an
    eigenvalue with the imaginary part of one of A (demmel1987): that eigenvalue tends to i/sqrt2 as ``top`` grows, at
    a distance of 3 sqrt3/(2 top), since the corner of the resolvent is about top w/(1 + w^2)^{3/2} at iw.

    Parameters
    ----------
    N : int
    top : float, > 0
        The corner entry, without its sign.

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    demmel1987.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> found = ht.distance_to_instability(ht.gallery.demmel(3, 100.0))
    >>> print(round(found.frequency, 3), round(100 * found.value, 2))
    0.686 2.52
    """
    N, top = positive_integer(N, "N", "gallery.demmel"), positive_real(top, "top", "gallery.demmel")
    above = np.arange(N) - np.arange(N)[:, None]
    return np.asarray(-np.triu(top ** (np.maximum(above, 0) / max(N - 1, 1))))


def wilkinson(N: int) -> Real:
    """Symmetric tridiagonal: abs(i - (N-1)/2) on the diagonal, ones beside it.

    The largest eigenvalues come in pairs; for N = 21 the largest two, 10.7461942, agree to 14 decimals and are
    nevertheless distinct (wilkinson1965).

    Parameters
    ----------
    N : int

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    wilkinson1965, chapter 5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> np.linalg.eigvalsh(ht.gallery.wilkinson(21))[-3:].round(7)
    array([ 9.2106786, 10.7461942, 10.7461942])
    """
    N = positive_integer(N, "N", "gallery.wilkinson")
    return np.diag(np.abs(np.arange(N) - (N - 1) / 2)) + np.eye(N, k=1) + np.eye(N, k=-1)


def triangle(N: int) -> Real:
    """Toeplitz: 1 above the diagonal, 1/4 on the second one below; the symbol is f(z) = 1/z + z^2/4.

    The eigenvalues lie on three rays; as N grows the pseudospectra fill all points that the curve f(abs(z) = 1), a
    triangle with rounded corners and the vertex 5/4, winds around (reichel1992).

    Parameters
    ----------
    N : int

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    reichel1992; trefethen2005, chapter 7.

    Examples
    --------
    The spectrum ends before 3/4 4^{1/3} = 1.1906, the pseudospectra grow towards 1.25:

    >>> import hippo_theory as ht
    >>> [round(ht.pseudospectral_radius(ht.gallery.triangle(N), 1e-3).value, 3) for N in (32, 64, 128)]
    [1.192, 1.221, 1.238]
    """
    N = positive_integer(N, "N", "gallery.triangle")
    return np.eye(N, k=1) + np.eye(N, k=-2) / 4


def convection_diffusion(N: int, d: float = 40.0) -> Real:
    """u'' + u' on [0, d], u(0) = u(d) = 0, by central differences at N inner points, h = d/(N+1):

        (u_{i-1} - 2 u_i + u_{i+1})/h^2 + (u_{i+1} - u_{i-1})/(2h).

    The operator has the eigenvalues -1/4 - (pi n/d)^2, but its resolvent grows exponentially with d wherever z lies
    inside the parabola Re z = -(Im z)^2, the values of its symbol (reddy1994). The matrix has the eigenvalues
    -2/h^2 + 2 sqrt(1/h^4 - 1/(4h^2)) cos(pi n/(N+1)).

    Parameters
    ----------
    N : int
    d : float, > 0
        The length, that is the Peclet number.

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    reddy1994; trefethen2005, chapter 12.

    Examples
    --------
    An eigenvalue -.263 that perturbations of size 1e-4 move by .09, a thousand times as far:

    >>> import hippo_theory as ht
    >>> A = ht.gallery.convection_diffusion(60)
    >>> [round(ht.pseudospectral_abscissa(A, eps).value, 3) for eps in (1e-6, 1e-4, 1e-2)]
    [-0.232, -0.17, -0.063]
    """
    who = "gallery.convection_diffusion"
    N, d = positive_integer(N, "N", who), positive_real(d, "d", who)
    h = d / (N + 1)
    if not 1e-150 < h < 1e150:
        raise ParameterError(f"{who}: 1/h^2 leaves the float range, h = d/(N+1) = {h:.3g}; take another length d.")
    up, down = 1 / h**2 + 1 / (2 * h), 1 / h**2 - 1 / (2 * h)
    return up * np.eye(N, k=1) + down * np.eye(N, k=-1) - 2 / h**2 * np.eye(N)


def random_triangular(N: int, rng: Any = None) -> Real:
    """Upper triangular with independent standard normal entries, diagonal included.

    Almost surely the N-th root of the condition number tends to 2 (viswanath1998): triangles are exponentially
    ill-conditioned where full random matrices are not.

    Parameters
    ----------
    N : int
    rng : numpy Generator or seed, optional

    Returns
    -------
    ndarray, shape (N, N)

    References
    ----------
    viswanath1998.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> roots = [np.linalg.cond(ht.gallery.random_triangular(40, seed)) ** (1 / 40) for seed in range(50)]
    >>> print(round(float(np.median(roots)), 1))
    2.1
    """
    N = positive_integer(N, "N", "gallery.random_triangular")
    return np.triu(generator(rng, "gallery.random_triangular").standard_normal((N, N)))
