"""S5: blocks of the normal part of LegS, driven and read through random vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, generator, positive_integer, vector
from ..errors import ParameterError
from ..lossless import diagonalize_normal_part
from ..operators import LegS
from ..systems import Diagonal
from ._base import Initialization, needed_generator

__all__ = ["s5"]


def s5(
    N: int, blocks: int = 1, *, B: ArrayLike | None = None, C: ArrayLike | None = None, rng: Any = None
) -> Initialization:
    r"""S5 initialisation with one input: A = I_blocks (x) (normal part of LegS(N/blocks)) = V diag(lam) V^*.

    B and C are real vectors in the coordinates of A, drawn standard normal, and stored as V^*B and C V.

    Parameters
    ----------
    N : int
        Real state size.
    blocks : int, default 1
        J equal blocks of N/J states each; N/J must be even.
    B, C : array_like, real, shape (N,), optional
        In place of a drawn one.
    rng : Generator or seed, optional
        Draws B, then C, those that are not given. Without it C = None reads out the state, and B must be given.

    Returns
    -------
    Initialization
        ``lam``, ``B`` (N/2,) complex, ``V`` (N, N/2) block diagonal; block after block, each by falling
        frequency, upper halves.

    Raises
    ------
    ParameterError
        N is not a multiple of 2 blocks; neither B nor rng; a complex B or C.
    ShapeError
        B or C does not have N entries.

    Notes
    -----
    The layer of the paper has many inputs and outputs; this is one column of its B and one row of its C, up to
    the scale 1/sqrt(fan-in) of the draw. With J > 1 each eigenvalue comes J times, and one input alone reaches
    only N/J states: the copies are told apart by the other inputs. Because B and C are turned with
    the V that is stored, the system does not depend on the phases of V.

    Time scale: half-life 2 ln 2/dt steps for every mode, one dt for each mode, log-uniform in [1e-3, 1e-1].

    References
    ----------
    smith2023s5; theory L4.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> init = ht.s5(64, blocks=4, rng=0)
    >>> init.lam.shape, bool(np.array_equal(init.lam[:8], ht.s4d("legs", 16).lam))
    ((32,), True)
    """
    N, blocks = positive_integer(N, "N", "s5"), positive_integer(blocks, "blocks", "s5")
    size = N // blocks
    if N % (2 * blocks):
        near = max(2 * blocks * (N // (2 * blocks)), 2 * blocks)
        raise ParameterError(
            f"s5: {blocks} equal blocks of conjugate pairs need N to be a multiple of {2 * blocks}; got N = {N}, use "
            f"{near} or {near + 2 * blocks}."
        )
    part = diagonalize_normal_part(LegS(size))
    V = np.kron(np.eye(blocks), part.V)
    source = None if rng is None else generator(rng, "s5")
    if B is None:
        B = needed_generator(source, "s5", "B and C").standard_normal(N)
    if C is None and source is not None:
        C = source.standard_normal(N)
    modal = V if C is None else _real(C, "C", N) @ V
    lam = np.tile(part.lam, blocks)
    return Initialization(
        recipe={"recipe": "s5", "family": "LegS", "blocks": blocks, "N": N},
        system=Diagonal(lam, V.conj().T @ _real(B, "B", N), C=modal, conjugate_pairs=True),
        N=N,
        V=V,
        source="smith2023s5; theory L4",
        conventions={
            "N": f"real state size of all blocks; {lam.size} modes stored, {size // 2} a block",
            "B": "V^* times a real vector, drawn standard normal or given",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
            "time scale": "half-life 2 ln 2/dt steps for every mode; dt log-uniform in [1e-3, 1e-1]",
        },
    )


def _real(values: ArrayLike, name: str, N: int) -> Array:
    if np.iscomplexobj(values):
        raise ParameterError(f"s5: {name} must be real, it is turned by V into the modal one; give its real form.")
    return vector(values, name, "s5", N)
