"""S5: blocks of the normal part of LegS, with one input and output or with many."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, finite, generator, positive_integer
from ..errors import ParameterError, ShapeError
from ..lossless import diagonalize_normal_part
from ..operators import LegS
from ..systems import Diagonal
from ._base import Initialization

__all__ = ["s5"]


def s5(
    N: int,
    blocks: int = 1,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    B: ArrayLike | None = None,
    C: ArrayLike | None = None,
    rng: Any = None,
) -> Initialization:
    r"""S5 initialisation: A = I_blocks (x) (normal part of LegS(N/blocks)) = V diag(lam) V^*, stored as V^*B and C V.

    B and C are real, in the coordinates of A. S5 itself draws both: give ``rng``. Without it B is HiPPO's,
    halved, in every block, and the state is read out: J copies of ``s4d("legs", N/J)``. The half is what makes the
    kernels those of HiPPO as the blocks grow (theory L3).

    Parameters
    ----------
    N : int
        Real state size.
    blocks : int, default 1
        J equal blocks of N/J states each; N/J must be even.
    inputs : int, optional
        H inputs: B is drawn with the shape (N, H), and results have an axis for them. Needs ``rng``.
    outputs : int, optional
        p outputs: C is drawn with the shape (p, N). As many as ``inputs`` if left out. Needs ``rng``.
    B : array_like, real, shape (N,) or (N, H), optional
        In place of a drawn one.
    C : array_like, real, shape (N,) or (p, N), optional
        In place of a drawn one.
    rng : Generator or seed, optional
        Draws B, then C, those that are not given: normal, of variance 1 for the vectors of one input and one
        output, 1/N for the matrices of many.

    Returns
    -------
    Initialization
        ``lam`` (N/2,), ``B`` (N/2,) or (N/2, H), ``C`` None, (N/2,) or (p, N/2), ``V`` (N, N/2) block diagonal; block
        after block, each by falling frequency, upper halves.

    Raises
    ------
    ParameterError
        N is not a multiple of 2 blocks; inputs or outputs without rng, or beside a given B or C; a complex B or C.
    ShapeError
        B or C does not have N entries for each input or output.

    Notes
    -----
    The code of the paper draws B (N, H) with ``lecun_normal``, whose fan-in is there the state size: variance 1/N,
    so that the column of an input has length 1 on average. Its C is the same row by row ("trunc_standard_normal"),
    but a complex pair turned by V, where ours is real; its draws are cut off at two standard deviations.

    With J > 1 each eigenvalue comes J times, and one input alone reaches only N/J states: the copies are told apart
    by the other inputs, J of them at least. Because B and C are turned with the V that is stored, the
    system does not depend on the phases of V.

    Time scale: half-life 2 ln 2/dt steps for every mode, one dt for each mode, log-uniform in [1e-3, 1e-1].

    References
    ----------
    smith2023s5; theory L3, L4.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> init, one = ht.s5(64, blocks=4), ht.s4d("legs", 16)
    >>> init.lam.shape, bool(np.array_equal(init.lam[:8], one.lam) and np.array_equal(init.B[:8], one.B))
    ((32,), True)
    >>> layer = ht.s5(64, blocks=4, inputs=10, rng=0)
    >>> layer.kernel([0.0, 0.5]).shape
    (10, 10, 2)
    """
    N, blocks = positive_integer(N, "N", "s5"), positive_integer(blocks, "blocks", "s5")
    size = N // blocks
    if N % (2 * blocks):
        near = max(2 * blocks * (N // (2 * blocks)), 2 * blocks)
        raise ParameterError(
            f"s5: {blocks} equal blocks of conjugate pairs need N to be a multiple of {2 * blocks}; got N = {N}, use "
            f"{near} or {near + 2 * blocks}."
        )
    source = None if rng is None else generator(rng, "s5")
    b = _given_or_drawn(B, "B", inputs, "inputs", N, source)
    c = _given_or_drawn(C, "C", inputs if outputs is None and C is None else outputs, "outputs", N, source)
    part = diagonalize_normal_part(LegS(size))
    V = np.kron(np.eye(blocks), part.V)
    lam = np.tile(part.lam, blocks)
    modal: Array = np.tile(0.5 * part.weights, blocks) if b is None else V.conj().T @ b
    return Initialization(
        recipe={"recipe": "s5", "family": "LegS", "blocks": blocks, "N": N},
        system=Diagonal(lam, modal, C=V if c is None else c.T @ V, conjugate_pairs=True),
        N=N,
        V=V,
        source="smith2023s5; theory L3, L4",
        conventions={
            "N": f"real state size of all blocks; {lam.size} modes stored, {size // 2} a block",
            "B": "V^* times a real vector or matrix: drawn, given, or half of HiPPO's in every block",
            "sign of Im": "Im lam >= 0; outputs are 2 Re(C x)",
            "time scale": "half-life 2 ln 2/dt steps for every mode; dt log-uniform in [1e-3, 1e-1]",
        },
    )


def _given_or_drawn(
    values: ArrayLike | None, name: str, count: int | None, keyword: str, N: int, source: np.random.Generator | None
) -> Array | None:
    """A real (N,) or (N, count), one column an input or output; None where nothing is given and nothing drawn."""
    if count is not None:
        count = positive_integer(count, keyword, "s5")
        if values is not None:
            raise ParameterError(f"s5: {keyword}= says how many columns of {name} are drawn; give it or {name}=.")
        if source is None:
            raise ParameterError(f"s5: {name} of {count} {keyword} is drawn; give rng=, a seed or a numpy Generator.")
        return source.standard_normal((N, count)) / math.sqrt(N)
    if values is None:
        return None if source is None else source.standard_normal(N)
    matrix = finite(values, name, "s5")
    if np.iscomplexobj(matrix):
        raise ParameterError(f"s5: {name} must be real, it is turned by V into the modal one; give its real form.")
    columns = matrix.T if name == "C" else matrix
    if columns.ndim not in (1, 2) or len(columns) != N or columns.size == 0:
        needed = f"({N}, H)" if name == "B" else f"(p, {N})"
        raise ShapeError(f"s5: {name} must have shape ({N},) or {needed}, got {matrix.shape}.")
    return columns
