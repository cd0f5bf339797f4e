"""Where eigenvalues of the all-pass homotopy collide: critical values of b on the negative axis (theory P5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._arrays import Complex, Immutable, Real, frozen
from .._double import scaled
from ..operators import OnePort
from .inner_functions import BlaschkeProduct, critical_points, inner_function, require_one_port

__all__ = ["Collisions", "collisions"]


@dataclass(frozen=True, eq=False, repr=False)
class Collisions(Immutable):
    """Where the homotopy of an operator is defective; made by ``collisions``.

    Attributes
    ----------
    rho : ndarray, shape (K,)
        Falling, in [0, 1): A_rho has a double eigenvalue, in a Jordan block. 0 where it underflows.
    log10 : ndarray, shape (K,)
        Its logarithm, finite.
    lam : ndarray, shape (K,)
        That eigenvalue, real.
    points, values : ndarray, complex, shape (N - 1,)
        All eigenvalues s with phi'(s) = 0, and -1/phi there: the complex rho at which two roots meet. ``rho`` are the
        real ones among them; others close to (0, 1) make A_rho nearly defective.
    """

    rho: Real
    log10: Real
    lam: Real
    points: Complex
    values: Complex

    def __len__(self) -> int:
        return self.rho.size

    def __repr__(self) -> str:
        largest = f", the largest {self.rho[0]:.6g}" if len(self) else ""
        noun = "collision" if len(self) == 1 else "collisions"
        return f"{len(self)} {noun} of eigenvalues{largest}"


def collisions(operator: OnePort) -> Collisions:
    """Where eigenvalues of A_rho collide: the critical points of phi, exactly as many as there are.

    Parameters
    ----------
    operator : OnePort

    Returns
    -------
    Collisions
        ``.rho`` falling, ``.lam``, ``.points``, ``.values``. Of real a_k all critical points are real, one between any
        two neighbours, and every second value is negative: LegS has floor(N/2) collisions. LagT and FouT have none.
        Relative accuracy a few N eps. Cost O(N^2) for real a_k, O(N^3) for others.

    Raises
    ------
    ParameterTypeError
        Not an operator with one port.

    References
    ----------
    theory P5.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from hippo_theory.lossless import collisions
    >>> collisions(ht.LegS(2)).rho, 7 - 4 * 3**0.5
    (array([0.07179677]), 0.07179676972449123)
    >>> collisions(ht.LegS(16))
    8 collisions of eigenvalues, the largest 0.00342327
    """
    require_one_port(operator, "collisions")
    inner, half = inner_function(operator)
    a = inner.a
    chain, x = BlaschkeProduct(a), critical_points(a)
    with np.errstate(all="ignore"):
        values = -chain.value(x)
        log10 = chain.log_size(x) / math.log(10)
    lam = scaled(-x, 2 * half) - operator.shift
    # On the axis b changes its sign at every real a_k; its value may underflow.
    beyond = (a.real[a.imag == 0] > x.real[:, None]).sum(axis=1)
    found = np.flatnonzero((x.imag == 0) & (beyond % 2 == 1))
    order = found[np.argsort(-log10[found])]
    values = np.where(x.imag == 0, values.real, values)
    return Collisions(*map(frozen, (values[order].real, log10[order], lam[order].real, lam, values)))
