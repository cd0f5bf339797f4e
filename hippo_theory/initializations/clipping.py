"""The input that state-spaces/s4 gives its layers: Im(V^*B) clipped, in the phase of its eigenvectors."""

from __future__ import annotations

import numpy as np

from .._arrays import Array, Complex
from ..errors import ParameterError
from ..lossless import NormalPart
from ..operators import LagT, LegS, LegT, Operator

__all__ = ["clip_imaginary", "clipped_input", "row_zero_real"]


def clipped_input(part: NormalPart, operator: Operator, limit: float, who: str) -> Complex:
    """V^*B (M,) with its imaginary part clipped where row 0 of V is real, turned back into our phase."""
    if not isinstance(operator, LegS | LegT | LagT):
        raise ParameterError(
            f"{who}: b_clip reproduces state-spaces/s4, whose phases are known for LegS, LegT and LagT only, not for "
            f"{operator!r}; leave it out."
        )
    turn = row_zero_real(part.V)
    return clip_imaginary(part.weights * turn, limit) * turn.conj()


def row_zero_real(V: Array) -> Complex:
    """The unimodular factors (M,) that turn V^*B into the phase in which row 0 of V is real and positive."""
    return np.asarray(V[0] / np.abs(V[0]), dtype=np.complex128)


def clip_imaginary(b: Complex, limit: float) -> Complex:
    """b with its imaginary part clipped to [-limit, limit]."""
    return np.asarray(b.real + 1j * np.clip(b.imag, -limit, limit))
