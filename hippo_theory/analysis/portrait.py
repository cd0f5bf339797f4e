"""Everything that this room can say of one matrix, side by side: a picture and a table."""

from __future__ import annotations

import html
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Array, Complex, Immutable
from ..errors import AccuracyError, AccuracyWarning, UnstableSystemError
from ..operators import Operator
from .conditioning import eigenvector_condition
from .departure import henrici_departure
from .field_of_values import NumericalRange, numerical_range, square_matrix
from .growth import transient_growth
from .kreiss import kreiss_constant
from .margins import distance_to_instability
from .resolvent import Pseudospectrum, pseudospectrum

__all__ = ["SpectralPortrait", "spectral_portrait"]

_WHO = "spectral_portrait"


@dataclass(frozen=True, eq=False, repr=False)
class SpectralPortrait(Immutable):
    """Pseudospectra, numerical range and the numbers that go with them; made by ``ht.spectral_portrait``.

    Prints as a table, in notebooks too.

    Attributes
    ----------
    name : str
        What was given.
    dt : float or None
        The step of a discrete system.
    pseudospectrum : Pseudospectrum
    numerical_range : NumericalRange
    values : dict of str to (float or None, str)
        Name to value and remark; None where the number does not exist, for the reason that the remark gives.
    """

    name: str
    dt: float | None
    pseudospectrum: Pseudospectrum
    numerical_range: NumericalRange
    values: dict[str, tuple[float | None, str]]

    def plot(self, ax: Any = None) -> Any:
        """Level curves, eigenvalues, the boundary of the numerical range and that of stability (dashed).

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure = self.pseudospectrum.plot(ax)
        ax = ax or figure.axes[0]
        edge = self.numerical_range.boundary
        ax.plot(np.append(edge.real, edge[0].real), np.append(edge.imag, edge[0].imag), color="0.55", linewidth=0.8)
        if self.dt is None:
            ax.axvline(0.0, color="black", linewidth=0.7, linestyle="--", zorder=0.5)
        else:
            circle = np.exp(1j * np.linspace(0, 2 * math.pi, 400))
            ax.plot(circle.real, circle.imag, color="black", linewidth=0.7, linestyle="--", zorder=0.5)
        ax.set_title(self.name)
        return figure

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (name, "-" if value is None else f"{value:.6g}", remark) for name, (value, remark) in self.values.items()
        ]

    def __str__(self) -> str:
        rows = self._rows()
        widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
        lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}".rstrip() for a, b, c in rows]
        return "\n".join([self.name, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><td>{html.escape(a)}</td><td style='text-align:right'>{html.escape(b)}</td>"
            f"<td style='text-align:left'>{html.escape(c)}</td></tr>"
            for a, b, c in self._rows()
        )
        return f"<p><b>Spectral portrait</b> {html.escape(self.name)}</p><table><tbody>{body}</tbody></table>"


def spectral_portrait(
    A: Any, box: tuple[float, float, float, float] | None = None, shape: int = 100
) -> SpectralPortrait:
    r"""Pseudospectra, numerical range, abscissae, condition, departure, margin, Kreiss constant, growth.

    Parameters
    ----------
    A : array_like, shape (N, N), Operator, or a system or initialisation, discrete or not
        Of a system its state matrix counts, in the coordinates in which it is stored.
    box : tuple (re_min, re_max, im_min, im_max), optional
        By default around the eigenvalues.
    shape : int, default 100
        Points along each side.

    Returns
    -------
    SpectralPortrait
        ``.values``, ``.pseudospectrum``, ``.numerical_range``, ``.plot()``.

    Raises
    ------
    ParameterError, ShapeError
        NaN, not a square matrix, an empty box.

    Notes
    -----
    Each number has a function of its own, which says how it is found and how far it can be trusted; digits
    that are lost are told in the remark. Cost: that of the slowest, ``ht.kreiss_constant``, up to 1 s at N = 100.

    References
    ----------
    trefethen2005; theory L8, L9, L10.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> print(ht.spectral_portrait(ht.LegS(16)))
    LegS(16)
    spectral abscissa                 -1
    numerical abscissa              -0.5
    numerical radius               128.5
    kappa(V)                 8.31986e+10  of the eigenvectors
    departure                    173.321  0.976 of ||A||_F
    distance to instability     0.577225  at frequency 0
    Kreiss constant                    1  a lower bound of the growth
    transient growth                   1  contraction, ||e^(tA)|| <= 1
    """
    matrix, dt = square_matrix(A, _WHO)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccuracyWarning)
        shown = pseudospectrum(A, _around(_eigenvalues(A, matrix)) if box is None else box, shape)
    reach = numerical_range(A)
    return SpectralPortrait(_name(A, matrix), dt, shown, reach, _values(A, matrix, dt, reach))


def _name(A: Any, matrix: Array) -> str:
    if isinstance(A, np.ndarray | list | tuple):
        return f"matrix of {len(matrix)} x {len(matrix)}"
    return repr(A)


def _eigenvalues(A: Any, matrix: Array) -> Complex:
    """Of an operator those that it knows; a picture needs no more than LAPACK's otherwise."""
    if isinstance(A, Operator) and hasattr(A, "a"):
        return np.asarray(-(A.a + A.shift))
    return np.linalg.eigvals(matrix).astype(np.complex128)


def _around(lam: Complex) -> tuple[float, float, float, float]:
    """A box about the eigenvalues, as high as wide or wider, symmetric where they are."""
    left, right, low, high = lam.real.min(), lam.real.max(), lam.imag.min(), lam.imag.max()
    size = max(right - left, high - low, 0.1 * np.abs(lam).max()) or 1.0
    x, y = (size - (right - left)) / 2 + 0.25 * size, (size - (high - low)) / 2 + 0.25 * size
    return float(left - x), float(right + x), float(low - y), float(high + y)


def _values(A: Any, matrix: Array, dt: float | None, reach: NumericalRange) -> dict[str, tuple[float | None, str]]:
    lam = _eigenvalues(A, matrix)
    found: dict[str, tuple[float | None, str]] = {}
    if dt is None:
        found["spectral abscissa"] = float(lam.real.max()), ""
        found["numerical abscissa"] = reach.abscissa, ""
    else:
        found["spectral radius"] = float(np.abs(lam).max()), ""
    found["numerical radius"] = reach.radius, ""
    found["kappa(V)"] = _told(eigenvector_condition, A, lambda r: "of the eigenvectors")
    found["departure"] = _told(henrici_departure, A, lambda r: f"{r.relative:.4g} of ||A||_F")
    found["distance to instability"] = _told(distance_to_instability, A, lambda r: f"at frequency {r.frequency:.4g}")
    found["Kreiss constant"] = _told(kreiss_constant, A, lambda r: "a lower bound of the growth")
    found["transient growth"] = _told(transient_growth, A, str)
    return found


def _told(function: Callable[[Any], Any], A: Any, remark_on: Callable[[Any], str]) -> tuple[float | None, str]:
    """A value and its remark, with the warning it came with; None and the reason where there is none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AccuracyWarning)
        try:
            result = function(A)
        except UnstableSystemError:
            return None, "unstable"
        except AccuracyError:
            return None, "float64 cannot decide: on the boundary of stability"
    lost = any(issubclass(w.category, AccuracyWarning) for w in caught)
    return float(result.value), remark_on(result) + ("; digits are lost" if lost else "")
