"""HOPE: a layer given by the Markov parameters of a Hankel operator, and by the step at which it is sampled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import (
    Array,
    Complex,
    Immutable,
    Real,
    finite,
    frequencies,
    generator,
    positive_integer,
    positive_real,
    vector,
)
from ..errors import ParameterError, ShapeError
from ..systems import StateSpace

if TYPE_CHECKING:
    from .reporting import Report

__all__ = ["Hope", "hope"]

# Beyond, 1 - |rho| would keep less than half of its digits.
_SMALLEST, _LARGEST = 1e-8, 1e8


@dataclass(frozen=True, eq=False, repr=False)
class Hope(Immutable):
    r"""The system with Hankel matrix H_ij = h_{i+j}, sampled with step dt; made by ``ht.hope``.

    With q = 1/z it is G(z) = sum_j h_j phi(q)^{j+1}, phi(q) = (q - rho)/(1 - rho q): n equal all-pass sections in
    series, tapped after each one. All n poles are at z = rho, in one Jordan block, whatever h is.

    Attributes
    ----------
    h : ndarray, shape (n,)
        Markov parameters, complex128, or float64 where real ones were given.
    dt : float
        The step; the sampling rate of the input is 1.
    source : str
        Reference keys.
    """

    h: Array
    dt: float
    source: str = "yu2025hope"

    def __post_init__(self) -> None:
        object.__setattr__(self, "h", vector(self.h, "h", "hope"))
        dt = positive_real(self.dt, "dt", "hope")
        if not _SMALLEST <= dt <= _LARGEST:
            raise ParameterError(
                f"hope: dt must lie between {_SMALLEST:g} and {_LARGEST:g}, got {dt:g}: rho = (1 - dt)/(1 + dt) would "
                "be rounded to the unit circle."
            )
        object.__setattr__(self, "dt", dt)
        super().__post_init__()

    @property
    def n(self) -> int:
        """Number of Markov parameters."""
        return self.h.size

    @property
    def N(self) -> int:
        """State size, n; real where h is real, and for a real input in any case (see ``apply``)."""
        return self.h.size

    @property
    def rho(self) -> float:
        """The pole (1 - dt)/(1 + dt), n-fold; negative for dt > 1, where the high frequencies are the delayed ones."""
        return (1 - self.dt) / (1 + self.dt)

    @property
    def poles(self) -> Real:
        """rho, n times."""
        return np.full(self.n, self.rho)

    @property
    def window(self) -> float:
        """n/dt: the group delay of the last section at frequency 0 in steps; that at z = -1 is n dt.

        No frequency is delayed longer if dt <= 1. The unit energy of that section's impulse response is in the first
        n/dt + 2 n^{1/3}/dt + 1 steps up to 1e-5, and decays exponentially later; the first n/dt alone miss a few
        per cent of it for dt near 1 (.25 % for n = 64, dt = .1, where the kernel of a random h misses .01 %).
        """
        return self.n / self.dt

    @property
    def feedthrough(self) -> complex:
        """What the output gets at the instant of the input: sum_j h_j (-rho)^{j+1}; zero only for dt = 1 or by luck."""
        found: complex = (self.h @ (-self.rho) ** np.arange(1.0, self.n + 1)).item()
        return found

    def transfer(self, z: ArrayLike) -> Complex:
        """G(z) = sum_j h_j phi(1/z)^{j+1}, the feedthrough included, the D of the layer not.

        Parameters
        ----------
        z : array_like, complex
            Anywhere; infinity gives the feedthrough. G grows without bound towards rho, the pole.

        Returns
        -------
        ndarray, complex128, shape z.shape
            On the unit circle within a few n eps sum abs(h): there abs(phi) = 1, and nothing cancels near z = 1 or -1.
        """
        points = frequencies(z, "Hope.transfer")
        with np.errstate(all="ignore"):
            near = np.abs(points) <= 2
            # 1 - z is exact near z = 1, 1 + z near -1; far away 1/z is small.
            near_z, q = np.where(near, points, 1.0), np.where(near, 1.0, 1 / points)
            slow, fast = np.where(near, 1 - near_z, q - 1), self.dt * np.where(near, 1 + near_z, 1 + q)
            phi = np.asarray((fast + slow) / (fast - slow), dtype=np.complex128)
            values = self._taps(phi)
        return np.asarray(np.where(np.isfinite(values), values, complex(np.inf, 0.0)))

    def spectrum(self, L: int) -> Complex:
        """G at the L-th roots of unity e^{2 pi i k/L}, k = 0..L-1: what the FFT of an input is multiplied by.

        Returns
        -------
        ndarray, complex128, shape (L,)
        """
        angle = np.pi * np.arange(positive_integer(L, "L", "Hope.spectrum")) / L
        c, s = self.dt * np.cos(angle), np.sin(angle)
        return self._taps((c - 1j * s) / (c + 1j * s))

    def _taps(self, phi: Complex) -> Complex:
        """sum_j h_j phi^{j+1} by Horner's rule."""
        values = np.zeros_like(phi)
        for tap in self.h[::-1]:
            values = (values + tap) * phi
        return values

    def kernel(self, L: int) -> Array:
        """Impulse response k_0 .. k_{L-1}, causal: k_0 is the feedthrough, y_l = sum_m k_m u_{l-m}.

        By the recurrence of the cascade, section by section: x_l = rho x_{l-1} - rho u_l + u_{l-1}; O(n) a step.

        Returns
        -------
        ndarray, shape (L,)
            Of the dtype of h; within about n eps sum abs(h) max(1, 1/(50 dt)).
        """
        from scipy.signal import lfilter

        rho, x = self.rho, np.zeros(positive_integer(L, "L", "Hope.kernel"))
        x[0] = 1.0
        k = np.zeros(L, self.h.dtype)
        for tap in self.h:
            x = lfilter([-rho, 1.0], [1.0, -rho], x)
            k += tap * x
        return k

    def apply(self, u: ArrayLike, circular: bool = False) -> Array:
        """The output for an input u (..., L): the convolution with the kernel, real for a real input.

        Parameters
        ----------
        u : array_like, shape (..., L)
            Time is the last axis; before it the input is zero.
        circular : bool, default False
            False: causal, by zero-padded FFTs. True: the inverse FFT of FFT(u) G as in the authors' code, which does
            not pad: the end of the input acts on the beginning of the output, unless u ends with as many zeros as
            the kernel is long.

        Returns
        -------
        ndarray, u.shape
            For a real u the real part, as the layer takes it. The sections are real, so that this is what Re h alone
            would give: Im h has no effect on a real input, in either mode.
        """
        u = finite(u, "u", "Hope.apply")
        if u.ndim == 0 or u.shape[-1] == 0:
            raise ShapeError(f"Hope.apply: u must have shape (..., L) with L >= 1 steps, got {u.shape}.")
        L = u.shape[-1]
        if circular:
            y = np.fft.ifft(np.fft.fft(u) * self.spectrum(L))
        else:
            size = 1 << (2 * L - 1).bit_length()
            y = np.fft.ifft(np.fft.fft(u, size) * np.fft.fft(self.kernel(L), size))[..., :L]
        return np.asarray(y if np.iscomplexobj(u) else y.real)

    def hankel(self) -> Array:
        """H_ij = h_{i+j}, zero where i + j >= n: the Hankel matrix of the layer, shape (n, n), whatever dt is.

        Returns
        -------
        ndarray, shape (n, n), of the dtype of h
        """
        from ..analysis.markov import hankel_matrix

        return hankel_matrix(self.h)

    @property
    def hankel_singular_values(self) -> Real:
        """Singular values of ``hankel()``, falling, shape (n,), within n eps of the largest; dt plays no role."""
        from scipy.linalg import svdvals

        return np.asarray(svdvals(self.hankel()))

    @property
    def system(self) -> StateSpace:
        """The cascade as a discrete system x_{l+1} = A x_l + B u_l, y_l = C x_l + D u_l, D the feedthrough.

        Input-normal, A A^T + B B^T = I: A is lower triangular with rho on its diagonal and (1 - rho^2)(-rho)^{i-j-1}
        below it, B_i = sqrt(1 - rho^2) (-rho)^i, C_i = sqrt(1 - rho^2) sum_{j >= i} h_j (-rho)^{j-i}.
        """
        rho, gain = self.rho, self._gain
        i = np.arange(self.n)
        lag = np.subtract.outer(i, i)
        A = np.where(lag > 0, gain**2 * (-rho) ** np.maximum(lag - 1, 0.0), rho * (lag == 0))
        return StateSpace(A, gain * (-rho) ** i.astype(np.float64), self._output(), self.feedthrough, dt=1.0)

    @property
    def _gain(self) -> float:
        """sqrt(1 - rho^2), without the cancellation."""
        return 2 * math.sqrt(self.dt) / (1 + self.dt)

    def _output(self) -> Array:
        """C of ``system``, from the last entry to the first."""
        C = self.h.copy()
        for j in range(self.n - 2, -1, -1):
            C[j] -= self.rho * C[j + 1]
        return np.asarray(self._gain * C)

    def to_dense(self) -> StateSpace:
        """``system``."""
        return self.system

    def report(self) -> Report:
        """What a user should know before training: stability, memory, output scale, rank, what the code does else.

        Returns
        -------
        Report
            Prints as a table; every number is an attribute.

        Examples
        --------
        >>> import hippo_theory as ht
        >>> print(ht.hope(64, dt=0.1, rng=0).report())  # doctest: +ELLIPSIS
        Report: <hope(n=64, dt=0.1): all poles at 0.818182>
          stable; max |lam| = 0.818182
        ...
          window: 640, steps (n/dt)...
        """
        from ..analysis import ModeMemory
        from .findings import Finding
        from .reporting import Report

        size = abs(self.rho)
        half_life = math.log(0.5) / math.log(size) if size else 0.0
        values = self.hankel_singular_values
        rank = float((values > 0.01 * values[0]).mean()) if values[0] else 0.0
        imaginary = float(np.linalg.norm(self.h.imag) ** 2 / max(float(np.linalg.norm(self.h)) ** 2, 1e-300))
        return Report(
            subject=repr(self),
            source=self.source,
            dt=(),
            stability=size,
            stable=True,
            memory=(ModeMemory(None, np.full(self.n, half_life)),),
            aliasing=(),
            output_scale=(math.hypot(abs(self.feedthrough), float(np.linalg.norm(self._output()))),),
            distances=(
                Finding("window", self.window, "steps (n/dt): the longest delay of any frequency, if dt <= 1"),
                Finding("feedthrough", abs(self.feedthrough), "modulus of the response at the instant of an impulse"),
                Finding("rank", rank, "share of the n Hankel singular values above .01 of the largest"),
            ),
            deviations=(
                Finding("idle Im h", imaginary, "share of |h|^2 that has no effect on the real output of a real input"),
            )
            if imaginary
            else (),
        )

    def __repr__(self) -> str:
        return f"<hope(n={self.n}, dt={self.dt:g}): all poles at {self.rho:.6g}>"


def hope(n: int, dt: float, rng: Any = None, h: ArrayLike | None = None) -> Hope:
    r"""HOPE layer: G(z) = sum_{j<n} h_j w^{-j-1}, w = (1 + s)/(1 - s), s = (z - 1)/((z + 1) dt).

    h are Markov parameters, the entries of a Hankel matrix H_ij = h_{i+j}. The bilinear map takes the
    discrete system with impulse response h to continuous time, dt rescales it, the map takes it back. In one step:
    w = ((1 + dt) z + dt - 1)/((dt - 1) z + dt + 1), where z = -1 (s = infinity) is a point like any other.

    Parameters
    ----------
    n : int
        Number of Markov parameters.
    dt : float
        Step, > 0. The memory is n/dt steps long; dt = 1 is the finite impulse response (0, h_0, ..., h_{n-1}).
        dt > 1 is allowed: it stretches the memory of the highest frequencies, not of the lowest.
    rng : Generator or seed, optional
        Draws h, complex normal and independent, E abs(h_j)^2 = 1/(4 n), as the authors' code does; None: fresh
        entropy.
    h : array_like, shape (n,), optional
        Given instead; real or complex. ``ht.markov_parameters`` finds those of a system.

    Returns
    -------
    Hope
        ``.h``, ``.rho``, ``.window``, ``.transfer(z)``, ``.kernel(L)``, ``.apply(u)``, ``.system``,
        ``.hankel_singular_values``, ``.report()``.

    Raises
    ------
    ParameterError
        n < 1; dt <= 0 or outside [1e-8, 1e8]; NaN in h; h and rng both given.
    ShapeError
        An h that is not a vector of length n.

    Notes
    -----
    1/w = (1/z - rho)/(1 - rho/z) with rho = (1 - dt)/(1 + dt) is all-pass: a HOPE layer is a discrete Laguerre
    filter (a warped FIR filter), stable for every h. Its Hankel singular values are those of the triangular matrix H
    for every dt; ||G - G~||_inf <= sqrt(n) ||h - h~||_2. For independent h about .87 of them exceed 1 % of
    the largest, from n = 32 to 512: training starts from a full rank. The system of a paper's layer has a skip D
    besides, which is no part of this.

    References
    ----------
    yu2025hope (the layer, theorems 3 and 4); theory H3 to H6.

    Examples
    --------
    The kernel is the series for the spectrum, read back; there is a response at once, unless dt = 1:

    >>> import numpy as np, hippo_theory as ht
    >>> layer = ht.hope(4, dt=0.5, h=[1.0, -2.0, 0.5, 1.0])
    >>> bool(np.abs(np.fft.ifft(layer.spectrum(256)) - layer.kernel(256)).max() < 1e-14)
    True
    >>> layer.kernel(3).round(6).tolist(), layer.window
    ([-0.561728, 2.090535, -0.751715], 8.0)
    >>> ht.hope(2, dt=1.0, h=[1.0, -2.0]).kernel(4).tolist()
    [0.0, 1.0, -2.0, 0.0]
    """
    n = positive_integer(n, "n", "hope")
    if h is None:
        re, im = generator(rng, "hope").standard_normal((2, n))
        return Hope((re + 1j * im) / math.sqrt(8 * n), dt)
    if rng is not None:
        raise ParameterError("hope: give h= or rng=, not both.")
    return Hope(vector(h, "h", "hope", n), dt)
