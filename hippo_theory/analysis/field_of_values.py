"""The numerical range of a matrix, x^* A x over unit vectors x: its boundary, and how far it reaches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Immutable, Real, Scalar, finite, positive_real
from ..errors import ParameterError, ShapeError
from ..operators import LegT, OnePort

__all__ = [
    "NumericalAbscissa",
    "NumericalRange",
    "check_range",
    "moderate_level",
    "moderate_matrix",
    "numerical_abscissa",
    "numerical_radius",
    "numerical_range",
    "square_matrix",
]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False, repr=False)
class NumericalAbscissa(Immutable, Scalar):
    """The right end of the numerical range; made by ``ht.numerical_abscissa``.

    Attributes
    ----------
    value : float
        The largest Re x^* A x: ||e^{tA}|| <= e^{value t}, with equality to first order at t = 0.
    vector : ndarray, shape (N,)
        A unit vector x at which it is attained: the state that grows fastest at first.
    """

    value: float
    vector: Array

    def __repr__(self) -> str:
        return f"numerical abscissa {self.value:.6g} of {self.vector.size} states"


def numerical_abscissa(A: Any) -> NumericalAbscissa:
    r"""The largest eigenvalue of (A + A^*)/2: the rate at which ||e^{tA}|| starts, and its bound.

    For a family with one port, (A + A^T)/2 = -shift I - B B^T/2: the value is -shift exactly, at any x
    orthogonal to B (theory L8); a single state has no such x, and the value A_00. For LegT,
    (A + A^T)/2 = -(B B^T + d d^T)/2 with d = abs(B): 0 from three states on, -1 below.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation in continuous time
        Of a system its state matrix counts, in the coordinates in which it is stored; of stored halves of
        conjugate pairs all modes.

    Returns
    -------
    NumericalAbscissa
        ``.value``, ``.vector``. Exact for operators; otherwise LAPACK's, with an absolute error of
        about N eps ||A + A^*||.

    Raises
    ------
    ParameterError
        A system in discrete time: its norm says whether it is a contraction, ``ht.transient_growth`` how
        far its powers grow. NaN or infinite entries.
    ShapeError
        Not a square matrix.

    Notes
    -----
    It is at least the spectral abscissa, with equality for normal matrices. Cost O(N^3), for operators O(N).

    References
    ----------
    theory L8; trefethen2005, chapter 17.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.numerical_abscissa(ht.LegS(64)).value
    -0.5
    >>> ht.numerical_abscissa([[-1.0, 10.0], [0.0, -1.0]]).value  # stable, and growing at first
    4.0
    """
    if isinstance(A, OnePort | LegT):
        return _of_operator(A)
    matrix, dt = square_matrix(A, "numerical_abscissa")
    if dt is not None:
        raise ParameterError(
            f"numerical_abscissa: {A!r} is in discrete time (dt = {dt:g}); ask for the growth of its powers, "
            "ht.transient_growth, or for the abscissa of the continuous system it was sampled from."
        )
    values, vectors = np.linalg.eigh(matrix / 2 + matrix.conj().T / 2)
    return NumericalAbscissa(float(values[-1]), vectors[:, -1].copy())


def _of_operator(operator: OnePort | LegT) -> NumericalAbscissa:
    """The theorem: a unit vector that no port sees, where there is one."""
    N, B = operator.N, operator.B
    x: Real = np.zeros(N)
    if isinstance(operator, LegT):
        # Even and odd indices span the two ports: the blind vector lives on 0 and 2.
        x[0], x[2 if N > 2 else 0] = (-B[2], B[0]) if N > 2 else (1.0, 1.0)
        return NumericalAbscissa(0.0 if N > 2 else -1.0, x / math.hypot(*x))
    if N == 1:
        return NumericalAbscissa(float(operator.A[0, 0]), np.ones(1))
    size = math.hypot(B[0], B[1])
    x[0], x[1] = -B[1] / size, B[0] / size
    return NumericalAbscissa(-float(operator.shift) + 0.0, x)


@dataclass(frozen=True, eq=False, repr=False)
class NumericalRange(Immutable):
    """The convex set of all x^* A x, ||x|| = 1, between two polygons; made by ``ht.numerical_range``.

    Attributes
    ----------
    theta, support : ndarray, shape (M,)
        Directions in [0, 2 pi), rising, and max Re(e^{-i theta} z) over the set: the outer polygon.
    boundary : ndarray, complex, shape (M,)
        A point of the set where that is attained, counterclockwise: the inner polygon.
    abscissa, radius : float
        The largest Re z and the largest abs(z), to machine precision (not read off the polygons).
    gap : float
        The largest distance from a corner of the outer polygon to the inner one.
    poles : ndarray, complex, shape (N,)
        The eigenvalues, which lie inside.
    """

    theta: Real
    support: Real
    boundary: Complex
    abscissa: float
    radius: float
    gap: float
    poles: Complex

    def plot(self, ax: Any = None) -> Any:
        """Draw boundary and eigenvalues on ``ax``, or on a figure of their own, which is returned."""
        from .. import plot

        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=4.0, height=3.6) if ax is None else (ax.figure, [[ax]])
            plot.boundary(ax, self.boundary, self.poles)
            ax.set_title(f"abscissa {self.abscissa:.4g}, radius {self.radius:.4g}")
        return figure

    def __repr__(self) -> str:
        return f"numerical range: abscissa {self.abscissa:.6g}, radius {self.radius:.6g}, {self.theta.size} points"


def numerical_range(A: Any, tol: float = 1e-4) -> NumericalRange:
    r"""The boundary of W(A) = {x^* A x : ||x|| = 1}: extreme points in directions theta, and tangents there.

    The largest eigenvalue of H(theta) = (e^{-i theta} A + e^{i theta} A^*)/2 is the support function of the convex set
    W(A), its eigenvector x a point x^* A x of the boundary (Johnson). Between two tangents lies a corner of an outer
    polygon, between their points an edge of an inner one; the direction normal to that edge is added until no corner
    is further than ``tol`` from its edge, so that flat pieces of the boundary are found exactly. The radius comes
    from the unimodular eigenvalues of a pencil, where some H(theta) has a given eigenvalue (Mengi and Overton).

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation, discrete or not
        Of a system its state matrix counts, in the coordinates in which it is stored.
    tol : float
        Relative to the size of the set: the largest distance of a boundary point from their mean.

    Returns
    -------
    NumericalRange
        ``.boundary``, ``.abscissa``, ``.radius``, ``.theta``, ``.support``, ``.gap``, ``.poles``, ``.plot()``. Absolute
        errors of ``support``, ``abscissa`` and ``radius`` about N eps ||A||.

    Raises
    ------
    ParameterError, ShapeError
        NaN, tol <= 0, not a square matrix.

    Notes
    -----
    A 2 x 2 matrix has an ellipse with its eigenvalues as foci, a normal matrix the convex hull of its eigenvalues.
    About 1/sqrt(tol) eigenvalue problems of size N, and a few of size 2N.

    References
    ----------
    johnson1978; mengi2005; trefethen2005, chapter 17.

    Examples
    --------
    A nilpotent matrix has a disc; LegS reaches from -1/2 to -(N^2 + 1)/2, where B is.

    >>> import hippo_theory as ht
    >>> ht.numerical_range([[0.0, 2.0], [0.0, 0.0]]).radius
    1.0
    >>> print(ht.numerical_range(ht.LegS(8), tol=1e-3))
    numerical range: abscissa -0.5, radius 32.5, 118 points
    """
    who = "numerical_range"
    tol = positive_real(tol, "tol", who)
    matrix, dt = moderate_matrix(A, who)
    real = not np.iscomplexobj(matrix)
    # The upper half of the directions suffices for a real matrix, whose range is its own mirror image.
    theta = np.arange(5.0 if real else 9.0) * (np.pi / 4)
    support, points = _supports(matrix, theta)
    while True:
        gaps, normals = _corners(theta, support, points)
        size = float(np.abs(points - points.mean()).max())
        wide = gaps > tol * size + 8 * _EPS * len(matrix) * float(np.abs(support).max())
        if not wide.any() or theta.size > 4096:
            break
        more = _supports(matrix, normals[wide])
        order = np.argsort(np.append(theta, normals[wide]), kind="stable")
        theta = np.append(theta, normals[wide])[order]
        support, points = np.append(support, more[0])[order], np.append(points, more[1])[order]
    if real:
        mirrored = slice(-2, 0, -1)
        theta = np.concatenate([theta, 2 * np.pi - theta[mirrored]])
        support, points = (np.concatenate([support, support[mirrored]]), np.append(points, points[mirrored].conj()))
    else:
        theta, support, points = theta[:-1], support[:-1], points[:-1]
    poles = np.linalg.eigvals(matrix).astype(np.complex128)
    reach = numerical_abscissa(A if dt is None else matrix).value
    return NumericalRange(theta, support, points, reach, numerical_radius(matrix), float(gaps.max()), poles)


def _turned(A: Array, theta: Real) -> Complex:
    """H(theta), shape (T, N, N)."""
    turned = np.exp(-1j * theta)[:, None, None] * (A / 2)
    return np.asarray(turned + turned.conj().swapaxes(1, 2))


def _tops(A: Array, theta: Real) -> Real:
    """The largest eigenvalue of H(theta)."""
    turned: Array = _turned(A, theta)
    return np.asarray(np.linalg.eigvalsh(turned)[:, -1], dtype=np.float64)


def _supports(A: Array, theta: Real) -> tuple[Real, Complex]:
    """The support function and a point of the boundary in each direction."""
    values, vectors = np.linalg.eigh(_turned(A, theta))
    x = vectors[:, :, -1]
    return values[:, -1], np.einsum("ti,ij,tj->t", x.conj(), A, x)


def _corners(theta: Real, support: Real, points: Complex) -> tuple[Real, Real]:
    """How far each corner of the outer polygon is from its edge of the inner one, and the normal of that edge."""
    turn, edge = np.diff(theta), np.diff(points)
    corner = np.exp(1j * theta[:-1]) * (support[:-1] + 1j * (support[1:] - support[:-1] * np.cos(turn)) / np.sin(turn))
    length = np.abs(edge)
    short = length <= 8 * _EPS * np.abs(support).max()
    away = corner - points[:-1]
    gaps = np.where(short, np.abs(away), np.abs((edge.conj() * away).imag) / np.where(short, 1.0, length))
    fraction = np.mod(np.angle(edge) - np.pi / 2 - theta[:-1], 2 * np.pi) / turn
    sensible = ~short & (fraction > 1e-6) & (fraction < 1 - 1e-6)
    return gaps, theta[:-1] + turn * np.where(sensible, fraction, 0.5)


def numerical_radius(A: Array) -> float:
    """The largest abs(x^* A x): level sets of the support function in theta, by eigenvalues of pencils."""
    real = not np.iscomplexobj(A)
    theta = np.arange(9.0 if real else 16.0) * (np.pi / 8)
    values = _tops(A, theta)
    slack = len(A) * _EPS * float(np.linalg.norm(A)) / 8
    best = _climbed(A, float(theta[np.argmax(values)]))
    for _ in range(60):
        cuts = _unimodular(A, best * (1 + 1e-10))
        middle = (cuts + np.append(cuts[1:], cuts[0] + 2 * np.pi)) / 2
        values = _tops(A, middle)
        top = int(np.argmax(values))
        if values[top] <= best * (1 + 1e-10) + slack:
            break
        best = max(best, _climbed(A, float(middle[top])))
    return best


def _unimodular(A: Array, level: float) -> Real:
    """Angles where H(theta) may have the eigenvalue ``level``: A + z^2 A^* - 2 z level is singular, z = e^{i theta}."""
    from scipy.linalg import eigvals

    N = len(A)
    P, Q = np.zeros((2, 2 * N, 2 * N), dtype=A.dtype)
    P[range(N), range(N, 2 * N)], P[N:, :N], P[range(N, 2 * N), range(N, 2 * N)] = 1, -A, 2 * level
    Q[range(N), range(N)], Q[N:, N:] = 1, A.conj().T
    a, b = eigvals(P, Q, homogeneous_eigvals=True)
    keep = np.isfinite(a) & np.isfinite(b)
    if N > 24:
        keep &= np.abs(np.abs(a) - np.abs(b)) <= 1e-2 * (np.abs(a) + np.abs(b))
    angles = np.unique(np.mod(np.angle(a[keep]) - np.angle(b[keep]), 2 * np.pi))
    return angles if angles.size > 1 else np.array([0.0, np.pi])


def _climbed(A: Array, theta: float) -> float:
    """Newton's method for the largest support from a direction, as long as it climbs."""
    best = -math.inf
    for _ in range(12):
        turned = np.exp(-1j * theta) * A
        values, vectors = np.linalg.eigh((turned + turned.conj().T) / 2)
        if not values[-1] > best:
            break
        best = float(values[-1])
        slopes = vectors.conj().T @ ((turned - turned.conj().T) / 2j) @ vectors[:, -1]
        apart = best - values[:-1]
        with np.errstate(divide="ignore"):
            pull = np.where(apart > 8 * _EPS * abs(best), 1 / apart, 0.0)
        bend = -best + 2 * float(pull @ np.abs(slopes[:-1]) ** 2)
        if not bend < 0:
            break
        theta -= float(slopes[-1].real) / bend
    return best


def moderate_matrix(value: Any, who: str) -> tuple[Array, float | None]:
    """``square_matrix`` for algorithms that square entries: those whose squares leave the float range are refused."""
    matrix, dt = square_matrix(value, who)
    size = float(np.abs(matrix).max())
    if size and not 1e-140 < size < 1e140:
        raise ParameterError(
            f"{who}: the largest entry of A is {size:.3g}, whose powers leave the range of floats; divide A by "
            "a power of two near it, and multiply the answer."
        )
    return matrix, dt


def moderate_level(eps: Any, who: str) -> float:
    """``eps`` as a float > 0 whose square, or reciprocal, stays in the float range."""
    level = positive_real(eps, "eps", who)
    if not 1e-300 < level < 1e140:
        raise ParameterError(f"{who}: eps must be between 1e-300 and 1e140, got {level:.3g}; rescale A and eps.")
    return level


def square_matrix(value: Any, who: str) -> tuple[Array, float | None]:
    """The state matrix of what was given, and the step it carries where it is discrete."""
    value = getattr(value, "system", value)
    if hasattr(value, "to_dense"):
        value = value.to_dense()
    matrix = finite(getattr(value, "A", value), "A", who)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ShapeError(f"{who}: A must be a square matrix, got shape {matrix.shape}.")
    check_range(matrix, who)
    return matrix, getattr(value, "dt", None)


def check_range(values: Array, who: str) -> None:
    """Refuse a matrix (N, N), or N poles, so large that sums and norms leave the float range."""
    size = float(max(np.abs(values.real).max(), np.abs(values.imag).max()))
    if size > 2.0**1021 / len(values):
        raise ParameterError(
            f"{who}: A has entries or poles of size {size:.3g}, and N times that must be at most 2^1021; divide A by "
            "a power of two, and what has its unit too."
        )
