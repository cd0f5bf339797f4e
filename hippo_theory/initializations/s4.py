"""S4: the exact diagonal-plus-low-rank form of a one-port HiPPO operator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import frozen
from ..lossless import diagonalize_normal_part
from ..operators import Operator
from ..systems import DiagonalPlusLowRank
from ._base import Initialization, output_vector

__all__ = ["s4"]


def s4(operator: Operator, *, C: ArrayLike | None = None, rng: Any = None) -> Initialization:
    r"""S4's form of an operator: A = V (diag(lam) - P P^*) V^*, exactly equivalent to A.

    A + B B^T/2 is normal, with eigenvalues on Re s = -shift and unitary V; P = V^*B/sqrt2 and the
    modal input is V^*B (the whole of it: the factor 1/2 belongs to diagonal models only).

    Parameters
    ----------
    operator : LegS, LagT, FouT or TakenakaMalmquist
    C : array_like, shape (N,), optional
        Output vector in the operator's coordinates; stored as C V. None reads out the state.
    rng : Generator or seed, optional
        Draw a standard normal C instead.

    Returns
    -------
    Initialization
        ``lam``, ``P``, ``B`` (N,) and ``V`` (N, N), full spectrum: the upper half by falling frequency, then its
        mirror image. ``B`` and ``P`` are real and positive, which fixes the phase of V.

    Raises
    ------
    ParameterError
        A two-port family (LegT), whose correction has rank two.
    ShapeError
        C does not have N entries.

    Notes
    -----
    From the phase equation and closed-form eigenvectors, no eigensolver: O(N^2). Eigenvalues are the
    nearest floats, B and P within 4 ulp, V within 9; ||V^*V - I|| and the relative residual of A about
    sqrt(N) eps. A pair whose resonance is narrower than an ulp of its frequency costs V and B more:
    ``ht.certify`` tells how much.

    References
    ----------
    gu2022s4 (the form), theory L3, L4 (the closed forms).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> r, op = ht.s4(ht.LegS(32)), ht.LegS(32)
    >>> A = r.V @ (np.diag(r.lam) - np.outer(r.P, r.P)) @ r.V.conj().T
    >>> bool(np.abs(A - op.A).max() < 1e-13 * np.linalg.norm(op.A, 2))
    True
    """
    lam, V, weights = diagonalize_normal_part(operator).full()
    modal = output_vector(C, rng, V, lam, "s4")
    system = DiagonalPlusLowRank(lam, P=weights / np.sqrt(2.0), B=weights, C=V if modal is None else modal)
    return Initialization(
        recipe={"recipe": "s4", **operator.identity()},
        system=system,
        N=operator.N,
        V=frozen(V),
        source="gu2022s4; theory L3, L4",
        conventions={
            "N": "real state size; the full spectrum of N modes is stored",
            "A": "V (diag(lam) - P P^*) V^*, mirror images of conjugate pairs in the second half",
            "B": "V^* B, the whole of it, real and positive",
            "sign of Im": "stored halves first, Im lam >= 0",
        },
    )
