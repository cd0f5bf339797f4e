"""What Gramians, norms and Markov parameters have in common: a triangular form of A, and the demand that it be stable.

``triangular_form`` finds T = Z^* A Z, whose diagonal holds the poles; ``require_stable`` refuses the pole that lies
farthest out, unless it lies inside; ``require_certain`` asks whether rounding could have brought it there.
"""

from __future__ import annotations

import math

import numpy as np

from .._arrays import Array
from ..errors import AccuracyError, UnstableSystemError

__all__ = ["is_triangular", "outside", "require_certain", "require_stable", "triangular_form"]

_ROUNDING = 16 * 2.0**-52


def triangular_form(A: Array) -> tuple[Array, Array | None]:
    """T upper triangular and Z unitary with A = Z T Z^*; None for the identity.

    Schur's, but a triangular matrix stays what it is down to the last bit, turned round if lower.
    """
    from scipy.linalg import schur

    if not np.tril(A, -1).any():
        return A, None
    if not np.triu(A, 1).any():
        return A[::-1, ::-1], np.eye(len(A))[::-1]
    T, Z = schur(A.astype(np.complex128), output="complex")
    return T, Z


def is_triangular(A: Array) -> bool:
    """Upper or lower, to the last bit: its diagonal are its poles."""
    return not (np.tril(A, -1).any() and np.triu(A, 1).any())


def outside(poles: Array, discrete: bool) -> tuple[int, float]:
    """Of the pole that is farthest out its index, and how far beyond the boundary it lies; negative inside."""
    beyond = np.abs(poles) - 1 if discrete else poles.real
    worst = int(np.argmax(beyond))
    return worst, float(beyond[worst])


def require_certain(A: Array, discrete: bool, who: str) -> None:
    """A full matrix that was found stable stays so when it moves as far as rounding moves it.

    In a random direction and in its opposite: two real poles that rounding made a pair look stable from one side only.
    """
    if is_triangular(A):
        return
    change = _ROUNDING / np.sqrt(len(A)) * np.random.default_rng(0).standard_normal(A.shape)
    for sign in (1, -1):
        if outside(np.linalg.eigvals(A + sign * float(np.linalg.norm(A)) * change), discrete)[1] >= 0:
            raise AccuracyError(
                f"{who}: rounding moves poles over the boundary of stability, relative changes {_ROUNDING:.0e} of the "
                "matrix are enough; give it in triangular, modal or better scaled coordinates."
            )


def require_stable(poles: Array, discrete: bool, who: str, unit: int = 0) -> None:
    """All ``poles``, times 2^unit, inside the open left half plane or the open unit disc."""
    worst, beyond = outside(poles, discrete)
    if beyond < 0:
        return
    real, imag, beyond = (math.ldexp(x, unit) for x in (poles[worst].real, poles[worst].imag, beyond))
    line = "the unit circle" if discrete else "the imaginary axis"
    where = f"{beyond:.3g} beyond {line}" if beyond else f"on {line}"
    raise UnstableSystemError(
        f"{who}: the pole {complex(real, imag):.6g} lies {where}, and only stable systems have what is asked for; "
        "give a stable system: shift or reflect the pole, or leave out a mode that no input reaches or no output sees."
    )
