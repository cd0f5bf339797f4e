"""Synthetic tasks with closed-form answers: what a frozen state can tell about the past of white noise.

The input is Gaussian and its covariance is known, so the best linear read-out and its expected error
follow without a training set, a seed or a learning rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Immutable, Real, generator, positive_integer, positive_real
from ..errors import ParameterError, ParameterTypeError
from ..operators import Operator
from ._checks import checked_operator

__all__ = ["ReadOut", "WhiteNoise", "delay_task", "reconstruction_task"]

_RESOLUTION = 1e-7


@dataclass(frozen=True)
class WhiteNoise:
    r"""Band-limited Gaussian white noise of ``length`` samples, shifted to start at zero.

        u_k = v_k - v_0,   v_k = rms J^{-1/2} sum_{j<=J} (a_j cos(2 pi j k / L) + b_j sin(2 pi j k / L)),

    a_j, b_j independent standard normal, J = freq L dt the highest harmonic, L = ``length`` (even).

    Parameters
    ----------
    length : int
        Number of samples, even.
    dt : float
        Sampling interval of the signal in seconds.
    freq : float
        Highest frequency in hertz, at most 1/(2 dt).
    rms : float, default 0.5
        Root mean square before the start value is subtracted.

    Attributes
    ----------
    harmonics : int
        J; the signal has 2J degrees of freedom.

    Raises
    ------
    ParameterError
        An odd length, a frequency below the first harmonic or beyond the Nyquist frequency.

    References
    ----------
    gu2023httyh (synthetic experiments).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> noise = ht.WhiteNoise(length=4000, dt=1e-3, freq=100)
    >>> noise.harmonics, noise.sample(3, rng=0).shape, float(noise.sample(1, rng=0)[0, 0])
    (400, (3, 4000), 0.0)
    """

    length: int
    dt: float
    freq: float
    rms: float = 0.5

    def __post_init__(self) -> None:
        who = "WhiteNoise"
        if positive_integer(self.length, "length", who) % 2:
            raise ParameterError(f"{who}: length must be even, got {self.length}.")
        for name in ("dt", "freq", "rms"):
            object.__setattr__(self, name, positive_real(getattr(self, name), name, who))
        if self.freq * self.dt > 0.5 * (1 + 1e-12) or self.harmonics < 1:
            raise ParameterError(
                f"{who}: freq must lie between the first harmonic, {1 / (self.length * self.dt):g} Hz, and the Nyquist "
                f"frequency, {0.5 / self.dt:g} Hz; got {self.freq:g}."
            )

    @property
    def harmonics(self) -> int:
        """J: the constant and the Nyquist frequency are left out."""
        return min(math.floor(self.freq * self.length * self.dt * (1 + 1e-12)), self.length // 2 - 1)

    def factor(self) -> Real:
        """F (length, 2J) with u = F z, z standard normal: the covariance of u is F F^T."""
        k, j = np.arange(self.length)[:, None], np.arange(1, self.harmonics + 1)
        # The phase modulo one turn in integers: cosines of large angles keep their digits.
        phase = 2 * np.pi / self.length * (k * j % self.length)
        F = self.rms / math.sqrt(self.harmonics) * np.hstack([np.cos(phase), np.sin(phase)])
        return np.asarray(F - F[0])

    def sample(self, size: int, rng: Any = None) -> Real:
        """Independent signals (size, length)."""
        J, L = self.harmonics, self.length
        z = generator(rng, "WhiteNoise.sample").standard_normal((positive_integer(size, "size", "WhiteNoise"), 2, J))
        spectrum = np.zeros((size, L // 2 + 1), dtype=np.complex128)
        spectrum[:, 1 : J + 1] = (z[:, 0] - 1j * z[:, 1]) * (L / 2)
        v = np.fft.irfft(spectrum, n=L) * (self.rms / math.sqrt(J))
        return np.asarray(v - v[:, :1])


@dataclass(frozen=True, eq=False, repr=False)
class ReadOut(Immutable):
    """Expected errors of the best linear read-out of a state; made by the tasks.

    Attributes
    ----------
    rmse : float
        Root mean square error over targets and inputs.
    zero : float
        The same for the predictor that always says 0.
    weights : ndarray
        The read-out: (targets, N), or (N + 1,) with the feedthrough last.
    profile : ndarray, shape (targets,)
        Root mean square error of each target.
    """

    rmse: float
    zero: float
    weights: Real
    profile: Real

    @property
    def relative(self) -> float:
        """rmse / zero: 0 is perfect, 1 has learnt nothing."""
        return self.rmse / self.zero

    def __repr__(self) -> str:
        return f"ReadOut(rmse={self.rmse:.3g}, relative={self.relative:.3g}, weights {self.weights.shape})"


def reconstruction_task(operator: Operator, dt: float, noise: WhiteNoise | None = None, memory: int = 1000) -> ReadOut:
    """The last ``memory`` samples from the final state: the best linear read-out and its expected error.

    The final state is x = K u with K_k the sampled kernel (zero-order hold). With u = F z the read-out minimises
    E|W x - y|^2 = ||W K F - F_last||_F^2, an ordinary least-squares problem without any sampling.

    Parameters
    ----------
    operator : Operator
    dt : float
        Step of the state space (one per sample).
    noise : WhiteNoise, optional
        Default: 4000 samples at 1 ms, 100 Hz, so that a memory of 1000 samples has 200 degrees of freedom.
    memory : int, default 1000

    Returns
    -------
    ReadOut

    Raises
    ------
    ParameterError
        memory > length, dt <= 0.

    Notes
    -----
    Directions of the state below 1e-7 of the largest are not read out, as in float32 they could not be.
    Cost O(L N^2 + J N^2 + J N memory).

    References
    ----------
    gu2023httyh (Reconstruct task).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> noise = ht.WhiteNoise(400, 1e-3, 25)
    >>> matched, late = (ht.reconstruction_task(ht.LegT(32), dt, noise, 100).relative for dt in (1e-2, 1e-1))
    >>> matched < 1e-3 < 0.5 < late
    True
    """
    noise = _checked_noise(WhiteNoise(4000, 1e-3, 100) if noise is None else noise, "reconstruction_task")
    memory = positive_integer(memory, "memory", "reconstruction_task")
    if memory > noise.length:
        raise ParameterError(f"reconstruction_task: memory = {memory} exceeds the {noise.length} samples.")
    F = noise.factor()
    K = checked_operator(operator, "reconstruction_task").system.discretize(dt, "zoh").kernel(noise.length)
    target = F[-memory:]
    states = K[:, ::-1] @ F
    U, sigma, Vt = _readable(states)
    seen = target @ Vt.T
    weights = (seen / sigma) @ U.T
    # The error directly, not as a difference of squares: it may be far below the target.
    left = target - seen @ Vt
    profile = np.linalg.norm(left, axis=1)
    return ReadOut(_rms([profile]), _rms([np.linalg.norm(target, axis=1)]), weights, profile)


def delay_task(
    operator: Operator, dt: float, noise: WhiteNoise | None = None, lag: int = 1000, size: int = 8, rng: Any = 0
) -> ReadOut:
    """u delayed by ``lag`` samples, from the running state: read-out and feedthrough by least squares.

    One read-out w and one D serve all moments: they minimise sum_k |w^T x_k + D u_k - u_{k-lag}|^2 over
    ``size`` signals (zero before the start); the error is measured on as many fresh ones.

    Parameters
    ----------
    operator : Operator
    dt : float
        Step of the state space (one per sample).
    noise : WhiteNoise, optional
        Default: 4000 samples at 0.25 ms, 1000 Hz.
    lag : int, default 1000
    size : int, default 8
        Signals to fit, and signals to test on.
    rng : Generator or seed, default 0

    Returns
    -------
    ReadOut

    Raises
    ------
    ParameterError
        lag > length - 2, dt <= 0.

    Notes
    -----
    Directions of the state below 1e-7 of the largest are not read out, as in float32 they could not be.
    Cost O(size L N^2).

    References
    ----------
    gu2023httyh (Delay task).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> noise = ht.WhiteNoise(400, 1e-3, 50)
    >>> ht.delay_task(ht.LegT(64), 1e-2, noise, lag=100).relative < 1e-2
    True
    """
    noise = _checked_noise(WhiteNoise(4000, 2.5e-4, 1000) if noise is None else noise, "delay_task")
    lag = positive_integer(lag, "lag", "delay_task")
    if lag > noise.length - 2:
        raise ParameterError(
            f"delay_task: lag = {lag} must be at most {noise.length - 2} for {noise.length} samples: the first of them "
            "is always zero, and nothing else would be left to predict."
        )
    source = generator(rng, "delay_task")
    fit, test = (noise.sample(size, source) for _ in range(2))
    L = noise.length
    operator = checked_operator(operator, "delay_task")
    response = np.fft.rfft(operator.system.discretize(dt, "zoh").kernel(L), 2 * L)

    def regressors(u: Real) -> Real:
        """States, input and target (N + 2, L) of one signal."""
        states = np.fft.irfft(response * np.fft.rfft(u, 2 * L), 2 * L)[:, :L]
        return np.vstack([states, u, np.concatenate([np.zeros(lag), u[:-lag]])])

    triangle: Real = np.zeros((0, operator.N + 2))
    for u in fit:
        # One triangular factor for all signals: the condition number is not squared.
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, regressors(u).T]), mode="r"))
    U, sigma, Vt = _readable(triangle[:, :-1])
    weights = Vt.T @ ((U.T @ triangle[:, -1]) / sigma)
    errors, targets = [], []
    for u in test:
        X = regressors(u)
        errors.append(weights @ X[:-1] - X[-1])
        targets.append(X[-1])
    rmse = _rms(errors)
    return ReadOut(rmse, _rms(targets), weights, np.array([rmse]))


def _checked_noise(noise: Any, who: str) -> WhiteNoise:
    if not isinstance(noise, WhiteNoise):
        raise ParameterTypeError(
            f"{who}: noise must be a WhiteNoise, whose covariance is known, got {type(noise).__name__}; for signals of "
            "your own see ht.remember."
        )
    return noise


def _readable(matrix: Real) -> tuple[Real, Real, Real]:
    """U, sigma, V^T of the directions that float32 can tell apart."""
    U, sigma, Vt = np.linalg.svd(matrix, full_matrices=False)
    kept = sigma > _RESOLUTION * sigma[0]
    return U[:, kept], sigma[kept], Vt[kept]


def _rms(signals: list[Real]) -> float:
    return math.sqrt(float(np.mean(np.square(signals))))
