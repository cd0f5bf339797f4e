"""Hankel singular values: how many numbers the past leaves to the future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Immutable, Real, finite_real, vector
from ..errors import ParameterError
from ._lyapunov import Realization, in_range, realization, times_power, uncertainty

__all__ = ["HankelValues", "eps_rank", "hankel_singular_values"]

_WHO = "hankel_singular_values"


@dataclass(frozen=True, eq=False, repr=False)
class HankelValues(Immutable):
    """Hankel singular values; made by ``ht.hankel_singular_values``.

    Attributes
    ----------
    values : ndarray, shape (N,)
        Falling, the tiny ones included; ``np.asarray`` of the object is this array.
    error : float
        An estimate of the largest absolute error of a value: those below it are noise.
    """

    values: Real
    error: float

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype) if copy else np.asarray(self.values, dtype=dtype)

    def __repr__(self) -> str:
        first = float(self.values[0])
        return f"{len(self.values)} Hankel singular values, the largest {first:.8g}, error {self.error:.0e}"

    def plot(self, ax: Any = None) -> Any:
        """Values against the index, relative to the first, and the level below which they are noise; the figure."""
        from .. import plot

        with plot.house_style():
            figure, [[ax]] = plot.canvas(1, 1, width=4.6, height=3.0) if ax is None else (ax.figure, [[ax]])
            first = float(self.values[0]) or 1.0
            plot.falling_values(ax, {"": self.values / first}, level=self.error / first)
            ax.set_title(f"Hankel singular values, $\\sigma_1$ = {first:.4g}")
        return figure


def hankel_singular_values(system: Any) -> HankelValues:
    r"""sigma_j = sqrt(lambda_j(P Q)), j = 0..N-1, with the Gramians P and Q of a stable system.

    They are the singular values of the Hankel operator, which maps the past of the input to the future of the output
    (with u = 0 from now on), do not depend on coordinates, nor on a bilinear change of time (theory section 5).

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable, continuous or discrete, real or complex, with any number of inputs and outputs. Without C the state is
        read out.

    Returns
    -------
    HankelValues
        ``.values`` (N,), ``.error``, ``.plot()``. The error is a few eps sigma_0 for lossless operators (LegS with
        random C against proved values: 6e-16, 1.4e-15 and 4.8e-15 times sigma_0 for N = 16, 64 and 256, the leading
        values to 3e-14 relative), otherwise what changes eps of the entries do; ``.error`` says so.

    Raises
    ------
    UnstableSystemError
        A pole on or beyond the boundary of stability.
    AccuracyError
        A pole so close to it that not four digits would be certain.
    ParameterError, ParameterTypeError
        Scales too far apart for floats; no system.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits of the largest value are certain, as for poles close to the boundary.

    Notes
    -----
    The singular values of Y^* X with factors P = X X^*, Q = Y Y^* found without P and Q, from one triangular form
    (Hammarling's method; a triangular A is not touched). Through P and Q themselves values below some 1e-8 sigma_0 are
    noise. ``error`` comes from two more runs with perturbed entries. Cost O(N^3): 2, 15 and 50 ms for LegS, N = 16,
    128 and 256, .3 s for a full matrix with N = 256.

    References
    ----------
    theory H7; hammarling1982; yu2025hope. Proofs: ``ht.enclose_hankel_singular_values``.

    Examples
    --------
    An all-pass system forgets nothing, all values are one:

    >>> import hippo_theory as ht
    >>> op = ht.LagT(5)
    >>> ht.hankel_singular_values(ht.StateSpace(op.A, op.B, C=op.B)).values.round(12)
    array([1., 1., 1., 1., 1.])
    """
    given = realization(system, _WHO)
    values, scale = _values(given)
    unit = given.units[1] + given.units[2] - given.units[0]

    def moved(other: Realization) -> float:
        return float(np.abs(_values(other)[0] - values).max())

    error = uncertainty(moved, given, float(values[0]), scale)
    return HankelValues(
        in_range(times_power(values, unit), not values.any(), _WHO), float(times_power(np.array(error), unit))
    )


def _values(given: Realization) -> tuple[Real, float]:
    """Of Y^* X, and ||Y|| ||X||, which they cannot exceed."""
    form = given.triangular()
    X, Y = form.controllability(), form.observability()
    values: Real = np.linalg.svd(Y.conj().T @ X, compute_uv=False)
    return values, float(np.linalg.norm(X) * np.linalg.norm(Y))


def eps_rank(system: Any, eps: float) -> int:
    """How many singular values exceed eps times the largest.

    Parameters
    ----------
    system : system, operator, initialisation, HankelValues, or array_like of values, shape (N,)
        Whose Hankel singular values count, or these.
    eps : float
        In (0, 1).

    Returns
    -------
    int
        0 where all values are 0. Values within their own uncertainty of the threshold are counted as they are.

    Raises
    ------
    ParameterError
        eps out of range; negative values or NaN.

    References
    ----------
    yu2025hope; theory H1, H3.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> C = np.random.default_rng(0).standard_normal(64)
    >>> op = ht.LegS(64)
    >>> ht.eps_rank(ht.StateSpace(op.A, op.B, C), 0.01), ht.eps_rank([1.0, 0.5, 1e-3], 0.01)
    (54, 2)
    """
    eps = finite_real(eps, "eps", "eps_rank")
    if not 0 < eps < 1:
        raise ParameterError(f"eps_rank: eps must lie between 0 and 1, got {eps}.")
    values = _given(system)
    if (values < 0).any():
        raise ParameterError(f"eps_rank: singular values are at least 0, got {values.min():.3g}.")
    return int((values > eps * values.max()).sum())


def _given(system: ArrayLike | Any) -> Array:
    if hasattr(system, "values"):
        return np.asarray(system.values)
    if isinstance(system, list | tuple | np.ndarray):
        return vector(system, "values", "eps_rank")
    return hankel_singular_values(system).values
