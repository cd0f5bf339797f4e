"""Mamba: N real modes with the rates 1, 2, ..., N."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import positive_integer
from ..systems import Diagonal
from ._base import Initialization, output_vector

__all__ = ["mamba"]


def mamba(N: int, *, C: ArrayLike | None = None, rng: Any = None) -> Initialization:
    r"""The dynamics that every channel of Mamba starts from: lam_n = -(n+1), n = 0..N-1, and B = 1.

    Parameters
    ----------
    N : int
        Real state size, ``d_state``; 16 in the published models.
    C : array_like, real, shape (N,), optional
    rng : Generator or seed, optional
        Draw a standard normal C instead.

    Returns
    -------
    Initialization
        N real modes. The same modes as ``s4d("real", N)``, with the conventions of Mamba.

    Raises
    ------
    ParameterError
        N < 1 or not an integer.

    Notes
    -----
    B and C of Mamba are functions of the input; B = 1 and C stand for their scale. Its step is a function of
    the input as well, softplus(. + bias) with the bias drawn so that dt is log-uniform in [1e-3, 1e-1] and at
    least 1e-4, and its input is dt B (Euler), not that of zero-order hold, which is smaller by the factor
    (1 - e^{-dt(n+1)})/(dt(n+1)): 1 - dt(n+1)/2 + ...

    Time scale: half-life ln 2/(dt (n+1)) steps.

    Mamba-2 has one rate for all states of a head, drawn from U(1, 16): with a constant B its states are N
    copies of one, which only inputs that differ tell apart. Use ``ht.Diagonal`` for such a mode.

    References
    ----------
    gu2024mamba; theory D3.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.mamba(4).lam.tolist()
    [-1.0, -2.0, -3.0, -4.0]
    >>> round(ht.memory(ht.mamba(16), 0.001).longest, 1)
    693.1
    """
    N = positive_integer(N, "N", "mamba")
    lam = -(np.arange(N) + 1.0)
    return Initialization(
        recipe={"recipe": "mamba", "N": N},
        system=Diagonal(lam, np.ones(N), C=output_vector(C, rng, None, lam, "mamba")),
        N=N,
        V=None,
        source="gu2024mamba",
        conventions={
            "N": f"real state size; {N} modes stored",
            "B": "1 for every mode, in place of a function of the input; a step adds dt B (Euler)",
            "sign of Im": "real modes, outputs are C x",
            "time scale": "half-life ln 2/(dt (n+1)) steps; dt a function of the input, log-uniform in [1e-3, 1e-1]",
        },
    )
