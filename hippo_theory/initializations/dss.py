"""DSS: the frequencies of the normal part of LegS with a constant input; softmax or exp kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..lossless import diagonalize_normal_part
from ..operators import LegS
from ..systems import Diagonal
from ._base import Initialization, output_vector, paired_size

__all__ = ["dss"]


def dss(N: int, *, C: ArrayLike | None = None, rng: Any = None) -> Initialization:
    r"""DSS initialisation: lam the eigenvalues of the skew-HiPPO matrix A + B B^T/2 of LegS, B = 1.

    What is stored is lam and B = 1, upper halves of pairs, and C, the W of the paper. Sampled by zero-order
    hold it has the kernel "exp" of DSS,
    K_l = 2 Re sum_n C_n (e^{dt lam_n} - 1)/lam_n e^{l dt lam_n},   l = 0..L-1,
    which is ``discretize(dt, "zoh").kernel(L)``. The kernel "softmax" divides each row e^{l dt lam_n} by its sum
    over l < L; it is the same sum with C_n/(e^{L dt lam_n} - 1) in place of C_n: it depends on the length.

    Parameters
    ----------
    N : int
        Real state size, even: N/2 modes are stored. The paper counts modes: its N is our N/2, and its output is
        Re, not 2 Re: its W is 2 C.
    C : array_like, shape (N/2,), optional
        Modal output vector.
    rng : Generator or seed, optional
        Draw C instead: complex normal, E|C|^2 = 1.

    Returns
    -------
    Initialization
        ``lam`` falling in frequency, Re lam = -1/2; correctly rounded, as for ``s4d("legs", N)``.

    Raises
    ------
    ParameterError
        N is not a positive even integer.

    Notes
    -----
    The spectrum is that of S4D-LegS; its input V^*B is not, so that no kernel is one of HiPPO. Time
    scale: half-life 2 ln 2/dt steps for every mode, dt log-uniform in [1e-3, 1e-1].

    References
    ----------
    gupta2022dss (Proposition 1 for the kernels).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> from dataclasses import replace
    >>> init, dt, L = ht.dss(16, rng=0), 0.01, 100
    >>> rows = np.exp(np.outer(init.lam, dt * np.arange(L)))
    >>> softmax = 2 * ((init.C / init.lam / rows.sum(axis=1)) @ rows).real
    >>> scaled = replace(init.system, C=init.C / np.expm1(L * dt * init.lam))
    >>> bool(np.allclose(softmax, scaled.discretize(dt).kernel(L)))
    True
    """
    N = paired_size(N, "dss")
    lam = diagonalize_normal_part(LegS(N)).lam
    return Initialization(
        recipe={"recipe": "dss", "N": N},
        system=Diagonal(lam, np.ones(lam.size), C=output_vector(C, rng, None, lam, "dss"), conjugate_pairs=True),
        N=N,
        V=None,
        source="gupta2022dss; theory L4",
        conventions={
            "N": f"real state size; {lam.size} modes stored",
            "B": "1 for every mode; C is the W of the kernel exp, and C/(e^{L dt lam} - 1) that of softmax",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
            "time scale": "half-life 2 ln 2/dt steps for every mode; dt log-uniform in [1e-3, 1e-1]",
        },
    )
