"""The diagonal system of LegS on the imaginary axis: its phase in O(1), its spikes to full accuracy.

On s = iw the transfer vector of (A_N, B/2) is G/(1 + phi) with |phi| = w/R, R = sqrt(w^2 + N^2), and
arg phi = alpha(w) = 2 sum_{0<k<N} arctan(k/w) + arctan(N/w), which falls from (N - 1/2) pi to 0. Each
spike sits next to a root of alpha = m pi, m odd. There 1 + phi is as small as pi^2 m^2 / (2 N^2), so it is
built from 1 - |phi| = N^2/(R (R + w)) and the offset of alpha from m pi, neither of which cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._arrays import Real
from ..errors import ParameterError
from .progression import progression_phase

__all__ = ["Spike", "amplification_near", "axis_phase", "resolved_axis", "spike"]


def axis_phase(N: int, w: Real) -> Real:
    """Unwrapped alpha(w) = arg phi(iw) of LegS(N) for w > 0, relative error a few eps.

    2 sum_{0<k<N} arctan(k/w) is the complement of the phase of poles 1, ..., N - 1: O(1) a point.
    """
    last = np.arctan2(N, w)
    return last if N == 1 else progression_phase(1.0, N - 1, w)[1] + last


def _frequency(N: int, alpha: Real) -> Real:
    """Frequency w(alpha), the inverse of ``axis_phase``: Newton, the slope -log(1 + N^2/w^2) being the integral's."""
    grid = np.geomspace(1e-3, 1e3 * N * N, 4000)
    w = np.exp(np.interp(-alpha, -axis_phase(N, grid), np.log(grid)))
    for _ in range(30):
        step = (axis_phase(N, w) - alpha) / np.log1p((N / w) ** 2)
        w = np.maximum(w + step, w / 2)
        if np.all(np.abs(step) <= 4e-16 * w):
            break
    return np.asarray(w)


def _gap(N: int, w: Real, offset: Real) -> Real:
    """The modulus |1 + phi(iw)| where alpha(w) = (odd) pi + offset."""
    R = np.hypot(w, N)
    return np.asarray(np.hypot(N * N / (R * (R + w)), 2 * np.sqrt(w / R) * np.sin(offset / 2)))


def resolved_axis(N: int, start: float, stop: float) -> tuple[Real, Real]:
    """Points start <= w <= stop that resolve every spike, and 1/|1 + phi(iw)| there.

    Around each resonance the offset of the phase doubles from a quarter of the spike's half-width
    (1 - |phi|)/sqrt|phi| up to pi, the trough: the points follow the spikes, not a grid.

    Returns
    -------
    w, amplification : ndarrays, shape (P,)
        w ascending; P grows like N log N. Relative accuracy of the amplification a few eps on the
        offsets themselves, which are prescribed rather than computed.
    """
    if N < 2:
        raise ParameterError(f"resolved_axis: N must be at least 2 for a spike to exist, got {N}.")
    m = np.arange(1, N, 2, dtype=np.float64)
    top = _frequency(N, m * np.pi)
    R = np.hypot(top, N)
    width = N * N / (R * (R + top)) / np.sqrt(top / R)
    rungs = width / 4 * 2.0 ** np.arange(np.ceil(np.log2(4 * np.pi / width.min())))[:, None]
    rung, spike_number = np.nonzero(rungs < np.pi)
    half = np.concatenate([rungs[rung, spike_number], np.full(m.size, np.pi)])
    centre = np.pi * np.concatenate([m[spike_number], m])
    offset = np.concatenate([half, -half, np.zeros(m.size)])
    alpha = np.concatenate([centre + half, centre - half, np.pi * m])
    low, high = axis_phase(N, np.array([stop, start]))
    inside = (alpha > low) & (alpha < high)
    offset, w = offset[inside], _frequency(N, alpha[inside])

    smooth = np.geomspace(start, stop, 400)
    w, offset = np.concatenate([w, smooth]), np.concatenate([offset, axis_phase(N, smooth) - np.pi])
    order = np.argsort(w)
    return w[order], 1 / _gap(N, w, offset)[order]


@dataclass(frozen=True)
class Spike:
    """A maximum of gain(w)/|1 + phi(iw)|: the root of alpha = (odd) pi beside it, its frequency, its height."""

    root: float
    frequency: float
    height: float


def amplification_near(N: int, root: float, distance: Real) -> Real:
    """Amplification 1/|1 + phi(iw)| at w = root + distance, where alpha(root) is an odd multiple of pi.

    alpha(root + d) - alpha(root) is summed as arctangents of differences, so that the offset, and with it
    the shape of the spike, keeps its relative accuracy. Cost O(N) a point.
    """
    k = np.arange(1, N + 1)
    weight = np.where(k < N, -2.0, -1.0)
    d = distance[:, None]
    offset = np.arctan(k * d / (root * (root + d) + k * k)) @ weight
    return 1 / _gap(N, root + distance, offset)


def spike(N: int, order: int, gain: Callable[[Real], Real]) -> Spike:
    """The spike of the given order (0 is the last on the axis), located as a maximum, not sampled.

    Parameters
    ----------
    N, order : int
    gain : callable
        What multiplies 1/|1 + phi(iw)|, of arrays w; slowly varying over the spike's half-width 1/2.

    Returns
    -------
    Spike
        Height to about 1e-14 relative (the maximum is flat), frequency to about 1e-8 plus one rounding of w.
    """
    from scipy.optimize import minimize_scalar

    if not 0 <= order < N // 2:
        raise ParameterError(f"spike: the order must lie in 0..{N // 2 - 1} for N = {N}, got {order}.")
    root = float(_frequency(N, np.array([(2 * order + 1) * np.pi]))[0])

    def height(d: float) -> float:
        distance = np.array([d])
        return float((gain(root + distance) * amplification_near(N, root, distance))[0])

    found = minimize_scalar(lambda d: -height(d), bounds=(-0.5, 0.5), method="bounded", options={"xatol": 1e-10})
    return Spike(root, root + float(found.x), -float(found.fun))
