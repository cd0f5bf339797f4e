"""LRU: modes on a ring of the unit disc, each with the same share of the output."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import finite_real
from ..errors import ParameterError
from ..systems import Diagonal
from ._base import Initialization, needed_generator, output_vector, paired_size

__all__ = ["lru"]


def lru(
    N: int,
    r_min: float = 0.0,
    r_max: float = 1.0,
    max_phase: float = 2 * math.pi,
    *,
    C: ArrayLike | None = None,
    rng: Any = None,
) -> Initialization:
    r"""LRU initialisation, in discrete time: x_{k+1} = lam x_k + B u_k with lam uniform on a ring, B = gamma.

    lam = r e^{i theta}, r^2 ~ U(r_min^2, r_max^2), theta ~ U(0, max_phase): uniform in area on the ring for the
    full circle. gamma = sqrt(1 - r^2) makes the mode of unit white noise a number of modulus one on average,
    whatever r.

    Parameters
    ----------
    N : int
        Real state size, even: N/2 modes are stored. The paper counts modes: its N is our N/2.
    r_min, r_max : float, default 0 and 1
        0 <= r_min < r_max <= 1.
    max_phase : float, default 2 pi
        In (0, 2 pi]. A phase beyond pi is stored as its mirror image, which has the same real outputs.
    C : array_like, complex, shape (N/2,), optional
        Modal output vector.
    rng : Generator or seed
        Draws the ring; needed. C is left alone: a layer draws one for each output.

    Returns
    -------
    Initialization
        In discrete time: ``dt`` is 1, ``lam`` the factors of one step; ``transfer`` takes z, ``kernel`` a number
        of steps. There is no step to choose, ``discretize`` refuses.

    Raises
    ------
    ParameterError
        N odd, an empty ring, a phase out of range, no rng.

    Notes
    -----
    The random B of the paper has a row of its own for each mode: with one input that is a scale and a phase of
    the mode, which C absorbs. The parameters there are nu = ln(-ln r), ln theta and ln gamma.

    Time scale: half-life ln 2/(-ln r) steps, median 2.0 for the default ring, 13.7 for (.9, .999).

    References
    ----------
    orvieto2023lru; theory D3.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> init = ht.lru(64, 0.9, 0.999, rng=0)
    >>> bool((np.abs(init.lam) >= 0.9).all()), bool(np.allclose(init.B**2 + np.abs(init.lam) ** 2, 1))
    (True, True)
    """
    N = paired_size(N, "lru")
    r_min, r_max = finite_real(r_min, "r_min", "lru"), finite_real(r_max, "r_max", "lru")
    max_phase = finite_real(max_phase, "max_phase", "lru")
    if not 0 <= r_min < r_max <= 1:
        raise ParameterError(f"lru: the ring needs 0 <= r_min < r_max <= 1, got {r_min} and {r_max}.")
    if not 0 < max_phase <= 2 * math.pi:
        raise ParameterError(f"lru: max_phase must lie in (0, 2 pi], got {max_phase}.")
    source = needed_generator(rng, "lru", "its modes")
    # 1 - U lies in (0, 1]: subtracted from the outer edge, it keeps r = 1 out and 1 - r^2 without cancellation.
    share = (1 - source.random(N // 2)) * (r_max - r_min) * (r_max + r_min)
    lost = (1 - r_max) * (1 + r_max) + share
    theta = max_phase * source.random(N // 2)
    theta = np.minimum(theta, 2 * math.pi - theta)
    lam = np.sqrt(1 - lost) * np.exp(1j * theta)
    return Initialization(
        recipe={"recipe": "lru", "N": N, "r_min": r_min, "r_max": r_max, "max_phase": max_phase, "dt": 1.0},
        system=Diagonal(lam, np.sqrt(lost), C=output_vector(C, None, None, lam, "lru"), conjugate_pairs=True, dt=1.0),
        N=N,
        V=None,
        source="orvieto2023lru",
        conventions={
            "N": f"real state size; {lam.size} modes stored, factors of one step of a system in discrete time",
            "B": "gamma = sqrt(1 - |lam|^2)",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
            "time scale": "half-life ln 2/(-ln |lam|) steps; no dt",
        },
    )
