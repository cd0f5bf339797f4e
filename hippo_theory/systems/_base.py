"""What the three forms share: the protocol, validation, the shapes of outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from .._arrays import Array, Complex, Immutable, finite, frequencies, frozen, positive_integer, positive_real, times
from ..errors import ParameterError, ShapeError
from ._discretization import Rule, rule

if TYPE_CHECKING:
    from .dense import StateSpace

__all__ = ["LinearSystem", "System", "inputs"]


class LinearSystem(Protocol):
    """What every system answers; see the classes for shapes and costs."""

    @property
    def N(self) -> int: ...
    @property
    def dt(self) -> float | None: ...
    @property
    def poles(self) -> Array: ...
    def transfer(self, s: ArrayLike) -> Complex: ...
    def kernel(self, t: Any) -> Array: ...
    def to_dense(self) -> StateSpace: ...
    def discretize(self, dt: float, method: str = "zoh", *, alpha: float | None = None) -> LinearSystem: ...


class System(Immutable, ABC):
    """Validation and output shared by the three forms; the transfer and the powers of the state differ."""

    B: Array
    C: Array | None
    D: complex | Array
    dt: float | None

    @property
    def N(self) -> int:
        """Number of states (for stored conjugate pairs: of the modes, mirrored)."""
        return len(self.B)

    def transfer(self, s: ArrayLike) -> Complex:
        """C (sI - A)^{-1} B + D at complex points (z for discrete time); infinity gives D.

        Returns
        -------
        ndarray, complex128
            Shape s.shape for one output, (p,) + s.shape for p outputs (a scalar D is added to each), and
            (M,) + s.shape for the M stored states if C is None; where B is a matrix of H inputs, (H,) + s.shape,
            (p, H) + s.shape and (M, H) + s.shape. ``inf`` at a pole, for the inputs that reach it.
        """
        points = frequencies(s, f"{type(self).__name__}.transfer")
        flat = points.ravel()
        at_infinity = np.isinf(flat)
        with np.errstate(all="ignore"):
            values = self._output_transfer(np.where(at_infinity, 1.0, flat))
        values = np.where(np.isfinite(values), values, complex(np.inf, 0.0))
        # An input that drives nothing has no pole.
        values = np.where(np.asarray(self.B.any(axis=0))[..., None], values, 0.0)
        values[..., at_infinity] = 0.0
        values = values + np.asarray(self.D)[..., None]
        return np.asarray(values.reshape(values.shape[:-1] + points.shape), dtype=np.complex128)

    def _output_transfer(self, s: Complex) -> Array:
        return self._read(self._state_transfer(s))

    def kernel(self, t: Any) -> Array:
        """Impulse response C e^{tA} B at times t >= 0; for discrete time C A^l B, l = 0..t-1 (t an integer).

        D (the response at the instant of the impulse) is not included. Shapes as for ``transfer``.
        """
        who = f"{type(self).__name__}.kernel"
        if self.dt is not None:
            return self._output_kernel(self._state_powers(positive_integer(t, "the number of steps", who)))
        moments = times(t, who)
        K = self._output_kernel(self._state_kernel(moments.ravel()))
        return np.asarray(K.reshape(K.shape[:-1] + moments.shape))

    def _output_kernel(self, X: Array) -> Array:
        return self._read(X)

    def _read(self, X: Array) -> Array:
        """C X over the first axis of X; X itself where the state is read out."""
        if self.C is None:
            return X
        read: Array = np.tensordot(self.C, X, 1)
        return read

    @abstractmethod
    def _state_transfer(self, s: Complex) -> Array:
        """(sI - A)^{-1} B, shape B.shape + (S,)."""

    @abstractmethod
    def _state_kernel(self, t: Array) -> Array:
        """e^{tA} B, shape B.shape + (T,)."""

    @abstractmethod
    def _state_powers(self, length: int) -> Array:
        """A^l B for l < length, shape B.shape + (length,)."""

    def _validated(self, **matrices: Any) -> None:
        """Check C, D, dt against N and store every array read-only."""
        who, N = type(self).__name__, len(matrices["B"])
        C, dt = self.C, self.dt
        if C is not None:
            C = finite(C, "C", who)
            if C.ndim not in (1, 2) or C.shape[-1] != N:
                raise ShapeError(f"{who}: C must have shape ({N},) or (p, {N}), got {C.shape}.")
        D = _feedthrough(self.D, C, matrices["B"], who)
        if dt is not None:
            dt = positive_real(dt, "dt", who)
        for name, value in (*matrices.items(), ("C", C)):
            object.__setattr__(self, name, None if value is None else frozen(value))
        object.__setattr__(self, "D", frozen(D) if D.ndim else D.item())
        object.__setattr__(self, "dt", dt)

    def _rule(self, dt: float, method: str, alpha: float | None) -> Rule:
        return rule(self._require_continuous("discretize"), dt, method, alpha)

    def _require_continuous(self, what: str) -> str:
        who = f"{type(self).__name__}.{what}"
        if self.dt is not None:
            raise ParameterError(f"{who}: the system is already discrete with dt = {self.dt}.")
        return who

    def tensors(self) -> dict[str, Array]:
        """The arrays that define the system, by name: what an export writes."""
        names = ("A", "lam", "P", "Q", "B", "C", "D")
        found = {name: getattr(self, name, None) for name in names}
        return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}

    def claim(self) -> dict[str, Any]:
        """What the system claims to be; a bare system claims its form and nothing more."""
        # An array is a tensor, and no claim.
        D = None if isinstance(self.D, np.ndarray) else [complex(self.D).real, complex(self.D).imag]
        facts: dict[str, Any] = {"type": type(self).__name__, "D": D, "dt": self.dt}
        if hasattr(self, "conjugate_pairs"):
            facts["conjugate_pairs"] = self.conjugate_pairs
        return facts

    def __repr__(self) -> str:
        driven = "" if self.B.ndim == 1 else f"{self.B.shape[1]} input(s), "
        read = "state" if self.C is None else f"{1 if self.C.ndim == 1 else self.C.shape[0]} output(s)"
        D = f"D of shape {self.D.shape}" if isinstance(self.D, np.ndarray) else f"D={self.D:g}"
        return f"{type(self).__name__}(N={self.N}, {driven}{read}, {D}, dt={self.dt})"


def inputs(B: Any, who: str, N: int) -> Array:
    """B as a vector (N,), one input, or a matrix (N, H), one input a column."""
    matrix = finite(B, "B", who)
    if matrix.ndim not in (1, 2) or matrix.shape[0] != N or matrix.size == 0:
        raise ShapeError(f"{who}: B must have shape ({N},) or ({N}, H), got {matrix.shape}.")
    return matrix


def _feedthrough(given: Any, C: Array | None, B: Array, who: str) -> Array:
    """D as a scalar, or as an array with one entry for each output and input."""
    D = finite(given, "D", who)
    if C is None:
        if np.any(D != 0):
            raise ParameterError(f"{who}: D = {D} has no meaning while the state is read out; give C.")
        return np.zeros((), D.dtype)
    shape = C.shape[:-1] + B.shape[1:]
    if D.shape == shape or (D.ndim == 0 and (B.ndim == 1 or D == 0)):
        return D
    scalar = "a scalar, for all outputs alike, or" if B.ndim == 1 else "0 or"
    needed = "a scalar (one input, one output)" if not shape else f"{scalar} of shape {shape}"
    raise ShapeError(f"{who}: D must be {needed}; got {D} of shape {D.shape}.")
