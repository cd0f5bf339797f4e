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

__all__ = ["LinearSystem", "System"]


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
    D: complex
    dt: float | None

    @property
    def N(self) -> int:
        """Number of states (for stored conjugate pairs: of the modes, mirrored)."""
        return self.B.size

    def transfer(self, s: ArrayLike) -> Complex:
        """C (sI - A)^{-1} B + D at complex points (z for discrete time); infinity gives D.

        Returns
        -------
        ndarray, complex128
            Shape s.shape for one output, (p,) + s.shape for p outputs (D is added to each), and
            (M,) + s.shape for the M stored states if C is None; ``inf`` at a pole.
        """
        points = frequencies(s, f"{type(self).__name__}.transfer")
        flat = points.ravel()
        at_infinity = np.isinf(flat)
        with np.errstate(all="ignore"):
            values = self._output_transfer(np.where(at_infinity, 1.0, flat))
        values = np.where(np.isfinite(values), values, complex(np.inf, 0.0))
        values[..., at_infinity] = 0.0
        return np.asarray((values + self.D).reshape(values.shape[:-1] + points.shape), dtype=np.complex128)

    def _output_transfer(self, s: Complex) -> Array:
        X = self._state_transfer(s)
        return X if self.C is None else np.asarray(self.C @ X)

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
        return X if self.C is None else np.asarray(self.C @ X)

    @abstractmethod
    def _state_transfer(self, s: Complex) -> Array:
        """(sI - A)^{-1} B, shape (M, S)."""

    @abstractmethod
    def _state_kernel(self, t: Array) -> Array:
        """e^{tA} B, shape (M, T)."""

    @abstractmethod
    def _state_powers(self, length: int) -> Array:
        """A^l B for l < length, shape (M, length)."""

    def _validated(self, **matrices: Any) -> None:
        """Check C, D, dt against N and store every array read-only."""
        who, N = type(self).__name__, matrices["B"].size
        C, D, dt = self.C, self.D, self.dt
        if C is not None:
            C = finite(C, "C", who)
            if C.ndim not in (1, 2) or C.shape[-1] != N:
                raise ShapeError(f"{who}: C must have shape ({N},) or (p, {N}), got {C.shape}.")
        scalar = finite(D, "D", who)
        if scalar.ndim:
            raise ShapeError(f"{who}: D must be a scalar (one input), got shape {scalar.shape}.")
        if C is None and scalar != 0:
            raise ParameterError(f"{who}: D = {scalar} has no meaning while the state is read out; give C.")
        if dt is not None:
            dt = positive_real(dt, "dt", who)
        for name, value in (*matrices.items(), ("C", C)):
            object.__setattr__(self, name, None if value is None else frozen(value))
        object.__setattr__(self, "D", scalar.item())
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
        names = ("A", "lam", "P", "Q", "B", "C")
        found = {name: getattr(self, name, None) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def claim(self) -> dict[str, Any]:
        """What the system claims to be; a bare system claims its form and nothing more."""
        D = complex(self.D)
        facts: dict[str, Any] = {"type": type(self).__name__, "D": [D.real, D.imag], "dt": self.dt}
        if hasattr(self, "conjugate_pairs"):
            facts["conjugate_pairs"] = self.conjugate_pairs
        return facts

    def __repr__(self) -> str:
        read = "state" if self.C is None else f"{1 if self.C.ndim == 1 else self.C.shape[0]} output(s)"
        return f"{type(self).__name__}(N={self.N}, {read}, D={self.D:g}, dt={self.dt})"
