r"""The H2 distance as a smooth function without constraints: reduced systems whose inputs are white in their states.

Every stable pair that its input reaches has coordinates with P = I, where A_r + A_r^* + B_r B_r^* = 0, that is

    A_r = S - B_r B_r^*/2,   S = -S^*,

and every S and B_r give a stable A_r. There the best C_r is the projection C Y, A Y + Y A_r^* + B B_r^* = 0, and

    ||G - G_r||^2 = ||G||^2 - ||C Y||_F^2.

With A^* Z + Z A_r + C^* C_r = 0 and M = Z^* Y the gradient of -||C Y||^2 is -(M - M^*) in S, and
-2 (Z^* B - (M + M^*) B_r/2) in B_r: each step costs two triangular Sylvester equations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array, Complex, Real

__all__ = ["Distance"]


@dataclass(frozen=True, eq=False)
class Distance:
    """-||C Y||_F^2 for systems of order r, as a function of real parameters x; T (N, N) is upper triangular."""

    T: Complex
    B: Complex
    C: Complex
    r: int
    real: bool

    def parameters(self, A: Array, B: Array) -> Real:
        """Of the skew part of A (r, r) and of B (r, H)."""
        S = (A - A.conj().T) / 2
        above = np.triu_indices(self.r, 1)
        if self.real:
            return np.concatenate([S[above].real, B.real], axis=None)
        return np.concatenate([S[above].real, S[above].imag, np.diagonal(S).imag, B.real, B.imag], axis=None)

    def reduced(self, x: Real) -> tuple[Array, Array]:
        """A_r and B_r."""
        r, H, above = self.r, self.B.shape[1], np.triu_indices(self.r, 1)
        n = len(above[0])
        S = np.zeros((r, r), dtype=float if self.real else complex)
        if self.real:
            S[above], B = x[:n], x[n:].reshape(r, H)
        else:
            S[above] = x[:n] + 1j * x[n : 2 * n]
            parts = x[2 * n + r :].reshape(2, r, H)
            B = parts[0] + 1j * parts[1]
        S = S - S.conj().T
        if not self.real:
            S = S + 1j * np.diag(x[2 * n : 2 * n + r])
        return S - B @ B.conj().T / 2, B

    def output(self, A: Array, B: Array) -> tuple[Array, Complex, Complex]:
        """The best C_r, and Y and Z (N, r)."""
        from scipy.linalg import schur
        from scipy.linalg.lapack import ztrsyl

        R, Q = schur(A.astype(np.complex128), output="complex")
        Y, scale, _ = ztrsyl(self.T, R, -self.B @ (B.conj().T @ Q), trana="N", tranb="C")
        Y = scale * Y @ Q.conj().T
        C = self.C @ Y
        Z, scale, _ = ztrsyl(self.T, R, -self.C.conj().T @ (C @ Q), trana="C", tranb="N")
        return (C.real if self.real else C), Y, scale * Z @ Q.conj().T

    def __call__(self, x: Real) -> tuple[float, Real]:
        """The value and its gradient."""
        A, B = self.reduced(x)
        C, Y, Z = self.output(A, B)
        M = Z.conj().T @ Y
        skew, drive = M.conj().T - M, (M + M.conj().T) @ B - 2 * Z.conj().T @ self.B
        above = np.triu_indices(self.r, 1)
        parts = [2 * skew[above].real, drive.real]
        if not self.real:
            parts = [2 * skew[above].real, 2 * skew[above].imag, np.diagonal(skew).imag, drive.real, drive.imag]
        return -(float(np.linalg.norm(C)) ** 2), np.concatenate(parts, axis=None)

    def minimum(self, x: Real) -> Real:
        """A stationary point downhill of x: quasi-Newton steps, then, for few parameters, Newton's."""
        from scipy.optimize import minimize

        x = minimize(self, x, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 3000}).x
        if x.size > _POLISHED:
            return x
        gradient = self(x)[1]
        for _ in range(4):
            hessian = np.array([self(x + _PROBE * e)[1] - self(x - _PROBE * e)[1] for e in np.eye(x.size)])
            # Rotations of the states change nothing: the least step.
            step = np.linalg.lstsq((hessian + hessian.T) / (4 * _PROBE), -gradient, rcond=1e-8)[0]
            nearer = self(x + step)[1]
            if not np.linalg.norm(nearer) < np.linalg.norm(gradient) / 2:
                break
            x, gradient = x + step, nearer
        return x


_POLISHED, _PROBE = 250, 1e-6
