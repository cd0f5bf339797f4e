"""Modal truncation: the modes that the output hears most, and a bound of all the others together."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from .._arrays import Array, Real
from ..errors import AccuracyError, AccuracyWarning, ParameterError
from ..systems import Diagonal
from ._balanced_states import BalancedStates, Reduction, balanced_states, kept, map_of
from ._lyapunov import EPS

__all__ = ["modal_truncation"]

_WHO = "modal_truncation"
_DOUBTFUL, _LOST = 1e-8, 1e-3


def modal_truncation(system: Any, order: int | None = None, *, error: float | None = None) -> Reduction:
    r"""The modes with the largest peak gains ||C_j|| ||B_j|| / abs(Re a_j), conjugate pairs together.

    G(s) = D + sum_j C_j B_j/(s - a_j), C_j a column and B_j a row, and no term exceeds its peak gain d_j, with
    1 - abs(a_j) in place of abs(Re a_j) in discrete time. Leaving out the smallest ones costs at most their sum:

        sigma_k <= sup ||G - G_r|| <= sum of the d_j that are left out.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable, with a complete set of eigenvectors. Without C the state is read out.
    order : int, optional
        States to keep. One less is kept where the last would be half of a conjugate pair of a real system.
    error : float, optional
        In place of ``order``: the fewest modes whose bound is at most this.

    Returns
    -------
    Reduction
        ``.system``, a ``Diagonal`` with D as given: some of the stored modes of a ``Diagonal``, in their order;
        otherwise eigenvectors, of a real system as halves of conjugate pairs. ``.values`` are the d_j (N,), falling.

    Raises
    ------
    ParameterError
        Both or none of order and error; an order beyond the modes that are heard; order 1 where a pair comes first.
    AccuracyError
        Eigenvectors of condition 1e-3/eps or more: the modes of such a matrix are not its behaviour.
    UnstableSystemError, ParameterTypeError
        As in ``ht.hankel_singular_values``.

    Warns
    -----
    AccuracyWarning
        The condition of the eigenvectors costs more than half of the digits.

    Notes
    -----
    The bound adds what may cancel: where modes overlap, ``ht.balanced_truncation`` keeps fewer states for the same
    error. For S4D, whose modes are independent, it says which ones a trained layer uses. Cost O(N p H) for modes, plus
    O(N^3) for ``lower``.

    References
    ----------
    davison1966; varga1995.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> full = ht.s4d("inv", 32, C=1 / (1 + np.arange(16.0)))
    >>> found = ht.modal_truncation(full, 8)
    >>> found.system.lam.size, found.system.conjugate_pairs
    (4, True)
    >>> bool(found.lower <= ht.hinf_norm(full, found.system).value <= found.upper)
    True
    """
    source = getattr(system, "system", system)
    states = balanced_states(source, _WHO)
    modes = _stored(source) if isinstance(source, Diagonal) else _eigenvectors(states)
    gains = _peak_gains(modes)
    groups = sorted(_groups(modes), key=lambda group: -float(gains[group].max()))
    # The mirror image of a stored half is as loud.
    halves = modes.conjugate_pairs & (modes.lam.imag != 0)
    ranked = [np.repeat(gains[group], np.where(halves[group], 2, 1)) for group in groups]
    values: Real = np.concatenate(ranked)
    bounds: Real = np.append(np.cumsum(values[::-1])[::-1], 0.0)
    ends = np.cumsum([len(group) for group in ranked])
    k = kept(order, error, bounds, int((values > 0).sum()), _WHO)
    count = int(np.searchsorted(ends, k, side="right" if error is None else "left")) + (error is not None)
    if not count:
        raise ParameterError(f"{_WHO}: the mode with the largest gain is one of a pair; keep at least 2 states.")
    k, chosen = int(ends[count - 1]), np.sort(np.concatenate(groups[:count]))
    C = None if modes.C is None else modes.C[..., chosen]
    reduced = replace(modes, lam=modes.lam[chosen], B=modes.B[chosen], C=C)
    return Reduction(reduced, k, values, states.least_error(k), float(bounds[k]), "modal truncation")


def _stored(source: Diagonal) -> Diagonal:
    """With a C: without one the stored state is read out."""
    if source.C is not None:
        return source
    return replace(source, C=np.eye(source.lam.size), conjugate_pairs=False)


def _eigenvectors(states: BalancedStates) -> Diagonal:
    """The modes of a dense system; of a real one the upper halves of pairs, and real modes with half of their B."""
    given, source = states.given, states.source
    lam, V = np.linalg.eig(given.A)
    condition = float(np.linalg.cond(V))
    if not condition * EPS < _LOST:
        raise AccuracyError(
            f"{_WHO}: the eigenvectors of {source!r} have the condition {condition:.1e}: its modes cancel each other "
            "and no digit of them is certain; use ht.balanced_truncation."
        )
    if condition * EPS > _DOUBTFUL:
        warnings.warn(
            f"{_WHO}: the eigenvectors have the condition {condition:.1e}; about {condition * EPS:.0e} of the modes is "
            "uncertain.",
            AccuracyWarning,
            stacklevel=3,
        )
    B, C = np.linalg.solve(V, given.B.astype(V.dtype)), given.C @ V
    real = not any(np.iscomplexobj(x) for x in (given.A, given.B, given.C))
    if real:
        upper = lam.imag >= 0
        lam, B, C = lam[upper], B[upper], C[:, upper]
        lone = lam.imag == 0
        B, C = np.where(lone[:, None], B.real / 2, B), np.where(lone, C.real, C)
    time, drive, read = given.units
    port = 2.0 ** ((drive + read) / 2)
    like = map_of(source, np.diag(lam * 2.0**time), port * B, port * C, states.D)
    return Diagonal(np.diagonal(like.A), like.B, like.C, like.D, conjugate_pairs=real, dt=source.dt)


def _peak_gains(modes: Diagonal) -> Real:
    full, M = modes.full(), modes.lam.size
    B, C = full.B.reshape(full.lam.size, -1)[:M], np.atleast_2d(np.asarray(full.C))[:, :M]
    margin = -modes.lam.real if modes.dt is None else 1 - np.abs(modes.lam)
    gains: Real = np.linalg.norm(C, axis=0) * np.linalg.norm(B, axis=1) / margin
    return gains


def _groups(modes: Diagonal) -> list[Array]:
    """Indices of modes that stay together: both halves of a pair that is written out."""
    if modes.conjugate_pairs:
        return [np.array([j]) for j in range(modes.lam.size)]
    left, groups = {j: complex(a) for j, a in enumerate(modes.lam)}, []
    while left:
        j, a = left.popitem()
        mirror = next((i for i, b in left.items() if b == a.conjugate() != a), None)
        if mirror is not None:
            del left[mirror]
        groups.append(np.array([j] if mirror is None else sorted([j, mirror])))
    return groups
