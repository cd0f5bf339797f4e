"""Norms of transfer functions and of what they do: H-infinity, H2, Hankel, and peak to peak."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._arrays import Immutable, Scalar, positive_real
from ..errors import AccuracyWarning, ParameterError
from ..systems import StateSpace
from ._absolute_sums import absolute_integral, absolute_sum
from ._bounded_real import Response, frobenius, highest
from ._transfer_parts import EPS, Part, boundary, norm_parts
from .gramians import controllability_gramian
from .hankel import hankel_singular_values

__all__ = ["HInfinityNorm", "SystemNorm", "h2_norm", "hankel_norm", "hinf_norm", "l1_norm"]


@dataclass(frozen=True, eq=False, repr=False)
class HInfinityNorm(Immutable, Scalar):
    """The largest gain of a stable system; made by ``ht.hinf_norm``.

    Attributes
    ----------
    value : float
        sup ||G||_2 over the boundary of stability.
    frequency : float
        Where it is attained, G(i frequency) or G(e^{i frequency dt}); >= 0 for a real kernel, infinite where only
        D is left.
    error : float
        A bound of the rounding in ``value``, absolute, for the matrices as they are stored.
    z : complex
        i frequency, or e^{i frequency dt}.
    """

    value: float
    frequency: float
    error: float
    z: complex

    def __repr__(self) -> str:
        return f"H-infinity norm {self.value:.12g} at frequency {self.frequency:.6g}"


@dataclass(frozen=True, eq=False, repr=False)
class SystemNorm(Immutable, Scalar):
    """A norm of a stable system; made by ``ht.h2_norm``, ``ht.hankel_norm`` and ``ht.l1_norm``.

    Attributes
    ----------
    value : float
    error : float
        Absolute: a bound of truncation where there is one, and an estimate of rounding.
    name : str
        "H2", "Hankel" or "peak-to-peak".
    """

    value: float
    error: float
    name: str

    def __repr__(self) -> str:
        return f"{self.name} norm {self.value:.12g}, error {self.error:.1e}"


def hinf_norm(system: Any, other: Any = None) -> HInfinityNorm:
    r"""sup over w of ||G(iw)||_2, if discrete of ||G(e^{iw dt})||_2: the largest gain, and where; or of G - G_other.

    Climbs from the frequencies of all poles end on a peak. A level set just above it must then be empty: gamma is a
    singular value of G(iw) if and only if a Hamiltonian matrix has the eigenvalue iw, and at the imaginary parts of all
    its eigenvalues, and half-way between them, G itself is evaluated. A higher point there starts the next climb.

    Parameters
    ----------
    system, other : Operator, system or initialisation
        Stable; with C=None the state is read out. ``other``, of any type, needs the same inputs, outputs and dt.

    Returns
    -------
    HInfinityNorm
        ``.value``, ``.frequency``, ``.error``, ``.z``. Relative accuracy about N eps, as ``.error`` says: modes and
        operators are evaluated in closed form, dense systems by a solve that is refined with exact residuals. The
        matrices are taken as they are; what *their* rounding does is not in ``.error``. Frequencies have half of the
        digits, relative to the width of the peak: a maximum is flat.

    Raises
    ------
    UnstableSystemError
        A pole on or beyond the boundary of stability.
    AccuracyError
        A full matrix that rounding would make unstable.
    ParameterError, ParameterTypeError
        Different dt; poles or D outside 1e-140 to 1e140, B or C outside 1e-70 to 1e70 in the best scales of the
        states; no system.
    ShapeError
        Different inputs or outputs.

    Warns
    -----
    AccuracyWarning
        Less than half of the digits are certain: the difference of two systems that agree to rounding, or a peak
        narrower than the floats are apart at its frequency.

    Notes
    -----
    Spikes of width 1/2 at w = N^2/pi, which no grid meets, are found because poles say where to look, or else level
    sets. Cost O(N^3), as a rule one eigenvalue problem of size 2N, N the states of both: 2 ms for 10 dense states,
    30 ms for 100, .2 s for LegS(128) against its 128 modes.

    References
    ----------
    boyd1990; bruinsma1990; theory L6, H2.

    Examples
    --------
    The diagonal system does not converge to LegS: the error grows like 2N/pi (theory L6).

    >>> import hippo_theory as ht
    >>> ht.hinf_norm(ht.LegS(64), ht.s4d("legs", 64))
    H-infinity norm 40.7027953738 at frequency 1303.27
    >>> zeta = 0.01  # a resonance has the peak 1/(2 zeta sqrt(1 - zeta^2))
    >>> round(ht.hinf_norm(ht.StateSpace([[0.0, 1.0], [-1.0, -2 * zeta]], [0.0, 1.0], C=[1.0, 0.0])).value, 9)
    50.002500188
    """
    who = "hinf_norm"
    response = Response(norm_parts(system, other, who))
    peak = highest(response)
    if peak.error > 1e-8 * peak.value > 0:
        warnings.warn(
            f"{who}: {peak.value:.3g} is uncertain by {peak.error:.0e}, the rounding of the transfer function.",
            AccuracyWarning,
            stacklevel=2,
        )
    z = complex(0.0, np.inf) if np.isinf(peak.t) else complex(boundary(np.array(peak.t), response.dt))
    return HInfinityNorm(peak.value, peak.t / (response.dt or 1.0) + 0.0, peak.error, z)


def h2_norm(system: Any, other: Any = None) -> SystemNorm:
    r"""((1/2 pi) int ||G(iw)||_F^2 dw)^{1/2}: size of the kernel, rms output for white noise. Or of G - G_other.

    It is ||C X||_F for a factor P = X X^* of the controllability Gramian; if discrete, of the mean of
    ||G(z)||_F^2 over the unit circle, and D adds ||D||_F^2.

    Parameters
    ----------
    system, other : Operator, system or initialisation
        As for ``hinf_norm``.

    Returns
    -------
    SystemNorm
        ``.value``, ``.error``, an estimate: that of P, carried over to the factor. The factor is found without a
        square, so that a difference is known to eps times the systems, and not to the root of eps.

    Raises
    ------
    ParameterError
        D != 0 in continuous time, where the norm is infinite; different dt.
    UnstableSystemError, AccuracyError, ShapeError, ParameterTypeError
        As for ``hinf_norm``, and for ``ht.controllability_gramian``.

    Notes
    -----
    Cost O(N^3), for modes O(N^2 p).

    References
    ----------
    theory L7; hammarling1982.

    Examples
    --------
    What LegS remembers of white noise, the trace of its Gramian N/2, and a discrete sum 1 + 1/4 + 1/16 + ... = 4/3:

    >>> import hippo_theory as ht
    >>> round(ht.h2_norm(ht.LegS(64)).value ** 2, 12)
    32.0
    >>> round(ht.h2_norm(ht.StateSpace([[0.5]], [1.0], C=[1.0], dt=1.0)).value ** 2, 12)
    1.333333333333
    """
    who = "h2_norm"
    parts = norm_parts(system, other, who)
    D = parts[0].D if other is None else parts[0].D - parts[1].D
    direct = frobenius(D)
    if parts[0].dt is None and direct:
        raise ParameterError(
            f"{who}: D = {np.squeeze(D)} passes white noise of infinite power in continuous time, the norm is "
            "infinite; leave D out, or discretize."
        )
    if other is None:
        reached, C = controllability_gramian(parts[0].source), parts[0].C
    else:
        A, B, C, _ = Response(parts).matrices
        reached = controllability_gramian(StateSpace(A, B, dt=parts[0].dt))
    seen = reached.factor if C is None else C @ reached.factor
    strictly = frobenius(seen)
    gain = 1.0 if C is None else frobenius(C)
    size = float(np.linalg.norm(reached.factor, 2))
    # X X^* moves by the error of P, hence X by half of it over its norm, whatever C cancels of it.
    error = reached.error / size * gain / 2 if size else 0.0
    value = float(np.hypot(strictly, direct))
    return SystemNorm(value, error + 4 * EPS * value, "H2")


def hankel_norm(system: Any) -> SystemNorm:
    r"""The largest Hankel singular value, sqrt(lambda_max(P Q)): the gain from past inputs to future outputs.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable. D plays no part.

    Returns
    -------
    SystemNorm
        ``.value``, ``.error``: of ``ht.hankel_singular_values``.

    Raises
    ------
    UnstableSystemError, AccuracyError, ParameterError, ParameterTypeError
        As for ``ht.hankel_singular_values``.

    Notes
    -----
    It is the distance of G to the anticausal systems (Nehari); hankel_norm <= hinf_norm <= ||D|| + 2 (sum of all Hankel
    values). Cost O(N^3).

    References
    ----------
    theory section 5.

    Examples
    --------
    An all-pass function is as large a Hankel operator as it can be: phi = 1 - B^T G of LagT has the norm 1.

    >>> import hippo_theory as ht
    >>> op = ht.LagT(8)
    >>> round(ht.hankel_norm(ht.StateSpace(op.A, op.B, C=op.B)).value, 12)
    1.0
    """
    found = hankel_singular_values(system)
    return SystemNorm(float(found.values[0]), found.error, "Hankel")


def l1_norm(system: Any, tol: float = 1e-10) -> SystemNorm:
    r"""int_0^inf abs(k(t)) dt + abs(D), if discrete sum_l abs(C A^l B) + abs(D): the gain from peak to peak.

    An input below one in absolute value gives an output below the norm, and some such input comes arbitrarily close.
    Of several outputs the largest counts, the inputs add: max_i sum_j ||k_ij||_1. The kernel becomes polynomials on
    panels, which are cut exactly where they change sign.

    Parameters
    ----------
    system : Operator, system or initialisation
        Stable; with C=None the state is read out.
    tol : float, default 1e-10
        Relative, between 1e-14 and 1: how far the panels are refined, and how small the rest must be.

    Returns
    -------
    SystemNorm
        ``.value``, ``.error``: the last coefficients of the polynomials, rounding, and a proven bound of what comes
        after the last panel (from the poles of modes, else from the numerical abscissa or a Lyapunov inequality with
        a margin for its residual). Rounding is estimated for a kernel C e^{tA} B as large as its terms: what cancels in
        the sum over states far from normal, as in a companion matrix, is not in it. A complex kernel whose modulus
        comes near zero costs many panels.

    Raises
    ------
    AccuracyError
        A kernel with more oscillations than memory has room for, or whose rest cannot be bounded.
    UnstableSystemError, ParameterError, ParameterTypeError
        As for ``hinf_norm``; tol out of range.

    Notes
    -----
    For one input and one output hankel_norm <= hinf_norm <= l1_norm <= abs(D) + 2 (sum of the Hankel values). Cost
    about 50 points a sign change, O(N) each for modes: .5 s for the 128 states of S4D-LegS, whose fastest mode changes
    sign 90,000 times.

    References
    ----------
    boyd1991; theory section 5.

    Examples
    --------
    Of a damped oscillation every half period repeats the one before, smaller by one factor:

    >>> import numpy as np, hippo_theory as ht
    >>> a, w = 0.1, 2.0
    >>> norm = ht.l1_norm(ht.Diagonal([-a + 1j * w], [1.0], C=[-0.5j], conjugate_pairs=True))  # e^{-at} sin(wt)
    >>> bool(abs(norm.value - w / (a * a + w * w) / np.tanh(a * np.pi / (2 * w))) <= norm.error)
    True
    """
    who = "l1_norm"
    tol = positive_real(tol, "tol", who)
    if not 1e-14 <= tol < 1:
        raise ParameterError(f"{who}: tol must be between 1e-14 and 1, got {tol:g}.")
    (part,) = norm_parts(system, None, who)
    from scipy.linalg import LinAlgWarning

    # What overflows is not resolved, and is refused as such; an inequality counts by its residual, not by a condition.
    with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        found = (absolute_integral if part.dt is None else absolute_sum)(part, tol, who)
    return _largest_row(part, found.value, found.error)


def _largest_row(part: Part, value: Any, error: Any) -> SystemNorm:
    gains = (value + np.abs(part.D)).sum(axis=1)
    top = int(np.argmax(gains))
    return SystemNorm(float(gains[top]), float(error.sum(axis=1)[top] + 4 * EPS * gains[top]), "peak-to-peak")
