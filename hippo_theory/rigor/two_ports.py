r"""The second road to the normal part of LegT: its spectrum, eigenvectors and both port weights in balls.

Theorem. Let S = A + (B B^T + d d^T)/2 with d = abs(B) = r, r_n^2 = 2n+1, and let u, v solve

    h_{n+1} = 2(2n+1)/w h_n - h_{n-1},   (u_{-1}, u_0) = (1, 0),   (v_{-1}, v_0) = (0, 1).

For w > 0, iw is an eigenvalue of S exactly if D(w) = 0, with e = (-1)^floor(N/2) and

    D = 2 + e (u_{N-1} + v_N)   (N even),    D = 2 + e (v_{N-1} - u_N)   (N odd).

Proof. S_nk = r_n r_k sign(n - k) for n - k odd, else 0. Put x_n = r_n (-i)^n h_n. Rows n + 1 and n - 1 of S x = iw x
differ by the recurrence, 0 < n < N - 1; let it define h_{-1} and h_N too. The sums in rows 0 and 1, all that is left,
then telescope to the ties (h_{N-1}, h_N) = -e (h_{-1}, h_0) for even N, = e (-h_0, h_{-1}) for odd. With h = a u + b v
these are two equations for (a, b), of determinant D because u_{n-1} v_n - v_{n-1} u_n = 1 at every n.

Hence an eigenvalue lies wherever D changes sign. S is real, skew and of size N: when D changes sign in each of
floor(N/2) disjoint intervals of positive w, each holds one eigenvalue, and with their mirror images and, for odd N,
the eigenvalue 0 of x = (r_{N-1}, 0, ..., 0, 1), these are all. Candidates come from LAPACK, and need no trust.

The recurrence is run in its unstable direction; the bits that this costs are counted beforehand and added.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from .._arrays import Real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError
from ..operators import LegT
from .normal_part import ExactNormalPart

__all__ = ["enclose_two_ports"]

_GUARD = 32
_MAX_STEPS = 60


def enclose_two_ports(operator: LegT, bits: int) -> ExactNormalPart:
    """Enclose eigenvalues, eigenvectors, V^*B and V^*d of A + (B B^T + d d^T)/2, d = abs(B), to nearly ``bits`` bits.

    Every entry has its own relative accuracy, however small it is. Call inside ``working_precision(bits)``.

    Raises
    ------
    AccuracyError
        An eigenvalue or its eigenvector could not be enclosed, or not be told from its neighbour.

    Notes
    -----
    Cost O(N^2) ball operations at up to O(N log N) bits: 0.05 s at N = 64, 1 s at N = 256.

    References
    ----------
    theory L11.
    """
    flint = require("flint")
    N, half = operator.N, (operator.N + 1) // 2
    modes = [_mode(N, float(w), bits) for w in _candidates(N)]
    if not all(low > high for (low, _), (high, _) in pairwise(modes)):
        raise AccuracyError(f"{operator!r}: two eigenvalues were not told apart at {bits} bits; raise bits=.")
    if N % 2:
        edge = [flint.arb(0)] * N
        edge[N - 1] = flint.arb(_sign(N)) / (2 * N - 1)
        edge[0] = flint.arb(1)
        modes.append((flint.arb(0), edge))
    lam, near, far = (np.empty(half, dtype=object) for _ in range(3))
    V = np.empty((N, half), dtype=object)
    for j, (w, h) in enumerate(modes):
        lam[j] = flint.acb(0, w)
        V[:, j], near[j], far[j] = _eigenvector(h)
    return ExactNormalPart(N, lam, V, near, far)


def _candidates(N: int) -> Real:
    """Singular values of the half of S that leads from odd to even indices, largest first."""
    n, r = np.arange(N), np.sqrt(2 * np.arange(N) + 1.0)
    S = np.sign(n[:, None] - n) * r[:, None] * r
    return np.asarray(np.linalg.svd(S[::2, 1::2], compute_uv=False))


def _sign(N: int) -> int:
    return -1 if N // 2 % 2 else 1


def _mode(N: int, candidate: float, bits: int) -> tuple[Any, list[Any]]:
    """w as a ball of ``bits`` bits, and h_0 = 1, ..., h_{N-1} of its eigenvector."""
    # Errors grow like solutions of h_{n+1} = c h_n + h_{n-1}, by e^{asinh(c/2)} a step.
    loss = math.ceil(float(np.arcsinh((2 * np.arange(N) + 1) / candidate).sum()) / math.log(2))
    with working_precision(bits + 2 * loss + 2 * _GUARD):
        w = _enclosed_root(N, candidate, bits + loss + _GUARD)
        u, v = _chains(N, w)
        first = -v[N] / (u[N] + _sign(N)) if N % 2 == 0 else -(v[N] + _sign(N)) / u[N]
        h = [first * x + y for x, y in zip(u[1:-1], v[1:-1], strict=True)]
    if min(x.rel_accuracy_bits() for x in h) < bits // 2:
        raise AccuracyError(f"The eigenvector of {candidate:.17g}i could not be enclosed at {bits} bits; raise bits=.")
    return +w, [+x for x in h]


def _enclosed_root(N: int, candidate: float, accuracy: int) -> Any:
    """An interval of relative width 2^-accuracy about a zero of D, proved by the sign of D at its ends."""
    arb = require("flint").arb
    before, w = arb(candidate) * (1 + arb(2) ** -40), arb(candidate)
    value_before, width = _determinant(N, before).mid(), arb(2) ** -accuracy
    for _ in range(_MAX_STEPS):
        value = _determinant(N, w).mid()
        if value == value_before:
            break
        step = (value * (w - before) / (value - value_before)).mid()
        before, value_before, w = w, value, (w - step).mid()
        if abs(step) < abs(w) * width:
            break
    low, high = (w * (1 - width)).mid(), (w * (1 + width)).mid()
    if 0 < low < high and _determinant(N, low) * _determinant(N, high) < 0:
        return low.union(high)
    raise AccuracyError(f"The eigenvalue near {candidate:.17g}i could not be enclosed; raise bits=.")


def _determinant(N: int, w: Any) -> Any:
    u, v = _chains(N, w)
    return 2 + _sign(N) * (u[N] + v[N + 1] if N % 2 == 0 else v[N] - u[N + 1])


def _chains(N: int, w: Any) -> tuple[list[Any], list[Any]]:
    """u_n and v_n for n = -1..N."""
    arb = require("flint").arb
    u, v, unit = [arb(1), arb(0)], [arb(0), arb(1)], 2 / w
    for n in range(N):
        c = (2 * n + 1) * unit
        u.append(c * u[-1] - u[-2])
        v.append(c * v[-1] - v[-2])
    return u, v


def _eigenvector(h: list[Any]) -> tuple[list[Any], Any, Any]:
    """Unit v in the phase of a positive v^* B, v^* B and v^* d, from x_n = r_n (-i)^n h_n; d^T x = conj(B^T x)."""
    flint = require("flint")
    arb, acb = flint.arb, flint.acb
    norm = sum(((2 * n + 1) * x * x for n, x in enumerate(h)), arb(0)).sqrt()
    real, imag = (sum(((-1) ** k * (4 * k + 1 + 2 * p) * x for k, x in enumerate(h[p::2])), arb(0)) for p in (0, 1))
    port = acb(real, imag)
    size = (real * real + imag * imag).sqrt()
    turn = port.conjugate() / (size * norm)
    turns = turn, turn * acb(0, -1), -turn, turn * acb(0, 1)
    v = [turns[n % 4] * (x * arb(2 * n + 1).sqrt()) for n, x in enumerate(h)]
    return v, size / norm, port * port / (size * norm)
