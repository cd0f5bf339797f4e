"""What the all-pass homotopy loses: sup over the axis of ||G|| rho |phi|/|1 + rho phi|, by a mesh that resolves it."""

from __future__ import annotations

import math

import numpy as np

from .._arrays import Complex, Real, unit_interval
from ..operators import OnePort, PoleChain
from .axis_mesh import SEARCH, Peak, axis_mesh, highest
from .convergence import diagonal_error
from .homotopy import roots
from .inner_functions import inner_function, require_one_port
from .normal_part import diagonalize_normal_part

__all__ = ["homotopy_error"]

_BLOCK = 1 << 19  # entries of a matrix of differences held at a time


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
    require_one_port(operator, who)
    rho = unit_interval(rho, who)
    if rho == 1 and operator.shift == 0:
        return Peak(math.inf, float(diagonalize_normal_part(operator).lam.imag.max()))
    if rho == 1 and isinstance(operator, PoleChain):
        return diagonal_error(operator).peak()
    inner, half = inner_function(operator)
    a, shift = inner.a, float(np.ldexp(operator.shift, -2 * half))
    with np.errstate(all="ignore"):
        x = roots(inner, operator.N, rho)
    # Poles of both systems.
    centres, widths = np.abs(np.append(a.imag, x.imag)), np.append(a.real, x.real) + shift
    mesh = axis_mesh((np.zeros(1), np.zeros(1)), float(widths[-1]), (centres, widths), *SEARCH)
    return highest(lambda w: _gain(a, shift, rho, w[0] + w[1]), mesh).scaled(half)


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
