"""The same operators as other codes write them: every factor, sign and dead state has a name.

``convention(name, N)`` builds the matrices of another code exactly; ``CONVENTIONS[name]`` says in
words, and as a similarity and a time factor, how they differ from ours:
A_other = time_factor T A T^{-1}, B_other = gain T B.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .._arrays import Array, known_name, positive_integer
from ..errors import ParameterError
from ..systems import StateSpace
from .fout import FouT
from .legs import LegS
from .legt import LegT

__all__ = ["CONVENTIONS", "Convention", "convention"]


@dataclass(frozen=True)
class Convention:
    """How another code writes a family of ours."""

    name: str
    family: str
    window: str
    difference: str
    source: str
    build: Callable[[int], tuple[Array, Array]] = field(repr=False)


def convention(name: str, N: int) -> StateSpace:
    """The pair (A, B) of another code, with its own scale, signs and dead states.

    Parameters
    ----------
    name : {"halved-legt", "halved-fout", "fourier2", "lmu", "positive-legs"}
        ``ht.CONVENTIONS[name].difference`` tells what is different from our family.
    N : int
        State size *of that code* (the Fourier forms need it even: they keep a dead state).

    Returns
    -------
    StateSpace
        Real A (N, N) and B (N,), every entry rounded once from its exact value.

    Raises
    ------
    UnknownNameError
        ``name`` is none of the above; the nearest one is suggested.
    ParameterError
        N < 1, not an integer, or odd for a Fourier form.

    References
    ----------
    gu2023httyh and the public code of state-spaces/s4 for the halved forms; voelker2019lmu.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.convention("lmu", 3).A.tolist()
    [[-1.0, -1.0, -1.0], [3.0, -3.0, -3.0], [-5.0, 5.0, -5.0]]
    """
    name = known_name(name, CONVENTIONS, "convention")
    A, B = CONVENTIONS[name].build(positive_integer(N, "N", f"convention {name!r}"))
    return StateSpace(A, B)


def _halved_legt(N: int) -> tuple[Array, Array]:
    op, sign = LegT(N), 1.0 - 2.0 * (np.arange(N) % 2)
    return 0.5 * sign[:, None] * op.A * sign, 0.5 * sign * op.B


def _lmu(N: int) -> tuple[Array, Array]:
    # diag(r) A diag(r)^{-1} with its square roots cancelled by hand: integers.
    row, column = np.indices((N, N))
    scale = 2.0 * np.arange(N) + 1
    sign = np.where((row > column) & ((row - column) % 2 == 1), 1.0, -1.0)
    return scale[:, None] * sign, scale * (1.0 - 2.0 * (np.arange(N) % 2))


def _with_dead_state(N: int, factor: float) -> tuple[Array, Array]:
    if N % 2:
        raise ParameterError(
            f"The Fourier forms of state-spaces/s4 keep a dead sine of frequency 0 and need N even, got {N}; "
            f"ht.FouT({N}) is the form without it."
        )
    op = FouT(N - 1)
    alive = np.r_[0, 2:N]
    A, B = np.zeros((N, N)), np.zeros(N)
    A[np.ix_(alive, alive)], B[alive] = factor * op.A, factor * op.B
    return A, B


def _positive_legs(N: int) -> tuple[Array, Array]:
    op = LegS(N)
    return 0.0 - op.A, op.B.copy()


_S4 = "state-spaces/s4, src/models/hippo/hippo.py"
CONVENTIONS: dict[str, Convention] = {
    c.name: c
    for c in (
        Convention(
            "halved-legt",
            "LegT",
            "window 2, mean memory 1",
            "A = (1/2) S A_LegT S, B = (1/2) S B_LegT with S = diag((-1)^n): time runs twice as slowly, "
            "every second basis function changes sign",
            _S4 + " ('legt')",
            _halved_legt,
        ),
        Convention(
            "halved-fout",
            "FouT",
            "window 2, mean memory 1",
            "half of A_FouT and B_FouT of size N - 1, and a dead state 1 (the sine of frequency 0): zero row, "
            "column and input, eigenvalue exactly 0",
            _S4 + " ('fourier', 'fout')",
            lambda N: _with_dead_state(N, 0.5),
        ),
        Convention(
            "fourier2",
            "FouT",
            "window 1, mean memory 1/2",
            "A_FouT and B_FouT of size N - 1, and the dead state 1",
            _S4 + " ('fourier2')",
            lambda N: _with_dead_state(N, 1.0),
        ),
        Convention(
            "lmu",
            "LegT",
            "window theta = 1",
            "A = R A_LegT R^{-1}, B = R B_LegT with R = diag(sqrt(2n+1)): Legendre polynomials that are not "
            "normalised, integer entries",
            "voelker2019lmu",
            _lmu,
        ),
        Convention(
            "positive-legs",
            "LegS",
            "x' = -A x + B u",
            "A = -A_LegS: the sign is written into the equation",
            "gu2020hippo",
            _positive_legs,
        ),
    )
}
