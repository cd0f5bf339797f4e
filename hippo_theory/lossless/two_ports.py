r"""Closed-form diagonalisation of the normal part A_N = A + (b b^T + d d^T)/2 of LegT, rank two (theory L11).

A_N couples even with odd indices only. With x_n = r_n g_n, A_N x = s x is g_{n+1} = g_{n-1} + 2(2n+1) g_n/s, tied
together by g_N = -g_0, g_{N-1} = -g_{-1} (N even) or g_{N-1} = -g_0, g_N = -g_{-1} (N odd). At a root iw,

    p_N = -1 - k Y + i k^2 Y,   p_{N-1} = -1 + k Y + i Y,   k^2 = Im p_N/Im p_{N-1} > 0

in the notation of ``two_port_phase``: the ties say that (1 + p_N)/(1 + p_{N-1}) = i k. Everything else follows:

    |v^* b|^2 = |v^* d|^2 = (w/N)(k + 1/k),   (v^* d)/(v^* b) = (-1)^N (1 + ik)/(1 - ik).

Proof. Scale v to b^T v = 2 e^{i omega}, d^T v = 2 e^{-i omega}; the ties give omega = -arg(1 + p_N) mod pi/2. By L1
for two ports ||v||^2/2 is the slope -d(phi +- delta)/dw of the eigenphase, (2N/w) k/(1 + k^2): positive, so k is.

The vector is what both ports excite, v = e^{i omega} (sI - A)^{-1} b + e^{-i omega} (sI - A)^{-1} d. The second term
grows with n, the first with N - n, by one recurrence read in either direction; each is computed as it grows, hence
stably, and (-i)^n times a real number is left of their sum.
"""

from __future__ import annotations

import numpy as np

from .._arrays import Complex, Real, frozen
from .._double import Double, add, divide, multiply, negative, two_product
from ..errors import ParameterTypeError
from ..operators import LegT
from .normal_part import NormalPart
from .two_port_phase import bessel_chains, bessel_ends, two_port_frequencies

__all__ = ["diagonalize_two_ports"]

_BLOCK = 1 << 18  # entries of V worked on at a time: 8 MiB for each array of the chains
_COLUMNS = 256  # at least so many at a time: a step of the recurrence costs as much for fewer


def diagonalize_two_ports(operator: LegT) -> NormalPart:
    r"""Eigenvalues, unitary eigenvectors and the weights of both ports of A_N = A + (B B^T + d d^T)/2, d = abs(B).

    A = V (diag(lam) - P P^*) V^* with P = V^* [B d]/sqrt2 of shape (N, 2), without an eigensolver.

    Parameters
    ----------
    operator : LegT

    Returns
    -------
    NormalPart
        ``weights`` = V^* B > 0 fixes the phase of V; ``far_weights`` = V^* d has the same moduli. Eigenvalues are
        the nearest floats, both weights within 2 eps, every entry of V within 4 eps of its own modulus, as far as
        it does not underflow (measured to N = 1024). Cost O(N^2).

    Raises
    ------
    ParameterTypeError
        Not a LegT.

    Notes
    -----
    For odd N the eigenvalue 0 has v = (sqrt((2N-1)/(2N)), 0, ..., 0, sqrt(1/(2N))) and the weights
    sqrt(4 - 2/N). Weights tend to 2 for the Fourier-like modes (w < 2N), as those of FouT are, and to
    sqrt(2N(N +- 1))/(pi M), M = 1, 1, 3, 3, ..., at the top: those of LegS over sqrt2.

    References
    ----------
    theory L11; DLMF 10.49, 18.34 (Bessel polynomials).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from hippo_theory.lossless import diagonalize_two_ports
    >>> op = ht.LegT(64)
    >>> part = diagonalize_two_ports(op)
    >>> lam, V, weights = part.full()
    >>> A = V @ (np.diag(lam) - part.P @ part.P.conj().T) @ V.conj().T
    >>> bool(np.abs(A - op.A).max() < 1e-14 * np.linalg.norm(op.A, 2))
    True
    """
    if not isinstance(operator, LegT):
        raise ParameterTypeError(f"A two-port operator is needed, such as LegT(64); got {operator!r}.")
    N, half = operator.N, (operator.N + 1) // 2
    w = two_port_frequencies(N)
    V = np.zeros((N, half), dtype=np.complex128)
    near, far = np.full(half, _edge(N)), np.full(half, _edge(N), dtype=np.complex128)
    if N % 2:
        # For N = 1 both entries are the same, and 1.
        V[N - 1, -1], V[0, -1] = np.sqrt(0.5 / N), np.sqrt((2 * N - 1) / (2 * N)) if N > 1 else 1.0
    columns = max(_COLUMNS, _BLOCK // N)
    for start in range(0, N // 2, columns):
        part = slice(start, min(start + columns, N // 2))
        V[:, part], near[part], far[part] = _modes(N, (w[0][part], w[1][part]))
    return NormalPart(N, frozen(1j * w[0]), frozen(V), frozen(near), frozen(far))


def _edge(N: int) -> float:
    """The weight of the eigenvalue 0 of an odd N; r_0 + r_0 would count the one entry of N = 1 twice."""
    return float(np.sqrt(4 - 2 / N)) if N > 1 else 1.0


def _modes(N: int, w: Double) -> tuple[Complex, Real, Complex]:
    """V, V^* b and V^* d at positive frequencies (M,)."""
    z = w[0] / 2, w[1] / 2
    M = w[0].size
    n = np.arange(N)
    high, low = np.empty((N, 2, 2, M)), np.empty((N, 2, 2, M))
    exponents = np.empty((N, 2, 1, M), dtype=np.int64)
    odd = np.column_stack([2 * n + 1, 2 * n[::-1] + 1])
    states = bessel_chains(z, odd)
    for step in range(N):
        _, (high[step], low[step]), exponents[step] = next(states)
    previous, current, exponent = next(states)
    (_, imag_before), (_, imag_last) = bessel_ends(N, previous, current)
    total = exponent[0, 0]
    k = _square_root(divide(imag_last, imag_before))
    Q = add(imag_before, imag_last)

    chains = np.ldexp(high, exponents - total), np.ldexp(low, exponents - total)
    real = _superposed(N, chains, k, Q, np.ldexp(2.0, -total))
    real *= np.sqrt(2 * n + 1.0)[:, None] / np.sqrt(w[0] * k[0] * N)

    norm = np.hypot(1.0, k[0])
    turn = (1 - 1j * k[0]) / norm * (-1j if N % 2 else 1.0)
    V = np.empty((N, M), dtype=np.complex128)
    for r in range(min(4, N)):
        V[r::4] = real[r::4] * turn
        turn = turn * -1j
    near = np.sqrt(w[0] * (k[0] + 1 / k[0]) / N)
    far = near * (-1.0) ** N * ((1 - k[0]) * (1 + k[0]) + 2j * k[0]) / norm**2
    return V, near, far


def _superposed(N: int, chains: Double, k: Double, Q: Double, two: Real) -> Real:
    """Both excitations added, h (N, M): the real number i eps (1 + ik) backward + eta (1 - ik) forward over Q - 2i.

    eps = (-1)^floor(N/2), eta = 1 (N even) or -i (N odd); Q = Im q and 2 come divided by one power of two.
    """
    zero = np.zeros_like(two)
    kQ, twice = multiply(k, Q), multiply((two, zero), k)
    plus, minus = add((two, zero), kQ), add((two, zero), negative(kQ))
    up, down = add(Q, twice), add(Q, negative(twice))
    backward = (negative(plus), negative(down)) if N % 4 < 2 else (plus, down)
    forward = (minus, up) if N % 2 else (up, negative(minus))
    factors = tuple(np.array([[part[i] for part in row] for row in (forward, backward)]) for i in (0, 1))
    terms = multiply((factors[0], factors[1]), chains)
    sums = add((terms[0][:, :, 0], terms[1][:, :, 0]), (terms[0][:, :, 1], terms[1][:, :, 1]))
    h = add((sums[0][:, 0], sums[1][:, 0]), (sums[0][::-1, 1], sums[1][::-1, 1]))
    return np.asarray(h[0] / (Q[0] * Q[0] + two * two))


def _square_root(x: Double) -> Double:
    root = np.sqrt(x[0])
    square = two_product(root, root)
    return root, add(x, negative(square))[0] / (2 * root)
