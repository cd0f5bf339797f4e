"""Small random systems of every kind, for the tests of model reduction."""

from __future__ import annotations

import numpy as np

import hippo_theory as ht


def random_system(seed):
    """Real or complex, continuous or (even seeds) discrete, one or more ports, full or diagonal."""
    rng = np.random.default_rng(seed)
    N, H, p = int(rng.integers(2, 9)), *(int(n) for n in rng.integers(1, 3, 2))
    discrete, (real, diagonal) = seed % 2 == 0, rng.random(2) < 0.5

    def draw(*shape):
        return rng.standard_normal(shape) + (0 if real else 1j * rng.standard_normal(shape))

    A = draw(N, N)
    lam = np.linalg.eigvals(A)
    A = A / (1.2 * np.abs(lam).max()) if discrete else A - (lam.real.max() + 0.2) * np.eye(N)
    B, C, D, dt = draw(N, H), draw(p, N), draw(p, H), 0.1 if discrete else None
    return ht.Diagonal(np.linalg.eigvals(A), B, C, D, dt=dt) if diagonal else ht.StateSpace(A, B, C, D, dt=dt)
