r"""``enclose``: proved statements about the smallest singular value of zI - A, at points, on boxes, on contours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, Real, finite, frequencies, positive_integer, positive_real
from .._optional import require
from .._precision import working_precision
from ..errors import ParameterError, ParameterTypeError, ShapeError
from ..operators import Operator, PoleChain
from ..systems import StateSpace
from .balls import lower, upper
from .chain_resolvent import ChainResolvent
from .dense_resolvent import DenseResolvent
from .regions import EigenvalueCount, FreeRegion, check_simple, count_inside, free_box

__all__ = ["SingularValueBounds", "enclose"]

_WHO = "enclose"
# Of what leaves room for sums and norms in the float range.
_LARGEST = 1e300


@dataclass(frozen=True, eq=False, repr=False)
class SingularValueBounds(Immutable):
    """Proved bounds lower <= sigma_min(zI - A) <= upper; made by ``ht.enclose(A, z)``.

    Attributes
    ----------
    z : ndarray, complex
    lower, upper : ndarray, float64, shape of z
        Rounded outwards: below the range of floats they are 0 and 5e-324.
    log10_lower, log10_upper : ndarray, float64, shape of z
        Their logarithms before that, finite unless sigma_min is exactly 0, on an eigenvalue, or z infinite.
    """

    z: Complex
    lower: Real
    upper: Real
    log10_lower: Real
    log10_upper: Real

    def __repr__(self) -> str:
        if self.z.size == 1:
            low, high = self.log10_lower.item(), self.log10_upper.item()
            if self.lower.item() > 0 and math.isfinite(self.upper.item()):
                return f"{self.lower.item():.17g} <= sigma_min <= {self.upper.item():.17g}"
            return f"10^{low:.15g} <= sigma_min <= 10^{high:.15g}"
        low, high = self.log10_lower.min(initial=math.inf), self.log10_upper.max(initial=-math.inf)
        return f"sigma_min at {self.z.size} points, between 10^{low:.6g} and 10^{high:.6g}"


@overload
def enclose(A: Any, z: ArrayLike, *, max_cells: int = ...) -> SingularValueBounds: ...
@overload
def enclose(A: Any, *, box: Any, eps: float, max_cells: int = ...) -> FreeRegion: ...
@overload
def enclose(A: Any, *, contour: ArrayLike, eps: float, max_cells: int = ...) -> EigenvalueCount: ...
def enclose(
    A: Any,
    z: ArrayLike | None = None,
    *,
    box: Any = None,
    contour: ArrayLike | None = None,
    eps: float | None = None,
    max_cells: int = 20_000,
) -> SingularValueBounds | FreeRegion | EigenvalueCount:
    r"""Proved bounds of sigma_min(zI - A) = 1/||(zI - A)^{-1}||: at points, on a box, or on a contour.

    ``enclose(A, z)`` bounds it on both sides. ``enclose(A, box=(re_min, re_max, im_min, im_max), eps=eps)`` decides
    whether the closed box is free of the eps-pseudospectrum, sigma_min > eps: whether no A + E, ||E|| <= eps, has an
    eigenvalue there. ``enclose(A, contour=vertices, eps=eps)`` decides it for a polygon, and then counts the
    eigenvalues which every such A + E has inside. All three are theorems about the matrix given: balls carry every
    rounding.

    Parameters
    ----------
    A : Operator, array_like of shape (N, N), or StateSpace
        Of an operator the exact entries are meant; of an array, real or complex, the floats as they are.
    z : array_like, complex
        Points; at infinity sigma_min is infinite.
    box : tuple of four floats
        (re_min, re_max, im_min, im_max); bounds may be infinite, and equal ones give a line.
    contour : array_like, complex, shape (n,), n >= 3
        The vertices of a simple polygon, in either orientation; a first one repeated at the end is dropped.
    eps : float
        The size of perturbations, absolute, > 0.
    max_cells : int, default 20000
        Pieces of a boundary that may be examined.

    Returns
    -------
    SingularValueBounds, FreeRegion or EigenvalueCount
        Points: ``.lower``, ``.upper``, ``.log10_lower``, ``.log10_upper``, of a relative width of 1e-12 (chains;
        3e-16 abs(log sigma) where that is more) or below 1e-9 (other matrices: about N^2 1e-15). On an eigenvalue the
        bounds are 0. Box: ``.passed``, ``.counterexample``. Contour: ``.passed``, ``.count``, ``.counterexample``.

    Raises
    ------
    AccuracyError
        The budget was spent undecided, since sigma_min = eps nearly or exactly somewhere; or an enclosure was not
        reached, as on an irrational eigenvalue.
    ParameterError
        NaN; no points; eps <= 0; A, eps or vertices beyond 1e300; an empty box; a polygon with fewer than three
        vertices, or that touches itself.
    ShapeError, ParameterTypeError
        A is not a square matrix of numbers; a box not of four numbers; not exactly one of z, box and contour.

    Notes
    -----
    Chains (LegS, LagT, Takenaka-Malmquist) have one scalar equation for sigma_min, decided by signs
    (``rigor.chain_resolvent``: theorem and proof): O(N) a point, .3 ms for N = 6, 10 ms for N = 1024. Other matrices go
    through LAPACK's singular values with a proof where those suffice, elsewhere through the inverse in balls: .5 s
    for N = 64, some seconds for N = 128. On a box only the boundary is examined: ||(zI - A)^{-1}|| is subharmonic.

    References
    ----------
    trefethen2005; theory L8, L10.

    Examples
    --------
    Far below the rounding of floats:

    >>> import numpy as np, hippo_theory as ht
    >>> found = ht.enclose(ht.LegS(128), -60.5)
    >>> bool(found.upper < 1e-87), bool(found.upper / found.lower - 1 < 1e-12)
    (True, True)

    The right half plane is free of every pseudospectrum up to the distance to instability, 1/2 for LegS:

    >>> ht.enclose(ht.LegS(64), box=(0, np.inf, -np.inf, np.inf), eps=0.499)
    sigma_min(zI - A) > 0.499 on [0, inf] x [-inf, inf]i: proved

    And its pseudospectrum is no larger than it must be, re z <= eps - 1/2, as the Kreiss constant 1 asks:

    >>> ht.enclose(ht.LegS(64), box=(3.51, np.inf, -np.inf, np.inf), eps=4).passed
    True

    Every matrix within 1e-4 of LegS has exactly one eigenvalue in this square:

    >>> ht.enclose(ht.LegS(4), contour=[-1.3 - 0.3j, -0.7 - 0.3j, -0.7 + 0.3j, -1.3 + 0.3j], eps=1e-4)
    1 eigenvalues of A + E in a contour of 4 edges for every ||E|| <= 0.0001: proved
    """
    if sum(given is not None for given in (z, box, contour)) != 1:
        raise ParameterTypeError(f"{_WHO}: give exactly one of z, box= and contour=.")
    if z is not None:
        if eps is not None:
            raise ParameterTypeError(f"{_WHO}: eps belongs to box= or contour=, not to points.")
        points = frequencies(z, _WHO)
        if not points.size:
            raise ParameterError(f"{_WHO}: z has no points (shape {points.shape}); give one at least.")
        return _bounds(_resolvent(A), points)
    if eps is None:
        raise ParameterTypeError(f"{_WHO}: a box or a contour needs eps=, the size of perturbations.")
    eps, max_cells = positive_real(eps, "eps", _WHO), positive_integer(max_cells, "max_cells", _WHO)
    if eps > _LARGEST:
        raise ParameterError(f"{_WHO}: eps = {eps:.3g} must be at most {_LARGEST:g}; rescale A, z and eps.")
    if box is not None:
        sides = _box(box)
        return free_box(_resolvent(A), sides, eps, max_cells)
    vertices = _contour(contour)
    return count_inside(_resolvent(A), vertices, eps, max_cells)


def _resolvent(A: Any) -> ChainResolvent | DenseResolvent:
    if isinstance(A, PoleChain):
        return ChainResolvent(A)
    if isinstance(A, Operator):
        return DenseResolvent(A)
    if isinstance(A, StateSpace):
        A = A.A
    if hasattr(A, "to_dense"):
        raise ParameterTypeError(
            f"{_WHO}: {type(A).__name__} has no entries of A in floats; give an operator, or the array .to_dense().A, "
            "whose roundings are then taken at their word."
        )
    matrix = finite(A, "A", _WHO)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ShapeError(f"{_WHO}: A must be a square matrix, got shape {matrix.shape}.")
    if max(np.abs(matrix.real).max(), np.abs(matrix.imag).max()) > _LARGEST:
        raise ParameterError(f"{_WHO}: entries beyond {_LARGEST:g} are not supported; rescale A, z and eps.")
    return DenseResolvent(matrix)


def _bounds(resolvent: ChainResolvent | DenseResolvent, z: Complex) -> SingularValueBounds:
    arb = require("flint").arb
    results: Array = np.empty((4, z.size))
    for k, point in enumerate(z.ravel()):
        if np.isinf(point):
            results[:, k] = math.inf
            continue
        low, high = resolvent.enclose(complex(point))
        with working_precision(128):
            ten = arb.const_log10()
            logs = [lower(low.log() / ten), upper(high.log() / ten)] if high > 0 else [-math.inf, -math.inf]
            results[:, k] = [lower(low), upper(high), *logs]
    return SingularValueBounds(z, *(row.reshape(z.shape) for row in results))


def _box(box: Any) -> tuple[float, float, float, float]:
    sides = np.asarray(box)
    if sides.dtype.kind not in "iuf" or sides.shape != (4,):
        raise ShapeError(f"{_WHO}: box must be four real numbers (re_min, re_max, im_min, im_max), got {box!r}.")
    re_min, re_max, im_min, im_max = (float(side) for side in sides)
    if not (re_min <= re_max and im_min <= im_max) or math.inf in (re_min, im_min) or -math.inf in (re_max, im_max):
        raise ParameterError(f"{_WHO}: the box is empty, or NaN: re {re_min} .. {re_max}, im {im_min} .. {im_max}.")
    return re_min, re_max, im_min, im_max


def _contour(contour: Any) -> Complex:
    vertices = finite(contour, "contour", _WHO).astype(np.complex128)
    if vertices.ndim != 1:
        raise ShapeError(f"{_WHO}: contour must be a list of vertices, got shape {vertices.shape}.")
    if vertices.size > 1 and vertices[0] == vertices[-1]:
        vertices = vertices[:-1]
    if vertices.size < 3:
        raise ParameterError(f"{_WHO}: a contour needs at least three vertices, got {vertices.size}.")
    if max(np.abs(vertices.real).max(), np.abs(vertices.imag).max()) > _LARGEST:
        raise ParameterError(f"{_WHO}: vertices beyond {_LARGEST:g} are not supported; rescale A, contour and eps.")
    check_simple(vertices, _WHO)
    return vertices
