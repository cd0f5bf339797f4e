"""Linear systems x' = A x + B u, y = C x + D u: dense, diagonal plus low rank, diagonal; one protocol.

All three are frozen dataclasses with one input. ``C`` is None (the state is read out), a vector
(one output) or a matrix (p outputs). ``dt`` is None for continuous time; ``discretize`` returns a
system with ``dt`` set, whose ``transfer`` takes z and whose ``kernel`` takes a number of steps.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import (
    Array,
    Complex,
    Immutable,
    finite,
    finite_real,
    frequencies,
    frozen,
    known_name,
    positive_integer,
    positive_real,
    times,
    vector,
)
from ._exponential import expm1_over, exponential_action, power_action
from .errors import AccuracyError, AccuracyWarning, ParameterError, ParameterTypeError, ShapeError

__all__ = ["DISCRETIZATIONS", "Diagonal", "DiagonalPlusLowRank", "LinearSystem", "StateSpace"]

DISCRETIZATIONS = ("zoh", "bilinear")
_SINGULAR = (
    "The bilinear map does not exist for dt = {dt}: 2/dt is an eigenvalue of the diagonal part or of A; change dt."
)


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
    def discretize(self, dt: float, method: str = "zoh") -> LinearSystem: ...


class _System(Immutable, ABC):
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

    def _continuous(self, dt: float, method: str) -> tuple[float, str]:
        who = self._require_continuous("discretize")
        return positive_real(dt, "dt", who), known_name(method, DISCRETIZATIONS, "discretization")

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


@dataclass(frozen=True, eq=False, repr=False)
class StateSpace(_System):
    """Dense system x' = A x + B u, y = C x + D u with one input.

    Parameters
    ----------
    A : array_like, shape (N, N)
    B : array_like, shape (N,)
    C : array_like, shape (N,) or (p, N), optional
        None reads out the state.
    D : scalar, default 0
    dt : float, optional
        Step of a discrete system; None for continuous time.

    Raises
    ------
    ShapeError, ParameterError
        Shapes that do not fit; NaN or infinite entries; dt <= 0.

    Notes
    -----
    ``transfer`` reduces A to Schur form once and back-substitutes all points together, O(N^3 + N^2 S),
    backward stable. ``kernel`` uses scaling and binary powering of e^{hA}.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> op = ht.LegS(4)
    >>> ht.StateSpace(op.A, op.B, C=op.B).transfer(0.0).round(12)
    np.complex128(1+0j)
    """

    A: Array
    B: Array
    C: Array | None = None
    D: complex = 0.0
    dt: float | None = None

    def __post_init__(self) -> None:
        A = finite(self.A, "A", "StateSpace")
        if A.ndim != 2 or A.shape[0] != A.shape[1] or A.size == 0:
            raise ShapeError(f"StateSpace: A must be a square matrix, got shape {A.shape}.")
        self._validated(A=A, B=vector(self.B, "B", "StateSpace", A.shape[0]))

    @property
    def poles(self) -> Array:
        """Eigenvalues of A (N,); of a triangular A the diagonal, exactly.

        Otherwise LAPACK's, with an ``AccuracyWarning`` where their condition costs more than half of the digits.
        """
        from scipy.linalg import eig

        if np.array_equal(self.A, np.tril(self.A)) or np.array_equal(self.A, np.triu(self.A)):
            return np.diagonal(self.A).astype(np.complex128)
        lam, left, right = eig(self.A, left=True, right=True)
        cosine = np.abs((left.conj() * right).sum(axis=0))
        lost = (
            np.finfo(np.float64).eps
            * np.linalg.norm(self.A)
            / max(cosine.min(), 1e-300)
            / np.abs(lam).max(initial=1e-300)
        )
        if lost > 1e-8:
            warnings.warn(
                f"{self!r}.poles: the eigenvalues are ill-conditioned, about {min(lost, 1.0):.0e} of the largest is "
                "uncertain; an operator knows its poles better than a dense matrix.",
                AccuracyWarning,
                stacklevel=2,
            )
        return np.asarray(lam, dtype=np.complex128)

    def to_dense(self) -> StateSpace:
        return self

    def rescaled(self, c: float) -> StateSpace:
        """(cA, cB): the kernel c K(ct), the transfer function at s/c; c times faster (theory F5)."""
        self._require_continuous("rescaled")
        c = positive_real(c, "c", "StateSpace.rescaled")
        return replace(self, A=c * self.A, B=c * self.B)

    def tilted(self, c: float) -> StateSpace:
        """(A - cI, B): the kernel K(t) e^{-ct}, the transfer function at s + c (theory F5)."""
        self._require_continuous("tilted")
        c = finite_real(c, "c", "StateSpace.tilted")
        return replace(self, A=self.A - c * np.eye(self.N), B=self.B)

    def transformed(self, T: ArrayLike) -> StateSpace:
        """(T A T^{-1}, T B, C T^{-1}): other coordinates, the same span of kernels, the same output.

        A unitary T keeps the Gram matrix of the kernels and losslessness too (theory F5). ``AccuracyError``
        for a T that is singular to working precision.
        """
        T = finite(T, "T", "StateSpace.transformed")
        if T.shape != self.A.shape:
            raise ShapeError(f"StateSpace.transformed: T must have shape {self.A.shape}, got {T.shape}.")
        if not np.linalg.cond(T) < 1 / np.finfo(np.float64).eps:
            raise AccuracyError("StateSpace.transformed: T is singular to working precision; no digit would be left.")
        C = self.C if self.C is None else np.linalg.solve(T.T, np.transpose(self.C)).T
        return replace(self, A=np.linalg.solve(T.T, (T @ self.A).T).T, B=T @ self.B, C=C)

    def discretize(self, dt: float, method: str = "zoh") -> StateSpace:
        """The sampled system: "zoh" (exact for inputs constant over a step) or "bilinear" (Tustin).

        zoh: Abar = e^{dt A}, Bbar = int_0^dt e^{tA} dt B. bilinear: Abar = (I - dt A/2)^{-1}(I + dt A/2),
        Bbar = (I - dt A/2)^{-1} dt B. Cost O(N^3).
        """
        from scipy.linalg import expm, solve

        dt, method = self._continuous(dt, method)
        N, A, B = self.N, self.A, self.B
        if method == "bilinear":
            eye = np.eye(N)
            try:
                both = solve(eye - dt / 2 * A, np.column_stack([eye + dt / 2 * A, dt * B]))
            except np.linalg.LinAlgError:
                raise ParameterError(_SINGULAR.format(dt=dt)) from None
            return replace(self, A=both[:, :N], B=both[:, N], dt=dt)
        # The scale of B must not decide how often expm squares: a power of two takes it out.
        scale = 2.0 ** int(np.frexp(np.abs(B).max())[1])
        augmented = np.zeros((N + 1, N + 1), dtype=np.result_type(A, B))
        augmented[:N, :N], augmented[:N, N] = dt * A, dt * (B / scale)
        E = expm(augmented)
        return replace(self, A=E[:N, :N], B=E[:N, N] * scale, dt=dt)

    def _state_transfer(self, s: Complex) -> Array:
        from scipy.linalg import schur

        T, Z = schur(self.A.astype(np.complex128), output="complex")
        b = Z.conj().T @ self.B
        X = np.empty((self.N, s.size), dtype=np.complex128)
        for i in range(self.N - 1, -1, -1):
            X[i] = (b[i] + T[i, i + 1 :] @ X[i + 1 :]) / (s - T[i, i])
        return np.asarray(Z @ X)

    def _state_kernel(self, t: Array) -> Array:
        return exponential_action(self.A, self.B, t)

    def _state_powers(self, length: int) -> Array:
        return power_action(self.A, self.B, length)


@dataclass(frozen=True, eq=False, repr=False)
class DiagonalPlusLowRank(_System):
    """S4's form A = diag(lam) - P Q^*, rank one, full spectrum stored.

    Parameters
    ----------
    lam, P, B : array_like, shape (N,)
    C : array_like, shape (N,) or (p, N), optional
        None reads out the modal state.
    D : scalar, default 0
    Q : array_like, shape (N,), optional
        None means Q = P: then A + A^* <= 2 Re lam.
    dt : float, optional

    Raises
    ------
    ShapeError, ParameterError

    Notes
    -----
    ``transfer`` costs O(N) a point (Woodbury). The term of the mode nearest to s is cleared first, so
    that s on an eigenvalue of the diagonal part, where the system itself is regular, loses nothing.

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> system = ht.s4(ht.LegS(8)).system
    >>> bool(np.allclose(system.transfer(2j), ht.LegS(8).transfer(2j), rtol=0, atol=1e-14))
    True
    """

    lam: Array
    P: Array
    B: Array
    C: Array | None = None
    D: complex = 0.0
    Q: Array | None = None
    dt: float | None = None

    def __post_init__(self) -> None:
        who = "DiagonalPlusLowRank"
        lam = vector(self.lam, "lam", who)
        rest = {name: vector(getattr(self, name), name, who, lam.size) for name in ("P", "B")}
        if self.Q is not None:
            rest["Q"] = vector(self.Q, "Q", who, lam.size)
        self._validated(lam=lam, **rest)

    @property
    def poles(self) -> Array:
        """Eigenvalues of diag(lam) - P Q^* (N,) by a dense eigensolver: a non-normal problem, beware."""
        return self.to_dense().poles

    def to_dense(self) -> StateSpace:
        Q = self.P if self.Q is None else self.Q
        return StateSpace(np.diag(self.lam) - np.outer(self.P, Q.conj()), self.B, self.C, self.D, self.dt)

    def discretize(self, dt: float, method: str = "zoh") -> DiagonalPlusLowRank | StateSpace:
        """Bilinear keeps the form and costs O(N); zoh does not keep it and returns a dense system."""
        dt, method = self._continuous(dt, method)
        if method == "zoh":
            return self.to_dense().discretize(dt, method)
        Q = self.P if self.Q is None else self.Q
        if np.any(dt * self.lam == 2):
            raise ParameterError(_SINGULAR.format(dt=dt))
        d = 1 / (1 - dt / 2 * self.lam)
        left, right = d * self.P, d.conj() * Q
        gain = 1 / (1 + dt / 2 * (Q.conj() @ left))
        B = dt * (d * self.B - (dt / 2) * gain * (right.conj() @ self.B) * left)
        return replace(self, lam=(1 + dt / 2 * self.lam) * d, P=dt * gain * left, Q=right, B=B, dt=dt)

    def _state_transfer(self, s: Complex) -> Array:
        Q = (self.P if self.Q is None else self.Q).conj()
        gaps = s[None, :] - self.lam[:, None]
        m, column = np.argmin(np.abs(gaps), axis=0), np.arange(s.size)
        q = gaps[m, column]
        gaps[m, column] = np.inf
        R = 1 / gaps
        port = 1 + (Q * self.P) @ R
        drive = (Q * self.B) @ R
        pivot = q * port + Q[m] * self.P[m]
        X = R * (self.B[:, None] - self.P[:, None] * ((q * drive + Q[m] * self.B[m]) / pivot))
        X[m, column] = (self.B[m] * port - self.P[m] * drive) / pivot
        return np.asarray(X)

    def _state_kernel(self, t: Array) -> Array:
        return self.to_dense()._state_kernel(t)

    def _state_powers(self, length: int) -> Array:
        return self.to_dense()._state_powers(length)


@dataclass(frozen=True, eq=False, repr=False)
class Diagonal(_System):
    """Diagonal system x_j' = lam_j x_j + B_j u, full or as the upper halves of conjugate pairs.

    Parameters
    ----------
    lam, B : array_like, shape (M,)
    C : array_like, shape (M,) or (p, M), optional
        None reads out the (stored) modal state.
    D : scalar, default 0
    conjugate_pairs : bool, default False
        True: every stored mode has a mirror image, outputs are 2 Re(C x). A real mode of an odd N is
        stored once with half its B, so that the same rule gives it weight one (N counts it once).
    dt : float, optional

    Raises
    ------
    ShapeError, ParameterError

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> pair = ht.Diagonal([-0.5 + 3j], [1.0], C=[1.0], conjugate_pairs=True)
    >>> bool(np.allclose(pair.kernel([0.7]), 2 * np.exp(-0.35) * np.cos(2.1)))
    True
    """

    lam: Array
    B: Array
    C: Array | None = None
    D: complex = 0.0
    conjugate_pairs: bool = False
    dt: float | None = None

    def __post_init__(self) -> None:
        lam = vector(self.lam, "lam", "Diagonal")
        self._validated(lam=lam, B=vector(self.B, "B", "Diagonal", lam.size))
        if not isinstance(self.conjugate_pairs, bool | np.bool_):
            raise ParameterTypeError(f"Diagonal: conjugate_pairs must be True or False, got {self.conjugate_pairs!r}.")
        object.__setattr__(self, "conjugate_pairs", bool(self.conjugate_pairs))

    @property
    def N(self) -> int:
        """State size: all modes, mirror images included."""
        return self.poles.size

    @property
    def poles(self) -> Array:
        """All eigenvalues (N,): the stored ones, then the mirror images of those off the real axis."""
        return self.full().lam.astype(np.complex128)

    def full(self) -> Self:
        """The same system with every mode written out: stored modes first, then the mirror images."""
        if not self.conjugate_pairs:
            return self
        real = self.lam.imag == 0

        def mirrored(x: Array) -> Array:
            return np.concatenate([x, x[..., ~real].conj()], axis=-1)

        # 2 Re(C B) of a real mode is one real residue: turn a complex B there into its modulus.
        turned = real & (self.B.imag != 0)
        turn = np.where(turned, np.exp(1j * np.angle(self.B)), 1)
        B = np.where(real, 2 * np.where(turned, np.abs(self.B), self.B), self.B)
        C = self.C if self.C is None else mirrored(np.where(real, (self.C * turn).real, self.C))
        return replace(self, lam=mirrored(self.lam), B=mirrored(B), C=C, conjugate_pairs=False)

    def to_dense(self) -> StateSpace:
        system = self.full()
        return StateSpace(np.diag(system.lam), system.B, system.C, system.D, system.dt)

    def discretize(self, dt: float, method: str = "zoh") -> Self:
        """Sampled modes, O(M): "zoh" through expm1, so that small dt |lam| loses no digits; "bilinear"."""
        dt, method = self._continuous(dt, method)
        z = dt * self.lam.astype(np.complex128)
        if method == "bilinear":
            if np.any(z == 2):
                raise ParameterError(_SINGULAR.format(dt=dt))
            return replace(self, lam=(1 + z / 2) / (1 - z / 2), B=dt * self.B / (1 - z / 2), dt=dt)
        return replace(self, lam=np.exp(z), B=dt * self.B * expm1_over(z), dt=dt)

    def _output_transfer(self, s: Complex) -> Array:
        if self.C is None or not self.conjugate_pairs:
            return super()._output_transfer(s)
        mirror = self.C.conj() @ (self.B.conj()[:, None] / (s[None, :] - self.lam.conj()[:, None]))
        return super()._output_transfer(s) + mirror

    def _output_kernel(self, X: Array) -> Array:
        if self.C is None or not self.conjugate_pairs:
            return super()._output_kernel(X)
        return 2 * (self.C @ X).real

    def _state_transfer(self, s: Complex) -> Array:
        return np.asarray(self.B[:, None] / (s[None, :] - self.lam[:, None]))

    def _state_kernel(self, t: Array) -> Array:
        return np.asarray(np.exp(self.lam[:, None] * t) * self.B[:, None])

    def _state_powers(self, length: int) -> Array:
        # l = i M + j: about 2 sqrt(L) powers by repeated products, all others by one product each.
        M = int(np.ceil(np.sqrt(length)))
        ones = np.ones((self.lam.size, 1))
        near = np.cumprod(np.hstack([ones, np.repeat(self.lam[:, None], M, axis=1)]), axis=1)
        far = np.cumprod(np.hstack([ones, np.repeat(near[:, M:], M - 1, axis=1)]), axis=1)
        powers = (far[:, :, None] * near[:, None, :M]).reshape(self.lam.size, -1)
        return np.asarray(powers[:, :length] * self.B[:, None])
