"""Pseudospectra: the smallest singular value of zI - A on a grid, in logarithms, at any depth."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, Real, finite_real, frequencies, positive_integer
from ..errors import AccuracyWarning, ParameterError, ShapeError
from ._roads import road_to

__all__ = ["Pseudospectrum", "pseudospectrum"]

_WHO = "pseudospectrum"


@dataclass(frozen=True, eq=False, repr=False)
class Pseudospectrum(Immutable):
    """log10 of sigma_min(zI - A), the distance of A to matrices with the eigenvalue z; made by ``ht.pseudospectrum``.

    The eps-pseudospectrum is where ``log10_sigma`` < log10(eps).

    Attributes
    ----------
    z : ndarray, complex
        The points, for a box of shape (ny, nx), rows from the lowest imaginary part up.
    log10_sigma : ndarray, shape z.shape
        -inf at an eigenvalue, inf at infinity.
    floor_log10 : float
        log10 of the absolute error of sigma_min in float64: what lies below it says only that it is small. -inf
        where there is none.
    eigenvalues : ndarray, shape (N,)
        Those of A, by the road taken; for a picture.
    """

    z: Complex
    log10_sigma: Real
    floor_log10: float
    eigenvalues: Complex

    @property
    def below_floor(self) -> Array:
        """Whether a value has no correct digit, shape z.shape."""
        return np.asarray(self.log10_sigma < self.floor_log10)

    def plot(self, ax: Any = None, levels: ArrayLike | None = None) -> Any:
        """Draw the level curves and the eigenvalues on ``ax``, or on a figure of their own, which is returned.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        levels : array_like, optional
            Values of log10 sigma; by default a dozen round ones at most.

        Raises
        ------
        ShapeError
            The points are not a grid.
        """
        from .. import plot

        x, y = _axes(self.z)
        finite = self.log10_sigma[np.isfinite(self.log10_sigma)]
        if not finite.size or (levels is not None and np.size(levels) == 0):
            raise ParameterError(
                "Pseudospectrum.plot: no finite value, or no level, to draw; take other points or levels."
            )
        low, high = float(finite.min()), float(finite.max())
        chosen = _round_levels(low, high) if levels is None else np.unique(np.asarray(levels, dtype=np.float64))
        # A logarithm of zero, or of infinity, would tear holes into the curves around it.
        values = np.clip(self.log10_sigma, low - 1, high + 1)
        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=5.0, height=3.6) if ax is None else (ax.figure, [[ax]])
            plot.level_curves(ax, x, y, values, chosen, (self.eigenvalues.real, self.eigenvalues.imag))
        return figure

    def animate(self, levels: ArrayLike | None = None, frames: int = 12) -> Any:
        """The pseudospectrum growing with the level: a matplotlib animation, one frame a level.

        Parameters
        ----------
        levels : array_like, optional
            Values of log10 sigma, in the order of the frames; by default evenly spaced between the extremes.
        frames : int, default 12
            How many, where no levels are given.

        Returns
        -------
        matplotlib.animation.FuncAnimation
            ``.to_jshtml()`` for a notebook, ``.save(path)`` for a file.

        Raises
        ------
        ShapeError
            The points are not a grid.
        """
        from .. import plot

        x, y = _axes(self.z)
        low, high = self._range("animate")
        frames = positive_integer(frames, "frames", "Pseudospectrum.animate")
        steps = np.linspace(low, high, frames + 2)[1:-1] if levels is None else np.atleast_1d(np.asarray(levels, float))
        values = np.clip(self.log10_sigma, low - 1, high + 1)
        return plot.growing_set(x, y, values, steps, (self.eigenvalues.real, self.eigenvalues.imag))

    def _range(self, what: str) -> tuple[float, float]:
        finite = self.log10_sigma[np.isfinite(self.log10_sigma)]
        if not finite.size:
            raise ParameterError(f"Pseudospectrum.{what}: no finite value to draw; take other points.")
        return float(finite.min()), float(finite.max())

    def __repr__(self) -> str:
        low, high = (f"{v:.4g}" for v in (self.log10_sigma.min(), self.log10_sigma.max()))
        count = int(self.below_floor.sum())
        lost = f", {count} of them below the floor 10^{self.floor_log10:.1f}" if count else ""
        return f"log10 sigma_min(zI - A) from {low} to {high} at {self.z.size} points{lost}"


def pseudospectrum(
    A: Any, z: Any, shape: int | Sequence[int] = 100, *, digits: int | None = None, executor: Any = None
) -> Pseudospectrum:
    r"""log10 of the smallest singular value of zI - A.

    For a lossless operator, A + A^* = -2 shift I - B B^*, every singular value sigma of zI - A solves

        m_1 phi(z - m_1) = m_2 phi(z - m_2),   m_1 + m_2 = 2 (Re z + shift),   m_1 m_2 = sigma^2,

    with the all-pass function phi: an equation in one unknown, O(N) a step, no matrix, and no floor. Where abs(phi) is
    large, sigma_min = 2 abs(Re z + shift)/abs(phi(z)) to the last digit. Right of the line Re z = -shift,
    sigma_min > Re z + shift (theory L8).

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation
        Of a system its state matrix counts. LegS, LagT, TakenakaMalmquist and FouT take the equation, and so does
        a triangular array that is such a chain to the last bits of its entries.
    z : tuple (re_min, re_max, im_min, im_max), or array_like, complex
        A box, four real numbers in a tuple, or points of any shape, one at least. Infinity is legal.
    shape : int or a pair (ny, nx), default 100
        Points along each side of a box.
    digits : int, optional
        Correct digits of sigma, 1 to 15, proved in ball arithmetic at any depth, for any matrix (of an
        operator the exact entries, of an array the floats as they are). Slow.
    executor : concurrent.futures.Executor, optional
        Where blocks of points are computed: a process pool, or dask.distributed's ``client.get_executor()``. The
        result does not depend on it.

    Returns
    -------
    Pseudospectrum
        ``.z``, ``.log10_sigma``, ``.floor_log10``, ``.plot()``. Relative accuracy of sigma: 2e-13 for chains (measured
        against balls to N = 1024, 1e-780, and for poles over 500 decades); for other matrices an absolute
        4 eps sqrt(N) norm(A), the floor, with the exception of triangular ones whose small values rounding of the
        entries does not move.

    Raises
    ------
    ParameterError
        NaN; no points; an empty box, or one in another order; a wrong number of digits; entries whose sums are no
        floats, or a chain over more than 540 decades.
    ShapeError
        Not a square matrix.
    AccuracyError
        ``digits`` cannot be reached with 8192 bits.

    Warns
    -----
    AccuracyWarning
        How many of the values lie below the floor of float64.

    Notes
    -----
    Of a real A the lower half of a symmetric grid is mirrored. Other matrices: Schur form, then inverse
    Lanczos for a block of points at once, O(N^2) a point and step. Of 100 x 100 points half take 19 steps or fewer
    for a random matrix (N = 256, at most 63), 14 for ``gallery.grcar(128)`` (at most 85): seconds. A chain takes
    some 10 ms.

    References
    ----------
    theory L8, L10; trefethen2005, chapter 39 (Schur form and inverse Lanczos).

    Examples
    --------
    Far below what float64 matrices can tell apart from zero:

    >>> import numpy as np, hippo_theory as ht
    >>> legs = ht.LegS(64)
    >>> ht.pseudospectrum(legs, (-74, 10, -64, 64))
    log10 sigma_min(zI - A) from -46.17 to 1.051 at 10000 points
    >>> far = ht.pseudospectrum(legs, [-20.5, -20.5 + 10j])
    >>> deep = np.log10(2 * 20.0) - np.log10(abs(legs.allpass(far.z)))
    >>> bool(abs(far.log10_sigma - deep).max() < 1e-13)
    True
    """
    points = _points(z, shape)
    road = road_to(A, digits, _WHO)
    log10 = np.full(points.shape, np.inf)
    finite = np.isfinite(points)
    log10[finite] = road.at(points[finite], executor)
    floor = road.floor(points[finite], log10[finite])
    lost = int((log10 < floor).sum())
    if lost:
        warnings.warn(
            f"{_WHO}: {lost} of {points.size} values lie below 10^{floor:.1f}, where float64 has no digits for this "
            "matrix: sigma_min is that small, no more is known. Pass the operator where there is one, or digits=.",
            AccuracyWarning,
            stacklevel=2,
        )
    return Pseudospectrum(points, log10, floor, road.eigenvalues)


def _points(z: Any, shape: int | Sequence[int]) -> Complex:
    if not (isinstance(z, tuple) and len(z) == 4 and not any(np.iterable(v) or np.iscomplexobj(v) for v in z)):
        points = frequencies(z, _WHO, "z")
        if not points.size:
            raise ParameterError(f"{_WHO}: z has no points (shape {points.shape}); give one at least, or a box.")
        return points
    left, right, low, high = (finite_real(v, "a side of the box", _WHO) for v in z)
    if not (left < right and low < high):
        raise ParameterError(
            f"{_WHO}: a box is (re_min, re_max, im_min, im_max), each pair increasing; got {z}. "
            "Points come as an array."
        )
    if max(-left, right, -low, high) > 1e300:
        raise ParameterError(f"{_WHO}: a box reaches to 1e300 at most, got {z}; rescale A and z.")
    sides: Any = tuple(shape) if np.iterable(shape) else (shape, shape)
    if len(sides) != 2:
        raise ShapeError(f"{_WHO}: shape is a number of points or a pair (ny, nx), got {shape}.")
    ny, nx = (positive_integer(n, "shape", _WHO) for n in sides)
    x, y = np.linspace(left, right, nx), np.linspace(low, high, ny)
    if low == -high:
        y = (y - y[::-1]) / 2  # a mirror image to the last bit
    return np.asarray(x + 1j * y[:, None], dtype=np.complex128)


def _axes(z: Complex) -> tuple[Real, Real]:
    """The coordinates of a grid."""
    grid = z.ndim == 2 and min(z.shape) > 1
    if not (grid and (z.real == z.real[:1]).all() and (z.imag == z.imag[:, :1]).all()):
        raise ShapeError(
            f"Pseudospectrum.plot: level curves need a grid of at least 2 x 2 points, rows of equal imaginary "
            f"part; got shape {z.shape}. Ask for a box."
        )
    return z.real[0], z.imag[:, 0]


def _round_levels(low: float, high: float) -> Real:
    """At most a dozen multiples of a round number between the ends."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e9) if (high - low) / s <= 12)
    levels = np.asarray(step * np.arange(math.ceil(low / step), math.floor(high / step) + 1), dtype=np.float64)
    return levels if levels.size else np.array([(low + high) / 2])
