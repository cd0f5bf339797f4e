"""Four matrices in the half plane, and their way to the disc and back: s = (z - 1)/(z + 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._arrays import Array
from ..systems import StateSpace

__all__ = ["HalfPlane"]


@dataclass(frozen=True, eq=False)
class HalfPlane:
    """A, B (n, H), C (p, n), D (p, H) in continuous time."""

    A: Array
    B: Array
    C: Array
    D: Array

    def transfer(self, s: Array) -> Array:
        """Shape (S, p, H); the constant D where there is no state."""
        if not len(self.A):
            return np.broadcast_to(self.D, (s.size, *self.D.shape))
        return np.moveaxis(StateSpace(self.A, self.B, self.C, self.D).transfer(s), -1, 0)

    def to_disc(self) -> HalfPlane:
        """z = (1 + s)/(1 - s), with the same Gramians."""
        rest = np.eye(len(self.A)) - self.A
        step = np.linalg.solve(rest, np.hstack([np.eye(len(self.A)) + self.A, self.B]))
        n = len(self.A)
        C = np.linalg.solve(rest.T, self.C.T).T
        return HalfPlane(step[:, :n], np.sqrt(2) * step[:, n:], np.sqrt(2) * C, self.D + self.C @ step[:, n:])

    def to_half_plane(self) -> HalfPlane:
        """s = (z - 1)/(z + 1)."""
        n = len(self.A)
        rest = np.eye(n) + self.A
        step = np.linalg.solve(rest, np.hstack([self.A - np.eye(n), self.B]))
        C = np.linalg.solve(rest.T, self.C.T).T
        return HalfPlane(step[:, :n], np.sqrt(2) * step[:, n:], np.sqrt(2) * C, self.D - self.C @ step[:, n:])
