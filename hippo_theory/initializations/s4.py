"""S4: the exact diagonal-plus-low-rank form of a HiPPO operator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import frozen, positive_real
from ..lossless import diagonalize_normal_part, diagonalize_two_ports
from ..operators import LegT, Operator
from ..systems import DiagonalPlusLowRank
from ._base import Initialization, output_vector
from .clipping import clipped_input

__all__ = ["s4"]


def s4(
    operator: Operator, *, b_clip: float | None = None, C: ArrayLike | None = None, rng: Any = None
) -> Initialization:
    r"""S4's form of an operator: A = V (diag(lam) - P P^*) V^*, exactly equivalent to A.

    A + B B^T/2 is normal, with eigenvalues on Re s = -shift and unitary V; P = V^*B/sqrt2 and the
    modal input is V^*B (the whole of it: the factor 1/2 belongs to diagonal models only). LegT has two ports:
    A + (B B^T + d d^T)/2 is normal, and P = V^*[B d]/sqrt2 has two columns.

    Parameters
    ----------
    operator : LegS, LegT, LagT, FouT or TakenakaMalmquist
    b_clip : float, optional
        For LegS, LegT and LagT: clip Im(V^*B) at +-b_clip as state-spaces/s4 does with 2, in the phase where row 0
        of V is real (see ``s4d``). P is left alone. The LegT of that code is half of ours: its clip is 4 here.
    C : array_like, shape (N,), optional
        Output vector in the operator's coordinates; stored as C V. None reads out the state.
    rng : Generator or seed, optional
        Draw a standard normal C instead.

    Returns
    -------
    Initialization
        ``lam``, ``P``, ``B`` (N,) and ``V`` (N, N), full spectrum: the upper half by falling frequency, then its
        mirror image. ``B`` and ``P`` are real and positive, which fixes the phase of V; for LegT ``P`` is
        (N, 2) and its second column complex.

    Raises
    ------
    ParameterError
        b_clip <= 0, or given to another family.
    ShapeError
        C does not have N entries.

    Notes
    -----
    From the phase equation and closed-form eigenvectors, no eigensolver: O(N^2). Eigenvalues are the
    nearest floats, B and P within 4 ulp, V and the complex P of LegT within 9; ||V^*V - I|| and the relative
    residual of A about sqrt(N) eps. A pair whose resonance is narrower than an ulp of its frequency costs V and B
    more: ``ht.certify`` tells how much.

    References
    ----------
    gu2022s4 (the form), theory L3, L4, L11 (the closed forms).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> r, op = ht.s4(ht.LegS(32)), ht.LegS(32)
    >>> A = r.V @ (np.diag(r.lam) - np.outer(r.P, r.P)) @ r.V.conj().T
    >>> bool(np.abs(A - op.A).max() < 1e-13 * np.linalg.norm(op.A, 2))
    True
    """
    part = diagonalize_two_ports(operator) if isinstance(operator, LegT) else diagonalize_normal_part(operator)
    lam, V, weights = part.full()
    modal = output_vector(C, rng, V, lam, "s4")
    B, recipe, said = weights, {"recipe": "s4", **operator.identity()}, ", real and positive"
    if b_clip is not None:
        recipe["b_clip"] = b_clip = positive_real(b_clip, "b_clip", "s4")
        half = clipped_input(part, operator, b_clip, "s4")
        B = np.concatenate([half, half[: operator.N // 2].conj()])
        said = f" where row 0 of V is real, its imaginary part clipped at {b_clip:g}"
    P = weights / np.sqrt(2.0) if part.far_weights is None else part.P
    system = DiagonalPlusLowRank(lam, P=P, B=B, C=V if modal is None else modal)
    return Initialization(
        recipe=recipe,
        system=system,
        N=operator.N,
        V=frozen(V),
        source="gu2022s4; theory L3, L4",
        conventions={
            "N": "real state size; the full spectrum of N modes is stored",
            "A": "V (diag(lam) - P P^*) V^*, mirror images of conjugate pairs in the second half",
            "B": f"V^* B, the whole of it{said}",
            "sign of Im": "stored halves first, Im lam >= 0",
        },
    )
