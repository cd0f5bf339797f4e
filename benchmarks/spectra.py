"""The normal part of LegS: eigenvalues and eigenvectors from the phase, beside LAPACK's Hermitian solvers.

Errors are relative, the worst over all positive frequencies, against 200-bit roots at sampled indices;
for the decomposition ||A - V (diag - P P^*) V^*|| / ||A||.
"""

from __future__ import annotations

import flint
import numpy as np

import hippo_theory as ht
from hippo_theory.lossless import diagonalize_normal_part, normal_frequencies

from ._table import HEAD, best, row


def hermitian(N: int) -> np.ndarray:
    """-i times the skew part of A + B B^T / 2."""
    op = ht.LegS(N)
    S = op.A + np.outer(op.B, op.B) / 2
    return -0.5j * (S - S.T)


def exact_frequencies(N: int, index: np.ndarray) -> np.ndarray:
    """Roots of the phase by Newton's method on log Gamma in 200-bit balls, started from floats."""
    started = normal_frequencies(ht.LegS(N).a, index)[0]
    roots = []
    with flint.ctx.workprec(260):
        half, pi = flint.acb(0.5), flint.arb.pi()
        for y, j in zip(started, index, strict=True):
            value = flint.arb(float(y))
            for _ in range(4):
                s = flint.acb(0, value)
                theta = 2 * ((half + N + s).lgamma() - (half + s).lgamma()).imag
                slope = 2 * ((half + N + s).digamma() - (half + s).digamma()).real
                value = (value - (theta - pi * int(N - 1 - 2 * j)) / slope).mid()
            roots.append(float(value))
    return np.array(roots)


def worst(found: np.ndarray, N: int, index: np.ndarray) -> float:
    exact = exact_frequencies(N, index)
    return float(np.abs(found[index] / exact - 1).max())


def sampled(N: int) -> np.ndarray:
    return np.unique(np.linspace(0, N // 2 - 1, 20).astype(int))


def residual(N: int, lam: np.ndarray, V: np.ndarray, P: np.ndarray) -> float:
    A = ht.LegS(N).A
    return float(np.linalg.norm(V @ (np.diag(lam) - np.outer(P, P.conj())) @ V.conj().T - A, 2) / np.linalg.norm(A, 2))


def by_eigh(N: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What S4 implementations do: eigh of the normal part, P = V^* B / sqrt 2."""
    y, V = np.linalg.eigh(hermitian(N))
    return -0.5 + 1j * y, V, V.conj().T @ ht.LegS(N).B / np.sqrt(2)


def by_phase(N: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lam, V, weights = diagonalize_normal_part(ht.LegS(N)).full()
    return lam, V, weights / np.sqrt(2)


class Eigenvalues:
    """asv: frequencies of the normal part of LegS."""

    params = (64, 256, 1024, 100_000)
    param_names = ("N",)

    def setup(self, N: int) -> None:
        self.a = ht.LegS(N).a

    def time_phase(self, N: int) -> None:
        normal_frequencies(self.a)

    def track_relative_error(self, N: int) -> float:
        return worst(normal_frequencies(self.a)[0], N, sampled(N))

    def peakmem_phase(self, N: int) -> None:
        normal_frequencies(self.a)


class Decomposition:
    """asv: lambda, V and V^* B of S4-LegS."""

    params = (64, 256, 1024)
    param_names = ("N",)

    def time_phase(self, N: int) -> None:
        by_phase(N)

    def time_eigh(self, N: int) -> None:
        by_eigh(N)

    def track_residual(self, N: int) -> float:
        return residual(N, *by_phase(N))


def main() -> None:
    print(HEAD)
    for N in Decomposition.params:
        H, a, index = hermitian(N), ht.LegS(N).a, sampled(N)
        ours, y = best(lambda a=a: normal_frequencies(a)[0])
        theirs, found = best(lambda H=H: np.linalg.eigvalsh(H)[::-1])
        print(row(f"eigenvalues, N = {N}", ours, worst(y, N, index), theirs, worst(found, N, index)))
    for N in Decomposition.params:
        ours, mine = best(lambda N=N: by_phase(N))
        theirs, found = best(lambda N=N: by_eigh(N))
        print(row(f"lambda, V, V^* B, N = {N}", ours, residual(N, *mine), theirs, residual(N, *found)))
    for N in (100_000, 1_000_000):
        ours, y = best(lambda N=N: normal_frequencies(ht.LegS(N).a)[0])
        print(
            f"eigenvalues, N = {N:<17} {1e3 * ours:8.0f} ms  {worst(y, N, sampled(N)):8.1e}   (no matrix of that size)"
        )


if __name__ == "__main__":
    main()
