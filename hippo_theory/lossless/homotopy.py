r"""From HiPPO to its diagonal system without leaving the lossless structure: the all-pass homotopy (theory P5).

A_rho = A + rho/(1 + rho) B B^T and B_rho = B/(1 + rho), 0 < rho <= 1, have (sI - A_rho)^{-1} B_rho = G/(1 + rho phi):
at rho = 0 this is the operator, at rho = 1 the diagonal system of its normal part. With x = -(s + shift) and
b(x) = 1/phi = prod_k (x - a_k)/(x + conj a_k), a Blaschke product of degree N, the eigenvalues of A_rho are the N
points of the right half plane where b(x) = -rho. Its critical values on the negative axis are the rho where two of them
collide and A_rho is defective.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._arrays import Array, Complex, Immutable, Real, frozen, positive_real
from .._double import pi_in_two_floats, scaled
from ..analysis.conditioning import fourier_poles
from ..errors import AccuracyError, ParameterError, ParameterTypeError
from ..operators import FouT, OnePort, PoleChain
from .axis_mesh import axis_mesh
from .convergence import Peak, diagonal_error
from .normal_part import diagonalize_normal_part
from .phase import normal_frequencies

__all__ = ["Collisions", "HomotopyModes", "collisions", "homotopy_error", "homotopy_modes", "unit_interval"]

_BLOCK = 1 << 19  # entries of a matrix of differences held at a time
_SWEEPS, _HALVINGS, _POLISH = 400, 200, 3
_LOST = 1e-9  # of an eigenvalue that float64 cannot tell from a pole of the operator
_RULE = 4, 0.6, 11  # nodes and h/d of the panels of a search, grids on its candidates
_CANDIDATES = 64


@dataclass(frozen=True, eq=False)
class HomotopyModes(Immutable):
    r"""A_rho = V diag(lam) V^{-1}: upper halves of conjugate pairs, largest frequency first, then the real modes.

    Attributes
    ----------
    N : int
    rho : float
    lam : ndarray, complex, shape (M,)
        The eigenvalues, Re lam <= -shift.
    V : ndarray, complex, shape (N, M)
        Unit eigenvectors G(lam)/||G(lam)||: B^T V = (1 + 1/rho)/||G|| > 0.
    weights : ndarray, complex, shape (M,)
        V^{-1} B_rho = -||G||/(log phi)'(lam): how strongly each mode is driven. Large where eigenvalues nearly collide.
    """

    N: int
    rho: float
    lam: Complex
    V: Complex
    weights: Complex

    def full(self) -> tuple[Complex, Complex, Complex]:
        """lam (N,), V (N, N), V^{-1} B_rho (N,): stored halves, then the mirror images of the complex ones."""
        paired = self.N - self.lam.size
        return (
            np.concatenate([self.lam, self.lam[:paired].conj()]),
            np.concatenate([self.V, self.V[:, :paired].conj()], axis=1),
            np.concatenate([self.weights, self.weights[:paired].conj()]),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Collisions(Immutable):
    """Where the homotopy of an operator is defective; made by ``collisions``.

    Attributes
    ----------
    rho : ndarray, shape (K,)
        Falling, in [0, 1): A_rho has a double eigenvalue, in a Jordan block. 0 where it underflows.
    log10 : ndarray, shape (K,)
        Its logarithm, finite.
    lam : ndarray, shape (K,)
        That eigenvalue, real.
    points, values : ndarray, complex, shape (N - 1,)
        All eigenvalues s with phi'(s) = 0, and -1/phi there: the complex rho at which two roots meet. ``rho`` are the
        real ones among them; others close to (0, 1) make A_rho nearly defective.
    """

    rho: Real
    log10: Real
    lam: Real
    points: Complex
    values: Complex

    def __len__(self) -> int:
        return self.rho.size

    def __repr__(self) -> str:
        largest = f", the largest {self.rho[0]:.6g}" if len(self) else ""
        noun = "collision" if len(self) == 1 else "collisions"
        return f"{len(self)} {noun} of eigenvalues{largest}"


class _Chain:
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
        real = [x.real for x in _critical_points(self.a) if x.imag == 0]
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
        return _summed(x, self.a, lambda z, a: 2 * a.real / ((z - a) * (z + a.conj())))

    def derivative(self, x: Complex) -> Complex:
        """b', to all digits also where x is next to an a_k: what b and b'/b lack there is the same."""
        return self.value(x) * self.slope(x)

    def newton(self, x: Complex, rho: float) -> Complex:
        """p/p' for the numerator p of b + rho."""
        b = self.value(x)
        left = b + rho
        return left / (b * self.slope(x) + left * _summed(x, self.a, lambda z, a: 1 / (z + a.conj())))

    def log_size(self, x: Complex) -> Real:
        """log |b|, to full relative accuracy near the axis and next to an a_k."""

        def term(z: Complex, a: Complex) -> Complex:
            lost = 4 * a.real * z.real / np.abs(z + a.conj()) ** 2
            far = 2 * np.log(np.abs((z - a) / (z + a.conj())))
            return np.asarray(np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), far))

        return _summed(x, self.a, term).real / 2

    def step(self, x: Complex, rho: float) -> Complex:
        """Newton's step towards b = -rho in log b, the modulus of b to full relative accuracy near the axis."""
        return -(self.log_size(x) - math.log(rho) + 1j * np.angle(-self.value(x))) / self.slope(x)


class _Fourier:
    """b = (1 - h)/(1 + h), h = 2/x + sum 4x/(x^2 + (2 pi m)^2), of FouT: every term of h has a positive weight."""

    def __init__(self, operator: FouT) -> None:
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


def homotopy_modes(operator: OnePort, rho: float) -> HomotopyModes:
    r"""Eigenvalues, unit eigenvectors and input weights of (A_rho, B_rho), without an eigensolver.

    Parameters
    ----------
    operator : OnePort
        LegS, LagT, FouT or any TakenakaMalmquist.
    rho : float
        0 < rho <= 1; 1 is ``diagonalize_normal_part``.

    Returns
    -------
    HomotopyModes
        Eigenvalues to 1e-13 relative, away from collisions (LegS, LagT, FouT to N = 1024); near one, double roots lose
        half of the digits, as ``V`` and ``weights`` show. Cost O(N^2) a sweep, 4 to 10 sweeps, more near collisions.

    Raises
    ------
    ParameterError
        rho outside (0, 1].
    ParameterTypeError
        Not an operator with one port.
    AccuracyError
        An eigenvalue that float64 cannot tell from a pole of A: rho is too small, take the operator itself (``s4``).

    Notes
    -----
    All complex roots of b = -rho at once by Ehrlich and Aberth's iteration, from the frequencies at rho = 1; the real
    ones lie between real critical points of b, one for each change of sign, and are bisected.

    References
    ----------
    theory P5.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from hippo_theory.lossless import homotopy_modes
    >>> op, rho, s = ht.LegS(64), 0.01, 3j
    >>> lam, V, weights = homotopy_modes(op, rho).full()
    >>> bool(np.allclose(V @ (weights / (s - lam)), op.transfer(s) / (1 + rho * op.allpass(s)), rtol=1e-12))
    True
    """
    who = "homotopy_modes"
    _require_one_port(operator, who)
    rho = unit_interval(rho, who)
    if rho == 1:
        part = diagonalize_normal_part(operator)
        real = part.lam.imag == 0
        return HomotopyModes(operator.N, 1.0, part.lam, part.V, frozen(part.weights / 2 + 0j * real))
    a, half = _parameters(operator)
    inner = _inner(operator, a)
    with np.errstate(all="ignore"):
        x = _roots(inner, operator.N, rho)
        slope = inner.derivative(x)
    lam = scaled(-x, 2 * half) - operator.shift
    G = operator.transfer(lam)
    norm = np.linalg.norm(G, axis=0)
    weights = np.sqrt((1 - rho) * (1 + rho) / (2 * x.real)) / slope
    if not (np.isfinite(norm).all() and np.isfinite(weights).all() and (x.real > 0).all()):
        raise AccuracyError(
            f"{who}: at rho = {rho:g} an eigenvalue of {operator!r} cannot be told from a pole of A in float64; take a "
            "larger rho, or the operator itself (ht.s4)."
        )
    real = x.imag == 0
    V = G / norm
    # B^T V > 0; the phase of G loses digits where it turns fast.
    drive = operator.B @ V
    V = V * (drive.conj() / np.abs(drive))
    V, weights = np.where(real, V.real, V), np.where(real, weights.real, weights)
    return HomotopyModes(operator.N, rho, frozen(lam), frozen(V), frozen(scaled(weights, half)))


def collisions(operator: OnePort) -> Collisions:
    """Where eigenvalues of A_rho collide: the critical points of phi, exactly as many as there are.

    Parameters
    ----------
    operator : OnePort

    Returns
    -------
    Collisions
        ``.rho`` falling, ``.lam``, ``.points``, ``.values``. Of real a_k all critical points are real, one between any
        two neighbours, and every second value is negative: LegS has floor(N/2) collisions. LagT and FouT have none.
        Relative accuracy a few N eps. Cost O(N^2) for real a_k, O(N^3) for others.

    Raises
    ------
    ParameterTypeError
        Not an operator with one port.

    References
    ----------
    theory P5.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from hippo_theory.lossless import collisions
    >>> collisions(ht.LegS(2)).rho, 7 - 4 * 3**0.5
    (array([0.07179677]), 0.07179676972449123)
    >>> collisions(ht.LegS(16))
    8 collisions of eigenvalues, the largest 0.00342327
    """
    _require_one_port(operator, "collisions")
    a, half = _parameters(operator)
    chain, x = _Chain(a), _critical_points(a)
    with np.errstate(all="ignore"):
        values = -chain.value(x)
        log10 = chain.log_size(x) / math.log(10)
    lam = scaled(-x, 2 * half) - operator.shift
    # On the axis b changes its sign at every real a_k; its value may underflow.
    beyond = (a.real[a.imag == 0] > x.real[:, None]).sum(axis=1)
    found = np.flatnonzero((x.imag == 0) & (beyond % 2 == 1))
    order = found[np.argsort(-log10[found])]
    values = np.where(x.imag == 0, values.real, values)
    return Collisions(*map(frozen, (values[order].real, log10[order], lam[order].real, lam, values)))


def homotopy_error(operator: OnePort, rho: float) -> Peak:
    """sup over w of ||G_rho(iw) - G(iw)|| = ||G|| rho |phi|/|1 + rho phi|, the whole state read out.

    Parameters
    ----------
    operator : OnePort
    rho : float
        0 < rho <= 1.

    Returns
    -------
    Peak
        ``value`` to about N eps/(1 - rho), ``frequency`` >= 0. At most ||G|| rho/(1 - rho), for LegS rho/(2 (1 - rho)).
        Infinite for rho = 1 and shift 0, where the diagonal system has its poles on the axis. Cost O(N^2).

    Raises
    ------
    ParameterError, ParameterTypeError
        As in ``homotopy_modes``.

    References
    ----------
    theory P5, L6.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from hippo_theory.lossless import homotopy_error
    >>> round(homotopy_error(ht.LegS(128), 0.1).value, 5)
    0.05384
    """
    who = "homotopy_error"
    _require_one_port(operator, who)
    rho = unit_interval(rho, who)
    if rho == 1 and operator.shift == 0:
        return Peak(math.inf, float(diagonalize_normal_part(operator).lam.imag.max()))
    if rho == 1 and isinstance(operator, PoleChain):
        return diagonal_error(operator).peak()
    a, half = _parameters(operator)
    inner = _inner(operator, a)
    shift = float(np.ldexp(operator.shift, -2 * half))
    with np.errstate(all="ignore"):
        x = _roots(inner, operator.N, rho)
    # Poles of both systems.
    centres, widths = np.abs(np.append(a.imag, x.imag)), np.append(a.real, x.real) + shift
    nodes, ratio, zooms = _RULE
    mesh = axis_mesh((np.zeros(1), np.zeros(1)), float(widths[-1]), (centres, widths), nodes, ratio)
    w, reach = mesh.w[0], mesh.reach
    gain = _gain(a, shift, rho, w)
    around = np.concatenate([[0.0], gain, [0.0]])
    best = np.flatnonzero((gain >= around[:-2]) & (gain >= around[2:]))
    best = best[np.argsort(gain[best])[-_CANDIDATES:]]
    w, reach = w[best, None], reach[best, None]
    for _ in range(zooms):
        grid = w + reach * np.linspace(-1, 1, 25)
        values = _gain(a, shift, rho, grid.ravel()).reshape(grid.shape)
        w, reach = np.take_along_axis(grid, values.argmax(axis=1)[:, None], axis=1), reach / 12
    k = int(values.max(axis=1).argmax())
    return Peak(math.ldexp(float(values[k].max()), -half), math.ldexp(abs(float(w[k, 0])), 2 * half))


def unit_interval(rho: float, who: str) -> float:
    """rho as a float in (0, 1]."""
    rho = positive_real(rho, "rho", who)
    if rho > 1:
        raise ParameterError(
            f"{who}: rho must lie in (0, 1], between the operator (rho -> 0) and its diagonal system (rho = 1); got "
            f"{rho:g}. Beyond 1 the eigenvalues leave the region of stability."
        )
    return rho


def _gain(a: Complex, shift: float, rho: float, w: Real) -> Real:
    """||G|| rho |phi|/|1 + rho phi| at s = iw."""
    gain = np.empty_like(w)
    rows = max(1, _BLOCK // a.size)
    for first in range(0, w.size, rows):
        part = slice(first, first + rows)
        v = w[part, None] + a.imag
        section = (shift + a.real) ** 2 + v * v
        if shift:
            size = np.log1p(-4 * shift * a.real / section).sum(axis=1)
            norm = np.sqrt(-np.expm1(size) / (2 * shift))
        else:
            size, norm = 0.0, np.sqrt((2 * a.real / section).sum(axis=1))
        angle = (np.arctan2(v, shift - a.real) - np.arctan2(v, shift + a.real)).sum(axis=1)
        phi = np.exp(size / 2 + 1j * angle)
        gain[part] = norm * rho * np.abs(phi) / np.abs(1 + rho * phi)
    return gain


def _require_one_port(operator: OnePort, who: str) -> None:
    if not isinstance(operator, OnePort):
        raise ParameterTypeError(
            f"{who}: an operator with one port is needed (LegS, LagT, FouT, TakenakaMalmquist), got {operator!r}."
        )


def _parameters(operator: OnePort) -> tuple[Complex, int]:
    """a_k in units of 4^half, where no square leaves the range of floats."""
    if isinstance(operator, FouT):
        return -fourier_poles(operator), 0
    if not isinstance(operator, PoleChain):
        raise ParameterError(f"{operator!r} is not a chain of poles: no closed form of its all-pass function is known.")
    half = int(np.frexp(np.abs(operator.a).max())[1]) // 2
    return scaled(operator.a, -2 * half), half


def _inner(operator: OnePort, a: Complex) -> _Chain | _Fourier:
    return _Fourier(operator) if isinstance(operator, FouT) else _Chain(a)


def _roots(inner: _Chain | _Fourier, N: int, rho: float) -> Complex:
    """Where b = -rho, Im x <= 0: the complex ones by falling frequency, then the real ones."""
    real = _real_roots(inner, rho)
    x = _simultaneous(inner, inner.start(rho)[: (N - real.size) // 2], real, rho)
    found = np.concatenate([x[np.argsort(x.imag)], real[::-1].astype(np.complex128)])
    for _ in range(_POLISH):
        step = inner.step(found, rho)
        found = found + np.where(found.imag == 0, step.real, step)
    if 2 * x.size + real.size != N or not (np.abs(step) <= _LOST * np.abs(found)).all():
        raise AccuracyError(
            f"At rho = {rho:g} the eigenvalues cannot be told apart in float64: two of them collide, or are poles of "
            "the operator to the last digit. Take another rho; lossless.collisions lists the collisions."
        )
    return found


def _real_roots(inner: _Chain | _Fourier, rho: float) -> Real:
    points = inner.between(rho)
    above = inner.value(points.astype(np.complex128)).real > -rho
    pieces = np.flatnonzero(above[1:] != above[:-1])
    rising = above[pieces + 1]
    return _bisected(
        lambda x: (inner.value(x.astype(np.complex128)).real > -rho) == rising, points[pieces], points[pieces + 1]
    )


def _bisected(beyond: Callable[[Real], Array], low: Real, high: Real) -> Real:
    """Where ``beyond`` becomes true between positive bounds, to the last digit: halvings of the logarithm."""
    for _ in range(_HALVINGS):
        middle = np.sqrt(low) * np.sqrt(high)
        if ((middle <= low) | (middle >= high)).all():
            break
        far = beyond(middle)
        low, high = np.where(far, low, middle), np.where(far, middle, high)
    return low


def _simultaneous(inner: _Chain | _Fourier, x: Complex, real: Real, rho: float) -> Complex:
    """Ehrlich and Aberth's iteration for roots of b + rho in conjugate pairs, the real roots known."""
    active, before = np.arange(x.size), np.full(x.size, np.inf)
    for _ in range(_SWEEPS):
        if not active.size:
            break
        z = x[active]
        others = np.concatenate([x, x.conj(), real])
        away = _summed(z, others, lambda z, others: np.divide(1, z - others, where=z != others, out=0 * z * others))
        plain = inner.newton(z, rho)
        step = plain / (1 - plain * away)
        x[active] = z - step
        # Roots in the lower half plane, as the first guesses are: a step across the axis is a step on the mirror image.
        x.imag = -np.abs(x.imag)
        size, last = np.abs(step) / np.abs(z), before[active]
        before[active] = size
        active = active[(size > 1e-14) & ((size > 1e-8) | (size < last / 2))]
    return x


def _critical_points(a: Complex) -> Complex:
    """The zeros of b'/b = sum 2 a_k/(x^2 - a_k^2) in the right half plane, apart from those of b."""
    if not a.imag.any():
        poles = np.unique(a.real)
        chain = _Chain(a)
        return _bisected(lambda x: chain.slope(x.astype(np.complex128)).real < 0, poles[:-1], poles[1:]).astype(
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
        f = _summed(u, a, lambda z, a: a / (z - a * a))
        step = f / _summed(u, a, lambda z, a: a / (z - a * a) ** 2)
        u = u + np.where(
            np.isfinite(step) & (np.abs(step) < 1e-3 * np.abs(u)), np.where(u.imag == 0, step.real, step), 0
        )
    return np.sqrt(u)


def _summed(x: Complex, a: Array, term: Callable[[Complex, Array], Complex]) -> Complex:
    """sum_k term(x, a_k) at points (S,), a block of rows at a time."""
    out, rows = np.empty(x.size, dtype=np.complex128), max(1, _BLOCK // max(a.size, 1))
    for first in range(0, x.size, rows):
        part = slice(first, first + rows)
        out[part] = term(x[part, None], a).sum(axis=1)
    return out
