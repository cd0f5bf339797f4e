"""How far a matrix is from being normal, in the Frobenius norm of what its Schur form has above the diagonal."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Scalar
from ..errors import AccuracyWarning
from ..systems import Diagonal
from .field_of_values import moderate_matrix

__all__ = ["HenriciDeparture", "henrici_departure"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class HenriciDeparture(Scalar):
    """Departure from normality; made by ``ht.henrici_departure``.

    Attributes
    ----------
    value : float
        The Frobenius norm of the strictly upper part of a Schur form.
    relative : float
        value/||A||_F, between 0 (normal) and 1 (nilpotent).
    error : float
        How much ``value`` moves, to first order, when A moves by eps of its norm.
    """

    value: float
    relative: float
    error: float


def henrici_departure(A: Any) -> HenriciDeparture:
    r"""sqrt(||A||_F^2 - sum abs(lam_i)^2) = ||R||_F, where A = U (Lambda + R) U^* is a Schur form.

    It is read off R: the difference of squares loses half of the digits of a nearly normal matrix. A triangular
    matrix is its own Schur form: R is its off-diagonal part, to the last digit.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation, discrete or not
        Of a system its state matrix counts, in the coordinates in which it is stored.

    Returns
    -------
    HenriciDeparture
        ``.value``, ``.relative``, ``.error``. Backward stable, absolute error N eps ||A||_F at least; where eigenvalues
        are ill-conditioned ``value`` depends on A as sensitively as they do.

    Raises
    ------
    ParameterError, ShapeError
        NaN, not a square matrix.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits are certain: eigenvalues are too ill-conditioned (nearly defective, and the
        matrix not triangular), and not small.

    Notes
    -----
    Independent of the Schur form chosen; value^4 <= (N^3 - N)/12 ||A^* A - A A^*||_F^2 (Henrici). Of LegS:
    value^2 = N^4/2 - sum (2n+1)^2/2 = N^4/2 - N(4N^2 - 1)/6. Cost O(N^3).

    References
    ----------
    henrici1962; trefethen2005, chapter 48.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> found = ht.henrici_departure([[1.0, 3.0], [0.0, 2.0]])
    >>> found.value, round(found.relative, 4)
    (3.0, 0.8018)
    >>> round(ht.henrici_departure(ht.LegS(64)).relative, 4)
    0.9946
    """
    who = "henrici_departure"
    system = getattr(A, "system", A)
    if isinstance(system, Diagonal):
        return HenriciDeparture(0.0, 0.0, 0.0)
    matrix = moderate_matrix(A, who)[0]
    size = float(np.linalg.norm(matrix))
    if np.array_equal(matrix, np.triu(matrix)) or np.array_equal(matrix, np.tril(matrix)):
        value = float(np.linalg.norm(matrix - np.diag(np.diagonal(matrix))))
        return HenriciDeparture(value, value / size if size else 0.0, len(matrix) * _EPS * value)
    from scipy.linalg import schur

    triangle = schur(matrix, output="complex")[0]
    value = float(np.linalg.norm(np.triu(triangle, 1)))
    # d(value^2)/2 = -sum Re conj(lam_i) d lam_i + ..., abs(d lam_i) <= kappa_i ||dA||; near 0 it is the norm itself.
    moved = size * _EPS * (float(np.abs(np.diagonal(triangle)) @ (_conditions(triangle) - 1)) + size)
    error = min(moved / value, size) if value > len(matrix) * _EPS * size else len(matrix) * _EPS * size
    if error > 1e-8 * size:
        warnings.warn(
            f"{who}: {value:.4g} is uncertain by {error:.0e}: eigenvalues are nearly defective, and their squares are "
            "what is subtracted.",
            AccuracyWarning,
            stacklevel=2,
        )
    return HenriciDeparture(value, value / size, max(error, len(matrix) * _EPS * size))


def _conditions(triangle: Array) -> Array:
    """1/abs(y^* x) for the unit left and right eigenvectors of a triangular matrix."""
    from scipy.linalg import eig

    _, left, right = eig(triangle, left=True, right=True)
    with np.errstate(divide="ignore"):
        return np.asarray(1 / np.abs(np.einsum("ij,ij->j", left.conj(), right)))
