"""The S4D family: diagonal initialisations, from the exact spectrum or from a two-line law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, finite_real, known_name, positive_integer, positive_real
from ..errors import ParameterError
from ..lossless import diagonalize_normal_part
from ..operators import LegS
from ..systems import Diagonal
from ._base import Initialization, needed_generator, output_vector, paired_size
from .clipping import clipped_input

__all__ = ["LAWS", "S4D_KINDS", "s4d"]

S4D_KINDS = ("legs", "lin", "inv", "inv2", "quad", "real", "foud", "random")

LAWS: dict[str, Callable[[int, Any], Any]] = {
    # Integers first: N/(2n+1) - 1 would cancel near the lowest modes.
    "lin": lambda N, n: np.pi * n,
    "inv": lambda N, n: N * (N - 2 * n - 1) / (2 * n + 1) / np.pi,
    "inv2": lambda N, n: N * (N - n - 1) / (n + 1) / np.pi,
    "quad": lambda N, n: (1 + 2 * n) ** 2 / np.pi,
    "foud": lambda N, n: 2 * np.pi * n,
}


def s4d(
    kind: str,
    N: int,
    *,
    b_scale: float = 0.5,
    b_clip: float | None = None,
    alpha: float = 1.0,
    C: ArrayLike | None = None,
    rng: Any = None,
) -> Initialization:
    r"""S4D initialisation with N real states, stored as the upper halves of conjugate pairs.

    With n = 0, 1, ..., N/2 - 1 and Re lam = -1/2:

    - "legs": the eigenvalues of A_N = A + B B^T/2 of LegS, largest first; B = b_scale V^*B, V kept.
    - "lin": Im lam = pi n.   "inv": (N/pi)(N/(2n+1) - 1).   "inv2": (N/pi)(N/(n+1) - 1).
    - "quad": (1 + 2n)^2/pi.   "foud": 2 pi n.   "random": exp(N(0, 1)).   All six with B = 1.
    - "real": lam = -(n+1) for n = 0..N-1, N real modes, B = 1 (the initialisation of Mamba).

    Parameters
    ----------
    kind : {"legs", "lin", "inv", "inv2", "quad", "real", "foud", "random"}
    N : int
        Real state size, always. Any N for "legs" and "real", even for the others.
    b_scale : float, default 0.5
        Scale of V^*B for "legs". Only 1/2 makes the kernels those of HiPPO as N grows
        (G_diag = G/(1 + phi)); most public code uses 1, which doubles every kernel.
    b_clip : float, optional
        For "legs": clip Im(V^*B) at +-b_clip as state-spaces/s4 does with 2, in the phase that numpy and torch
        give V (row 0 real); see Notes. With ``b_scale=1`` it is the input that S4D-LegS has there.
    alpha : float, default 1.0
        Factor of the frequencies of a law: the frequency scaling of yu2025freqbias.
    C : array_like, optional
        Output vector: real (N,) in the operator's coordinates for "legs" (stored as C V), modal otherwise.
    rng : Generator or seed, optional
        Draw C instead. "random" needs it and draws its frequencies, nothing else.

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
        N < 1, not an integer, odd for a law; a switch given to a kind that it does not belong to, or out of
        range (b_scale = 0, b_clip <= 0, alpha <= 0); "random" without rng.

    Notes
    -----
    "legs" comes from the phase equation, O(N^2): eigenvalues are the nearest floats, B within 4 ulp. The
    modes of "legs", "inv" and "inv2" fall in frequency, those of "lin", "quad" and "foud" rise. "inv" misses the
    top frequency by N/pi - pi/6 and half of the others by more than 18 % (theory D2). Mode 0 of "lin" and "foud"
    is real, its own mirror image: of the N states only N - 1 differ.

    Clipping an imaginary part depends on the phase of the eigenvectors. In ours V^*B is real and nothing would
    be clipped. LAPACK reduces a Hermitian matrix from its lower triangle by reflections that leave row 0 alone,
    so numpy and torch return V with a real row 0; there V^*B = w (1 - 2iy)/sqrt(1 + 4y^2) with w abs(V^*B) and y
    the frequency: the fast modes are nearly imaginary and are clipped. What is stored is that B in our phase.
    From the upper triangle the last row would be real, and another B would come out.

    References
    ----------
    gu2022s4d (kinds), gu2024mamba ("real"), yu2025freqbias (alpha); theory section 4, L3.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> op, s = ht.LegS(64), 5j
    >>> exact = op.transfer(s) / (1 + op.allpass(s))
    >>> bool(np.abs(ht.s4d("legs", 64).transfer(s) - exact).max() < 1e-13)
    True
    """
    kind = known_name(kind, S4D_KINDS, "S4D kind")
    who = f"s4d({kind!r})"
    N = positive_integer(N, "N", who)
    b_scale, alpha = finite_real(b_scale, "b_scale", who), positive_real(alpha, "alpha", who)
    if kind != "legs" and (b_scale != 0.5 or b_clip is not None):
        raise ParameterError(f"{who}: b_scale and b_clip belong to V^*B of 'legs'; this kind has B = 1 by definition.")
    if kind not in LAWS and alpha != 1:
        raise ParameterError(f"{who}: alpha scales the frequencies of a law ({', '.join(LAWS)}); leave it out here.")
    if kind == "legs":
        return _legs(N, b_scale, b_clip, C, rng)
    if kind == "random":
        N, source = paired_size(N, who), needed_generator(rng, who, "its frequencies")
        lam, rng = -0.5 + 1j * np.exp(source.standard_normal(N // 2)), None
    else:
        lam = _law(kind, N, alpha)
    pairs = kind != "real"
    return Initialization(
        recipe={"recipe": "s4d", "kind": kind, "N": N} | ({"alpha": alpha} if alpha != 1 else {}),
        system=Diagonal(lam, np.ones(lam.size), C=output_vector(C, rng, None, lam, who), conjugate_pairs=pairs),
        N=N,
        V=None,
        source="yu2025freqbias" if alpha != 1 else "gu2022s4d" if pairs else "gu2024mamba",
        conventions={
            "N": f"real state size; {lam.size} modes stored",
            "B": "1 for every mode",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)" if pairs else "real modes, outputs are C x",
        },
    )


def _law(kind: str, N: int, alpha: float) -> Array:
    if kind == "real":
        return -(np.arange(N) + 1.0)
    N = paired_size(N, f"s4d({kind!r})")
    return np.asarray(-0.5 + 1j * (alpha * LAWS[kind](N, np.arange(N // 2))))


def _legs(N: int, b_scale: float, b_clip: float | None, C: ArrayLike | None, rng: Any) -> Initialization:
    if b_scale == 0:
        raise ParameterError("s4d('legs'): b_scale must not be zero: nothing would reach the state.")
    operator = LegS(N)
    part = diagonalize_normal_part(operator)
    B: Array = part.weights
    recipe, said = {"recipe": "s4d", "kind": "legs", **operator.identity(), "b_scale": b_scale}, ""
    if b_clip is not None:
        recipe["b_clip"] = b_clip = positive_real(b_clip, "b_clip", "s4d('legs')")
        B, said = clipped_input(part, operator, b_clip, "s4d('legs')"), f", its imaginary part clipped at {b_clip:g}"
    B = b_scale * np.where(part.lam.imag == 0, 0.5, 1.0) * B
    if C is not None and np.iscomplexobj(C := finite(C, "C", "s4d('legs')")):
        raise ParameterError("s4d('legs'): C must be real: stored halves give the real output 2 Re(C V z).")
    modal = output_vector(C, rng, part.V, part.lam, "s4d('legs')")
    phase = f" where row 0 of V is real{said}" if said else ", V^* B real and positive"
    return Initialization(
        recipe=recipe,
        system=Diagonal(part.lam, B, C=part.V if modal is None else modal, conjugate_pairs=True),
        N=N,
        V=part.V,
        source="gu2022s4d; theory L3, L4",
        conventions={
            "N": f"real state size; {part.lam.size} modes stored",
            "B": f"{b_scale!r} V^* B{phase}" + ("; a real mode carries half of it" if N % 2 else ""),
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
        },
    )
