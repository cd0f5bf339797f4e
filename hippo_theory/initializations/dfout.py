"""DFouT: the N-th roots of unity, drawn in by a common decay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Complex, finite_real, positive_integer
from ..errors import ParameterError
from ..systems import Diagonal
from ._base import Initialization, output_vector

__all__ = ["dfout"]


def dfout(N: int, xi: float, *, C: ArrayLike | None = None, rng: Any = None) -> Initialization:
    r"""S4D-DFouT initialisation, in discrete time: x_{k+1} = lam x_k + B u_k, lam_n = e^{-xi/2 + 2 pi i n/N}.

    All N modes are used, and none aliases: the frequencies are those of the discrete Fourier transform.

    Parameters
    ----------
    N : int
        Real state size, any: the N roots of unity are closed under conjugation. floor(N/2) + 1 modes are
        stored, n = 0..floor(N/2), the real ones (n = 0, and N/2 of an even N) with half their B = 1.
    xi : float
        Decay, >= 0; 0 is the transform itself, which forgets nothing.
    C : array_like, optional
        Modal output vector, one entry a stored mode.
    rng : Generator or seed, optional
        Draw C instead.

    Returns
    -------
    Initialization
        In discrete time: ``dt`` is 1, ``lam`` the factors of one step; ``transfer`` takes z, ``kernel`` a number
        of steps.

    Raises
    ------
    ParameterError
        N < 1, xi < 0.

    Notes
    -----
    lam is within 2 ulp, its real ones exact in angle. With C = 1 the kernel is a comb: N e^{-xi l/2} where N
    divides l, else 0. Layers of the paper turn the grid of head h by 2 pi (h-1)/(N H), so that H heads make
    one grid of N H roots; such a head is not closed under conjugation and is not made here.

    Time scale: half-life 2 ln 2/xi steps, the same for all modes.

    References
    ----------
    solozabal2025dfout; theory D3.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> ht.dfout(4, xi=0.0, C=np.ones(3)).kernel(8).round(12).tolist()
    [4.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0]
    """
    N, xi = positive_integer(N, "N", "dfout"), finite_real(xi, "xi", "dfout")
    if xi < 0:
        raise ParameterError(f"dfout: xi must not be negative, or every mode grows; got {xi}.")
    lam = math.exp(-xi / 2) * _roots_of_unity(N)
    B = np.where(lam.imag == 0, 0.5, 1.0)
    return Initialization(
        recipe={"recipe": "dfout", "N": N, "xi": xi, "dt": 1.0},
        system=Diagonal(lam, B, C=output_vector(C, rng, None, lam, "dfout"), conjugate_pairs=True, dt=1.0),
        N=N,
        V=None,
        source="solozabal2025dfout",
        conventions={
            "N": f"real state size; {lam.size} modes stored, factors of one step of a system in discrete time",
            "B": "1 for every mode; a real mode carries half of it",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
            "time scale": "half-life 2 ln 2/xi steps for every mode; no dt",
        },
    )


def _roots_of_unity(N: int) -> Complex:
    """e^{2 pi i n/N}, n = 0..floor(N/2), real and imaginary roots exactly so: integers are reduced before pi comes."""
    n = np.arange(N // 2 + 1)
    cosine = np.sin(np.pi * (N - 4 * n) / (2 * N))
    return np.asarray(cosine + 1j * np.sin(np.pi * np.minimum(2 * n, N - 2 * n) / N))
