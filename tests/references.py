"""The second road: every number again, from the definitions alone, in integers, balls or mpmath.

Nothing here imports the package. A ball is an enclosure, so that a reference knows its own error: the precision
is doubled until the enclosure is far narrower than a float.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import isqrt, log2

import flint
import numpy as np
from flint import acb, acb_mat, arb, arb_mat

EPS = float(np.finfo(float).eps)
BITS = 256  # everything that is not adaptive is done with this many bits

# --------------------------------------------------------------------------------------- exact entries
# An entry is written as its signed square q: the number sign(q) sqrt(|q|), q rational. Only the
# rotations of FouT are not of this form.


def legs_squares(N: int) -> tuple[list[list[int]], list[int]]:
    """LegS: -(n+1) on the diagonal, -r_n r_k below it, B_n = r_n, r_n^2 = 2n+1."""
    A = [
        [-(2 * n + 1) * (2 * k + 1) if n > k else -((n + 1) ** 2) if n == k else 0 for k in range(N)] for n in range(N)
    ]
    return A, [2 * n + 1 for n in range(N)]


def legt_squares(N: int) -> tuple[list[list[int]], list[int]]:
    """LegT: A = D_L - d d^T with (D_L)_nk = 2 r_n r_k for n > k, n - k odd; B_n = (-1)^n r_n."""
    sign = [[1 if n > k and (n - k) % 2 else -1 for k in range(N)] for n in range(N)]
    A = [[sign[n][k] * (2 * n + 1) * (2 * k + 1) for k in range(N)] for n in range(N)]
    return A, [(-1) ** n * (2 * n + 1) for n in range(N)]


def lagt_squares(N: int) -> tuple[list[list[Fraction]], list[int]]:
    """LagT: A = I/2 - tril(ones), B = 1."""
    quarter = Fraction(-1, 4)
    return [[Fraction(-1) if n > k else quarter if n == k else Fraction(0) for k in range(N)] for n in range(N)], [
        1
    ] * N


def sections(a: Sequence[complex]) -> list[tuple[Fraction, Fraction]]:
    """(alpha, beta) of every section of a Takenaka-Malmquist chain; beta = 0 for a real one, pairs merged."""
    out, k = [], 0
    while k < len(a):
        z = complex(a[k])
        out.append((Fraction(z.real), Fraction(z.imag)))
        k += 1 if z.imag == 0 else 2
    return out


def tm_squares(a: Sequence[complex], shift: float = 0.0) -> tuple[list[list[Fraction]], list[Fraction]]:
    """Takenaka-Malmquist: sections in series, block A_kj = -B_k B_j^T below the diagonal."""
    sigma, b, parts = Fraction(shift), [], sections(a)
    for alpha, beta in parts:
        b += [2 * alpha] if beta == 0 else [4 * alpha, Fraction(0)]
    N = len(b)
    A = [[-b[n] * b[k] if n > k else Fraction(0) for k in range(N)] for n in range(N)]
    n = 0
    for alpha, beta in parts:
        if beta == 0:
            A[n][n] = -((alpha + sigma) ** 2)
            n += 1
        else:
            w2 = alpha**2 + beta**2
            A[n][n], A[n][n + 1] = -((2 * alpha + sigma) ** 2), -w2
            A[n + 1][n], A[n + 1][n + 1] = w2, -(sigma**2)
            n += 2
    return A, b


@cache
def nearest_root(q: int | Fraction) -> float:
    """The float nearest to sign(q) sqrt(|q|), from an integer square root and one exact division."""
    q = Fraction(q)
    x = abs(q.numerator) * q.denominator << 256
    m = isqrt(x)  # 128 bits or more; a last bit tells whether anything is left below them
    root = (2 * m + (m * m != x)) / (q.denominator << 129)  # int / int rounds once, to nearest
    return -root if q < 0 else root


def half_ulps(r: float, q: int | Fraction) -> bool:
    """Whether r is a float nearest to sign(q) sqrt(|q|): its square lies between those of the midpoints."""
    q = Fraction(q)
    if q == 0 or r == 0:
        tiny = Fraction(5e-324) / 2
        return r == 0 and abs(q) <= tiny**2
    if (r < 0) != (q < 0):
        return False
    r = abs(r)
    below = (Fraction(r) + Fraction(float(np.nextafter(r, 0.0)))) / 2
    above = Fraction(r) + Fraction(float(np.spacing(r))) / 2
    return below**2 <= abs(q) <= above**2


def fraction(x: arb) -> Fraction:
    """An exact ball (of radius zero) as a fraction."""
    m, e = (int(i) for i in x.man_exp())
    return Fraction(m) * Fraction(2) ** e


def nearest_float(x: arb) -> float:
    """The float nearest to the number in a ball; the ball must decide it."""
    mid, rad = fraction(x.mid()), fraction(x.rad())
    (value,) = {float(mid - rad), float(mid + rad)}  # a Fraction becomes a float by one correct rounding
    return value


def root_floats(squares: Sequence[Sequence[int | Fraction]]) -> np.ndarray:
    """A matrix of signed squares as correctly rounded floats."""
    return np.array([[nearest_root(q) for q in row] for row in squares])


def fout_floats(N: int) -> tuple[np.ndarray, np.ndarray]:
    """FouT, correctly rounded: D_F - 2 b b^T, 2 b; the rotations 2 pi m from a ball for pi."""
    b2 = np.zeros(N, dtype=int)
    b2[0], b2[1::2] = 1, 2
    A = np.array([[nearest_root(-4 * x * y) for x in (0, 1, 2)] for y in (0, 1, 2)])[b2[:, None], b2[None, :]]
    with flint.ctx.workprec(BITS):
        for m in range(1, N // 2 + 1):
            w = nearest_float(2 * m * arb.pi())
            A[2 * m - 1, 2 * m], A[2 * m, 2 * m - 1] = -w, w
    return A, np.array([nearest_root(4 * int(x)) for x in b2])


def root_balls(squares: Sequence[Sequence[int | Fraction]]) -> arb_mat:
    """A matrix of signed squares as balls, at the working precision."""

    def entry(q: int | Fraction) -> arb:
        q = Fraction(q)
        root = arb(flint.fmpq(abs(q.numerator), q.denominator)).sqrt()
        return -root if q < 0 else root

    return arb_mat([[entry(q) for q in row] for row in squares])


def fout_balls(N: int) -> tuple[arb_mat, arb_mat]:
    b = [arb(1)] + [arb(2).sqrt(), arb(0)] * (N // 2)
    A = [[-2 * x * y for y in b] for x in b]
    for m in range(1, N // 2 + 1):
        A[2 * m - 1][2 * m] -= 2 * m * arb.pi()
        A[2 * m][2 * m - 1] += 2 * m * arb.pi()
    return arb_mat(A), arb_mat([[2 * x] for x in b])


def balls(family: str, N: int = 0, a: Sequence[complex] = (), shift: float = 0.0) -> tuple[arb_mat, arb_mat]:
    """A and B of a family as balls, at the working precision."""
    if family == "FouT":
        return fout_balls(N)
    squares = {"LegS": legs_squares, "LegT": legt_squares, "LagT": lagt_squares}
    A, b = tm_squares(a, shift) if family == "TM" else squares[family](N)
    return root_balls(A), root_balls([[q] for q in b])


# ------------------------------------------------------------------------------------ adaptive precision


def ball_of(z: complex) -> acb:
    z = complex(z)
    return acb(arb(z.real), arb(z.imag))


def _accurate(x: acb | arb, scale: float, bits: int) -> bool:
    x = acb(x)
    if not x.is_finite():
        return False
    radius = float(x.real.rad()) + float(x.imag.rad())
    return radius == 0 or (scale > 0 and log2(radius) < log2(scale) - bits) or x.rel_accuracy_bits() >= bits


def adaptive(compute: Callable[[], list], bits: int = 90, start: int = BITS) -> list:
    """Doubles the precision until every ball is 2^-bits of the largest of them, or of itself."""
    prec = start
    while prec <= 1 << 18:
        with flint.ctx.workprec(prec):
            out = compute()
            scale = max((float(abs(acb(x)).mid()) for x in out if acb(x).is_finite()), default=0.0)
            if all(_accurate(x, scale, bits) for x in out):
                return out
        prec *= 2
    raise ArithmeticError("the reference did not converge")


def to_complex(x: Sequence[acb]) -> np.ndarray:
    return np.array([complex(float(z.real), float(z.imag)) for z in x])


# ---------------------------------------------------------------------------------- transfer vectors
# Structured solves of (sI - A) x = B with exact A; ``dense_transfer`` is the plain solve they are checked against.


def dense_transfer(A: arb_mat, B: arb_mat, s: complex) -> list[acb]:
    N = A.nrows()
    M = acb_mat([[(ball_of(s) if i == j else 0) - A[i, j] for j in range(N)] for i in range(N)])
    x = M.solve(acb_mat(B))
    return [x[i, 0] for i in range(N)]


def chain_solve(parts: Sequence[tuple], s: acb) -> list[acb]:
    """Forward substitution through sections (B, diagonal) or (B, 2x2 block) driven by u - sum_{j<k} B_j^T x_j."""
    x: list[acb] = []
    drive = acb(1)
    for b, block in parts:
        if isinstance(block, tuple):
            p, q, r, t = block  # [[p, q], [r, t]]
            det = (s - p) * (s - t) - q * r
            first = (s - t) / det * b * drive
            x += [first, r / det * b * drive]
        else:
            first = b / (s - block) * drive
            x.append(first)
        drive -= b * first
    return x


def chain_parts(family: str, N: int, a: Sequence[complex], shift: float) -> list[tuple]:
    if family == "LegS":
        return [(arb(2 * n + 1).sqrt(), arb(-(n + 1))) for n in range(N)]
    if family == "LagT":
        return [(arb(1), -arb(1) / 2)] * N
    sigma, parts = arb(shift), []
    for al, be in sections(a):
        alpha, beta = arb(float(al)), arb(float(be))
        if be == 0:
            parts.append(((2 * alpha).sqrt(), -(alpha + sigma)))
        else:
            w = (alpha * alpha + beta * beta).sqrt()
            parts.append((2 * alpha.sqrt(), (-2 * alpha - sigma, -w, w, -sigma)))
    return parts


def fout_solve(N: int, s: acb) -> list[acb]:
    """(s - D_F) x = 2 b (1 - b^T x): rotations blockwise, the rank one by hand; regular at s = 0 too."""
    omega = [2 * m * arb.pi() for m in range(1, N // 2 + 1)]
    quad = [s * s + w * w for w in omega]
    den = s + 2 + sum((4 * s * s / q for q in quad), acb(0))  # s (1 + 2 g(s))
    x = [2 / den]
    for w, q in zip(omega, quad, strict=True):
        x += [2 * acb(2).sqrt() * s * s / q / den, 2 * acb(2).sqrt() * s * w / q / den]
    return x


def legt_solve(N: int, s: acb) -> list[acb]:
    """(s - D_L) is lower triangular, d d^T a rank-one correction; the balls pay for s near 0 with precision."""
    r = [arb(2 * n + 1).sqrt() for n in range(N)]

    def forward(sign: int) -> list[acb]:
        odd_sum, x = [acb(0), acb(0)], []
        for n in range(N):
            x.append((sign**n * r[n] + 2 * r[n] * odd_sum[(n + 1) % 2]) / s)
            odd_sum[n % 2] += r[n] * x[n]
        return x

    vb, vd = forward(-1), forward(1)
    port_b, port_d = (sum((r[n] * v[n] for n in range(N)), acb(0)) for v in (vb, vd))
    d_x = port_b / (1 + port_d)
    return [p - d_x * q for p, q in zip(vb, vd, strict=True)]


def transfer_balls(
    family: str, s: complex, N: int = 0, a: Sequence[complex] = (), shift: float = 0.0, bits: int = 90
) -> list[acb]:
    """G(s) of a family as balls of relative width 2^-bits of the largest component."""
    if family == "FouT":
        return adaptive(lambda: fout_solve(N, ball_of(s)), bits)
    if family == "LegT":
        if s == 0:
            return adaptive(lambda: dense_transfer(*balls("LegT", N), 0), bits, start=512)
        return adaptive(lambda: legt_solve(N, ball_of(s)), bits)
    return adaptive(lambda: chain_solve(chain_parts(family, N, a, shift), ball_of(s)), bits)


def input_vector(family: str, N: int = 0, a: Sequence[complex] = ()) -> list[arb]:
    """B as balls, without the matrix."""
    if family == "FouT":
        return [arb(2)] + [arb(8).sqrt(), arb(0)] * (N // 2)
    if family == "LegT":
        return [(-1) ** n * arb(2 * n + 1).sqrt() for n in range(N)]
    if family == "LegS":
        return [arb(2 * n + 1).sqrt() for n in range(N)]
    if family == "LagT":
        return [arb(1)] * N
    return [x for alpha, beta in sections(a) for x in section_input(alpha, beta)]


def section_input(alpha: Fraction, beta: Fraction) -> list[arb]:
    return [(2 * arb(float(alpha))).sqrt()] if beta == 0 else [2 * arb(float(alpha)).sqrt(), arb(0)]


def allpass_ball(family: str, s: complex, N: int = 0, a: Sequence[complex] = (), shift: float = 0.0) -> acb:
    """The all-pass function 1 - B^T G, from the solve, with G good enough that the difference is too."""

    def compute() -> list[acb]:
        z = ball_of(s)
        G = fout_solve(N, z) if family == "FouT" else chain_solve(chain_parts(family, N, a, shift), z)
        return [1 - sum((b * g for b, g in zip(input_vector(family, N, a), G, strict=True)), acb(0))]

    return adaptive(compute)[0]


def relative_error(got: np.ndarray, want: np.ndarray) -> float:
    """max_n |got - want| / max_n |want|."""
    return float(np.max(np.abs(got - want)) / np.max(np.abs(want)))


# --------------------------------------------------------------------------------- phase and frequencies


def phase_ball(a: Sequence[complex], y: float | arb) -> tuple[arb, arb]:
    """Theta(y) = 2 sum arctan((y + Im a_k)/Re a_k) and its derivative."""
    y = arb(y)
    theta, slope = arb(0), arb(0)
    for z in a:
        alpha, beta = arb(complex(z).real), arb(complex(z).imag)
        theta += ((y + beta) / alpha).atan()
        slope += alpha / (alpha * alpha + (y + beta) * (y + beta))
    return 2 * theta, 2 * slope


def legs_phase_ball(N: int, y: float | arb) -> tuple[arb, arb]:
    """The same for LegS in O(1): 2 arg(Gamma(N + 1/2 + iy)/Gamma(1/2 + iy)), whose cancellation balls do not mind."""
    y, half = arb(y), arb(1) / 2
    top, low = acb(N + half, y), acb(half, y)
    return 2 * (top.lgamma() - low.lgamma()).imag, 2 * (top.digamma() - low.digamma()).real


def roots_of_phase(y: np.ndarray, m: np.ndarray, phase: Callable[[arb], tuple[arb, arb]]) -> list[arb]:
    """The roots of Theta(y) = pi m near the floats y: two Newton steps in balls, 16 digits to 32 to 64."""
    out = []
    for start, order in zip(y, m, strict=True):
        root = arb(float(start))
        for _ in range(2):
            theta, slope = phase(root)
            root = (root - (theta - int(order) * arb.pi()) / slope).mid()
        out.append(root)
    return out


def legs_normal_polynomial(N: int) -> flint.fmpz_poly:
    """prod(s-k) + prod(s+k+1): its roots are those of phi = -1, the eigenvalues of the normal part of LegS."""
    zeros, poles = flint.fmpz_poly([1]), flint.fmpz_poly([1])
    for k in range(N):
        zeros *= flint.fmpz_poly([-k, 1])
        poles *= flint.fmpz_poly([k + 1, 1])
    return zeros + poles


def weights_balls(a: Sequence[complex], y: Sequence[float | arb]) -> list[arb]:
    """The input weights |v^* B| = 2 / sqrt(sum_k 2 Re a_k/|iy + a_k|^2); the sum is the slope of the phase."""
    return [2 / phase_ball(a, t)[1].sqrt() for t in y]


def diagonal_transfer_balls(
    family: str, s: complex, N: int = 0, a: Sequence[complex] = (), shift: float = 0.0, bits: int = 90
) -> list[acb]:
    """G/(1 + phi), the transfer vector of the normal part (A + B B^T/2, B/2) (theory L3), without eigenvalues."""

    def compute() -> list[acb]:
        z = ball_of(s)
        G = fout_solve(N, z) if family == "FouT" else chain_solve(chain_parts(family, N, a, shift), z)
        port = sum((b * g for b, g in zip(input_vector(family, N, a), G, strict=True)), acb(0))
        return [g / (2 - port) for g in G]

    return adaptive(compute, bits)
