r"""``enclose_hinf_norm``: proved bounds of sup ||G|| over the boundary of stability, or of ||G - G_other||.

Theorem. Let G = N/chi be a matrix of rational functions without poles in Re s >= 0. Then sup_w ||G(iw)|| < gamma if
and only if the Hermitian matrix of polynomials

    F(w) = gamma^2 |chi(iw)|^2 I - N(iw)^* N(iw)

is positive definite for all real w, and so is its coefficient of w^{2n}, its value at infinity, n = deg chi.

For F(w) = |chi|^2 (gamma^2 I - G^* G), chi has no zeros on the axis, and the supremum over the closed line is attained.

The road is that of level sets: climb from the frequencies of the poles to a peak, which is a lower bound, and prove
F > 0 for a gamma above it by a part of ``rel``. Where that fails F has a negative value, a higher point from which to
climb again: a spike that the search misses is found by the proof. Chi, N and so F come from the exact data by sums
and products (``exact_transfer``), chi is proved stable by Routh's table, and F positive by Bernstein's coefficients on
few intervals (``positivity``), each as long as the distance to the next zero of F allows. No eigenvalue needs trust;
what cancels in N_1 chi_2 - N_2 chi_1, the difference of two systems, costs bits alone, and those are doubled until
every sign is known. A real system with one input or output has a real F in the variable w^2, of half the degree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._arrays import Immutable, positive_real
from .._optional import require
from .._precision import working_precision
from ..errors import AccuracyError, ParameterError, ShapeError, UnstableSystemError
from .balls import lower, upper
from .boundary_gain import BoundaryGain
from .exact_transfer import ExactTransfer, exact_transfer
from .positivity import is_hurwitz

__all__ = ["HInfinityBounds", "enclose_hinf_norm"]

_WHO = "enclose_hinf_norm"
_MOST_BITS = 1 << 14
_CLIMBS = 200


@dataclass(frozen=True, eq=False, repr=False)
class HInfinityBounds(Immutable):
    """Proved bounds lower <= sup ||G|| <= upper; made by ``ht.enclose_hinf_norm(system)``.

    Attributes
    ----------
    lower, upper : float
        Rounded outwards.
    frequency : float
        Where ||G(i frequency)|| or ||G(e^{i frequency dt})|| is ``lower``, rounded to a float; may be infinite.
    """

    lower: float
    upper: float
    frequency: float

    def __repr__(self) -> str:
        return f"{self.lower:.17g} <= H-infinity norm <= {self.upper:.17g}, at frequency {self.frequency:.6g}"


def enclose_hinf_norm(system: Any, other: Any = None, *, rel: float = 1e-6) -> HInfinityBounds:
    r"""Proved bounds of sup over w of ||G(iw)||_2, if discrete of ||G(e^{iw dt})||_2; or of G - G_other.

    Stability is proved as well. All floats are taken at their word, every rounding is accounted for: a theorem.

    Parameters
    ----------
    system, other : Operator, StateSpace, Diagonal, DiagonalPlusLowRank or initialisation
        Of an operator the exact entries are meant, of a system its floats. With C=None the state is read out, of
        ``Diagonal`` the stored modes. ``other``, of any type, needs the same inputs, outputs and dt.
    rel : float, default 1e-6
        upper - lower is at most ``rel`` times lower, and the rounding of both; from 1e-12 to 1e-1.

    Returns
    -------
    HInfinityBounds
        ``.lower``, ``.upper``, ``.frequency``. All are 0 where the transfer function is proved to be zero.

    Raises
    ------
    UnstableSystemError
        A pole is proved to lie on or beyond the boundary of stability.
    AccuracyError
        Stability, or bounds as narrow as asked for, not reached with 16384 bits: a pole on the boundary, or two
        systems that are equal without being proved so.
    ParameterError
        ``rel`` out of range; different dt.
    ShapeError, ParameterTypeError
        Different inputs or outputs; something else than a system.

    Notes
    -----
    Theorem and proof are in ``rigor.hinf_norm``. LegS against its modes takes .01 s for N = 16, .2 s for N = 64 and 2 s
    for N = 128, 64 dense states .1 s, complex matrices four or five times as long; 12 states with as many inputs and
    outputs take .5 s. The bound is proved on some 100 intervals, and ``rel`` hardly counts. Of a complex form of a
    real system, which has two peaks of one height, the positive frequency is told.

    References
    ----------
    boyd1990; theory L6, H2.

    Examples
    --------
    The spike by which the diagonal system misses LegS, and the closed form of its height:

    >>> import math, hippo_theory as ht
    >>> found = ht.enclose_hinf_norm(ht.LegS(16), ht.s4d("legs", 16))
    >>> bool(found.lower <= 10.0245724079 <= found.upper), round(found.frequency, 2)
    (True, 80.97)

    A resonance has the peak 1/(2 zeta sqrt(1 - zeta^2)):

    >>> spring = ht.StateSpace([[0.0, 1.0], [-1.0, -0.125]], [0.0, 1.0], C=[1.0, 0.0])
    >>> found = ht.enclose_hinf_norm(spring, rel=1e-9)
    >>> found.lower <= 1 / (0.125 * math.sqrt(1 - 0.0625**2)) <= found.upper <= found.lower * (1 + 2e-9)
    True
    """
    rel = positive_real(rel, "rel", _WHO)
    if not 1e-12 <= rel <= 0.1:
        raise ParameterError(f"{_WHO}: rel must lie between 1e-12 and 0.1, got {rel:g}.")
    parts = _parts(system, other)
    for part in parts:
        _refuse_stored_instability(part)
    bits, reached = 128 + 4 * sum(part.degree for part in parts), "nothing was proved"
    while bits <= _MOST_BITS:
        with working_precision(bits):
            found = _attempt(parts, rel)
        if isinstance(found, HInfinityBounds):
            return found
        bits, reached = 2 * bits, found
    raise AccuracyError(f"{_WHO}: {' - '.join(p.name for p in parts)}: {_MOST_BITS} bits did not suffice: {reached}.")


def _parts(system: Any, other: Any) -> list[ExactTransfer]:
    first = exact_transfer(system, _WHO)
    if other is None:
        return [first]
    second = exact_transfer(other, _WHO)
    if first.dt != second.dt:
        raise ParameterError(
            f"{_WHO}: the systems have the steps dt = {first.dt} and {second.dt}; discretize both alike to compare."
        )
    if first.shape != second.shape:
        raise ShapeError(
            f"{_WHO}: the systems have (outputs, inputs) = {first.shape} and {second.shape}; only maps between the "
            "same spaces have a difference. C=None reads out the state: give C."
        )
    return [first, second]


def _refuse_stored_instability(part: ExactTransfer) -> None:
    """Poles that are stored are judged exactly: squares of floats fit into so many bits."""
    with working_precision(512):
        for pole in () if part.stored is None else part.stored:
            if not (pole.real < 0 if part.dt is None else abs(pole) < 1):
                raise _unstable(part, f"the pole {complex(pole):.6g}")


def _unstable(part: ExactTransfer, pole: str) -> UnstableSystemError:
    where = "in the open left half plane" if part.dt is None else "in the open unit disc"
    return UnstableSystemError(f"{_WHO}: {part.name} has {pole}; all must lie {where}.")


def _attempt(parts: list[ExactTransfer], rel: float) -> HInfinityBounds | str:
    """The bounds, or what so many bits do not tell."""
    fractions = [part.fraction() for part in parts]
    for part, (chi, _) in zip(parts, fractions, strict=True):
        stable = is_hurwitz(chi, part.degree)
        if stable is None:
            return f"{part.name} could not be proved stable, with the pole {part.worst()} by LAPACK"
        if not stable:
            raise _unstable(part, f"a pole on or beyond the boundary of stability ({part.worst()} by LAPACK)")
    gain = BoundaryGain(parts, fractions)
    if gain.is_zero():
        return HInfinityBounds(0.0, 0.0, 0.0)
    return _bounds(gain, parts[0].dt, rel)


def _bounds(gain: BoundaryGain, dt: float | None, rel: float) -> HInfinityBounds | str:
    arb = require("flint").arb
    place, square = gain.first_peak()
    for _ in range(_CLIMBS):
        if not (square.lower() > 0 and square.rad() * 100 <= square.lower() * rel):
            return "the largest gain found is not told from zero"
        gamma = square.lower().sqrt() * (1 + arb(rel) * 9 / 10)
        verdict = gain.stays_below(gamma.upper())
        if verdict is True:
            return HInfinityBounds(lower(square.sqrt()), upper(gamma), gain.frequency(place, dt))
        if verdict is False:
            return f"the norm is at least {lower(square.sqrt()):.17g}, but no bound {rel:g} above that was proved"
        place, square = gain.climb(verdict)
    return f"higher points were still found after {_CLIMBS}"
