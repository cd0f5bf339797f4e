"""The S4D family: diagonal initialisations, from the exact spectrum or from a two-line law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite_real, known_name, positive_integer
from ..errors import ParameterError
from ..lossless import diagonalize_normal_part
from ..operators import LegS
from ..systems import Diagonal
from ._base import Initialization, output_vector

__all__ = ["S4D_KINDS", "s4d"]

S4D_KINDS = ("legs", "lin", "inv", "inv2", "quad", "real")

_LAWS: dict[str, Callable[[int, Any], Any]] = {
    # Integers first: N/(2n+1) - 1 would cancel near the lowest modes.
    "lin": lambda N, n: np.pi * n,
    "inv": lambda N, n: N * (N - 2 * n - 1) / (2 * n + 1) / np.pi,
    "inv2": lambda N, n: N * (N - n - 1) / (n + 1) / np.pi,
    "quad": lambda N, n: (1 + 2 * n) ** 2 / np.pi,
}


def s4d(kind: str, N: int, *, b_scale: float = 0.5, C: ArrayLike | None = None, rng: Any = None) -> Initialization:
    r"""S4D initialisation with N real states, stored as the upper halves of conjugate pairs.

    With n = 0, 1, ..., N/2 - 1 and Re lam = -1/2:

    - "legs": the eigenvalues of A_N = A + B B^T/2 of LegS, largest first; B = b_scale V^*B, V kept.
    - "lin": Im lam = pi n.   "inv": (N/pi)(N/(2n+1) - 1).   "inv2": (N/pi)(N/(n+1) - 1).
    - "quad": (1 + 2n)^2/pi.  All four with B = 1.
    - "real": lam = -(n+1) for n = 0..N-1, N real modes, B = 1 (the initialisation of Mamba).

    Parameters
    ----------
    kind : {"legs", "lin", "inv", "inv2", "quad", "real"}
    N : int
        Real state size, always. Even for the four laws; any N for "legs" and "real".
    b_scale : float, default 0.5
        Scale of V^*B for "legs". Only 1/2 makes the kernels those of HiPPO as N grows
        (G_diag = G/(1 + phi)); most public code uses 1, which doubles every kernel.
    C : array_like, optional
        Output vector: real (N,) in the operator's coordinates for "legs" (stored as C V), modal otherwise.
    rng : Generator or seed, optional
        Draw C instead.

    Returns
    -------
    Initialization
        ``lam``, ``B`` with ceil(N/2) modes (N for "real"). A real mode ("legs" with odd N) is stored
        once with half its B.

    Raises
    ------
    UnknownNameError
        Unknown kind; the nearest one is suggested.
    ParameterError
        N < 1, not an integer, odd for a law, or b_scale given to a kind without V^*B.

    Notes
    -----
    "legs" comes from the phase equation, O(N^2): eigenvalues are the nearest floats, B within 4 ulp. The
    modes of "legs", "inv" and "inv2" fall in frequency, those of "lin" and "quad" rise. "inv" misses the top
    frequency by N/pi - pi/6 and half of the others by more than 18 % (theory D2). Mode 0 of "lin" is
    real, its own mirror image: of the N states only N - 1 differ.

    References
    ----------
    gu2022s4d (kinds), gu2024mamba ("real"); theory section 4, L3.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op, s = ht.LegS(64), 5j
    >>> exact = op.transfer(s) / (1 + op.allpass(s))
    >>> bool(np.abs(ht.s4d("legs", 64).transfer(s) - exact).max() < 1e-13)
    True
    """
    kind = known_name(kind, S4D_KINDS, "S4D kind")
    N = positive_integer(N, "N", f"s4d({kind!r})")
    b_scale = finite_real(b_scale, "b_scale", f"s4d({kind!r})")
    if kind == "legs":
        return _legs(N, b_scale, C, rng)
    if b_scale != 0.5:
        raise ParameterError(f"s4d({kind!r}): b_scale scales V^*B of 'legs'; this kind has B = 1 by definition.")
    lam = _law(kind, N)
    modal = output_vector(C, rng, None, lam, f"s4d({kind!r})")
    pairs = kind != "real"
    return Initialization(
        recipe={"recipe": "s4d", "kind": kind, "N": N},
        system=Diagonal(lam, np.ones(lam.size), C=modal, conjugate_pairs=pairs),
        N=N,
        V=None,
        source="gu2024mamba" if kind == "real" else "gu2022s4d",
        conventions={
            "N": f"real state size; {lam.size} modes stored",
            "B": "1 for every mode",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)" if pairs else "real modes, outputs are C x",
        },
    )


def _law(kind: str, N: int) -> Array:
    if kind == "real":
        return -(np.arange(N) + 1.0)
    if N % 2:
        raise ParameterError(
            f"s4d({kind!r}): N counts real states and the modes come in pairs, so N must be even; "
            f"got {N}, use {N - 1} or {N + 1}."
        )
    return np.asarray(-0.5 + 1j * _LAWS[kind](N, np.arange(N // 2)))


def _legs(N: int, b_scale: float, C: ArrayLike | None, rng: Any) -> Initialization:
    if b_scale == 0:
        raise ParameterError("s4d('legs'): b_scale must not be zero: nothing would reach the state.")
    operator = LegS(N)
    part = diagonalize_normal_part(operator)
    B = b_scale * np.where(part.lam.imag == 0, 0.5, 1.0) * part.weights
    if C is not None and np.iscomplexobj(C):
        raise ParameterError("s4d('legs'): C must be real: stored halves give the real output 2 Re(C V z).")
    modal = output_vector(C, rng, part.V, part.lam, "s4d('legs')")
    return Initialization(
        recipe={"recipe": "s4d", "kind": "legs", **operator.identity(), "b_scale": b_scale},
        system=Diagonal(part.lam, B, C=part.V if modal is None else modal, conjugate_pairs=True),
        N=N,
        V=part.V,
        source="gu2022s4d; theory L3, L4",
        conventions={
            "N": f"real state size; {part.lam.size} modes stored",
            "B": f"{b_scale!r} V^* B, V^* B real and positive" + ("; a real mode carries half of it" if N % 2 else ""),
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
        },
    )
