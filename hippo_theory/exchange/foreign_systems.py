"""Systems of other codes, scipy.signal, python-control and pyMOR: in by ``as_system``, out by ``to_...``.

A package is imported only to make one of its objects; what comes in is known by the name of its class.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._arrays import Array
from .._optional import require
from ..errors import ParameterError, ParameterTypeError
from ..systems import Diagonal, DiagonalPlusLowRank, StateSpace
from .rational_functions import from_descriptor, from_polynomials, from_zeros_and_poles, without_axes

__all__ = ["as_system", "to_control", "to_pymor", "to_scipy"]

_System = StateSpace | Diagonal | DiagonalPlusLowRank


def as_system(obj: Any) -> _System:
    """The system x' = A x + B u, y = C x + D u that an object of this or another package stands for.

    Parameters
    ----------
    obj : object
        ``scipy.signal`` StateSpace, TransferFunction or ZerosPolesGain (also made by ``lti`` and ``dlti``);
        ``control`` StateSpace, or a TransferFunction with one input and one output; a pyMOR LTIModel; or an operator,
        a system or an initialisation, whose system is returned as it is.

    Returns
    -------
    StateSpace, Diagonal or DiagonalPlusLowRank
        Matrices are taken over bit for bit; a single input or output loses its axis. Polynomials become the companion
        form, zeros and poles a series of sections, with states scaled by powers of two; a pyMOR model is solved for x'
        where its E is not the identity. These three are compared with their source on the boundary of stability at the
        modulus (in discrete time, the angle) of every pole.

    Raises
    ------
    ParameterTypeError
        Something else, or a transfer function of ``control`` with several inputs or outputs.
    ParameterError
        A step that is left open (dt = True, or None in ``control``); an improper function; no state at all; NaN; a
        pyMOR model that still depends on parameters.
    AccuracyError
        A singular E; a conversion that would leave no digit.

    Warns
    -----
    AccuracyWarning
        The converted transfer function is off by more than 1e-8 of its largest value.

    Notes
    -----
    Zeros and poles keep their digits, coefficients do not: a Butterworth filter of degree 40 is right to 1e-12 from the
    former and to 7e-6, with the warning, from the latter; a Chebyshev filter with 12 poles near z = 1 to 1e-11 from the
    former, and the latter are refused. Cost O(N^3). Names of signals and initial data are left behind.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> from scipy.signal import TransferFunction
    >>> system = ht.as_system(TransferFunction([1.0], [1.0, 0.02, 1.0]))
    >>> system, round(ht.hinf_norm(system).value, 6)
    (StateSpace(N=2, 1 output(s), D=0, dt=None), 50.0025)
    """
    return _as_system(obj, "as_system")


def to_scipy(obj: Any) -> Any:
    """A ``scipy.signal.StateSpace`` with the transfer function of the system.

    Parameters
    ----------
    obj : object
        Whatever ``ht.as_system`` takes. Its kernel must be real: stored conjugate pairs need an output C.

    Returns
    -------
    scipy.signal.StateSpace
        Real matrices, with axes for every input and output: dense ones bit for bit, the identity for C=None, and for
        stored pairs the blocks of ``Diagonal.to_real``.

    Raises
    ------
    ParameterError
        Complex matrices: scipy and ``control`` would drop imaginary parts. Also what ``ht.as_system`` raises.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> system = ht.s4d("legs", 8, C=np.ones(8)).system
    >>> t, y = ht.to_scipy(system).impulse(T=np.linspace(0.0, 2.0, 5))
    >>> bool(np.allclose(y, system.kernel(t), rtol=0, atol=1e-13))
    True
    """
    from scipy.signal import StateSpace as Foreign

    A, B, C, D, dt = _real_matrices(obj, "to_scipy")
    return Foreign(A, B, C, D) if dt is None else Foreign(A, B, C, D, dt=dt)


def to_control(obj: Any) -> Any:
    """A ``control.StateSpace`` with the transfer function of the system; needs python-control.

    Parameters
    ----------
    obj : object
        As for ``ht.to_scipy``.

    Returns
    -------
    control.StateSpace
        The matrices of ``ht.to_scipy``; dt = 0 in continuous time, else the step.

    Raises
    ------
    MissingExtraError
        python-control is not installed.
    ParameterError
        As for ``ht.to_scipy``.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.to_control(ht.LegS(4)).dt  # doctest: +SKIP
    0
    """
    A, B, C, D, dt = _real_matrices(obj, "to_control")
    return require("control").StateSpace(A, B, C, D, dt or 0, remove_useless_states=False)


def to_pymor(obj: Any) -> Any:
    """A pyMOR ``LTIModel`` with the transfer function of the system; needs pyMOR.

    Parameters
    ----------
    obj : object
        Whatever ``ht.as_system`` takes, complex systems included.

    Returns
    -------
    pymor.models.iosys.LTIModel
        The matrices of ``ht.to_scipy``, complex where no real ones are known; D and E are left out where they are 0 and
        the identity; sampling_time = 0 in continuous time, else the step.

    Raises
    ------
    MissingExtraError
        pyMOR is not installed.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.to_pymor(ht.s4(ht.LegS(4))).order  # doctest: +SKIP
    4
    """
    A, B, C, D, dt = _matrices(obj, "to_pymor")
    model = require("pymor.models.iosys").LTIModel
    return model.from_matrices(A, B, C, D if D.any() else None, sampling_time=dt or 0)


def _as_system(obj: Any, who: str) -> _System:
    for base in type(obj).__mro__:
        reader = _READERS.get((base.__module__.partition(".")[0], base.__name__))
        if reader is not None:
            return reader(obj, who)
    system = getattr(obj, "system", obj)
    if isinstance(system, StateSpace | Diagonal | DiagonalPlusLowRank):
        return system
    raise ParameterTypeError(
        f"{who}: a system, an operator, an initialisation, or a state-space model or transfer function of "
        f"scipy.signal, control or pyMOR is needed, got {type(obj).__module__}.{type(obj).__name__}; wrap matrices in "
        "ht.StateSpace(A, B, C, D)."
    )


def _from_scipy_matrices(obj: Any, who: str) -> StateSpace:
    return without_axes(obj.A, obj.B, obj.C, obj.D, _step(obj, None, who), who)


def _from_scipy_polynomials(obj: Any, who: str) -> StateSpace:
    return from_polynomials(obj.num, obj.den, _step(obj, None, who), who)


def _from_scipy_zeros(obj: Any, who: str) -> StateSpace:
    return from_zeros_and_poles(obj.zeros, obj.poles, obj.gain, _step(obj, None, who), who)


def _from_control_matrices(obj: Any, who: str) -> StateSpace:
    return without_axes(obj.A, obj.B, obj.C, obj.D, _step(obj, 0, who), who)


def _from_control_polynomials(obj: Any, who: str) -> StateSpace:
    if (obj.ninputs, obj.noutputs) != (1, 1):
        raise ParameterTypeError(
            f"{who}: this transfer function has {obj.ninputs} inputs and {obj.noutputs} outputs, and how many states "
            "they share is not decided here; convert it with control.ss (which needs slycot), or one entry obj[i, j]."
        )
    return from_polynomials(obj.num[0][0], obj.den[0][0], _step(obj, 0, who), who)


def _from_pymor(obj: Any, who: str) -> StateSpace:
    if obj.parameters:
        raise ParameterError(
            f"{who}: the model depends on the parameters {obj.parameters}; give the model of one choice, "
            "LTIModel.from_matrices(*model.to_abcde_matrices(mu=mu))."
        )
    A, B, C, D, E = obj.to_abcde_matrices(format="dense")
    dt = obj.sampling_time or None
    return without_axes(A, B, C, D, dt, who) if E is None else from_descriptor(A, B, C, D, E, dt, who)


def _step(obj: Any, continuous: int | None, who: str) -> float | None:
    """dt of another package as ours; ``continuous`` is its way to say continuous time."""
    dt = obj.dt
    if isinstance(dt, bool | np.bool_):
        raise ParameterError(f"{who}: dt = {dt} is a discrete time without a step; set .dt = 1.0 to count steps.")
    if dt is None and continuous is not None:
        raise ParameterError(f"{who}: dt = None leaves the time open; set .dt = {continuous} (continuous) or a step.")
    return None if dt == continuous else dt


# Package and class, or a base class: where in a package a class lives is its own affair.
_READERS = {
    ("scipy", "StateSpace"): _from_scipy_matrices,
    ("scipy", "TransferFunction"): _from_scipy_polynomials,
    ("scipy", "ZerosPolesGain"): _from_scipy_zeros,
    ("control", "StateSpace"): _from_control_matrices,
    ("control", "TransferFunction"): _from_control_polynomials,
    ("pymor", "LTIModel"): _from_pymor,
}


def _matrices(obj: Any, who: str) -> tuple[Array, Array, Array, Array, float | None]:
    """A (N, N), B (N, H), C (p, N), D (p, H) and dt, real where a real realisation is known."""
    system = _as_system(obj, who)
    D = np.asarray(system.D)
    if isinstance(system, Diagonal) and system.conjugate_pairs:
        # Without C the M stored states are read out: their mirror images would be N - M states that nobody sees.
        pairs = replace(system, D=0.0)
        system = replace(pairs, conjugate_pairs=False) if pairs.C is None else pairs.to_real()
    dense = system.to_dense()
    B = dense.B.reshape(dense.N, -1)
    C = np.eye(dense.N) if dense.C is None else np.atleast_2d(dense.C)
    D = D.reshape(len(C), B.shape[1]) if D.ndim else np.full((len(C), B.shape[1]), D)
    A, B, C, D = (np.array(M if np.any(np.imag(M)) else np.real(M)) for M in (dense.A, B, C, D))
    return A, B, C, D, dense.dt


def _real_matrices(obj: Any, who: str) -> tuple[Array, Array, Array, Array, float | None]:
    *matrices, dt = _matrices(obj, who)
    names = [name for name, M in zip("ABCD", matrices, strict=True) if np.iscomplexobj(M)]
    if names:
        raise ParameterError(
            f"{who}: complex matrices ({', '.join(names)}) have no place in scipy.signal and control, which drop "
            "imaginary parts. Where the kernel is real, give the operator or its ht.StateSpace(op.A, op.B, C), or "
            "store halves, ht.Diagonal(lam, B, C, conjugate_pairs=True); ht.to_pymor takes complex matrices."
        )
    A, B, C, D = matrices
    return A, B, C, D, dt
