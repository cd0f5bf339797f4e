"""What perturb-then-diagonalize gives: an initialisation that knows its perturbation, and what theory says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .._arrays import Array
from ..analysis import hinf_norm
from ..lossless import Peak, homotopy_error
from ..operators import OnePort, Operator
from ..systems import Diagonal, StateSpace
from ._base import Initialization
from .findings import Finding

__all__ = ["PerturbedDiagonalization", "state_error"]


@dataclass(frozen=True, eq=False, repr=False)
class PerturbedDiagonalization(Initialization):
    """An ``Initialization`` that knows its perturbation and what it cost; made by ``ht.ptd``.

    Attributes
    ----------
    operator : Operator or StateSpace
        What was perturbed: one block.
    E : ndarray, shape (n, n)
        A + E = V diag(lam) V^{-1}, of one block.
    rho : float or None
        Of the all-pass homotopy.
    block : Diagonal
        One block that reads out its state in the coordinates of the operator.
    kappa : float
        ||V|| ||V^{-1}|| of unit columns, spectral norms; relative accuracy about N eps kappa.
    """

    operator: Operator | StateSpace = field(kw_only=True)
    E: Array = field(kw_only=True)
    rho: float | None = field(kw_only=True)
    block: Diagonal = field(kw_only=True)
    kappa: float = field(kw_only=True)

    @property
    def method(self) -> str:
        return str(self.recipe["method"])

    @cached_property
    def perturbation_norm(self) -> float:
        """||E||, spectral norm; with one port rho ||B||^2/(1 + rho)."""
        return float(np.linalg.norm(self.E, 2))

    @cached_property
    def transfer_peak(self) -> Peak:
        """sup over w of ||G_result(iw) - G(iw)||, the state of one block read out, and where it is attained.

        G_result has the input that it stands for, B/(1 + rho) of the all-pass homotopy, else B. In closed form for
        the all-pass homotopy of one port, else ``ht.hinf_norm`` of the difference.
        """
        if self.rho is not None and isinstance(self.operator, OnePort):
            return homotopy_error(self.operator, self.rho)
        return state_error(self.operator, self.block)

    @property
    def transfer_error(self) -> float:
        """The value of ``transfer_peak``."""
        return self.transfer_peak.value

    def findings(self) -> list[Finding]:
        """What was measured, and next to it what theory bounds it by."""
        op, eps, peak = self.operator, self.perturbation_norm, self.transfer_peak
        n, size = len(self.E), eps / float(np.linalg.norm(op.A, 2))
        found = [
            Finding("eigenvector condition", self.kappa, "||V|| ||V^-1||, unit columns"),
            Finding("perturbation", eps, f"||E||, {100 * size:.3g} % of ||A||"),
            Finding("transfer error", peak.value, f"sup ||G_ptd(iw) - G(iw)||, attained at w = {peak.frequency:.6g}"),
        ]
        if isinstance(op, OnePort):
            found += _bounds(op, eps, self.rho)
        bound = 4 * n**1.5 * (1 + 1 / size) if size else math.inf
        return [
            *found,
            Finding("bound of kappa", bound, "4 n^{3/2} (1 + ||A||/||E||) is reached by some E of this norm"),
        ]

    def tensors(self) -> dict[str, Array]:
        op = self.operator
        derived = self.rho is not None and isinstance(op, OnePort)
        given = {} if "family" in self.recipe else {"A": np.asarray(op.A), "input": np.asarray(op.B)}
        return super().tensors() | ({} if derived else {"E": self.E, **given})


def state_error(operator: Operator | StateSpace, block: Diagonal) -> Peak:
    """sup over w of ||G_block(iw) - G(iw)||; infinite where ``block`` is unstable."""
    slowest = block.lam[int(np.argmax(block.lam.real))]
    if slowest.real >= 0:
        return Peak(math.inf, abs(float(slowest.imag)))
    found = hinf_norm(operator.system if isinstance(operator, Operator) else operator, block)
    return Peak(found.value, found.frequency)


def _bounds(op: OnePort, eps: float, rho: float | None) -> list[Finding]:
    """What theory says of sup ||G_ptd - G||, B the operator's own."""
    B, shift = float(np.linalg.norm(op.B)), op.shift
    first = (2 * math.log(op.N) + 4) * eps * B
    found = [Finding("bound P1", first, "(2 ln n + 4) ||E|| ||B||, to first order in ||E||")]
    if eps < shift:
        value = eps / ((shift - eps) * math.sqrt(2 * shift))
        found.append(
            Finding(
                "bound P2", value, "||E|| sup||G||/(shift - ||E||): the numerical range stays in the left half plane"
            )
        )
    if rho is not None and rho < 1:
        # 2 shift ||G||^2 = 1 - |phi|^2 on the axis.
        size = 1 / (2 * math.sqrt(2 * shift)) if shift else hinf_norm(op).value
        found.append(Finding("bound P5", size * rho / (1 - rho), "sup(||G|| |phi|) rho/(1 - rho), at every N"))
    return found
